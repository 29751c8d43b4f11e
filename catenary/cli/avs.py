"""For AVSs: how much stake is really mine, and how do I slash a liar?"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from catenary.avs import AVS, FLOORS, Average, Payment, SlashRequest, full_floor
from catenary.chain import Call, Contract
from catenary.cli.app import (
    Session,
    command,
    moment,
    moment_of,
    named,
    operator_option,
    span,
    table,
    terms_told,
    unit_of,
    vault_option,
)
from catenary.cli.group import avs
from catenary.contracts import TOKEN
from catenary.errors import BadAmount, UnknownName
from catenary.pool import AHEAD, Pool
from catenary.units import BPS, WAD, Unit, bps, percent, seconds
from catenary.values import ZERO_ADDRESS, Allocation, Amounts, Terms

_number = click.argument("number", metavar="AVS", type=int)
_request = click.argument("request_id", metavar="REQUEST")
_NO_PART = Allocation(0, 0)

# --- what is to be read ---


@command(avs)
@_number
def operators(session: Session, number: int) -> None:
    """Show the pools that opted in to AVS: its allocation of each, and whether the operator is admitted."""
    protocol = session.protocol.pinned
    one, epoch = protocol.avs(number), protocol.epoch
    terms, rows = one.terms, []
    for pool in one.pools:
        now, coming = (each.get(number, _NO_PART) for each in pool.allocations_at(epoch, epoch + AHEAD))
        admitted = one.is_admitted(pool.operator) if terms.by_admission else True
        rows.append((pool, now, coming, admitted))
    session.show(
        {
            "avs": number,
            "block": protocol.chain.number,
            "by_admission": terms.by_admission,
            "pools": [
                {**named(pool), "now": asdict(now), "announced": asdict(coming), "admitted": admitted}
                for pool, now, coming, admitted in rows
            ],
        },
        table(
            f"Pools of AVS {number}",
            ("operator", "vault", "guaranteed", "announced", "elastic", "announced", "admitted"),
            [
                (
                    pool.operator,
                    pool.vault.symbol,
                    *(percent(part) for part in (now.guaranteed, coming.guaranteed, now.elastic, coming.elastic)),
                    "yes" if admitted else "no",
                )
                for pool, now, coming, admitted in rows
            ],
        ),
    )


@command(avs)
@_number
def stake(session: Session, number: int) -> None:
    """Show the stake behind AVS, per pool: what it could slash now, what of it is safe, what others may use."""
    protocol = session.protocol.pinned
    stakes = protocol.avs(number).stakes
    vaults = {vault.address: vault for vault in protocol.vaults}
    session.show(
        {
            "avs": number,
            "block": protocol.chain.number,
            "time": protocol.chain.time,
            "stakes": [{**asdict(one), "symbol": vaults[one.vault].symbol} for one in stakes],
        },
        *(
            table(
                f"Stake in {vault.symbol}",
                ("operator", "in", *_COLUMNS.values()),
                [
                    row
                    for one in stakes
                    if one.vault == vault.address
                    for row in (
                        (one.operator, vault.symbol, *_shown(one.shares, vault.unit)),
                        ("", vault.asset_unit.symbol, *_shown(one.assets, vault.asset_unit)),
                    )
                ],
            )
            for vault in vaults.values()
            if any(one.vault == vault.address for one in stakes)
        ),
        *([_STAKE_NOTE] if stakes else [f"no pool has opted in to AVS {number}"]),
    )


_COLUMNS = {
    "slashable_guaranteed": "slashable, own",
    "slashable_elastic": "slashable, shared",
    "safe_guaranteed": "safe, own",
    "safe_elastic": "safe, shared",
    "others_elastic": "others may take of what is shared",
}
_STAKE_NOTE = (
    "Slashable: now, if nobody else is faster with what is shared. Safe: for an offence committed now and reported in "
    "time, whatever all others do. Base duties on what is safe. A vault that the AVS does not count shows nothing."
)


def _shown(amounts: Amounts, unit: Unit) -> list[str]:
    return [unit.show(getattr(amounts, column)).removesuffix(f" {unit.symbol}") for column in _COLUMNS]


@command(avs)
@_number
def requests(session: Session, number: int) -> None:
    """Show the open slash requests of AVS, and until when they can be vetoed, executed, and lapse."""
    protocol = session.protocol.pinned
    found = protocol.avs(number).open_requests
    symbols = {vault.address: vault.symbol for vault in protocol.vaults}
    now = protocol.chain.time
    session.show(
        {
            "avs": number,
            "block": protocol.chain.number,
            "time": now,
            "requests": [_request_data(one, amount) for one, amount in found.items()],
        },
        table(
            f"Open slash requests of AVS {number}",
            ("id", "operator", "vault", "open", "offence", "can be executed", "lapses after"),
            [
                (
                    one.id,
                    one.operator,
                    symbols[one.vault],
                    _of_retained(amount),
                    moment(one.offence_at),
                    "now"
                    if one.veto_until <= now
                    else f"{moment(one.veto_until)}, in {span(one.veto_until - now)}; until then it can be vetoed",
                    moment(one.lapses_after),
                )
                for one, amount in found.items()
            ],
        ),
    )


# --- what owners do ---


@command(avs, sends=True)
@click.option("--slasher", help="Who may report offences and take requests back. Default: --account.")
@click.option("--owner", help="Who admits, ejects, and says which vaults count. Default: --account.")
@click.option(
    "--veto-period", default="0", help="How long the resolver may veto, as '1 d'. Default: a slash is at once."
)
@click.option("--resolver", help="Who may veto; if and only if there is a veto period.")
@click.option("--recipient", help="Who receives slashed vault shares. Default: they are burnt.")
@click.option("--by-admission", is_flag=True, help="The owner admits operators one by one.")
@click.option("--hook", help="A contract that is asked at each opt-in.")
@click.option("--uri", default="", help="Where to read about it; is written to the chain's log only.")
def register(
    session: Session,
    slasher: str | None,
    owner: str | None,
    veto_period: str,
    resolver: str | None,
    recipient: str | None,
    by_admission: bool,
    hook: str | None,
    uri: str,
) -> None:
    """Register an AVS. Its terms are fixed for good; other terms need another AVS."""
    terms = Terms(
        slasher=session.address(slasher),
        owner=session.address(owner),
        veto_period=seconds(veto_period),
        resolver=session.address(resolver) if resolver else ZERO_ADDRESS,
        recipient=session.address(recipient) if recipient else ZERO_ADDRESS,
        by_admission=by_admission,
        hook=session.address(hook) if hook else ZERO_ADDRESS,
    )
    registry = session.protocol.registry
    session.send(
        [
            f"register an AVS of {terms.owner}, on terms that are fixed for good:",
            terms_told(terms),
            "it can have a guaranteed part of pools only, as slashed stake goes to a recipient"
            if recipient
            else "it can have guaranteed and elastic parts of pools, as slashed stake is burnt",
            "its owner admits operators one by one" if by_admission else "any operator may opt in",
            f"the hook {hook} is asked at each opt-in" if hook else "no hook is asked",
            "then `catenary avs vault` says which vaults count: none does so far",
        ],
        [session.protocol.register_avs(terms, uri)],
        outcome=lambda receipt: {"avs": registry.said("AVSRegistered", receipt)[0]["avs"]},
    )


@command(avs, sends=True)
@_number
@click.argument("operator")
@click.option("--revoke", is_flag=True, help="Take the admission back; that ends no allocation.")
def admit(session: Session, number: int, operator: str, revoke: bool) -> None:
    """Say that OPERATOR may opt in to AVS."""
    who = session.address(operator)
    session.send(
        [f"{who} may {'no longer ' if revoke else ''}opt in to AVS {number}"],
        [session.protocol.avs(number).admit(who, not revoke)],
    )


@command(avs, sends=True)
@_number
@vault_option
@operator_option
def eject(session: Session, number: int, vault_name: str, operator: str) -> None:
    """Announce that a pool leaves AVS, and end the operator's admission."""
    pool = _pool(session, vault_name, operator)
    clock, epoch = session.protocol.clock, session.protocol.epoch
    now = pool.allocations.get(number, _NO_PART)
    session.send(
        [
            f"announce that the pool of {pool.operator} in {pool.vault.symbol} leaves AVS {number}; its admission ends",
            f"it has {percent(now.guaranteed)} guaranteed and {percent(now.elastic)} elastic, which the AVS can slash "
            f"until {moment(clock.start_of(epoch + 2))}",
        ],
        [session.protocol.avs(number).eject(pool)],
    )


