"""Answers: who reports what when, how much it weighs, which price it makes, and when an answer is due."""

import random
from collections.abc import Mapping
from fractions import Fraction

import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.isolation import isolated
from tests.helpers.oracle import DEVIATION, HEARTBEAT, REPORT, ROUND, Oracle, deploy_oracle, key, key_of
from tests.helpers.protocol import ANYTHING, ETHER
from tests.helpers.scene import at, look_at
from tests.helpers.typed_data import domain, message

NEEDED = -(-TOTAL * 6_667 // 10_000)
LOWEST, HIGHEST = -(2**191), 2**191 - 1  # of 192 bits


def weight_of(operator: AccountAPI, members: list[AccountAPI]) -> int:
    return 2 * WEIGHT if operator == members[0] else WEIGHT


def median_of(reports: list[tuple[int, int]]) -> int:
    """The lower weighted median of (price, weight): the first price in order at which half of the weight is reached."""
    half = Fraction(sum(weight for _, weight in reports), 2)
    reached = 0
    for price, weight in sorted(reports):
        reached += weight
        if reached >= half:
            return price
    raise AssertionError("no reports")


@pytest.fixture
def round_(oracle: Oracle) -> int:
    """A minute into it."""
    return oracle.next_round(60)


# --- an answer ---


def test_submit__of_all__answers_the_round(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI, round_: int
) -> None:
    prices = dict(zip(members, [2_004, 2_001, 2_002, 2_003, 2_000], strict=True))
    now = at(oracle.begin_of(round_) + 100)
    receipt = oracle.submit(round_, 2_002, prices, sender=stranger)
    contract = oracle.contract
    assert contract.latestRound(1) == round_
    assert tuple(contract.answerOf(1, round_)) == (2_002, now)
    answer = {"feed": 1, "round": round_, "price": 2_002, "weight": TOTAL, "submitter": stranger}
    assert_event(receipt, contract.Answered, **answer)
    begin = oracle.begin_of(round_)
    assert_events(
        receipt,
        contract.Reported,
        *(
            {"feed": 1, "round": round_, "operator": each, "price": prices[each], "time": begin}
            for each in oracle.ascending(members)
        ),
    )


@pytest.mark.parametrize(("missing", "enough"), [([1], True), ([0], False), ([1, 2], False)])
def test_submit__takes_a_quorum_and_no_less(
    oracle: Oracle, members: list[AccountAPI], round_: int, missing: list[int], enough: bool
) -> None:
    """Five parts of six, or four, which are 66.66 % and not 66.67 %."""
    prices = {member: 2_000 for index, member in enumerate(members) if index not in missing}
    if enough:
        oracle.submit(round_, 2_000, prices)
        assert oracle.contract.latestRound(1) == round_
    else:
        with reverts(oracle.contract.QuorumMissed, weight=4 * WEIGHT, needed=NEEDED):
            oracle.submit(round_, 2_000, prices)


@pytest.mark.parametrize("short", [0, 1])
def test_submit__quorum__is_exact_to_the_wei(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    carol: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    short: int,
) -> None:
    """One operator alone has the 80 % that the feed asks for, or a wei less."""
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, [operator, second_operator])
    oracle.add_feed(quorum=8_000)
    oracle.enlist(operator, carol, stake=80 * ETHER, guaranteed=5_000, elastic=0)
    oracle.enlist(second_operator, carol, stake=20 * ETHER + 2 * short, guaranteed=5_000, elastic=0)
    oracle.begin()
    round_ = oracle.next_round()
    if short:
        with reverts(oracle.contract.QuorumMissed, weight=40 * ETHER, needed=40 * ETHER + 1):
            oracle.submit(round_, 7, {operator: 7})
    else:
        oracle.submit(round_, 7, {operator: 7})
        assert oracle.contract.latestRound(1) == round_


def test_submit__of_nobody__reverts(oracle: Oracle, round_: int) -> None:
    with reverts(oracle.contract.QuorumMissed, weight=0, needed=NEEDED):
        oracle.submit(round_, 2_000, [])


