"""
What a watch said, and what of it still has to be posted: one SQLite file beside that of the history, so that nothing is
lost when a watch ends, and nothing is said twice by several that share the file.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catenary.chain import line
from catenary.errors import CatenaryError

_CLAIM = 60  # for which one that posts an alert keeps others from it [s]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (watch TEXT PRIMARY KEY, first INTEGER NOT NULL, mark INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    number INTEGER PRIMARY KEY, watch TEXT NOT NULL, id TEXT NOT NULL, block INTEGER NOT NULL,
    message TEXT NOT NULL, void INTEGER NOT NULL, claimed REAL NOT NULL DEFAULT 0, posted REAL,
    UNIQUE (watch, id)
);
"""

Message = dict[str, Any]  # an alert as JSON


class Outbox:
    """Of one watch among those of the file. Safe for several processes, and for one thread at a time."""

    def __init__(self, path: Path, watch: str) -> None:
        """Opens the file, or makes it. Raises a `CatenaryError`."""
        self.path, self._watch = path, watch
        with self._errors():
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    # --- where the watch is ---

    @property
    def mark(self) -> tuple[int, int] | None:
        """The block after which the watch began, and the last one that it saw; None before it began."""
        found = self._ask("SELECT first, mark FROM marks WHERE watch = ?", self._watch)
        return (found[0][0], found[0][1]) if found else None

    def begin(self, block: int) -> None:
        """After `block`, as if nothing had been said of later ones."""
        self._ask("DELETE FROM alerts WHERE watch = ? AND block > ?", self._watch, block)
        self._ask("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", self._watch, block, block)

    def move(self, block: int) -> None:
        """`block` is the last one that it saw."""
        self._ask("UPDATE marks SET mark = ? WHERE watch = ?", block, self._watch)

    # --- what it said ---

    def add(self, message: Message, *, void: bool = False) -> bool:
        """Whether it is new."""
        query = "INSERT OR IGNORE INTO alerts (watch, id, block, message, void) VALUES (?, ?, ?, ?, ?) RETURNING id"
        values = message["id"], message["block"], json.dumps(message), void
        return bool(self._ask(query, self._watch, *values))

    def standing(self, after: int) -> list[tuple[int, Message]]:
        """Number and message of those of blocks after that one which were not said to be void."""
        query = "SELECT number, message FROM alerts WHERE watch = ? AND block > ? AND NOT void ORDER BY number"
        return [(number, json.loads(message)) for number, message in self._ask(query, self._watch, after)]

    def voided(self, alert: str) -> int:
        """How often the alert of this id was void, under this id or those of when its block was back."""
        query = "SELECT count(*) FROM alerts WHERE watch = ? AND void AND (id = ? OR id GLOB ?)"
        return int(self._ask(query, self._watch, alert, f"{alert}-again-*[0-9]")[0][0])

    def void(self, number: int) -> bool:
        """Whether it was not void before."""
        return bool(self._ask("UPDATE alerts SET void = 1 WHERE number = ? AND void = 0 RETURNING number", number))

    # --- what has to be posted ---

    def waiting(self) -> list[tuple[int, Message]]:
        """Number and message, in their order."""
        query = "SELECT number, message FROM alerts WHERE watch = ? AND posted IS NULL ORDER BY number"
        return [(number, json.loads(message)) for number, message in self._ask(query, self._watch)]

    def claim(self, number: int) -> bool:
        """Whether it is left to the caller to post it, for a minute; or it is posted, or somebody else does so."""
        now = time.time()
        query = "UPDATE alerts SET claimed = ? WHERE number = ? AND posted IS NULL AND claimed < ? RETURNING number"
        return bool(self._ask(query, now, number, now - _CLAIM))

    def release(self, number: int, *, posted: bool) -> None:
        self._ask("UPDATE alerts SET claimed = 0, posted = ? WHERE number = ?", time.time() if posted else None, number)

    # --- inside ---

    def _ask(self, query: str, *values: Any) -> list[Any]:
        with self._errors():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CatenaryError(
                f"{self.path} cannot be used to keep alerts ({line(error)}): name another file, or see who holds it"
            ) from error
