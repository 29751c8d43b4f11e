"""
Five nodes and a relay, each a process, on one chain: one node is killed, one lies, one operator equivocates.

The test mines each block when all nodes that live have seen the one before it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from catenary.contracts import CORE
from catenary.oracle.relay import Relay, application
from catenary.oracle.report import Report
from tests.catenary.oracle.prepare import BOUNTY, EPOCH, REWARD, ROUND
from tests.catenary.oracle.server import serving
from tests.catenary.oracle.world import PRICE, World, say
from tests.catenary.shell import ROOT
from tests.helpers.protocol import ETHER, WAD

ORACLE_COMMAND = [sys.executable, "-c", "from catenary.oracle.cli import cli; cli()"]
FIRST, SECOND, KILLED, LIAR, EQUIVOCATOR = range(5)
LIE = 20_000_00000000
MOST_BLOCKS = 60  # in which a thing is to happen
PATIENCE = 60  # for a process, however busy the machine is [s]
_, DELEGATION, SLASHING, REWARDS = CORE


@dataclass
class Running:
    """A command that runs, and where it serves."""

    process: subprocess.Popen[str]
    log: Path
    url: str

    @property
    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.url}/health", timeout=PATIENCE).json()
        return answer


@contextmanager
def command(home: Path, *words: str) -> Iterator[Running]:
    """`catenary-oracle ...`, ended by its process id."""
    log = home / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*ORACLE_COMMAND, *words],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout
        first = process.stdout.readline()
        assert " at http://" in first, (first, log.read_text())
        yield Running(process, log, first.split(" at ")[1].strip())
    finally:
        process.kill()
        process.communicate()


@dataclass
class Network:
    """The relay, and the nodes that live."""

    world: World
    relay: Running
    nodes: dict[int, Running] = field(default_factory=dict)
    folders: dict[int, Path] = field(default_factory=dict)

    def step(self) -> None:
        """A block, once all have had time for the one before it."""
        block = self.world.mine()
        deadline = time.monotonic() + PATIENCE
        for node in self.nodes.values():
            while node.health["block"] != block:
                assert time.monotonic() < deadline, node.log.read_text()
                time.sleep(0.05)
        time.sleep(0.3)

    def until(self, what: Callable[[], Any]) -> None:
        for _ in range(MOST_BLOCKS):
            if what():
                return
            self.step()
        raise AssertionError("\n".join(each.log.read_text() for each in self.nodes.values()))

    def say(self, price: int) -> None:
        """What the sources say; the liar's says something else."""
        for index, folder in self.folders.items():
            say(folder, LIE if index == LIAR else price)


@pytest.fixture
def network(world: World) -> Iterator[Network]:
    with ExitStack() as stack:
        folder = world.home / "relay"
        folder.mkdir()
        where = ("--node", world.chain.url, "--chain-id", "31337", "--oracle", world.scene["oracle"])
        relay = stack.enter_context(command(folder, "relay", *where, "--port", "0"))
        made = Network(world, relay)
        for index in range(len(world.operators)):
            made.folders[index] = world.folder(index, [relay.url], every=0.2)
        made.say(PRICE)
        starting = {index: command(each, "node", "node.toml") for index, each in made.folders.items()}
        made.nodes = {index: stack.enter_context(each) for index, each in starting.items()}
        yield made


