"""What every command shares: the connection, the account, what is shown, asked and sent."""

import functools
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import ape
import click
import requests
from ape.api import AccountAPI, ReceiptAPI
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.table import Column, Table
from web3.exceptions import Web3Exception

from catenary import simulate as simulation
from catenary.chain import LOCAL_NODE, Call, Contract, check_in_turn, connected, line, local_account
from catenary.contracts import TOKEN
from catenary.errors import BadAmount, CatenaryError, ContractError, NotConnected, NotMined, UnknownName
from catenary.pool import Pool
from catenary.protocol import Protocol
from catenary.units import Unit, percent, seconds
from catenary.units import moment as moment
from catenary.values import ZERO_ADDRESS, Clock, Terms

_Decorator = Callable[[Callable[..., None]], click.Command]

_WIDE = 240  # columns, where no terminal sets a limit

# Exit codes; 2 is click's, for words that cannot be read.
REFUSED = 1  # something was refused, or failed on the chain
UNREACHABLE = 3  # no node, one that stopped answering, or no block in time: a transaction that is named is on its way
DECLINED = 4  # the question was answered with no


@dataclass(frozen=True)
class Session:
    """One run of a command."""

    protocol: Protocol
    as_json: bool
    yes: bool
    account_name: str | None
    simulate: bool = False  # show what sending would change instead of sending

    # --- who ---

    @functools.cached_property
    def account(self) -> AccountAPI:
        """Who sends: an account of Ape's by its alias or address, on a local node also TEST::0 to TEST::19."""
        name = self.account_name
        if not name:
            raise UnknownName("name an account by --account, as one of those that `ape accounts list` shows")
        if name.startswith("TEST::") and ape.chain.provider.network.is_local:
            index = name.removeprefix("TEST::")
            if not index.isdecimal() or int(index) > 19:
                raise UnknownName(f"there is no account {name}: choose from TEST::0 to TEST::19")
            return local_account(int(index))
        try:
            if name.startswith("0x") and name not in ape.accounts:  # of a local node Ape would take any
                raise KeyError(name)
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
        show(self.as_json, data, *tables)

    # --- what is sent ---

    def send(
        self,
        explanation: Sequence[str],
        calls: Sequence[Call],
        *,
        independent: bool = False,
        outcome: Callable[[ReceiptAPI], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        """
        Says on standard error in plain words what will change, asks, and sends the calls one after the other. They are
        tried before, each on what those before it did, or each by itself if they are `independent`, with a sentence for
        each. `outcome` is what the last one brought.
        """
        account = self.account
        if len(calls) == 1:
            calls[0].check(account)
        elif not independent:
            check_in_turn(calls, account)
        else:
            for sentence, call in zip(explanation, calls, strict=True):
                try:
                    call.check(account)
                except ContractError as error:
                    raise CatenaryError(f"{sentence}: {error} Nothing was sent") from error
        for sentence in explanation:
            click.echo(plain(sentence), err=True)
        if self.simulate:
            from catenary.cli import simulate  # which is made of commands itself

            steps = [simulation.Step.of(call, account.address) for call in calls]
            simulate.show(self, simulation.simulate(self.protocol, steps))
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Ape's own ends the process without a word
        if not self.yes and not confirmed(f"Send it from {account.address}?"):
            click.echo("nothing was sent", err=True)
            raise SystemExit(DECLINED)
        sent: list[dict[str, Any]] = []
        brought: Mapping[str, Any] = {}
        with redirect_stdout(sys.stderr):  # Ape asks for passphrases there
            _unlock(account)
            for call in calls:
                try:
                    receipt = call.send(account)
                except CatenaryError as error:
                    if sent:
                        error.args = (f"{error} (sent before: {', '.join(each['transaction'] for each in sent)})",)
                    raise
                sent.append({"call": call.abi.name, "transaction": receipt.txn_hash, "block": receipt.block_number})
            brought = outcome(receipt)
        done = [f"{each['call']}: block {each['block']}, transaction {each['transaction']}" for each in sent]
        self.show({**brought, "sent": sent}, *done, *(f"{name}: {_told(value)}" for name, value in brought.items()))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_told(each) for each in value) or "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(each)}" for name, each in value.items())
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10**6 else str(value)


