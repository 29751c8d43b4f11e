"""What reports earn: of the reward of an epoch, each operator's part of all reports, by weight."""

import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import ape
import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.oracle import BOUNTY, REWARD, ROUND, Oracle, deploy_oracle, key_of
from tests.helpers.protocol import ANYTHING, ETHER
from tests.helpers.scene import at

WEEK = 7 * 86_400


def part(reports: int, weight: int, sum_: int) -> int:
    """Of the reward, rounded down."""
    return int(Fraction(REWARD * reports * weight, sum_))


def floor_of(weight: int) -> int:
    """The largest n with 4^n <= what the weight collects in an epoch [pool shares · s]."""
    floor = 0
    while 4 ** (floor + 1) <= weight * WEEK:
        floor += 1
    return floor


def answer(oracle: Oracle, operators: Iterable[AccountAPI], *, feed: int = 1) -> int:
    """The next round, by these."""
    round_ = oracle.next_round()
    price = 2 ** (round_ % 100)  # far from that of any round before
    oracle.submit(round_, price, dict.fromkeys(operators, price), feed=feed)
    return round_


def pay(oracle: Oracle, *operators: AccountAPI, sender: AccountAPI | None = None) -> ReceiptAPI:
    return oracle.contract.pay(list(operators), sender=sender or oracle.owner)


def paid(oracle: Oracle, receipt: ReceiptAPI) -> list[tuple[str, int]]:
    """What the rewards were told, by operator: what came out of the oracle's funds."""
    return [(each.operator, each.amount) for each in receipt.decode_logs(oracle.protocol.rewards.Paid)]


# --- credits ---


