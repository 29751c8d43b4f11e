"""A feed as consumers of Chainlink's read it, and what it costs to move."""

import random
from itertools import combinations

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ethpm_types.abi import ABIType, ErrorABI

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import Protocol, reverts
from tests.helpers.oracle import HEARTBEAT, ROUND, Oracle, deploy_feed, deploy_oracle
from tests.helpers.protocol import ETHER, WAD
from tests.helpers.scene import look_at

# Solidity's `revert("...")`, which the interface asks for.
STRING = ErrorABI(type="error", name="Error", inputs=[ABIType(name="message", type="string")])
NO_DATA = {"message": "No data present"}

NEEDED = -(-TOTAL * 6_667 // 10_000)


@pytest.fixture(scope="module")
def feed(oracle: Oracle) -> ContractInstance:
    return deploy_feed(oracle)


@pytest.fixture(scope="module")
def consumer(oracle: Oracle, feed: ContractInstance) -> ContractInstance:
    """Takes a price as old as the heartbeat."""
    return oracle.owner.deploy(project.PriceConsumer, feed, HEARTBEAT)


# --- AggregatorV3Interface ---


def test_feed__tells_of_itself(oracle: Oracle, feed: ContractInstance) -> None:
    assert (feed.decimals(), feed.description(), feed.version()) == (8, "ETH / USD", 1)
    assert (feed.ORACLE(), feed.FEED()) == (oracle.contract, 1)


@pytest.mark.parametrize("unknown", [0, 2])
def test_feed__of_an_unknown_feed__reverts(oracle: Oracle, unknown: int) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=unknown):
        deploy_feed(oracle, unknown)


def test_latest_round_data__is_of_the_last_answer(
    oracle: Oracle, feed: ContractInstance, members: list[AccountAPI]
) -> None:
    oracle.answer(2_000)
    round_ = oracle.next_round(77)
    updated = oracle.submit(round_, 3_000, dict.fromkeys(members, 3_000)).timestamp
    assert tuple(feed.latestRoundData()) == (round_, 3_000, oracle.begin_of(round_), updated, round_)
    oracle.to_round(round_ + 50)  # with age it stays
    assert tuple(feed.latestRoundData()) == (round_, 3_000, oracle.begin_of(round_), updated, round_)


def test_latest_round_data__before_any_answer__reverts(feed: ContractInstance) -> None:
    with reverts(STRING, **NO_DATA):
        feed.latestRoundData()


def test_get_round_data__is_of_that_round(oracle: Oracle, feed: ContractInstance) -> None:
    rounds = [oracle.answer(price) for price in (2_000, -3_000)]
    for round_, price in zip(rounds, (2_000, -3_000), strict=True):
        updated = oracle.contract.answerOf(1, round_).updatedAt
        assert tuple(feed.getRoundData(round_)) == (round_, price, oracle.begin_of(round_), updated, round_)


def test_get_round_data__of_a_round_without_an_answer__reverts(oracle: Oracle, feed: ContractInstance) -> None:
    """One before, one after, none at all, and one that looks like an answered one in 48 bits."""
    round_ = oracle.answer(2_000)
    for other in (0, 1, round_ - 1, round_ + 1, 2**48 - 1, 2**48, 2**48 + round_, 2**80 - 1):
        with reverts(STRING, **NO_DATA):
            feed.getRoundData(other)


def test_feed__tells_of_its_own_answers_alone(oracle: Oracle, feed: ContractInstance) -> None:
    second = oracle.add_feed("BTC / USD", decimals=2)
    other = deploy_feed(oracle, second)
    round_ = oracle.answer(90_000, feed=second)
    assert other.latestRoundData()[1] == 90_000
    assert (other.decimals(), other.description()) == (2, "BTC / USD")
    for call in (feed.latestRoundData, lambda: feed.getRoundData(round_)):
        with reverts(STRING, **NO_DATA):
            call()


# --- a consumer ---


def test_consumer__reads_the_price(oracle: Oracle, consumer: ContractInstance) -> None:
    oracle.answer(2_000 * 10**8)
    assert consumer.price() == 2_000 * 10**18


def test_consumer__without_an_answer__reverts_with_the_words_of_the_interface(consumer: ContractInstance) -> None:
    with reverts(STRING, **NO_DATA):
        consumer.price()


def test_consumer__of_an_old_answer__refuses_it(oracle: Oracle, consumer: ContractInstance) -> None:
    round_ = oracle.answer(2_000)
    updated = oracle.contract.answerOf(1, round_).updatedAt
    look_at(updated + HEARTBEAT)
    assert consumer.price() == 2_000 * 10**10
    look_at(updated + HEARTBEAT + 1)
    with reverts(consumer.StalePrice, updatedAt=updated):
        consumer.price()


