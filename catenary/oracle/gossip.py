"""What a node says to relays, and hears from them. None of them is trusted: whoever uses a report checks it."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from catenary.errors import BadReport
from catenary.oracle.relay import MOST_POSTED, PAGE
from catenary.oracle.report import Domain, Signed
from catenary.oracle.strangers import body

PATIENCE = 5.0  # with a request to a relay, in all [s]
GRACE = 2.0  # with a relay, before the node goes on with what the others say [s]
_MOST_BYTES = 2**20  # of an answer


@dataclass
class _Relay:
    url: str
    run: str = ""
    after: int = 0
    has: set[Signed] = field(default_factory=set)
    problem: str | None = None
    task: asyncio.Task[list[Signed]] | None = None


class Gossip:
    """Several relays, each with what it is known to have."""

    def __init__(self, domain: Domain, urls: Sequence[str]) -> None:
        self._domain = domain
        self._relays = [_Relay(url.rstrip("/")) for url in urls]

    async def exchange(self, known: Collection[Signed]) -> list[Signed]:
        """
        Gives each relay what it lacks of `known`, and gives back what they have that is new, unchecked. What a slow one
        has is given back next time.
        """
        for relay in self._relays:
            relay.task = relay.task or asyncio.create_task(self._with(relay, known))
        await asyncio.wait([relay.task for relay in self._relays if relay.task], timeout=GRACE)
        heard = []
        for relay in self._relays:
            if relay.task and relay.task.done():
                heard += relay.task.result()
                relay.task = None
        return heard

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with relays, by their URLs."""
        return {each.url: each.problem for each in self._relays if each.problem}

    async def _with(self, relay: _Relay, known: Collection[Signed]) -> list[Signed]:
        heard: list[Signed] = []
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
                heard = await self._get(session, relay)
                relay.has = {*heard, *(relay.has & set(known))}
                lacks = [each for each in known if each not in relay.has]
                for start in range(0, len(lacks), MOST_POSTED):
                    await self._post(session, relay, lacks[start : start + MOST_POSTED])
            relay.problem = None
        except TimeoutError:
            relay.problem = f"it did not answer within {PATIENCE:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            relay.problem = f"it cannot be reached ({type(error).__name__})"
        except BadReport as error:
            relay.problem = str(error)
        except Exception as error:  # whatever it made of its answer, the others are to be heard
            relay.problem = f"it says what cannot be read ({type(error).__name__})"
        return heard

    async def _get(self, session: aiohttp.ClientSession, relay: _Relay) -> list[Signed]:
        where = {"run": relay.run, "after": str(relay.after)}
        text = await self._answer(session.get(f"{relay.url}/reports", params=where, allow_redirects=False))
        reports, content = self._domain.load(text, PAGE)
        run, after = content.get("run"), content.get("after")
        if not isinstance(run, str) or len(run) > 64 or type(after) is not int or not 0 <= after < 10**18:
            raise BadReport("it does not say where to go on")
        if run != relay.run:  # it began anew, and knows nothing
            relay.has.clear()
        relay.run, relay.after = run, after
        return reports

    async def _post(self, session: aiohttp.ClientSession, relay: _Relay, reports: Sequence[Signed]) -> None:
        await self._answer(session.post(f"{relay.url}/reports", json=self._domain.dump(reports), allow_redirects=False))
        relay.has |= set(reports)

    async def _answer(self, request: Any) -> bytes:
        async with request as answer:
            text = await body(answer, _MOST_BYTES)
            if len(text) > _MOST_BYTES:
                raise BadReport(f"it says more than {_MOST_BYTES} bytes")
            if answer.status != 200:
                raise BadReport(f"it answers {answer.status}")
        return text
