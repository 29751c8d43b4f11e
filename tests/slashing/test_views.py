"""What an AVS and a staker read of a pool."""

from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import reverts
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.helpers.scene import Scene, look_at

PERCENT = WAD // 100
SEED = 10**6
UNKNOWN = 2**32 - 1  # id of no AVS
NOTHING = (0, 0, 0, 0, 0)


def stake(scene: Scene, avs: int) -> tuple[Any, ...]:
    """The operator, the vault, and both units as plain tuples."""
    return plain(scene.protocol.slashing.stake(avs, scene.operator, scene.vault))


def plain(answer: Any) -> tuple[Any, ...]:
    return answer.operator, answer.vault, tuple(answer.shares), tuple(answer.assets)


@pytest.fixture
def second_pool(scene: Scene, at_once: int, second_operator: AccountAPI, bob: AccountAPI) -> AccountAPI:
    """Another operator's pool with 10 ETH of bob, of which `at_once` is to have 5 % guaranteed and nothing else."""
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 1_000, 0, 0, sender=second_operator)
    registry.optIn(at_once, scene.vault, 500, 0, b"", sender=second_operator)
    scene.vault.depositAndDelegate(10 * ETHER, second_operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(7)
    return second_operator


# --- stake ---


def test_stake__tells_of_one_pool_in_both_units(scene: Scene, at_once: int, with_veto: int, shared: int) -> None:
    """20 % and 10 % can be slashed, 14 % are safe, and the others can take all of the 20 % that are shared."""
    pool = (scene.operator.address, scene.vault.address)
    expected = (20 * ETHER, 10 * ETHER, 14 * ETHER, 0, 20 * ETHER)
    assert stake(scene, at_once) == (*pool, expected, expected)
    expected = (10 * ETHER, 0, 6 * ETHER, 0, 20 * ETHER)
    assert stake(scene, with_veto) == (*pool, expected, expected)
    expected = (0, 20 * ETHER, 0, 5 * ETHER, 10 * ETHER)
    assert stake(scene, shared) == (*pool, expected, expected)


def test_stake__counts_tickets_in_what_is_slashable_and_not_in_what_is_safe(
    scene: Scene, at_once: int, alice: AccountAPI
) -> None:
    scene.undelegate(alice, 40 * ETHER)
    assert stake(scene, at_once)[2] == (20 * ETHER, 10 * ETHER, 84 * ETHER // 10, 0, 20 * ETHER)
    scene.protocol.to_epoch(5)
    assert stake(scene, at_once)[2] == (20 * ETHER, 10 * ETHER, 84 * ETHER // 10, 0, 20 * ETHER)
    scene.protocol.to_epoch(6)  # the ticket has matured
    assert stake(scene, at_once)[2] == (12 * ETHER, 6 * ETHER, 84 * ETHER // 10, 0, 12 * ETHER)


def test_stake__does_not_count_tickets_in_the_safe_elastic_part_either(
    scene: Scene, shared: int, alice: AccountAPI
) -> None:
    scene.undelegate(alice, 40 * ETHER)
    assert stake(scene, shared)[2] == (0, 20 * ETHER, 0, 3 * ETHER, 10 * ETHER)


def test_stake__in_assets__is_at_the_price_of_the_vault(
    scene: Scene, asset: ContractInstance, at_once: int, owner: AccountAPI
) -> None:
    asset.mint(scene.vault, 50 * ETHER, sender=owner)  # yield
    held, supply = 150 * ETHER + SEED, 100 * ETHER + SEED
    shares = (20 * ETHER, 10 * ETHER, 14 * ETHER, 0, 20 * ETHER)
    assert stake(scene, at_once)[2:] == (shares, tuple(each * (held + 1) // (supply + 1) for each in shares))


def test_stake__with_a_fall_announced__counts_it_as_safe_does(scene: Scene, at_once: int) -> None:
    """From epoch 6 on it has 5 % instead of 20 %, of which the pool then keeps 70 % at least."""
    scene.allocate(at_once, 500, 1_000)
    assert stake(scene, at_once)[2] == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0, 20 * ETHER)
    scene.protocol.to_epoch(5)
    assert stake(scene, at_once)[2] == (20 * ETHER, 10 * ETHER, 35 * ETHER // 10, 0, 20 * ETHER)
    scene.protocol.to_epoch(6)
    assert stake(scene, at_once)[2] == (5 * ETHER, 10 * ETHER, 275 * ETHER // 100, 0, 35 * ETHER)


def test_stake__while_the_avs_does_not_count_the_vault__is_nothing(
    scene: Scene, at_once: int, avs_owner: AccountAPI
) -> None:
    registry, pool = scene.protocol.registry, (scene.operator.address, scene.vault.address)
    registry.setVault(at_once, scene.vault, False, sender=avs_owner)
    assert stake(scene, at_once) == (*pool, NOTHING, NOTHING)
    assert scene.slashable(at_once) == (20 * PERCENT, 10 * PERCENT)  # it binds in this view only, not in slashing
    registry.setVault(at_once, scene.vault, True, sender=avs_owner)
    assert stake(scene, at_once)[2] == (20 * ETHER, 10 * ETHER, 14 * ETHER, 0, 20 * ETHER)


def test_stake__of_an_unknown_avs__is_nothing(scene: Scene) -> None:
    assert stake(scene, UNKNOWN)[2:] == (NOTHING, NOTHING)


def test_stake__what_others_can_still_take__falls_by_what_they_took(scene: Scene, at_once: int, shared: int) -> None:
    taken = scene.request(shared, 15 * PERCENT)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    assert stake(scene, at_once)[2] == (20 * ETHER, 5 * ETHER, 14 * ETHER, 0, 5 * ETHER)
    assert stake(scene, shared)[2] == (0, 5 * ETHER, 0, 0, 5 * ETHER)


def test_stake__what_others_can_still_take__falls_by_what_the_avs_took_of_the_rest(scene: Scene, at_once: int) -> None:
    scene.request(at_once, 25 * PERCENT)
    assert stake(scene, at_once)[2] == (0, 5 * ETHER, 0, 0, 15 * ETHER)


def test_stake__what_others_can_still_take__is_no_more_than_their_parts(empty_scene: Scene, alice: AccountAPI) -> None:
    """8 % of another, of which it took 5 %; 30 % are left of what is shared."""
    avs, other = empty_scene.avs(1_000, 3_000), empty_scene.avs(0, 800)
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 60)
    empty_scene.request(other, 5 * PERCENT)
    assert stake(empty_scene, avs)[2][4] == 3 * ETHER
    empty_scene.request(avs, 15 * PERCENT)
    assert stake(empty_scene, avs)[2][4] == 3 * ETHER  # its own part does not count as theirs


def test_stake__rounds_down(scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI) -> None:
    scene.undelegate(alice, 100 * ETHER)
    scene.vault.depositAndDelegate(19, scene.operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(6)
    assert stake(scene, at_once)[2] == (3, 1, 2, 0, 3)  # 3.8, 1.9, 2.66, 0, 3.8


# --- stakes ---


def test_stakes__lists_the_pools_in_the_order_of_opt_in(scene: Scene, at_once: int, second_pool: AccountAPI) -> None:
    first, second = (plain(each) for each in scene.protocol.slashing.stakes(at_once, 0, 10))
    # In epoch 8 the second pool begins with 90 % + 5 % at least, of which 5 % are 0.475 ETH.
    shares = (ETHER // 2, 0, 475 * ETHER // 1_000, 0, 0)
    assert first == stake(scene, at_once)
    assert first[0] == scene.operator.address
    assert second == (second_pool.address, scene.vault.address, shares, shares)


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [(0, 1, [0]), (1, 1, [1]), (1, 5, [1]), (0, 2, [0, 1]), (2, 1, []), (0, 0, []), (2**256 - 1, 2**256 - 1, [])],
)
def test_stakes__by_pages__gives_that_page(
    scene: Scene, at_once: int, second_pool: AccountAPI, offset: int, limit: int, expected: Any
) -> None:
    operators = [scene.operator.address, second_pool.address]
    page = scene.protocol.slashing.stakes(at_once, offset, limit)
    assert [each.operator for each in page] == [operators[index] for index in expected]


def test_stakes__of_an_avs_without_pools__is_empty(scene: Scene) -> None:
    assert scene.protocol.slashing.stakes(UNKNOWN, 0, 10) == []


# --- worst case ---


def worst_case(scene: Scene, pool_shares: int) -> tuple[int, ...]:
    return tuple(scene.protocol.slashing.worstCase(scene.operator, scene.vault, pool_shares))


def test_worst_case__is_one_and_two_loss_budgets(scene: Scene) -> None:
    assert worst_case(scene, 100 * ETHER) == (100 * ETHER, 50 * ETHER, 25 * ETHER)


def test_worst_case__after_a_slash_in_this_epoch__is_the_same(scene: Scene, at_once: int) -> None:
    """What was taken is part of the budget."""
    scene.request(at_once, WAD)
    assert worst_case(scene, 100 * ETHER) == (70 * ETHER, 50 * ETHER, 25 * ETHER)


def test_worst_case__in_the_epoch_after_a_slash__is_of_what_was_retained(scene: Scene, at_once: int) -> None:
    scene.request(at_once, WAD)
    scene.protocol.to_epoch(5)
    assert worst_case(scene, 100 * ETHER) == (70 * ETHER, 35 * ETHER, 175 * ETHER // 10)


@pytest.mark.parametrize(
    ("budget", "epoch", "this", "leaving"),
    [
        (9_000, 5, 50, 25),
        (9_000, 6, 50, 5),  # rises in epoch 7
        (9_000, 7, 10, 1),
        (3_000, 4, 50, 25),
        (3_000, 5, 50, 35),  # falls in epoch 6
        (3_000, 6, 70, 49),
    ],
)
def test_worst_case__with_another_budget_announced__counts_it_from_its_epoch(
    scene: Scene, budget: int, epoch: int, this: int, leaving: int
) -> None:
    scene.set_budget(budget)
    scene.protocol.to_epoch(epoch, DAY)
    assert worst_case(scene, 100 * ETHER) == (100 * ETHER, this * ETHER, leaving * ETHER)


def test_worst_case__rounds_down(scene: Scene, at_once: int) -> None:
    scene.request(at_once, 1)
    scene.protocol.to_epoch(5)
    assert worst_case(scene, 7) == (6, 3, 1)  # just under 7, 3.5, 1.75


def test_worst_case__of_nothing__is_nothing(scene: Scene) -> None:
    assert worst_case(scene, 0) == (0, 0, 0)


def test_worst_case__of_a_pool_that_is_not_open__reverts(scene: Scene, stranger: AccountAPI) -> None:
    with reverts(scene.protocol.registry.UnknownPool, operator=stranger, vault=scene.vault):
        scene.protocol.slashing.worstCase(stranger, scene.vault, 1)


# --- open amount ---


def test_open_amount__of_what_was_never_asked__is_nothing(scene: Scene, with_veto: int) -> None:
    now = scene.protocol.registry.startOf(4) + 60
    assert scene.open_amount((with_veto, scene.operator.address, scene.vault.address, WAD, now, now, b"\x11" * 32)) == 0


def test_open_amount__of_an_unknown_avs__reverts(scene: Scene) -> None:
    with reverts(scene.protocol.registry.UnknownAVS, avs=UNKNOWN):
        scene.open_amount((UNKNOWN, scene.operator.address, scene.vault.address, WAD, 1, 1, b"\x11" * 32))
