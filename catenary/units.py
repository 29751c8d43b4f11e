"""Amounts: integers inside, words at the edge."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from catenary.errors import BadAmount

WAD = 10**18
BPS = 10_000

# A comma only where it parts thousands: "1,5" may be meant as 1.5, and would be ten times as much.
_AMOUNT = re.compile(r"((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9][0-9_]*)(?:\.[0-9]+)?|\.[0-9]+)\s*([^\d\s,].*)?")


@dataclass(frozen=True)
class Unit:
    """What an amount is counted in: a token, vault shares, pool shares."""

    symbol: str
    decimals: int

    def parse(self, amount: int | str) -> int:
        """
        The amount in the smallest unit: an integer is taken as it is, a text names its unit, as in "1.5 WETH" or
        "20 wei". Raises `BadAmount`: nothing is rounded or guessed.
        """
        if isinstance(amount, int):
            return _positive(amount, amount)
        match = _AMOUNT.fullmatch(amount.strip())
        if not match:
            raise BadAmount(f"{amount!r} is not an amount: write it as in '1.5 {self.symbol}'")
        unit = (match[2] or "").strip()
        if unit.lower() not in (self.symbol.lower(), "wei"):
            counted = f"is counted in {unit}" if unit else "has no unit"
            raise BadAmount(f"{amount!r} {counted}: it must be in {self.symbol}, or in wei")
        digits = 0 if unit.lower() == "wei" else self.decimals
        whole, _, part = match[1].replace(",", "").replace("_", "").partition(".")
        part = part.rstrip("0")
        if len(part) > digits:
            raise BadAmount(f"{amount!r} has more decimals than the {digits} of {unit}: leave out what is beyond")
        return _positive(int(f"0{whole}{part:0<{digits}}"), amount)

    def show(self, amount: int, *, places: int = 6) -> str:
        """The amount with its unit, rounded down to so many decimal places; of what is smaller, all of them."""
        whole, part = divmod(amount, 10**self.decimals)
        digits = f"{part:0{self.decimals}d}" if self.decimals else ""
        short = digits if not whole and not int(digits[:places] or 0) else digits[:places]
        return f"{whole:,}.{short}".rstrip("0").rstrip(".") + f" {self.symbol}" if short else f"{whole:,} {self.symbol}"


ETHER = Unit("ether", 18)


def percent(bps: int) -> str:
    """A fraction in bps, for people: 2,550 is "25.5 %"."""
    return f"{Decimal(bps) / 100:,f}".rstrip("0").rstrip(".") + " %" if bps % 100 else f"{bps // 100} %"


def bps(text: int | str) -> int:
    """A fraction in bps: "25.5 %" or "2550 bps" is 2,550, as is the integer. Raises `BadAmount`."""
    if isinstance(text, int):
        return _fraction(Decimal(text), text)
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(%|bps)", text.strip())
    if not match:
        raise BadAmount(f"{text!r} is not a fraction: write it as in '25.5 %' or '2550 bps'")
    return _fraction(Decimal(match[1]) * (100 if match[2] == "%" else 1), text)


_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


def seconds(text: str) -> int:
    """A length of time in seconds: "2 d", "1.5 h", "90 min", "30 s", "0". Raises `BadAmount`."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(s|min|h|d)|0", text.strip())
    value = Decimal(match[1] or 0) * _SECONDS[match[2] or "s"] if match else Decimal("0.5")
    if value != int(value):
        raise BadAmount(f"{text!r} is not a length of time: write it as in '2 d', '12 h', '90 min' or '30 s'")
    return int(value)


def moment(time: int) -> str:
    """A Unix time for people: 2026-11-21 15:30 UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _fraction(value: Decimal, text: int | str) -> int:
    if value != int(value) or not 0 <= value <= BPS:
        raise BadAmount(f"{text!r} must be a whole number of bps from 0 to 10,000")
    return int(value)


def _positive(value: int, text: int | str) -> int:
    if not 0 < value < 2**256:
        raise BadAmount(f"{text!r} is not an amount: it must be positive")
    return value
