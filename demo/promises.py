"""
The promises of the design, held against what the chain says. Each compares what was seen with the ledger, or with what
was seen a step before; none takes the chain's word for what it should be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from demo.ledger import SEED, WAD, Exit, Ledger, Line, LineKey, Pool, PoolKey
from demo.observation import Observation, SeenPool, SeenRewards, SeenVault

FORMULAS = "the design's formulas"
SOLVENCY = "1 solvency"
BOUNDED_LOSS = "2 bounded loss"
NO_INTERFERENCE = "3 no interference"
NO_ESCAPE = "5 no escape"
NO_LATE_LOSS = "6 no late loss"
CONSERVATION = "8 conservation"
FREE_EXIT = "9 free exit"
REWARDS_ADD_UP = "10 rewards add up"
FAIR_ENTRY = "11 fair entry"


@dataclass(frozen=True)
class Finding:
    """One promise, held against one thing that was seen."""

    promise: str
    subject: str
    kept: bool
    detail: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.subject}: {self.detail}"


def equal(promise: str, subject: str, seen: Any, expected: Any) -> Finding:
    return Finding(promise, subject, seen == expected, f"{seen}, and by the formulas {expected}")


def check(
    ledger: Ledger, seen: Observation, before: Observation | None = None, by: str | None = None
) -> Iterator[Finding]:
    """
    Everything that holds after every step.

    `before` is what was seen a step earlier, and `by` the AVS that acted since.
    """
    yield equal(FORMULAS, "epoch", seen.epoch, ledger.epoch)
    for key, pool in ledger.pools.items():
        yield from _pool_follows_formulas(pool, seen.pools[key])
        yield from _loss_is_bounded(pool, seen.pools[key], ledger.epoch)
        yield from _guaranteed_parts_are_there(pool, seen.pools[key], ledger.epoch)
        if before and before.epoch == seen.epoch and key in before.pools:
            yield from _others_took_nothing(key, seen.pools[key], before.pools[key], by)
        yield from _tickets_bear_what_they_must(pool, seen.pools[key], before)
    for name, vault in seen.vaults.items():
        yield from _vault_is_solvent(ledger, name, vault, seen)
        yield from _shares_are_conserved(ledger, name, vault)
        if before:
            yield _price_has_not_fallen(name, vault, before.vaults[name])
    yield from _rewards_add_up(ledger, seen.rewards)


def check_exit(ended: Exit) -> Iterator[Finding]:
    """What a leaver keeps: 1 wei may be lost to rounding."""
    subject = f"{ended.staker} in {ended.pool}"
    for share, promise, what in (
        (ended.value_at_opening, ended.promised_exit, "of its value when it was undelegated"),
        (ended.put_in, ended.promised_stay, "of what was put in"),
    ):
        kept = ended.received + 1 >= share * promise
        yield Finding(
            BOUNDED_LOSS, subject, kept, f"received {ended.received}, promised {float(promise):.4f} {what}, {share}"
        )


def check_base_yield(staker: str, got: int, exact: Fraction) -> Finding:
    """What a staker's vault shares are worth more: to 1 wei."""
    return Finding(
        FORMULAS, f"{staker}'s base yield", abs(exact - got) <= 1, f"{got}, and by the formulas {int(exact)}"
    )


def check_part(key: LineKey, line: Line, staker: str, until: int, got: int) -> Finding:
    """What a staker has got, of payments for epochs up to `until`: at most 1 wei less of each than its exact part."""
    exact, payments = line.part(staker, until), line.count(until)
    return Finding(
        REWARDS_ADD_UP,
        f"{staker}'s part of {key[1]} for {key[0]} up to epoch {until}",
        0 <= exact - got <= payments,
        f"{got}, and by share-seconds {int(exact)}, of {payments} payments",
    )


def check_commission(key: LineKey, line: Line, until: int, got: int) -> Finding:
    """What an operator has got, of payments for epochs up to `until`."""
    return equal(
        REWARDS_ADD_UP, f"commission of {key[1]} for {key[0]} up to epoch {until}", got, line.commission(until)
    )


def _pool_follows_formulas(pool: Pool, seen: SeenPool) -> Iterator[Finding]:
    subject = str(pool.key)
    yield equal(FORMULAS, f"{subject} retained", seen.retained, pool.retained)
    yield equal(FORMULAS, f"{subject} pool shares", (seen.live, seen.leaving), (pool.live, pool.leaving))
    positions = {staker: (shares, pool.worth(shares)) for staker, shares in pool.positions.items() if shares}
    yield equal(FORMULAS, f"{subject} positions", seen.positions, positions)


def _loss_is_bounded(pool: Pool, seen: SeenPool, epoch: int) -> Iterator[Finding]:
    floor = pool.floor(epoch)
    yield Finding(BOUNDED_LOSS, str(pool.key), seen.retained >= floor, f"retained {seen.retained}, floor {floor}")


