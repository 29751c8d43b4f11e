"""A component that the slashed party chose (a hook, a handler, a token) making its own slash fail."""

from dataclasses import replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ETHER, WAD
from tests.helpers.scene import Scene
from tests.helpers.vaults import open_vault

PERCENT = WAD // 100


@pytest.mark.parametrize("mode", range(1, 5), ids=["refuses", "burns gas", "returns a bomb", "calls back"])
def test_attack__hook_and_recipient_turned_hostile__make_neither_slash_nor_exit_nor_opt_out_fail(
    scene: Scene,
    project: ProjectManager,
    asset: ContractInstance,
    parties: dict[str, Any],
    alice: AccountAPI,
    stranger: AccountAPI,
    mode: int,
) -> None:
    """Chosen by the slashed party, hostile once the pool is in. Execution calls neither."""
    hook = stranger.deploy(project.HostileHook)
    ledger = Ledger(scene, asset, {**parties, "hook": hook})
    avs = scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault], recipient=hook, hook=hook)
    scene.opt_in(avs, 2_000)
    scene.stake(alice)
    call = scene.protocol.registry.optOut.encode_input(avs, scene.vault)
    hook.setCallback(scene.protocol.registry, call, sender=stranger)
    hook.setMode(mode, sender=stranger)
    scene.protocol.to_epoch(4, 60)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.request(avs, 20 * PERCENT)
    scene.opt_out(avs)
    scene.protocol.to_epoch(6)
    scene.complete(alice, opened)
    assert hook.succeeded() is False
    assert asset.balanceOf(alice) == 980 * ETHER
    assert ledger.gains() == {"alice": -20 * ETHER, "hook": 20 * ETHER}


def test_attack__asset_that_moves_nothing_any_more__makes_no_slash_fail(
    scene: Scene,
    project: ProjectManager,
    parties: dict[str, Any],
    alice: AccountAPI,
    recipient: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """Its issuer is in league with the stakers: it blocks vault and recipient. Vault shares move all the same."""
    token = stranger.deploy(project.BlocklistToken)
    vault = open_vault(scene.protocol, token, [alice])
    scene.protocol.registry.openPool(vault, 5_000, 0, 0, sender=scene.operator)
    scene = replace(scene, vault=vault)
    ledger = Ledger(scene, token, parties)
    avs = scene.avs(2_000, recipient=recipient)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    for blocked in (vault, recipient):
        token.setBlocked(blocked, True, sender=stranger)
    scene.request(avs, 20 * PERCENT)
    assert ledger.gains() == {"alice": -20 * ETHER, "recipient": 20 * ETHER}
    with reverts(token.Blocked, account=vault):
        vault.redeem(20 * ETHER, recipient, recipient, sender=recipient)
    token.setBlocked(vault, False, sender=stranger)
    vault.redeem(20 * ETHER, stranger, recipient, sender=recipient)
    assert ledger.gains() == {"alice": -20 * ETHER, "stranger": 20 * ETHER}  # wherever the recipient wants it
