"""The most that one operator weighs, against a search in exact fractions."""

import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol
from tests.helpers.oracle import MIN_STAKE, UNCAPPED, Oracle, deploy_oracle
from tests.helpers.protocol import BPS, ETHER


def cap_of(stakes: list[int], share: int) -> int:
    """The largest whole t that is at most `share` [bps] of the sum of min(stake, t): it holds below and fails above."""
    low, high = 0, sum(stakes) + 1
    while high - low > 1:
        t = (low + high) // 2
        if t <= Fraction(share, BPS) * sum(min(stake, t) for stake in stakes):
            low = t
        else:
            high = t
    return low


@pytest.fixture
def everyone(members: list[AccountAPI], operator: AccountAPI, second_operator: AccountAPI) -> list[AccountAPI]:
    return [*members, operator, second_operator]


# Of operators, their stakes and the most that one weighs [bps].
DeployCapped = Callable[[list[AccountAPI], list[int], int], Oracle]


@pytest.fixture
def deploy_capped(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI, alice: AccountAPI
) -> DeployCapped:
    """Of each stake, 14 % are guaranteed and 7 % elastic."""

    def deploy_capped(operators: list[AccountAPI], stakes: list[int], share: int) -> Oracle:
        oracle = deploy_oracle(protocol, vault, asset, avs_owner, operators, max_share=share, by_admission=True)
        for operator, stake in zip(operators, stakes, strict=True):
            oracle.enlist(operator, alice, stake=stake)
        return oracle

    return deploy_capped


def assert_weights(oracle: Oracle, stakes: list[int], cap: int) -> None:
    epoch = oracle.begin()
    snapshot = oracle.contract.snapshotOf(epoch)
    weights = [min(stake, cap) for stake in stakes]
    assert (snapshot.weight, snapshot.cap) == (sum(weights), cap)
    assert [oracle.weight(epoch, operator) for operator in oracle.operators] == weights


@pytest.mark.parametrize(
    ("share", "cap"),
    [
        (9_999, 126 * ETHER * 9_999 // 10_000),  # of all, which nobody has
        (3_334, 126 * ETHER * 3_334 // 10_000),  # just above a third, which the first has
        (3_333, 84 * ETHER * 3_333 // 6_667),  # just below it
        (2_500, 28 * ETHER),  # a third of what the other four weigh
        (2_000, 21 * ETHER),  # all weigh the same
        (1_999, 0),  # five cannot each have less than a fifth
        (1, 0),
    ],
)
def test_cap__leaves_nobody_more_than_its_share(
    deploy_capped: DeployCapped, members: list[AccountAPI], share: int, cap: int
) -> None:
    stakes = [200 * ETHER, *[100 * ETHER] * 4]
    oracle = deploy_capped(members, stakes, share)
    safe = [42 * ETHER, *[21 * ETHER] * 4]
    assert cap_of(safe, share) == cap
    assert_weights(oracle, safe, cap)
    snapshot = oracle.contract.snapshotOf(oracle.protocol.epoch)
    assert (snapshot.guaranteed, snapshot.elastic) == (84 * ETHER, 42 * ETHER)  # at stake all the same


def test_cap__of_everything__is_none(deploy_capped: DeployCapped, members: list[AccountAPI]) -> None:
    oracle = deploy_capped(members, [200 * ETHER, *[100 * ETHER] * 4], BPS)
    epoch = oracle.begin()
    snapshot = oracle.contract.snapshotOf(epoch)
    assert (snapshot.weight, snapshot.cap) == (126 * ETHER, UNCAPPED)
    assert [oracle.weight(epoch, each) for each in members] == [42 * ETHER, *[21 * ETHER] * 4]


@pytest.mark.parametrize("seed", range(6))
def test_cap__of_any_stakes__is_the_largest_there_is(
    deploy_capped: DeployCapped, everyone: list[AccountAPI], seed: int
) -> None:
    rng = random.Random(seed)
    operators = everyone[: rng.randint(2, 7)]
    least = MIN_STAKE * 100 // 21
    stakes = [rng.choice([least + rng.randrange(1_000), rng.randint(least, 140 * ETHER)]) for _ in operators]
    share = rng.choice([BPS // len(operators) + 1, rng.randint(BPS // len(operators), BPS - 1)])
    oracle = deploy_capped(operators, stakes, share)
    safe = [stake * 14 // 100 + stake * 7 // 100 for stake in stakes]
    assert_weights(oracle, safe, cap_of(safe, share))
