"""
What each pool, vault and staker must come to by the formulas of the design, reckoned without asking the chain. It is
told what was announced, delegated, undelegated, requested, paid and claimed, and how many vault shares a deposit was
good for.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

WAD = 10**18
BPS = 10_000
SEED = 10**6  # locked in each vault for good [vault shares]
EPOCH = 7 * 86_400  # [s]


class Number:
    """A number by the rule of time: announced in epoch e, it falls at e + 2 and rises at e + 3 [bps]."""

    def __init__(self, value: int = 0) -> None:
        self._since = {0: value}

    def at(self, epoch: int) -> int:
        return self._since[max(since for since in self._since if since <= epoch)]

    def announce(self, value: int, epoch: int) -> None:
        # What is not in force yet gives way, except a fall.
        lanes = {
            epoch + 1: min(self.at(epoch + 1), max(value, self.at(epoch))),
            epoch + 2: min(self.at(epoch + 2), value),
            epoch + 3: value,
        }
        self._since = {since: old for since, old in self._since.items() if since <= epoch} | lanes


@dataclass(frozen=True)
class PoolKey:
    operator: str
    vault: str

    def __str__(self) -> str:
        return f"{self.operator}/{self.vault}"


@dataclass
class Allocation:
    """Of one AVS: what it was given [bps], and what it took of each part in this epoch [wad]."""

    guaranteed: Number = field(default_factory=Number)
    elastic: Number = field(default_factory=Number)
    taken_guaranteed: int = 0
    taken_elastic: int = 0


@dataclass
class Ticket:
    pool_shares: int
    matured_at: int | None = None  # retained at maturity [wad]


@dataclass(frozen=True)
class Entry:
    """When a staker came into a pool, and at what rate."""

    epoch: int
    retained: int  # [wad]


@dataclass(frozen=True)
class Move:
    """Pool shares that came into a pool, or left it if negative."""

    staker: str
    pool_shares: int
    at: int  # since epoch 1 began [s]


@dataclass
class Pool:
    key: PoolKey
    loss_budget: Number  # F
    commission: Number
    retained: int = WAD
    base: int = WAD  # B, retained when the epoch began
    base_before: int = WAD  # the same of the epoch before
    moves: list[Move] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # [pool shares]
    tickets: dict[tuple[str, int], Ticket] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=lambda: defaultdict(Allocation))

    @property
    def live(self) -> int:
        return sum(self.positions.values())

    @property
    def leaving(self) -> int:
        return sum(ticket.pool_shares for ticket in self.tickets.values() if ticket.matured_at is None)

    def worth(self, pool_shares: int) -> int:
        """[vault shares]"""
        return pool_shares * self.retained // WAD

    def ticket_worth(self, staker: str, epoch: int) -> int:
        """[vault shares]"""
        ticket = self.tickets[staker, epoch]
        retained = self.retained if ticket.matured_at is None else ticket.matured_at
        return ticket.pool_shares * retained // WAD

    def floor(self, epoch: int) -> int:
        """(1 - F)·B: what must be retained at the end of this epoch [wad]."""
        return self.base - self.base * self.loss_budget.at(epoch) // BPS

    def left_guaranteed(self, avs: str, epoch: int) -> int:
        """g·B - ug [wad]."""
        allocation = self.allocations[avs]
        return self.base * allocation.guaranteed.at(epoch) // BPS - allocation.taken_guaranteed

    def left_elastic(self, avs: str, epoch: int) -> int:
        """max(0, min(h·B - uh, (F - Σg)·B - Σuh)) [wad]."""
        allocation = self.allocations[avs]
        everyone = self.allocations.values()
        shared = self.loss_budget.at(epoch) - sum(each.guaranteed.at(epoch) for each in everyone)
        own = self.base * allocation.elastic.at(epoch) // BPS - allocation.taken_elastic
        return max(0, min(own, self.base * shared // BPS - sum(each.taken_elastic for each in everyone)))

    def safe(self, avs: str, epoch: int) -> tuple[int, int]:
        """What is left of both parts in this epoch and in the next, if all others take what they can [wad]."""
        own, everyone = self.allocations[avs], self.allocations.values()
        guaranteed = self.left_guaranteed(avs, epoch)
        next_base = self.floor(epoch) + guaranteed
        now, then = (
            self.loss_budget.at(each)
            - sum(one.guaranteed.at(each) for one in everyone)
            - sum(one.elastic.at(each) for one in everyone)
            + own.elastic.at(each)
            for each in (epoch, epoch + 1)
        )
        next_guaranteed = min(own.guaranteed.at(epoch), own.guaranteed.at(epoch + 1))
        next_elastic = max(0, min(then, own.elastic.at(epoch), own.elastic.at(epoch + 1)))
        elastic = min(self.base * max(0, now) // BPS, self.base * own.elastic.at(epoch) // BPS) - own.taken_elastic
        return (
            min(guaranteed, next_base * next_guaranteed // BPS),
            max(0, min(elastic, next_base * next_elastic // BPS)),
        )

    def share_seconds(self, epoch: int, staker: str | None = None) -> int:
        """Of one staker, or of all: what each move adds from its second to the end of the epoch."""
        begin, end = (epoch - 1) * EPOCH, epoch * EPOCH
        return sum(
            move.pool_shares * max(0, end - max(begin, move.at)) for move in self.moves if staker in (None, move.staker)
        )

    def average_guaranteed(self, avs: str, epoch: int) -> int:
        """g·B of the pool shares held on average in `epoch`, the one just finished [vault shares]."""
        fraction = self.base_before * self.allocations[avs].guaranteed.at(epoch) // BPS
        return self.share_seconds(epoch) // EPOCH * fraction // WAD

    def kept_at_least(self, first: int, last: int) -> Fraction:
        """Π (1 - F) over the epochs from `first` to `last`."""
        kept = (1 - Fraction(self.loss_budget.at(epoch), BPS) for epoch in range(first, last + 1))
        return prod(kept, start=Fraction(1))


@dataclass
class Vault:
    """Vault shares, from the first deposit on."""

    deposited: int = 0
    withdrawn: int = 0
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by stakers, undelegated
    slashed: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by receiver
    calls: int = 0  # each may leave 1 wei of dust with the pools
    price: Fraction = Fraction(1)  # of a share, as its asset grows [asset]


LineKey = tuple[PoolKey, str]


@dataclass
class Line:
    """What one pool is paid in one token, with commission, by epoch. A stream is a payment for each of its epochs."""

    pool: Pool
    payments: list[tuple[int, int]] = field(default_factory=list)  # epoch, amount [token]
    claimed: Counter[str] = field(default_factory=Counter)  # by staker [token]
    commission_claimed: int = 0  # [token]

    def count(self, until: int) -> int:
        """Of payments for epochs up to `until`."""
        return sum(epoch <= until for epoch, _ in self.payments)

    def commission(self, until: int) -> int:
        """Of the payments for epochs up to `until`."""
        return sum(self._fee(epoch, amount) for epoch, amount in self.payments if epoch <= until)

    def part(self, staker: str, until: int) -> Fraction:
        """Of the payments for epochs up to `until`, less commission: the part of the staker's share-seconds."""
        parts = (
            (amount - self._fee(epoch, amount))
            * Fraction(self.pool.share_seconds(epoch, staker), self.pool.share_seconds(epoch))
            for epoch, amount in self.payments
            if epoch <= until
        )
        return sum(parts, Fraction(0))

    def _fee(self, epoch: int, amount: int) -> int:
        return amount * self.pool.commission.at(epoch) // BPS


