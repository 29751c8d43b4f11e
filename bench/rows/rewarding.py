"""What rewards cost: paying, streaming, claiming."""

from collections.abc import Callable

from ape.api import AccountAPI

from bench.row import gas, row
from bench.world import AMOUNT, World

FLOOR = 32  # 4^32 share-seconds: 0.00003 vault shares for a week
EPOCHS = 52


def _pay(w: World, *operators: AccountAPI) -> int:
    """The payer pays the operator's pool, or others, for the epoch just finished."""
    payments = [(operator, w.vault, AMOUNT, FLOOR) for operator in operators or [w.operator]]
    return gas(w.protocol.rewards.pay(w.asset, w.protocol.epoch - 1, payments, sender=w.payer))


def _stream(w: World, floor: int = FLOOR) -> int:
    receipt = w.protocol.rewards.openStream(w.operator, w.vault, w.asset, AMOUNT, floor, EPOCHS, sender=w.payer)
    return gas(receipt)


def _claim(w: World, staker: AccountAPI, hint: int = 0) -> int:
    """Stakers have held the token since before they staked."""
    claims = [(w.operator, w.vault, w.asset, hint)]
    return gas(w.protocol.rewards.claim(staker, claims, staker, sender=staker))


def _epochs(w: World, count: int, *each: Callable[[World], object]) -> None:
    """Goes through epochs in each of which Bob moves, and then `each` is done."""
    for _ in w.track(range(count), "epochs"):
        w.next_epoch()
        for do in each:
            do(w)


@row
def pay_first(w: World) -> int:
    """The first payment of the token to the pool; others have moved in this epoch."""
    w.touch()
    return _pay(w)


@row
def pay(w: World) -> int:
    """A later payment, in a later epoch; others have moved in this one."""
    _epochs(w, 1, _pay)
    w.next_epoch()
    return _pay(w)


@row
def pay_again(w: World) -> int:
    """Another payment for the same epoch."""
    _epochs(w, 2, _pay)
    return _pay(w)


@row
def pay_two_pools(w: World) -> int:
    """As pay, to two pools in one call."""
    _epochs(w, 1, lambda w: _pay(w, w.operator, w.second_operator))
    w.next_epoch()
    return _pay(w, w.operator, w.second_operator)


@row
def pay_beside_a_stream(w: World) -> int:
    """As pay, while a stream pays the pool in the same token: what it paid for the last epoch is booked."""
    _stream(w)
    _epochs(w, 2, _pay)
    w.next_epoch()
    return _pay(w)


@row
def open_stream(w: World) -> int:
    """A stream for 52 epochs, the first of the token to the pool."""
    return _stream(w)


@row
def cancel_stream(w: World) -> int:
    """In an epoch in which it pays, before its last; the payer holds the token."""
    _stream(w)
    w.next_epoch(2)
    return gas(w.protocol.rewards.cancelStream(w.protocol.rewards.streamCount(), w.payer, sender=w.payer))


@row
def claim_1(w: World) -> int:
    """A staker's first claim, after 1 payment; the receiver holds the token, the staker has moved once."""
    _epochs(w, 1, _pay)
    w.next_epoch()
    return _claim(w, w.alice)


@row
def claim_52(w: World) -> int:
    """The same after 52 payments, in 52 epochs in each of which others have moved."""
    _epochs(w, EPOCHS, _pay)
    w.next_epoch()
    return _claim(w, w.alice)


@row
def claim_again(w: World) -> int:
    """A later claim, 52 payments after the one before."""
    _epochs(w, 1, _pay)
    w.next_epoch()
    _claim(w, w.alice)
    _epochs(w, EPOCHS, _pay)
    w.next_epoch()
    return _claim(w, w.alice)


@row
def claim_52_moved(w: World) -> int:
    """As claim_52, but the staker moved once more, after half of the payments; without a hint."""
    _epochs(w, EPOCHS // 2, _pay)
    w.stake(w.alice)
    _epochs(w, EPOCHS // 2, _pay)
    w.next_epoch()
    return _claim(w, w.alice)


@row
def claim_52_late(w: World) -> int:
    """As claim_52, but the staker came after half of the payments; without a hint."""
    _epochs(w, EPOCHS // 2, _pay)
    w.stake(w.newcomer)
    _epochs(w, EPOCHS // 2, _pay)
    w.next_epoch()
    return _claim(w, w.newcomer)


@row
def claim_52_late_hint(w: World) -> int:
    """As claim_52_late, with the right hint."""
    _epochs(w, EPOCHS // 2, _pay)
    w.stake(w.newcomer)
    _epochs(w, EPOCHS // 2, _pay)
    w.next_epoch()
    return _claim(w, w.newcomer, EPOCHS // 2 - 1)


@row
def claim_stream(w: World) -> int:
    """A staker's first claim from a stream that was booked an epoch ago, in an epoch in which others have moved."""
    _stream(w)
    w.next_epoch(3)
    _claim(w, w.bob)
    w.next_epoch()
    return _claim(w, w.alice)


@row
def claim_stream_busy(w: World) -> int:
    """The first claim from a stream that nobody touched for 52 epochs, in each of which others have moved."""
    _stream(w)
    _epochs(w, EPOCHS + 2)
    return _claim(w, w.alice)


@row
def claim_stream_quiet(w: World) -> int:
    """The same, where nobody has moved in them."""
    _stream(w)
    w.protocol.skip_epochs(EPOCHS + 2)
    return _claim(w, w.alice)


@row
def claim_stream_every_floor(w: World) -> int:
    """As claim_stream_quiet, with a stream in each of the 44 floors."""
    for floor in range(16, 60):
        _stream(w, floor=floor)
    w.protocol.skip_epochs(EPOCHS + 2)
    return _claim(w, w.alice)


@row
def claim_commission(w: World) -> int:
    """After a payment in each of 2 epochs; the operator holds the token."""
    w.asset.mint(w.operator, 1, sender=w.payer)
    _epochs(w, 2, _pay)
    return gas(w.protocol.rewards.claimCommission(w.vault, w.asset, w.operator, sender=w.operator))