@command(avs, sends=True)
@_number
@click.argument("vault_name", metavar="VAULT")
@click.option("--ignore", is_flag=True, help="It no longer counts.")
def vault(session: Session, number: int, vault_name: str, ignore: bool) -> None:
    """Say that VAULT, by symbol or address, counts for AVS: that binds at opt-in, and in what `stake` shows."""
    one = session.protocol.vault(vault_name)
    session.send(
        [
            f"{one.symbol} no longer counts for AVS {number}: its pools cannot opt in, and show no stake; their "
            "allocations stay, and can be slashed"
            if ignore
            else f"{one.symbol} counts for AVS {number}: its pools may opt in"
        ],
        [session.protocol.avs(number).count(one.address, not ignore)],
    )


# --- what slashers and resolvers do ---


@command(avs, sends=True)
@_number
@click.argument("amount")
@vault_option
@operator_option
@click.option("--offence-at", required=True, help="When it was committed: a Unix time, or as '2 h ago'.")
@click.option("--evidence", required=True, help="A file, or a text; its hash is written to the chain.")
@click.option("--uri", default="", help="Where to find the evidence; is written to the chain's log only.")
def slash(
    session: Session,
    number: int,
    amount: str,
    vault_name: str,
    operator: str,
    offence_at: str,
    evidence: str,
    uri: str,
) -> None:
    """Ask for AMOUNT of a pool: '5 %' of what it retains, or as much as is worth '10 cWETH'."""
    pool, one = _pool(session, vault_name, operator), session.protocol.avs(number)
    wanted, terms = _wanted(pool, amount), one.terms
    at = moment_of(offence_at, session.protocol.chain.time)
    proof, kind = _evidence(evidence)
    call = one.slash(pool, wanted, at, proof, uri)
    slashing = session.protocol.slashing
    session.send(
        [
            f"ask to lower `retained` of the pool of {pool.operator} in {pool.vault.symbol}, {pool.retained / WAD:.6g} "
            f"now, by {wanted / WAD:.6g}, for an offence on {moment(at)}",
            f"its evidence is {kind}, {len(proof):,} bytes, of which the hash is written to the chain",
            *_consequences(session, one, pool, wanted, terms),
        ],
        [call],
        outcome=lambda receipt: {
            "request": slashing.said("SlashRequested", receipt)[0]["id"],
            "taken": [_slashed(said) for said in slashing.said("Slashed", receipt)],
        },
    )


