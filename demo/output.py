"""How the life is told."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 100
MARGIN = 10  # left of what is told


class Output:
    """Chapters, lines and tables. Without a terminal there is no control character in them."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(highlight=False, quiet=quiet)
        self._console.width = min(self._console.width, WIDTH) if self._console.is_terminal else WIDTH

    def title(self, text: str, below: str) -> None:
        self._print(text, "bold")
        self._print(below)

    def chapter(self, progress: str, title: str, why: str) -> None:
        self._print()
        self._beside(progress, title, "bold cyan")
        self._beside("", why, "italic")

    def step(self, epoch: int, text: str) -> None:
        self._beside(f"epoch {epoch}", text)

    def broken(self, text: str) -> None:
        self._beside("BROKEN", text, "bold red")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> None:
        """Its first column is text and all others are aligned to the right."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for index, name in enumerate(columns):
            table.add_column(name, justify="right" if index else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        self._print()
        self._print(title, "bold cyan")
        self._console.print(table, width=WIDTH, crop=False, no_wrap=True)
        for line in wrap(note, self._console.width):
            self._print(line, "italic")

    def closing(self, text: str, *, good: bool) -> None:
        self._print()
        self._print(text, "bold green" if good else "bold red")

    def _beside(self, label: str, text: str, style: str = "") -> None:
        """`text`, wrapped, with `label` in the margin."""
        for line in wrap(text, self._console.width - MARGIN):
            self._print(f"{label:{MARGIN}}{line}", style)
            label = ""

    def _print(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(text, style))


def amount(wei: int, decimals: int = 18, places: int = 2) -> str:
    return f"{wei / 10**decimals:,.{places}f}"


def fraction(wad: int) -> str:
    return f"{wad / 10**18:.4f}"


def part(wad: int) -> str:
    """Of `retained`."""
    return f"{round(wad / 10**16, 2):g} %"


def percent(bps: int) -> str:
    return f"{bps / 100:g} %"
