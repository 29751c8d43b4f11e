"""The names that `ape console` opens with here: those of the package, and what was deployed along with it."""

from contextlib import chdir
from pathlib import Path
from typing import Any

import ape
import click

from catenary import console
from catenary.deployment import Deployment
from catenary.errors import CatenaryError
from catenary.protocol import Protocol
from deployer.journal import CORE, contract_at, read_deployment


def names(home: Path) -> dict[str, Any]:
    """The names for the connected network, by the deployment files in a folder; none without a deployment."""
    try:
        with chdir(home):
            protocol = Protocol.connect()
    except CatenaryError as error:
        click.echo(console.nothing(error))
        return {}
    found = console.names(protocol)
    file = home / "deployments" / f"{ape.chain.provider.network.name}.json"
    if file.exists() and Deployment.load(file) == protocol.deployment:
        contracts = read_deployment(file)["contracts"].items()
        found |= {name: contract_at(entry) for name, entry in contracts if name not in CORE}
    click.echo(console.banner(found))
    return found
