"""What a vault is built of."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.vaults import SEED


@pytest.mark.parametrize("decimals", [6, 18])
def test_deploy__decimals_at_a_bound__are_those_of_the_asset(
    protocol: Protocol, owner: AccountAPI, decimals: int
) -> None:
    token = owner.deploy(project.TestToken, "Token", "TKN", decimals)
    vault = deploy_vault(owner, protocol, token, native=False, name="Vault", symbol="V")
    assert vault.decimals() == decimals


@pytest.mark.parametrize("decimals", [0, 5, 19, 255])
def test_deploy__decimals_out_of_bounds__reverts(protocol: Protocol, owner: AccountAPI, decimals: int) -> None:
    token = owner.deploy(project.TestToken, "Token", "TKN", decimals)
    with reverts(project.StakingVault.DecimalsOutOfBounds, decimals=decimals):
        deploy_vault(owner, protocol, token, native=False, name="Vault", symbol="V")


def test_deploy__takes_its_names_and_asset(vault: ContractInstance, asset: ContractInstance) -> None:
    assert vault.name() == "Catenary AST"
    assert vault.symbol() == "cAST"
    assert vault.asset() == asset
    assert vault.decimals() == 18
    assert vault.SEED() == SEED


def test_deploy__is_wired_to_the_registry_and_its_delegation_manager(
    vault: ContractInstance, registry: ContractInstance, delegation: ContractInstance
) -> None:
    assert vault.REGISTRY() == registry
    assert vault.DELEGATION() == delegation


def test_deploy__says_whether_it_takes_ether(vault: ContractInstance, native: ContractInstance) -> None:
    assert not vault.NATIVE()
    assert native.NATIVE()


def test_deploy__starts_empty_and_closed(
    protocol: Protocol, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    vault = deploy_vault(owner, protocol, asset, native=False, name="Vault", symbol="V")
    assert vault.totalSupply() == 0
    assert vault.totalAssets() == 0
    assert vault.cap() == 0
    assert vault.maxDeposit(alice) == 0
    assert vault.maxMint(alice) == 0


def test_permit_domain__names_this_vault_and_chain(vault: ContractInstance, chain: object) -> None:
    domain = vault.eip712Domain()
    assert domain.name == "Catenary AST"
    assert domain.version == "1"
    assert domain.chainId == chain.chain_id  # type: ignore[attr-defined]
    assert domain.verifyingContract == vault


class TestUnlisted:
    """A vault that the owner has not listed takes nothing."""

    @pytest.fixture
    def unlisted(self, protocol: Protocol, asset: ContractInstance, owner: AccountAPI) -> ContractInstance:
        return deploy_vault(owner, protocol, asset, native=False, name="Vault", symbol="V")

    @pytest.fixture
    def unlisted_native(self, protocol: Protocol, weth: ContractInstance, owner: AccountAPI) -> ContractInstance:
        return deploy_vault(owner, protocol, weth, native=True, name="Vault", symbol="V")

    @pytest.mark.parametrize("method", ["seed", "deposit", "mint", "withdraw", "redeem", "depositAndDelegate"])
    def test_every_guarded_call__reverts(
        self,
        delegation: ContractInstance,
        unlisted: ContractInstance,
        alice: AccountAPI,
        operator: AccountAPI,
        method: str,
    ) -> None:
        arguments = {
            "seed": [],
            "deposit": [1, alice],
            "mint": [1, alice],
            "withdraw": [1, alice, alice],
            "redeem": [1, alice, alice],
            "depositAndDelegate": [1, operator, 0, (10_000, 10_000, 0, False)],
        }[method]
        with reverts(delegation.NotProtocol, caller=unlisted):
            getattr(unlisted, method)(*arguments, sender=alice)

    def test_native_calls__revert(
        self,
        delegation: ContractInstance,
        unlisted_native: ContractInstance,
        alice: AccountAPI,
        operator: AccountAPI,
    ) -> None:
        with reverts(delegation.NotProtocol, caller=unlisted_native):
            unlisted_native.depositNative(alice, value=1, sender=alice)
        with reverts(delegation.NotProtocol, caller=unlisted_native):
            unlisted_native.depositNativeAndDelegate(operator, 0, (0, 0, 0, False), value=1, sender=alice)
        with reverts(delegation.NotProtocol, caller=unlisted_native):
            unlisted_native.redeemNative(1, alice, alice, sender=alice)

    def test_once_listed__takes_the_seed(
        self, registry: ContractInstance, unlisted: ContractInstance, asset: ContractInstance, owner: AccountAPI
    ) -> None:
        registry.listVault(unlisted, sender=owner)
        asset.mint(owner, SEED, sender=owner)
        asset.approve(unlisted, SEED, sender=owner)
        assert_event(unlisted.seed(sender=owner), unlisted.Seeded, by=owner)
