"""The names that `ape console` opens with."""

from pathlib import Path
from typing import Any

import ape
import click

from deployer.journal import contract_at, read_deployment

SHORT = {
    "registry": "AVSRegistry",
    "slashing": "SlashingManager",
    "delegation": "DelegationManager",
    "rewards": "RewardsDistributor",
}


def names(path: Path) -> dict[str, Any]:
    """
    The contracts of a deployment file: `registry`, `slashing`, `delegation`, `rewards`, each vault by its symbol,
    `vaults`, all by symbol, and `epoch()`. None without such a file.
    """
    if not path.exists():
        click.echo(f"no contracts by name: there is no {path}, see `make deploy`")
        return {}
    deployment = read_deployment(path)
    contracts, vaults = (
        {name: contract_at(entry) for name, entry in deployment[section].items()} for section in ("contracts", "vaults")
    )
    core = {short: contracts.pop(name) for short, name in SHORT.items() if name in contracts}
    extras: dict[str, Any] = {**vaults, **contracts, **core, "vaults": vaults}
    if "registry" in core:
        if not ape.chain.provider.get_code(core["registry"].address):
            click.echo(f"no contracts by name: {path} is of another chain. Deploy anew: make deploy ARGS=--force")
            return {}
        extras["epoch"] = core["registry"].epoch
    if ape.chain.provider.network.is_local:
        extras["account"] = ape.accounts.test_accounts[0]
    click.echo(f"contracts by name: {', '.join(extras)}")
    return extras
