"""The deployment that a history is of, and short words for what its tests do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ape

from catenary.chain import Contract
from catenary.contracts import CORE
from catenary.deployment import Deployment
from catenary.history import History
from deployer.contracts import Core


def deployment_of(core: Core, block: int = 0) -> Deployment:
    contracts = core.registry, core.delegation, core.slashing, core.rewards
    entries = [Contract(name, each.address) for name, each in zip(CORE, contracts, strict=True)]
    return Deployment(ape.chain.chain_id, block, *entries)


@contextmanager
def history_of(core: Core, path: Path) -> Iterator[History]:
    """Of all that happened so far."""
    with History(path / "history.db", deployment_of(core)) as history:
        history.sync()
        yield history


def rpc(method: str, *parameters: Any) -> Any:
    return ape.chain.provider.make_request(method, list(parameters))


def names(events: Any) -> list[str]:
    return [each["event"] if isinstance(each, dict) else each.name for each in events]
