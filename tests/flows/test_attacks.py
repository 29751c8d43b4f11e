"""
What broke others in the core of restaking, by name, and must not break us. The pool's loss budget is 50 %, its
commission 10 %.
"""

from collections.abc import Callable

import ape
import pytest
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from ape.managers.accounts import TestAccountManager
from ape.managers.project import ProjectManager

from tests.helpers import reverts
from tests.helpers.isolation import isolated
from tests.helpers.protocol import ANY_MANDATE, ANYTHING, BPS, BURN, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, look_at, request_id
from tests.rewards.conftest import Earning

PERCENT = WAD // 100


# --- slashes that round to nothing, take more than was allowed, or leave value that nobody can reach ---


def test_attack__slash_that_rounds_to_nothing__draws_no_budget(scene: Scene, alice: AccountAPI) -> None:
    """Or a hostile AVS could use up the elastic part of another at no cost."""
    hostile, mine = scene.avs(0, 5_000), scene.avs(0, 5_000)
    scene.vault.depositAndDelegate(9, scene.operator, 0, ANYTHING, sender=alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (WAD // 10, WAD // 11, WAD // 12):
        scene.request(hostile, amount)
    assert scene.retained == WAD
    assert scene.slashable(mine) == (0, 50 * PERCENT)


def test_attack__slashes_of_dust__take_together_no_more_than_one_of_their_sum(scene: Scene, alice: AccountAPI) -> None:
    avs = scene.avs(5_000)
    scene.vault.depositAndDelegate(1_999, scene.operator, 0, ANYTHING, sender=alice)
    scene.protocol.to_epoch(4, 60)
    burnt = scene.vault.balanceOf(BURN)
    for amount in (10 * PERCENT + 1, 10 * PERCENT + 2, 10 * PERCENT - 3):
        scene.request(avs, amount)
    assert scene.retained == 70 * PERCENT
    assert scene.vault.balanceOf(BURN) - burnt == 3 * 199  # one slash would have taken 599
    assert scene.position(alice) == (1_999, 1_399)


def test_attack__many_requests_for_the_whole_pool__take_no_more_than_the_loss_budget(
    scene: Scene, alice: AccountAPI
) -> None:
    avss = [scene.avs(2_000, BPS), scene.avs(2_000, BPS), scene.avs(0, BPS)]
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (WAD, WAD - 1, WAD - 2):
        for avs in avss:
            scene.request(avs, amount)
    assert scene.retained == 50 * PERCENT
    assert scene.vault.balanceOf(scene.protocol.delegation) == 50 * ETHER


def test_attack__odd_slashes_and_exits__leave_only_dust_that_nobody_can_reach(
    scene: Scene, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    avs = scene.avs(3_333, 777)
    for staker, assets in ((alice, 10**18 + 1), (bob, 7), (carol, 33_333_333_333)):
        scene.stake(staker, assets)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD // 7)
    opened = [scene.undelegate(staker, scene.position(staker)[0]) for staker in (alice, bob, carol)]
    scene.request(avs, WAD // 13)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, WAD // 3)
    scene.protocol.to_epoch(6)
    for staker, epoch in zip((alice, bob, carol), opened, strict=True):
        scene.complete(staker, epoch)
    # A wei per slash at most, kept by rounding down what was moved, and a wei per exit.
    assert 0 <= scene.vault.balanceOf(scene.protocol.delegation) <= 6


def test_attack__products_of_small_factors__do_not_vanish_while_anything_is_left(
    scene: Scene, alice: AccountAPI
) -> None:
    """99.99 % an epoch: three budgets leave a millionth of a millionth, which is still worth something."""
    scene.set_budget(9_999)
    avs = scene.avs(9_999)
    scene.stake(alice)
    for epoch, retained in ((4, WAD // 10**4), (5, WAD // 10**8), (6, WAD // 10**12)):
        scene.protocol.to_epoch(epoch, 60)
        scene.request(avs, WAD)
        assert scene.retained == retained
    assert scene.position(alice) == (100 * ETHER, 10**8)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(8)
    scene.complete(alice, opened)
    assert scene.vault.balanceOf(scene.protocol.delegation) == 0


def test_attack__narrowing_casts__the_largest_stake_is_slashed_to_the_wei(
    scene: Scene, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI, owner: AccountAPI
) -> None:
    """Vault shares fill 96 bits, pool shares ten more after heavy slashes, `retained` 60."""
    whole = 2**96 - 1 - 10**6  # the seed is there already
    avs = scene.avs(5_000)
    asset.mint(alice, whole, sender=owner)
    scene.vault.setCap(2**96 - 1, sender=owner)
    scene.stake(alice, whole)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD)
    scene.undelegate(alice, whole)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, WAD)
    moved = whole // 2 + whole // 4
    assert scene.retained == WAD // 4
    assert scene.vault.balanceOf(scene.protocol.delegation) == whole - moved
    assert scene.position(bob) == (0, 0)


# --- hostile operators and AVSs ---


def test_attack__operator_allocates_to_a_hostile_avs__stakers_leave_ahead_of_it(
    scene: Scene, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4, 60)
    hostile = scene.avs(5_000, slasher=stranger, recipient=stranger)
    scene.protocol.to_epoch(6, -60)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(7, 60)
    scene.request(hostile, WAD, sender=stranger)
    scene.complete(alice, opened)
    assert scene.vault.balanceOf(stranger) == 50 * ETHER  # of bob, who stayed
    assert scene.position(bob) == (100 * ETHER, 50 * ETHER)


def test_attack__operator_slashes_itself_first__leaves_the_cheated_avs_its_guaranteed_part(
    scene: Scene, alice: AccountAPI, recipient: AccountAPI
) -> None:
    """An AVS of the operator, with the operator as slasher and recipient: neither early out nor ahead of others."""
    cheated = scene.avs(2_000, 1_000, recipient=None)
    own = scene.protocol.register_avs(scene.operator, scene.operator, vaults=[scene.vault], recipient=scene.operator)
    scene.opt_in(own, 3_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.request(own, WAD, sender=scene.operator)
    assert scene.vault.balanceOf(scene.operator) == 30 * ETHER
    assert scene.slashable(cheated) == (20 * PERCENT, 0)  # 30 % and 20 % are the whole budget, as anyone could read
    scene.request(cheated, 20 * PERCENT)
    assert scene.retained == 50 * PERCENT
    assert scene.vault.balanceOf(recipient) == 0


def test_attack__operator_slashes_itself_out_of_shared_stake__gains_nothing(scene: Scene, alice: AccountAPI) -> None:
    own = scene.protocol.register_avs(scene.operator, scene.operator, vaults=[scene.vault], recipient=scene.operator)
    with reverts(scene.protocol.registry.ElasticWithRecipient, avs=own, elastic=1_000):
        scene.opt_in(own, 0, 1_000)
    scene.stake(alice)
    assert scene.vault.balanceOf(scene.operator) == 0


def test_attack__reserving_a_budget_and_letting_it_go__takes_nothing_from_others(
    scene: Scene, alice: AccountAPI
) -> None:
    hostile, mine = scene.avs(0, 5_000, veto=DAY), scene.avs(0, 5_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    taken_back, vetoed, lapsing = (scene.request(hostile, WAD - i) for i in range(3))
    assert scene.slashable(mine) == (0, 50 * PERCENT)
    scene.take_back(taken_back)
    scene.veto(vetoed)
    look_at(lapsing[5] + 2 * DAY + 1)
    assert scene.slashable(mine) == (0, 50 * PERCENT)
    scene.request(mine, WAD)
    assert scene.retained == 50 * PERCENT


# --- griefing by requests ---


def test_attack__dust_requests__stop_no_delegation_that_accepts_them_and_no_exit(
    scene: Scene, alice: AccountAPI, bob: AccountAPI
) -> None:
    hostile = scene.avs(1, veto=2 * DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    for amount in (1, 2, 3):
        scene.request(hostile, amount)
    with reverts(scene.protocol.delegation.OpenSlashRequest, operator=scene.operator, vault=scene.vault):
        scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANY_MANDATE, sender=bob)
    scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANYTHING, sender=bob)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(6, -60)
    scene.request(hostile, 4)
    scene.protocol.to_epoch(6)
    assert scene.has_open_request is True
    scene.complete(alice, opened)
    assert scene.position(bob) == (ETHER, ETHER)


def test_attack__dust_requests_that_lapsed__stop_nothing(scene: Scene, alice: AccountAPI, bob: AccountAPI) -> None:
    hostile = scene.avs(1, veto=2 * DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    last = [scene.request(hostile, amount) for amount in (1, 2, 3)][-1]
    look_at(last[5] + 3 * DAY + 1)
    scene.vault.depositAndDelegate(ETHER, scene.operator, 0, ANY_MANDATE, sender=bob)
    assert scene.position(bob) == (ETHER, ETHER)


# --- slashes that cannot be held up ---


def test_attack__paused_for_as_long_as_an_offence_can_be_reported__slashing_goes_on(
    scene: Scene, alice: AccountAPI, guardian: AccountAPI
) -> None:
    at_once, with_veto = scene.avs(1_000), scene.avs(1_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.protocol.registry.pause(sender=guardian)
    now = at(ape.chain.pending_timestamp + 60)
    reported = scene.request(with_veto, 10 * PERCENT)
    vetoed = scene.request(with_veto, 5 * PERCENT)
    back = scene.request(with_veto, 4 * PERCENT)
    scene.veto(vetoed)
    scene.take_back(back)
    at(reported[5] + DAY)
    scene.execute(reported)
    at(now + 4 * DAY)
    scene.request(at_once, 10 * PERCENT, offence_at=now)
    assert scene.protocol.registry.paused() is True
    assert scene.retained == 80 * PERCENT


def test_attack__late_request_and_late_execution__are_in_time_to_the_last_second(
    scene: Scene, alice: AccountAPI
) -> None:
    avs = scene.avs(2_000, veto=2 * DAY)
    scene.stake(alice)
    offence = scene.protocol.registry.startOf(5) - 1
    at(offence)
    opened = scene.undelegate(alice, 100 * ETHER)
    at(offence + 4 * DAY)
    reported = scene.request(avs, WAD, offence_at=offence)
    at(offence + 7 * DAY)
    scene.execute(reported)
    assert scene.protocol.epoch == 5
    assert scene.ticket(alice, opened) == (100 * ETHER, 80 * ETHER)


@pytest.mark.parametrize("mode", range(1, 5), ids=["refuses", "burns gas", "returns a bomb", "calls back"])
def test_attack__component_chosen_by_the_slashed_party__cannot_make_the_slash_fail(
    scene: Scene, project: ProjectManager, alice: AccountAPI, stranger: AccountAPI, mode: int
) -> None:
    """A hook and a recipient that turn hostile once the pool is in. Execution calls neither."""
    hook = stranger.deploy(project.HostileHook)
    avs = scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault], recipient=hook, hook=hook)
    scene.opt_in(avs, 2_000)
    scene.stake(alice)
    call = scene.protocol.registry.optOut.encode_input(avs, scene.vault)
    hook.setCallback(scene.protocol.registry, call, sender=stranger)
    hook.setMode(mode, sender=stranger)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, 20 * PERCENT)
    assert scene.vault.balanceOf(hook) == 20 * ETHER
    assert hook.succeeded() is False
    scene.opt_out(avs)  # nor can it hold the operator


def test_attack__later_slash__does_not_void_an_earlier_one(scene: Scene, alice: AccountAPI) -> None:
    avs = scene.avs(2_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    first = scene.request(avs, 5 * PERCENT)
    at(first[5] + 3_600)
    second = scene.request(avs, 6 * PERCENT)
    at(second[5] + DAY)
    scene.execute(second)
    at(first[5] + 2 * DAY)
    scene.execute(first)
    assert scene.retained == 89 * PERCENT
    assert scene.slashable(avs) == (9 * PERCENT, 0)


# --- a pool slashed to nothing; requests used twice ---


def test_attack__pool_slashed_to_nothing__then_used_again__can_only_be_left(
    scene: Scene, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    scene.set_budget(BPS)
    avs = scene.avs(BPS)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    opened = scene.undelegate(alice, 60 * ETHER)
    scene.request(avs, WAD)
    assert scene.retained == 0
    with reverts(scene.protocol.delegation.PoolSpent, operator=scene.operator, vault=scene.vault, retained=0):
        scene.stake(bob)
    scene.protocol.to_epoch(6, 60)
    again = scene.request(avs, WAD)
    assert scene.open_amount(again) == WAD
    assert scene.undelegate(alice, 40 * ETHER) == 6
    scene.complete(alice, opened)
    scene.protocol.to_epoch(8)
    scene.complete(alice, 6)
    assert asset.balanceOf(alice) == 900 * ETHER
    assert scene.pool_shares == (0, 0)
    with reverts(scene.protocol.delegation.PoolSpent, operator=scene.operator, vault=scene.vault, retained=0):
        scene.stake(bob)


def test_attack__pool_under_a_thousandth__is_closed_and_one_at_it_is_open(
    scene: Scene, alice: AccountAPI, bob: AccountAPI
) -> None:
    scene.set_budget(9_990)
    avs = scene.avs(9_990)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, WAD * 999 // 1_000)
    scene.stake(bob, ETHER)
    assert scene.position(bob) == (1_000 * ETHER, ETHER)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, 1)
    with reverts(
        scene.protocol.delegation.PoolSpent,
        operator=scene.operator,
        vault=scene.vault,
        retained=WAD // 1_000 - 1,
    ):
        scene.stake(bob, ETHER)


@pytest.mark.parametrize("end", ["veto", "take_back", "lapse", "execute"])
def test_attack__request_vetoed_taken_back_lapsed_or_executed__is_executed_no_more(
    scene: Scene, alice: AccountAPI, end: str
) -> None:
    avs = scene.avs(2_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    used = scene.request(avs, 10 * PERCENT)
    if end == "lapse":
        look_at(used[5] + 2 * DAY + 1)
    elif end == "execute":
        look_at(used[5] + DAY)
        scene.execute(used)
    else:
        getattr(scene, end)(used)
        look_at(used[5] + DAY)
    before = scene.retained
    for again in (scene.execute, scene.take_back, scene.veto):
        with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(used)):
            again(used)
    assert scene.retained == before == (90 * PERCENT if end == "execute" else WAD)


# --- rewards ---


def test_attack__delegating_just_before_a_payment_and_leaving_after_it__earns_nothing_of_it(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Nine times as much as all others: in, the payment for epoch 1, and out. The two seconds count in epoch 2."""
    token = earning.token
    start = int(earning.protocol.registry.startOf(2))
    earning.delegate(alice, 100 * ETHER, at=start - DAY)
    earning.delegate(bob, 900 * ETHER, at=start + 60)
    at(start + 61)
    earning.pay()
    earning.undelegate(bob, 900 * ETHER, at=start + 62)
    earning.protocol.to_epoch(3)
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (0, 0)
    earning.claim(alice)
    earning.claim(bob)
    assert (token.balanceOf(alice), token.balanceOf(bob)) == (900 * ETHER - 1, 0)
    earning.pay()
    earning.protocol.to_epoch(4)
    earning.claim(bob)
    assert token.balanceOf(bob) == 900 * ETHER * 9 * 2 // (7 * DAY + 9 * 2)


def test_attack__paying_a_pool_with_no_stakers__gives_nothing_to_the_first_who_comes(
    earning: Earning, alice: AccountAPI
) -> None:
    """Alice sees payments for epochs 1 and 2 coming and joins just before the second. A stream is for 2 to 4."""
    token, payer, rewards = earning.token, earning.payer, earning.protocol.rewards
    before, held = token.balanceOf(payer), token.balanceOf(rewards)
    stream = earning.stream(1_000 * ETHER, epochs=3)
    earning.protocol.to_epoch(2)
    assert earning.pay(1_000 * ETHER).return_value == [0]
    at(earning.protocol.registry.startOf(3))
    earning.delegate(alice, 100 * ETHER)
    assert earning.pay(1_000 * ETHER).return_value == [0]
    assert token.balanceOf(payer) == before - 3_000 * ETHER
    earning.protocol.to_epoch(4)
    assert token.balanceOf(alice) == 0
    earning.claim(alice)
    assert token.balanceOf(alice) == 0
    rewards.takeRest(stream, 100, payer, sender=payer)
    assert token.balanceOf(payer) == before - 2_000 * ETHER
    earning.protocol.to_epoch(7)
    earning.claim(alice)
    assert token.balanceOf(alice) == 1_800 * ETHER - 1  # of epochs 3 and 4
    assert token.balanceOf(rewards) - held == 200 * ETHER + 1


def test_attack__commission_changed_before_a_payment__takes_no_more_of_it(
    earning: Earning, alice: AccountAPI, bob: AccountAPI
) -> None:
    """100 % from epoch 5 on, announced in 2. Alice leaves ahead of it, bob stays."""
    token, operator, registry = earning.token, earning.operator, earning.protocol.registry
    begin = registry.startOf(2) - DAY
    earning.delegate(alice, 100 * ETHER, at=begin)
    earning.delegate(bob, 100 * ETHER, at=begin)
    earning.protocol.to_epoch(2)
    registry.setMandate(earning.vault, 5_000, BPS, sender=operator)
    earning.pay()
    assert (token.balanceOf(operator), token.balanceOf(alice), token.balanceOf(bob)) == (0, 0, 0)
    earning.undelegate(alice, 100 * ETHER, at=registry.startOf(3))
    # For epochs 3 and 4, and for 5: the second of them is paid for when 100 % has begun.
    for epoch, commission in ((4, 200), (5, 300), (6, 1_300)):
        earning.protocol.to_epoch(epoch)
        earning.pay()
        earning.protocol.rewards.claimCommission(earning.vault, token, operator, sender=operator)
        assert token.balanceOf(operator) == commission * ETHER
    earning.protocol.to_epoch(7)
    earning.claim(alice)
    earning.claim(bob)
    assert token.balanceOf(alice) == 450 * ETHER - 1
    assert token.balanceOf(bob) == (450 + 2 * 900) * ETHER - 1


def test_attack__token_that_reverts_on_transfer__does_not_take_the_other_claims_with_it(
    earning: Earning, project: ProjectManager, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
) -> None:
    bad, rewards = stranger.deploy(project.BlocklistToken), earning.protocol.rewards
    bad.mint(stranger, 1_000 * ETHER, sender=stranger)
    bad.approve(rewards, 1_000 * ETHER, sender=stranger)
    for staker in (alice, bob):
        earning.delegate(staker, 100 * ETHER, at=rewards.startOf(2) - DAY)
    earning.protocol.to_epoch(2)
    earning.pay(token=bad, payer=stranger)
    earning.pay()
    bad.setBlocked(rewards, True, sender=stranger)
    earning.protocol.to_epoch(3)
    assert (earning.token.balanceOf(alice), earning.token.balanceOf(bob)) == (0, 0)
    for staker in (alice, bob):
        assert earning.claim(staker, bad, earning.token, bad).return_value == [0, 450 * ETHER - 1, 0]
    assert (earning.token.balanceOf(alice), earning.token.balanceOf(bob)) == (450 * ETHER - 1, 450 * ETHER - 1)
    assert (bad.balanceOf(alice), bad.balanceOf(rewards)) == (0, 1_000 * ETHER)


class TestDearClaims:
    """Paid by the griefer: the same gas to the last unit for claims in the good token, and for moves."""

    @pytest.fixture
    def paid(self, earning: Earning, alice: AccountAPI, bob: AccountAPI) -> Earning:
        """In epoch 3. Epochs 1 and 2 are paid for in the good token, and a stream pays for epochs 2 to 11."""
        for staker in (alice, bob):
            earning.delegate(staker, 100 * ETHER)
        earning.stream(10 * ETHER, epochs=10)
        for epoch in (2, 3):
            earning.protocol.to_epoch(epoch)
            earning.pay()
        return earning

    def gas(self, paid: Earning, alice: AccountAPI, bob: AccountAPI) -> tuple[int, ...]:
        """Of a claim, a delegation and an undelegation, each in the same second of epoch 8."""
        second = int(paid.protocol.registry.startOf(8))
        calls: list[Callable[[], ReceiptAPI]] = [
            lambda: paid.claim(alice),
            lambda: paid.vault.depositAndDelegate(ETHER, paid.operator, 0, ANYTHING, sender=bob),
            lambda: paid.protocol.delegation.undelegate(paid.operator, paid.vault, ETHER, sender=bob),
        ]
        spent = []
        for call in calls:
            with isolated():
                at(second)
                spent.append(int(call().gas_used))
        return tuple(spent)

    def test_attack__paying_in_worthless_tokens__makes_claims_no_dearer(
        self, paid: Earning, project: ProjectManager, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        before, good = self.gas(paid, alice, bob), paid.token.balanceOf(stranger)
        for _ in range(12):
            worthless = stranger.deploy(project.TestToken, "Worthless", "NIL", 18)
            worthless.mint(stranger, 10**30, sender=stranger)
            worthless.approve(paid.protocol.rewards, 10**30, sender=stranger)
            paid.pay(10**24, token=worthless, payer=stranger)
            paid.stream(10**24, epochs=100, token=worthless, payer=stranger)
        assert self.gas(paid, alice, bob) == before
        assert paid.token.balanceOf(stranger) == good

    def test_attack__paying_in_dust__makes_claims_no_dearer_than_one_payer_does(
        self, paid: Earning, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI
    ) -> None:
        """Payments of a wei and streams of a wei, of the good token."""

        def pay_dust() -> None:
            paid.pay(1, payer=stranger)
            paid.stream(1, epochs=8, payer=stranger)

        good = paid.token.balanceOf(stranger)
        pay_dust()
        before = self.gas(paid, alice, bob)
        for _ in range(12):
            pay_dust()
        assert self.gas(paid, alice, bob) == before
        assert paid.token.balanceOf(stranger) == good - 13 * 9


# --- unbounded loops ---


class TestConstantCost:
    """The same gas to the last unit. `bench/` measures larger numbers."""

    @pytest.fixture
    def base(self, scene: Scene, alice: AccountAPI) -> int:
        avs = scene.avs(100, 100)
        scene.stake(alice)
        return avs

    def newcomer(self, accounts: TestAccountManager) -> AccountAPI:
        """An account beyond those of the roles."""
        account = accounts.generate_test_account()
        ape.chain.set_balance(account, ETHER)
        return account

    def stake_for(self, scene: Scene, payer: AccountAPI, staker: AccountAPI, shares: int) -> None:
        scene.vault.deposit(shares, staker, sender=payer)
        arguments = (scene.operator, scene.vault, shares, ANYTHING)
        # Ape has a `delegate` of its own on every contract.
        scene.protocol.delegation.delegateShares(*arguments, sender=staker)

    def gas(self, scene: Scene, avs: int) -> int:
        """Of a slash in epoch 5, in one and the same second, so that the calldata is the same."""
        second = scene.protocol.registry.startOf(5) + DAY
        look_at(second - 1)
        at(second)
        return int(scene.file(avs, PERCENT // 2, offence_at=second)[0].gas_used)

    def test_attack__unbounded_loop_over_avss__a_slash_costs_the_same_with_1_and_50(
        self, scene: Scene, base: int
    ) -> None:
        with ape.chain.isolate():
            alone = self.gas(scene, base)
        for _ in range(49):
            scene.avs(50, 10)
        assert scene.protocol.registry.allocationCount(scene.operator, scene.vault) == 50
        assert self.gas(scene, base) == alone

    def test_attack__unbounded_loop_over_stakers__a_slash_costs_the_same_with_1_and_30(
        self, scene: Scene, base: int, alice: AccountAPI, accounts: TestAccountManager
    ) -> None:
        with ape.chain.isolate():
            alone = self.gas(scene, base)
        for _ in range(29):
            staker = self.newcomer(accounts)
            self.stake_for(scene, alice, staker, ETHER)
        assert scene.pool_shares == (129 * ETHER, 0)
        assert self.gas(scene, base) == alone

    def test_attack__unbounded_loop_over_tickets__a_slash_costs_the_same_with_2_and_30(
        self, scene: Scene, base: int, alice: AccountAPI, accounts: TestAccountManager
    ) -> None:
        """Two of one staker against 30 of fifteen, and against none."""
        with ape.chain.isolate():
            none = self.gas(scene, base)
        with ape.chain.isolate():
            scene.protocol.to_epoch(4)
            scene.undelegate(alice, ETHER)
            scene.protocol.to_epoch(5)
            scene.undelegate(alice, ETHER)
            few = self.gas(scene, base)
        stakers = [self.newcomer(accounts) for _ in range(14)]
        for staker in stakers:
            self.stake_for(scene, alice, staker, 2 * ETHER)
        for epoch in (4, 5):
            scene.protocol.to_epoch(epoch)
            for staker in (alice, *stakers):
                scene.undelegate(staker, ETHER)
        assert scene.pool_shares == (98 * ETHER, 30 * ETHER)
        assert self.gas(scene, base) == few
        assert abs(none - few) < 500  # a branch, and no storage
