"""
Deploys the protocol to a network: `ape run deploy --network ... --account ...`, or `make deploy`.

It reads config/<network>.yaml and writes deployments/<network>.json. Interrupted, it goes on where it was when it is
run again. See `deployer/` for how, and docs/testnets.md for public networks.
"""

from pathlib import Path

import click
import requests
from ape.api import AccountAPI, ProviderAPI
from ape.cli import account_option, network_option
from ape.exceptions import ApeException
from web3.exceptions import Web3Exception

from deployer.check import check_chain, differences, differences_of_source
from deployer.command import DeployCommand, tell
from deployer.config import load_config
from deployer.deploy import deploy
from deployer.errors import DeployError
from deployer.journal import read_deployment
from deployer.network import limit_waiting, reason
from deployer.verify import verify

HOME = Path(__file__).parent.parent


@click.command(cls=DeployCommand)
@network_option()
@account_option(prompt=False)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What to deploy. Default: config/<network>.yaml.",
)
@click.option("--force", is_flag=True, help="Deploy anew and overwrite the deployment file.")
@click.option("--replace", is_flag=True, help="Send what is in no block yet again, with a higher fee, and go on.")
@click.option("--check", is_flag=True, help="Deploy nothing: read back what was deployed.")
@click.option("--verify", "publish", is_flag=True, help="Deploy nothing: publish the sources on Etherscan.")
def cli(
    provider: ProviderAPI,
    account: AccountAPI | None,
    config_path: Path | None,
    force: bool,
    replace: bool,
    check: bool,
    publish: bool,
) -> None:
    """Deploy the protocol, wire it and check it."""
    network = provider.network.name
    path = HOME / "deployments" / f"{network}.json"
    config = load_config(config_path or HOME / "config" / f"{network}.yaml")
    limit_waiting()
    try:
        check_chain(config.chain_id)
        if check or publish:
            deployment = read_deployment(path)
            if mismatches := differences(config, deployment) if check else differences_of_source(deployment):
                raise DeployError("\n".join(mismatches))
            if publish:
                verify(deployment)
            click.echo(f"{path}: all is {'as it should be' if check else 'verified'}")
            return
        if account is None:
            raise DeployError(
                "name who deploys, as --account TEST::0 on a local node or by a keyfile of `ape accounts`"
            )
        click.echo(f"deploying to {network} (chain id {config.chain_id}) from {account.address}")
        calls = deploy(config, network, account, path, force=force, replace=replace)
    except (ApeException, Web3Exception, requests.RequestException) as error:
        what, advice = ("reading back", "") if check or publish else ("deploying", "; run again to go on")
        raise DeployError(f"{what} failed: {reason(error)}{advice}") from error
    if getattr(provider, "process", None):
        click.echo("Ape started this node, and it ends with this command. To keep one, name it in APE_FOUNDRY_HOST.")
    tell(calls, config.owner, path)
