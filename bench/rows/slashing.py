"""What AVSs do: slash at once and with a veto period, at a cost that does not depend on who is in the pool."""

import ape
from ape.api import AccountAPI

from bench.row import gas, row
from bench.world import GUARANTEED, PART, World
from deployer.contracts import ZERO_ADDRESS
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


def _slash_crowd(w: World, *, stakers: int = 1, tickets: int = 1, avss: int = 1) -> int:
    """A later slash, at once, of a pool with so many stakers before, tickets opened in this epoch, and AVSs."""
    operator = w.third_operator
    _opt_in(w, operator, avss)
    w.gather(operator, stakers)
    w.protocol.skip_epochs(3)
    _slash(w, w.at_once, operator=operator)
    epoch = w.protocol.skip_epochs(1)
    w.gather(operator, tickets, leaving=PART)
    w.protocol.to_epoch(epoch, DAY)  # so that all of these slashes say the same
    return _slash(w, w.at_once, operator=operator)


def _opt_in(w: World, operator: AccountAPI, avss: int) -> None:
    """The operator's pool opts in to one AVS with a recipient, and to newly registered ones that burn."""
    registry = w.registry
    terms = (w.slasher, 0, False, ZERO_ADDRESS, w.stranger, ZERO_ADDRESS, ZERO_ADDRESS)
    first = registry.avsCount() + 1
    others = range(first, first + avss - 1)
    registry.multicall(
        [registry.registerAVS.encode_input(terms, "") for _ in others]
        + [registry.setVault.encode_input(avs, w.vault, True) for avs in others],
        sender=w.stranger,
    )
    registry.multicall(
        [registry.optIn.encode_input(w.at_once, w.vault, GUARANTEED, 0, b"")]
        + [registry.optIn.encode_input(avs, w.vault, 50, 4_000, b"") for avs in others],
        sender=operator,
    )
    assert registry.allocationCount(operator, w.vault) == avss


@row
def slash_smallest(w: World) -> int:
    """A later slash at once in a pool with one staker, who stays, one ticket opened in this epoch, and one AVS."""
    return _slash_crowd(w)


@row
def slash_0_tickets(w: World) -> int:
    """As slash_smallest, but nobody has left in this epoch or the last."""
    return _slash_crowd(w, tickets=0)


@row
def slash_10000_stakers(w: World) -> int:
    """As slash_smallest, with 10,000 stakers."""
    return _slash_crowd(w, stakers=10_000)


@row
def slash_1000_tickets(w: World) -> int:
    """As slash_smallest, with open tickets of 1,000 stakers."""
    return _slash_crowd(w, tickets=1_000)


@row
def slash_50_avs(w: World) -> int:
    """As slash_smallest, with 50 AVSs whose allocations are in force."""
    return _slash_crowd(w, avss=50)


# Slashing costs exactly the same, whoever is in the pool.
SAME = ("slash_smallest", "slash_10000_stakers", "slash_1000_tickets", "slash_50_avs")
