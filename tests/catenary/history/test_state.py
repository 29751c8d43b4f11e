"""The state rebuilt out of events is what the chain's views say, to the wei, at any block."""

from pathlib import Path

import ape
from hypothesis import HealthCheck, Phase, given, settings

from catenary.chain import Contract
from catenary.contracts import CORE
from catenary.deployment import Deployment
from catenary.history import History
from tests.catenary.history.views import differences
from tests.model.chain import Chain
from tests.model.histories import AT_WORK, histories
from tests.model.histories import History as Steps
from tests.model.model import Model
from tests.model.test_histories import BORDERS
from tests.model.world import OPERATORS, STAKERS

WHO = [*OPERATORS, *STAKERS, "recipient"]


def deployed() -> tuple[Chain, Deployment]:
    block = ape.chain.blocks.height + 1
    chain = Chain()
    core = chain.core
    contracts = core.registry, core.delegation, core.slashing, core.rewards
    entries = [Contract(name, each.address) for name, each in zip(CORE, contracts, strict=True)]
    return chain, Deployment(ape.chain.chain_id, block, *entries)


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
