import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import Protocol
from tests.helpers.scene import Scene
from tests.rewards.conftest import Earning, reward_token

__all__ = ["reward_token"]  # a fixture of that folder and of this one


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


@pytest.fixture
def earning(scene: Scene, reward_token: ContractInstance) -> Earning:
    """The pool of `scene`, with a commission of 10 %, and a payer."""
    return Earning(scene.protocol, scene.operator, scene.vault, reward_token, scene.avs_owner)
