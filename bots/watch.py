"""
The rules of `catenary watch` as a Silverback bot; docs/watching.md tells how to run it.

Every new block is an occasion to look, and not what is looked at: a look goes from the last one to the latest block. So
a block that Silverback leaves out, as between its start and its first poll, does no harm, and the bot needs one
subscription rather than one for each event, of which Silverback polls only as many as Python has threads to spare.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ape import chain
from ape.api import BlockAPI
from ape.logging import logger
from silverback import SilverbackBot, StateSnapshot
from silverback.main import SharedState

from catenary.deployment import Deployment
from catenary.errors import NotConnected
from catenary.history import History
from catenary.protocol import Protocol
from catenary.watch import Interest, Watch, Webhook
from catenary.watch.watch import default_file

T = TypeVar("T")

bot = SilverbackBot()
_thread = ThreadPoolExecutor(max_workers=1)  # SQLite stays in one, and Silverback's own goes on meanwhile


@cache
def watcher() -> Watch:
    """By the environment, opened when it is first needed."""
    setting = os.environ.get
    deployment = Deployment.find(Path(path) if (path := setting("CATENARY_DEPLOYMENT")) else None)
    history = History(Path(file) if (file := setting("CATENARY_HISTORY")) else default_file(deployment), deployment)
    staker, operator, avs, webhook = (setting(f"CATENARY_{each}") for each in ("STAKER", "OPERATOR", "AVS", "WEBHOOK"))
    protocol = Protocol(deployment)  # checks what is named: alerts that never come would not be missed
    interest = Interest(
        protocol.address(staker) if staker else None,
        protocol.address(operator) if operator else None,
        protocol.avs(int(avs)).number if avs else None,
    )
    if not webhook:
        logger.warning("CATENARY_WEBHOOK is not set: alerts are logged only")
    return Watch(history, interest, Webhook(webhook) if webhook else None, name="bot")


def look() -> dict[str, int]:
    """Says what is new, and posts what waits."""
    watch = watcher()
    try:
        news = watch.look()
    except NotConnected as error:  # the next block finds it
        logger.error(str(error))
        news = []
    for message in news:
        logger.warning(f"{message['severity']}: {message['sentence']}")
    if wrong := watch.post():
        logger.error(f"{wrong}: {watch.waiting} alerts wait, and are tried again")
    return {"alerts": len(news), "waiting": watch.waiting}


def begin(block: int) -> None:
    """On a machine that has no file yet, goes on where the bot was elsewhere."""
    if watcher().outbox.mark is None and block >= 0:
        watcher().begin(block)


async def _apart(function: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_thread, function, *arguments)


@bot.on_worker_startup()
def prepare(state: Any) -> None:  # noqa: ARG001
    """Silverback gives a state to one worker process only, and lets the others fail without it."""
    bot.state = SharedState()


@bot.on_startup()
async def start(startup_state: StateSnapshot) -> dict[str, int]:
    await _apart(begin, startup_state.last_block_processed)
    return await _apart(look)


@bot.on_(chain.blocks)
async def blocks(block: BlockAPI) -> dict[str, int]:  # noqa: ARG001
    return await _apart(look)