def test_credit__is_one_for_each_report_that_counted(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.epoch
    second = oracle.add_feed("BTC / USD")
    first = answer(oracle, members)
    oracle.submit(first, 7, dict.fromkeys(members[:4], 7), feed=second)
    last = answer(oracle, members[:4])
    assert tuple(oracle.contract.creditOf(members[0])) == (epoch, 3, 0, last, 0b01)
    assert tuple(oracle.contract.creditOf(members[4])) == (epoch, 1, 0, first, 0b01)
    assert oracle.contract.reportsIn(epoch) == 3 * 5 * WEIGHT + WEIGHT


def test_credit__in_one_round__has_a_bit_for_each_feed(oracle: Oracle, members: list[AccountAPI]) -> None:
    feeds = [1, oracle.add_feed("BTC / USD"), oracle.add_feed("EUR / USD")]
    round_ = oracle.next_round()
    for feed in (feeds[2], feeds[0]):
        oracle.submit(round_, 7, dict.fromkeys(members, 7), feed=feed)
    assert tuple(oracle.contract.creditOf(members[0]))[1:] == (2, 0, round_, 0b101)


def test_credit__of_the_epoch_before__is_kept_until_it_is_paid(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.epoch
    for _ in range(2):
        answer(oracle, members)
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    round_ = answer(oracle, members)
    assert tuple(oracle.contract.creditOf(members[1])) == (epoch + 1, 1, 2, round_, 1)
    pay(oracle, members[1])
    assert tuple(oracle.contract.creditOf(members[1])) == (epoch + 1, 1, 0, round_, 1)


def test_credit__older_than_that__is_forgotten(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.epoch
    answer(oracle, members)
    oracle.protocol.to_epoch(epoch + 2)
    oracle.take_snapshot()
    assert oracle.contract.dueTo(members[0]) == 0
    round_ = answer(oracle, members)
    assert tuple(oracle.contract.creditOf(members[0])) == (epoch + 2, 1, 0, round_, 1)


# --- amounts ---


def test_pay__of_all__shares_the_reward_by_weight(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI
) -> None:
    """Each to its pool, through the rewards, of which the operator has its commission."""
    epoch = oracle.protocol.epoch
    answer(oracle, members)
    oracle.protocol.to_epoch(epoch + 1, 60)
    amounts = [part(1, 2 * WEIGHT, TOTAL), *[part(1, WEIGHT, TOTAL)] * 4]
    assert [oracle.contract.dueTo(each) for each in members] == amounts
    funds = oracle.contract.funds()
    receipt = pay(oracle, *members, sender=stranger)
    contract, rewards = oracle.contract, oracle.protocol.rewards
    pairs = list(zip(members, amounts, strict=True))
    common = {"vault": oracle.vault, "token": oracle.token, "payer": contract, "epoch": epoch}
    assert_events(
        receipt,
        rewards.Paid,
        *({"operator": each, **common, "amount": amount, "commission": amount // 10} for each, amount in pairs),
    )
    assert rewards.commission(members[0], oracle.vault, oracle.token) == amounts[0] // 10
    assert contract.funds() == funds - sum(amounts)
    assert REWARD - 5 < sum(amounts) <= REWARD


def test_pay__missing_reports__earn_the_others_more(oracle: Oracle, members: list[AccountAPI]) -> None:
    """All of the reward goes to those who reported."""
    answer(oracle, members)
    answer(oracle, members[:4])
    oracle.protocol.skip_epochs()
    all_reports = 2 * TOTAL - WEIGHT
    expected = [part(2, 2 * WEIGHT, all_reports), *[part(2, WEIGHT, all_reports)] * 3, part(1, WEIGHT, all_reports)]
    assert [oracle.contract.dueTo(each) for each in members] == expected
    assert paid(oracle, pay(oracle, *members)) == list(zip((each.address for each in members), expected, strict=True))


def test_pay__late_reports__earn_as_much_as_others(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = answer(oracle, members[:4])
    late = oracle.reports(round_, {members[4]: 10})
    oracle.contract.submitLate(1, round_, late, sender=oracle.owner)
    oracle.protocol.skip_epochs()
    assert oracle.contract.dueTo(members[4]) == oracle.contract.dueTo(members[1]) == part(1, WEIGHT, TOTAL)


def test_pay__of_many_feeds_and_rounds__is_as_the_model_says(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    """In two epochs in which they weigh differently."""
    rng = random.Random(6)
    feeds = [1, oracle.add_feed("BTC / USD"), oracle.add_feed("EUR / USD")]
    for _ in range(2):
        epoch = oracle.protocol.epoch
        weights = {each: oracle.weight(epoch, each) for each in members}
        reports: Counter[AccountAPI] = Counter()
        for _ in range(4):
            round_ = oracle.next_round()
            for feed in rng.sample(feeds, rng.randint(1, 3)):
                absent = rng.choice([[], [], *([each] for each in members[1:])])
                here = [each for each in members if each not in absent]
                if sum(weights[each] for each in here) * 10_000 < 6_667 * sum(weights.values()):
                    here = members
                price = 2 ** (round_ % 100)
                oracle.submit(round_, price, dict.fromkeys(here, price), feed=feed)
                reports.update(here)
        sum_ = sum(reports[each] * weights[each] for each in members)
        assert oracle.contract.reportsIn(epoch) == sum_
        oracle.vault.depositAndDelegate(rng.randint(1, 50 * ETHER), members[2], 0, ANYTHING, sender=alice)
        oracle.protocol.to_epoch(epoch + 1)
        oracle.take_snapshot()
        expected = {each.address: part(reports[each], weights[each], sum_) for each in members}
        assert dict(paid(oracle, pay(oracle, *rng.sample(members, 5)))) == expected
        assert REWARD - 5 < sum(expected.values()) <= REWARD


def test_pay__in_parts__pays_as_much_as_at_once(oracle: Oracle, members: list[AccountAPI]) -> None:
    answer(oracle, members)
    oracle.protocol.skip_epochs()
    for each in reversed(members):
        weight = 2 * WEIGHT if each == members[0] else WEIGHT
        assert paid(oracle, pay(oracle, each)) == [(each.address, part(1, weight, TOTAL))]


# --- who gets nothing ---


def test_pay__twice__pays_once(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Within one call and in two, before the operator's next report and after it."""
    answer(oracle, members)
    epoch = oracle.protocol.skip_epochs()
    receipt = pay(oracle, members[0], members[0])
    assert paid(oracle, receipt) == [(members[0].address, part(1, 2 * WEIGHT, TOTAL))]
    assert paid(oracle, pay(oracle, members[0])) == []
    oracle.take_snapshot()
    answer(oracle, members)
    assert paid(oracle, pay(oracle, members[0])) == []
    assert paid(oracle, pay(oracle, members[1], members[1])) == [(members[1].address, part(1, WEIGHT, TOTAL))]
    assert paid(oracle, pay(oracle, members[1])) == []
    oracle.protocol.to_epoch(epoch + 1)
    assert paid(oracle, pay(oracle, members[0])) == [(members[0].address, part(1, 2 * WEIGHT, TOTAL))]


def test_pay__of_a_single_wei__pays_once(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    alice: AccountAPI,
    members: list[AccountAPI],
) -> None:
    frugal = deploy_oracle(protocol, vault, asset, avs_owner, members[:1], reward=1)
    frugal.add_feed()
    frugal.fund(2)
    frugal.enlist(members[0], alice)
    frugal.begin()
    answer(frugal, members[:1])
    protocol.skip_epochs()
    assert paid(frugal, pay(frugal, members[0], members[0])) == [(members[0].address, 1)]
    assert paid(frugal, pay(frugal, members[0])) == []


def test_pay__in_the_epoch_of_the_reports__pays_nothing(oracle: Oracle, members: list[AccountAPI]) -> None:
    answer(oracle, members)
    assert [oracle.contract.dueTo(each) for each in members] == [0] * 5
    assert paid(oracle, pay(oracle, *members)) == []
    oracle.protocol.skip_epochs()
    assert oracle.contract.dueTo(members[0]) == part(1, 2 * WEIGHT, TOTAL)


def test_pay__an_epoch_too_late__pays_nothing(oracle: Oracle, members: list[AccountAPI]) -> None:
    answer(oracle, members)
    oracle.protocol.skip_epochs(2)
    assert paid(oracle, pay(oracle, *members)) == []


def test_pay__of_two_epochs__an_epoch_too_late__pays_nothing(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Neither of the two."""
    epoch = oracle.protocol.epoch
    answer(oracle, members)
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    answer(oracle, members)
    oracle.protocol.to_epoch(epoch + 3)
    assert [oracle.contract.dueTo(each) for each in members] == [0] * 5
    assert paid(oracle, pay(oracle, *members)) == []


def test_pay__who_did_not_report__gets_nothing(oracle: Oracle, members: list[AccountAPI]) -> None:
    answer(oracle, members[:4])
    oracle.protocol.skip_epochs()
    receipt = pay(oracle, *members)
    assert [operator for operator, _ in paid(oracle, receipt)] == [each.address for each in members[:4]]
    assert sum(amount for _, amount in paid(oracle, receipt)) > REWARD - 5


@pytest.mark.parametrize("when", ["in the epoch", "in the next", "in the next, for a fault of that"])
def test_pay__who_was_struck__gets_nothing(oracle: Oracle, members: list[AccountAPI], when: str) -> None:
    """Its part stays with the oracle: the others get what they would have got."""
    oracle.protocol.to_epoch(oracle.protocol.epoch + 1, -2 * ROUND)
    round_ = answer(oracle, members)
    if when != "in the epoch":
        oracle.protocol.skip_epochs()
    if when == "in the next, for a fault of that":
        round_ = oracle.round
    a, b = (oracle.report(members[1], round_, price) for price in (10, 11))
    oracle.contract.proveEquivocation(1, round_, a, b, sender=oracle.owner)
    if when == "in the epoch":
        oracle.protocol.skip_epochs()
    funds = oracle.contract.funds()
    receipt = pay(oracle, *members)
    expected = [(each.address, part(1, 2 * WEIGHT if each == members[0] else WEIGHT, TOTAL)) for each in members]
    assert paid(oracle, receipt) == [each for each in expected if each[0] != members[1].address]
    assert oracle.contract.funds() == funds - sum(amount for operator, amount in expected if operator != members[1])


def test_pay__who_has_no_pool__reverts(oracle: Oracle, stranger: AccountAPI) -> None:
    oracle.protocol.skip_epochs()
    with reverts(oracle.protocol.registry.UnknownPool, operator=stranger, vault=oracle.vault):
        pay(oracle, stranger)


def test_pay__nobody__does_nothing(oracle: Oracle) -> None:
    assert paid(oracle, pay(oracle)) == []


# --- floors ---


@pytest.mark.parametrize("held_for", [5_000, WEEK // 4, WEEK - 5_000])
def test_pay__of_stake_that_came_late__pays_in_proportion(
    oracle: Oracle, members: list[AccountAPI], newcomer: AccountAPI, bob: AccountAPI, held_for: int
) -> None:
    """
    Of an epoch in which a pool collected less than what its weight would have in all of it, or than a quarter of that
    at least. The rest stays with the oracle.
    """
    oracle.set_key(newcomer, key_of(newcomer))
    oracle.protocol.registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=newcomer)
    epoch = oracle.protocol.skip_epochs(3)
    end = int(oracle.protocol.registry.startOf(epoch + 1))
    at(end - held_for)
    oracle.vault.depositAndDelegate(100 * ETHER, newcomer, 0, ANYTHING, sender=bob)
    oracle.join(newcomer)
    oracle.take_snapshot()
    answer(oracle, [*members, newcomer])
    oracle.protocol.to_epoch(epoch + 1)
    due = part(1, WEIGHT, TOTAL + WEIGHT)
    assert oracle.contract.dueTo(newcomer) == due
    collected, limit = 100 * ETHER * held_for, 4 ** floor_of(WEIGHT)
    assert WEIGHT * WEEK // 4 < limit <= WEIGHT * WEEK
    funds = oracle.contract.funds()
    receipt = pay(oracle, newcomer)
    expected = due * min(collected, limit) // limit
    assert (expected == due) == (held_for > WEEK // 5)
    assert paid(oracle, receipt) == [(newcomer.address, expected)]
    assert oracle.contract.funds() == funds - expected
    assert paid(oracle, pay(oracle, newcomer)) == []


# --- funds ---


def test_funds__are_approved_once__to_the_rewards(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Which take nothing but what their caller pays."""
    answer(oracle, members)
    oracle.protocol.skip_epochs()
    pay(oracle, *members)
    assert oracle.token.allowance(oracle.contract, oracle.protocol.rewards) == 2**256 - 1


def drain(oracle: Oracle, leave: int) -> None:
    contract, token = oracle.contract, oracle.token
    account = ape.accounts[contract.address]
    account.balance = ETHER
    token.transfer(oracle.owner, token.balanceOf(contract) - leave, sender=account)


@pytest.mark.parametrize("missing", [0, 1])
def test_pay__takes_the_last_of_the_funds_and_no_more(oracle: Oracle, members: list[AccountAPI], missing: int) -> None:
    answer(oracle, members)
    oracle.protocol.skip_epochs()
    needed = part(1, 2 * WEIGHT, TOTAL)
    drain(oracle, needed - missing)
    if missing:
        with reverts(oracle.contract.FundsTooSmall, funds=needed - 1, needed=needed):
            pay(oracle, members[0])
    else:
        pay(oracle, members[0])
        assert oracle.contract.funds() == 0


def test_pay__leaves_the_bounties(oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI) -> None:
    round_ = answer(oracle, members)
    a, b = (oracle.report(members[1], round_, price) for price in (10, 11))
    oracle.contract.proveEquivocation(1, round_, a, b, sender=stranger)
    oracle.protocol.skip_epochs()
    needed = part(1, 2 * WEIGHT, TOTAL)
    drain(oracle, needed + BOUNTY - 1)
    with reverts(oracle.contract.FundsTooSmall, funds=needed - 1, needed=needed):
        pay(oracle, members[0])
    oracle.fund(1)
    pay(oracle, members[0])
    receipt = oracle.contract.takeBounty(stranger, sender=stranger)
    assert_event(receipt, oracle.contract.BountyTaken, reporter=stranger, receiver=stranger, amount=BOUNTY)
    assert oracle.token.balanceOf(oracle.contract) == 0


def test_pay__reaches_the_stakers(oracle: Oracle, members: list[AccountAPI], alice: AccountAPI) -> None:
    """All of a pool's is alice's, less a commission of 10 %."""
    answer(oracle, members)
    epoch = oracle.protocol.skip_epochs()
    amount = part(1, WEIGHT, TOTAL)
    pay(oracle, members[1])
    oracle.protocol.to_epoch(epoch + 1)
    before = oracle.token.balanceOf(alice)
    claim = (members[1], oracle.vault, oracle.token, 0)
    oracle.protocol.rewards.claim(alice, [claim], alice, sender=alice)
    got = oracle.token.balanceOf(alice) - before
    assert got in (amount - amount // 10, amount - amount // 10 - 1)
