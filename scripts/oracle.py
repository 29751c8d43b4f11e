"""
Deploys an oracle over a vault of a deployment: `ape run oracle --network ... --account ...`, or `make oracle`.

It reads config/oracle/<network>.yaml and deployments/<network>.json, and writes deployments/<network>-oracle.json.
Interrupted, it goes on where it was when it is run again. See docs/oracle.md.
"""

from pathlib import Path

import click
import requests
from ape.api import AccountAPI, ProviderAPI
from ape.cli import account_option, network_option
from ape.exceptions import ApeException
from web3.exceptions import Web3Exception

from deployer.check import check_chain
from deployer.command import DeployCommand, tell
from deployer.errors import DeployError
from deployer.journal import read_deployment
from deployer.network import limit_waiting, reason
from deployer.oracle import deploy_oracle, load_oracle_config, oracle_differences

HOME = Path(__file__).parent.parent


@click.command(cls=DeployCommand)
@network_option()
@account_option(prompt=False)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What to deploy. Default: config/oracle/<network>.yaml.",
)
@click.option("--force", is_flag=True, help="Deploy anew and overwrite the deployment file.")
@click.option("--replace", is_flag=True, help="Send what is in no block yet again, with a higher fee, and go on.")
@click.option("--check", is_flag=True, help="Deploy nothing: read back what was deployed.")
def cli(
    provider: ProviderAPI,
    account: AccountAPI | None,
    config_path: Path | None,
    force: bool,
    replace: bool,
    check: bool,
) -> None:
    """Deploy an oracle with its feeds and check it."""
    network = provider.network.name
    protocol = HOME / "deployments" / f"{network}.json"
    path = HOME / "deployments" / f"{network}-oracle.json"
    config = load_oracle_config(config_path or HOME / "config" / "oracle" / f"{network}.yaml")
    limit_waiting()
    try:
        check_chain(config.chain_id)
        if check:
            if mismatches := oracle_differences(config, read_deployment(path)):
                raise DeployError("\n".join(mismatches))
            click.echo(f"{path}: all is as it should be")
            return
        if account is None:
            raise DeployError(
                "name who deploys, as --account TEST::0 on a local node or by a keyfile of `ape accounts`"
            )
        click.echo(f"deploying an oracle to {network} (chain id {config.chain_id}) from {account.address}")
        calls = deploy_oracle(config, protocol, account, path, force=force, replace=replace)
    except (ApeException, Web3Exception, requests.RequestException) as error:
        what, advice = ("reading back", "") if check else ("deploying", "; run again to go on")
        raise DeployError(f"{what} failed: {reason(error)}{advice}") from error
    tell(calls, config.owner, path)
