"""The pages of `docs/` as tests read them."""

import re
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def section(page: str, heading: str) -> str:
    """What `docs/<page>` says under `heading`, up to the next heading."""
    _, found, rest = (ROOT / "docs" / page).read_text().partition(f"# {heading}\n")
    assert found, f"{page} has no heading {heading!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under `heading`, row by row, without its head."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def units(text: str, decimals: int = 18) -> int:
    """A number of a page in its smallest unit: `units("0.35")` is 35e16."""
    value = Decimal(text.replace(",", "")).scaleb(decimals)
    assert value == int(value), f"{text} has more than {decimals} decimals"
    return int(value)


def pair(text: str) -> tuple[int, int]:
    """`0.10 + 0.20`, as guaranteed and elastic [wad]."""
    guaranteed, elastic = text.split(" + ")
    return units(guaranteed), units(elastic)
