"""Who counts, and what each weighs: joining, and the snapshot of an epoch."""

from typing import Any

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.avs.conftest import ELASTIC, GUARANTEED, TOTAL, WEIGHT
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.oracle import MIN_STAKE, UNCAPPED, Oracle, deploy_oracle, key, setup
from tests.helpers.protocol import ANYTHING, BPS, DAY, ETHER, WAD

NOTHING = (0, 0, 0, 0, 0)  # a snapshot: weight, cap, when it was taken, guaranteed, elastic


def listed(oracle: Oracle, offset: int = 0, limit: int = 100) -> list[str]:
    return list(oracle.contract.members(offset, limit))


def addresses(accounts: list[AccountAPI]) -> list[str]:
    return [str(account.address) for account in accounts]


def snapshot(oracle: Oracle, epoch: int) -> tuple[int, ...]:
    return tuple(oracle.contract.snapshotOf(epoch))


def member(oracle: Oracle, epoch: int, operator: AccountAPI) -> tuple[int, ...]:
    return tuple(oracle.contract.memberOf(epoch, operator))


def weights(oracle: Oracle, epoch: int, operators: list[AccountAPI]) -> list[int]:
    return [oracle.weight(epoch, operator) for operator in operators]


def opt_in_unstaked(oracle: Oracle, newcomer: AccountAPI) -> int:
    """Its pool is too small to join with. Goes to the epoch in which its allocation is in force."""
    oracle.set_key(newcomer, key("newcomer"))
    oracle.protocol.registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=newcomer)
    return oracle.protocol.skip_epochs(3)


def stake(oracle: Oracle, staker: AccountAPI, operator: AccountAPI, amount: int) -> None:
    oracle.vault.depositAndDelegate(amount, operator, 0, ANYTHING, sender=staker)


# --- construction ---


def test_constructor__registers_the_avs_on_its_terms(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI, resolver: AccountAPI, recipient: AccountAPI
) -> None:
    avs = int(protocol.registry.avsCount()) + 1
    terms = {"veto_period": DAY, "resolver": resolver.address, "recipient": recipient.address, "by_admission": True}
    contract = avs_owner.deploy(
        project.Notary,
        setup(
            protocol, vault, avs_owner.address, min_stake=5, max_share=2_500, penalty=7, uri="ipfs://notary", **terms
        ),
    )
    assert contract.AVS() == avs
    named = {**dict.fromkeys(("slasher", "owner", "hook"), contract.address), **terms}
    order = ("slasher", "veto_period", "by_admission", "recipient", "owner", "resolver", "hook")
    assert tuple(protocol.registry.terms(avs)) == tuple(named[name] for name in order)
    assert protocol.registry.isCounted(avs, vault)
    assert (contract.MIN_STAKE(), contract.MAX_SHARE(), contract.PENALTY()) == (5, 2_500, 7)
    assert (contract.REGISTRY(), contract.SLASHING(), contract.VAULT()) == (protocol.registry, protocol.slashing, vault)
    assert (contract.GENESIS(), contract.EPOCH()) == (protocol.registry.GENESIS(), 7 * DAY)
    assert contract.owner() == avs_owner
    receipt = contract.creation_metadata.receipt
    assert receipt is not None
    assert [event.uri for event in receipt.decode_logs(protocol.registry.AVSRegistered)] == ["ipfs://notary"]


@pytest.mark.parametrize(
    ("min_stake", "max_share", "penalty"),
    [(0, BPS, WAD), (1, 0, WAD), (1, BPS + 1, WAD), (1, BPS, 0), (1, BPS, WAD + 1)],
)
def test_constructor__setup_out_of_bounds__reverts(
    protocol: Protocol,
    vault: ContractInstance,
    avs_owner: AccountAPI,
    min_stake: int,
    max_share: int,
    penalty: int,
) -> None:
    parts = {"min_stake": min_stake, "max_share": max_share, "penalty": penalty}
    out = setup(protocol, vault, avs_owner.address, by_admission=True, **parts)
    with reverts(project.Notary.SetupOutOfBounds, setup=out):
        avs_owner.deploy(project.Notary, out)


