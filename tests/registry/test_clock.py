"""The one clock that all contracts share."""

import ape
import pytest
from ape.contracts import ContractInstance

from tests.helpers import panics, reverts
from tests.helpers.protocol import DAY, Protocol

EPOCH = 7 * DAY
LAST_EPOCH = 2**24 - 1


@pytest.fixture(params=["registry", "delegation", "slashing"])
def clock(request: pytest.FixtureRequest, protocol: Protocol) -> ContractInstance:
    return getattr(protocol, request.param)


def test_clock__of_every_contract__has_one_genesis_and_one_epoch(
    clock: ContractInstance, registry: ContractInstance
) -> None:
    assert clock.GENESIS() == registry.GENESIS()
    assert clock.EPOCH() == EPOCH


@pytest.mark.parametrize(
    ("seconds", "epoch"), [(EPOCH - 1, 1), (EPOCH, 2), (2 * EPOCH - 1, 2), (2 * EPOCH, 3), (521 * EPOCH, 522)]
)
def test_epoch__counts_from_one(clock: ContractInstance, seconds: int, epoch: int) -> None:
    ape.chain.mine(timestamp=clock.GENESIS() + seconds)
    assert clock.epoch() == epoch


def test_epoch__on_day_one__is_one(clock: ContractInstance) -> None:
    assert clock.epoch() == 1


@pytest.mark.parametrize(
    ("seconds", "epoch"),
    [(-1, 0), (0, 1), (EPOCH - 1, 1), (EPOCH, 2), (41 * EPOCH, 42), (LAST_EPOCH * EPOCH - 1, LAST_EPOCH)],
)
def test_epoch_at__counts_from_one_and_is_zero_before_genesis(
    clock: ContractInstance, seconds: int, epoch: int
) -> None:
    assert clock.epochAt(clock.GENESIS() + seconds) == epoch


def test_epoch_at__the_start_of_time__is_zero(clock: ContractInstance) -> None:
    assert clock.epochAt(0) == 0


def test_epoch_at__later_than_epochs_can_count__reverts(clock: ContractInstance) -> None:
    with reverts(clock.SafeCastOverflowedUintDowncast, bits=24, value=LAST_EPOCH + 1):
        clock.epochAt(clock.GENESIS() + LAST_EPOCH * EPOCH)


@pytest.mark.parametrize("epoch", [1, 2, 3, LAST_EPOCH])
def test_start_of__is_the_first_second_of_an_epoch(clock: ContractInstance, epoch: int) -> None:
    start = clock.startOf(epoch)
    assert start == clock.GENESIS() + (epoch - 1) * EPOCH
    assert clock.epochAt(start) == epoch
    assert clock.epochAt(start - 1) == epoch - 1


def test_start_of__epoch_zero__has_none(clock: ContractInstance) -> None:
    with panics(0x11):
        clock.startOf(0)


def test_clock__as_erc_6372__tells_the_time_in_seconds(clock: ContractInstance) -> None:
    now = ape.chain.pending_timestamp + 12_345
    ape.chain.mine(timestamp=now)
    assert clock.clock() == now
    assert clock.CLOCK_MODE() == "mode=timestamp"
