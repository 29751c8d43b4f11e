"""The chain that nodes run on: see `prepare.py`."""

from collections.abc import Iterator

import pytest

from tests.catenary.oracle.world import Nodes, World, nodes_of, prepared


@pytest.fixture(scope="session")
def prepared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with prepared(tmp_path_factory.mktemp("oracle")) as world:
        yield world


@pytest.fixture
def world(prepared_world: World) -> Iterator[World]:
    yield prepared_world
    prepared_world.chain.go_back()


@pytest.fixture
def nodes(world: World) -> Iterator[Nodes]:
    with nodes_of(world) as made:
        yield made
