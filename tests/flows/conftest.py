import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import Protocol
from tests.helpers.scene import Scene


@pytest.fixture
def scene(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
) -> Scene:
    """The operator's pool in epoch 1, with a loss budget of 50 %, before any AVS or staker."""
    return Scene(protocol, pool, operator, avs_owner, slasher, resolver)
