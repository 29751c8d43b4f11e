"""The steps of a deployment, each done if it is not done yet."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ape
import click
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.check import differences
from deployer.config import DEPLOYER, NONE, NOW, STAND_INS, Config, VaultConfig
from deployer.contracts import ZERO_ADDRESS, Core, Timing, container, deploy_core, deploy_vault
from deployer.errors import DeployError
from deployer.journal import Journal
from deployer.timelock import OwnerCall, owner_call


def deploy(
    config: Config, network: str, account: AccountAPI, path: Path, *, force: bool, replace: bool
) -> Sequence[OwnerCall]:
    """
    Deploys and wires what `config` says, or goes on with it, and checks the result. Returns the calls that the owner
    has to make before the next run can go on. With `replace`, a transaction that waits gets a higher fee.
    """
    _check_on_chain(config)
    head = {"network": network, "config": asdict(config)}
    journal = Journal.open(path, account, head, force=force, replace=replace)
    if journal.forget_lost_core():
        click.echo(
            f"{account.address} has sent other transactions since: the contracts can no longer be deployed where the "
            "registry expects them. The core is deployed anew."
        )
    core = deploy_core(
        journal,
        _timing(config.timing, journal.begun),
        _account(config.owner, journal.address),
        _account(config.guardian, journal.address),
    )
    calls: list[OwnerCall] = []
    for vault_config in config.vaults:
        calls += _wire(journal, core, vault_config)
    if calls:
        journal.wait_for_owner([call.as_entry() for call in calls])
        return calls
    mismatches = differences(config, journal.content)
    if mismatches:
        raise DeployError("\n".join(mismatches))
    journal.finish()
    return []


def _check_on_chain(config: Config) -> None:
    """What the constructors would refuse, before anything is sent."""
    now = ape.chain.blocks.head.timestamp
    genesis = config.timing["genesis"]
    if genesis != NOW and genesis > now:
        raise DeployError(f"timing.genesis is {genesis}, but must not be after the last block's time, {now}")
    for vault in config.vaults:
        if vault.asset not in STAND_INS:
            decimals = _decimals(vault)
            if not 6 <= decimals <= 18:
                raise DeployError(f"the asset of {vault.symbol} has {decimals} decimals, but must have from 6 to 18")


def _decimals(vault: VaultConfig) -> int:
    if not ape.chain.provider.get_code(ape.convert(vault.asset, ape.types.AddressType)):
        raise DeployError(f"the asset of {vault.symbol}, {vault.asset}, is not a contract of this chain")
    return int(_token(vault.asset).decimals())


def _token(address: str) -> ContractInstance:
    return project.TestToken.at(address, fetch_from_explorer=False, detect_proxy=False)


def _timing(timing: Mapping[str, Any], begun: Mapping[str, Any] | None) -> Timing:
    """The timing of a registry that is there stands; else "now" is the last block's time."""
    if begun:
        return Timing(*begun["arguments"]["timing"].values())
    genesis = timing["genesis"]
    return Timing(**{**timing, "genesis": ape.chain.blocks.head.timestamp if genesis == NOW else genesis})


def _account(name: str, deployer: str) -> str:
    return {DEPLOYER: deployer, NONE: ZERO_ADDRESS}.get(name, name)


def _wire(journal: Journal, core: Core, config: VaultConfig) -> list[OwnerCall]:
    """Deploys, lists, seeds and opens a vault, as far as the sender can. Returns what is left to the owner."""
    stand_in = config.asset in STAND_INS
    asset = journal.deploy(container(config.asset)) if stand_in else _token(config.asset)
    vault = deploy_vault(journal, core, asset, native=config.native, name=config.name, symbol=config.symbol)
    owner = str(core.registry.owner())
    left: list[OwnerCall] = []

    def by_owner(description: str, method: Any, argument: Any) -> None:
        if journal.sender == owner:
            journal.call(description, method, argument)
        else:
            data = method.encode_input(argument).to_0x_hex()
            left.append(owner_call(owner, description, method.contract.address, data))

    if not core.registry.hasVault(vault):
        by_owner(f"list {config.symbol}", core.registry.listVault, vault)
    # A vault takes nothing, its seed neither, before it is listed.
    if not left and not vault.totalSupply():
        _seed(journal, config, asset, vault)
    if vault.cap() != config.cap:
        by_owner(f"set the cap of {config.symbol} to {config.cap}", vault.setCap, config.cap)
    return left


def _seed(journal: Journal, config: VaultConfig, asset: ContractInstance, vault: ContractInstance) -> None:
    """Anyone may seed, with assets of their own: those of the deployer. Wrapped and stand-in assets are made."""
    seed, symbol = vault.SEED(), config.symbol
    missing = seed - asset.balanceOf(journal.sender)
    if missing > 0 and config.native:
        journal.call(
            f"wrap the seed of {symbol}",
            container("WETH9").at(asset.address, fetch_from_explorer=False, detect_proxy=False).deposit,
            value=missing,
        )
    elif missing > 0 and config.asset in STAND_INS:
        journal.call(f"mint the seed of {symbol}", asset.mint, journal.sender, missing)
    elif missing > 0:
        raise DeployError(
            f"{journal.sender} needs {seed} of the asset of {symbol}, {config.asset}, to seed the vault, and lacks "
            f"{missing}: send them and run again"
        )
    if asset.allowance(journal.sender, vault) < seed:
        journal.call(f"approve the seed of {symbol}", asset.approve, vault, seed)
    journal.call(f"seed {symbol}", vault.seed)
