"""For operators: what may I still take on?"""

from dataclasses import asdict
from typing import Any

import click
from rich.table import Table

from catenary.cli.app import (
    Session,
    command,
    course,
    moment,
    named,
    span,
    table,
    terms_told,
    unit_shown,
    vault_option,
)
from catenary.cli.group import operator
from catenary.errors import CatenaryError, ContractError, UnknownName
from catenary.operator import Operator
from catenary.pool import AHEAD, Pool
from catenary.units import WAD, bps, percent, seconds
from catenary.values import Allocation, Mandate, announced

_avs = click.argument("number", metavar="AVS", type=int)
_NO_PART = Allocation(0, 0)
_PARTS = ("guaranteed", "elastic")


@command(operator)
@click.argument("address", metavar="[OPERATOR]", required=False)
def status(session: Session, address: str | None) -> None:
    """Show the pools of OPERATOR, or --account: what is promised, announced, allocated, and what may be taken on."""
    protocol = session.protocol.pinned
    one = protocol.operator(session.address(address))
    if not one.is_registered:
        raise UnknownName(f"{one.address} is not registered as an operator: `catenary operator register` does it")
    pools = {pool: _status(pool) for pool in one.pools}
    session.show(
        {
            "operator": one.address,
            "block": protocol.chain.number,
            "time": protocol.chain.time,
            "epoch": protocol.epoch,
            "pools": list(pools.values()),
        },
        *(part for pool, data in pools.items() for part in _told(session, pool, data)),
        *([] if pools else [f"{one.address} has no pool: `catenary operator open-pool` opens one"]),
    )


def _status(pool: Pool) -> dict[str, Any]:
    epoch = pool.protocol.epoch
    mandates = pool.mandates
    now, *_, coming = pool.allocations_at(*range(epoch, epoch + AHEAD + 1))
    retained, (live, leaving) = pool.retained, pool.pool_shares
    return {
        **named(pool),
        "mandate": asdict(mandates[0]),
        "announced": asdict(mandates[-1]),
        "room": pool.room,
        "allocations": [{"avs": avs, "now": asdict(now[avs]), "announced": asdict(coming[avs])} for avs in now],
        "changes": [{**asdict(change), "loosens": change.loosens} for change in pool.changes],
        "retained": retained,
        "pool_shares": live,
        "value": live * retained // WAD,
        "leaving_pool_shares": leaving,
        "leaving_value": leaving * retained // WAD,
        "open_requests": [
            {"id": request.id, "avs": request.avs, "amount": amount}
            for request, amount in pool.protocol.open_amounts(pool.requests).items()
        ],
        "commission_to_claim": [{"token": token, "amount": amount} for token, amount in pool.commission.items()],
    }


def _told(session: Session, pool: Pool, data: dict[str, Any]) -> list[Table | str]:
    mandate, unit = data["mandate"], pool.vault.unit
    now = pool.protocol.chain.time
    parts: list[Table | str] = [
        f"pool in {pool.vault.symbol}: {unit.show(data['value'])} delegated, and {unit.show(data['leaving_value'])} in "
        f"tickets that have not matured; retained after all slashes so far: {data['retained'] / 10**16:.6g} %",
        f"  loss budget {percent(mandate['loss_budget'])} an epoch, commission {percent(mandate['commission'])}, veto "
        f"periods of {span(mandate['veto_period'])} or more",
        f"  room: {percent(data['room'])} more of it can be guaranteed now; elastic parts have no limit",
        table(
            "  allocations",
            ("AVS", "guaranteed", "announced", "elastic", "announced"),
            [
                (str(each["avs"]), *(percent(each[when][part]) for part in _PARTS for when in ("now", "announced")))
                for each in data["allocations"]
            ],
        ),
    ]
    parts += [
        f"  {change['what']}: {percent(change['before'])} to {percent(change['after'])} on {moment(change['at'])}, in "
        f"{span(change['at'] - now)}"
        for change in data["changes"]
    ]
    parts += [
        f"  open slash request {each['id']} of AVS {each['avs']}: {each['amount'] / WAD:.6g} of `retained`"
        for each in data["open_requests"]
    ]
    parts += [
        f"  commission to claim: {unit_shown(session, each['token']).show(each['amount'])}, token {each['token']}"
        for each in data["commission_to_claim"]
    ]
    return parts


