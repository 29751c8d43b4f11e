"""
One pool, from the formulas of `design.md`: it keeps every epoch and adds up every sum, where the contracts pack lanes
and keep totals. Amounts are integers; every product is rounded down.

One reading comes from the contracts' comments: a rise of the loss budget does not count in `safe` (`SlashMath`).
"""

from dataclasses import dataclass, field

from tests.helpers.rule_of_time import Number, total

WAD = 10**18
BPS = 10_000


@dataclass
class Avs:
    guaranteed: Number = field(default_factory=Number)
    elastic: Number = field(default_factory=Number)
    # What it took in each epoch, of `retained` [wad].
    took_guaranteed: dict[int, int] = field(default_factory=dict)
    took_elastic: dict[int, int] = field(default_factory=dict)


class Pool:
    def __init__(self, loss_budget: int, avss: int) -> None:
        self.epoch = 1
        self.loss_budget = Number(loss_budget)
        self.avss = [Avs() for _ in range(avss)]
        self.retained = WAD
        self.base = WAD  # `retained` when the epoch began
        self.ends: dict[int, int] = {}  # `retained` at the end of each epoch that is over
        self.positions: dict[str, int] = {}  # [pool shares]
        self.tickets: dict[tuple[str, int], int] = {}  # of (staker, epoch) [pool shares]
        self.held = self.slashed = self.withdrawn = self.deposited = 0  # [vault shares]

    # --- the operator ---

    def announce(self, avs: int, guaranteed: int, elastic: int) -> bool:
        """Whether the guaranteed parts fit; nothing changes if they do not."""
        new = self.avss[avs].guaranteed.copy()
        new.announce(self.epoch, guaranteed)
        if not self._fits([new if each is self.avss[avs] else each.guaranteed for each in self.avss], self.loss_budget):
            return False
        self.avss[avs].guaranteed = new
        self.avss[avs].elastic.announce(self.epoch, elastic)
        return True

    def announce_budget(self, loss_budget: int, *, at_once: bool = False) -> bool:
        new = Number(loss_budget) if at_once else self.loss_budget.copy()
        new.announce(self.epoch, loss_budget)
        if not self._fits([each.guaranteed for each in self.avss], new):
            return False
        self.loss_budget = new
        return True

    def _fits(self, guarantees: list[Number], budget: Number) -> bool:
        return all(total(guarantees, epoch) <= budget.at(epoch) for epoch in range(self.epoch, self.epoch + 4))

    # --- stakers ---

    def delegate(self, staker: str, shares: int) -> int:
        pool_shares = shares * WAD // self.retained
        self.positions[staker] = self.positions.get(staker, 0) + pool_shares
        self.held += shares
        self.deposited += shares
        return pool_shares

    def undelegate(self, staker: str, pool_shares: int) -> None:
        self.positions[staker] -= pool_shares
        key = (staker, self.epoch)
        self.tickets[key] = self.tickets.get(key, 0) + pool_shares

    def complete(self, staker: str, epoch: int) -> int:
        assert self.epoch >= epoch + 2
        shares = self.tickets.pop((staker, epoch)) * self.ends[epoch + 1] // WAD
        self.held -= shares
        self.withdrawn += shares
        return shares

    @property
    def live(self) -> int:
        return sum(self.positions.values())

    @property
    def leaving(self) -> int:
        return sum(shares for (_, epoch), shares in self.tickets.items() if epoch >= self.epoch - 1)

    def owed(self) -> int:
        """The value of all positions and tickets [vault shares]."""
        positions = sum(each * self.retained // WAD for each in self.positions.values())
        ends = ((shares, self.ends.get(epoch + 1, self.retained)) for (_, epoch), shares in self.tickets.items())
        return positions + sum(shares * end // WAD for shares, end in ends)

    # --- AVSs ---

    def slashable(self, avs: int) -> tuple[int, int]:
        """(g·B - ug), and max(0, min(h·B - uh, (F - Σg)·B - Σuh))."""
        own, e = self.avss[avs], self.epoch
        guaranteed = self._part(own.guaranteed.at(e)) - own.took_guaranteed.get(e, 0)
        mine = self._part(own.elastic.at(e)) - own.took_elastic.get(e, 0)
        return guaranteed, max(0, min(mine, self._unguaranteed() - self._elastic_taken()))

    def slash(self, avs: int, amount: int) -> tuple[int, int, int]:
        """What is granted out of the guaranteed and the elastic part, and the vault shares moved for it."""
        guaranteed, elastic = self.slashable(avs)
        guaranteed = min(amount, guaranteed)
        elastic = min(amount - guaranteed, elastic)
        moved = (self.live + self.leaving) * (guaranteed + elastic) // WAD
        if moved == 0:
            return 0, 0, 0
        own, e = self.avss[avs], self.epoch
        own.took_guaranteed[e] = own.took_guaranteed.get(e, 0) + guaranteed
        own.took_elastic[e] = own.took_elastic.get(e, 0) + elastic
        self.retained -= guaranteed + elastic
        self.held -= moved
        self.slashed += moved
        return guaranteed, elastic, moved

    def others_elastic(self, avs: int) -> int:
        """What the other AVSs together can still take out of what is shared."""
        own, e = self.avss[avs], self.epoch
        others = [each for each in self.avss if each is not own]
        theirs = self._part(total((each.elastic for each in others), e))
        theirs -= sum(each.took_elastic.get(e, 0) for each in others)
        return max(0, min(theirs, self._unguaranteed() - self._elastic_taken()))

    def safe(self, avs: int) -> tuple[int, int]:
        """
        Guaranteed: min(g·B - ug, g'·((1 - F)·B + g·B - ug)). Elastic: what is left of it if every other AVS takes its
        whole h, in this epoch and in the next. A rise can be called off, so what is to rise counts as it is.
        """
        own, e = self.avss[avs], self.epoch
        left = self._part(own.guaranteed.at(e)) - own.took_guaranteed.get(e, 0)
        next_base = self.base - self._part(self.loss_budget.at(e)) + left
        lowest = [min(each.at(e), each.at(e + 1)) for each in (own.guaranteed, own.elastic, self.loss_budget)]
        guaranteed = min(left, next_base * lowest[0] // BPS)

        others = [each for each in self.avss if each is not own]
        now = self._unguaranteed() - own.took_elastic.get(e, 0) - self._part(sum(each.elastic.at(e) for each in others))
        mine = self._part(own.elastic.at(e)) - own.took_elastic.get(e, 0)
        reserved = sum(each.guaranteed.at(e + 1) for each in self.avss) + sum(each.elastic.at(e + 1) for each in others)
        then = next_base * min(lowest[1], max(0, lowest[2] - reserved)) // BPS
        return guaranteed, max(0, min(mine, now, then))

    def worst_case(self, pool_shares: int) -> tuple[int, int, int]:
        """Now, after this epoch's whole budget, and after the next one's too [vault shares]."""
        this = self.base - self._part(self.loss_budget.at(self.epoch))
        following = this - this * self.loss_budget.at(self.epoch + 1) // BPS
        return tuple(pool_shares * each // WAD for each in (self.retained, this, following))  # type: ignore[return-value]

    def _part(self, bps: int) -> int:
        return self.base * bps // BPS

    def _unguaranteed(self) -> int:
        e = self.epoch
        return self._part(self.loss_budget.at(e) - sum(each.guaranteed.at(e) for each in self.avss))

    def _elastic_taken(self) -> int:
        return sum(each.took_elastic.get(self.epoch, 0) for each in self.avss)

    # --- time ---

    def next_epoch(self) -> None:
        self.ends[self.epoch] = self.retained
        self.epoch += 1
        self.base = self.retained
