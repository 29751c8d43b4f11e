"""
What is reported as slashed is not what was taken. A later slash that voids an earlier one. A slash that a late request,
a short window or a full batch makes impossible. One empty pool that fails a whole batch.
"""

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.ledger import Ledger
from tests.helpers.protocol import BURN, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, look_at

PERCENT = WAD // 100


def test_attack__what_is_reported__is_what_was_taken_of_whom_and_given_to_whom(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI, recipient: AccountAPI
) -> None:
    """More is asked than the budget has, of odd amounts: the event names what moved, not what was asked."""
    avs, burning = scene.avs(1_111, recipient=recipient), scene.avs(0, 2_222)
    scene.stake(alice, 10**18 + 7)
    scene.stake(bob, 3 * 10**18 + 11)
    scene.protocol.to_epoch(4, 60)
    scene.undelegate(bob, 10**18)
    reported = []
    for i, each in enumerate((avs, burning, avs, burning)):
        receipt, _ = scene.file(each, WAD // 3 + i)
        for log in scene.protocol.slashing.Slashed.from_receipt(receipt):
            reported.append((log.recipient, log.shares, log.guaranteed + log.elastic))
    assert [(to, taken) for to, _, taken in reported] == [
        (recipient.address, WAD * 1_111 // 10_000),
        (BURN, WAD * 2_222 // 10_000),
    ]
    gains = ledger.gains()
    assert (gains["recipient"], gains["burnt"]) == (reported[0][1], reported[1][1])
    assert scene.retained == WAD - sum(taken for _, _, taken in reported)
    lost = -gains["alice"] - gains["bob"]
    moved = gains["recipient"] + gains["burnt"]
    assert set(gains) == {"alice", "bob", "recipient", "burnt"}
    assert moved <= lost <= moved + 5  # a wei for each of three holdings and two slashes


def test_attack__later_slash__does_not_void_an_earlier_one(scene: Scene, ledger: Ledger, alice: AccountAPI) -> None:
    avs = scene.avs(2_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    first = scene.request(avs, 5 * PERCENT)
    at(first[5] + 3_600)
    second = scene.request(avs, 6 * PERCENT)
    at(second[5] + DAY)
    scene.execute(second)
    at(first[5] + 2 * DAY)
    scene.execute(first)
    assert scene.slashable(avs) == (9 * PERCENT, 0)
    assert ledger.gains() == {"alice": -11 * ETHER, "burnt": 11 * ETHER}


def test_attack__late_request_and_short_window__leave_time_to_the_last_second(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    avs = scene.avs(2_000, veto=2 * DAY)
    scene.stake(alice)
    offence = scene.protocol.registry.startOf(5) - 1
    at(offence)
    opened = scene.undelegate(alice, 100 * ETHER)
    at(offence + 4 * DAY)
    reported = scene.request(avs, WAD, offence_at=offence)
    at(offence + 7 * DAY)
    scene.execute(reported)
    assert scene.protocol.registry.epochAt(ape.chain.blocks.head.timestamp) == 5
    assert scene.ticket(alice, opened) == (100 * ETHER, 80 * ETHER)
    assert ledger.gains() == {"alice": -20 * ETHER, "burnt": 20 * ETHER}


def test_attack__full_batch__is_executed_in_one_call_or_one_by_one(
    scene: Scene, ledger: Ledger, alice: AccountAPI, stranger: AccountAPI
) -> None:
    """Thirty reports, of which a stranger executes one ahead. Requests are independent: no batch has to be whole."""
    slashing = scene.protocol.slashing
    avs = scene.avs(4_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    reports = [scene.request(avs, PERCENT + i) for i in range(30)]
    look_at(reports[-1][5] + DAY)
    scene.execute(reports[7], sender=stranger)
    left = [report for report in reports if report != reports[7]]
    slashing.multicall([slashing.execute.encode_input(report) for report in left], sender=stranger)
    taken = sum(PERCENT + i for i in range(30))
    assert scene.retained == WAD - taken
    assert [scene.open_amount(report) for report in reports] == [0] * 30
    lost = 100 * taken
    assert ledger.gains() == {"alice": -lost, "burnt": lost}


def test_attack__empty_pool__does_not_fail_the_batch_that_it_is_in(
    scene: Scene,
    ledger: Ledger,
    registry: ContractInstance,
    second_operator: AccountAPI,
    alice: AccountAPI,
    recipient: AccountAPI,
) -> None:
    """All stakers of a second pool have left in time, with nothing but their own stake."""
    slashing = scene.protocol.slashing
    avs = scene.avs(2_000, veto=DAY, recipient=recipient)
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 5_000, 1_000, 0, sender=second_operator)
    registry.optIn(avs, scene.vault, 2_000, 0, b"", sender=second_operator)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    empty = scene.protocol.request(avs, second_operator, scene.vault, 10 * PERCENT, sender=scene.slasher)[1]
    full = scene.request(avs, 10 * PERCENT)
    look_at(full[5] + DAY)
    slashing.multicall([slashing.execute.encode_input(each) for each in (empty, full)], sender=alice)
    assert (scene.open_amount(empty), scene.open_amount(full)) == (10 * PERCENT, 0)
    assert ledger.gains() == {"alice": -10 * ETHER, "recipient": 10 * ETHER}
