"""For stakers: what can I lose, to whom, by when can I be out?"""

from dataclasses import asdict
from typing import Any

import click
from rich.table import Table

from catenary.chain import Call
from catenary.cli.app import (
    Session,
    command,
    moment,
    named,
    operator_option,
    span,
    table,
    unit_shown,
    vault_option,
)
from catenary.cli.group import cli
from catenary.errors import CatenaryError, UnknownName
from catenary.pool import Payout, Pool, Ticket
from catenary.units import ETHER, percent
from catenary.values import ZERO_ADDRESS, Accepted, Exposure, Mandate

_KINDS = {"assets": Payout.ASSETS, "ether": Payout.ETHER, "shares": Payout.VAULT_SHARES}


@command(cli)
@click.argument("staker", required=False)
def positions(session: Session, staker: str | None) -> None:
    """Show what STAKER, or --account, has: undelegated, delegated, on its way out, and earned."""
    who = session.protocol.pinned.staker(session.address(staker))
    vaults = who.protocol.vaults
    held = [(vault, vault.balance(who.address)) for vault in vaults]
    delegated, tickets, rewards = who.positions, who.tickets, who.rewards
    tokens = {reward.token: unit_shown(session, reward.token) for reward in rewards}
    data = {
        "staker": who.address,
        "block": who.protocol.chain.number,
        "undelegated": [{"vault": vault.address, "symbol": vault.symbol, "shares": n} for vault, n in held if n],
        "delegated": [{**named(pool), **asdict(position)} for pool, position in delegated.items()],
        "tickets": [_ticket_data(ticket) for ticket in tickets],
        "rewards": [
            {**named(reward.pool), "token": reward.token, "claimable": reward.claimable, "accruing": reward.accruing}
            for reward in rewards
        ],
    }
    now = who.protocol.chain.time
    session.show(
        data,
        table(
            "Undelegated, which is never at risk and redeemed at once",
            ("vault", "shares", "worth"),
            [(v.symbol, v.unit.show(n), v.asset_unit.show(v.assets(n))) for v, n in held if n],
        ),
        table(
            "Delegated",
            ("vault", "operator", "pool shares", "worth"),
            [
                (
                    pool.vault.symbol,
                    pool.operator,
                    pool.vault.pool_unit.show(one.pool_shares),
                    pool.vault.unit.show(one.value),
                )
                for pool, one in delegated.items()
            ],
        ),
        table(
            "Tickets",
            ("vault", "operator", "epoch", "worth", "matures"),
            [
                (
                    ticket.pool.vault.symbol,
                    ticket.pool.operator,
                    str(ticket.epoch),
                    ticket.pool.vault.unit.show(ticket.value),
                    "matured" if ticket.matured else f"{moment(ticket.matures_at)}, in {span(ticket.matures_at - now)}",
                )
                for ticket in tickets
            ],
        ),
        table(
            "Rewards",
            ("vault", "operator", "token", "claimable", "accruing"),
            [
                (
                    reward.pool.vault.symbol,
                    reward.pool.operator,
                    reward.token,
                    tokens[reward.token].show(reward.claimable),
                    tokens[reward.token].show(reward.accruing),
                )
                for reward in rewards
            ],
        ),
    )


@command(cli)
@click.argument("staker", required=False)
@click.option("--operator", help="Before delegating: the pool of this operator.")
@click.option("--vault", "vault_name", help="Before delegating: the pool's vault.")
@click.option("--shares", help="Before delegating: so much, as '10 cWETH'.")
def exposure(
    session: Session, staker: str | None, operator: str | None, vault_name: str | None, shares: str | None
) -> None:
    """Show what STAKER, or --account, can lose, to whom, and by when it can be out; or one who would delegate."""
    protocol = session.protocol.pinned
    if operator or vault_name or shares:
        if not (operator and vault_name and shares):
            raise UnknownName("name the pool by --operator and --vault, and how much by --shares")
        pool = protocol.vault(vault_name).pool(operator)
        stakes = {pool: pool.pool_shares_of(shares)}
        leaving = []
    else:
        who = protocol.staker(session.address(staker))
        stakes = {pool: position.pool_shares for pool, position in who.positions.items()}
        leaving = [ticket for ticket in who.tickets if not ticket.matured]
    exposures = {pool: pool.exposure(pool_shares) for pool, pool_shares in stakes.items()}
    left = {ticket: _worst(ticket) for ticket in leaving}
    data = {
        "block": protocol.chain.number,
        "time": protocol.chain.time,
        "pools": [{**named(pool), **_exposure_data(one)} for pool, one in exposures.items()],
        "tickets": [{**_ticket_data(ticket), "worst": least} for ticket, least in left.items()],
    }
    now = protocol.chain.time
    session.show(
        data,
        *(part for pool, one in exposures.items() for part in told(pool, one, now)),
        *(
            f"{ticket.pool.vault.unit.show(ticket.value)} on its way out of the pool of {ticket.pool.operator} in "
            f"{ticket.pool.vault.symbol}: at worst {ticket.pool.vault.unit.show(least)} is left on "
            f"{moment(ticket.matures_at)}, in {span(ticket.matures_at - now)}"
            for ticket, least in left.items()
        ),
        *([] if exposures or left else ["nothing is delegated or on its way out: nothing can be slashed"]),
    )


