"""The bot, as Silverback runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.catenary.shell import PATIENCE, ROOT, Scene, Shell, Who
from tests.catenary.watch.receiver import Receiver, wait_until

SILVERBACK = Path(sys.executable).parent / "silverback"


@contextmanager
def running(shell: Shell, folder: Path, receiver: Receiver) -> Iterator[subprocess.Popen[str]]:
    """The bot, until it looked for the first time; ended by a signal."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "APE_FOUNDRY_HOST": shell.node.url,
        "APE_DATA_FOLDER": str(shell.home / ".ape"),
        "CATENARY_DEPLOYMENT": str(shell.home / "deployments/local.json"),
        "CATENARY_HISTORY": str(folder / "history.db"),
        "CATENARY_WEBHOOK": receiver.url,
    }
    command = [SILVERBACK, "run", "bots.watch:bot", "--network", "ethereum:local:foundry"]
    with (folder / "bot.log").open("w+") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
        )
        try:
            wait_until(lambda: process.poll() is not None or "transitioning to runtime" in said(folder))
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, said(folder)
        finally:
            process.kill()
            process.wait()


def said(folder: Path) -> str:
    return (folder / "bot.log").read_text()


def post(shell: Shell, receiver: Receiver, count: int) -> list[str]:
    """Kinds of what is posted, after so many posts; the bot looks at each new block, so the node makes some."""

    def enough() -> bool:
        shell.node.ask("evm_mine")
        return len(receiver.got) >= count

    wait_until(enough)
    return [message["kind"] for message in receiver.got]


def test_bot__posts_each_alert_once_and_goes_on_where_it_stopped(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], receiver: Receiver, tmp_path: Path
) -> None:
    def slash(what: str) -> None:
        words = ["avs", "slash", str(cli_scene.avss["at_once"]), what, "--vault", "cWETH"]
        offence = ["--operator", who["operator"].address, "--offence-at", "1 min ago", "--evidence", "seen"]
        assert shell.send(who["slasher"], *words, *offence).code == 0

    receiver.answers = [503]
    with running(shell, tmp_path, receiver):
        slash("10 %")
        assert post(shell, receiver, 2) == ["slash requested", "slashed"]
    slash("5 %")
    with running(shell, tmp_path, receiver):
        assert post(shell, receiver, 4) == 2 * ["slash requested", "slashed"]

    assert len({message["id"] for message in receiver.got}) == 4
    assert receiver.keys == receiver.tried
    log = said(tmp_path)
    assert "critical: AVS" in log
    assert "secret" not in log
