"""docs/load.md says what `make load` measured."""

import json

import pytest

from tests.helpers.pages import ROOT, table

LOAD = json.loads((ROOT / "bench/load.json").read_text())


def _gas(row: list[str], names: tuple[str, ...]) -> list[str]:
    return [f"{LOAD['gas'][row[1].strip('`') + ', ' + name]:,}" for name in names]


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("What the first and the last pay", ("first", "second", "last")),
        ("What the pool's size changes", ("alone", "alone with a ticket", "full")),
    ],
)
def test_load_md__gas__is_as_measured(heading: str, names: tuple[str, ...]) -> None:
    rows = table("load.md", heading)

    assert rows
    assert [row[2:] for row in rows] == [_gas(row, names) for row in rows]


@pytest.mark.parametrize(
    ("heading", "names", "columns"),
    [
        (
            "What it adds up to",
            ("positions", "tickets", "calls", "delegated", "withdrawn", "slashed", "held", "worth", "dust"),
            ("full", "leaving", "end"),
        ),
        (
            "What rewards add up to",
            ("paid", "commission", "claimed", "claimable", "dust"),
            ("AST", "Second"),
        ),
    ],
)
def test_load_md__sums__are_as_measured(heading: str, names: tuple[str, ...], columns: tuple[str, ...]) -> None:
    measured = [[f"{LOAD['sums'][f'{column}: {name}']:,}" for column in columns] for name in names]

    assert [row[1:] for row in table("load.md", heading)] == measured
