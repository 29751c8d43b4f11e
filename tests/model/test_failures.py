"""What happens when the chain and the model disagree: here because the model is wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.model.chain import Chain
from tests.model.histories import ANYTHING, History
from tests.model.model import Model
from tests.model.play import DisagreementError, play, play_and_shrink, script
from tests.model.pool import WAD, Pool
from tests.model.world import EPOCH

ROOT = Path(__file__).parents[2]

OPENING: History = [("deposit_and_delegate", "alice", "one", "six", 10**6, ANYTHING)]
OPT_IN = ("opt_in", "one", 0, "six", 1_000, 0)
WAIT = ("wait", 3 * EPOCH)
SLASH = ("request", "shared slasher", 0, "one", "six", WAD // 100, 3 * EPOCH + 3_600, 0)
AFTER = ("undelegate", "alice", "one", "six", 5)
HISTORY: History = [("deposit", "bob", "six", 7), ("pause",), ("unpause",), OPT_IN, ("rebase", 3), WAIT, SLASH, AFTER]


@pytest.fixture
def wrong() -> Iterator[None]:
    """A model that slashes nothing."""
    with patch.object(Pool, "slash", lambda *_: (0, 0, 0)):
        yield


@pytest.mark.usefixtures("wrong")
def test_disagreement__is_noticed_at_once_and_names_what_differs() -> None:
    with pytest.raises(DisagreementError) as failure:
        play(Chain(), Model(), OPENING + HISTORY)
    assert failure.value.played == OPENING + HISTORY[:-1]
    assert f"('retained', 'one', 'six'): chain ({WAD - WAD // 100},), model ({WAD},)" in failure.value.details


@pytest.mark.usefixtures("wrong")
def test_disagreement__prints_the_shortest_history_as_a_script() -> None:
    chain, model = Chain(), Model()
    play(chain, model, OPENING)
    before = deepcopy(model.state())
    with pytest.raises(DisagreementError) as failure:
        play_and_shrink(chain, model, HISTORY, OPENING)
    assert str(failure.value).endswith(script([*OPENING, OPT_IN, WAIT, SLASH]))
    assert chain.state() == model.state() == before


def test_disagreement__in_what_is_refused__is_one_too() -> None:
    with (
        patch.object(Model, "unpause", lambda _: None),
        pytest.raises(DisagreementError, match=r"chain: NotPaused\nmodel: done"),
    ):
        play(Chain(), Model(), [("unpause",)])


@pytest.mark.parametrize("right", [True, False])
def test_script__run_by_itself__does_again_what_it_did(right: bool, tmp_path: Path) -> None:
    wrong = "from tests.model.pool import Pool\n\nPool.slash = lambda *_: (0, 0, 0)\n"
    history = tmp_path / "history.py"
    history.write_text(("" if right else wrong) + script(OPENING + HISTORY))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, history], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (run.returncode == 0) == right, run.stderr
    assert right or f"after {SLASH} they disagree" in run.stderr
