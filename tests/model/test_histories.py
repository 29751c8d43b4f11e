"""
Random histories on the chain and on the literal model. After every step each balance, `retained`, each slashable and
safe amount, each ticket, each claimable reward and what else there is to ask agree exactly.

`make histories RUNS=100` plays other ones.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.model.chain import Chain
from tests.model.histories import AT_WORK, DAY_ONE, History, histories
from tests.model.model import Model
from tests.model.play import play, play_and_shrink

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
