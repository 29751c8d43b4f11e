"""The demo fails when a promise is broken: its checks are given what no honest chain would say."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import ape
import pytest
from click import ClickException
from click.testing import CliRunner

import scripts.demo
from demo import chapters, promises
from demo.ledger import SEED, WAD, Allocation, Exit, Ledger, Number, PoolKey, Vault
from demo.node import Node, connected
from demo.observation import Observation, SeenPool, SeenTicket, SeenVault
from demo.world import World
from tests.helpers.protocol import ETHER

KEY = PoolKey("Aurora", "WETH")


@pytest.fixture
def ledger() -> Ledger:
    """Alice put 100 of 110 ether in the pool, and undelegated 40 pool shares in epoch 1 and 10 in epoch 3. The Oracle
    slashed 4 % in epoch 1 and 5 % in epoch 3."""
    ledger = Ledger()
    ledger.vaults["WETH"] = Vault()
    ledger.open_pool(KEY, 2_000)
    ledger.pools[KEY].allocations["Oracle"] = Allocation(Number(1_000), Number(500))
    ledger.deposit("WETH", "Alice", 110 * ETHER)
    ledger.delegate(KEY, "Alice", 100 * ETHER)
    assert ledger.slash(KEY, "Oracle", 4 * WAD // 100, "burnt") == (4 * WAD // 100, 4 * ETHER)
    ledger.undelegate(KEY, "Alice", 40 * ETHER)
    ledger.enter(3)
    ledger.undelegate(KEY, "Alice", 10 * ETHER)
    assert ledger.slash(KEY, "Oracle", 5 * WAD // 100, "burnt") == (5 * WAD // 100, 3 * ETHER)
    return ledger


def observation() -> Observation:
    """What the chain says of it, reckoned by hand."""
    pool = SeenPool(
        retained=91 * WAD // 100,
        live=50 * ETHER,
        leaving=10 * ETHER,
        positions={"Alice": (50 * ETHER, 455 * ETHER // 10)},
        tickets={
            ("Alice", 1): SeenTicket(40 * ETHER, 384 * ETHER // 10, True),
            ("Alice", 3): SeenTicket(10 * ETHER, 91 * ETHER // 10, False),
        },
        slashable={"Oracle": (46 * WAD // 1_000, 48 * WAD // 1_000)},
    )
    vault = SeenVault(
        supply=SEED + 110 * ETHER,
        assets=SEED + 110 * ETHER,
        booked=93 * ETHER,
        held={"Alice": 10 * ETHER},
        slashed={"burnt": 7 * ETHER},
    )
    return Observation(3, {KEY: pool}, {"WETH": vault})


def with_pool(**changes: Any) -> Observation:
    seen = observation()
    return replace(seen, pools={KEY: replace(seen.pools[KEY], **changes)})


def with_vault(**changes: Any) -> Observation:
    seen = observation()
    return replace(seen, vaults={"WETH": replace(seen.vaults["WETH"], **changes)})


def with_ticket(opened: int, **changes: Any) -> Observation:
    tickets = dict(observation().pools[KEY].tickets)
    return with_pool(tickets=tickets | {("Alice", opened): replace(tickets["Alice", opened], **changes)})


def broken(ledger: Ledger, seen: Observation) -> set[str]:
    return {finding.promise for finding in promises.check(ledger, seen, observation()) if not finding.kept}


def test_check__truth__finds_nothing_broken(ledger: Ledger) -> None:
    assert broken(ledger, observation()) == set()


@pytest.mark.parametrize(
    ("promise", "seen"),
    [
        (promises.SOLVENCY, with_vault(booked=93 * ETHER - 1)),
        (promises.SOLVENCY, with_vault(booked=93 * ETHER + 6)),  # more dust than 5 calls can leave
        (promises.BOUNDED_LOSS, with_pool(retained=768 * WAD // 1_000 - 1)),
        (promises.NO_INTERFERENCE, with_pool(slashable={"Oracle": (46 * WAD // 1_000 - 1, 48 * WAD // 1_000)})),
        (promises.NO_ESCAPE, with_ticket(3, value=91 * ETHER // 10 + 1)),
        (promises.NO_LATE_LOSS, with_ticket(1, value=384 * ETHER // 10 - 1)),
        (promises.CONSERVATION, with_vault(supply=SEED + 110 * ETHER + 1)),
        (promises.CONSERVATION, with_vault(slashed={"burnt": 7 * ETHER - 1})),
        (promises.CONSERVATION, with_vault(held={})),
        (promises.FAIR_ENTRY, with_vault(assets=SEED + 110 * ETHER - 1)),
        (promises.FORMULAS, replace(observation(), epoch=4)),
        (promises.FORMULAS, with_pool(retained=91 * WAD // 100 + 1)),
        (promises.FORMULAS, with_pool(leaving=0)),
        (promises.FORMULAS, with_pool(positions={})),
        (promises.FORMULAS, with_pool(tickets={})),
        (promises.FORMULAS, with_pool(slashable={"Oracle": (46 * WAD // 1_000, 0)})),
    ],
)
def test_check__falsehood__finds_the_promise_broken(ledger: Ledger, promise: str, seen: Observation) -> None:
    assert promise in broken(ledger, seen)


@pytest.mark.parametrize(("by", "found"), [("Archive", {promises.NO_INTERFERENCE}), ("Oracle", set())])
def test_check__guaranteed_part_fell__is_broken_unless_its_avs_took_it(
    ledger: Ledger, by: str, found: set[str]
) -> None:
    before = with_pool(slashable={"Oracle": (96 * WAD // 1_000, 48 * WAD // 1_000)})
    findings = promises.check(ledger, observation(), before, by)
    assert {finding.promise for finding in findings if not finding.kept} == found


@pytest.mark.parametrize(("received", "kept"), [(64, True), (63, True), (62, False)])
def test_check_exit__received__is_held_against_two_loss_budgets(received: int, kept: bool) -> None:
    """80 % of 80 % of 100, less 1 wei of dust."""
    ended = Exit("Alice", KEY, 1, 2, 100, 100, received, 2_000, Fraction(512, 1_000), Fraction(64, 100))
    assert all(finding.kept for finding in promises.check_exit(ended)) == kept


def test_check_exit__received__is_held_against_the_whole_stay() -> None:
    ended = Exit("Alice", KEY, 1, 2, 200, 100, 100, 2_000, Fraction(512, 1_000), Fraction(64, 100))
    assert [finding.kept for finding in promises.check_exit(ended)] == [True, False]


def test_number__announced__falls_after_two_epochs_and_rises_after_three() -> None:
    number = Number(500)
    number.announce(700, 1)
    assert [number.at(epoch) for epoch in (1, 3, 4)] == [500, 500, 700]
    number.announce(200, 4)
    assert [number.at(epoch) for epoch in (5, 6)] == [700, 200]


@contextmanager
def this_node(_: str) -> Iterator[Node]:
    yield Node(ape.chain.provider)


def falsified(observe: Callable[[World, Ledger], Observation]) -> Callable[[World, Ledger], Observation]:
    """One wei of vault share is missing."""

    def observe_less(world: World, ledger: Ledger) -> Observation:
        seen = observe(world, ledger)
        weth = seen.vaults["WETH"]
        return replace(seen, vaults=seen.vaults | {"WETH": replace(weth, booked=weth.booked - 1)})

    return observe_less


@pytest.fixture
def short_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first chapters, on the node of the tests."""
    monkeypatch.setattr(scripts.demo, "connected", this_node)
    monkeypatch.setattr(chapters, "CHAPTERS", (chapters.deploy, chapters.register, chapters.delegate))


