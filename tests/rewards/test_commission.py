"""The operator's commission: as it was in force in the epoch that is paid for."""

from dataclasses import replace
from fractions import Fraction

import pytest
from ape import project
from ape.api import AccountAPI

from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.protocol import BPS, ETHER
from tests.helpers.rule_of_time import Number
from tests.rewards.conftest import PAID, Earning, below

COMMISSION = 100 * ETHER  # of PAID, 10 %
ALICE = 540 * ETHER - 1


@pytest.fixture
def paid(earning: Earning) -> Earning:
    """At the start of epoch 3, with epoch 2 paid for."""
    earning.protocol.to_epoch(3)
    earning.pay()
    return earning


def pool_with(earning: Earning, operator: AccountAPI, commission: int, staker: AccountAPI) -> Earning:
    """Another operator's pool with one staker, who is there from early in epoch 2 on."""
    earning.protocol.registry.registerOperator("", sender=operator)
    earning.protocol.registry.openPool(earning.vault, 5_000, commission, 0, sender=operator)
    pool = replace(earning, operator=operator)
    pool.delegate(staker, ETHER)
    return pool


def announce(earning: Earning, commission: int) -> None:
    earning.protocol.registry.setMandate(earning.vault, 5_000, commission, sender=earning.operator)


# --- claiming it ---


def test_claim_commission__in_the_epoch_of_payment__sends_it(paid: Earning) -> None:
    rewards, before = paid.protocol.rewards, paid.token.balanceOf(paid.operator)
    held = paid.token.balanceOf(rewards)
    receipt = rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    assert_event(
        receipt,
        rewards.CommissionClaimed,
        operator=paid.operator,
        vault=paid.vault,
        token=paid.token,
        amount=COMMISSION,
        receiver=paid.operator,
    )
    assert_event(receipt, paid.token.Transfer, **{"from": rewards, "to": paid.operator, "value": COMMISSION})
    assert receipt.return_value == COMMISSION
    assert paid.token.balanceOf(paid.operator) == before + COMMISSION
    assert paid.token.balanceOf(rewards) == held - COMMISSION


def test_claim_commission__goes_to_any_receiver(paid: Earning, carol: AccountAPI) -> None:
    receipt = paid.protocol.rewards.claimCommission(paid.vault, paid.token, carol, sender=paid.operator)
    assert_event(
        receipt,
        paid.protocol.rewards.CommissionClaimed,
        operator=paid.operator,
        vault=paid.vault,
        token=paid.token,
        amount=COMMISSION,
        receiver=carol,
    )
    assert paid.token.balanceOf(carol) == COMMISSION
    assert paid.token.balanceOf(paid.operator) == 0


def test_claim_commission__to_the_zero_address__reverts(paid: Earning) -> None:
    with reverts(paid.protocol.rewards.ZeroReceiver):
        paid.protocol.rewards.claimCommission(paid.vault, paid.token, "0x" + "00" * 20, sender=paid.operator)


def test_claim_commission__again__sends_nothing(paid: Earning) -> None:
    """And moves nothing, as some tokens refuse that."""
    rewards = paid.protocol.rewards
    rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    receipt = rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    assert_event(
        receipt,
        rewards.CommissionClaimed,
        operator=paid.operator,
        vault=paid.vault,
        token=paid.token,
        amount=0,
        receiver=paid.operator,
    )
    assert_events(receipt, paid.token.Transfer)
    assert receipt.return_value == 0


@pytest.mark.parametrize("caller", ["alice", "avs_owner", "owner", "second_operator"])
def test_claim_commission__by_anyone_else__sends_nothing(
    paid: Earning, caller: str, request: pytest.FixtureRequest
) -> None:
    """By a staker, the payer, the protocol's owner, another operator."""
    account = request.getfixturevalue(caller)
    before = paid.token.balanceOf(account)
    receipt = paid.protocol.rewards.claimCommission(paid.vault, paid.token, account, sender=account)
    assert receipt.return_value == 0
    assert paid.token.balanceOf(account) == before
    assert paid.commission() == COMMISSION


