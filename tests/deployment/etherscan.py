"""A stand-in for the API of Etherscan, as far as verifying goes: https://docs.etherscan.io/contract-verification."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Etherscan:
    """What was posted, and what is answered to the next posts and questions for a result; after those all is well."""

    url: str = ""
    posted: list[dict[str, str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def answer(self, query: dict[str, str], form: dict[str, str]) -> str:
        if not (query | form).get("apikey"):
            return "Missing/Invalid API Key"
        if form.get("action") == "verifysourcecode":
            self.posted.append(query | form)
            return self.replies.pop(0) if self.replies else f"guid{len(self.posted)}"
        if query.get("action") == "checkverifystatus":
            return self.results.pop(0) if self.results else "Pass - Verified"
        return "Error! Missing Or invalid Action name"


@contextmanager
def etherscan() -> Iterator[Etherscan]:
    stand_in = Etherscan()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            result = stand_in.answer(dict(parse_qsl(urlsplit(self.path).query)), dict(parse_qsl(form)))
            good = result.startswith(("guid", "Pass"))
            content: dict[str, Any] = {"status": "1" if good else "0", "message": "OK" if good else "NOTOK"}
            body = json.dumps({**content, "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
