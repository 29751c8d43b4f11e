"""What is paid, left and split, worked out with integers from the share-seconds that a pool collected."""

from collections.abc import Iterable

from tests.helpers.protocol import DAY, ETHER

WEEK = 7 * DAY
SCALE = 2**118  # in which `earned` counts what a share-second earned
WHOLE = 100 * ETHER * WEEK  # what alice and bob collect in an epoch without moves [pool shares · s]

# Of this floor, which WHOLE falls short of, an epoch without moves pays 78 %.
HIGH = 43


def share_seconds(moves: Iterable[tuple[int, int]], start: int) -> int:
    """Of the epoch that begins at `start`; a move is its time and by how much it changed the pool shares."""
    return sum(by * min(WEEK, max(0, start + WEEK - time)) for time, by in moves)


def paid(amount: int, collected: int, floor: int) -> int:
    """All of it from 4^floor share-seconds on, and else in proportion."""
    limit: int = 4**floor
    return amount * min(collected, limit) // limit


def rest(amount: int, collected: int, floor: int) -> int:
    """What goes back."""
    limit: int = 4**floor
    return amount * (limit - min(collected, limit)) // limit


def per_share_second(amount: int, collected: int, commission: int = 1_000) -> int:
    """What a share-second earns of `amount`, less a commission [token / SCALE]."""
    return (amount - amount * commission // 10_000) * SCALE // collected
