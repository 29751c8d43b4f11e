"""The promises of `design.md`, each by its number. The pool's loss budget is 50 %, its commission 10 %."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from tests.helpers import assert_event, reverts
from tests.helpers.protocol import ANYTHING, ASSETS, BPS, BURN, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, look_at
from tests.rewards.conftest import Earning

PERCENT = WAD // 100
REPORT_WINDOW, MAX_VETO, EXECUTE_WINDOW = 4 * DAY, 2 * DAY, DAY


def take_all(scene: Scene, *avss: int) -> None:
    """Every AVS takes all it can."""
    for avs in avss:
        scene.request(avs, WAD)


# --- 2. bounded loss ---


def test_promise_2__over_n_whole_epochs__a_staker_keeps_what_the_budgets_leave(scene: Scene, alice: AccountAPI) -> None:
    avss = [scene.avs(3_000), scene.avs(0, 4_000), scene.avs(1_000, 4_000)]
    scene.stake(alice)
    for epoch, retained in ((4, WAD // 2), (5, WAD // 4), (6, WAD // 8), (7, WAD // 16)):
        scene.protocol.to_epoch(epoch, 60)
        take_all(scene, *avss)
        assert scene.retained == retained
    assert scene.position(alice) == (100 * ETHER, 100 * ETHER // 16)


def test_promise_2__a_leaver__faces_the_budgets_of_two_epochs_whatever_was_requested_before(
    scene: Scene, alice: AccountAPI
) -> None:
    at_once, with_veto = scene.avs(2_000, 3_000), scene.avs(2_000, 3_000, veto=DAY)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    earlier = scene.request(with_veto, WAD)
    told = scene.protocol.slashing.worstCase(scene.operator, scene.vault, 100 * ETHER)
    opened = scene.undelegate(alice, 100 * ETHER)
    look_at(earlier[5] + DAY)
    scene.execute(earlier)
    take_all(scene, at_once)
    assert scene.retained == WAD // 2
    scene.protocol.to_epoch(5, 60)
    take_all(scene, at_once)
    second = scene.request(with_veto, WAD)
    look_at(second[5] + DAY)
    scene.execute(second)
    scene.protocol.to_epoch(6)
    assert tuple(told) == (100 * ETHER, 50 * ETHER, 25 * ETHER)
    assert scene.ticket(alice, opened) == (100 * ETHER, 25 * ETHER)


def test_promise_2__a_leaver_at_the_end_of_an_epoch__bears_no_more_than_one_at_its_start(
    scene: Scene, alice: AccountAPI, bob: AccountAPI
) -> None:
    avs = scene.avs(5_000)
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(5, -60)
    take_all(scene, avs)
    assert scene.undelegate(bob, 100 * ETHER) == opened
    scene.protocol.to_epoch(5, 60)
    take_all(scene, avs)
    scene.protocol.to_epoch(6)
    assert scene.ticket(alice, opened) == scene.ticket(bob, opened) == (100 * ETHER, 25 * ETHER)


def test_promise_2__a_loss_budget_that_is_announced_to_rise__does_not_bind_before_its_epoch(
    scene: Scene, alice: AccountAPI
) -> None:
    avs = scene.avs(0, 9_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4)
    scene.set_budget(9_000)
    scene.protocol.to_epoch(7, -60)
    take_all(scene, avs)
    assert scene.retained == 50 * PERCENT
    scene.protocol.to_epoch(7, 60)
    take_all(scene, avs)
    assert scene.retained == 5 * PERCENT  # 90 % of what was left


# --- 3. no interference ---


def test_promise_3__when_all_others_take_all_they_can__a_guaranteed_part_is_still_there(
    scene: Scene, alice: AccountAPI
) -> None:
    mine, others = scene.avs(1_500), [scene.avs(2_500, BPS), scene.avs(1_000, BPS)]
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.request(mine, 4 * PERCENT)
    take_all(scene, *others)
    assert scene.slashable(mine) == (11 * PERCENT, 0)
    scene.request(mine, WAD)
    assert scene.retained == 50 * PERCENT


# --- 4. bounded contagion ---


def test_promise_4__others_take_no_more_than_the_elastic_part__and_gain_nothing_by_it(
    scene: Scene, alice: AccountAPI, stranger: AccountAPI
) -> None:
    mine, hostile = scene.avs(1_000, 2_000), scene.avs(0, BPS, slasher=stranger)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    burnt = scene.vault.balanceOf(BURN)
    assert scene.slashable(mine) == (10 * PERCENT, 20 * PERCENT)
    scene.request(hostile, WAD, sender=stranger)
    assert scene.slashable(mine) == (10 * PERCENT, 0)
    assert scene.vault.balanceOf(BURN) == burnt + 40 * ETHER
    assert scene.vault.balanceOf(stranger) == 0


def test_promise_4__an_avs_with_a_recipient__gets_no_elastic_part(scene: Scene, stranger: AccountAPI) -> None:
    avs = scene.avs(1_000, recipient=stranger)
    with reverts(scene.protocol.registry.ElasticWithRecipient, avs=avs, elastic=1):
        scene.allocate(avs, 1_000, 1)


# --- 5. no escape ---


def undelegate(scene: Scene, alice: AccountAPI, _avs: int) -> None:
    scene.undelegate(alice, 100 * ETHER)


def deallocate(scene: Scene, _alice: AccountAPI, avs: int) -> None:
    scene.allocate(avs, 1)


def opt_out(scene: Scene, _alice: AccountAPI, avs: int) -> None:
    scene.opt_out(avs)


def be_ejected(scene: Scene, _alice: AccountAPI, avs: int) -> None:
    scene.protocol.registry.eject(avs, scene.operator, scene.vault, sender=scene.avs_owner)


def lower_the_loss_budget(scene: Scene, _alice: AccountAPI, avs: int) -> None:
    scene.opt_out(avs)
    scene.set_budget(2_000)  # in force with the opt-out; less is refused while the guaranteed part stands


def stop_counting_the_vault(scene: Scene, _alice: AccountAPI, avs: int) -> None:
    scene.protocol.registry.setVault(avs, scene.vault, False, sender=scene.avs_owner)


def move_to_another_pool(scene: Scene, alice: AccountAPI, _avs: int) -> None:
    epoch = scene.undelegate(alice, 100 * ETHER)
    delegation, vault = scene.protocol.delegation, scene.vault
    with reverts(delegation.TicketNotMatured, epoch=epoch, maturesAt=scene.protocol.registry.startOf(epoch + 2)):
        delegation.redelegate(scene.operator, vault, epoch, scene.operator, alice, ANYTHING, sender=alice)


def transfer(scene: Scene, alice: AccountAPI, _avs: int) -> None:
    """Delegated vault shares are not the staker's to transfer."""
    assert scene.vault.balanceOf(alice) == 0


