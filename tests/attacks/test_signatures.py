"""Signatures: replay over chains, contracts and nonces; expiry; ERC-1271; permit front-run."""

from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from deployer.contracts import Timing, deploy_core
from tests.helpers import reverts
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANY_MANDATE, ETHER
from tests.helpers.scene import Scene, look_at
from tests.helpers.typed_data import DELEGATION, PERMIT, domain, sign

AMOUNT = 10 * ETHER
NEVER = 2**48 - 1


def signed(
    signer: AccountAPI, delegation: ContractInstance, message: tuple[Any, ...], **other: Any
) -> tuple[tuple[Any, ...], bytes]:
    """A delegation and its signature under the manager's domain, except for what `other` says."""
    signature = sign(signer, domain("Catenary", delegation) | other, DELEGATION, message)
    return message, bytes(signature.encode_rsv())


@pytest.fixture
def message(scene: Scene, alice: AccountAPI) -> tuple[Any, ...]:
    """A delegation of 10 of alice's 30 vault shares."""
    scene.vault.deposit(3 * AMOUNT, alice, sender=alice)
    return (alice, scene.operator, scene.vault, AMOUNT, ANY_MANDATE, 0, NEVER)


def test_attack__replay_over_nonces__moves_what_was_signed_once(
    scene: Scene, ledger: Ledger, message: tuple[Any, ...], alice: AccountAPI, stranger: AccountAPI
) -> None:
    delegation = scene.protocol.delegation
    bring = signed(alice, delegation, message)
    delegation.delegateBySig(*bring, sender=stranger)
    with reverts(delegation.InvalidAccountNonce, account=alice, currentNonce=1):
        delegation.delegateBySig(*bring, sender=stranger)
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig((*message[:5], 1, NEVER), bring[1], sender=stranger)
    assert (scene.position(alice), scene.vault.balanceOf(alice)) == ((AMOUNT, AMOUNT), 2 * AMOUNT)
    assert ledger.gains() == {}


@pytest.mark.parametrize("other", [{"chainId": 1}, {"verifyingContract": "0x" + "42" * 20}], ids=["chain", "contract"])
def test_attack__replay_over_chains_and_contracts__moves_nothing(
    scene: Scene,
    ledger: Ledger,
    message: tuple[Any, ...],
    alice: AccountAPI,
    stranger: AccountAPI,
    other: dict[str, Any],
) -> None:
    """What alice signed for another chain or another contract, brought here."""
    delegation = scene.protocol.delegation
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(*signed(alice, delegation, message, **other), sender=stranger)
    assert (scene.position(alice), scene.vault.balanceOf(alice)) == ((0, 0), 3 * AMOUNT)
    assert ledger.gains() == {}


def test_attack__replay_over_deployments__moves_nothing(
    scene: Scene,
    ledger: Ledger,
    message: tuple[Any, ...],
    owner: AccountAPI,
    guardian: AccountAPI,
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """What alice signed for one deployment, brought to another one on the same chain, and the other way round."""
    delegation = scene.protocol.delegation
    second = deploy_core(owner, Timing(ape.chain.pending_timestamp - 1), owner, guardian).delegation
    here, there = signed(alice, delegation, message), signed(alice, second, message)
    with reverts(second.InvalidSignature, staker=alice):
        second.delegateBySig(*here, sender=stranger)
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(*there, sender=stranger)
    delegation.delegateBySig(*here, sender=stranger)
    assert (scene.position(alice), scene.vault.balanceOf(alice)) == ((AMOUNT, AMOUNT), 2 * AMOUNT)
    assert ledger.gains() == {}


def test_attack__expiry__keeps_what_was_held_back_from_being_brought(
    scene: Scene, ledger: Ledger, message: tuple[Any, ...], alice: AccountAPI, stranger: AccountAPI
) -> None:
    delegation = scene.protocol.delegation
    deadline = ape.chain.pending_timestamp + 100
    bring = signed(alice, delegation, (*message[:6], deadline))
    look_at(deadline + 1)
    with reverts(delegation.SignatureExpired, deadline=deadline):
        delegation.delegateBySig(*bring, sender=stranger)
    assert (scene.position(alice), scene.vault.balanceOf(alice)) == ((0, 0), 3 * AMOUNT)
    assert ledger.gains() == {}


def test_attack__erc_1271__a_wallet_delegates_by_its_owner_s_word_alone(
    scene: Scene,
    asset: ContractInstance,
    parties: dict[str, Any],
    project: ProjectManager,
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """A wallet of alice's, and one of the stranger's, which says yes to the stranger and is asked for itself only."""
    delegation = scene.protocol.delegation
    wallet, other = alice.deploy(project.Wallet, alice), stranger.deploy(project.Wallet, stranger)
    scene.vault.deposit(AMOUNT, wallet, sender=alice)
    ledger = Ledger(scene, asset, {**parties, "wallet": wallet, "other": other})
    message = (wallet, scene.operator, scene.vault, AMOUNT, ANY_MANDATE, 0, NEVER)
    with reverts(delegation.InvalidSignature, staker=wallet):
        delegation.delegateBySig(*signed(stranger, delegation, message), sender=stranger)
    empty = (other, *message[1:])
    with reverts(scene.vault.ERC20InsufficientBalance, sender=other, balance=0, needed=AMOUNT):
        delegation.delegateBySig(*signed(stranger, delegation, empty), sender=stranger)
    assert scene.position(wallet) == (0, 0)
    delegation.delegateBySig(*signed(alice, delegation, message), sender=stranger)
    assert scene.position(wallet) == (AMOUNT, AMOUNT)
    assert ledger.gains() == {}


def test_attack__permit_front_run__does_the_depositor_no_harm_and_gives_the_attacker_nothing(
    scene: Scene, asset: ContractInstance, ledger: Ledger, alice: AccountAPI, stranger: AccountAPI
) -> None:
    """The stranger takes the permit out of the multicall and brings it first, to the token and then for itself."""
    vault = scene.vault
    asset.approve(vault, 0, sender=alice)
    never = 2**256 - 1
    values = (alice, vault, AMOUNT, asset.nonces(alice), never)
    signature = sign(alice, domain("Asset", asset), PERMIT, values)
    permit = (AMOUNT, never, signature.v, signature.r, signature.s)
    asset.permit(alice, vault, *permit, sender=stranger)
    with reverts(asset.ERC20InsufficientAllowance, spender=vault, allowance=0, needed=AMOUNT):
        vault.multicall(
            [vault.permitAsset.encode_input(*permit), vault.deposit.encode_input(AMOUNT, stranger)], sender=stranger
        )
    vault.multicall([vault.permitAsset.encode_input(*permit), vault.deposit.encode_input(AMOUNT, alice)], sender=alice)
    assert (vault.balanceOf(alice), vault.balanceOf(stranger)) == (AMOUNT, 0)
    assert ledger.gains() == {}
