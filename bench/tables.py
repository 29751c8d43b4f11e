"""The figures as tables: beside the peers, and each with its conditions."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from bench.row import conditions


@dataclass(frozen=True)
class Peer:
    """What a call costs elsewhere: the gas that ours is held against, and what else there is to know."""

    gas: int
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """A line of the table in `anchors.md`; `target` is the most that ours may cost."""

    what: str
    row: str
    target: int
    eigenlayer: Peer | None = None
    symbiotic: Peer | None = None
    karak: Peer | None = None
    satlayer: Peer | None = None


COMPARISONS = (
    Comparison(
        "stake and delegate, new staker, live pool",
        "stake_new",
        116_000,
        Peer(336_893, "2 tx"),
        Peer(271_317),
        Peer(95_000),
        Peer(98_000),
    ),
    Comparison(
        "stake and delegate again, in a later epoch",
        "stake_again",
        120_000,
        Peer(135_459),
        Peer(240_605),
        Peer(78_000),
        Peer(81_000),
    ),
    Comparison(
        "undelegate part",
        "undelegate",
        99_000,
        Peer(418_499),
        Peer(239_714, "to 291,014"),
        Peer(164_000 + 63_000, "with approval"),
        Peer(116_000),
    ),
    Comparison(
        "complete an exit into assets",
        "complete",
        70_000,
        Peer(163_375),
        Peer(82_066),
        Peer(83_000),
        Peer(80_000),
    ),
    Comparison("register an operator", "register_operator", 50_000, Peer(135_765), Peer(72_099)),
    Comparison(
        "register an AVS",
        "register_avs",
        130_000,
        Peer(213_373 + 68_265, "2 tx"),
        Peer(72_121 + 50_486, "2 tx"),
    ),
    Comparison(
        "opt in to an AVS with a first allocation",
        "opt_in_and_allocate",
        121_000,
        Peer(462_799, "2 tx"),
        Peer(411_756, "3 tx"),
        Peer(394_000, "9 days"),
        Peer(442_000),
    ),
    Comparison("raise an allocation", "raise_allocation", 46_000, Peer(88_035), Peer(154_403)),
    Comparison("slash at once, first", "slash_first", 146_000, Peer(414_451), Peer(358_391)),
    Comparison("slash at once, in a later epoch", "slash_later", 118_000, Peer(301_420), Peer(295_290)),
    Comparison(
        "slash with veto: request and execute, first",
        "slash_veto_first",
        216_000,
        None,
        Peer(624_100),
        Peer(280_000),
        Peer(475_000),
    ),
    Comparison(
        "slash with veto: request and execute, later",
        "slash_veto",
        216_000,
        None,
        Peer(543_857),
        Peer(280_000),
        Peer(475_000),
    ),
    Comparison(
        "pay rewards to one pool, later payment, in a new epoch",
        "pay",
        90_000,
        Peer(105_420 + 88_948, "with a root"),
        Peer(169_168),
    ),
    Comparison(
        "pay rewards to one pool, later payment, in the same epoch",
        "pay_again",
        90_000,
        Peer(105_420 + 88_948, "with a root"),
        Peer(169_168),
    ),
    Comparison(
        "claim one token after 1 payment, a first claim",
        "claim_1",
        80_000,
        Peer(91_043, "proof of depth 17"),
        Peer(119_530),
    ),
    Comparison(
        "claim one token after 52 payments, a first claim",
        "claim_52",
        82_000,
        Peer(91_043, "proof of depth 17"),
        Peer(651_910),
    ),
    Comparison("claim one token after 52 payments, a later claim", "claim_again", 82_000),
)

# The row `new_operator` shows ours.
TRANSACTIONS = (
    "Transactions until a new operator's stake counts for an AVS: 1 (target 2, EigenLayer 4, Symbiotic 8 of 3 parties)"
)


def comparison(figures: Mapping[str, int]) -> Table:
    """Ours beside the peers, and how many times as much theirs is."""
    table = Table(title="Gas beside the peers", caption=TRANSACTIONS)
    table.add_column("what a user does")
    for heading in ("EigenLayer", "Symbiotic v1", "Karak v2", "SatLayer", "ours", "at most", "of it"):
        table.add_column(heading, justify="right")
    for line in COMPARISONS:
        ours = figures[line.row]
        peers = (line.eigenlayer, line.symbiotic, line.karak, line.satlayer)
        style = "red" if ours > line.target else "green"
        table.add_row(
            line.what,
            *(_beside(peer, ours) for peer in peers),
            f"{ours:,}",
            f"{line.target:,}",
            f"[{style}]{ours / line.target:.1%}",
        )
    return table


def every_row(figures: Mapping[str, int]) -> Table:
    """Every row with the conditions under which it was measured."""
    table = Table(title="Every row")
    table.add_column("row")
    table.add_column("gas", justify="right")
    table.add_column("conditions")
    for name, condition in conditions().items():
        table.add_row(name, f"{figures[name]:,}", condition)
    return table


def _beside(peer: Peer | None, ours: int) -> str:
    if peer is None:
        return ""
    note = f"\n({peer.note})" if peer.note else ""
    return f"{peer.gas:,} {peer.gas / ours:4.1f}x{note}"
