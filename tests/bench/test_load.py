"""What `make load` takes for the same cost, and the sums that it holds the chain against."""

from fractions import Fraction

from bench.crowd import stakers
from bench.ledger import WAD, Ledger
from bench.load import OF_ALL, OF_EACH, differences

FIGURES = {f"{act}, {pool}": 100 for act in OF_ALL for pool in ("alone with a ticket", "full")}
ACTS = {act: [150] + 9 * [100] for act in OF_EACH} | {"opt_in": [150, *5 * [100], 117, 100]}


def test_stakers__no_two__are_alike() -> None:
    crowd = stakers(10_000)

    assert len({each.address for each in crowd}) == 10_000
    assert len({each.amount for each in crowd}) == 10_000


def test_stakers__each__has_no_zero_byte() -> None:
    for each in stakers(10_000):
        assert 0 not in bytes.fromhex(each.address[2:]) + each.amount.to_bytes(8) + each.part.to_bytes(8)
        assert each.part < each.amount


def test_differences__all_but_the_first_cost_the_same__says_nothing() -> None:
    assert differences(FIGURES, ACTS) == []


def test_differences__one_staker_pays_more__is_wrong() -> None:
    acts = ACTS | {"claim": [100, 100, 101, 100]}

    assert differences(FIGURES, acts) == ["claim costs 100 to 101 after the first"]


def test_differences__full_pool_costs_more__is_wrong() -> None:
    figures = FIGURES | {"slash_at_once, full": 101}

    assert differences(figures, ACTS) == ["slash_at_once costs 100 alone, but 101 in the full pool"]


def test_ledger__delegation_after_a_slash__gets_more_pool_shares() -> None:
    ledger = Ledger(genesis=0, length=100, commission=0)
    ledger.delegate("alice", 1_000, 0)
    ledger.slash(WAD // 4, 1, burns=False)
    ledger.delegate("bob", 1_000, 0)

    assert ledger.positions == {"alice": 1_000, "bob": 1_333}
    assert (ledger.position_value("alice"), ledger.position_value("bob")) == (750, 999)
    assert (ledger.delegated, ledger.slashed, ledger.burnt) == (2_000, 250, 0)


def test_ledger__ticket__bears_slashes_up_to_its_maturity_and_none_after() -> None:
    ledger = Ledger(genesis=0, length=100, commission=0)
    ledger.delegate("alice", 1_000, 0)
    ledger.undelegate("alice", 1_000, 0, 1)

    for epoch, slashed, value in ((1, 100, 900), (2, 200, 800), (3, 200, 800)):
        ledger.slash(WAD // 10, epoch, burns=True)
        assert (ledger.slashed, ledger.burnt) == (slashed, slashed)
        assert ledger.ticket_value("alice", 1) == value

    assert ledger.complete("alice", 1) == 800
    assert (ledger.tickets, ledger.withdrawn) == ({}, 800)


def test_ledger__reward__is_the_share_seconds_part_less_the_commission() -> None:
    ledger = Ledger(genesis=0, length=100, commission=1_000)
    ledger.delegate("alice", 6, 25)  # 450 share-seconds of epoch 1, 600 of epoch 2
    ledger.delegate("bob", 5, 110)  # 450 of epoch 2
    ledger.undelegate("alice", 3, 150, 2)  # 150 less of epoch 2
    ledger.pay("token", 1, 100)
    ledger.pay("token", 2, 109)

    assert ledger.commission("token") == 10 + 10
    assert ledger.reward("alice", "token") == 90 + Fraction(99, 2)
    assert ledger.reward("bob", "token") == Fraction(99, 2)
