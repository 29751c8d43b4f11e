"""
Brings one pool to 10,000 stakers, 1,000 open tickets and 50 AVSs, slashes, pays and exits through it, and prints what
the first and the last cost, and what it all adds up to.

Writes `bench/load.json`. With `--check`, where CI is set, or with fewer stakers, it compares with that file instead. A
pool of fewer stakers is to cost the same.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import ape
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.chain import fixed_chain
from bench.crowd import stakers
from bench.gas import Figures, compare
from bench.life import AVSS, SLASHERS, Acts, Life, Scene, Sums, create_scene
from bench.world import Track, create_world

FILE = Path(__file__).with_name("load.json")

STAKERS = 10_000
EACH_TICKET = 10  # one in so many stakers opens a ticket

# What each staker and each AVS does: the first, the second and the last of the full pool.
OF_EACH = {
    "opt_in": "an AVS's first pool; the first is also the pool's first AVS",
    "delegate": "in ether, new to the pool; the first finds it empty",
    "undelegate": "a part; the first is also the first to leave the pool, and to move in the epoch",
    "complete": "into assets, which the receiver never held; the pool was slashed since",
    "claim": "a first claim of one token that the receiver never held, after 3 payments",
    "claim_late": "as claim, by stakers who came after the first of the payments was to be for",
    "claim_moved": "as claim, by stakers who undelegated a part in an epoch that was paid for",
    "claim_2_tokens": "as claim, of two more tokens in one call",
    "undelegate_all": "as undelegate, from a pool with three reward tokens",
    "complete_again": "into assets, which the receiver holds",
    "complete_all": "into assets, which the receiver never held",
}

# What is done to the whole pool: alone, that is with 1 staker and 1 AVS, without and with a ticket, and full.
OF_ALL = {
    "slash_at_once": "later, in the epoch in which the tickets were opened",
    "slash_with_veto": "later, request and execute, in the epoch after that",
    "slash_elastic": "later, at once, out of both parts, after the tickets matured",
    "slash_left": "as slash_at_once, where everyone has left: all is tickets, opened in the epoch before",
    "pay_first": "the first payment of a token",
    "pay": "a later one, in a new epoch",
    "pay_3_tokens": "three of them in one transaction",
    "claim_commission": "of one token",
}


def play(scene: Scene, count: int, track: Track) -> tuple[Figures, Sums, list[str]]:
    """The figures, the sums, and what does not cost the same."""
    alone: list[Acts] = [{}, {}]  # by the number of tickets
    for i in track(range(len(SLASHERS)), "pools of one staker"):
        for tickets, acts in enumerate(alone):
            snapshot = ape.chain.snapshot()
            life = Life(scene, stakers(1), tickets, [SLASHERS[i]], 0, lambda batches, _: batches)
            life.play()
            acts |= life.acts
            ape.chain.restore(snapshot)
    full = Life(scene, stakers(count), count // EACH_TICKET, SLASHERS, AVSS - len(SLASHERS), track)
    full.play()

    figures: Figures = {}
    for act in OF_EACH:
        first, second, *_, last = full.acts[act]
        figures |= {f"{act}, first": first, f"{act}, second": second, f"{act}, last": last}
    for act in OF_ALL:
        lives = zip(("alone", "alone with a ticket", "full"), (*alone, full.acts), strict=True)
        figures |= {f"{act}, {name}": acts[act][0] for name, acts in lives}
    return figures, full.sums, differences(figures, full.acts)


def differences(figures: Figures, acts: Acts) -> list[str]:
    """What does not cost the same, although nothing differs but who is in the pool."""
    wrong = []
    for act in OF_ALL:
        small, full = figures[f"{act}, alone with a ticket"], figures[f"{act}, full"]
        if small != full:
            wrong.append(f"{act} costs {small:,} alone, but {full:,} in the full pool")
    for act in OF_EACH:
        # The ids of 8 AVSs share a slot, which costs the one more that opens it.
        later = [cost for i, cost in enumerate(acts[act][1:], start=1) if act != "opt_in" or i % 8 != 6]
        if min(later) != max(later):
            wrong.append(f"{act} costs {min(later):,} to {max(later):,} after the first")
    return wrong


def table(figures: Figures, acts: dict[str, str], columns: tuple[str, ...], title: str) -> Table:
    made = Table(title=title)
    made.add_column("act")
    for column in columns:
        made.add_column(column, justify="right")
    made.add_column("conditions")
    for act, conditions in acts.items():
        made.add_row(act, *(f"{figures[f'{act}, {column}']:,}" for column in columns), conditions)
    return made


def sums_table(sums: Sums) -> Table:
    made = Table(title="What it adds up to")
    made.add_column("sum")
    made.add_column("wei, or how many", justify="right")
    for name, amount in sums.items():
        made.add_row(name, f"{amount:,}")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the committed figures")
    parser.add_argument("--stakers", type=int, default=STAKERS, help="how many, from 30; a tenth open tickets")
    arguments = parser.parse_args()
    whole = arguments.stakers == STAKERS

    logger.set_level(LogLevel.WARNING)
    console = Console(width=None if sys.stdout.isatty() else 160)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress, fixed_chain():

        def track(batches: range, text: str) -> Iterator[int]:
            task = progress.add_task(text, total=len(batches))
            for batch in batches:
                yield batch
                progress.advance(task)
            progress.remove_task(task)

        scene = create_scene(create_world(track))
        figures, sums, wrong = play(scene, arguments.stakers, track)
    console.print(
        table(figures, OF_EACH, ("first", "second", "last"), f"Each of {arguments.stakers:,} stakers and {AVSS} AVSs"),
        table(figures, OF_ALL, ("alone", "alone with a ticket", "full"), "The pool"),
        sums_table(sums),
    )

    if arguments.check or os.environ.get("CI") or not whole:
        committed = json.loads(FILE.read_text())
        grown, fallen = compare(committed["gas"], figures, FILE.name)
        wrong += grown
        if whole and sums != committed["sums"]:
            wrong.append(f"what it adds up to differs from {FILE.name}")
        for line in fallen:
            console.print(line)
    else:
        FILE.write_text(json.dumps({"gas": figures, "sums": sums}, indent=2) + "\n")
    for line in wrong:
        console.print(f"[red]{line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
