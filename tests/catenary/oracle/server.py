"""An HTTP server for tests, in a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def serving(made: web.Application, port: int = 0) -> Iterator[str]:
    """Serves on a free port, or on `port`, and gives its URL."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(made, shutdown_timeout=0.1)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def answering(handler: Handler) -> Iterator[str]:
    """Answers each GET and POST by `handler`."""
    made = web.Application()
    made.add_routes([web.get("/{path:.*}", handler), web.post("/{path:.*}", handler)])
    with serving(made) as url:
        yield url
