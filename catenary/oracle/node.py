"""
The node of an operator: it signs reports, gathers those of others, and does what the oracle needs to be done.

All time is that of the latest block: then no report is for a round that has not begun.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from catenary.chain import Call, Chain, asked, asking, web3
from catenary.errors import (
    BadReport,
    CatenaryError,
    ConfigError,
    FaultKnown,
    JournalDamaged,
    KeyNotInForce,
    NoFault,
    NoPrice,
    NothingToSlash,
    WrongNetwork,
)
from catenary.oracle.config import Config, FeedConfig
from catenary.oracle.contract import (
    GRACE,
    Answer,
    Credit,
    Feed,
    Key,
    Oracle,
    Snapshot,
    is_due,
    lower_median,
    quorum_up,
)
from catenary.oracle.gossip import Gossip
from catenary.oracle.journal import Journal
from catenary.oracle.report import Report, Signed
from catenary.oracle.sender import Sender
from catenary.oracle.sources import Quote, Source, prices_of, read

log = logging.getLogger(__name__)

NODE_PATIENCE = 10  # with the node of the chain [s]
_GRACE = 1.0  # with sources, before the node goes on without the slow ones [s]
_DEEP = 12  # blocks after which what happened is taken to stay
_REMEMBERED = 30  # rounds, in which a second report of an operator is noticed
_PAGE = 50  # members in a call for a snapshot
_PAID_AT_ONCE = 20  # operators
_MOST_READ = 100  # blocks in which to look for submitted reports
_MOST_HEARD = 5_000  # reports that wait to be checked
_MOST_EARLY = 1_000  # reports for rounds to come
_MOST_EVIDENCE = 100  # faults of one operator that wait: all of it is slashed long before


@dataclass(frozen=True)
class View:
    """The chain at its latest block."""

    head: Any
    round: int
    epoch: int
    answers: dict[int, Answer]  # by feed
    members: list[str]  # for the next snapshot, in order
    snapshot: Snapshot  # of this epoch
    weights: dict[str, int]  # in this epoch, of those with any, in their order [vault shares]
    key: Key | None  # of this node
    credit: Credit | None  # of its operator
    balance: int  # [wei]

    @property
    def time(self) -> int:
        return int(self.head["timestamp"])

    @property
    def number(self) -> int:
        return int(self.head["number"])


@dataclass
class Reading:
    """A source, and what it said last."""

    source: Source
    said: Quote | CatenaryError = field(default_factory=lambda: NoPrice("it has not said anything yet"))
    at: float = 0  # when it said so, by the machine's clock that never goes back [s]
    task: "asyncio.Task[None] | None" = None

    async def again(self) -> None:
        try:
            self.said = await read(self.source)
            self.at = time.monotonic()
        except CatenaryError as error:
            self.said = error

    def recent(self, most_age: int) -> Quote | CatenaryError:
        """What it said last, unless that is older [s]."""
        if isinstance(self.said, Quote) and time.monotonic() - self.at > most_age:
            return NoPrice("it did not answer yet, and what it said before is too old")
        return self.said


@dataclass
class Watched:
    """A feed that the node reports."""

    config: FeedConfig
    terms: Feed
    readings: list[Reading]
    price: int | None = None  # of its sources, at the latest block [10^-decimals]
    problem: str | None = None
    wrong: dict[int, str] = field(default_factory=dict)  # with its sources, by their places


class Node:
    """One operator's node. `run` it."""

    def __init__(self, config: Config, key: LocalAccount) -> None:
        """Connects, and opens the journal. Raises a `CatenaryError` with what is wrong."""
        self.config, self.key = config, key
        self.oracle = Oracle(config.domain)
        self.web3 = connect(config.node, config.domain.chain_id)
        with asking(self.web3):
            feeds = feeds_of(config, self.oracle)
            self.rounds = self.oracle.rounds
            # A new journal begins after it, so it is not to be an old one, as of a node of the chain that is behind.
            current = self.rounds.round_at(max(Chain().time, int(time.time())))
        self._known_feeds = frozenset(feeds)
        self.feeds = {
            each.number: Watched(each, feeds[each.number], [Reading(source) for source in each.sources])
            for each in config.feeds
        }
        self.journal = Journal(config.journal, config.domain, key, current)
        self.gossip = Gossip(config.domain, config.relays)
        self.sender = Sender(self.web3, key, config.domain.chain_id, config.most_fee)
        self.view: View | None = None
        self.reports: dict[tuple[int, int], dict[str, Signed]] = {}  # by feed and round, by operator: the first ones
        self.signed = 0  # reports
        self._heard: list[Signed] = []  # of relays or on the chain, and not checked yet
        self._read_up_to = 0  # the block up to which submitted reports were heard
        self.problems: dict[str, str] = {}  # of duties and of the node of the chain, by their names
        self.alive_at = time.monotonic()  # when the latest block came
        self._keys: dict[str, Key] = {}  # by signer; those that were replaced too
        self._signers: dict[str, str] = {}  # by operator
        self._evidence = self.journal.evidence
        self._early: dict[str, tuple[Signed, int]] = {}  # reports for rounds that have not begun; the block then
        self._first: dict[str, int] = {}  # the block at which something was first so
        self._earlier_members: set[str] = set()

    # --- the loop ---

    async def run(self, stop: asyncio.Event) -> None:
        """Until it is asked to stop. Raises `JournalDamaged`."""
        try:
            with asking(self.web3):
                while not stop.is_set():
                    try:
                        await self.tick()
                    except JournalDamaged:
                        raise
                    except Exception:  # a flaw, which must not end all other duties
                        log.exception("a flaw: please report it")
                    try:
                        await asyncio.wait_for(stop.wait(), self.config.every)
                    except TimeoutError:
                        continue
        finally:
            self.journal.close()

    async def tick(self) -> None:
        """Looks once, and does what is to be done."""
        new = await asyncio.to_thread(self._try, "node", self._look)
        if self.view is None:
            return
        if new:
            await asyncio.to_thread(self._try, "transactions", partial(self.sender.settle, self.view.number))
            await asyncio.to_thread(self._try, "submitted reports", self._read_submitted)
            await self._read_sources()
        heard = await self._exchange()
        if await asyncio.to_thread(self._sign):
            heard |= await self._exchange()
        if new or heard:
            await asyncio.to_thread(self._act, self.view)

    def _try(self, name: str, duty: Callable[[], object]) -> bool:
        """Does a duty, and gives back whether it says yes. What goes wrong is said once, and tried again next block."""
        try:
            done = bool(duty())
        except JournalDamaged:
            raise
        except CatenaryError as error:
            if self.problems.get(name) != str(error):
                log.warning("%s: %s", name, error)
            self.problems[name] = str(error)
            return False
        if self.problems.pop(name, None):
            log.info("%s: well again", name)
        return done

    # --- looking ---

    def _look(self) -> bool:
        """Reads the chain, if there is another block; says whether there is."""
        head = Chain().head
        if self.view and head["hash"] == self.view.head["hash"]:
            return False
        if self.problems.get("node"):  # it may be another one now
            _require_chain(self.web3, self.config.domain.chain_id)
        chain, oracle = Chain(int(head["number"])), self.oracle
        now = int(head["timestamp"])
        round_, epoch = self.rounds.round_at(now), self.rounds.clock.epoch_at(now)
        members = sorted(oracle.members(chain), key=_place)
        signers = oracle.signers(chain, members)
        changed = {signer for operator, signer in signers.items() if self._signers.get(operator) != signer}
        replaced = {self._signers[operator] for operator in signers if operator in self._signers} if changed else set()
        self._keys |= oracle.keys(chain, sorted({*changed, *replaced, self.key.address}))
        self._signers |= signers
        key = self._keys.get(self.key.address)
        snapshot = oracle.snapshot(chain, epoch)
        weights = oracle.weights(chain, epoch, sorted(self._signers, key=_place)) if snapshot.weight else {}
        if self.view and self.view.epoch != epoch:
            self._earlier_members = set(self.view.members)
        self.view = View(
            head=head,
            round=round_,
            epoch=epoch,
            answers=oracle.answers(chain, list(self.feeds)),
            members=members,
            snapshot=snapshot,
            weights=weights,
            key=key,
            credit=oracle.credit(chain, key.operator) if key else None,
            balance=asked(partial(self.web3.eth.get_balance, self.key.address)),
        )
        self.alive_at = time.monotonic()
        for feed in self.feeds.values():
            feed.price = None  # until the sources are read at this block
        self.reports = {place: each for place, each in self.reports.items() if place[1] > round_ - _REMEMBERED}
        self._first = {name: number for name, number in self._first.items() if number > self.view.number - 10_000}
        return True

    def _read_submitted(self) -> None:
        """Hears what was submitted and not passed on: who signs two reports may give one of them to the chain only."""
        view = self.view
        assert view

        def is_known(report: Report, operator: str) -> bool:
            said = self.reports.get((report.feed, report.round), {}).get(operator)
            return operator not in self._signers or (said is not None and said.report == report)

        # From before what was read last, as those blocks may be others now.
        first = max(self._read_up_to + 1 - _DEEP, view.number - _MOST_READ, 0)
        self._heard += self.oracle.submitted(Chain(view.number), min(first, view.number), is_known)
        self._read_up_to = view.number

    async def _read_sources(self) -> None:
        assert self.view
        readings = [each for feed in self.feeds.values() for each in feed.readings]
        for each in readings:
            if each.task is None or each.task.done():
                each.task = asyncio.create_task(each.again())
        await asyncio.wait([each.task for each in readings if each.task], timeout=_GRACE)
        for feed in self.feeds.values():
            config = feed.config
            said = [each.recent(config.most_age) for each in feed.readings]
            prices = prices_of(said, feed.terms.decimals, self.view.time, config.least, config.most_age)
            if prices.problem and prices.problem != feed.problem:
                log.warning("feed %s: %s (%s)", config.number, prices.problem, "; ".join(prices.wrong.values()))
            feed.price, feed.problem, feed.wrong = prices.median, prices.problem, prices.wrong

    # --- reports ---

    @property
    def can_report(self) -> bool:
        """Whether a report of this node would count in the current round."""
        view = self.view
        if not view or not view.key:
            return False
        begin = self.rounds.begin_of(view.round)
        snapshot_counts = 0 < view.snapshot.taken_at < begin
        return snapshot_counts and view.key.in_force(begin) and view.key.operator in view.weights

    def _sign(self) -> bool:
        """Signs what is to be reported in this round; says whether anything is new."""
        return sum(self._try(f"report, feed {number}", partial(self._sign_one, number)) for number in self.feeds) > 0

    def _sign_one(self, number: int) -> bool:
        view, feed = self.view, self.feeds[number]
        if not view or not view.key or feed.price is None or not self.can_report:
            return False
        said = self.reports.get((number, view.round), {})
        if view.key.operator in said:
            return False
        # Somebody else may see that a price moved just before this node does.
        others = any(view.weights.get(operator) and self._is_within(each) for operator, each in said.items())
        if not others and not is_due(self.rounds, feed.terms, view.answers[number], view.round, feed.price):
            return False
        ahead = view.time - time.time()
        if ahead > self.config.ahead:  # a node that lies about the time could have it sign what is a fault
            raise CatenaryError(
                f"the block is {ahead:.0f} s ahead of this machine's clock: "
                "nothing is signed; the config's `ahead` allows more"
            )
        signed = self.journal.sign(Report(number, view.round, feed.price, view.time))
        if signed is None:
            raise CatenaryError(f"up to round {self.journal.floor} nothing is signed, as it may have been before")
        self.reports.setdefault((number, view.round), {})[view.key.operator] = signed
        self.signed += 1
        log.info("feed %s, round %s: reported %s", number, view.round, signed.report.price)
        return True

    def _is_within(self, signed: Signed) -> bool:
        """Whether the contract would take the report's time and its key now: one may be replaced before a round."""
        view, report = self.view, signed.report
        assert view
        begin = self.rounds.begin_of(report.round)
        return begin <= report.time <= view.time and self._keys[self.config.domain.signer(signed)].in_force(begin)

    async def _exchange(self) -> bool:
        """Gossips the current round; says whether anything new was heard."""
        assert self.view
        known = [
            signed
            for (feed, round_), said in self.reports.items()
            if round_ == self.view.round and feed in self.feeds
            for signed in said.values()
        ]
        self._heard += await self.gossip.exchange(known)
        del self._heard[:-_MOST_HEARD]
        return await asyncio.to_thread(self._try, "relays", self._take) if self._heard else False

    def _take(self) -> bool:
        """Checks what was heard, and keeps what is good, and evidence of what is not; says whether anything is new."""
        view = self.view
        assert view
        signers: dict[Signed, str] = {}
        for signed in self._heard:
            if signed.report.round > view.round - _REMEMBERED and signed.report.feed in self._known_feeds:
                try:
                    signers[signed] = self.config.domain.signer(signed)
                except BadReport:
                    continue
        unknown = sorted({*signers.values()} - {*self._keys})
        if unknown:
            self._keys |= self.oracle.keys(Chain(view.number), unknown)
        new = sum(self._take_one(each, signer) for each, signer in signers.items() if signer in self._keys)
        self._heard.clear()  # unless something went wrong: then all of it is tried again
        return new > 0

    def _take_one(self, signed: Signed, signer: str) -> bool:
        view, report, key = self.view, signed.report, self._keys[signer]
        assert view
        if signer == self.key.address:
            self._require_own(signed)
        begin = self.rounds.begin_of(report.round)
        # Anybody may set a key: only members count, have something to lose, and are known to relays.
        if key.operator not in self._signers or not key.in_force(min(begin, view.time)):
            return False
        name = f"{report.feed} {report.round} {key.operator}"
        if report.time < begin:
            return self._keep(f"premature {name}", [signed])
        if view.time + GRACE < begin:
            if len(self._early) < _MOST_EARLY:
                self._early.setdefault(f"premature {name}", (signed, view.number))
            return False
        said = self.reports.setdefault((report.feed, report.round), {})
        before = said.setdefault(key.operator, signed)
        if before.report != report:
            return self._keep(f"equivocation {name}", sorted([before, signed], key=lambda each: each.report))
        return before is signed

    def _require_own(self, signed: Signed) -> None:
        """What is signed with this key is in the journal, or somebody else signs with it too."""
        report = signed.report
        if report.round <= self.journal.floor:
            return
        known = self.journal.report(report.feed, report.round)
        if known is None or known.report != report:
            raise JournalDamaged(
                f"somebody else signs with the key {self.key.address}: a report for feed {report.feed} and round "
                f"{report.round} is not in the journal. End the other node, or set another key"
            )

    def last_reports(self, number: int) -> dict[str, Report]:
        """What each operator reported last for a feed, of what this node saw."""
        last: dict[str, Report] = {}
        for place in sorted(place for place in list(self.reports) if place[0] == number):
            said = self.reports.get(place, {})
            last |= {operator: signed.report for operator, signed in list(said.items())}
        return last

    # --- what the oracle needs ---

    def _act(self, view: View) -> None:
        if view.key is None:
            return
        self._try("faults", partial(self._prove, view, view.key.operator))
        if view.key.operator not in view.members:
            self._try("membership", partial(self._send, view, "join", self.oracle.join(view.key.operator)))
            return
        self.problems.pop("membership", None)
        if not view.snapshot.taken_at:
            self._try("snapshot", partial(self._snapshot, view, view.key.operator))
        for number in self.feeds:
            self._try(f"feed {number}", partial(self._answer, view, view.key.operator, number))
        self._try("payment", partial(self._pay, view, view.key.operator))

    def _send(self, view: View, name: str, call: Call) -> None:
        self.sender.send(name, call, view.head)

    def _since(self, view: View, what: str) -> int:
        """For how many blocks something is so, at this node."""
        first = self._first.setdefault(what, view.number)
        if first > view.number:  # it was so on blocks that are gone
            first = self._first[what] = view.number
        return view.number - first

    @staticmethod
    def _turn(operators: Iterable[str], operator: str, number: int) -> int:
        """How many of them are to do something before this one: who comes first is another one with each number."""
        order = list(operators)
        return (order.index(operator) - number) % len(order) if operator in order else len(order)

    def _is_late(self, view: View, begin: int) -> bool:
        """Whether all are to do it now: with many members there are more turns than blocks in a round."""
        return view.time - begin >= self.rounds.length // 2

    def _answer(self, view: View, operator: str, number: int) -> None:
        """Submits a quorum's reports if an answer is due, and this node's own if an answer was made without it."""
        feed, last = self.feeds[number], view.answers[number]
        if not self.can_report:
            return
        said = self.reports.get((number, view.round), {})
        good = {each: said[each] for each in view.weights if each in said and self._is_within(said[each])}
        if last.round == view.round:
            assert view.credit
            if operator not in good or view.credit.counts(number, view.round):
                return
            late = self.oracle.submit_late([good[operator]])
            self._send(view, f"late report, feed {number}, round {view.round}", late)
            return
        if sum(view.weights[each] for each in good) < quorum_up(view.snapshot, feed.terms):
            return
        price = lower_median([(signed.report.price, view.weights[each]) for each, signed in good.items()])
        if not is_due(self.rounds, feed.terms, last, view.round, price):
            return
        turn = self._turn(view.weights, operator, view.round + number)
        patience = turn + (len(good) < len(view.weights))  # for those that are late
        waited = self._since(view, f"quorum {number} {view.round}")
        if waited < patience and not self._is_late(view, self.rounds.begin_of(view.round)):
            return
        answer = self.oracle.submit(price, list(good.values()))
        self._send(view, f"answer, feed {number}, round {view.round}", answer)

    def _snapshot(self, view: View, operator: str) -> None:
        turn = self._turn(view.members, operator, view.epoch)
        begin = self.rounds.clock.start_of(view.epoch)
        if self._since(view, f"snapshot {view.epoch}") < turn and not self._is_late(view, begin):
            return
        self._send(view, f"snapshot, epoch {view.epoch}", self.oracle.take_snapshot(_PAGE))

    def _pay(self, view: View, operator: str) -> None:
        """Has all paid that reported in the epoch before, as far as there are funds."""
        turn = self._turn(view.members, operator, view.epoch + 1)
        if self._since(view, f"epoch {view.epoch}") < 1 + turn or f"paid {view.epoch}" in self._first:
            return
        chain = Chain(view.number)
        due = self.oracle.due(chain, sorted({*view.members, *self._earlier_members}, key=_place))
        if not due:
            self._since(view, f"paid {view.epoch}")
            return
        left = self.oracle.funds(chain)
        paid: list[str] = []
        for each, amount in due.items():
            if amount <= left and len(paid) < _PAID_AT_ONCE:
                left -= amount
                paid.append(each)
        if not paid:
            raise CatenaryError(f"the oracle has {left} of its token, which is not enough to pay {', '.join(due)}")
        self._send(view, f"payment for epoch {view.epoch - 1}", self.oracle.pay(paid))

    # --- faults of others ---

    def _keep(self, name: str, reports: list[Signed]) -> bool:
        """Keeps evidence until it is proved."""
        operator = name.split()[-1]
        if name in self._evidence or sum(operator in each for each in self._evidence) >= _MOST_EVIDENCE:
            return False
        self._evidence[name] = reports
        log.warning("a fault, to be proved: %s", name)
        self.journal.keep(name, reports)
        return True

    def _prove(self, view: View, operator: str) -> None:
        for name, (signed, block) in list(self._early.items()):
            if view.time + GRACE >= self.rounds.begin_of(signed.report.round):
                del self._early[name]  # perhaps only this node's block was behind
            elif view.number > block:
                del self._early[name]
                self._keep(name, [signed])
        for name, reports in list(self._evidence.items()):
            self._try(name, partial(self._prove_one, view, operator, name, reports))

    def _prove_one(self, view: View, operator: str, name: str, reports: list[Signed]) -> None:
        report, offender = reports[0].report, name.split()[-1]
        begin, premature = self.rounds.begin_of(report.round), len(reports) == 1
        if view.time > begin + self.rounds.clock.report_window:
            self._forget(name, "it can no longer be reported")
            return
        if premature and begin <= min(view.time + GRACE, report.time):
            self._forget(name, "its round has begun, or is about to")
            return
        if not premature and begin > view.time:
            return
        if self.oracle.is_known_fault(Chain(view.number), report.feed, report.round, offender, premature):
            if self._since(view, f"known {name}") >= _DEEP:
                self._forget(name, "it is proved")
            return
        self._first.pop(f"known {name}", None)
        honest = [each for each in view.weights or view.members if each != offender]
        if self._since(view, name) < self._turn(honest, operator, report.round + report.feed):
            return
        try:
            self._send(view, name, self.oracle.prove(reports))
        except (NoFault, KeyNotInForce, NothingToSlash) as error:
            self._forget(name, str(error))
        except FaultKnown:
            pass

    def _forget(self, name: str, why: str) -> None:
        self.journal.forget(name)
        del self._evidence[name]
        self.problems.pop(name, None)
        log.info("%s: forgotten, as %s", name, why)

    # --- how it is ---

    @property
    def wrong(self) -> list[str]:
        """What is wrong, in sentences; nothing if all is well."""
        found = [f"{name}: {problem}" for name, problem in list(self.problems.items())]
        quiet = time.monotonic() - self.alive_at
        if quiet > self.config.silence:
            found.append(f"no new block came for {quiet:.0f} s")
        found += [f"relay {url}: {problem}" for url, problem in self.gossip.problems.items()]
        for number, feed in self.feeds.items():
            found += [
                f"feed {number}, {feed.readings[place].source.name}: {problem}" for place, problem in feed.wrong.items()
            ]
            found += [f"feed {number}: {feed.problem}"] if feed.problem else []
        view = self.view
        if view is None:
            return [*found, "the chain was not read yet"]
        if view.balance < self.config.least_balance:
            found.append(f"{self.key.address} has {view.balance} wei left for transactions")
        if view.key is None:
            found.append(f"{self.key.address} is no operator's key: send `setKey` with what key-proof prints")
        elif not view.key.in_force(view.time):
            found.append(f"{view.key.operator} signs with another key now")
        elif view.key.operator not in view.members:
            found.append(f"{view.key.operator} is no member")
        elif not view.weights.get(view.key.operator):
            found.append(f"{view.key.operator} weighs nothing in epoch {view.epoch}")
        return found


