"""Where the protocol stands: the files `deployments/<network>.json`, as the deployment script writes them."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import ape

from catenary.chain import Chain, Contract, asked, web3
from catenary.contracts import CORE
from catenary.errors import CatenaryError, DeploymentError, NotConnected, WrongNetwork


@dataclass(frozen=True)
class Deployment:
    """The contracts that every vault shares, on one chain."""

    chain_id: int
    block: int  # of the first contract: nothing happened before
    registry: Contract
    delegation: Contract
    slashing: Contract
    rewards: Contract

    @classmethod
    def load(cls, path: Path) -> "Deployment":
        """Reads a deployment file."""
        try:
            content = json.loads(path.read_text())
            entries = content["contracts"]
            if not content["complete"]:
                raise DeploymentError(f"{path} is of a deployment that was interrupted: run the deployment again")
            registry, delegation, slashing, rewards = (Contract(name, entries[name]["address"]) for name in CORE)
            block, chain_id = int(entries[CORE[0]]["block"]), int(content["config"]["chain_id"])
            return cls(chain_id, block, registry, delegation, slashing, rewards)
        except FileNotFoundError:
            raise DeploymentError(f"there is no {path}: deploy, or name the file of a deployment") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeploymentError(f"{path} is not a deployment file: {type(error).__name__} {error}") from None

    @classmethod
    def shipped(cls, network: str) -> Path:
        """The file that ships with this package, if there is one. That of `local` is of `catenary devnet`."""
        return Path(str(resources.files("catenary"))) / "deployments" / f"{network}.json"

    @classmethod
    def find(cls, path: Path | None = None) -> "Deployment":
        """
        That of the file named, or of the connected network: `deployments/<network>.json` in the current folder, or the
        one that ships with this package. Raises `WrongNetwork` and `DeploymentError`.
        """
        node = web3()
        network = ape.chain.provider.network.name.removesuffix("-fork")
        local = Path("deployments") / f"{network}.json"
        files = [path] if path else [file for file in (local, cls.shipped(network)) if file.exists()]
        chain_id = asked(lambda: node.eth.chain_id)
        candidates = [cls.load(file) for file in files]
        for found in candidates:
            if found.chain_id == chain_id and found.stands:
                return found
        if not path and (not candidates or (network == "local" and not local.exists())):
            return cls.load(local)  # says that there is none
        if chain_id != candidates[0].chain_id:
            raise WrongNetwork(
                f"the node's chain id is {chain_id} and the deployment's {candidates[0].chain_id}: connect to another "
                "network"
            )
        raise DeploymentError(
            f"there is no contract at {candidates[0].registry.address}: the deployment file is of another chain, as of "
            "a node that was started anew. Deploy again, or name another file"
        )

    @property
    def stands(self) -> bool:
        """Whether it is on the connected chain: its registry knows its DelegationManager."""
        try:
            return Chain().get(self.registry.read("DELEGATION", make=str)) == self.delegation.address
        except NotConnected:
            raise
        except CatenaryError:
            return False
