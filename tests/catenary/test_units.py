"""Amounts, fractions and lengths of time, from words and to words."""

from typing import Any

import pytest

from catenary.errors import BadAmount
from catenary.units import ETHER, Unit, bps, percent, seconds

SIX = Unit("SIX", 6)
WHOLE = Unit("NFT", 0)


@pytest.mark.parametrize(
    ("unit", "text", "amount"),
    [
        (ETHER, "1.5 ether", 15 * 10**17),
        (ETHER, "1.5ETHER", 15 * 10**17),
        (ETHER, "1,000 ether", 10**21),
        (ETHER, "1_000 ether", 10**21),
        (ETHER, ".5 ether", 5 * 10**17),
        (ETHER, " 20 wei ", 20),
        (ETHER, "0.000000000000000001 ether", 1),
        (ETHER, "1.0000000000000000000000 ether", 10**18),
        (ETHER, f"{2**256 - 1} wei", 2**256 - 1),
        (SIX, "1.000001 SIX", 1_000_001),
        (SIX, "7 wei", 7),
        (WHOLE, "3 NFT", 3),
        (ETHER, 5, 5),
    ],
)
def test_parse__amount__is_in_the_smallest_unit(unit: Unit, text: Any, amount: int) -> None:
    assert unit.parse(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "ether", "1 WETH", "-1 ether", "0 ether", "1e3 ether", "1.5 wei", "0x10 wei", "1.2.3 ether"),
        *("0.0000000000000000001 ether", "1 ether ether", f"{2**256} wei", "\u0661 ether", "1. ether", "1 . ether"),
        *("1,5 ether", "0,5 ether", "1,50 ether", "1,0000 ether", "1000,000 ether", "1,000,00 ether"),
    ],
)
def test_parse__what_is_no_amount_of_the_unit__is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        ETHER.parse(text)


@pytest.mark.parametrize("amount", [0, -1, 2**256])
def test_parse__integer_that_is_no_amount__is_refused(amount: int) -> None:
    with pytest.raises(BadAmount, match="it must be positive"):
        ETHER.parse(amount)


@pytest.mark.parametrize(
    ("unit", "amount", "places", "text"),
    [
        (ETHER, 15 * 10**17, 6, "1.5 ether"),
        (ETHER, 10**18, 6, "1 ether"),
        (ETHER, 0, 6, "0 ether"),
        (ETHER, 1_234_567 * 10**18, 6, "1,234,567 ether"),
        (ETHER, 1_999_999_999_999_999_999, 6, "1.999999 ether"),
        (ETHER, 1_999_999_999_999_999_999, 18, "1.999999999999999999 ether"),
        (ETHER, 1, 6, "0.000000000000000001 ether"),
        (ETHER, 10**18 + 1, 6, "1 ether"),
        (ETHER, 10**19 + 1, 6, "10 ether"),
        (SIX, 1_000_001, 6, "1.000001 SIX"),
        (WHOLE, 10, 6, "10 NFT"),
        (WHOLE, 0, 6, "0 NFT"),
    ],
)
def test_show__amount__is_rounded_down_to_places(unit: Unit, amount: int, places: int, text: str) -> None:
    assert unit.show(amount, places=places) == text


@pytest.mark.parametrize("amount", [1, 10**17, 10**18, 123_456_789_012_345_678_901])
def test_show__all_places__is_parsed_back(amount: int) -> None:
    assert ETHER.parse(ETHER.show(amount, places=18)) == amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("25.5 %", 2_550),
        ("25.55%", 2_555),
        ("2550 bps", 2_550),
        ("0 %", 0),
        ("100 %", 10_000),
        (0, 0),
        (10_000, 10_000),
    ],
)
def test_bps__fraction__is_read(text: Any, value: int) -> None:
    assert bps(text) == value


@pytest.mark.parametrize("text", ["25", "25.555 %", "0.5 bps", "101 %", "-1 %", "10001 bps", "%", "", 10_001, -1])
def test_bps__what_is_no_fraction__is_refused(text: Any) -> None:
    with pytest.raises(BadAmount):
        bps(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2_550, "25.5 %"), (2_555, "25.55 %"), (1_000, "10 %"), (10_000, "100 %"), (1, "0.01 %"), (0, "0 %")],
)
def test_percent__fraction__is_shown(value: int, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 d", 172_800), ("1.5h", 5_400), ("90 min", 5_400), ("30 s", 30), ("0", 0), ("0 d", 0), (" 1 d ", 86_400)],
)
def test_seconds__length_of_time__is_read(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "1", "1 week", "-1 d", "0.5 s", "d", "1 m", "1d 2h"])
def test_seconds__what_is_no_length_of_time__is_refused(text: str) -> None:
    with pytest.raises(BadAmount, match="is not a length of time"):
        seconds(text)
