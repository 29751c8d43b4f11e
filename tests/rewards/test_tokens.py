"""Tokens that do not behave, on the way in and on the way back to payers."""

from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.exceptions import ContractLogicError
from eth_abi.abi import encode

from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.isolation import isolated
from tests.helpers.protocol import ETHER, EVIDENCE, WAD
from tests.rewards.conftest import FLOOR, PAID, PLENTY, Earning
from tests.rewards.expected import HIGH, SCALE, WEEK, WHOLE, per_share_second
from tests.vault.test_reentrancy import GUARDED, calldata, error

REST = PAID * (4**HIGH - WHOLE) // 4**HIGH


def give(earning: Earning, token: ContractInstance, amount: int = 100 * PAID) -> ContractInstance:
    """The payer gets some, and has approved it."""
    token.mint(earning.payer, amount, sender=earning.payer)
    token.approve(earning.protocol.rewards, PLENTY, sender=earning.payer)
    return token


def opened(earning: Earning, token: Any, amount: int, until: int = 6) -> dict[str, Any]:
    """The arguments of `StreamOpened` for the first stream there is."""
    return {
        "id": 1,
        "operator": earning.operator,
        "vault": earning.vault,
        "token": token,
        "payer": earning.payer,
        "amount": amount,
        "floor": FLOOR,
        "first": 3,
        "until": until,
    }


def open_stream(earning: Earning, token: Any, amount: int = PAID, epochs: int = 3, floor: int = FLOOR) -> Any:
    return earning.protocol.rewards.openStream(
        earning.operator, earning.vault, token, amount, floor, epochs, sender=earning.payer
    )


def cancel(earning: Earning, receiver: Any = None) -> Any:
    """The first stream there is."""
    return earning.protocol.rewards.cancelStream(1, receiver or earning.payer, sender=earning.payer)


def take_rest(earning: Earning, receiver: Any = None) -> Any:
    return earning.protocol.rewards.takeRest(1, 100, receiver or earning.payer, sender=earning.payer)


