"""What the stakers of one pool must have: literal sums of integers, from `design.md` alone."""

from collections import defaultdict
from fractions import Fraction

WAD = 10**18
BPS = 10_000


class Ledger:
    def __init__(self, genesis: int, length: int, commission: int) -> None:
        self.genesis, self.length = genesis, length  # [s]
        self.commission_part = commission  # [bps]
        self.retained = WAD
        self.retained_after: dict[int, int] = {}  # the last slash of an epoch [wad]
        self.positions: dict[str, int] = defaultdict(int)  # [pool shares]
        self.tickets: dict[tuple[str, int], int] = {}  # of a staker and an epoch [pool shares]
        self.moves: dict[str, list[tuple[int, int]]] = defaultdict(list)  # when, and how many pool shares more
        self.paid: dict[str, dict[int, int]] = defaultdict(dict)  # in a token, for an epoch [token]
        self.calls = 0  # that moved stake
        self.delegated = self.withdrawn = 0  # [vault shares]
        self.slashed = self.burnt = 0  # burnt is part of slashed [vault shares]
        self._collected: dict[int, int] = {}

    # --- stake ---

    def delegate(self, staker: str, shares: int, time: int) -> None:
        pool_shares = shares * WAD // self.retained
        self.positions[staker] += pool_shares
        self.moves[staker].append((time, pool_shares))
        self.delegated += shares
        self.calls += 1

    def undelegate(self, staker: str, pool_shares: int, time: int, epoch: int) -> None:
        self.positions[staker] -= pool_shares
        self.moves[staker].append((time, -pool_shares))
        self.tickets[staker, epoch] = pool_shares
        self.calls += 1

    def slash(self, amount: int, epoch: int, *, burns: bool) -> None:
        """Takes so much of `retained`, which what is held bears, and what matures at the end of `epoch` or later."""
        leaving = sum(shares for (_, opened), shares in self.tickets.items() if opened + 1 >= epoch)
        shares = (sum(self.positions.values()) + leaving) * amount // WAD
        self.slashed += shares
        self.burnt += shares if burns else 0
        self.retained -= amount
        self.retained_after[epoch] = self.retained
        self.calls += 1

    def complete(self, staker: str, epoch: int) -> int:
        """What the ticket pays [vault shares]."""
        shares = self.ticket_value(staker, epoch)
        del self.tickets[staker, epoch]
        self.withdrawn += shares
        self.calls += 1
        return shares

    def position_value(self, staker: str) -> int:
        return self.positions[staker] * self.retained // WAD

    def ticket_value(self, staker: str, epoch: int) -> int:
        """With `retained` as it stood at maturity, or now if that is yet to come."""
        slashes = [each for each in self.retained_after if each <= epoch + 1]
        retained = self.retained_after[max(slashes)] if slashes else WAD
        return self.tickets[staker, epoch] * retained // WAD

    # --- rewards ---

    def pay(self, token: str, epoch: int, amount: int) -> None:
        self.paid[token][epoch] = amount

    def commission(self, token: str) -> int:
        return sum(self._commission(amount) for amount in self.paid[token].values())

    def reward(self, staker: str, token: str) -> Fraction:
        """A staker's part of all that was paid, by share-seconds, less the commission."""
        parts = (
            Fraction((amount - self._commission(amount)) * self._share_seconds(staker, epoch), self._all(epoch))
            for epoch, amount in self.paid[token].items()
        )
        return sum(parts, start=Fraction(0))

    def _commission(self, amount: int) -> int:
        return amount * self.commission_part // BPS

    def _share_seconds(self, staker: str, epoch: int) -> int:
        start = self.genesis + (epoch - 1) * self.length
        end = start + self.length
        return sum(shares * (end - min(end, max(start, time))) for time, shares in self.moves[staker])

    def _all(self, epoch: int) -> int:
        """The pool's share-seconds of an epoch that is over."""
        if epoch not in self._collected:
            self._collected[epoch] = sum(self._share_seconds(staker, epoch) for staker in list(self.moves))
        return self._collected[epoch]
