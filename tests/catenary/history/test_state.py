"""The state rebuilt out of events is what the chain's views say, to the wei, at any block."""

from pathlib import Path

import ape
from hypothesis import HealthCheck, Phase, given, settings

from catenary.deployment import Deployment
from catenary.history import History
from tests.catenary.history.views import differences
from tests.catenary.history.world import deployment_of
from tests.model.chain import Chain
from tests.model.histories import ANYTHING, AT_WORK, histories
from tests.model.histories import History as Steps
from tests.model.model import Model
from tests.model.test_histories import BORDERS
from tests.model.world import BEGIN, DAY, EPOCH, OPERATORS, STAKERS

WHO = [*OPERATORS, *STAKERS, "recipient"]


def deployed() -> tuple[Chain, Deployment]:
    block = ape.chain.blocks.height + 1
    chain = Chain()
    return chain, deployment_of(chain.core, block)


def compare(chain: Chain, history: History, blocks: int) -> None:
    """At the tip and at so many earlier blocks."""
    accounts = [chain.accounts[name].address for name in WHO]
    tokens = [token.address for token in chain.tokens.values()]
    tip = history.tip
    assert tip is not None
    begun = min(tip, history.deployment.block + 40)
    for block in {tip - (tip - begun) * i // blocks for i in range(blocks)}:
        assert differences(history.deployment, history.state(block), accounts, tokens) == []


def test_state__at_borders__is_what_the_views_say(tmp_path: Path) -> None:
    chain, deployment = deployed()
    with History(tmp_path / "history.db", deployment) as history:
        for step in AT_WORK + BORDERS:
            chain.after(step)
        history.sync()
        compare(chain, history, 6)


def test_state__of_requests_that_nothing_but_their_order_tells_apart__is_what_the_views_say(tmp_path: Path) -> None:
    """
    A request that finds nothing to take stays open, while the same one of the same second takes all it asks for. One
    that takes all at once does not make those before it count for longer.
    """
    chain, deployment = deployed()
    opted_in: Steps = [
        ("opt_in", "one", 0, "six", 1_000, 2_000),
        ("opt_in", "one", 1, "six", 1_000, 2_000),
        ("wait", 3 * EPOCH),
    ]
    same: Steps = [
        ("request", "shared slasher", 0, "one", "six", 10**17, BEGIN + 3 * EPOCH, 0),
        ("deposit_and_delegate", "alice", "one", "six", 10**9, ANYTHING),
        ("request", "shared slasher", 0, "one", "six", 10**17, BEGIN + 3 * EPOCH, 0),
        ("execute", "alice", 0),
        ("wait", 2 * DAY),
    ]
    late: Steps = [
        ("request", "shared slasher", 1, "one", "six", 10**16, BEGIN + 3 * EPOCH, 1),
        ("wait", 3 * DAY // 2),
        ("request", "shared slasher", 0, "one", "six", 10**16, BEGIN + 3 * EPOCH, 2),
        ("wait", DAY // 2),
        ("wait", 1),
    ]
    with History(tmp_path / "history.db", deployment) as history:
        for step in opted_in + same + late:
            assert chain.after(step) is None
            history.sync()
            compare(chain, history, 1)


def test_state__in_random_histories__is_what_the_views_say_at_every_block_asked(tmp_path: Path) -> None:
    """Each history begins where the one before did, so the file sees one reorganisation after the other."""
    chain, deployment = deployed()
    model = Model()
    for step in AT_WORK:
        assert chain.after(step) == model.after(step)

    with History(tmp_path / "history.db", deployment) as history:
        history.sync()

        @settings(
            max_examples=8,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(histories(model, 80))
        def agree(steps: Steps) -> None:
            with chain.isolated():
                for step in steps:
                    chain.after(step)
                history.sync()
                compare(chain, history, 3)

        agree()
