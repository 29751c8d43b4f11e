"""
One worker: a pytest session over the instrumented contracts that runs the tests it is told to, in any order.

Fixtures that deploy are made once, with no mutant on. Orders and outcomes go through a socket, as pytest takes the
standard streams.
"""

import json
import re
import signal
import sys
import time
from collections.abc import Generator
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from typing import Any

import ape
import pytest
from _pytest.runner import runtestprotocol
from ape_foundry import FoundryProvider
from web3.providers.rpc import HTTPProvider

from tools.mutants.orders import CHECK, COVER, NONE, Order, Outcome
from tools.mutants.schemata import BASE

FOLDERS = ("registry", "delegation", "slashing", "rewards", "vault", "avs", "flows", "attacks")
ARGUMENTS = ["-q", "-p", "no:cacheprovider", "-W", "ignore", *(f"tests/{name}" for name in FOLDERS)]
ARGUMENTS += ["tests/test_access_matrix.py"]
ARGUMENTS += ["--ignore=tests/slashing/test_safe_search.py"]  # random histories: minutes
GAS_LIMIT = 400_000_000  # of a block: the instrumented contracts are large
MARK = re.compile(f'"to":"0x0{{24}}{BASE >> 32:08x}([0-9a-f]{{8}})"'.encode())


class OverTimeError(Exception):
    pass


class Session:
    """A pytest plugin in place of the loop over the tests."""

    def __init__(self, orders: Connection) -> None:
        self.orders = orders
        self.mutant = NONE
        self.fresh = False
        self.reached: set[int] = set()
        self.fixtures: set[int] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.session = session
        self.items = {item.nodeid: item for item in session.items}
        signal.signal(signal.SIGALRM, _over_time)
        _record(self)
        self.orders.send(list(self.items))
        while order := self.orders.recv():
            self.orders.send(self._obey(order))
        session._setupstate.teardown_exact(None)
        return True

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, None, None]:
        """What outlives a test is made without the mutant."""
        if fixturedef.scope == "function" or self.fresh:
            yield
            return
        reached, self.reached = self.reached, self.fixtures
        if self.mutant > 0:
            _switch(NONE)
        yield
        self.reached = reached
        if self.mutant > 0:
            _switch(self.mutant)

    def _obey(self, order: Order) -> Outcome:
        outcome = Outcome()
        if order.fresh:
            self._forget()
        self.mutant, self.fresh = order.mutant, order.fresh
        _switch(order.mutant)
        for name, limit in zip(order.tests, order.limits, strict=True):
            self.reached = set()
            start = time.monotonic()
            why = self._run(name, limit)
            outcome.seconds.append(time.monotonic() - start)
            if order.mutant == COVER:
                outcome.reached.append(self.reached)
            if why:
                outcome.failed, outcome.why = name, why
                break
        self.mutant, self.fresh = NONE, False
        _switch(NONE)
        if order.fresh:
            self._forget()
        if outcome.failed:
            outcome.sound = not self._run(outcome.failed, CHECK)
        outcome.fixtures = self.fixtures
        return outcome

    def _run(self, name: str, limit: float) -> str:
        """Why the test fails, if it does."""
        self.orders.send(name)
        item = self.items[name]
        self.session._setupstate.teardown_exact(item)
        after = next((each for each in self.items.values() if each.parent is item.parent and each is not item), None)
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            reports = runtestprotocol(item, log=False, nextitem=after or item.parent)  # type: ignore[arg-type]
        except OverTimeError:
            self._forget()
            return "time"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return next((_last_line(report) for report in reports if report.failed), "")

    def _forget(self) -> None:
        """Takes all fixtures down: the chain goes back to its first block."""
        self.session._setupstate.teardown_exact(None)


def _last_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return f"{report.when}: {crash.message if crash else report.longrepr}"[:300]


def _over_time(*_: object) -> None:
    raise OverTimeError


def _switch(mutant: int) -> None:
    ape.chain.provider.make_request("anvil_setCoinbase", [f"0x{BASE + mutant if mutant >= 0 else 0:040x}"])


_nodes: dict[str, HTTPConnection] = {}


def _post(provider: HTTPProvider, _: str, data: bytes) -> bytes:
    """As `HTTPProvider._make_request`, in half the time."""
    address = str(provider.endpoint_uri).removeprefix("http://")
    node = _nodes.setdefault(address, HTTPConnection(address, timeout=60))
    try:
        node.request("POST", "/", data, {"Content-Type": "application/json"})
        return node.getresponse().read()
    except Exception:
        node.close()
        raise


def _record(session: Session) -> None:
    """In recording mode every call and transaction is traced: each place calls its own address."""
    plain = HTTPProvider.make_request
    options = {"tracer": "callTracer"}

    def trace(provider: HTTPProvider, method: str, *parameters: Any) -> bytes:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [*parameters, options]}
        return _post(provider, method, json.dumps(request).encode())

    def make_request(provider: HTTPProvider, method: Any, parameters: Any) -> Any:
        answer = plain(provider, method, parameters)
        if session.mutant != COVER:
            return answer
        text = b""
        if method in ("eth_call", "eth_estimateGas"):
            text = trace(provider, "debug_traceCall", parameters[0], parameters[1] if parameters[1:] else "latest")
        elif method in ("eth_sendRawTransaction", "eth_sendTransaction") and "result" in answer:
            while (
                b'"type":"C' not in text
            ):  # a call or a creation; nothing yet if Anvil answers before the block is there
                text = trace(provider, "debug_traceTransaction", answer["result"])
        session.reached |= {int(mark, 16) for mark in MARK.findall(text)}
        return answer

    HTTPProvider.make_request = make_request  # type: ignore[method-assign]
    HTTPProvider._make_request = _post  # type: ignore[assignment,method-assign]


def _command(provider: FoundryProvider, plain: Any = FoundryProvider.build_command) -> list[str]:
    """Ape's own, for large contracts. No traces of steps: an endless loop would have gigabytes of them."""
    words = [word for word in plain(provider) if word != "--steps-tracing"]
    return [*words, "--disable-code-size-limit", "--gas-limit", str(GAS_LIMIT)]


def main() -> None:
    orders = Connection(int(sys.argv[1]))
    FoundryProvider.build_command = _command
    pytest.main(ARGUMENTS, plugins=[Session(orders)])


if __name__ == "__main__":
    main()
