"""`AVS` and `SlashRequest` on the scene of slashing."""

import pytest
from ape.api import AccountAPI

import catenary
from catenary import AVS, Amounts, Average, Pool, Stake
from catenary.avs import Taking
from catenary.errors import NotSlasher, RequestNotOpen, VetoPeriodOver, VetoPeriodRunning
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD, ZERO_ADDRESS
from tests.helpers.scene import Scene, look_at

PERCENT = WAD // 100


@pytest.fixture
def of_scene(sdk: catenary.Protocol, scene: Scene) -> Pool:
    """The pool, as the package sees it."""
    return sdk.vault("cAST").pool(scene.operator)


def test_avs__says_how_it_stands(sdk: catenary.Protocol, scene: Scene, with_veto: int, bob: AccountAPI) -> None:
    avs = sdk.avs(with_veto)
    assert (avs.terms.veto_period, avs.terms.by_admission, avs.terms.hook) == (DAY, False, ZERO_ADDRESS)
    assert [(pool.operator, pool.vault.address) for pool in avs.pools] == [
        (scene.operator.address, scene.vault.address)
    ]
    assert avs.counts(scene.vault.address) is True
    assert avs.counts(bob.address) is False
    assert avs.is_admitted(scene.operator.address) is False
    assert (avs.requests, avs.open_requests) == ([], {})


