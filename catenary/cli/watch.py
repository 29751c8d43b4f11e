"""For all: what happened, and what happens."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from catenary.cli.app import REFUSED, Session, command, moment, plain
from catenary.cli.group import cli
from catenary.errors import NotConnected, UnknownName
from catenary.history import History
from catenary.protocol import Protocol
from catenary.watch import Interest, Watch, Webhook
from catenary.watch.outbox import Message
from catenary.watch.telling import kinds, tell
from catenary.watch.watch import Units, default_file


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help=_FILE),
        click.option("--avs", type=int, help="Only what names this AVS, or pools with an allocation to it."),
        click.option("--operator", help="Only what this operator's pools have to do with."),
        click.option("--staker", help="Only what a staker has to do with, and what the staker loses."),
    ):
        function = option(function)
    return function


_FILE = "Where the history is kept. Default: one for each deployment, in Ape's data folder."


@command(cli)
@_filters
@click.option("--vault", "vault_name", help="Only what has to do with a vault, by symbol or address.")
@click.option("--kind", "names", multiple=True, help="Only events of this name, as Slashed; may be repeated.")
@click.option("--from-epoch", type=int, default=0, help="Only from this epoch on.")
def history(
    session: Session,
    staker: str | None,
    operator: str | None,
    avs: int | None,
    file: Path | None,
    vault_name: str | None,
    names: tuple[str, ...],
    from_epoch: int,
) -> None:
    """
    Show what happened: the time, the epoch, the transaction and a sentence for each event.

    To a staker also happens what happens to the pools in which it has stake; it is said what it lost in each slash.
    Transfers and approvals of vault shares are shown with --kind only.
    """
    interest = _interest(session, staker, operator, avs)
    known = kinds()
    for name in names:
        if name.lower() not in known:
            raise UnknownName(f"there is no event {name!r}: choose from {', '.join(sorted(known.values()))}")
    vault = session.protocol.vault(vault_name).address if vault_name else None
    with _opened(session.protocol, file) as past:
        with _bar() as progress:
            past.sync(progress=progress)
        chosen = frozenset(known[name.lower()] for name in names)
        found = tell(past, Units(session.protocol), interest, vault=vault, names=chosen, from_epoch=from_epoch)
        if session.as_json:
            session.show({"block": past.tip, "events": [each.data() for each in found]})
            return
        nothing = True
        for each in found:
            nothing = False
            told = f"{moment(each.event.time)}  epoch {each.epoch}  {each.event.transaction}  {each.sentence}"
            click.echo(plain(told))
        if nothing:
            click.echo("nothing of that kind happened")


@command(cli)
@_filters
@click.option("--webhook", envvar="CATENARY_WEBHOOK", help="Post each alert there, as JSON. Better in the environment.")
@click.option("--from-block", type=int, help="Begin with this block. Default: where it stopped, or now.")
@click.option("--once", is_flag=True, help="End after the latest block, rather than wait for others.")
@click.option("--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Look so often [s].")
def watch(
    session: Session,
    staker: str | None,
    operator: str | None,
    avs: int | None,
    file: Path | None,
    webhook: str | None,
    from_block: int | None,
    once: bool,
    every: float,
) -> None:
    """
    Say what somebody should know: slash requests, slashes, mandates and allocations that are announced, loss budgets
    four fifths used, pauses, other owners.

    One line for each alert, with --json one line of JSON. It ends with Ctrl-C, and goes on next time where it stopped;
    what could not be posted by then is posted next time.
    """
    interest = _interest(session, staker, operator, avs)
    if webhook is not None and not webhook.startswith(("http://", "https://")):
        raise UnknownName("the webhook is not a URL: it begins with http:// or https://")
    with _opened(session.protocol, file) as past:
        watcher = Watch(past, interest, Webhook(webhook) if webhook else None)
        try:
            if from_block is not None:
                watcher.begin(from_block - 1)
            with _Stop() as stop:
                _follow(session, watcher, stop, once=once, every=every)
            if watcher.waiting:
                wrong = watcher.post(at_once=True)
            if watcher.waiting:
                click.echo(
                    f"{watcher.waiting} alerts are not posted, as {wrong or 'somebody else does so'}: the next "
                    "`catenary watch` with the same filters tries again",
                    err=True,
                )
                raise SystemExit(REFUSED)
        finally:
            watcher.close()


def _follow(session: Session, watcher: Watch, stop: "_Stop", *, once: bool, every: float) -> None:
    with _bar() as progress:

        def at_each_step(done: int, total: int, events: int) -> None:
            progress(done, total, events)
            stop.now_if_asked()

        _say(session, watcher.look(at_each_step))
    away, failing = False, False
    if not once:
        click.echo(f"watching from block {watcher.history.tip} on; Ctrl-C ends it", err=True)
    while True:
        wrong = watcher.post(at_once=once)
        if wrong and not failing:
            click.echo(f"{wrong}: {watcher.waiting} alerts wait, and are tried again", err=True)
        elif failing and not watcher.waiting:
            click.echo("the webhook is back: all alerts are posted", err=True)
        failing = bool(watcher.waiting) and (failing or wrong is not None)
        if once:
            return
        stop.wait(every)
        try:
            _say(session, watcher.look())
        except NotConnected as error:
            if not away:
                click.echo(f"{error}; waiting for it", err=True)
            away = True
            continue
        if away:
            click.echo(f"the node is back: going on, now at block {watcher.history.tip}", err=True)
        away = False


def _say(session: Session, news: list[Message]) -> None:
    for message in news:
        if session.as_json:
            click.echo(json.dumps(message))
        else:
            click.echo(plain(f"{moment(message['time'])}  {message['severity'].upper()}  {message['sentence']}"))


def _interest(session: Session, staker: str | None, operator: str | None, avs: int | None) -> Interest:
    """Checked: an alert that never comes because of a mistyped name would not be missed."""
    protocol = session.protocol
    return Interest(
        session.address(staker) if staker else None,
        session.address(operator) if operator else None,
        protocol.avs(avs).number if avs is not None else None,
    )


@contextmanager
def _opened(protocol: Protocol, file: Path | None) -> Iterator[History]:
    with History(file or default_file(protocol.deployment), protocol.deployment) as past:
        yield past


@contextmanager
def _bar() -> Iterator[Callable[[int, int, int], None]]:
    """A progress bar on a terminal, beside what is printed."""
    columns: tuple[Any, ...] = (
        TextColumn("reading the chain"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %, {task.fields[events]:,} events"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("", events=0, total=None, visible=False)

        def progress(done: int, total: int, events: int) -> None:
            shown.update(task, completed=done, total=total, events=events, visible=True)

        yield progress


class _Stop:
    """
    Asked for by Ctrl-C or SIGTERM, and done between two looks, so that nothing is left half said; the second time at
    once. Ends the `with` that it stands in.
    """

    def __init__(self) -> None:
        self._asked, self._idle = False, False

    def __enter__(self) -> "_Stop":
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        return kind is KeyboardInterrupt

    def _ask(self, *_: Any) -> None:
        if self._asked or self._idle:
            raise KeyboardInterrupt
        self._asked = True

    def now_if_asked(self) -> None:
        if self._asked:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        self.now_if_asked()
        self._idle = True
        try:
            time.sleep(seconds)
        finally:
            self._idle = False