@pytest.mark.parametrize(("min_stake", "max_share", "penalty"), [(1, 1, 1), (2**96 - 1, BPS, WAD)])
def test_constructor__setup_at_its_bounds__takes_it(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI, min_stake: int, max_share: int, penalty: int
) -> None:
    parts = {"min_stake": min_stake, "max_share": max_share, "penalty": penalty}
    within = setup(protocol, vault, avs_owner.address, by_admission=True, **parts)
    contract = avs_owner.deploy(project.Notary, within)
    assert (contract.MIN_STAKE(), contract.MAX_SHARE(), contract.PENALTY()) == (min_stake, max_share, penalty)


def test_constructor__capped_where_anyone_may_opt_in__reverts(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI
) -> None:
    """One party as many operators is no less than one."""
    out = setup(protocol, vault, avs_owner.address, max_share=BPS - 1)
    with reverts(project.Notary.SetupOutOfBounds, setup=out):
        avs_owner.deploy(project.Notary, out)


def test_constructor__without_an_owner__reverts(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI
) -> None:
    with reverts(project.Notary.OwnableInvalidOwner, owner=ZERO_ADDRESS):
        avs_owner.deploy(project.Notary, setup(protocol, vault, ZERO_ADDRESS))


def test_constructor__terms_that_the_registry_refuses__reverts(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI
) -> None:
    with reverts(protocol.registry.ResolverMismatch, resolver=ZERO_ADDRESS, vetoPeriod=DAY):
        avs_owner.deploy(project.Notary, setup(protocol, vault, avs_owner.address, veto_period=DAY))


# --- joining ---


def test_opt_in__with_enough_stake__joins(
    oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI, bob: AccountAPI, members: list[AccountAPI]
) -> None:
    stake(oracle, bob, newcomer, 100 * ETHER)
    oracle.set_key(newcomer, key("newcomer"))
    receipt = registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=newcomer)
    assert_event(receipt, oracle.contract.Joined, operator=newcomer)
    assert oracle.contract.isMember(newcomer)
    assert oracle.contract.memberCount() == 6
    assert listed(oracle) == addresses([*members, newcomer])


def test_opt_in__counts_from_the_epoch_in_which_the_allocation_is_in_force(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI
) -> None:
    """Snapshots before it find nothing that is safe, and keep the member."""
    oracle.enlist(newcomer, bob)
    for _ in range(2):
        epoch = oracle.protocol.skip_epochs()
        assert_events(oracle.take_snapshot(), oracle.contract.Dropped)
        assert oracle.weight(epoch, newcomer) == 0
        assert snapshot(oracle, epoch)[0] == TOTAL
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    assert oracle.weight(epoch, newcomer) == WEIGHT
    assert snapshot(oracle, epoch)[0] == TOTAL + WEIGHT


@pytest.mark.parametrize("missing", [0, 1])
def test_opt_in__joins_with_the_least_stake_and_no_less(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI, missing: int
) -> None:
    """Of what is announced, 30 % of 7 ETH; less of it will be safe."""
    oracle.enlist(newcomer, bob, stake=7 * ETHER - missing)
    assert oracle.contract.isMember(newcomer) == (not missing)
    if missing:
        with reverts(oracle.contract.NotEligible, operator=newcomer, stake=MIN_STAKE - 1, min=MIN_STAKE):
            oracle.join(newcomer)


def test_opt_in__counts_no_more_than_the_loss_budget(oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI) -> None:
    """60 % elastic of 4 ETH are 2.4 ETH, of which 50 %, 2 ETH, can ever be slashed."""
    oracle.enlist(newcomer, bob, stake=4 * ETHER, guaranteed=0, elastic=6_000)
    with reverts(oracle.contract.NotEligible, operator=newcomer, stake=2 * ETHER, min=MIN_STAKE):
        oracle.join(newcomer)


def test_opt_in__of_a_member__joins_once(oracle: Oracle, members: list[AccountAPI]) -> None:
    """It opted out, and in again before a snapshot found that."""
    registry = oracle.protocol.registry
    registry.optOut(oracle.avs, oracle.vault, sender=members[1])
    receipt = registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=members[1])
    assert_events(receipt, oracle.contract.Joined)
    assert listed(oracle) == addresses(members)


