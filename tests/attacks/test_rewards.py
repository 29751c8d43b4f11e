"""
Rewards: delegating just before a payment and leaving after it, paying a pool with no stakers, commission changed before
a payment, a token that reverts on transfer taking the other tokens' claims with it.
"""

from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from tests.helpers.ledger import Ledger
from tests.helpers.protocol import BPS, DAY, ETHER
from tests.helpers.scene import Scene, at
from tests.rewards.conftest import Earning


@pytest.fixture
def ledger(scene: Scene, asset: ContractInstance, parties: dict[str, Any], reward_token: ContractInstance) -> Ledger:
    """Of all parties, with what they get of the token that is paid in."""
    return Ledger(scene, asset, parties, token=reward_token)


def test_attack__delegating_just_before_a_payment_and_leaving_after_it__earns_nothing_of_it(
    earning: Earning, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Nine times as much as all others: in, the payment for epoch 1, and out. The two seconds count in epoch 2."""
    token = earning.token
    start = int(earning.protocol.registry.startOf(2))
    earning.delegate(alice, 100 * ETHER, at=start - DAY)
    earning.delegate(bob, 900 * ETHER, at=start + 60)
    at(start + 61)
    earning.pay()
    earning.undelegate(bob, 900 * ETHER, at=start + 62)
    earning.protocol.to_epoch(3)
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (0, 0)
    earning.claim(alice)
    earning.claim(bob)
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (900 * ETHER - 1, 0)
    earning.pay()
    earning.protocol.to_epoch(4)
    earning.claim(bob)
    assert token.balanceOf(bob) == 900 * ETHER * 9 * 2 // (7 * DAY + 9 * 2)
    assert ledger.gains() == {
        "avs_owner": -2_000 * ETHER,
        "operator": 200 * ETHER,
        "alice": 900 * ETHER - 1 + 900 * ETHER * 7 * DAY // (7 * DAY + 9 * 2),
        "bob": 900 * ETHER * 9 * 2 // (7 * DAY + 9 * 2),
    }


def test_attack__paying_a_pool_with_no_stakers__gives_nothing_to_the_first_who_comes(
    earning: Earning, ledger: Ledger, alice: AccountAPI
) -> None:
    """Alice sees payments for epochs 1 and 2 coming and joins just before the second. A stream is for 2 to 4."""
    token, payer, rewards = earning.token, earning.payer, earning.protocol.rewards
    before, held = token.balanceOf(payer), token.balanceOf(rewards)
    stream = earning.stream(1_000 * ETHER, epochs=3)
    earning.protocol.to_epoch(2)
    assert earning.pay(1_000 * ETHER).return_value == [0]
    at(earning.protocol.registry.startOf(3))
    earning.delegate(alice, 100 * ETHER)
    assert earning.pay(1_000 * ETHER).return_value == [0]
    assert token.balanceOf(payer) == before - 3_000 * ETHER
    earning.protocol.to_epoch(4)
    assert token.balanceOf(alice) == 0
    earning.claim(alice)
    assert token.balanceOf(alice) == 0
    rewards.takeRest(stream, 100, payer, sender=payer)
    assert token.balanceOf(payer) == before - 2_000 * ETHER
    earning.protocol.to_epoch(7)
    earning.claim(alice)
    assert token.balanceOf(alice) == 1_800 * ETHER - 1  # of epochs 3 and 4
    assert token.balanceOf(rewards) - held == 200 * ETHER + 1
    assert ledger.gains() == {
        "avs_owner": -2_000 * ETHER,
        "operator": 200 * ETHER,
        "alice": 1_800 * ETHER - 1,
    }


def test_attack__commission_changed_before_a_payment__takes_no_more_of_it(
    earning: Earning, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    """100 % from epoch 5 on, announced in 2. Alice leaves ahead of it, bob stays."""
    token, operator, registry = earning.token, earning.operator, earning.protocol.registry
    begin = registry.startOf(2) - DAY
    earning.delegate(alice, 100 * ETHER, at=begin)
    earning.delegate(bob, 100 * ETHER, at=begin)
    earning.protocol.to_epoch(2)
    registry.setMandate(earning.vault, 5_000, BPS, sender=operator)
    earning.pay()
    assert (token.balanceOf(operator), token.balanceOf(alice), token.balanceOf(bob)) == (0, 0, 0)
    earning.undelegate(alice, 100 * ETHER, at=registry.startOf(3))
    # For epochs 3 and 4, and for 5: the second of them is paid for when 100 % has begun.
    for epoch, commission in ((4, 200), (5, 300), (6, 1_300)):
        earning.protocol.to_epoch(epoch)
        earning.pay()
        earning.protocol.rewards.claimCommission(earning.vault, token, operator, sender=operator)
        assert token.balanceOf(operator) == commission * ETHER
    earning.protocol.to_epoch(7)
    earning.claim(alice)
    earning.claim(bob)
    assert token.balanceOf(alice) == 450 * ETHER - 1
    assert token.balanceOf(bob) == (450 + 2 * 900) * ETHER - 1
    assert ledger.gains() == {
        "avs_owner": -4_000 * ETHER,
        "operator": 1_300 * ETHER,
        "alice": 450 * ETHER - 1,
        "bob": 2_250 * ETHER - 1,
    }


def test_attack__token_that_reverts_on_transfer__does_not_take_the_other_claims_with_it(
    earning: Earning, ledger: Ledger, project: ProjectManager, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    bad, rewards = stranger.deploy(project.BlocklistToken), earning.protocol.rewards
    bad.mint(stranger, 1_000 * ETHER, sender=stranger)
    bad.approve(rewards, 1_000 * ETHER, sender=stranger)
    for staker in (alice, bob):
        earning.delegate(staker, 100 * ETHER, at=rewards.startOf(2) - DAY)
    earning.protocol.to_epoch(2)
    earning.pay(token=bad, payer=stranger)
    earning.pay()
    bad.setBlocked(rewards, True, sender=stranger)
    earning.protocol.to_epoch(3)
    assert (earning.token.balanceOf(alice), earning.token.balanceOf(bob)) == (0, 0)
    for staker in (alice, bob):
        assert earning.claim(staker, bad, earning.token, bad).return_value == [0, 450 * ETHER - 1, 0]
    assert (earning.token.balanceOf(alice), earning.token.balanceOf(bob)) == (450 * ETHER - 1, 450 * ETHER - 1)
    assert (bad.balanceOf(alice), bad.balanceOf(rewards)) == (0, 1_000 * ETHER)
    assert ledger.gains() == {
        "avs_owner": -1_000 * ETHER,
        "operator": 100 * ETHER,
        "alice": 450 * ETHER - 1,
        "bob": 450 * ETHER - 1,
    }
