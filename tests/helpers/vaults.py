"""Vaults over any token, and the real WETH9."""

import json
from collections.abc import Sequence
from pathlib import Path

from ape.api import AccountAPI
from ape.contracts import ContractContainer, ContractInstance
from ethpm_types import ContractType

from deployer.contracts import deploy_vault
from tests.helpers.protocol import ETHER, Protocol

SEED = 10**6  # [asset, vault shares]
WETH9 = Path(__file__).parents[2] / "node_modules" / "canonical-weth" / "build" / "contracts" / "WETH9.json"


def deploy_weth(deployer: AccountAPI) -> ContractInstance:
    built = json.loads(WETH9.read_text())
    contract_type = ContractType.model_validate(
        {"contractName": "WETH9", "abi": built["abi"], "deploymentBytecode": {"bytecode": built["bytecode"]}}
    )
    return deployer.deploy(ContractContainer(contract_type))


def open_vault(
    protocol: Protocol, token: ContractInstance, holders: Sequence[AccountAPI], *, amount: int = 1_000 * ETHER
) -> ContractInstance:
    """A listed vault over a mintable `token`, of which each of `holders` gets `amount` and has approved it all."""
    vault = deploy_vault(protocol.owner, protocol, token, native=False, name="Catenary Token", symbol="cTKN")
    token.mint(protocol.owner, SEED, sender=protocol.owner)
    token.approve(vault, SEED, sender=protocol.owner)
    for holder in holders:
        token.mint(holder, amount, sender=protocol.owner)
        token.approve(vault, 2**256 - 1, sender=holder)
    protocol.list_vault(vault, protocol.owner)
    return vault
