"""
Makes 100,000 events on a real chain, Anvil, and measures how long the history of them takes: to read, decode and store
them, and to fold them into the state. 500 stakers delegate, undelegate, claim and complete, many calls to a
transaction and many transactions to a block; every epoch is paid for and has a slash.

`make history ARGS='--events 10000'` makes fewer.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ape
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.chain import fixed_chain
from bench.crowd import stakers
from bench.world import World, create_world
from catenary.chain import Contract
from catenary.contracts import CORE
from catenary.deployment import Deployment
from catenary.history import History
from tests.helpers.protocol import ANYTHING, ETHER, EVIDENCE, VAULT_SHARES

EVENTS = 100_000
STAKERS = 500
PAIRS = 8  # of a delegation and an undelegation, in a transaction: 3 events each
AT_ONCE = 50  # transactions in one request to the node
GAS = 8_000_000  # limit of a transaction
FLOOR = 16


class Maker:
    """Sends transactions for anybody, and counts the events of the protocol."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people = [staker.address for staker in stakers(STAKERS)]
        self.node: Any = ape.chain.provider.web3.provider
        self.node.make_request("anvil_autoImpersonateAccount", [True])

    def send(self, calls: Iterable[tuple[str, Any, Sequence[bytes]]]) -> None:
        """Each as one transaction: by whom, to which contract, and what."""
        transactions = [
            {"from": sender, "to": to.address, "data": to.multicall.encode_input(data).to_0x_hex(), "gas": hex(GAS)}
            for sender, to, data in calls
        ]
        self.node.make_request("evm_setAutomine", [False])  # it would leave what does not fit into a block
        for start in range(0, len(transactions), AT_ONCE):
            part = [[{**each, "gasPrice": "0x0"}] for each in transactions[start : start + AT_ONCE]]
            answers = self.node.make_batch_request([("eth_sendTransaction", each) for each in part])
            failed = [answer["error"] for answer in answers if "error" in answer]
            assert not failed, failed[0]
            while self.node.make_request("txpool_status", [])["result"]["pending"] != "0x0":
                self.node.make_request("evm_mine", [])
        self.node.make_request("evm_setAutomine", [True])

    def fund(self) -> None:
        """Gives everybody vault shares: 2 events each."""
        world = self.world
        owner, amount = world.protocol.owner, 1_000 * ETHER
        world.asset.mint(owner, amount * STAKERS, sender=owner)
        deposits = [world.vault.deposit.encode_input(amount, person) for person in self.people]
        self.send((owner.address, world.vault, deposits[start : start + 100]) for start in range(0, STAKERS, 100))

    def epoch(self, people: Sequence[str]) -> None:
        """They move, and what two epochs ago they undelegated they complete; then an epoch later all are paid."""
        world = self.world
        delegation, where = world.delegation, (world.operator.address, world.vault.address)
        delegate = delegation.delegateShares.encode_input(*where, ETHER, ANYTHING)
        undelegate = delegation.undelegate.encode_input(*where, ETHER)
        self.send((person, delegation, [delegate, undelegate] * PAIRS) for person in people)
        now = world.protocol.epoch
        stake = (world.at_once, *where, 10**12, world.now - 1, EVIDENCE, "")
        world.protocol.slashing.request(*stake, sender=world.slasher)
        world.protocol.to_epoch(now + 1)
        payment = (*where, 10**20, FLOOR)
        world.protocol.rewards.pay(world.asset, now, [payment] * 10, sender=world.payer)

        opened = now - 1
        tickets = [person for person in people if delegation.ticket(*where, person, opened).poolShares]
        complete = delegation.complete
        self.send(
            (person, delegation, [complete.encode_input(*where, person, opened, person, VAULT_SHARES)])
            for person in tickets
        )
        claim = [(*where, world.asset.address, 0)]
        rewards = world.protocol.rewards
        self.send((person, rewards, [rewards.claim.encode_input(person, claim, person)]) for person in tickets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many, from 1,000")
    wanted: int = parser.parse_args().events

    logger.set_level(LogLevel.WARNING)
    console = Console(width=None if sys.stdout.isatty() else 120)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        fixed_chain(),
        tempfile.TemporaryDirectory() as folder,
    ):

        def track(batches: range, _: str) -> Iterator[int]:
            yield from batches

        maker = Maker(create_world(track))
        core = maker.world.protocol
        contracts = zip(CORE, (core.registry, core.delegation, core.slashing, core.rewards), strict=True)
        deployment = Deployment(ape.chain.chain_id, 0, *(Contract(name, each.address) for name, each in contracts))
        making = progress.add_task("making events", total=wanted)
        with History(Path(folder) / "making.db", deployment) as history:
            maker.fund()
            history.sync()
            while (made := sum(1 for _ in history.store.events())) < wanted:
                maker.epoch(maker.people[: max(10, (wanted - made) // (3 * PAIRS))])
                history.sync()
                progress.update(making, completed=min(made, wanted))
        progress.remove_task(making)

        took = {}
        reading = progress.add_task("reading blocks")
        path = Path(folder) / "history.db"
        with History(path, deployment) as history:
            started = time.perf_counter()
            history.sync(progress=lambda read, of, _: progress.update(reading, completed=read, total=of))
            took["read, decode and store"] = time.perf_counter() - started
            started = time.perf_counter()
            state = history.state()
            took["fold into the state"] = time.perf_counter() - started
            where = maker.world.operator.address, maker.world.vault.address
            started = time.perf_counter()
            slashes = history.slashes(*where)
            took["find who lost what in each slash"] = time.perf_counter() - started
            started = time.perf_counter()
            mine = len(list(history.events(of=maker.people[0])))
            took["find the events of one staker"] = time.perf_counter() - started
            count = sum(1 for _ in history.store.events())
        progress.remove_task(reading)
        same = state.pool(*where).retained == core.delegation.retained(*where)

    table = Table(title=f"{count:,} events in {state.block + 1:,} blocks")
    table.add_column("to")
    table.add_column("seconds", justify="right")
    for what, seconds in took.items():
        table.add_row(what, f"{seconds:.1f}")
    console.print(table)
    console.print(f"{len(slashes)} slashes, {mine} events of one staker; as the chain says: {same}")


if __name__ == "__main__":
    main()
