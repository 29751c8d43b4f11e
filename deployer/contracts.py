"""Deploys the contracts, each by one call, with any account or with a `Journal`."""

import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Protocol

import rlp
from ape import project
from ape.contracts import ContractContainer, ContractInstance
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types import ContractType

ZERO_ADDRESS = "0x" + "00" * 20

# What is deployed as others compiled it, of `node_modules`.
ARTIFACTS = {
    "WETH9": "canonical-weth/build/contracts/WETH9.json",  # the bytecode that is on mainnet
    "TimelockController": "@openzeppelin/contracts/build/contracts/TimelockController.json",
}


class Deployer(Protocol):
    """An account, as far as deploying goes."""

    @property
    def address(self) -> str: ...

    @property
    def nonce(self) -> int: ...

    def deploy(self, contract: ContractContainer, *args: Any) -> ContractInstance: ...


@dataclass(frozen=True)
class Timing:
    """The clock and the windows of slashing [s], as the constructor of `AVSRegistry` takes them."""

    genesis: int
    epoch: int = 7 * 86_400
    report_window: int = 4 * 86_400
    max_veto: int = 2 * 86_400
    execute_window: int = 86_400


@dataclass(frozen=True, kw_only=True)
class Setup:
    """
    What an AVS is and slashes, as the constructor of `AVSBase` takes it: `IAVSBase.Setup`, with the units there. Unless
    told otherwise anyone may opt in, nobody vetoes, what is slashed is burnt, and nothing is capped.
    """

    slashing: str
    vault: str
    owner: str
    by_admission: bool = False
    veto_period: int = 0
    resolver: str = ZERO_ADDRESS
    recipient: str = ZERO_ADDRESS
    min_stake: int
    max_share: int = 10_000
    penalty: int
    uri: str = ""


@dataclass(frozen=True)
class Core:
    """The contracts that every vault shares."""

    registry: ContractInstance
    slashing: ContractInstance
    delegation: ContractInstance
    rewards: ContractInstance


def create_address(deployer: str, nonce: int) -> str:
    """Where a transaction of `deployer` with `nonce` creates a contract."""
    return to_checksum_address(keccak(rlp.encode([to_canonical_address(deployer), nonce]))[12:])


def deploy_core(deployer: Deployer, timing: Timing, owner: Any, guardian: Any) -> Core:
    """
    Deploys the registry, the two managers and the distributor. The registry names those that are deployed next, and
    each of them refuses to be deployed anywhere else.
    """
    nonce = deployer.nonce
    slashing_at, delegation_at, rewards_at = (create_address(deployer.address, nonce + i) for i in (1, 2, 3))
    registry = deployer.deploy(
        project.AVSRegistry, astuple(timing), owner, guardian, delegation_at, slashing_at, rewards_at
    )
    slashing = deployer.deploy(project.SlashingManager, registry)
    delegation = deployer.deploy(project.DelegationManager, registry)
    rewards = deployer.deploy(project.RewardsDistributor, registry)
    return Core(registry, slashing, delegation, rewards)


def deploy_vault(
    deployer: Deployer, core: Core, asset: Any, *, native: bool, name: str, symbol: str
) -> ContractInstance:
    """Deploys a vault. The owner lists it, anyone seeds it, the owner sets its cap."""
    return deployer.deploy(project.StakingVault, asset, core.registry, native, name, symbol)


def container(name: str) -> ContractContainer:
    """A contract of this project by name, or one that others compiled."""
    if name not in ARTIFACTS:
        return project.get_contract(name)
    artifact = json.loads((Path(__file__).parent.parent / "node_modules" / ARTIFACTS[name]).read_text())
    return ContractContainer(
        ContractType.model_validate(
            {
                "contractName": name,
                "abi": artifact["abi"],
                "deploymentBytecode": {"bytecode": artifact["bytecode"]},
                "runtimeBytecode": {"bytecode": artifact["deployedBytecode"]},
            }
        )
    )