class TestSixDecimalsAndNothingReturned:
    UNIT = 10**6

    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        return give(earning, earning.payer.deploy(project.NoReturnToken), 1_000 * self.UNIT)

    def test_life__is_exact_to_the_unit(self, earning: Earning, token: ContractInstance, alice: AccountAPI) -> None:
        """
        Six units for each of the epochs 3 to 5, of which WHOLE pays 78 %; cancelled in 4, the rest taken back in 5.
        """
        open_stream(earning, token, 6 * self.UNIT, floor=HIGH)
        earning.protocol.to_epoch(3)
        assert earning.pay(100 * self.UNIT, token=token).return_value == [100 * self.UNIT]
        earning.protocol.to_epoch(4)
        assert cancel(earning).return_value == 6 * self.UNIT
        earning.protocol.to_epoch(5)
        rest = 6 * self.UNIT * (4**HIGH - WHOLE) // 4**HIGH
        assert take_rest(earning).return_value == 2 * rest
        assert token.balanceOf(earning.payer) == 1_000 * self.UNIT - 112 * self.UNIT + 2 * rest

        earning.protocol.to_epoch(6)
        part = 6 * self.UNIT * WHOLE // 4**HIGH
        each = per_share_second(100 * self.UNIT, WHOLE) + 2 * per_share_second(part, WHOLE)
        assert earning.commission(token) == 10 * self.UNIT + 2 * (part // 10)
        assert earning.claimable(alice, token) == 60 * ETHER * WEEK * each // SCALE
        earning.claim(alice, token)
        assert token.balanceOf(alice) == 60 * ETHER * WEEK * each // SCALE

    def test_one_unit__is_split_without_loss_of_more_than_a_unit_each(
        self, earning: Earning, token: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        earning.protocol.to_epoch(3)
        earning.pay(self.UNIT, token=token)
        earning.protocol.to_epoch(4)
        amounts = [earning.claimable(staker, token) for staker in (alice, bob)]
        assert amounts == [540_000 - 1, 360_000 - 1]


class TestFeeOnTransfer:
    """It keeps 1 %."""

    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        return give(earning, earning.payer.deploy(project.FeeToken))

    def test_pay__gives_the_pool_what_arrived(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        earning.protocol.to_epoch(3)
        receipt = earning.pay(token=token)
        arrived = PAID * 99 // 100
        assert receipt.return_value == [arrived]
        assert_event(
            receipt,
            rewards.Paid,
            operator=earning.operator,
            vault=earning.vault,
            token=token,
            payer=earning.payer,
            epoch=2,
            amount=arrived,
            commission=arrived // 10,
        )
        assert token.balanceOf(rewards) == arrived
        assert token.balanceOf(earning.payer) == 99 * PAID

    def test_pay__of_one_pool_twice__gives_it_each_time_what_arrived(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        """What came before does not count for what comes then."""
        earning.protocol.to_epoch(3)
        payment = (earning.operator, earning.vault, 200, FLOOR)
        assert rewards.pay(
            token, earning.protocol.epoch - 1, [payment, payment], sender=earning.payer
        ).return_value == [198, 198]
        assert token.balanceOf(rewards) == 396

    def test_pay__under_the_floor__asks_for_what_the_floor_leaves(
        self, earning: Earning, token: ContractInstance
    ) -> None:
        earning.protocol.to_epoch(3)
        asked = PAID * WHOLE // 4**HIGH
        assert earning.pay(token=token, floor=HIGH).return_value == [asked - asked // 100]
        assert token.balanceOf(earning.payer) == 100 * PAID - asked

    def test_stream__is_for_what_arrived_in_equal_parts(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        """Of 3 · 1,000 wei 2,970 arrive, of 7 · 1,000 wei 6,930, of 7 · 150 wei 1,040: 148 each, and 4 are left."""
        for amount, epochs, each in [(1_000, 3, 990), (1_000, 7, 990), (150, 7, 148)]:
            with isolated():
                receipt = open_stream(earning, token, amount, epochs)
            assert_event(receipt, rewards.StreamOpened, **opened(earning, token, each, 3 + epochs))

    def test_stream__pays_and_returns_no_more_than_arrived(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        open_stream(earning, token, 1_000, 3)
        earning.protocol.to_epoch(4)
        assert cancel(earning).return_value == 990
        earning.protocol.to_epoch(5)
        assert earning.commission(token) == 2 * 99
        assert token.balanceOf(rewards) == 2 * 990


class TestShort:
    """It delivers a wei less than asked."""

    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        token = give(earning, earning.payer.deploy(project.ShortToken))
        token.setShort(1, sender=earning.payer)
        return token

    def test_pay__gives_the_pool_what_arrived(self, earning: Earning, token: ContractInstance) -> None:
        earning.protocol.to_epoch(3)
        assert earning.pay(token=token).return_value == [PAID - 1]
        assert earning.commission(token) == (PAID - 1) // 10

    def test_pay__of_which_nothing_arrives__pays_nothing(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        earning.protocol.to_epoch(3)
        receipt = earning.pay(1, token=token)
        assert receipt.return_value == [0]
        assert_events(receipt, rewards.Paid)

    def test_stream__is_for_a_wei_less_in_each_epoch(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        assert_event(open_stream(earning, token), rewards.StreamOpened, **opened(earning, token, PAID - 1))
        assert tuple(rewards.held(1)) == (0, 3 * (PAID - 1))

    @pytest.mark.parametrize("epochs", [1, 3])
    def test_stream__of_which_less_arrives_than_a_wei_for_each_epoch__reverts(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance, epochs: int
    ) -> None:
        with reverts(rewards.ZeroAmount):
            open_stream(earning, token, 1, epochs)

    def test_cancel_stream__never_compares_what_arrives(self, earning: Earning, token: ContractInstance) -> None:
        open_stream(earning, token)
        assert cancel(earning).return_value == 3 * (PAID - 1)
        assert (
            token.balanceOf(earning.payer) == 100 * PAID - 3
        )  # 2 wei are in no epoch's part, and the last does not arrive


class TestFalseReturning:
    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        token = give(earning, earning.payer.deploy(project.FalseToken))
        open_stream(earning, token, floor=HIGH)
        earning.protocol.to_epoch(4)
        token.setFailing(True, sender=earning.payer)
        return token

    def test_pay__that_returns_false__reverts(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        with reverts(rewards.SafeERC20FailedOperation, token=token):
            earning.pay(token=token)

    def test_open_stream__that_returns_false__reverts(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        with reverts(rewards.SafeERC20FailedOperation, token=token):
            open_stream(earning, token)

    def test_payer__gets_all_of_it_once_the_token_pays_again(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        for call in (cancel, take_rest):
            with reverts(rewards.SafeERC20FailedOperation, token=token):
                call(earning)
        assert tuple(rewards.held(1)) == (REST, 2 * PAID)
        token.setFailing(False, sender=earning.payer)
        assert cancel(earning).return_value == PAID
        assert take_rest(earning).return_value == REST


class TestBlocklist:
    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        token = give(earning, earning.payer.deploy(project.BlocklistToken))
        open_stream(earning, token, floor=HIGH)
        earning.protocol.to_epoch(4)
        return token

    def test_payer__that_is_blocked__names_another_receiver(
        self, earning: Earning, token: ContractInstance, recipient: AccountAPI
    ) -> None:
        token.setBlocked(earning.payer, True, sender=earning.payer)
        for call in (cancel, take_rest):
            with reverts(token.Blocked, account=earning.payer):
                call(earning)
        cancel(earning, recipient)
        take_rest(earning, recipient)
        assert token.balanceOf(recipient) == PAID + REST

    def test_distributor__that_is_blocked__holds_back_that_token_alone(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        token.setBlocked(rewards, True, sender=earning.payer)
        for call in (cancel, take_rest):
            with reverts(token.Blocked, account=rewards):
                call(earning)
        with reverts(token.Blocked, account=rewards):
            earning.pay(token=token)
        assert earning.pay().return_value == [PAID]
        rewards.book(earning.operator, earning.vault, token, 3, sender=earning.payer)
        token.setBlocked(rewards, False, sender=earning.payer)
        assert cancel(earning).return_value == PAID
        assert take_rest(earning).return_value == REST


class TestNoZeroTransfer:
    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        return give(earning, earning.payer.deploy(project.NoZeroToken))

    def test_pay__of_nothing__does_not_call_the_token(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        """By its amount, and by its floor."""
        earning.protocol.to_epoch(3)
        payments = [(earning.operator, earning.vault, 0, FLOOR), (earning.operator, earning.vault, 1, HIGH)]
        assert rewards.pay(token, earning.protocol.epoch - 1, payments, sender=earning.payer).return_value == [0, 0]

    def test_open_stream__of_nothing__does_not_call_the_token(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        with reverts(rewards.ZeroAmount):
            open_stream(earning, token, 0)

    def test_take_rest__of_nothing__does_not_call_the_token(self, earning: Earning, token: ContractInstance) -> None:
        open_stream(earning, token)
        earning.protocol.to_epoch(5)
        assert take_rest(earning).return_value == 0


class TestWithoutCode:
    """An address without code takes every call and does nothing."""

    def test_pay__reverts_without_a_reason(self, earning: Earning, stranger: AccountAPI) -> None:
        earning.protocol.to_epoch(3)
        with pytest.raises(ContractLogicError) as raised:
            earning.pay(token=stranger)
        assert type(raised.value) is ContractLogicError  # and no error of a contract

    def test_open_stream__reverts_without_a_reason(self, earning: Earning, stranger: AccountAPI) -> None:
        with pytest.raises(ContractLogicError) as raised:
            open_stream(earning, stranger)
        assert type(raised.value) is ContractLogicError

    def test_pay__of_an_empty_pool__never_asks_the_token(self, unstaked: Earning, stranger: AccountAPI) -> None:
        assert unstaked.pay(token=stranger).return_value == [0]


class TestLying:
    """Tells any balance and moves nothing. What it says has arrived counts up to what was asked for."""

    @pytest.fixture
    def token(self, owner: AccountAPI) -> ContractInstance:
        return owner.deploy(project.LyingToken)

    @pytest.mark.parametrize(
        ("before", "after", "arrived"),
        [
            (0, 0, 0),
            (0, 600, 600),
            (0, 1_000, 1_000),
            (0, 2**256 - 1, 1_000),
            (2**256 - 1, 2**256 - 1, 0),
            (2**256 - 1, 0, 0),
            (500, 400, 0),
        ],
        ids=["stays", "part", "all", "more", "stays_at_all", "falls", "falls_a_bit"],
    )
    def test_pay__believes_no_more_than_was_asked(
        self, earning: Earning, token: ContractInstance, before: int, after: int, arrived: int
    ) -> None:
        earning.protocol.to_epoch(3)
        token.setLies(before, after, sender=earning.payer)
        assert earning.pay(1_000, token=token).return_value == [arrived]
        assert earning.commission(token) == arrived // 10

    def test_stream__of_more_than_the_largest_amount__is_of_what_was_asked(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        token.setLies(0, 2**256 - 1, sender=earning.payer)
        assert_event(open_stream(earning, token), rewards.StreamOpened, **opened(earning, token, PAID))

    def test_lies__touch_no_other_token(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance, alice: AccountAPI
    ) -> None:
        """Rewards out of nothing are worth nothing, and those in others are what they were."""
        earning.protocol.to_epoch(3)
        earning.pay()
        token.setLies(0, 2**256 - 1, sender=earning.payer)
        earning.pay(2**96 - 1, token=token)
        assert earning.token.balanceOf(rewards) == PAID
        earning.protocol.to_epoch(4)
        due = 60 * ETHER * WEEK * per_share_second(PAID, WHOLE) // SCALE
        assert earning.claim(alice, token, earning.token).return_value[1] == due
        assert earning.token.balanceOf(alice) == due


# --- callbacks ---

REWARDS = {"pay", "openStream", "cancelStream", "takeRest", "claim", "claimCommission", "book"}
ENTRIES = [
    (contract, entry)
    for contract, entries in {**GUARDED, "RewardsDistributor": REWARDS}.items()
    for entry in sorted(entries)
    if "Native" not in entry  # of a vault over WETH alone
]


def test_functions_that_change_state__are_guarded_or_known_not_to_be() -> None:
    methods = {method.name for method in project.RewardsDistributor.contract_type.mutable_methods}
    assert methods == REWARDS | {"multicall", "send"}  # `send` is called by itself alone, under the lock


class TestCallback:
    @pytest.fixture
    def token(self, earning: Earning) -> ContractInstance:
        return give(earning, earning.payer.deploy(project.CallbackToken))

    @pytest.mark.parametrize("afterwards", [False, True], ids=["before_the_move", "after_the_move"])
    @pytest.mark.parametrize(("contract", "entry"), ENTRIES)
    def test_reentering__in_mid_transfer__is_refused_and_changes_nothing(
        self,
        earning: Earning,
        rewards: ContractInstance,
        delegation: ContractInstance,
        token: ContractInstance,
        alice: AccountAPI,
        contract: str,
        entry: str,
        afterwards: bool,
    ) -> None:
        """In every call that moves a token."""
        calls = {
            "pay": (token, 3, []),
            "openStream": (earning.operator, earning.vault, token, 1, FLOOR, 1),
            "cancelStream": (1, earning.payer),
            "takeRest": (1, 1, earning.payer),
            "claim": (token, [], token),
            "claimCommission": (earning.vault, token, token),
            "book": (earning.operator, earning.vault, token, 1),
        }
        target = {"StakingVault": earning.vault, "DelegationManager": delegation}.get(contract, rewards)
        if target == rewards:
            call = getattr(rewards, entry).encode_input(*calls[entry])
        else:
            call = calldata(target.contract_type.mutable_methods[entry])

        def call_back() -> None:
            token.setCallback(target, call, afterwards, sender=earning.payer)

        def refused() -> None:
            assert not token.succeeded()
            assert token.result() == error("Reentered()")

        call_back()
        open_stream(earning, token, floor=HIGH)
        refused()
        earning.protocol.to_epoch(4)
        call_back()
        assert earning.pay(token=token).return_value == [PAID]
        refused()
        call_back()
        assert cancel(earning).return_value == PAID
        refused()
        call_back()
        assert take_rest(earning).return_value == REST
        refused()
        assert token.balanceOf(earning.payer) == 97 * PAID + REST
        earning.protocol.to_epoch(6)
        call_back()
        claimed = earning.claim(alice, token).return_value[0]
        refused()
        call_back()
        commission = rewards.claimCommission(
            earning.vault, token, earning.operator, sender=earning.operator
        ).return_value
        refused()
        assert token.balanceOf(rewards) == 3 * PAID - REST - claimed - commission

    def test_reentering__through_multicall__is_refused(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        inner = rewards.book.encode_input(earning.operator, earning.vault, token, 1)
        token.setCallback(rewards, rewards.multicall.encode_input([inner]), False, sender=earning.payer)
        open_stream(earning, token)
        assert not token.succeeded()
        assert token.result() == error("Reentered()")

    @pytest.mark.parametrize("call", ["take", "giveBack"])
    def test_lock__in_mid_transfer__is_out_of_reach(self, earning: Earning, token: ContractInstance, call: str) -> None:
        delegation = earning.protocol.delegation
        token.setCallback(delegation, getattr(delegation, call).encode_input(), False, sender=earning.payer)
        open_stream(earning, token)
        assert not token.succeeded()
        assert token.result() == error("NotProtocol(address)") + encode(["address"], [token.address])

    def test_slash__in_mid_transfer__is_refused(
        self, earning: Earning, token: ContractInstance, avs_owner: AccountAPI
    ) -> None:
        """The token is the slasher of an AVS, which could otherwise slash at once."""
        protocol = earning.protocol
        avs = protocol.register_avs(avs_owner, ape.accounts[token.address], vaults=[earning.vault])
        protocol.registry.optIn(avs, earning.vault, 1_000, 0, b"", sender=earning.operator)
        protocol.to_epoch(6)
        request = (avs, earning.operator, earning.vault, WAD // 100, protocol.registry.startOf(6), EVIDENCE, "")
        token.setCallback(
            protocol.slashing, protocol.slashing.request.encode_input(*request), False, sender=earning.payer
        )
        earning.pay(token=token)
        assert not token.succeeded()
        assert token.result() == error("Reentered()")
        assert protocol.delegation.retained(earning.operator, earning.vault) == WAD

    def test_lock__after_a_call__is_free_again(
        self, earning: Earning, rewards: ContractInstance, token: ContractInstance
    ) -> None:
        """Two guarded calls in one transaction: the second meets no lock of the first."""
        calls = [
            rewards.openStream.encode_input(earning.operator, earning.vault, token, PAID, FLOOR, 3),
            rewards.cancelStream.encode_input(1, earning.payer),
        ]
        rewards.multicall(calls, sender=earning.payer)
        assert token.balanceOf(earning.payer) == 100 * PAID