def _guaranteed_parts_are_there(pool: Pool, seen: SeenPool, epoch: int) -> Iterator[Finding]:
    """The ledger's g·B - ug counts only what the AVS itself took, so nobody else can have lowered it."""
    for avs in pool.allocations:
        guaranteed, elastic = seen.slashable[avs]
        subject = f"{avs} on {pool.key}"
        yield equal(NO_INTERFERENCE, f"{subject}, guaranteed", guaranteed, pool.left_guaranteed(avs, epoch))
        yield equal(FORMULAS, f"{subject}, elastic", elastic, pool.left_elastic(avs, epoch))


def _others_took_nothing(key: PoolKey, seen: SeenPool, before: SeenPool, by: str | None) -> Iterator[Finding]:
    """Of what was seen alone: a step within an epoch lowers the guaranteed part of nobody but who took it."""
    for avs, (guaranteed, _) in before.slashable.items():
        if avs != by:
            yield equal(NO_INTERFERENCE, f"{avs} on {key}, since the last step", seen.slashable[avs][0], guaranteed)


def _tickets_bear_what_they_must(pool: Pool, seen: SeenPool, before: Observation | None) -> Iterator[Finding]:
    """Until it matures a ticket bears what the pool bears; afterwards nothing."""
    pool_shares = {key: ticket.pool_shares for key, ticket in pool.tickets.items()}
    found = {key: ticket.pool_shares for key, ticket in seen.tickets.items()}
    yield equal(FORMULAS, f"{pool.key} tickets", found, pool_shares)
    past = before.pools[pool.key].tickets if before and pool.key in before.pools else {}
    for (staker, opened), ticket in seen.tickets.items():
        subject = f"{staker}'s ticket of epoch {opened} in {pool.key}"
        if not ticket.matured:
            yield equal(NO_ESCAPE, subject, ticket.value, ticket.pool_shares * seen.retained // WAD)
        elif (staker, opened) in pool.tickets:
            yield equal(NO_LATE_LOSS, subject, ticket.value, pool.ticket_worth(staker, opened))
        if ticket.matured and (staker, opened) in past and past[staker, opened].matured:
            yield equal(NO_LATE_LOSS, subject, ticket.value, past[staker, opened].value)


def _vault_is_solvent(ledger: Ledger, name: str, seen: SeenVault, all_seen: Observation) -> Iterator[Finding]:
    """What is held for the pools, less what they owe before any rounding: dust, of at most 1 wei per call."""
    owed = 0  # [vault shares · wad]
    for key, pool in all_seen.pools.items():
        if key.vault == name:
            claims = sum(shares for shares, _ in pool.positions.values())
            claims += sum(ticket.pool_shares for ticket in pool.tickets.values() if not ticket.matured)
            final = sum(ticket.value for ticket in pool.tickets.values() if ticket.matured)
            owed += claims * pool.retained + final * WAD
    surplus = seen.booked * WAD - owed
    calls = ledger.vaults[name].calls
    yield Finding(
        SOLVENCY,
        name,
        0 <= surplus <= calls * WAD,
        f"held {seen.booked}, owed {owed / WAD}, after {calls} calls",
    )


def _shares_are_conserved(ledger: Ledger, name: str, seen: SeenVault) -> Iterator[Finding]:
    book = ledger.vaults[name]
    yield equal(CONSERVATION, f"{name} supply", seen.supply, SEED + book.deposited - book.withdrawn)
    parts = seen.booked + _sum(seen.held) + book.withdrawn + _sum(seen.slashed)
    yield equal(CONSERVATION, f"{name} booked + held + withdrawn + slashed", parts, book.deposited)
    yield equal(CONSERVATION, f"{name} held by stakers", seen.held, _nonzero(book.held))
    yield equal(CONSERVATION, f"{name} slashed", seen.slashed, _nonzero(book.slashed))


def _rewards_add_up(ledger: Ledger, seen: SeenRewards) -> Iterator[Finding]:
    """The last epoch, for which more can be paid, and the current one are accruing; those before can be claimed."""
    for (key, staker), (claimable, accruing) in seen.due.items():
        line = ledger.lines[key]
        claimed = line.claimed[staker]
        yield check_part(key, line, staker, ledger.epoch - 2, claimed + claimable)
        yield check_part(key, line, staker, ledger.epoch, claimed + claimable + accruing)
    for key, line in ledger.lines.items():
        yield check_commission(key, line, ledger.epoch - 1, line.commission_claimed + seen.commission[key])
    for token, held in seen.held.items():
        yield equal(REWARDS_ADD_UP, f"{token} held", held, ledger.held(token))


def _price_has_not_fallen(name: str, seen: SeenVault, before: SeenVault) -> Finding:
    kept = (seen.assets + 1) * (before.supply + 1) >= (before.assets + 1) * (seen.supply + 1)
    return Finding(
        FAIR_ENTRY,
        f"price of {name} shares",
        kept,
        f"{seen.assets} for {seen.supply}, before {before.assets} for {before.supply}",
    )


def _sum(amounts: Mapping[str, int]) -> int:
    return sum(amounts.values())


def _nonzero(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount}
