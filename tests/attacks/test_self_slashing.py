"""
Self-slashing: an operator that owns an AVS slashes itself first, to a recipient of its own, to be out early or to leave
nothing for the AVS it cheated.
"""

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ETHER, WAD
from tests.helpers.scene import Scene

PERCENT = WAD // 100


def own_avs(scene: Scene) -> int:
    """An AVS of the operator, with the operator as slasher and recipient."""
    return scene.protocol.register_avs(scene.operator, scene.operator, vaults=[scene.vault], recipient=scene.operator)


def test_attack__operator_slashes_itself_first__leaves_the_cheated_avs_its_guaranteed_part(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    """Neither early out nor ahead of others: 30 % and 20 % are the whole budget, as anyone could read."""
    cheated, own = scene.avs(2_000, 1_000), own_avs(scene)
    scene.opt_in(own, 3_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    assert scene.slashable(cheated) == (20 * PERCENT, 0)
    scene.request(own, WAD, sender=scene.operator)
    assert scene.slashable(cheated) == (20 * PERCENT, 0)
    scene.request(cheated, WAD)
    # Alice agreed to a budget of 50 %, and lost that.
    assert ledger.gains() == {"alice": -50 * ETHER, "operator": 30 * ETHER, "burnt": 20 * ETHER}


def test_attack__operator_slashes_itself_to_be_out_early__loses_as_much_to_the_cheated_avs(
    scene: Scene, asset: ContractInstance, ledger: Ledger, alice: AccountAPI
) -> None:
    """The stake is the operator's own. What it takes out early never backed the cheated AVS."""
    cheated, own = scene.avs(2_000), own_avs(scene)
    scene.opt_in(own, 3_000)
    asset.transfer(scene.operator, 100 * ETHER, sender=alice)
    asset.approve(scene.vault, 100 * ETHER, sender=scene.operator)
    scene.stake(scene.operator)
    scene.protocol.to_epoch(4, 60)
    told = scene.safe(cheated)
    scene.request(own, WAD, sender=scene.operator)
    scene.vault.redeem(30 * ETHER, scene.operator, scene.operator, sender=scene.operator)
    opened = scene.undelegate(scene.operator, 100 * ETHER)
    scene.request(cheated, WAD)
    scene.protocol.to_epoch(6)
    scene.complete(scene.operator, opened)
    assert told == (14 * PERCENT, 0)  # in the next epoch it would have been as little
    assert asset.balanceOf(scene.operator) == 80 * ETHER
    assert ledger.gains() == {"alice": -100 * ETHER, "operator": 80 * ETHER, "burnt": 20 * ETHER}


def test_attack__operator_slashes_itself_in_each_epoch__leaves_the_cheated_avs_what_it_was_told_is_safe(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    """The offence is late in an epoch and reported in the next, when the operator has taken its part of both."""
    cheated, own = scene.avs(2_000), own_avs(scene)
    scene.opt_in(own, 3_000)
    scene.stake(alice)
    scene.protocol.to_epoch(5, -3_600)
    told = scene.safe(cheated)
    scene.request(own, WAD, sender=scene.operator)
    scene.protocol.to_epoch(5, 60)
    scene.request(own, WAD, sender=scene.operator)
    scene.request(cheated, WAD, offence_at=scene.protocol.registry.startOf(5) - 3_600)
    assert told == (14 * PERCENT, 0)
    assert ledger.gains() == {"alice": -65 * ETHER, "operator": 51 * ETHER, "burnt": 14 * ETHER}


def test_attack__operator_slashes_itself_out_of_shared_stake__gains_nothing(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    """Shared stake can only be burnt: it hurts the cheated AVS at most in what was never safe, and gains nothing."""
    cheated, own = scene.avs(2_000, 3_000), own_avs(scene)
    with reverts(scene.protocol.registry.ElasticWithRecipient, avs=own, elastic=1_000):
        scene.opt_in(own, 0, 1_000)
    burning = scene.protocol.register_avs(scene.operator, scene.operator, vaults=[scene.vault])
    scene.opt_in(burning, 0, 3_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    assert scene.safe(cheated) == (14 * PERCENT, 0)
    scene.request(burning, WAD, sender=scene.operator)
    assert scene.slashable(cheated) == (20 * PERCENT, 0)
    assert ledger.gains() == {"alice": -30 * ETHER, "burnt": 30 * ETHER}