def test_submit__where_nobody_weighs_anything__reverts(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI
) -> None:
    oracle = deploy_oracle(protocol, vault, asset, avs_owner)
    oracle.add_feed()
    oracle.take_snapshot()
    with reverts(oracle.contract.QuorumMissed, weight=0, needed=1):
        oracle.submit(oracle.next_round(), 2_000, [])


def test_submit__of_another_feed__answers_it_alone(oracle: Oracle, members: list[AccountAPI]) -> None:
    second = oracle.add_feed("BTC / USD", quorum=10_000)
    round_ = oracle.next_round()
    oracle.submit(round_, 90_000, dict.fromkeys(members, 90_000), feed=second)
    assert (oracle.contract.latestRound(1), oracle.contract.latestRound(second)) == (0, round_)
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.answerOf(second, round_).price == 90_000
    assert oracle.contract.answerOf(1, round_).price == 2_000


@pytest.mark.parametrize("price", [LOWEST, -1, 0, 1, HIGHEST])
def test_submit__any_price__is_taken(oracle: Oracle, members: list[AccountAPI], round_: int, price: int) -> None:
    """Also of what can be worth less than nothing."""
    oracle.submit(round_, price, dict.fromkeys(members, price))
    assert oracle.contract.answerOf(1, round_).price == price


def test_submit__answers_stay(oracle: Oracle) -> None:
    rounds = [oracle.answer(price) for price in (2_000, 3_000, 4_000)]
    assert [oracle.contract.answerOf(1, each).price for each in rounds] == [2_000, 3_000, 4_000]
    assert oracle.contract.latestRound(1) == rounds[-1]
    assert tuple(oracle.contract.answerOf(1, rounds[0] - 1)) == (0, 0)


# --- which round ---


@pytest.mark.parametrize("ahead", [-1, 1, 1_000])
def test_submit__of_another_round__reverts(oracle: Oracle, members: list[AccountAPI], round_: int, ahead: int) -> None:
    with reverts(oracle.contract.RoundNotCurrent, round=round_ + ahead, current=round_):
        oracle.submit(round_ + ahead, 2_000, dict.fromkeys(members, 2_000))


@pytest.mark.parametrize("second", [0, ROUND - 1])
def test_submit__from_the_first_to_the_last_second__answers(
    oracle: Oracle, members: list[AccountAPI], second: int
) -> None:
    round_ = oracle.round + 1
    now = at(oracle.begin_of(round_) + second)
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.answerOf(1, round_).updatedAt == now


def test_submit__a_second_later__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    at(oracle.begin_of(round_ + 1))
    with reverts(oracle.contract.RoundNotCurrent, round=round_, current=round_ + 1):
        oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))


def test_submit__of_an_answered_round__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = oracle.answer(2_000)
    with reverts(oracle.contract.RoundAnswered, feed=1, round=round_):
        oracle.submit(round_, 3_000, dict.fromkeys(members, 3_000))


@pytest.mark.parametrize("feed", [0, 2])
def test_submit__of_an_unknown_feed__reverts(oracle: Oracle, members: list[AccountAPI], round_: int, feed: int) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=feed):
        oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000), feed=feed)


# --- which snapshot ---


def test_submit__without_a_snapshot_of_the_epoch__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot(4)
    round_ = oracle.next_round()
    with reverts(oracle.contract.SnapshotIncomplete, epoch=epoch):
        oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))


