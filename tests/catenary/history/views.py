"""Every view of the chain that events tell, and what the rebuilt state has for it."""

from collections.abc import Callable, Iterator
from dataclasses import astuple, is_dataclass
from typing import Any

from catenary.chain import Chain, Contract, Read
from catenary.contracts import VAULT
from catenary.deployment import Deployment
from catenary.history import State
from tests.helpers.protocol import BURN

POOL_SHARES = 10**21  # of which the worst case is asked for

View = tuple[tuple[Any, ...], Read[Any], Callable[[State], Any]]


def differences(deployment: Deployment, state: State, accounts: list[str], tokens: list[str]) -> list[str]:
    """Asks the chain, at the block of `state`, for every view of everything that these accounts do."""
    views = list(_views(deployment, state, accounts, tokens))
    said = Chain(state.block).all(read for _, read, _ in views)
    rebuilt = [_flat(of(state)) for _, _, of in views]
    return [
        f"block {state.block} {name}: chain {chain}, rebuilt {own}"
        for (name, _, _), chain, own in zip(views, map(_flat, said), rebuilt, strict=True)
        if chain != own
    ]


def _flat(value: Any) -> Any:
    """Structs as tuples, and one value alone as itself."""
    if is_dataclass(value) and not isinstance(value, type):
        value = astuple(value)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        parts = tuple(_flat(each) for each in value)
        return parts[0] if len(parts) == 1 else parts
    return value


def _view(contract: Contract, view: str, *arguments: Any, of: Callable[[State], Any]) -> View:
    return (view, *arguments), contract.read(view, *arguments, make=lambda *answers: answers), of


def _views(deployment: Deployment, state: State, accounts: list[str], tokens: list[str]) -> Iterator[View]:
    registry, delegation, slashing = deployment.registry, deployment.delegation, deployment.slashing
    epoch, avss, vaults = state.epoch, list(state.avss), list(state.vaults)
    pools = [(operator, vault) for operator in state.operators for vault in vaults]

    yield _view(registry, "epoch", of=lambda s: s.epoch)
    for name in ("owner", "guardian", "paused"):
        yield _view(registry, name, of=lambda s, name=name: getattr(s, name))
    yield _view(registry, "pendingOwner", of=lambda s: s.pending_owner)
    yield _view(registry, "vaults", 0, 100, of=lambda s: list(s.vaults))
    yield _view(registry, "vaultCount", of=lambda s: len(s.vaults))
    yield _view(registry, "avsCount", of=lambda s: len(s.avss))
    yield _view(deployment.rewards, "streamCount", of=lambda s: len(s.streams))
    for account in accounts:
        yield _view(registry, "isOperator", account, of=lambda s, a=account: a in s.operators)
        for other in accounts:
            yield _view(
                delegation, "isCompleter", account, other, of=lambda s, key=(account, other): key in s.completers
            )
    for vault in vaults:
        yield from _of_vault(Contract(VAULT, vault), [*accounts, BURN, delegation.address])
    for avs in avss:
        yield from _of_avs(deployment, avs, state, accounts)
    for pool in pools:
        yield from _of_pool(deployment, pool, epoch, avss)
        for staker in accounts:
            yield from _of_staker(deployment, pool, staker, epoch)
        for token in tokens:
            yield from _of_line(deployment, (*pool, token), accounts)
    for id_ in state.streams:
        yield _view(deployment.rewards, "stream", id_, of=lambda s, i=id_: s.stream(i))
        yield _view(deployment.rewards, "held", id_, of=lambda s, i=id_: s.held(i))
    for request in state.requests.values():
        what = (
            request.avs,
            request.operator,
            request.vault,
            request.amount,
            request.offence_at,
            request.requested_at,
            bytes.fromhex(request.evidence[2:]),
        )
        yield _view(slashing, "requestId", what, of=lambda s, i=request.id: s.requests[i].id)
        yield _view(slashing, "openAmount", what, of=lambda s, i=request.id: s.open_amount(i))


def _of_vault(vault: Contract, accounts: list[str]) -> Iterator[View]:
    v = vault.address
    yield _view(vault, "totalSupply", of=lambda s: s.vaults[v].supply)
    yield _view(vault, "cap", of=lambda s: s.vaults[v].cap)
    for account in accounts:
        yield _view(vault, "balanceOf", account, of=lambda s, a=account: s.vaults[v].balances.get(a, 0))


