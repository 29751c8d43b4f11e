"""
One SQLite file with all events of a deployment, decoded. SQLite, because a batch of blocks is written or taken back as
a whole, while others read, with nothing to install; DuckDB is made for adding up columns, which nothing here asks for.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catenary import sqlite
from catenary.chain import line
from catenary.errors import CatenaryError
from catenary.history.events import Event, Header

FORMAT = 1
_RECENT = 128  # blocks without events that are kept, to find the common ancestor of a reorganisation close by

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, time INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    block INTEGER NOT NULL REFERENCES blocks, place INTEGER NOT NULL, "transaction" TEXT NOT NULL,
    contract TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL, PRIMARY KEY (block, place)
) WITHOUT ROWID;
"""
_EVENTS = """
SELECT block, place, time, "transaction", contract, name, arguments FROM events JOIN blocks ON number = block
WHERE {where} ORDER BY block, place
"""


class Store:
    """
    The file. Blocks stand in it that have events, and those last looked at; the last of them is the tip: all events up
    to it are there. Amounts in `arguments`, which are JSON, have more digits than numbers in SQL.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Opens the file, or makes it. Raises a `CatenaryError` if it is no such file, or says something else."""
        self.path = path
        about = {"format": FORMAT, **about}
        with self._errors():
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        with self._errors(), sqlite.transaction(self._db):
            if self.about("format") is None:
                self._say(about)
        for key, value in about.items():
            if (said := self.about(key)) != value:
                self.close()
                raise CatenaryError(f"{path} is a history with the {key} {said}, and not {value}: name another file")

    def close(self) -> None:
        self._db.close()

    # --- what it says of itself ---

    def about(self, key: str) -> Any:
        found = self._db.execute("SELECT value FROM about WHERE key = ?", [key]).fetchone()
        return json.loads(found[0]) if found else None

    def note(self, **about: Any) -> None:
        with self._errors(), sqlite.transaction(self._db):
            self._say(about)

    def _say(self, about: dict[str, Any]) -> None:
        rows = [(key, json.dumps(value)) for key, value in about.items()]
        self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)

    # --- reading ---

    @property
    def tip(self) -> tuple[int, Header] | None:
        """Number and header of the last block looked at."""
        found = self._db.execute("SELECT number, hash, time FROM blocks ORDER BY number DESC LIMIT 1").fetchone()
        return (found[0], (found[1], found[2])) if found else None

    def header(self, number: int) -> Header | None:
        found = self._db.execute("SELECT hash, time FROM blocks WHERE number = ?", [number]).fetchone()
        return (found[0], found[1]) if found else None

    def numbers(self) -> list[int]:
        """Of all blocks that stand here."""
        return [number for (number,) in self._db.execute("SELECT number FROM blocks ORDER BY number")]

    def events(self, where: str = "TRUE", values: Iterable[Any] = ()) -> Iterator[Event]:
        """In their order; `where` is of SQL."""
        loads = json.loads
        for row in self._db.execute(_EVENTS.format(where=where), list(values)):
            block, place, time, transaction, contract, name, arguments = row
            yield Event(block, place, time, transaction, contract, name, loads(arguments))

    def vaults(self) -> list[str]:
        """That were listed."""
        return [event.arguments["vault"] for event in self.events("name = 'VaultListed'")]

    # --- writing, each as a whole or not at all ---

    def extend(self, tip: tuple[int, Header] | None, events: Iterable[Event], headers: dict[int, Header]) -> bool:
        """Adds what comes after `tip`. Does nothing if the tip is another, as somebody else wrote meanwhile."""
        with self._errors(), sqlite.transaction(self._db):
            if self.tip != tip:
                return False
            blocks = [(number, *header) for number, header in headers.items()]
            self._db.executemany("INSERT INTO blocks VALUES (?, ?, ?)", blocks)
            rows = [
                (each.block, each.place, each.transaction, each.contract, each.name, json.dumps(each.arguments))
                for each in events
            ]
            self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
            old = max(headers) - _RECENT
            self._db.execute(
                "DELETE FROM blocks WHERE number BETWEEN ? AND ? AND number NOT IN (SELECT block FROM events)",
                [old - _RECENT, old],
            )
        return True

    def roll_back(self, number: int) -> None:
        """Forgets what came after block `number`, which stands here; all of it if there is none."""
        with self._errors(), sqlite.transaction(self._db):
            self._db.execute("DELETE FROM events WHERE block > ?", [number])
            self._db.execute("DELETE FROM blocks WHERE number > ?", [number])

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CatenaryError(
                f"{self.path} cannot be used as a history ({line(error)}): name another file, or see who holds it"
            ) from error
