"""How the delegation manager is wired, and what only contracts of the protocol may call."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, reverts
from tests.helpers.protocol import ANY_MANDATE


def test_deploy__elsewhere_than_its_registry_names__reverts(registry: ContractInstance, owner: AccountAPI) -> None:
    with reverts(project.DelegationManager.Miswired, registry=registry):
        owner.deploy(project.DelegationManager, registry)


def test_deploy__takes_its_wiring_and_clock_from_the_registry(
    registry: ContractInstance, slashing: ContractInstance, delegation: ContractInstance
) -> None:
    assert delegation.REGISTRY() == registry
    assert delegation.SLASHING() == slashing
    assert delegation.GENESIS() == registry.GENESIS()
    assert delegation.EPOCH() == registry.EPOCH() == 7 * 86_400


def test_clock__is_the_time_of_the_block(protocol: Protocol, delegation: ContractInstance) -> None:
    protocol.to_epoch(3, 5)
    assert delegation.epoch() == 3
    assert delegation.clock() == delegation.startOf(3) + 5
    assert delegation.CLOCK_MODE() == "mode=timestamp"


def test_signing_domain__names_this_contract_and_chain(delegation: ContractInstance, chain: object) -> None:
    domain = delegation.eip712Domain()
    assert (domain.name, domain.version) == ("Catenary", "1")
    assert domain.chainId == chain.chain_id  # type: ignore[attr-defined]
    assert domain.verifyingContract == delegation


@pytest.mark.parametrize("method", ["slash", "requestOpened", "requestEnded"])
def test_calls_of_the_slashing_manager__by_anyone_else__revert(
    pool: ContractInstance,
    delegation: ContractInstance,
    registry: ContractInstance,
    operator: AccountAPI,
    owner: AccountAPI,
    stranger: AccountAPI,
    accounts: dict[str, AccountAPI],
    method: str,
) -> None:
    arguments = {
        "slash": [operator, pool, 1, stranger],
        "requestOpened": [operator, pool, 2**48 - 1],
        "requestEnded": [operator, pool],
    }[method]
    for caller in (stranger, owner, operator, accounts[registry.address]):
        with reverts(delegation.NotSlashingManager, caller=caller):
            getattr(delegation, method)(*arguments, sender=caller)


def test_delegate_minted__by_a_stranger__finds_no_pool(
    delegation: ContractInstance,
    registry: ContractInstance,
    operator: AccountAPI,
    stranger: AccountAPI,
) -> None:
    with reverts(registry.UnknownPool, operator=operator, vault=stranger):
        delegation.delegateMinted(stranger, operator, 1, ANY_MANDATE, sender=stranger)
