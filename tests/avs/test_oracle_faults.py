"""Faults that are proved: which they are, by which key, once each; what they cost whom, and what a proof earns."""

from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from deployer.contracts import ZERO_ADDRESS
from tests.avs.conftest import ELASTIC, GUARANTEED, TOTAL, WEIGHT
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.oracle import BOUNTY, ROUND, UNCAPPED, Oracle, deploy_oracle, key, key_of
from tests.helpers.protocol import BURN, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, request_id

PERCENT = WAD // 100
AFTER_ONE = 85 * PERCENT  # retained: half of 20 % + 10 % are gone
WINDOW = 4 * DAY


def equivocation(
    oracle: Oracle, operator: AccountAPI, round_: int, *, feed: int = 1, signer: LocalAccount | None = None
) -> tuple[Any, ...]:
    """Arguments of `proveEquivocation`: two prices."""
    a, b = (oracle.report(operator, round_, price, feed=feed, signer=signer) for price in (2_000, 2_001))
    return feed, round_, a, b


def prove(oracle: Oracle, arguments: tuple[Any, ...], sender: AccountAPI | None = None) -> ReceiptAPI:
    return oracle.contract.proveEquivocation(*arguments, sender=sender or oracle.owner)


def premature(
    oracle: Oracle, operator: AccountAPI, round_: int, time: int | None = None, *, feed: int = 1
) -> tuple[Any, ...]:
    """Arguments of `provePremature`."""
    return feed, round_, oracle.report(operator, round_, 2_000, time, feed=feed)


def prove_premature(oracle: Oracle, arguments: tuple[Any, ...], sender: AccountAPI | None = None) -> ReceiptAPI:
    return oracle.contract.provePremature(*arguments, sender=sender or oracle.owner)


@pytest.fixture
def round_(oracle: Oracle) -> int:
    """A minute into it."""
    return oracle.next_round(60)


@pytest.fixture
def offender(members: list[AccountAPI]) -> AccountAPI:
    return members[1]


# --- equivocation ---


def test_equivocation__slashes_strikes_and_pays_the_bounty(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI, round_: int
) -> None:
    arguments = equivocation(oracle, offender, round_)
    evidence = keccak(oracle.contract.proveEquivocation.encode_input(*arguments))
    begin = oracle.begin_of(round_)
    now = at(begin + 100)
    receipt = prove(oracle, arguments, stranger)
    protocol, epoch = oracle.protocol, oracle.protocol.epoch
    request = (oracle.avs, offender.address, oracle.vault.address, 15 * PERCENT, begin, now, evidence)
    asked = {"id": request_id(request), "avs": oracle.avs, "operator": offender, "vault": oracle.vault}
    asked |= {"amount": 15 * PERCENT, "offenceAt": begin, "requestedAt": now, "evidence": evidence, "uri": ""}
    assert_event(receipt, protocol.slashing.SlashRequested, **asked)
    slashed = {"id": request_id(request), "avs": oracle.avs, "operator": offender, "vault": oracle.vault}
    slashed |= {"guaranteed": 15 * PERCENT, "elastic": 0, "shares": 15 * ETHER, "recipient": BURN}
    assert_event(receipt, protocol.slashing.Slashed, **slashed)
    contract = oracle.contract
    assert_event(receipt, contract.Struck, epoch=epoch, operator=offender, weight=WEIGHT)
    proved = {"feed": 1, "round": round_, "operator": offender, "reporter": stranger, "bounty": BOUNTY}
    assert_event(receipt, contract.FaultProved, **proved)
    assert oracle.retained(offender) == AFTER_ONE
    assert contract.isKnownFault(1, round_, offender, False)
    assert contract.bountyOf(stranger) == BOUNTY


