"""
Deploys the protocol to a network: `ape run deploy --network ... --account ...`, or `make deploy`.

It reads config/<network>.yaml and writes deployments/<network>.json. Interrupted, it goes on where it was when it is
run again. See `deployer/` for how.
"""

from pathlib import Path

import click
import requests
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.exceptions import ApeException
from web3.exceptions import Web3Exception

from deployer.check import check_chain, differences
from deployer.config import load_config
from deployer.deploy import deploy
from deployer.errors import DeployError
from deployer.journal import read_deployment

HOME = Path(__file__).parent.parent


@click.command(cls=ConnectedProviderCommand)
@network_option()
@account_option(prompt=False)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What to deploy. Default: config/<network>.yaml.",
)
@click.option("--force", is_flag=True, help="Deploy anew and overwrite the deployment file.")
@click.option("--check", is_flag=True, help="Deploy nothing: read back what was deployed.")
def cli(provider: ProviderAPI, account: AccountAPI | None, config_path: Path | None, force: bool, check: bool) -> None:
    """Deploy the protocol, wire it and check it."""
    network = provider.network.name
    path = HOME / "deployments" / f"{network}.json"
    config = load_config(config_path or HOME / "config" / f"{network}.yaml")
    try:
        check_chain(config)
        if check:
            deployment = read_deployment(path)
            if mismatches := differences(config, deployment):
                raise DeployError("\n".join(mismatches))
            click.echo(f"{path}: all is as it should be")
            return
        if account is None:
            raise DeployError(
                "name who deploys, as --account TEST::0 on a local node or by a keyfile of `ape accounts`"
            )
        calls = deploy(config, network, account, path, force)
    except (ApeException, Web3Exception, requests.RequestException) as error:
        what, advice = ("reading back", "") if check else ("deploying", "; run again to go on")
        raise DeployError(f"{what} failed: {' '.join(str(error).split()).rstrip('.')}{advice}") from error
    if getattr(provider, "process", None):
        click.echo("Ape started this node, and it ends with this command. To keep one, name it in APE_FOUNDRY_HOST.")
    for call in calls:
        click.echo(f"the owner has to {call.description}: to {call.to}, data {call.data}")
    click.echo(f"{path}: run again after the owner's calls" if calls else f"{path}: deployed and checked")
