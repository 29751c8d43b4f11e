"""What the commands that deploy share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import requests
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from web3.exceptions import Web3Exception

from deployer.errors import DeployError
from deployer.network import reason, require_uri
from deployer.timelock import OwnerCall


class DeployCommand(ConnectedProviderCommand):
    """Says in one line why it cannot connect."""

    def invoke(self, ctx: click.Context) -> Any:
        logger.set_level(LogLevel.ERROR)  # a keyfile would warn of each transaction
        provider = ctx.params["provider"]
        require_uri(provider)
        try:
            return super().invoke(ctx)
        except (ApeException, Web3Exception, requests.RequestException) as error:
            raise DeployError(f"cannot connect to {provider.network.name}: {reason(error)}") from error


def tell(calls: Sequence[OwnerCall], owner: str, path: Path) -> None:
    """Says what the owner has to do, or that all is done."""
    for call in calls:
        click.echo(f"the owner has to {call.description}: to {call.to}, data {call.data}")
        if call.schedule:
            click.echo(f"  a proposer schedules it: to {owner}, data {call.schedule}")
            click.echo(f"  an executor executes it after the delay: to {owner}, data {call.execute}")
    click.echo(f"{path}: run again after the owner's calls" if calls else f"{path}: deployed and checked")
