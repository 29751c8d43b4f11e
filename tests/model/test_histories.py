"""
Random histories on the chain and on the literal model. After every step each balance, `retained`, each slashable and
safe amount, each ticket, each claimable reward and what else there is to ask agree exactly.

`make histories RUNS=100` plays other ones.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.model.chain import Chain
from tests.model.histories import ANYTHING, AT_WORK, DAY_ONE, History, histories
from tests.model.model import Model
from tests.model.play import play, play_and_shrink
from tests.model.world import DAY, EPOCH

FILED = 3 * EPOCH + DAY + 3_600  # when `AT_WORK` ends
# What chance seldom meets: the seconds around a veto period and a lapse, a part that just fits, a pool that is spent.
BORDERS: History = [
    ("allocate", "one", 0, "six", 3_501, 2_000),
    ("allocate", "one", 0, "six", 3_500, 2_000),
    *(("request", "shared slasher", 1, "one", "six", 10**16, FILED, evidence) for evidence in range(2)),
    ("wait", DAY - 1),
    ("execute", "one", 0),
    ("veto", "resolver", 1),
    ("wait", 1),
    ("veto", "resolver", 0),
    ("execute", "one", 0),
    ("request", "shared slasher", 1, "one", "rebasing", 10**18, FILED, 0),
    ("wait", 2 * DAY),
    ("request", "shared slasher", 0, "one", "rebasing", 10**18, FILED, 0),
    ("execute", "one", 2),
    ("deposit_and_delegate", "bob", "one", "rebasing", 10**18, ANYTHING),
    ("wait", 1),
    ("execute", "one", 2),
]

RUNS = int(os.environ.get("RUNS", "0"))
HISTORIES, STEPS = RUNS or 12, 80


@pytest.mark.parametrize("opening", [DAY_ONE, AT_WORK], ids=["from day one", "at work"])
def test_contracts__in_a_random_history__agree_with_the_model_after_every_step(opening: History) -> None:
    chain, model = Chain(), Model()
    play(chain, model, opening)

    @settings(
        max_examples=HISTORIES,
        derandomize=RUNS == 0,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # what fails is shortened by `play_and_shrink`, in a tenth of the time
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(model, STEPS))
    def agree(history: History) -> None:
        play_and_shrink(chain, model, history, opening)

    agree()


def test_contracts__at_borders__agree_with_the_model_after_every_step() -> None:
    play(Chain(), Model(), AT_WORK + BORDERS)
