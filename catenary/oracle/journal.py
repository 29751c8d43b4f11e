"""
What this node signed, on disk before it leaves: at most one report for each feed and round, ever.

SQLite, which writes a report as a whole or not at all, refuses a second by its primary key, and lets one process in.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from catenary import sqlite
from catenary.chain import line
from catenary.errors import BadReport, JournalDamaged, JournalError
from catenary.oracle.report import Domain, Report, Signed

FORMAT = 1
KEPT = 100  # rounds; none before them is signed again

_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports (
    feed INTEGER NOT NULL, round INTEGER NOT NULL, price TEXT NOT NULL, time INTEGER NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (feed, round)
) WITHOUT ROWID;
CREATE TABLE evidence (id TEXT PRIMARY KEY, reports TEXT NOT NULL) WITHOUT ROWID;
"""


class Journal:
    """
    The file, of one key, chain and oracle. It is this process's alone until it is closed; for one thread at a time.

    A new one begins after the round that is current then, as what was signed before may be in one that was lost.
    """

    def __init__(self, path: Path, domain: Domain, key: LocalAccount, current_round: int) -> None:
        """Opens the file, or makes it. Raises `JournalError` if it is of somebody else, in use, or damaged."""
        self._path, self._domain, self._key = path, domain, key
        with self._errors():
            self._db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        about = {"format": FORMAT, "signer": key.address, "chain_id": domain.chain_id, "oracle": domain.oracle}
        try:
            with self._errors():
                self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._db.execute("PRAGMA journal_mode = DELETE")
                self._db.execute("PRAGMA synchronous = EXTRA")  # FULL, and the folder too
            with self._errors(), sqlite.transaction(self._db, "EXCLUSIVE"):
                if not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in _SCHEMA.split(";"):
                        self._db.execute(statement)
                    self._say({**about, "floor": current_round})
                self._check(about)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    # --- reports ---

    @property
    def floor(self) -> int:
        """This round and none before it is signed."""
        return int(self._about("floor"))

    def report(self, feed: int, round_: int) -> Signed | None:
        """What was signed for a feed and round. Raises `JournalError` if that is damaged."""
        with self._errors():
            row = self._db.execute(
                "SELECT feed, round, price, time, signature FROM reports WHERE feed = ? AND round = ?", [feed, round_]
            ).fetchone()
        return self._signed(row) if row else None

    def sign(self, report: Report) -> Signed | None:
        """
        Signs a report, unless one was signed for its feed and round: then that one. It is on disk when it is given
        back. None for a round so old, or so long before what was signed, that it is not known what was signed then.
        """
        signed = self._domain.sign(report, self._key)
        with self._errors(), sqlite.transaction(self._db):
            before = self.report(report.feed, report.round)
            if before or report.round <= self.floor:
                return before
            self._db.execute(
                "INSERT INTO reports VALUES (?, ?, ?, ?, ?)",
                [report.feed, report.round, str(report.price), report.time, signed.signature],
            )
            if report.round - KEPT > self.floor:
                self._say({"floor": report.round - KEPT})
                self._db.execute("DELETE FROM reports WHERE round <= ?", [report.round - KEPT])
        return signed

    # --- evidence of others' faults, kept until it is proved or too late ---

    @property
    def evidence(self) -> dict[str, list[Signed]]:
        """What was kept, by its id."""
        with self._errors():
            rows = self._db.execute("SELECT id, reports FROM evidence").fetchall()
        try:
            return {name: [Signed.of(each) for each in json.loads(reports)] for name, reports in rows}
        except (ValueError, TypeError, BadReport) as error:
            raise self._damaged(f"evidence, {line(error)}") from None

    def keep(self, name: str, reports: list[Signed]) -> None:
        """Keeps evidence, unless there is some of that name."""
        with self._errors(), sqlite.transaction(self._db):
            values = [name, json.dumps([each.data() for each in reports])]
            self._db.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?)", values)

    def forget(self, name: str) -> None:
        with self._errors(), sqlite.transaction(self._db):
            self._db.execute("DELETE FROM evidence WHERE id = ?", [name])

    # --- inside ---

    def _check(self, about: dict[str, Any]) -> None:
        """That the file is whole, and this node's."""
        for (said,) in self._db.execute("PRAGMA integrity_check"):
            if said != "ok":
                raise self._damaged(said)
        for key, value in about.items():
            if (said := self._about(key)) != value:
                raise JournalError(
                    f"{self._path} is a journal with the {key} {said}, and not {value}: name another file"
                )
        self._about("floor")
        for row in self._db.execute("SELECT feed, round, price, time, signature FROM reports"):
            self._signed(row)

    def _signed(self, row: tuple[Any, ...]) -> Signed:
        feed, round_, price, time, signature = row
        try:
            signed = Signed(Report(feed, round_, int(price), time), signature)
            if self._domain.signer(signed) == self._key.address:
                return signed
        except (ValueError, TypeError, IndexError, BadReport):
            pass
        raise self._damaged(f"the report for feed {feed} and round {round_} is not what was signed")

    def _about(self, key: str) -> Any:
        with self._errors():
            found = self._db.execute("SELECT value FROM about WHERE key = ?", [key]).fetchone()
        if not found:
            raise self._damaged(f"there is no {key}")
        try:
            return json.loads(found[0])
        except ValueError:
            raise self._damaged(f"{key} cannot be read") from None

    def _say(self, about: dict[str, Any]) -> None:
        rows = [(key, json.dumps(value)) for key, value in about.items()]
        self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)

    def _damaged(self, what: str) -> JournalDamaged:
        return JournalDamaged(
            f"the journal {self._path} is damaged ({line(what)}), so it is not known what was signed: put it aside "
            "and start with a new one in a later round"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise JournalError(f"another process uses the journal {self._path}: one key, one node") from error
            raise JournalError(f"the journal {self._path} cannot be used: {line(error)}") from error
        except sqlite3.Error as error:
            raise self._damaged(str(error)) from error