def test_equivocation__of_one_price_at_two_times__slashes(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    begin = oracle.begin_of(round_)
    a, b = (oracle.report(offender, round_, 2_000, time) for time in (begin, begin + 1))
    prove(oracle, (1, round_, a, b))
    assert oracle.retained(offender) == AFTER_ONE


def test_equivocation__of_two_like_reports__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    report = oracle.report(offender, round_, 2_000)
    with reverts(oracle.contract.NoFault):
        prove(oracle, (1, round_, report, report))


def test_equivocation__of_two_operators__reverts(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    a, b = oracle.report(members[1], round_, 2_000), oracle.report(members[2], round_, 2_001)
    with reverts(oracle.contract.NoFault):
        prove(oracle, (1, round_, a, b))


@pytest.mark.parametrize("another", ["feed", "round"])
def test_equivocation__of_reports_for_two_feeds_or_rounds__is_nobodys(
    oracle: Oracle, offender: AccountAPI, round_: int, another: str
) -> None:
    """The second recovers to an address that is no key."""
    a = oracle.report(offender, round_, 2_000)
    b = (
        oracle.report(offender, round_, 2_001, feed=2)
        if another == "feed"
        else oracle.report(offender, round_ - 1, 2_001, oracle.begin_of(round_))
    )
    signer = oracle.recover(1, round_, b)
    assert signer != key_of(offender).address
    with reverts(oracle.contract.KeyNotInForce, signer=signer, time=oracle.begin_of(round_)):
        prove(oracle, (1, round_, a, b))


def test_equivocation__in_a_round_that_was_answered__slashes_and_leaves_the_answer(
    oracle: Oracle, members: list[AccountAPI], offender: AccountAPI, round_: int
) -> None:
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    prove(oracle, equivocation(oracle, offender, round_))
    assert oracle.contract.answerOf(1, round_).price == 2_000
    assert oracle.retained(offender) == AFTER_ONE


def test_equivocation__of_a_round_to_come__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """Until it begins. Before that, each report alone is the fault."""
    arguments = equivocation(oracle, offender, round_ + 1)
    begin = oracle.begin_of(round_ + 1)
    at(begin - 1)
    with reverts(oracle.contract.NoFault):
        prove(oracle, arguments)
    at(begin)
    receipt = prove(oracle, arguments)
    assert [each.offenceAt for each in receipt.decode_logs(oracle.protocol.slashing.SlashRequested)] == [begin]
    assert oracle.retained(offender) == AFTER_ONE


@pytest.mark.parametrize("feed", [0, 2])
def test_equivocation__of_an_unknown_feed__reverts(
    oracle: Oracle, offender: AccountAPI, round_: int, feed: int
) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=feed):
        prove(oracle, equivocation(oracle, offender, round_, feed=feed))
    with reverts(oracle.contract.UnknownFeed, feed=feed):
        prove_premature(oracle, premature(oracle, offender, round_ + 1, feed=feed))


# --- a report before its round ---


def test_premature__for_a_round_to_come__slashes(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI, round_: int
) -> None:
    arguments = premature(oracle, offender, round_ + 1)
    evidence = keccak(oracle.contract.provePremature.encode_input(*arguments))
    now = at(oracle.begin_of(round_) + 100)
    receipt = prove_premature(oracle, arguments, stranger)
    requests = list(receipt.decode_logs(oracle.protocol.slashing.SlashRequested))
    assert [(each.offenceAt, bytes(each.evidence)) for each in requests] == [(now, evidence)]
    proved = {"feed": 1, "round": round_ + 1, "operator": offender, "reporter": stranger, "bounty": BOUNTY}
    assert_event(receipt, oracle.contract.FaultProved, **proved)
    assert oracle.retained(offender) == AFTER_ONE


@pytest.mark.parametrize("late", [0, 1])
def test_premature__until_a_minute_before_the_round(
    oracle: Oracle, offender: AccountAPI, round_: int, late: int
) -> None:
    """Later it may have been signed in time: a block that comes late is as early as it was meant to be."""
    arguments = premature(oracle, offender, round_ + 1)
    at(oracle.begin_of(round_ + 1) - 61 + late)
    if late:
        with reverts(oracle.contract.NoFault):
            prove_premature(oracle, arguments)
    else:
        prove_premature(oracle, arguments)
        assert oracle.retained(offender) == AFTER_ONE


@pytest.mark.parametrize("time", [0, -1])
def test_premature__with_a_time_before_the_round__slashes_whenever_it_is_shown(
    oracle: Oracle, offender: AccountAPI, round_: int, time: int
) -> None:
    """For an offence at the latest when the round began: the time that it says is the operator's own."""
    begin = oracle.begin_of(round_)
    at(begin + ROUND + 5)
    receipt = prove_premature(oracle, premature(oracle, offender, round_, begin - 1 if time else 0))
    assert [each.offenceAt for each in receipt.decode_logs(oracle.protocol.slashing.SlashRequested)] == [begin]
    assert oracle.retained(offender) == AFTER_ONE


def test_premature__in_its_round__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    for time in (0, 59, 60, 10_000):  # a time to come is no fault: nobody has to take it
        with reverts(oracle.contract.NoFault):
            prove_premature(oracle, premature(oracle, offender, round_, oracle.begin_of(round_) + time))


@pytest.mark.parametrize("time", [0, 2**48 - 1])
def test_premature__for_the_last_round_there_is__slashes(oracle: Oracle, offender: AccountAPI, time: int) -> None:
    """It begins beyond the time that fits into a report."""
    last = 2**48 - 1
    assert oracle.begin_of(last) > 2**48
    prove_premature(oracle, premature(oracle, offender, last, time))
    assert oracle.retained(offender) == AFTER_ONE


def test_premature__for_the_round_before_the_first__reverts(oracle: Oracle, offender: AccountAPI) -> None:
    """It began before genesis, out of any window."""
    begin = oracle.genesis - ROUND
    now = at(ape.chain.pending_timestamp + 10)
    with reverts(oracle.contract.KeyNotInForce, signer=key_of(offender).address, time=begin):
        prove_premature(oracle, premature(oracle, offender, 0, begin - 1))
    assert now > begin + WINDOW


# --- keys ---


def test_fault__by_a_key_replaced_since__slashes(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """It answers for the rounds that began while it was in force."""
    oracle.set_key(offender, key("new"))
    prove(oracle, equivocation(oracle, offender, round_))
    assert oracle.retained(offender) == AFTER_ONE


def test_fault__by_a_key_replaced_before_the_round__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """What it signs counts for nothing, so that whoever finds an old key harms nobody."""
    oracle.set_key(offender, key("new"))
    oracle.to_round(round_ + 1, 60)
    begin = oracle.begin_of(round_ + 1)
    with reverts(oracle.contract.KeyNotInForce, signer=key_of(offender).address, time=begin):
        prove(oracle, equivocation(oracle, offender, round_ + 1))
    with reverts(oracle.contract.KeyNotInForce, signer=key_of(offender).address, time=begin):
        prove_premature(oracle, premature(oracle, offender, round_ + 1, begin - 1))


def test_fault__by_the_new_key__slashes(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    oracle.set_key(offender, key("new"))
    oracle.to_round(round_ + 1, 60)
    prove(oracle, equivocation(oracle, offender, round_ + 1, signer=key("new")))
    assert oracle.retained(offender) == AFTER_ONE


def test_fault__by_a_key_set_in_the_round__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    oracle.set_key(offender, key("new"))
    begin = oracle.begin_of(round_)
    with reverts(oracle.contract.KeyNotInForce, signer=key("new").address, time=begin):
        prove(oracle, equivocation(oracle, offender, round_, signer=key("new")))


def test_fault__by_both_keys_of_an_operator__is_none(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """Only one of them is in force when a round begins: the report of the other is worth nothing."""
    oracle.set_key(offender, key("new"))
    old = oracle.report(offender, round_, 2_000)
    new = oracle.report(offender, round_, 2_001, signer=key("new"))
    begin = oracle.begin_of(round_)
    with reverts(oracle.contract.KeyNotInForce, signer=key("new").address, time=begin):
        prove(oracle, (1, round_, old, new))


def test_fault__in_a_round_to_come__by_the_key_of_now(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """The key of just before is not in force when the round begins either."""
    old = premature(oracle, offender, round_ + 1)
    oracle.set_key(offender, key("new"))
    now = at(oracle.begin_of(round_) + 200)
    with reverts(oracle.contract.KeyNotInForce, signer=key_of(offender).address, time=now):
        prove_premature(oracle, old)
    report = oracle.report(offender, round_ + 1, 2_000, signer=key("new"))
    prove_premature(oracle, (1, round_ + 1, report))
    assert oracle.retained(offender) == AFTER_ONE


def test_fault__by_a_stranger__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    stranger = key("stranger")
    with reverts(oracle.contract.KeyNotInForce, signer=stranger.address, time=oracle.begin_of(round_)):
        prove(oracle, equivocation(oracle, offender, round_, signer=stranger))


def test_fault__of_who_has_no_stake__reverts(oracle: Oracle, stranger: AccountAPI) -> None:
    oracle.set_key(stranger, key("stranger"))
    round_ = oracle.next_round()
    with reverts(oracle.contract.NothingToSlash, operator=stranger):
        prove(oracle, equivocation(oracle, stranger, round_, signer=key("stranger")))


def test_fault__of_who_never_joined__slashes_without_a_bounty(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    """Its signature counts for nothing, and all the same it lied."""
    oracle.enlist(newcomer, bob, stake=ETHER)  # too little to join by opting in
    oracle.protocol.skip_epochs(3)
    oracle.take_snapshot()
    round_ = oracle.next_round()
    receipt = prove(oracle, equivocation(oracle, newcomer, round_), stranger)
    assert oracle.retained(newcomer) == AFTER_ONE
    proved = {"feed": 1, "round": round_, "operator": newcomer, "reporter": stranger, "bounty": 0}
    assert_event(receipt, oracle.contract.FaultProved, **proved)
    assert_events(receipt, oracle.contract.Struck)
    assert oracle.contract.bountyOf(stranger) == 0


# --- once per offence ---


def test_fault__known__reverts(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """Whichever reports prove it, in which order."""
    first = equivocation(oracle, offender, round_)
    prove(oracle, first)
    begin = oracle.begin_of(round_)
    known = {"feed": 1, "round": round_, "operator": offender}
    others = [
        first,
        (1, round_, first[3], first[2]),
        (1, round_, first[2], oracle.report(offender, round_, 3_000)),
        (1, round_, first[2], oracle.report(offender, round_, 2_000, begin + 1)),
    ]
    for other in others:
        with reverts(oracle.contract.FaultKnown, **known):
            prove(oracle, other)
    assert oracle.retained(offender) == AFTER_ONE


def test_fault__of_each_kind__is_another(oracle: Oracle, offender: AccountAPI, round_: int) -> None:
    """Otherwise who proves that it was premature could sign two for nothing."""
    ahead = round_ + 1
    prove_premature(oracle, premature(oracle, offender, ahead))
    known = {"feed": 1, "round": ahead, "operator": offender}
    with reverts(oracle.contract.FaultKnown, **known):
        prove_premature(oracle, premature(oracle, offender, ahead))
    with reverts(oracle.contract.NoFault):
        prove(oracle, equivocation(oracle, offender, ahead))
    flags = [oracle.contract.isKnownFault(1, ahead, offender, is_premature) for is_premature in (False, True)]
    assert flags == [False, True]
    oracle.to_round(ahead)
    prove(oracle, equivocation(oracle, offender, ahead))
    with reverts(oracle.contract.FaultKnown, **known):
        prove(oracle, equivocation(oracle, offender, ahead))
    assert oracle.contract.isKnownFault(1, ahead, offender, False)
    assert oracle.retained(offender) == AFTER_ONE - 75 * PERCENT // 10


def test_fault__of_another__is_another(oracle: Oracle, members: list[AccountAPI], round_: int) -> None:
    for each in members[1:3]:
        prove(oracle, equivocation(oracle, each, round_))
    assert [oracle.retained(each) for each in members] == [WAD, AFTER_ONE, AFTER_ONE, WAD, WAD]


def test_fault__in_another_round_or_feed__is_another(oracle: Oracle, offender: AccountAPI) -> None:
    """Half of what is left each time: 5 % are left of the guaranteed part after the first, and nothing after it."""
    second = oracle.add_feed("BTC / USD")
    round_ = oracle.next_round()
    prove(oracle, equivocation(oracle, offender, round_))
    slashed = list(prove(oracle, equivocation(oracle, offender, round_, feed=second)).decode_logs(_slashed(oracle)))
    assert [(each.guaranteed, each.elastic) for each in slashed] == [(5 * PERCENT, 5 * PERCENT // 2)]
    slashed = list(prove_premature(oracle, premature(oracle, offender, round_ + 1)).decode_logs(_slashed(oracle)))
    assert [(each.guaranteed, each.elastic) for each in slashed] == [(0, 375 * PERCENT // 100)]
    assert oracle.retained(offender) == 100 * PERCENT - 15 * PERCENT - 75 * PERCENT // 10 - 375 * PERCENT // 100


def _slashed(oracle: Oracle) -> Any:
    return oracle.protocol.slashing.Slashed


# --- the report window ---


@pytest.mark.parametrize("late", [0, 1])
def test_fault__can_be_proved_within_the_report_window(
    oracle: Oracle, offender: AccountAPI, round_: int, late: int
) -> None:
    begin = oracle.begin_of(round_)
    arguments = equivocation(oracle, offender, round_)
    reported = at(begin + WINDOW + late)
    if late:
        with reverts(oracle.protocol.slashing.OffenceOutOfWindow, offenceAt=begin, reportedAt=reported):
            prove(oracle, arguments)
    else:
        prove(oracle, arguments)
        assert oracle.retained(offender) == AFTER_ONE


# --- the strike ---


def test_strike__takes_the_weight_out_of_this_epoch(
    oracle: Oracle, members: list[AccountAPI], offender: AccountAPI, round_: int
) -> None:
    epoch = oracle.protocol.epoch
    taken = oracle.contract.snapshotOf(epoch).takenAt
    prove(oracle, equivocation(oracle, offender, round_))
    snapshot = tuple(oracle.contract.snapshotOf(epoch))
    assert snapshot == (TOTAL - WEIGHT, UNCAPPED, taken, 6 * GUARANTEED, 6 * ELASTIC)
    assert [oracle.weight(epoch, each) for each in members] == [2 * WEIGHT, 0, WEIGHT, WEIGHT, WEIGHT]
    assert tuple(oracle.contract.memberOf(epoch, offender)) == (0, 0)


def test_strike__lets_the_others_answer(
    oracle: Oracle, members: list[AccountAPI], offender: AccountAPI, round_: int
) -> None:
    """Of their own weight, and without the operator's: four of five parts are enough now."""
    prove(oracle, equivocation(oracle, offender, round_))
    prices = {members[0]: 2_000, members[2]: 2_000, members[3]: 2_000, offender: 1}
    receipt = oracle.submit(round_, 2_000, prices)
    answer = {"feed": 1, "round": round_, "price": 2_000, "weight": 4 * WEIGHT, "submitter": oracle.owner}
    assert_event(receipt, oracle.contract.Answered, **answer)
    assert oracle.contract.creditOf(offender).reports == 0


@pytest.mark.parametrize("in_epoch", ["the first", "the second"])
def test_strike__in_the_next_epoch__takes_the_weight_out_of_both(
    oracle: Oracle, offender: AccountAPI, in_epoch: str
) -> None:
    """Whichever the fault was in: the stake that is slashed vouched for both."""
    epoch = oracle.protocol.epoch
    oracle.protocol.to_epoch(epoch + 1, -ROUND + 1)
    round_ = oracle.round
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    if in_epoch == "the second":
        round_ = oracle.next_round()
    receipt = prove(oracle, equivocation(oracle, offender, round_))
    struck = [{"epoch": each, "operator": offender, "weight": WEIGHT} for each in (epoch, epoch + 1)]
    assert_events(receipt, oracle.contract.Struck, *struck)
    for each in (epoch, epoch + 1):
        assert oracle.weight(each, offender) == 0
        snapshot = oracle.contract.snapshotOf(each)
        expected = (TOTAL - WEIGHT, 6 * GUARANTEED, 6 * ELASTIC)
        assert (snapshot.weight, snapshot.guaranteed, snapshot.elastic) == expected
    assert [each.bounty for each in receipt.decode_logs(oracle.contract.FaultProved)] == [BOUNTY]


@pytest.mark.parametrize("read", [0, 3, 4])
def test_strike__in_the_middle_of_a_snapshot__keeps_the_sums_right(
    oracle: Oracle, members: list[AccountAPI], offender: AccountAPI, read: int
) -> None:
    """An operator that is read after it was slashed counts with what is safe then; one read before does not."""
    epoch = oracle.protocol.epoch + 1
    oracle.protocol.to_epoch(epoch, -ROUND + 1)
    round_ = oracle.round
    oracle.protocol.to_epoch(epoch)
    oracle.take_snapshot(read)  # from the last to the first, and the offender is the second
    prove(oracle, equivocation(oracle, offender, round_))
    oracle.take_snapshot()
    # 5 % of the guaranteed part are left, and all of the elastic one; the next epoch has 10 % of 50 % + 5 %, at worst.
    safe = (0, 0) if read == 4 else (5 * ETHER, 55 * ETHER // 10)
    assert tuple(oracle.contract.memberOf(epoch, offender)) == safe
    snapshot = oracle.contract.snapshotOf(epoch)
    expected = (5 * GUARANTEED + safe[0], 5 * ELASTIC + safe[1])
    assert (snapshot.guaranteed, snapshot.elastic) == expected
    assert snapshot.weight == sum(expected) == sum(oracle.weight(epoch, each) for each in members)


def test_strike__is_over_with_the_epoch(oracle: Oracle, members: list[AccountAPI], offender: AccountAPI) -> None:
    """What is safe of the rest weighs in the next."""
    round_ = oracle.next_round()
    prove(oracle, equivocation(oracle, offender, round_))
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    assert [oracle.weight(epoch, each) for each in members] == [
        2 * WEIGHT,
        WEIGHT * 85 // 100,
        WEIGHT,
        WEIGHT,
        WEIGHT,
    ]


# --- the bounty ---


def test_take_bounty__sends_it(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI, bob: AccountAPI
) -> None:
    round_ = oracle.next_round()
    funds = oracle.contract.funds()
    for each in members[1:3]:
        prove(oracle, equivocation(oracle, each, round_), stranger)
    assert oracle.contract.bountyOf(stranger) == 2 * BOUNTY
    assert oracle.contract.funds() == funds - 2 * BOUNTY
    had, before = oracle.token.balanceOf(oracle.contract), oracle.token.balanceOf(bob)
    receipt = oracle.contract.takeBounty(bob, sender=stranger)
    assert_event(receipt, oracle.contract.BountyTaken, reporter=stranger, receiver=bob, amount=2 * BOUNTY)
    assert oracle.token.balanceOf(bob) == before + 2 * BOUNTY
    assert oracle.token.balanceOf(oracle.contract) == had - 2 * BOUNTY
    assert oracle.contract.funds() == funds - 2 * BOUNTY
    assert oracle.contract.bountyOf(stranger) == 0
    with reverts(oracle.contract.NoBounty, reporter=stranger):
        oracle.contract.takeBounty(bob, sender=stranger)


def test_take_bounty__to_nobody__reverts(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI, round_: int
) -> None:
    prove(oracle, equivocation(oracle, offender, round_), stranger)
    with reverts(oracle.contract.ZeroReceiver):
        oracle.contract.takeBounty(ZERO_ADDRESS, sender=stranger)


def test_take_bounty__without_one__reverts(oracle: Oracle, stranger: AccountAPI) -> None:
    with reverts(oracle.contract.NoBounty, reporter=stranger):
        oracle.contract.takeBounty(stranger, sender=stranger)


def test_bounty__for_more_faults_of_an_epoch__is_paid_once(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI
) -> None:
    """So an operator cannot earn by proving fault after fault of its own."""
    for _ in range(3):
        prove(oracle, equivocation(oracle, offender, oracle.next_round()), stranger)
    prove_premature(oracle, premature(oracle, offender, oracle.round + 1), stranger)
    prove_premature(oracle, premature(oracle, offender, oracle.round + 2), stranger)
    assert oracle.contract.bountyOf(stranger) == BOUNTY


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the older first", "the newer first"])
def test_bounty__for_faults_of_two_epochs_proved_in_one__is_paid_once(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI, order: tuple[int, int]
) -> None:
    epoch = oracle.protocol.epoch + 1
    oracle.protocol.to_epoch(epoch, -ROUND + 1)
    old = equivocation(oracle, offender, oracle.round)
    oracle.protocol.to_epoch(epoch)
    oracle.take_snapshot()
    new = equivocation(oracle, offender, oracle.next_round())
    for index in order:
        prove(oracle, (old, new)[index], stranger)
    assert oracle.contract.bountyOf(stranger) == BOUNTY


def test_bounty__for_faults_proved_in_an_epoch_each__is_paid_for_each(
    oracle: Oracle, offender: AccountAPI, stranger: AccountAPI
) -> None:
    """What is left of the stake weighs, and can be slashed, again."""
    prove(oracle, equivocation(oracle, offender, oracle.next_round()), stranger)
    oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    prove(oracle, equivocation(oracle, offender, oracle.next_round()), stranger)
    assert oracle.contract.bountyOf(stranger) == 2 * BOUNTY


def test_bounty__without_funds__is_owed(oracle: Oracle, offender: AccountAPI, stranger: AccountAPI) -> None:
    """The slash does not wait for it. What comes in later goes to it first."""
    contract, token = oracle.contract, oracle.token
    account = ape.accounts[contract.address]
    account.balance = ETHER
    token.transfer(oracle.owner, token.balanceOf(contract), sender=account)
    prove(oracle, equivocation(oracle, offender, oracle.next_round()), stranger)
    assert oracle.retained(offender) == AFTER_ONE
    assert contract.bountyOf(stranger) == BOUNTY
    assert contract.funds() == 0
    with reverts(token.ERC20InsufficientBalance, sender=contract, balance=0, needed=BOUNTY):
        contract.takeBounty(stranger, sender=stranger)
    oracle.fund(BOUNTY + 5)
    assert contract.funds() == 5
    contract.takeBounty(stranger, sender=stranger)
    assert contract.funds() == 5


# --- how much, and what others lose ---


@pytest.fixture
def deploy_lone(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
    bob: AccountAPI,
) -> Callable[..., Oracle]:
    """An oracle with one operator, 20 % and 10 % of whose 100 ETH are the oracle's, or only 20 % with a recipient."""

    def deploy_lone(**terms: Any) -> Oracle:
        oracle = deploy_oracle(protocol, vault, asset, avs_owner, [operator], **terms)
        oracle.add_feed()
        oracle.enlist(operator, bob, elastic=0 if "recipient" in terms else 1_000)
        return oracle

    return deploy_lone


@pytest.mark.parametrize(
    ("penalty", "guaranteed", "elastic"),
    [
        (WAD, 20 * PERCENT, 10 * PERCENT),
        (WAD // 2, 15 * PERCENT, 0),
        (WAD * 9 // 10, 20 * PERCENT, 7 * PERCENT),
        (4, 1, 0),  # of 30 %, rounded down
        (7, 2, 0),
    ],
)
def test_penalty__is_a_part_of_what_can_be_slashed(
    deploy_lone: Callable[..., Oracle], operator: AccountAPI, penalty: int, guaranteed: int, elastic: int
) -> None:
    """Out of the guaranteed part first."""
    oracle = deploy_lone(penalty=penalty)
    oracle.begin()
    slashed = list(prove(oracle, equivocation(oracle, operator, oracle.next_round())).decode_logs(_slashed(oracle)))
    shares = (guaranteed + elastic) * 100
    assert [(each.guaranteed, each.elastic, each.shares) for each in slashed] == [(guaranteed, elastic, shares)]
    assert oracle.retained(operator) == WAD - guaranteed - elastic


def test_penalty__too_small_to_take_anything__reverts(deploy_lone: Callable[..., Oracle], operator: AccountAPI) -> None:
    oracle = deploy_lone(penalty=3)
    oracle.begin()
    with reverts(oracle.contract.NothingToSlash, operator=operator):
        prove(oracle, equivocation(oracle, operator, oracle.next_round()))


def test_penalty__of_everything__leaves_nothing_for_a_second_fault(
    deploy_lone: Callable[..., Oracle], operator: AccountAPI
) -> None:
    oracle = deploy_lone(penalty=WAD)
    oracle.begin()
    prove(oracle, equivocation(oracle, operator, oracle.next_round()))
    second = equivocation(oracle, operator, oracle.next_round())
    with reverts(oracle.contract.NothingToSlash, operator=operator):
        prove(oracle, second)
    oracle.protocol.skip_epochs()  # its budget is new: 30 % of 70 %
    prove(oracle, equivocation(oracle, operator, oracle.next_round()))
    assert oracle.retained(operator) == 49 * PERCENT


def test_penalty__goes_to_the_recipient(
    deploy_lone: Callable[..., Oracle], vault: ContractInstance, operator: AccountAPI, recipient: AccountAPI
) -> None:
    oracle = deploy_lone(recipient=recipient.address)
    oracle.begin()
    prove(oracle, equivocation(oracle, operator, oracle.next_round()))
    assert vault.balanceOf(recipient) == 10 * ETHER


def test_penalty__of_a_pool_that_everyone_left__reverts(
    deploy_lone: Callable[..., Oracle],
    protocol: Protocol,
    vault: ContractInstance,
    operator: AccountAPI,
    bob: AccountAPI,
) -> None:
    """Nothing to take, so nothing to know: the bounty stays."""
    oracle = deploy_lone()
    oracle.begin()
    protocol.delegation.undelegate(operator, vault, 100 * ETHER, sender=bob)
    protocol.skip_epochs(2)
    round_ = oracle.next_round()
    with reverts(oracle.contract.NothingToSlash, operator=operator):
        prove(oracle, equivocation(oracle, operator, round_))
    assert not oracle.contract.isKnownFault(1, round_, operator, False)


def test_fault__costs_other_avss_no_more_than_what_is_shared(
    deploy_lone: Callable[..., Oracle],
    protocol: Protocol,
    vault: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
) -> None:
    """F is 50 %, of which 20 % and 10 % are guaranteed: 20 % are shared, and the oracle takes its 10 % of them."""
    oracle = deploy_lone(penalty=WAD)
    others = Scene(protocol, vault, operator, avs_owner, slasher, resolver)
    own, shared = others.avs(1_000), others.avs(0, 2_000)
    oracle.begin()
    assert (others.slashable(own), others.slashable(shared)) == ((10 * PERCENT, 0), (0, 20 * PERCENT))
    prove(oracle, equivocation(oracle, operator, oracle.next_round()))
    assert oracle.retained(operator) == 70 * PERCENT
    assert (others.slashable(own), others.slashable(shared)) == ((10 * PERCENT, 0), (0, 10 * PERCENT))
    for avs in (own, shared):
        others.request(avs, WAD)
    assert oracle.retained(operator) == 50 * PERCENT