# --- what operators do ---


@command(operator, sends=True)
@click.option("--uri", default="", help="Where to read about it; is written to the chain's log only.")
def register(session: Session, uri: str) -> None:
    """Register --account as an operator, once."""
    session.send(
        [f"register {session.account.address} as an operator; then it can open pools"],
        [session.protocol.register_operator(uri)],
    )


@command(operator, sends=True)
@vault_option
@click.option("--loss-budget", required=True, help="The most that all AVSs can slash in an epoch, as '20 %'.")
@click.option("--commission", required=True, help="Your part of the rewards, as '10 %' or '1000 bps'.")
@click.option("--veto-period", default="0", help="The shortest that you accept from an AVS, as '1 d'. Default: any.")
def open_pool(session: Session, vault_name: str, loss_budget: str, commission: str, veto_period: str) -> None:
    """Open the pool of --account in a vault."""
    vault = session.protocol.vault(vault_name)
    mandate = Mandate(bps(loss_budget), bps(commission), seconds(veto_period))
    session.send(
        [
            f"open a pool in {vault.symbol}: loss budget {percent(mandate.loss_budget)} an epoch, all AVSs together, "
            f"commission {percent(mandate.commission)}; both can be changed at once until somebody delegates to it",
            f"it accepts AVSs with veto periods of {span(mandate.veto_period)} or more: that is fixed for good",
        ],
        [session.protocol.operator(session.account.address).open_pool(vault.address, mandate)],
    )


@command(operator, sends=True)
@vault_option
@click.option("--loss-budget", help="As '20 %'. Default: as announced last.")
@click.option("--commission", help="As '10 %' or '1000 bps'. Default: as announced last.")
def mandate(session: Session, vault_name: str, loss_budget: str | None, commission: str | None) -> None:
    """Announce a mandate: what falls is in force in two epochs, what rises in three."""
    if loss_budget is None and commission is None:
        raise UnknownName("name what to announce, by --loss-budget or --commission")
    one, pool = _mine(session, vault_name)
    mandates = pool.mandates
    budget = mandates[-1].loss_budget if loss_budget is None else bps(loss_budget)
    part = mandates[-1].commission if commission is None else bps(commission)
    call = one.announce(vault_name, budget, part)
    if pool.ever_delegated:
        sentences = _announcement(
            session,
            {
                "loss budget": ([each.loss_budget for each in mandates], budget),
                "commission": ([each.commission for each in mandates], part),
            },
        )
    else:
        sentences = [
            f"nobody has delegated to the pool: loss budget {percent(budget)} and commission {percent(part)} at once"
        ]
    session.send([f"announce a mandate for the pool in {pool.vault.symbol}", *sentences], [call])


@command(operator, sends=True)
@_avs
@vault_option
@click.option("--guaranteed", default="0 %", help="The part that no other AVS can touch, as '5 %'.")
@click.option("--elastic", default="0 %", help="The part out of what is shared, as '10 %' or '1000 bps'.")
@click.option("--data", default="0x", help="For the AVS's hook, as hexadecimal.")
def opt_in(session: Session, number: int, vault_name: str, guaranteed: str, elastic: str, data: str) -> None:
    """Opt the pool of --account in to an AVS, with a first allocation."""
    one, pool = _mine(session, vault_name)
    terms = session.protocol.avs(number).terms
    first = Allocation(bps(guaranteed), bps(elastic))
    try:
        raw = bytes.fromhex(data.removeprefix("0x"))
    except ValueError:
        raise UnknownName(f"{data!r} is not hexadecimal: write --data as in 0x01ff") from None
    session.send(
        [
            f"opt the pool in {pool.vault.symbol} in to AVS {number}",
            f"its terms are fixed for good: {terms_told(terms)}",
            *_allocation(session, pool, number, first),
        ],
        [one.opt_in(number, vault_name, first.guaranteed, first.elastic, raw)],
    )


