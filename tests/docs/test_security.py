"""What docs/security.md says in numbers and names."""

import ast
import re
from decimal import Decimal

import ape
import pytest

from deployer.contracts import Timing
from tests.helpers.pages import ROOT, section, table
from tests.helpers.protocol import BPS, DAY

PAGE = "security.md"
TESTS = ROOT / "tests"
STORIES = re.compile(r"`([\w/]+\.py)`(?:: ((?:`\w+`(?:, )?)+))?")


def _tests(path: str) -> list[str]:
    """The names of the tests of a file, without what they all begin with."""
    tree = ast.parse((TESTS / path).read_text())
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [re.sub(r"^test_(attack__)?", "", name) for name in names if name.startswith("test_")]


def _named() -> list[tuple[str, list[str]]]:
    rows = [story for row in table(PAGE, "What broke others") for story in STORIES.findall(row[1])]
    return [(path, re.findall(r"\w+", names)) for path, names in rows]


def test_what_broke_others__names_stories_that_exist() -> None:
    for path, names in _named():
        found = _tests(path)
        assert found, path
        for name in names:
            assert any(f"{test}_".startswith(f"{name}_") for test in found), f"{path} has no {name}"


def test_what_broke_others__names_every_story() -> None:
    for file in (TESTS / "attacks").glob("test_*.py"):
        path = str(file.relative_to(TESTS))
        named = tuple(name for each, names in _named() if each == path for name in names)
        assert [test for test in _tests(path) if not test.startswith(named)] == [], path


def test_what_takes_how_long__is_that_of_the_default_clock() -> None:
    timing = Timing(genesis=0)
    epoch, report, veto, execute = (
        seconds // DAY for seconds in (timing.epoch, timing.report_window, timing.max_veto, timing.execute_window)
    )
    leaving = f"{epoch} to {2 * epoch}"  # matures, and falls, when the epoch after the next begins
    assert [days for _, days in table(PAGE, "What takes how long")] == [
        leaving,
        leaving,
        f"{2 * epoch} to {3 * epoch}",
        leaving,
        f"at most {report}",
        f"at most {veto}",
        f"at most {report + veto + execute}",
    ]


def test_what_a_staker_can_lose__is_what_the_budgets_leave() -> None:
    for budget, *losses in table(PAGE, "What a staker can lose"):
        left = 1 - Decimal(budget.replace(",", "")) / BPS
        assert losses == [f"{100 * (1 - left**epochs):.2f} %" for epochs in (1, 2, 4, 52)]


@pytest.mark.parametrize("heading", ["Who is trusted with what", "Known limits", "The first hour", "What to watch"])
def test_functions__that_are_named__exist(heading: str) -> None:
    named = set(re.findall(r"`(\w+)\(\)`", section(PAGE, heading)))
    contracts = ("AVSRegistry", "DelegationManager", "SlashingManager", "RewardsDistributor", "StakingVault")
    types = ape.project.manifest.contract_types  # `project.contracts` would compile
    known = {method.name for name in contracts for method in types[name].methods}

    assert named
    assert named <= known


def test_who_is_trusted_with_what__names_every_role_of_the_access_matrix() -> None:
    rows = {row[0] for row in table(PAGE, "Who is trusted with what")}

    assert rows >= {"owner", "guardian", "operator", "owner of an AVS", "slasher", "resolver", "recipient", "completer"}
