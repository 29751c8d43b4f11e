"""What is written to a SQLite file as a whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(database: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Of a connection without an `isolation_level`. `kind` is IMMEDIATE, or EXCLUSIVE, which keeps readers out too."""
    database.execute(f"BEGIN {kind}")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # some errors of SQLite end it themselves
            database.execute("ROLLBACK")
        raise
