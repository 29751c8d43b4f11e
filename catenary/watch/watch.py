"""A watch: it follows the chain, says what happened by the rules, and posts it."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ape
import requests

from catenary.deployment import Deployment
from catenary.history.events import Event
from catenary.history.follow import History, Progress
from catenary.history.state import State
from catenary.protocol import Protocol
from catenary.units import Unit
from catenary.vault import Vault
from catenary.watch.outbox import Message, Outbox
from catenary.watch.rules import EVERYTHING, INFO, Interest, alerts

DEEPEST = 128  # blocks that a reorganisation may take back; the history keeps as many without events
_PATIENCE = 5  # with a webhook [s]
_PAUSES = 1, 60  # after a post that failed: the first, twice as long after each other one, up to the longest [s]
_PASSING = 408, 425, 429  # of the 4xx, those that say: later


class Webhook:
    """Where alerts are posted, each as JSON, with its id as `Idempotency-Key`. The URL may be secret: it stays here."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def post(self, message: Message) -> tuple[str | None, bool]:
        """What went wrong, None if nothing did; and whether others may fare better."""
        try:
            answer = self._session.post(
                self._url,
                json=message,
                headers={"Idempotency-Key": message["id"]},
                timeout=_PATIENCE,
                allow_redirects=False,  # a post would become a get
            )
        except (requests.RequestException, ValueError, OSError) as error:  # what they say names the URL
            return f"the webhook cannot be reached ({type(error).__name__})", False
        if 200 <= answer.status_code < 300:
            return None, True
        refused = 400 <= answer.status_code < 500 and answer.status_code not in _PASSING
        return f"the webhook answers {answer.status_code}", refused


class Units(dict[str, Unit]):
    """Of the shares of each vault, by its address; asked when it is first needed."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self._protocol = protocol

    def __missing__(self, vault: str) -> Unit:
        unit = self[vault] = Vault(self._protocol, vault).unit
        return unit


class Watch:
    """
    Alerts on what happens, each once: also after an interruption, and by several watches that share the files.

    It needs no old states of a node, as the history has what is before an event. For one thread at a time.
    """

    def __init__(
        self, history: History, interest: Interest = EVERYTHING, webhook: Webhook | None = None, name: str = "watch"
    ) -> None:
        """`name` tells apart the watches in the file of what was said. Raises a `CatenaryError`."""
        self.history, self.interest, self.webhook = history, interest, webhook
        about = ", ".join(f"{key} {value}" for key, value in asdict(interest).items() if value is not None)
        self.outbox = Outbox(outbox_path(history.store.path), f"{name} of {about or 'everything'}")
        self.units: Mapping[str, Unit] = Units(Protocol(history.deployment))
        self._state: State | None = None  # after block `_seen`
        self._seen: tuple[int, Any] = (0, None)  # number and header
        self._pause, self._next_post = 0.0, 0.0

    def close(self) -> None:
        self.outbox.close()

    # --- looking ---

    def begin(self, after: int) -> None:
        """Goes on after that block, and says and posts anew what was said of later ones."""
        self.outbox.begin(after)
        self._state = None

    def look(self, progress: Progress | None = None) -> list[Message]:
        """
        What is new, in order: alerts, and notices that one is void as its block is gone. The first look of a new watch
        finds nothing: it begins with what is then the latest block. Raises as `History.sync`.
        """
        self.history.sync(progress=progress)
        tip = self.history.store.tip
        if tip is None:  # the chain is before the deployment
            return []
        number, header = tip
        if self.outbox.mark is None:
            self.outbox.begin(number)
        news = self._void(number)
        state, self._state = self._state, None  # until it is whole again
        if state is None or self.history.store.header(self._seen[0]) != self._seen[1]:
            first, mark = self.outbox.mark or (number, number)
            start = max(self.history.deployment.block, min(max(first, mark - DEEPEST), number))
            state, self._seen = self.history.state(start), (start, None)
        for event in self.history.store.events("block > ? AND block <= ?", [self._seen[0], number]):
            news += [message for message in self._messages(event, state) if self.outbox.add(message)]
            state.apply(event)
        self._state, self._seen = state, (number, header)
        self.outbox.move(number)
        return news

    def _messages(self, event: Event, state: State) -> list[Message]:
        found = alerts(event, state, self.units, self.interest)
        if not found:
            return []
        block_hash = (self.history.store.header(event.block) or ("", 0))[0]
        return [
            {
                "id": self._id(f"{block_hash}-{event.place}-{index}"),
                "kind": alert.kind,
                "severity": alert.severity,
                "sentence": alert.sentence,
                "chain_id": self.history.deployment.chain_id,
                "block": event.block,
                "block_hash": block_hash,
                "time": event.time,
                "epoch": state.epoch_at(event.time),
                "transaction": event.transaction,
                "data": alert.data,
            }
            for index, alert in enumerate(found)
        ]

    def _id(self, alert: str) -> str:
        """Another one after it was void: a block may come back, as when one of several nodes was behind the others."""
        times = self.outbox.voided(alert)
        return f"{alert}-again-{times}" if times else alert

    def _void(self, tip: int) -> list[Message]:
        """Notices of alerts whose block is no longer of the chain."""
        notices = []
        for number, message in self.outbox.standing(tip - 2 * DEEPEST):
            block = message["block"]
            header = self.history.store.header(block)
            if (header and header[0] == message["block_hash"]) or not self.outbox.void(number):
                continue
            notice = {
                **message,
                "id": f"{message['id']}-void",
                "kind": "void",
                "severity": INFO,
                "sentence": f"block {block} is gone in a reorganisation, and with it: {message['sentence']}",
                "data": {"void": message["id"]},
            }
            self.outbox.add(notice, void=True)
            notices.append(notice)
        return notices

    # --- posting ---

    def post(self, *, at_once: bool = False) -> str | None:
        """
        Posts what waits for it, in order, and says what went wrong. After a post that failed nothing is tried for a
        while, but `at_once`. Takes a few seconds at most with a webhook that does not answer.
        """
        if self.webhook is None or (time.monotonic() < self._next_post and not at_once):
            return None
        wrong = None
        for number, message in self.outbox.waiting():
            if not self.outbox.claim(number):
                continue
            said, go_on = self.webhook.post(message)
            self.outbox.release(number, posted=said is None)
            wrong = wrong or said
            if not go_on:
                break
        shortest, longest = _PAUSES
        self._pause = min(longest, max(shortest, 2 * self._pause)) if wrong else 0
        self._next_post = time.monotonic() + self._pause
        return wrong

    @property
    def waiting(self) -> int:
        """How many alerts still have to be posted."""
        return len(self.outbox.waiting()) if self.webhook else 0


def default_file(deployment: Deployment) -> Path:
    """Where the history of a deployment is kept: in Ape's data folder."""
    path = Path(ape.config.DATA_FOLDER) / "catenary" / f"{deployment.chain_id}-{deployment.registry.address}.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def outbox_path(history: Path) -> Path:
    """Where it is kept what the watches of a history said."""
    return history.with_name(f"{history.stem}-alerts.db")