def _of_avs(deployment: Deployment, avs: int, state: State, accounts: list[str]) -> Iterator[View]:
    registry, slashing = deployment.registry, deployment.slashing
    yield _view(registry, "terms", avs, of=lambda s: s.avs(avs).terms)
    yield _view(registry, "poolCount", avs, of=lambda s: len(s.avs(avs).pools))
    yield _view(registry, "pools", avs, 0, 100, of=lambda s: s.avs(avs).pools)
    yield _view(
        slashing,
        "averages",
        avs,
        0,
        100,
        of=lambda s: [(*pool, *s.average(avs, *pool)) for pool in s.avs(avs).pools],
    )
    for account in accounts:
        yield _view(registry, "isAdmitted", avs, account, of=lambda s, a=account: a in s.avs(avs).admitted)
    for vault in state.vaults:
        yield _view(registry, "isCounted", avs, vault, of=lambda s, v=vault: s.is_counted(avs, v))


def _of_pool(deployment: Deployment, pool: tuple[str, str], epoch: int, avss: list[int]) -> Iterator[View]:
    registry, delegation, slashing = deployment.registry, deployment.delegation, deployment.slashing
    yield _view(registry, "isOpen", *pool, of=lambda s: bool(s.pool(*pool).mandates))
    yield _view(registry, "loosestMandate", *pool, of=lambda s: s.pool(*pool).loosest_mandate(epoch))
    yield _view(registry, "room", *pool, of=lambda s: s.pool(*pool).room)
    yield _view(registry, "allocationCount", *pool, of=lambda s: len(s.pool(*pool).allocations))
    for e in range(epoch + 5):
        yield _view(registry, "mandateAt", *pool, e, of=lambda s, e=e: s.pool(*pool).mandate(e))
        yield _view(delegation, "retainedAtEndOf", *pool, e, of=lambda s, e=e: s.pool(*pool).retained_at_end_of(e))
    for e in range(epoch + 1):
        yield _view(
            delegation,
            "collected",
            *pool,
            e,
            of=lambda s, e=e: s.pool(*pool).total.collected(e, s.timing.epoch),
        )
    for e in range(epoch - 1, epoch + 5):
        yield _view(
            registry,
            "allocations",
            *pool,
            e,
            0,
            100,
            of=lambda s, e=e: [(avs, *s.pool(*pool).allocation(avs, e)) for avs in s.pool(*pool).allocations],
        )
        for avs in avss:
            yield _view(
                registry,
                "partsAt",
                avs,
                *pool,
                e,
                of=lambda s, a=avs, e=e: s.pool(*pool).parts(a, e),
            )
    yield _view(delegation, "retained", *pool, of=lambda s: s.pool(*pool).retained)
    yield _view(delegation, "poolShares", *pool, of=lambda s: s.pool_shares(*pool))
    yield _view(delegation, "everDelegated", *pool, of=lambda s: bool(s.pool(*pool).total.entries))
    yield _view(delegation, "hasOpenRequest", *pool, of=lambda s: s.has_open_request(*pool))
    yield _view(slashing, "worstCase", *pool, POOL_SHARES, of=lambda s: s.worst_case(*pool, POOL_SHARES))
    for avs in avss:
        yield _view(slashing, "slashable", avs, *pool, of=lambda s, a=avs: s.slashable(a, *pool))
        yield _view(slashing, "safe", avs, *pool, of=lambda s, a=avs: s.safe(a, *pool))
        (name, read, of) = _view(slashing, "stake", avs, *pool, of=lambda s, a=avs: s.stake(a, *pool))
        # Without the part in assets, which no event tells.
        yield name, Read(read.to, read.abi, read.data, lambda stake: stake["shares"]), of


def _of_staker(deployment: Deployment, pool: tuple[str, str], staker: str, epoch: int) -> Iterator[View]:
    delegation = deployment.delegation
    yield _view(delegation, "position", *pool, staker, of=lambda s: s.position(*pool, staker))
    yield _view(
        delegation,
        "holdings",
        *pool,
        staker,
        0,
        1_000,
        of=lambda s: [
            (*entry, index)
            for index, entry in enumerate(
                s.pool(*pool).positions[staker].entries if staker in s.pool(*pool).positions else []
            )
        ],
    )
    yield _view(delegation, "tickets", *pool, staker, 0, epoch + 1, of=lambda s: s.tickets(*pool, staker))


def _of_line(deployment: Deployment, line: tuple[str, str, str], accounts: list[str]) -> Iterator[View]:
    rewards = deployment.rewards
    yield _view(rewards, "commission", *line, of=lambda s: s.commission(*line))
    yield _view(rewards, "rate", *line, of=lambda s: s.rate(*line))
    for staker in accounts:
        yield _view(rewards, "due", staker, [(*line, 0)], of=lambda s, a=staker: s.due(a, *line))