def open_the_pool_again(scene: Scene, _alice: AccountAPI, _avs: int) -> None:
    with reverts(scene.protocol.registry.PoolAlreadyOpen, operator=scene.operator, vault=scene.vault):
        scene.protocol.registry.openPool(scene.vault, 0, 0, 0, sender=scene.operator)


ESCAPES = [
    undelegate,
    deallocate,
    opt_out,
    be_ejected,
    lower_the_loss_budget,
    stop_counting_the_vault,
    move_to_another_pool,
    transfer,
    open_the_pool_again,
]


@pytest.mark.parametrize("second", [0, 7 * DAY - 1], ids=["first second", "last second"])
@pytest.mark.parametrize("escape", ESCAPES)
def test_promise_5__whatever_is_tried_after_the_offence__the_slash_falls_on_all_that_was_there(
    scene: Scene,
    alice: AccountAPI,
    recipient: AccountAPI,
    escape: Callable[[Scene, AccountAPI, int], None],
    second: int,
) -> None:
    """Reported and executed in the last second that the windows allow, with the longest veto period."""
    avs = scene.avs(2_000, veto=MAX_VETO, recipient=recipient)
    scene.stake(alice)
    offence = scene.protocol.registry.startOf(4) + second
    look_at(offence)
    told = scene.protocol.slashing.safe(avs, scene.operator, scene.vault)[0] * 100
    escape(scene, alice, avs)
    at(offence + REPORT_WINDOW)
    reported = scene.request(avs, 20 * PERCENT, offence_at=offence)
    at(offence + REPORT_WINDOW + MAX_VETO + EXECUTE_WINDOW)
    scene.execute(reported)
    assert scene.vault.balanceOf(recipient) == 20 * ETHER
    assert told == 14 * ETHER  # the others could have taken 30 % before


