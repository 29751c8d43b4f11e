"""What operators of an oracle and those who use it do: report, pay, prove."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import ape
from ape import project
from ape.api import ReceiptAPI
from ape.contracts import ContractInstance
from eth_account import Account
from eth_utils.crypto import keccak

from bench.operators import Operator, enlist, join, some_operators, take_snapshot
from bench.row import gas, row
from bench.world import World
from catenary.oracle.report import Report, domain
from deployer.contracts import Setup
from tests.helpers.protocol import ETHER, WAD

FEED = 1
ROUND = 3_600  # [s]
PRICE = 3_000_12345678  # [1e-8]


@dataclass(frozen=True)
class Reporting:
    """An oracle of one feed that has answered a round in each of two epochs. Its operators were paid for the first."""

    world: World
    oracle: ContractInstance
    operators: Sequence[Operator]  # in ascending order

    def next_epoch(self) -> None:
        self.world.protocol.skip_epochs()
        take_snapshot(self.world, self.oracle)

    def next_round(self) -> int:
        number = int(self.oracle.currentRound()) + 1
        ape.chain.mine(timestamp=int(self.oracle.beginOf(number)))
        return number

    def report(self, operator: Operator, number: int, price: int) -> tuple[int, int, bytes]:
        """`IOracleAVS.Report`"""
        time = self.world.now
        at = domain(ape.chain.chain_id, self.oracle.address)
        return price, time, at.sign(Report(FEED, number, price, time), operator.account).signature

    def answer(self, price: int) -> ReceiptAPI:
        """The next round, with a report of each operator."""
        number = self.next_round()
        reports = [self.report(operator, number, price + i) for i, operator in enumerate(self.operators)]
        median = price + (len(reports) - 1) // 2
        return self.oracle.submit(FEED, number, median, reports, sender=self.world.stranger)

    def pay(self) -> ReceiptAPI:
        """All operators."""
        return self.oracle.pay([operator.address for operator in self.operators], sender=self.world.stranger)


def reporting(w: World, count: int) -> Reporting:
    owner = w.protocol.owner
    setup = Setup(
        slashing=w.protocol.slashing.address, vault=w.vault.address, owner=owner.address, min_stake=ETHER, penalty=WAD
    )
    oracle = owner.deploy(
        project.OracleAVS, astuple(setup), w.protocol.rewards, w.asset, 100 * ETHER, ETHER // 10, ROUND
    )
    oracle.addFeed((8, 24 * ROUND, 50, 6_667), "ETH / USD", sender=owner)
    w.asset.mint(oracle, 1_000 * ETHER, sender=owner)
    r = Reporting(w, oracle, some_operators(count))
    enlist(w, oracle, r.operators)
    join(w, oracle, r.operators)
    take_snapshot(w, oracle)
    r.answer(PRICE)
    r.next_epoch()
    r.pay()
    r.answer(PRICE * 2)
    return r


@row
def report_10(w: World) -> int:
    """A round with reports of all 10 operators, which have reported before in this epoch."""
    return gas(reporting(w, 10).answer(PRICE))


@row
def report_50(w: World) -> int:
    """As report_10, with 50 operators."""
    return gas(reporting(w, 50).answer(PRICE))


@row
def report_late_3(w: World) -> int:
    """3 reports that the answer of the round was made without, for their credit only; as report_10 otherwise."""
    r = reporting(w, 10)
    number = r.next_round()
    reports = [r.report(operator, number, PRICE) for operator in r.operators]
    r.oracle.submit(FEED, number, PRICE, reports[:7], sender=w.stranger)
    return gas(r.oracle.submitLate(FEED, number, reports[7:], sender=w.stranger))


@row
def pay_operators_10(w: World) -> int:
    """10 operators of an oracle, for the epoch just finished; each was paid before."""
    r = reporting(w, 10)
    r.next_epoch()
    return gas(r.pay())


@row
def set_key(w: World) -> int:
    """An operator changes its signing key."""
    r = reporting(w, 10)
    operator, key = r.operators[0], Account.from_key(keccak(text="another key"))
    with ape.accounts.use_sender(operator.address):
        return gas(r.oracle.setKey(key.address, operator.proof(r.oracle, key)))


@row
def join_avs(w: World) -> int:
    """For an operator that had no stake when it opted in, not the first of the AVS."""
    r = reporting(w, 10)
    late = some_operators(11)
    [operator] = [each for each in late if each not in r.operators]
    enlist(w, r.oracle, [operator])
    return gas(r.oracle.join(operator.address, sender=w.stranger))


@row
def prove_equivocation(w: World) -> int:
    """The first fault that the prover proves, and the first slash of the pool; all of it is burnt."""
    r = reporting(w, 10)
    number = r.next_round()
    reports = [r.report(r.operators[0], number, price) for price in (PRICE, PRICE + 1)]
    return gas(r.oracle.proveEquivocation(FEED, number, *reports, sender=w.stranger))
