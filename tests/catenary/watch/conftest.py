"""The command line's scene, on a node of its own, and a webhook."""

from collections.abc import Iterator

import pytest

from tests.catenary.watch.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
