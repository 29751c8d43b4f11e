"""What AVSs do: slash at once and with a veto period."""

import ape
from ape.api import AccountAPI

from bench.row import gas, row
from bench.world import World
from tests.helpers.protocol import DAY

SLASH = 12_345678901234567  # about 1.2 % of `retained` [wad]


def _slash(w: World, avs: int, *, operator: AccountAPI | None = None, amount: int = SLASH) -> int:
    """A slash at once, for an offence at the time of the last block."""
    receipt, _ = w.protocol.request(avs, operator or w.operator, w.vault, amount, sender=w.slasher, offence_at=w.now)
    return gas(receipt)


def _request_and_execute(w: World) -> int:
    receipt, request = w.protocol.request(w.with_veto, w.operator, w.vault, SLASH, sender=w.slasher, offence_at=w.now)
    ape.chain.mine(timestamp=w.now + DAY)
    return gas(receipt, w.protocol.slashing.execute(request, sender=w.stranger))


@row
def slash_first(w: World) -> int:
    """At once; the first slash of the pool and by the AVS; the recipient is new to the vault's shares."""
    w.touch()
    return _slash(w, w.at_once)


@row
def slash_later(w: World) -> int:
    """At once; the AVS has slashed the pool in an earlier epoch; the recipient holds vault shares."""
    w.touch()
    _slash(w, w.at_once)
    w.next_epoch()
    return _slash(w, w.at_once)


@row
def slash_later_first_mover(w: World) -> int:
    """As slash_later, but nobody has moved in this epoch."""
    w.touch()
    _slash(w, w.at_once)
    w.protocol.skip_epochs(1)
    return _slash(w, w.at_once)


@row
def slash_same_epoch(w: World) -> int:
    """As slash_later, but the AVS has slashed the pool in this epoch."""
    w.touch()
    _slash(w, w.at_once)
    return _slash(w, w.at_once)


@row
def slash_elastic(w: World) -> int:
    """As slash_later, by an AVS that burns, out of both its parts."""
    w.touch()
    _slash(w, w.elastic, amount=4 * SLASH)
    w.next_epoch()
    return _slash(w, w.elastic, amount=4 * SLASH)


@row
def slash_part(w: World) -> int:
    """As slash_later, but the budget grants only a part, so that the request stays open for the rest."""
    w.touch()
    _slash(w, w.at_once)
    w.next_epoch()
    return _slash(w, w.at_once, amount=20 * SLASH)


@row
def slash_veto_first(w: World) -> int:
    """Request and execute; the first slash of the pool and by the AVS; the recipient is new to the vault's shares."""
    w.touch()
    return _request_and_execute(w)


@row
def slash_veto(w: World) -> int:
    """Request and execute; the AVS has slashed the pool in an earlier epoch; the recipient holds vault shares."""
    w.touch()
    _request_and_execute(w)
    w.next_epoch()
    return _request_and_execute(w)
