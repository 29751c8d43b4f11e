"""Going back in time within a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import ape


@contextmanager
def isolated() -> Iterator[None]:
    """Leaves the chain as it was. `ape.chain.isolate` does so too, but swallows every exception of its block."""
    snapshot, pending = ape.chain.snapshot(), ape.chain.pending_timestamp
    try:
        yield
    finally:
        ape.chain.restore(snapshot)
        ape.chain.pending_timestamp = pending
