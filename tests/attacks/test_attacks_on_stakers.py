"""
Attacks on stakers: an operator that allocates to a hostile AVS and lets it slash; a mandate, commission, slasher,
resolver or recipient changed under their feet. (The commission is in `test_rewards.py`.)
"""

from ape.api import AccountAPI

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import BPS, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at

PERCENT = WAD // 100


def test_attack__operator_allocates_to_a_hostile_avs__stakers_leave_ahead_of_it(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4, 60)
    hostile = scene.avs(5_000, slasher=stranger, recipient=stranger)
    scene.protocol.to_epoch(6, -60)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(7, 60)
    scene.request(hostile, WAD, sender=stranger)
    scene.complete(alice, opened)
    assert ledger.gains() == {"bob": -50 * ETHER, "stranger": 50 * ETHER}  # bob stayed


def test_attack__mandate_changed_under_their_feet__takes_two_of_the_old_budgets_from_those_who_leave(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    """
    The operator is in league with an AVS, takes the whole of each budget, and announces 100 % in epoch 4. Alice leaves
    at the last moment ahead of it, and bob does not.
    """
    hostile = scene.avs(5_000, slasher=stranger, recipient=stranger)
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4, 60)
    scene.set_budget(BPS)
    scene.allocate(hostile, BPS)
    at(scene.protocol.registry.startOf(6) - 1)
    opened = scene.undelegate(alice, 100 * ETHER)
    at(scene.protocol.registry.startOf(7) - 2)
    scene.request(hostile, WAD, sender=stranger)
    scene.protocol.to_epoch(7, 60)
    scene.complete(alice, opened)
    assert ledger.gains() == {"alice": -50 * ETHER, "bob": -50 * ETHER, "stranger": 100 * ETHER}
    scene.request(hostile, WAD, sender=stranger)
    assert ledger.gains() == {"alice": -50 * ETHER, "bob": -100 * ETHER, "stranger": 150 * ETHER}


def test_attack__mandate_changed_under_their_feet__leaves_a_leaver_what_was_promised_at_worst(
    scene: Scene, ledger: Ledger, alice: AccountAPI, stranger: AccountAPI
) -> None:
    """The same, with alice leaving in the first second of an epoch: three quarters of it can be taken, and is."""
    hostile = scene.avs(5_000, slasher=stranger, recipient=stranger)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.set_budget(BPS)
    scene.allocate(hostile, BPS)
    at(scene.protocol.registry.startOf(5))
    told = scene.protocol.slashing.worstCase(scene.operator, scene.vault, 100 * ETHER)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.request(hostile, WAD, sender=stranger)
    scene.protocol.to_epoch(6, 60)
    scene.request(hostile, WAD, sender=stranger)
    scene.protocol.to_epoch(7)
    scene.complete(alice, opened)
    assert tuple(told) == (100 * ETHER, 50 * ETHER, 25 * ETHER)
    assert ledger.gains() == {"alice": -75 * ETHER, "stranger": 75 * ETHER}


def test_attack__slasher_resolver_or_recipient_changed__needs_another_avs_that_the_pool_has_to_opt_in_to(
    scene: Scene,
    ledger: Ledger,
    alice: AccountAPI,
    resolver: AccountAPI,
    recipient: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """
    The owner of an AVS turns hostile, in league with the operator. Its terms stand: a stranger can neither report nor
    keep the resolver from its veto, and the recipient is who it was. What it can do is to register another AVS.
    """
    registry, slashing, owner = scene.protocol.registry, scene.protocol.slashing, scene.avs_owner
    avs = scene.avs(2_000, veto=DAY, recipient=recipient)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    terms = registry.terms(avs)
    with reverts(registry.AdmissionNotRequired, avs=avs):
        registry.setAdmitted(avs, scene.operator, True, sender=owner)
    for counts in (False, True):
        registry.setVault(avs, scene.vault, counts, sender=owner)
    assert registry.terms(avs) == terms
    with reverts(slashing.NotSlasher, avs=avs, caller=stranger):
        scene.request(avs, WAD, sender=stranger)

    vetoed, executed = scene.request(avs, WAD), scene.request(avs, 5 * PERCENT)
    with reverts(slashing.NotResolver, avs=avs, caller=owner):
        slashing.veto(vetoed, sender=owner)
    scene.veto(vetoed)
    at(executed[5] + DAY)
    scene.execute(executed)
    assert ledger.gains() == {"alice": -5 * ETHER, "recipient": 5 * ETHER}

    registry.registerAVS((stranger, 0, False, stranger, owner, ZERO_ADDRESS, ZERO_ADDRESS), "", sender=owner)
    hostile = int(registry.avsCount())
    registry.setVault(hostile, scene.vault, True, sender=owner)
    scene.opt_in(hostile, 3_000)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(6, 60)
    with reverts(slashing.AllocationNotInForce, avs=hostile, operator=scene.operator, vault=scene.vault, epoch=6):
        scene.request(hostile, WAD, sender=stranger)
    scene.complete(alice, opened)
    assert ledger.gains() == {"alice": -5 * ETHER, "recipient": 5 * ETHER}
    assert resolver.address == terms.resolver
