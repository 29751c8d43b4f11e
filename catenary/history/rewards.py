"""What pools are paid, and what of it is whose. Formulas: `RewardsDistributor`."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from catenary.history.pools import Holding, Pool
from catenary.units import BPS

_SCALE = 118  # bits
_MOVES = 256  # that a claim looks at


@dataclass
class Stream:
    """An amount for each of a run of epochs, to one pool."""

    payer: str
    amount: int  # for each epoch [token]
    operator: str
    first: int  # the first epoch whose rest the payer has not taken back
    until: int  # the first epoch that is not paid for
    floor: int
    vault: str
    token: str


class Sums(NamedTuple):
    """Of one pool and token, by the end of an epoch."""

    earned: int  # by a share-second [token / 2^118]
    commission: int  # of streams [token]
    rates: dict[int, int]  # of streams, by floor [token]
    funded: int = 0  # what streams were to pay for this epoch [token]
    streamed: int = 0  # what of it they do pay [token]


class Cursor(NamedTuple):
    """Up to the end of which epoch a staker has claimed."""

    epoch: int = 0
    move: int = 0  # index of the last holding at or before it


@dataclass
class Line:
    """One pool and one token."""

    pool: Pool
    length: int  # of an epoch [s]
    begin: int  # nothing was paid for this epoch, or an earlier one
    paid: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # for an epoch, not by streams [token]
    paid_each: dict[int, int] = field(default_factory=lambda: defaultdict(int))  # of it, net [as `Sums.earned`]
    fees: int = 0  # commission of `paid` [token]
    fees_claimed: int = 0  # [token]
    changes: dict[int, dict[int, int]] = field(default_factory=dict)  # of streams' rates, by epoch and floor [token]
    cursors: dict[str, Cursor] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # [token]
    _final: list[Sums] = field(default_factory=lambda: [Sums(0, 0, {})])  # from `begin` on, which nothing can change

    # --- payments ---

    def pay(self, epoch: int, amount: int, commission: int) -> None:
        self.paid[epoch] += amount
        self.paid_each[epoch] += self._each(amount - commission, epoch)
        self.fees += commission

    def schedule(self, begin: int, end: int, floor: int, amount: int) -> None:
        """Streams pay `amount` more from epoch `begin` on, and less from `end` on; both are to come."""
        for epoch, change in [(begin, amount), (end, -amount)]:
            rates = self.changes.setdefault(epoch, {})
            rates[floor] = rates.get(floor, 0) + change

    def sums(self, epoch: int, now: int) -> Sums:
        """By the end of `epoch`, the current one `now` or an earlier one; if nobody moves or pays any more."""
        index = epoch - self.begin
        if index < len(self._final):
            return self._final[max(0, index)]
        # Nothing more is paid for the last epoch but one.
        for sums in self._after(self._final[-1], self.begin + len(self._final), min(epoch, now - 2)):
            self._final.append(sums)
        if index < len(self._final):
            return self._final[index]
        return [self._final[-1], *self._after(self._final[-1], self.begin + len(self._final), epoch)][-1]

    def _after(self, sums: Sums, first: int, last: int) -> Iterator[Sums]:
        for epoch in range(first, last + 1):
            rates = sums.rates
            for floor, change in self.changes.get(epoch, {}).items():
                rates = {**rates, floor: rates.get(floor, 0) + change}
            collected = self.pool.total.collected(epoch, self.length) if rates else 0
            streamed = sum(paid_down(amount, collected, floor) for floor, amount in rates.items())
            fee = streamed * self.pool.mandate(epoch).commission // BPS if streamed else 0
            earned = sums.earned + self.paid_each.get(epoch, 0) + self._each(streamed - fee, epoch)
            sums = Sums(earned, sums.commission + fee, rates, sum(rates.values()), streamed)
            yield sums

    def _each(self, net: int, epoch: int) -> int:
        return (net << _SCALE) // self.pool.total.collected(epoch, self.length) if net else 0

    # --- stakers and operators ---

    def due(self, staker: str, until: int, now: int) -> tuple[int, Cursor]:
        """What is not claimed by the end of epoch `until`, as far as one claim goes [token]; and the cursor then."""
        record = self.pool.positions.get(staker)
        reached, move = self.cursors.get(staker, Cursor())
        moves: list[Holding] = record.entries[move : move + _MOVES] if record else []
        amount = shares = seen = 0
        for holding in moves:
            if holding.epoch > until:
                break
            if holding.epoch > reached:
                before = self.sums(holding.epoch - 1, now).earned
                amount += shares * self.length * (before - self.sums(reached, now).earned)
                amount += holding.share_seconds * (self.sums(holding.epoch, now).earned - before)
                reached = holding.epoch
            shares = holding.shares
            seen += 1
        if seen:
            move += seen - 1
        if seen < _MOVES:
            amount += shares * self.length * (self.sums(until, now).earned - self.sums(reached, now).earned)
            reached = until
        return amount >> _SCALE, Cursor(reached, move)

    def claim(self, staker: str, amount: int, now: int) -> None:
        """Of `amount`, as was emitted, in epoch `now`."""
        self.cursors[staker] = self.due(staker, claimable_until(now), now)[1]
        self.claimed[staker] += amount

    def commission(self, now: int) -> int:
        """What the operator can claim [token]."""
        return self.fees + self.sums(now - 1, now).commission - self.fees_claimed


def claimable_until(now: int) -> int:
    """The last epoch for which nothing more can be paid."""
    return max(0, now - 2)


def paid_down(amount: int, share_seconds: int, floor: int) -> int:
    """What is paid of `amount` for an epoch in which a pool collects so many share-seconds."""
    return amount * share_seconds >> 2 * floor if share_seconds < 1 << 2 * floor else amount


def rest_down(amount: int, share_seconds: int, floor: int) -> int:
    """What is left of it."""
    return paid_down(amount, (1 << 2 * floor) - min(share_seconds, 1 << 2 * floor), floor)
