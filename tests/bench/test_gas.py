"""What `make gas` makes of figures that differ from the committed ones."""

from bench.gas import compare


def test_compare__same_figures__says_nothing() -> None:
    assert compare({"stake": 100}, {"stake": 100}) == ([], [])


def test_compare__figure_grew__is_wrong() -> None:
    assert compare({"stake": 1_000, "slash": 7}, {"stake": 1_001, "slash": 7}) == (
        ["stake grew from 1,000 to 1,001"],
        [],
    )


def test_compare__figure_fell__is_only_told() -> None:
    assert compare({"stake": 1_000}, {"stake": 999}) == ([], ["stake fell from 1,000 to 999: commit gas.json"])


def test_compare__row_is_new__is_wrong() -> None:
    assert compare({}, {"stake": 100}) == (["stake is new: commit gas.json"], [])


def test_compare__row_is_gone__is_wrong() -> None:
    assert compare({"stake": 100}, {}) == (["stake is in gas.json, but was not measured"], [])
