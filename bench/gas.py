"""
Measures the gas of what users do and prints it beside the peers.

Writes `bench/gas.json`. With `--check`, or where CI is set, it compares with that file instead, and fails if a figure
there grew.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import ape
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import bench.rows  # noqa: F401, which fills ROWS
from bench.chain import fixed_chain
from bench.row import ROWS
from bench.tables import comparison, every_row
from bench.world import create_world

FILE = Path(__file__).with_name("gas.json")

Figures = dict[str, int]


def measure(progress: Progress) -> Figures:
    """Every row, each from the same world."""
    figures = {}
    with fixed_chain():
        world = create_world(lambda batches, text: progress.track(batches, description=text))
        for name, row in progress.track(ROWS.items(), description="rows"):
            snapshot = ape.chain.snapshot()
            figures[name] = row(world)
            ape.chain.restore(snapshot)
    return dict(sorted(figures.items()))


def compare(old: Figures, new: Figures, file: str = FILE.name) -> tuple[list[str], list[str]]:
    """What is wrong with the new figures, and what is only to be told."""
    wrong = [f"{name} is new: commit {file}" for name in new if name not in old]
    fallen = []
    for name, before in old.items():
        if name not in new:
            wrong.append(f"{name} is in {file}, but was not measured")
        elif new[name] > before:
            wrong.append(f"{name} grew from {before:,} to {new[name]:,}")
        elif new[name] < before:
            fallen.append(f"{name} fell from {before:,} to {new[name]:,}: commit {file}")
    return wrong, fallen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the committed figures")
    check = parser.parse_args().check or bool(os.environ.get("CI"))

    logger.set_level(LogLevel.WARNING)
    console = Console(width=None if sys.stdout.isatty() else 160)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        figures = measure(progress)
    console.print(comparison(figures), every_row(figures))

    wrong: list[str] = []
    if check:
        wrong, fallen = compare(json.loads(FILE.read_text()), figures)
        for line in fallen:
            console.print(line)
    else:
        FILE.write_text(json.dumps(figures, indent=2) + "\n")
    for line in wrong:
        console.print(f"[red]{line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