def connect(node: str, chain_id: int) -> Web3:
    """A node of the chain. Raises `WrongNetwork` for another chain, and a `CatenaryError` if it does not answer."""
    # Without tries of its own, as it is asked again soon.
    made = Web3(HTTPProvider(node, request_kwargs={"timeout": NODE_PATIENCE}, exception_retry_configuration=None))
    _require_chain(made, chain_id)
    return made


def feeds_of(config: Config, oracle: Oracle) -> dict[int, Feed]:
    """The feeds of the oracle. Raises a `ConfigError` for one in the config that there is none of."""
    if not asked(lambda: web3().eth.get_code(config.domain.oracle)):  # type: ignore[arg-type]
        raise WrongNetwork(f"there is no contract at {config.domain.oracle}: see that the oracle's address is right")
    feeds = oracle.feeds(Chain())
    unknown = [str(each.number) for each in config.feeds if each.number not in feeds]
    if unknown:
        known = ", ".join(str(number) for number in feeds) or "none"
        raise ConfigError(f"there is no feed {', '.join(unknown)} of this oracle: it has {known}")
    return feeds


def _require_chain(node: Web3, chain_id: int) -> None:
    found = asked(lambda: node.eth.chain_id)
    if found != chain_id:
        raise WrongNetwork(f"the node's chain id is {found} and not {chain_id}: name another node")


def _place(operator: str) -> int:
    """In the order of addresses, as the contract has it."""
    return int(operator, 16)
