"""
Random histories, played on the chain and on the literal model of `tests/helpers/rewards_model.py`. After every step all
that rewards are about agrees: to the wei with what payers and operators are told and moved, and with stakers so that

    0 <= exact part - (claimed + claimable) < claims + 1 + share-seconds / 2^118

where `claims` are those that found anything, 1 stands for the next one, and share-seconds count once for each payment.
What is left when all have left and taken what is theirs is bounded at `check_what_is_left`.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import decode

from tests.helpers import Protocol
from tests.helpers.model import Pool
from tests.helpers.protocol import ANYTHING, BPS, BURN, DAY, ETHER, VAULT_SHARES, WAD
from tests.helpers.rewards_model import Line, Part, Rewards
from tests.helpers.rule_of_time import Number

STEPS = 80
LOSS_BUDGET, COMMISSION = 5_000, 1_000
PLENTY = 2**250
SCALE = 2**118  # of what a share-second earns: `Earned`
FLOORS = [16, 16, 16, 18, 20, 39, 40, 41, 42, 43, 59]  # what the pools collect goes from 2^19 to 2^88
REWARDS = "rewards"  # the distributor, as a holder of tokens


@dataclass(frozen=True)
class World:
    """Two operators with a pool each in one vault, an AVS that both opted in to, and tokens to pay in."""

    protocol: Protocol
    vault: ContractInstance
    avs: int
    slasher: AccountAPI
    tokens: dict[str, ContractInstance]
    operators: dict[str, AccountAPI]  # by pool
    stakers: dict[str, AccountAPI]
    payers: dict[str, AccountAPI]


@pytest.fixture(scope="session")
def machine_tokens(
    protocol: Protocol, owner: AccountAPI, avs_owner: AccountAPI, stranger: AccountAPI, recipient: AccountAPI
) -> dict[str, ContractInstance]:
    """The last one keeps 1 % of each transfer."""
    tokens = {
        "six": owner.deploy(project.TestToken, "Six", "SIX", 6),
        "eighteen": owner.deploy(project.TestToken, "Eighteen", "EGHT", 18),
        "fee": owner.deploy(project.FeeToken),
    }
    for token in tokens.values():
        for payer in (avs_owner, stranger, recipient):
            token.mint(payer, PLENTY, sender=owner)
            token.approve(protocol.rewards, 2**256 - 1, sender=payer)
    return tokens


@pytest.fixture
def world(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    machine_tokens: dict[str, ContractInstance],
    accounts: list[AccountAPI],
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    stranger: AccountAPI,
    recipient: AccountAPI,
) -> World:
    avs = protocol.register_avs(avs_owner, slasher, vaults=[vault])
    operators = {"one": accounts[13], "two": accounts[14]}
    stakers = {"alice": alice, "bob": bob, "carol": carol, "dust": accounts[15]}
    for operator in operators.values():
        protocol.registry.registerOperator("", sender=operator)
        protocol.registry.openPool(vault, LOSS_BUDGET, COMMISSION, 0, sender=operator)
        protocol.registry.optIn(avs, vault, 2_000, 1_000, b"", sender=operator)
    for staker in stakers.values():
        asset.mint(staker, 10**6 * ETHER, sender=staker)
        asset.approve(vault, 2**256 - 1, sender=staker)
    payers = {"avs owner": avs_owner, "stranger": stranger, "recipient": recipient}
    return World(protocol, vault, avs, slasher, machine_tokens, operators, stakers, payers)


class History:
    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        protocol = world.protocol
        self.rewards, self.delegation = protocol.rewards, protocol.delegation
        self.length = int(protocol.registry.EPOCH())
        genesis, now = int(protocol.registry.GENESIS()), ape.chain.pending_timestamp
        self.commissions = {pool: Number(COMMISSION) for pool in world.operators}
        self.model = Rewards(genesis, self.length, now, self.commissions)
        self.pools = {pool: Pool(LOSS_BUDGET, 1, self.model.epoch) for pool in world.operators}
        for staked in self.pools.values():
            assert staked.announce(0, 2_000, 1_000)
        self.slashable_from = self.model.epoch + 3

        self.lines: list[Line] = [(pool, token) for pool in world.operators for token in world.tokens]
        self.crowded = rng.choice(self.lines)
        self.holders = {REWARDS: self.rewards, **world.stakers, **world.payers, **world.operators}
        self.wallets: dict[tuple[str, str], int] = defaultdict(int)  # of (token, holder)
        for token in world.tokens:
            for payer in world.payers:
                self.wallets[token, payer] = PLENTY
        self.touched: set[tuple[str, str]] = set()
        self.claimable: dict[tuple[str, Line], int] = {}
        self.claimed: dict[tuple[str, Line], int] = defaultdict(int)
        self.claims: dict[tuple[str, Line], int] = defaultdict(int)  # that found anything
        self.found: dict[tuple[str, Line], Fraction] = defaultdict(Fraction)  # by the last of them
        self.remainders: dict[str, int] = defaultdict(int)  # of what arrived for a stream, by epochs
        self.log: list[str] = []

        whats = [(*self.where(line), 0) for line in self.lines]
        rewards = self.rewards
        self.views = [rewards.due.encode_input(staker, whats) for staker in world.stakers.values()]
        for line in self.lines:
            self.views += [rewards.commission.encode_input(*self.where(line))]
            self.views += [rewards.rate.encode_input(*self.where(line))]
        self.stream_views: list[bytes] = []
        ape.chain.mine(timestamp=now)

    # --- the chain ---

    def where(self, line: Line) -> tuple[AccountAPI, ContractInstance, ContractInstance]:
        return self.world.operators[line[0]], self.world.vault, self.world.tokens[line[1]]

    def send(self, call: Any, *arguments: Any, sender: AccountAPI) -> None:
        ape.chain.pending_timestamp = self.model.now
        call(*arguments, sender=sender)

    def transfer(self, token: str, sender: str, receiver: str, amount: int) -> int:
        """What it must do to the balances. Gives what arrives."""
        arrived = amount - amount // 100 if token == "fee" else amount
        self.wallets[token, sender] -= amount
        self.wallets[token, receiver] += arrived
        self.touched |= {(token, sender), (token, receiver)}
        return arrived

    # --- steps ---

    def step(self) -> None:
        """One that can be done."""
        kinds = {
            self.delegate: 6,
            self.undelegate: 5,
            self.complete: 1,
            self.redelegate: 3,
            self.slash: 2,
            self.announce: 6,
            self.pay: 9,
            self.open_stream: 7,
            self.cancel_stream: 2,
            self.take_rest: 3,
            self.claim: 7,
            self.claim_commission: 2,
            self.book: 3,
            self.wait: 3,
            self.to_border: 8,
            self.wait_epochs: 4,
        }
        before = len(self.log)
        while len(self.log) == before:
            self.rng.choices(list(kinds), list(kinds.values()))[0]()

    def delegate(self) -> None:
        staker, pool = self.rng.choice(list(self.world.stakers)), self.rng.choice(list(self.pools))
        if self.pools[pool].retained < WAD // 1_000:
            return
        shares = self.rng.randint(1, 50 * ETHER)
        if staker == "dust":
            shares = self.rng.choice([1, 2, 10**4, 10**7])
        self.log.append(f"delegate {staker} {pool} {shares}")
        call, operator = self.world.vault.depositAndDelegate, self.world.operators[pool]
        self.send(call, shares, operator, 0, ANYTHING, sender=self.world.stakers[staker])
        self.model.move(pool, staker, self.pools[pool].delegate(staker, shares))

    def undelegate(self) -> None:
        positions = [(p, s, held) for p, staked in self.pools.items() for s, held in staked.positions.items() if held]
        if positions:
            pool, staker, held = self.rng.choice(positions)
            self._undelegate(pool, staker, self.rng.choice([held, held, 1, self.rng.randint(1, held)]))

    def _undelegate(self, pool: str, staker: str, pool_shares: int) -> None:
        self.log.append(f"undelegate {staker} {pool} {pool_shares}")
        where = self.world.operators[pool], self.world.vault
        self.send(self.delegation.undelegate, *where, pool_shares, sender=self.world.stakers[staker])
        self.pools[pool].undelegate(staker, pool_shares)
        self.model.move(pool, staker, -pool_shares)

    def complete(self) -> None:
        matured = self.matured()
        if not matured:
            return
        pool, staker, epoch = self.rng.choice(matured)
        self.log.append(f"complete {staker} {pool} {epoch}")
        account, where = self.world.stakers[staker], (self.world.operators[pool], self.world.vault)
        self.send(self.delegation.complete, *where, account, epoch, account, VAULT_SHARES, sender=account)
        self.pools[pool].complete(staker, epoch)

    def redelegate(self) -> None:
        """Mostly to the other pool and to oneself."""
        matured = self.matured()
        if not matured:
            return
        pool, staker, epoch = self.rng.choice(matured)
        new_pool, receiver = self.rng.choice(list(self.pools)), self.rng.choice([staker, staker, "alice"])
        if self.pools[new_pool].retained < WAD // 1_000:
            return
        self.log.append(f"redelegate {staker} {pool} {epoch} {new_pool} {receiver}")
        where, to = (self.world.operators[pool], self.world.vault), self.world.operators[new_pool]
        account, accepted = self.world.stakers[receiver], ANYTHING
        self.send(self.delegation.redelegate, *where, epoch, to, account, accepted, sender=self.world.stakers[staker])
        shares = self.pools[pool].complete(staker, epoch)
        if shares != 0:
            self.model.move(new_pool, receiver, self.pools[new_pool].delegate(receiver, shares))

    def matured(self) -> list[tuple[str, str, int]]:
        return [(p, *key) for p, staked in self.pools.items() for key in staked.tickets if key[1] + 2 <= staked.epoch]

    def slash(self) -> None:
        if self.model.epoch < self.slashable_from:
            return
        pool, amount = self.rng.choice(list(self.pools)), self.rng.choice([1, self.rng.randint(1, WAD // 3)])
        self.log.append(f"slash {pool} {amount}")
        evidence = len(self.log).to_bytes(32)
        request = self.world.avs, self.world.operators[pool], self.world.vault, amount, self.model.now, evidence, ""
        burnt = self.world.vault.balanceOf(BURN)
        self.send(self.world.protocol.slashing.request, *request, sender=self.world.slasher)
        _, _, moved = self.pools[pool].slash(0, amount)
        assert self.world.vault.balanceOf(BURN) == burnt + moved, self.log

    def announce(self) -> None:
        pool, commission = self.rng.choice(list(self.pools)), self.rng.choice([0, 1, 333, 2_500, 9_999, BPS])
        if not self.model.moves[pool]:
            return  # a mandate that nobody delegated to is set at once
        self.log.append(f"announce {pool} {commission}")
        call, sender = self.world.protocol.registry.setMandate, self.world.operators[pool]
        self.send(call, self.world.vault, LOSS_BUDGET, commission, sender=sender)
        self.commissions[pool].announce(self.model.epoch, commission)

    def pay(self) -> None:
        (_, token), payer = self.line(), self.rng.choice(list(self.world.payers))
        pools = self.rng.choices(list(self.pools), k=self.rng.randint(1, 4))
        payments = [(pool, self.amount(token), self.rng.choice(FLOORS)) for pool in pools]
        self.log.append(f"pay {payer} {token} {payments}")
        operators, vault = self.world.operators, self.world.vault
        arguments = [(operators[pool], vault, amount, floor) for pool, amount, floor in payments]
        self.send(
            self.rewards.pay, self.world.tokens[token], self.model.epoch - 1, arguments, sender=self.world.payers[payer]
        )
        for pool, amount, floor in payments:
            line = pool, token
            asked = self.model.asked(line, amount, floor)
            self.model.pay(line, self.transfer(token, payer, REWARDS, asked))

    def open_stream(self) -> None:
        line, payer = self.line(), self.rng.choice(list(self.world.payers))
        amount, floor = self.amount(line[1]), self.rng.choice(FLOORS)
        epochs = self.rng.choice([1, 2, 3, 5, 8, 60])
        if amount * epochs < 100:
            return  # ZeroAmount, or nearly so
        self.log.append(f"open stream {payer} {line} {amount} {floor} {epochs}")
        self.send(self.rewards.openStream, *self.where(line), amount, floor, epochs, sender=self.world.payers[payer])
        arrived = self.transfer(line[1], payer, REWARDS, amount * epochs)
        self.remainders[line[1]] += arrived % epochs
        id_ = self.model.open(payer, line, arrived // epochs, floor, epochs)
        self.stream_views += [self.rewards.held.encode_input(id_), self.rewards.stream.encode_input(id_)]

    def line(self) -> Line:
        """Mostly one of them, so that much meets in it."""
        return self.rng.choice([self.crowded, self.rng.choice(self.lines)])

    def amount(self, token: str) -> int:
        unit = 10**6 if token == "six" else ETHER
        usual = self.rng.randint(1, 10**4 * unit)
        return self.rng.choice([0, 1, self.rng.randint(1, 100), usual, usual, usual, 2**96 - 1])

    def cancel_stream(self) -> None:
        running = [id_ for id_, stream in self.model.streams.items() if stream.until > self.model.epoch + 1]
        if running:
            self._cancel_stream(self.rng.choice(running))

    def _cancel_stream(self, id_: int) -> None:
        self.log.append(f"cancel {id_}")
        stream = self.model.streams[id_]
        payer = self.world.payers[stream.payer]
        self.send(self.rewards.cancelStream, id_, payer, sender=payer)
        self.transfer(stream.line[1], REWARDS, stream.payer, self.model.cancel(id_))

    def take_rest(self) -> None:
        if self.model.streams:
            self._take_rest(self.rng.choice(list(self.model.streams)), self.rng.choice([0, 1, 2, 5, 2**24 - 1]))

    def _take_rest(self, id_: int, limit: int) -> None:
        self.log.append(f"take rest {id_} {limit}")
        stream = self.model.streams[id_]
        payer = self.world.payers[stream.payer]
        self.send(self.rewards.takeRest, id_, limit, payer, sender=payer)
        self.transfer(stream.line[1], REWARDS, stream.payer, self.model.take_rest(id_, limit))

    def claim(self) -> None:
        lines = [self.line() for _ in range(self.rng.randint(1, 6))]
        hints = [self.rng.choice([0, 1, 2, 5, self.rng.randint(0, 50), 2**256 - 1]) for _ in lines]
        self._claim(self.rng.choice(list(self.world.stakers)), list(zip(lines, hints, strict=True)))

    def _claim(self, staker: str, whats: list[tuple[Line, int]]) -> None:
        self.log.append(f"claim {staker} {whats}")
        account, claims = self.world.stakers[staker], [(*self.where(line), hint) for line, hint in whats]
        self.send(self.rewards.claim, account, claims, account, sender=account)
        for line in {line for line, _ in whats}:
            key = staker, line
            # What the view said, which was held against the model; the balances tell that the claim gives just that.
            self.transfer(line[1], REWARDS, staker, self.claimable[key])
            self.claimed[key] += self.claimable[key]
            exact = self.model.earned(*key, self.claimable_until).exact
            self.claims[key] += exact > self.found[key]
            self.found[key] = exact

    def claim_commission(self) -> None:
        self._claim_commission(self.line())

    def _claim_commission(self, line: Line) -> None:
        self.log.append(f"claim commission {line}")
        operator, vault, token = self.where(line)
        self.send(self.rewards.claimCommission, vault, token, operator, sender=operator)
        amount = self.model.commission(line)
        self.transfer(line[1], REWARDS, line[0], amount)
        self.model.commission_taken[line] += amount

    def book(self) -> None:
        line, last = self.line(), self.model.epoch - 1
        epoch = self.rng.choice([last, max(0, last - 1), self.rng.randint(0, last)])
        self.log.append(f"book {line} {epoch}")
        self.send(self.rewards.book, *self.where(line), epoch, sender=self.world.payers["stranger"])

    def wait(self) -> None:
        self.wait_until(self.model.now + self.rng.choice([1, 13, 3_600, DAY, self.rng.randint(1, self.length)]))

    def to_border(self) -> None:
        """One second before it, on it, or after it."""
        border = self.model.start_of(self.model.epoch + 1)
        self.wait_until(max(self.model.now, border + self.rng.choice([-1, 0, 0, 1, self.rng.randint(0, DAY)])))

    def wait_epochs(self) -> None:
        epochs = self.rng.choice([1, 2, 2, 3, 5, 52])
        self.wait_until(self.model.now + epochs * self.length + self.rng.choice([0, self.rng.randint(0, DAY)]))

    def wait_until(self, time: int) -> None:
        self.log.append(f"wait {time - self.model.now} s")
        self.model.now = time
        ape.chain.mine(timestamp=time)
        for staked in self.pools.values():
            while staked.epoch < self.model.epoch:
                staked.next_epoch()

    # --- checks ---

    @property
    def claimable_until(self) -> int:
        return max(0, self.model.epoch - 2)

    def check(self) -> None:
        answers = iter(self.rewards.multicall.call([*self.views, *self.stream_views]))
        for staker in self.world.stakers:
            claimable, accruing = decode(["uint256[]", "uint256[]"], next(answers))
            for line, now, later in zip(self.lines, claimable, accruing, strict=True):
                self.claimable[staker, line] = now
                self.check_staker(staker, line, now, self.claimable_until)
                self.check_staker(staker, line, now + later, self.model.epoch)
        for line in self.lines:
            assert decode(["uint256"], next(answers)) == (self.model.commission(line),), self.log
            funded, expected = decode(["uint256", "uint256"], next(answers))
            assert (funded, expected) == self.model.streamed(line, self.model.epoch), self.log
        for id_, stream in self.model.streams.items():
            assert decode(["uint256", "uint256"], next(answers)) == self.model.held(id_), self.log
            words = decode(["address", "uint256", "address", "uint256", "uint256", "uint256"], next(answers))
            assert (words[1], *words[3:]) == (stream.amount, stream.looked, stream.until, stream.floor), self.log
        for token, holder in self.touched:
            balance = self.world.tokens[token].balanceOf(self.holders[holder])
            assert balance == self.wallets[token, holder], (token, holder, self.log)
        self.touched.clear()
        for token in self.world.tokens:
            assert self.wallets[token, REWARDS] >= self.owed(token), self.log

    def check_staker(self, staker: str, line: Line, unclaimed: int, until: int) -> None:
        part: Part = self.model.earned(staker, line, until)
        short = part.exact - self.claimed[staker, line] - unclaimed
        bound = self.claims[staker, line] + 1 + Fraction(part.share_seconds, SCALE)
        assert 0 <= short < bound, (staker, line, until, self.log)

    def owed(self, token: str) -> Fraction:
        """To stakers for what was paid so far, to operators and to payers."""
        lines = [line for line in self.lines if line[1] == token]
        to_stakers = sum(
            self.model.earned(staker, line, self.model.epoch - 1).exact - self.claimed[staker, line]
            for staker in self.world.stakers
            for line in lines
        )
        to_payers = sum(sum(self.model.held(id_)) for id_, each in self.model.streams.items() if each.line in lines)
        return to_stakers + sum(self.model.commission(line) for line in lines) + to_payers

    def wind_up(self) -> None:
        """All leave, and take all that is theirs."""
        for pool, staked in self.pools.items():
            for staker, held in staked.positions.items():
                if held != 0:
                    self._undelegate(pool, staker, held)
        for id_, stream in self.model.streams.items():
            if stream.until > self.model.epoch + 1:
                self._cancel_stream(id_)
        self.wait_until(self.model.start_of(self.model.epoch + 3))
        self.check()
        for id_ in self.model.streams:
            self._take_rest(id_, 2**24 - 1)
        for staker in self.world.stakers:
            self._claim(staker, [(line, 0) for line in self.lines])
        for line in self.lines:
            self._claim_commission(line)
        self.check()

    def check_what_is_left(self) -> None:
        """
        What rounding kept from stakers, as in `check_staker`; of each epoch of a stream at most a wei, which is less
        than one in what it pays and less than one in its rest; and what a division by the epochs of a stream left.
        """
        for token in self.world.tokens:
            lines = [line for line in self.lines if line[1] == token]
            keys = [(staker, line) for staker in self.world.stakers for line in lines]
            assert all(self.claimable[key] == 0 for key in keys), self.log
            share_seconds = sum(self.model.earned(*key, self.model.epoch).share_seconds for key in keys)
            streams = [stream for stream in self.model.streams.values() if stream.line in lines]
            bound = sum(self.claims[key] for key in keys) + Fraction(share_seconds, SCALE) + self.remainders[token]
            bound += sum(stream.until - stream.begin for stream in streams)
            assert 0 <= self.wallets[token, REWARDS] <= bound, (token, self.log)


# Together these four noticed every wrong contract that was tried on them.
@pytest.mark.parametrize("seed", range(8, 12))
def test_rewards__in_a_random_history__agree_with_the_model_after_every_step(world: World, seed: int) -> None:
    history = History(world, random.Random(seed))
    history.check()
    for _ in range(STEPS):
        history.step()
        history.check()
    history.wind_up()
    history.check_what_is_left()
