"""
Plays a history on the chain and on the model, and compares all that there is after every step.

What fails prints a script. Save it beside `ape-config.yaml` and run it: `make replay SCRIPT=history.py`.
"""

from collections.abc import Iterable
from copy import deepcopy

import ape

from tests.model.chain import Chain
from tests.model.histories import History, Step
from tests.model.model import Model

SCRIPT = """\
from tests.model.play import replay

replay(
    [
{steps}
    ]
)
"""


class DisagreementError(AssertionError):
    """The chain and the model, or the model and a promise."""

    def __init__(self, what: str, details: list[str], played: History) -> None:
        super().__init__("\n".join([what, *details, "", "# make replay SCRIPT=history.py", script(played)]))
        self.what, self.details, self.played = what, details, played


def script(history: Iterable[Step]) -> str:
    return SCRIPT.format(steps="\n".join(f"        {step!r}," for step in history))


def play(chain: Chain, model: Model, history: History) -> None:
    played: History = []
    for step in history:
        played.append(step)
        _play(chain, model, step, played)
    if broken := model.broken_promises():
        raise DisagreementError("the model breaks a promise", broken, played)


def play_and_shrink(chain: Chain, model: Model, history: History, opening: History) -> None:
    """From where the opening brought both. A history that fails is shortened, step by step, as far as it still does."""
    error = _failure(chain, model, history)
    if error is None:
        return
    shortest, size = error, len(error.played)
    while size > 0:
        before = len(shortest.played)
        for at in range(before - size, -1, -size):
            shorter = shortest.played[:at] + shortest.played[at + size :]
            shortest = _failure(chain, model, shorter) or shortest
        if size > 1 or len(shortest.played) == before:
            size //= 2
    raise DisagreementError(shortest.what, shortest.details, opening + shortest.played)


def _failure(chain: Chain, model: Model, history: History) -> DisagreementError | None:
    """Both stay where they are."""
    try:
        with chain.isolated():
            play(chain, deepcopy(model), history)
    except DisagreementError as error:
        return error
    except LookupError:
        pass  # a step names a request or a stream that was taken out
    return None


def replay(history: History) -> None:
    """On a chain of its own."""
    with ape.networks.parse_network_choice("ethereum:local:foundry"):
        play(Chain(), Model(), history)


def _play(chain: Chain, model: Model, step: Step, played: History) -> None:
    on_chain, in_model = chain.after(step), model.after(step)
    if on_chain != in_model:
        ways = [f"chain: {on_chain or 'done'}", f"model: {in_model or 'done'}"]
        raise DisagreementError(f"{step} does not end alike", ways, played)
    said, expected = chain.state(), model.state()
    if said != expected:
        keys = [key for key in expected | said if said.get(key) != expected.get(key)]
        differences = [f"{key}: chain {said.get(key)}, model {expected.get(key)}" for key in keys]
        raise DisagreementError(f"after {step} they disagree", differences, played)
