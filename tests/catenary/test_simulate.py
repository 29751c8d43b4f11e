"""
What a transaction would change. The scene is that of `tests/slashing/conftest.py`; expected figures are by the formulas
of docs/slashing-manager.md and by its worked example.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from click.testing import CliRunner, Result

import catenary
from catenary import simulate
from catenary.anvil import Anvil
from catenary.cli import cli
from catenary.errors import CatenaryError, NotSlasher
from catenary.pool import Pool
from catenary.simulate import PoolEffect, PoolState, Simulation, StakerState, Step
from tests.helpers.protocol import DAY, ETHER, WAD
from tests.helpers.scene import Scene

PERCENT = WAD // 100
Figures = tuple[tuple[float, ...], tuple[float, ...]]


@pytest.fixture
def sdk_pool(sdk: catenary.Protocol, scene: Scene) -> Pool:
    return sdk.vault(str(scene.vault.address)).pool(scene.operator.address)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Anvil]:
    """The forks that were started."""
    found = []
    running = simulate.running

    @contextmanager
    def noted(*arguments: str) -> Iterator[Anvil]:
        with running(*arguments) as node:
            found.append(node)
            yield node

    monkeypatch.setattr(simulate, "running", noted)
    return found


def figures(effect: PoolEffect) -> dict[int, Figures]:
    """By AVS: slashable guaranteed and elastic, safe guaranteed and elastic, before and after [ether]."""

    def of(stake: catenary.Stake) -> tuple[float, ...]:
        one = stake.shares
        amounts = (one.slashable_guaranteed, one.slashable_elastic, one.safe_guaranteed, one.safe_elastic)
        return tuple(amount / ETHER for amount in amounts)

    return {each.avs: (of(each.before), of(each.after)) for each in effect.avss}


def only(outcome: Simulation) -> PoolEffect:
    [effect] = outcome.pools
    return effect


# --- slashes ---


def test_slash__at_once__says_who_loses_what_and_which_avs_is_weakened(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, with_veto: int, shared: int, alice: AccountAPI
) -> None:
    """25 %: the 20 % that are guaranteed, and 5 % of the 20 % that `at_once` and `shared` share."""
    outcome = simulate.simulate(sdk, simulate.slash(sdk.avs(at_once), sdk_pool, 25 * PERCENT))

    effect = only(outcome)
    assert (effect.pool.operator, effect.pool.vault.address) == (sdk_pool.operator, sdk_pool.vault.address)
    assert (effect.before, effect.after) == (
        PoolState(WAD, 100 * ETHER, 0, 50 * PERCENT),
        PoolState(75 * PERCENT, 100 * ETHER, 0, 25 * PERCENT),
    )
    [loss] = effect.stakers
    assert (loss.staker, loss.lost, loss.lost_assets) == (alice.address, 25 * ETHER, 25 * ETHER)
    assert figures(effect) == {
        at_once: ((20, 10, 14, 0), (0, 5, 0, 0)),
        with_veto: ((10, 0, 6, 0), (10, 0, 6, 0)),
        shared: ((0, 20, 0, 5), (0, 15, 0, 5)),
    }
    assert [(each.slashable_lost, each.safe_lost) for each in effect.avss] == [
        (25 * ETHER, 14 * ETHER),
        (0, 0),
        (5 * ETHER, 0),
    ]


def test_slash__with_a_veto_period__only_asks(sdk: catenary.Protocol, sdk_pool: Pool, with_veto: int) -> None:
    outcome = simulate.simulate(sdk, simulate.slash(sdk.avs(with_veto), sdk_pool, 25 * PERCENT))

    effect = only(outcome)
    assert effect.before == effect.after
    assert effect.stakers == ()
    assert [each.safe_lost for each in effect.avss] == [0, 0, 0]
    assert [event.name for event in outcome.events] == ["SlashRequested"]


def test_slash__executed_after_its_veto_period__says_what_it_takes(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, with_veto: int, shared: int, recipient: AccountAPI
) -> None:
    """Of 25 % it gets the 10 % that are guaranteed to it, and the others lose nothing by it."""
    now = sdk.chain.time
    outcome = simulate.simulate(sdk, simulate.slash(sdk.avs(with_veto), sdk_pool, 25 * PERCENT, execute=True))

    effect = only(outcome)
    assert (outcome.time, outcome.epoch) == (now + 1 + DAY, 4)
    assert [loss.lost for loss in effect.stakers] == [10 * ETHER]
    assert figures(effect) == {
        at_once: ((20, 10, 14, 0), (20, 10, 14, 0)),
        with_veto: ((10, 0, 6, 0), (0, 0, 0, 0)),
        shared: ((0, 20, 0, 5), (0, 20, 0, 5)),
    }
    assert outcome.events[-1].name == "Slashed"
    assert outcome.events[-1].words["recipient"] == recipient.address


def test_slash__of_a_pool_with_tickets__takes_from_them_too(
    sdk: catenary.Protocol, sdk_pool: Pool, scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Who loses most comes first. Assets are worth as much as vault shares here."""
    scene.stake(bob, 50 * ETHER)
    scene.undelegate(alice, 40 * ETHER)
    outcome = simulate.simulate(sdk, simulate.slash(sdk.avs(at_once), sdk_pool, 25 * PERCENT))

    assert [(each.staker, each.before, each.after) for each in only(outcome).stakers] == [
        (
            alice.address,
            StakerState(60 * ETHER, 40 * ETHER, 100 * ETHER),
            StakerState(45 * ETHER, 30 * ETHER, 75 * ETHER),
        ),
        (bob.address, StakerState(50 * ETHER, 0, 50 * ETHER), StakerState(375 * ETHER // 10, 0, 375 * ETHER // 10)),
    ]


@pytest.fixture
def worked_example(empty_scene: Scene, alice: AccountAPI) -> list[int]:
    """A, B and C of docs/slashing-manager.md, in the last hour of an epoch."""
    avss = [empty_scene.avs(2_000), empty_scene.avs(1_000, 3_000), empty_scene.avs(0, 1_000)]
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 7 * DAY - 3_600)
    return avss


@pytest.mark.parametrize(
    ("next_epoch", "expected"), [(False, [(0, 0), (0, 0), (0, 0)]), (True, [(10, 0), (5, 10), (0, 5)])]
)
def test_slashes__one_after_the_other__end_as_in_the_worked_example(
    sdk: catenary.Protocol,
    worked_example: list[int],
    empty_scene: Scene,
    next_epoch: bool,
    expected: list[tuple[float, float]],
) -> None:
    """C asks for 1, B for 0.35, A for 0.20; and what they can slash when the next epoch begins."""
    pool = sdk.vault(str(empty_scene.vault.address)).pool(empty_scene.operator.address)
    a, b, c = (sdk.avs(number) for number in worked_example)
    wanted = [(c, WAD), (b, 35 * PERCENT), (a, 20 * PERCENT)]
    steps = [replace(step, at=None) for avs, amount in wanted for step in simulate.slash(avs, pool, amount)]
    until = sdk.clock.start_of(5) if next_epoch else 0
    outcome = simulate.simulate(sdk, steps, until)

    effect = only(outcome)
    assert (effect.before.retained, effect.after.retained) == (WAD, 50 * PERCENT)
    assert effect.after.budget_left == (25 * PERCENT if next_epoch else 0)
    assert [loss.lost for loss in effect.stakers] == [50 * ETHER]
    assert [after[:2] for _, after in figures(effect).values()] == expected


# --- other transactions ---


def test_simulate__opt_out__shows_two_epochs_later_who_has_what(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, with_veto: int, shared: int
) -> None:
    """What `shared` could take is then left to `at_once`, of which 0.1·((1 - F) + 0.2) is safe."""
    opt_out = sdk.operator(sdk_pool.operator).opt_out(shared, sdk_pool.vault.address)
    outcome = simulate.simulate(sdk, [Step.of(opt_out, sdk_pool.operator)], sdk.clock.start_of(6))

    assert outcome.epoch == 6
    assert figures(only(outcome)) == {
        at_once: ((20, 10, 14, 0), (20, 10, 14, 7)),
        with_veto: ((10, 0, 6, 0), (10, 0, 6, 0)),
        shared: ((0, 20, 0, 5), (0, 0, 0, 0)),
    }


def test_simulate__completion_once_the_ticket_has_matured__pays_it_out(
    sdk: catenary.Protocol, sdk_pool: Pool, scene: Scene, alice: AccountAPI
) -> None:
    scene.undelegate(alice, 40 * ETHER)
    [ticket] = sdk_pool.tickets(alice.address)
    step = Step.of(ticket.complete(), alice.address, at=ticket.matures_at)
    outcome = simulate.simulate(sdk, [step])

    assert [(each.before.in_tickets, each.after.in_tickets) for each in only(outcome).stakers] == [(40 * ETHER, 0)]


def test_simulate__yield_of_the_asset__touches_all_pools_of_the_vault(
    sdk: catenary.Protocol, sdk_pool: Pool, asset: Any, owner: AccountAPI
) -> None:
    """All that is in the vault are 100 ether and the seed; another 100 double what a vault share is worth."""
    data = bytes(asset.transfer.encode_input(sdk_pool.vault.address, 100 * ETHER + 10**6 + 1))
    outcome = simulate.simulate(sdk, [Step(owner.address, asset.address, data)])

    assert [(each.lost, each.lost_assets) for each in only(outcome).stakers] == [(0, -100 * ETHER)]


@pytest.mark.usefixtures("scene")
def test_simulate__transaction_of_no_pool__touches_none(
    sdk: catenary.Protocol, alice: AccountAPI, bob: AccountAPI
) -> None:
    outcome = simulate.simulate(sdk, [Step(alice.address, bob.address, value=ETHER)])

    assert (outcome.gas, outcome.events, outcome.pools) == ((21_000,), (), ())


# --- what it leaves behind ---


def test_simulate__anything__sends_nothing_to_the_node(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, started: list[Anvil]
) -> None:
    before = (sdk.chain.number, sdk.chain.time, sdk_pool.retained)
    simulate.simulate(sdk, simulate.slash(sdk.avs(at_once), sdk_pool, 25 * PERCENT))

    assert (sdk.chain.number, sdk.chain.time, sdk_pool.retained) == before
    assert [node.process.poll() is None for node in started] == [False]


def test_simulate__refused_step__raises_its_error_and_ends_the_fork(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, bob: AccountAPI, started: list[Anvil]
) -> None:
    [step] = simulate.slash(sdk.avs(at_once), sdk_pool, 25 * PERCENT)
    with pytest.raises(NotSlasher) as caught:
        simulate.simulate(sdk, [replace(step, sender=bob.address)])

    assert caught.value.arguments == {"avs": at_once, "caller": bob.address}
    assert [node.process.poll() is None for node in started] == [False]


def test_simulate__without_anvil__says_what_to_do(
    sdk: catenary.Protocol, alice: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CatenaryError, match=r"^there is no `anvil` on PATH: install Foundry"):
        simulate.simulate(sdk, [Step(alice.address, alice.address)])


# --- the command line ---


@pytest.fixture
def file(tmp_path: Path, deployment: catenary.Deployment) -> Path:
    """The deployment file."""
    names = ("registry", "delegation", "slashing", "rewards")
    contracts = {one.name: {"address": one.address, "block": 0} for one in (getattr(deployment, x) for x in names)}
    path = tmp_path / "local.json"
    path.write_text(json.dumps({"complete": True, "config": {"chain_id": deployment.chain_id}, "contracts": contracts}))
    return path


def run(file: Path, *words: str) -> Result:
    provider: Any = ape.chain.provider
    return CliRunner().invoke(cli, [*words, "--network", provider.uri, "--deployment", str(file)])


def pool_words(scene: Scene) -> tuple[str, ...]:
    return ("--vault", str(scene.vault.address), "--operator", scene.operator.address)


def test_simulate_slash__as_json__has_all_figures(file: Path, scene: Scene, at_once: int, alice: AccountAPI) -> None:
    result = run(file, "simulate", "slash", "--avs", str(at_once), *pool_words(scene), "--amount", "25 %", "--json")

    [pool] = json.loads(result.output)["pools"]
    assert (pool["operator"], pool["vault"]) == (scene.operator.address, scene.vault.address)
    assert (pool["before"]["retained"], pool["after"]["retained"]) == (WAD, 75 * PERCENT)
    assert [(each["staker"], each["lost"]) for each in pool["stakers"]] == [(alice.address, 25 * ETHER)]
    assert [each["safe_lost"] for each in pool["avss"]] == [14 * ETHER, 0, 0]


def test_simulate_slash__after_its_veto_period__tells_people(file: Path, scene: Scene, with_veto: int) -> None:
    words = ("--avs", str(with_veto), *pool_words(scene), "--amount", "10 cAST", "--execute-after-veto")
    lines = run(file, "simulate", "slash", *words).output.splitlines()

    assert "  retained: 100 % → 90 %" in lines
    assert "  left of the loss budget in this epoch: 50 % → 40 %" in lines
    assert f"  AVS {with_veto} is weakened: 6 cAST are no longer safe" in lines


def test_simulate_call__two_epochs_later__compares_then(
    file: Path, sdk: catenary.Protocol, sdk_pool: Pool, shared: int
) -> None:
    call = sdk.operator(sdk_pool.operator).opt_out(shared, sdk_pool.vault.address)
    words = ("--from", sdk_pool.operator, "--to", call.to, "--data", f"0x{call.data.hex()}", "--later", "2 epochs")
    result = json.loads(run(file, "simulate", "call", *words, "--json").output)

    assert (result["epoch"], result["time"]) == (6, sdk.clock.start_of(6))
    assert [each["safe_lost"] for each in result["pools"][0]["avss"]] == [-7 * ETHER, 0, 5 * ETHER]


def test_simulate_call__after_a_wait__is_sent_then(file: Path, sdk: catenary.Protocol, alice: AccountAPI) -> None:
    now = sdk.chain.time
    words = ("--from", alice.address, "--to", alice.address, "--value", "1 ether", "--wait", "2 d", "--json")
    assert json.loads(run(file, "simulate", "call", *words).output)["time"] == now + 2 * DAY


def test_simulate_call__bad_data__is_one_line(file: Path, alice: AccountAPI) -> None:
    words = ("--from", alice.address, "--to", alice.address, "--data", "0x123")
    result = run(file, "simulate", "call", *words)
    assert (result.exit_code, result.output) == (
        1,
        "Error: '0x123' is not data: write it in hexadecimal, beginning with 0x\n",
    )


def test_simulate_option__of_a_command_that_sends__sends_nothing(
    file: Path, sdk: catenary.Protocol, scene: Scene
) -> None:
    """TEST::2 is Alice."""
    block = sdk.chain.number
    words = ("all", *pool_words(scene), "--account", "TEST::2", "--simulate")
    lines = run(file, "undelegate", *words).output.splitlines()

    assert sdk.chain.number == block
    assert "  AVS 1 is weakened: 14 cAST are no longer safe" in lines
