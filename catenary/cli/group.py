"""The commands by who uses them."""

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """
    Catenary: who secures what, what can be lost, and by when one can be out.

    Exit codes: 0 done; 1 refused, or failed on the chain; 2 words that cannot be read; 3 no node, or it stopped
    answering, or no block held the transaction in time; 4 the question was answered with no.
    """


@cli.group()
def operator() -> None:
    """For operators."""


@cli.group()
def avs() -> None:
    """For AVSs."""
