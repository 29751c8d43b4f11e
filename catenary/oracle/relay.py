"""
The relay: a place where nodes leave reports for each other, over plain HTTP.

Nobody needs to trust it: nodes check each report themselves, and may use several. It takes reports of known signers
only, each with a share of its memory, so nobody can push out what another said. Of reports that differ for one feed and
round it passes on two, which are the evidence of a fault.
"""

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import takewhile

from aiohttp import web

from catenary.errors import BadReport
from catenary.oracle.report import Domain, Report, Signed

MOST_BYTES = 65_536  # of a post
MOST_POSTED = 120  # reports in a post: one for each feed
MOST_KEPT = 1_000  # reports of one signer: the oldest give way
MOST_DIFFERENT = 2  # reports of one signer for one feed and round
PAGE = 500  # reports in an answer


@dataclass
class _Signer:
    kept: OrderedDict[Report, int] = field(default_factory=OrderedDict)  # their places, oldest first
    rounds: Counter[tuple[int, int]] = field(default_factory=Counter)  # how many for a feed and round


class Relay:
    """Reports in memory, in the order in which they came."""

    def __init__(self, domain: Domain, is_signer: Callable[[str], bool]) -> None:
        self.domain = domain
        self.run = secrets.token_hex(8)  # so that nodes see that it began anew
        self._is_signer = is_signer
        self._last = 0
        self._reports: dict[int, Signed] = {}  # by their places
        self._signers: dict[str, _Signer] = {}

    def take(self, reports: Collection[Signed]) -> int:
        """
        Keeps what is new, and says how many. Raises `BadReport` if there is one that no operator signed; the others are
        kept all the same, so that it cannot hold them up.
        """
        taken, refused = 0, None
        for each in reports:
            try:
                signer = self.domain.signer(each)
                if not self._is_signer(signer):
                    raise BadReport(f"{signer} is no key of an operator")
                taken += self._keep(signer, each)
            except BadReport as error:
                refused = error
        if refused:
            raise refused
        return taken

    def after(self, run: str, place: int) -> tuple[int, list[Signed]]:
        """A page of what came after a place of this run, and the place to go on after."""
        start = place if run == self.run else 0
        newest_first = takewhile(lambda each: each > start, reversed(self._reports))
        places = list(newest_first)[: -PAGE - 1 : -1]
        return (places[-1] if places else start), [self._reports[each] for each in places]

    def _keep(self, name: str, signed: Signed) -> bool:
        signer = self._signers.setdefault(name, _Signer())
        slot = signed.report.feed, signed.report.round
        if signed.report in signer.kept or signer.rounds[slot] >= MOST_DIFFERENT:
            return False
        if len(signer.kept) >= MOST_KEPT:
            oldest, place = signer.kept.popitem(last=False)
            signer.rounds -= Counter([(oldest.feed, oldest.round)])  # which drops zeros
            del self._reports[place]
        self._last += 1
        signer.kept[signed.report] = self._last
        signer.rounds[slot] += 1
        self._reports[self._last] = signed
        return True


def application(relay: Relay) -> web.Application:
    """`POST /reports` takes {chain_id, oracle, reports}; `GET /reports?run=...&after=...` gives what came after."""

    async def post(request: web.Request) -> web.Response:
        try:
            reports, _ = relay.domain.load(await request.read(), MOST_POSTED)
            taken = relay.take(reports)
        except BadReport as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"taken": taken})

    async def get(request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) <= 18):
            return web.json_response({"error": "after is the place that the last answer gave"}, status=400)
        place, reports = relay.after(request.query.get("run", ""), int(after))
        return web.json_response({**relay.domain.dump(reports), "run": relay.run, "after": place})

    made = web.Application(client_max_size=MOST_BYTES)
    made.add_routes([web.post("/reports", post), web.get("/reports", get)])
    return made
