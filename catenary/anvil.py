"""Anvil nodes of this package's own: each ends with what it was started for."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from web3 import HTTPProvider, Web3

from catenary.chain import asked
from catenary.errors import CatenaryError, NotConnected

HOST = "127.0.0.1"
_PATIENCE = 60  # [s]


@dataclass(frozen=True)
class Anvil:
    """A node that is up."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def web3(self) -> Web3:
        return Web3(HTTPProvider(self.address, request_kwargs={"timeout": _PATIENCE}))


@contextmanager
def running(*arguments: str, port: int | None = None) -> Iterator[Anvil]:
    """Starts Anvil, which is found on PATH, on a free port or on `port`, and ends it by its process id."""
    number = _free_port(port or 0)
    command = ["anvil", "--quiet", "--host", HOST, "--port", str(number), *arguments]
    # What Anvil keeps under its home it would leave there, and later take for that of another chain of the same id.
    with TemporaryFile() as complaints, TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            process = subprocess.Popen(
                command,
                stdout=complaints,
                stderr=complaints,
                env=os.environ | {"HOME": home},
                start_new_session=True,  # so that Ctrl-C does not end it before whoever uses it
            )
        except FileNotFoundError:
            how = "install Foundry, https://getfoundry.sh, or add node_modules/.bin"
            raise CatenaryError(f"there is no `anvil` on PATH: {how}") from None
        try:
            node = Anvil(process, number)
            deadline = time.monotonic() + _PATIENCE
            web3 = node.web3
            while not web3.is_connected():
                if process.poll() is not None or time.monotonic() > deadline:
                    complaints.seek(0)
                    why = " ".join(complaints.read().decode(errors="replace").split())
                    raise CatenaryError(f"Anvil did not start on port {number}: {why or 'it gave no reason'}")
                time.sleep(0.05)
            yield node
        finally:
            _end(process)


def ask(node: Web3, method: str, *parameters: Any) -> Any:
    """Asks a node for what is not of every node."""
    return asked(partial(node.manager.request_blocking, method, list(parameters)))  # type: ignore[arg-type]


def mine(node: Web3, time: int) -> None:
    """Mines an empty block at a time, which is not before the last one [Unix time]."""
    ask(node, "evm_setNextBlockTimestamp", time)
    ask(node, "evm_mine")


def wait_for(node: Anvil) -> None:
    """Waits for a node to end by itself, which it should not."""
    node.process.wait()
    raise NotConnected(f"Anvil ended by itself, with exit code {node.process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process, and with it what it started: the `anvil` of npm is a launcher."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, way)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return


def _free_port(wanted: int) -> int:
    """`wanted`, or any port if it is 0. Asked first, as another node on it would answer in Anvil's place."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, wanted))
        except OSError as error:
            raise CatenaryError(f"port {wanted} cannot be had, {error.strerror}: name another by --port") from None
        return int(listener.getsockname()[1])
