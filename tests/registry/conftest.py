"""AVSs with different terms, for the operator's pool."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import Protocol


@pytest.fixture(scope="session")
def avs(protocol: Protocol, pool: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI) -> int:
    """Counts the vault, takes every operator, slashes at once and burns."""
    return protocol.register_avs(avs_owner, slasher, vaults=[pool])


@pytest.fixture(scope="session")
def second_avs(protocol: Protocol, pool: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI) -> int:
    """As `avs`."""
    return protocol.register_avs(avs_owner, slasher, vaults=[pool])


@pytest.fixture(scope="session")
def selective_avs(protocol: Protocol, pool: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI) -> int:
    """As `avs`, but its owner admits each operator."""
    return protocol.register_avs(avs_owner, slasher, vaults=[pool], by_admission=True)


@pytest.fixture(scope="session")
def paid_avs(
    protocol: Protocol, pool: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI, recipient: AccountAPI
) -> int:
    """As `avs`, but a recipient gets what is slashed."""
    return protocol.register_avs(avs_owner, slasher, vaults=[pool], recipient=recipient)
