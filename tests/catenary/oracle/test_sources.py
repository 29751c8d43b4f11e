"""What sources say, exactly, and how they are bounded."""

import asyncio
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catenary.errors import ConfigError, NoPrice
from catenary.oracle import sources
from catenary.oracle.sources import FileSource, HTTPSource, Quote, median_of, price_of, read, source
from tests.catenary.oracle.server import answering

NOW = 1_800_000_000


class Fixed:
    """A source of another package."""

    def __init__(self, price: str) -> None:
        self.name, self._price = "fixed", price

    async def read(self) -> Quote:
        return Quote(self._price)


class Broken:
    name = "broken"

    async def read(self) -> Quote:
        raise ZeroDivisionError("of its own")


class Silent:
    name = "silent"

    async def read(self) -> Any:
        return None


class Endless:
    name = "endless"

    async def read(self) -> Quote:
        await asyncio.Event().wait()
        raise AssertionError


def asked(one: sources.Source) -> Quote:
    return asyncio.run(read(one))


def said(text: str, tmp_path: Path, price: str = "price", time: str | None = None) -> Quote:
    (tmp_path / "price.json").write_text(text)
    return asked(FileSource(str(tmp_path / "price.json"), price, time))


# --- numbers ---


@pytest.mark.parametrize(
    ("price", "decimals", "expected"),
    [
        ("3000.12345678", 8, 300_012_345_678),
        (Decimal("0.1"), 18, 10**17),
        (3_000, 8, 300_000_000_000),
        ("0.123456789", 8, 12_345_678),
        ("1e-8", 8, 1),
        ("2.5E3", 0, 2_500),
        ("9007199254740993.000000000000000001", 18, 9_007_199_254_740_993_000_000_000_000_000_001),
        (str(2**191 - 1), 0, 2**191 - 1),
        (" 7 ", 1, 70),
    ],
)
def test_price__is_exact_at_the_decimals_of_the_feed(price: Any, decimals: int, expected: int) -> None:
    assert price_of(Quote(price), decimals, NOW) == expected


@pytest.mark.parametrize(
    ("price", "why"),
    [
        ("NaN", "the price is not a number"),
        ("Infinity", "the price is not a number"),
        ("", "the price is not a number"),
        ("12abc", "the price is not a number"),
        ("1_000", "the price is not a number"),
        ("١٢", "the price is not a number"),
        ("1e1000000", "the price is not a number"),
        (True, "the price is not a number"),
        (None, "the price is not a number"),
        ([1], "the price is not a number"),
        (1.5, "the price is not a number"),
        ("-1", "the price is not positive"),
        ("0", "the price is not positive"),
        ("-0.0", "the price is not positive"),
        ("0.000000001", "the price is nothing at 8 decimals"),
        ("1" * 81, "the price is too long"),
        (10**100, "the price is too long"),
        ("1e99", "the price is too large"),
        (str(2**191), "the price is too large"),
    ],
)
def test_price__that_is_bad__is_refused(price: Any, why: str) -> None:
    with pytest.raises(NoPrice) as refused:
        price_of(Quote(price), 8, NOW)
    assert str(refused.value) == why


@pytest.mark.parametrize("time", [NOW - 120, str(NOW), Decimal(NOW + 120)])
def test_price__of_just_now__is_taken(time: Any) -> None:
    assert price_of(Quote("1", time), 0, NOW, 120) == 1


@pytest.mark.parametrize("time", [NOW - 121, NOW + 121])
def test_price__of_another_time__is_refused(time: int) -> None:
    with pytest.raises(NoPrice) as refused:
        price_of(Quote("1", time), 0, NOW, 120)
    assert str(refused.value) == f"the price is of {time}, more than 120 s away from the block's time, {NOW}"


@pytest.mark.parametrize(("prices", "expected"), [([5], 5), ([9, 1, 5], 5), ([9, 1], 1), ([4, 1, 3, 2], 2)])
def test_median__is_the_lower_one(prices: list[int], expected: int) -> None:
    assert median_of(prices, 1) == expected


def test_median__of_too_few__is_none() -> None:
    with pytest.raises(NoPrice, match="1 sources have a price, and 2 must"):
        median_of([5], 2)


# --- files ---


