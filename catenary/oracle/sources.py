"""
Where prices come from.

A source is any class whose objects have a `name` and `read`; its options are the keys of its table in the config. Two
are here, `file` and `http`; others are named as `package.module:Class`.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from importlib import import_module
from pathlib import Path
from statistics import median_low
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

import aiohttp

from catenary.chain import line
from catenary.errors import CatenaryError, ConfigError, NoPrice
from catenary.oracle.report import MOST_PRICE
from catenary.oracle.strangers import body, parsed

MOST_BYTES = 65_536  # of what a source may say
PATIENCE = 5.0  # with a source, in all [s]
MOST_AGE = 120  # of a price, where its time is said [s]
_MOST_CHARACTERS = 80  # of a price
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_CONTEXT = Context(prec=2 * _MOST_CHARACTERS)


@dataclass(frozen=True)
class Quote:
    """What a source says."""

    price: Any  # a text, a Decimal or an int; never a float, which is not what was said
    time: Any = None  # when that was the price, if it says so [Unix time]


class Source(Protocol):
    """Somebody who says a price. Given the options of its table in the config; a bad one is a `ConfigError`."""

    name: str  # in logs and metrics: without what is secret

    async def read(self) -> Quote:
        """What it says now. Raises `NoPrice`; any other error counts as that too. It is cut off after `PATIENCE`."""


class FileSource:
    """A JSON file that somebody else writes. `price` and `time` are paths into it, as `data.prices.0`."""

    def __init__(self, path: str, price: str = "price", time: str | None = None) -> None:
        self.name = f"file {Path(path).name}"
        self._path, self._price, self._time = Path(path), price, time

    async def read(self) -> Quote:
        try:
            if not self._path.is_file():  # a pipe would never end
                raise NoPrice("there is no such file")
            with self._path.open("rb") as file:
                text = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise NoPrice(f"the file cannot be read ({error.strerror})") from None
        return _quote(text, self._price, self._time)


class HTTPSource:
    """A JSON document behind a URL, which may be secret but for its host."""

    def __init__(self, url: str, price: str = "price", time: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("the url begins with http:// or https://")
        self.name = f"http {parts.hostname}"
        self._url, self._price, self._time = url, price, time

    async def read(self) -> Quote:
        patience = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.get(self._url, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise NoPrice(f"it answers {answer.status}")
                text = await body(answer, MOST_BYTES)
        except TimeoutError:
            raise NoPrice(f"it did not answer within {PATIENCE:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:  # what they say names the URL
            raise NoPrice(f"it cannot be reached ({type(error).__name__})") from None
        return _quote(text, self._price, self._time)


_KINDS: Mapping[str, Any] = {"file": FileSource, "http": HTTPSource}


def source(options: Mapping[str, Any]) -> Source:
    """The source that a table of the config describes. Raises `ConfigError`."""
    kind = options.get("kind")
    rest = {key: value for key, value in options.items() if key != "kind"}
    if not isinstance(kind, str):
        raise ConfigError("name its kind: file, http, or a class as package.module:Class")
    made = _KINDS.get(kind) or _imported(kind)
    for key, value in rest.items():
        if kind in _KINDS and not isinstance(value, str):
            raise ConfigError(f"{key} must be a text")
    try:
        return made(**rest)  # type: ignore[no-any-return]
    except ConfigError:
        raise
    except Exception as error:  # of code that is not of this package too
        raise ConfigError(f"a source of kind {kind} does not take these options: {line(error)}") from None


def _imported(kind: str) -> Any:
    module, _, name = kind.partition(":")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        raise ConfigError(
            f"there is no kind {kind!r}: choose file, http or package.module:Class ({line(error)})"
        ) from None


async def read(source: Source) -> Quote:
    """What a source says; whatever goes wrong with it, as with one of another package, is a `NoPrice`."""
    try:
        async with asyncio.timeout(PATIENCE + 1):
            quote = await source.read()
            if isinstance(quote, Quote):
                return quote
            raise TypeError("it gives no Quote")
    except CatenaryError:
        raise
    except TimeoutError:
        raise NoPrice(f"it did not answer within {PATIENCE:g} s") from None
    except Exception as error:
        raise NoPrice(f"it failed: {line(error)}") from None


def price_of(quote: Quote, decimals: int, now: int, most_age: int = MOST_AGE) -> int:
    """
    A quote as an integer [10^-decimals], without any rounding but that what is beyond the feed's decimals is cut off.
    `now` is the time of the latest block. Raises `NoPrice` with what is wrong with it.
    """
    if quote.time is not None:
        at = _number(quote.time, "time")
        if abs(now - at) > most_age:
            raise NoPrice(f"the price is of {at:.0f}, more than {most_age} s away from the block's time, {now}")
    value = _number(quote.price, "price")
    if value <= 0:
        raise NoPrice("the price is not positive")
    price = int(_CONTEXT.scaleb(value, decimals).to_integral_value(ROUND_DOWN, _CONTEXT))
    if price > MOST_PRICE:
        raise NoPrice("the price is too large")
    if price == 0:
        raise NoPrice(f"the price is nothing at {decimals} decimals")
    return price


@dataclass(frozen=True)
class Prices:
    """What the sources of a feed say [10^-decimals]."""

    each: dict[int, int]  # by their places, of those that have a price
    wrong: dict[int, str]  # with the others
    median: int | None
    problem: str | None  # why there is no median


def prices_of(said: Sequence[Quote | BaseException], decimals: int, now: int, least: int, most_age: int) -> Prices:
    """Of what each source of a feed said, or what `read` raised; all else is as for `price_of` and `median_of`."""
    each, wrong = {}, {}
    for place, quote in enumerate(said):
        try:
            if isinstance(quote, BaseException):
                raise NoPrice(str(quote))
            each[place] = price_of(quote, decimals, now, most_age)
        except NoPrice as error:
            wrong[place] = str(error)
    try:
        return Prices(each, wrong, median_of(list(each.values()), least), None)
    except NoPrice as error:
        return Prices(each, wrong, None, str(error))


def median_of(prices: Sequence[int], least: int) -> int:
    """The lower median, which one of the sources said. Raises `NoPrice` if fewer than `least` have a price."""
    if len(prices) < least:
        raise NoPrice(f"{len(prices)} sources have a price, and {least} must")
    return median_low(prices)


def _number(value: Any, what: str) -> Decimal:
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise NoPrice(f"the {what} is not a number")
    if isinstance(value, int) and value.bit_length() > 256:  # to write it out would take long
        raise NoPrice(f"the {what} is too long")
    text = str(value).strip()
    if len(text) > _MOST_CHARACTERS:
        raise NoPrice(f"the {what} is too long")
    if not _NUMBER.fullmatch(text):
        raise NoPrice(f"the {what} is not a number")
    return Decimal(text)


def _quote(text: bytes, price: str, time: str | None) -> Quote:
    if len(text) > MOST_BYTES:
        raise NoPrice(f"it says more than {MOST_BYTES} bytes")
    try:
        content = parsed(text, parse_float=_decimal, parse_constant=_refuse)
    except ValueError:
        raise NoPrice("it says no JSON") from None
    return Quote(_at(content, price), None if time is None else _at(content, time))


def _decimal(text: str) -> Decimal:
    if len(text) > _MOST_CHARACTERS:
        raise NoPrice("a number in it is too long")
    return Decimal(text)


def _refuse(_: str) -> NoReturn:
    raise NoPrice("the price is not a number")


def _at(content: Any, path: str) -> Any:
    """What is at a path as `data.prices.0` in JSON."""
    for step in path.split("."):
        try:
            content = content[int(step)] if isinstance(content, list) else content[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise NoPrice(f"there is nothing at {path!r}") from None
    return content
