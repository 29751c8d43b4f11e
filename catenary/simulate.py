"""
What a transaction or a slash would change: it is sent on a fork of the connected node, an Anvil node of its own, and
never to the node itself.

Two worlds are compared at the same moment: one in which it was sent and one in which it was not. So what is reported
is its effect alone, and not that of the time that passes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3 import Web3

from catenary.anvil import ask, mine, running
from catenary.avs import AVS, SlashRequest, Stake, stake_of
from catenary.chain import Call, asked, asking, web3
from catenary.contracts import VAULT, contract_type, log_words, topic
from catenary.errors import CatenaryError, TransactionFailed
from catenary.pool import Pool
from catenary.protocol import Protocol
from catenary.units import BPS, WAD
from catenary.values import Amounts
from catenary.vault import Vault

_NOTHING = Amounts(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Step:
    """A transaction of the simulation. Whose key it needs does not matter, and gas costs nothing."""

    sender: str
    to: str
    data: bytes = b""
    value: int = 0  # [wei]
    at: int | None = None  # when it is sent; without it, a second after what is before it [Unix time]

    @classmethod
    def of(cls, one: Call, sender: str, at: int | None = None) -> "Step":
        return cls(sender, one.to, one.data, one.value, at)


@dataclass(frozen=True)
class Event:
    """What a contract of the protocol said."""

    contract: str
    name: str
    words: dict[str, Any]


@dataclass(frozen=True)
class PoolState:
    retained: int  # [wad]
    pool_shares: int  # of its stakers, without tickets [pool shares]
    leaving: int  # in tickets that have not matured [pool shares]
    budget_left: int  # what all AVSs together can still take in this epoch: F·B less what they took [wad]


@dataclass(frozen=True)
class StakerState:
    """What a staker has in a pool."""

    delegated: int  # [vault shares]
    in_tickets: int  # [vault shares]
    assets: int  # what both are worth [asset]

    @property
    def shares(self) -> int:
        """Both [vault shares]."""
        return self.delegated + self.in_tickets


@dataclass(frozen=True)
class StakerEffect:
    staker: str
    before: StakerState
    after: StakerState

    @property
    def lost(self) -> int:
        """[vault shares]"""
        return self.before.shares - self.after.shares

    @property
    def lost_assets(self) -> int:
        """[asset]"""
        return self.before.assets - self.after.assets


@dataclass(frozen=True)
class AVSEffect:
    """A pool as one AVS sees it; all zero for a vault that it does not count."""

    avs: int
    before: Stake
    after: Stake

    @property
    def safe_lost(self) -> int:
        """By how much it is weakened: what is no longer safe, guaranteed and elastic [vault shares]."""
        return _safe(self.before) - _safe(self.after)

    @property
    def slashable_lost(self) -> int:
        """What it can no longer slash in this epoch, guaranteed and elastic [vault shares]."""
        return _slashable(self.before) - _slashable(self.after)


@dataclass(frozen=True)
class PoolEffect:
    pool: Pool
    before: PoolState
    after: PoolState
    stakers: tuple[StakerEffect, ...]  # for whom anything changes, who loses most first
    avss: tuple[AVSEffect, ...]  # all that it ever opted in to


@dataclass(frozen=True)
class Simulation:
    """What would change. `before` is without the transactions, `after` is with them, both at the same moment."""

    block: int  # of which the fork was made
    time: int  # of the comparison [Unix time]
    epoch: int  # of the comparison
    gas: tuple[int, ...]  # that each transaction used
    events: tuple[Event, ...]
    pools: tuple[PoolEffect, ...]  # that were touched


def simulate(protocol: Protocol, steps: Sequence[Step], until: int = 0) -> Simulation:
    """
    Sends `steps` on a fork of the block that is read, and compares at the last of them, or at `until` [Unix time].

    Raises the `ContractError` of a step that is refused.
    """
    protocol = protocol.pinned
    prices = _prices(protocol)
    with _forked(protocol.chain.number) as node:
        fork = protocol.at("latest")
        beginning = ask(node, "evm_snapshot")
        receipts = [_send(node, fork, step) for step in steps]
        if until > fork.chain.time:
            mine(node, until)
        time, epoch = fork.chain.time, fork.epoch
        events = [event for receipt in receipts for event in _events(fork, receipt)]
        dearer = {address for address, price in _prices(fork).items() if price != prices.get(address)}
        touched = _touched(fork, events, dearer)
        after = [_seen(pool) for pool in touched]
        ask(node, "evm_revert", beginning)
        mine(node, time)
        before = [_seen(pool) for pool in touched]
    effects = [_effect(protocol, *each) for each in zip(touched, before, after, strict=True)]
    gas = tuple(int(receipt["gasUsed"]) for receipt in receipts)
    return Simulation(protocol.chain.number, time, epoch, gas, tuple(events), tuple(effects))


def slash(avs: AVS, pool: Pool, amount: int, offence_at: int | None = None, *, execute: bool = False) -> list[Step]:
    """
    The steps of a slash by the AVS's slasher: of `amount` of `retained` [wad], for an offence of just now or at a Unix
    time. Without a veto period it executes at once; with one, only if `execute` says so, when it is over.
    """
    protocol, terms = avs.protocol.pinned, avs.terms
    now = protocol.chain.time
    offence, at = now if offence_at is None else offence_at, now + 1
    steps = [Step.of(avs.slash(pool, amount, offence, b""), terms.slasher, at)]
    if execute and terms.veto_period:
        evidence = HexBytes(keccak(b"")).to_0x_hex()
        request = SlashRequest(protocol, avs.number, pool.operator, pool.vault.address, amount, offence, at, evidence)
        steps.append(Step.of(request.execute(), terms.slasher, at + terms.veto_period))
    return steps


# --- the fork ---


@contextmanager
def _forked(block: int) -> Iterator[Web3]:
    """A fork of the connected node at a block; what is read within is read from it."""
    upstream = getattr(web3().provider, "endpoint_uri", None)
    if upstream is None:
        raise CatenaryError("a fork needs a node that is reached by http or by a web socket")
    with running("--auto-impersonate") as anvil:
        node = anvil.web3
        # Not by --fork-url: whoever lists processes would see what is secret in the address of the node.
        ask(node, "anvil_reset", {"forking": {"jsonRpcUrl": str(upstream), "blockNumber": block}})
        with asking(node):
            yield node


def _send(node: Web3, fork: Protocol, step: Step) -> Any:
    now = fork.chain.time
    at = now + 1 if step.at is None else step.at
    if at <= now:
        raise CatenaryError(f"a transaction cannot be sent at {at}, as the block before it is of {now}")
    ask(node, "evm_setNextBlockTimestamp", at)
    plain: Any = {"from": step.sender, "to": step.to, "data": HexBytes(step.data), "value": step.value}
    asked(partial(node.eth.call, plain, "pending"))  # says why it is refused
    ask(node, "anvil_setNextBlockBaseFeePerGas", 0)
    gas = {"gas": int(fork.chain.head["gasLimit"]), "gasPrice": 0}
    sent = asked(partial(node.eth.send_transaction, plain | gas))
    receipt: Any = asked(partial(node.eth.wait_for_transaction_receipt, sent, poll_latency=0.01))
    if not receipt["status"]:
        raise TransactionFailed(f"the transaction to {step.to} used up all gas of a block: it cannot be sent")
    return receipt


# --- what happened ---


def _events(fork: Protocol, receipt: Any) -> Iterator[Event]:
    core = (fork.registry, fork.delegation, fork.slashing, fork.rewards)
    names = {contract.address: contract.name for contract in core}
    names |= {vault.address: VAULT for vault in fork.vaults}
    for log in receipt["logs"]:
        name = names.get(log["address"])
        for abi in contract_type(name).events if name else ():
            if log["topics"] and log["topics"][0] == topic(abi):
                yield Event(str(name), abi.name, log_words(abi, log["topics"], log["data"]))


def _touched(fork: Protocol, events: Sequence[Event], vaults: set[str]) -> list[Pool]:
    """The pools that events name, and all of those vaults that are worth more or less or whose count changed."""
    named = [event.words for event in events if "vault" in event.words]
    vaults = vaults | {words["vault"] for words in named if "operator" not in words}
    keys = {(words["operator"], words["vault"]): None for words in named if "operator" in words}
    found = [pool for vault in fork.vaults if vault.address in vaults for pool in vault.pools]
    return list(dict.fromkeys([*(Vault(fork, vault).pool(operator) for operator, vault in keys), *found]))


# --- how a pool stands ---


@dataclass(frozen=True)
class _Seen:
    state: PoolState
    stakers: dict[str, StakerState]
    avss: dict[int, Stake]


def _prices(protocol: Protocol) -> dict[str, int]:
    """What vault shares are worth."""
    vaults = protocol.vaults
    reads = [vault.contract.read("convertToAssets", WAD, make=int) for vault in vaults]
    return dict(zip([vault.address for vault in vaults], protocol.chain.all(reads), strict=True))


def _seen(pool: Pool) -> _Seen:
    protocol = pool.protocol
    epoch, retained, (live, leaving) = protocol.epoch, pool.retained, pool.pool_shares
    base = pool.retained_at_end_of(max(epoch - 1, 0))
    loss_budget = pool.mandate_at(epoch).loss_budget if pool.is_open else 0  # a transaction may open it
    budget_left = base * loss_budget // BPS - (base - retained)
    avss = list(pool.allocations)
    stakes = [protocol.slashing.read("stake", avs, pool.operator, pool.vault.address, make=stake_of) for avs in avss]
    return _Seen(
        PoolState(retained, live, leaving, budget_left),
        _stakers(pool, retained),
        dict(zip(avss, protocol.chain.all(stakes), strict=True)),
    )


def _stakers(pool: Pool, retained: int) -> dict[str, StakerState]:
    """By events and the design: a claim is worth pool shares times `retained` as it stands, or stood at maturity."""
    live, tickets = _claims(pool)
    maturity = {epoch: pool.retained_at_end_of(epoch + 1) for epoch in {epoch for _, epoch in tickets}}
    delegated = Counter({staker: shares * retained // WAD for staker, shares in live.items()})
    leaving: Counter[str] = Counter()
    for (staker, epoch), shares in tickets.items():
        leaving[staker] += shares * maturity[epoch] // WAD
    stakers = list(dict.fromkeys([*delegated, *leaving]))
    worth = pool.protocol.chain.all(
        [
            pool.vault.contract.read("convertToAssets", delegated[staker] + leaving[staker], make=int)
            for staker in stakers
        ]
    )
    return {
        staker: StakerState(delegated[staker], leaving[staker], assets)
        for staker, assets in zip(stakers, worth, strict=True)
    }


def _claims(pool: Pool) -> tuple[Counter[str], Counter[tuple[str, int]]]:
    """Pool shares by staker, and in tickets that are not completed by staker and epoch."""
    delegated, undelegated, completed, redelegated = (
        pool.protocol.logs(pool.protocol.delegation, name, operator=pool.operator, vault=pool.vault.address)
        for name in ("Delegated", "Undelegated", "Completed", "Redelegated")
    )
    live: Counter[str] = Counter()
    tickets: Counter[tuple[str, int]] = Counter()
    for log in delegated:
        live[log["staker"]] += log["poolShares"]
    for log in undelegated:
        live[log["staker"]] -= log["poolShares"]
        tickets[log["staker"], log["epoch"]] += log["poolShares"]
    for log in completed + redelegated:
        del tickets[log["staker"], log["epoch"]]
    return live, tickets


def _safe(stake: Stake) -> int:
    return stake.shares.safe_guaranteed + stake.shares.safe_elastic


def _slashable(stake: Stake) -> int:
    return stake.shares.slashable_guaranteed + stake.shares.slashable_elastic


def _effect(protocol: Protocol, pool: Pool, before: _Seen, after: _Seen) -> PoolEffect:
    nothing = StakerState(0, 0, 0)
    states = {
        staker: (before.stakers.get(staker, nothing), after.stakers.get(staker, nothing))
        for staker in before.stakers | after.stakers
    }
    stakers = [StakerEffect(staker, *each) for staker, each in states.items() if each[0] != each[1]]
    return PoolEffect(
        Vault(protocol, pool.vault.address).pool(pool.operator),
        before.state,
        after.state,
        tuple(sorted(stakers, key=lambda each: -each.lost)),
        tuple(
            AVSEffect(avs, before.avss.get(avs, replace(stake, shares=_NOTHING, assets=_NOTHING)), stake)
            for avs, stake in after.avss.items()
        ),
    )
