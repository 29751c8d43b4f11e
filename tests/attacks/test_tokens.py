"""
A token that blocks an address, returns false, returns nothing, takes a fee, rebases down, or has 6 decimals.

Alice and bob delegate 100 each over the token. Of their pool 20 % is slashed to the recipient, and both leave.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from deployer.contracts import deploy_vault
from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ASSETS, ETHER, WAD
from tests.helpers.scene import Scene
from tests.helpers.vaults import SEED, open_vault

PERCENT = WAD // 100

Life = Callable[[str, int], tuple[Scene, ContractInstance, Ledger, int]]


@pytest.fixture
def slashed(
    scene: Scene,
    project: ProjectManager,
    parties: dict[str, Any],
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    recipient: AccountAPI,
) -> Life:
    """The pool over a token of this kind with this unit, slashed, with both tickets matured; and their epoch."""

    def slashed(kind: str, unit: int = ETHER) -> tuple[Scene, ContractInstance, Ledger, int]:
        token = owner.deploy(getattr(project, kind))
        vault = open_vault(scene.protocol, token, [alice, bob], amount=1_000 * unit)
        scene.protocol.registry.openPool(vault, 5_000, 0, 0, sender=scene.operator)
        odd = replace(scene, vault=vault)
        ledger = Ledger(odd, token, parties)
        avs = odd.avs(2_000, recipient=recipient)
        for staker in (alice, bob):
            odd.stake(staker, 100 * unit)
        odd.protocol.to_epoch(4, 60)
        for staker in (alice, bob):
            odd.undelegate(staker, 100 * unit)
        odd.request(avs, WAD)
        odd.protocol.to_epoch(6)
        return odd, token, ledger, 4

    return slashed


def test_attack__token_that_blocks_an_address__holds_up_that_address_and_nobody_else(
    slashed: Life, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    """Bob had himself blocked. He is paid wherever he names."""
    scene, token, ledger, opened = slashed("BlocklistToken")
    token.setBlocked(bob, True, sender=owner)
    scene.complete(alice, opened)
    assert token.balanceOf(alice) == 980 * ETHER
    with reverts(token.Blocked, account=bob):
        scene.complete(bob, opened)
    scene.protocol.delegation.complete(scene.operator, scene.vault, bob, opened, carol, ASSETS, sender=bob)
    assert ledger.gains() == {
        "alice": -20 * ETHER,
        "bob": -100 * ETHER,
        "carol": 80 * ETHER,
        "recipient": 40 * ETHER,
    }


def test_attack__token_that_returns_false__takes_no_ticket_that_it_does_not_pay(
    slashed: Life, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    scene, token, ledger, opened = slashed("FalseToken")
    token.setFailing(True, sender=owner)
    for staker in (alice, bob):
        with reverts(scene.vault.SafeERC20FailedOperation, token=token):
            scene.complete(staker, opened)
    assert ledger.gains() == {"alice": -20 * ETHER, "bob": -20 * ETHER, "recipient": 40 * ETHER}
    token.setFailing(False, sender=owner)
    for staker in (alice, bob):
        scene.complete(staker, opened)
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (980 * ETHER, 980 * ETHER)
    assert ledger.gains() == {"alice": -20 * ETHER, "bob": -20 * ETHER, "recipient": 40 * ETHER}


def test_attack__token_that_returns_nothing__with_6_decimals__is_paid_to_the_unit(
    slashed: Life, alice: AccountAPI, bob: AccountAPI, recipient: AccountAPI
) -> None:
    unit = 10**6
    scene, token, ledger, opened = slashed("NoReturnToken", unit)
    for staker in (alice, bob):
        scene.complete(staker, opened)
    scene.vault.redeem(40 * unit, recipient, recipient, sender=recipient)
    assert [token.balanceOf(each) for each in (alice, bob, recipient)] == [980 * unit, 980 * unit, 40 * unit]
    assert ledger.gains() == {"alice": -20 * unit, "bob": -20 * unit, "recipient": 40 * unit}


def test_attack__token_that_takes_a_fee__is_refused_on_the_way_in(
    scene: Scene,
    project: ProjectManager,
    parties: dict[str, Any],
    owner: AccountAPI,
    alice: AccountAPI,
) -> None:
    """Or a depositor would have shares for what never arrived. Not even the seed is taken."""
    token = owner.deploy(project.FeeToken)
    vault = deploy_vault(owner, scene.protocol, token, native=False, name="Fee", symbol="cFEE")
    scene.protocol.registry.listVault(vault, sender=owner)
    for holder in (owner, alice):
        token.mint(holder, 1_000 * ETHER, sender=owner)
        token.approve(vault, 1_000 * ETHER, sender=holder)
    ledger = Ledger(replace(scene, vault=vault), token, parties)
    with reverts(vault.AssetShort, arrived=SEED * 99 // 100, asked=SEED):
        vault.seed(sender=owner)
    with reverts(vault.NotSeeded):
        vault.setCap(10**27, sender=owner)
    with reverts(vault.ERC4626ExceededMaxDeposit, receiver=alice, assets=100 * ETHER, max=0):
        vault.deposit(100 * ETHER, alice, sender=alice)
    assert ledger.gains() == {}


def test_attack__token_that_takes_a_fee_from_some_day_on__costs_each_its_own_fee(
    slashed: Life, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Exits never compare what arrives, so the fee can not hold them up, and nobody bears that of another."""
    scene, token, ledger, opened = slashed("ShortToken")
    token.setShort(5, sender=owner)
    with reverts(scene.vault.AssetShort, arrived=100 * ETHER - 5, asked=100 * ETHER):
        scene.stake(bob)
    scene.complete(alice, opened)
    token.setShort(0, sender=owner)
    scene.complete(bob, opened)
    # This token leaves the 5 with the vault: of its 120 shares, 80 are bob's and 40 the recipient's.
    assert ledger.gains() == {"alice": -20 * ETHER - 5, "bob": -20 * ETHER + 3, "recipient": 40 * ETHER + 1}


def test_attack__token_that_rebases_down__is_shared_by_all_who_have_not_left(
    slashed: Life, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Alice leaves ahead of the fall and bears it as a holder; bob and the recipient bear it in the vault."""
    scene, token, ledger, opened = slashed("LiquidStakingToken")
    scene.complete(alice, opened)
    token.rebase(-1_000, sender=owner)
    scene.complete(bob, opened)
    gains = ledger.gains()
    assert set(gains) == {"alice", "bob", "recipient", "burnt"}
    dust = 10  # the asset rounds each transfer, the vault each price
    for name, gain in (("alice", -118), ("bob", -118), ("recipient", 36)):  # 980 and 40, less a tenth
        assert gain * ETHER - dust <= gains[name] <= gain * ETHER + dust
