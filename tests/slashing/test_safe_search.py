"""
The promise of safe stake, against adversaries who do anything. On the literal model alone, which `tests/model` holds
against the contracts: thousands of histories take seconds here and hours on a chain.
"""

import random
from copy import deepcopy
from dataclasses import dataclass

import pytest

from tests.model.pool import WAD, Pool

HISTORIES = 5_000
SEEDS = range(2)


@dataclass
class Outcome:
    safe: tuple[int, int]  # guaranteed and elastic, of `retained` [wad]
    left: tuple[int, int]  # what can still be taken of each when it executes [wad]
    promised: int  # [vault shares]
    moved: int
    in_next_epoch: bool


def some_part(rng: random.Random, most: int) -> int:
    """A part with the borders often enough."""
    return rng.choice([0, most, rng.randint(0, most), rng.randint(0, most)]) if most > 0 else 0


def announce(rng: random.Random, pool: Pool) -> None:
    if rng.random() < 0.3:
        pool.announce_budget(some_part(rng, 10_000))
    else:
        pool.announce(rng.randrange(len(pool.avss)), some_part(rng, 6_000), some_part(rng, 6_000))


def young_pool(rng: random.Random) -> Pool:
    """A pool with some past: allocations in force and pending, epochs partly slashed, tickets open."""
    budget = rng.choice([10_000, 5_000, rng.randint(1, 10_000)])
    count = rng.randint(1, 4)
    pool = Pool(budget, count)
    pool.delegate("alice", rng.choice([10**20, rng.randint(1, 10**20)]))
    pool.delegate("bob", rng.randint(10**10, 10**20))
    crowded = rng.choice([0, 1, 4])  # how far the elastic parts go beyond what there is to share
    for avs in range(count):
        pool.announce(avs, some_part(rng, budget // count), min(10_000, some_part(rng, crowded * budget // count)))
    for _ in range(rng.choice([3, 3, 4, 6])):
        if rng.random() < 0.4:
            announce(rng, pool)
        if rng.random() < 0.3:
            pool.slash(rng.randrange(count), rng.choice([WAD, rng.randint(1, WAD // 5)]))
        pool.next_epoch()
    for _ in range(rng.choice([0, 1, 2])):
        pool.slash(rng.randrange(count), rng.choice([WAD, rng.randint(1, WAD // 3), rng.randint(1, WAD // 20)]))
    return pool


def attack(rng: random.Random, pool: Pool, victim: int) -> None:
    """Everyone but the victim does what they like, most of all what hurts."""
    others = [index for index in range(len(pool.avss)) if index != victim]
    rng.shuffle(others)
    if rng.random() < 0.5:
        announce(rng, pool)
    if rng.random() < 0.3:  # calls everything off that still can be
        pool.announce(victim, 0, 0)
        pool.announce_budget(sum(each.guaranteed.at(pool.epoch) for each in pool.avss))
    if rng.random() < 0.5:
        staker = rng.choice(["alice", "bob"])
        if pool.positions[staker]:
            pool.undelegate(staker, rng.randint(1, pool.positions[staker]))
    if rng.random() < 0.8:
        for other in others:
            pool.slash(other, WAD)
    elif others:
        pool.slash(rng.choice(others), rng.randint(1, WAD))


def play(rng: random.Random) -> Outcome:
    """An offence now, against one AVS, which executes at any time until the end of the next epoch."""
    pool = young_pool(rng)
    victim = rng.randrange(len(pool.avss))
    safe = pool.safe(victim)
    promised = pool.live * sum(safe) // WAD
    attack(rng, pool, victim)
    in_next_epoch = rng.random() < 0.6
    if in_next_epoch:
        attack(rng, pool, victim)
        pool.next_epoch()
        attack(rng, pool, victim)
    left = pool.slashable(victim)
    _, _, moved = pool.slash(victim, sum(safe))
    return Outcome(safe, left, promised, moved, in_next_epoch)


@pytest.mark.parametrize("seed", SEEDS)
def test_safe__whatever_all_others_do__is_never_undercut_and_is_met_with_equality(seed: int) -> None:
    met = {"guaranteed": 0, "guaranteed, in the next epoch": 0, "elastic": 0}
    for history in range(HISTORIES):
        outcome = play(random.Random(f"{seed}/{history}"))
        assert outcome.left[0] >= outcome.safe[0], f"guaranteed undercut in history {seed}/{history}: {outcome}"
        assert outcome.left[1] >= outcome.safe[1], f"elastic undercut in history {seed}/{history}: {outcome}"
        assert outcome.moved >= outcome.promised, f"value undercut in history {seed}/{history}: {outcome}"
        met["guaranteed"] += outcome.left[0] == outcome.safe[0] != 0
        met["guaranteed, in the next epoch"] += outcome.in_next_epoch and outcome.left[0] == outcome.safe[0] != 0
        met["elastic"] += outcome.left[1] == outcome.safe[1] != 0
    assert all(met.values()), f"the bound is not tight: {met}"


def test_model__keeps_what_it_owes() -> None:
    """The model is itself held to promises 1, 2 and 8, or it would be no measure."""
    for history in range(500):
        rng = random.Random(history)
        pool = young_pool(rng)
        victim = rng.randrange(len(pool.avss))
        for _ in range(3):
            start = deepcopy(pool)
            attack(rng, pool, victim)
            budget = pool.base * pool.loss_budget.at(pool.epoch) // 10_000
            assert pool.base - pool.retained <= budget, start
            assert pool.held >= pool.owed(), start
            assert pool.deposited == pool.held + pool.withdrawn + pool.slashed
            pool.next_epoch()
            for staker, epoch in [key for key in pool.tickets if key[1] + 2 <= pool.epoch]:
                pool.complete(staker, epoch)
