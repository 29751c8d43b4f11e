"""`Oracle`: the contract, its values in plain words, and what can be called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from eth_abi.exceptions import DecodingError
from hexbytes import HexBytes

from catenary.chain import Call, Chain, Contract, Read, asked, web3
from catenary.contracts import CORE, ORACLE, VAULT, event, function, selector, words
from catenary.errors import CatenaryError
from catenary.oracle.report import Domain, Report, Signed
from catenary.protocol import clock_of
from catenary.units import BPS, WAD
from catenary.values import Clock

GRACE = 60  # a report of a round that begins so soon is no fault, as a block may come late [s]
REGISTRY, *_ = CORE


@dataclass(frozen=True)
class Rounds:
    """How time is cut into rounds, of which the first one begins with epoch 1."""

    clock: Clock
    length: int  # of a round [s]

    def round_at(self, time: int) -> int:
        return 1 + (time - self.clock.genesis) // self.length

    def begin_of(self, round_: int) -> int:
        """The first second of a round [Unix time]."""
        return self.clock.genesis + (round_ - 1) * self.length


@dataclass(frozen=True)
class Feed:
    """What is fixed for a feed."""

    number: int  # id
    description: str
    decimals: int
    heartbeat: int  # [s]
    deviation: int  # [bps]
    quorum: int  # [bps]


@dataclass(frozen=True)
class Answer:
    """The last answer of a feed."""

    round: int  # 0 if there is none
    price: int  # [10^-decimals]
    updated_at: int  # [Unix time]


@dataclass(frozen=True)
class Key:
    """A key that an operator signs with."""

    operator: str
    since: int  # [Unix time]
    until: int  # not in force then any more [Unix time]

    def in_force(self, time: int) -> bool:
        return self.since <= time < self.until


@dataclass(frozen=True)
class Snapshot:
    """All members of an epoch [vault shares]."""

    weight: int
    cap: int
    taken_at: int  # 0 while it is not complete [Unix time]
    guaranteed: int
    elastic: int


@dataclass(frozen=True)
class Credit:
    """What counted of an operator's reports."""

    epoch: int
    reports: int  # in that epoch
    before: int  # in the epoch before it, until they are paid
    round: int  # the last one with a report
    feeds: int  # with a report in it, a bit for each

    def counts(self, feed: int, round_: int) -> bool:
        """Whether the report for a feed and the latest round counted."""
        return self.round == round_ and bool(self.feeds >> (feed - 1) & 1)


def is_due(rounds: Rounds, feed: Feed, last: Answer, round_: int, price: int) -> bool:
    """
    Whether an answer of `price` is due in a round, as the contract has it: the first one; when the one before might be
    older than the heartbeat before the second round after this one is over, as the next one may be the first of an
    epoch, which has no snapshot before it; or when the price moved by the deviation.
    """
    if last.round == round_:
        return False
    if not last.updated_at or rounds.begin_of(round_ + 3) > last.updated_at + feed.heartbeat:
        return True
    return abs(price - last.price) * BPS >= abs(last.price) * feed.deviation


def lower_median(reports: Sequence[tuple[int, int]]) -> int:
    """Of (price, weight): the lowest price up to which is at least half of the weight."""
    whole = sum(weight for _, weight in reports)
    up_to = 0
    for price, weight in sorted(reports):
        up_to += weight
        if 2 * up_to >= whole:
            return price
    raise ValueError("no reports")


