"""
Reentrancy across contracts, through token callbacks, AVS hooks and recipients; a hook that reverts, burns gas or
returns a bomb in order to block an exit or an opt-out.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager
from eth_utils.crypto import keccak

from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANYTHING, ASSETS, DAY, ETHER, NATIVE, WAD
from tests.helpers.scene import Scene
from tests.helpers.vaults import open_vault

PERCENT = WAD // 100
REENTERED = keccak(text="Reentered()")[:4]


def redeem(scene: Scene, alice: AccountAPI, _opened: int) -> bytes:
    """Shares of hers, at the price in the middle of a transfer."""
    return bytes(scene.vault.redeem.encode_input(10 * ETHER, alice, alice))


def deposit(scene: Scene, alice: AccountAPI, _opened: int) -> bytes:
    return bytes(scene.vault.deposit.encode_input(ETHER, alice))


def complete_again(scene: Scene, alice: AccountAPI, opened: int) -> bytes:
    """The very ticket that is being paid out, by the token as a completer."""
    return bytes(
        scene.protocol.delegation.complete.encode_input(scene.operator, scene.vault, alice, opened, alice, ASSETS)
    )


def undelegate(scene: Scene, _alice: AccountAPI, _opened: int) -> bytes:
    return bytes(scene.protocol.delegation.undelegate.encode_input(scene.operator, scene.vault, 1))


def claim(scene: Scene, alice: AccountAPI, _opened: int) -> bytes:
    rewards, token = scene.protocol.rewards, scene.vault.asset()
    return bytes(rewards.claim.encode_input(alice, [(scene.operator, scene.vault, token, 0)], alice))


@pytest.mark.parametrize("afterwards", [False, True], ids=["before the move", "after the move"])
@pytest.mark.parametrize("entry", [redeem, deposit, complete_again, undelegate, claim])
def test_attack__token_callback__enters_nothing_and_gains_nothing(
    scene: Scene,
    project: ProjectManager,
    parties: dict[str, Any],
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    entry: Callable[[Scene, AccountAPI, int], bytes],
    afterwards: bool,
) -> None:
    """Alice and her token attack a vault in which bob is. The token may move her shares and complete her tickets."""
    delegation = scene.protocol.delegation
    token = owner.deploy(project.CallbackToken)
    vault = open_vault(scene.protocol, token, [alice, bob])
    scene.protocol.registry.openPool(vault, 5_000, 0, 0, sender=scene.operator)
    scene = replace(scene, vault=vault)
    ledger = Ledger(scene, token, parties)
    scene.stake(bob)
    vault.deposit(50 * ETHER, bob, sender=bob)
    vault.deposit(50 * ETHER, alice, sender=alice)
    vault.approve(token, 2**256 - 1, sender=alice)
    delegation.setCompleter(token, True, sender=alice)
    scene.stake(alice)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(opened + 2)

    target = {complete_again: delegation, undelegate: delegation, claim: scene.protocol.rewards}.get(entry, vault)
    calls: list[Callable[[], object]] = [
        lambda: vault.deposit(5 * ETHER, alice, sender=alice),
        lambda: vault.redeem(5 * ETHER, alice, alice, sender=alice),
        lambda: scene.complete(alice, opened),
    ]
    for call in calls:
        token.setCallback(target, entry(scene, alice, opened), afterwards, sender=owner)
        call()
        assert (token.succeeded(), token.result()) == (False, REENTERED)
    vault.redeem(50 * ETHER, alice, alice, sender=alice)
    assert token.balanceOf(alice) == 1_000 * ETHER
    assert ledger.gains() == {}


def test_attack__hook__that_is_a_slasher_too_slashes_nothing_in_the_middle_of_an_opt_in(
    scene: Scene,
    project: ProjectManager,
    asset: ContractInstance,
    parties: dict[str, Any],
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    hook = stranger.deploy(project.HostileHook)
    ledger = Ledger(scene, asset, {**parties, "hook": hook})
    as_slasher = scene.avs(2_000, slasher=ape.accounts[hook.address], recipient=hook)
    with_hook = scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault], hook=hook)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    slashing = scene.protocol.slashing
    offence = scene.protocol.registry.startOf(4)
    call = slashing.request.encode_input(*scene.arguments(as_slasher, WAD, offence))
    hook.setCallback(slashing, call, sender=stranger)
    scene.opt_in(with_hook, 100)
    assert (hook.succeeded(), hook.result()) == (False, REENTERED)
    assert ledger.gains() == {}


def test_attack__hook__that_is_a_slasher_too_opens_and_ends_no_request_in_the_middle_of_an_opt_in(
    scene: Scene, project: ProjectManager, alice: AccountAPI, stranger: AccountAPI
) -> None:
    hook = stranger.deploy(project.HostileHook)
    as_slasher = scene.avs(2_000, veto=DAY, slasher=ape.accounts[hook.address])
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    slashing = scene.protocol.slashing
    offence = scene.protocol.registry.startOf(4)
    request = scene.protocol.request(
        as_slasher, scene.operator, scene.vault, WAD // 100, sender=ape.accounts[hook.address], offence_at=offence
    )[1]
    for call in (
        slashing.request.encode_input(*scene.arguments(as_slasher, WAD, offence)),
        slashing.takeBack.encode_input(request),
    ):
        hook.setCallback(slashing, call, sender=stranger)
        scene.opt_in(scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault], hook=hook), 100)
        assert (hook.succeeded(), hook.result()) == (False, REENTERED)
    assert slashing.openAmount(request) == WAD // 100


def test_attack__recipient_of_ether__is_paid_once(
    scene: Scene,
    project: ProjectManager,
    weth: ContractInstance,
    native: ContractInstance,
    parties: dict[str, Any],
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """A contract that delegated, completes its ticket into ether, and completes it again while it is paid."""
    registry, delegation = scene.protocol.registry, scene.protocol.delegation
    registry.openPool(native, 5_000, 0, 0, sender=scene.operator)
    attacker = stranger.deploy(project.HostileReceiver)
    native.depositNativeAndDelegate(scene.operator, 0, ANYTHING, value=100 * ETHER, sender=alice)
    join = native.depositNativeAndDelegate.encode_input(scene.operator, 0, ANYTHING)
    attacker.call(native, 10 * ETHER, join, value=10 * ETHER, sender=stranger)
    leave = delegation.undelegate.encode_input(scene.operator, native, 10 * ETHER)
    attacker.call(delegation, 0, leave, sender=stranger)
    opened = scene.protocol.epoch
    ledger = Ledger(replace(scene, vault=native), weth, {**parties, "attacker": attacker})
    scene.protocol.to_epoch(opened + 2)

    paid_out = delegation.complete.encode_input(scene.operator, native, attacker, opened, attacker, NATIVE)
    attacker.setCallback(delegation, paid_out, sender=stranger)
    attacker.call(delegation, 0, paid_out, sender=stranger)
    assert (attacker.succeeded(), attacker.result()) == (False, REENTERED)
    assert attacker.balance == 10 * ETHER
    assert ledger.gains() == {"attacker": -10 * ETHER}  # which it now has in ether


@pytest.mark.parametrize("mode", range(1, 4), ids=["refuses", "burns gas", "returns a bomb"])
def test_attack__hook_that_blocks__holds_up_no_exit_no_opt_out_and_no_opt_in_to_another_avs(
    scene: Scene,
    ledger: Ledger,
    project: ProjectManager,
    alice: AccountAPI,
    bob: AccountAPI,
    stranger: AccountAPI,
    mode: int,
) -> None:
    hook = stranger.deploy(project.HostileHook)
    avs = scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault], hook=hook)
    scene.opt_in(avs, 2_000)
    hook.setMode(mode, sender=stranger)
    scene.stake(alice)
    scene.vault.deposit(100 * ETHER, bob, sender=bob)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.allocate(avs, 1_000)
    scene.opt_out(avs)
    scene.avs(3_000)
    scene.protocol.to_epoch(opened + 2)
    scene.complete(alice, opened)
    scene.vault.redeem(100 * ETHER, bob, bob, sender=bob)
    assert scene.protocol.registry.allocationAt(avs, scene.operator, scene.vault, opened + 2) == (0, 0)
    assert ledger.gains() == {}
