"""`catenary-oracle`: what an operator of the oracle runs, and what anyone can ask of it."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from aiohttp import web
from eth_abi.abi import encode
from eth_utils.address import is_address, to_checksum_address

from catenary.chain import Call, Chain, asking, web3
from catenary.cli.app import DECLINED, REFUSED, confirmed, errors_in_one_line, moment, show, table
from catenary.errors import CatenaryError, NotMined, UnknownName
from catenary.oracle.config import Config
from catenary.oracle.contract import Oracle, cost_to_move
from catenary.oracle.health import application as health_application
from catenary.oracle.node import Node, connect, feeds_of
from catenary.oracle.relay import Relay
from catenary.oracle.relay import application as relay_application
from catenary.oracle.report import Domain, domain
from catenary.oracle.sender import Sender
from catenary.oracle.sources import Quote, prices_of, read
from catenary.units import Unit, percent

HOST = "127.0.0.1"
_LOOK_EVERY = 5.0  # at the operators' keys [s]
_PATIENCE = 120.0  # how long to wait for a block [s]

log = logging.getLogger("catenary.oracle")

config_argument = click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
json_option = click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """
    The oracle's node for operators, and its relay.

    CONFIG is a TOML file: docs/oracle.md shows one. Exit codes: 0 done; 1 refused, or failed on the chain; 2 words that
    cannot be read; 3 no node, or it stopped answering; 4 the question was answered with no.
    """


def _oracle_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--oracle", "address", required=True, help="The oracle's address."),
        click.option("--chain-id", type=int, required=True, help="Of the chain: any other is refused."),
        click.option("--node", envvar="CATENARY_ORACLE_NODE", required=True, help="The chain's node, by its URL."),
    ):
        function = option(function)
    return function


# --- what runs until it is stopped ---


@cli.command()
@config_argument
def node(config: Path) -> None:
    """Run an operator's node until SIGTERM or Ctrl-C."""
    with errors_in_one_line():
        _log()
        settings = Config.load(config)
        made = Node(settings, settings.key())
        asyncio.run(_serve(health_application(made), HOST, settings.port, "health and metrics", made.run))


