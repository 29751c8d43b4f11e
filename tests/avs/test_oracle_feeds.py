"""What the oracle is deployed with, its feeds and its rounds."""

from typing import Any

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.oracle import BOUNTY, REPORT, REWARD, ROUND, Oracle, deploy_oracle, key
from tests.helpers.protocol import DAY
from tests.helpers.scene import look_at
from tests.helpers.typed_data import domain, message
from tests.helpers.young import young_protocol

TERMS = (8, 3_600, 50, 6_667)  # decimals, heartbeat, deviation, quorum


# --- construction ---


def test_constructor__keeps_what_it_was_given(
    oracle: Oracle, protocol: Protocol, asset: ContractInstance, avs_owner: AccountAPI
) -> None:
    contract = oracle.contract
    assert (contract.REWARDS(), contract.TOKEN()) == (protocol.rewards, asset)
    assert (contract.REWARD(), contract.BOUNTY(), contract.ROUND()) == (REWARD, BOUNTY, ROUND)
    assert contract.owner() == avs_owner


@pytest.mark.parametrize("length", [0, 601, 7 * DAY // 3, 7 * DAY, 14 * DAY, 2**48 - 1])
def test_constructor__round_that_is_no_part_of_an_epoch_or_too_long__reverts(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI, length: int
) -> None:
    """At most half of the report window, of 4 days."""
    with reverts(project.OracleAVS.RoundOutOfBounds, length=length):
        deploy_oracle(protocol, vault, asset, avs_owner, round_length=length)


@pytest.mark.parametrize("length", [1, 7 * DAY // 4])
def test_constructor__round_that_is_a_part_of_an_epoch__takes_it(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI, length: int
) -> None:
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, round_length=length)
    assert oracle.contract.ROUND() == length


@pytest.mark.parametrize("length", [20, 30])
def test_constructor__round_of_half_the_report_window__is_the_longest(
    owner: AccountAPI, guardian: AccountAPI, alice: AccountAPI, avs_owner: AccountAPI, length: int
) -> None:
    """With a clock of which that is a part of an epoch."""
    young, asset, vault = young_protocol(owner, guardian, alice)
    if length > 20:
        with reverts(project.OracleAVS.RoundOutOfBounds, length=length):
            deploy_oracle(young, vault, asset, avs_owner, round_length=length)
    else:
        assert deploy_oracle(young, vault, asset, avs_owner, round_length=length).contract.ROUND() == length


def test_constructor__with_a_veto__reverts(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI, resolver: AccountAPI
) -> None:
    """What is proved needs nobody's permission."""
    with reverts(project.OracleAVS.VetoNotAllowed, vetoPeriod=1):
        deploy_oracle(protocol, vault, asset, avs_owner, veto_period=1, resolver=resolver.address)


# --- rounds ---


def test_round__is_counted_from_one_from_genesis_on(oracle: Oracle) -> None:
    assert [oracle.contract.beginOf(round_) - oracle.genesis for round_ in (1, 2, 3)] == [0, 600, 1_200]
    assert oracle.contract.beginOf(2**32) == oracle.genesis + (2**32 - 1) * 600


def test_round__lasts_until_the_second_before_the_next(oracle: Oracle) -> None:
    round_ = oracle.round + 2
    for second, expected in ((-1, round_ - 1), (0, round_), (599, round_), (600, round_ + 1)):
        look_at(oracle.begin_of(round_) + second)
        assert oracle.contract.currentRound() == expected


def test_round__the_first_of_an_epoch__begins_with_it(oracle: Oracle) -> None:
    start = oracle.protocol.registry.startOf(oracle.protocol.epoch + 1)
    assert (start - oracle.genesis) % 600 == 0
    look_at(start)
    assert oracle.contract.beginOf(oracle.contract.currentRound()) == start


def test_digest__is_of_the_report_as_typed_data(oracle: Oracle) -> None:
    signable = message(domain("Catenary Oracle", oracle.contract), REPORT, (1, 2, -3, 4))
    recovered = key("any").sign_message(signable)
    assert bytes(oracle.contract.digestOf(1, 2, -3, 4)) == bytes(recovered.message_hash)


# --- addFeed ---


def test_add_feed__keeps_its_terms(oracle: Oracle) -> None:
    receipt = oracle.contract.addFeed((18, 1_800, 1, 10_000), "EUR / USD", sender=oracle.owner)
    assert oracle.contract.feedCount() == 2
    assert tuple(oracle.contract.feedOf(2)) == (18, 1_800, 1, 10_000)
    assert oracle.contract.descriptionOf(2) == "EUR / USD"
    assert oracle.contract.latestRound(2) == 0
    assert_event(receipt, oracle.contract.FeedAdded, feed=2, terms=(18, 1_800, 1, 10_000), description="EUR / USD")
    assert tuple(oracle.contract.feedOf(1)) == TERMS


@pytest.mark.parametrize(
    "terms",
    [
        (19, 3_600, 50, 6_667),
        (8, 1_799, 50, 6_667),  # less than three rounds
        (8, 0, 50, 6_667),
        (8, 3_600, 0, 6_667),
        (8, 3_600, 50, 6_666),  # less than two thirds
        (8, 3_600, 50, 10_001),
    ],
)
def test_add_feed__out_of_bounds__reverts(oracle: Oracle, terms: tuple[int, ...]) -> None:
    with reverts(oracle.contract.FeedOutOfBounds, feed=terms):
        oracle.contract.addFeed(terms, "ETH / USD", sender=oracle.owner)


@pytest.mark.parametrize("terms", [(0, 1_800, 1, 6_667), (18, 2**48 - 1, 2**16 - 1, 10_000)])
def test_add_feed__at_its_bounds__takes_it(oracle: Oracle, terms: tuple[int, ...]) -> None:
    oracle.contract.addFeed(terms, "", sender=oracle.owner)
    assert tuple(oracle.contract.feedOf(2)) == terms


def test_add_feed__description_of_31_bytes__takes_it(oracle: Oracle) -> None:
    oracle.contract.addFeed(TERMS, "x" * 31, sender=oracle.owner)
    assert oracle.contract.descriptionOf(2) == "x" * 31


def test_add_feed__longer_description__reverts(oracle: Oracle) -> None:
    with reverts(oracle.contract.StringTooLong, str="x" * 32):
        oracle.contract.addFeed(TERMS, "x" * 32, sender=oracle.owner)


def test_add_feed__by_another_than_the_owner__reverts(oracle: Oracle, stranger: AccountAPI) -> None:
    with reverts(oracle.contract.OwnableUnauthorizedAccount, account=stranger):
        oracle.contract.addFeed(TERMS, "ETH / USD", sender=stranger)


def test_add_feed__more_than_120__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    for number in range(2, 121):
        oracle.contract.addFeed(TERMS, f"feed {number}", sender=oracle.owner)
    assert oracle.contract.feedCount() == 120
    with reverts(oracle.contract.TooManyFeeds):
        oracle.contract.addFeed(TERMS, "one too many", sender=oracle.owner)

    # The last has its own bit among the credits.
    round_ = oracle.next_round()
    for feed in (1, 120):
        oracle.submit(round_, 5, dict.fromkeys(members, 5), feed=feed)
    assert oracle.contract.creditOf(members[0]).feeds == 2**119 + 1
    assert oracle.contract.creditOf(members[0]).reports == 2


@pytest.mark.parametrize("feed", [0, 2, 2**32 - 1])
@pytest.mark.parametrize(
    ("call", "arguments"),
    [("feedOf", ()), ("descriptionOf", ()), ("latestRound", ()), ("answerOf", (1,)), ("isDue", (1,))],
)
def test_view__of_an_unknown_feed__reverts(oracle: Oracle, call: str, arguments: tuple[Any, ...], feed: int) -> None:
    with reverts(oracle.contract.UnknownFeed, feed=feed):
        getattr(oracle.contract, call)(feed, *arguments)
