"""What a line and its stakers can read: what is due, the commission, what was earned, and the rate."""

from collections.abc import Sequence
from fractions import Fraction

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.isolation import isolated
from tests.helpers.protocol import DAY, ETHER
from tests.rewards.conftest import PAID, Earning, below

WEEK = 7 * DAY
NET = PAID * 9 // 10
ALICE = 540 * ETHER - 1
BOB = 360 * ETHER - 1
SHARE_SECONDS = 100 * ETHER * WEEK  # of all, in an epoch without a move
UNIT = 2**118  # of what a share-second earned


def start_of(earning: Earning, epoch: int) -> int:
    return int(earning.protocol.registry.startOf(epoch))


def due(earning: Earning, staker: AccountAPI) -> tuple[int, int]:
    return earning.claimable(staker), earning.accruing(staker)


# --- due ---


def test_due__before_any_payment__is_nothing(earning: Earning, alice: AccountAPI) -> None:
    assert due(earning, alice) == (0, 0)


def test_due__in_the_epoch_of_payment__is_accruing_and_then_claimable(earning: Earning, alice: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    assert due(earning, alice) == (0, ALICE)
    ape.chain.mine(timestamp=start_of(earning, 4) - 1)
    assert due(earning, alice) == (0, ALICE)
    ape.chain.mine(timestamp=start_of(earning, 4))
    assert due(earning, alice) == (ALICE, 0)


def test_due__after_the_claim__is_nothing(earning: Earning, alice: AccountAPI, bob: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.protocol.to_epoch(4)
    earning.claim(alice)
    assert due(earning, alice) == (0, 0)
    assert due(earning, bob) == (BOB, 0)


def test_due__of_a_stream__is_accruing_for_the_last_epoch_and_for_all_of_the_current_one(
    earning: Earning, alice: AccountAPI
) -> None:
    earning.stream(epochs=3)  # epochs 3 to 5
    parts = {2: (0, 0), 3: (0, 1), 4: (0, 2), 5: (1, 2), 6: (2, 1), 7: (3, 0), 9: (3, 0)}
    for epoch, (past, coming) in parts.items():
        ape.chain.mine(timestamp=start_of(earning, epoch) + WEEK // 2)
        claimable, all_ = (below(Fraction(540 * ETHER * epochs)) for epochs in (past, past + coming))
        assert due(earning, alice) == (claimable, all_ - claimable)


def test_due__accruing__changes_with_who_joins_and_leaves(
    earning: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    earning.stream(epochs=1)  # epoch 3
    earning.delegate(carol, 100 * ETHER, at=start_of(earning, 3) + WEEK // 2)
    assert due(earning, carol) == (0, NET // 3 - 1)
    assert due(earning, alice) == (0, NET * 2 // 5 - 1)
    earning.undelegate(alice, 60 * ETHER, at=start_of(earning, 3) + WEEK * 3 // 4)
    assert due(earning, carol) == (0, below(Fraction(NET * 50, 135)))
    assert due(earning, alice) == (0, below(Fraction(NET * 45, 135)))
    earning.protocol.to_epoch(5)
    assert due(earning, carol) == (below(Fraction(NET * 50, 135)), 0)
    assert due(earning, alice) == (below(Fraction(NET * 45, 135)), 0)


def test_due__of_several_claims__is_of_each_in_its_order(
    earning: Earning, alice: AccountAPI, stranger: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.protocol.to_epoch(4)
    earning.pay(2 * PAID)
    unknown = [(stranger, earning.vault, earning.token, 0), (earning.operator, earning.vault, stranger, 7)]
    claims = [unknown[0], *earning.what(), unknown[1], *earning.what(hint=2**256 - 1)]
    accruing = 3 * (ALICE + 1) - 1 - ALICE
    assert earning.protocol.rewards.due(alice, claims) == ([0, ALICE, 0, ALICE], [0, accruing, 0, accruing])
    assert earning.protocol.rewards.due(alice, []) == ([], [])
    assert earning.protocol.rewards.due(stranger, claims) == ([0] * 4, [0] * 4)


def test_due__on_day_one__is_nothing(
    rewards: ContractInstance,
    pool: ContractInstance,
    reward_token: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    assert rewards.epoch() == 1
    assert rewards.due(alice, [(operator, pool, reward_token, 0)]) == ([0], [0])


def test_due__in_every_phase__is_what_claim_sends__booked_or_not(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Streams pay for epochs 3 to 6, and 5 and 6; payments for 2, 4 and 7. Bob goes from 40 to 140 and to 0."""
    rewards = earning.protocol.rewards
    # What an epoch pays [NET], and what alice and bob hold in it on average [ETHER].
    epochs: dict[int, tuple[Fraction, int, int]] = {
        2: (Fraction(1), 60, 40),
        3: (Fraction(2), 60, 40),
        4: (Fraction(3), 60, 90),
        5: (Fraction(5), 60, 140),
        6: (Fraction(5), 60, 35),
        7: (Fraction(1), 60, 0),
        8: (Fraction(0), 60, 0),
        9: (Fraction(0), 60, 0),
        10: (Fraction(0), 60, 0),
    }

    def exact(who: int, until: int, paid_for: Sequence[int]) -> Fraction:
        """What the epochs to the end of `until` pay, of payments only what was made."""
        total = Fraction(0)
        for epoch, values in epochs.items():
            net = values[0] - (epoch in (2, 4, 7) and epoch not in paid_for)
            if epoch <= until:
                total += NET * net * values[1 + who] / (values[1] + values[2])
        return total

    earning.stream(2 * PAID, epochs=4)
    paid_for: list[int] = []
    for epoch in range(2, 11):
        if epoch > 2:
            earning.protocol.to_epoch(epoch)
        if epoch in (3, 5, 8):
            earning.pay()
            paid_for.append(epoch - 1)
        if epoch == 4:
            earning.stream(3 * PAID, epochs=2)
            earning.delegate(bob, 100 * ETHER, at=start_of(earning, 4) + WEEK // 2)
        if epoch == 6:
            earning.undelegate(bob, 140 * ETHER, at=start_of(earning, 6) + WEEK // 4)
        for who, staker in enumerate((alice, bob)):
            past, all_ = exact(who, epoch - 2, paid_for), exact(who, epoch, paid_for)
            claimable = below(past)
            expected = claimable, below(all_) - claimable
            assert due(earning, staker) == expected, epoch
            with isolated():
                assert earning.claim(staker).return_value == [claimable]
                assert due(earning, staker) == (0, below(all_ - past)), epoch
            with isolated():
                rewards.book(earning.operator, earning.vault, earning.token, epoch - 1, sender=staker)
                assert due(earning, staker) == expected, epoch
                assert earning.claim(staker).return_value == [claimable]


# --- commission ---


def test_commission_view__is_what_claim_commission_sends__booked_or_not(earning: Earning) -> None:
    """A stream for epochs 3 to 5, and payments for epochs 2 and 5. Booked, it is as much."""
    rewards = earning.protocol.rewards
    earning.stream(2 * PAID, epochs=3)
    earning.protocol.to_epoch(3)
    earning.pay()
    for epoch, tenths in ((3, 1), (4, 3), (5, 5), (6, 8), (7, 8), (20, 8)):
        if epoch > 3:
            earning.protocol.to_epoch(epoch)
        if epoch == 6:
            earning.pay()
        assert earning.commission() == tenths * PAID // 10
        with isolated():
            rewards.book(earning.operator, earning.vault, earning.token, epoch - 1, sender=earning.payer)
            assert earning.commission() == tenths * PAID // 10
        with isolated():
            receipt = rewards.claimCommission(earning.vault, earning.token, earning.operator, sender=earning.operator)
            assert receipt.return_value == tenths * PAID // 10
            assert earning.commission() == 0


def test_commission_view__of_an_unknown_pool_or_a_token_never_paid_in__is_nothing(
    earning: Earning, stranger: AccountAPI
) -> None:
    assert earning.protocol.rewards.commission(stranger, earning.vault, earning.token) == 0
    assert earning.commission(stranger) == 0


def test_commission_view__on_day_one__is_nothing(
    rewards: ContractInstance, pool: ContractInstance, reward_token: ContractInstance, operator: AccountAPI
) -> None:
    assert rewards.epoch() == 1
    assert rewards.commission(operator, pool, reward_token) == 0


# --- earned ---


def earned(earning: Earning, offset: int = 0, limit: int = 10) -> list[tuple[int, int]]:
    page = earning.protocol.rewards.earned(earning.operator, earning.vault, earning.token, offset, limit)
    return [tuple(each) for each in page]


def per_share_second(amount: int, share_seconds: int = SHARE_SECONDS) -> int:
    return amount * UNIT // share_seconds


def test_earned__is_the_sum_by_the_end_of_each_epoch_that_was_paid_for(earning: Earning, carol: AccountAPI) -> None:
    """Epoch 3 is not paid for, 4 twice. In epoch 5 there are 150 pool shares for half of the time."""
    for epoch, amounts in ((3, [PAID]), (4, []), (5, [2 * PAID, 7]), (6, [PAID])):
        earning.protocol.to_epoch(epoch)
        for amount in amounts:
            earning.pay(amount)
        if epoch == 5:
            earning.delegate(carol, 50 * ETHER, at=start_of(earning, 5) + WEEK // 2)
    first = per_share_second(NET)
    second = first + per_share_second(2 * NET) + per_share_second(7)  # of 7, no commission
    third = second + per_share_second(NET, SHARE_SECONDS * 5 // 4)
    assert earned(earning) == [(2, first), (4, second), (5, third)]


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [(0, 1, [2]), (1, 1, [3]), (1, 5, [3, 4]), (0, 3, [2, 3, 4]), (3, 1, []), (0, 0, []), (2**256 - 1, 2**256 - 1, [])],
)
def test_earned__by_pages__gives_that_page(earning: Earning, offset: int, limit: int, expected: list[int]) -> None:
    for epoch in (3, 4, 5):
        earning.protocol.to_epoch(epoch)
        earning.pay()
    page = [(epoch, per_share_second(NET) * (epoch - 1)) for epoch in expected]
    assert earned(earning, offset, limit) == page


def test_earned__of_a_stream__leaves_out_epochs_in_which_nobody_moved(
    earning: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    """Epochs 3 to 10. Whoever claims asks about 4 and 5, around carol's move, and about the last epoch but one."""
    earning.stream(epochs=8)
    earning.delegate(carol, 100 * ETHER, at=start_of(earning, 5))
    earning.protocol.to_epoch(9)
    assert earned(earning) == []
    earning.claim(alice)
    of_100, of_200 = per_share_second(NET), per_share_second(NET, 2 * SHARE_SECONDS)
    assert earned(earning) == [(4, 2 * of_100), (5, 2 * of_100 + of_200), (7, 2 * of_100 + 3 * of_200)]


def test_earned__in_an_unknown_pool__is_empty(earning: Earning, stranger: AccountAPI) -> None:
    assert earning.protocol.rewards.earned(stranger, earning.vault, earning.token, 0, 10) == []


# --- rate ---


def rate(earning: Earning) -> tuple[int, int]:
    funded, expected = earning.protocol.rewards.rate(earning.operator, earning.vault, earning.token)
    return int(funded), int(expected)


def test_rate__is_what_streams_pay_for_the_current_epoch__booked_or_not(earning: Earning, alice: AccountAPI) -> None:
    """One stream for epochs 3 to 5, another for 4 to 7, cancelled in 5."""
    assert rate(earning) == (0, 0)
    earning.stream(PAID, epochs=3)
    assert rate(earning) == (0, 0)
    earning.protocol.to_epoch(3)
    second = earning.stream(5 * ETHER, epochs=4)
    rates = {3: PAID, 4: PAID + 5 * ETHER, 5: PAID + 5 * ETHER, 6: 0, 8: 0}
    for epoch, amount in rates.items():
        if epoch > 3:
            earning.protocol.to_epoch(epoch)
        assert rate(earning) == (amount, amount)
        if epoch == 5:
            earning.protocol.rewards.cancelStream(second, earning.payer, sender=earning.payer)
            assert rate(earning) == (amount, amount)
        earning.protocol.rewards.book(earning.operator, earning.vault, earning.token, epoch - 1, sender=alice)
        assert rate(earning) == (amount, amount)


def test_rate__under_a_floor__expects_what_the_pool_will_have_collected(earning: Earning, carol: AccountAPI) -> None:
    """4^43 share-seconds are 145 pool shares [ETHER] for a week; a stream with the lowest floor pays in full."""
    earning.stream(PAID, epochs=1, floor=43)
    earning.stream(ETHER, epochs=1)
    earning.protocol.to_epoch(3)
    assert rate(earning) == (PAID + ETHER, (PAID * SHARE_SECONDS >> 86) + ETHER)
    earning.delegate(carol, 20 * ETHER, at=start_of(earning, 3) + WEEK // 2)
    assert rate(earning) == (PAID + ETHER, (PAID * SHARE_SECONDS * 11 // 10 >> 86) + ETHER)
    earning.delegate(carol, 800 * ETHER, at=start_of(earning, 3) + WEEK * 3 // 4)
    assert rate(earning) == (PAID + ETHER, PAID + ETHER)


def test_rate__of_a_pool_without_stakers__expects_nothing(
    earning: Earning, second_operator: AccountAPI, alice: AccountAPI
) -> None:
    rewards, registry = earning.protocol.rewards, earning.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(earning.vault, 5_000, 0, 0, sender=second_operator)
    rewards.openStream(second_operator, earning.vault, earning.token, PAID, 16, 2, sender=earning.payer)
    earning.protocol.to_epoch(3)
    assert tuple(rewards.rate(second_operator, earning.vault, earning.token)) == (PAID, 0)
    assert tuple(rewards.rate(alice, earning.vault, earning.token)) == (0, 0)  # of a pool that nobody opened