def test_promise_5__a_ticket_opened_right_after_the_offence__bears_it_as_the_pool_does(
    scene: Scene, alice: AccountAPI, bob: AccountAPI
) -> None:
    avs = scene.avs(2_000, veto=MAX_VETO)
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(5, -1)
    offence = scene.protocol.registry.startOf(5) - 1
    at(offence)
    opened = scene.undelegate(alice, 100 * ETHER)
    at(offence + REPORT_WINDOW)
    reported = scene.request(avs, 20 * PERCENT, offence_at=offence)
    at(offence + 7 * DAY)
    scene.execute(reported)
    scene.protocol.to_epoch(6)
    assert opened == 4
    assert scene.ticket(alice, opened) == (100 * ETHER, 80 * ETHER)
    assert scene.position(bob) == (100 * ETHER, 80 * ETHER)


# --- 6. no late loss ---


def test_promise_6__a_slash_in_the_first_second_after_maturity__does_not_touch_the_ticket(
    scene: Scene, alice: AccountAPI, bob: AccountAPI
) -> None:
    avs = scene.avs(2_000)
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4)
    opened = scene.undelegate(alice, 100 * ETHER)
    at(scene.protocol.registry.startOf(6) - 1)
    scene.request(avs, 10 * PERCENT)
    at(scene.protocol.registry.startOf(6))
    scene.request(avs, 15 * PERCENT)
    scene.protocol.to_epoch(9, 60)
    scene.request(avs, 10 * PERCENT)
    assert scene.ticket(alice, opened) == (100 * ETHER, 90 * ETHER)
    scene.complete(alice, opened)
    assert scene.position(bob) == (100 * ETHER, 65 * ETHER)
    assert scene.vault.balanceOf(scene.protocol.delegation) == 65 * ETHER


# --- 7. consent ---


@pytest.mark.parametrize("left_in", [4, 5])
def test_promise_7__stakers_who_leave_within_a_full_epoch_of_an_announcement__are_out_before_it_bites(
    scene: Scene, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI, left_in: int
) -> None:
    scene.stake(alice)
    scene.stake(bob)
    scene.protocol.to_epoch(4)
    hostile = scene.avs(5_000, slasher=stranger, recipient=stranger)
    scene.set_budget(BPS)
    scene.allocate(hostile, BPS)
    at(scene.protocol.registry.startOf(left_in + 1) - 1)
    opened = scene.undelegate(alice, 100 * ETHER)
    before = scene.protocol.registry.startOf(7) - 1
    at(before)
    with reverts(
        scene.protocol.slashing.AllocationNotInForce,
        avs=hostile,
        operator=scene.operator,
        vault=scene.vault,
        epoch=6,
    ):
        scene.request(hostile, WAD, sender=stranger, offence_at=before)
    at(before + 1)
    scene.request(hostile, WAD, sender=stranger, offence_at=before + 1)
    assert opened == left_in
    assert scene.ticket(alice, opened) == (100 * ETHER, 100 * ETHER)
    assert scene.position(bob) == (100 * ETHER, 0)


def test_promise_7__whoever_stays__is_slashed_under_what_was_announced_only(scene: Scene, alice: AccountAPI) -> None:
    avs = scene.avs(1_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4)
    scene.allocate(avs, 4_000)
    scene.protocol.to_epoch(7, -60)
    take_all(scene, avs)
    assert scene.retained == 90 * PERCENT
    scene.protocol.to_epoch(7, 60)
    take_all(scene, avs)
    assert scene.retained == 54 * PERCENT


def test_promise_7__a_delegation__states_what_it_consents_to(scene: Scene, alice: AccountAPI) -> None:
    """The announced loss budget counts, so nobody is caught by a rise that is on its way."""
    scene.stake(alice)
    scene.set_budget(6_000)
    with reverts(
        scene.protocol.registry.MandateTooLoose,
        mandate=(6_000, 1_000, 0),
        accepted=(5_000, BPS, 0, False),
    ):
        scene.vault.depositAndDelegate(ETHER, scene.operator, 0, (5_000, BPS, 0, False), sender=alice)


# --- 9. free exit ---


