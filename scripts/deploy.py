"""
Deploys the protocol to a network: `ape run deploy --network ... --account ...`, or `make deploy`.

It reads config/<network>.yaml and writes deployments/<network>.json. Interrupted, it goes on where it was when it is
run again. See `deployer/` for how, and docs/testnets.md for public networks.
"""

from functools import partial
from pathlib import Path

from ape.api import AccountAPI, ProviderAPI

from deployer.check import differences
from deployer.command import carry_out, deploy_command
from deployer.config import load_config
from deployer.deploy import deploy

HOME = Path(__file__).parent.parent


@deploy_command("config/<network>.yaml")
def cli(provider: ProviderAPI, account: AccountAPI | None, config_path: Path | None, **flags: bool) -> None:
    """Deploy the protocol, wire it and check it."""
    network = provider.network.name
    path = HOME / "deployments" / f"{network}.json"
    config = load_config(config_path or HOME / "config" / f"{network}.yaml")
    carry_out(
        f"to {network}",
        config,
        path,
        account,
        lambda account, force, replace: deploy(config, network, account, path, force=force, replace=replace),
        partial(differences, config),
        **flags,
    )