@pytest.mark.parametrize("second", [0, 1, ROUND - 1])
def test_submit__in_the_round_of_the_snapshot__reverts(oracle: Oracle, members: list[AccountAPI], second: int) -> None:
    """Also if it was taken in the round's first second: stake was moved or not, the round had begun."""
    epoch = oracle.protocol.epoch + 1
    begin = oracle.protocol.registry.startOf(epoch)
    taken = at(begin + second)
    assert oracle.take_snapshot().timestamp == taken
    at(begin + ROUND - 1)
    round_ = 1 + (begin - oracle.genesis) // ROUND
    with reverts(oracle.contract.SnapshotTooLate, takenAt=taken, begin=begin):
        oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    at(begin + ROUND)
    oracle.submit(round_ + 1, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.latestRound(1) == round_ + 1


def test_submit__after_stake_moved__weighs_as_when_the_round_began(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI, round_: int
) -> None:
    """Neither what came nor what left counts, and neither does a rise or an end of an allocation."""
    oracle.vault.depositAndDelegate(100 * ETHER, members[1], 0, ANYTHING, sender=alice)
    oracle.protocol.delegation.undelegate(members[0], oracle.vault, 200 * ETHER, sender=alice)
    oracle.protocol.registry.optOut(oracle.avs, oracle.vault, sender=members[2])
    receipt = oracle.submit(round_, 2_000, dict.fromkeys(members[:4], 2_000))
    answer = {"feed": 1, "round": round_, "price": 2_000, "weight": 5 * WEIGHT, "submitter": oracle.owner}
    assert_event(receipt, oracle.contract.Answered, **answer)


def test_submit__in_the_last_round_of_the_epoch__answers(oracle: Oracle, members: list[AccountAPI]) -> None:
    end = oracle.protocol.registry.startOf(oracle.protocol.epoch + 1)
    round_ = (end - oracle.genesis) // ROUND
    at(end - 1)
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.latestRound(1) == round_


# --- reports ---


def test_submit__not_in_order__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    first, second, *rest = oracle.ascending(members)
    reports = [oracle.report(each, round_, 2_000) for each in (second, first, *rest)]
    with reverts(oracle.contract.OperatorsNotAscending, before=second, operator=first):
        oracle.submit(round_, 2_000, reports)


def test_submit__an_operator_twice__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    """With a report as good as another."""
    first, *rest = oracle.ascending(members)
    reports = [oracle.report(first, round_, 2_000), oracle.report(first, round_, 2_001)]
    reports += [oracle.report(each, round_, 2_000) for each in rest]
    with reverts(oracle.contract.OperatorsNotAscending, before=first, operator=first):
        oracle.submit(round_, 2_000, reports)


@pytest.mark.parametrize("second", [-1, 61])
def test_submit__a_report_from_out_of_the_round__reverts(
    oracle: Oracle, members: list[AccountAPI], round_: int, second: int
) -> None:
    """Of before it began, or of a second that has not come."""
    begin = oracle.begin_of(round_)
    now = at(begin + 60)
    reports = [oracle.report(each, round_, 2_000, begin) for each in oracle.ascending(members)[1:]]
    reports = [oracle.report(oracle.ascending(members)[0], round_, 2_000, begin + second), *reports]
    with reverts(oracle.contract.ReportOutOfRound, time=begin + second, begin=begin, current=now):
        oracle.submit(round_, 2_000, reports)


@pytest.mark.parametrize("second", [0, 60])
def test_submit__a_report_from_the_round_until_now__counts(
    oracle: Oracle, members: list[AccountAPI], round_: int, second: int
) -> None:
    begin = oracle.begin_of(round_)
    at(begin + 60)
    reports = [oracle.report(each, round_, 2_000, begin + second) for each in oracle.ascending(members)]
    oracle.submit(round_, 2_000, reports)
    assert oracle.contract.latestRound(1) == round_


def test_submit__a_report_of_a_stranger__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    reports = oracle.reports(round_, dict.fromkeys(members, 2_000))
    reports.append(oracle.report(members[0], round_, 2_000, signer=key("stranger")))
    begin = oracle.begin_of(round_)
    with reverts(oracle.contract.KeyNotInForce, signer=key("stranger").address, time=begin):
        oracle.submit(round_, 2_000, reports)


def test_submit__a_report_signed_by_the_operator_itself__reverts(
    oracle: Oracle, members: list[AccountAPI], round_: int
) -> None:
    """Its account is not its key."""
    first = oracle.ascending(members)[0]
    price, time, _ = oracle.report(first, round_, 2_000)
    typed = message(domain("Catenary Oracle", oracle.contract), REPORT, (1, round_, price, time))
    signature = bytes(first.sign_message(typed).encode_rsv())
    with reverts(oracle.contract.KeyNotInForce, signer=first, time=oracle.begin_of(round_)):
        oracle.submit(round_, 2_000, [(price, time, signature)])


@pytest.mark.parametrize("change", ["feed", "round", "price", "time", "domain"])
def test_submit__a_report_of_something_else__is_nobodys(
    oracle: Oracle, asset: ContractInstance, members: list[AccountAPI], round_: int, change: str
) -> None:
    """Each part of it is signed: its signature recovers to an address that is no key."""
    first = oracle.ascending(members)[0]
    begin = oracle.begin_of(round_)
    other = {
        "feed": lambda: oracle.report(first, round_, 2_000, begin, feed=2),
        "round": lambda: oracle.report(first, round_ + 1, 2_000, begin),
        "price": lambda: oracle.report(first, round_, 2_001, begin),
        "time": lambda: oracle.report(first, round_, 2_000, begin + 1),
        "domain": lambda: deploy_oracle(oracle.protocol, oracle.vault, asset, oracle.owner).report(
            first, round_, 2_000, begin
        ),
    }[change]()[2]
    recovered = oracle.recover(1, round_, (2_000, begin, other))
    assert recovered != key_of(first).address
    with reverts(oracle.contract.KeyNotInForce, signer=recovered, time=begin):
        oracle.submit(round_, 2_000, [(2_000, begin, other)])


def test_submit__a_malformed_signature__reverts(oracle: Oracle, round_: int) -> None:
    with reverts(oracle.contract.ECDSAInvalidSignatureLength, length=64):
        oracle.submit(round_, 2_000, [(2_000, oracle.begin_of(round_), bytes(64))])
    with reverts(oracle.contract.ECDSAInvalidSignature):
        oracle.submit(round_, 2_000, [(2_000, oracle.begin_of(round_), bytes(65))])


def test_submit__of_who_is_no_member__counts_for_nothing(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI
) -> None:
    """It moves no median, and earns no credit."""
    oracle.set_key(stranger, key("stranger"))
    round_ = oracle.next_round()
    reports = {each: oracle.report(each, round_, 2_000) for each in members[1:]}
    reports[stranger] = oracle.report(stranger, round_, 2_000, signer=key("stranger"))
    with reverts(oracle.contract.QuorumMissed, weight=4 * WEIGHT, needed=NEEDED):
        oracle.submit(round_, 2_000, [reports[each] for each in oracle.ascending(list(reports))])
    reports |= {each: oracle.report(each, round_, 2_000) for each in members}
    oracle.submit(round_, 2_000, [reports[each] for each in oracle.ascending(list(reports))])
    assert oracle.contract.creditOf(stranger).reports == 0
    assert oracle.contract.reportsIn(oracle.protocol.epoch) == TOTAL


# --- the median ---


@pytest.mark.parametrize(
    ("prices", "median"),
    [
        ([5, 1, 2, 3, 4], 3),  # 1, 2 and 3 have half of the weight: the lower median
        ([1, 2, 3, 4, 5], 2),  # 1 has a third, and with 2 a half
        ([3, 1, 2, 4, 5], 3),  # below 3 is a third, and up to it two thirds
        ([-1, 5, 5, 5, 5], 5),
        ([7, 7, 7, 7, 7], 7),
        ([LOWEST, HIGHEST, HIGHEST, LOWEST, 0], LOWEST),
        ([LOWEST, HIGHEST, HIGHEST, 1, 0], 0),
    ],
)
def test_submit__takes_the_lower_weighted_median_and_no_other_price(
    oracle: Oracle, members: list[AccountAPI], round_: int, prices: list[int], median: int
) -> None:
    reported = dict(zip(members, prices, strict=True))
    assert median_of([(reported[each], weight_of(each, members)) for each in members]) == median
    for price in {*prices, median - 1, median + 1, 0} - {median}:
        if not LOWEST <= price <= HIGHEST:
            continue
        below = sum(weight_of(each, members) for each in members if reported[each] < price)
        up_to = sum(weight_of(each, members) for each in members if reported[each] <= price)
        with reverts(oracle.contract.NotMedian, price=price, below=below, upTo=up_to, weight=TOTAL), isolated():
            at(oracle.begin_of(round_) + 100)
            oracle.submit(round_, price, reported)
    oracle.submit(round_, median, reported)
    assert oracle.contract.answerOf(1, round_).price == median


@pytest.mark.parametrize("seed", range(4))
def test_submit__of_any_weights_and_prices__is_the_median_of_the_model(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    carol: AccountAPI,
    bob: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    recipient: AccountAPI,
    resolver: AccountAPI,
    seed: int,
) -> None:
    """Other operators than those of the scene, with random stakes, under a cap; each round another group reports."""
    rng = random.Random(seed)
    operators = [operator, second_operator, recipient, resolver][: rng.randint(3, 4)]
    share = rng.choice([4_000, 10_000])
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, operators, max_share=share, by_admission=True)
    oracle.add_feed(quorum=rng.choice([6_667, 7_500]), deviation=1)
    for each in operators:
        stake = rng.choice([30 * ETHER, rng.randint(20 * ETHER, 200 * ETHER)])
        oracle.enlist(each, rng.choice([bob, carol]), stake=stake, guaranteed=rng.randint(2_000, 5_000), elastic=0)
    epoch = oracle.begin()
    weights = {each: oracle.weight(epoch, each) for each in operators}
    quorum = oracle.contract.feedOf(1).quorum
    answered = 0
    for _ in range(12):
        round_ = oracle.next_round(rng.randrange(ROUND - 120))
        prices = {each: rng.randint(-3, 3) * 10 ** rng.randint(0, 50) for each in operators if rng.random() < 0.9}
        weight = sum(weights[each] for each in prices)
        if Fraction(weight, sum(weights.values())) < Fraction(quorum, 10_000):
            continue
        median = median_of([(prices[each], weights[each]) for each in prices])
        if not oracle.contract.isDue(1, median):
            continue
        for wrong in {median - 1, median + 1, *prices.values()} - {median}:
            below = sum(weights[each] for each in prices if prices[each] < wrong)
            up_to = sum(weights[each] for each in prices if prices[each] <= wrong)
            assert 2 * below >= weight or 2 * up_to < weight
        receipt = oracle.submit(round_, median, prices)
        answered += 1
        answer = {"feed": 1, "round": round_, "price": median, "weight": weight, "submitter": avs_owner}
        assert_event(receipt, oracle.contract.Answered, **answer)
    assert answered > 3