def test_join__by_anyone__makes_a_member(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI, stranger: AccountAPI, members: list[AccountAPI]
) -> None:
    opt_in_unstaked(oracle, newcomer)
    assert not oracle.contract.isMember(newcomer)
    stake(oracle, bob, newcomer, 100 * ETHER)
    receipt = oracle.contract.join(newcomer, sender=stranger)
    assert_event(receipt, oracle.contract.Joined, operator=newcomer)
    assert listed(oracle) == addresses([*members, newcomer])


def test_join__weighs_from_the_next_snapshot_on(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI, members: list[AccountAPI]
) -> None:
    epoch = opt_in_unstaked(oracle, newcomer)
    stake(oracle, bob, newcomer, 100 * ETHER)
    oracle.take_snapshot()
    oracle.join(newcomer)
    assert weights(oracle, epoch, [*members, newcomer]) == [2 * WEIGHT, *[WEIGHT] * 4, 0]
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    assert weights(oracle, epoch + 1, [*members, newcomer]) == [2 * WEIGHT, *[WEIGHT] * 5]


def test_join__of_a_member__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    with reverts(oracle.contract.AlreadyMember, operator=members[0]):
        oracle.join(members[0])


def test_join__without_a_key__reverts(oracle: Oracle, stranger: AccountAPI) -> None:
    with reverts(oracle.contract.NotEligible, operator=stranger, stake=0, min=MIN_STAKE):
        oracle.join(stranger)


def test_join__without_an_allocation__reverts(oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI) -> None:
    oracle.set_key(newcomer, key("new"))
    stake(oracle, bob, newcomer, 100 * ETHER)
    with reverts(oracle.contract.NotEligible, operator=newcomer, stake=0, min=MIN_STAKE):
        oracle.join(newcomer)


def test_join__with_an_end_announced__reverts(oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI) -> None:
    """Though what it has now is in force for two epochs."""
    opt_in_unstaked(oracle, newcomer)
    stake(oracle, bob, newcomer, 100 * ETHER)
    oracle.protocol.registry.optOut(oracle.avs, oracle.vault, sender=newcomer)
    with reverts(oracle.contract.NotEligible, operator=newcomer, stake=0, min=MIN_STAKE):
        oracle.join(newcomer)