@cli.command()
@_oracle_options
@click.option("--host", default=HOST, show_default=True, help="Where to listen; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(0, 65_535), default=9_465, show_default=True, help="0 takes a free one.")
def relay(node: str, chain_id: int, address: str, host: str, port: int) -> None:
    """Run a relay, through which nodes hand each other reports, until SIGTERM or Ctrl-C. Nobody has to trust it."""
    with errors_in_one_line():
        _log()
        where = _domain(chain_id, address)
        chain_node = connect(node, chain_id)
        signers: set[str] = set()

        def look() -> None:
            chain, oracle = Chain(), Oracle(where)
            signers.update(oracle.signers(chain, oracle.members(chain)).values())

        async def follow(stop: asyncio.Event) -> None:
            while not stop.is_set():
                try:
                    with asking(chain_node):
                        await asyncio.to_thread(look)
                except CatenaryError as error:
                    log.warning("%s", error)
                except Exception:  # of what the chain's node says: the relay goes on with the keys it knows
                    log.exception("a flaw: please report it")
                try:
                    await asyncio.wait_for(stop.wait(), _LOOK_EVERY)
                except TimeoutError:
                    continue

        with asking(chain_node):
            look()
        made = relay_application(Relay(where, signers.__contains__))
        asyncio.run(_serve(made, host, port, "the relay", follow))


async def _serve(made: web.Application, host: str, port: int, what: str, run: Callable[[asyncio.Event], Any]) -> None:
    """Serves while `run` does, which ends when it is asked to."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(made, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CatenaryError(f"port {port} cannot be had, {os.strerror(error.errno or 0)}: name another") from None
        click.echo(f"{what} at http://{host}:{runner.addresses[0][1]}")
        await run(stop)
    finally:
        await runner.cleanup()


# --- what is asked once ---


@cli.command()
@config_argument
@json_option
def check(config: Path, as_json: bool) -> None:
    """Try a config: the chain, the key, and each source once. Signs and sends nothing."""
    with errors_in_one_line():
        settings = Config.load(config)
        signer = settings.key().address
        oracle = Oracle(settings.domain)
        with asking(connect(settings.node, settings.domain.chain_id)):
            feeds = feeds_of(settings, oracle)
            chain = Chain()
            now = chain.time
            key = oracle.keys(chain, [signer]).get(signer)
        about: list[dict[str, Any]] = []
        for feed, quotes in zip(settings.feeds, asyncio.run(_quotes(settings)), strict=True):
            terms = feeds[feed.number]
            prices = prices_of(quotes, terms.decimals, now, feed.least, feed.most_age)
            about.append(
                {
                    "feed": feed.number,
                    "description": terms.description,
                    "decimals": terms.decimals,
                    **_outcome(prices.median, prices.problem),
                    "sources": [
                        {"source": each.name, **_outcome(prices.each.get(place), prices.wrong.get(place))}
                        for place, each in enumerate(feed.sources)
                    ],
                }
            )
        whose = f"of {key.operator}" if key else "no operator's key yet: key-proof prints what `setKey` takes"
        lines = [f"key {signer}: {whose}"]
        for one in about:
            unit = Unit("", one["decimals"])
            lines.append(f"feed {one['feed']}, {one['description']}: {_shown(one, unit)}")
            lines += [f"  {each['source']}: {_shown(each, unit)}" for each in one["sources"]]
        show(as_json, {"signer": signer, "operator": key.operator if key else None, "feeds": about}, *lines)
        if any("wrong" in one for one in about):
            raise SystemExit(REFUSED)


async def _quotes(settings: Config) -> list[list[Quote | BaseException]]:
    """What each source of each feed says, or what it raises."""
    return await asyncio.gather(
        *(asyncio.gather(*(read(each) for each in feed.sources), return_exceptions=True) for feed in settings.feeds)
    )


def _outcome(price: int | None, wrong: str | None) -> dict[str, str]:
    return {"wrong": str(wrong)} if price is None else {"price": str(price)}


def _shown(said: dict[str, Any], unit: Unit) -> str:
    return unit.show(int(said["price"]), places=unit.decimals).strip() if "price" in said else str(said["wrong"])


@cli.command("key-proof")
@config_argument
@click.option("--operator", required=True, help="The operator's address.")
def key_proof(config: Path, operator: str) -> None:
    """Print as JSON what the operator's own account passes to `setKey`, or with its opt-in, to sign with this key."""
    with errors_in_one_line():
        settings = Config.load(config)
        key, address = settings.key(), _address(operator)
        proof = settings.domain.key_proof(address, key)
        data = encode(["address", "bytes"], [key.address, proof])
        content = {
            "oracle": settings.domain.oracle,
            "operator": address,
            "signer": key.address,
            "proof": f"0x{proof.hex()}",
            "opt_in_data": f"0x{data.hex()}",
        }
        click.echo(json.dumps(content, indent=2))


@cli.command()
@_oracle_options
@json_option
def status(node: str, chain_id: int, address: str, as_json: bool) -> None:
    """Show the feeds with their last answers and what it costs to move them, and the members with their weights."""
    with errors_in_one_line():
        where = _domain(chain_id, address)
        oracle = Oracle(where)
        with asking(connect(node, chain_id)):
            chain = Chain(Chain().number)
            rounds, now = oracle.rounds, chain.time
            epoch = rounds.clock.epoch_at(now)
            feeds, members = oracle.feeds(chain), oracle.members(chain)
            answers, weights = oracle.answers(chain, list(feeds)), oracle.weights(chain, epoch, members)
            signers, snapshot = oracle.signers(chain, members), oracle.snapshot(chain, epoch)
            avs = chain.get(oracle.contract.read("AVS", make=int))
            unit = Unit("vault shares", chain.get(oracle.vault.read("decimals", make=int)))
            costs = {number: cost_to_move(snapshot, feed, oracle.penalty) for number, feed in feeds.items()}
            assets = {
                number: [chain.get(oracle.vault.read("convertToAssets", shares, make=int)) for shares in cost]
                for number, cost in costs.items()
            }
        content = {
            "avs": avs,
            "block": chain.number,
            "round": rounds.round_at(now),
            "epoch": epoch,
            "snapshot_taken_at": snapshot.taken_at or None,
            "weight": str(snapshot.weight),
            "feeds": [
                {
                    **{key: value for key, value in asdict(feed).items() if key != "number"},
                    "feed": number,
                    "round": answers[number].round or None,
                    "price": str(answers[number].price) if answers[number].round else None,
                    "updated_at": answers[number].updated_at or None,
                    "cost_to_move": {
                        "shares": {"guaranteed": str(costs[number][0]), "shared": str(costs[number][1])},
                        "assets": {"guaranteed": str(assets[number][0]), "shared": str(assets[number][1])},
                    },
                }
                for number, feed in feeds.items()
            ],
            "members": [
                {"operator": each, "signer": signers[each], "weight": str(weights.get(each, 0))} for each in members
            ],
        }
        feed_rows = [
            (
                str(number),
                feed.description,
                Unit("", feed.decimals).show(answers[number].price, places=feed.decimals).strip()
                if answers[number].price > 0
                else (str(answers[number].price) if answers[number].round else "none"),
                moment(answers[number].updated_at) if answers[number].round else "never",
                unit.show(sum(costs[number])),
                unit.show(costs[number][0]),
            )
            for number, feed in feeds.items()
        ]
        member_rows = [
            (
                each,
                signers[each],
                unit.show(weights.get(each, 0)),
                percent(weights.get(each, 0) * 10_000 // snapshot.weight if snapshot.weight else 0),
            )
            for each in members
        ]
        taken = moment(snapshot.taken_at) if snapshot.taken_at else "none of this epoch, so no round has an answer"
        columns = ("feed", "what", "last answer", "at", "costs to move now", "of it guaranteed")
        show(
            as_json,
            content,
            f"AVS {avs} at block {chain.number}, {moment(now)}, round {rounds.round_at(now)}, epoch {epoch}",
            f"snapshot: {taken}",
            table("Feeds", columns, feed_rows),
            table("Members", ("operator", "signs with", "weight", "of all"), member_rows),
        )


@cli.command()
@config_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Send without asking.")
def prove(config: Path, file: Path, yes: bool) -> None:
    """
    Prove a fault from FILE: two reports of one operator for one round that differ, or one that is older than its round,
    as the relay gives them. The bounty goes to this node's key.
    """
    with errors_in_one_line():
        settings = Config.load(config)
        try:
            reports, _ = settings.domain.load(file.read_bytes(), 2)
        except OSError as error:
            raise UnknownName(f"{file} cannot be read ({error.strerror}): name a file with reports") from None
        if not reports:
            raise UnknownName(f"there is no report in {file}: it takes two, or one that is older than its round")
        signers = [settings.domain.signer(each) for each in reports]
        with asking(connect(settings.node, settings.domain.chain_id)):
            oracle = Oracle(settings.domain)
            keys = oracle.keys(Chain(), signers)
            whose = keys[signers[0]].operator if signers[0] in keys else "nobody"
            _send(settings, oracle.prove(reports), f"This proves a fault of {whose}, and has it slashed.", yes)
        click.echo("proved")


@cli.command("take-bounty")
@config_argument
@click.option("--receiver", required=True, help="Who gets it.")
@click.option("--yes", is_flag=True, help="Send without asking.")
def take_bounty(config: Path, receiver: str, yes: bool) -> None:
    """Send the bounties that this node earned by proving faults to somebody."""
    with errors_in_one_line():
        settings, address = Config.load(config), _address(receiver)
        with asking(connect(settings.node, settings.domain.chain_id)):
            call = Oracle(settings.domain).take_bounty(address)
            _send(settings, call, f"This sends the bounties of this node's key to {address}.", yes)
        click.echo("sent")


# --- inside ---


def _send(settings: Config, call: Call, sentence: str, yes: bool) -> None:
    """Tries a call of the node's key, says what it does, asks, sends it, and waits for its block."""
    key, node = settings.key(), web3()
    call.check(key.address)
    click.echo(sentence, err=True)
    if not yes and not confirmed(f"Send it from {key.address}?"):
        click.echo("nothing was sent", err=True)
        raise SystemExit(DECLINED)
    sender = Sender(node, key, settings.domain.chain_id, settings.most_fee)
    sender.send(call.abi.name, call, Chain().head)
    deadline = time.monotonic() + _PATIENCE
    while not any(sender.outcomes.values()):
        if time.monotonic() > deadline:
            raise NotMined(f"{call.abi.name} is on its way, but no block held it within {_PATIENCE:.0f} s")
        time.sleep(0.5)
        sender.settle(0)  # however many blocks come
    if not sender.outcomes["mined"]:
        raise CatenaryError(f"{call.abi.name} failed on the chain: somebody else may have been faster")


def _address(text: str) -> str:
    if not is_address(text):
        raise UnknownName(f"{text!r} is not an address: write it as 0x and 40 digits")
    return str(to_checksum_address(text))


def _domain(chain_id: int, address: str) -> Domain:
    return domain(chain_id, _address(address))


def _log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
