"""What the protocol says, in the words of its design. Amounts are integers; their unit stands beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from catenary.units import BPS

ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True)
class Clock:
    """The protocol's one clock, and the windows of slashing [s]."""

    genesis: int  # start of epoch 1 [Unix time]
    length: int  # of an epoch
    report_window: int
    max_veto: int
    execute_window: int

    def epoch_at(self, time: int) -> int:
        """The epoch of a time; 0 before the first."""
        return max(0, 1 + (time - self.genesis) // self.length)

    def start_of(self, epoch: int) -> int:
        """The first second of an epoch, which is the end of the one before [Unix time]."""
        return self.genesis + (epoch - 1) * self.length


def announced(values: Sequence[int], value: int) -> tuple[int, int, int, int]:
    """
    A number in this and the next three epochs, after it is announced to be `value`. By the rule of time of the design:
    what falls does so in two epochs, what rises in three; a fall announced before stands, and a rise gives way.
    """
    now, next_one, after_next, _ = values
    return now, min(next_one, max(now, value)), min(after_next, value), value


@dataclass(frozen=True)
class Mandate:
    """What an operator promises the stakers of a pool."""

    loss_budget: int  # F [bps]
    commission: int  # [bps]
    veto_period: int  # the shortest that the operator accepts from an AVS [s]

    @property
    def most_lost_in_an_epoch(self) -> Fraction:
        """F, of what a stake is worth when the epoch begins."""
        return Fraction(self.loss_budget, BPS)

    @property
    def most_lost_on_leaving(self) -> Fraction:
        """1 - (1 - F)²: who leaves faces the budgets of two epochs (design, promise 2)."""
        return 1 - (1 - self.most_lost_in_an_epoch) ** 2


@dataclass(frozen=True)
class Accepted:
    """The loosest mandate under which one delegates. By default none that can slash or takes commission."""

    loss_budget: int = 0  # the largest, current or announced [bps]
    commission: int = 0  # the largest, current or announced [bps]
    veto_period: int = 0  # the shortest [s]
    open_requests: bool = False  # whether to delegate although a slash request is open

    def plain(self) -> tuple[int, int, int, bool]:
        return self.loss_budget, self.commission, self.veto_period, self.open_requests


@dataclass(frozen=True)
class Allocation:
    """What an operator gives an AVS of a pool, in one epoch."""

    guaranteed: int  # [bps]
    elastic: int  # [bps]


@dataclass(frozen=True)
class Terms:
    """The terms of an AVS, fixed at registration."""

    slasher: str
    owner: str
    veto_period: int = 0  # 0 executes at once [s]
    resolver: str = ZERO_ADDRESS  # if and only if there is a veto period
    recipient: str = ZERO_ADDRESS  # of slashed vault shares; zero burns them
    by_admission: bool = False
    hook: str = ZERO_ADDRESS

    def plain(self) -> tuple[Any, ...]:
        return (
            self.slasher,
            self.veto_period,
            self.by_admission,
            self.recipient,
            self.owner,
            self.resolver,
            self.hook,
        )


@dataclass(frozen=True)
class Amounts:
    """A stake as one AVS sees it, in vault shares or in assets."""

    slashable_guaranteed: int
    slashable_elastic: int
    safe_guaranteed: int
    safe_elastic: int
    others_elastic: int  # what the other AVSs together can still take this epoch out of what is shared


@dataclass(frozen=True)
class Change:
    """A number that was announced to change."""

    what: str  # "loss budget", "commission", "guaranteed part of AVS 3", "elastic part of AVS 3"
    epoch: int  # in which it changes
    before: int  # [bps]
    after: int  # [bps]
    at: int  # when it changes [Unix time]
    leave_before: int  # who undelegates before this is out when it changes [Unix time]

    @property
    def loosens(self) -> bool:
        """Whether it is against stakers: of all these numbers, a rise is."""
        return self.after > self.before


@dataclass(frozen=True)
class Threat:
    """What one AVS can do to a staker of a pool."""

    avs: int
    terms: Terms
    now: Allocation
    guaranteed: int  # what it could take now of this stake out of its guaranteed part [vault shares]
    shared: int  # and out of what is shared, if no other AVS is faster [vault shares]


@dataclass(frozen=True)
class Exposure:
    """What can be lost of a stake in a pool, to whom, and by when one can be out."""

    mandate: Mandate
    retained: int  # [wad]
    open_request: bool  # whether a slash request on the pool may be open
    value: int  # now [vault shares]
    worst_this_epoch: int  # what is left of it at the end of this epoch, at worst [vault shares]
    worst_leaving: int  # what is left at the end of the next one, at worst: of a ticket opened now [vault shares]
    out_at: int  # when a ticket that is opened now matures [Unix time]
    threats: tuple[Threat, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Position:
    """A staker's stake in a pool."""

    pool_shares: int  # [pool shares]
    value: int  # [vault shares]
