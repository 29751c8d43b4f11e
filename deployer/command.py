"""What the commands that deploy share: their options, and in which order they do what."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import requests
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from web3.exceptions import Web3Exception

from deployer.check import check_chain, differences_of_source
from deployer.errors import DeployError
from deployer.journal import read_deployment
from deployer.network import limit_waiting, reason, require_uri
from deployer.timelock import OwnerCall
from deployer.verify import verify


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


class Config(Protocol):
    """What every config says."""

    @property
    def chain_id(self) -> int: ...

    @property
    def owner(self) -> str: ...


def deploy_command(config: str) -> Callable[[Callable[..., None]], Any]:
    """A command with the options of `carry_out`, which reads `config` unless another is named."""
    options = [
        click.command(cls=DeployCommand),
        network_option(),
        account_option(prompt=False),
        click.option(
            "--config",
            "config_path",
            type=click.Path(path_type=Path, dir_okay=False),
            help=f"What to deploy. Default: {config}.",
        ),
        click.option("--force", is_flag=True, help="Deploy anew and overwrite the deployment file."),
        click.option(
            "--replace", is_flag=True, help="Send what is in no block yet again, with a higher fee, and go on."
        ),
        click.option("--check", is_flag=True, help="Deploy nothing: read back what was deployed."),
        click.option("--verify", "publish", is_flag=True, help="Deploy nothing: publish the sources on Etherscan."),
    ]

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def carry_out(
    what: str,
    config: Config,
    path: Path,
    account: AccountAPI | None,
    deploy: Callable[[AccountAPI, bool, bool], Sequence[OwnerCall]],
    differences: Callable[[Mapping[str, Any]], list[str]],
    *,
    force: bool,
    replace: bool,
    check: bool,
    publish: bool,
) -> None:
    """
    Deploys by `deploy` of an account, `force` and `replace`; or reads the deployment file back, compares it with the
    chain by `differences`, or publishes its sources.
    """
    limit_waiting()
    try:
        check_chain(config.chain_id)
        if check or publish:
            deployment = read_deployment(path)
            if mismatches := differences(deployment) if check else differences_of_source(deployment):
                raise DeployError("\n".join(mismatches))
            if publish:
                verify(deployment)
            click.echo(f"{path}: all is {'as it should be' if check else 'verified'}")
            return
        if account is None:
            raise DeployError(
                "name who deploys, as --account TEST::0 on a local node or by a keyfile of `ape accounts`"
            )
        click.echo(f"deploying {what} (chain id {config.chain_id}) from {account.address}")
        calls = deploy(account, force, replace)
    except (ApeException, Web3Exception, requests.RequestException) as error:
        doing, advice = ("reading back", "") if check or publish else ("deploying", "; run again to go on")
        raise DeployError(f"{doing} failed: {reason(error)}{advice}") from error
    if getattr(account.provider, "process", None):
        click.echo("Ape started this node, and it ends with this command. To keep one, name it in APE_FOUNDRY_HOST.")
    for call in calls:
        click.echo(f"the owner has to {call.description}: to {call.to}, data {call.data}")
        if call.schedule:
            click.echo(f"  a proposer schedules it: to {config.owner}, data {call.schedule}")
            click.echo(f"  an executor executes it after the delay: to {config.owner}, data {call.execute}")
    click.echo(f"{path}: run again after the owner's calls" if calls else f"{path}: deployed and checked")
