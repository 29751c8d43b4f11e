"""A chain with the scene of `prepare.py`, relays and nodes: nodes in this process tick by tick, or as processes."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from catenary.chain import Chain, Contract, asking
from catenary.contracts import CORE, ORACLE, calldata, event, function
from catenary.oracle.config import Config
from catenary.oracle.node import Node, connect
from catenary.oracle.relay import Relay, application
from catenary.oracle.report import Domain, domain
from tests.catenary import shell
from tests.catenary.oracle.prepare import ROUND
from tests.catenary.oracle.server import serving

PRICE = 2_000_00000000
BLOCK = 12  # [s]
PASSPHRASE = "a word"


@dataclass
class World:
    """The chain, on which a test mines each block."""

    home: Path
    chain: shell.Node
    scene: dict[str, Any]
    folders: int = 0

    @property
    def domain(self) -> Domain:
        return domain(31_337, self.scene["oracle"])

    @property
    def operators(self) -> list[str]:
        return list(self.scene["operators"])

    def key(self, index: int) -> LocalAccount:
        key: LocalAccount = Account.from_key(self.scene["keys"][index])
        return key

    # --- time ---

    def mine(self, seconds: int = BLOCK) -> int:
        """Mines a block with all that waits, so long after the last one, and names it."""
        self.chain.move_to(self.chain.time + seconds)
        return self.chain.block

    def to(self, time: int) -> None:
        self.chain.move_to(time)

    @property
    def round(self) -> int:
        """Of the latest block."""
        return 1 + (self.chain.time - int(self.scene["genesis"])) // ROUND

    def begin_of(self, round_: int) -> int:
        return int(self.scene["genesis"]) + (round_ - 1) * ROUND

    def send(self, name: str, *arguments: Any) -> None:
        """Has somebody call the oracle, in a block of its own."""
        data = calldata(function(ORACLE, name), arguments)
        (sender, *_) = self.chain.ask("eth_accounts")
        call = {"from": sender, "to": self.scene["oracle"], "data": f"0x{data.hex()}", "gas": hex(10**7)}
        self.chain.ask("eth_sendTransaction", call)
        self.mine()

    # --- what the chain says, by its views ---

    @contextmanager
    def reading(self) -> Iterator[Chain]:
        with asking(connect(self.chain.url, 31_337)):
            yield Chain(self.chain.block)

    def view(self, name: str, *arguments: Any) -> Any:
        """What a view of the oracle says now."""
        return self.ask(ORACLE, self.scene["oracle"], name, *arguments)

    def ask(self, kind: str, address: str, name: str, *arguments: Any) -> Any:
        """What a view says: one thing, or a tuple."""
        with self.reading() as chain:
            words = chain.get(Contract(kind, address).read(name, *arguments, make=lambda *words: words))
        return words[0] if len(words) == 1 else words

    def raw(self, to: str, signature: str, *words: int) -> list[int]:
        """What a view of any contract returns, word by word."""
        data = f"0x{keccak(text=signature)[:4].hex()}{''.join(f'{word:064x}' for word in words)}"
        back = bytes.fromhex(self.chain.ask("eth_call", {"to": to, "data": data}, "latest")[2:])
        return [int.from_bytes(back[start : start + 32]) for start in range(0, len(back), 32)]

    def answer(self) -> tuple[int, int]:
        """The round and the price of the last answer of feed 1."""
        round_ = self.view("latestRound", 1)
        return round_, self.view("answerOf", 1, round_)["price"]

    def events(self, name: str, kind: str = ORACLE) -> list[dict[str, Any]]:
        address = self.scene["oracle"] if kind == ORACLE else self.scene[_NAMES[kind]]
        with self.reading() as chain:
            return chain.logs(event(kind, name), address, 0)

    # --- nodes ---

    def folder(self, index: int, relays: Sequence[str], sources: str = "", *, port: int = 0, every: float = 1) -> Path:
        """A folder with the config of an operator's node, which reads its price from `price.json`."""
        self.folders += 1
        folder = self.home / f"node-{index}-{self.folders}"
        folder.mkdir()
        keyfile = Account.encrypt(self.key(index).key, PASSPHRASE, iterations=2)
        (folder / "key.json").write_text(json.dumps(keyfile))
        (folder / "passphrase").write_text(PASSPHRASE)
        say(folder, PRICE)
        (folder / "node.toml").write_text(
            f"""
            node = "{self.chain.url}"
            chain_id = 31337
            oracle = "{self.scene["oracle"]}"
            relays = {json.dumps(list(relays))}
            journal = "journal.db"
            port = {port}
            every = {every}
            ahead = {10**9}
            [key]
            file = "key.json"
            passphrase_file = "passphrase"
            [[feeds]]
            id = 1
            [[feeds.sources]]
            kind = "file"
            path = "price.json"
            {sources}
            """
        )
        return folder


