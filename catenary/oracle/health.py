"""How a node is, over HTTP on this machine: `/health` for whoever restarts it, `/metrics` for Prometheus."""

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from catenary.oracle.node import Node

_PREFIX = "catenary_oracle"


class Metrics(Collector):
    """What a node knows, at the time of asking."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterator[Metric]:
        node, view = self._node, self._node.view
        yield _gauge("wrong", "How many things are wrong; /health names them.", len(node.wrong))
        signed = CounterMetricFamily(f"{_PREFIX}_reports_signed", "Reports signed since the start.")
        signed.add_metric([], node.signed)
        yield signed
        sent = CounterMetricFamily(f"{_PREFIX}_transactions", "Transactions by how they ended.", labels=["outcome"])
        for outcome, count in node.sender.outcomes.items():
            sent.add_metric([outcome], count)
        yield sent
        up = GaugeMetricFamily(f"{_PREFIX}_source_up", "Whether a source has a price.", labels=["feed", "source"])
        for number, feed in node.feeds.items():
            for place, reading in enumerate(feed.readings):
                up.add_metric([str(number), f"{place} {reading.source.name}"], float(place not in feed.wrong))
        yield up
        if view is None:
            return
        yield _gauge("block", "Number of the latest block.", view.number)
        yield _gauge("block_time_seconds", "Its time, Unix time.", view.time)
        yield _gauge("round", "The current round.", view.round)
        yield _gauge("epoch", "The current epoch.", view.epoch)
        yield _gauge("balance_wei", "What is left for transactions.", view.balance)
        weight = view.weights.get(view.key.operator, 0) if view.key else 0
        yield _gauge("weight", "What the operator weighs, in vault shares.", weight)
        yield _gauge("all_weight", "What all operators weigh, in vault shares.", view.snapshot.weight)
        price = GaugeMetricFamily(f"{_PREFIX}_price", "What the node's sources say.", labels=["feed"])
        answer = GaugeMetricFamily(f"{_PREFIX}_answer", "The last answer.", labels=["feed"])
        updated = GaugeMetricFamily(f"{_PREFIX}_answer_time_seconds", "Its time, Unix time.", labels=["feed"])
        said = GaugeMetricFamily(
            f"{_PREFIX}_report",
            "What an operator reported last: one far from the others may lie.",
            labels=["feed", "operator"],
        )
        for number, feed in node.feeds.items():
            scale = 10**feed.terms.decimals
            if feed.price is not None:
                price.add_metric([str(number)], feed.price / scale)
            answer.add_metric([str(number)], view.answers[number].price / scale)
            updated.add_metric([str(number)], view.answers[number].updated_at)
            for operator, report in node.last_reports(number).items():
                said.add_metric([str(number), operator], report.price / scale)
        yield from (price, answer, updated, said)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", about, value=value)


def application(node: Node) -> web.Application:
    """`/health` answers 200, or 503 and what is wrong; `/metrics` is of this node only."""
    registry = CollectorRegistry()
    registry.register(Metrics(node))

    async def health(_: web.Request) -> web.Response:
        view, wrong = node.view, node.wrong
        about = {
            "ok": not wrong,
            "wrong": wrong,
            "signer": node.key.address,
            "operator": view.key.operator if view and view.key else None,
            "block": view.number if view else None,
            "round": view.round if view else None,
            "epoch": view.epoch if view else None,
        }
        return web.json_response(about, status=503 if wrong else 200)

    async def metrics(_: web.Request) -> web.Response:
        text = generate_latest(registry).decode()
        return web.Response(text=text, content_type="text/plain")

    made = web.Application()
    made.add_routes([web.get("/health", health), web.get("/metrics", metrics)])
    return made
