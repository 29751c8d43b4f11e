"""What can be reckoned without a chain."""

from fractions import Fraction
from itertools import product

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from catenary.avs import full_floor
from catenary.contracts import contract_type
from catenary.errors import AllocationNotInForce, UnknownRevert, contract_error
from catenary.values import Accepted, Change, Clock, Mandate, Terms, announced
from tests.helpers.rule_of_time import Number

CLOCK = Clock(genesis=1_000, length=100, report_window=40, max_veto=30, execute_window=20)


@pytest.mark.parametrize(("time", "epoch"), [(0, 0), (999, 0), (1_000, 1), (1_099, 1), (1_100, 2), (2_000, 11)])
def test_clock__epoch_of_a_time(time: int, epoch: int) -> None:
    assert CLOCK.epoch_at(time) == epoch


@pytest.mark.parametrize(("epoch", "time"), [(1, 1_000), (2, 1_100), (11, 2_000)])
def test_clock__start_of_an_epoch(epoch: int, time: int) -> None:
    assert CLOCK.start_of(epoch) == time


@pytest.mark.parametrize(
    ("budget", "most"), [(2_000, Fraction(36, 100)), (10_000, 1), (0, 0), (1, Fraction(19_999, 10**8))]
)
def test_mandate__most_lost_on_leaving__is_that_of_two_epochs(budget: int, most: Fraction) -> None:
    assert Mandate(budget, 0, 0).most_lost_on_leaving == most


def test_announced__every_course_of_announcements__follows_the_rule_of_time() -> None:
    """Held against the literal model, over up to one announcement in each of four epochs."""
    for choices in product([None, 0, 1, 2, 3], repeat=4):
        number = Number(2)
        for epoch, value in enumerate(choices, 10):
            before = [number.at(epoch + ahead) for ahead in range(4)]
            if value is not None:
                number.announce(epoch, value)
                assert announced(before, value) == tuple(number.at(epoch + ahead) for ahead in range(4))


@pytest.mark.parametrize(("before", "after", "loosens"), [(10, 20, True), (20, 10, False)])
def test_change__rise__loosens(before: int, after: int, loosens: bool) -> None:
    assert Change("loss budget", 7, before, after, 0, 0).loosens is loosens


def test_accepted__by_default__accepts_no_loss() -> None:
    assert Accepted().plain() == (0, 0, 0, False)
    assert Accepted(1, 2, 3, open_requests=True).plain() == (1, 2, 3, True)


def test_terms__plain__is_in_the_order_of_the_contract() -> None:
    terms = Terms("slasher", "owner", 60, "resolver", "recipient", True, "hook")
    assert terms.plain() == ("slasher", 60, True, "recipient", "owner", "resolver", "hook")


@pytest.mark.parametrize(
    ("share_seconds", "floor"),
    [(0, 16), (4**16 - 1, 16), (4**17 - 1, 16), (4**17, 17), (4**40 - 1, 39), (4**40, 40), (4**60, 59), (2**118, 59)],
)
def test_full_floor__is_the_highest_that_is_reached(share_seconds: int, floor: int) -> None:
    assert full_floor(share_seconds) == floor


# --- errors ---


def test_contract_error__with_arguments__has_them_and_says_a_sentence() -> None:
    (abi,) = (abi for abi in contract_type("SlashingManager").errors if abi.name == "AllocationNotInForce")
    operator, vault = "0x" + "11" * 20, "0x" + "22" * 20
    raw = keccak(text=abi.selector)[:4] + encode(["uint32", "address", "address", "uint24"], [7, operator, vault, 3])
    error = contract_error(raw)
    assert isinstance(error, AllocationNotInForce)
    assert error.arguments == {"avs": 7, "operator": operator, "vault": vault, "epoch": 3}
    assert str(error) == (
        f"In epoch 3, when the offence was committed, AVS 7 had no allocation of the pool of {operator}: it cannot "
        "slash for it."
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it gave no reason"),
        (bytes.fromhex("deadbeef"), "0xdeadbeef"),
        (bytes.fromhex("4e487b71") + (0x11).to_bytes(32), "panic 0x11"),
        (bytes.fromhex("08c379a0") + (32).to_bytes(32) + (2).to_bytes(32) + b"no".ljust(32, b"\0"), "no"),
        (bytes.fromhex("08c379a0") + b"short", "0x08c379a073686f7274"),
    ],
    ids=["nothing", "unknown", "panic", "text", "broken text"],
)
def test_contract_error__not_of_the_protocol__says_what_it_knows(data: bytes, reason: str) -> None:
    error = contract_error(data)
    assert isinstance(error, UnknownRevert)
    assert error.arguments == {"reason": reason}