@command(operator, sends=True)
@_avs
@vault_option
@click.option("--guaranteed", help="As '5 %'. Default: as announced last.")
@click.option("--elastic", help="As '10 %' or '1000 bps'. Default: as announced last.")
def allocate(session: Session, number: int, vault_name: str, guaranteed: str | None, elastic: str | None) -> None:
    """Announce another allocation to an AVS: what falls is in force in two epochs, what rises in three."""
    if guaranteed is None and elastic is None:
        raise UnknownName("name what to announce, by --guaranteed or --elastic")
    one, pool = _mine(session, vault_name)
    (last,) = pool.allocations_at(session.protocol.epoch + AHEAD)
    before = last.get(number, _NO_PART)
    after = Allocation(
        before.guaranteed if guaranteed is None else bps(guaranteed),
        before.elastic if elastic is None else bps(elastic),
    )
    session.send(
        [
            f"announce an allocation of the pool in {pool.vault.symbol} to AVS {number}",
            *_allocation(session, pool, number, after),
        ],
        [one.allocate(number, vault_name, after.guaranteed, after.elastic)],
    )


@command(operator, sends=True)
@_avs
@vault_option
def opt_out(session: Session, number: int, vault_name: str) -> None:
    """Announce that the pool of --account leaves an AVS. Nobody can refuse it."""
    one, pool = _mine(session, vault_name)
    clock, epoch = session.protocol.clock, session.protocol.epoch
    session.send(
        [
            f"announce that the pool in {pool.vault.symbol} leaves AVS {number}",
            *_allocation(session, pool, number, _NO_PART),
            f"until {moment(clock.start_of(epoch + 2))} it can slash as before",
        ],
        [one.opt_out(number, vault_name)],
    )


@command(operator, sends=True)
@click.option("--vault", "vault_name", help="Only of the pool in this vault.")
@click.option("--receiver", help="Who receives it. Default: the operator.")
def claim_commission(session: Session, vault_name: str | None, receiver: str | None) -> None:
    """Claim the commission of --account, of all its pools and tokens."""
    one = session.protocol.operator(session.account.address)
    to = session.address(receiver) if receiver else one.address
    pools = [one.pool(vault_name)] if vault_name else one.pools
    found = [(pool, token, amount) for pool in pools for token, amount in pool.commission.items()]
    if not found:
        raise UnknownName(f"{one.address} has no commission to claim: that of an epoch can be claimed once it is over")
    claims, left_out = {}, []
    for pool, token, amount in found:
        call = one.claim_commission(pool.vault.address, token, to)
        try:
            call.check(session.account)
        except ContractError as error:  # anybody may have paid in a token that cannot be sent
            left_out.append(f"token {token} cannot be claimed to {to}, and is left out: {error}")
            continue
        what = f"claim {unit_shown(session, token).show(amount)}, token {token}, of commission of the pool in "
        claims[f"{what}{pool.vault.symbol} to {to}"] = call
    if not claims:
        raise CatenaryError(" ".join(left_out))
    session.send([*left_out, *claims], [*claims.values()])


# --- words ---


def _mine(session: Session, vault_name: str) -> tuple[Operator, Pool]:
    one = session.protocol.operator(session.account.address)
    return one, one.pool(vault_name)


def _allocation(session: Session, pool: Pool, avs: int, after: Allocation) -> list[str]:
    epoch = session.protocol.epoch
    lanes = [each.get(avs, _NO_PART) for each in pool.allocations_at(*range(epoch, epoch + AHEAD + 1))]
    return _announcement(
        session,
        {
            "guaranteed part": ([each.guaranteed for each in lanes], after.guaranteed),
            "elastic part": ([each.elastic for each in lanes], after.elastic),
        },
    )


def _announcement(session: Session, numbers: dict[str, tuple[list[int], int]]) -> list[str]:
    """What announcing numbers changes, and when; each with what it is in this and the next epochs so far."""
    clock, epoch = session.protocol.clock, session.protocol.epoch
    sentences = [course(what, announced(values, value), clock, epoch) for what, (values, value) in numbers.items()]
    if any(value > announced(values, value)[-2] for values, value in numbers.values()):
        out = moment(clock.start_of(epoch + AHEAD - 1))
        sentences.append(f"who undelegates before {out} is out before anything rises")
    return sentences
