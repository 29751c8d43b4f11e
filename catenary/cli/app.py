"""What every command shares: the connection, the account, what is shown, asked and sent."""

import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ape
import click
import requests
from ape.api import AccountAPI
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.table import Table
from web3.exceptions import Web3Exception

from catenary.chain import Call, line
from catenary.errors import CatenaryError, NotConnected, UnknownName
from catenary.protocol import Protocol

_Decorator = Callable[[Callable[..., None]], click.Command]

LOCAL_NODE = "http://127.0.0.1:8545"

# Exit codes; 2 is click's, for words that cannot be read.
REFUSED = 1  # something was refused, or failed on the chain
UNREACHABLE = 3  # there is no node, or it stopped answering: a transaction may be on its way, if one is named
DECLINED = 4  # the question was answered with no


@dataclass(frozen=True)
class Session:
    """One run of a command."""

    protocol: Protocol
    as_json: bool
    yes: bool
    account_name: str | None

    # --- who ---

    @functools.cached_property
    def account(self) -> AccountAPI:
        """Who sends: an account of Ape's by its alias or address, on a local node also TEST::0 to TEST::9."""
        name = self.account_name
        if not name:
            raise UnknownName("name who sends by --account, as one of those that `ape accounts list` shows")
        if name.startswith("TEST::") and ape.chain.provider.network.is_local:
            index = name.removeprefix("TEST::")
            if not index.isdecimal() or int(index) > 9:
                raise UnknownName(f"there is no account {name}: choose from TEST::0 to TEST::9")
            return ape.accounts.test_accounts[int(index)]
        try:
            return ape.accounts[name] if name.startswith("0x") else ape.accounts.load(name)
        except (ApeException, KeyError, IndexError):
            raise UnknownName(f"there is no account {name!r}: `ape accounts list` shows those there are") from None

    def address(self, name: str | None) -> str:
        """An address, or that of an account by its alias; of nobody, that of --account."""
        if name is None or name == self.account_name:
            return str(self.account.address)
        if name.startswith("0x"):
            return self.protocol.address(name)
        return str(Session(self.protocol, self.as_json, self.yes, name).account.address)

    # --- what is shown ---

    def show(self, data: Mapping[str, Any], *tables: Table | str) -> None:
        """Prints `data` with --json, and the tables and sentences without."""
        if self.as_json:
            click.echo(json.dumps(data, indent=2))
            return
        for each in tables:
            if isinstance(each, str):
                click.echo(each)
            elif each.row_count:
                click.echo(each.title)
                each.title = None
                Console().print(each)

    # --- what is sent ---

    def send(self, explanation: Sequence[str], calls: Sequence[Call], **data: Any) -> None:
        """Says in plain words what will change, asks, and sends the calls one after the other."""
        account = self.account
        calls[0].check(account)
        for sentence in explanation:
            click.echo(sentence, err=self.as_json)
        if not self.yes and not click.confirm(f"Send it from {account.address}?", err=self.as_json):
            click.echo("nothing was sent", err=True)
            raise SystemExit(DECLINED)
        sent: list[dict[str, Any]] = []
        with redirect_stdout(sys.stderr):  # Ape asks for passphrases there
            _unlock(account)
            for call in calls:
                try:
                    receipt = call.send(account)
                except CatenaryError as error:
                    if sent:
                        click.echo(f"sent before: {', '.join(each['transaction'] for each in sent)}", err=True)
                    raise error
                sent.append({"call": call.abi.name, "transaction": receipt.txn_hash, "block": receipt.block_number})
        done = [f"{each['call']}: block {each['block']}, transaction {each['transaction']}" for each in sent]
        self.show({**data, "sent": sent}, *done)


def table(title: str, columns: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Table:
    """A table for people."""
    made = Table(*columns, title=title)
    for row in rows:
        made.add_row(*row)
    return made


def moment(time: int) -> str:
    """A Unix time for people: 2026-11-21 15:30 UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def span(seconds: int) -> str:
    """A length of time for people: 3 d 4 h."""
    days, rest = divmod(max(seconds, 0), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(told[:2]) or "0 s"


def command(group: click.Group, *, sends: bool = False, **settings: Any) -> _Decorator:
    """
    A command of `group` that takes a `Session` first. All have --network, --deployment and --json, and those that send
    also --account and --yes; those that read take --account to know who asks.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(
            network: str, deployment: Path | None, as_json: bool, account: str | None, yes: bool = False, **words: Any
        ) -> None:
            with errors_in_one_line(), connected(network):
                function(Session(Protocol.connect(deployment), as_json, yes, account), **words)

        options = [
            click.option("--network", envvar="CATENARY_NETWORK", default=LOCAL_NODE, show_default=True, help=_NETWORK),
            click.option("--deployment", type=click.Path(path_type=Path, dir_okay=False), help=_DEPLOYMENT),
            click.option("--account", envvar="CATENARY_ACCOUNT", help="An account of `ape accounts`, by its alias."),
            click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON."),
        ]
        if sends:
            options.append(click.option("--yes", is_flag=True, help="Send without asking."))
        for option in reversed(options):
            run = option(run)
        return group.command(**settings)(run)

    return decorate


_NETWORK = "A local node's address, or a network of Ape's such as ethereum:sepolia:node."
_DEPLOYMENT = "A deployment file. Default: deployments/<network>.json here, or the one that ships with Catenary."


@contextmanager
def connected(network: str) -> Iterator[None]:
    """Connects to a node that is up."""
    logger.set_level(LogLevel.ERROR)
    is_node = network.startswith("http")
    settings = {"host": network, "manage_process": False} if is_node else {}
    try:
        context = ape.networks.parse_network_choice("ethereum:local:foundry" if is_node else network, settings)
        context.__enter__()
    except (ApeException, requests.RequestException, ValueError) as error:
        raise NotConnected(f"cannot connect to {network}: {line(error)}") from error
    try:
        yield
    finally:
        context.__exit__(None, None, None)


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Ends the command with one line that says what went wrong and what to do."""
    try:
        yield
    except NotConnected as error:
        raise _Ended(str(error), UNREACHABLE) from error
    except CatenaryError as error:
        raise _Ended(str(error), REFUSED) from error
    except (requests.RequestException, ConnectionError) as error:
        raise _Ended(f"the node does not answer: {line(error)}", UNREACHABLE) from error
    except (ApeException, Web3Exception) as error:
        raise _Ended(line(error), REFUSED) from error


class _Ended(click.ClickException):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


def _unlock(account: AccountAPI) -> None:
    """Takes the passphrase from APE_ACCOUNTS_<alias>_PASSPHRASE or asks for it; the question is answered already."""
    keyfile: Any = account
    if hasattr(keyfile, "set_autosign"):
        try:
            keyfile.set_autosign(True)
        except (ApeException, click.Abort) as error:
            raise CatenaryError(f"{account.alias} stays locked, and nothing was sent: {line(error)}") from error
