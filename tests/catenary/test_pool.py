"""`Pool`, `Ticket`, `Operator` and `Staker` on the scene of slashing."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

import catenary
from catenary import Allocation, Change, Mandate, Payment, Payout, Pool, Position
from catenary.errors import BadAmount, LossBudgetExceeded, MandateTooLoose, NotOptedIn, UnknownPool
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at

PERCENT = WAD // 100
MANDATE = Mandate(5_000, 1_000, 0)


@pytest.fixture
def of_scene(sdk: catenary.Protocol, scene: Scene) -> Pool:
    """The pool, as the package sees it."""
    return sdk.vault("cAST").pool(scene.operator)


def test_pool__says_how_it_stands(of_scene: Pool, at_once: int, with_veto: int, shared: int) -> None:
    pool = of_scene
    assert pool.is_open is True
    assert pool.ever_delegated is True
    assert pool.has_open_request is False
    assert (pool.retained, pool.retained_at_end_of(3)) == (WAD, WAD)
    assert pool.pool_shares == (100 * ETHER, 0)
    assert (pool.mandate, pool.mandate_at(5), pool.loosest_mandate) == (MANDATE, MANDATE, MANDATE)
    assert pool.mandates == [MANDATE] * 4
    assert pool.room == 2_000
    allocations = {at_once: Allocation(2_000, 1_000), with_veto: Allocation(1_000, 0), shared: Allocation(0, 4_000)}
    assert pool.allocations == allocations
    nothing = dict.fromkeys(allocations, Allocation(0, 0))
    assert pool.allocations_at(3, 4, 5) == [nothing, allocations, allocations]
    assert pool.allocations_at() == []
    assert pool.slashable([shared, at_once]) == {
        shared: (0, 20 * PERCENT),
        at_once: (20 * PERCENT, 10 * PERCENT),
    }
    assert pool.changes == []
    assert pool.requests == []
    assert pool.collected(3) == 100 * ETHER * 7 * DAY
    assert (pool.reward_tokens, pool.commission) == ([], {})


def test_pool__that_was_never_opened(sdk: catenary.Protocol, scene: Scene, bob: AccountAPI) -> None:
    pool = sdk.vault("cAST").pool(bob)
    assert (pool.is_open, pool.ever_delegated, pool.retained, pool.pool_shares) == (False, False, WAD, (0, 0))
    assert pool.allocations == {}
    with pytest.raises(UnknownPool) as raised:
        _ = pool.room
    assert raised.value.arguments == {"operator": bob.address, "vault": scene.vault.address}


def test_pool__pool_shares_of__is_the_fewest_that_are_worth_it(of_scene: Pool, scene: Scene, at_once: int) -> None:
    assert of_scene.pool_shares_of("7 cAST") == 7 * ETHER
    scene.request(at_once, 30 * PERCENT)
    fewest = of_scene.pool_shares_of("7 cAST")
    assert fewest == 10 * ETHER
    assert of_scene.pool_shares_of(1) == 2  # 1 pool share is worth 0.7


def test_pool__slashed_to_nothing__has_no_pool_shares_that_are_worth_anything(
    sdk: catenary.Protocol, scene: Scene, at_once: int, second_operator: AccountAPI, bob: AccountAPI
) -> None:
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 10_000, 0, 0, sender=second_operator)
    registry.optIn(at_once, scene.vault, 10_000, 0, b"", sender=second_operator)
    scene.vault.depositAndDelegate(ETHER, second_operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(7)
    pool = sdk.vault("cAST").pool(second_operator)
    sdk.avs(at_once).slash(pool, WAD, sdk.chain.time, b"a lie").send(scene.slasher)
    assert (pool.retained, pool.position(bob.address)) == (0, Position(ETHER, 0))
    with pytest.raises(BadAmount, match="was slashed to nothing: no pool shares are worth '1 cAST'"):
        pool.pool_shares_of("1 cAST")
    assert pool.exposure(ETHER).value == 0


def test_pool__changes__come_by_the_rule_of_time(
    sdk: catenary.Protocol, of_scene: Pool, scene: Scene, at_once: int
) -> None:
    operator, clock = sdk.operator(scene.operator.address), sdk.clock
    operator.announce("cAST", 4_000, 1_500).send(scene.operator)
    operator.allocate(at_once, "cAST", 1_000, 2_000).send(scene.operator)

    def change(what: str, epoch: int, before: int, after: int) -> Change:
        return Change(what, epoch, before, after, clock.start_of(epoch), clock.start_of(epoch - 1))

    assert of_scene.changes == [
        change("loss budget", 6, 5_000, 4_000),
        change(f"guaranteed part of AVS {at_once}", 6, 2_000, 1_000),
        change("commission", 7, 1_000, 1_500),
        change(f"elastic part of AVS {at_once}", 7, 1_000, 2_000),
    ]
    assert [one.loosens for one in of_scene.changes] == [False, False, True, True]
    assert of_scene.mandates == [MANDATE, MANDATE, Mandate(4_000, 1_000, 0), Mandate(4_000, 1_500, 0)]
    assert of_scene.loosest_mandate == Mandate(5_000, 1_500, 0)


def test_pool__exposure__says_what_can_be_lost_to_whom(
    sdk: catenary.Protocol, of_scene: Pool, scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    """Of 10 pool shares, after a slash of 10 %: 20 % less 10 is 1, of the 10 and 20 that are shared 1 and 2."""
    scene.request(at_once, 10 * PERCENT)
    one = of_scene.exposure(10 * ETHER)
    assert (one.mandate, one.retained, one.open_request) == (MANDATE, 90 * PERCENT, False)
    # 40 of the 50 % of this epoch are left to be slashed; and half of the rest in the next one.
    assert (one.value, one.worst_this_epoch, one.worst_leaving) == (9 * ETHER, 5 * ETHER, 25 * ETHER // 10)
    assert one.out_at == sdk.clock.start_of(6)
    terms = sdk.terms([at_once, with_veto, shared])
    assert one.threats == (
        catenary.Threat(at_once, terms[at_once], Allocation(2_000, 1_000), ETHER, ETHER),
        catenary.Threat(with_veto, terms[with_veto], Allocation(1_000, 0), ETHER, 0),
        catenary.Threat(shared, terms[shared], Allocation(0, 4_000), 0, 2 * ETHER),
    )
    assert one.changes == ()


def test_pool__exposure__names_no_avs_that_is_out(of_scene: Pool, scene: Scene, with_veto: int) -> None:
    scene.opt_out(with_veto)
    scene.protocol.to_epoch(6)
    assert with_veto not in [threat.avs for threat in of_scene.exposure(ETHER).threats]
    assert with_veto in of_scene.allocations


def test_delegate__under_a_stricter_mandate_than_the_pools__is_refused(of_scene: Pool, alice: AccountAPI) -> None:
    call = of_scene.delegate(1, catenary.Accepted(4_999, 1_000))
    with pytest.raises(MandateTooLoose) as raised:
        call.check(alice)
    assert raised.value.arguments == {
        "mandate": {"lossBudget": 5_000, "commission": 1_000, "vetoPeriod": 0},
        "accepted": {"lossBudget": 4_999, "commission": 1_000, "vetoPeriod": 0, "openRequests": False},
    }


# --- tickets ---


def test_tickets__of_several_epochs__are_listed_until_they_are_completed(
    sdk: catenary.Protocol, of_scene: Pool, scene: Scene, alice: AccountAPI, at_once: int
) -> None:
    """10 of epoch 4 and 20 of epoch 5; a slash of 10 % in epoch 5 falls on both."""
    scene.undelegate(alice, 10 * ETHER)
    scene.protocol.to_epoch(5)
    scene.undelegate(alice, 20 * ETHER)
    scene.request(at_once, 10 * PERCENT)
    assert of_scene.pool_shares == (70 * ETHER, 30 * ETHER)
    scene.protocol.to_epoch(6)
    first, second = of_scene.tickets(alice.address)
    assert [(t.epoch, t.pool_shares, t.value, t.matured) for t in (first, second)] == [
        (4, 10 * ETHER, 9 * ETHER, True),
        (5, 20 * ETHER, 18 * ETHER, False),
    ]
    assert (first.matures_at, second.matures_at) == (sdk.clock.start_of(6), sdk.clock.start_of(7))
    assert sdk.staker(alice.address).tickets == [first, second]
    first.complete(payout=Payout.VAULT_SHARES).send(alice)
    assert sdk.vault("cAST").balance(alice.address) == 9 * ETHER
    assert of_scene.tickets(alice.address) == [second]


def test_tickets__redelegated__are_gone(
    of_scene: Pool, scene: Scene, alice: AccountAPI, second_operator: AccountAPI
) -> None:
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 0, 0, 0, sender=second_operator)
    scene.undelegate(alice, 10 * ETHER)
    scene.protocol.to_epoch(6)
    (ticket,) = of_scene.tickets(alice.address)
    ticket.redelegate(second_operator.address, catenary.Accepted()).send(alice)
    assert of_scene.tickets(alice.address) == []
    other = of_scene.vault.pool(second_operator)
    assert other.position(alice.address) == Position(10 * ETHER, 10 * ETHER)


# --- operators ---


def test_operator__says_what_it_opened(sdk: catenary.Protocol, scene: Scene, bob: AccountAPI) -> None:
    operator = sdk.operator(scene.operator.address)
    assert operator.is_registered is True
    assert [pool.vault.address for pool in operator.pools] == [scene.vault.address]
    assert (sdk.operator(bob.address).is_registered, sdk.operator(bob.address).pools) == (False, [])


def test_operator__opens_opts_in_allocates_and_opts_out(
    sdk: catenary.Protocol, scene: Scene, shared: int, second_operator: AccountAPI
) -> None:
    sdk.register_operator().send(second_operator)
    operator = sdk.operator(second_operator.address)
    operator.open_pool("cAST", Mandate(3_000, 500, 60)).send(second_operator)
    pool = operator.pool("cAST")
    assert (pool.mandate, pool.ever_delegated) == (Mandate(3_000, 500, 60), False)
    operator.announce("cAST", 2_000, 600).send(second_operator)
    assert pool.mandate == Mandate(2_000, 600, 60)
    operator.opt_in(shared, "cAST", 500, 700).send(second_operator)
    operator.allocate(shared, scene.vault.address, 800, 700).send(second_operator)
    assert pool.allocations_at(4, 7) == [{shared: Allocation(0, 0)}, {shared: Allocation(800, 700)}]
    assert pool.room == 1_200
    with pytest.raises(LossBudgetExceeded) as raised:
        operator.allocate(shared, "cAST", 2_001, 0).check(second_operator)
    assert raised.value.arguments == {"epoch": 7, "guaranteed": 2_001, "lossBudget": 2_000}
    operator.opt_out(shared, "cAST").send(second_operator)
    assert pool.allocations_at(7) == [{shared: Allocation(0, 0)}]
    with pytest.raises(NotOptedIn) as refused:
        operator.opt_out(shared, "cAST").check(second_operator)
    assert refused.value.arguments == {
        "avs": shared,
        "operator": second_operator.address,
        "vault": scene.vault.address,
    }


# --- stakers ---


def test_staker__says_what_it_has(
    sdk: catenary.Protocol, of_scene: Pool, scene: Scene, alice: AccountAPI, bob: AccountAPI, at_once: int
) -> None:
    staker = sdk.staker(alice.address)
    assert (staker.pools, staker.positions) == ([of_scene], {of_scene: Position(100 * ETHER, 100 * ETHER)})
    assert sdk.staker(bob.address).positions == {}
    scene.request(at_once, 25 * PERCENT)
    assert staker.positions == {of_scene: Position(100 * ETHER, 75 * ETHER)}
    scene.undelegate(alice, 100 * ETHER)
    assert (staker.pools, staker.positions) == ([of_scene], {})


def test_rewards__of_a_pool__are_claimable_two_epochs_later(
    sdk: catenary.Protocol,
    of_scene: Pool,
    scene: Scene,
    asset: ContractInstance,
    at_once: int,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
) -> None:
    """Bob has half of what Alice has, from the start of epoch 5 on. 900 for epoch 5, of which 90 are commission."""
    at(scene.protocol.registry.startOf(5))
    scene.vault.depositAndDelegate(50 * ETHER, scene.operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(6)
    avs, token = sdk.avs(at_once), str(asset.address)
    avs.approve(token, 1_000 * ETHER).send(carol)
    avs.pay(token, 5, [Payment(of_scene.operator, of_scene.vault.address, 900 * ETHER, 16)]).send(carol)
    assert of_scene.reward_tokens == [token]
    assert of_scene.commission == {token: 90 * ETHER}

    collected = of_scene.collected(5)
    assert collected == 150 * ETHER * 7 * DAY
    # docs/rewards-distributor.md, "The sum".
    earned = 810 * ETHER * 2**118 // collected
    due = [shares * ETHER * 7 * DAY * earned // 2**118 for shares in (100, 50)]
    for account, amount in zip((alice, bob), due, strict=True):
        (reward,) = sdk.staker(account.address).rewards
        assert (reward.pool, reward.token, reward.claimable, reward.accruing) == (of_scene, token, 0, amount)
    scene.protocol.to_epoch(7)
    staker, before = sdk.staker(bob.address), asset.balanceOf(carol)
    (reward,) = staker.rewards
    assert (reward.claimable, reward.accruing) == (due[1], 0)
    staker.claim([reward], carol.address).send(bob)
    assert asset.balanceOf(carol) == before + due[1]
    assert staker.rewards == []
    operator = sdk.operator(of_scene.operator)
    operator.claim_commission("cAST", token, carol.address).send(scene.operator)
    assert (asset.balanceOf(carol), of_scene.commission) == (before + due[1] + 90 * ETHER, {})


def test_changes__epoch_begins_while_they_are_read__are_of_one_block(
    of_scene: Pool, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what changes in two epochs would seem to do so in one."""
    of_scene.protocol.operator(scene.operator.address).announce("cAST", 4_000, 1_000).send(scene.operator)
    expected = of_scene.changes
    assert [change.epoch for change in expected] == [6]
    mandates = Pool.mandates

    def late(pool: Pool) -> list[Mandate]:
        scene.protocol.to_epoch(5)
        assert mandates.fget is not None
        return list(mandates.fget(pool))

    monkeypatch.setattr(Pool, "mandates", property(late))
    assert of_scene.changes == expected
