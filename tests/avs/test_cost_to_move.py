"""What it costs to move a feed, against everything that groups of operators could do."""

import random
from itertools import combinations

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol
from tests.helpers.oracle import deploy_feed, deploy_oracle
from tests.helpers.protocol import ETHER, WAD


@pytest.mark.parametrize("seed", range(6))
def test_cost_to_move__is_at_most_what_any_group_has_at_stake_that_can_set_the_price(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    accounts: list[AccountAPI],
    bob: AccountAPI,
    carol: AccountAPI,
    slasher: AccountAPI,
    seed: int,
) -> None:
    """
    Against all groups of up to eight operators, and all groups of others that report the truth with them. A group sets
    the price if with some others it is a quorum and has half of its weight; then the price is what it says.
    """
    rng = random.Random(seed)
    operators = [*accounts[5:7], *accounts[12:18]][: rng.randint(4, 8)]
    capped = rng.random() < 0.5
    share = rng.choice([2_600, 4_000]) if capped else 10_000
    penalty = rng.choice([WAD, WAD // 3, rng.randint(WAD // 100, WAD)])
    quorum = rng.choice([6_667, 8_000, 10_000])
    oracle = deploy_oracle(
        protocol, vault, asset, avs_owner, operators, max_share=share, by_admission=capped, penalty=penalty
    )
    oracle.add_feed(quorum=quorum)
    other = protocol.register_avs(avs_owner, slasher, vaults=[vault])
    for each in operators:
        guaranteed, elastic = rng.choice([(2_000, rng.randint(0, 3_000)), (rng.randint(1_500, 3_000), 0)])
        stake = rng.choice([50 * ETHER, rng.randint(20 * ETHER, 200 * ETHER)])
        oracle.enlist(each, rng.choice([bob, carol]), stake=stake, guaranteed=guaranteed, elastic=elastic)
        if rng.random() < 0.5:
            protocol.registry.optIn(other, vault, rng.randint(1, 2_000), rng.randint(0, 2_000), b"", sender=each)
    epoch = oracle.begin()
    weights = [oracle.weight(epoch, each) for each in operators]
    stakes = [tuple(oracle.contract.memberOf(epoch, each)) for each in operators]
    needed = -(-sum(weights) * quorum // 10_000)
    guaranteed, shared = deploy_feed(oracle).costToMove(oracle.contract.currentRound())[0]
    assert guaranteed + shared > 0

    everyone = range(len(operators))
    groups = [set(group) for size in range(1, len(operators) + 1) for group in combinations(everyone, size)]
    able = 0
    for group in groups:
        own = sum(weights[each] for each in group)
        honest = [sum(weights[each] for each in others) for others in [set(), *groups] if not others & group]
        if any(own + other >= needed and 2 * own >= own + other for other in honest):
            able += 1
            assert guaranteed + shared <= sum(sum(stakes[each]) for each in group) * penalty // WAD
            assert guaranteed <= sum(stakes[each][0] for each in group) * penalty // WAD
    assert able >= 1


def test_cost_to_move__of_two_alike__is_what_one_of_them_has_at_stake(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    bob: AccountAPI,
) -> None:
    """Equality: either alone has half of all weight, and what it says is the lower median if it is lower."""
    two = [operator, second_operator]
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, two, penalty=WAD)
    oracle.add_feed(quorum=10_000)
    for each in two:
        oracle.enlist(each, bob, guaranteed=5_000, elastic=0)
    oracle.begin()
    assert tuple(deploy_feed(oracle).costToMove(oracle.contract.currentRound())[0]) == (50 * ETHER, 0)
    round_ = oracle.next_round()
    oracle.submit(round_, 1, {operator: 2_000, second_operator: 1})
    assert oracle.contract.answerOf(1, round_).price == 1
    a, b = (oracle.report(second_operator, round_, price) for price in (1, 2_000))
    receipt = oracle.contract.proveEquivocation(1, round_, a, b, sender=avs_owner)
    assert [each.shares for each in receipt.decode_logs(protocol.slashing.Slashed)] == [50 * ETHER]