@command(avs, sends=True)
@_request
def veto(session: Session, request_id: str) -> None:
    """End REQUEST, by its id, within its veto period. Only the AVS's resolver."""
    one = session.protocol.request(request_id)
    session.send([f"veto {_told(session, one)}: it ends, and takes nothing"], [one.veto()])


@command(avs, sends=True)
@_request
def take_back(session: Session, request_id: str) -> None:
    """Take REQUEST back, by its id. Only the AVS's slasher."""
    one = session.protocol.request(request_id)
    session.send([f"take back {_told(session, one)}: it ends, and takes nothing more"], [one.take_back()])


@command(avs, sends=True)
@_request
def execute(session: Session, request_id: str) -> None:
    """Execute REQUEST, by its id, once its veto period is over. Anyone may."""
    one = session.protocol.request(request_id)
    slashing = session.protocol.slashing
    by = session.protocol.avs(one.avs)
    session.send(
        [
            f"execute {_told(session, one)}, as far as the loss budget of this epoch goes",
            *_taking(by, one.pool, one.open_amount, by.terms),
        ],
        [one.execute()],
        outcome=lambda receipt: {"taken": [_slashed(said) for said in slashing.said("Slashed", receipt)]},
    )


# --- what payers do ---

_COLUMN = click.Choice(["guaranteed", "elastic", "safe-guaranteed", "safe-elastic"])
_token = click.option("--token", required=True, help="What is paid in, by its address.")
_floor = click.option(
    "--floor",
    type=click.IntRange(*FLOORS),
    help="From 16 to 59. Default: the highest with which the pool is paid in full, now.",
)


