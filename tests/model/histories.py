"""
Random histories. They are drawn beside a model, so that most steps can be done and their amounts lie at the borders,
and come out as plain data: each step is the name of a method of `Model` and `Chain`, and its arguments.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

from hypothesis import strategies as st

from tests.model.model import ASSETS, VAULT_SHARES, Accepted, Model
from tests.model.pool import BPS, WAD
from tests.model.rewards import Line
from tests.model.world import (
    AVSS,
    DAY,
    EPOCH,
    LINES,
    MAX_VETO,
    OPERATORS,
    PAYERS,
    POOLS,
    REPORT_WINDOW,
    SLASHERS,
    STAKERS,
    TOKENS,
    VAULTS,
)

T = TypeVar("T")
Step = tuple[object, ...]
History = list[Step]

ANYTHING: Accepted = (BPS, BPS, 0, True)
UNITS = {"six": 10**6, "rebasing": WAD}
FLOORS = [16, 16, 18, 25, 30, 40, 41, 43, 59]
PARTS = [0, 1, 500, 1_000, 2_500, 5_000]

# From the first block of a fresh chain, and from when every pool is at work.
DAY_ONE: History = []
AT_WORK: History = [
    ("set_admitted", 3, "one", True),
    ("set_admitted", 3, "two", True),
    ("opt_in", "one", 0, "six", 1_000, 2_000),
    ("opt_in", "one", 1, "six", 500, 3_000),
    ("opt_in", "one", 2, "six", 1_000, 0),
    ("opt_in", "one", 0, "rebasing", 2_000, 5_000),
    ("opt_in", "one", 1, "rebasing", 1_000, 6_000),
    ("opt_in", "one", 3, "rebasing", 0, 4_000),
    ("opt_in", "two", 1, "six", 1_000, 1_500),
    ("opt_in", "two", 3, "six", 500, 2_000),
    ("opt_in", "two", 0, "rebasing", 6_000, 0),
    *(("deposit_and_delegate", "alice", *pool, 60 * UNITS[pool[1]], ANYTHING) for pool in POOLS),
    ("open_stream", "payer", "one", "six", "coin", 10**18, 43, 8),
    ("open_stream", "other payer", "one", "six", "coin", 10**9 + 7, 16, 5),
    ("wait", 2 * EPOCH + DAY),
    ("rebase", 37),
    *(("deposit_and_delegate", "bob", *pool, 40 * UNITS[pool[1]] + 1, ANYTHING) for pool in POOLS),
    ("deposit", "carol", "six", 10**9),
    ("deposit", "carol", "rebasing", 10**20),
    ("pay", "payer", "fee", 2, [("one", "rebasing", 10**18, 40)]),
    ("wait", EPOCH),
]


class Drawing:
    """One history as it is drawn."""

    def __init__(self, draw: st.DrawFn, model: Model) -> None:
        self.draw, self.model = draw, model
        self.crowded = self.one_of(POOLS)  # where much meets

    def one_of(self, choices: list[T]) -> T:
        return self.draw(st.sampled_from(choices))

    def between(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, max(least, most)))

    def part_of(self, whole: int) -> int:
        """Mostly what there is, or a little; now and then more."""
        return self.one_of([whole, whole, 1, whole // 2, whole // 3, self.between(0, whole), whole + 1])

    def mostly(self, sensible: list[T], others: list[T]) -> T | None:
        """One that can be done; seldom any other."""
        if not sensible or self.between(0, 9) == 9:
            return self.one_of(others) if others and self.between(0, 4) == 4 else None
        return self.one_of(sensible)

    def step(self) -> Step | None:
        """One of which something can be done."""
        for _ in range(4):
            if (step := self.one_of(STEPS)(self)) is not None:
                return step
        return None

    # --- who and where ---

    def pool(self) -> tuple[str, str]:
        return self.one_of([self.crowded, self.crowded, *POOLS])

    def line(self) -> Line:
        return self.one_of([(self.crowded, TOKENS[0]), (self.crowded, TOKENS[0]), *LINES])

    def staker(self) -> str:
        return self.one_of(STAKERS)

    def accepted(self) -> Accepted:
        strict = (self.one_of([BPS, 5_000]), self.one_of([BPS, 1_000]), self.one_of([0, 3_600]), False)
        return self.one_of([ANYTHING, ANYTHING, (BPS, BPS, 0, False), strict])

    # --- time, and what is outside of the protocol ---

    def nothing(self) -> Step | None:
        return None

    def wait(self) -> Step:
        return "wait", self.one_of([1, 3_600, DAY, 2 * DAY, self.between(1, EPOCH)])

    def wait_for_border(self) -> Step:
        """One second before it, on it, or after it."""
        border = self.model.epoch * EPOCH - self.model.now
        return "wait", max(0, border + self.one_of([0, -1, 0, 1, DAY]))

    def wait_epochs(self) -> Step:
        return "wait", EPOCH * self.one_of([1, 1, 2, 3, 5, 52])

    def wait_for_request(self) -> Step | None:
        """For the first or the last second in which one can be executed, or for the one before or after."""
        requests = [each for each in self.model.requests if self.model._open_amount(each)]
        times = [self.model._executable_at(each) for each in requests]
        times += [self.model._lapses_at(each) for each in requests]
        ahead = [time - self.model.now for time in times if time > self.model.now]
        return ("wait", self.one_of(ahead) + self.one_of([0, 0, 1, -1])) if ahead else None

    def at_border_of_request(self) -> Step | None:
        """What can be done with one in that second."""
        model = self.model
        near: list[Step] = []
        for index, each in enumerate(model.requests):
            borders = model._executable_at(each), model._lapses_at(each)
            if model.remaining[each] and any(abs(model.now - border) <= 1 for border in borders):
                near += [("execute", "one", index), ("veto", "resolver", index)]
        return self.one_of(near) if near else None

    def rebase(self) -> Step:
        return "rebase", self.one_of([1, 100, -1, -50, -2_000, self.between(-300, 300)])

    def donate(self) -> Step:
        vault = self.one_of(VAULTS)
        return "donate", self.staker(), vault, self.one_of([1, UNITS[vault], self.between(1, 10 * UNITS[vault])])

    def pause(self) -> Step:
        return (self.one_of(["unpause", "pause"]),)

    # --- stakers ---

    def amount(self, vault: str) -> int:
        return self.one_of([1, UNITS[vault], 0, self.between(1, 100 * UNITS[vault]), 3 * UNITS[vault] + 1])

    def deposit(self) -> Step:
        vault = self.one_of(VAULTS)
        return "deposit", self.staker(), vault, self.amount(vault)

    def redeem(self) -> Step | None:
        wallets = [(staker, vault) for staker in STAKERS for vault in VAULTS]
        wallet = self.mostly([each for each in wallets if self.model.vaults[each[1]].balance(each[0])], wallets)
        if wallet is None:
            return None
        staker, vault = wallet
        return "redeem", staker, vault, self.part_of(self.model.vaults[vault].balance(staker))

    def deposit_and_delegate(self) -> Step:
        pool = self.pool()
        return "deposit_and_delegate", self.staker(), *pool, self.amount(pool[1]), self.accepted()

    def delegate(self) -> Step | None:
        pool = self.pool()
        staker = self.mostly([each for each in STAKERS if self.model.vaults[pool[1]].balance(each)], STAKERS)
        if staker is None:
            return None
        shares = self.part_of(self.model.vaults[pool[1]].balance(staker))
        return "delegate", staker, *pool, shares, self.accepted()

    def undelegate(self) -> Step | None:
        pool = self.pool()
        positions = self.model.pools[pool].positions
        staker = self.mostly([each for each, held in positions.items() if held], STAKERS)
        return None if staker is None else ("undelegate", staker, *pool, self.part_of(positions.get(staker, 0)))

    def set_completer(self) -> Step:
        return "set_completer", self.staker(), self.one_of(["one", "carol"]), self.one_of([True, True, False])

    def ticket(self) -> tuple[str, str, str, int] | None:
        there = [each for each in self.model.tickets if each[2:] in self.model.pools[each[0], each[1]].tickets]
        others = [*there, *self.model.tickets, (*self.pool(), self.staker(), self.model.epoch)]
        return self.mostly([each for each in there if each[3] + 2 <= self.model.epoch], others)

    def complete(self) -> Step | None:
        ticket = self.ticket()
        if ticket is None:
            return None
        operator, vault, staker, epoch = ticket
        caller = self.one_of([staker] * 6 + ["carol", "one"])
        receiver = self.one_of([staker] * 5 + ["bob"])
        return "complete", caller, operator, vault, staker, epoch, receiver, self.one_of([ASSETS, VAULT_SHARES])

    def redelegate(self) -> Step | None:
        ticket = self.ticket()
        if ticket is None:
            return None
        operator, vault, staker, epoch = ticket
        receiver = self.one_of([staker, staker, "alice"])
        return "redelegate", staker, operator, vault, epoch, self.one_of(OPERATORS), receiver, self.accepted()

    # --- operators and AVSs ---

    def set_mandate(self) -> Step:
        pool = self.pool()
        guaranteed = sum(each.guaranteed.settled for each in self.model.pools[pool].avss)
        borders = [guaranteed, max(0, guaranteed - 1)]
        budget = self.one_of([5_000, 10_000, 3_000, 8_000, *borders, self.between(0, BPS + 1)])
        return "set_mandate", *pool, budget, self.one_of([1_000, 0, 333, BPS, self.between(0, BPS)])

    def parts(self, operator: str, avs: int, vault: str) -> tuple[int, int]:
        pool = self.model.pools[operator, vault]
        room = pool.loss_budget.settled - sum(each.guaranteed.settled for each in pool.avss)
        most = max(0, pool.avss[avs].guaranteed.settled + room)
        guaranteed = self.one_of([*PARTS, self.between(0, most), most, most + 1])
        elastic = 0 if AVSS[avs].recipient and self.one_of([True, True, False]) else None
        return guaranteed, self.one_of([*PARTS, self.between(0, BPS + 1)]) if elastic is None else elastic

    def opt_in(self) -> Step | None:
        operator, vault = self.pool()
        avs = self.mostly([avs for avs in range(len(AVSS)) if not self.is_in(avs, operator, vault)], list(range(4)))
        return None if avs is None else ("opt_in", operator, avs, vault, *self.parts(operator, avs, vault))

    def is_in(self, avs: int, operator: str, vault: str) -> bool:
        return self.model._settled(avs, operator, vault) != (0, 0)

    def opted_in(self) -> tuple[str, int, str] | None:
        operator, vault = self.pool()
        avss = [(operator, avs, vault) for avs in range(len(AVSS))]
        return self.mostly([each for each in avss if self.is_in(each[1], operator, vault)], avss)

    def allocate(self) -> Step | None:
        where = self.opted_in()
        return where and ("allocate", *where, *self.parts(*where))

    def opt_out(self) -> Step | None:
        where = self.opted_in()
        return where and ("opt_out", *where)

    def eject(self) -> Step | None:
        where = self.opted_in()
        return where and ("eject", where[1], where[0], where[2])

    def set_admitted(self) -> Step:
        return "set_admitted", self.one_of([3, 3, 3, 0]), self.one_of(OPERATORS), self.one_of([True, True, False])

    def set_vault(self) -> Step:
        return "set_vault", self.between(0, 3), self.one_of(VAULTS), self.one_of([True, True, False])

    # --- slashing ---

    def request(self) -> Step | None:
        operator, vault = self.pool()
        pool = self.model.pools[operator, vault]
        avs = self.mostly([avs for avs in range(len(AVSS)) if sum(pool.slashable(avs))], list(range(len(AVSS))))
        if avs is None:
            return None
        slasher = self.one_of([AVSS[avs].slasher] * 9 + SLASHERS)
        guaranteed, elastic = pool.slashable(avs)
        borders = [guaranteed, guaranteed + elastic, guaranteed + elastic + 1, WAD, 1]
        some = [self.between(1, WAD // 4), self.between(1, WAD // 50)]
        amount = self.one_of([*borders, *borders, *some, *some, 0, WAD + 1])
        age = self.one_of([0] * 8 + [1, 3_600, self.model.now % EPOCH, REPORT_WINDOW, REPORT_WINDOW + 1, -1])
        return "request", slasher, avs, operator, vault, amount, self.model.now - age, self.between(0, 1)

    def of_request(self, least: int, most: int) -> int | None:
        """Mostly an open one that was filed so long before its veto period ends, or after."""
        requests, now = self.model.requests, self.model.now
        opened = [i for i, each in enumerate(requests) if self.model._open_amount(each)]
        late = [i for i in opened if least <= now - self.model._executable_at(requests[i]) <= most]
        return self.mostly(late, list(range(len(requests))))

    def veto(self) -> Step | None:
        index = self.of_request(-MAX_VETO, -1)
        return None if index is None else ("veto", self.one_of(["resolver"] * 5 + ["slasher"]), index)

    def take_back(self) -> Step | None:
        index = self.of_request(-MAX_VETO, DAY)
        if index is None:
            return None
        slasher = AVSS[self.model.requests[index][0]].slasher
        return "take_back", self.one_of([slasher] * 5 + SLASHERS), index

    def execute(self) -> Step | None:
        index = self.of_request(0, DAY)
        return None if index is None else ("execute", "one", index)

    # --- rewards ---

    def reward(self) -> int:
        return self.one_of([10**9, 1, 99, 0, 2**96 - 1, self.between(1, 10**20), self.between(1, 10**20)])

    def pay(self) -> Step:
        token, epoch = self.line()[1], self.model.epoch - self.one_of([1] * 9 + [0, 2])
        count = self.one_of([1, 1, 2, 3])
        paid = [(*self.pool(), self.reward(), self.one_of([*FLOORS * 2, 15, 60])) for _ in range(count)]
        return "pay", self.one_of(PAYERS), token, max(0, epoch), paid

    def open_stream(self) -> Step:
        (operator, vault), token = self.line()
        floor, epochs = self.one_of([*FLOORS * 2, 15]), self.one_of([1, 2, 3, 5, 8, 256, 0, 257])
        return "open_stream", self.one_of(PAYERS), operator, vault, token, self.reward(), floor, epochs

    def stream(self) -> tuple[str, int] | None:
        streams = self.model.rewards.streams
        if not streams:
            return None
        id_ = self.one_of(list(streams))
        return self.one_of([streams[id_].payer] * 9 + PAYERS), id_

    def cancel_stream(self) -> Step | None:
        stream = self.stream()
        return stream and ("cancel_stream", *stream)

    def take_rest(self) -> Step | None:
        stream = self.stream()
        return stream and ("take_rest", *stream, self.one_of([1, 2, 0, 5, 2**24 - 1]))

    def claim(self) -> Step:
        staker = self.staker()
        lines = [self.line() for _ in range(self.one_of([1, 2, 3]))]
        hints = [self.one_of([0, 1, 2, 5, 2**256 - 1]) for _ in lines]
        claims = [(*pool, token, hint) for (pool, token), hint in zip(lines, hints, strict=True)]
        caller, receiver = self.one_of([staker] * 5 + ["carol"]), self.one_of([staker] * 5 + ["bob"])
        return "claim", caller, staker, claims, receiver

    def claim_commission(self) -> Step:
        (operator, vault), token = self.line()
        return "claim_commission", operator, vault, token

    def book(self) -> Step:
        (operator, vault), token = self.line()
        return "book", operator, vault, token, self.one_of([self.model.epoch - 1, self.between(0, self.model.epoch)])


WEIGHTS: dict[Callable[[Drawing], Step | None], int] = {
    Drawing.nothing: 1,
    Drawing.wait: 4,
    Drawing.wait_for_border: 7,
    Drawing.wait_epochs: 3,
    Drawing.wait_for_request: 6,
    Drawing.at_border_of_request: 9,
    Drawing.rebase: 2,
    Drawing.donate: 1,
    Drawing.pause: 1,
    Drawing.deposit: 2,
    Drawing.redeem: 2,
    Drawing.deposit_and_delegate: 4,
    Drawing.delegate: 3,
    Drawing.undelegate: 6,
    Drawing.set_completer: 1,
    Drawing.complete: 8,
    Drawing.redelegate: 5,
    Drawing.set_mandate: 4,
    Drawing.opt_in: 4,
    Drawing.allocate: 5,
    Drawing.opt_out: 2,
    Drawing.eject: 1,
    Drawing.set_admitted: 1,
    Drawing.set_vault: 1,
    Drawing.request: 12,
    Drawing.veto: 3,
    Drawing.take_back: 2,
    Drawing.execute: 9,
    Drawing.pay: 6,
    Drawing.open_stream: 4,
    Drawing.cancel_stream: 2,
    Drawing.take_rest: 2,
    Drawing.claim: 4,
    Drawing.claim_commission: 2,
    Drawing.book: 1,
}
STEPS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]


@st.composite
def histories(draw: st.DrawFn, model: Model, steps: int) -> History:
    """Of at most so many steps after those that brought the model to where it is."""
    drawing = Drawing(draw, deepcopy(model))
    history = []
    for _ in range(steps):
        step = drawing.step()
        if step is not None:
            history.append(step)
            drawing.model.after(step)
    return history
