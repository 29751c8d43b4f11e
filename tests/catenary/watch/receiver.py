"""Local servers that watches talk to: one that takes their posts, and one between them and their node."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

PATIENCE = 120  # with what a process is to do [s]


@dataclass
class Receiver:
    """What a webhook got."""

    url: str = ""
    answers: list[int] = field(default_factory=list)  # to the next posts; 200 to those after them, 0 hangs up
    tried: list[str] = field(default_factory=list)  # ids
    keys: list[str] = field(default_factory=list)  # what came as idempotency key
    got: list[dict[str, Any]] = field(default_factory=list)  # what was taken
    down: bool = False  # answers 503

    def wait(self, count: int) -> list[dict[str, Any]]:
        """Until it took so many."""
        wait_until(lambda: len(self.got) >= count)
        return self.got


@dataclass
class Gate:
    """A way to a node that can be closed."""

    url: str = ""
    closed: bool = False


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(_Quiet):
        def do_POST(self) -> None:
            message = json.loads(self.body)
            receiver.tried.append(message["id"])
            receiver.keys.append(self.headers["Idempotency-Key"])
            answer = receiver.answers.pop(0) if receiver.answers else 503 if receiver.down else 200
            if not answer:
                self.close_connection = True
                return
            if answer == 200:
                receiver.got.append(message)
            self.answer(answer, b"")

    with _serving(Handler) as url:
        receiver.url = f"{url}/secret"
        yield receiver


@contextmanager
def gate_to(node: str) -> Iterator[Gate]:
    gate = Gate()

    class Handler(_Quiet):
        def do_POST(self) -> None:
            if gate.closed:
                self.close_connection = True
                return
            body = self.body
            answer = requests.post(node, data=body, headers={"Content-Type": "application/json"}, timeout=30)
            self.answer(answer.status_code, answer.content)

    with _serving(Handler) as url:
        gate.url = url
        yield gate


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
