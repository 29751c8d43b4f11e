"""`ape run demo`: plays a restaking life on a local node, and fails if any promise is broken."""

import sys

import click
from ape.logging import LogLevel, logger

from demo.node import OWN_NODE, connected
from demo.play import play


@click.command()
@click.option("--network", default=OWN_NODE, show_default=True, help="An Anvil node that is up, or one to start.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but the results, as JSON.")
def cli(network: str, as_json: bool) -> None:
    """Play a restaking life, and hold every promise against the chain after each step."""
    logger.set_level(LogLevel.WARNING)
    with connected(network) as node:
        kept = play(node, as_json=as_json)
    sys.exit(0 if kept else 1)
