"""
The package on the scene of slashing: see `tests/slashing/conftest.py`. The chain's views, asked by Ape, are the oracle.
"""

import ape
import pytest

import catenary
from catenary.chain import Contract
from tests.catenary.shell import cli_scene, prepared_shell, shell, who
from tests.helpers.protocol import Protocol
from tests.slashing.conftest import at_once, empty_scene, scene, shared, with_veto

__all__ = [
    "at_once",
    "cli_scene",
    "empty_scene",
    "prepared_shell",
    "scene",
    "shared",
    "shell",
    "who",
    "with_veto",
]


@pytest.fixture(scope="session")
def deployment(protocol: Protocol) -> catenary.Deployment:
    core = {
        name: Contract(contract.contract_type.name, str(contract.address))
        for name, contract in (
            ("registry", protocol.registry),
            ("delegation", protocol.delegation),
            ("slashing", protocol.slashing),
            ("rewards", protocol.rewards),
        )
    }
    return catenary.Deployment(chain_id=ape.chain.chain_id, block=0, **core)


@pytest.fixture
def sdk(deployment: catenary.Deployment) -> catenary.Protocol:
    return catenary.Protocol(deployment)
