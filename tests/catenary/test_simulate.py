"""
What a transaction would change. The scene is that of `tests/slashing/conftest.py`; expected figures are by the formulas
of docs/slashing-manager.md and by its worked example.
"""

import pytest
from ape.api import AccountAPI

import catenary
from catenary import simulate
from catenary.pool import Pool
from catenary.simulate import PoolEffect, PoolState
from tests.helpers.protocol import ETHER, WAD
from tests.helpers.scene import Scene

PERCENT = WAD // 100


@pytest.fixture
def sdk_pool(sdk: catenary.Protocol, scene: Scene) -> Pool:
    return sdk.vault(str(scene.vault.address)).pool(scene.operator.address)


def ether(effect: PoolEffect) -> dict[int, tuple[tuple[float, ...], tuple[float, ...]]]:
    """By AVS: slashable guaranteed and elastic, safe guaranteed and elastic, before and after [ether]."""
    return {
        each.avs: tuple(
            (
                stake.shares.slashable_guaranteed / ETHER,
                stake.shares.slashable_elastic / ETHER,
                stake.shares.safe_guaranteed / ETHER,
                stake.shares.safe_elastic / ETHER,
            )
            for stake in (each.before, each.after)
        )
        for each in effect.avss
    }


def test_slash__at_once__says_who_loses_what_and_which_avs_is_weakened(
    sdk: catenary.Protocol, sdk_pool: Pool, at_once: int, with_veto: int, shared: int, alice: AccountAPI
) -> None:
    """25 %: the 20 % that are guaranteed, and 5 % of the 20 % that `at_once` and `shared` share."""
    outcome = simulate.simulate(sdk, simulate.slash(sdk.avs(at_once), sdk_pool, 25 * PERCENT))

    [effect] = outcome.pools
    assert effect.pool.operator == sdk_pool.operator
    assert (effect.before, effect.after) == (
        PoolState(WAD, 100 * ETHER, 0, 50 * PERCENT),
        PoolState(75 * PERCENT, 100 * ETHER, 0, 25 * PERCENT),
    )
    [loss] = effect.stakers
    assert (loss.staker, loss.lost, loss.lost_assets) == (alice.address, 25 * ETHER, 25 * ETHER)
    assert ether(effect) == {
        at_once: ((20, 10, 14, 0), (0, 5, 0, 0)),
        with_veto: ((10, 0, 6, 0), (10, 0, 6, 0)),
        shared: ((0, 20, 0, 5), (0, 15, 0, 5)),
    }
    assert [(each.slashable_lost, each.safe_lost) for each in effect.avss] == [
        (25 * ETHER, 14 * ETHER),
        (0, 0),
        (5 * ETHER, 0),
    ]
