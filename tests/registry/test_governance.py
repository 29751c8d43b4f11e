"""What the owner and the guardian may do."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, Timing, deploy_core, deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import DAY


@pytest.fixture(scope="session")
def unlisted_vault(protocol: Protocol, asset: ContractInstance, owner: AccountAPI) -> ContractInstance:
    return deploy_vault(owner, protocol, asset, native=False, name="Unlisted", symbol="U")


# --- ownership ---


def test_ownership__offered__stays_until_accepted(
    registry: ContractInstance, owner: AccountAPI, stranger: AccountAPI
) -> None:
    receipt = registry.transferOwnership(stranger, sender=owner)
    assert_event(receipt, registry.OwnershipTransferStarted, previousOwner=owner, newOwner=stranger)
    assert registry.owner() == owner
    assert registry.pendingOwner() == stranger


def test_ownership__accepted__moves(registry: ContractInstance, owner: AccountAPI, stranger: AccountAPI) -> None:
    registry.transferOwnership(stranger, sender=owner)
    receipt = registry.acceptOwnership(sender=stranger)
    assert_event(receipt, registry.OwnershipTransferred, previousOwner=owner, newOwner=stranger)
    assert registry.owner() == stranger
    assert registry.pendingOwner() == ZERO_ADDRESS
    with reverts(registry.OwnableUnauthorizedAccount, account=owner):
        registry.setGuardian(owner, sender=owner)


def test_ownership__accepted_by_another__reverts(
    registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI, stranger: AccountAPI
) -> None:
    registry.transferOwnership(stranger, sender=owner)
    with reverts(registry.OwnableUnauthorizedAccount, account=guardian):
        registry.acceptOwnership(sender=guardian)


# --- vaults ---


def test_list_vault__of_this_deployment__is_listed(
    registry: ContractInstance, unlisted_vault: ContractInstance, owner: AccountAPI
) -> None:
    assert not registry.hasVault(unlisted_vault)
    index = registry.vaultCount()
    receipt = registry.listVault(unlisted_vault, sender=owner)
    assert_event(receipt, registry.VaultListed, vault=unlisted_vault, index=index)
    assert registry.hasVault(unlisted_vault)
    assert registry.vaultCount() == index + 1
    assert registry.vaults(index, 1) == [unlisted_vault]
    assert unlisted_vault.cap() == 0


def test_list_vault__twice__reverts(registry: ContractInstance, vault: ContractInstance, owner: AccountAPI) -> None:
    with reverts(registry.VaultAlreadyListed, vault=vault):
        registry.listVault(vault, sender=owner)


def test_list_vault__of_another_deployment__reverts(
    registry: ContractInstance, asset: ContractInstance, owner: AccountAPI, guardian: AccountAPI
) -> None:
    other = deploy_core(owner, Timing(genesis=ape.chain.pending_timestamp - 1), owner, guardian)
    foreign = deploy_vault(owner, other, asset, native=False, name="Foreign", symbol="F")
    with reverts(registry.MiswiredVault, vault=foreign):
        registry.listVault(foreign, sender=owner)
    assert not registry.hasVault(foreign)


@pytest.mark.parametrize("contract", ["registry", "delegation", "slashing"])
def test_list_vault__of_another_contract_of_the_protocol__reverts(
    protocol: Protocol, owner: AccountAPI, contract: str
) -> None:
    address = getattr(protocol, contract)
    with reverts(protocol.registry.MiswiredVault, vault=address):
        protocol.registry.listVault(address, sender=owner)


def test_list_vault__of_what_is_no_vault__reverts(
    registry: ContractInstance, asset: ContractInstance, owner: AccountAPI, stranger: AccountAPI
) -> None:
    for address in (stranger, asset):
        with reverts(registry.MiswiredVault, vault=address):
            registry.listVault(address, sender=owner)


def test_list_vault__not_the_owner__reverts(
    registry: ContractInstance, unlisted_vault: ContractInstance, guardian: AccountAPI
) -> None:
    with reverts(registry.OwnableUnauthorizedAccount, account=guardian):
        registry.listVault(unlisted_vault, sender=guardian)


# --- guardian ---


def test_set_guardian__to_another__replaces_the_guardian(
    registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI, stranger: AccountAPI
) -> None:
    receipt = registry.setGuardian(stranger, sender=owner)
    assert_event(receipt, registry.GuardianSet, guardian=stranger)
    assert registry.guardian() == stranger
    with reverts(registry.NotGuardian, caller=guardian):
        registry.pause(sender=guardian)
    registry.pause(sender=stranger)


def test_set_guardian__to_nobody__leaves_pausing_to_the_owner(
    registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI
) -> None:
    registry.setGuardian(ZERO_ADDRESS, sender=owner)
    assert registry.guardian() == ZERO_ADDRESS
    with reverts(registry.NotGuardian, caller=guardian):
        registry.pause(sender=guardian)
    registry.pause(sender=owner)


def test_renounce_ownership__reverts(registry: ContractInstance, owner: AccountAPI) -> None:
    with reverts(registry.NotRenounceable):
        registry.renounceOwnership(sender=owner)
    assert registry.owner() == owner.address


# --- batching ---


def test_multicall__of_a_new_operator__registers_opens_and_opts_in(
    registry: ContractInstance, vault: ContractInstance, avs: int, second_operator: AccountAPI
) -> None:
    receipt = registry.multicall(
        [
            registry.registerOperator.encode_input("ipfs://second"),
            registry.openPool.encode_input(vault, 3_000, 500, 0),
            registry.optIn.encode_input(avs, vault, 2_000, 100, b""),
        ],
        sender=second_operator,
    )
    assert_event(receipt, registry.OperatorRegistered, operator=second_operator, uri="ipfs://second")
    assert_event(receipt, registry.OptedIn, avs=avs, operator=second_operator, vault=vault)
    assert registry.isOptedIn(avs, second_operator, vault)


def test_multicall__with_one_refused_call__changes_nothing(
    registry: ContractInstance, vault: ContractInstance, second_operator: AccountAPI
) -> None:
    calls = [registry.registerOperator.encode_input(""), registry.optOut.encode_input(1, vault)]
    with reverts(registry.NotOptedIn, avs=1, operator=second_operator, vault=vault):
        registry.multicall(calls, sender=second_operator)
    assert not registry.isOperator(second_operator)


def test_multicall__of_views__gives_all_answers(registry: ContractInstance, vault: ContractInstance) -> None:
    answers = registry.multicall.call([registry.hasVault.encode_input(vault), registry.EPOCH.encode_input()])
    assert [int.from_bytes(answer) for answer in answers] == [1, 7 * DAY]
