"""
What broke others, and must not break us: stories of an attacker, with what every party has before and after.

The pool of `scene` has a loss budget of 50 % and a commission of 10 %. `docs/security.md` names the stories line by
line.
"""

from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.conftest import ROLES
from tests.flows.conftest import earning, scene
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import BURN
from tests.helpers.scene import Scene
from tests.rewards.conftest import reward_token
from tests.vault.conftest import fresh, native, weth

__all__ = ["earning", "fresh", "native", "reward_token", "scene", "weth"]  # fixtures of those folders and of this one


@pytest.fixture
def parties(accounts: list[AccountAPI]) -> dict[str, Any]:
    """All roles, and the address that slashed stake is burnt to."""
    return {name: accounts[index] for index, name in enumerate(ROLES)} | {"burnt": BURN}


@pytest.fixture
def ledger(scene: Scene, asset: ContractInstance, parties: dict[str, Any]) -> Ledger:
    """Of all parties, before anything happened."""
    return Ledger(scene, asset, parties)
