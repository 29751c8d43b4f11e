"""`catenary-oracle`: what it prints, and how it refuses."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner
from eth_abi.abi import encode

from catenary.oracle.cli import cli
from catenary.oracle.report import Report
from tests.catenary.oracle.keys import STRANGER
from tests.catenary.oracle.prepare import BOUNTY
from tests.catenary.oracle.server import answering
from tests.catenary.oracle.world import PRICE, Nodes, World, say
from tests.catenary.shell import PATIENCE, ROOT, Done
from tests.helpers.protocol import ETHER

RELAY = "http://127.0.0.1:9"


@pytest.fixture
def folder(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the config of the first operator's node."""
    made = world.folder(0, [RELAY])
    monkeypatch.chdir(made)
    return made


def run(*words: str, stdin: str | None = None) -> Done:
    result = CliRunner(mix_stderr=False).invoke(cli, words, input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def where(world: World) -> tuple[str, ...]:
    return ("--node", world.chain.url, "--chain-id", "31337", "--oracle", world.scene["oracle"])


# --- check ---


@pytest.mark.usefixtures("folder")
def test_check__says_the_prices(world: World) -> None:
    assert run("check", "node.toml").out.splitlines() == [
        f"key {world.key(0).address}: of {world.operators[0]}",
        "feed 1, ETH / USD: 2,000",
        "  file price.json: 2,000",
    ]


def test_check__as_json__says_them_exactly(world: World, folder: Path) -> None:
    say(folder, 1_999_99999999)
    assert run("check", "node.toml", "--json").json == {
        "signer": world.key(0).address,
        "operator": world.operators[0],
        "feeds": [
            {
                "feed": 1,
                "description": "ETH / USD",
                "decimals": 8,
                "price": "199999999999",
                "sources": [{"source": "file price.json", "price": "199999999999"}],
            }
        ],
    }


def test_check__with_a_source_that_fails__says_which_and_fails(world: World, folder: Path) -> None:
    (folder / "price.json").unlink()
    done = run("check", "node.toml")
    assert done.code == 1
    assert done.out.splitlines()[1:] == [
        "feed 1, ETH / USD: 0 sources have a price, and 1 must",
        "  file price.json: there is no such file",
    ]
    assert world.chain.nonce(world.key(0).address) == 0


def test_check__signs_nothing(folder: Path) -> None:
    assert run("check", "node.toml").code == 0
    assert not (folder / "journal.db").exists()


@pytest.mark.parametrize("word", ["check", "node", "key-proof"])
def test_config__that_is_wrong__is_one_line(word: str, folder: Path) -> None:
    (folder / "node.toml").write_text("chain_id = 0")
    more = ("--operator", STRANGER.address) if word == "key-proof" else ()
    done = run(word, "node.toml", *more)
    assert done.code == 1
    assert done.error.startswith("node.toml: node must be a URL that begins with http:// or https://; oracle must be")


def test_config__of_another_chain__is_refused(folder: Path) -> None:
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace("chain_id = 31337", "chain_id = 1"))
    assert run("check", "node.toml").error == "the node's chain id is 31337 and not 1: name another node"
    assert run("node", "node.toml").error == "the node's chain id is 31337 and not 1: name another node"


def test_config__of_a_node_that_is_away__ends_with_3(world: World, folder: Path) -> None:
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace(world.chain.url, "http://127.0.0.1:9"))
    done = run("check", "node.toml")
    assert done.code == 3
    assert done.error.startswith("the node does not answer")


# --- key-proof ---


@pytest.mark.usefixtures("folder")
def test_key_proof__is_what_set_key_takes(world: World) -> None:
    proof = run("key-proof", "node.toml", "--operator", STRANGER.address.lower()).json
    expected = world.domain.key_proof(STRANGER.address, world.key(0))
    data = encode(["address", "bytes"], [world.key(0).address, expected])
    assert proof == {
        "oracle": world.scene["oracle"],
        "operator": STRANGER.address,
        "signer": world.key(0).address,
        "proof": f"0x{expected.hex()}",
        "opt_in_data": f"0x{data.hex()}",
    }