@pytest.mark.usefixtures("short_demo")
def test_demo__all_promises_kept__succeeds() -> None:
    result = CliRunner().invoke(scripts.demo.cli)
    assert result.exit_code == 0, result.output
    assert "Every promise was kept" in result.output
    assert "\x1b" not in result.output


@pytest.mark.usefixtures("short_demo")
def test_demo__as_json__prints_nothing_else() -> None:
    result = CliRunner().invoke(scripts.demo.cli, ["--json"])
    assert json.loads(result.output)["kept"] is True


@pytest.mark.usefixtures("short_demo")
def test_demo__a_wei_is_missing__fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "observe", falsified(World.observe))
    result = CliRunner().invoke(scripts.demo.cli)
    assert result.exit_code == 1
    assert (
        "BROKEN    8 conservation: WETH booked + held + withdrawn + slashed: -1, and by the formulas 0" in result.output
    )


def test_connected__other_network__is_refused() -> None:
    with pytest.raises(ClickException, match="ethereum:sepolia:node is not a local Anvil node"):
        connected("ethereum:sepolia:node").__enter__()


def test_connected__nobody_listens__is_refused() -> None:
    with pytest.raises(ClickException, match=r"^cannot connect to http://127\.0\.0\.1:1: "):
        connected("http://127.0.0.1:1").__enter__()


@contextmanager
def anvil(*arguments: str) -> Iterator[str]:
    """The address of a node that somebody started."""
    with subprocess.Popen(["anvil", "--port", "0", *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = next(line for line in process.stdout if line.startswith("Listening on "))
            yield f"http://{line.split()[-1]}"
        finally:
            process.terminate()  # its launcher passes that on to Anvil, but could not pass on a kill


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--chain-id", "1"], "has chain id 1: the demo runs on 31337 only"),
        (["--no-mining"], "does not mine each transaction at once"),
    ],
)
def test_connected__unsuitable_node__is_refused(arguments: list[str], why: str) -> None:
    with anvil(*arguments) as address, pytest.raises(ClickException, match=why):
        connected(address).__enter__()
