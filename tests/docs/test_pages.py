"""What README.md and docs/ point at is there."""

import re
from pathlib import Path

import ape
import pytest

from tests.helpers.pages import PAGES, ROOT, table

LINK = re.compile(r"\]\((?!https:)([^)#\s]*)(?:#([^)\s]+))?\)")  # within the repository


def _anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links__of_a_page__resolve(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {path}"
        if anchor:
            assert anchor in _anchors(target), f"{page.name} links to {path}#{anchor}"


def test_readme__names_every_page() -> None:
    linked = {path for path, _ in LINK.findall((ROOT / "README.md").read_text())}

    assert linked >= {str(page.relative_to(ROOT)) for page in PAGES if page.parent != ROOT}


def test_readme__names_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text())) <= targets


@pytest.mark.parametrize(
    ("page", "contract"),
    [
        ("staking-vault.md", "StakingVault"),
        ("avs-registry.md", "AVSRegistry"),
        ("delegation-manager.md", "DelegationManager"),
        ("slashing-manager.md", "SlashingManager"),
        ("rewards-distributor.md", "RewardsDistributor"),
        ("avs-base.md", "Notary"),
        ("oracle.md", "OracleAVS"),
    ],
)
def test_who_may_call_what__of_a_page__names_each_function_once(page: str, contract: str) -> None:
    named = [name for row in table(page, "Who may call what") for name in re.findall(r"`(\w+)`", row[0])]

    abi = ape.project.manifest.contract_types[contract]  # `project.contracts` would compile
    assert sorted(named) == sorted(method.name for method in abi.mutable_methods)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_errors_events_and_files__named_by_a_page__exist(page: Path) -> None:
    known = {path.stem for path in (ROOT / "contracts").rglob("*.sol")}
    for contract in ape.project.manifest.contract_types.values():
        known |= {each.name for each in [*contract.errors, *contract.events]}

    assert set(re.findall(r"`([A-Z]\w*[a-z]\w*)(?:\([^`]*\))?`", page.read_text())) <= known
