"""What would change, before anything is sent."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from eth_utils.conversions import to_bytes
from rich.table import Table

from catenary import simulate as simulation
from catenary.cli.app import (
    Session,
    command,
    moment,
    moment_of,
    named,
    operator_option,
    table,
    vault_option,
)
from catenary.cli.avs import _wanted
from catenary.cli.group import cli
from catenary.errors import BadAmount
from catenary.protocol import Protocol
from catenary.simulate import PoolEffect, Simulation, Step
from catenary.units import ETHER, WAD, percent, seconds

ROWS = 20  # of stakers, for people

_later = click.option("--later", help="Compare so much later, as '2 d' or '1 epoch'. Default: as soon as it is sent.")


@cli.group()
def simulate() -> None:
    """See who would lose what, and which AVS is weakened: on a fork of the node. Nothing is sent."""


@command(simulate)
@click.option("--avs", "number", type=int, required=True, help="The AVS that slashes, by its id.")
@vault_option
@operator_option
@click.option("--amount", required=True, help="'5 %' of what the pool retains, or what is worth '10 cWETH'.")
@click.option("--offence-at", help="A Unix time, or as '2 h ago'. Default: now.")
@click.option("--execute-after-veto", is_flag=True, help="Execute it too, as soon as its veto period is over.")
@_later
def slash(
    session: Session,
    number: int,
    vault_name: str,
    operator: str,
    amount: str,
    offence_at: str | None,
    execute_after_veto: bool,
    later: str | None,
) -> None:
    """Simulate a slash by an AVS's slasher."""
    protocol = session.protocol.pinned
    pool, avs = protocol.vault(vault_name).pool(session.address(operator)), protocol.avs(number)
    offence = None if offence_at is None else moment_of(offence_at, protocol.chain.time)
    steps = simulation.slash(avs, pool, _wanted(pool, amount), offence, execute=execute_after_veto)
    show(session, simulation.simulate(protocol, steps, _moment(protocol, steps[-1].at or 0, later)))


@command(simulate)
@click.option("--from", "sender", required=True, help="Who sends it: an address, whose key is not needed.")
@click.option("--to", required=True, help="The contract that is called, by its address.")
@click.option("--data", default="0x", help="Its data, in hexadecimal.")
@click.option("--value", help="Ether that is sent along, as '1 ether'.")
@click.option("--wait", help="Send it only after so long, as '2 d' or '1 epoch'.")
@_later
def call(
    session: Session, sender: str, to: str, data: str, value: str | None, wait: str | None, later: str | None
) -> None:
    """Simulate any transaction."""
    protocol = session.protocol.pinned
    if not re.fullmatch("0x([0-9a-fA-F]{2})*", data):
        raise BadAmount(f"{data!r} is not data: write it in hexadecimal, beginning with 0x")
    now = protocol.chain.time
    at = _moment(protocol, now, wait) or now + 1
    wei = ETHER.parse(value) if value else 0
    step = Step(session.address(sender), protocol.address(to), to_bytes(hexstr=data), wei, at)
    show(session, simulation.simulate(protocol, [step], _moment(protocol, at, later)))


def show(session: Session, one: Simulation) -> None:
    """Shows what would change."""
    session.show(
        {
            "block": one.block,
            "time": one.time,
            "epoch": one.epoch,
            "gas": list(one.gas),
            "events": [asdict(event) for event in one.events],
            "pools": [_pool_data(effect) for effect in one.pools],
        },
        *_told(one),
    )


# --- words ---


def _moment(protocol: Protocol, start: int, length: str | None) -> int:
    """So long after `start`, or when the epoch begins that is so many later; 0 for no length [Unix time]."""
    if length is None:
        return 0
    clock, epochs = protocol.clock, re.fullmatch(r"([1-9][0-9]?)\s*epochs?", length.strip())
    return clock.start_of(clock.epoch_at(start) + int(epochs[1])) if epochs else start + seconds(length)


def _told(one: Simulation) -> Iterator[Table | str]:
    yield (
        f"on a fork of block {one.block}; with it and without it on {moment(one.time)}, in epoch {one.epoch}; "
        "nothing was sent"
    )
    for event in one.events:
        if event.name in ("Transfer", "Approval"):  # of vault shares: another event says why
            continue
        words = ", ".join(f"{name} {value}" for name, value in event.words.items())
        yield f"{event.contract} says {event.name}: {words}"
    if not one.pools:
        yield "no pool is touched"
    for effect in one.pools:
        yield from _pool_told(effect)


def _pool_told(effect: PoolEffect) -> Iterator[Table | str]:
    pool, before, after = effect.pool, effect.before, effect.after
    show, show_assets = pool.vault.unit.show, pool.vault.asset_unit.show
    yield f"the pool of {pool.operator} in {pool.vault.symbol}"
    yield f"  retained: {_change(_part(before.retained), _part(after.retained))}"
    yield f"  left of the loss budget in this epoch: {_change(_part(before.budget_left), _part(after.budget_left))}"
    if effect.stakers:
        yield table(
            "Who loses what",
            ("staker", "delegated", "in tickets", "loses", "which is worth"),
            [
                (
                    each.staker,
                    _change(show(each.before.delegated), show(each.after.delegated)),
                    _change(show(each.before.in_tickets), show(each.after.in_tickets)),
                    _signed(each.lost, show),
                    _signed(each.lost_assets, show_assets),
                )
                for each in effect.stakers[:ROWS]
            ],
        )
    else:
        yield "  what every staker has in it stays as it is"
    if len(effect.stakers) > ROWS:
        yield f"and {len(effect.stakers) - ROWS} more, who lose less: --json has them all"
    for avs in effect.avss:
        if avs.safe_lost > 0:
            yield f"  AVS {avs.avs} is weakened: {show(avs.safe_lost)} are no longer safe"
        elif avs.slashable_lost > 0:
            yield f"  AVS {avs.avs} can slash {show(avs.slashable_lost)} less in this epoch; what is safe stays so"
    rows = [
        (
            str(each.avs),
            *(
                _change(show(getattr(each.before.shares, name)), show(getattr(each.after.shares, name)))
                for name in ("slashable_guaranteed", "slashable_elastic", "safe_guaranteed", "safe_elastic")
            ),
        )
        for each in effect.avss
    ]
    yield table(
        "What AVSs may rely on",
        ("AVS", "slashable, guaranteed", "slashable, shared", "safe, guaranteed", "safe, shared"),
        rows,
    )


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _part(wad: int) -> str:
    return percent(wad * 10_000 // WAD) if not wad % 10**14 else f"{wad / 10**16:.6g} %"


def _signed(lost: int, show: Any) -> str:
    return f"{show(lost)}" if lost >= 0 else f"-{show(-lost)}"


def _pool_data(effect: PoolEffect) -> dict[str, Any]:
    return {
        **named(effect.pool),
        "before": asdict(effect.before),
        "after": asdict(effect.after),
        "stakers": [{**asdict(each), "lost": each.lost, "lost_assets": each.lost_assets} for each in effect.stakers],
        "avss": [
            {
                "avs": each.avs,
                "before": {"shares": asdict(each.before.shares), "assets": asdict(each.before.assets)},
                "after": {"shares": asdict(each.after.shares), "assets": asdict(each.after.assets)},
                "safe_lost": each.safe_lost,
                "slashable_lost": each.slashable_lost,
            }
            for each in effect.avss
        ],
    }