@pytest.mark.parametrize("price", [0, -1])
def test_consumer__of_no_price__refuses_it(oracle: Oracle, consumer: ContractInstance, price: int) -> None:
    oracle.answer(price)
    with reverts(consumer.InvalidPrice, price=price):
        consumer.price()


def test_consumer__answered_whenever_due__never_meets_an_old_answer(
    oracle: Oracle, consumer: ContractInstance, members: list[AccountAPI]
) -> None:
    """The price stands still, and answers come in the last second of the last round they may."""
    round_ = oracle.next_round(0)
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    for later in range(round_ + 1, round_ + 20):
        look_at(oracle.begin_of(later) + ROUND - 2)
        assert consumer.price() == 2_000 * 10**10
        if oracle.contract.isDue(1, 2_000):
            oracle.submit(later, 2_000, dict.fromkeys(members, 2_000))


# --- costToMove ---


def test_cost_to_move__is_the_penalty_of_half_a_quorum(feed: ContractInstance) -> None:
    """Half of what half of 66.67 % of 126 ETH have at stake; all but 42 of them are guaranteed."""
    stake = NEEDED // 2
    guaranteed = stake - 42 * ETHER
    assert guaranteed == 21 * 10**14  # 42.0021 ETH, of which 42 may be shared
    cost = ((guaranteed // 2, 42 * ETHER // 2), (guaranteed // 2, 42 * ETHER // 2))
    assert tuple(tuple(each) for each in feed.costToMove()) == cost


def test_cost_to_move__with_a_larger_quorum__is_larger(oracle: Oracle) -> None:
    whole = deploy_feed(oracle, oracle.add_feed("BTC / USD", quorum=10_000))
    assert tuple(whole.costToMove()[0]) == ((63 - 42) * ETHER // 2, 21 * ETHER)


def test_cost_to_move__in_assets__follows_the_price_of_the_vault(
    oracle: Oracle, feed: ContractInstance, asset: ContractInstance
) -> None:
    before = tuple(feed.costToMove()[0])
    asset.mint(oracle.vault, asset.balanceOf(oracle.vault), sender=oracle.owner)
    shares, assets = feed.costToMove()
    assert tuple(shares) == before
    assert tuple(assets) == tuple(oracle.vault.convertToAssets(each) for each in before)
    assert assets[1] > 19 * shares[1] // 10


def test_cost_to_move__without_a_snapshot__is_nothing(oracle: Oracle, feed: ContractInstance) -> None:
    oracle.protocol.skip_epochs()
    oracle.take_snapshot(4)
    # The sums of a snapshot are there before it is complete, its weight is not.
    assert [tuple(each) for each in feed.costToMove()] == [(0, 0), (0, 0)]


def test_cost_to_move__falls_with_who_is_struck(
    oracle: Oracle, feed: ContractInstance, members: list[AccountAPI]
) -> None:
    round_ = oracle.next_round()
    a, b = (oracle.report(members[0], round_, price) for price in (1, 2))
    oracle.contract.proveEquivocation(1, round_, a, b, sender=oracle.owner)
    stake = -(-4 * WEIGHT * 6_667 // 10_000) // 2
    assert tuple(feed.costToMove()[0]) == ((stake - 28 * ETHER) // 2, 14 * ETHER)


def test_consumer__refuses_a_price_that_is_cheap_to_move(oracle: Oracle, consumer: ContractInstance) -> None:
    oracle.answer(2_000)
    cost = 105 * 10**13
    assert consumer.priceWorth(cost) == 2_000 * 10**10
    with reverts(consumer.CheapToMove, cost=cost, value=cost + 1):
        consumer.priceWorth(cost + 1)


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
        protocol, vault, asset, avs_owner, operators, maxShare=share, byAdmission=capped, penalty=penalty
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
    guaranteed, shared = deploy_feed(oracle).costToMove()[0]
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
    assert tuple(deploy_feed(oracle).costToMove()[0]) == (50 * ETHER, 0)
    round_ = oracle.next_round()
    oracle.submit(round_, 1, {operator: 2_000, second_operator: 1})
    assert oracle.contract.answerOf(1, round_).price == 1
    a, b = (oracle.report(second_operator, round_, price) for price in (1, 2_000))
    receipt = oracle.contract.proveEquivocation(1, round_, a, b, sender=avs_owner)
    assert [each.shares for each in receipt.decode_logs(protocol.slashing.Slashed)] == [50 * ETHER]