# --- when it is due ---


def test_is_due__before_the_first_answer__always(oracle: Oracle, round_: int) -> None:  # noqa: ARG001
    assert oracle.contract.isDue(1, 0)
    assert oracle.contract.isDue(1, 2_000)


def test_is_due__in_an_answered_round__never(oracle: Oracle) -> None:
    oracle.answer(2_000)
    assert not oracle.contract.isDue(1, 9_999_999)


@pytest.mark.parametrize("price", [10**8, -(10**8), 3, HIGHEST, LOWEST])
def test_is_due__when_the_price_moved_enough(oracle: Oracle, price: int) -> None:
    """By half a percent of the answer before, up or down, rounded against."""
    oracle.answer(price)
    oracle.to_round(oracle.round + 1)
    enough = -(-abs(price) * DEVIATION // 10_000)
    for moved in (enough, -enough):
        if LOWEST <= price + moved <= HIGHEST:
            assert oracle.contract.isDue(1, price + moved)
        less = moved - (1 if moved > 0 else -1)
        if LOWEST <= price + less <= HIGHEST:
            assert not oracle.contract.isDue(1, price + less)
    if abs(price) < 100:
        assert oracle.contract.isDue(1, HIGHEST)
        assert oracle.contract.isDue(1, LOWEST)


def test_is_due__after_an_answer_of_nothing__always(oracle: Oracle) -> None:
    """Any price is infinitely far from it; none tells that the next is worth writing down."""
    oracle.answer(0)
    oracle.to_round(oracle.round + 1)
    assert oracle.contract.isDue(1, 1)
    assert oracle.contract.isDue(1, 0)


@pytest.mark.parametrize("second", [0, 1, 599])
def test_is_due__when_the_heartbeat_would_be_missed(oracle: Oracle, members: list[AccountAPI], second: int) -> None:
    """
    In the last round but two of those in which the answer is young enough to their end: the next may be the first of an
    epoch, which has no snapshot before it, and whoever answers in the one after it may do so in its last second.
    """
    round_ = oracle.round + 1
    updated = at(oracle.begin_of(round_) + second)
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    due = [
        later
        for later in range(round_ + 1, round_ + 9)
        if _look_at_round(oracle, later) and oracle.contract.isDue(1, 2_000)
    ]
    first = next(later for later in range(round_, round_ + 9) if oracle.begin_of(later + 3) - updated > HEARTBEAT)
    assert due == list(range(first, round_ + 9))
    assert first == round_ + 4


def _look_at_round(oracle: Oracle, round_: int) -> bool:
    look_at(oracle.begin_of(round_))
    return True


def test_submit__not_due__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = oracle.answer(2_000)
    updated = oracle.contract.answerOf(1, round_).updatedAt
    later = oracle.next_round()
    with reverts(oracle.contract.NotDue, feed=1, updatedAt=updated):
        oracle.submit(later, 2_009, dict.fromkeys(members, 2_009))
    oracle.submit(later, 2_010, dict.fromkeys(members, 2_010))
    assert oracle.contract.latestRound(1) == later


def test_submit__due_by_the_heartbeat__answers_with_the_same_price(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = oracle.answer(2_000)
    oracle.to_round(round_ + 4)
    oracle.submit(round_ + 4, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.latestRound(1) == round_ + 4


# --- submitLate ---


def late(oracle: Oracle, round_: int, prices: Mapping[AccountAPI, int], feed: int = 1) -> ReceiptAPI:
    reports = oracle.reports(round_, prices, feed=feed)
    return oracle.contract.submitLate(feed, round_, reports, sender=oracle.owner)


def test_submit_late__credits_what_was_left_out(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    oracle.submit(round_, 2_000, dict.fromkeys(members[:4], 2_000))
    before = tuple(oracle.contract.answerOf(1, round_))
    receipt = late(oracle, round_, {members[4]: 5_000})
    reported = {"feed": 1, "round": round_, "operator": members[4], "price": 5_000}
    assert_event(receipt, oracle.contract.Reported, **reported, time=oracle.begin_of(round_))
    assert oracle.contract.creditOf(members[4]).reports == 1
    assert oracle.contract.reportsIn(oracle.protocol.epoch) == TOTAL
    assert tuple(oracle.contract.answerOf(1, round_)) == before


def test_submit_late__what_was_counted__counts_once(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    """Another report of an operator neither."""
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    late(oracle, round_, dict.fromkeys(members, 2_000))
    late(oracle, round_, dict.fromkeys(members, 2_001))
    assert [oracle.contract.creditOf(each).reports for each in members] == [1] * 5
    assert oracle.contract.reportsIn(oracle.protocol.epoch) == TOTAL


def test_submit_late__of_a_round_without_an_answer__reverts(
    oracle: Oracle, members: list[AccountAPI], round_: int
) -> None:
    with reverts(oracle.contract.RoundNotAnswered, feed=1, round=round_):
        late(oracle, round_, {members[0]: 2_000})


def test_submit_late__of_a_round_that_is_over__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = oracle.answer(2_000)
    oracle.to_round(round_ + 1)
    with reverts(oracle.contract.RoundNotCurrent, round=round_, current=round_ + 1):
        late(oracle, round_, {members[0]: 2_000})


def test_submit_late__of_an_unknown_feed__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=2):
        late(oracle, round_, {members[0]: 2_000}, feed=2)


def test_submit_late__not_in_order__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    round_ = oracle.answer(2_000)
    first, second, *_ = oracle.ascending(members)
    reports = [oracle.report(each, round_, 2_000) for each in (second, first)]
    with reverts(oracle.contract.OperatorsNotAscending, before=second, operator=first):
        oracle.contract.submitLate(1, round_, reports, sender=oracle.owner)