def test_promise_9__whatever_all_roles_do__shares_redeem_and_matured_tickets_complete(
    scene: Scene,
    project: ProjectManager,
    alice: AccountAPI,
    bob: AccountAPI,
    guardian: AccountAPI,
    owner: AccountAPI,
    stranger: AccountAPI,
    asset: ContractInstance,
) -> None:
    hook = stranger.deploy(project.HostileHook)
    hostile = scene.protocol.register_avs(
        scene.avs_owner,
        scene.slasher,
        vaults=[scene.vault],
        resolver=scene.resolver,
        veto=DAY,
        recipient=hook,
        hook=hook,
    )
    scene.opt_in(hostile, 2_000)
    scene.stake(alice)
    scene.vault.deposit(10 * ETHER, bob, sender=bob)
    scene.protocol.to_epoch(4, 60)
    opened = scene.undelegate(alice, 40 * ETHER)

    hook.setMode(2, sender=stranger)  # burns all gas
    scene.protocol.registry.pause(sender=guardian)
    scene.vault.setCap(0, sender=owner)
    scene.opt_out(hostile)
    scene.set_budget(10_000)
    scene.protocol.to_epoch(6, -2 * DAY)
    scene.request(hostile, WAD, offence_at=scene.protocol.registry.startOf(6) - 3 * DAY)
    scene.protocol.to_epoch(6)

    assert scene.has_open_request is True
    assert scene.undelegate(alice, 60 * ETHER) == 6
    scene.vault.redeem(10 * ETHER, bob, bob, sender=bob)
    scene.complete(alice, opened)
    scene.protocol.to_epoch(8)
    scene.complete(alice, 6)
    assert asset.balanceOf(bob) == 1_000 * ETHER
    assert asset.balanceOf(alice) == 1_000 * ETHER


# --- 10. rewards add up ---


