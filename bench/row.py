"""A row of the gas table: a function from the world to the gas of what a user does in it."""

from collections.abc import Callable

from ape.api import ReceiptAPI

from bench.world import World

Measure = Callable[[World], int]

# By name, in the order of the table. The docstring of a row says under which conditions it is measured.
ROWS: dict[str, Measure] = {}


def row(measure: Measure) -> Measure:
    """Adds a row to the table. Each starts from the same world."""
    ROWS[measure.__name__] = measure
    return measure


def conditions() -> dict[str, str]:
    """Under which conditions each row is measured."""
    return {name: " ".join((measure.__doc__ or "").split()) for name, measure in ROWS.items()}


def gas(*receipts: ReceiptAPI) -> int:
    """Of transactions that belong together."""
    return sum(int(receipt.gas_used) for receipt in receipts)
