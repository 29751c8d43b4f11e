"""Escapes: undelegate, deallocate, opt out, be ejected, close and reopen a pool, move to another pool, or transfer."""

from collections.abc import Callable
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANYTHING, BPS, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at

STAKE = 60 * ETHER  # of the operator, in its own pool, beside 40 of alice's


def undelegate(scene: Scene, _avs: int) -> None:
    scene.undelegate(scene.operator, STAKE)


def deallocate(scene: Scene, avs: int) -> None:
    scene.allocate(avs, 1)


def opt_out(scene: Scene, avs: int) -> None:
    scene.opt_out(avs)


def be_ejected(scene: Scene, avs: int) -> None:
    """By an owner of the AVS that is in league with the operator."""
    scene.protocol.registry.eject(avs, scene.operator, scene.vault, sender=scene.avs_owner)


def close_and_reopen_the_pool(scene: Scene, avs: int) -> None:
    registry = scene.protocol.registry
    scene.undelegate(scene.operator, STAKE)
    scene.opt_out(avs)
    scene.set_budget(2_000)
    with reverts(registry.PoolAlreadyOpen, operator=scene.operator, vault=scene.vault):
        registry.openPool(scene.vault, 0, 0, 0, sender=scene.operator)


def move_to_another_pool(scene: Scene, _avs: int) -> None:
    delegation, vault = scene.protocol.delegation, scene.vault
    epoch = scene.undelegate(scene.operator, STAKE)
    with reverts(delegation.TicketNotMatured, epoch=epoch, maturesAt=scene.protocol.registry.startOf(epoch + 2)):
        delegation.redelegate(
            scene.operator, vault, epoch, scene.operator, scene.operator, ANYTHING, sender=scene.operator
        )


def transfer(scene: Scene, _avs: int) -> None:
    """Delegated vault shares are the manager's, and so not the staker's to send away."""
    vault, delegation, operator = scene.vault, scene.protocol.delegation, scene.operator
    with reverts(vault.ERC20InsufficientBalance, sender=operator, balance=0, needed=STAKE):
        vault.transfer(scene.resolver, STAKE, sender=operator)
    with reverts(vault.ERC20InsufficientAllowance, spender=operator, allowance=0, needed=STAKE):
        vault.transferFrom(delegation, scene.resolver, STAKE, sender=operator)


@pytest.fixture
def self_staked(scene: Scene, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI) -> Scene:
    asset.mint(scene.operator, STAKE, sender=owner)
    asset.approve(scene.vault, STAKE, sender=scene.operator)
    scene.stake(scene.operator, STAKE)
    scene.stake(alice, 40 * ETHER)
    return scene


@pytest.fixture
def ledger(self_staked: Scene, asset: ContractInstance, parties: dict[str, Any], second_operator: AccountAPI) -> Ledger:
    return Ledger(self_staked, asset, parties, operators=(self_staked.operator, second_operator))


@pytest.mark.parametrize(
    "escape",
    [undelegate, deallocate, opt_out, be_ejected, close_and_reopen_the_pool, move_to_another_pool, transfer],
)
def test_attack__escape__costs_the_offender_what_it_would_have_cost_anyway(
    self_staked: Scene,
    ledger: Ledger,
    recipient: AccountAPI,
    escape: Callable[[Scene, int], None],
) -> None:
    """
    In the second of the offence, late in an epoch; reported and executed in the last second that the windows allow.
    """
    scene = self_staked
    avs = scene.avs(2_000, veto=2 * DAY, recipient=recipient)
    offence = at(scene.protocol.registry.startOf(5) - 100)
    escape(scene, avs)
    at(offence + 4 * DAY)
    reported = scene.request(avs, WAD, offence_at=offence)
    at(offence + 7 * DAY)
    scene.execute(reported)
    assert scene.protocol.epoch == 5
    assert ledger.gains() == {"operator": -12 * ETHER, "alice": -8 * ETHER, "recipient": 20 * ETHER}


def test_attack__escape__to_another_pool_after_maturity__takes_along_what_is_left(
    self_staked: Scene,
    ledger: Ledger,
    second_operator: AccountAPI,
    recipient: AccountAPI,
) -> None:
    """The ticket bears the slash before it can buy into the other pool."""
    scene, registry = self_staked, self_staked.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, BPS, 0, 0, sender=second_operator)
    avs = scene.avs(2_000, recipient=recipient)
    offence = at(registry.startOf(5) - 100)
    opened = scene.undelegate(scene.operator, STAKE)
    scene.protocol.to_epoch(6, -3 * DAY - 100)
    scene.request(avs, WAD, offence_at=offence)
    scene.protocol.to_epoch(6)
    scene.protocol.delegation.redelegate(
        scene.operator, scene.vault, opened, second_operator, scene.operator, ANYTHING, sender=scene.operator
    )
    position = scene.protocol.delegation.position(second_operator, scene.vault, scene.operator)
    assert tuple(position) == (48 * ETHER, 48 * ETHER)
    assert ledger.gains() == {"operator": -12 * ETHER, "alice": -8 * ETHER, "recipient": 20 * ETHER}