@pytest.mark.usefixtures("folder")
def test_key_proof__for_no_address__is_refused() -> None:
    error = run("key-proof", "node.toml", "--operator", "alice").error
    assert error == "'alice' is not an address: write it as 0x and 40 digits"


# --- status ---


def test_status__as_json__says_feeds_members_and_costs(world: World, nodes: Nodes) -> None:
    round_ = nodes.begin(0, 1, 2, 3, 4)
    nodes.step()
    said = run("status", *where(world), "--json").json
    taken = world.view("snapshotOf", 4)["takenAt"]
    assert {key: said[key] for key in ("block", "round", "epoch", "snapshot_taken_at", "weight")} == {
        "block": world.chain.block,
        "round": round_,
        "epoch": 4,
        "snapshot_taken_at": taken,
        "weight": str(98 * ETHER),
    }
    # Half of a quorum of 66.67 % of 98 ETH, all of it slashed; all but the 28 that are elastic is guaranteed.
    stake = 98 * ETHER * 6_667 // 10_000 // 2
    cost = {"guaranteed": str(stake - 28 * ETHER), "shared": str(28 * ETHER)}
    (feed,) = said["feeds"]
    assert feed == {
        "feed": 1,
        "description": "ETH / USD",
        "decimals": 8,
        "heartbeat": 1_200,
        "deviation": 50,
        "quorum": 6_667,
        "round": round_,
        "price": str(PRICE),
        "updated_at": world.chain.time,
        "cost_to_move": {"shares": cost, "assets": cost},
    }
    assert {each["operator"]: (each["signer"], each["weight"]) for each in said["members"]} == {
        operator: (world.key(index).address, str((14 if index == 4 else 21) * ETHER))
        for index, operator in enumerate(world.operators)
    }


def test_status__costs__are_those_of_the_contract(world: World, nodes: Nodes) -> None:
    nodes.begin()
    shares = world.raw(world.scene["feed"], "costToMove(uint80)", world.view("currentRound"))[:2]
    (feed,) = run("status", *where(world), "--json").json["feeds"]
    cost = feed["cost_to_move"]["shares"]
    assert [int(cost["guaranteed"]), int(cost["shared"])] == shares
    assert sum(shares) > 0


def test_status__without_an_answer__names_the_avs_and_no_price(world: World) -> None:
    said = run("status", *where(world), "--json").json
    assert said["avs"] == world.view("AVS")
    (feed,) = said["feeds"]
    assert (feed["round"], feed["price"], feed["updated_at"]) == (None, None, None)


def test_status__for_people__says_that_there_is_no_answer(world: World) -> None:
    lines = run("status", *where(world)).out.splitlines()
    assert lines[1] == "snapshot: none of this epoch, so no round has an answer"
    assert "never" in " ".join(lines)


def test_status__of_no_oracle__is_refused(world: World) -> None:
    words = ("--node", world.chain.url, "--chain-id", "31337", "--oracle", STRANGER.address)
    assert run("status", *words).code == 1


# --- prove ---


def evidence(world: World, folder: Path, *changes: int) -> None:
    """Reports of the last operator for the current round, with these prices."""
    reports = [Report(1, world.round, price, world.chain.time) for price in changes]
    signed = [world.domain.sign(each, world.key(4)) for each in reports]
    (folder / "evidence.json").write_text(json.dumps(world.domain.dump(signed)))


def test_prove__two_reports__has_the_operator_slashed(world: World, folder: Path) -> None:
    evidence(world, folder, 1, 2)
    world.chain.ask("evm_setAutomine", True)
    try:
        done = run("prove", "node.toml", "evidence.json", "--yes")
    finally:
        world.chain.ask("evm_setAutomine", False)
    assert (done.code, done.out) == (0, "proved\n")
    assert done.err == f"This proves a fault of {world.operators[4]}, and has it slashed.\n"
    assert [each["operator"] for each in world.events("FaultProved")] == [world.operators[4]]


def test_take_bounty__of_a_proof__sends_it(world: World, folder: Path, nodes: Nodes) -> None:
    nodes.begin()
    evidence(world, folder, 1, 2)
    world.chain.ask("evm_setAutomine", True)
    try:
        run("prove", "node.toml", "evidence.json", "--yes")
        done = run("take-bounty", "node.toml", "--receiver", STRANGER.address, "--yes")
    finally:
        world.chain.ask("evm_setAutomine", False)
    assert (done.code, done.out) == (0, "sent\n")
    assert world.ask("ERC20", world.scene["token"], "balanceOf", STRANGER.address) == BOUNTY