def told(pool: Pool, one: Exposure, now: int) -> list[Table | str]:
    """An exposure for people; `now` is the block's time [Unix time]."""
    show = pool.vault.unit.show
    parts: list[Table | str] = [
        f"{show(one.value)} with {pool.operator} in {pool.vault.symbol}",
        f"  loss budget {percent(one.mandate.loss_budget)} of it in an epoch, all AVSs together; commission "
        f"{percent(one.mandate.commission)}; retained after all slashes so far: {one.retained / 10**16:.6g} %",
        f"  at worst {show(one.worst_this_epoch)} is left at the end of this epoch, and {show(one.worst_leaving)} if "
        f"you leave now: out on {moment(one.out_at)}, in {span(one.out_at - now)}",
        table(
            "  who can slash it now",
            ("AVS", "guaranteed", "shared, if it is the fastest", "veto", "slashed stake"),
            [
                (
                    str(threat.avs),
                    show(threat.guaranteed),
                    show(threat.shared),
                    f"{span(threat.terms.veto_period)} by {threat.terms.resolver}"
                    if threat.terms.veto_period
                    else "none",
                    "is burnt" if threat.terms.recipient == ZERO_ADDRESS else f"goes to {threat.terms.recipient}",
                )
                for threat in one.threats
            ],
        ),
    ]
    if one.open_request:
        parts.append("  a slash request on this pool is open")
    for change in one.changes:
        sentence = f"  {change.what}: {percent(change.before)} to {percent(change.after)} on {moment(change.at)}"
        if change.loosens:
            left = change.leave_before - now
            sentence += (
                f"; undelegate before {moment(change.leave_before)}, in {span(left)}, to be out ahead of it"
                if left > 0
                else "; who undelegates now is not out ahead of it"
            )
        parts.append(sentence)
    return parts


# --- what stakers do ---


