"""What `make slither` makes of findings and of the rows that explain them."""

from tools.findings import explained, unmatched

TIMESTAMP = ("timestamp", "SlashingManager.veto")


def test_explained__row_with_two_places__is_read_as_two() -> None:
    page = "| detector | where | why |\n|---|---|---|\n| `timestamp` | `SlashingManager.veto`, `IClock` | `EPOCH`. |\n"

    assert explained(page) == {TIMESTAMP, ("timestamp", "IClock")}


def test_unmatched__finding_with_its_row__says_nothing() -> None:
    assert unmatched({TIMESTAMP}, {TIMESTAMP}) == (set(), set())


def test_unmatched__finding_without_a_row__is_told() -> None:
    other = ("timestamp", "SlashingManager.vetoAll")

    assert unmatched({TIMESTAMP, other}, {TIMESTAMP}) == ({other}, set())


def test_unmatched__row_of_another_detector__is_told_with_the_finding() -> None:
    other = ("calls-loop", "SlashingManager.veto")

    assert unmatched({TIMESTAMP}, {other}) == ({TIMESTAMP}, {other})


def test_unmatched__row_without_a_finding__is_told() -> None:
    assert unmatched(set(), {TIMESTAMP}) == (set(), {TIMESTAMP})


def test_unmatched__row_of_a_contract__stands_for_all_in_it() -> None:
    assert unmatched({TIMESTAMP}, {("timestamp", "SlashingManager")}) == (set(), set())
