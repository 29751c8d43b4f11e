"""How much a vault takes."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import assert_event, reverts
from tests.helpers.protocol import ETHER
from tests.helpers.vaults import SEED

CAP = 100 * ETHER


@pytest.fixture
def capped(vault: ContractInstance, owner: AccountAPI) -> ContractInstance:
    vault.setCap(CAP, sender=owner)
    return vault


def test_set_cap__by_the_owner_of_the_registry__sets_it(vault: ContractInstance, owner: AccountAPI) -> None:
    receipt = vault.setCap(CAP, sender=owner)
    assert_event(receipt, vault.CapSet, cap=CAP)
    assert vault.cap() == CAP


def test_set_cap__by_anyone_else__reverts(vault: ContractInstance, guardian: AccountAPI, stranger: AccountAPI) -> None:
    for caller in (guardian, stranger):
        with reverts(vault.NotOwner, caller=caller):
            vault.setCap(CAP, sender=caller)


def test_set_cap__follows_the_registry_to_a_new_owner(
    registry: ContractInstance, vault: ContractInstance, owner: AccountAPI, stranger: AccountAPI
) -> None:
    registry.transferOwnership(stranger, sender=owner)
    registry.acceptOwnership(sender=stranger)
    assert_event(vault.setCap(CAP, sender=stranger), vault.CapSet, cap=CAP)
    with reverts(vault.NotOwner, caller=owner):
        vault.setCap(CAP, sender=owner)


def test_set_cap__before_the_seed__reverts(fresh: ContractInstance, owner: AccountAPI) -> None:
    with reverts(fresh.NotSeeded):
        fresh.setCap(CAP, sender=owner)


def test_room__is_the_cap_less_what_the_vault_holds(
    capped: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    assert capped.maxDeposit(alice) == CAP - SEED
    asset.transfer(capped, ETHER, sender=owner)
    assert capped.maxDeposit(alice) == CAP - SEED - ETHER


def test_room__in_shares__is_that_in_assets_at_the_price_rounded_down(
    capped: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    capped.deposit(10 * ETHER, alice, sender=alice)
    asset.transfer(capped, 5 * ETHER, sender=owner)
    room = CAP - SEED - 15 * ETHER
    assert capped.maxMint(alice) == room * (10 * ETHER + SEED + 1) // (15 * ETHER + SEED + 1)


def test_room__of_a_vault_over_its_cap__is_nothing(
    capped: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    capped.deposit(10 * ETHER, alice, sender=alice)
    capped.setCap(ETHER, sender=owner)
    assert capped.maxDeposit(alice) == 0
    assert capped.maxMint(alice) == 0


def test_deposit__that_reaches_the_cap_exactly__is_taken(capped: ContractInstance, alice: AccountAPI) -> None:
    capped.deposit(CAP - SEED, alice, sender=alice)
    assert capped.totalAssets() == CAP
    assert capped.maxDeposit(alice) == 0


def test_deposit__one_wei_over_the_cap__reverts(capped: ContractInstance, alice: AccountAPI, bob: AccountAPI) -> None:
    room = CAP - SEED
    with reverts(capped.ERC4626ExceededMaxDeposit, receiver=bob, assets=room + 1, max=room):
        capped.deposit(room + 1, bob, sender=alice)


def test_mint__that_reaches_the_cap_exactly__is_taken(capped: ContractInstance, alice: AccountAPI) -> None:
    capped.mint(CAP - SEED, alice, sender=alice)
    assert capped.totalAssets() == CAP


def test_mint__one_wei_over_the_cap__reverts(capped: ContractInstance, alice: AccountAPI, bob: AccountAPI) -> None:
    room = CAP - SEED
    with reverts(capped.ERC4626ExceededMaxDeposit, receiver=bob, assets=room + 1, max=room):
        capped.mint(room + 1, bob, sender=alice)


def test_deposit_and_delegate__one_wei_over_the_cap__reverts(
    capped: ContractInstance, delegation: ContractInstance, alice: AccountAPI, operator: AccountAPI
) -> None:
    room = CAP - SEED
    with reverts(capped.ERC4626ExceededMaxDeposit, receiver=delegation, assets=room + 1, max=room):
        capped.depositAndDelegate(room + 1, operator, 0, (0, 0, 0, False), sender=alice)


def test_deposit_native__one_wei_over_the_cap__reverts(
    native: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    native.setCap(SEED + 5, sender=owner)
    with reverts(native.ERC4626ExceededMaxDeposit, receiver=alice, assets=6, max=5):
        native.depositNative(alice, value=6, sender=alice)


def test_redeem__from_a_vault_over_its_cap__works(
    capped: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    capped.deposit(10 * ETHER, alice, sender=alice)
    capped.setCap(0, sender=owner)
    capped.redeem(10 * ETHER, alice, alice, sender=alice)
    assert capped.totalAssets() == SEED
