"""Claims: what a staker gets, when, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.isolation import isolated
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.rewards.conftest import PAID, Earning, below

WEEK = 7 * DAY
NET = PAID * 9 // 10  # less the commission
ALICE = 540 * ETHER - 1  # of NET, 60 %
BOB = 360 * ETHER - 1


@pytest.fixture
def paid(earning: Earning) -> Earning:
    """At the start of epoch 4. Epoch 2 was paid for in epoch 3."""
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.protocol.to_epoch(4)
    return earning


@pytest.fixture
def second_token(earning: Earning, owner: AccountAPI) -> ContractInstance:
    return funded(earning, owner.deploy(project.TestToken, "Second", "SEC", 6))


@pytest.fixture
def second_pool(earning: Earning, second_operator: AccountAPI, alice: AccountAPI) -> Earning:
    """Another operator's pool, without commission. Alice, who is alone in it, is there from early in epoch 2 on."""
    registry = earning.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(earning.vault, 5_000, 0, 0, sender=second_operator)
    second = replace(earning, operator=second_operator)
    second.delegate(alice, ETHER)
    return second


def funded(earning: Earning, token: ContractInstance) -> ContractInstance:
    """A token of which the payer has plenty."""
    token.mint(earning.payer, 10 * PAID, sender=earning.payer)
    token.approve(earning.protocol.rewards, 10 * PAID, sender=earning.payer)
    return token


def start_of(earning: Earning, epoch: int) -> int:
    return int(earning.protocol.registry.startOf(epoch))


# --- when ---


def test_claim__to_the_last_second_of_the_epoch_of_payment__sends_nothing(earning: Earning, alice: AccountAPI) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    ape.chain.pending_timestamp = start_of(earning, 4) - 1
    receipt = earning.claim(alice)
    assert receipt.return_value == [0]
    assert_events(receipt, earning.protocol.rewards.Claimed)
    assert earning.token.balanceOf(alice) == 0