def test_promise_10__claims__never_exceed_payments_less_commission(
    earning: Earning, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI
) -> None:
    """Odd stakes, odd payments, and a stream. Some claim often, some once."""
    rewards, token = earning.protocol.rewards, earning.token
    stakers = {alice: 60 * ETHER + 1, bob: 7_777_777_777, carol: 33_333_333_333}
    payments = {2: 10**18 + 1, 3: 9, 4: 123_456_789, 5: 1}
    streamed = 10**15 + 3
    paid = sum(payments.values()) + 3 * streamed
    commission = sum(amount // 10 for amount in payments.values()) + 3 * (streamed // 10)
    before, held = token.balanceOf(earning.payer), token.balanceOf(rewards)
    for staker, shares in stakers.items():
        earning.delegate(staker, shares)
    earning.stream(streamed, epochs=3)  # epochs 2 to 4
    for epoch, amount in payments.items():
        earning.protocol.to_epoch(epoch)
        earning.pay(amount)
        earning.claim(bob)
        rewards.claimCommission(earning.vault, token, earning.operator, sender=earning.operator)
    earning.protocol.to_epoch(7)
    for staker in stakers:
        earning.claim(staker)

    claimed = sum(token.balanceOf(staker) for staker in stakers)
    assert before - token.balanceOf(earning.payer) == paid
    assert token.balanceOf(earning.operator) == commission
    assert token.balanceOf(rewards) - held == paid - commission - claimed
    assert 0 <= paid - commission - claimed <= 3 * (len(payments) + 3)  # a wei for each staker and payment


@pytest.mark.parametrize("often", [False, True], ids=["claimed at the end", "claimed in each epoch"])
def test_promise_10__each_part__is_that_of_the_share_seconds_to_a_wei_per_payment(
    earning: Earning, alice: AccountAPI, bob: AccountAPI, carol: AccountAPI, often: bool
) -> None:
    """Stakers come, go and come back at odd seconds. A stream pays for epochs 3 to 5, and payments for 2 to 6."""
    stakers = {"alice": alice, "bob": bob, "carol": carol}
    moves = [
        (2, 61, "alice", 60 * ETHER),
        (2, 12_345, "bob", 7 * ETHER + 1),
        (3, 103, "alice", -20 * ETHER - 3),
        (3, 604_799, "carol", 500 * ETHER),
        (4, 97, "bob", -7 * ETHER - 1),
        (4, 302_401, "carol", -499 * ETHER),
        (4, 302_403, "carol", 17),
        (6, 77_777, "bob", ETHER // 3),
    ]
    payments = {2: 10**20 + 1, 3: 10**21 + 9, 4: 10**19, 5: 3, 6: 10**18 + 7}
    streamed = 10**19 + 5
    start = {epoch: int(earning.protocol.registry.startOf(epoch)) for epoch in range(2, 9)}
    for epoch in range(2, 9):
        earning.protocol.to_epoch(epoch)
        if epoch == 2:
            earning.stream(streamed, epochs=3)
        if epoch - 1 in payments:
            earning.pay(payments[epoch - 1])
        if often or epoch == 8:
            for staker in stakers.values():
                earning.claim(staker)
        for _, second, who, by in (move for move in moves if move[0] == epoch):
            move = earning.delegate if by > 0 else earning.undelegate
            move(stakers[who], abs(by), at=start[epoch] + second)

    def share_seconds(epoch: int, name: str) -> int:
        begin, end = start[epoch], start[epoch] + 7 * DAY
        times = ((start[e] + second, by) for e, second, who, by in moves if who == name)
        return sum(by * max(0, end - max(begin, time)) for time, by in times)

    for name, staker in stakers.items():
        part = Fraction(0)
        for epoch, amount in payments.items():
            net = amount - amount // 10
            if 3 <= epoch <= 5:
                net += streamed - streamed // 10
            part += Fraction(net * share_seconds(epoch, name), sum(share_seconds(epoch, each) for each in stakers))
        assert part - len(payments) - 3 <= earning.token.balanceOf(staker) <= part


# --- 12. day one ---


def test_promise_12__in_epoch_1__everything_works_and_nothing_can_be_slashed(
    scene: Scene, alice: AccountAPI, asset: ContractInstance
) -> None:
    avs = scene.avs(2_000, 1_000)
    scene.stake(alice)
    assert scene.protocol.epoch == 1
    assert scene.slashable(avs) == scene.safe(avs) == (0, 0)
    assert tuple(scene.protocol.slashing.worstCase(scene.operator, scene.vault, 8)) == (8, 4, 2)
    assert scene.protocol.delegation.retainedAtEndOf(scene.operator, scene.vault, 0) == WAD
    for offence, epoch in ((scene.protocol.registry.GENESIS() - 1, 0), (scene.protocol.registry.GENESIS(), 1)):
        with reverts(
            scene.protocol.slashing.AllocationNotInForce,
            avs=avs,
            operator=scene.operator,
            vault=scene.vault,
            epoch=epoch,
        ):
            scene.request(avs, WAD, offence_at=offence)
    opened = scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(3)
    scene.protocol.delegation.complete(scene.operator, scene.vault, alice, opened, alice, ASSETS, sender=alice)
    assert asset.balanceOf(alice) == 1_000 * ETHER


def test_promise_12__the_first_allocation_of_a_fresh_chain__can_be_slashed_from_epoch_4_on(
    scene: Scene, alice: AccountAPI
) -> None:
    avs = scene.avs(2_000, 1_000)
    scene.stake(alice)
    first = at(scene.protocol.registry.startOf(4))
    receipt, _ = scene.file(avs, WAD, offence_at=first)
    assert_event(
        receipt,
        scene.vault.Transfer,
        **{"from": scene.protocol.delegation, "to": BURN, "value": 30 * ETHER},
    )
    assert scene.retained == 70 * PERCENT
    assert scene.protocol.delegation.retainedAtEndOf(scene.operator, scene.vault, 3) == WAD


def test_promise_12__a_pool_that_is_first_delegated_to_in_the_epoch_of_a_slash__is_slashed_of_its_whole(
    scene: Scene, alice: AccountAPI
) -> None:
    avs = scene.avs(2_000)
    scene.protocol.to_epoch(5, 60)
    scene.request(avs, WAD)  # on the empty pool, and stays open
    scene.stake(alice)
    scene.request(avs, 5 * PERCENT)
    assert scene.retained == 95 * PERCENT
    assert scene.slashable(avs) == (15 * PERCENT, 0)


def test_promise_12__rewards__of_epoch_1_add_up(earning: Earning, alice: AccountAPI, bob: AccountAPI) -> None:
    """Both delegate in epoch 1, and share what is paid for it by the seconds that were left of it."""
    end = int(earning.protocol.registry.startOf(2))
    earning.delegate(alice, ETHER, at=end - 3 * DAY)
    earning.delegate(bob, 6 * ETHER, at=end - DAY)
    earning.protocol.to_epoch(2)
    earning.pay()
    assert earning.commission() == 100 * ETHER
    assert (earning.claimable(alice), earning.accruing(alice)) == (0, 300 * ETHER - 1)
    earning.protocol.to_epoch(3)
    assert earning.claim(alice).return_value == [300 * ETHER - 1]
    assert earning.claim(bob).return_value == [600 * ETHER - 1]


def test_promise_12__rewards__of_epoch_1_are_still_due_to_who_claimed_in_it(
    earning: Earning, alice: AccountAPI
) -> None:
    earning.delegate(alice, ETHER, at=int(earning.protocol.registry.startOf(2)) - DAY)
    assert earning.claim(alice).return_value == [0]
    earning.protocol.to_epoch(2)
    earning.pay()
    earning.protocol.to_epoch(3)
    assert earning.claim(alice).return_value == [900 * ETHER - 1]
