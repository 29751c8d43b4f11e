"""
The same steps on Anvil. They go through Ape's provider as plain requests, which takes a tenth of the time of Ape's own
calls, and all views are asked at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import ape
from ape import project
from ape.contracts import ContractInstance
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from deployer.contracts import ZERO_ADDRESS, Timing, deploy_core, deploy_vault
from tests.helpers.isolation import isolated
from tests.helpers.protocol import BURN, Protocol
from tests.model.model import POOL_SHARES, Accepted, Key, State
from tests.model.world import (
    ACTORS,
    AVSS,
    BEGIN,
    CAP,
    EPOCH,
    EXECUTE_WINDOW,
    LINES,
    MANDATES,
    MAX_VETO,
    OPERATORS,
    PAYERS,
    PLENTY,
    POOLS,
    REPORT_WINDOW,
    SEED,
    STAKERS,
    TOKENS,
    VAULTS,
    WEALTH,
)

GAS = 15_000_000
ALL = itemgetter(slice(None))
STAKE = itemgetter(slice(2, None))  # but for the pool
STREAM = itemgetter(1, 3, 4, 5)  # its numbers
Words = Callable[[list[int]], Any]  # those of the answer that count
Question = tuple[Key, ContractInstance, bytes, Words]


class Chain:
    def __init__(self) -> None:
        self.accounts = dict(zip(ACTORS, ape.accounts.test_accounts, strict=False))
        self.owner = self.accounts["owner"]
        self.genesis = ape.chain.pending_timestamp - 1
        timing = Timing(self.genesis, EPOCH, REPORT_WINDOW, MAX_VETO, EXECUTE_WINDOW)
        core = deploy_core(self.owner, timing, self.owner, self.accounts["guardian"])
        self.core = Protocol(
            core.registry, core.slashing, core.delegation, core.rewards, self.owner, self.accounts["guardian"]
        )
        self.reader = self.owner.deploy(project.Reader)
        self.assets = {
            "six": self.owner.deploy(project.TestToken, "Six", "SIX", 6),
            "rebasing": self.owner.deploy(project.LiquidStakingToken),
        }
        self.tokens = {
            "coin": self.owner.deploy(project.TestToken, "Coin", "COIN", 18),
            "fee": self.owner.deploy(project.FeeToken),
        }
        self.vaults = {vault: self._open_vault(vault) for vault in VAULTS}
        for operator in OPERATORS:
            core.registry.registerOperator("", sender=self.accounts[operator])
        for (operator, vault), mandate in MANDATES.items():
            arguments = mandate.loss_budget, mandate.commission, mandate.veto_period
            core.registry.openPool(self.vaults[vault], *arguments, sender=self.accounts[operator])
        self.avss = [self._register_avs(avs) for avs in range(len(AVSS))]
        for token in self.tokens.values():
            for payer in PAYERS:
                token.mint(self.accounts[payer], PLENTY, sender=self.owner)
                token.approve(core.rewards, 2**256 - 1, sender=self.accounts[payer])

        self.now = BEGIN
        self.streams = 0
        self.requests: list[tuple[Any, ...]] = []
        self.tickets: list[tuple[str, str, str, int]] = []
        types = ape.project.manifest.contract_types or {}  # `project.contracts` would compile
        errors = {error.selector for each in types.values() for error in each.errors}
        self.errors: dict[bytes, str] = {keccak(text=error)[:4]: error.split("(")[0] for error in errors}
        self._fixed = self._fixed_questions()
        self._encoded: dict[Key, Question] = {}
        self.mine(self.now)

    def _open_vault(self, name: str) -> ContractInstance:
        vault = deploy_vault(self.owner, self.core, self.assets[name], native=False, name=name, symbol=name)
        for holder, amount in [("owner", SEED), *((staker, WEALTH[name]) for staker in STAKERS)]:
            self.assets[name].mint(self.accounts[holder], amount, sender=self.owner)
            self.assets[name].approve(vault, 2**256 - 1, sender=self.accounts[holder])
        self.core.list_vault(vault, self.owner, CAP)
        return vault

    def _register_avs(self, index: int) -> int:
        terms = AVSS[index]
        return self.core.register_avs(
            self.accounts["avs owner"],
            self.accounts[terms.slasher],
            vaults=list(self.vaults.values()),
            resolver=self.accounts["resolver"] if terms.veto_period else ZERO_ADDRESS,
            veto=terms.veto_period,
            recipient=self.accounts[terms.recipient] if terms.recipient else ZERO_ADDRESS,
            by_admission=terms.by_admission,
        )

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Leaves what it knows, and Anvil, as they were."""
        before = self.now, self.streams, list(self.requests), list(self.tickets)
        try:
            with isolated():
                yield
        finally:
            self.now, self.streams, self.requests, self.tickets = before

    # --- requests ---

    def after(self, step: tuple[object, ...]) -> str | None:
        """Does the step. If it reverts, that names the error."""
        name, *arguments = step
        revert: str | None = getattr(self, str(name))(*arguments)
        return revert

    def rpc(self, method: str, *parameters: object) -> Any:
        answer = ape.chain.provider.web3.provider.make_request(method, list(parameters))
        if "error" in answer:
            raise _RpcError(answer["error"])
        return answer["result"]

    def mine(self, now: int) -> None:
        self.now = now
        self.rpc("evm_setNextBlockTimestamp", self.genesis + now)
        self.rpc("evm_mine")

    def send(self, sender: str, function: Any, *arguments: Any) -> str | None:
        """In a block of the same second. What reverts is told by a call ahead, and is not sent."""
        transaction = {
            "from": self.accounts[sender].address,
            "to": function.contract.address,
            "data": "0x" + bytes(function.encode_input(*arguments)).hex(),
            "gas": hex(GAS),
            "gasPrice": "0x0",
        }
        try:
            self.rpc("eth_call", transaction, "latest")
        except _RpcError as error:
            return self.errors.get(error.data[:4], f"unknown: {error}")
        self.rpc("evm_setNextBlockTimestamp", self.genesis + self.now)
        sent = self.rpc("eth_sendTransaction", transaction)
        while (receipt := self.rpc("eth_getTransactionReceipt", sent)) is None:
            pass  # Anvil answers before the block is there
        assert int(receipt["status"], 16) == 1, f"{function} reverts only when sent"
        return None

    # --- time, and what is outside of the protocol ---

    @property
    def epoch(self) -> int:
        return 1 + self.now // EPOCH

    def wait(self, seconds: int) -> None:
        self.mine(self.now + seconds)

    def rebase(self, bps: int) -> str | None:
        return self.send("owner", self.assets["rebasing"].rebase, bps)

    def donate(self, staker: str, vault: str, assets: int) -> str | None:
        return self.send(staker, self.assets[vault].transfer, self.vaults[vault], assets)

    # --- guardian and owner ---

    def pause(self) -> str | None:
        return self.send("guardian", self.core.registry.pause)

    def unpause(self) -> str | None:
        return self.send("owner", self.core.registry.unpause)

    # --- stakers ---

    def deposit(self, staker: str, vault: str, assets: int) -> str | None:
        return self.send(staker, self.vaults[vault].deposit, assets, self.accounts[staker])

    def redeem(self, staker: str, vault: str, shares: int) -> str | None:
        account = self.accounts[staker]
        return self.send(staker, self.vaults[vault].redeem, shares, account, account)

    def deposit_and_delegate(
        self, staker: str, operator: str, vault: str, assets: int, accepted: Accepted
    ) -> str | None:
        arguments = assets, self.accounts[operator], 0, accepted
        return self.send(staker, self.vaults[vault].depositAndDelegate, *arguments)

    def delegate(self, staker: str, operator: str, vault: str, shares: int, accepted: Accepted) -> str | None:
        return self.send(staker, self.core.delegation.delegateShares, *self._pool(operator, vault), shares, accepted)

    def undelegate(self, staker: str, operator: str, vault: str, pool_shares: int) -> str | None:
        revert = self.send(staker, self.core.delegation.undelegate, *self._pool(operator, vault), pool_shares)
        ticket = (operator, vault, staker, self.epoch)
        if revert is None and ticket not in self.tickets:
            self.tickets.append(ticket)
        return revert

    def set_completer(self, staker: str, completer: str, approved: bool) -> str | None:
        return self.send(staker, self.core.delegation.setCompleter, self.accounts[completer], approved)

    def complete(
        self, caller: str, operator: str, vault: str, staker: str, epoch: int, receiver: str, payout: int
    ) -> str | None:
        arguments = self.accounts[staker], epoch, self.accounts[receiver], payout
        return self.send(caller, self.core.delegation.complete, *self._pool(operator, vault), *arguments)

    def redelegate(
        self, staker: str, operator: str, vault: str, epoch: int, to: str, receiver: str, accepted: Accepted
    ) -> str | None:
        arguments = epoch, self.accounts[to], self.accounts[receiver], accepted
        return self.send(staker, self.core.delegation.redelegate, *self._pool(operator, vault), *arguments)

    # --- operators ---

    def set_mandate(self, operator: str, vault: str, loss_budget: int, commission: int) -> str | None:
        return self.send(operator, self.core.registry.setMandate, self.vaults[vault], loss_budget, commission)

    def opt_in(self, operator: str, avs: int, vault: str, guaranteed: int, elastic: int) -> str | None:
        arguments = self.avss[avs], self.vaults[vault], guaranteed, elastic, b""
        return self.send(operator, self.core.registry.optIn, *arguments)

    def allocate(self, operator: str, avs: int, vault: str, guaranteed: int, elastic: int) -> str | None:
        arguments = self.avss[avs], self.vaults[vault], guaranteed, elastic
        return self.send(operator, self.core.registry.allocate, *arguments)

    def opt_out(self, operator: str, avs: int, vault: str) -> str | None:
        return self.send(operator, self.core.registry.optOut, self.avss[avs], self.vaults[vault])

    # --- AVSs ---

    def set_admitted(self, avs: int, operator: str, admitted: bool) -> str | None:
        arguments = self.avss[avs], self.accounts[operator], admitted
        return self.send("avs owner", self.core.registry.setAdmitted, *arguments)

    def set_vault(self, avs: int, vault: str, counts: bool) -> str | None:
        return self.send("avs owner", self.core.registry.setVault, self.avss[avs], self.vaults[vault], counts)

    def eject(self, avs: int, operator: str, vault: str) -> str | None:
        return self.send("avs owner", self.core.registry.eject, self.avss[avs], *self._pool(operator, vault))

    def request(
        self, slasher: str, avs: int, operator: str, vault: str, amount: int, offence_at: int, evidence: int
    ) -> str | None:
        where = self.avss[avs], *(str(each.address) for each in self._pool(operator, vault))
        what = amount, self.genesis + offence_at
        revert = self.send(slasher, self.core.slashing.request, *where, *what, evidence.to_bytes(32), "")
        request = (*where, *what, self.genesis + self.now, evidence.to_bytes(32))
        if revert is None and request not in self.requests:
            self.requests.append(request)
        return revert

    def take_back(self, slasher: str, index: int) -> str | None:
        return self.send(slasher, self.core.slashing.takeBack, self.requests[index])

    def veto(self, resolver: str, index: int) -> str | None:
        return self.send(resolver, self.core.slashing.veto, self.requests[index])

    def execute(self, caller: str, index: int) -> str | None:
        return self.send(caller, self.core.slashing.execute, self.requests[index])

    # --- rewards ---

    def pay(self, payer: str, token: str, epoch: int, payments: list[tuple[str, str, int, int]]) -> str | None:
        paid = [(*self._pool(operator, vault), amount, floor) for operator, vault, amount, floor in payments]
        return self.send(payer, self.core.rewards.pay, self.tokens[token], epoch, paid)

    def open_stream(
        self, payer: str, operator: str, vault: str, token: str, amount: int, floor: int, epochs: int
    ) -> str | None:
        arguments = self.tokens[token], amount, floor, epochs
        revert = self.send(payer, self.core.rewards.openStream, *self._pool(operator, vault), *arguments)
        self.streams += revert is None
        return revert

    def cancel_stream(self, payer: str, id_: int) -> str | None:
        return self.send(payer, self.core.rewards.cancelStream, id_, self.accounts[payer])

    def take_rest(self, payer: str, id_: int, limit: int) -> str | None:
        return self.send(payer, self.core.rewards.takeRest, id_, limit, self.accounts[payer])

    def claim(self, caller: str, staker: str, claims: list[tuple[str, str, str, int]], receiver: str) -> str | None:
        whats = [(*self._line(((operator, vault), token)), hint) for operator, vault, token, hint in claims]
        arguments = self.accounts[staker], whats, self.accounts[receiver]
        return self.send(caller, self.core.rewards.claim, *arguments)

    def claim_commission(self, operator: str, vault: str, token: str) -> str | None:
        arguments = self.vaults[vault], self.tokens[token], self.accounts[operator]
        return self.send(operator, self.core.rewards.claimCommission, *arguments)

    def book(self, operator: str, vault: str, token: str, epoch: int) -> str | None:
        return self.send("other payer", self.core.rewards.book, *self._line(((operator, vault), token)), epoch)

    def _pool(self, operator: str, vault: str) -> tuple[Any, Any]:
        return self.accounts[operator], self.vaults[vault]

    def _line(self, line: tuple[tuple[str, str], str]) -> tuple[Any, Any, Any]:
        return *self._pool(*line[0]), self.tokens[line[1]]

    # --- what the chain says ---

    def state(self) -> State:
        questions = self._questions()
        asked = encode(["(address,bytes)[]"], [[(each[1].address, each[2]) for each in questions]])
        data = "0x" + (self._read_selector + asked).hex()
        (answers,) = decode(["bytes[]"], bytes.fromhex(self._ask(data)[2:]))
        state = {}
        for (key, _, _, counting), answer in zip(questions, answers, strict=True):
            words = [int.from_bytes(answer[at : at + 32]) for at in range(0, len(answer), 32)]
            state[key] = tuple(counting(words))
        return {key: _claims(words) if key[0] == "due" else words for key, words in state.items()}

    def _ask(self, data: str) -> str:
        call = {"to": self.reader.address, "data": data, "gas": hex(10**9)}
        return str(self.rpc("eth_call", call, "latest"))

    @property
    def _read_selector(self) -> bytes:
        return keccak(text="read((address,bytes)[])")[:4]

    def _questions(self) -> list[Question]:
        return [*self._fixed, *self._changing_questions()]

    def _fixed_questions(self) -> list[Question]:
        core, accounts = self.core, self.accounts
        questions = [
            _question(("epoch",), core.registry.epoch),
            _question(("paused",), core.registry.paused),
        ]
        for name, vault in self.vaults.items():
            questions += [
                _question(("supply", name), vault.totalSupply),
                _question(("assets", name), vault.totalAssets),
            ]
            holders = {"delegation": core.delegation, "burn": BURN, "recipient": accounts["recipient"]}
            for holder, account in (holders | {staker: accounts[staker] for staker in STAKERS}).items():
                questions.append(_question(("shares", name, holder), vault.balanceOf, account))
            for staker in STAKERS:
                key: Key = ("asset balance", name, staker)
                questions.append(_question(key, self.assets[name].balanceOf, accounts[staker]))
        for token in TOKENS:
            for holder in ["rewards", *PAYERS, *OPERATORS, *STAKERS]:
                account = core.rewards if holder == "rewards" else accounts[holder]
                questions.append(_question(("balance", token, holder), self.tokens[token].balanceOf, account))
        for pool in POOLS:
            where = self._pool(*pool)
            questions += [
                _question(("retained", *pool), core.delegation.retained, *where),
                _question(("pool shares", *pool), core.delegation.poolShares, *where),
                _question(("worst case", *pool), core.slashing.worstCase, *where, POOL_SHARES),
                _question(("open request", *pool), core.delegation.hasOpenRequest, *where),
                _question(("loosest", *pool), core.registry.loosestMandate, *where),
            ]
            for staker in STAKERS:
                key = ("position", *pool, staker)
                questions.append(_question(key, core.delegation.position, *where, accounts[staker]))
            for avs, id_ in enumerate(self.avss):
                questions += [
                    _question(("slashable", avs, *pool), core.slashing.slashable, id_, *where),
                    _question(("safe", avs, *pool), core.slashing.safe, id_, *where),
                    _question(("stake", avs, *pool), core.slashing.stake, id_, *where, words=STAKE),
                ]
        lines = [(*self._line(line), 0) for line in LINES]
        for staker in STAKERS:
            questions.append(_question(("due", staker), core.rewards.due, accounts[staker], lines))
        for line in LINES:
            questions += [
                _question(("commission", line), core.rewards.commission, *self._line(line)),
                _question(("rate", line), core.rewards.rate, *self._line(line)),
            ]
        return questions

    def _changing_questions(self) -> list[Question]:
        core = self.core
        questions = []
        for pool in POOLS:
            for avs, id_ in enumerate(self.avss):
                for epoch in (self.epoch + 2, self.epoch + 3):
                    key: Key = ("parts", avs, *pool, epoch)
                    questions.append(self._known(key, core.registry.partsAt, id_, *self._pool(*pool), epoch))
        for operator, vault, staker, epoch in self.tickets:
            arguments = *self._pool(operator, vault), self.accounts[staker], epoch
            key = ("ticket", operator, vault, staker, epoch)
            questions.append(self._known(key, core.delegation.ticket, *arguments))
        for index, request in enumerate(self.requests):
            questions.append(_question(("open amount", index), core.slashing.openAmount, request))
        for id_ in range(1, self.streams + 1):
            questions.append(self._known(("held", id_), core.rewards.held, id_))
            questions.append(self._known(("stream", id_), core.rewards.stream, id_, words=STREAM))
        return questions

    def _known(self, key: Key, view: Any, *arguments: Any, words: Words = ALL) -> Question:
        """Ape takes long to encode."""
        if key not in self._encoded:
            self._encoded[key] = _question(key, view, *arguments, words=words)
        return self._encoded[key]


class _RpcError(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message"))
        data = error.get("data")
        self.data = bytes.fromhex(data[2:]) if isinstance(data, str) else b""


def _question(key: Key, view: Any, *arguments: Any, words: Words = ALL) -> Question:
    return key, view.contract, bytes(view.encode_input(*arguments)), words


def _claims(words: tuple[int, ...]) -> tuple[int, ...]:
    """Out of two arrays."""
    count = words[2]
    return *words[3 : 3 + count], *words[4 + count :]
