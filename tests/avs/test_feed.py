"""A feed as consumers of Chainlink's read it, and what it costs to move."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ethpm_types.abi import ABIType, ErrorABI

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import reverts
from tests.helpers.oracle import HEARTBEAT, ROUND, Oracle, deploy_feed
from tests.helpers.protocol import ANYTHING, ETHER
from tests.helpers.scene import at, look_at

# Solidity's `revert("...")`, which the interface asks for.
STRING = ErrorABI(type="error", name="Error", inputs=[ABIType(name="message", type="string")])
NO_DATA = {"message": "No data present"}

NEEDED = -(-TOTAL * 6_667 // 10_000)


@pytest.fixture(scope="module")
def reader(oracle: Oracle) -> ContractInstance:
    return deploy_feed(oracle)


@pytest.fixture(scope="module")
def consumer(oracle: Oracle, reader: ContractInstance) -> ContractInstance:
    """Takes a price as old as the heartbeat."""
    return oracle.owner.deploy(project.PriceConsumer, reader, HEARTBEAT)


# --- AggregatorV3Interface ---


def test_feed__tells_of_itself(oracle: Oracle, reader: ContractInstance) -> None:
    assert (reader.decimals(), reader.description(), reader.version()) == (8, "ETH / USD", 1)
    assert (reader.ORACLE(), reader.FEED()) == (oracle.contract, 1)


@pytest.mark.parametrize("unknown", [0, 2])
def test_feed__of_an_unknown_feed__reverts(oracle: Oracle, unknown: int) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=unknown):
        deploy_feed(oracle, unknown)


def test_latest_round_data__is_of_the_last_answer(
    oracle: Oracle, reader: ContractInstance, members: list[AccountAPI]
) -> None:
    oracle.answer(2_000)
    round_ = oracle.next_round(77)
    updated = oracle.submit(round_, 3_000, dict.fromkeys(members, 3_000)).timestamp
    assert tuple(reader.latestRoundData()) == (round_, 3_000, oracle.begin_of(round_), updated, round_)
    oracle.to_round(round_ + 50)  # with age it stays
    assert tuple(reader.latestRoundData()) == (round_, 3_000, oracle.begin_of(round_), updated, round_)


def test_latest_round_data__before_any_answer__reverts(reader: ContractInstance) -> None:
    with reverts(STRING, **NO_DATA):
        reader.latestRoundData()


def test_get_round_data__is_of_that_round(oracle: Oracle, reader: ContractInstance) -> None:
    rounds = [oracle.answer(price) for price in (2_000, -3_000)]
    for round_, price in zip(rounds, (2_000, -3_000), strict=True):
        updated = oracle.contract.answerOf(1, round_).updatedAt
        assert tuple(reader.getRoundData(round_)) == (round_, price, oracle.begin_of(round_), updated, round_)


def test_get_round_data__of_a_round_without_an_answer__reverts(oracle: Oracle, reader: ContractInstance) -> None:
    """One before, one after, none at all, and one that looks like an answered one in 48 bits."""
    round_ = oracle.answer(2_000)
    for other in (0, 1, round_ - 1, round_ + 1, 2**48 - 1, 2**48, 2**48 + round_, 2**80 - 1):
        with reverts(STRING, **NO_DATA):
            reader.getRoundData(other)


def test_feed__tells_of_its_own_answers_alone(oracle: Oracle, reader: ContractInstance) -> None:
    second = oracle.add_feed("BTC / USD", decimals=2)
    other = deploy_feed(oracle, second)
    round_ = oracle.answer(90_000, feed=second)
    assert other.latestRoundData()[1] == 90_000
    assert (other.decimals(), other.description()) == (2, "BTC / USD")
    for call in (reader.latestRoundData, lambda: reader.getRoundData(round_)):
        with reverts(STRING, **NO_DATA):
            call()


# --- a consumer ---


def test_consumer__reads_the_price(oracle: Oracle, consumer: ContractInstance) -> None:
    oracle.answer(2_000 * 10**8)
    assert consumer.price(0) == 2_000 * 10**8


def test_consumer__without_an_answer__reverts_with_the_words_of_the_interface(consumer: ContractInstance) -> None:
    with reverts(STRING, **NO_DATA):
        consumer.price(0)


def test_consumer__of_an_old_answer__refuses_it(oracle: Oracle, consumer: ContractInstance) -> None:
    round_ = oracle.answer(2_000)
    updated = oracle.contract.answerOf(1, round_).updatedAt
    look_at(updated + HEARTBEAT)
    assert consumer.price(0) == 2_000
    look_at(updated + HEARTBEAT + 1)
    with reverts(consumer.PriceTooOld, updatedAt=updated):
        consumer.price(0)


@pytest.mark.parametrize("price", [0, -1])
def test_consumer__of_no_price__refuses_it(oracle: Oracle, consumer: ContractInstance, price: int) -> None:
    oracle.answer(price)
    with reverts(consumer.PriceNotPositive, price=price):
        consumer.price(0)


def test_consumer__answered_whenever_due__never_meets_an_old_answer(
    oracle: Oracle, consumer: ContractInstance, members: list[AccountAPI]
) -> None:
    """
    The price stands still, answers come in the last second of the last round they may, and the first round of an epoch
    has none.
    """
    epoch = oracle.protocol.epoch + 1
    oracle.protocol.to_epoch(epoch, -20 * ROUND)
    first = oracle.round + 1
    at(oracle.begin_of(first))
    oracle.submit(first, 2_000, dict.fromkeys(members, 2_000))
    answered = [first]
    for round_ in range(first + 1, first + 40):
        last = oracle.begin_of(round_) + ROUND - 1
        look_at(last - 1)
        assert consumer.price(0) == 2_000
        if last + 1 - ROUND == oracle.protocol.registry.startOf(epoch):
            oracle.take_snapshot()
        elif oracle.contract.isDue(1, 2_000):
            at(last)
            oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
            answered.append(round_)
    assert len(answered) > 5


# --- costToMove ---


def test_cost_to_move__is_the_penalty_of_half_a_quorum(oracle: Oracle, reader: ContractInstance) -> None:
    """Half of what half of 66.67 % of 126 ETH have at stake; all but 42 of them are guaranteed."""
    stake = NEEDED // 2
    guaranteed = stake - 42 * ETHER
    assert guaranteed == 21 * 10**14  # 42.0021 ETH, of which 42 may be shared
    cost = ((guaranteed // 2, 42 * ETHER // 2), (guaranteed // 2, 42 * ETHER // 2))
    assert tuple(tuple(each) for each in reader.costToMove(oracle.contract.currentRound())) == cost


def test_cost_to_move__with_a_larger_quorum__is_larger(oracle: Oracle) -> None:
    whole = deploy_feed(oracle, oracle.add_feed("BTC / USD", quorum=10_000))
    assert tuple(whole.costToMove(oracle.contract.currentRound())[0]) == ((63 - 42) * ETHER // 2, 21 * ETHER)


def test_cost_to_move__in_assets__follows_the_price_of_the_vault(
    oracle: Oracle, reader: ContractInstance, asset: ContractInstance
) -> None:
    before = tuple(reader.costToMove(oracle.contract.currentRound())[0])
    asset.mint(oracle.vault, asset.balanceOf(oracle.vault), sender=oracle.owner)
    shares, assets = reader.costToMove(oracle.contract.currentRound())
    assert tuple(shares) == before
    assert tuple(assets) == tuple(oracle.vault.convertToAssets(each) for each in before)
    assert assets[1] > 19 * shares[1] // 10


def test_cost_to_move__without_a_snapshot__is_nothing(oracle: Oracle, reader: ContractInstance) -> None:
    oracle.protocol.skip_epochs()
    oracle.take_snapshot(4)
    # The sums of a snapshot are there before it is complete, its weight is not.
    assert [tuple(each) for each in reader.costToMove(oracle.contract.currentRound())] == [(0, 0), (0, 0)]


def test_cost_to_move__is_weighed_in_the_epoch_of_the_round(
    oracle: Oracle, reader: ContractInstance, alice: AccountAPI, members: list[AccountAPI]
) -> None:
    """What came or left since had no part in it."""
    round_ = oracle.next_round()
    before = tuple(reader.costToMove(round_)[0])
    oracle.vault.depositAndDelegate(200 * ETHER, members[0], 0, ANYTHING, sender=alice)
    oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    assert tuple(reader.costToMove(round_)[0]) == before
    # 28 + 14 ETH more are safe.
    stake = -(-(TOTAL + 42 * ETHER) * 6_667 // 10_000) // 2
    assert tuple(reader.costToMove(oracle.round)[0]) == ((stake - 56 * ETHER) // 2, 28 * ETHER)


@pytest.mark.parametrize("round_", [0, 2**32, 2**48, 2**80 - 1])
def test_cost_to_move__of_a_round_that_is_none_yet__is_nothing(reader: ContractInstance, round_: int) -> None:
    assert [tuple(each) for each in reader.costToMove(round_)] == [(0, 0), (0, 0)]


def test_cost_to_move__of_the_last_round_there_is__reverts(oracle: Oracle, reader: ContractInstance) -> None:
    """It begins beyond the time that there is."""
    last = 2**48 - 1
    with reverts(oracle.contract.SafeCastOverflowedUintDowncast, bits=48, value=oracle.begin_of(last)):
        reader.costToMove(last)


def test_cost_to_move__falls_with_who_is_struck(
    oracle: Oracle, reader: ContractInstance, members: list[AccountAPI]
) -> None:
    round_ = oracle.next_round()
    a, b = (oracle.report(members[0], round_, price) for price in (1, 2))
    oracle.contract.proveEquivocation(1, round_, a, b, sender=oracle.owner)
    stake = -(-4 * WEIGHT * 6_667 // 10_000) // 2
    assert stake < 42 * ETHER  # that may be shared, the struck one's third still among them
    assert tuple(reader.costToMove(oracle.contract.currentRound())[0]) == (0, stake // 2)


def test_consumer__refuses_a_price_that_is_cheap_to_move(oracle: Oracle, consumer: ContractInstance) -> None:
    oracle.answer(2_000)
    cost = 105 * 10**13
    assert consumer.price(cost) == 2_000
    with reverts(consumer.PriceTooCheap, cost=cost, atRisk=cost + 1):
        consumer.price(cost + 1)
