"""A node to try everything on."""

import json
import signal
from contextlib import suppress
from dataclasses import asdict

import ape
import click

from catenary import devnet as node
from catenary.anvil import wait_for
from catenary.chain import asking
from catenary.cli.app import Session, command, errors_in_one_line, moment
from catenary.cli.group import cli
from catenary.errors import CatenaryError
from catenary.protocol import Protocol


@cli.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8_545, show_default=True, help="Where it listens.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON.")
def devnet(port: int, as_json: bool) -> None:
    """Keep a node with a state to try everything on, until Ctrl-C. Needs Anvil, and nothing else."""
    for way in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        signal.signal(way, signal.default_int_handler)
    with errors_in_one_line(), suppress(KeyboardInterrupt), node.devnet(port) as running:
        with asking(running.web3):
            protocol = Protocol(node.deployment()).pinned
            block, time, epoch = protocol.chain.number, protocol.chain.time, protocol.epoch
        people = node.people()
        if as_json:
            data = {"node": running.address, "process": running.process.pid, "block": block, "time": time}
            click.echo(json.dumps(data | {"epoch": epoch, "people": [asdict(each) for each in people]}))
        else:
            _show(running.address, time, epoch, people)
        wait_for(running)
    click.echo("the node has ended, and its state with it", err=True)


@command(cli)
@click.argument("epochs", type=click.IntRange(1, 1_000), default=1)
def skip(session: Session, epochs: int) -> None:
    """Move the time of a local node: to the start of the next epoch, or so many EPOCHS on."""
    if not ape.chain.provider.network.is_local:
        raise CatenaryError("only the time of a local node can be moved")
    epoch = session.protocol.epoch + epochs
    start = session.protocol.clock.start_of(epoch)
    ape.chain.mine(timestamp=start)
    session.show({"epoch": epoch, "time": start}, f"it is {moment(start)}, the start of epoch {epoch}")


def _show(address: str, time: int, epoch: int, people: list[node.Person]) -> None:
    for line in (
        *(f"{each.account:9} {each.address}  {each.name}, {each.role}" for each in people),
        f"{address} is up until Ctrl-C. Its time goes on from {moment(time)}, in epoch {epoch}.",
        f"Ask it from any folder: catenary positions --account TEST::5 --network {address}",
        "The keys of these accounts are known to all: they are Anvil's.",
    ):
        click.echo(line)