def test_claim_commission__after_another_payment__sends_what_is_new(paid: Earning) -> None:
    paid.protocol.rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    paid.pay(PAID // 2)
    paid.protocol.to_epoch(4)
    paid.pay(2 * PAID)
    receipt = paid.protocol.rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    assert receipt.return_value == COMMISSION * 5 // 2


def test_claim_commission__takes_nothing_from_stakers_and_they_take_nothing_from_it(
    paid: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    paid.protocol.to_epoch(4)
    assert paid.claim(alice).return_value == [ALICE]
    receipt = paid.protocol.rewards.claimCommission(paid.vault, paid.token, paid.operator, sender=paid.operator)
    assert receipt.return_value == COMMISSION
    assert paid.claim(bob).return_value == [360 * ETHER - 1]
    assert paid.token.balanceOf(paid.protocol.rewards) == 2


def test_claim_commission__is_of_one_token_and_one_pool(
    paid: Earning, owner: AccountAPI, second_operator: AccountAPI, carol: AccountAPI
) -> None:
    token = owner.deploy(project.TestToken, "Second", "SEC", 6)
    token.mint(paid.payer, PAID, sender=owner)
    token.approve(paid.protocol.rewards, PAID, sender=paid.payer)
    second = pool_with(paid, second_operator, 2_000, carol)
    paid.pay(500, token=token)
    paid.protocol.to_epoch(4)
    second.pay()
    assert (paid.commission(), paid.commission(token)) == (COMMISSION, 50)
    assert (second.commission(), second.commission(token)) == (2 * COMMISSION, 0)
    receipt = paid.protocol.rewards.claimCommission(paid.vault, token, paid.operator, sender=paid.operator)
    assert receipt.return_value == 50
    assert (paid.commission(), paid.commission(token)) == (COMMISSION, 0)
    assert second.commission() == 2 * COMMISSION


def test_claim_commission__of_a_stream__is_of_the_epochs_that_are_over(earning: Earning) -> None:
    """Unlike a staker's part it is known once its epoch is over, as nothing in it is left to be split."""
    earning.stream(epochs=3)  # epochs 3 to 5
    claimed = []
    for epoch in (3, 4, 6, 7):
        earning.protocol.to_epoch(epoch)
        receipt = earning.protocol.rewards.claimCommission(
            earning.vault, earning.token, earning.operator, sender=earning.operator
        )
        claimed.append(receipt.return_value)
    assert claimed == [0, COMMISSION, 2 * COMMISSION, 0]


def test_claim_commission__to_a_receiver_whom_the_token_blocks__reverts_and_can_go_to_another(
    earning: Earning, owner: AccountAPI, carol: AccountAPI
) -> None:
    token = owner.deploy(project.BlocklistToken)
    token.mint(earning.payer, PAID, sender=owner)
    token.approve(earning.protocol.rewards, PAID, sender=earning.payer)
    earning.protocol.to_epoch(3)
    earning.pay(token=token)
    token.setBlocked(earning.operator, True, sender=owner)
    with reverts(token.Blocked, account=earning.operator):
        earning.protocol.rewards.claimCommission(earning.vault, token, earning.operator, sender=earning.operator)
    earning.protocol.rewards.claimCommission(earning.vault, token, carol, sender=earning.operator)
    assert token.balanceOf(carol) == COMMISSION


def test_claim_commission__in_a_token_that_returns_false__reverts(earning: Earning, owner: AccountAPI) -> None:
    token = owner.deploy(project.FalseToken)
    token.mint(earning.payer, PAID, sender=owner)
    token.approve(earning.protocol.rewards, PAID, sender=earning.payer)
    earning.protocol.to_epoch(3)
    earning.pay(token=token)
    token.setFailing(True, sender=owner)
    with reverts(earning.protocol.rewards.SafeERC20FailedOperation, token=token):
        earning.protocol.rewards.claimCommission(earning.vault, token, earning.operator, sender=earning.operator)
    assert earning.commission(token) == COMMISSION


# --- how much ---


@pytest.mark.parametrize(
    ("announced", "paid_for", "in_force"),
    [
        (10_000, 2, 1_000),
        (10_000, 4, 1_000),  # paid for in epoch 5, in which it is 100 %
        (10_000, 5, 10_000),
        (10_000, 30, 10_000),
        (2_000, 5, 2_000),
        (0, 3, 1_000),  # paid for in epoch 4, in which it is 0
        (0, 4, 0),
        (0, 30, 0),
    ],
)
def test_commission__announced_in_epoch_2_to_change__is_as_in_force_in_the_epoch_paid_for(
    earning: Earning, alice: AccountAPI, announced: int, paid_for: int, in_force: int
) -> None:
    """A fall is in force in epoch 4, a rise in epoch 5."""
    announce(earning, announced)
    earning.protocol.to_epoch(paid_for + 1)
    receipt = earning.pay()
    commission = PAID * in_force // BPS
    assert_event(
        receipt,
        earning.protocol.rewards.Paid,
        operator=earning.operator,
        vault=earning.vault,
        token=earning.token,
        payer=earning.payer,
        epoch=paid_for,
        amount=PAID,
        commission=commission,
    )
    assert earning.commission() == commission
    earning.protocol.to_epoch(paid_for + 2)
    assert earning.claim(alice).return_value == [below(Fraction((PAID - commission) * 60, 100))]


def test_commission__announced_just_before_the_payment__is_as_before(earning: Earning) -> None:
    earning.protocol.to_epoch(3)
    announce(earning, 10_000)
    earning.pay()
    assert earning.commission() == COMMISSION


def test_commission__announced_again_and_again_since__is_as_in_force_in_the_epoch_paid_for(earning: Earning) -> None:
    """A rise announced in epoch 2 is called off in epoch 4, before it is in force."""
    announce(earning, 10_000)
    earning.protocol.to_epoch(4)
    announce(earning, 1_000)
    earning.protocol.to_epoch(6)
    announce(earning, 10_000)
    earning.pay()
    assert earning.commission() == COMMISSION


def test_commission__set_at_once_before_anyone_delegated__is_in_force_in_that_epoch(
    earning: Earning, second_operator: AccountAPI, carol: AccountAPI
) -> None:
    registry = earning.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(earning.vault, 5_000, 1_000, 0, sender=second_operator)
    second = replace(earning, operator=second_operator)
    announce(second, 3_000)
    second.delegate(carol, ETHER)
    earning.protocol.to_epoch(3)
    second.pay()
    assert second.commission() == 3 * COMMISSION


@pytest.mark.parametrize("booked", ["in each epoch", "in two parts", "at the end"])
def test_commission__of_a_stream__is_as_in_force_in_each_epoch_however_late_it_is_booked(
    earning: Earning, alice: AccountAPI, booked: str
) -> None:
    """The literal model of the rule of time says what was in force."""
    announcements = {2: 3_000, 4: 500, 7: 9_000, 10: 2_000, 11: 0, 13: 10_000}
    number = Number(1_000)
    book = {"in each epoch": range(2, 15), "in two parts": (7, 14), "at the end": ()}[booked]
    earning.stream(epochs=11)  # epochs 3 to 13
    for epoch in range(2, 16):
        if epoch in announcements:
            announce(earning, announcements[epoch])
            number.announce(epoch, announcements[epoch])
        if epoch - 1 in book:
            earning.protocol.rewards.book(
                earning.operator, earning.vault, earning.token, epoch - 1, sender=earning.payer
            )
        earning.protocol.to_epoch(epoch + 1)
    in_force = [number.at(epoch) for epoch in range(3, 14)]
    assert set(in_force) == {1_000, 500, 9_000, 2_000, 0}  # the rise to 3,000 gave way
    commission = sum(PAID * each // BPS for each in in_force)
    assert earning.commission() == commission
    receipt = earning.protocol.rewards.claimCommission(
        earning.vault, earning.token, earning.operator, sender=earning.operator
    )
    assert receipt.return_value == commission
    assert earning.claim(alice).return_value == [below(Fraction((11 * PAID - commission) * 60, 100))]


def test_commission__of_0__leaves_all_to_the_stakers(
    earning: Earning, second_operator: AccountAPI, carol: AccountAPI
) -> None:
    second = pool_with(earning, second_operator, 0, carol)
    earning.protocol.to_epoch(3)
    second.pay()
    earning.protocol.to_epoch(4)
    receipt = earning.protocol.rewards.claimCommission(
        earning.vault, earning.token, second_operator, sender=second_operator
    )
    assert receipt.return_value == 0
    assert second.claim(carol).return_value == [PAID - 1]


def test_commission__of_100_percent__leaves_nothing_to_the_stakers(
    earning: Earning, second_operator: AccountAPI, carol: AccountAPI
) -> None:
    second = pool_with(earning, second_operator, BPS, carol)
    second.stream(epochs=1)  # epoch 3
    earning.protocol.to_epoch(3)
    second.pay()
    earning.protocol.to_epoch(5)
    receipt = earning.protocol.rewards.claimCommission(
        earning.vault, earning.token, second_operator, sender=second_operator
    )
    assert receipt.return_value == 2 * PAID
    receipt = second.claim(carol)
    assert receipt.return_value == [0]
    assert_events(receipt, earning.protocol.rewards.Claimed)


@pytest.mark.parametrize(
    ("amount", "commission", "alice_gets", "bob_gets"), [(9, 0, 5, 3), (11, 1, 5, 3), (19, 1, 10, 7)]
)
def test_commission__is_rounded_down(
    earning: Earning,
    alice: AccountAPI,
    bob: AccountAPI,
    amount: int,
    commission: int,
    alice_gets: int,
    bob_gets: int,
) -> None:
    """Of 10 left, 6 and 4 are a wei short; of 18, 10.8 and 7.2."""
    earning.protocol.to_epoch(3)
    earning.pay(amount)
    earning.protocol.to_epoch(4)
    assert earning.commission() == commission
    assert earning.claim(alice).return_value == [alice_gets]
    assert earning.claim(bob).return_value == [bob_gets]
