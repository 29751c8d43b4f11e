"""A node to try everything on."""

import json
import signal
from dataclasses import asdict

import click

from catenary import devnet as node
from catenary.anvil import wait_for
from catenary.chain import asking
from catenary.cli.app import errors_in_one_line, moment
from catenary.cli.group import cli
from catenary.protocol import Protocol


@cli.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8_545, show_default=True, help="Where it listens.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON.")
def devnet(port: int, as_json: bool) -> None:
    """Keep a node with a state to try everything on, until Ctrl-C. Needs Anvil, and nothing else."""
    for way in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        signal.signal(way, signal.default_int_handler)
    try:
        with errors_in_one_line(), node.devnet(port) as running:
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
    except KeyboardInterrupt:
        click.echo("the node has ended, and its state with it", err=True)


def _show(address: str, time: int, epoch: int, people: list[node.Person]) -> None:
    for line in (
        *(f"{each.account:9} {each.address}  {each.name}, {each.role}" for each in people),
        f"{address} is up until Ctrl-C. Its time goes on from {moment(time)}, in epoch {epoch}.",
        "`catenary` finds it by itself, in any folder: catenary positions --account TEST::5",
        "The keys of these accounts are known to all: they are Anvil's.",
    ):
        click.echo(line)
