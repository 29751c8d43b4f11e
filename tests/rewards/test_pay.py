"""Payments to pools, for the epoch just finished."""

from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.protocol import ANYTHING, ETHER
from tests.rewards.conftest import FLOOR, PAID, PLENTY, Earning
from tests.rewards.expected import SCALE, WEEK, WHOLE, per_share_second, share_seconds

LARGEST = 2**96 - 1


@pytest.fixture
def second(earning: Earning, accounts: list[AccountAPI], carol: AccountAPI) -> AccountAPI:
    """The operator of another pool of the vault, with a commission of 25 %. Carol holds 50 pool shares of it [1e18]."""
    operator = accounts[14]
    earning.protocol.registry.registerOperator("", sender=operator)
    earning.protocol.registry.openPool(earning.vault, 5_000, 2_500, 0, sender=operator)
    earning.vault.depositAndDelegate(50 * ETHER, operator, 0, ANYTHING, sender=carol)
    return operator


@pytest.fixture
def empty(earning: Earning, accounts: list[AccountAPI]) -> AccountAPI:
    """The operator of a pool of the vault without stakers."""
    operator = accounts[13]
    earning.protocol.registry.registerOperator("", sender=operator)
    earning.protocol.registry.openPool(earning.vault, 5_000, 1_000, 0, sender=operator)
    return operator


def entry(earning: Earning, amount: int = PAID, *, operator: Any = None, floor: int = FLOOR) -> tuple[Any, ...]:
    """What a pool of the vault is to get."""
    return (operator or earning.operator, earning.vault, amount, floor)


def event(earning: Earning, amount: int, commission: int, **others: Any) -> dict[str, Any]:
    """The arguments of `Paid`, for epoch 2 unless told."""
    return {
        "operator": earning.operator,
        "vault": earning.vault,
        "token": earning.token,
        "payer": earning.payer,
        "epoch": 2,
        "amount": amount,
        "commission": commission,
    } | others


def earned(earning: Earning) -> list[tuple[int, int]]:
    page = earning.protocol.rewards.earned(earning.operator, earning.vault, earning.token, 0, 100)
    return [(each.epoch, each.perShareSecond) for each in page]


# --- one pool ---