def test_claim__from_the_first_second_after_the_epoch_of_payment__sends_the_part(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    rewards, held = earning.protocol.rewards, earning.token.balanceOf(earning.protocol.rewards)
    ape.chain.pending_timestamp = start_of(earning, 4)
    receipt = earning.claim(alice)
    assert_event(
        receipt,
        rewards.Claimed,
        staker=alice,
        operator=earning.operator,
        vault=earning.vault,
        token=earning.token,
        amount=ALICE,
        receiver=alice,
    )
    assert_event(receipt, earning.token.Transfer, **{"from": rewards, "to": alice, "value": ALICE})
    assert_events(receipt, rewards.ClaimFailed)
    assert receipt.return_value == [ALICE]
    assert earning.token.balanceOf(alice) == ALICE
    assert earning.token.balanceOf(rewards) == held - ALICE
    assert earning.claim(bob).return_value == [BOB]


def test_claim__long_after_the_payment__sends_the_part(paid: Earning, alice: AccountAPI) -> None:
    paid.protocol.to_epoch(100)
    assert paid.claim(alice).return_value == [ALICE]


def test_claim__of_payments_in_one_epoch_by_several_payers__sends_their_sum(
    earning: Earning, alice: AccountAPI, stranger: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.pay(PAID // 10, payer=stranger)
    earning.pay()
    earning.protocol.to_epoch(4)
    assert earning.claim(alice).return_value == [540 * 21 * ETHER // 10 - 1]


def test_claim__again__sends_nothing(paid: Earning, alice: AccountAPI) -> None:
    paid.claim(alice)
    receipt = paid.claim(alice)
    assert receipt.return_value == [0]
    assert_events(receipt, paid.protocol.rewards.Claimed)
    assert_events(receipt, paid.token.Transfer)
    assert paid.token.balanceOf(alice) == ALICE


def test_claim__named_twice_in_one_call__is_sent_once(paid: Earning, alice: AccountAPI) -> None:
    assert paid.claim(alice, paid.token, paid.token).return_value == [ALICE, 0]
    assert paid.token.balanceOf(alice) == ALICE


def test_claim__after_another_payment__sends_what_is_new(paid: Earning, alice: AccountAPI) -> None:
    paid.claim(alice)
    paid.pay(2 * PAID)
    assert paid.claim(alice).return_value == [0]
    paid.protocol.to_epoch(5)
    assert paid.claim(alice).return_value == [2 * (ALICE + 1) - 1]


def test_claim__in_parts__gives_what_one_claim_gives__but_for_a_wei_each(
    paid: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    in_parts = paid.claim(bob).return_value
    for epoch in (5, 6):
        paid.pay()
        paid.protocol.to_epoch(epoch)
        in_parts += paid.claim(bob).return_value
    assert in_parts == [BOB, BOB, BOB]
    assert paid.claim(alice).return_value == [3 * (ALICE + 1) - 1]


def test_claim__of_a_stream_that_nobody_touched__sends_each_epoch_that_can_be_claimed(
    earning: Earning, alice: AccountAPI
) -> None:
    earning.stream(epochs=4)  # epochs 3 to 6
    for epoch, epochs in ((4, 0), (5, 1), (7, 3), (8, 4), (50, 4)):
        earning.protocol.to_epoch(epoch)
        with isolated():
            assert earning.claim(alice).return_value == [below(Fraction(540 * ETHER * epochs))]


def test_claim__of_nothing__sends_nothing(paid: Earning, alice: AccountAPI) -> None:
    assert paid.protocol.rewards.claim(alice, [], alice, sender=alice).return_value == []


def test_claim__of_an_unknown_pool_or_a_token_never_paid_in__sends_nothing(
    paid: Earning, second_token: ContractInstance, alice: AccountAPI, stranger: AccountAPI
) -> None:
    claims = [
        (paid.operator, paid.vault, second_token, 0),
        (stranger, paid.vault, paid.token, 0),
        (paid.operator, stranger, paid.token, 0),
        (paid.operator, paid.vault, stranger, 0),
    ]
    receipt = paid.protocol.rewards.claim(alice, claims, alice, sender=alice)
    assert receipt.return_value == [0, 0, 0, 0]
    assert_events(receipt, paid.protocol.rewards.Claimed)
    assert_events(receipt, paid.protocol.rewards.ClaimFailed)


def test_claim__by_somebody_who_never_staked__sends_nothing(paid: Earning, stranger: AccountAPI) -> None:
    assert paid.claim(stranger).return_value == [0]


def test_claim__on_day_one__sends_nothing(
    rewards: ContractInstance,
    pool: ContractInstance,
    reward_token: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    assert rewards.epoch() == 1
    assert rewards.claim(alice, [(operator, pool, reward_token, 0)], alice, sender=alice).return_value == [0]


# --- by whom, and to whom ---


def test_claim__by_the_staker__goes_to_any_receiver(paid: Earning, alice: AccountAPI, stranger: AccountAPI) -> None:
    before = paid.token.balanceOf(stranger)
    receipt = paid.protocol.rewards.claim(alice, paid.what(), stranger, sender=alice)
    assert_event(
        receipt,
        paid.protocol.rewards.Claimed,
        staker=alice,
        operator=paid.operator,
        vault=paid.vault,
        token=paid.token,
        amount=ALICE,
        receiver=stranger,
    )
    assert paid.token.balanceOf(stranger) == before + ALICE
    assert paid.token.balanceOf(alice) == 0


def test_claim__by_an_approved_completer__goes_to_the_staker(
    paid: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    paid.protocol.delegation.setCompleter(carol, True, sender=alice)
    receipt = paid.protocol.rewards.claim(alice, paid.what(), alice, sender=carol)
    assert receipt.return_value == [ALICE]
    assert paid.token.balanceOf(alice) == ALICE
    assert paid.token.balanceOf(carol) == 0


def test_claim__by_an_approved_completer_to_anyone_else__reverts(
    paid: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    paid.protocol.delegation.setCompleter(carol, True, sender=alice)
    with reverts(paid.protocol.rewards.OnlyToOwner, staker=alice, receiver=carol):
        paid.protocol.rewards.claim(alice, paid.what(), carol, sender=carol)


def test_claim__by_a_completer_who_is_approved_no_more__reverts(
    paid: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    paid.protocol.delegation.setCompleter(carol, True, sender=alice)
    paid.protocol.delegation.setCompleter(carol, False, sender=alice)
    with reverts(paid.protocol.rewards.NotCompleter, staker=alice, caller=carol):
        paid.protocol.rewards.claim(alice, paid.what(), alice, sender=carol)


@pytest.mark.parametrize("claims", [0, 1])
def test_claim__by_anyone_else__reverts(paid: Earning, alice: AccountAPI, bob: AccountAPI, claims: int) -> None:
    """Whom bob approved, or who is bob, is nobody to alice."""
    paid.protocol.delegation.setCompleter(alice, True, sender=bob)
    for receiver in (alice, bob):
        with reverts(paid.protocol.rewards.NotCompleter, staker=alice, caller=bob):
            paid.protocol.rewards.claim(alice, paid.what()[:claims], receiver, sender=bob)


def test_claim__to_the_zero_address__reverts(paid: Earning, alice: AccountAPI) -> None:
    with reverts(paid.protocol.rewards.ZeroReceiver):
        paid.protocol.rewards.claim(alice, paid.what(), "0x" + "00" * 20, sender=alice)


# --- several tokens and pools ---


def test_claim__of_several_tokens_and_pools__sends_each_in_its_order(
    earning: Earning, second_pool: Earning, second_token: ContractInstance, alice: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.pay(50, token=second_token)
    second_pool.pay(7 * ETHER)
    second_pool.pay(9, token=second_token)
    earning.protocol.to_epoch(4)
    claims = [
        *second_pool.what(second_token),
        *earning.what(earning.token, second_token),
        *second_pool.what(earning.token),
    ]
    receipt = earning.protocol.rewards.claim(alice, claims, alice, sender=alice)
    # Alone in the second pool, alice gets the whole: her part of each share-second is rounded down once.
    amounts = [8, ALICE, 26, 7 * ETHER - 1]
    assert receipt.return_value == amounts
    assert_events(
        receipt,
        earning.protocol.rewards.Claimed,
        *(
            {
                "staker": alice,
                "operator": operator,
                "vault": vault,
                "token": token,
                "amount": amount,
                "receiver": alice,
            }
            for (operator, vault, token, _), amount in zip(claims, amounts, strict=True)
        ),
    )
    assert earning.token.balanceOf(alice) == ALICE + 7 * ETHER - 1
    assert second_token.balanceOf(alice) == 8 + 26


def test_claim__of_one_token__leaves_the_others_to_claim(
    earning: Earning, second_token: ContractInstance, alice: AccountAPI
) -> None:
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.pay(token=second_token)
    earning.protocol.to_epoch(4)
    assert earning.claim(alice).return_value == [ALICE]
    assert earning.claim(alice, second_token).return_value == [ALICE]


# --- a token that fails ---


@dataclass(frozen=True)
class Failing:
    """A token that was paid in, and how it begins and ceases to fail."""

    token: ContractInstance
    fail: Callable[[], object]
    heal: Callable[[], object]


@pytest.fixture(params=["reverts", "returns false", "moves and returns false", "blocks the receiver", "has no code"])
def failing(request: pytest.FixtureRequest, earning: Earning, owner: AccountAPI, alice: AccountAPI) -> Failing:
    def switch(function: Any, *arguments: Any) -> Failing:
        return Failing(
            token, lambda: function(*arguments, True, sender=owner), lambda: function(*arguments, False, sender=owner)
        )

    if request.param == "returns false":
        token = funded(earning, owner.deploy(project.FalseToken))
        return switch(token.setFailing)
    if request.param == "moves and returns false":
        token = funded(earning, owner.deploy(project.MovedFalseToken))
        return switch(token.setLying)
    token = funded(earning, owner.deploy(project.BlocklistToken))
    if request.param == "has no code":
        provider, address = ape.chain.provider, token.address
        code = provider.get_code(address)
        return Failing(
            token,
            lambda: provider.set_code(address, "0x"),
            lambda: provider.set_code(address, code),
        )
    return switch(token.setBlocked, alice if request.param == "blocks the receiver" else earning.protocol.rewards)


@pytest.fixture
def mixed(earning: Earning, failing: Failing, second_token: ContractInstance) -> tuple[ContractInstance, ...]:
    """What was paid for epoch 2, in epoch 4: the token in the middle fails."""
    tokens = earning.token, failing.token, second_token
    earning.protocol.to_epoch(3)
    for token in tokens:
        earning.pay(token=token)
    earning.protocol.to_epoch(4)
    failing.fail()
    return tokens


def test_claim__with_a_token_that_fails__sends_the_others(
    earning: Earning, mixed: tuple[ContractInstance, ...], failing: Failing, alice: AccountAPI
) -> None:
    rewards = earning.protocol.rewards
    receipt = earning.claim(alice, *mixed)
    said = [
        {
            "staker": alice,
            "operator": earning.operator,
            "vault": earning.vault,
            "token": token,
            "amount": ALICE,
            "receiver": alice,
        }
        for token in mixed
    ]
    assert_events(receipt, rewards.Claimed, said[0], said[2])
    assert_events(receipt, rewards.ClaimFailed, said[1])
    assert receipt.return_value == [ALICE, 0, ALICE]
    assert mixed[0].balanceOf(alice) == mixed[2].balanceOf(alice) == ALICE
    failing.heal()
    assert failing.token.balanceOf(alice) == 0
    assert failing.token.balanceOf(rewards) == PAID


def test_claim__of_what_failed__can_be_made_later(
    earning: Earning, mixed: tuple[ContractInstance, ...], failing: Failing, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Together with what came after it, and once."""
    earning.claim(alice, *mixed)
    earning.claim(alice, *mixed)
    assert earning.claimable(alice, failing.token) == ALICE
    failing.heal()
    earning.pay(token=failing.token)
    earning.protocol.to_epoch(5)
    assert earning.claim(alice, *mixed).return_value == [0, 2 * (ALICE + 1) - 1, 0]
    assert earning.claim(alice, failing.token).return_value == [0]
    assert earning.claim(bob, failing.token).return_value == [2 * (BOB + 1) - 1]
    assert failing.token.balanceOf(alice) == 2 * (ALICE + 1) - 1


def test_claim__blocked_for_the_staker__can_be_sent_to_another_receiver(
    earning: Earning, owner: AccountAPI, alice: AccountAPI, stranger: AccountAPI
) -> None:
    token = funded(earning, owner.deploy(project.BlocklistToken))
    earning.protocol.to_epoch(3)
    earning.pay(token=token)
    earning.protocol.to_epoch(4)
    token.setBlocked(alice, True, sender=owner)
    assert earning.claim(alice, token).return_value == [0]
    receipt = earning.protocol.rewards.claim(alice, earning.what(token), stranger, sender=alice)
    assert receipt.return_value == [ALICE]
    assert token.balanceOf(stranger) == ALICE


# --- hints ---


@pytest.mark.parametrize("claimed", [False, True], ids=["first claim", "claimed in epoch 5"])
def test_claim__whatever_the_hint__sends_the_same(earning: Earning, alice: AccountAPI, claimed: bool) -> None:
    """Epochs 2 to 7 are paid for, each an entry of `earned`. Alice moves in epochs 4 and 6."""
    for epoch in range(3, 9):
        earning.protocol.to_epoch(epoch)
        earning.pay()
        if claimed and epoch == 5:
            earning.claim(alice)
        if epoch == 4:
            earning.delegate(alice, 40 * ETHER, at=start_of(earning, 4) + WEEK // 2)
        if epoch == 6:
            earning.undelegate(alice, 50 * ETHER, at=start_of(earning, 6) + WEEK // 4)
    earning.protocol.to_epoch(9)
    # What alice and all collected in epochs 2 to 7, on average: 80 is 60 for a half and 100 for the other, 62.5 is
    # 100 for a quarter and 50 for the rest.
    parts = [Fraction(*each) for each in ((60, 100), (60, 100), (80, 120), (100, 140), (625, 1_025), (50, 90))]
    expected = below(NET * sum(parts[2 if claimed else 0 :], Fraction(0)))
    assert len(earning.protocol.rewards.earned(earning.operator, earning.vault, earning.token, 0, 10)) == 6
    for hint in (*range(8), 2**128, 2**256 - 1):
        with isolated():
            assert earning.claim(alice, hint=hint).return_value == [expected], hint


def test_claim__by_one_who_moved_after_all_payments__whatever_the_hint__sends_the_same(
    earning: Earning, alice: AccountAPI
) -> None:
    """Epochs 2 to 4 are paid for. Alice moves in epoch 6."""
    for epoch in (3, 4, 5):
        earning.protocol.to_epoch(epoch)
        earning.pay()
    earning.delegate(alice, 40 * ETHER, at=start_of(earning, 6) + WEEK // 2)
    earning.protocol.to_epoch(8)
    for hint in range(5):
        with isolated():
            assert earning.claim(alice, hint=hint).return_value == [below(Fraction(3 * NET * 60, 100))], hint


# --- who moved ---


def test_claim__by_a_staker_who_left__sends_what_was_earned(paid: Earning, alice: AccountAPI, bob: AccountAPI) -> None:
    paid.undelegate(alice, 60 * ETHER, at=start_of(paid, 4) + WEEK // 2)
    for epoch in (6, 7):
        paid.protocol.to_epoch(epoch)
        paid.pay()
    paid.protocol.delegation.complete(paid.operator, paid.vault, alice, 4, alice, 0, sender=alice)
    paid.protocol.to_epoch(20)
    assert paid.claim(alice).return_value == [ALICE]
    # Bob alone was there in epochs 5 and 6.
    assert paid.claim(bob).return_value == [below(NET * (Fraction(40, 100) + 2))]


def test_claim__for_a_ticket__sends_nothing(earning: Earning, alice: AccountAPI, bob: AccountAPI) -> None:
    """A ticket earns nothing from the second on in which it is opened, matured or not."""
    earning.stream(epochs=3)  # epochs 3 to 5
    earning.undelegate(alice, 60 * ETHER, at=start_of(earning, 3))
    earning.protocol.to_epoch(8)
    assert earning.claim(alice).return_value == [0]
    assert earning.claim(bob).return_value == [below(Fraction(3 * NET))]


def test_claim__by_one_who_joined_just_before_the_payment__sends_nothing_of_it(
    earning: Earning, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    ape.chain.pending_timestamp = start_of(earning, 3)
    earning.delegate(carol, 900 * ETHER)
    earning.pay()
    earning.protocol.to_epoch(4)
    assert earning.claim(carol).return_value == [0]
    assert earning.claim(alice).return_value == [ALICE]
    assert earning.claim(bob).return_value == [BOB]


def test_claim__by_one_who_joined_in_the_last_second_of_the_epoch__sends_the_part_of_a_second(
    earning: Earning, alice: AccountAPI, carol: AccountAPI
) -> None:
    earning.delegate(carol, 900 * ETHER, at=start_of(earning, 3) - 1)
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.protocol.to_epoch(4)
    whole = 100 * WEEK + 900
    assert earning.claim(carol).return_value == [below(Fraction(NET * 900, whole))]
    assert earning.claim(alice).return_value == [below(Fraction(NET * 60 * WEEK, whole))]


def test_claim__by_one_who_left_just_before_the_payment__sends_the_whole_part(
    earning: Earning, alice: AccountAPI
) -> None:
    earning.undelegate(alice, 60 * ETHER, at=start_of(earning, 3))
    earning.pay()
    earning.protocol.to_epoch(4)
    assert earning.claim(alice).return_value == [ALICE]


def test_claim__by_one_who_left_within_the_epoch__sends_the_part_of_the_time(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    earning.undelegate(alice, 60 * ETHER, at=start_of(earning, 2) + WEEK // 3)
    earning.protocol.to_epoch(3)
    earning.pay()
    earning.protocol.to_epoch(4)
    assert earning.claim(alice).return_value == [300 * ETHER - 1]  # 60 for a third of the week
    assert earning.claim(bob).return_value == [600 * ETHER - 1]  # 40 for the whole


def test_claim__with_moves_in_one_epoch__adds_up_their_share_seconds(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Alice's 60 become 90, 10 and 40."""
    begin = start_of(earning, 3)
    earning.delegate(alice, 30 * ETHER, at=begin + WEEK // 4)
    earning.undelegate(alice, 80 * ETHER, at=begin + WEEK // 2)
    earning.delegate(alice, 30 * ETHER, at=begin + WEEK * 3 // 4)
    earning.protocol.to_epoch(4)
    earning.pay()
    earning.protocol.to_epoch(5)
    assert earning.claim(alice).return_value == [below(NET * Fraction(50, 90))]
    assert earning.claim(bob).return_value == [below(NET * Fraction(40, 90))]


def test_claim__for_a_redelegated_ticket__sends_what_it_earns_from_then_on(
    earning: Earning, second_pool: Earning, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    """Alice's 60 leave in epoch 2 and go, in the middle of epoch 4, to carol's position in the second pool."""
    opened = earning.undelegate(alice, 60 * ETHER, at=start_of(earning, 2) + WEEK // 2)
    for pool in (earning, second_pool):
        pool.stream(epochs=3)  # epochs 3 to 5
    earning.protocol.to_epoch(4)
    ape.chain.pending_timestamp = start_of(earning, 4) + WEEK // 2
    earning.protocol.delegation.redelegate(
        earning.operator, earning.vault, opened, second_pool.operator, carol, ANYTHING, sender=alice
    )
    earning.protocol.to_epoch(8)
    assert earning.claim(alice).return_value == [0]
    assert earning.claim(bob).return_value == [below(Fraction(3 * NET))]
    assert second_pool.claim(alice).return_value == [below(PAID * (1 + Fraction(1, 31) + Fraction(1, 61)))]
    assert second_pool.claim(carol).return_value == [below(PAID * (Fraction(30, 31) + Fraction(60, 61)))]


def test_claim__after_a_slash__sends_the_part_of_the_pool_shares(
    earning: Earning,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
) -> None:
    """A slash moves no pool shares. After one of 20 %, 80 vault shares are 100 pool shares."""
    protocol = earning.protocol
    avs = protocol.register_avs(avs_owner, slasher, vaults=[earning.vault])
    protocol.registry.optIn(avs, earning.vault, 2_000, 0, b"", sender=earning.operator)
    protocol.to_epoch(5, WEEK // 2)
    protocol.request(avs, earning.operator, earning.vault, WAD // 5, sender=slasher)
    earning.delegate(carol, 80 * ETHER, at=start_of(earning, 6))
    earning.pay()
    protocol.to_epoch(7)
    earning.pay()
    assert protocol.delegation.retained(earning.operator, earning.vault) == WAD * 4 // 5
    assert [earning.claim(each).return_value for each in (alice, bob, carol)] == [[ALICE], [BOB], [0]]
    protocol.to_epoch(8)
    parts = [[270 * ETHER - 1], [180 * ETHER - 1], [450 * ETHER - 1]]
    assert [earning.claim(each).return_value for each in (alice, bob, carol)] == parts


def test_claim__after_more_than_256_moves__goes_on_where_the_last_one_ended(
    earning: Earning, alice: AccountAPI
) -> None:
    """Alice moves in epochs 2 to 261; the 256th of these is 257. Paid for are 10, 257, 258 and 261."""
    eth = ape.chain.provider.web3.eth  # half the time of Ape's own transactions, of which there are many
    move = {
        "from": str(alice.address),
        "to": str(earning.vault.address),
        "data": earning.vault.depositAndDelegate.encode_input(ETHER, earning.operator, 0, ANYTHING),
        "gas": 10**6,
    }
    begin = start_of(earning, 1)
    paid_for = (10, 257, 258, 261)
    for epoch in range(3, 263):
        ape.chain.pending_timestamp = begin + (epoch - 1) * WEEK
        if epoch < 262:
            assert eth.wait_for_transaction_receipt(eth.send_transaction(move))["status"] == 1
        if epoch - 1 in paid_for:
            earning.pay()
    earning.protocol.to_epoch(263)
    held = (60 * ETHER + (epoch - 2) * ETHER for epoch in paid_for)
    parts = [NET * Fraction(each, each + 40 * ETHER) for each in held]
    for expected in (parts[0] + parts[1], parts[2] + parts[3]):
        assert earning.claimable(alice) == below(expected)
        assert earning.claim(alice).return_value == [below(expected)]
    assert earning.claim(alice).return_value == [0]


# --- together with other calls ---


def test_claim__in_a_multicall__goes_to_another_receiver_each(
    paid: Earning, second_token: ContractInstance, alice: AccountAPI, carol: AccountAPI
) -> None:
    paid.pay(token=second_token)
    paid.protocol.to_epoch(5)
    claim = paid.protocol.rewards.claim.encode_input
    calls = [
        claim(alice, paid.what(token), receiver) for token, receiver in ((paid.token, alice), (second_token, carol))
    ]
    paid.protocol.rewards.multicall(calls, sender=alice)
    assert (paid.token.balanceOf(alice), second_token.balanceOf(alice)) == (ALICE, 0)
    assert (paid.token.balanceOf(carol), second_token.balanceOf(carol)) == (0, ALICE)


def test_claim__while_the_protocol_is_paused__goes_through(
    paid: Earning, protocol: Protocol, guardian: AccountAPI, alice: AccountAPI
) -> None:
    protocol.registry.pause(sender=guardian)
    assert paid.claim(alice).return_value == [ALICE]
