"""What a node signed is on disk before it leaves, once for each feed and round."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from catenary.errors import JournalError
from catenary.oracle.journal import KEPT, Journal
from catenary.oracle.report import Domain
from tests.catenary.oracle.keys import DOMAIN, KEY, OTHER_DOMAIN, REPORT, SECOND_KEY, signed
from tests.catenary.shell import ROOT

OLD = 60  # the round in which the journals are made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@contextmanager
def opened(path: Path, domain: Domain = DOMAIN, key: LocalAccount = KEY, current_round: int = OLD) -> Iterator[Journal]:
    journal = Journal(path, domain, key, current_round)
    try:
        yield journal
    finally:
        journal.close()


def changed(path: Path, statement: str) -> None:
    """The file, after somebody changed it."""
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


def test_sign__gives_the_report_signed(path: Path) -> None:
    with opened(path) as journal:
        assert journal.sign(REPORT) == signed()


def test_sign__another_price_for_the_round__gives_the_first_again(path: Path) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
        assert journal.sign(replace(REPORT, price=1)) == signed()
        assert journal.sign(replace(REPORT, time=1)) == signed()


def test_sign__after_a_restart__gives_the_first_again(path: Path) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
    with opened(path, current_round=OLD + 100) as journal:
        assert journal.sign(replace(REPORT, price=1)) == signed()


def test_sign__another_feed_or_round__signs(path: Path) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
        assert journal.sign(replace(REPORT, feed=2)) == signed(feed=2)
        assert journal.sign(replace(REPORT, round=71)) == signed(round=71)


def test_sign__in_the_round_in_which_the_journal_was_made__signs_nothing(path: Path) -> None:
    with opened(path) as journal:
        assert journal.sign(replace(REPORT, round=OLD)) is None
        assert journal.sign(replace(REPORT, round=OLD + 1)) == signed(round=OLD + 1)


def test_sign__rounds_long_ago__signs_nothing_and_they_are_forgotten(path: Path) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
        journal.sign(replace(REPORT, round=70 + KEPT - 1))
        assert journal.report(1, 70) == signed()
        journal.sign(replace(REPORT, round=70 + KEPT))
        assert (journal.floor, journal.report(1, 70)) == (70, None)
        assert journal.sign(REPORT) is None
        assert journal.sign(replace(REPORT, feed=2)) is None
        assert journal.sign(replace(REPORT, round=71)) == signed(round=71)


def test_database__a_second_report_for_a_round__refuses(path: Path) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: reports\.feed, reports\.round"):
        changed(path, "INSERT INTO reports SELECT feed, round, '5', time, signature FROM reports")


def test_sign__is_on_disk_when_it_is_given_back(path: Path) -> None:
    """A process that was killed right after it signed."""
    script = (
        "import sys; from pathlib import Path; from tests.catenary.oracle.keys import *; "
        "from catenary.oracle.journal import Journal; "
        f"Journal(Path(sys.argv[1]), DOMAIN, KEY, {OLD}).sign(REPORT); print('signed', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "signed\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with opened(path) as journal:
        assert journal.sign(replace(REPORT, price=1)) == signed()


def test_open__by_two_processes__is_refused(path: Path) -> None:
    with (
        opened(path),
        pytest.raises(JournalError, match=r"another process uses the journal .*: one key, one node"),
        opened(path),
    ):
        pass


def test_open__by_a_second_process_while_only_read__is_refused(path: Path) -> None:
    with opened(path):
        pass
    with opened(path), pytest.raises(JournalError, match="another process uses the journal"), opened(path):
        pass


@pytest.mark.parametrize(
    ("domain", "key", "what"),
    [
        (DOMAIN, SECOND_KEY, f"the signer {KEY.address}, and not {SECOND_KEY.address}"),
        (OTHER_DOMAIN, KEY, "the chain_id 31337, and not 1"),
        (Domain(31_337, KEY.address), KEY, f"the oracle {DOMAIN.oracle}, and not {KEY.address}"),
    ],
)
def test_open__of_somebody_else__is_refused(path: Path, domain: Domain, key: LocalAccount, what: str) -> None:
    with opened(path):
        pass
    with pytest.raises(JournalError, match=f"is a journal with {what}: name another file"), opened(path, domain, key):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports SET price = '5'",
        "UPDATE reports SET price = 'five'",
        "UPDATE reports SET round = 71",
        "UPDATE reports SET signature = x'00'",
        "DELETE FROM about WHERE key = 'floor'",
        "UPDATE about SET value = '{' WHERE key = 'signer'",
        "DROP TABLE reports",
    ],
)
def test_open__after_somebody_changed_it__is_refused(path: Path, statement: str) -> None:
    with opened(path) as journal:
        journal.sign(REPORT)
    changed(path, statement)
    with pytest.raises(JournalError), opened(path):
        pass


def test_open__cut_off_or_overwritten__is_refused(path: Path) -> None:
    with opened(path) as journal:
        for round_ in range(70, 110):
            journal.sign(replace(REPORT, round=round_))
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"no database" * 1_000, whole[:4_096] + b"\x00" * (len(whole) - 4_096)):
        path.write_bytes(content)
        with pytest.raises(JournalError), opened(path):
            pass


def test_open__where_nothing_can_be_written__is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be used"), opened(tmp_path / "none" / "journal.db"):
        pass


def test_evidence__is_kept_once_and_until_it_is_forgotten(path: Path) -> None:
    both = [signed(SECOND_KEY), signed(SECOND_KEY, price=1)]
    with opened(path) as journal:
        journal.keep("one", both)
        journal.keep("one", both[:1])
    with opened(path) as journal:
        assert journal.evidence == {"one": both}
        journal.forget("one")
        assert journal.evidence == {}
