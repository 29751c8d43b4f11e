"""
A node of one's own in the middle of a restaking life, without sources and without a compiler: its state ships with the
wheel of this package, as `tools/devnet.py` makes it by playing a part of the demo.
"""

import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from catenary.anvil import Anvil, ask, running
from catenary.deployment import Deployment
from catenary.errors import CatenaryError

PEOPLE = 20  # accounts of Anvil's own


@dataclass(frozen=True)
class Person:
    """Who has which of Anvil's accounts."""

    account: str  # of Ape's
    name: str
    role: str
    address: str


@contextmanager
def devnet(port: int | None = None) -> Iterator[Anvil]:
    """The node, on a port or on one that is free. Its time goes on from where the story stopped."""
    packed = Path(str(resources.files("catenary"))) / "devnet.json.xz"
    if not packed.exists():
        raise CatenaryError(
            "this copy of Catenary has no state for a devnet: in its repository, `make devnet` makes one"
        )
    with TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        state.write_bytes(lzma.decompress(packed.read_bytes()))
        with running("--accounts", str(PEOPLE), "--load-state", str(state), port=port) as node:
            # Else the next block would have the time of this computer, and come months earlier or later.
            ask(node.web3, "evm_setTime", node.web3.eth.get_block("latest")["timestamp"])
            yield node


def deployment() -> Deployment:
    """Where the protocol stands on it."""
    return Deployment.load(Deployment.shipped("local"))


def people() -> list[Person]:
    """Who is there."""
    return [Person(**each) for each in json.loads(Deployment.shipped("local").read_text())["people"]]