def table(title: str, columns: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Table:
    """A table for people."""
    made = Table(*(Column(name, overflow="fold") for name in columns), title=title)  # so that addresses stay whole
    for row in rows:
        made.add_row(*(plain(cell) for cell in row))
    return made


def show(as_json: bool, data: Mapping[str, Any], *tables: Table | str) -> None:
    """Prints `data` as JSON, or the tables and sentences."""
    if as_json:
        click.echo(json.dumps(data, indent=2))
        return
    for each in tables:
        if isinstance(each, str):
            click.echo(plain(each))
        elif each.row_count:
            click.echo(each.title)
            each.title = None
            width = None if sys.stdout.isatty() else _WIDE
            Console(width=width, markup=False, emoji=False).print(each)
        else:
            click.echo(f"{each.title}: none")


def plain(text: str) -> str:
    """Without what steers a terminal: anybody may write the symbol of a token, a URI, or why a contract refuses."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def moment_of(text: str, now: int) -> int:
    """A Unix time: "1795000000" is that, "2 h ago" so long before `now`. Raises `BadAmount`."""
    past = text.strip()
    if re.fullmatch("[0-9]{1,11}", past):
        return int(past)
    at = now - seconds(past.removesuffix(" ago")) if past.endswith(" ago") else -1
    if at < 0:
        raise BadAmount(f"{text!r} is not a time: write it as a Unix time, or as in '2 h ago'")
    return at


def span(length: int) -> str:
    """A length of time [s] for people: 3 d 4 h."""
    days, rest = divmod(max(length, 0), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(told[:2]) or "0 s"


def course(what: str, values: Sequence[int], clock: Clock, epoch: int) -> str:
    """A number of a mandate or an allocation in `epoch` and the next three, for people."""
    steps = [
        f"{percent(after)} from {moment(clock.start_of(epoch + ahead))} on"
        for ahead, (before, after) in enumerate(pairwise(values), 1)
        if before != after
    ]
    return ", ".join([f"{what}: {percent(values[0])} now", *(steps or ["and no change announced"])])


def terms_told(terms: Terms) -> str:
    """What a slash by an AVS is like, for people."""
    veto = f"{terms.resolver} may veto it for {span(terms.veto_period)}" if terms.veto_period else "nobody may veto it"
    burnt = terms.recipient == ZERO_ADDRESS
    return f"{terms.slasher} slashes; {veto}; slashed stake {'is burnt' if burnt else f'goes to {terms.recipient}'}"


def named(pool: Pool) -> dict[str, str]:
    """A pool, as JSON names it."""
    return {"vault": pool.vault.address, "symbol": pool.vault.symbol, "operator": pool.operator}


def unit_of(session: Session, token: str) -> Unit:
    """Of a token, by its address."""
    contract = Contract(TOKEN, session.protocol.address(token))
    symbol, decimals = session.protocol.chain.all(
        [contract.read(view, make=lambda value: value) for view in ("symbol", "decimals")]
    )
    return Unit(symbol, decimals)


def unit_shown(session: Session, token: str) -> Unit:
    """The same, of a token that is none too: anybody may have paid a pool in it."""
    try:
        return unit_of(session, token)
    except NotConnected:
        raise
    except CatenaryError:
        return Unit(f"wei of {token}", 0)


vault_option = click.option("--vault", "vault_name", required=True, help="The vault, by symbol or address.")
operator_option = click.option("--operator", required=True, help="The operator of the pool, by its address.")


def command(group: click.Group, *, sends: bool = False, **settings: Any) -> _Decorator:
    """
    A command of `group` that takes a `Session` first. All have --network, --deployment and --json, and those that send
    also --account, --yes and --simulate; those that read take --account to know who asks.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(
            network: str,
            deployment: Path | None,
            as_json: bool,
            account: str | None,
            yes: bool = False,
            simulate: bool = False,
            **words: Any,
        ) -> None:
            logger.set_level(LogLevel.ERROR)
            with errors_in_one_line(), connected(network):
                function(Session(Protocol.connect(deployment), as_json, yes, account, simulate), **words)

        options = [
            click.option("--network", envvar="CATENARY_NETWORK", default=LOCAL_NODE, show_default=True, help=_NETWORK),
            click.option("--deployment", type=click.Path(path_type=Path, dir_okay=False), help=_DEPLOYMENT),
            click.option("--account", envvar="CATENARY_ACCOUNT", help="An account of `ape accounts`, by its alias."),
            click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON."),
        ]
        if sends:
            options.append(click.option("--yes", is_flag=True, help="Send without asking."))
            options.append(click.option("--simulate", is_flag=True, help="Send nothing: show what it would change."))
        for option in reversed(options):
            run = option(run)
        return group.command(**settings)(run)

    return decorate


_NETWORK = "A local node's address, or a network of Ape's such as ethereum:sepolia:node."
_DEPLOYMENT = "A deployment file. Default: deployments/<network>.json here, or the one that ships with Catenary."


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Ends the command with one line that says what went wrong and what to do."""
    try:
        yield
    except BrokenPipeError:  # whoever reads the output has seen enough: click ends quietly
        raise
    except (NotConnected, NotMined) as error:
        raise _Ended(str(error), UNREACHABLE) from error
    except CatenaryError as error:
        raise _Ended(str(error), REFUSED) from error
    except KeyboardInterrupt as error:
        raise _Ended(f"interrupted. {error}".strip(), UNREACHABLE if error.args else REFUSED) from error
    except (requests.RequestException, ConnectionError) as error:
        raise _Ended(f"the node does not answer: {line(error)}", UNREACHABLE) from error
    except (ApeException, Web3Exception) as error:
        raise _Ended(line(error), REFUSED) from error


class _Ended(click.ClickException):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(plain(message))
        self.exit_code = code


def confirmed(question: str) -> bool:
    """Asks on standard error."""
    try:
        with redirect_stdout(sys.stderr):  # where click would write a space
            return click.confirm(question, err=True)
    except click.Abort:  # Ctrl-C, or nobody is there to answer
        click.echo(err=True)
        return False


def _unlock(account: AccountAPI) -> None:
    """Takes the passphrase from APE_ACCOUNTS_<alias>_PASSPHRASE or asks for it; the question is answered already."""
    keyfile: Any = account
    if hasattr(keyfile, "set_autosign"):
        try:
            keyfile.set_autosign(True)
        except (ApeException, click.Abort) as error:
            raise CatenaryError(
                f"{account.alias} stays locked, and nothing was sent: type its passphrase when asked, or put it into "
                f"APE_ACCOUNTS_{account.alias}_PASSPHRASE ({line(error) or 'nobody answered'})"
            ) from error