@command(cli, sends=True)
@click.argument("amount")
@vault_option
@click.option("--operator", help="Delegate what is deposited to this operator's pool.")
@click.option("--ether", is_flag=True, help="Deposit ether; the amount is in ether. Only where the asset is WETH.")
@click.option("--accept-open-request", is_flag=True, help="Delegate although a slash request on the pool is open.")
def deposit(
    session: Session, amount: str, vault_name: str, operator: str | None, ether: bool, accept_open_request: bool
) -> None:
    """Deposit AMOUNT, as '1.5 WETH', and delegate it if an operator is named."""
    vault, me = session.protocol.vault(vault_name), str(session.account.address)
    unit = ETHER if ether else vault.asset_unit
    assets = unit.parse(amount)
    calls: list[Call] = []
    sentences = [f"deposit {unit.show(assets, places=18)} into {vault.symbol}"]
    if not ether:
        allowed = session.protocol.chain.get(vault.asset.read("allowance", me, vault.address, make=int))
        if allowed < assets:
            calls.append(vault.approve(assets))
            sentences.insert(0, f"let {vault.symbol} take {unit.show(assets, places=18)}")
    if operator is None:
        calls.append(vault.deposit_ether(assets, me) if ether else vault.deposit(assets, me))
        sentences.append("its vault shares are yours, not delegated: never at risk, and redeemed at once")
    else:
        pool = vault.pool(operator)
        mandate = pool.loosest_mandate
        accepted = _accepted(mandate, accept_open_request)
        shares = vault.shares(assets)
        fewest = max(1, 99 * shares // 100)  # yield may raise the price meanwhile, and some assets arrive 2 wei short
        sentences.append(f"if it gives fewer than {vault.unit.show(fewest, places=18)}, it is refused")
        sentences += _consequences(pool, shares, mandate)
        deposit = vault.deposit_ether_and_delegate if ether else vault.deposit_and_delegate
        calls.append(deposit(assets, operator, accepted, fewest))
    session.send(sentences, calls)


@command(cli, sends=True)
@click.argument("shares")
@vault_option
@operator_option
@click.option("--accept-open-request", is_flag=True, help="Delegate although a slash request on the pool is open.")
def delegate(session: Session, shares: str, vault_name: str, operator: str, accept_open_request: bool) -> None:
    """Delegate SHARES, as '1.5 cWETH', of vault shares that are not delegated."""
    pool = session.protocol.vault(vault_name).pool(operator)
    amount, mandate = pool.vault.unit.parse(shares), pool.loosest_mandate
    sentences = [f"delegate {pool.vault.unit.show(amount, places=18)}", *_consequences(pool, amount, mandate)]
    session.send(sentences, [pool.delegate(amount, _accepted(mandate, accept_open_request))])


@command(cli, sends=True)
@click.argument("amount")
@vault_option
@operator_option
def undelegate(session: Session, amount: str, vault_name: str, operator: str) -> None:
    """Start to take AMOUNT out: what is worth so many vault shares, as '1.5 cWETH', or 'all'."""
    pool = session.protocol.vault(vault_name).pool(operator)
    position = pool.position(session.account.address)
    if not position.pool_shares:
        raise UnknownName(
            f"{session.account.address} has nothing in this pool: `catenary positions` shows what there is"
        )
    pool_shares = position.pool_shares if amount == "all" else pool.pool_shares_of(amount)
    one = pool.exposure(min(pool_shares, position.pool_shares))
    show = pool.vault.unit.show
    session.send(
        [
            f"take {pool.vault.pool_unit.show(pool_shares, places=18)}, worth {show(one.value)}, out of the pool of "
            f"{pool.operator}",
            f"until {moment(one.out_at)} they can still be slashed: at worst {show(one.worst_leaving)} is left",
            "then `catenary complete` pays them out",
        ],
        [pool.undelegate(pool_shares)],
    )


@command(cli, sends=True)
@click.argument("shares")
@vault_option
@click.option("--receiver", help="Who receives it. Default: --account.")
@click.option("--ether", is_flag=True, help="Take ether. Only where the asset is WETH.")
def redeem(session: Session, shares: str, vault_name: str, receiver: str | None, ether: bool) -> None:
    """Redeem SHARES, as '1.5 cWETH' or 'all', of vault shares that are not delegated, at once."""
    vault, me = session.protocol.vault(vault_name), str(session.account.address)
    held = vault.balance(me)
    amount = held if shares == "all" else vault.unit.parse(shares)
    if amount > held or not held:
        raise UnknownName(
            f"{me} has {vault.unit.show(held, places=18)} that are not delegated: redeem no more than that"
        )
    to = session.address(receiver) if receiver else me
    unit = ETHER if ether else vault.asset_unit
    session.send(
        [f"redeem {vault.unit.show(amount, places=18)} for about {unit.show(vault.assets(amount))} to {to}, at once"],
        [vault.redeem(amount, to, me, ether=ether)],
    )


@command(cli, sends=True)
@click.argument("staker", required=False)
@click.option("--vault", "vault_name", help="Only of pools in this vault.")
@click.option("--operator", help="Only of this operator's pools.")
@click.option("--epoch", type=int, help="Only of tickets that were opened in this epoch.")
@click.option("--receiver", help="Who receives it. Default: the staker.")
@click.option("--as", "kind", type=click.Choice([*_KINDS]), default="assets", help="What is paid out.")
def complete(
    session: Session,
    staker: str | None,
    vault_name: str | None,
    operator: str | None,
    epoch: int | None,
    receiver: str | None,
    kind: str,
) -> None:
    """
    Pay out the matured tickets of STAKER, or of --account, each in a transaction of its own.

    All are tried before the first is sent. If one fails later, those before it are paid out, and the same command goes
    on with the others.
    """
    who = session.protocol.staker(session.address(staker))
    to = session.address(receiver) if receiver else who.address
    vault = session.protocol.vault(vault_name).address if vault_name else None
    other = session.address(operator) if operator else None
    tickets = [
        ticket
        for ticket in who.tickets
        if ticket.matured
        and vault in (None, ticket.pool.vault.address)
        and other in (None, ticket.pool.operator)
        and epoch in (None, ticket.epoch)
    ]
    if not tickets:
        raise UnknownName(f"{who.address} has no such matured ticket: `catenary positions` shows those there are")
    session.send(
        [
            f"pay out the ticket of epoch {one.epoch} with {one.pool.operator} in {one.pool.vault.symbol}, worth "
            f"{one.pool.vault.unit.show(one.value)}, in {kind} to {to}"
            for one in tickets
        ],
        [ticket.complete(to, _KINDS[kind]) for ticket in tickets],
        independent=True,
    )


@command(cli, sends=True)
@click.argument("completer")
@click.option("--revoke", is_flag=True, help="Take the approval back.")
def approve_completer(session: Session, completer: str, revoke: bool) -> None:
    """Let COMPLETER complete the tickets of --account and claim its rewards, to --account only."""
    who, other = session.protocol.staker(session.account.address), session.address(completer)
    sentence = "no longer let" if revoke else "let"
    session.send(
        [f"{sentence} {other} complete the tickets of {who.address} and claim its rewards, to {who.address} only"],
        [who.approve_completer(other, not revoke)],
    )


@command(cli, sends=True)
@click.argument("staker", required=False)
@click.option("--receiver", help="Who receives it. Default: the staker.")
def claim(session: Session, staker: str | None, receiver: str | None) -> None:
    """Claim all rewards of STAKER, or of --account."""
    who = session.protocol.staker(session.address(staker))
    found = [reward for reward in who.rewards if reward.claimable]
    if not found:
        raise UnknownName(f"{who.address} has nothing to claim: `catenary positions` shows what accrues")
    to = session.address(receiver) if receiver else who.address
    paid = dict(zip(found, who.claim(found, to).check(session.account), strict=True))  # 0 where its token refuses
    rewards = [reward for reward, amount in paid.items() if amount]
    sentences = [
        f"claim {unit_shown(session, one.token).show(one.claimable)}, token {one.token}, of the pool of "
        f"{one.pool.operator} to {to}"
        if amount
        else f"token {one.token} of the pool of {one.pool.operator} refuses to be sent to {to}: it is left out"
        for one, amount in paid.items()
    ]
    if not rewards:
        raise CatenaryError(f"{'; '.join(sentences)}, and nothing is left to claim: try later, or another --receiver")
    said = session.protocol.rewards.said
    names = ("operator", "vault", "token", "amount")
    session.send(
        sentences,
        [who.claim(rewards, to)],
        outcome=lambda receipt: {
            what: [{name: one[name] for name in names} for one in said(event, receipt)]
            for what, event in (("claimed", "Claimed"), ("refused", "ClaimFailed"))
        },
    )


# --- words ---


def _consequences(pool: Pool, shares: int, mandate: Mandate) -> list[str]:
    worst = float(100 * mandate.most_lost_on_leaving)
    return [
        f"delegate it to the pool of {pool.operator}, whose mandate, current or announced, is: loss budget "
        f"{percent(mandate.loss_budget)} an epoch, commission {percent(mandate.commission)}, veto periods of "
        f"{span(mandate.veto_period)} or more",
        f"whatever happens, in an epoch at most {percent(mandate.loss_budget)} of it can be lost, and {worst:.4g} % by "
        f"one who leaves at once: of {pool.vault.unit.show(shares)} at least "
        f"{pool.vault.unit.show(int(shares * (1 - mandate.most_lost_on_leaving)))} is left",
    ]


def _accepted(mandate: Mandate, open_requests: bool) -> Accepted:
    """Just the mandate that is shown: one that is looser by then is refused."""
    return Accepted(mandate.loss_budget, mandate.commission, mandate.veto_period, open_requests)


def _worst(ticket: Ticket) -> int:
    """What is left of it at maturity, at worst: of the last epoch's, by the loss budget of this one only."""
    one = ticket.pool.exposure(ticket.pool_shares)
    return one.worst_leaving if one.out_at == ticket.matures_at else one.worst_this_epoch


def _ticket_data(ticket: Ticket) -> dict[str, Any]:
    return {
        **named(ticket.pool),
        "epoch": ticket.epoch,
        "pool_shares": ticket.pool_shares,
        "value": ticket.value,
        "matured": ticket.matured,
        "matures_at": ticket.matures_at,
    }


def _exposure_data(one: Exposure) -> dict[str, Any]:
    changes = [{**asdict(change), "loosens": change.loosens} for change in one.changes]
    return asdict(one) | {"changes": changes}