@command(avs, sends=True)
@_number
@click.argument("amount")
@_token
@vault_option
@click.option("--operator", help="Pay the pool of this operator only. Default: all pools of the AVS in the vault.")
@click.option(
    "--by", "column", type=_COLUMN, default="guaranteed", show_default=True, help="By which stake to share it."
)
@_floor
def pay(
    session: Session,
    number: int,
    amount: str,
    token: str,
    vault_name: str,
    operator: str | None,
    column: str,
    floor: int | None,
) -> None:
    """
    Pay AMOUNT, as '100 ARC', to pools for the epoch just finished: to one, or to all of AVS in a vault by their stake.

    A floor f bounds what a share-second can earn to amount / 4^f, so that nobody takes a whole payment with a tiny
    stake: a pool that collects fewer than 4^f share-seconds in the epoch is paid in proportion, and the rest is not
    taken.
    """
    protocol = session.protocol
    unit, one, stakes = unit_of(session, token), protocol.avs(number), protocol.vault(vault_name)
    total, epoch = unit.parse(amount), protocol.epoch - 1
    if operator:
        parts = {stakes.pool(operator): total}
    else:
        averages = [each for each in one.averages if each.vault == stakes.address]
        weights = {stakes.pool(each.operator): _weight(each, column) for each in averages}
        if not sum(weights.values()):
            raise UnknownName(
                f"AVS {number} had no {column} stake in {stakes.symbol} in epoch {epoch}: name an --operator"
            )
        parts = {pool: total * weight // sum(weights.values()) for pool, weight in weights.items()}
    collected = {pool: pool.collected(epoch) for pool, part in parts.items() if part}
    if not any(collected.values()):
        raise UnknownName(f"nobody had stake there in epoch {epoch}, so nobody would be paid: pay for a later epoch")
    payments = [
        Payment(pool.operator, stakes.address, parts[pool], full_floor(there) if floor is None else floor)
        for pool, there in collected.items()
    ]
    session.send(
        [
            f"pay for epoch {epoch}, which is over; whoever had stake in it is paid by how much and how long:",
            *(
                f"{unit.show(each.amount, places=18)} to the pool of {each.operator}; {_floor_told(each.floor, there)}"
                for each, there in zip(payments, collected.values(), strict=True)
            ),
        ],
        [*_approval(session, one, token, sum(each.amount for each in payments)), one.pay(token, epoch, payments)],
        outcome=lambda receipt: {
            "paid": [
                {name: said[name] for name in ("operator", "vault", "token", "epoch", "amount", "commission")}
                for said in protocol.rewards.said("Paid", receipt)
            ]
        },
    )


@command(avs, sends=True)
@_number
@click.argument("amount")
@_token
@vault_option
@operator_option
@click.option(
    "--epochs",
    type=click.IntRange(1, 256),
    required=True,
    help="For so many epochs, from the next one on; from 1 to 256.",
)
@_floor
def stream(
    session: Session,
    number: int,
    amount: str,
    token: str,
    vault_name: str,
    operator: str,
    epochs: int,
    floor: int | None,
) -> None:
    """Pay AMOUNT, as '100 ARC', to a pool for each of a run of epochs; all of it is taken now."""
    pool, one = _pool(session, vault_name, operator), session.protocol.avs(number)
    unit = unit_of(session, token)
    each, protocol = unit.parse(amount), session.protocol
    coming = pool.pool_shares[0] * protocol.clock.length
    chosen = full_floor(coming) if floor is None else floor
    first = protocol.epoch + 1
    session.send(
        [
            f"pay {unit.show(each, places=18)} to the pool of {pool.operator} in {pool.vault.symbol} for each of "
            f"{epochs} epochs, from epoch {first} on, which begins on {moment(protocol.clock.start_of(first))}: "
            f"{unit.show(each * epochs, places=18)} in all are taken now",
            f"if the stake stays as it is: {_floor_told(chosen, coming)}",
            "it can be cancelled from the next epoch on, by `catenary avs cancel-stream`",
        ],
        [*_approval(session, one, token, each * epochs), one.stream(pool, token, each, chosen, epochs)],
        outcome=lambda receipt: {"stream": protocol.rewards.said("StreamOpened", receipt)[0]["id"]},
    )


@command(avs, sends=True)
@_number
@click.argument("number_of_stream", metavar="STREAM", type=int)
@click.option("--receiver", help="Who receives what it gives back. Default: --account.")
def cancel_stream(session: Session, number: int, number_of_stream: int, receiver: str | None) -> None:
    """End a stream of --account with the current epoch."""
    to = session.address(receiver)
    rewards = session.protocol.rewards
    session.send(
        [f"end stream {number_of_stream} with the current epoch; what was for later ones goes to {to}"],
        [session.protocol.avs(number).cancel_stream(number_of_stream, to)],
        outcome=lambda receipt: {"returned": rewards.said("StreamCancelled", receipt)[0]["returned"]},
    )


# --- words ---


def _pool(session: Session, vault_name: str, operator: str) -> Pool:
    return session.protocol.vault(vault_name).pool(session.address(operator))


def _of_retained(amount: int) -> str:
    """An amount of `retained`, which is 1 at a pool's birth [wad]."""
    return f"{amount / WAD:.6g} of `retained`"


def _wanted(pool: Pool, amount: str) -> int:
    """A fraction of what is retained, or the least that moves so many vault shares [wad]."""
    if amount.strip().endswith(("%", "bps")):
        return pool.retained * bps(amount) // BPS
    shares, there = pool.vault.unit.parse(amount), sum(pool.pool_shares)
    if shares * WAD > there * pool.retained:
        most = pool.vault.unit.show(there * pool.retained // WAD)
        raise BadAmount(
            f"{amount!r} is more than the {most} that the pool and its open tickets are worth: ask for less"
        )
    return -(-shares * WAD // there)


def _evidence(text: str) -> tuple[bytes, str]:
    """With what it was taken for: of a file whose name is mistyped, the name would be hashed."""
    path = Path(text)
    try:
        return (path.read_bytes(), f"the file {path}") if path.is_file() else (text.encode(), f"the text {text!r}")
    except OSError as error:
        raise UnknownName(f"the evidence {text} cannot be read: {error.strerror}") from None


def _consequences(session: Session, one: AVS, pool: Pool, wanted: int, terms: Terms) -> list[str]:
    if not terms.veto_period:
        return _taking(one, pool, wanted, terms)
    clock, now = session.protocol.clock, session.protocol.chain.time
    until = now + terms.veto_period
    return [
        f"{terms.resolver} may veto it until {moment(until)}; from then on anyone may execute it, until "
        f"{moment(until + clock.execute_window)}; then it lapses",
        "it reserves nothing; executed as things stand now:",
        *_taking(one, pool, wanted, terms),
    ]


def _taking(one: AVS, pool: Pool, wanted: int, terms: Terms) -> list[str]:
    """What a slash takes from whom."""
    taking = one.taking(pool, wanted)
    whole = sum(pool.pool_shares)
    show = pool.vault.unit.show
    granted = taking.guaranteed + taking.elastic
    place = "burnt" if terms.recipient == ZERO_ADDRESS else f"sent to {terms.recipient}"
    sentences = [
        f"{_of_retained(granted)} is granted: {_of_retained(taking.guaranteed)} out of the guaranteed part of AVS "
        f"{one.number}, {_of_retained(taking.elastic)} out of what is shared",
        f"of {show(whole * pool.retained // WAD)} in the pool and its open tickets {show(taking.shares)} is {place}",
    ]
    if granted < wanted:
        sentences.append(f"{_of_retained(wanted - granted)} stays open until the request lapses")
    sentences += [
        f"AVS {avs} can take {show(whole * lost // WAD)} less of what is shared in this epoch"
        for avs, lost in taking.from_others.items()
    ]
    return sentences


def _told(session: Session, one: SlashRequest) -> str:
    symbol = session.protocol.vault(one.vault).symbol
    return f"the request of AVS {one.avs} for {_of_retained(one.open_amount)} of the pool of {one.operator} in {symbol}"


def _request_data(one: SlashRequest, amount: int) -> dict[str, Any]:
    words = ("avs", "operator", "vault", "amount", "offence_at", "requested_at", "evidence", "uri")
    return {
        "id": one.id,
        **{word: getattr(one, word) for word in words},
        "open_amount": amount,
        "veto_until": one.veto_until,
        "lapses_after": one.lapses_after,
    }


def _slashed(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("guaranteed", "elastic", "shares", "recipient")}


def _weight(average: Average, column: str) -> int:
    weight: int = getattr(average, column.replace("-", "_"))
    return weight


def _floor_told(floor: int, share_seconds: int) -> str:
    """What a floor means for a pool that collects so many share-seconds."""
    part = min(1.0, share_seconds / 4**floor)
    paid = "in full" if part == 1 else f"{part:.4%} of it"
    return f"with floor {floor} it is paid {paid}, and a share-second earns at most a 4^{floor}th of it"


def _approval(session: Session, one: AVS, token: str, amount: int) -> list[Call]:
    """Lets the distributor take it, if it may not yet."""
    owner, distributor = session.account.address, session.protocol.rewards.address
    allowed = session.protocol.chain.get(Contract(TOKEN, token).read("allowance", owner, distributor, make=int))
    return [] if allowed >= amount else [one.approve(token, amount)]
