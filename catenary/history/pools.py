"""One pool: its stakers, its operator's promises, and what its AVSs can take. Formulas: `design.md`, `SlashMath`."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from catenary.errors import UnknownPool
from catenary.history.lanes import UNSET, Number, constant, require_known
from catenary.units import BPS, WAD


class Holding(NamedTuple):
    """Pool shares held, and what they collect."""

    shares: int  # after the last move in `epoch` [pool shares]
    share_seconds: int  # collected in `epoch` by its end if nothing moves any more [pool shares · s]
    epoch: int


class Record:
    """A holding with its past: one entry for each epoch with a move."""

    def __init__(self) -> None:
        self.entries: list[Holding] = []

    @property
    def shares(self) -> int:
        return self.entries[-1].shares if self.entries else 0

    def move(self, shares: int, epoch: int, left: int, length: int) -> None:
        """That many more or fewer in `epoch`, of which `left` seconds of `length` remain."""
        last = self.entries[-1] if self.entries else Holding(0, 0, 0)
        collected = last.share_seconds if last.epoch == epoch else last.shares * length
        new = Holding(last.shares + shares, collected + shares * left, epoch)
        if last.epoch == epoch:
            self.entries[-1] = new
        else:
            self.entries.append(new)

    def as_of(self, epoch: int) -> Holding:
        """The last entry at or before `epoch`; of nothing if there is none."""
        index = bisect_right(self.entries, epoch, key=lambda entry: entry.epoch)
        return self.entries[index - 1] if index else Holding(0, 0, 0)

    def collected(self, epoch: int, length: int) -> int:
        """In `epoch` by its end, if nothing moves any more [pool shares · s]."""
        holding = self.as_of(epoch)
        return holding.share_seconds if holding.epoch == epoch else holding.shares * length


class Mandate(NamedTuple):
    """What an operator promises the stakers of a pool."""

    loss_budget: int  # [bps]
    commission: int  # [bps]
    veto_period: int  # [s]


class Parts(NamedTuple):
    """What is fixed for one AVS and one pool in an epoch [bps]."""

    guaranteed: int
    elastic: int
    loss_budget: int
    all_guaranteed: int
    all_elastic: int


class Amounts(NamedTuple):
    """A pool as one AVS sees it [wad of `retained`, or vault shares]."""

    slashable_guaranteed: int
    slashable_elastic: int
    safe_guaranteed: int
    safe_elastic: int
    others_elastic: int


@dataclass(slots=True)
class Allocation:
    """Of one AVS."""

    guaranteed: Number = UNSET
    elastic: Number = UNSET

    @property
    def opted_in(self) -> bool:
        return self.guaranteed.settled + self.elastic.settled != 0


@dataclass(slots=True)
class Taken:
    """What one AVS, or all, took in an epoch [wad of `retained`]."""

    guaranteed: int = 0
    elastic: int = 0


@dataclass
class Pool:
    operator: str
    vault: str
    veto_period: int | None = None  # [s]; None before the pool is open
    mandates: list[tuple[Number, Number]] = field(default_factory=list)  # loss budget and commission, by stamp

    retained: int = WAD  # [wad]
    losses: list[tuple[int, int]] = field(default_factory=list)  # each epoch with a slash, `retained` when it began
    total: Record = field(default_factory=Record)
    positions: dict[str, Record] = field(default_factory=lambda: defaultdict(Record))
    tickets: dict[tuple[str, int], int] = field(default_factory=dict)  # of (staker, epoch) [pool shares]
    undelegated: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # in each epoch [pool shares]

    allocations: dict[int, Allocation] = field(default_factory=dict)  # in the order of the first opt-in
    taken: dict[tuple[int, int], Taken] = field(default_factory=lambda: defaultdict(Taken))  # by (AVS, epoch)
    open_requests: int = 0  # as the contract counts: those that lapsed count until the last one has
    open_until: int = 0  # [s, Unix time]

    # --- the operator ---

    def announce_mandate(self, epoch: int, loss_budget: int, commission: int, at_once: bool) -> None:
        if at_once:
            new = constant(epoch, loss_budget), constant(epoch, commission)
        else:
            old = self.mandates[-1]
            new = old[0].announced(epoch, loss_budget), old[1].announced(epoch, commission)
        if self.mandates and self.mandates[-1][0].stamp == epoch:
            self.mandates.pop()
        self.mandates.append(new)

    def mandate(self, epoch: int) -> Mandate:
        """In any epoch. Raises `UnknownPool`."""
        loss_budget, commission = self._open[0]
        if epoch + 1 < loss_budget.stamp:
            return Mandate(0, 0, 0)
        index = bisect_right(self.mandates, epoch + 1, key=lambda each: each[0].stamp)
        loss_budget, commission = self.mandates[index - 1]
        return Mandate(loss_budget.at(epoch), commission.at(epoch), self.veto_period or 0)

    def loosest_mandate(self, epoch: int) -> Mandate:
        """Current in `epoch`, which is not over, or announced. Raises `UnknownPool`."""
        loss_budget, commission = self._open[-1]
        return Mandate(loss_budget.peak(epoch), commission.peak(epoch), self.veto_period or 0)

    @property
    def room(self) -> int:
        """How much more an announcement can guarantee [bps]. Raises `UnknownPool`."""
        return self._open[-1][0].settled - sum(each.guaranteed.settled for each in self.allocations.values())

    @property
    def _open(self) -> list[tuple[Number, Number]]:
        if not self.mandates:
            raise UnknownPool(operator=self.operator, vault=self.vault)
        return self.mandates

    def allocation(self, avs: int, epoch: int) -> tuple[int, int]:
        """Guaranteed and elastic part in `epoch` [bps]. Raises `EpochTooOld`."""
        own = self.allocations.get(avs, Allocation())
        return own.guaranteed.at(epoch), own.elastic.at(epoch)

    def parts(self, avs: int, epoch: int) -> Parts:
        """Raises `EpochTooOld`."""
        guaranteed, elastic = self.allocation(avs, epoch)
        loss_budget = self.mandates[-1][0].at(epoch) if self.mandates else 0
        everyones = self.allocations.values()
        require_known(epoch, max((each.guaranteed.stamp for each in everyones), default=0))
        all_guaranteed = sum(each.guaranteed.at(epoch) for each in everyones)
        all_elastic = sum(each.elastic.at(epoch) for each in everyones)
        return Parts(guaranteed, elastic, loss_budget, all_guaranteed, all_elastic)

    # --- stakers ---

    def leaving(self, epoch: int) -> int:
        """In tickets that have not matured in `epoch`, the current one [pool shares]."""
        return self.undelegated.get(epoch, 0) + self.undelegated.get(epoch - 1, 0)

    def retained_at_end_of(self, epoch: int) -> int:
        """Or now, if that is to come [wad]."""
        index = bisect_right(self.losses, epoch, key=lambda loss: loss[0])
        return self.losses[index][1] if index < len(self.losses) else self.retained

    def ticket_value(self, staker: str, epoch: int) -> int:
        """Final if it has matured, otherwise if no slash comes any more [vault shares]."""
        return self.tickets.get((staker, epoch), 0) * self.retained_at_end_of(epoch + 1) // WAD

    def worst_case(self, pool_shares: int, epoch: int) -> tuple[int, int, int]:
        """
        What they are worth in `epoch`, the current one: now, at its end at worst, at the end of the next one at worst.
        [vault shares] Raises `UnknownPool`.
        """
        base = self.retained_at_end_of(epoch - 1)
        floor = base - base * self.mandate(epoch).loss_budget // BPS
        following = floor - floor * self.mandate(epoch + 1).loss_budget // BPS
        return (
            pool_shares * self.retained // WAD,
            pool_shares * floor // WAD,
            pool_shares * following // WAD,
        )

    # --- AVSs ---

    def take(self, avs: int, epoch: int, guaranteed: int, elastic: int) -> int:
        """Slashes, and gives the vault shares that this moves."""
        moved = (self.total.shares + self.leaving(epoch)) * (guaranteed + elastic) // WAD
        if not self.losses or self.losses[-1][0] != epoch:
            self.losses.append((epoch, self.retained))
        self.retained -= guaranteed + elastic
        taken = self.taken[avs, epoch]
        taken.guaranteed += guaranteed
        taken.elastic += elastic
        return moved

    def elastic_taken(self, epoch: int) -> int:
        """Σuh [wad]."""
        return sum(self.taken.get((avs, epoch), Taken()).elastic for avs in self.allocations)

    def seen_by(self, avs: int, epoch: int, *, untouched: bool = False) -> Amounts:
        """What can be slashed in `epoch` and what is safe [wad]; `untouched`, before anything was slashed in it."""
        p, following = self.parts(avs, epoch), self.parts(avs, epoch + 1)
        base = self.retained_at_end_of(epoch - 1)
        own = Taken() if untouched else self.taken.get((avs, epoch), Taken())
        all_elastic = 0 if untouched else self.elastic_taken(epoch)

        def part(bps: int) -> int:
            return base * bps // BPS

        budget = part(p.loss_budget - p.all_guaranteed)
        shared = max(0, budget - all_elastic)
        others = part(p.all_elastic - p.elastic)
        guaranteed, elastic = part(p.guaranteed) - own.guaranteed, part(p.elastic) - own.elastic

        next_base = base - part(p.loss_budget) + guaranteed
        next_others = following.all_guaranteed + following.all_elastic - following.elastic
        next_left = max(0, min(p.loss_budget, following.loss_budget) - next_others)
        next_elastic = min(next_left, p.elastic, following.elastic)
        return Amounts(
            guaranteed,
            min(elastic, shared),
            min(guaranteed, next_base * min(p.guaranteed, following.guaranteed) // BPS),
            min(max(0, budget - own.elastic - others), elastic, next_base * next_elastic // BPS),
            min(max(0, others - (all_elastic - own.elastic)), shared),
        )
