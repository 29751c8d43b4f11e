"""The relay: what it takes, what it passes on, and what bounds it. And what nodes say to it and hear from it."""

import asyncio
from collections.abc import Iterator

import pytest
import requests
from aiohttp import web

from catenary.errors import BadReport
from catenary.oracle import gossip, relay
from catenary.oracle.gossip import Gossip
from catenary.oracle.relay import Relay, application
from catenary.oracle.report import Domain, Signed
from tests.catenary.oracle.keys import DOMAIN, KEY, OTHER_DOMAIN, REPORT, SECOND_KEY, STRANGER, signed
from tests.catenary.oracle.server import answering, serving

OPERATORS = (KEY.address, SECOND_KEY.address)


def made() -> Relay:
    return Relay(DOMAIN, OPERATORS.__contains__)


def held(one: Relay) -> list[Signed]:
    return one.after("", 0)[1]


@pytest.fixture
def up() -> Iterator[tuple[Relay, str]]:
    one = made()
    with serving(application(one)) as url:
        yield one, url


# --- what it keeps ---


def test_take__reports_of_operators__are_kept_in_order() -> None:
    one = made()
    assert one.take([signed(), signed(SECOND_KEY)]) == 2
    assert held(one) == [signed(), signed(SECOND_KEY)]


def test_take__a_report_again__is_not_kept_twice() -> None:
    one = made()
    one.take([signed()])
    assert one.take([signed(), signed(round=71)]) == 1
    assert held(one) == [signed(), signed(round=71)]


def test_take__of_a_stranger__is_refused_and_holds_up_no_other() -> None:
    one = made()
    with pytest.raises(BadReport, match=f"{STRANGER.address} is no key of an operator"):
        one.take([signed(STRANGER), signed()])
    assert held(one) == [signed()]


def test_take__of_another_oracle__is_refused() -> None:
    with pytest.raises(BadReport, match="is no key of an operator"):
        made().take([OTHER_DOMAIN.sign(REPORT, KEY)])


def test_take__reports_that_differ__keeps_two_for_evidence() -> None:
    one = made()
    assert one.take([signed(price=price) for price in (1, 2, 3)]) == 2
    assert held(one) == [signed(price=1), signed(price=2)]


def test_take__more_than_a_signer_may_have__drops_its_own_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_KEPT", 3)
    one = made()
    one.take([signed(SECOND_KEY)])
    one.take([signed(round=round_) for round_ in range(1, 6)])
    assert held(one) == [signed(SECOND_KEY), signed(round=3), signed(round=4), signed(round=5)]


def test_take__what_was_dropped__counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_KEPT", 2)
    one = made()
    one.take([signed(price=1), signed(price=2), signed(round=71), signed(round=72)])
    assert one.take([signed(price=3)]) == 1


def test_after__goes_on_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "PAGE", 2)
    one = made()
    many = [signed(round=round_) for round_ in range(1, 6)]
    one.take(many)
    assert one.after("", 0) == (2, many[:2])
    assert one.after(one.run, 2) == (4, many[2:4])
    assert one.after(one.run, 4) == (5, many[4:])
    assert one.after(one.run, 5) == (5, [])


def test_after__of_another_run__begins_anew() -> None:
    one = made()
    one.take([signed()])
    assert one.after("another", 1) == (1, [signed()])


# --- over HTTP ---


def test_post_and_get__are_plain_json(up: tuple[Relay, str]) -> None:
    one, url = up
    answer = requests.post(f"{url}/reports", json=DOMAIN.dump([signed()]), timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"taken": 1})
    expected = {**DOMAIN.dump([signed()]), "run": one.run, "after": 1}
    assert requests.get(f"{url}/reports", timeout=10).json() == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b"\xff", 400),
        (b"{}", 400),
        (b" " * 65_537, 413),
    ],
)
def test_post__of_something_else__is_refused(up: tuple[Relay, str], body: bytes, status: int) -> None:
    assert requests.post(f"{up[1]}/reports", data=body, timeout=10).status_code == status


