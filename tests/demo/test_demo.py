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
from demo.ledger import EPOCH, SEED, WAD, Allocation, Exit, Ledger, Number, Pool, PoolKey, Vault
from demo.life import Life
from demo.node import Node, connected
from demo.observation import Observation, SeenPool, SeenRewards, SeenTicket, SeenVault
from demo.quotes import lower_median
from demo.world import World
from tests.helpers.protocol import ETHER

KEY = PoolKey("Aurora", "WETH")
LINE = (KEY, "ARC")


@pytest.fixture
def ledger() -> Ledger:
    """Alice put 100 of 110 ether in the pool, and undelegated 40 pool shares in epoch 1 and 10 in epoch 3. The Oracle
    slashed 4 % in epoch 1 and 5 % in epoch 3. The pool was paid 1,001 for epoch 1 and 500 for epoch 2, and is streamed
    300 in the epochs 3 and 4, all with a commission of 10 %; Alice has claimed 400, and the operator 40."""
    ledger = Ledger()
    ledger.vaults["WETH"] = Vault()
    ledger.open_pool(KEY, 2_000, 1_000)
    ledger.pools[KEY].allocations["Oracle"] = Allocation(Number(1_000), Number(500))
    ledger.deposit("WETH", "Alice", 110 * ETHER)
    ledger.delegate(KEY, "Alice", 100 * ETHER, 0)
    assert ledger.slash(KEY, "Oracle", 4 * WAD // 100, "burnt") == (4 * WAD // 100, 4 * ETHER)
    ledger.undelegate(KEY, "Alice", 40 * ETHER, EPOCH // 2)
    ledger.enter(3)
    ledger.undelegate(KEY, "Alice", 10 * ETHER, 2 * EPOCH)
    assert ledger.slash(KEY, "Oracle", 5 * WAD // 100, "burnt") == (5 * WAD // 100, 3 * ETHER)
    for amount, epochs in ((1_001, [1]), (500, [2]), (300, [3, 4])):
        ledger.pay(*LINE, amount, epochs)
    ledger.lines[LINE].claimed["Alice"] = 400
    ledger.lines[LINE].commission_claimed = 40
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
    rewards = SeenRewards(due={(LINE, "Alice"): (501, 720)}, commission={LINE: 110}, held={"ARC": 1_661})
    return Observation(3, {KEY: pool}, {"WETH": vault}, rewards)


def with_pool(**changes: Any) -> Observation:
    seen = observation()
    return replace(seen, pools={KEY: replace(seen.pools[KEY], **changes)})


def with_vault(**changes: Any) -> Observation:
    seen = observation()
    return replace(seen, vaults={"WETH": replace(seen.vaults["WETH"], **changes)})


def with_rewards(**changes: Any) -> Observation:
    seen = observation()
    return replace(seen, rewards=replace(seen.rewards, **changes))


def with_due(claimable: int, accruing: int) -> Observation:
    return with_rewards(due={(LINE, "Alice"): (claimable, accruing)})


def with_ticket(opened: int, **changes: Any) -> Observation:
    tickets = dict(observation().pools[KEY].tickets)
    return with_pool(tickets=tickets | {("Alice", opened): replace(tickets["Alice", opened], **changes)})


def broken(ledger: Ledger, seen: Observation) -> set[str]:
    return {finding.promise for finding in promises.check(ledger, seen, observation()) if not finding.kept}


def test_check__truth__finds_nothing_broken(ledger: Ledger) -> None:
    assert broken(ledger, observation()) == set()


@pytest.mark.parametrize(("claimable", "accruing"), [(500, 721), (500, 719), (501, 718)])
def test_check__wei_of_each_payment_is_missing__finds_nothing_broken(
    ledger: Ledger, claimable: int, accruing: int
) -> None:
    assert broken(ledger, with_due(claimable, accruing)) == set()


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
        (promises.REWARDS_ADD_UP, with_due(502, 719)),
        (promises.REWARDS_ADD_UP, with_due(499, 722)),
        (promises.REWARDS_ADD_UP, with_due(501, 721)),
        (promises.REWARDS_ADD_UP, with_due(501, 716)),  # 4 wei of 3 payments
        (promises.REWARDS_ADD_UP, with_rewards(commission={LINE: 111})),
        (promises.REWARDS_ADD_UP, with_rewards(commission={LINE: 109})),
        (promises.REWARDS_ADD_UP, with_rewards(held={"ARC": 1_660})),
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


def test_share_seconds__came_and_left_in_the_middle__count_each_second(ledger: Ledger) -> None:
    """Of 3 epochs: 100, then 60 from the middle on; 60; 50, and 8 more for the last quarter."""
    ledger.deposit("WETH", "Bob", 728 * ETHER // 100)
    ledger.delegate(KEY, "Bob", 728 * ETHER // 100, 2 * EPOCH + 3 * EPOCH // 4)
    pool = ledger.pools[KEY]
    assert [pool.share_seconds(epoch) for epoch in (1, 2, 3)] == [n * ETHER * EPOCH for n in (80, 60, 52)]
    assert [pool.share_seconds(epoch, "Bob") for epoch in (2, 3, 4)] == [n * ETHER * EPOCH for n in (0, 2, 8)]
    assert ledger.lines[LINE].part("Bob", 3) == Fraction(270 * 2, 52)
    assert ledger.lines[LINE].part("Alice", 3) == 901 + 450 + Fraction(270 * 50, 52)


def test_average_guaranteed__last_epoch__is_of_what_was_retained_when_it_began(ledger: Ledger) -> None:
    """10 % of 96 % of 60 in epoch 2."""
    assert ledger.pools[KEY].average_guaranteed("Oracle", 2) == 576 * ETHER // 100
    ledger.enter(4)
    assert ledger.pools[KEY].average_guaranteed("Oracle", 3) == 48 * ETHER // 10


def test_cancel__stream__returns_what_was_for_the_epochs_to_come(ledger: Ledger) -> None:
    assert ledger.cancel(*LINE) == 300
    assert ledger.held("ARC") == 1_361
    assert ledger.lines[LINE].count(4) == 3


def test_earn__twice__goes_to_all_vault_shares_of_a_staker(ledger: Ledger) -> None:
    """10 undelegated, 50 and 10 at 0.91, and 40 at 0.96 in a ticket that has matured."""
    shares = 103 * ETHER
    assert ledger.earn("WETH", 100) == {"Alice": Fraction(shares, 100)}
    assert ledger.earn("WETH", 100) == {"Alice": Fraction(shares * 101, 10_000)}
    assert ledger.base_yield == {"Alice": Fraction(shares * 201, 10_000)}


@pytest.mark.parametrize(("got", "kept"), [(12, False), (11, True), (10, True), (9, False)])
def test_check_base_yield__got__is_within_a_wei(got: int, kept: bool) -> None:
    assert promises.check_base_yield("Alice", got, Fraction(21, 2)).kept == kept


def test_number__announced__falls_after_two_epochs_and_rises_after_three() -> None:
    number = Number(500)
    number.announce(700, 1)
    assert [number.at(epoch) for epoch in (1, 3, 4)] == [500, 500, 700]
    number.announce(200, 4)
    assert [number.at(epoch) for epoch in (5, 6)] == [700, 200]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Quotes", (864 * WAD // 10_000, 432 * WAD // 10_000)),  # 10 and 5 % of 76.8 + 9.6 %
        ("Bridge", (0, 2_304 * WAD // 100_000)),  # 3 % of 76.8 %
    ],
)
def test_safe__all_others_take_what_they_can__is_what_is_left(name: str, parts: tuple[int, int]) -> None:
    """The epoch began with 96 %. F is 20 %; Quotes has 10 + 5 %, and the Bridge 0 + 3 %. The next begins with 76.8 % at
    least, and with 9.6 % more if Quotes leaves its own alone."""
    ledger = Ledger()
    ledger.open_pool(KEY, 2_000, 1_000)
    pool = ledger.pools[KEY]
    pool.base = pool.retained = 96 * WAD // 100
    pool.allocations["Quotes"] = Allocation(Number(1_000), Number(500))
    pool.allocations["Bridge"] = Allocation(Number(0), Number(300))
    assert pool.safe(name, 1) == parts


@pytest.mark.parametrize(
    ("weighted", "median"),
    [([(3, 1), (1, 1), (2, 1)], 2), ([(1, 2), (5, 2)], 1), ([(1, 1), (5, 3), (9, 1)], 5), ([(7, 4), (8, 3)], 7)],
)
def test_lower_median__half_of_the_weight__is_up_to_it(weighted: list[tuple[int, int]], median: int) -> None:
    assert lower_median(weighted) == median


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
    monkeypatch.setattr(chapters, "CHAPTERS", (chapters.deploy, chapters.register, chapters.delegate, chapters.earn))


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


def to_the_oracle(life: Life) -> None:
    """The chapters in between take their time."""
    life.to_epoch(14)


@pytest.fixture
def oracle_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle's chapters, and what they need."""
    told = (
        chapters.deploy,
        chapters.register,
        chapters.delegate,
        chapters.found_an_oracle,
        to_the_oracle,
        chapters.report,
    )
    monkeypatch.setattr(scripts.demo, "connected", this_node)
    monkeypatch.setattr(chapters, "CHAPTERS", told)


@pytest.mark.usefixtures("oracle_demo")
def test_demo__oracle__keeps_all_promises() -> None:
    result = CliRunner().invoke(scripts.demo.cli)
    assert result.exit_code == 0, result.output
    assert "Every promise was kept" in result.output


@pytest.mark.usefixtures("oracle_demo")
@pytest.mark.parametrize("part", [0, 1])
def test_demo__a_wei_is_not_safe__fails(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    safe = Pool.safe

    def less(pool: Pool, avs: str, epoch: int) -> tuple[int, int]:
        found = list(safe(pool, avs, epoch))
        found[part] -= 1
        return (found[0], found[1])

    monkeypatch.setattr(Pool, "safe", less)
    result = CliRunner().invoke(scripts.demo.cli)
    assert result.exit_code == 1
    assert "BROKEN    the design's formulas: weight of Borealis in Quotes: " in result.output


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
