"""
Who earns what, from `design.md` and the words of `IRewardsDistributor`.

It keeps every move, payment and stream, and works each number out anew from the seconds for which shares were held.
What is rounded is what the words say: what a payment takes, what the streams of one floor pay for an epoch, commission,
the rests of a stream, what a share-second earns of a payment [token / 2^118], and a claim.
"""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from tests.helpers.rule_of_time import Number

BPS = 10_000
SCALE = 2**118

PoolKey = tuple[str, str]  # operator and vault
Line = tuple[PoolKey, str]  # a pool and a token


@dataclass
class Stream:
    payer: str
    line: Line
    amount: int  # for each epoch [token]
    floor: int
    begin: int  # the first epoch that is paid for
    until: int  # the first that is not
    looked: int  # the first whose rest was not taken back


class Rewards:
    def __init__(self, length: int, now: int, commissions: dict[PoolKey, Number]) -> None:
        self.length, self.now = length, now  # [s], since genesis
        self.commissions = commissions  # [bps]
        self.moves: dict[PoolKey, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        self.payments: dict[tuple[Line, int], list[int]] = defaultdict(list)  # for (line, epoch) [token]
        self.streams: dict[int, Stream] = {}
        self.commission_taken: dict[Line, int] = defaultdict(int)  # [token]
        self.claimed_until: dict[tuple[str, Line], int] = defaultdict(int)  # the epoch
        self.claimed: dict[tuple[str, Line], int] = defaultdict(int)  # [token]
        self.claims: dict[tuple[str, Line], int] = defaultdict(int)  # how many
        # Of epochs that are over, so as to work them out once.
        self._share_seconds: dict[tuple[PoolKey, str, int], int] = {}
        self._paid: dict[tuple[Line, int], list[tuple[int, int]]] = {}
        self._earned: dict[tuple[str, Line], list[int]] = defaultdict(lambda: [0])

    # --- time ---

    @property
    def epoch(self) -> int:
        return 1 + self.now // self.length

    def start_of(self, epoch: int) -> int:
        return (epoch - 1) * self.length

    # --- stakers ---

    def move(self, pool: PoolKey, staker: str, pool_shares: int) -> None:
        """From now on `staker` holds that many more, or fewer."""
        self.moves[pool][staker].append((self.now, pool_shares))

    def share_seconds(self, pool: PoolKey, staker: str, epoch: int) -> int:
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

    def pool_share_seconds(self, pool: PoolKey, epoch: int) -> int:
        return sum(self.share_seconds(pool, staker, epoch) for staker in list(self.moves[pool]))

    def earned(self, staker: str, line: Line, until: int) -> int:
        """By the end of epoch `until` [token / 2^118]."""
        earned = self._earned[staker, line]  # by the end of each epoch for which nothing more can be paid
        while len(earned) <= self.epoch - 2:
            earned.append(earned[-1] + self._earned_in(staker, line, len(earned)))
        later = (self._earned_in(staker, line, epoch) for epoch in range(len(earned), until + 1))
        return earned[min(until, len(earned) - 1)] + sum(later)

    def _earned_in(self, staker: str, line: Line, epoch: int) -> int:
        paid = self.paid(line, epoch)
        if not paid:
            return 0
        everyones = self.pool_share_seconds(line[0], epoch)
        each = sum((amount - fee) * SCALE // everyones for amount, fee in paid)
        return self.share_seconds(line[0], staker, epoch) * each

    def exactly_earned(self, staker: str, line: Line, until: int) -> tuple[Fraction, int]:
        """By share-seconds, as the design has it, with nothing rounded [token]; and of how many payments."""
        exact, payments = Fraction(0), 0
        for epoch in range(1, until + 1):
            if paid := self.paid(line, epoch):
                mine, everyones = self.share_seconds(line[0], staker, epoch), self.pool_share_seconds(line[0], epoch)
                exact += Fraction(sum(amount - fee for amount, fee in paid) * mine, everyones)
                payments += len(paid)
        return exact, payments

    def due(self, staker: str, line: Line, until: int) -> int:
        """What is the staker's and not claimed, by the end of `until` [token]."""
        before = self.earned(staker, line, self.claimed_until[staker, line])
        return (self.earned(staker, line, until) - before) // SCALE

    @property
    def claimable_until(self) -> int:
        """The last epoch but one."""
        return max(0, self.epoch - 2)

    def claim(self, staker: str, line: Line) -> int:
        amount = self.due(staker, line, self.claimable_until)
        key = staker, line
        self.claims[key] += self.claimed_until[key] < self.claimable_until
        self.claimed[key] += amount
        self.claimed_until[key] = self.claimable_until
        return amount

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

    def claim_commission(self, line: Line) -> int:
        amount = self.commission(line)
        self.commission_taken[line] += amount
        return amount

    # --- payers ---

    def asked(self, line: Line, amount: int, floor: int) -> int:
        """What of `amount` a pool is paid for the epoch just finished."""
        return int(amount * _ratio(self.pool_share_seconds(line[0], self.epoch - 1), floor))

    def pay(self, line: Line, arrived: int) -> None:
        self.payments[line, self.epoch - 1].append(arrived)

    def open(self, payer: str, line: Line, amount: int, floor: int, epochs: int) -> None:
        begin = self.epoch + 1
        self.streams[len(self.streams) + 1] = Stream(payer, line, amount, floor, begin, begin + epochs, begin)

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
