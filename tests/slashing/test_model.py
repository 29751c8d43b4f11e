"""
Random histories, played on the chain and on the literal model of `tests/helpers/model.py`. After every step all that
slashing is about agrees exactly.
"""

import random
from typing import Any

import pytest
from ape.api import AccountAPI

from tests.helpers.model import Pool
from tests.helpers.protocol import ANYTHING, BURN, ETHER, WAD
from tests.helpers.scene import Scene

AVSS = 4
STEPS = 45
LOSS_BUDGET = 5_000  # of the pool of `tests/conftest.py`


class History:
    """One pool, on the chain and in the model."""

    def __init__(self, scene: Any, stakers: dict[str, Any], rng: random.Random) -> None:
        self.scene, self.rng, self.stakers = scene, rng, stakers
        self.slashing = scene.protocol.slashing
        self.registry = scene.protocol.registry
        self.delegation = scene.protocol.delegation
        self.model = Pool(LOSS_BUDGET, AVSS)
        self.first = self.registry.avsCount() + 1  # id of the model's AVS 0
        self.log: list[str] = []
        self.views = [
            call.encode_input(avs, scene.operator, scene.vault)
            for avs in range(self.first, self.first + AVSS)
            for call in (self.slashing.slashable, self.slashing.safe)
        ]
        for avs in range(AVSS):
            guaranteed, elastic = 200 * (avs + 1), 700 * (avs + 1)
            assert scene.avs(guaranteed, elastic) == self.first + avs
            assert self.model.announce(avs, guaranteed, elastic)
        for staker in stakers:
            self.delegate(staker, 10 * ETHER + len(staker))
        for _ in range(3):
            self.next_epoch()

    def step(self) -> None:
        steps = [self.slash, self.slash, self.slash, self.announce, self.announce, self.undelegate, self.next_epoch]
        kind = self.rng.choice([*steps, self.next_epoch, self.announce_budget, self.complete, self.delegate])
        kind()

    def slash(self) -> None:
        avs = self.rng.randrange(AVSS)
        amount = self.rng.choice([WAD, 1, self.rng.randint(1, WAD // 4), self.rng.randint(1, WAD // 40)])
        # An offence of the last second may fall into the epoch before, so it is one of this epoch.
        offence = self.registry.startOf(self.model.epoch)
        parts = self.model.avss[avs].guaranteed, self.model.avss[avs].elastic
        if sum(each.at(self.model.epoch) for each in parts) == 0:
            return
        self.log.append(f"slash {avs} {amount}")
        evidence = len(self.log).to_bytes(32)
        burnt = self.scene.vault.balanceOf(BURN)
        self.slashing.request(
            *self.scene.arguments(self.first + avs, amount, offence, evidence), sender=self.scene.slasher
        )
        _, _, moved = self.model.slash(avs, amount)
        assert self.scene.vault.balanceOf(BURN) == burnt + moved, self.log

    def announce(self) -> None:
        avs, guaranteed = self.rng.randrange(AVSS), self.rng.choice([0, self.rng.randint(0, 2_500)])
        elastic = self.rng.choice([0, self.rng.randint(0, 5_000)])
        opted_in = self.registry.isOptedIn(self.first + avs, self.scene.operator, self.scene.vault)
        if guaranteed + elastic == 0:
            if opted_in:
                self.log.append(f"opt out {avs}")
                assert self.model.announce(avs, 0, 0)
                self.scene.opt_out(self.first + avs)
        elif self.model.announce(avs, guaranteed, elastic):
            self.log.append(f"announce {avs} {guaranteed} {elastic}")
            (self.scene.allocate if opted_in else self.scene.opt_in)(self.first + avs, guaranteed, elastic)

    def announce_budget(self) -> None:
        budget = self.rng.randint(2_000, 8_000)
        if self.model.announce_budget(budget):
            self.log.append(f"announce budget {budget}")
            self.scene.set_budget(budget)

    def delegate(self, staker: str | None = None, shares: int | None = None) -> None:
        if self.model.retained < WAD // 1_000:
            return
        staker = staker or self.rng.choice(list(self.stakers))
        shares = shares or self.rng.randint(1, 5 * ETHER)
        self.log.append(f"delegate {staker} {shares}")
        self.scene.vault.depositAndDelegate(shares, self.scene.operator, 0, ANYTHING, sender=self.stakers[staker])
        self.model.delegate(staker, shares)

    def undelegate(self) -> None:
        staker = self.rng.choice(list(self.stakers))
        held = self.model.positions[staker]
        if held == 0:
            return
        shares = self.rng.choice([held, self.rng.randint(1, held)])
        self.log.append(f"undelegate {staker} {shares}")
        self.scene.undelegate(self.stakers[staker], shares)
        self.model.undelegate(staker, shares)

    def complete(self) -> None:
        matured = [key for key in self.model.tickets if key[1] + 2 <= self.model.epoch]
        if not matured:
            return
        staker, epoch = self.rng.choice(matured)
        self.log.append(f"complete {staker} {epoch}")
        before = self.scene.vault.balanceOf(self.delegation)
        self.scene.complete(self.stakers[staker], epoch)
        assert before - self.scene.vault.balanceOf(self.delegation) == self.model.complete(staker, epoch), self.log

    def next_epoch(self) -> None:
        self.log.append("next epoch")
        self.model.next_epoch()
        self.scene.protocol.to_epoch(self.model.epoch, self.rng.choice([0, 1, 3_600]))

    def check_positions(self) -> None:
        for staker, account in self.stakers.items():
            shares = self.model.positions[staker]
            assert self.scene.position(account) == (shares, shares * self.model.retained // WAD), self.log

    def check(self) -> None:
        model, scene = self.model, self.scene
        assert scene.retained == model.retained, self.log
        assert scene.pool_shares == (model.live, model.leaving), self.log
        words = [
            tuple(int.from_bytes(bytes(answer)[at : at + 32]) for at in (0, 32))
            for answer in self.slashing.multicall.call(self.views)
        ]
        expected = [view(avs) for avs in range(AVSS) for view in (model.slashable, model.safe)]
        assert words == expected, self.log
        assert scene.vault.balanceOf(self.delegation) == model.held, self.log
        assert model.held >= model.owed(), self.log
        assert tuple(self.slashing.worstCase(scene.operator, scene.vault, 10**21)) == model.worst_case(10**21), self.log


@pytest.mark.parametrize("seed", range(4))
def test_contracts__in_a_random_history__agree_with_the_model_after_every_step(
    empty_scene: Scene, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI, seed: int
) -> None:
    history = History(empty_scene, {"alice": alice, "bob": bob, "carol": carol}, random.Random(seed))
    history.check()
    for _ in range(STEPS):
        history.step()
        history.check()
    history.check_positions()
