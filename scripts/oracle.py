"""
Deploys an oracle over a vault of a deployment: `ape run oracle --network ... --account ...`, or `make oracle`.

It reads config/oracle/<network>.yaml and deployments/<network>.json, and writes deployments/<network>-oracle.json.
Interrupted, it goes on where it was when it is run again. See docs/oracle.md.
"""

from functools import partial
from pathlib import Path

from ape.api import AccountAPI, ProviderAPI

from deployer.command import carry_out, deploy_command
from deployer.oracle import deploy_oracle, load_oracle_config, oracle_differences

HOME = Path(__file__).parent.parent


@deploy_command("config/oracle/<network>.yaml")
def cli(provider: ProviderAPI, account: AccountAPI | None, config_path: Path | None, **flags: bool) -> None:
    """Deploy an oracle with its feeds and check it."""
    network = provider.network.name
    protocol = HOME / "deployments" / f"{network}.json"
    path = HOME / "deployments" / f"{network}-oracle.json"
    config = load_oracle_config(config_path or HOME / "config" / "oracle" / f"{network}.yaml")
    carry_out(
        f"an oracle to {network}",
        config,
        path,
        account,
        lambda account, force, replace: deploy_oracle(config, protocol, account, path, force=force, replace=replace),
        partial(oracle_differences, config),
        **flags,
    )