_NAMES = dict(zip(CORE, ("registry", "delegation", "slashing", "rewards"), strict=True))


def say(folder: Path, price: int) -> None:
    """What the source of a node says from now on [10^-8]."""
    text = json.dumps({"price": f"{price // 10**8}.{price % 10**8:08d}"})
    (folder / "next.json").write_text(text)
    (folder / "next.json").rename(folder / "price.json")


@dataclass
class Nodes:
    """Nodes in this process, and a relay. They do nothing but when a test says so."""

    world: World
    relay: Relay
    relay_url: str
    runner: asyncio.Runner
    nodes: dict[int, Node] = field(default_factory=dict)
    folders: dict[int, Path] = field(default_factory=dict)

    def start(self, *indices: int, **settings: Any) -> None:
        """Starts nodes of these operators; one that ran before goes on with its folder."""
        for index in indices:
            if index not in self.folders:
                self.folders[index] = self.world.folder(index, [self.relay_url], **settings)
            config = Config.load(self.folders[index] / "node.toml")
            self.nodes[index] = Node(config, config.key())

    def stop(self, index: int) -> None:
        self.nodes.pop(index).journal.close()

    def tick(self, *indices: int) -> None:
        """All nodes look twice, so that they have heard each other; or those that are named."""
        for _ in range(2):
            for index in indices or self.nodes:
                self.runner.run(_ticked(self.nodes[index]))

    def step(self, count: int = 1, seconds: int = BLOCK) -> None:
        """Blocks, after each of which all look."""
        for _ in range(count):
            self.world.mine(seconds)
            self.tick()

    def to_round(self, round_: int) -> None:
        """The first block of a round, in which what was sent before is."""
        self.world.to(self.world.begin_of(round_))
        self.tick()

    def begin(self, *indices: int) -> int:
        """Nodes of these operators in the first block of the round after the snapshot, which is named."""
        self.world.send("join", self.world.operators[0])
        self.world.send("takeSnapshot", 100)
        self.start(*indices)
        round_ = self.world.round + 1
        self.to_round(round_)
        return round_

    def say(self, price: int, *indices: int) -> None:
        for index in indices or self.folders:
            say(self.folders[index], price)


async def _ticked(node: Node) -> None:
    with asking(node.web3):
        await node.tick()


@contextmanager
def prepared(home: Path) -> Iterator[World]:
    """A node of Anvil with the scene, which mines nothing by itself."""
    with shell.anvil() as chain:
        subprocess.run(
            [sys.executable, "-m", "tests.catenary.oracle.prepare", home],
            cwd=shell.ROOT,
            env={**os.environ, "APE_FOUNDRY_HOST": chain.url, "PYTHONPATH": str(shell.ROOT)},
            check=True,
            capture_output=True,
        )
        world = World(home, chain, json.loads((home / "scene.json").read_text()))
        chain.ask("evm_setAutomine", False)
        for index in range(len(world.operators)):
            chain.ask("anvil_setBalance", world.key(index).address, hex(10**20))
        chain.keep()
        yield world


@contextmanager
def nodes_of(world: World) -> Iterator[Nodes]:
    signers = {world.key(index).address for index in range(len(world.operators))}
    relay = Relay(world.domain, signers.__contains__)
    with serving(application(relay)) as url, asyncio.Runner() as runner:
        made = Nodes(world, relay, url, runner)
        try:
            yield made
        finally:
            for index in list(made.nodes):
                made.stop(index)