def test_file__with_a_number__keeps_all_its_digits(tmp_path: Path) -> None:
    assert said('{"price": 3000.123456789012345678901}', tmp_path).price == Decimal("3000.123456789012345678901")


def test_file__with_paths__is_followed(tmp_path: Path) -> None:
    text = '{"data": {"prices": [1, "2.5"], "at": 7}}'
    assert said(text, tmp_path, "data.prices.1", "data.at") == Quote("2.5", 7)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it says no JSON"),
        ("[" * 60_000, "it says no JSON"),
        ('{"price": NaN}', "the price is not a number"),
        ('{"price": ' + "1" * 5_000 + "}", "it says no JSON"),
        ('{"price": 1.' + "1" * 5_000 + "}", "a number in it is too long"),
        ('{"cost": 1}', "there is nothing at 'price'"),
        ("[1]", "there is nothing at 'price'"),
        ("7", "there is nothing at 'price'"),
        (" " * 65_536 + '{"price": 1}', "it says more than 65536 bytes"),
    ],
)
def test_file__with_something_else__is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(NoPrice) as refused:
        said(text, tmp_path)
    assert str(refused.value) == why


def test_file__that_is_missing_or_a_pipe__is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "pipe"):
        with pytest.raises(NoPrice, match="there is no such file"):
            asked(FileSource(str(tmp_path / name)))


# --- HTTP ---


def test_http__with_a_number__is_exact() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text='{"a": [{"b": 0.1000000000000000055}], "t": 9}')

    with answering(handler) as url:
        assert asked(HTTPSource(f"{url}/x?key=secret", "a.0.b", "t")) == Quote(Decimal("0.1000000000000000055"), 9)


def test_http__that_redirects__is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    with answering(handler) as url, pytest.raises(NoPrice, match="it answers 302"):
        asked(HTTPSource(url))


def test_http__that_never_ends__is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b" " * 8_192)
        except ConnectionError:
            return answer

    with answering(handler) as url, pytest.raises(NoPrice, match="it says more than 65536 bytes"):
        asked(HTTPSource(url))


def test_http__that_drips__is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PATIENCE", 0.3)

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.05)
        except ConnectionError:
            return answer

    with answering(handler) as url, pytest.raises(NoPrice, match=r"it did not answer within 0\.3 s"):
        asked(HTTPSource(url))


def test_http__that_is_away__is_refused_without_its_url() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    with answering(handler) as url:
        pass
    with pytest.raises(NoPrice) as refused:
        asked(HTTPSource(f"{url}/secret"))
    assert str(refused.value) == "it cannot be reached (ClientConnectorError)"


def test_http__is_named_by_its_host() -> None:
    assert HTTPSource("https://user:word@prices.example/secret?key=secret").name == "http prices.example"


# --- others ---


def test_source__of_another_package__is_found_by_its_path() -> None:
    made = source({"kind": f"{__name__}:Fixed", "price": "5"})
    assert (made.name, asked(made)) == ("fixed", Quote("5"))


def test_source__that_fails__says_so() -> None:
    with pytest.raises(NoPrice, match="it failed: of its own"):
        asked(Broken())


def test_source__that_gives_no_quote__fails() -> None:
    with pytest.raises(NoPrice, match="it failed: it gives no Quote"):
        asked(Silent())


def test_source__that_does_not_end__is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PATIENCE", -0.9)
    with pytest.raises(NoPrice, match="it did not answer within"):
        asked(Endless())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "name its kind"),
        ({"kind": "oracle"}, "there is no kind 'oracle': choose file, http or package.module:Class"),
        ({"kind": "no_such_module:X"}, "there is no kind"),
        ({"kind": "file"}, "a source of kind file does not take these options"),
        ({"kind": "file", "path": "a", "prize": "b"}, "a source of kind file does not take these options"),
        ({"kind": "file", "path": 7}, "path must be a text"),
        ({"kind": "http", "url": "ftp://a"}, "the url begins with http:// or https://"),
    ],
)
def test_source__with_bad_options__is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        source(options)


def test_quotes__of_json__are_never_floats(tmp_path: Path) -> None:
    assert type(said(json.dumps({"price": 1.5}), tmp_path).price) is Decimal
