"""What stakers do: stake and delegate, undelegate, complete."""

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from bench.row import gas, row
from bench.world import ACCEPTED, World
from tests.helpers.protocol import ASSETS, NATIVE, VAULT_SHARES


@row
def stake_new(w: World) -> int:
    """A staker new to the pool, which others have moved in this epoch."""
    w.touch()
    return gas(w.stake(w.newcomer))


@row
def stake_new_first_mover(w: World) -> int:
    """A staker new to the pool, and the first to move in this epoch."""
    return gas(w.stake(w.newcomer))


@row
def stake_new_empty_pool(w: World) -> int:
    """The first staker that a pool ever had."""
    return gas(w.stake(w.newcomer, w.third_operator))


@row
def stake_new_native(w: World) -> int:
    """A staker new to the pool, in ether."""
    w.touch()
    return gas(w.stake_native(w.newcomer))


@row
def stake_again(w: World) -> int:
    """The staker's last move was in an earlier epoch; others have moved in this one."""
    w.touch()
    return gas(w.stake(w.alice))


@row
def stake_again_first_mover(w: World) -> int:
    """The staker's last move was in an earlier epoch, and nobody has moved in this one."""
    return gas(w.stake(w.alice))


@row
def stake_again_same_epoch(w: World) -> int:
    """The staker has moved in this epoch already."""
    w.stake(w.alice)
    return gas(w.stake(w.alice))


@row
def stake_again_native(w: World) -> int:
    """As stake_again, in ether."""
    w.touch()
    return gas(w.stake_native(w.alice))


@row
def undelegate(w: World) -> int:
    """A part; the staker's last move was in an earlier epoch; others have delegated and undelegated in this one."""
    w.touch()
    return gas(w.undelegate(w.alice))


@row
def undelegate_first_leaver(w: World) -> int:
    """Others have delegated in this epoch, but the last who undelegated did so in an earlier one."""
    w.touch()
    w.protocol.skip_epochs(1)
    w.stake(w.bob)
    return gas(w.undelegate(w.alice))


@row
def undelegate_first_mover(w: World) -> int:
    """Nobody has moved in this epoch; others have undelegated in an earlier one."""
    w.touch()
    w.protocol.skip_epochs(1)
    return gas(w.undelegate(w.alice))


@row
def undelegate_first_ever(w: World) -> int:
    """Nobody has moved in this epoch, and nobody has ever undelegated from the pool."""
    return gas(w.undelegate(w.alice))


def _complete(
    w: World,
    payout: int,
    receiver: AccountAPI,
    vault: ContractInstance | None = None,
    *,
    slashes: int = 0,
) -> int:
    """Alice completes the ticket of a part, after it matured and the pool was slashed in so many later epochs."""
    opened = w.protocol.epoch
    w.touch()
    w.undelegate(w.alice, vault)
    w.protocol.skip_epochs(2)
    for _ in range(slashes):
        w.protocol.request(w.at_once, w.operator, w.vault, 10**16, sender=w.slasher, offence_at=w.now)
        w.protocol.skip_epochs(1)
    w.touch()
    return gas(w.delegation.complete(w.operator, vault or w.vault, w.alice, opened, receiver, payout, sender=w.alice))


@row
def complete(w: World) -> int:
    """Into assets; the receiver holds the token, the pool has never been slashed."""
    return _complete(w, ASSETS, w.alice)


@row
def complete_slashed(w: World) -> int:
    """As complete, but the pool has been slashed once since the ticket matured."""
    return _complete(w, ASSETS, w.alice, slashes=1)


@row
def complete_slashed_often(w: World) -> int:
    """As complete, but the pool has been slashed in 16 epochs since the ticket matured."""
    return _complete(w, ASSETS, w.alice, slashes=16)


@row
def complete_new_receiver(w: World) -> int:
    """Into assets; the receiver is new to the token."""
    return _complete(w, ASSETS, w.stranger)


@row
def complete_native(w: World) -> int:
    """Into ether."""
    return _complete(w, NATIVE, w.alice, w.native)


@row
def complete_vault_shares(w: World) -> int:
    """Into vault shares; the receiver is new to them."""
    return _complete(w, VAULT_SHARES, w.alice)


@row
def redelegate(w: World) -> int:
    """Into a delegation to another operator, with whom the staker has stake; others have moved in this epoch."""
    opened = w.protocol.epoch
    w.undelegate(w.alice)
    w.protocol.skip_epochs(2)
    w.stake(w.bob, w.second_operator)
    return gas(
        w.delegation.redelegate(w.operator, w.vault, opened, w.second_operator, w.alice, ACCEPTED, sender=w.alice)
    )