def test_join__counts_a_slashed_pool_for_what_it_is_worth(
    oracle: Oracle, newcomer: AccountAPI, bob: AccountAPI, avs_owner: AccountAPI, slasher: AccountAPI
) -> None:
    """Another AVS took 20 %: of 8 pool ETH, 80 % of 30 % are 1.92 ETH."""
    protocol = oracle.protocol
    other = protocol.register_avs(avs_owner, slasher, vaults=[oracle.vault])
    protocol.registry.optIn(other, oracle.vault, 2_000, 0, b"", sender=newcomer)
    protocol.to_epoch(opt_in_unstaked(oracle, newcomer), 60)
    stake(oracle, bob, newcomer, 8 * ETHER)
    protocol.request(other, newcomer, oracle.vault, WAD // 5, sender=slasher)
    with reverts(oracle.contract.NotEligible, operator=newcomer, stake=192 * ETHER // 100, min=MIN_STAKE):
        oracle.join(newcomer)


def test_members__are_listed_in_pages(oracle: Oracle, members: list[AccountAPI]) -> None:
    assert listed(oracle, 0, 2) == addresses(members[:2])
    assert listed(oracle, 2, 100) == addresses(members[2:])
    assert listed(oracle, 5, 1) == []
    assert listed(oracle, 2**255, 2**255) == []
    assert listed(oracle, 0, 0) == []


# --- takeSnapshot ---


def test_take_snapshot__reads_the_safe_stake_of_all(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI
) -> None:
    epoch = oracle.protocol.skip_epochs()
    receipt = oracle.contract.takeSnapshot(100, sender=stranger)
    assert snapshot(oracle, epoch) == (TOTAL, UNCAPPED, receipt.timestamp, 6 * GUARANTEED, 6 * ELASTIC)
    assert_event(receipt, oracle.contract.SnapshotTaken, epoch=epoch, weight=TOTAL, cap=UNCAPPED)
    assert_events(receipt, oracle.contract.Dropped)
    assert member(oracle, epoch, members[0]) == (2 * GUARANTEED, 2 * ELASTIC)
    for other in members[1:]:
        assert member(oracle, epoch, other) == (GUARANTEED, ELASTIC) == oracle.safe_stake(other)


def test_take_snapshot__knows_nothing_of_what_is_staked_later(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    epoch = oracle.protocol.epoch
    oracle.vault.depositAndDelegate(100 * ETHER, members[1], 0, ANYTHING, sender=alice)
    assert oracle.safe_stake(members[1]) == (2 * GUARANTEED, 2 * ELASTIC)
    assert oracle.weight(epoch, members[1]) == WEIGHT
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    assert weights(oracle, epoch, members) == [2 * WEIGHT, *[WEIGHT] * 4]
    assert weights(oracle, epoch + 1, members) == [2 * WEIGHT, 2 * WEIGHT, *[WEIGHT] * 3]


def test_take_snapshot__leaves_out_tickets(oracle: Oracle, members: list[AccountAPI], alice: AccountAPI) -> None:
    oracle.protocol.delegation.undelegate(members[1], oracle.vault, 50 * ETHER, sender=alice)
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    assert member(oracle, epoch, members[1]) == (GUARANTEED // 2, ELASTIC // 2)
    assert snapshot(oracle, epoch)[0] == TOTAL - WEIGHT // 2


def test_take_snapshot__in_pages__is_complete_with_the_last(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.skip_epochs()
    for _ in range(2):
        assert not oracle.contract.takeSnapshot.call(2, sender=oracle.owner)
        oracle.take_snapshot(2)
        assert weights(oracle, epoch, members) == [0] * 5
        assert snapshot(oracle, epoch)[:3] == (0, 0, 0)
    assert oracle.contract.takeSnapshot.call(1, sender=oracle.owner)
    receipt = oracle.take_snapshot(1)
    assert snapshot(oracle, epoch) == (TOTAL, UNCAPPED, receipt.timestamp, 6 * GUARANTEED, 6 * ELASTIC)
    assert weights(oracle, epoch, members) == [2 * WEIGHT, *[WEIGHT] * 4]


def test_take_snapshot__of_no_member__reads_none(oracle: Oracle) -> None:
    epoch = oracle.protocol.skip_epochs()
    assert not oracle.contract.takeSnapshot.call(0, sender=oracle.owner)
    receipt = oracle.take_snapshot(0)
    assert snapshot(oracle, epoch) == NOTHING
    assert_events(receipt, oracle.contract.SnapshotTaken)


def test_take_snapshot__that_is_complete__reverts(oracle: Oracle) -> None:
    with reverts(oracle.contract.SnapshotComplete, epoch=oracle.protocol.epoch):
        oracle.take_snapshot()


def test_take_snapshot__without_members__weighs_nothing(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, avs_owner: AccountAPI
) -> None:
    avs = deploy_oracle(protocol, vault, asset, avs_owner)
    receipt = avs.take_snapshot(0)
    assert snapshot(avs, protocol.epoch) == (0, UNCAPPED, receipt.timestamp, 0, 0)
    assert_event(receipt, avs.contract.SnapshotTaken, epoch=protocol.epoch, weight=0, cap=UNCAPPED)


def test_take_snapshot__not_complete_in_its_epoch__begins_anew_in_the_next(
    oracle: Oracle, members: list[AccountAPI]
) -> None:
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot(3)
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot(5)
    assert snapshot(oracle, epoch)[:3] == (0, 0, 0)
    assert weights(oracle, epoch, members) == [0] * 5
    assert snapshot(oracle, epoch + 1)[0] == TOTAL


def test_take_snapshot__the_epoch_was_skipped__has_none(oracle: Oracle, members: list[AccountAPI]) -> None:
    epoch = oracle.protocol.skip_epochs(2)
    oracle.take_snapshot()
    assert snapshot(oracle, epoch - 1) == NOTHING
    assert weights(oracle, epoch - 1, members) == [0] * 5


# --- dropping ---


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_take_snapshot__drops_who_has_too_little(
    oracle: Oracle, members: list[AccountAPI], index: int, limit: int
) -> None:
    """Wherever it stands in the list, and however it is cut into pages, the others count once."""
    leaving = members[index]
    oracle.protocol.registry.optOut(oracle.avs, oracle.vault, sender=leaving)
    epoch = oracle.protocol.skip_epochs()  # in which nothing is safe: the next is without its allocation
    receipts = [oracle.take_snapshot(limit) for _ in range(-(-5 // limit))]
    dropped = [receipt for receipt in receipts if list(receipt.decode_logs(oracle.contract.Dropped))]
    assert len(dropped) == 1
    assert_event(dropped[0], oracle.contract.Dropped, operator=leaving)
    left = [each for each in members if each != leaving]
    assert sorted(listed(oracle)) == sorted(addresses(left))
    assert not oracle.contract.isMember(leaving)
    assert weights(oracle, epoch, members) == [
        0 if each == leaving else 2 * WEIGHT if each == members[0] else WEIGHT for each in members
    ]
    assert snapshot(oracle, epoch)[0] == sum(weights(oracle, epoch, members))
    parts = 4 if leaving == members[0] else 5
    assert snapshot(oracle, epoch)[3:] == (parts * GUARANTEED, parts * ELASTIC)


def test_take_snapshot__everyone_has_too_little__drops_all(oracle: Oracle, members: list[AccountAPI]) -> None:
    for each in members:
        oracle.protocol.registry.optOut(oracle.avs, oracle.vault, sender=each)
    epoch = oracle.protocol.skip_epochs()
    receipt = oracle.take_snapshot()
    assert listed(oracle) == []
    assert snapshot(oracle, epoch) == (0, UNCAPPED, receipt.timestamp, 0, 0)


def test_take_snapshot__counts_the_least_safe_stake_and_no_less(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    """21 % of 10 ETH. Who has less stays a member, as what it announced would be enough to join."""
    undelegate = oracle.protocol.delegation.undelegate
    undelegate(members[1], oracle.vault, 90 * ETHER, sender=alice)
    undelegate(members[2], oracle.vault, 90 * ETHER + 1, sender=alice)
    epoch = oracle.protocol.skip_epochs()
    receipt = oracle.take_snapshot()
    assert_events(receipt, oracle.contract.Dropped)
    assert weights(oracle, epoch, members) == [2 * WEIGHT, MIN_STAKE, 0, WEIGHT, WEIGHT]
    assert snapshot(oracle, epoch)[0] == 4 * WEIGHT + MIN_STAKE
    stake(oracle, alice, members[2], 90 * ETHER + 1)
    oracle.protocol.skip_epochs()
    oracle.take_snapshot()
    assert oracle.weight(epoch + 1, members[2]) == WEIGHT


def test_take_snapshot__drops_who_has_less_than_it_takes_to_join(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    undelegate = oracle.protocol.delegation.undelegate
    undelegate(members[1], oracle.vault, 93 * ETHER, sender=alice)
    undelegate(members[2], oracle.vault, 93 * ETHER + 1, sender=alice)
    oracle.protocol.skip_epochs()
    assert_event(oracle.take_snapshot(), oracle.contract.Dropped, operator=members[2])
    assert oracle.contract.isMember(members[1])


def test_join__after_being_dropped__makes_a_member_again(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    epoch = oracle.protocol.epoch
    oracle.protocol.delegation.undelegate(members[1], oracle.vault, 100 * ETHER, sender=alice)
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    assert not oracle.contract.isMember(members[1])
    with reverts(oracle.contract.NotEligible, operator=members[1], stake=0, min=MIN_STAKE):
        oracle.join(members[1])
    stake(oracle, alice, members[1], 100 * ETHER)
    oracle.join(members[1])
    assert oracle.weight(epoch + 1, members[1]) == 0
    oracle.protocol.to_epoch(epoch + 2)
    oracle.take_snapshot()
    assert weights(oracle, epoch + 2, members) == [2 * WEIGHT, *[WEIGHT] * 4]


# --- joining between pages ---


@pytest.mark.parametrize("pages", range(1, 5))
def test_join__between_pages__weighs_from_the_next_epoch_on(
    oracle: Oracle, members: list[AccountAPI], newcomer: AccountAPI, bob: AccountAPI, pages: int
) -> None:
    epoch = opt_in_unstaked(oracle, newcomer)
    stake(oracle, bob, newcomer, 100 * ETHER)
    for _ in range(pages):
        oracle.take_snapshot(1)
    oracle.join(newcomer)
    oracle.take_snapshot()
    assert weights(oracle, epoch, [*members, newcomer]) == [2 * WEIGHT, *[WEIGHT] * 4, 0]
    assert snapshot(oracle, epoch)[0] == TOTAL
    oracle.protocol.to_epoch(epoch + 1)
    oracle.take_snapshot()
    assert oracle.weight(epoch + 1, newcomer) == WEIGHT


@pytest.mark.parametrize("index", range(4))
def test_join__between_pages__in_the_place_of_a_dropped_one__weighs_from_the_next_epoch_on(
    oracle: Oracle, members: list[AccountAPI], newcomer: AccountAPI, bob: AccountAPI, index: int
) -> None:
    opt_in_unstaked(oracle, newcomer)
    stake(oracle, bob, newcomer, 100 * ETHER)
    oracle.protocol.registry.optOut(oracle.avs, oracle.vault, sender=members[index])
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot(1)  # of the last
    oracle.join(newcomer)
    oracle.take_snapshot()
    assert oracle.weight(epoch, newcomer) == 0
    assert snapshot(oracle, epoch)[0] == TOTAL - WEIGHT * (2 if index == 0 else 1)
    left = [each for each in [*members, newcomer] if each != members[index]]
    assert sorted(listed(oracle)) == sorted(addresses(left))


def test_join__dropped_between_pages__weighs_from_the_next_epoch_on(
    oracle: Oracle, members: list[AccountAPI], alice: AccountAPI
) -> None:
    oracle.protocol.delegation.undelegate(members[4], oracle.vault, 100 * ETHER, sender=alice)
    epoch = oracle.protocol.skip_epochs()
    oracle.take_snapshot(1)
    oracle.vault.depositAndDelegate(100 * ETHER, members[4], 0, ANYTHING, sender=alice)
    oracle.join(members[4])
    oracle.take_snapshot()
    assert weights(oracle, epoch, members) == [2 * WEIGHT, *[WEIGHT] * 3, 0]


# --- the owner ---


def test_set_admitted__lets_an_operator_opt_in(
    protocol: Protocol,
    pool: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
) -> None:
    avs = deploy_oracle(protocol, pool, asset, avs_owner, by_admission=True)
    avs.set_key(operator, key("new"))
    opt_in: Any = (avs.avs, pool, 2_000, 1_000, b"")
    with reverts(protocol.registry.NotAdmitted, avs=avs.avs, operator=operator):
        protocol.registry.optIn(*opt_in, sender=operator)
    receipt = avs.contract.setAdmitted(operator, True, sender=avs_owner)
    assert_event(receipt, protocol.registry.AdmissionSet, avs=avs.avs, operator=operator, admitted=True)
    protocol.registry.optIn(*opt_in, sender=operator)
    assert protocol.registry.isOptedIn(avs.avs, operator, pool)


def test_set_admitted__where_anyone_may_opt_in__reverts(oracle: Oracle, operator: AccountAPI) -> None:
    with reverts(oracle.protocol.registry.AdmissionNotRequired, avs=oracle.avs):
        oracle.contract.setAdmitted(operator, True, sender=oracle.owner)


def test_eject__ends_the_allocation(oracle: Oracle, members: list[AccountAPI]) -> None:
    receipt = oracle.contract.eject(members[1], sender=oracle.owner)
    registry = oracle.protocol.registry
    ended = {"avs": oracle.avs, "operator": members[1], "vault": oracle.vault}
    assert_event(receipt, registry.OptedOut, **ended, ejected=True)
    epoch = oracle.protocol.epoch
    assert oracle.weight(epoch, members[1]) == WEIGHT  # it still answers for what it signs
    oracle.protocol.to_epoch(epoch + 1)
    assert_event(oracle.take_snapshot(), oracle.contract.Dropped, operator=members[1])


@pytest.mark.parametrize(("call", "arguments"), [("setAdmitted", (True,)), ("eject", ())])
def test_owner_call__by_another__reverts(
    oracle: Oracle, members: list[AccountAPI], stranger: AccountAPI, call: str, arguments: tuple[Any, ...]
) -> None:
    with reverts(oracle.contract.OwnableUnauthorizedAccount, account=stranger):
        getattr(oracle.contract, call)(members[1], *arguments, sender=stranger)
