"""What the owner and the guardian may do, and the lock."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from scripts.deploy import ZERO_ADDRESS, Timing, deploy_core, deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import DAY


@pytest.fixture(scope="session")
def unlisted(protocol: Protocol, asset: ContractInstance, owner: AccountAPI) -> ContractInstance:
    return deploy_vault(owner, protocol, asset, native=False, name="Unlisted", symbol="U")


@pytest.fixture(params=["vault", "delegation", "slashing", "registry"])
def contract(
    request: pytest.FixtureRequest, protocol: Protocol, vault: ContractInstance, accounts: list[AccountAPI]
) -> AccountAPI:
    """A contract of the protocol, as a sender."""
    address = vault.address if request.param == "vault" else getattr(protocol, request.param).address
    return accounts[address]


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
    registry: ContractInstance, unlisted: ContractInstance, owner: AccountAPI
) -> None:
    assert not registry.isVault(unlisted)
    index = registry.vaultCount()
    receipt = registry.listVault(unlisted, sender=owner)
    assert_event(receipt, registry.VaultListed, vault=unlisted, index=index)
    assert registry.isVault(unlisted)
    assert registry.vaultCount() == index + 1
    assert registry.vaults(index, 1) == [unlisted]
    assert unlisted.cap() == 0


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
    assert not registry.isVault(foreign)


def test_list_vault__without_code__reverts(registry: ContractInstance, owner: AccountAPI, stranger: AccountAPI) -> None:
    with reverts(registry.MiswiredVault, vault=stranger):
        registry.listVault(stranger, sender=owner)


def test_list_vault__not_the_owner__reverts(
    registry: ContractInstance, unlisted: ContractInstance, guardian: AccountAPI
) -> None:
    with reverts(registry.OwnableUnauthorizedAccount, account=guardian):
        registry.listVault(unlisted, sender=guardian)


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


# --- the lock ---


def test_lock__taken_and_given_back__can_be_taken_again(registry: ContractInstance, contract: AccountAPI) -> None:
    lock, unlock = registry.lock.encode_input(), registry.unlock.encode_input()
    registry.multicall([lock, unlock, lock, unlock], sender=contract)


def test_lock__taken__cannot_be_taken_again(registry: ContractInstance, contract: AccountAPI) -> None:
    lock = registry.lock.encode_input()
    with reverts(registry.Reentered):
        registry.multicall([lock, lock], sender=contract)


def test_lock__left_taken__is_free_in_the_next_transaction(registry: ContractInstance, contract: AccountAPI) -> None:
    registry.lock(sender=contract)
    registry.lock(sender=contract)


def test_lock__not_a_contract_of_the_protocol__reverts(registry: ContractInstance, stranger: AccountAPI) -> None:
    with reverts(registry.NotProtocol, caller=stranger):
        registry.lock(sender=stranger)


def test_lock__of_an_unlisted_vault__reverts(
    registry: ContractInstance, unlisted: ContractInstance, accounts: list[AccountAPI]
) -> None:
    with reverts(registry.NotProtocol, caller=unlisted):
        registry.lock(sender=accounts[unlisted.address])


def test_unlock__not_locked__reverts(registry: ContractInstance, contract: AccountAPI) -> None:
    with reverts(registry.NotProtocol, caller=contract):
        registry.unlock(sender=contract)


def test_lock__taken__holds_every_guarded_call_of_the_registry(
    registry: ContractInstance, vault: ContractInstance, accounts: list[AccountAPI]
) -> None:
    sender = accounts[vault.address]
    lock = registry.lock.encode_input()
    for call in (
        registry.openPool.encode_input(vault, 0, 0, 0),
        registry.setMandate.encode_input(vault, 0, 0),
        registry.optIn.encode_input(1, vault, 1, 0, b""),
        registry.allocate.encode_input(1, vault, 1, 0),
        registry.optOut.encode_input(1, vault),
        registry.eject.encode_input(1, vault, vault),
    ):
        with reverts(registry.Reentered):
            registry.multicall([lock, call], sender=sender)


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
    answers = registry.multicall.call([registry.isVault.encode_input(vault), registry.EPOCH.encode_input()])
    assert [int.from_bytes(answer) for answer in answers] == [1, 7 * DAY]
