"""
The steps of an oracle: an `OracleAVS` whose operators sign prices. What they weigh, what a round answers, and who is
slashed and paid how much is reckoned here, as in the ledger, without asking the chain.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from ape import accounts, project
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from catenary.oracle.report import Report, domain
from demo import promises
from demo.ledger import BPS, WAD, PoolKey
from demo.life import Life, money
from demo.node import CHAIN_ID
from demo.output import amount, fraction, part, percent
from demo.promises import Finding
from demo.world import (
    BURNT,
    ETHER,
    NEWCOMERS,
    OWNER,
    PASSER_BY,
    PURSE,
    QUOTES,
    QUOTES_PAYS_IN,
    TOKENS,
    WETH,
)
from deployer.contracts import Setup

DECIMALS = 8  # of a price
ROUND = 3_600  # [s]
TERMS = (DECIMALS, 86_400, 50, 6_667)  # `IOracleAVS.Feed`: decimals, heartbeat, deviation, quorum
QUORUM = TERMS[3]
FEED = 1
MIN_STAKE = ETHER
PENALTY = 8 * WAD // 10
REWARD = 1_000 * 10 ** TOKENS[QUOTES_PAYS_IN]  # for all of an epoch
BOUNTY = REWARD // 200
FUNDS = 3 * REWARD

Safe = tuple[int, int]  # guaranteed, elastic


class Quotes:
    """One oracle with one feed, over the vault of WETH."""

    def __init__(self, life: Life) -> None:
        """Deploys and funds it, and registers the AVS by that."""
        self._life = life
        self._world = world = life.world
        for name in NEWCOMERS:
            world.people[name] = accounts.test_accounts.generate_test_account()
            world.node.give(world.people[name].address, PURSE)
        owner, token = world.people[OWNER], world.tokens[QUOTES_PAYS_IN]
        setup = Setup(
            slashing=world.core.slashing.address,
            vault=world.vaults[WETH].address,
            owner=owner.address,
            min_stake=MIN_STAKE,
            penalty=PENALTY,
        )
        self._oracle = owner.deploy(project.OracleAVS, astuple(setup), world.core.rewards, token, REWARD, BOUNTY, ROUND)
        self._domain = domain(CHAIN_ID, self._oracle.address)
        self._oracle.addFeed(TERMS, "ETH / USD", sender=owner)
        self._feed = owner.deploy(project.OracleFeed, self._oracle, FEED)
        token.mint(self._oracle, FUNDS, sender=owner)
        self._pools: dict[str, PoolKey] = {}  # by operator
        self._members: dict[str, Safe] = {}  # what was safe at the snapshot [vault shares]
        self._weights: dict[str, int] = {}  # the same, but of the struck [vault shares]
        self._reports: Counter[str] = Counter()  # by operator
        self._reported = 0  # all of them, each times the weight of its operator
        self._round, self._price = 0, 0
        life.tell(
            f"AVS {QUOTES} registers, an OracleAVS: it slashes {part(PENALTY)} for what is proved, and burns; feed "
            f"ETH / USD by {percent(QUORUM)} of the stake, rounds of an hour; "
            f"funds 0.00 → {money(FUNDS, QUOTES_PAYS_IN)}",
            promises.equal(promises.FORMULAS, f"id of {QUOTES}", self._oracle.AVS(), world.avs(QUOTES)),
        )

    # --- operators ---

    def opt_in(self, key: PoolKey, guaranteed: int, elastic: int) -> None:
        """Hands over the operator's signing key with the opt-in."""
        self._pools[key.operator] = key
        self._life.opt_in(key, QUOTES, guaranteed, elastic, self._key_data(key.operator))

    def enlist(self, key: PoolKey, loss_budget: int, commission: int, parts: Mapping[str, tuple[int, int]]) -> None:
        """A new operator registers, opens a pool and opts in to AVSs, of which this is one, in one transaction."""
        registry, vault = self._world.core.registry, self._world.vaults[key.vault]
        calls = [
            registry.registerOperator.encode_input(""),
            registry.openPool.encode_input(vault, loss_budget, commission, 0),
        ]
        for avs, given in parts.items():
            data = self._key_data(key.operator) if avs == QUOTES else b""
            calls.append(registry.optIn.encode_input(self._world.avs(avs), vault, *given, data))
        registry.multicall(calls, sender=self._person(key.operator))
        self._pools[key.operator] = key
        ledger = self._life.ledger
        ledger.open_pool(key, loss_budget, commission)
        for avs, given in parts.items():
            ledger.allocate(key, avs, *given)
        told = ", ".join(f"{avs} {percent(each[0])} + {percent(each[1])}" for avs, each in parts.items())
        self._life.tell(
            f"operator {key.operator} registers, opens {key}, loss budget {percent(loss_budget)}, and gives from epoch "
            f"{ledger.epoch + 3} on {told}, in one call"
        )

    def snapshot(self) -> None:
        """Reads what operators weigh in this epoch. Those who had no stake at the opt-in join before."""
        anyone = self._person(PASSER_BY)
        for operator in self._pools:
            if not self._oracle.isMember(self._person(operator)):
                self._oracle.join(self._person(operator), sender=anyone)
        self._oracle.takeSnapshot(len(self._pools), sender=anyone)
        self._members = {name: self._safe(key) for name, key in self._pools.items()}
        self._weights = {name: sum(safe) for name, safe in self._members.items()}
        told = ", ".join(f"{name} {amount(weight)}" for name, weight in self._weights.items())
        self._life.tell(
            f"{PASSER_BY} takes {QUOTES}' snapshot of what is safe: {told}; cost to move 0.00 → {self._told_cost()}",
            *self._check_weights(),
        )

    # --- rounds ---

    def begin_round(self) -> None:
        """Goes to the next round."""
        node, genesis = self._world.node, self._world.start_of(1)
        self._round = 2 + (node.now - genesis) // ROUND
        node.move_to(genesis + (self._round - 1) * ROUND)

    def answer(self, prices: Mapping[str, int]) -> None:
        """Operators report, and anyone submits the median of those that weigh something."""
        before, self._price = self._price, lower_median([(prices[name], self._weights[name]) for name in prices])
        ascending = sorted(prices, key=lambda name: int(self._person(name).address, 16))
        reports = [self._report(name, prices[name]) for name in ascending]
        receipt = self._oracle.submit(FEED, self._round, self._price, reports, sender=self._person(PASSER_BY))
        self._reports.update(list(prices))
        self._reported += sum(self._weights[name] for name in prices)
        begin = self._world.start_of(1) + (self._round - 1) * ROUND
        told = ", ".join(f"{name} {_dollars(reported)}" for name, reported in prices.items())
        self._life.tell(
            f"{told}: the median by stake, as consumers of Chainlink's feeds read it: ETH / USD "
            f"{_dollars(before) if before else 'none'} → {_dollars(self._price)}",
            promises.equal(
                promises.FORMULAS,
                f"round {self._round}",
                tuple(self._feed.latestRoundData()),
                (self._round, self._price, begin, receipt.timestamp, self._round),
            ),
            *self._check_weights(),
        )

    def prove_equivocation(self, operator: str, prices: tuple[int, int]) -> None:
        """Shows two reports of one operator for this round, and has it slashed."""
        key, weight, cost = self._pools[operator], self._weights[operator], self._told_cost()
        pool, slashing = self._life.ledger.pools[key], self._world.core.slashing
        reports = [self._report(operator, price) for price in prices]
        receipt = self._oracle.proveEquivocation(FEED, self._round, *reports, sender=self._person(PASSER_BY))
        before, epoch = pool.retained, self._epoch
        safe = {avs: pool.safe(avs, epoch) for avs in pool.allocations if avs != QUOTES}
        asked = (pool.left_guaranteed(QUOTES, epoch) + pool.left_elastic(QUOTES, epoch)) * PENALTY // WAD
        guaranteed = min(asked, pool.left_guaranteed(QUOTES, epoch))
        granted, moved = self._life.ledger.slash(key, QUOTES, asked, BURNT)
        self._weights[operator] = 0
        [log] = receipt.decode_logs(slashing.Slashed)
        told = " and ".join(map(_dollars, prices))
        self._life.tell(
            f"{operator} signed {told} for one round, {PASSER_BY} shows both: retained {fraction(before)} → "
            f"{fraction(pool.retained)}, by {part(guaranteed)} guaranteed and {part(granted - guaranteed)} elastic, "
            f"{amount(moved)} {BURNT}; weight {amount(weight)} → 0.00, cost to move {cost} → {self._told_cost()}",
            promises.equal(
                promises.FORMULAS,
                f"{QUOTES}' slash of {key} as emitted",
                (log.guaranteed, log.elastic, log.shares),
                (guaranteed, granted - guaranteed, moved),
            ),
            *self._check_weights(),
            *(self._check_still_safe(key, avs, parts) for avs, parts in safe.items()),
            by=QUOTES,
        )

    # --- money ---

    def pay(self) -> None:
        """Pays for the epoch just finished, by reports and weight. Who was struck gets nothing."""
        due = {name: REWARD * count * self._weights[name] // self._reported for name, count in self._reports.items()}
        self._oracle.pay([self._person(name) for name in self._pools], sender=self._person(PASSER_BY))
        epoch = self._epoch - 1
        for name, own in due.items():
            if own:
                self._life.ledger.pay(self._pools[name], QUOTES_PAYS_IN, own, [epoch])
        told = ", ".join(f"{money(own, QUOTES_PAYS_IN)} to {self._pools[name]}" for name, own in due.items())
        self._life.tell(
            f"{QUOTES} pays for epoch {epoch} by reports and weight: {told}",
            promises.equal(
                promises.REWARDS_ADD_UP, f"funds of {QUOTES}", self._oracle.funds(), FUNDS - BOUNTY - sum(due.values())
            ),
        )

    def take_bounty(self) -> None:
        """By whoever showed the fault."""
        token, anyone = self._world.tokens[QUOTES_PAYS_IN], self._person(PASSER_BY)
        before = int(token.balanceOf(anyone))
        self._oracle.takeBounty(anyone, sender=anyone)
        got = int(token.balanceOf(anyone)) - before
        self._life.tell(
            f"{PASSER_BY} takes the bounty: 0.00 → {money(got, QUOTES_PAYS_IN)}",
            promises.equal(promises.FORMULAS, f"bounty of {QUOTES}", got, BOUNTY),
        )

    # --- private ---

    @property
    def _epoch(self) -> int:
        return self._life.ledger.epoch

    def _person(self, name: str) -> Any:
        return self._world.people[name]

    def _safe(self, key: PoolKey) -> Safe:
        """What is safe of a pool, if that is enough to count [vault shares]."""
        pool = self._life.ledger.pools[key]
        guaranteed, elastic = (pool.live * own // WAD for own in pool.safe(QUOTES, self._epoch))
        return (guaranteed, elastic) if guaranteed + elastic >= MIN_STAKE else (0, 0)

    def _cost(self) -> Safe:
        """What half of a quorum would lose: no more of it can be elastic than all have [vault shares]."""
        group = -(-sum(self._weights.values()) * QUORUM // BPS) // 2
        guaranteed = max(0, group - sum(elastic for _, elastic in self._members.values()))
        return guaranteed * PENALTY // WAD, (group - guaranteed) * PENALTY // WAD

    def _told_cost(self) -> str:
        guaranteed, shared = self._cost()
        return f"{amount(guaranteed)} guaranteed and {amount(shared)} shared"

    def _check_weights(self) -> Iterator[Finding]:
        """Nothing but a snapshot and a strike changes them."""
        for name, weight in self._weights.items():
            seen = self._oracle.weightOf(self._epoch, self._person(name))
            yield promises.equal(promises.FORMULAS, f"weight of {name} in {QUOTES}", seen, weight)
        shares, _ = self._feed.costToMove(self._oracle.currentRound())
        yield promises.equal(promises.FORMULAS, f"cost to move {QUOTES}", tuple(shares), self._cost())

    def _check_still_safe(self, key: PoolKey, avs: str, safe: Safe) -> Finding:
        """What another AVS was told before is still there."""
        place = self._world.places(self._life.ledger)[key]
        left = self._world.core.slashing.slashable(self._world.avs(avs), *place)
        kept = left[0] >= safe[0] and left[1] >= safe[1]
        return Finding(promises.NO_ESCAPE, f"safe for {avs} on {key}", kept, f"{tuple(left)} left, {safe} was safe")

    # --- signatures ---

    def _key_data(self, operator: str) -> bytes:
        """For the opt-in: the operator's key, and its proof that it is the operator's."""
        key = _key(operator)
        return encode(["address", "bytes"], [key.address, self._domain.key_proof(self._person(operator).address, key)])

    def _report(self, operator: str, price: int) -> tuple[int, int, bytes]:
        """`IOracleAVS.Report` of this round, as of the last block."""
        time = self._world.node.now
        return price, time, self._domain.sign(Report(FEED, self._round, price, time), _key(operator)).signature


def _key(operator: str) -> LocalAccount:
    """What the operator signs prices with, and nothing else."""
    key: LocalAccount = Account.from_key(keccak(text=f"{operator} signs prices"))
    return key


def lower_median(weighted: list[tuple[int, int]]) -> int:
    """The least price that half of the weight does not exceed."""
    everything, so_far = sum(weight for _, weight in weighted), 0
    for price, weight in sorted(weighted):
        so_far += weight
        if 2 * so_far >= everything:
            return price
    raise AssertionError("nobody reported")


def _dollars(price: int) -> str:
    return amount(price, DECIMALS)
