"""
The scene of slashing, in force from epoch 4 on. Alice delegated 100 ETH; the loss budget is 50 %.

| AVS | guaranteed | elastic | veto period | slashed stake goes |
|---|---:|---:|---:|---|
| `at_once` | 20 % | 10 % | none | to be burnt |
| `with_veto` | 10 % | 0 | 1 day | to the recipient |
| `shared` | 0 | 40 % | 1 day | to be burnt |

So 30 % is guaranteed, and 20 % is what `at_once` and `shared` can share.

It is built for each test, in a tenth of a second: kept for the folder, it would be there for the folders after it too.
"""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import DAY, Protocol
from tests.helpers.scene import Scene

EPOCH = 4


@pytest.fixture
def empty_scene(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
) -> Scene:
    """Before any AVS or staker."""
    return Scene(protocol, pool, operator, avs_owner, slasher, resolver)


@pytest.fixture
def at_once(empty_scene: Scene) -> int:
    return empty_scene.avs(2_000, 1_000)


@pytest.fixture
def with_veto(empty_scene: Scene, recipient: AccountAPI) -> int:
    return empty_scene.avs(1_000, veto=DAY, recipient=recipient)


@pytest.fixture
def shared(empty_scene: Scene) -> int:
    return empty_scene.avs(0, 4_000, veto=DAY)


@pytest.fixture
def scene(empty_scene: Scene, at_once: int, with_veto: int, shared: int, alice: AccountAPI) -> Scene:  # noqa: ARG001
    """An hour into epoch 4."""
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(EPOCH, 3_600)
    return empty_scene
