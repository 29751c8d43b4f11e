"""Streams: an amount for each of a run of coming epochs."""

from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.isolation import isolated
from tests.helpers.protocol import ETHER
from tests.rewards.conftest import FLOOR, PAID, Earning
from tests.rewards.expected import HIGH, SCALE, WEEK, WHOLE, per_share_second, share_seconds
from tests.rewards.expected import paid as paid_of
from tests.rewards.expected import rest as rest_of

LARGEST = 2**96 - 1
LAST_EPOCH = 2**24 - 1

# Of PAID, for an epoch without moves and floor HIGH.
PART = PAID * WHOLE // 4**HIGH
REST = PAID * (4**HIGH - WHOLE) // 4**HIGH


def held(earning: Earning, stream: int) -> tuple[int, int]:
    rest, coming = earning.protocol.rewards.held(stream)
    return int(rest), int(coming)


def rate(earning: Earning) -> tuple[int, int]:
    funded, expected = earning.protocol.rewards.rate(earning.operator, earning.vault, earning.token)
    return int(funded), int(expected)


def run(earning: Earning, stream: int) -> tuple[int, int]:
    """From when to when: the first epoch whose rest was not taken back, and the first that is not paid for."""
    found = earning.protocol.rewards.stream(stream)
    return int(found.first), int(found.until)


def earned(earning: Earning) -> list[tuple[int, int]]:
    page = earning.protocol.rewards.earned(earning.operator, earning.vault, earning.token, 0, 1_000)
    return [(each.epoch, each.perShareSecond) for each in page]


def book(earning: Earning, epoch: int) -> ReceiptAPI:
    rewards = earning.protocol.rewards
    return rewards.book(earning.operator, earning.vault, earning.token, epoch, sender=earning.payer)


def cancel(earning: Earning, stream: int) -> ReceiptAPI:
    return earning.protocol.rewards.cancelStream(stream, earning.payer, sender=earning.payer)


def take_rest(earning: Earning, stream: int, limit: int = LAST_EPOCH) -> ReceiptAPI:
    return earning.protocol.rewards.takeRest(stream, limit, earning.payer, sender=earning.payer)


def streamed(earning: Earning, epoch: int, amount: int = PAID, commission: int | None = None) -> dict[str, Any]:
    """The arguments of `Streamed`, with a commission of 10 % unless told."""
    return {
        "operator": earning.operator,
        "vault": earning.vault,
        "token": earning.token,
        "epoch": epoch,
        "amount": amount,
        "commission": amount // 10 if commission is None else commission,
    }