@pytest.mark.usefixtures("folder")
def test_take_bounty__without_one__is_refused(world: World) -> None:
    error = run("take-bounty", "node.toml", "--receiver", STRANGER.address, "--yes").error
    assert error == f"There is no bounty for {world.key(0).address}: it was taken, or never earned."


def test_prove__declined__sends_nothing(world: World, folder: Path) -> None:
    evidence(world, folder, 1, 2)
    done = run("prove", "node.toml", "evidence.json", stdin="n\n")
    assert (done.code, done.out) == (4, "")
    assert world.chain.nonce(world.key(0).address) == 0


def test_prove__what_is_no_fault__is_refused(world: World, folder: Path) -> None:
    evidence(world, folder, 1, 1)
    assert run("prove", "node.toml", "evidence.json", "--yes").error.startswith("This proves no fault")
    evidence(world, folder, 1)
    assert run("prove", "node.toml", "evidence.json", "--yes").error.startswith("This proves no fault")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "evidence.json cannot be read (No such file or directory): name a file with reports"),
        ("{}", "reports are written as {chain_id, oracle, reports: [...]}"),
        ("[[[", "this is no JSON"),
    ],
)
def test_prove__from_no_evidence__is_refused(folder: Path, text: str | None, why: str) -> None:
    if text is not None:
        (folder / "evidence.json").write_text(text)
    assert run("prove", "node.toml", "evidence.json", "--yes").error == why


# --- relay, node ---


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from catenary.oracle.cli import cli; cli()", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["relay", "node"])
def test_stop__by_a_signal__ends_well(world: World, folder: Path, what: str, number: int) -> None:
    words = ("relay", *where(world), "--port", "0") if what == "relay" else ("node", "node.toml")
    process = started(folder, *words)
    try:
        assert process.stdout
        assert " at http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_port__that_is_taken__is_one_line(world: World, folder: Path) -> None:
    process = started(folder, "relay", *where(world), "--port", world.chain.url.rsplit(":")[-1])
    _, errors = process.communicate(timeout=PATIENCE)
    port = world.chain.url.rsplit(":")[-1]
    assert (process.returncode, errors) == (
        1,
        f"Error: port {port} cannot be had, Address already in use: name another\n",
    )


def test_secrets__are_in_no_output(world: World, folder: Path) -> None:
    outputs: list[Any] = [run("check", "node.toml"), run("key-proof", "node.toml", "--operator", STRANGER.address)]
    (folder / "passphrase").write_text("an unknown word")
    outputs.append(run("check", "node.toml"))
    for done in outputs:
        for secret in (world.scene["keys"][0], "a word", "an unknown word"):
            assert secret not in done.out + done.err


def test_example__of_the_docs__is_a_config_that_check_takes(world: World, folder: Path) -> None:
    """But for where things are."""

    async def handler(request: web.Request) -> web.Response:
        prices = {
            "/eth": '{"price": 2000.5}',
            "/nested": f'{{"data": {{"prices": ["2001"], "time": {world.chain.time}}}}}',
        }
        return web.Response(text=prices[request.path])

    with answering(handler) as url:
        text = (ROOT / "config" / "oracle-node.toml").read_text()
        for before, after in {
            "http://127.0.0.1:8545": world.chain.url,
            "0x0000000000000000000000000000000000000001": world.scene["oracle"],
            "http://127.0.0.1:8000/eth": f"{url}/nested",
            "http://127.0.0.1:8001/eth": f"{url}/eth",
        }.items():
            assert before in text
            text = text.replace(before, after)
        (folder / "example.toml").write_text(text)
        (folder / "eth.json").write_text('{"price": "1999"}')
        done = run("check", "example.toml")
    assert done.out.splitlines()[1:] == [
        "feed 1, ETH / USD: 2,000.5",
        "  file eth.json: 1,999",
        "  http 127.0.0.1: 2,001",
        "  http 127.0.0.1: 2,000.5",
    ]