def test_post__of_too_many__is_refused(up: tuple[Relay, str]) -> None:
    answer = requests.post(f"{up[1]}/reports", json=DOMAIN.dump([signed()] * 121), timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": "there are more than 120 reports"})


@pytest.mark.parametrize("after", ["-1", "x", "\u0661", "9" * 30])
def test_get__after_something_else__is_refused(up: tuple[Relay, str], after: str) -> None:
    assert requests.get(f"{up[1]}/reports", params={"after": after}, timeout=10).status_code == 400


# --- nodes ---


def test_exchange__gives_and_hears(up: tuple[Relay, str]) -> None:
    one, url = up
    one.take([signed(SECOND_KEY)])
    node = Gossip(DOMAIN, [url])
    assert asyncio.run(node.exchange([signed()])) == [signed(SECOND_KEY)]
    assert held(one) == [signed(SECOND_KEY), signed()]
    assert asyncio.run(node.exchange([signed(), signed(SECOND_KEY)])) == [signed()]
    assert asyncio.run(node.exchange([signed(), signed(SECOND_KEY)])) == []
    assert node.problems == {}


def test_exchange__carries_from_one_relay_to_another() -> None:
    first, second = made(), made()
    with serving(application(first)) as one, serving(application(second)) as other:
        first.take([signed(SECOND_KEY)])
        node = Gossip(DOMAIN, [one, other])
        heard = asyncio.run(node.exchange([]))
        asyncio.run(node.exchange(heard))
    assert held(second) == [signed(SECOND_KEY)]


def test_exchange__with_one_that_does_not_know_the_key_yet__gives_again() -> None:
    known = {SECOND_KEY.address}
    one = Relay(DOMAIN, known.__contains__)
    with serving(application(one)) as url:
        node = Gossip(DOMAIN, [url])
        asyncio.run(node.exchange([signed(), signed(SECOND_KEY)]))
        assert (held(one), node.problems) == ([signed(SECOND_KEY)], {url: "it answers 400"})
        known.add(KEY.address)
        asyncio.run(node.exchange([signed(), signed(SECOND_KEY)]))
    assert (held(one), node.problems) == ([signed(SECOND_KEY), signed()], {})


def test_exchange__with_a_relay_that_began_anew__gives_again() -> None:
    now = [made()]

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.json_response({"taken": now[0].take(DOMAIN.load(await request.read(), 120)[0])})
        place, reports = now[0].after(request.query["run"], int(request.query["after"]))
        return web.json_response({**DOMAIN.dump(reports), "run": now[0].run, "after": place})

    with answering(handler) as url:
        node = Gossip(DOMAIN, [url])
        asyncio.run(node.exchange([signed()]))
        now[0] = made()
        asyncio.run(node.exchange([signed()]))
    assert held(now[0]) == [signed()]


def test_exchange__with_one_that_is_away__uses_the_other(up: tuple[Relay, str]) -> None:
    one, url = up
    one.take([signed(SECOND_KEY)])
    with serving(web.Application()) as away:
        pass
    node = Gossip(DOMAIN, [away, url])
    assert asyncio.run(node.exchange([])) == [signed(SECOND_KEY)]
    assert node.problems == {away: "it cannot be reached (ClientConnectorError)"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "this is no JSON"),
        (" " * (2**20 + 1), "it says more than 1048576 bytes"),
        (f'{{"chain_id": 31337, "oracle": "{DOMAIN.oracle}", "reports": []}}', "it does not say where to go on"),
        (f'{{"chain_id": 1, "oracle": "{DOMAIN.oracle}", "reports": []}}', "these reports are not for oracle"),
    ],
)
def test_exchange__with_one_that_says_something_else__hears_nothing(text: str, problem: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=text)

    with answering(handler) as url:
        node = Gossip(DOMAIN, [url])
        assert asyncio.run(node.exchange([signed()])) == []
    assert node.problems[url].startswith(problem)


def test_exchange__with_one_that_says_what_nobody_thought_of__goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise RecursionError

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="{}")

    monkeypatch.setattr(Domain, "load", load)
    with answering(handler) as url:
        node = Gossip(DOMAIN, [url])
        assert [asyncio.run(node.exchange([])) for _ in range(2)] == [[], []]
    assert node.problems == {url: "it says what cannot be read (RecursionError)"}


def test_exchange__with_one_that_does_not_end__goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gossip, "PATIENCE", 0.2)

    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    with answering(handler) as url:
        node = Gossip(DOMAIN, [url])
        assert asyncio.run(node.exchange([])) == []
    assert node.problems == {url: "it did not answer within 0.2 s"}
