"""
Griefing: dust tickets, dust requests, opening requests to stop delegations, reserving a budget and letting it go,
pausing for as long as an offence can be reported, paying in a worthless token to make claims dear.
"""

from collections.abc import Callable

import ape
import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from tests.helpers import reverts
from tests.helpers.isolation import isolated
from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANY_MANDATE, ANYTHING, ASSETS, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, look_at
from tests.rewards.conftest import Earning

PERCENT = WAD // 100


def test_attack__reserving_a_budget_and_letting_it_go__takes_nothing_from_others(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    hostile, mine = scene.avs(0, 5_000, veto=DAY), scene.avs(0, 5_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    taken_back, vetoed, lapsing = (scene.request(hostile, WAD - i) for i in range(3))
    assert scene.slashable(mine) == (0, 50 * PERCENT)
    scene.take_back(taken_back)
    scene.veto(vetoed)
    look_at(lapsing[5] + 2 * DAY + 1)
    assert scene.slashable(mine) == (0, 50 * PERCENT)
    scene.request(mine, WAD)
    assert scene.retained == 50 * PERCENT
    assert ledger.gains() == {"alice": -50 * ETHER, "burnt": 50 * ETHER}


def test_attack__dust_requests__stop_no_delegation_that_accepts_them_and_no_exit(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    hostile = scene.avs(1, veto=2 * DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (1, 2, 3):
        scene.request(hostile, amount)
    with reverts(scene.protocol.delegation.OpenSlashRequest, operator=scene.operator, vault=scene.vault):
        scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANY_MANDATE, sender=bob)
    scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANYTHING, sender=bob)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(6, -60)
    scene.request(hostile, 4)
    scene.protocol.to_epoch(6)
    assert scene.has_open_request is True
    scene.complete(alice, opened)
    assert scene.position(bob) == (ETHER, ETHER)
    assert ledger.gains() == {}


def test_attack__dust_requests_that_lapsed__stop_nothing(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    hostile = scene.avs(1, veto=2 * DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    last = [scene.request(hostile, amount) for amount in (1, 2, 3)][-1]
    look_at(last[5] + 3 * DAY + 1)
    scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANY_MANDATE, sender=bob)
    assert scene.position(bob) == (ETHER, ETHER)
    assert ledger.gains() == {}


def test_attack__paused_for_as_long_as_an_offence_can_be_reported__slashing_goes_on(
    scene: Scene, ledger: Ledger, alice: AccountAPI, guardian: AccountAPI
) -> None:
    at_once, with_veto = scene.avs(1_000), scene.avs(1_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.protocol.registry.pause(sender=guardian)
    now = at(ape.chain.pending_timestamp + 60)
    reported = scene.request(with_veto, 10 * PERCENT)
    vetoed = scene.request(with_veto, 5 * PERCENT)
    back = scene.request(with_veto, 4 * PERCENT)
    scene.veto(vetoed)
    scene.take_back(back)
    at(reported[5] + DAY)
    scene.execute(reported)
    at(now + 4 * DAY)
    scene.request(at_once, 10 * PERCENT, offence_at=now)
    assert scene.protocol.registry.paused() is True
    assert scene.retained == 80 * PERCENT
    assert ledger.gains() == {"alice": -20 * ETHER, "burnt": 20 * ETHER}


def test_attack__dust_tickets__of_one_who_moves_in_every_epoch_hold_up_nobody(
    scene: Scene, ledger: Ledger, alice: AccountAPI, stranger: AccountAPI, asset: ContractInstance
) -> None:
    """The griefer opens tickets of a wei and leaves them open, so that the pool never is without one."""
    asset.transfer(stranger, 100, sender=alice)
    asset.approve(scene.vault, 100, sender=stranger)
    avs = scene.avs(2_000)
    scene.stake(alice)
    scene.stake(stranger, 100)
    for epoch in range(2, 8):
        scene.protocol.to_epoch(epoch, 60)
        for _ in range(3):
            scene.undelegate(stranger, 1)
    scene.request(avs, 20 * PERCENT)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(9)
    scene.complete(alice, opened)
    # Of the 3 wei of each epoch 20 % is a wei, once rounded: of the live 82, and of the tickets of epochs 6 and 7.
    assert ledger.gains() == {"alice": -20 * ETHER - 100, "stranger": 100 - 17 - 1 - 1, "burnt": 20 * ETHER + 17}


def test_attack__dust_tickets__moved_to_a_victim_cost_it_nothing_but_some_gas(
    earning: Earning,
    ledger: Ledger,
    reward_token: ContractInstance,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    """
    Anyone may redelegate a ticket to another, which adds a move to the history that the other's claims go through: one
    an epoch. The victim gets the dust, all of its rewards and its stake.
    """
    protocol, delegation = earning.protocol, earning.protocol.delegation
    earning.delegate(alice, 100 * ETHER)
    earning.delegate(bob, 100 * ETHER)
    protocol.to_epoch(2)
    for epoch in range(2, 10):
        protocol.to_epoch(epoch)
        earning.undelegate(bob, 1)
    for epoch in range(10, 18):
        protocol.to_epoch(epoch)
        delegation.redelegate(earning.operator, earning.vault, epoch - 8, earning.operator, alice, ANYTHING, sender=bob)
    earning.pay()
    protocol.to_epoch(18)
    assert delegation.holding(earning.operator, earning.vault, alice).moves == 8
    earning.claim(alice)
    earning.claim(bob)
    opened = earning.undelegate(alice, 100 * ETHER + 8)
    protocol.to_epoch(20)
    delegation.complete(earning.operator, earning.vault, alice, opened, alice, ASSETS, sender=alice)
    assert ledger.gains() == {"alice": 8, "bob": -8}
    # Half of 900, and what 8 wei of 200 earn beside it: 36 wei at most.
    assert 450 * ETHER - 1 <= reward_token.balanceOf(alice) <= 450 * ETHER + 36
    assert 450 * ETHER - 37 <= reward_token.balanceOf(bob) <= 450 * ETHER


class TestDearClaims:
    """Paid by the griefer: the same gas to the last unit for claims in the good token, and for moves."""

    @pytest.fixture
    def paid(self, earning: Earning, alice: AccountAPI, bob: AccountAPI) -> Earning:
        """In epoch 3. Epochs 1 and 2 are paid for in the good token, and a stream pays for epochs 2 to 11."""
        for staker in (alice, bob):
            earning.delegate(staker, 100 * ETHER)
        earning.stream(10 * ETHER, epochs=10)
        for epoch in (2, 3):
            earning.protocol.to_epoch(epoch)
            earning.pay()
        return earning

    def gas(self, paid: Earning, alice: AccountAPI, bob: AccountAPI) -> tuple[int, ...]:
        """Of a claim, a delegation and an undelegation, each in the same second of epoch 8."""
        second = int(paid.protocol.registry.startOf(8))
        calls: list[Callable[[], ReceiptAPI]] = [
            lambda: paid.claim(alice),
            lambda: paid.vault.depositAndDelegate(ETHER, paid.operator, 0, ANYTHING, sender=bob),
            lambda: paid.protocol.delegation.undelegate(paid.operator, paid.vault, ETHER, sender=bob),
        ]
        spent = []
        for call in calls:
            with isolated():
                at(second)
                spent.append(int(call().gas_used))
        return tuple(spent)

    def test_attack__paying_in_worthless_tokens__makes_claims_no_dearer(
        self, paid: Earning, project: ProjectManager, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        before, good = self.gas(paid, alice, bob), paid.token.balanceOf(stranger)
        for _ in range(12):
            worthless = stranger.deploy(project.TestToken, "Worthless", "NIL", 18)
            worthless.mint(stranger, 10**30, sender=stranger)
            worthless.approve(paid.protocol.rewards, 10**30, sender=stranger)
            paid.pay(10**24, token=worthless, payer=stranger)
            paid.stream(10**24, epochs=100, token=worthless, payer=stranger)
        assert self.gas(paid, alice, bob) == before
        assert paid.token.balanceOf(stranger) == good

    def test_attack__paying_in_dust__makes_claims_no_dearer_than_one_payer_does(
        self, paid: Earning, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        """Payments of a wei and streams of a wei, of the good token."""

        def pay_dust() -> None:
            paid.pay(1, payer=stranger)
            paid.stream(1, epochs=8, payer=stranger)

        good = paid.token.balanceOf(stranger)
        pay_dust()
        before = self.gas(paid, alice, bob)
        for _ in range(12):
            pay_dust()
        assert self.gas(paid, alice, bob) == before
        assert paid.token.balanceOf(stranger) == good - 13 * 9
