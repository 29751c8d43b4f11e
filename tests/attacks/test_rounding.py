"""
A slash that rounds to nothing, takes more than was allowed, or leaves value that nobody can reach; products of small
factors that vanish. Narrowing casts; checked subtractions that revert on a young chain.
"""

from typing import Any

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANYTHING, BPS, ETHER, WAD
from tests.helpers.scene import Scene, at
from tests.helpers.young import young_protocol

PERCENT = WAD // 100


def test_attack__slash_that_rounds_to_nothing__draws_no_budget(scene: Scene, ledger: Ledger, alice: AccountAPI) -> None:
    """Or a hostile AVS could use up the elastic part of another at no cost."""
    hostile, mine = scene.avs(0, 5_000), scene.avs(0, 5_000)
    scene.vault.depositAndDelegate(9, scene.operator, 0, ANYTHING, sender=alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (WAD // 10, WAD // 11, WAD // 12):
        scene.request(hostile, amount)
    assert scene.retained == WAD
    assert scene.slashable(mine) == (0, 50 * PERCENT)
    assert ledger.gains() == {}


def test_attack__slashes_of_dust__take_together_no_more_than_one_of_their_sum(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    avs = scene.avs(5_000)
    scene.vault.depositAndDelegate(1_999, scene.operator, 0, ANYTHING, sender=alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (10 * PERCENT + 1, 10 * PERCENT + 2, 10 * PERCENT - 3):
        scene.request(avs, amount)
    assert scene.retained == 70 * PERCENT
    assert ledger.gains() == {"alice": -600, "burnt": 3 * 199}  # one slash would have taken 599


def test_attack__more_than_was_allowed__is_not_taken_by_any_number_of_requests_for_the_whole_pool(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    avss = [scene.avs(2_000, BPS), scene.avs(2_000, BPS), scene.avs(0, BPS)]
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (WAD, WAD - 1, WAD - 2):
        for avs in avss:
            scene.request(avs, amount)
    assert scene.retained == 50 * PERCENT
    assert ledger.gains() == {"alice": -50 * ETHER, "burnt": 50 * ETHER}


def test_attack__value_that_nobody_can_reach__is_dust_after_odd_slashes_and_exits(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    avs = scene.avs(3_333, 777)
    for staker, assets in ((alice, 10**18 + 1), (bob, 7), (carol, 33_333_333_333)):
        scene.stake(staker, assets)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD // 7)
    opened = [scene.undelegate(staker, scene.position(staker)[0]) for staker in (alice, bob, carol)]
    scene.request(avs, WAD // 13)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, WAD // 3)
    scene.protocol.to_epoch(6)
    for staker, epoch in zip((alice, bob, carol), opened, strict=True):
        scene.complete(staker, epoch)
    # A wei per slash at most, kept by rounding down what was moved, and a wei per exit.
    dust = scene.vault.balanceOf(scene.protocol.delegation)
    assert 0 <= dust <= 6
    gains = ledger.gains()
    assert set(gains) == {"alice", "bob", "burnt", "carol"}
    assert sum(gains.values()) == -dust


def test_attack__products_of_small_factors__do_not_vanish_while_anything_is_left(
    scene: Scene, ledger: Ledger, alice: AccountAPI
) -> None:
    """99.99 % an epoch: three budgets leave a millionth of a millionth, which is still worth something."""
    scene.set_budget(9_999)
    avs = scene.avs(9_999)
    scene.stake(alice)
    for epoch, retained in ((4, WAD // 10**4), (5, WAD // 10**8), (6, WAD // 10**12)):
        scene.protocol.to_epoch(epoch, 60)
        scene.request(avs, WAD)
        assert scene.retained == retained
    assert scene.position(alice) == (100 * ETHER, 10**8)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(8)
    scene.complete(alice, opened)
    assert scene.vault.balanceOf(scene.protocol.delegation) == 0
    assert ledger.gains() == {"alice": 10**8 - 100 * ETHER, "burnt": 100 * ETHER - 10**8}


def test_attack__narrowing_casts__the_largest_stake_is_slashed_to_the_wei(
    scene: Scene,
    asset: ContractInstance,
    parties: dict[str, Any],
    alice: AccountAPI,
    owner: AccountAPI,
) -> None:
    """Vault shares fill 96 bits, pool shares ten more after heavy slashes, `retained` 60."""
    whole = 2**96 - 1 - 10**6  # the seed is there already
    avs = scene.avs(5_000)
    asset.mint(alice, whole, sender=owner)
    ledger = Ledger(scene, asset, parties)
    scene.vault.setCap(2**96 - 1, sender=owner)
    scene.stake(alice, whole)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD)
    scene.undelegate(alice, whole)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, WAD)
    moved = whole // 2 + whole // 4
    assert scene.retained == WAD // 4
    assert scene.vault.balanceOf(scene.protocol.delegation) == whole - moved
    assert ledger.gains() == {"alice": whole // 4 - whole, "burnt": moved}


def test_attack__young_chain__is_slashed_in_the_first_second_in_which_anything_can_be(
    parties: dict[str, Any],
    owner: AccountAPI,
    guardian: AccountAPI,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    alice: AccountAPI,
) -> None:
    """Epochs of a minute, and a genesis of just now: three minutes later the pool has no history whatever."""
    young, asset, vault = young_protocol(owner, guardian, alice)
    young.registry.registerOperator("", sender=operator)
    young.registry.openPool(vault, 5_000, 0, 0, sender=operator)
    scene = Scene(young, vault, operator, avs_owner, slasher, resolver)
    ledger = Ledger(scene, asset, parties)
    avs = scene.avs(2_000, 1_000)
    scene.stake(alice)
    assert young.epoch == 1
    first = at(young.registry.GENESIS() + 3 * 60)
    scene.request(avs, WAD, offence_at=first)
    assert ledger.gains() == {"alice": -30 * ETHER, "burnt": 30 * ETHER}
