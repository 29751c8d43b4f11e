"""
The rule of time: what falls at epoch `e + 2`, what rises at `e + 3`, if announced in `e`. As `Lanes` of the contracts,
so that what is known of past epochs is known likewise.
"""

from typing import NamedTuple

from catenary.errors import EpochTooOld


class Number(NamedTuple):
    """One value in each epoch: from the epoch before `stamp`, that of the last announcement, on."""

    stamp: int = 0
    lanes: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)  # the last stands for ever

    def at(self, epoch: int) -> int:
        """Raises `EpochTooOld`."""
        require_known(epoch, self.stamp)
        return self.lanes[min(epoch + 1 - self.stamp, 4)]

    @property
    def settled(self) -> int:
        """What was announced last."""
        return self.lanes[4]

    def peak(self, epoch: int) -> int:
        """The largest that it is from `epoch` on, the epoch of `stamp` or a later one."""
        return max(self.at(epoch), self.settled)

    def announced(self, epoch: int, value: int) -> "Number":
        """After it is announced in `epoch`: in lane 2 only a rise gives way, in lane 3 what falls falls."""
        past, current, rising, falling = (self.lanes[min(epoch + i - self.stamp, 4)] for i in range(4))
        return Number(epoch, (past, current, min(rising, max(value, current)), min(falling, value), value))


UNSET = Number()


def constant(epoch: int, value: int) -> Number:
    """Set in `epoch`, at once."""
    return Number(epoch, (value, value, value, value, value))


def require_known(epoch: int, stamp: int) -> None:
    if epoch + 1 < stamp:
        raise EpochTooOld(epoch=epoch, oldest=stamp - 1)
