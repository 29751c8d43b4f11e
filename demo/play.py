"""The whole demo: the life, its results, and whether every promise was kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from demo import chapters
from demo.ledger import Exit
from demo.life import BrokenPromiseError, Life
from demo.node import Node
from demo.output import Output, amount, percent
from demo.promises import check_exit
from demo.world import LST, NEWCOMERS, OPERATORS, STAKERS, TOKENS, build

SOURCES = {
    f"base yield, {LST}": (LST, 18),
    **{f"{token} of AVSs": (token, decimals) for token, decimals in TOKENS.items()},
}


@dataclass(frozen=True)
class Income:
    """Of a staker in one token from one pool, or of an operator."""

    who: str
    token: str
    got: int  # [token]
    exact: Fraction  # by the ledger [token]


def play(node: Node, *, as_json: bool = False) -> bool:
    """Plays the life on `node`, and says whether every promise was kept."""
    output = Output(quiet=as_json)
    output.title(
        "Catenary: a restaking life",
        "After every step each promise is reckoned anew from the design and held against the chain.",
    )
    life = Life(build(node), output)
    broken: list[str] = []
    try:
        chapters.tell(life)
    except BrokenPromiseError as error:
        broken = [str(finding) for finding in error.findings]
    if as_json:
        print(json.dumps(_results(life, broken), indent=2))
    else:
        _conclude(life, broken)
    return not broken


def _conclude(life: Life, broken: list[str]) -> None:
    output = life.output
    for finding in broken:
        output.broken(finding)
    output.table(
        "What every staker was promised, and got, in vault shares",
        ("staker", "pool", "F", "epochs", "put in", "(1 - F)ⁿ", "leaving", "(1 - F)²", "received", "kept"),
        [*map(_row, life.ledger.exits), *(_undelegated(*each) for each in life.redeemed.items())],
        "F is the loss budget. Promised are (1 - F)ⁿ of what was put in, for n epochs, and (1 - F)² of what it was "
        "worth on leaving: received must be neither less than the one nor than the other.",
    )
    output.table(
        "Where every wei of vault share went",
        ("vault", "deposited", "withdrawn", "slashed", "left"),
        (_whereabouts(life, vault) for vault in life.ledger.vaults),
        "Deposited = withdrawn + slashed + left. What is left when all are out is dust: at most 1 wei per call.",
    )
    incomes = list(_incomes(life))
    earners = {each.who for each in incomes}
    output.table(
        "What each source brought",
        ("who", *(head for source in SOURCES for head in (source, "off"))),
        (_earned(who, incomes) for who in (*STAKERS, *map(_commission, (*OPERATORS, *NEWCOMERS))) if who in earners),
        "Off is by how many wei it differs from the exact fraction, by share-seconds, that the demo reckons by itself: "
        "at most 1 wei for each payment or rise of the price.",
    )
    output.table(
        "Where every wei of rewards went",
        ("token", "put in", "claimed", "commission", "returned", "left"),
        (_rewards(life, token) for token in life.ledger.put_in),
        "Left is dust: at most 1 wei for each payment to each staker.",
    )
    output.table(
        "What was held against the chain",
        ("promise", "checks"),
        ((promise, f"{count:,}") for promise, count in sorted(life.checks.items(), key=_number)),
        "Promises 4, 7 and 12 are held by the tests.",
    )
    checks = f"{sum(life.checks.values()):,} checks after {len(life.steps)} steps"
    if broken:
        output.closing(f"BROKEN: {len(broken)} of {checks}.", good=False)
    else:
        output.closing(f"Every promise was kept: {checks}.", good=True)


def _row(ended: Exit) -> tuple[str, ...]:
    return (
        ended.staker,
        str(ended.pool),
        percent(ended.loss_budget),
        f"{ended.entered}-{ended.opened + 1}",
        amount(ended.put_in),
        amount(int(ended.put_in * ended.promised_stay)),
        amount(ended.value_at_opening),
        amount(int(ended.value_at_opening * ended.promised_exit)),
        amount(ended.received),
        "yes" if _kept(ended) else "NO",
    )


def _undelegated(staker: str, shares: int) -> tuple[str, ...]:
    """What was never delegated cannot be slashed."""
    return (staker, "undelegated", "0 %", "", *[amount(shares)] * 5, "yes")


def _whereabouts(life: Life, vault: str) -> tuple[str, ...]:
    """As the chain says, but for what is withdrawn, which it does not keep."""
    book, seen = life.ledger.vaults[vault], life.seen.vaults[vault]
    parts = (book.deposited, book.withdrawn, sum(seen.slashed.values()), seen.booked + sum(seen.held.values()))
    return (vault, *map(str, parts))


def _incomes(life: Life) -> Iterator[Income]:
    ledger = life.ledger
    for staker, exact in ledger.base_yield.items():
        yield Income(staker, LST, life.base_yield[staker], exact)
    for (key, token), line in ledger.lines.items():
        for staker in line.pool.entries:
            yield Income(staker, token, line.claimed[staker], line.part(staker, ledger.epoch - 2))
        commission = Fraction(line.commission(ledger.epoch - 1))
        yield Income(_commission(key.operator), token, line.commission_claimed, commission)


def _commission(operator: str) -> str:
    return f"{operator}'s commission"


def _earned(who: str, incomes: Iterable[Income]) -> tuple[str, ...]:
    cells = [who]
    for token, decimals in SOURCES.values():
        own = [each for each in incomes if (each.who, each.token) == (who, token)]
        off = float(sum(each.got - each.exact for each in own))
        cells += [amount(sum(each.got for each in own), decimals, 6), f"{off:.2f}"] if own else ["", ""]
    return tuple(cells)


def _rewards(life: Life, token: str) -> tuple[str, ...]:
    ledger = life.ledger
    own = [line for (_, name), line in ledger.lines.items() if name == token]
    claimed, commission = sum(line.claimed.total() for line in own), sum(line.commission_claimed for line in own)
    parts = (ledger.put_in[token], claimed, commission, ledger.returned[token], life.seen.rewards.held[token])
    return (token, *map(str, parts))


def _kept(ended: Exit) -> bool:
    return all(finding.kept for finding in check_exit(ended))


def _number(check: tuple[str, int]) -> tuple[int, str]:
    """Promises in the order of their numbers, and what has none after them."""
    number = check[0].split()[0]
    return (int(number) if number.isdigit() else 99, check[0])


def _results(life: Life, broken: list[str]) -> dict[str, Any]:
    """Amounts in wei are strings, since few readers of JSON hold such numbers exactly."""
    return {
        "kept": not broken,
        "broken": broken,
        "checks": dict(sorted(life.checks.items())),
        "steps": [asdict(step) for step in life.steps],
        "exits": [
            {
                "staker": ended.staker,
                "operator": ended.pool.operator,
                "vault": ended.pool.vault,
                "loss_budget_bps": ended.loss_budget,
                "first_epoch": ended.entered,
                "last_epoch": ended.opened + 1,
                "put_in": str(ended.put_in),
                "promised_of_put_in": str(int(ended.put_in * ended.promised_stay)),
                "on_leaving": str(ended.value_at_opening),
                "promised_of_on_leaving": str(int(ended.value_at_opening * ended.promised_exit)),
                "received": str(ended.received),
                "paid": str(life.paid[ended]) if ended in life.paid else None,
                "kept": _kept(ended),
            }
            for ended in life.ledger.exits
        ],
        "incomes": [
            {
                "who": each.who,
                "token": each.token,
                "got": str(each.got),
                "exact_rounded_down": str(int(each.exact)),
            }
            for each in _incomes(life)
        ],
        "redeemed": {staker: str(shares) for staker, shares in life.redeemed.items()},
    }