def test_pay__moves_the_amount_and_tells_of_it(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    before = earning.token.balanceOf(earning.payer)
    receipt = earning.pay()
    assert_event(receipt, rewards.Paid, **event(earning, PAID, PAID // 10))
    assert receipt.return_value == [PAID]
    assert earning.token.balanceOf(earning.payer) == before - PAID
    assert earning.token.balanceOf(rewards) == PAID


def test_pay__is_split_over_the_share_seconds_less_the_commission(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    assert earning.commission() == PAID // 10
    each = PAID * 9 // 10 * SCALE // WHOLE
    assert earned(earning) == [(2, each)]
    earning.protocol.to_epoch(4)
    assert earning.claimable(alice) == 60 * ETHER * WEEK * each // SCALE
    assert earning.claimable(bob) == 40 * ETHER * WEEK * each // SCALE


def test_pay__after_moves__is_split_over_the_integral_of_the_shares(
    earning: Earning, rewards: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    start = rewards.startOf(3)
    earning.delegate(alice, 10 * ETHER, at=start + 1_000)
    earning.undelegate(bob, 40 * ETHER, at=start + WEEK - 5)
    earning.protocol.to_epoch(4)
    earning.pay()
    collected = share_seconds(
        [(start, 100 * ETHER), (start + 1_000, 10 * ETHER), (start + WEEK - 5, -40 * ETHER)], start
    )
    assert earned(earning) == [(3, per_share_second(PAID, collected))]


@pytest.mark.parametrize(
    ("epoch", "second", "finished"),
    [(3, 0, 2), (3, WEEK - 1, 2), (4, 0, 3)],
    ids=["first_second", "last_second", "next_epoch"],
)
def test_pay__is_for_the_epoch_just_finished(
    earning: Earning, rewards: ContractInstance, epoch: int, second: int, finished: int
) -> None:
    ape.chain.pending_timestamp = rewards.startOf(epoch) + second
    receipt = earning.pay()
    assert_event(receipt, rewards.Paid, **event(earning, PAID, PAID // 10, epoch=finished))


def test_pay__of_the_largest_amount__works(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    receipt = earning.pay(LARGEST)
    assert_event(receipt, rewards.Paid, **event(earning, LARGEST, LARGEST // 10))
    assert earned(earning) == [(2, per_share_second(LARGEST, WHOLE))]


def test_pay__of_one_wei__rounds_the_commission_down(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    assert_event(earning.pay(1), rewards.Paid, **event(earning, 1, 0))
    assert earned(earning) == [(2, SCALE // WHOLE)]


def test_pay__of_nothing__changes_nothing(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    receipt = earning.pay(0)
    assert receipt.return_value == [0]
    assert_events(receipt, rewards.Paid)
    assert earned(earning) == []


def test_pay__by_anyone__works(earning: Earning, rewards: ContractInstance, stranger: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    receipt = earning.pay(payer=stranger)
    assert_event(receipt, rewards.Paid, **event(earning, PAID, PAID // 10, payer=stranger))


def test_pay__twice_for_an_epoch__adds_up(earning: Earning, stranger: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    earning.pay(PAID)
    earning.pay(7, payer=stranger)
    assert earned(earning) == [(2, per_share_second(PAID, WHOLE) + per_share_second(7, WHOLE))]
    assert earning.commission() == PAID // 10


def test_pay__for_every_epoch__keeps_a_running_sum(earning: Earning) -> None:
    expected = []
    for i in range(1, 5):
        earning.protocol.to_epoch(2 + i)
        earning.pay(i * PAID)
        expected.append((1 + i, sum(per_share_second(j * PAID, WHOLE) for j in range(1, i + 1))))
    assert earned(earning) == expected


def test_pay__after_all_stakers_left__still_pays_for_the_epoch_in_which_they_were_there(
    earning: Earning, rewards: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    start = rewards.startOf(3)
    earning.undelegate(alice, 60 * ETHER, at=start + 100)
    earning.undelegate(bob, 40 * ETHER, at=start + 200)
    earning.protocol.to_epoch(4)
    assert earning.pay().return_value == [PAID]
    assert earned(earning) == [(3, per_share_second(PAID, 60 * ETHER * 100 + 40 * ETHER * 200))]
    earning.protocol.to_epoch(5)
    assert earning.pay().return_value == [0]


def test_pay__does_not_count_what_was_delegated_after_the_epoch(
    earning: Earning, rewards: ContractInstance, carol: AccountAPI
) -> None:
    earning.delegate(carol, 500 * ETHER, at=rewards.startOf(3))
    earning.pay()
    assert earned(earning) == [(2, per_share_second(PAID, WHOLE))]


def test_pay__in_another_token__is_kept_apart(earning: Earning, owner: AccountAPI) -> None:
    other = owner.deploy(project.TestToken, "Other", "OTH", 18)
    other.mint(earning.payer, PAID, sender=owner)
    other.approve(earning.protocol.rewards, PAID, sender=earning.payer)
    earning.protocol.to_epoch(3)
    earning.pay(token=other)
    assert earned(earning) == []
    assert earning.commission() == 0
    assert earning.commission(other) == PAID // 10


def test_pay__in_shares_of_the_vault__works(earning: Earning, rewards: ContractInstance, bob: AccountAPI) -> None:
    """They are tokens as any other, and nobody takes them for stake."""
    earning.vault.deposit(9, bob, sender=bob)
    earning.vault.approve(rewards, 9, sender=bob)
    earning.protocol.to_epoch(3)
    assert earning.pay(9, token=earning.vault, payer=bob).return_value == [9]
    assert earning.vault.balanceOf(rewards) == 9
    assert earning.protocol.delegation.poolShares(earning.operator, earning.vault) == (100 * ETHER, 0)


# --- many pools ---


def test_pay__of_many_pools__gives_each_its_own(
    earning: Earning, rewards: ContractInstance, second: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    before = earning.token.balanceOf(earning.payer)
    payments = [entry(earning, 70, operator=second), entry(earning, 500)]
    receipt = rewards.pay(earning.token, earning.protocol.epoch - 1, payments, sender=earning.payer)
    assert_events(receipt, rewards.Paid, event(earning, 70, 17, operator=second), event(earning, 500, 50))
    assert receipt.return_value == [70, 500]
    assert earning.token.balanceOf(earning.payer) == before - 570
    assert rewards.commission(second, earning.vault, earning.token) == 17
    assert earning.commission() == 50


def test_pay__of_many_pools_of_which_one_is_empty__takes_nothing_for_it_alone(
    earning: Earning, rewards: ContractInstance, second: AccountAPI, empty: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    before = earning.token.balanceOf(earning.payer)
    payments = [entry(earning, 1_000), entry(earning, 2_000, operator=empty), entry(earning, 4_000, operator=second)]
    receipt = rewards.pay(earning.token, earning.protocol.epoch - 1, payments, sender=earning.payer)
    assert_events(receipt, rewards.Paid, event(earning, 1_000, 100), event(earning, 4_000, 1_000, operator=second))
    assert receipt.return_value == [1_000, 0, 4_000]
    assert earning.token.balanceOf(earning.payer) == before - 5_000


def test_pay__of_one_pool_twice_in_a_call__adds_up(earning: Earning, rewards: ContractInstance) -> None:
    earning.protocol.to_epoch(3)
    receipt = rewards.pay(
        earning.token, earning.protocol.epoch - 1, [entry(earning, 1_000), entry(earning, 30)], sender=earning.payer
    )
    assert_events(receipt, rewards.Paid, event(earning, 1_000, 100), event(earning, 30, 3))
    assert receipt.return_value == [1_000, 30]
    assert earned(earning) == [(2, per_share_second(1_000, WHOLE) + per_share_second(30, WHOLE))]
    assert earning.commission() == 103


def test_pay__of_no_pool__does_nothing(earning: Earning, rewards: ContractInstance) -> None:
    assert rewards.pay(earning.token, earning.protocol.epoch - 1, [], sender=earning.payer).return_value == []


def test_pay__in_two_tokens_by_a_multicall__works(
    earning: Earning, rewards: ContractInstance, owner: AccountAPI
) -> None:
    other = owner.deploy(project.TestToken, "Other", "OTH", 18)
    other.mint(earning.payer, PLENTY, sender=owner)
    other.approve(rewards, PLENTY, sender=earning.payer)
    earning.protocol.to_epoch(3)
    calls = [rewards.pay.encode_input(token, 2, [entry(earning, 50)]) for token in (earning.token, other)]
    receipt = rewards.multicall(calls, sender=earning.payer)
    assert_events(receipt, rewards.Paid, event(earning, 50, 5), event(earning, 50, 5, token=other))


# --- refused ---


def test_pay__of_an_unknown_operator_among_others__reverts(
    earning: Earning, rewards: ContractInstance, stranger: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    payments = [entry(earning), entry(earning, operator=stranger)]
    with reverts(earning.protocol.registry.UnknownPool, operator=stranger, vault=earning.vault):
        rewards.pay(earning.token, earning.protocol.epoch - 1, payments, sender=earning.payer)
    assert earned(earning) == []


def test_pay__of_an_unknown_vault__reverts(earning: Earning, rewards: ContractInstance) -> None:
    with reverts(earning.protocol.registry.UnknownPool, operator=earning.operator, vault=earning.token):
        rewards.pay(
            earning.token,
            earning.protocol.epoch - 1,
            [(earning.operator, earning.token, PAID, FLOOR)],
            sender=earning.payer,
        )


def test_pay__of_an_unknown_pool_and_nothing__reverts_too(
    earning: Earning, rewards: ContractInstance, stranger: AccountAPI
) -> None:
    with reverts(earning.protocol.registry.UnknownPool, operator=stranger, vault=earning.vault):
        rewards.pay(
            earning.token, earning.protocol.epoch - 1, [entry(earning, 0, operator=stranger)], sender=earning.payer
        )


def test_pay__with_an_allowance_for_less_than_all_pools__moves_nothing(
    earning: Earning, rewards: ContractInstance, second: AccountAPI
) -> None:
    earning.token.approve(rewards, PAID + 1, sender=earning.payer)
    earning.protocol.to_epoch(3)
    with reverts(earning.token.ERC20InsufficientAllowance, spender=rewards, allowance=1, needed=PAID):
        rewards.pay(
            earning.token,
            earning.protocol.epoch - 1,
            [entry(earning), entry(earning, operator=second)],
            sender=earning.payer,
        )
    assert earning.token.balanceOf(rewards) == 0


def test_pay__of_more_than_the_payer_has__reverts(earning: Earning, rewards: ContractInstance, bob: AccountAPI) -> None:
    earning.token.approve(rewards, PAID, sender=bob)
    earning.protocol.to_epoch(3)
    with reverts(earning.token.ERC20InsufficientBalance, sender=bob, balance=0, needed=PAID):
        earning.pay(payer=bob)


# --- day one ---


def test_pay__in_the_first_epoch_of_the_chain__takes_nothing(
    unstaked: Earning, rewards: ContractInstance, alice: AccountAPI
) -> None:
    unstaked.delegate(alice, ETHER)
    assert rewards.epoch() == 1
    receipt = unstaked.pay()
    assert receipt.return_value == [0]
    assert_events(receipt, rewards.Paid)
    assert unstaked.token.balanceOf(rewards) == 0


def test_pay__for_the_first_epoch_of_the_chain__is_split_over_its_share_seconds(
    protocol: Protocol, unstaked: Earning, rewards: ContractInstance, alice: AccountAPI
) -> None:
    end = rewards.startOf(2)
    unstaked.delegate(alice, ETHER, at=end - 1_000)
    protocol.to_epoch(2)
    receipt = unstaked.pay()
    assert_event(receipt, rewards.Paid, **event(unstaked, PAID, PAID // 10, epoch=1))
    assert earned(unstaked) == [(1, per_share_second(PAID, 1_000 * ETHER))]
    protocol.to_epoch(3)
    assert unstaked.claimable(alice) == 1_000 * ETHER * per_share_second(PAID, 1_000 * ETHER) // SCALE


@pytest.mark.parametrize("late", [-1, 1, 2])
def test_pay__for_another_epoch_than_the_one_just_finished__reverts(earning: Earning, late: int) -> None:
    """A payment that was meant for it, and came too late, is not taken for another."""
    earning.protocol.to_epoch(4)
    rewards = earning.protocol.rewards
    with reverts(rewards.EpochNotPayable, epoch=3 + late, expected=3):
        rewards.pay(earning.token, 3 + late, [entry(earning)], sender=earning.payer)