def quorum_up(snapshot: Snapshot, feed: Feed) -> int:
    """What must report [vault shares]."""
    return max(1, -(-snapshot.weight * feed.quorum // BPS))


def cost_to_move(snapshot: Snapshot, feed: Feed, penalty: int) -> tuple[int, int]:
    """
    What the least group that can set a price in the snapshot's epoch would lose for a fault, out of its guaranteed
    parts at least, and the rest, shared [vault shares]: as `OracleFeed.costToMove` has it.
    """
    stake = quorum_up(snapshot, feed) // 2
    guaranteed = max(0, stake - snapshot.elastic)
    return guaranteed * penalty // WAD, (stake - guaranteed) * penalty // WAD


class Oracle:
    """The contract at an address. What it says is read at a block, that is in the hands of whoever reads."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.contract = Contract(ORACLE, domain.oracle)

    # --- what never changes ---

    @cached_property
    def rounds(self) -> Rounds:
        """Raises a `CatenaryError` if the contract is no oracle."""
        oracle, chain = self.contract, Chain()
        registry = Contract(REGISTRY, chain.get(oracle.read("REGISTRY", make=str)))
        return Rounds(clock_of(registry, chain), chain.get(oracle.read("ROUND", make=int)))

    @cached_property
    def penalty(self) -> int:
        """Of what can be slashed, for a fault [wad]."""
        return Chain().get(self.contract.read("PENALTY", make=int))

    @cached_property
    def vault(self) -> Contract:
        return Contract(VAULT, Chain().get(self.contract.read("VAULT", make=str)))

    # --- views, at any block ---

    def feeds(self, chain: Chain) -> dict[int, Feed]:
        """All of them, by their ids."""
        count = chain.get(self.contract.read("feedCount", make=int))
        numbers = range(1, count + 1)
        asked: list[Read[dict[str, int]]] = [self.contract.read("feedOf", number, make=dict) for number in numbers]
        names = chain.all([self.contract.read("descriptionOf", number, make=str) for number in numbers])
        return {
            number: Feed(number, name, each["decimals"], each["heartbeat"], each["deviation"], each["quorum"])
            for number, each, name in zip(numbers, chain.all(asked), names, strict=True)
        }

    def answers(self, chain: Chain, feeds: Sequence[int]) -> dict[int, Answer]:
        """The last answer of each feed."""
        latest = chain.all([self.contract.read("latestRound", feed, make=int) for feed in feeds])
        asked: list[Read[dict[str, int]]] = [
            self.contract.read("answerOf", feed, round_, make=dict) for feed, round_ in zip(feeds, latest, strict=True)
        ]
        return {
            feed: Answer(round_, each["price"], each["updatedAt"])
            for feed, round_, each in zip(feeds, latest, chain.all(asked), strict=True)
        }

    def members(self, chain: Chain) -> list[str]:
        """Whom the next snapshot will look at."""
        count = chain.get(self.contract.read("memberCount", make=int))
        return [operator for page in chain.all(self.contract.pages("members", count=count)) for operator in page]

    def signers(self, chain: Chain, operators: Sequence[str]) -> dict[str, str]:
        """The key that each of them signs with, by operator."""
        found = chain.all([self.contract.read("signerOf", operator, make=str) for operator in operators])
        return dict(zip(operators, found, strict=True))

    def keys(self, chain: Chain, signers: Sequence[str]) -> dict[str, Key]:
        """Whose keys they are, of those that ever were one."""
        asked: list[Read[Key]] = [
            self.contract.read("keyOf", signer, make=lambda words: Key(*words.values())) for signer in signers
        ]
        return {signer: key for signer, key in zip(signers, chain.all(asked), strict=True) if key.until}

    def weights(self, chain: Chain, epoch: int, operators: Sequence[str]) -> dict[str, int]:
        """What each of them weighs in an epoch [vault shares]; none of those that weigh nothing."""
        found = chain.all([self.contract.read("weightOf", epoch, operator, make=int) for operator in operators])
        return {operator: weight for operator, weight in zip(operators, found, strict=True) if weight}

    def snapshot(self, chain: Chain, epoch: int) -> Snapshot:
        return chain.get(self.contract.read("snapshotOf", epoch, make=lambda words: Snapshot(*words.values())))

    def credit(self, chain: Chain, operator: str) -> Credit:
        return chain.get(self.contract.read("creditOf", operator, make=lambda words: Credit(*words.values())))

    def due(self, chain: Chain, operators: Sequence[str]) -> dict[str, int]:
        """What `pay` would give each of them now [token]; none of those that get nothing."""
        found = chain.all([self.contract.read("dueTo", operator, make=int) for operator in operators])
        return {operator: amount for operator, amount in zip(operators, found, strict=True) if amount}

    def funds(self, chain: Chain) -> int:
        """For rewards and bounties [token]."""
        return chain.get(self.contract.read("funds", make=int))

    def is_known_fault(self, chain: Chain, feed: int, round_: int, operator: str, premature: bool) -> bool:
        """Whether a fault was proved: a premature report, or an equivocation."""
        return chain.get(self.contract.read("isKnownFault", feed, round_, operator, premature, make=bool))

    def submitted(self, chain: Chain, first: int, known: Callable[[Report, str], bool]) -> list[Signed]:
        """
        The reports that were submitted from block `first` to the one that is read and are not `known` (a report, its
        operator), with their signatures, as far as they are in a call of the oracle itself.
        """
        found = []
        transactions = {
            log["transactionHash"]
            for log in chain.logs(event(ORACLE, "Reported"), self.contract.address, first)
            if not known(Report(log["feed"], log["round"], log["price"], log["time"]), log["operator"])
        }
        for transaction in sorted(transactions):
            call: Any = asked(partial(web3().eth.get_transaction, HexBytes(transaction)))
            data = bytes(call["input"])
            for name in ("submit", "submitLate"):
                abi = function(ORACLE, name)
                if call["to"] == self.contract.address and data[:4] == selector(abi):
                    try:
                        feed, round_, *_, reports = words(abi.inputs, data[4:])
                    except DecodingError:  # the contract cares less for how it is written
                        continue
                    found += [_signed(feed, round_, each) for each in reports]
        return found

    # --- calls ---

    def submit(self, price: int, reports: Sequence[Signed]) -> Call:
        """Answers a round; reports of one feed and round, in ascending order of operators."""
        feed, round_ = _of_one(reports)
        return self.contract.call("submit", feed, round_, price, [_plain(each) for each in reports])

    def submit_late(self, reports: Sequence[Signed]) -> Call:
        """Credits reports that the answer was made without, in the same order."""
        feed, round_ = _of_one(reports)
        return self.contract.call("submitLate", feed, round_, [_plain(each) for each in reports])

    def prove(self, reports: Sequence[Signed]) -> Call:
        """Proves a fault: of two reports that an operator signed two, of one that it is older than its round."""
        feed, round_ = _of_one(reports)
        name = "provePremature" if len(reports) == 1 else "proveEquivocation"
        return self.contract.call(name, feed, round_, *(_plain(each) for each in reports))

    def take_snapshot(self, limit: int) -> Call:
        return self.contract.call("takeSnapshot", limit)

    def join(self, operator: str) -> Call:
        return self.contract.call("join", operator)

    def take_bounty(self, receiver: str) -> Call:
        """Sends the caller's bounties to somebody."""
        return self.contract.call("takeBounty", receiver)

    def pay(self, operators: Sequence[str]) -> Call:
        return self.contract.call("pay", list(operators))


def _of_one(reports: Sequence[Signed]) -> tuple[int, int]:
    found = {(each.report.feed, each.report.round) for each in reports}
    if len(found) != 1:
        raise CatenaryError("these reports are not for one feed and round: name those that are")
    return found.pop()


def _signed(feed: int, round_: int, report: dict[str, Any]) -> Signed:
    signature = bytes.fromhex(report["signature"].removeprefix("0x"))
    return Signed(Report(feed, round_, report["price"], report["time"]), signature)


def _plain(signed: Signed) -> tuple[int, int, bytes]:
    return signed.report.price, signed.report.time, signed.signature
