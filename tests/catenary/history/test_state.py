"""The state rebuilt out of events is what the chain's views say, to the wei, at any block."""

from collections.abc import Iterable
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


def compare(chain: Chain, history: History, back: Iterable[int] = (0,)) -> None:
    """At the tip, or so many blocks back from it."""
    accounts = [chain.accounts[name].address for name in WHO]
    tokens = [token.address for token in chain.tokens.values()]
    for count in back:
        state = history.state(history.tip - count)
        assert differences(history.deployment, state, accounts, tokens) == []


def test_state__at_borders__is_what_the_views_say(tmp_path: Path) -> None:
    chain, deployment = deployed()
    with History(tmp_path / "history.db", deployment) as history:
        for step in AT_WORK + BORDERS:
            chain.after(step)
        history.sync()
        compare(chain, history, range(0, 60, 10))


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
            compare(chain, history)


def test_state__of_rises_that_give_way_and_falls_that_stand__is_what_the_views_say(tmp_path: Path) -> None:
    chain, deployment = deployed()
    announcements: Steps = [
        ("set_mandate", "one", "six", 6_000, 2_000),
        ("allocate", "one", 0, "six", 2_000, 4_000),
        ("wait", 2 * EPOCH),
        ("set_mandate", "one", "six", 5_500, 500),
        ("allocate", "one", 0, "six", 1_500, 1_000),
        ("wait", EPOCH),
        ("set_mandate", "one", "six", 8_000, 3_000),
        ("allocate", "one", 0, "six", 2_500, 4_000),
        ("wait", EPOCH),
        ("opt_out", "one", 0, "six"),
        *3 * [("wait", EPOCH)],
    ]
    with History(tmp_path / "history.db", deployment) as history:
        for step in AT_WORK + announcements:
            assert chain.after(step) is None
        history.sync()
        compare(chain, history, range(len(announcements)))


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
                compare(chain, history, (0, 20, 40))

        agree()
