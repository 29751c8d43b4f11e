"""An Anvil on which every run sends the same transactions at the same times, so that gas is exact everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from unittest.mock import patch

import ape
from ape_foundry import FoundryProvider
from web3.eth import Eth

START = 2_000_000_000  # of the chain [s, Unix time]
BLOCK = 12  # [s]

_build_command = FoundryProvider.build_command


def _command(provider: FoundryProvider) -> list[str]:
    """Ape's own from a fixed time on, but without traces and old states, which would take gigabytes here."""
    plain = [word for word in _build_command(provider) if word != "--steps-tracing"]
    return [*plain, "--prune-history", "--timestamp", str(START)]


@contextmanager
def fixed_chain() -> Iterator[None]:
    """Runs Anvil on a free port and connects Ape to it."""
    with (
        patch.object(FoundryProvider, "build_command", _command),
        # Anvil often answers before the block is there, and web3 would then wait 100 ms before it looks again.
        patch.object(
            Eth,
            "wait_for_transaction_receipt",
            partialmethod(Eth.wait_for_transaction_receipt, poll_latency=0.002),
        ),
        ape.networks.parse_network_choice("ethereum:local:foundry") as provider,
    ):
        provider.make_request("anvil_setBlockTimestampInterval", [BLOCK])
        yield
