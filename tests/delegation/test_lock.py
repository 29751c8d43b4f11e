"""The one lock of all contracts: who may take it, and that it holds."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers import Protocol, reverts


@pytest.fixture(params=["vault", "registry", "rewards"])
def contract(
    request: pytest.FixtureRequest,
    registry: ContractInstance,
    vault: ContractInstance,
    rewards: ContractInstance,
    accounts: list[AccountAPI],
) -> AccountAPI:
    """A contract of the protocol that may take the lock, as a sender."""
    return accounts[{"vault": vault, "registry": registry, "rewards": rewards}[request.param].address]


def test_lock__taken_and_given_back__can_be_taken_again(delegation: ContractInstance, contract: AccountAPI) -> None:
    take, give_back = delegation.take.encode_input(), delegation.giveBack.encode_input()
    delegation.multicall([take, give_back, take, give_back], sender=contract)


def test_lock__taken__cannot_be_taken_again(delegation: ContractInstance, contract: AccountAPI) -> None:
    take = delegation.take.encode_input()
    with reverts(delegation.Reentered):
        delegation.multicall([take, take], sender=contract)


def test_lock__left_taken__is_free_in_the_next_transaction(delegation: ContractInstance, contract: AccountAPI) -> None:
    delegation.take(sender=contract)
    assert delegation.locked() is False
    delegation.take(sender=contract)


def test_locked__tells_whether_it_is_taken(delegation: ContractInstance, contract: AccountAPI) -> None:
    take, give_back, locked = (getattr(delegation, name).encode_input() for name in ("take", "giveBack", "locked"))
    answers = delegation.multicall.call([locked, take, locked, give_back, locked], sender=contract)
    assert [int.from_bytes(answers[i]) for i in (0, 2, 4)] == [0, 1, 0]


@pytest.mark.parametrize("other", ["delegation", "slashing"])
def test_take__by_a_manager__reverts(protocol: Protocol, accounts: list[AccountAPI], other: str) -> None:
    sender = accounts[getattr(protocol, other).address]
    with reverts(protocol.delegation.NotProtocol, caller=sender):
        protocol.delegation.take(sender=sender)


def test_take__by_a_stranger__reverts(delegation: ContractInstance, stranger: AccountAPI) -> None:
    with reverts(delegation.NotProtocol, caller=stranger):
        delegation.take(sender=stranger)


def test_take__by_an_unlisted_vault__reverts(
    protocol: Protocol, asset: ContractInstance, owner: AccountAPI, accounts: list[AccountAPI]
) -> None:
    unlisted = deploy_vault(owner, protocol, asset, native=False, name="Unlisted", symbol="U")
    with reverts(protocol.delegation.NotProtocol, caller=unlisted):
        protocol.delegation.take(sender=accounts[unlisted.address])


def test_give_back__of_what_was_not_taken__reverts(delegation: ContractInstance, contract: AccountAPI) -> None:
    with reverts(delegation.NotProtocol, caller=contract):
        delegation.giveBack(sender=contract)
