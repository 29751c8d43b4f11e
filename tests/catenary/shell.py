"""The command line, as a process of its own or in this one, on a node of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
import requests
from ape.api import AccountAPI
from click.testing import CliRunner

from catenary.cli import cli
from tests.conftest import ROLES

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "catenary"
PATIENCE = 120  # for a process [s]


@dataclass
class Node:
    """An Anvil node."""

    url: str
    process: subprocess.Popen[bytes]
    _snapshot: str = ""

    def ask(self, method: str, *parameters: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = requests.post(self.url, json=body, timeout=30).json()
        assert "error" not in answer, answer
        return answer["result"]

    def keep(self) -> None:
        """Whatever comes, `go_back` comes back to here."""
        self._snapshot = self.ask("evm_snapshot")

    def go_back(self) -> None:
        assert self.ask("evm_revert", self._snapshot)
        self.keep()

    @property
    def time(self) -> int:
        """Of the last block [Unix time]."""
        return int(self.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    @property
    def block(self) -> int:
        return int(self.ask("eth_blockNumber"), 16)

    def move_to(self, time: int) -> None:
        """Mines a block at `time`."""
        self.ask("evm_setNextBlockTimestamp", time)
        self.ask("evm_mine")

    def nonce(self, address: str, block: str = "pending") -> int:
        return int(self.ask("eth_getTransactionCount", address, block), 16)

    def kill(self) -> None:
        """With what npm's wrapper started, which would go on without it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def anvil(*options: str) -> Iterator[Node]:
    """A node on a free port, stopped afterwards."""
    command = [
        ROOT / "node_modules/.bin/anvil",
        *("--port", "0", "--hardfork", "prague", "--accounts", "20", "--balance", "10000", *options),
    ]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        node = Node("", process)
        try:
            listening = None
            while not listening:
                assert process.poll() is None, "anvil ended"
                output.seek(0)
                listening = re.search(r"Listening on (127\.0\.0\.1:\d+)", output.read())
                time.sleep(0.02)
            node.url = f"http://{listening[1]}"
            yield node
        finally:
            node.kill()


class Proxy:
    """Stands between a command and a node, and answers nothing more from the moment on that is named."""

    def __init__(self, node: Node) -> None:
        self.asked: list[str] = []
        self._dies_at, self._answers_left, self._passes_on = "", 0, False
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                method = json.loads(body)["method"]
                proxy.asked.append(method)
                proxy._answers_left -= method == proxy._dies_at
                if proxy._answers_left < 0:
                    if proxy._passes_on:
                        requests.post(node.url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
                        proxy._passes_on = False
                    self.close_connection = True
                    return
                answer = requests.post(node.url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def dies_at(self, method: str, *, after: int = 0, passes_on: bool = False) -> None:
        """Once it has answered `method` so many times; the one that it does not answer it may still pass on."""
        self._dies_at, self._answers_left, self._passes_on = method, after, passes_on

    def __enter__(self) -> "Proxy":
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which is nothing but JSON."""
        assert self.code == 0, self
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that it ended with, having printed nothing else."""
        assert (self.out, self.err.count("\n")) == ("", 1), self
        return self.err.removeprefix("Error: ").strip()


@dataclass(frozen=True)
class Shell:
    """A folder with a deployment, in which commands are run."""

    home: Path
    node: Node
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, stdin: str | None = None, network: str | None = None) -> Done:
        """`catenary ...` in this process, which takes the same path."""
        settings = ["--network", network or self.node.url, "--deployment", str(self.home / "deployments/local.json")]
        place = len(words) if "--" not in words else words.index("--")
        result = CliRunner(mix_stderr=False).invoke(cli, [*words[:place], *settings, *words[place:]], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    def send(self, account: "Who", *words: str) -> Done:
        """`catenary ... --yes --json` from an account; what it explains is in `err`."""
        return self.run(*words, "--account", account.alias, "--yes", "--json")

    def sent(self, *calls: str, **brought: Any) -> dict[str, Any]:
        """What `send` says after it sent these calls, each in a block, the last of which is the node's."""
        first = self.node.block + 1 - len(calls)
        blocks = [self.node.ask("eth_getBlockByNumber", hex(first + index), False) for index in range(len(calls))]
        return {
            **brought,
            "sent": [
                {"call": call, "transaction": block["transactions"][0], "block": int(block["number"], 16)}
                for call, block in zip(calls, blocks, strict=True)
            ],
        }

    def start(self, *words: str, command: Sequence[str | Path] = (COMMAND,)) -> subprocess.Popen[str]:
        """`catenary ...` as a process of its own, in this folder."""
        return subprocess.Popen(
            [*command, *words],
            cwd=self.home,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *words: str, stdin: str = "", command: Sequence[str | Path] = (COMMAND,)) -> Done:
        """The same, to its end."""
        return ended(self.start(*words, command=command), stdin)

    def _environment(self) -> dict[str, str]:
        ours = {
            "PYTHONPATH": str(ROOT),
            "APE_DATA_FOLDER": str(self.home / ".ape"),
            "CATENARY_NETWORK": self.node.url,
        }
        return {key: value for key, value in os.environ.items() if key != "APE_FOUNDRY_HOST"} | ours | self.environment


def ended(process: subprocess.Popen[str], stdin: str = "") -> Done:
    try:
        out, err = process.communicate(stdin, timeout=PATIENCE)
    finally:
        process.kill()
    return Done(process.returncode, out, err)


class Who(NamedTuple):
    alias: str  # as the command line names the account
    address: str


@dataclass(frozen=True)
class Scene:
    """What `prepare.py` built, by name."""

    avss: dict[str, int]
    vaults: dict[str, str]
    tokens: dict[str, str]
    genesis: int

    def start_of(self, epoch: int) -> int:
        return self.genesis + (epoch - 1) * 7 * 86_400


@pytest.fixture(scope="session")
def prepared_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("catenary")
    with anvil() as node:
        subprocess.run(
            [sys.executable, "-m", "tests.catenary.prepare", home],
            cwd=ROOT,
            env={**os.environ, "APE_FOUNDRY_HOST": node.url, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
        node.keep()
        yield Shell(home, node)


@pytest.fixture
def shell(prepared_shell: Shell) -> Iterator[Shell]:
    yield prepared_shell
    if prepared_shell.node.process.poll() is None:
        prepared_shell.node.go_back()


@pytest.fixture(scope="session")
def cli_scene(prepared_shell: Shell) -> Scene:
    content = json.loads((prepared_shell.home / "scene.json").read_text())
    deployment = json.loads((prepared_shell.home / "deployments/local.json").read_text())
    genesis = deployment["contracts"]["AVSRegistry"]["arguments"]["timing"]["genesis"]
    return Scene(**content, genesis=genesis)


@pytest.fixture(scope="session")
def who(accounts: list[AccountAPI]) -> dict[str, Who]:
    """The account of each role."""
    return {name: Who(f"TEST::{index}", accounts[index].address) for index, name in enumerate(ROLES)}
