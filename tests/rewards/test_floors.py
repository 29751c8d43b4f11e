"""Floors: the most that a payer pays per share-second."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.protocol import ETHER
from tests.rewards.conftest import PAID, Earning
from tests.rewards.expected import HIGH, SCALE, WEEK, WHOLE, paid, per_share_second, rest

LOWEST = 16
HIGHEST = 59
LARGEST = 2**96 - 1

# The greatest floor that WHOLE reaches is 42. Here it is 78 %, 20 % and then ever less of an amount that is paid.
FLOORS = [LOWEST, 30, 42, HIGH, 44, 50, HIGHEST]


def held(earning: Earning, stream: int) -> tuple[int, int]:
    rest, coming = earning.protocol.rewards.held(stream)
    return int(rest), int(coming)


# --- bounds ---


@pytest.mark.parametrize("floor", [0, LOWEST - 1, HIGHEST + 1, 255])
def test_pay__with_a_floor_out_of_bounds__reverts(earning: Earning, rewards: ContractInstance, floor: int) -> None:
    earning.protocol.to_epoch(3)
    with reverts(rewards.FloorOutOfBounds, floor=floor):
        earning.pay(floor=floor)


@pytest.mark.parametrize("floor", [0, LOWEST - 1, HIGHEST + 1, 255])
def test_open_stream__with_a_floor_out_of_bounds__reverts(
    earning: Earning, rewards: ContractInstance, floor: int
) -> None:
    with reverts(rewards.FloorOutOfBounds, floor=floor):
        earning.stream(floor=floor)


def test_pay__of_an_empty_pool_with_a_floor_out_of_bounds__reverts_too(
    unstaked: Earning, rewards: ContractInstance
) -> None:
    with reverts(rewards.FloorOutOfBounds, floor=HIGHEST + 1):
        unstaked.pay(floor=HIGHEST + 1)


# --- payments ---


@pytest.mark.parametrize("amount", [1, PAID, LARGEST])
@pytest.mark.parametrize("floor", FLOORS)
def test_pay__takes_what_the_floor_leaves_of_the_amount(earning: Earning, floor: int, amount: int) -> None:
    earning.protocol.to_epoch(3)
    expected = paid(amount, WHOLE, floor)
    assert (expected == amount) == (floor < HIGH)
    before = earning.token.balanceOf(earning.payer)
    receipt = earning.pay(amount, floor=floor)
    assert receipt.return_value == [expected]
    assert earning.token.balanceOf(earning.payer) == before - expected
    assert earning.commission() == expected // 10


def test_pay__under_the_floor__tells_what_was_paid(
    earning: Earning, rewards: ContractInstance, alice: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    amount = PAID * WHOLE // 4**HIGH
    assert_event(
        earning.pay(floor=HIGH),
        rewards.Paid,
        operator=earning.operator,
        vault=earning.vault,
        token=earning.token,
        payer=earning.payer,
        epoch=2,
        amount=amount,
        commission=amount // 10,
    )
    earning.protocol.to_epoch(4)
    assert earning.claimable(alice) == 60 * ETHER * WEEK * per_share_second(amount, WHOLE) // SCALE


@pytest.mark.parametrize(
    ("missing", "amount"), [(-1, PAID), (0, PAID), (1, PAID - PAID // 4**LOWEST - 1)], ids=["above", "at", "below"]
)
def test_pay__at_the_floor__is_exact_to_the_share_second(
    unstaked: Earning, alice: AccountAPI, missing: int, amount: int
) -> None:
    """2^32 share-seconds are 7,101 shares for a week and one more for its last 282,496 seconds."""
    start = unstaked.protocol.rewards.startOf(2)
    unstaked.delegate(alice, 7_101, at=start)
    unstaked.delegate(alice, 1, at=start + WEEK - 282_496 + missing)
    unstaked.protocol.to_epoch(3)
    assert unstaked.pay(floor=LOWEST).return_value == [amount]


@pytest.mark.parametrize("floor", [LOWEST, 40, HIGHEST])
def test_pay__of_a_pool_with_one_wei__gives_it_no_more_than_the_limit(
    unstaked: Earning, alice: AccountAPI, floor: int
) -> None:
    """Who is alone with one wei gets the amount / 4^floor for each of its seconds, and not the whole payment."""
    unstaked.delegate(alice, 1, at=unstaked.protocol.rewards.startOf(2))
    unstaked.protocol.to_epoch(3)
    limit = LARGEST * WEEK // 4**floor
    before = unstaked.token.balanceOf(unstaked.payer)
    assert unstaked.pay(LARGEST, floor=floor).return_value == [limit]
    assert unstaked.token.balanceOf(unstaked.payer) == before - limit
    unstaked.protocol.to_epoch(4)
    expected = WEEK * per_share_second(limit, WEEK) // SCALE
    assert expected in (limit - limit // 10, limit - limit // 10 - 1)
    assert unstaked.claimable(alice) == expected


def test_pay__of_so_little_that_nothing_is_left__changes_nothing(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    receipt = earning.pay(1, floor=HIGH)
    assert receipt.return_value == [0]
    assert_events(receipt, rewards.Paid)
    assert rewards.earned(earning.operator, earning.vault, earning.token, 0, 1) == []


def test_pay__of_one_pool_by_several_payers__applies_the_floor_of_each(earning: Earning, stranger: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    assert earning.pay(floor=42).return_value == [PAID]
    assert earning.pay(floor=44, payer=stranger).return_value == [PAID * WHOLE // 4**44]
    assert earning.pay(floor=HIGH).return_value == [PAID * WHOLE // 4**HIGH]


@pytest.mark.parametrize("floor", [LOWEST, HIGHEST])
def test_pay__for_an_epoch_without_stakers__takes_nothing(
    unstaked: Earning, rewards: ContractInstance, alice: AccountAPI, floor: int
) -> None:
    """Whoever delegates after the epoch collected nothing in it."""
    unstaked.delegate(alice, ETHER, at=rewards.startOf(2))
    before = unstaked.token.balanceOf(unstaked.payer)
    receipt = unstaked.pay(floor=floor)
    assert receipt.return_value == [0]
    assert_events(receipt, rewards.Paid)
    assert unstaked.token.balanceOf(unstaked.payer) == before


# --- streams ---


@pytest.mark.parametrize("amount", [1, PAID, LARGEST])
@pytest.mark.parametrize("floor", FLOORS)
def test_stream__pays_what_the_floor_leaves_and_gives_the_rest_back(
    earning: Earning, rewards: ContractInstance, floor: int, amount: int
) -> None:
    stream = earning.stream(amount, 1, floor=floor)
    earning.protocol.to_epoch(3)
    expected = paid(amount, WHOLE, floor)
    back = rest(amount, WHOLE, floor)
    assert amount - expected - back in (0, 1)  # what is rounded off twice
    assert tuple(rewards.rate(earning.operator, earning.vault, earning.token)) == (amount, expected)
    earning.protocol.to_epoch(4)
    assert held(earning, stream) == (back, 0)
    assert earning.commission() == expected // 10


def test_stream__into_a_pool_without_stakers__comes_back_whole(unstaked: Earning, rewards: ContractInstance) -> None:
    stream = unstaked.stream(PAID, 3)
    unstaked.protocol.to_epoch(2)
    assert tuple(rewards.rate(unstaked.operator, unstaked.vault, unstaked.token)) == (PAID, 0)
    unstaked.protocol.to_epoch(5)
    receipt = rewards.book(unstaked.operator, unstaked.vault, unstaked.token, 4, sender=unstaked.payer)
    assert_events(receipt, rewards.Streamed)
    assert held(unstaked, stream) == (3 * PAID, 0)
    before = unstaked.token.balanceOf(unstaked.payer)
    rewards.takeRest(stream, 3, unstaked.payer, sender=unstaked.payer)
    assert unstaked.token.balanceOf(unstaked.payer) == before + 3 * PAID
    assert unstaked.token.balanceOf(rewards) == 0


def test_stream__into_a_pool_with_one_wei__gives_it_no_more_than_the_limit(
    unstaked: Earning, rewards: ContractInstance, alice: AccountAPI
) -> None:
    unstaked.delegate(alice, 1, at=rewards.startOf(2))
    stream = unstaked.stream(PAID, 1)
    unstaked.protocol.to_epoch(4)
    limit = PAID * WEEK // 2**32
    assert unstaked.commission() == limit // 10
    assert held(unstaked, stream) == (PAID * (2**32 - WEEK) // 2**32, 0)
    unstaked.protocol.to_epoch(5)
    assert unstaked.claimable(alice) == WEEK * per_share_second(limit, WEEK) // SCALE


def test_streams__of_several_floors__each_meet_their_own(
    protocol: Protocol, earning: Earning, rewards: ContractInstance, stranger: AccountAPI
) -> None:
    floors = [42, HIGH, 44, 45]
    streams = [earning.stream((1 + i) * PAID, 1, floor=floor, payer=stranger) for i, floor in enumerate(floors)]
    protocol.to_epoch(3)
    expected = sum(paid((1 + i) * PAID, WHOLE, floor) for i, floor in enumerate(floors))
    assert tuple(rewards.rate(earning.operator, earning.vault, earning.token)) == (10 * PAID, expected)
    protocol.to_epoch(4)
    rests = [held(earning, stream) for stream in streams]
    assert rests == [(rest((1 + i) * PAID, WHOLE, floor), 0) for i, floor in enumerate(floors)]
    assert earning.commission() == expected // 10


def test_streams__with_all_floors_there_are__pay_for_an_epoch(
    protocol: Protocol, earning: Earning, rewards: ContractInstance
) -> None:
    for floor in range(LOWEST, HIGHEST + 1):
        earning.stream(PAID, 1, floor=floor)
    protocol.to_epoch(4)
    expected = sum(paid(PAID, WHOLE, floor) for floor in range(LOWEST, HIGHEST + 1))
    receipt = rewards.book(earning.operator, earning.vault, earning.token, 3, sender=earning.payer)
    assert_event(
        receipt,
        rewards.Streamed,
        operator=earning.operator,
        vault=earning.vault,
        token=earning.token,
        epoch=3,
        amount=expected,
        commission=expected // 10,
    )


def test_streams__of_one_floor__leave_at_most_a_wei_each_for_an_epoch(protocol: Protocol, earning: Earning) -> None:
    """They are rounded as one when paid, and each when its rest is. Of 5 times 4 wei, 15 are paid and 0.8 left."""
    streams = [earning.stream(4, 1, floor=HIGH) for _ in range(5)]
    protocol.to_epoch(3)
    assert earning.protocol.rewards.rate(earning.operator, earning.vault, earning.token).expected == 15
    protocol.to_epoch(4)
    assert [held(earning, stream) for stream in streams] == [(0, 0)] * 5
