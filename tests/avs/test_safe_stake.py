"""
What the snapshot promises: what an operator weighs can be slashed for whatever it does until the epoch's last second,
if that is reported in time; though everyone leaves, and every other AVS takes all it can in this epoch and the next.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol
from tests.helpers.oracle import Oracle, deploy_oracle
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at

WINDOW = 4 * DAY


@dataclass(frozen=True)
class Siege:
    """An operator, the oracle, whose rounds are seconds and which slashes all that it can, and AVSs against it."""

    oracle: Oracle
    scene: Scene
    others: list[int]
    stakers: tuple[AccountAPI, ...]

    @property
    def operator(self) -> AccountAPI:
        return self.scene.operator

    def snapshot(self) -> tuple[int, int, int]:
        """Of the epoch when the allocations are in force: the epoch, and what of the operator counts, in both parts."""
        epoch = self.oracle.begin()
        guaranteed, elastic = self.oracle.contract.memberOf(epoch, self.operator)
        return epoch, int(guaranteed), int(elastic)

    def everyone_leaves(self) -> None:
        for staker in self.stakers:
            self.scene.undelegate(staker, self.scene.position(staker)[0])

    def others_take_all(self) -> None:
        for avs in self.others:
            if sum(self.scene.slashable(avs)):
                self.scene.request(avs, WAD)

    def equivocate(self, time: int) -> tuple[int, tuple[int, int, bytes], tuple[int, int, bytes]]:
        """In the round that is the second `time`."""
        round_ = 1 + time - self.oracle.genesis
        a, b = (self.oracle.report(self.operator, round_, price, time) for price in (1, 2))
        return round_, a, b

    def prove(self, round_: int, a: tuple[int, int, bytes], b: tuple[int, int, bytes]) -> ReceiptAPI:
        return self.oracle.contract.proveEquivocation(1, round_, a, b, sender=self.oracle.owner)

    def slashed(self, receipt: ReceiptAPI) -> tuple[int, int, int]:
        """Both parts [wad], and what they were worth [vault shares]."""
        (event,) = receipt.decode_logs(self.oracle.protocol.slashing.Slashed)
        return int(event.guaranteed), int(event.elastic), int(event.shares)


# Of stakers, the parts of the oracle and those of the others, guaranteed and elastic [bps].
LaySiege = Callable[[tuple[AccountAPI, ...], tuple[int, int], list[tuple[int, int]]], Siege]


@pytest.fixture
def lay_siege(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
) -> LaySiege:
    """100 ETH of each staker; a loss budget of 50 %."""

    def lay_siege(stakers: tuple[AccountAPI, ...], parts: tuple[int, int], others: list[tuple[int, int]]) -> Siege:
        oracle = deploy_oracle(protocol, vault, asset, avs_owner, [operator], penalty=WAD, round_length=1)
        oracle.add_feed()
        oracle.enlist(operator, stakers[0], guaranteed=parts[0], elastic=parts[1])
        for staker in stakers[1:]:
            vault.depositAndDelegate(100 * ETHER, operator, 0, ANYTHING, sender=staker)
        scene = Scene(protocol, vault, operator, avs_owner, slasher, resolver)
        return Siege(oracle, scene, [scene.avs(*each) for each in others], stakers)

    return lay_siege


def besiege(siege: Siege, epoch: int) -> tuple[int, int, int]:
    """Everyone leaves, the others take all, twice; the offence is of the last second, and reported in the last."""
    protocol = siege.oracle.protocol
    protocol.to_epoch(epoch, DAY)
    siege.everyone_leaves()
    siege.others_take_all()
    last = int(protocol.registry.startOf(epoch + 1)) - 1
    fault = siege.equivocate(last)
    protocol.to_epoch(epoch + 1, DAY)
    siege.others_take_all()
    at(last + WINDOW)
    return siege.slashed(siege.prove(*fault))


def test_safe_stake__after_everyone_left_and_took_all__is_there_to_the_wei(
    lay_siege: LaySiege, bob: AccountAPI, carol: AccountAPI
) -> None:
    """The others take 10 % + 20 %, all that is not the oracle's own: it keeps 20 % of 1 - 50 % + 20 %, of 200 ETH."""
    siege = lay_siege((bob, carol), (2_000, 1_000), [(1_000, 0), (0, 2_000)])
    epoch, guaranteed, elastic = siege.snapshot()
    assert (guaranteed, elastic) == (28 * ETHER, 0)
    # Of the next epoch the others take another 10 % + 20 % of 70 %; 14 % are not theirs.
    assert besiege(siege, epoch) == (14 * WAD // 100, 0, guaranteed)


def test_safe_stake__within_the_epoch__is_there_to_the_wei_in_both_parts(
    lay_siege: LaySiege, protocol: Protocol, operator: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    """
    The other AVS has 20 % of the 30 % that are shared, and nothing from the next epoch on: of the oracle's own 15 %,
    10 % are left now, and of the next epoch's 70 % it would be 10.5 %. Guaranteed are 14 % then, and 20 % now.
    """
    siege = lay_siege((bob, carol), (2_000, 1_500), [(0, 2_000)])
    protocol.skip_epochs(3)
    siege.scene.opt_out(siege.others[0])  # in force two epochs later
    epoch = protocol.skip_epochs()
    siege.oracle.take_snapshot()
    member = siege.oracle.contract.memberOf(epoch, operator)
    assert tuple(member) == (28 * ETHER, 20 * ETHER)
    protocol.to_epoch(epoch, DAY)
    siege.everyone_leaves()
    siege.others_take_all()
    now = at(int(protocol.registry.startOf(epoch)) + 2 * DAY)
    taken = siege.slashed(siege.prove(*siege.equivocate(now)))
    assert taken == (20 * WAD // 100, 10 * WAD // 100, 60 * ETHER)


@pytest.mark.parametrize("seed", range(8))
def test_safe_stake__whatever_is_allocated__is_there(
    lay_siege: LaySiege, protocol: Protocol, operator: AccountAPI, bob: AccountAPI, carol: AccountAPI, seed: int
) -> None:
    """Also if the operator announces the end of its allocation, and some stakers were on their way out before."""
    rng = random.Random(seed)
    own = rng.randint(500, 3_000)
    rest = 5_000 - own
    others = [(rng.randint(0, rest // 3), rng.randint(0, 4_000)) for _ in range(rng.randint(1, 3))]
    siege = lay_siege((bob, carol), (own, rng.randint(0, 3_000)), [each for each in others if sum(each)])
    protocol.skip_epochs(2)
    if rng.random() < 0.5:
        siege.scene.undelegate(carol, rng.randint(1, 99 * ETHER))
    epoch = protocol.skip_epochs()
    siege.oracle.take_snapshot()
    member = siege.oracle.contract.memberOf(epoch, operator)
    promised = int(member.guaranteed) + int(member.elastic)
    assert promised > 0
    assert siege.oracle.weight(epoch, operator) == promised
    if rng.random() < 0.5:
        siege.scene.opt_out(siege.oracle.avs)
    guaranteed, _, shares = besiege(siege, epoch)
    assert shares >= promised
    assert guaranteed > 0


def test_safe_stake__after_the_fall_of_an_allocation__is_that_of_the_next_epoch(
    lay_siege: LaySiege, protocol: Protocol, operator: AccountAPI, bob: AccountAPI
) -> None:
    """A fall announced in an epoch is known to the next one's snapshot, and bites in the one after: 5 % of 70 %."""
    siege = lay_siege((bob,), (2_000, 0), [(3_000, 0)])
    protocol.skip_epochs(3)
    siege.scene.allocate(siege.oracle.avs, 500)
    epoch = protocol.skip_epochs()
    siege.oracle.take_snapshot()
    assert tuple(siege.oracle.contract.memberOf(epoch, operator)) == (35 * ETHER // 10, 0)
    assert besiege(siege, epoch) == (35 * WAD // 1_000, 0, 35 * ETHER // 10)