def test_network__with_one_killed_one_lying_and_one_equivocating__does_its_duty(network: Network) -> None:
    world = network.world
    operators, vault, other = world.operators, world.scene["vault"], world.scene["other"]
    equivocator = operators[EQUIVOCATOR]

    # All join by themselves, take the snapshot, and answer.
    network.until(lambda: world.answer()[1] == PRICE)
    assert sorted(world.view("members", 0, 100)) == sorted(operators)
    weights = {operator: world.view("weightOf", 4, operator) for operator in operators}
    assert weights == {each: (14 if each == equivocator else 21) * ETHER for each in operators}

    # One is killed; the price moves, and the others answer, as four of five are a quorum.
    network.nodes.pop(KILLED).process.send_signal(signal.SIGKILL)
    network.say(PRICE + PRICE // 20)
    network.until(lambda: world.answer()[1] != PRICE)
    assert world.answer()[1] == PRICE + PRICE // 20
    liar = [each for each in world.events("Reported") if each["operator"] == operators[LIAR]]
    assert {each["price"] for each in liar} == {LIE}

    # What the other AVS was told is safe of the equivocator's stake.
    def stake_of_other() -> Any:
        return world.ask(SLASHING, world.scene["slashing"], "stake", other, equivocator, vault)["shares"]

    told = stake_of_other()
    assert (told["safeGuaranteed"], told["safeElastic"]) == (14 * ETHER, 0)

    # One stops its node, which ends well, and signs two reports for the round to come.
    stopped = network.nodes.pop(EQUIVOCATOR)
    stopped.process.send_signal(signal.SIGTERM)
    assert stopped.process.wait(PATIENCE) == 0, stopped.log.read_text()
    network.until(lambda: world.round > world.answer()[0])
    where = (network.relay.url, world.chain.url, world.scene["oracle"], str(world.scene["genesis"]), str(ROUND))
    subprocess.run(
        [sys.executable, "-m", "tests.catenary.oracle.equivocator", *where],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "EQUIVOCATOR_KEY": world.scene["keys"][EQUIVOCATOR]},
        check=True,
    )
    round_ = world.round
    network.until(lambda: world.events("FaultProved"))
    (fault,) = world.events("FaultProved")
    assert (fault["feed"], fault["round"], fault["operator"]) == (1, round_, equivocator)
    assert fault["reporter"] in {world.key(index).address for index in (FIRST, SECOND, LIAR)}
    assert fault["bounty"] == BOUNTY
    assert world.view("weightOf", 4, equivocator) == 0

    # It lost the 20 % and 10 % that the oracle could take; the others go on, with the price right.
    assert world.ask(DELEGATION, world.scene["delegation"], "retained", equivocator, vault) == WAD * 7 // 10
    network.say(PRICE)
    network.until(lambda: world.answer()[1] != PRICE + PRICE // 20)
    assert world.answer()[1] == PRICE

    # In the next epoch the nodes pay for this one, each operator but the equivocator by what it reported.
    reports = {each: world.view("creditOf", each)["reports"] for each in operators}
    assert reports[operators[KILLED]] > 0
    weighed = {each: reports[each] * 21 * ETHER for each in operators if each != equivocator}
    total = world.view("reportsIn", 4)
    world.to(world.scene["genesis"] + 4 * EPOCH)
    network.until(lambda: world.view("snapshotOf", 5)["takenAt"])
    network.until(lambda: len(world.events("Paid", REWARDS)) >= len(weighed))
    due = {each: REWARD * weight // total for each, weight in weighed.items()}
    assert {each["operator"]: each["amount"] for each in world.events("Paid", REWARDS)} == due
    for operator, amount in due.items():
        claims = [(operator, vault, world.scene["token"], 0)]
        commission = world.ask(REWARDS, world.scene["rewards"], "commission", *claims[0][:3])
        _, (coming,) = world.ask(REWARDS, world.scene["rewards"], "due", world.scene["staker"], claims)
        assert commission == amount // 10
        assert amount - commission - 1 <= coming <= amount - commission  # claimable once this epoch is over

    # What the other AVS was told is still there, and the price is right in this epoch too.
    assert stake_of_other()["slashableGuaranteed"] == told["safeGuaranteed"]
    network.say(PRICE * 2)
    network.until(lambda: world.answer()[1] != PRICE)
    assert world.answer()[1] == PRICE * 2
    assert len(world.events("FaultProved")) == 1


def test_node__killed_between_signing_and_sending__sends_the_same_report(world: World) -> None:
    """Its relay is away, so it signs and cannot send; the price moves while it is down."""
    with serving(web.Application()) as url:
        pass
    world.send("join", world.operators[FIRST])
    world.send("takeSnapshot", 100)
    folder, round_ = world.folder(FIRST, [url], every=0.2), world.round + 1
    with command(folder, "node", "node.toml") as node:
        world.to(world.begin_of(round_))
        wait_for(lambda: f"round {round_}: reported {PRICE}" in node.log.read_text())
        node.process.send_signal(signal.SIGKILL)
    say(folder, 2 * PRICE)
    relay = Relay(world.domain, {world.key(FIRST).address}.__contains__)
    with serving(application(relay), int(url.rsplit(":")[-1])), command(folder, "node", "node.toml"):
        wait_for(lambda: relay.after("", 0)[1])
    expected = world.domain.sign(Report(1, round_, PRICE, world.begin_of(round_)), world.key(FIRST))
    assert relay.after("", 0)[1] == [expected]


def wait_for(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)
