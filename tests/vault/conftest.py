"""The vaults that several files of this folder use."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers.protocol import ETHER, Protocol
from tests.helpers.vaults import SEED, deploy_weth


@pytest.fixture(scope="session")
def weth(owner: AccountAPI) -> ContractInstance:
    return deploy_weth(owner)


@pytest.fixture(scope="session")
def native(protocol: Protocol, weth: ContractInstance, owner: AccountAPI) -> ContractInstance:
    """A vault over WETH that takes and gives ether."""
    vault = deploy_vault(owner, protocol, weth, native=True, name="Catenary WETH", symbol="cWETH")
    weth.deposit(value=SEED, sender=owner)
    weth.approve(vault, SEED, sender=owner)
    protocol.list_vault(vault, owner)
    return vault


@pytest.fixture(scope="session")
def runner(registry: ContractInstance, accounts: list[AccountAPI]) -> AccountAPI:
    """A registered operator of this folder alone: session-scoped fixtures of others do not meet it."""
    registry.registerOperator("", sender=accounts[16])
    return accounts[16]


@pytest.fixture(scope="session")
def wallet(alice: AccountAPI) -> ContractInstance:
    """A wallet of alice that takes no ether."""
    return alice.deploy(project.Wallet, alice)


@pytest.fixture
def fresh(protocol: Protocol, asset: ContractInstance, vault: ContractInstance, owner: AccountAPI) -> ContractInstance:
    """A listed vault over the same asset as `vault`, not seeded. `owner` has approved the seed."""
    assert vault.asset() == asset
    fresh = deploy_vault(owner, protocol, asset, native=False, name="Catenary AST", symbol="cAST")
    asset.approve(fresh, 2**256 - 1, sender=owner)
    protocol.registry.listVault(fresh, sender=owner)
    return fresh


@pytest.fixture
def priced(vault: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI) -> ContractInstance:
    """
    The vault at an uneven price: 7 ether and SEED of shares stand for 10 ether and SEED of assets. Alice holds the 7.
    """
    vault.deposit(7 * ETHER, alice, sender=alice)
    asset.transfer(vault, 3 * ETHER, sender=owner)
    return vault
