"""What an AVS reads to pay by stake: what it could slash in the epoch just finished, for the average of pool shares."""

from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import assert_events
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at

WEEK = 7 * DAY
PERCENT = WAD // 100
UNKNOWN = 2**32 - 1  # id of no AVS
NOTHING = (0, 0, 0, 0)


def averages(scene: Scene, avs: int, offset: int = 0, limit: int = 10) -> list[tuple[Any, ...]]:
    return [tuple(each) for each in scene.protocol.slashing.averages(avs, offset, limit)]


def average(scene: Scene, avs: int) -> tuple[int, ...]:
    """Of the first pool: guaranteed, elastic, and what of them was safe [vault shares]."""
    operator, vault, *amounts = averages(scene, avs)[0]
    assert (operator, vault) == (scene.operator.address, scene.vault.address)
    return tuple(amounts)


def delegate(scene: Scene, staker: AccountAPI, shares: int, time: int) -> None:
    at(time)
    scene.stake(staker, shares)


def undelegate(scene: Scene, staker: AccountAPI, shares: int, time: int) -> None:
    at(time)
    scene.undelegate(staker, shares)


@pytest.fixture
def second_pool(scene: Scene, at_once: int, second_operator: AccountAPI, bob: AccountAPI) -> AccountAPI:
    """
    In epoch 8. Another operator's pool with 10 ETH of bob, of which `at_once` has 5 % guaranteed and nothing else from
    epoch 7 on. The loss budget is 10 %.
    """
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 1_000, 0, 0, sender=second_operator)
    registry.optIn(at_once, scene.vault, 500, 0, b"", sender=second_operator)
    scene.vault.depositAndDelegate(10 * ETHER, second_operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(8)
    return second_operator


def test_averages__of_an_epoch_without_moves__are_what_could_be_slashed_in_it(
    scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    """Of 100 ETH. Safe is what is left in an epoch that begins after the others took all they can: see `safe`."""
    scene.protocol.to_epoch(5)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    assert average(scene, with_veto) == (10 * ETHER, 0, 6 * ETHER, 0)
    assert average(scene, shared) == (0, 20 * ETHER, 0, 5 * ETHER)


def test_averages__in_the_first_epoch__are_nothing(empty_scene: Scene, alice: AccountAPI) -> None:
    avs = empty_scene.avs(2_000, 1_000)
    empty_scene.stake(alice)
    assert empty_scene.protocol.epoch == 1
    assert average(empty_scene, avs) == NOTHING


def test_averages__before_the_allocation_is_in_force__are_nothing(scene: Scene, at_once: int) -> None:
    """It is from epoch 4 on, which is over in epoch 5."""
    assert average(scene, at_once) == NOTHING
    scene.protocol.to_epoch(5, -1)
    assert average(scene, at_once) == NOTHING
    scene.protocol.to_epoch(5)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)


def test_averages__of_the_first_epoch_that_anyone_delegated_in__count_from_the_second_of_it(
    empty_scene: Scene, alice: AccountAPI
) -> None:
    avs = empty_scene.avs(2_000)
    empty_scene.protocol.to_epoch(4)
    delegate(empty_scene, alice, 100 * ETHER, empty_scene.protocol.registry.startOf(4) + WEEK * 3 // 4)
    empty_scene.protocol.to_epoch(5)
    assert average(empty_scene, avs) == (5 * ETHER, 0, 35 * ETHER // 10, 0)


def test_averages__with_moves_in_the_middle_of_the_epoch__are_of_the_time_between(
    scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI
) -> None:
    """100 ETH for a quarter, 140 for a quarter, 80 for a half: 100 on average. A ticket does not count."""
    begin = scene.protocol.registry.startOf(5)
    delegate(scene, bob, 40 * ETHER, begin + WEEK // 4)
    undelegate(scene, alice, 60 * ETHER, begin + WEEK // 2)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    scene.protocol.to_epoch(7)
    assert average(scene, at_once) == (16 * ETHER, 8 * ETHER, 112 * ETHER // 10, 0)


def test_averages__do_not_count_who_comes_after_the_epoch(
    scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI
) -> None:
    begin = scene.protocol.registry.startOf(5)
    delegate(scene, bob, 900 * ETHER, begin)
    undelegate(scene, alice, 100 * ETHER, begin)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)


def test_averages__of_an_epoch_with_a_slash__are_as_if_there_was_none(scene: Scene, at_once: int, shared: int) -> None:
    """What was taken does not make the pay less; the next epoch begins with what is left."""
    scene.request(at_once, 25 * PERCENT)
    scene.protocol.to_epoch(5)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    assert average(scene, shared) == (0, 20 * ETHER, 0, 5 * ETHER)
    scene.request(at_once, 5 * PERCENT)  # in the epoch after it
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (15 * ETHER, 75 * ETHER // 10, 105 * ETHER // 10, 0)
    scene.protocol.to_epoch(7)
    assert average(scene, at_once) == (14 * ETHER, 7 * ETHER, 98 * ETHER // 10, 0)


def test_averages__with_delegations_after_a_slash__are_in_vault_shares(
    scene: Scene, at_once: int, bob: AccountAPI
) -> None:
    """75 % is retained, so bob's 75 vault shares are as much as alice's 100 pool shares."""
    scene.request(at_once, 25 * PERCENT)
    delegate(scene, bob, 75 * ETHER, scene.protocol.registry.startOf(5))
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (30 * ETHER, 15 * ETHER, 21 * ETHER, 0)


def test_averages__with_a_fall_announced__are_safe_for_as_little_as_the_next_epoch_has(
    scene: Scene, at_once: int
) -> None:
    """10 % from epoch 6 on. In epoch 5, 20 % is there and 10 % of what is left of it then is safe."""
    scene.allocate(at_once, 1_000, 1_000)
    scene.protocol.to_epoch(5)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 7 * ETHER, 0)
    scene.protocol.to_epoch(7)
    # Of 50 % that are left and its own 10 %.
    assert average(scene, at_once) == (10 * ETHER, 10 * ETHER, 6 * ETHER, 0)


def test_averages__with_a_rise_announced__count_it_from_its_epoch(scene: Scene, at_once: int) -> None:
    """40 % from epoch 7 on."""
    scene.allocate(at_once, 4_000, 0)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)
    scene.protocol.to_epoch(7)
    assert average(scene, at_once) == (20 * ETHER, 0, 14 * ETHER, 0)
    scene.protocol.to_epoch(8)
    assert average(scene, at_once) == (40 * ETHER, 0, 36 * ETHER, 0)


def test_averages__after_an_opt_out__last_as_long_as_the_allocation(scene: Scene, at_once: int) -> None:
    scene.opt_out(at_once)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 0, 0)
    scene.protocol.to_epoch(7)
    assert average(scene, at_once) == NOTHING


def test_averages__with_a_fall_of_the_loss_budget__are_of_the_one_in_force(scene: Scene, shared: int) -> None:
    """40 % from epoch 6 on, of which 30 % are guaranteed."""
    scene.set_budget(4_000)
    scene.protocol.to_epoch(6)
    assert average(scene, shared) == (0, 20 * ETHER, 0, 0)
    scene.protocol.to_epoch(7)
    assert average(scene, shared) == (0, 10 * ETHER, 0, 0)


def test_averages__while_the_avs_does_not_count_the_vault__are_nothing(
    scene: Scene, at_once: int, avs_owner: AccountAPI
) -> None:
    scene.protocol.to_epoch(5)
    scene.protocol.registry.setVault(at_once, scene.vault, False, sender=avs_owner)
    assert average(scene, at_once) == NOTHING
    scene.protocol.registry.setVault(at_once, scene.vault, True, sender=avs_owner)
    assert average(scene, at_once) == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0)


def test_averages__round_down(scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI) -> None:
    """19 and, for the last second, a million: 20.65 on average, of which 20 % are 4, 10 % 2 and 14 % 2.8."""
    undelegate(scene, alice, 100 * ETHER, scene.protocol.registry.startOf(5))
    at(scene.protocol.registry.startOf(5))
    scene.stake(bob, 19)
    delegate(scene, bob, 10**6, scene.protocol.registry.startOf(6) - 1)
    scene.protocol.to_epoch(6)
    assert average(scene, at_once) == (4, 2, 2, 0)


def test_averages__lists_the_pools_in_the_order_of_opt_in(scene: Scene, at_once: int, second_pool: AccountAPI) -> None:
    vault = scene.vault.address
    assert averages(scene, at_once) == [
        (scene.operator.address, vault, 20 * ETHER, 10 * ETHER, 14 * ETHER, 0),
        # An epoch later 90 % and its own 5 % are left at least, of which 5 % are 0.475 ETH.
        (second_pool.address, vault, ETHER // 2, 0, 475 * ETHER // 1_000, 0),
    ]


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [(0, 1, [0]), (1, 1, [1]), (1, 5, [1]), (0, 2, [0, 1]), (2, 1, []), (0, 0, []), (2**256 - 1, 2**256 - 1, [])],
)
def test_averages__by_pages__gives_that_page(
    scene: Scene, at_once: int, second_pool: AccountAPI, offset: int, limit: int, expected: list[int]
) -> None:
    operators = [scene.operator.address, second_pool.address]
    page = averages(scene, at_once, offset, limit)
    assert [each[0] for each in page] == [operators[index] for index in expected]


def test_averages__of_an_avs_without_pools__are_empty(scene: Scene) -> None:
    assert averages(scene, UNKNOWN) == []


def test_averages__of_a_pool_that_nobody_ever_delegated_to__are_nothing_and_fail_no_page(
    scene: Scene, at_once: int, second_operator: AccountAPI
) -> None:
    """Its mandate may be set at once, to a loss budget under what was guaranteed in the epoch before."""
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 2_000, 0, 0, sender=second_operator)
    registry.optIn(at_once, scene.vault, 2_000, 0, b"", sender=second_operator)
    scene.protocol.to_epoch(7)
    registry.optOut(at_once, scene.vault, sender=second_operator)
    scene.protocol.to_epoch(9)
    registry.setMandate(scene.vault, 0, 0, sender=second_operator)
    assert averages(scene, at_once) == [
        (scene.operator.address, scene.vault.address, 20 * ETHER, 10 * ETHER, 14 * ETHER, 0),
        (second_operator.address, scene.vault.address, *NOTHING),
    ]


# --- paying by it ---


def test_averages__are_all_it_takes_to_pay_by_stake(
    scene: Scene, asset: ContractInstance, at_once: int, second_pool: AccountAPI, avs_owner: AccountAPI
) -> None:
    """One view and one call: 82 split by what was guaranteed, 20 and 0.5."""
    rewards, registry = scene.protocol.rewards, scene.protocol.registry
    asset.mint(avs_owner, 82 * ETHER, sender=avs_owner)
    asset.approve(rewards, 82 * ETHER, sender=avs_owner)

    pools = averages(scene, at_once)
    whole = sum(pool[2] for pool in pools)
    payments = [(operator, vault, 82 * ETHER * stake // whole, 16) for operator, vault, stake, *_ in pools]
    receipt = rewards.pay(asset, rewards.epoch() - 1, payments, sender=avs_owner)

    assert receipt.return_value == [80 * ETHER, 2 * ETHER]
    paid = {"vault": scene.vault, "token": asset, "payer": avs_owner, "epoch": registry.epoch() - 1}
    assert_events(
        receipt,
        rewards.Paid,
        paid | {"operator": scene.operator, "amount": 80 * ETHER, "commission": 8 * ETHER},
        paid | {"operator": second_pool, "amount": 2 * ETHER, "commission": 0},
    )
    assert asset.balanceOf(avs_owner) == 0
