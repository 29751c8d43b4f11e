"""The first shares, locked for good."""

from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import BURN, ETHER
from tests.helpers.vaults import SEED


def test_seed__by_anyone__takes_the_seed_and_locks_its_shares(
    fresh: ContractInstance, asset: ContractInstance, alice: AccountAPI
) -> None:
    before = asset.balanceOf(alice)
    asset.approve(fresh, SEED, sender=alice)

    receipt = fresh.seed(sender=alice)

    assert_event(receipt, fresh.Seeded, by=alice)
    assert_event(receipt, fresh.Transfer, **{"from": ZERO_ADDRESS, "to": BURN, "value": SEED})
    assert asset.balanceOf(alice) == before - SEED
    assert fresh.totalAssets() == SEED
    assert fresh.totalSupply() == SEED
    assert fresh.balanceOf(BURN) == SEED


def test_seed__again__reverts(fresh: ContractInstance, owner: AccountAPI) -> None:
    fresh.seed(sender=owner)
    with reverts(fresh.AlreadySeeded):
        fresh.seed(sender=owner)


def test_seed__after_a_donation__mints_no_more_and_keeps_the_donation(
    fresh: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    asset.transfer(fresh, 5 * ETHER, sender=alice)
    fresh.seed(sender=owner)
    assert fresh.totalSupply() == SEED
    assert fresh.totalAssets() == 5 * ETHER + SEED


def test_seed__of_an_asset_that_takes_a_fee__reverts(protocol: Protocol, owner: AccountAPI) -> None:
    token = owner.deploy(project.FeeToken)
    vault = deploy_vault(owner, protocol, token, native=False, name="Vault", symbol="V")
    protocol.registry.listVault(vault, sender=owner)
    token.mint(owner, SEED, sender=owner)
    token.approve(vault, SEED, sender=owner)
    with reverts(vault.AssetShort, arrived=SEED - SEED // 100, asked=SEED):
        vault.seed(sender=owner)


def test_seed__that_arrives_two_wei_short__locks_all_its_shares(protocol: Protocol, owner: AccountAPI) -> None:
    token = owner.deploy(project.ShortToken)
    token.setShort(2, sender=owner)
    vault = deploy_vault(owner, protocol, token, native=False, name="Vault", symbol="V")
    protocol.registry.listVault(vault, sender=owner)
    token.mint(owner, SEED, sender=owner)
    token.approve(vault, SEED, sender=owner)
    vault.seed(sender=owner)
    assert vault.totalSupply() == SEED
    assert vault.totalAssets() == SEED - 2


def test_deposit__before_the_seed__finds_no_room(
    fresh: ContractInstance, asset: ContractInstance, alice: AccountAPI
) -> None:
    asset.approve(fresh, ETHER, sender=alice)
    with reverts(fresh.ERC4626ExceededMaxDeposit, receiver=alice, assets=ETHER, max=0):
        fresh.deposit(ETHER, alice, sender=alice)


def test_seed__while_paused__works(
    protocol: Protocol, fresh: ContractInstance, guardian: AccountAPI, owner: AccountAPI
) -> None:
    protocol.registry.pause(sender=guardian)
    assert_event(fresh.seed(sender=owner), fresh.Seeded, by=owner)
