"""
The rule of time, word by word: a literal model that keeps every announcement and works each epoch out from them.

    from e + 3 on     the number is what was announced last, up to e
    at e + 2          it is at most what was announced in e: a fall falls, and stands until e + 3
    at e + 1          a rise that comes into force then gives way to what was announced in e
"""

from collections import defaultdict
from collections.abc import Iterable


class Number:
    """A number that was `start` from the beginning of time."""

    def __init__(self, start: int = 0) -> None:
        self.start = start
        self.announced: dict[int, list[int]] = defaultdict(list)
        self._known: dict[int, int] = {}  # by epoch, until something else is announced

    def announce(self, epoch: int, value: int) -> None:
        self.announced[epoch].append(value)
        self._known.clear()

    def at(self, epoch: int) -> int:
        """What it is in `epoch`, as far as anything was announced."""
        if epoch not in self._known:
            self._known[epoch] = self._at(epoch)
        return self._known[epoch]

    def _at(self, epoch: int) -> int:
        last = max((e for e in self.announced if e <= epoch - 3), default=None)
        due = self.start if last is None else self.announced[last][-1]
        falls = self.announced.get(epoch - 2, [])
        rise_given_way = [max(value, self.at(epoch - 1)) for value in self.announced.get(epoch - 1, [])]
        return min([due, *falls, *rise_given_way])

    def peak(self, epoch: int) -> int:
        """The largest that it is from `epoch` on."""
        return max(self.at(epoch + ahead) for ahead in range(4))

    @property
    def settled(self) -> int:
        """What was announced last."""
        return self.announced[max(self.announced)][-1] if self.announced else self.start

    def copy(self) -> "Number":
        twin = Number(self.start)
        twin.announced.update({e: list(values) for e, values in self.announced.items()})
        return twin


def total(numbers: Iterable[Number], epoch: int) -> int:
    return sum(number.at(epoch) for number in numbers)
