"""What an epoch's loss budget lets each AVS take. `retained` is 1 at the start, so shares of it are easy to read."""

from typing import Any

import pytest
from ape.api import AccountAPI

from tests.helpers.protocol import DAY, WAD, Request
from tests.helpers.scene import Scene, at, look_at

PERCENT = WAD // 100


def ripen(*requests: Request) -> None:
    look_at(max(each[5] for each in requests) + DAY)


# --- slashable ---


def test_slashable__at_the_start_of_an_epoch__is_the_whole_of_each_part(
    scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    assert scene.slashable(at_once) == (20 * PERCENT, 10 * PERCENT)
    assert scene.slashable(with_veto) == (10 * PERCENT, 0)
    assert scene.slashable(shared) == (0, 20 * PERCENT)  # 40 % of its own, of which the budget leaves 20 %


def test_slashable__before_the_allocation_is_in_force__is_nothing(empty_scene: Scene) -> None:
    avs = empty_scene.avs(2_000, 1_000)
    empty_scene.protocol.to_epoch(4, -1)
    assert empty_scene.slashable(avs) == (0, 0)
    empty_scene.protocol.to_epoch(4)
    assert empty_scene.slashable(avs) == (20 * PERCENT, 10 * PERCENT)


def test_slashable__of_an_unknown_avs_or_pool__is_nothing(scene: Scene, at_once: int, stranger: AccountAPI) -> None:
    assert scene.slashable(2**32 - 1) == (0, 0)
    assert scene.protocol.slashing.slashable(at_once, stranger, scene.vault) == (0, 0)


def test_slashable__falls_by_what_the_avs_took(scene: Scene, at_once: int) -> None:
    scene.request(at_once, 5 * PERCENT)
    assert scene.slashable(at_once) == (15 * PERCENT, 10 * PERCENT)
    scene.request(at_once, 18 * PERCENT)
    assert scene.slashable(at_once) == (0, 7 * PERCENT)
    scene.request(at_once, 4 * PERCENT)
    assert scene.slashable(at_once) == (0, 3 * PERCENT)


def test_slashable__is_not_lowered_by_an_open_request(scene: Scene, at_once: int, with_veto: int, shared: int) -> None:
    """A request reserves nothing."""
    scene.request(with_veto, WAD)
    scene.request(shared, WAD)
    assert scene.slashable(at_once) == (20 * PERCENT, 10 * PERCENT)
    assert scene.slashable(with_veto) == (10 * PERCENT, 0)
    assert scene.slashable(shared) == (0, 20 * PERCENT)


def test_slashable__out_of_the_guaranteed_part__is_not_lowered_by_others(
    scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    taken = scene.request(shared, WAD)
    ripen(taken)
    scene.execute(taken)
    scene.request(at_once, WAD)
    assert scene.slashable(with_veto) == (10 * PERCENT, 0)


def test_slashable__out_of_the_elastic_part__is_lowered_by_what_others_took_of_the_rest(
    scene: Scene, at_once: int, shared: int
) -> None:
    taken = scene.request(shared, 15 * PERCENT)
    ripen(taken)
    scene.execute(taken)
    assert scene.slashable(at_once) == (20 * PERCENT, 5 * PERCENT)
    assert scene.slashable(shared) == (0, 5 * PERCENT)


def test_slashable__out_of_the_elastic_part__is_not_lowered_by_guaranteed_parts(
    scene: Scene, at_once: int, shared: int
) -> None:
    scene.request(at_once, 20 * PERCENT)
    assert scene.slashable(shared) == (0, 20 * PERCENT)


def test_slashable__out_of_the_elastic_part__is_bounded_by_what_the_avs_took_itself(scene: Scene, at_once: int) -> None:
    """Its own 10 % are used up, though 10 % are left of what is shared."""
    scene.request(at_once, 30 * PERCENT)
    assert scene.slashable(at_once) == (0, 0)


def test_slashable__out_of_the_elastic_part__is_lowered_by_the_smallest_slash(
    scene: Scene, at_once: int, shared: int
) -> None:
    scene.request(at_once, 20 * PERCENT + 1)
    assert scene.slashable(at_once) == (0, 10 * PERCENT - 1)
    assert scene.slashable(shared) == (0, 20 * PERCENT - 1)


def test_slashable__when_the_budget_is_used_up__is_nothing(
    scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    requests = [scene.request(shared, WAD), scene.request(with_veto, WAD)]
    ripen(*requests)
    scene.request(at_once, WAD)
    for each in requests:
        scene.execute(each)
    assert [scene.slashable(each) for each in (at_once, with_veto, shared)] == [(0, 0)] * 3
    assert scene.retained == 50 * PERCENT


def test_slashable__in_the_next_epoch__is_of_what_was_retained(
    scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    scene.request(at_once, WAD)
    scene.protocol.to_epoch(5)
    assert scene.retained == 70 * PERCENT
    assert scene.slashable(at_once) == (14 * PERCENT, 7 * PERCENT)
    assert scene.slashable(with_veto) == (7 * PERCENT, 0)
    assert scene.slashable(shared) == (0, 14 * PERCENT)


def test_slashable__after_epochs_without_a_slash__is_of_what_was_retained(scene: Scene, at_once: int) -> None:
    scene.request(at_once, WAD)
    scene.protocol.to_epoch(9)
    assert scene.slashable(at_once) == (14 * PERCENT, 7 * PERCENT)


def test_slashable__rounds_each_part_down(scene: Scene, at_once: int) -> None:
    scene.request(at_once, 1)
    scene.protocol.to_epoch(5)
    assert scene.slashable(at_once) == ((WAD - 1) * 2_000 // 10_000, (WAD - 1) * 1_000 // 10_000)


def test_slashable__when_the_budget_equals_the_guaranteed_parts__has_no_elastic_part(
    scene: Scene, at_once: int, shared: int
) -> None:
    scene.set_budget(3_000)
    scene.protocol.to_epoch(5, 6 * DAY)
    assert scene.slashable(shared) == (0, 20 * PERCENT)
    scene.protocol.to_epoch(6)
    assert scene.slashable(shared) == (0, 0)
    assert scene.slashable(at_once) == (20 * PERCENT, 0)


# --- which epoch ---


def test_budget__of_what_is_shared__begins_anew_in_each_epoch(scene: Scene, at_once: int, shared: int) -> None:
    scene.request(at_once, 25 * PERCENT)
    scene.protocol.to_epoch(5, 60)
    scene.request(at_once, 16 * PERCENT)  # of 75 %: 15 % are guaranteed, and 1 % is out of the 15 % that are shared
    assert scene.slashable(at_once) == (0, 65 * PERCENT // 10)
    assert scene.slashable(shared) == (0, 14 * PERCENT)


def test_budget__of_a_request_executed_in_the_next_epoch__is_drawn_from_that_epoch(
    scene: Scene, with_veto: int
) -> None:
    at(scene.protocol.registry.startOf(5) - 60)
    taken = scene.request(with_veto, 4 * PERCENT)
    ripen(taken)
    scene.execute(taken)
    assert scene.slashable(with_veto) == (6 * PERCENT, 0)


def test_budget__of_two_requests_in_one_epoch__one_executed_in_the_next__is_drawn_from_each(
    scene: Scene, with_veto: int
) -> None:
    at(scene.protocol.registry.startOf(5) - DAY - 7_200)
    first = scene.request(with_veto, 10 * PERCENT)
    at(scene.protocol.registry.startOf(5) - 7_200)
    second = scene.request(with_veto, 10 * PERCENT)
    scene.execute(first)
    assert scene.retained == 90 * PERCENT
    assert scene.slashable(with_veto) == (0, 0)
    ripen(second)
    assert scene.slashable(with_veto) == (9 * PERCENT, 0)
    scene.execute(second)
    assert scene.retained == 81 * PERCENT
    assert scene.slashable(with_veto) == (0, 0)
    assert scene.open_amount(second) == PERCENT


def test_budget__of_two_requests_executed_in_one_epoch__is_drawn_once(scene: Scene, with_veto: int) -> None:
    requests = [scene.request(with_veto, amount * PERCENT) for amount in (7, 8)]
    ripen(*requests)
    for each in requests:
        scene.execute(each)
    assert scene.retained == 90 * PERCENT
    assert [scene.open_amount(each) for each in requests] == [0, 5 * PERCENT]


def test_budget__of_an_allocation_that_fell_since_the_request__is_the_lower_one(scene: Scene, with_veto: int) -> None:
    """The request is for an offence under 10 %; what executes is what the epoch of execution has."""
    scene.allocate(with_veto, 300)
    at(scene.protocol.registry.startOf(6) - 60)
    taken = scene.request(with_veto, 10 * PERCENT)
    ripen(taken)
    scene.execute(taken)
    assert scene.retained == 97 * PERCENT
    assert scene.open_amount(taken) == 7 * PERCENT


def test_budget__of_an_allocation_that_rose_since_the_request__is_the_higher_one(scene: Scene, with_veto: int) -> None:
    scene.allocate(with_veto, 1_500)
    at(scene.protocol.registry.startOf(7) - 60)
    taken = scene.request(with_veto, 20 * PERCENT)
    ripen(taken)
    scene.execute(taken)
    assert scene.retained == 85 * PERCENT


def test_budget__of_a_request_that_executes_at_once__is_that_of_now_and_not_that_of_the_offence(
    scene: Scene, at_once: int
) -> None:
    """From 20 % and 10 % at the offence to 3 % and nothing; then the elastic part rises to 20 %."""
    scene.allocate(at_once, 300)
    scene.protocol.to_epoch(6)
    scene.request(at_once, 10 * PERCENT, offence_at=scene.protocol.registry.startOf(6) - 1)
    assert scene.retained == 97 * PERCENT

    scene.allocate(at_once, 300, 2_000)
    scene.protocol.to_epoch(9)
    scene.request(at_once, WAD, offence_at=scene.protocol.registry.startOf(9) - 1)
    assert scene.retained == 97 * 77 * PERCENT // 100


def test_budget__of_the_whole_pool__can_be_taken_to_nothing(empty_scene: Scene, alice: AccountAPI) -> None:
    empty_scene.set_budget(10_000)
    first, second = empty_scene.avs(4_000), empty_scene.avs(6_000)
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 60)
    empty_scene.request(first, WAD)
    empty_scene.request(second, WAD)
    assert empty_scene.retained == 0
    assert empty_scene.vault.balanceOf(empty_scene.protocol.delegation) == 0
    empty_scene.protocol.to_epoch(5)
    assert empty_scene.slashable(first) == (0, 0)


# --- safe ---


def test_safe__is_what_others_leave_of_two_epochs(scene: Scene, at_once: int, with_veto: int, shared: int) -> None:
    # 50 % stays whatever happens. If at_once leaves its own 20 %, the next epoch begins with 70 %: 20 % of that.
    assert scene.safe(at_once) == (14 * PERCENT, 0)  # shared can take all of the 20 % that are not guaranteed
    assert scene.safe(with_veto) == (6 * PERCENT, 0)
    # at_once can take 10 % of the 20 % in this epoch, and the same of the 50 % left in the next.
    assert scene.safe(shared) == (0, 5 * PERCENT)


def test_safe__after_the_avs_took_of_its_own__is_bounded_by_what_is_left_of_it(scene: Scene, at_once: int) -> None:
    scene.request(at_once, 10 * PERCENT)
    assert scene.safe(at_once) == (10 * PERCENT, 0)  # 12 % in the next epoch


def test_safe__after_others_took__is_the_same(scene: Scene, at_once: int, with_veto: int) -> None:
    scene.request(at_once, WAD)
    assert scene.safe(with_veto) == (6 * PERCENT, 0)


def test_safe__of_an_avs_without_others__is_bounded_by_the_next_epoch(empty_scene: Scene) -> None:
    avs = empty_scene.avs(1_000, 2_000)
    empty_scene.protocol.to_epoch(4)
    # The next epoch begins with 60 % at least, since nobody else can take anything; the design counts F, not Σ.
    assert empty_scene.safe(avs) == (6 * PERCENT, 12 * PERCENT)


def test_safe__of_an_elastic_part__is_lowered_by_what_the_avs_took_itself(
    empty_scene: Scene, alice: AccountAPI
) -> None:
    avs = empty_scene.avs(0, 2_000)
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 60)
    assert empty_scene.safe(avs) == (0, 10 * PERCENT)
    empty_scene.request(avs, 15 * PERCENT)
    assert empty_scene.safe(avs) == (0, 5 * PERCENT)


def test_safe__of_an_elastic_part__is_bounded_by_what_the_avs_and_all_others_leave_of_the_budget(
    empty_scene: Scene, alice: AccountAPI
) -> None:
    avs = empty_scene.avs(0, 5_000)
    empty_scene.avs(0, 2_000)
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 60)
    assert empty_scene.safe(avs) == (0, 15 * PERCENT)  # 30 % now, 30 % of 50 % in the next epoch
    empty_scene.request(avs, 20 * PERCENT)
    assert empty_scene.safe(avs) == (0, 10 * PERCENT)  # 50 % less 20 % less the other's 20 %
    empty_scene.request(avs, 25 * PERCENT)
    assert empty_scene.safe(avs) == (0, 0)


@pytest.mark.parametrize(("guaranteed", "expected"), [(500, 3 * PERCENT + PERCENT // 2), (0, 0)])
def test_safe__with_a_fall_announced__counts_it_from_the_epoch_before_it(
    scene: Scene, at_once: int, guaranteed: int, expected: Any
) -> None:
    scene.allocate(at_once, guaranteed, 1_000)  # in force from epoch 6 on
    assert scene.safe(at_once) == (14 * PERCENT, 0)
    scene.protocol.to_epoch(5)
    assert scene.safe(at_once) == (expected, 0)


def test_safe__with_a_rise_announced__does_not_count_it_before_it_is_in_force(scene: Scene, at_once: int) -> None:
    scene.allocate(at_once, 3_000, 1_000)  # in force from epoch 7 on
    scene.protocol.to_epoch(7, -1)
    assert scene.safe(at_once) == (14 * PERCENT, 0)
    scene.protocol.to_epoch(7)
    assert scene.safe(at_once) == (24 * PERCENT, 0)


def test_safe__of_an_elastic_part__counts_the_guaranteed_parts_of_the_next_epoch(
    scene: Scene, at_once: int, shared: int
) -> None:
    scene.allocate(at_once, 2_500, 1_000)
    scene.protocol.to_epoch(6)
    # 50 % less 35 % less the other's 10 % leave 5 % of 50 %.
    assert scene.safe(shared) == (0, 2 * PERCENT + PERCENT // 2)


def test_safe__of_an_elastic_part__counts_the_elastic_parts_of_the_next_epoch(
    scene: Scene, at_once: int, shared: int
) -> None:
    scene.allocate(at_once, 2_000, 1_600)
    scene.protocol.to_epoch(6)
    assert scene.safe(shared) == (0, 2 * PERCENT)  # 20 % less 16 %, of 50 %


def test_safe__of_an_elastic_part__falls_with_its_own_announced_fall(scene: Scene, shared: int) -> None:
    scene.allocate(shared, 0, 300)
    scene.protocol.to_epoch(5)
    assert scene.safe(shared) == (0, PERCENT + PERCENT // 2)  # 3 % of 50 %


def test_safe__of_an_elastic_part__does_not_count_its_own_rise(scene: Scene, shared: int) -> None:
    """It can still be called off."""
    scene.allocate(shared, 0, 300)
    scene.protocol.to_epoch(6)
    scene.allocate(shared, 0, 4_000)
    scene.protocol.to_epoch(8)
    assert scene.safe(shared) == (0, PERCENT + PERCENT // 2)
    scene.protocol.to_epoch(9)
    assert scene.safe(shared) == (0, 5 * PERCENT)


def test_safe__of_an_elastic_part__counts_a_fall_of_the_loss_budget(scene: Scene, shared: int) -> None:
    scene.set_budget(4_300)
    scene.protocol.to_epoch(5)
    assert scene.safe(shared) == (0, PERCENT + PERCENT // 2)  # 43 % less 30 % less 10 %, of 50 %


def test_safe__of_an_elastic_part__does_not_count_a_rise_of_the_loss_budget(scene: Scene, shared: int) -> None:
    scene.set_budget(9_000)
    scene.protocol.to_epoch(6)
    assert scene.safe(shared) == (0, 5 * PERCENT)
    scene.protocol.to_epoch(7)
    assert scene.safe(shared) == (0, 4 * PERCENT)  # 90 % less 30 % less 10 %, more than its 40 %, of 10 %