def test_stakes__are_in_vault_shares_and_assets(
    sdk: catenary.Protocol, scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    """As in tests/slashing/test_views.py."""
    expected = {at_once: (20, 10, 14, 0, 20), with_veto: (10, 0, 6, 0, 20), shared: (0, 20, 0, 5, 10)}
    for number, numbers in expected.items():
        amounts = Amounts(*(each * ETHER for each in numbers))
        assert sdk.avs(number).stakes == [Stake(scene.operator.address, scene.vault.address, amounts, amounts)]


def test_stakes__of_more_pools_than_a_page__are_all_there(
    sdk: catenary.Protocol, scene: Scene, at_once: int, monkeypatch: pytest.MonkeyPatch, accounts: list[AccountAPI]
) -> None:
    registry = scene.protocol.registry
    monkeypatch.setattr(catenary.avs, "PAGE", 2)
    operators = accounts[12:16]
    for operator in operators:
        registry.registerOperator("", sender=operator)
        registry.openPool(scene.vault, 1_000, 0, 0, sender=operator)
        registry.optIn(at_once, scene.vault, 500, 0, b"", sender=operator)
    avs = sdk.avs(at_once)
    names = [scene.operator.address, *(operator.address for operator in operators)]
    assert [pool.operator for pool in avs.pools] == names
    assert [one.operator for one in avs.stakes] == names
    assert [one.operator for one in avs.averages] == names


def test_averages__are_of_the_epoch_just_finished(sdk: catenary.Protocol, scene: Scene, at_once: int) -> None:
    place = (scene.operator.address, scene.vault.address)
    assert sdk.avs(at_once).averages == [Average(*place, 0, 0, 0, 0)]
    scene.protocol.to_epoch(5)
    assert sdk.avs(at_once).averages == [Average(*place, 20 * ETHER, 10 * ETHER, 14 * ETHER, 0)]


def test_avs__registers_counts_admits_and_ejects(sdk: catenary.Protocol, scene: Scene, avs_owner: AccountAPI) -> None:
    owner, operator = avs_owner.address, sdk.operator(scene.operator.address)
    receipt = sdk.register_avs(catenary.Terms(slasher=owner, owner=owner, by_admission=True)).send(avs_owner)
    (said,) = sdk.registry.said("AVSRegistered", receipt)
    avs = sdk.avs(said["avs"])
    assert (avs.number, avs.terms.by_admission) == (sdk.avs_count, True)
    avs.count("cAST").send(avs_owner)
    avs.admit(operator.address).send(avs_owner)
    assert (avs.counts(scene.vault.address), avs.is_admitted(operator.address)) == (True, True)
    operator.opt_in(avs.number, "cAST", 100, 0).send(scene.operator)
    avs.eject(operator.pool("cAST")).send(avs_owner)
    assert avs.is_admitted(operator.address) is False
    assert operator.pool("cAST").allocations_at(7)[0][avs.number] == catenary.Allocation(0, 0)
    avs.count(scene.vault.address, counts=False).send(avs_owner)
    assert avs.counts(scene.vault.address) is False


# --- what a slash takes ---


def test_taking__more_than_the_guaranteed_part__says_what_others_lose(
    sdk: catenary.Protocol, of_scene: Pool, at_once: int, with_veto: int, shared: int
) -> None:
    """20 % are its own, 20 % are shared, and `shared` could take all of them."""
    avs = sdk.avs(at_once)
    assert avs.taking(of_scene, 15 * PERCENT) == Taking(15 * PERCENT, 0, 15 * ETHER, {})
    assert avs.taking(of_scene, 25 * PERCENT) == Taking(20 * PERCENT, 5 * PERCENT, 25 * ETHER, {shared: 5 * PERCENT})
    assert avs.taking(of_scene, WAD) == Taking(20 * PERCENT, 10 * PERCENT, 30 * ETHER, {shared: 10 * PERCENT})
    assert sdk.avs(with_veto).taking(of_scene, WAD) == Taking(10 * PERCENT, 0, 10 * ETHER, {})
    assert sdk.avs(shared).taking(of_scene, 12 * PERCENT) == Taking(0, 12 * PERCENT, 12 * ETHER, {at_once: 2 * PERCENT})


def test_taking__is_what_is_taken(
    sdk: catenary.Protocol, scene: Scene, of_scene: Pool, at_once: int, with_veto: int, shared: int, alice: AccountAPI
) -> None:
    """Slash after slash, over two epochs, with a ticket, at odd numbers: the chain takes what was told before."""
    scene.undelegate(alice, 33 * ETHER + 7)
    avs, everyone = sdk.avs(at_once), [at_once, with_veto, shared]
    for epoch, amount in ((4, 3 * PERCENT + 1), (4, 21 * PERCENT + 3), (5, 7), (5, 17 * PERCENT + 11), (5, WAD)):
        if sdk.epoch < epoch:
            scene.protocol.to_epoch(epoch)
        before, told = of_scene.slashable(everyone), avs.taking(of_scene, amount)
        receipt, _ = scene.file(at_once, amount)
        (said,) = sdk.slashing.said("Slashed", receipt)
        assert (told.guaranteed, told.elastic, told.shares) == (said["guaranteed"], said["elastic"], said["shares"])
        after = of_scene.slashable(everyone)
        lost = {number: before[number][1] - after[number][1] for number in (with_veto, shared)}
        assert told.from_others == {number: amount for number, amount in lost.items() if amount}
    assert avs.taking(of_scene, WAD) == Taking(0, 0, 0, {})


def test_taking__of_a_pool_that_nobody_delegated_to__is_nothing(
    sdk: catenary.Protocol, empty_scene: Scene, at_once: int
) -> None:
    empty_scene.protocol.to_epoch(4)
    pool = sdk.vault("cAST").pool(empty_scene.operator)
    assert sdk.avs(at_once).taking(pool, PERCENT) == Taking(0, 0, 0, {})


def test_taking__of_an_avs_that_never_opted_in__is_nothing(sdk: catenary.Protocol, of_scene: Pool) -> None:
    assert AVS(sdk, 99).taking(of_scene, PERCENT) == Taking(0, 0, 0, {})


# --- requests ---


def test_request__is_vetoed_in_time_only(sdk: catenary.Protocol, scene: Scene, of_scene: Pool, with_veto: int) -> None:
    avs, now = sdk.avs(with_veto), sdk.chain.time
    receipt = avs.slash(of_scene, 5 * PERCENT, now, b"a lie", "ipfs://lie").send(scene.slasher)
    (request,) = avs.requests
    (said,) = sdk.slashing.said("SlashRequested", receipt)
    assert request.id == said["id"]
    assert (request.amount, request.offence_at, request.uri) == (5 * PERCENT, now, "ipfs://lie")
    assert request.requested_at == receipt.timestamp
    assert (request.veto_until, request.lapses_after) == (receipt.timestamp + DAY, receipt.timestamp + 2 * DAY)
    assert (request.open_amount, avs.open_requests) == (5 * PERCENT, {request: 5 * PERCENT})
    assert of_scene.requests == [request]
    assert of_scene.has_open_request is True
    with pytest.raises(VetoPeriodRunning) as running:
        request.execute().check(scene.slasher)
    assert running.value.arguments == {"id": request.id, "endsAt": request.veto_until}
    look_at(request.veto_until)
    with pytest.raises(VetoPeriodOver) as over:
        request.veto().check(scene.resolver)
    assert over.value.arguments == {"id": request.id, "endedAt": request.veto_until}
    request.execute().send(scene.operator)
    assert (request.open_amount, avs.open_requests, of_scene.retained) == (0, {}, 95 * PERCENT)


def test_request__vetoed_or_taken_back__is_not_open(
    sdk: catenary.Protocol, scene: Scene, of_scene: Pool, with_veto: int
) -> None:
    avs = sdk.avs(with_veto)
    for evidence in (b"a lie", b"another"):
        avs.slash(of_scene, PERCENT, sdk.chain.time, evidence).send(scene.slasher)
    first, second = avs.requests
    first.veto().send(scene.resolver)
    second.take_back().send(scene.slasher)
    assert (avs.open_requests, of_scene.has_open_request) == ({}, False)
    with pytest.raises(RequestNotOpen) as raised:
        first.execute().check(scene.operator)
    assert raised.value.arguments == {"id": first.id}


def test_request__that_lapsed__is_not_open(sdk: catenary.Protocol, scene: Scene, with_veto: int) -> None:
    scene.request(with_veto, PERCENT)
    (request,) = sdk.avs(with_veto).requests
    look_at(request.lapses_after)
    assert sdk.avs(with_veto).open_requests == {request: PERCENT}
    look_at(request.lapses_after + 1)
    assert sdk.avs(with_veto).open_requests == {}


def test_slash__by_another__is_refused(sdk: catenary.Protocol, of_scene: Pool, at_once: int, bob: AccountAPI) -> None:
    with pytest.raises(NotSlasher) as raised:
        sdk.avs(at_once).slash(of_scene, PERCENT, sdk.chain.time, b"").check(bob)
    assert raised.value.arguments == {"avs": at_once, "caller": bob.address}


def test_requests__of_a_pool__are_not_those_of_others(
    sdk: catenary.Protocol, scene: Scene, of_scene: Pool, with_veto: int, second_operator: AccountAPI, bob: AccountAPI
) -> None:
    registry = scene.protocol.registry
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 1_000, 0, 0, sender=second_operator)
    registry.optIn(with_veto, scene.vault, 500, 0, b"", sender=second_operator)
    scene.vault.depositAndDelegate(ETHER, second_operator, 0, ANYTHING, sender=bob)
    scene.protocol.to_epoch(7)
    scene.request(with_veto, PERCENT)
    other = of_scene.vault.pool(second_operator)
    avs = sdk.avs(with_veto)
    avs.slash(other, 2 * PERCENT, sdk.chain.time, b"a lie").send(scene.slasher)
    assert [request.amount for request in of_scene.requests] == [PERCENT]
    assert [request.amount for request in other.requests] == [2 * PERCENT]
    assert [request.amount for request in avs.requests] == [PERCENT, 2 * PERCENT]
    assert [request.amount for request in sdk.requests(operator=second_operator.address)] == [2 * PERCENT]