@dataclass(frozen=True)
class Exit:
    """How one ticket ended, in vault shares."""

    staker: str
    pool: PoolKey
    entered: int  # epoch
    opened: int  # epoch
    put_in: int
    value_at_opening: int
    received: int
    loss_budget: int  # when it was opened [bps]
    promised_stay: Fraction  # Π (1 - F) from the entry to the ticket's maturity
    promised_exit: Fraction  # the same over the two epochs of the ticket


class Ledger:
    """The whole protocol, as it must be."""

    def __init__(self) -> None:
        self.epoch = 1
        self.pools: dict[PoolKey, Pool] = {}
        self.vaults: dict[str, Vault] = {}
        self.exits: list[Exit] = []
        self.lines: dict[LineKey, Line] = {}
        self.put_in: Counter[str] = Counter()  # by token
        self.returned: Counter[str] = Counter()  # to payers, by token
        self.base_yield: dict[str, Fraction] = defaultdict(Fraction)  # by staker [asset]
        self._opened: dict[tuple[PoolKey, str, int], int] = {}

    def pools_of(self, vault: str) -> Iterator[Pool]:
        return (pool for key, pool in self.pools.items() if key.vault == vault)

    def shares_of(self, vault: str, staker: str) -> int:
        """In whatever form, delegated or not [vault shares]."""
        tickets = ((pool, opened) for pool in self.pools_of(vault) for who, opened in pool.tickets if who == staker)
        return (
            self.vaults[vault].held[staker]
            + sum(pool.worth(pool.positions[staker]) for pool in self.pools_of(vault))
            + sum(pool.ticket_worth(staker, opened) for pool, opened in tickets)
        )

    def enter(self, epoch: int) -> None:
        """Goes to `epoch`. Nothing was slashed on the way."""
        if epoch == self.epoch:
            return
        for pool in self.pools.values():
            pool.base_before = pool.base if epoch == self.epoch + 1 else pool.retained
            pool.base = pool.retained
            for allocation in pool.allocations.values():
                allocation.taken_guaranteed = allocation.taken_elastic = 0
            for (_, opened), ticket in pool.tickets.items():
                if ticket.matured_at is None and opened + 2 <= epoch:
                    ticket.matured_at = pool.retained
        self.epoch = epoch

    def open_pool(self, key: PoolKey, loss_budget: int, commission: int) -> None:
        self.pools[key] = Pool(key, Number(loss_budget), Number(commission))

    def allocate(self, key: PoolKey, avs: str, guaranteed: int, elastic: int) -> None:
        allocation = self.pools[key].allocations[avs]
        allocation.guaranteed.announce(guaranteed, self.epoch)
        allocation.elastic.announce(elastic, self.epoch)

    def deposit(self, vault: str, staker: str, shares: int) -> None:
        book = self.vaults[vault]
        book.deposited += shares
        book.held[staker] += shares

    def withdraw(self, vault: str, staker: str, shares: int) -> None:
        book = self.vaults[vault]
        book.held[staker] -= shares
        book.withdrawn += shares

    def delegate(self, key: PoolKey, staker: str, shares: int, at: int) -> None:
        book, pool = self.vaults[key.vault], self.pools[key]
        book.held[staker] -= shares
        book.calls += 1
        pool_shares = shares * WAD // pool.retained
        pool.positions[staker] += pool_shares
        pool.moves.append(Move(staker, pool_shares, at))
        pool.entries[staker] = Entry(self.epoch, pool.retained)

    def undelegate(self, key: PoolKey, staker: str, pool_shares: int, at: int) -> None:
        pool = self.pools[key]
        self._opened[key, staker, self.epoch] = pool.worth(pool_shares)
        pool.positions[staker] -= pool_shares
        pool.moves.append(Move(staker, -pool_shares, at))
        pool.tickets[staker, self.epoch] = Ticket(pool_shares)
        self.vaults[key.vault].calls += 1

    def complete(self, key: PoolKey, staker: str, opened: int) -> Exit:
        """Hands out a matured ticket in vault shares."""
        book, pool = self.vaults[key.vault], self.pools[key]
        received = pool.ticket_worth(staker, opened)
        ticket = pool.tickets.pop((staker, opened))
        book.held[staker] += received
        book.calls += 1
        entry = pool.entries[staker]
        ended = Exit(
            staker,
            key,
            entry.epoch,
            opened,
            ticket.pool_shares * entry.retained // WAD,
            self._opened.pop((key, staker, opened)),
            received,
            pool.loss_budget.at(opened),
            pool.kept_at_least(entry.epoch, opened + 1),
            pool.kept_at_least(opened, opened + 1),
        )
        self.exits.append(ended)
        return ended

    def slash(self, key: PoolKey, avs: str, amount: int, receiver: str) -> tuple[int, int]:
        """
        Grants the smaller of `amount` and what the budget has, out of the guaranteed part first.

        Gives back what was granted of `retained` [wad] and what was moved [vault shares].
        """
        book, pool = self.vaults[key.vault], self.pools[key]
        guaranteed = min(amount, pool.left_guaranteed(avs, self.epoch))
        elastic = min(amount - guaranteed, pool.left_elastic(avs, self.epoch))
        granted = guaranteed + elastic
        moved = (pool.live + pool.leaving) * granted // WAD
        pool.allocations[avs].taken_guaranteed += guaranteed
        pool.allocations[avs].taken_elastic += elastic
        pool.retained -= granted
        book.slashed[receiver] += moved
        book.calls += 1
        return granted, moved

    def earn(self, vault: str, bps: int) -> dict[str, Fraction]:
        """The asset grows by itself. Gives back the base yield of each staker [asset]."""
        book = self.vaults[vault]
        grown = book.price * Fraction(bps, BPS)
        book.price += grown
        earned = {staker: shares * grown for staker in book.held if (shares := self.shares_of(vault, staker))}
        for staker, amount in earned.items():
            self.base_yield[staker] += amount
        return earned

    def pay(self, key: PoolKey, token: str, amount: int, epochs: Iterable[int]) -> None:
        """Pays `amount` for each of `epochs`, at once for the one just finished or by a stream for coming ones."""
        line = self.lines.setdefault((key, token), Line(self.pools[key]))
        for epoch in epochs:
            line.payments.append((epoch, amount))
            self.put_in[token] += amount

    def cancel(self, key: PoolKey, token: str) -> int:
        """Ends the streams of a line with this epoch. Gives back what was for the epochs after it."""
        line = self.lines[key, token]
        returned = sum(amount for epoch, amount in line.payments if epoch > self.epoch)
        line.payments = [payment for payment in line.payments if payment[0] <= self.epoch]
        self.returned[token] += returned
        return returned

    def lines_of(self, key: PoolKey) -> dict[str, Line]:
        """By token."""
        return {token: line for (pool, token), line in self.lines.items() if pool == key}

    def held(self, token: str) -> int:
        """What was put in and is neither claimed nor returned."""
        own = (line for (_, name), line in self.lines.items() if name == token)
        claimed = sum(line.claimed.total() + line.commission_claimed for line in own)
        return self.put_in[token] - self.returned[token] - claimed