class TestOpen:
    def test_open_stream__takes_all_of_it_and_tells(self, earning: Earning, rewards: ContractInstance) -> None:
        before = earning.token.balanceOf(earning.payer)
        receipt = rewards.openStream(
            earning.operator, earning.vault, earning.token, PAID, HIGH, 3, sender=earning.payer
        )
        stream = rewards.streamCount()
        assert receipt.return_value == stream
        assert_event(
            receipt,
            rewards.StreamOpened,
            id=stream,
            operator=earning.operator,
            vault=earning.vault,
            token=earning.token,
            payer=earning.payer,
            amount=PAID,
            floor=HIGH,
            first=3,
            until=6,
        )
        assert earning.token.balanceOf(earning.payer) == before - 3 * PAID
        assert earning.token.balanceOf(rewards) == 3 * PAID
        assert tuple(earning.protocol.rewards.stream(stream)) == (
            earning.payer,
            PAID,
            earning.operator,
            3,
            6,
            HIGH,
            earning.vault,
            earning.token,
        )

    def test_open_stream__counts_from_one(self, earning: Earning, rewards: ContractInstance) -> None:
        assert rewards.streamCount() == 0
        assert [earning.stream(), earning.stream(), earning.stream()] == [1, 2, 3]

    def test_open_stream__pays_nothing_by_itself(self, earning: Earning, rewards: ContractInstance) -> None:
        earning.protocol.to_epoch(3)
        receipt = rewards.openStream(
            earning.operator, earning.vault, earning.token, PAID, FLOOR, 3, sender=earning.payer
        )
        assert_events(receipt, rewards.Streamed)
        assert_events(receipt, rewards.Paid)
        assert earning.commission() == 0
        assert earned(earning) == []

    def test_open_stream__by_anyone__works(self, earning: Earning, stranger: AccountAPI) -> None:
        assert earning.protocol.rewards.stream(earning.stream(payer=stranger)).payer == stranger

    def test_open_stream__of_the_largest_amount_to_the_last_epoch_there_is__works(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        epochs = 256
        stream = earning.stream(LARGEST, epochs)
        assert run(earning, stream) == (3, 259)
        assert held(earning, stream) == (0, LARGEST * epochs)
        assert earning.token.balanceOf(rewards) == LARGEST * epochs

    @pytest.mark.parametrize("epochs", [0, 257, LAST_EPOCH])
    def test_open_stream__for_no_epoch_or_too_many__reverts(
        self, earning: Earning, rewards: ContractInstance, epochs: int
    ) -> None:
        with reverts(rewards.EpochsOutOfBounds, epochs=epochs):
            earning.stream(1, epochs)

    def test_open_stream__of_nothing__reverts(self, earning: Earning, rewards: ContractInstance) -> None:
        with reverts(rewards.ZeroAmount):
            earning.stream(0)

    def test_open_stream__into_an_unknown_pool__reverts(
        self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
    ) -> None:
        with reverts(earning.protocol.registry.UnknownPool, operator=stranger, vault=earning.vault):
            rewards.openStream(stranger, earning.vault, earning.token, PAID, FLOOR, 3, sender=earning.payer)

    def test_open_stream__with_an_allowance_for_less_than_all_epochs__reverts(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        earning.token.approve(rewards, 3 * PAID - 1, sender=earning.payer)
        with reverts(
            earning.token.ERC20InsufficientAllowance, spender=rewards, allowance=3 * PAID - 1, needed=3 * PAID
        ):
            earning.stream()

    def test_open_stream__in_the_first_epoch_of_the_chain__begins_in_the_second(
        self, unstaked: Earning, rewards: ContractInstance, alice: AccountAPI
    ) -> None:
        unstaked.delegate(alice, 100 * ETHER)
        assert rewards.epoch() == 1
        stream = unstaked.stream(epochs=2)
        assert run(unstaked, stream) == (2, 4)
        assert rate(unstaked) == (0, 0)
        unstaked.protocol.to_epoch(2)
        assert rate(unstaked) == (PAID, PAID)
        unstaked.protocol.to_epoch(4)
        assert_events(book(unstaked, 3), rewards.Streamed, streamed(unstaked, 2), streamed(unstaked, 3))
        unstaked.protocol.to_epoch(5)
        assert unstaked.claimable(alice) == 2 * per_share_second(PAID, WHOLE) * WHOLE // SCALE


class TestCancel:
    @pytest.mark.parametrize(
        ("epoch", "until", "back"),
        [(2, 3, 5), (3, 4, 4), (5, 6, 2), (6, 7, 1)],
        ids=["when_opened", "in_the_first", "in_the_middle", "in_the_last_but_one"],
    )
    def test_cancel_stream__returns_what_was_for_the_epochs_after_this(
        self, earning: Earning, rewards: ContractInstance, epoch: int, until: int, back: int
    ) -> None:
        """A stream for the epochs 3 to 7."""
        stream = earning.stream(epochs=5)
        if epoch > 2:
            earning.protocol.to_epoch(epoch)
        before = earning.token.balanceOf(earning.payer)
        receipt = cancel(earning, stream)
        assert_event(
            receipt, rewards.StreamCancelled, id=stream, until=until, returned=back * PAID, receiver=earning.payer
        )
        assert receipt.return_value == back * PAID
        assert earning.token.balanceOf(earning.payer) == before + back * PAID
        assert run(earning, stream) == (3, until)

        earning.protocol.to_epoch(10)
        receipt = book(earning, 9)
        assert_events(receipt, rewards.Streamed, *(streamed(earning, e) for e in range(3, until)))
        assert held(earning, stream) == (0, 0)

    def test_cancel_stream__takes_effect_in_the_next_epoch(self, earning: Earning) -> None:
        stream = earning.stream(epochs=5)
        earning.protocol.to_epoch(4)
        cancel(earning, stream)
        assert rate(earning) == (PAID, PAID)
        earning.protocol.to_epoch(5)
        assert rate(earning) == (0, 0)

    def test_cancel_stream__in_the_first_second_of_an_epoch__still_pays_for_it(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        stream = earning.stream(epochs=5)
        ape.chain.pending_timestamp = rewards.startOf(4)
        assert cancel(earning, stream).return_value == 3 * PAID

    def test_cancel_stream__to_another_receiver__works(
        self, earning: Earning, rewards: ContractInstance, recipient: AccountAPI
    ) -> None:
        stream = earning.stream()
        receipt = rewards.cancelStream(stream, recipient, sender=earning.payer)
        assert_event(receipt, rewards.StreamCancelled, id=stream, until=3, returned=3 * PAID, receiver=recipient)
        assert earning.token.balanceOf(recipient) == 3 * PAID

    @pytest.mark.parametrize("epoch", [5, 6, 9], ids=["in_the_last_epoch", "just_ended", "long_ended"])
    def test_cancel_stream__of_which_nothing_is_to_come__reverts(
        self, earning: Earning, rewards: ContractInstance, epoch: int
    ) -> None:
        stream = earning.stream(epochs=3)
        earning.protocol.to_epoch(epoch)
        with reverts(rewards.NothingToCancel, id=stream, until=6):
            cancel(earning, stream)

    @pytest.mark.parametrize("epochs", [1, 5])
    def test_cancel_stream__twice__reverts(self, earning: Earning, rewards: ContractInstance, epochs: int) -> None:
        stream = earning.stream(epochs=epochs)
        cancel(earning, stream)
        with reverts(rewards.NothingToCancel, id=stream, until=3):
            cancel(earning, stream)
        earning.protocol.to_epoch(4)
        with reverts(rewards.NothingToCancel, id=stream, until=3):
            cancel(earning, stream)

    def test_cancel_stream__leaves_others_alone(
        self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
    ) -> None:
        """Same pool, token, amount, floor and epochs: only the ids differ."""
        stream, other = earning.stream(epochs=4), earning.stream(epochs=4, payer=stranger)
        earning.protocol.to_epoch(4)
        cancel(earning, stream)
        assert rate(earning) == (2 * PAID, 2 * PAID)
        assert held(earning, other) == (0, 3 * PAID)
        earning.protocol.to_epoch(5)
        assert rate(earning) == (PAID, PAID)
        earning.protocol.to_epoch(8)
        amounts = {3: 2 * PAID, 4: 2 * PAID, 5: PAID, 6: PAID}
        assert_events(book(earning, 7), rewards.Streamed, *(streamed(earning, *each) for each in amounts.items()))

    def test_cancel_stream__after_its_epochs_were_booked__ends_it_all_the_same(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        stream = earning.stream(epochs=4)
        earning.protocol.to_epoch(5)
        book(earning, 4)
        cancel(earning, stream)
        earning.protocol.to_epoch(9)
        assert_events(book(earning, 8), rewards.Streamed, streamed(earning, 5))
        assert earning.commission() == 3 * PAID // 10

    def test_cancel_stream__by_anyone_but_its_payer__reverts(
        self, earning: Earning, rewards: ContractInstance, owner: AccountAPI, alice: AccountAPI, stranger: AccountAPI
    ) -> None:
        """Not the operator, a staker, the owner, nor the payer of another stream into the same pool."""
        stream = earning.stream()
        earning.stream(payer=stranger)
        for caller in (earning.operator, alice, owner, stranger):
            with reverts(rewards.NotPayer, id=stream, caller=caller):
                rewards.cancelStream(stream, caller, sender=caller)

    def test_cancel_stream__to_nobody__reverts(self, earning: Earning, rewards: ContractInstance) -> None:
        stream = earning.stream()
        with reverts(rewards.ZeroReceiver):
            rewards.cancelStream(stream, ZERO_ADDRESS, sender=earning.payer)


@pytest.mark.parametrize("stream", [0, 2, 2**64 - 1])
@pytest.mark.parametrize(
    "call",
    [
        lambda rewards, stream, payer: rewards.cancelStream(stream, payer, sender=payer),
        lambda rewards, stream, payer: rewards.takeRest(stream, 1, payer, sender=payer),
        lambda rewards, stream, _: rewards.stream(stream),
        lambda rewards, stream, _: rewards.held(stream),
    ],
    ids=["cancel_stream", "take_rest", "stream", "held"],
)
def test_unknown_stream__reverts(
    earning: Earning,
    rewards: ContractInstance,
    call: Callable[[ContractInstance, int, AccountAPI], object],
    stream: int,
) -> None:
    earning.stream()
    with reverts(rewards.UnknownStream, id=stream):
        call(rewards, stream, earning.payer)


class TestTakeRest:
    """Of streams with a floor that the pool does not reach, unless told."""

    def test_take_rest__returns_what_the_floor_left_of_finished_epochs(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        stream = earning.stream(epochs=5, floor=HIGH)
        earning.protocol.to_epoch(5)
        before = earning.token.balanceOf(earning.payer)
        receipt = take_rest(earning, stream)
        assert_event(
            receipt,
            rewards.RestReturned,
            id=stream,
            first=3,
            until=5,
            returned=2 * REST,
            receiver=earning.payer,
        )
        assert receipt.return_value == 2 * REST
        assert earning.token.balanceOf(earning.payer) == before + 2 * REST
        assert run(earning, stream) == (5, 8)

    def test_take_rest__to_another_receiver__works(
        self, earning: Earning, rewards: ContractInstance, recipient: AccountAPI
    ) -> None:
        stream = earning.stream(floor=HIGH)
        earning.protocol.to_epoch(4)
        receipt = rewards.takeRest(stream, 1, recipient, sender=earning.payer)
        assert_event(receipt, rewards.RestReturned, id=stream, first=3, until=4, returned=REST, receiver=recipient)
        assert earning.token.balanceOf(recipient) == REST

    @pytest.mark.parametrize("epoch", [2, 3], ids=["when_opened", "in_the_first_epoch"])
    def test_take_rest__before_an_epoch_is_over__returns_nothing(
        self, earning: Earning, rewards: ContractInstance, epoch: int
    ) -> None:
        stream = earning.stream(floor=HIGH)
        if epoch == 3:
            earning.protocol.to_epoch(3)
        receipt = take_rest(earning, stream)
        assert_event(
            receipt,
            rewards.RestReturned,
            id=stream,
            first=3,
            until=3,
            returned=0,
            receiver=earning.payer,
        )
        assert_events(receipt, earning.token.Transfer)
        assert receipt.return_value == 0
        assert run(earning, stream) == (3, 6)

    def test_take_rest__in_parts__looks_at_so_many_epochs_each_time(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        stream = earning.stream(epochs=5, floor=HIGH)
        earning.protocol.to_epoch(12)
        for limit, since, until in [(2, 3, 5), (0, 5, 5), (2, 5, 7), (2, 7, 8), (2, 8, 8)]:
            receipt = take_rest(earning, stream, limit)
            returned = (until - since) * REST
            assert_event(
                receipt,
                rewards.RestReturned,
                id=stream,
                first=since,
                until=until,
                returned=returned,
                receiver=earning.payer,
            )
            assert receipt.return_value == returned
            assert held(earning, stream) == ((8 - until) * REST, 0)

    def test_take_rest__in_each_epoch__returns_that_of_the_one_before(self, earning: Earning) -> None:
        stream = earning.stream(epochs=3, floor=HIGH)
        returned = []
        for epoch in range(3, 9):
            earning.protocol.to_epoch(epoch)
            returned.append(take_rest(earning, stream).return_value)
        assert returned == [0, REST, REST, REST, 0, 0]

    def test_take_rest__of_a_floor_that_was_met__returns_nothing(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        stream = earning.stream(epochs=3)
        earning.protocol.to_epoch(8)
        receipt = take_rest(earning, stream)
        assert_event(
            receipt,
            rewards.RestReturned,
            id=stream,
            first=3,
            until=6,
            returned=0,
            receiver=earning.payer,
        )
        assert earning.token.balanceOf(rewards) == 3 * PAID

    def test_take_rest__of_each_epoch__follows_its_share_seconds(
        self, earning: Earning, rewards: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        """The pool is emptied in epoch 4, stays empty in 5 and is above the floor in 6."""
        stream = earning.stream(epochs=4, floor=HIGH)
        out = rewards.startOf(4) + 1_000
        earning.undelegate(alice, 60 * ETHER, at=out)
        earning.undelegate(bob, 40 * ETHER, at=out)
        earning.delegate(alice, 500 * ETHER, at=rewards.startOf(6))
        earning.protocol.to_epoch(7)
        rests = [REST, rest_of(PAID, 100 * ETHER * 1_000, HIGH), PAID, 0]
        assert [take_rest(earning, stream, 1).return_value for _ in range(4)] == rests

    def test_take_rest__does_not_depend_on_what_is_booked(self, earning: Earning) -> None:
        stream = earning.stream(epochs=4, floor=HIGH)
        earning.protocol.to_epoch(6)
        book(earning, 4)
        assert take_rest(earning, stream, 2).return_value == 2 * REST
        assert take_rest(earning, stream, 2).return_value == REST

    def test_take_rest__of_a_cancelled_stream__returns_that_of_the_epochs_it_had(self, earning: Earning) -> None:
        stream = earning.stream(epochs=9, floor=HIGH)
        earning.protocol.to_epoch(4)
        assert cancel(earning, stream).return_value == 7 * PAID
        assert take_rest(earning, stream).return_value == REST
        earning.protocol.to_epoch(9)
        assert take_rest(earning, stream).return_value == REST
        assert run(earning, stream) == (5, 5)

    def test_take_rest__of_a_stream_cancelled_before_it_began__returns_nothing(self, earning: Earning) -> None:
        stream = earning.stream(epochs=9, floor=HIGH)
        assert cancel(earning, stream).return_value == 9 * PAID
        earning.protocol.to_epoch(9)
        assert take_rest(earning, stream).return_value == 0
        assert run(earning, stream) == (3, 3)

    def test_take_rest__by_anyone_but_its_payer__reverts(
        self, earning: Earning, rewards: ContractInstance, owner: AccountAPI, alice: AccountAPI, stranger: AccountAPI
    ) -> None:
        stream = earning.stream(floor=HIGH)
        earning.stream(floor=HIGH, payer=stranger)
        earning.protocol.to_epoch(4)
        for caller in (earning.operator, alice, owner, stranger):
            with reverts(rewards.NotPayer, id=stream, caller=caller):
                rewards.takeRest(stream, 1, caller, sender=caller)

    def test_take_rest__to_nobody__reverts(self, earning: Earning, rewards: ContractInstance) -> None:
        stream = earning.stream()
        with reverts(rewards.ZeroReceiver):
            rewards.takeRest(stream, 1, ZERO_ADDRESS, sender=earning.payer)


class TestHeld:
    """A stream for the epochs 3 to 5, of whose amount each epoch leaves REST."""

    # What it holds in each epoch: what is left of finished ones, and what is for this and coming ones.
    PHASES = ((2, 0, 3), (3, 0, 3), (4, 1, 2), (5, 2, 1), (6, 3, 0), (7, 3, 0), (20, 3, 0))

    def test_held__in_each_epoch__is_the_rest_and_what_is_to_come(self, earning: Earning) -> None:
        stream = earning.stream(epochs=3, floor=HIGH)
        for epoch, finished, coming in self.PHASES:
            if epoch > 2:
                earning.protocol.to_epoch(epoch)
            assert held(earning, stream) == (finished * REST, coming * PAID)

    def test_held__of_a_rest_taken_in_each_epoch__is_what_is_to_come(self, earning: Earning) -> None:
        stream = earning.stream(epochs=3, floor=HIGH)
        for epoch, _, coming in self.PHASES:
            if epoch > 2:
                earning.protocol.to_epoch(epoch)
            take_rest(earning, stream)
            assert held(earning, stream) == (0, coming * PAID)

    def test_held__of_a_cancelled_stream__counts_the_current_epoch(self, earning: Earning) -> None:
        stream = earning.stream(epochs=3, floor=HIGH)
        earning.protocol.to_epoch(4)
        cancel(earning, stream)
        assert held(earning, stream) == (REST, PAID)
        earning.protocol.to_epoch(5)
        assert held(earning, stream) == (2 * REST, 0)

    def test_held__of_a_stream_cancelled_before_it_began__is_nothing(self, earning: Earning) -> None:
        stream = earning.stream(epochs=3, floor=HIGH)
        cancel(earning, stream)
        assert held(earning, stream) == (0, 0)
        earning.protocol.to_epoch(4)
        assert held(earning, stream) == (0, 0)


class TestRate:
    @pytest.mark.parametrize("booked", [False, True], ids=["never_booked", "booked_in_each_epoch"])
    def test_rate__in_each_epoch__is_what_streams_are_to_pay_and_will(self, earning: Earning, booked: bool) -> None:
        earning.stream(epochs=3, floor=HIGH)
        rates = [rate(earning)]
        for epoch in range(3, 9):
            earning.protocol.to_epoch(epoch)
            if booked:
                book(earning, epoch - 1)
            rates.append(rate(earning))
        assert rates == [(0, 0), *[(PAID, PART)] * 3, *[(0, 0)] * 3]

    def test_rate__after_a_move__expects_what_will_be_collected_if_nobody_moves(
        self, earning: Earning, rewards: ContractInstance, bob: AccountAPI
    ) -> None:
        earning.stream(epochs=2, floor=HIGH)
        earning.undelegate(bob, 40 * ETHER, at=rewards.startOf(3) + 1_000)
        collected = 60 * ETHER * WEEK + 40 * ETHER * 1_000
        assert rate(earning) == (PAID, PAID * collected // 4**HIGH)
        earning.protocol.to_epoch(4)
        assert rate(earning) == (PAID, PAID * 60 * ETHER * WEEK // 4**HIGH)

    def test_rate__says_nothing_of_payments(self, earning: Earning) -> None:
        earning.stream(7)
        earning.protocol.to_epoch(3)
        earning.pay()
        assert rate(earning) == (7, 7)

    def test_rate__of_another_pool_or_token__is_nothing(
        self, earning: Earning, rewards: ContractInstance, operator: AccountAPI
    ) -> None:
        earning.stream()
        earning.protocol.to_epoch(3)
        assert tuple(rewards.rate(operator, earning.vault, earning.token)) == (0, 0)
        assert tuple(rewards.rate(earning.operator, earning.vault, earning.vault)) == (0, 0)


class TestBook:
    def test_book__tells_of_each_epoch_and_credits_it(
        self, earning: Earning, rewards: ContractInstance, alice: AccountAPI
    ) -> None:
        earning.stream(epochs=3, floor=HIGH)
        earning.protocol.to_epoch(7)
        receipt = book(earning, 6)
        assert_events(receipt, rewards.Streamed, *(streamed(earning, e, PART) for e in (3, 4, 5)))
        assert earning.commission() == 3 * (PART // 10)
        each = per_share_second(PART, WHOLE)
        assert earned(earning)[-1] == (5, 3 * each)
        assert earning.claimable(alice) == 60 * ETHER * WEEK * 3 * each // SCALE

    def test_book__in_parts__tells_of_each_epoch_once(self, earning: Earning, rewards: ContractInstance) -> None:
        earning.stream(epochs=5)
        earning.protocol.to_epoch(9)
        parts = [(2, []), (3, [3]), (3, []), (5, [4, 5]), (4, []), (8, [6, 7]), (8, [])]
        for until, epochs in parts:
            assert_events(book(earning, until), rewards.Streamed, *(streamed(earning, e) for e in epochs))
        assert earning.commission() == 5 * PAID // 10

    @pytest.mark.parametrize("epoch", [4, 5, LAST_EPOCH], ids=["current", "next", "last_there_is"])
    def test_book__of_an_epoch_that_is_not_over__reverts(
        self, earning: Earning, rewards: ContractInstance, epoch: int
    ) -> None:
        earning.stream()
        earning.protocol.to_epoch(4, WEEK - 10)
        with reverts(rewards.EpochNotOver, epoch=epoch):
            book(earning, epoch)

    def test_book__in_the_first_second_after_an_epoch__works(self, earning: Earning, rewards: ContractInstance) -> None:
        earning.stream()
        ape.chain.pending_timestamp = rewards.startOf(4)
        assert_event(book(earning, 3), rewards.Streamed, **streamed(earning, 3))

    def test_book__by_anyone__works(self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI) -> None:
        earning.stream()
        earning.protocol.to_epoch(4)
        receipt = rewards.book(earning.operator, earning.vault, earning.token, 3, sender=stranger)
        assert_event(receipt, rewards.Streamed, **streamed(earning, 3))

    def test_book__of_what_has_no_streams__does_nothing(
        self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
    ) -> None:
        earning.protocol.to_epoch(3)
        earning.pay()
        before = earned(earning)
        for operator in (earning.operator, stranger):
            receipt = rewards.book(operator, earning.vault, earning.token, 2, sender=stranger)
            assert_events(receipt, rewards.Streamed)
        assert earned(earning) == before

    @pytest.mark.parametrize(
        "call",
        [
            lambda e: e.pay(5),
            lambda e: e.protocol.rewards.openStream(e.operator, e.vault, e.token, 1, FLOOR, 1, sender=e.payer),
            lambda e: e.protocol.rewards.claimCommission(e.vault, e.token, e.operator, sender=e.operator),
        ],
        ids=["pay", "open_stream", "claim_commission"],
    )
    def test_other_calls__book_up_to_the_epoch_just_finished(
        self, earning: Earning, rewards: ContractInstance, call: Callable[[Earning], ReceiptAPI]
    ) -> None:
        earning.stream(epochs=9)
        earning.protocol.to_epoch(6)
        assert_events(call(earning), rewards.Streamed, *(streamed(earning, e) for e in (3, 4, 5)))

    def test_claim__books_up_to_the_last_epoch_but_one(
        self, earning: Earning, rewards: ContractInstance, alice: AccountAPI
    ) -> None:
        earning.stream(epochs=9)
        earning.protocol.to_epoch(6)
        assert_events(earning.claim(alice), rewards.Streamed, streamed(earning, 3), streamed(earning, 4))

    def test_book__of_an_epoch_that_was_paid_for_too__adds_up(self, earning: Earning) -> None:
        earning.stream(epochs=9)
        earning.protocol.to_epoch(5)
        earning.pay(5)
        assert earning.commission() == 2 * PAID // 10
        each = per_share_second(PAID, WHOLE)
        assert earned(earning) == [(3, each), (4, 2 * each + per_share_second(5, WHOLE))]

    def test_book__takes_the_commission_of_each_epoch(self, earning: Earning, rewards: ContractInstance) -> None:
        """Announced in epoch 3, it rises in 6; announced in 6, it falls in 8. Booked in the end."""
        earning.stream(epochs=7)
        registry = earning.protocol.registry
        earning.protocol.to_epoch(3)
        registry.setMandate(earning.vault, 5_000, 2_000, sender=earning.operator)
        earning.protocol.to_epoch(6)
        registry.setMandate(earning.vault, 5_000, 0, sender=earning.operator)
        earning.protocol.to_epoch(10)
        parts = {3: 1_000, 4: 1_000, 5: 1_000, 6: 2_000, 7: 2_000, 8: 0, 9: 0}
        expected = [streamed(earning, e, PAID, PAID * part // 10_000) for e, part in parts.items()]
        assert_events(book(earning, 9), rewards.Streamed, *expected)
        assert earning.commission() == PAID * 7_000 // 10_000
        assert earned(earning)[-1] == (9, sum(per_share_second(PAID, WHOLE, part) for part in parts.values()))

    def test_book__of_an_epoch_without_stakers__tells_of_nothing(
        self, earning: Earning, rewards: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        earning.stream(epochs=4)
        earning.undelegate(alice, 60 * ETHER, at=rewards.startOf(4))
        earning.undelegate(bob, 40 * ETHER, at=rewards.startOf(4))
        earning.delegate(alice, 9 * ETHER, at=rewards.startOf(6))
        earning.protocol.to_epoch(7)
        assert_events(book(earning, 6), rewards.Streamed, streamed(earning, 3), streamed(earning, 6))

    def test_book__without_moves__leaves_out_epochs_that_nobody_looks_up(self, earning: Earning) -> None:
        """Stakers claim to the last epoch but one; the last one is where booking goes on."""
        earning.stream(epochs=20)
        earning.protocol.to_epoch(13)
        book(earning, 12)
        each = per_share_second(PAID, WHOLE)
        assert earned(earning) == [(11, 9 * each), (12, 10 * each)]

    def test_book__keeps_the_epochs_of_moves_and_those_before_them(
        self, earning: Earning, rewards: ContractInstance, bob: AccountAPI
    ) -> None:
        earning.stream(epochs=20)
        earning.undelegate(bob, 40 * ETHER, at=rewards.startOf(6) + 1_000)
        earning.protocol.to_epoch(13)
        book(earning, 12)
        before = per_share_second(PAID, WHOLE)
        during = per_share_second(PAID, 60 * ETHER * WEEK + 40 * ETHER * 1_000)
        after = per_share_second(PAID, 60 * ETHER * WEEK)
        assert earned(earning) == [
            (5, 3 * before),
            (6, 3 * before + during),
            (11, 3 * before + during + 5 * after),
            (12, 3 * before + during + 6 * after),
        ]


class TestManyStreams:
    def test_streams__of_one_pool__pay_as_one(
        self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
    ) -> None:
        for i in range(10):
            earning.stream(10 + i, 2, payer=stranger)
        earning.protocol.to_epoch(5)
        total = sum(10 + i for i in range(10))
        assert_events(book(earning, 4), rewards.Streamed, streamed(earning, 3, total), streamed(earning, 4, total))

    def test_streams__that_begin_together__end_apart(self, earning: Earning, rewards: ContractInstance) -> None:
        for epochs, amount in [(5, 100_000), (2, 1_000), (2, 10_000), (1, 100)]:
            earning.stream(amount, epochs)
        amounts = {3: 111_100, 4: 111_000, 5: 100_000, 6: 100_000, 7: 100_000, 8: 0}
        for epoch, amount in amounts.items():
            earning.protocol.to_epoch(epoch)
            assert rate(earning) == (amount, amount)
        earning.protocol.to_epoch(10)
        del amounts[8]
        assert_events(book(earning, 9), rewards.Streamed, *(streamed(earning, *each) for each in amounts.items()))

    def test_streams__of_which_one_ends_as_another_begins__pay_on(
        self, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
    ) -> None:
        """The second one begins with epoch 6, from which on the first one is not paid: nothing changes."""
        earning.stream(epochs=3)
        earning.protocol.to_epoch(5)
        earning.stream(epochs=2, payer=stranger)
        earning.protocol.to_epoch(10)
        assert_events(book(earning, 9), rewards.Streamed, *(streamed(earning, e) for e in range(5, 8)))

    @pytest.mark.parametrize("booked", [False, True], ids=["never_booked", "booked_in_each_epoch"])
    @pytest.mark.parametrize("opened", [4, 5, 6, 7, 16])
    def test_streams__opened_again__pay_in_their_epochs(self, earning: Earning, opened: int, booked: bool) -> None:
        """One for the epochs 3 to 5, and one for the three after `opened`, before or after the first one ends."""
        earning.stream(epochs=3, floor=HIGH)
        commission = 0
        for epoch in range(3, 22):
            earning.protocol.to_epoch(epoch)
            if booked:
                book(earning, epoch - 1)
            if epoch == opened:
                earning.stream(3 * PAID, 3)
            first, again = 3 <= epoch <= 5, opened < epoch <= opened + 3
            assert rate(earning) == (PAID * first + 3 * PAID * again, PART * first + 3 * PAID * again)
            assert earning.commission() == commission
            commission += (PART * first + 3 * PAID * again) // 10

    def test_streams__opened_again_after_one_was_cancelled__pay_alone(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        """The first one would have lasted to epoch 22, and the second one begins after it ended."""
        stream = earning.stream(epochs=20)
        earning.protocol.to_epoch(4)
        cancel(earning, stream)
        earning.protocol.to_epoch(8)
        earning.stream(7, 2)
        earning.protocol.to_epoch(30)
        assert_events(book(earning, 29), rewards.Streamed, streamed(earning, 9, 7), streamed(earning, 10, 7))

    def test_stream__opened_and_cancelled_many_times__pays_nothing(
        self, earning: Earning, rewards: ContractInstance
    ) -> None:
        for epoch in range(3, 8):
            cancel(earning, earning.stream(epochs=epoch, floor=HIGH))
            earning.protocol.to_epoch(epoch)
        assert rate(earning) == (0, 0)
        earning.protocol.to_epoch(12)
        assert_events(book(earning, 11), rewards.Streamed)
        assert earning.token.balanceOf(rewards) == 0


class TestLate:
    """What nobody touched for long is booked as it would have been in each epoch."""

    @pytest.fixture
    def four(self, earning: Earning, stranger: AccountAPI) -> list[int]:
        """Streams of two payers and three floors, which end apart."""
        return [
            earning.stream(1_000 * ETHER + 1, 9),
            earning.stream(700 * ETHER + 3, 5, floor=HIGH, payer=stranger),
            earning.stream(300 * ETHER + 7, 7, floor=HIGH),
            earning.stream(10**6, 8, floor=44, payer=stranger),
        ]

    @pytest.mark.parametrize("moves", [False, True], ids=["nobody_moves", "stakers_move"])
    def test_book__late__is_as_booking_in_each_epoch(
        self,
        earning: Earning,
        rewards: ContractInstance,
        four: list[int],
        alice: AccountAPI,
        bob: AccountAPI,
        moves: bool,
    ) -> None:
        def live(in_each_epoch: bool) -> list[object]:
            for epoch in range(3, 14):
                earning.protocol.to_epoch(epoch)
                if in_each_epoch:
                    book(earning, epoch - 1)
                start = int(rewards.startOf(epoch))
                if moves and epoch in (4, 5, 9):
                    earning.undelegate(bob, 10 * ETHER, at=start + 70_000)
                if moves and epoch in (6, 9):
                    earning.delegate(alice, 33 * ETHER, at=start + 200_000)
            book(earning, 12)
            amounts = [earning.claimable(staker) for staker in (alice, bob)]
            return [earned(earning)[-1], earning.commission(), amounts, [held(earning, stream) for stream in four]]

        with isolated():
            expected = live(True)
        assert live(False) == expected

    @pytest.mark.parametrize("moves", [False, True], ids=["nobody_moves", "stakers_move"])
    def test_book__after_a_year__loses_nothing(
        self, earning: Earning, rewards: ContractInstance, alice: AccountAPI, bob: AccountAPI, moves: bool
    ) -> None:
        """52 epochs, of which the first call comes after the last one."""
        stream = earning.stream(epochs=52, floor=HIGH)
        start = int(rewards.startOf(2))
        history = {alice: [(start, 60 * ETHER)], bob: [(start, 40 * ETHER)]}
        if moves:
            for epoch, staker, by in [(9, bob, -40), (10, alice, 50), (11, bob, 7), (40, alice, -110), (54, bob, 200)]:
                time = int(rewards.startOf(epoch)) + 12_345
                if by > 0:
                    earning.delegate(staker, by * ETHER, at=time)
                else:
                    earning.undelegate(staker, -by * ETHER, at=time)
                history[staker].append((time, by * ETHER))
        earning.protocol.to_epoch(56)

        events, rests, commission = [], 0, 0
        due = dict.fromkeys(history, 0)
        for epoch in range(3, 55):
            own = {staker: share_seconds(each, rewards.startOf(epoch)) for staker, each in history.items()}
            amount = paid_of(PAID, sum(own.values()), HIGH)
            events.append(streamed(earning, epoch, amount))
            rests += rest_of(PAID, sum(own.values()), HIGH)
            commission += amount // 10
            for staker, collected in own.items():
                due[staker] += collected * per_share_second(amount, sum(own.values()))

        assert [earning.claimable(staker) for staker in (alice, bob)] == [due[alice] // SCALE, due[bob] // SCALE]
        assert earning.commission() == commission
        assert_events(book(earning, 55), rewards.Streamed, *events)
        assert [earning.claimable(staker) for staker in (alice, bob)] == [due[alice] // SCALE, due[bob] // SCALE]
        assert earning.commission() == commission
        assert held(earning, stream) == (rests, 0)
