"""`catenary history` and `catenary watch`, as people and scripts run them."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from catenary.units import moment
from tests.catenary.shell import Done, Scene, Shell, Who, ended
from tests.catenary.watch.receiver import Receiver, gate_to, wait_until
from tests.helpers.protocol import ETHER

Slash = Callable[[str], str]


@pytest.fixture
def slash(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> Slash:
    """Slashes at once, and gives the transaction."""

    def slash(amount: str) -> str:
        words = ["avs", "slash", str(cli_scene.avss["at_once"]), amount, "--vault", "cWETH"]
        offence = ["--operator", who["operator"].address, "--offence-at", "1 min ago", "--evidence", "seen"]
        return str(shell.send(who["slasher"], *words, *offence).json["sent"][0]["transaction"])

    return slash


@pytest.fixture
def file(tmp_path: Path) -> list[str]:
    """Words that name a history of the test's own."""
    return ["--file", str(tmp_path / "history.db")]


def pool(who: dict[str, Who]) -> str:
    return f"the pool of {who['operator'].address} in cWETH"


# --- history ---


def test_history__of_a_staker__tells_each_slash_with_what_it_lost(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], slash: Slash, file: list[str]
) -> None:
    alice = who["alice"].address
    first, at = slash("10 %"), moment(shell.node.time)
    second = slash("10 %")
    avs = cli_scene.avss["at_once"]

    told = shell.run("history", "--staker", alice, "--kind", "slashed", *file)

    assert told.out.splitlines() == [
        f"{at}  epoch 4  {first}  AVS {avs} slashed {pool(who)} by 0.1 of `retained`: 10 cWETH of the 100 cWETH in it "
        f"and its open tickets are burnt; {alice} loses 10 cWETH of 100 cWETH",
        f"{at}  epoch 4  {second}  AVS {avs} slashed {pool(who)} by 0.09 of `retained`: 9 cWETH of the 90 cWETH in it "
        f"and its open tickets are burnt; {alice} loses 9 cWETH of 90 cWETH",
    ]


def test_history__of_a_staker__begins_with_its_own_and_leaves_out_what_was_before(
    shell: Shell, who: dict[str, Who], slash: Slash, file: list[str]
) -> None:
    slash("10 %")
    found = shell.run("history", "--staker", who["alice"].address, *file, "--json").json["events"]
    assert [each["event"] for each in found] == ["Deposit", "Delegated", "SlashRequested", "Slashed"]
    assert found[1]["sentence"] == (
        f"Delegated: operator {who['operator'].address}, vault cWETH, staker {who['alice'].address}, shares 100 "
        f"cWETH, poolShares {100 * ETHER}"
    )
    assert found[3]["alerts"][0]["data"]["staker"]["lost"] == 10 * ETHER


def test_history__of_an_epoch_an_operator_a_vault_and_an_avs__is_only_that(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], slash: Slash, file: list[str]
) -> None:
    def events(*words: str) -> list[str]:
        return [each["event"] for each in shell.run("history", *words, *file, "--json").json["events"]]

    assert shell.run("history", "--from-epoch", "4", *file).out == "nothing of that kind happened\n"
    slash("10 %")
    slashed = ["SlashRequested", "Slashed"]
    assert events("--from-epoch", "4") == slashed
    assert events("--from-epoch", "4", "--vault", "cWETH") == slashed
    assert events("--from-epoch", "4", "--vault", "cSIX") == []
    assert events("--from-epoch", "4", "--operator", who["operator"].address) == slashed
    assert events("--from-epoch", "4", "--operator", who["alice"].address) == []
    assert events("--avs", str(cli_scene.avss["with_veto"]), "--kind", "AVSRegistered") == ["AVSRegistered"]


def test_history__of_an_event_that_there_is_not__says_which_there_are(shell: Shell, file: list[str]) -> None:
    done = shell.run("history", "--kind", "slash", *file)
    assert done.code == 1
    assert done.error.startswith("there is no event 'slash': choose from AVSRegistered, ")


# --- watch ---


@contextmanager
def watching(shell: Shell, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`catenary watch` as a process, once it watches."""
    process = shell.start("watch", "--every", "0.1", *words)
    try:
        assert process.stderr
        line = process.stderr.readline()
        assert line.startswith("watching from block"), line + process.stderr.read()
        yield process
    finally:
        process.kill()
        process.wait()


def stopped(process: subprocess.Popen[str]) -> Done:
    """By Ctrl-C."""
    process.send_signal(signal.SIGINT)
    return ended(process)


def test_watch__over_a_node_that_is_away_and_a_webhook_that_fails__says_and_posts_everything(
    shell: Shell, who: dict[str, Who], slash: Slash, receiver: Receiver, file: list[str]
) -> None:
    receiver.down = True
    with gate_to(shell.node.url) as gate:
        quiet = replace(shell, environment={"CATENARY_WEBHOOK": receiver.url, "CATENARY_NETWORK": gate.url})
        with watching(quiet, "--staker", who["alice"].address, "--json", *file) as process:
            first = slash("10 %")
            wait_until(lambda: len(receiver.tried) >= 2)
            receiver.down = False
            receiver.wait(2)

            gate.closed = True
            second = slash("10 %")
            assert process.stderr
            said = [process.stderr.readline() for _ in range(3)]
            gate.closed = False
            receiver.wait(4)
            done = stopped(process)

    assert done.code == 0
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines == receiver.got
    assert [(each["kind"], each["transaction"]) for each in lines] == [
        ("slash requested", first),
        ("slashed", first),
        ("slash requested", second),
        ("slashed", second),
    ]
    assert said[0] == "the webhook answers 503: 2 alerts wait, and are tried again\n"
    assert said[1] == "the webhook is back: all alerts are posted\n"
    assert said[2].startswith("the node does not answer: ")
    assert done.err.startswith("the node is back: going on, now at block ")
    assert "secret" not in "".join(said) + done.err + done.out


def test_watch__that_ends_with_alerts_not_posted__says_so_and_posts_them_next_time(
    shell: Shell, slash: Slash, receiver: Receiver, file: list[str]
) -> None:
    words = ["watch", "--once", "--webhook", receiver.url, *file]
    assert shell.run(*words) == Done(0, "", "")
    receiver.down = True
    slash("10 %")

    done = shell.run(*words)

    assert done.code == 1
    assert [line.split("  ")[1] for line in done.out.splitlines()] == ["WARNING", "CRITICAL"]
    assert done.err.splitlines()[-1] == (
        "2 alerts are not posted, as the webhook answers 503: the next `catenary watch` with the same filters tries "
        "again"
    )
    receiver.down = False
    assert shell.run(*words) == Done(0, "", "")
    assert [message["kind"] for message in receiver.got] == ["slash requested", "slashed"]


def test_watch__from_a_block__says_what_happened_since(shell: Shell, slash: Slash, file: list[str]) -> None:
    slash("10 %")
    block = shell.node.block
    slash("10 %")
    done = shell.run("watch", "--once", "--json", "--from-block", str(block + 1), *file)
    assert [json.loads(line)["block"] for line in done.out.splitlines()] == [block + 1, block + 1]


def test_watch__for_someone_that_there_is_not__ends_at_once(shell: Shell, file: list[str]) -> None:
    assert shell.run("watch", "--avs", "99", *file).error.startswith("there is no AVS 99")
    assert "is not an address" in shell.run("watch", "--staker", "0x1234", *file).error
    assert shell.run("watch", "--webhook", "hooks.example.org/secret", *file).error == (
        "the webhook is not a URL: it begins with http:// or https://"
    )
