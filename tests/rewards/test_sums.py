"""Random histories of payers and stakers against a literal model: exact to the wei, and nothing stays but dust."""

import random
from dataclasses import dataclass, field
from fractions import Fraction

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import ETHER
from tests.rewards.conftest import Earning
from tests.rewards.expected import SCALE, WEEK, paid, per_share_second, rest, share_seconds

FIRST, LAST = 2, 10  # epochs in which something happens
MOST = 8  # epochs of a stream
END = LAST + MOST + 3  # all streams are over, and all of them can be claimed
FLOORS = [16, 41, 42, 43, 44, 45, 59]


@dataclass
class Stream:
    payer: AccountAPI
    amount: int
    floor: int
    since: int  # the first epoch
    until: int  # the first epoch that is not paid for
    looked: int  # the first epoch whose rest was not taken back


@dataclass
class Model:
    """What everyone is owed, from the moves, the streams and the payments one by one."""

    genesis: int
    moves: dict[AccountAPI, list[tuple[int, int]]] = field(default_factory=dict)
    streams: list[Stream] = field(default_factory=list)
    payments: list[tuple[int, int]] = field(default_factory=list)  # (epoch, amount)
    claimed: dict[AccountAPI, int] = field(default_factory=dict)  # up to the end of which epoch
    claims: dict[AccountAPI, int] = field(default_factory=dict)  # how many
    sent_commission: int = 0

    def commission(self, epoch: int) -> int:
        """20 % is announced in epoch 4 and 5 % in epoch 7 [bps]."""
        return 1_000 if epoch < 7 else 2_000 if epoch < 9 else 500

    def holds(self, staker: AccountAPI) -> int:
        return sum(by for _, by in self.moves[staker])

    def collected(self, epoch: int, staker: AccountAPI | None = None) -> int:
        start = self.genesis + (epoch - 1) * WEEK
        moves = [self.moves[staker]] if staker else self.moves.values()
        return sum(share_seconds(each, start) for each in moves)

    def streamed(self, epoch: int) -> tuple[int, int]:
        """What streams are to pay for an epoch, and what they pay: rounded once for each floor."""
        sums = dict.fromkeys(FLOORS, 0)
        for stream in self.streams:
            sums[stream.floor] += stream.amount * (stream.since <= epoch < stream.until)
        return sum(sums.values()), sum(paid(each, self.collected(epoch), floor) for floor, each in sums.items())

    def rest(self, stream: Stream, until: int) -> int:
        return sum(rest(stream.amount, self.collected(e), stream.floor) for e in range(stream.looked, until))

    def all_commission(self, until: int) -> int:
        """Of the epochs up to `until`, rounded for each payment and for the streams of an epoch."""
        amounts = [(e, amount) for e, amount in self.payments if e <= until]
        amounts += [(e, self.streamed(e)[1]) for e in range(FIRST, until + 1)]
        return sum(amount * self.commission(e) // 10_000 for e, amount in amounts)

    def due(self, staker: AccountAPI, until: int) -> int:
        """Since the last claim. Rounded for each payment as `earned` counts, and once for all of them."""
        total = 0
        for epoch in range(self.claimed[staker] + 1, until + 1):
            own = self.collected(epoch, staker)
            if own == 0:
                continue
            amounts = [amount for e, amount in self.payments if e == epoch] + [self.streamed(epoch)[1]]
            parts = (per_share_second(each, self.collected(epoch), self.commission(epoch)) for each in amounts)
            total += own * sum(parts)
        return total // SCALE

    def rounded_streams(self) -> int:
        """For each epoch that fell short of a floor, the streams that have it."""
        return sum(
            0 < self.collected(epoch) < 4**stream.floor
            for stream in self.streams
            for epoch in range(stream.since, stream.until)
        )

    def exact_part(self, staker: AccountAPI) -> Fraction:
        """The share-seconds' part of all that was paid, less commission, without any rounding of it."""
        total = Fraction(0)
        for epoch in range(FIRST, END):
            pool = self.collected(epoch)
            amounts = [amount for e, amount in self.payments if e == epoch] + [self.streamed(epoch)[1]]
            net = sum(amount - amount * self.commission(epoch) // 10_000 for amount in amounts)
            total += Fraction(net * self.collected(epoch, staker), pool) if pool else 0
        return total


@dataclass
class History:
    """Plays one, and holds each answer against the model."""

    earning: Earning
    model: Model
    stakers: list[AccountAPI]
    payers: list[AccountAPI]
    dice: random.Random
    epoch: int = FIRST
    time: int = 0

    @property
    def rewards(self) -> ContractInstance:
        return self.earning.protocol.rewards

    def amount(self) -> int:
        return self.dice.choice([1, 4, 7, self.dice.randrange(1, 10**6), self.dice.randrange(1, 10**22), 2**96 - 1])

    def move(self) -> None:
        staker = self.dice.choice(self.stakers)
        by = self.dice.choice([1, self.dice.randrange(1, 100 * ETHER)])
        if self.model.holds(staker) and self.dice.random() < 0.6:
            by = -self.dice.choice([self.model.holds(staker), min(by, self.model.holds(staker))])
            self.earning.undelegate(staker, -by)
        else:
            self.earning.delegate(staker, by)
        self.model.moves[staker].append((self.time, by))

    def pay(self) -> None:
        amount, floor = self.amount(), self.dice.choice(FLOORS)
        expected = paid(amount, self.model.collected(self.epoch - 1), floor)
        receipt = self.earning.pay(amount, floor=floor, payer=self.dice.choice(self.payers))
        assert receipt.return_value == [expected]
        if expected:
            self.model.payments.append((self.epoch - 1, expected))

    def open(self) -> None:
        payer, amount, floor = self.dice.choice(self.payers), self.amount(), self.dice.choice(FLOORS)
        epochs = self.dice.randint(1, MOST)
        assert self.earning.stream(amount, epochs, floor=floor, payer=payer) == len(self.model.streams) + 1
        since = self.epoch + 1
        self.model.streams.append(Stream(payer, amount, floor, since, since + epochs, since))

    def cancel(self) -> None:
        coming = [each for each in self.model.streams if each.until > self.epoch + 1]
        if not coming:
            return
        stream = self.dice.choice(coming)
        number = self.model.streams.index(stream) + 1
        receipt = self.rewards.cancelStream(number, stream.payer, sender=stream.payer)
        assert receipt.return_value == stream.amount * (stream.until - self.epoch - 1)
        stream.until = self.epoch + 1

    def take_rest(self) -> None:
        if self.model.streams:
            self.take_rest_of(self.dice.choice(self.model.streams), self.dice.choice([0, 1, 2, 100]))

    def take_rest_of(self, stream: Stream, limit: int) -> None:
        number = self.model.streams.index(stream) + 1
        receipt = self.rewards.takeRest(number, limit, stream.payer, sender=stream.payer)
        until = min(self.epoch, stream.until, stream.looked + limit)
        assert receipt.return_value == self.model.rest(stream, until)
        stream.looked = max(stream.looked, until)

    def book(self) -> None:
        e = self.earning
        self.rewards.book(e.operator, e.vault, e.token, self.dice.randrange(self.epoch), sender=self.payers[0])

    def claim(self) -> None:
        self.claim_of(self.dice.choice(self.stakers))

    def claim_of(self, staker: AccountAPI) -> None:
        expected = self.model.due(staker, self.epoch - 2)
        assert self.earning.claim(staker).return_value == [expected]
        self.model.claimed[staker] = max(self.epoch - 2, self.model.claimed[staker])
        self.model.claims[staker] += 1

    def claim_commission(self) -> None:
        e = self.earning
        expected = self.model.all_commission(self.epoch - 1) - self.model.sent_commission
        receipt = self.rewards.claimCommission(e.vault, e.token, e.operator, sender=e.operator)
        assert receipt.return_value == expected
        self.model.sent_commission += expected

    def announce(self, commission: int) -> None:
        e = self.earning
        e.protocol.registry.setMandate(e.vault, 5_000, commission, sender=e.operator)

    def look(self) -> None:
        """At what streams pay and hold."""
        rate = self.rewards.rate(self.earning.operator, self.earning.vault, self.earning.token)
        assert tuple(rate) == self.model.streamed(self.epoch)
        for number, stream in enumerate(self.model.streams, 1):
            rest_ = self.model.rest(stream, min(self.epoch, stream.until))
            coming = stream.amount * max(0, stream.until - max(self.epoch, stream.since))
            assert tuple(self.rewards.held(number)) == (rest_, coming)

    def play(self) -> None:
        actions = [self.move, self.move, self.pay, self.open, self.open, self.cancel, self.take_rest]
        actions += [self.book, self.claim, self.claim_commission]
        for self.epoch in range(FIRST, LAST + 1):
            self.earning.protocol.to_epoch(self.epoch, 10)
            if self.epoch in (4, 7):
                self.announce(2_000 if self.epoch == 4 else 500)
            start = self.model.genesis + (self.epoch - 1) * WEEK
            for time in sorted(self.dice.sample(range(start + 60, start + WEEK), self.dice.randint(0, 8))):
                ape.chain.pending_timestamp = self.time = time
                self.dice.choice(actions)()
            self.look()

    def end(self) -> None:
        """Everyone takes everything."""
        self.epoch = END
        self.earning.protocol.to_epoch(END)
        self.look()
        for staker in self.stakers:
            self.claim_of(staker)
        for stream in self.model.streams:
            self.take_rest_of(stream, 100)
        self.claim_commission()


@pytest.mark.parametrize("seed", range(4))
def test_history__adds_up_to_the_wei_and_leaves_dust(
    earning: Earning,
    rewards: ContractInstance,
    asset: ContractInstance,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
    stranger: AccountAPI,
    seed: int,
) -> None:
    """
    At most a wei stays for each claim, and one for each stream and epoch that fell short of its floor.

    A claim is rounded down once, by less than 1. Of the `n` streams of one floor, what is paid is rounded down once and
    the rest of each of them: n + 1 fractions below 1 that add up to a whole number, and so to `n` at most. What a
    share-second earns is rounded down for each payment, by less than S / 2^118 for all stakers together, which is less
    than 2^-20 here.
    """
    start = int(rewards.startOf(2))
    stakers = [alice, bob, carol]
    for staker in stakers:
        asset.mint(staker, 10**6 * ETHER, sender=staker)
    model = Model(
        int(rewards.GENESIS()),
        {alice: [(start, 60 * ETHER)], bob: [(start, 40 * ETHER)], carol: []},
        claimed=dict.fromkeys(stakers, 0),
        claims=dict.fromkeys(stakers, 0),
    )
    history = History(earning, model, stakers, [earning.payer, stranger], random.Random(seed))
    history.play()
    history.end()

    assert 0 <= earning.token.balanceOf(rewards) <= sum(model.claims.values()) + model.rounded_streams()
    for staker in stakers:
        assert 0 <= model.exact_part(staker) - earning.token.balanceOf(staker) <= model.claims[staker]  # promise 10
