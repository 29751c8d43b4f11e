"""
Who earns what: a literal model, from `design.md` and the words of `IRewardsDistributor`.

It keeps every move, payment and stream, and works each number out anew from the seconds for which shares were held. A
staker's part is a fraction and never rounded. Whole wei, rounded down, is only what the words say is moved or set
aside: what a payment takes, what the streams of one floor pay for an epoch, the commission of a payment and of an
epoch's streams, and what a stream returns of an epoch.
"""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from tests.helpers.rule_of_time import Number

BPS = 10_000

Line = tuple[str, str]  # a pool and a token


@dataclass
class Stream:
    payer: str
    line: Line
    amount: int  # for each epoch [token]
    floor: int
    begin: int  # the first epoch that is paid for
    until: int  # the first that is not
    looked: int  # the first whose rest was not taken back


@dataclass(frozen=True)
class Part:
    """A staker's of what a pool was paid."""

    exact: Fraction = Fraction(0)  # [token]
    share_seconds: int = 0  # counted once for each payment, and once for an epoch's streams [pool shares · s]

    def __add__(self, other: "Part") -> "Part":
        return Part(self.exact + other.exact, self.share_seconds + other.share_seconds)


class Rewards:
    def __init__(self, genesis: int, length: int, now: int, commissions: dict[str, Number]) -> None:
        self.genesis, self.length, self.now = genesis, length, now  # [s]
        self.commissions = commissions  # by pool [bps]
        self.moves: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        self.payments: dict[tuple[Line, int], list[int]] = defaultdict(list)  # for (line, epoch) [token]
        self.streams: dict[int, Stream] = {}
        self.commission_taken: dict[Line, int] = defaultdict(int)  # [token]
        # Of epochs that are over, so as to work them out once.
        self._share_seconds: dict[tuple[str, str, int], int] = {}
        self._paid: dict[tuple[Line, int], list[tuple[int, int]]] = {}
        self._parts: dict[tuple[str, Line], list[Part]] = defaultdict(lambda: [Part()])

    # --- time ---

    @property
    def epoch(self) -> int:
        return 1 + (self.now - self.genesis) // self.length

    def start_of(self, epoch: int) -> int:
        return self.genesis + (epoch - 1) * self.length

    # --- stakers ---

    def move(self, pool: str, staker: str, pool_shares: int) -> None:
        """From now on `staker` holds that many more, or fewer."""
        self.moves[pool][staker].append((self.now, pool_shares))

    def share_seconds(self, pool: str, staker: str, epoch: int) -> int:
        """Of an epoch, stretch by stretch; of the current one, by its end if nobody moves."""
        key = (pool, staker, epoch)
        if key in self._share_seconds:
            return self._share_seconds[key]
        since, end = self.start_of(epoch), self.start_of(epoch + 1)
        held = collected = 0
        for time, pool_shares in self.moves[pool][staker]:
            if time >= end:
                break
            collected += held * max(0, time - since)
            since = max(since, time)
            held += pool_shares
        collected += held * (end - since)
        if epoch < self.epoch:
            self._share_seconds[key] = collected
        return collected

    def pool_share_seconds(self, pool: str, epoch: int) -> int:
        return sum(self.share_seconds(pool, staker, epoch) for staker in list(self.moves[pool]))

    def earned(self, staker: str, line: Line, until: int) -> Part:
        """By the end of epoch `until`."""
        parts = self._parts[staker, line]  # by the end of each epoch for which nothing more can be paid
        while len(parts) <= self.epoch - 2:
            parts.append(parts[-1] + self._part(staker, line, len(parts)))
        later = (self._part(staker, line, epoch) for epoch in range(len(parts), until + 1))
        return sum(later, start=parts[min(until, len(parts) - 1)])

    def _part(self, staker: str, line: Line, epoch: int) -> Part:
        """An epoch's sum, less the commission, by share-seconds."""
        paid = self.paid(line, epoch)
        if not paid:
            return Part()
        mine, everyones = self.share_seconds(line[0], staker, epoch), self.pool_share_seconds(line[0], epoch)
        return Part(Fraction(sum(amount - fee for amount, fee in paid) * mine, everyones), len(paid) * mine)

    # --- what pools get ---

    def paid(self, line: Line, epoch: int) -> list[tuple[int, int]]:
        """Each payment, and what all streams together paid, with the commission that was in force in `epoch`."""
        if (line, epoch) in self._paid:
            return self._paid[line, epoch]
        commission = self.commissions[line[0]].at(epoch)
        amounts = [*self.payments[line, epoch], self.streamed(line, epoch)[1]]
        paid = [(amount, amount * commission // BPS) for amount in amounts if amount != 0]
        if epoch < self.epoch - 1:
            self._paid[line, epoch] = paid
        return paid

    def streamed(self, line: Line, epoch: int) -> tuple[int, int]:
        """What streams have for `epoch`, and what of it they pay."""
        by_floor: dict[int, int] = defaultdict(int)
        for stream in self.streams.values():
            if stream.line == line and stream.begin <= epoch < stream.until:
                by_floor[stream.floor] += stream.amount
        collected = self.pool_share_seconds(line[0], epoch) if by_floor else 0
        return sum(by_floor.values()), sum(int(amount * _ratio(collected, f)) for f, amount in by_floor.items())

    def commission(self, line: Line) -> int:
        """What the operator can claim."""
        fees = (fee for epoch in range(self.epoch) for _, fee in self.paid(line, epoch))
        return sum(fees) - self.commission_taken[line]

    # --- payers ---

    def asked(self, line: Line, amount: int, floor: int) -> int:
        """What of `amount` a pool is paid for the epoch just finished."""
        return int(amount * _ratio(self.pool_share_seconds(line[0], self.epoch - 1), floor))

    def pay(self, line: Line, arrived: int) -> None:
        self.payments[line, self.epoch - 1].append(arrived)

    def open(self, payer: str, line: Line, amount: int, floor: int, epochs: int) -> int:
        begin = self.epoch + 1
        id_ = len(self.streams) + 1
        self.streams[id_] = Stream(payer, line, amount, floor, begin, begin + epochs, begin)
        return id_

    def cancel(self, id_: int) -> int:
        stream, until = self.streams[id_], self.epoch + 1
        returned = stream.amount * (stream.until - until)
        stream.until = until
        return returned

    def rest(self, id_: int, until: int) -> int:
        """What a stream did not pay of the epochs before `until` whose rest was not taken back."""
        stream = self.streams[id_]
        return sum(self._rest_of(stream, epoch) for epoch in range(stream.looked, until))

    def _rest_of(self, stream: Stream, epoch: int) -> int:
        collected = self.pool_share_seconds(stream.line[0], epoch)
        return int(stream.amount * (1 - _ratio(collected, stream.floor)))

    def take_rest(self, id_: int, limit: int) -> int:
        stream = self.streams[id_]
        until = min(stream.looked + limit, self.finished(id_))
        returned = self.rest(id_, until)
        stream.looked = max(stream.looked, until)
        return returned

    def finished(self, id_: int) -> int:
        """The first epoch of a stream that is not over."""
        return min(self.epoch, self.streams[id_].until)

    def held(self, id_: int) -> tuple[int, int]:
        """Of finished epochs, and for the current one and those to come."""
        stream = self.streams[id_]
        coming = stream.amount * max(0, stream.until - max(self.epoch, stream.begin))
        return self.rest(id_, self.finished(id_)), coming


def _ratio(share_seconds: int, floor: int) -> Fraction:
    """Of an epoch in which a pool collects fewer than 4^floor share-seconds, it is paid in proportion."""
    return min(Fraction(1), Fraction(share_seconds, 4**floor))
