"""
A pool slashed to nothing, then used again. A request vetoed, lapsed, or executed twice. Two requests in one epoch, one
executed in the next.
"""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import BPS, DAY, ETHER, WAD
from tests.helpers.scene import Scene, look_at, request_id

PERCENT = WAD // 100


def test_attack__pool_slashed_to_nothing__then_used_again__can_only_be_left(
    scene: Scene, ledger: Ledger, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    scene.set_budget(BPS)
    avs = scene.avs(BPS)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    opened = scene.undelegate(alice, 60 * ETHER)
    scene.request(avs, WAD)
    assert scene.retained == 0
    with reverts(scene.protocol.delegation.PoolSpent, operator=scene.operator, vault=scene.vault, retained=0):
        scene.stake(bob)
    scene.protocol.to_epoch(6, 60)
    again = scene.request(avs, WAD)
    assert scene.open_amount(again) == WAD
    assert scene.undelegate(alice, 40 * ETHER) == 6
    scene.complete(alice, opened)
    scene.protocol.to_epoch(8)
    scene.complete(alice, 6)
    assert asset.balanceOf(alice) == 900 * ETHER
    assert scene.pool_shares == (0, 0)
    with reverts(scene.protocol.delegation.PoolSpent, operator=scene.operator, vault=scene.vault, retained=0):
        scene.stake(bob)
    assert ledger.gains() == {"alice": -100 * ETHER, "burnt": 100 * ETHER}


def test_attack__pool_under_a_thousandth__is_closed_and_one_at_it_is_open(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    scene.set_budget(9_990)
    avs = scene.avs(9_990)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD * 999 // 1_000)
    scene.stake(bob, ETHER)
    assert scene.position(bob) == (1_000 * ETHER, ETHER)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, 1)
    with reverts(
        scene.protocol.delegation.PoolSpent,
        operator=scene.operator,
        vault=scene.vault,
        retained=WAD // 1_000 - 1,
    ):
        scene.stake(bob, ETHER)
    # The second slash takes a wei of `retained`: 1,000 pool shares lose 1,000 wei.
    assert ledger.gains() == {"alice": -999 * ETHER // 10 - 100, "bob": -1_000, "burnt": 999 * ETHER // 10 + 1_100}


@pytest.mark.parametrize("end", ["veto", "take_back", "lapse", "execute"])
def test_attack__request_vetoed_taken_back_lapsed_or_executed__is_executed_no_more(
    scene: Scene, ledger: Ledger, alice: AccountAPI, end: str
) -> None:
    avs = scene.avs(2_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    used = scene.request(avs, 10 * PERCENT)
    if end == "lapse":
        look_at(used[5] + 2 * DAY + 1)
    elif end == "execute":
        look_at(used[5] + DAY)
        scene.execute(used)
    else:
        getattr(scene, end)(used)
        look_at(used[5] + DAY)
    for again in (scene.execute, scene.take_back, scene.veto):
        with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(used)):
            again(used)
    assert ledger.gains() == ({"alice": -10 * ETHER, "burnt": 10 * ETHER} if end == "execute" else {})


def test_attack__two_requests_in_one_epoch__one_executed_in_the_next__draw_the_budget_of_each(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Each asks for the whole budget. Alice has left before the second one is executed, and bears both."""
    avs = scene.avs(5_000, veto=DAY)
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(5, -2 * DAY)
    first, second = scene.request(avs, 50 * PERCENT), scene.request(avs, 50 * PERCENT - 1)
    opened = scene.undelegate(alice, 100 * ETHER)
    look_at(first[5] + DAY + 3_600)
    scene.execute(first)
    assert scene.slashable(avs) == (0, 0)
    scene.protocol.to_epoch(5)
    scene.execute(second)
    assert scene.open_amount(second) == 25 * PERCENT - 1  # half of a half, and no more
    scene.protocol.to_epoch(6, 60)
    scene.complete(alice, opened)
    assert ledger.gains() == {"alice": -75 * ETHER, "bob": -75 * ETHER, "burnt": 150 * ETHER}
