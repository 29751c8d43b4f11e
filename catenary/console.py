"""
What a console opens with. In a project of one's own, a file `ape_console_extras.py` with one line is enough:

    from catenary.console import ape_init_extras
"""

import inspect
from dataclasses import fields, is_dataclass
from typing import Any

import ape
import click
from ape.contracts import ContractInstance
from rich.console import Console
from rich.table import Table

from catenary import devnet
from catenary.anvil import mine
from catenary.chain import Contract, local_account, web3
from catenary.contracts import contract_type
from catenary.deployment import Deployment
from catenary.errors import CatenaryError
from catenary.pool import Payout
from catenary.protocol import Protocol
from catenary.units import ETHER, bps, percent
from catenary.values import Accepted, Mandate


def ape_init_extras() -> dict[str, Any]:
    """Called by Ape when the console is connected: the names, or none and what to do about it."""
    try:
        found = names(Protocol.connect())
    except CatenaryError as error:
        click.echo(nothing(error))
        return {}
    click.echo(banner(found))
    return found


def names(protocol: Protocol) -> dict[str, Any]:
    """What there is, by name: the SDK, the contracts as Ape has them, and helpers."""
    vaults = {vault.symbol: _instance(vault.contract) for vault in protocol.vaults}
    found: dict[str, Any] = {
        **vaults,
        "vaults": vaults,
        "protocol": protocol,
        "registry": _instance(protocol.registry),
        "delegation": _instance(protocol.delegation),
        "slashing": _instance(protocol.slashing),
        "rewards": _instance(protocol.rewards),
        "epoch": lambda: protocol.epoch,
        "show": show,
        **{"Accepted": Accepted, "Mandate": Mandate, "Payout": Payout, "ETHER": ETHER, "bps": bps, "percent": percent},
    }
    if ape.chain.provider.network.is_local:
        found["account"] = ape.accounts.test_accounts[0]
        found["skip_epochs"] = lambda count=1: _skip_epochs(protocol, count)
        if Deployment.shipped("local").exists() and protocol.deployment == devnet.deployment():
            found["people"] = {each.name: local_account(index) for index, each in enumerate(devnet.people())}
    return found


def banner(found: dict[str, Any]) -> str:
    """What is there, for people."""
    protocol: Protocol = found["protocol"]
    vaults = [*found["vaults"]]
    vault = vaults[0] if vaults else "cWETH"
    lines = [
        f"Catenary on chain {protocol.deployment.chain_id}, in epoch {protocol.epoch}.",
        f'  protocol    all of it, as objects: protocol.vault("{vault}").pools, protocol.staker(address).positions,',
        "              protocol.avs(1).stakes; what changes something is a call: .check(account), .send(account)",
        "  contracts   registry, delegation, slashing, rewards, as Ape has them",
        f"  vaults      {', '.join(vaults) or 'none is listed'}, as Ape has them; `vaults` has them all by symbol",
        "  helpers     epoch(); show(...) of any object; ETHER, bps('5 %'), percent(500); Accepted, Mandate, Payout",
    ]
    if "account" in found:
        lines.append("  local node  account, with ether of its own; skip_epochs(1)")
    if "people" in found:
        lines.append(f"  devnet      people: {', '.join(found['people'])}, as accounts by their names")
    return "\n".join(lines)


def nothing(error: CatenaryError) -> str:
    """Why there is nothing, and what to do."""
    return f"no protocol here: {error}\n`catenary devnet` keeps a node that has one; `make deploy` deploys one"


def show(thing: Any) -> None:
    """Prints what a thing of the protocol says of itself, now."""
    said = [field.name for field in fields(thing)] if is_dataclass(thing) else []
    said += [name for name, _ in inspect.getmembers(type(thing), _is_property) if not name.startswith("_")]
    table = Table(show_header=False)
    for name in said:
        if name == "protocol":
            continue
        try:
            value = repr(getattr(thing, name))
        except CatenaryError as error:
            value = str(error)
        table.add_row(name, value)
    Console(markup=False, emoji=False).print(table if said else repr(thing))


def _is_property(member: Any) -> bool:
    return isinstance(member, property)


def _instance(contract: Contract) -> ContractInstance:
    return ape.Contract(
        contract.address, contract_type=contract_type(contract.name), fetch_from_explorer=False, detect_proxy=False
    )


def _skip_epochs(protocol: Protocol, count: int) -> int:
    """Moves a local node to the beginning of an epoch to come, and names it."""
    epoch = protocol.epoch + count
    mine(web3(), protocol.clock.start_of(epoch))
    return epoch
