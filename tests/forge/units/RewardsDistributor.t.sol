// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../../../contracts/interfaces/IDelegationManager.sol";
import {IRewardsDistributor} from "../../../contracts/interfaces/IRewardsDistributor.sol";
import {Earned} from "../../../contracts/libraries/Earnings.sol";
import {FloorOutOfBounds} from "../../../contracts/libraries/Floors.sol";
import {StreamId} from "../../../contracts/libraries/Types.sol";
import {CallbackToken, FalseToken, LyingToken, MovedFalseToken} from "../../../contracts/mocks/WeirdTokens.sol";
import {VM} from "../Cheats.sol";
import {Mintable, Scene} from "./Scene.sol";

/// Alice holds 60 and Bob 40 ether of pool shares from the very start of epoch 2 on; the commission is 10 %.
///
/// What a share-second earned is rounded down, so who is due a whole number of wei gets one less.
contract RewardsDistributorTest is Scene {
    uint96 private constant PAID = 1000e18;
    uint8 private constant LOW = 16; // floor
    uint8 private constant HIGH = 43; // floor, of which an epoch without moves has 78 %
    uint256 private constant WHOLE = 100 ether * 7 days; // share-seconds of an epoch without moves
    // What is paid of PAID with that floor, and what is left.
    uint256 private constant PART = PAID * WHOLE / 2 ** 86;
    uint256 private constant REST = PAID * (2 ** 86 - WHOLE) / 2 ** 86;

    Mintable private token;

    function setUp() external {
        _openPool(OPERATOR);
        _goTo(2);
        _delegate(ALICE, 60 * ETHER);
        _delegate(BOB, 40 * ETHER);
        token = _rewardIn("TestToken.sol:TestToken", abi.encode("Reward", "RWD", 18));
    }

    function _rewardIn(string memory artifact, bytes memory arguments) private returns (Mintable made) {
        made = _newToken(artifact, arguments);
        made.approve(address(rewards), type(uint256).max);
    }

    function _payments(uint96 amount, uint8 floor)
        private
        view
        returns (IRewardsDistributor.Payment[] memory payments)
    {
        payments = new IRewardsDistributor.Payment[](1);
        payments[0] = IRewardsDistributor.Payment(OPERATOR, address(vault), amount, floor);
    }

    /// For the epoch just finished.
    function _pay(IERC20 in_, uint256 epoch, uint96 amount, uint8 floor) private returns (uint256) {
        return rewards.pay(in_, uint24(epoch), _payments(amount, floor))[0];
    }

    function _stream(uint8 floor, uint24 epochs) private returns (StreamId) {
        return rewards.openStream(OPERATOR, address(vault), token, PAID, floor, epochs);
    }

    function _claims(IERC20 in_, uint256 hint) private view returns (IRewardsDistributor.Claim[] memory claims) {
        claims = new IRewardsDistributor.Claim[](1);
        claims[0] = IRewardsDistributor.Claim(OPERATOR, address(vault), in_, hint);
    }

    function _claim(address staker, IERC20 in_) private returns (uint256) {
        IRewardsDistributor.Claim[] memory claims = _claims(in_, 0);
        VM.prank(staker);
        return rewards.claim(staker, claims, staker)[0];
    }

    function _assertDue(address staker, uint256 claimable, uint256 accruing) private view {
        for (uint256 hint = 0; hint < 5; ++hint) {
            (uint256[] memory c, uint256[] memory a) = rewards.due(staker, _claims(token, hint));
            VM.assertEq(c.length, 1);
            VM.assertEq(a.length, 1);
            VM.assertEq(c[0], claimable);
            VM.assertEq(a[0], accruing);
        }
    }

    function _assertEarned(uint256 index, uint256 epoch, uint256 perShareSecond) private view {
        Earned[] memory page = rewards.earned(OPERATOR, address(vault), token, index, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(page[0].epoch, epoch);
        VM.assertEq(page[0].perShareSecond, perShareSecond);
    }

    function _earnedCount() private view returns (uint256) {
        return rewards.earned(OPERATOR, address(vault), token, 0, 999).length;
    }

    function _assertHeld(StreamId id, uint256 rest, uint256 coming) private view {
        (uint256 r, uint256 c) = rewards.held(id);
        VM.assertEq(r, rest);
        VM.assertEq(c, coming);
    }

    function _assertRate(uint256 funded, uint256 expected) private view {
        (uint256 f, uint256 x) = rewards.rate(OPERATOR, address(vault), token);
        VM.assertEq(f, funded);
        VM.assertEq(x, expected);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__another_address_than_the_registry_was_told__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.Miswired.selector, registry));
        VM.deployCode("RewardsDistributor.sol:RewardsDistributor", abi.encode(registry));
    }

    function test_constructor__wires_the_contract() external view {
        VM.assertEq(address(rewards.REGISTRY()), address(registry));
        VM.assertEq(address(rewards.DELEGATION()), address(delegation));
        VM.assertEq(rewards.GENESIS(), GENESIS);
        VM.assertEq(rewards.EPOCH(), EPOCH);
    }

    // ------------------------------------------------------------------------------------------------------ payments

    function test_pay__splits_by_share_seconds_after_commission() external {
        _goTo(3);
        uint256 before = token.balanceOf(address(this));
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Paid(OPERATOR, address(vault), token, address(this), 2, PAID, 100 * ETHER);
        VM.assertEq(_pay(token, 2, PAID, LOW), PAID);
        VM.assertEq(before - token.balanceOf(address(this)), PAID);
        VM.assertEq(token.balanceOf(address(rewards)), PAID);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 100 * ETHER);
        VM.assertEq(_earnedCount(), 1);
        _assertEarned(0, 2, (900 * ETHER << 118) / WHOLE);
        VM.assertEq(delegation.locked(), false);

        _assertDue(ALICE, 0, 540 * ETHER - 1);
        _goTo(4);
        _assertDue(ALICE, 540 * ETHER - 1, 0);
        _assertDue(BOB, 360 * ETHER - 1, 0);
        _assertDue(STRANGER, 0, 0);
    }

    function test_pay__again_for_the_same_epoch__adds() external {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        _pay(token, 2, PAID, LOW);
        VM.assertEq(_earnedCount(), 1);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 200 * ETHER);
        _goTo(4);
        _assertDue(ALICE, 1080 * ETHER - 1, 0);
    }

    function test_pay__another_epoch_than_the_one_just_finished__reverts() external {
        _goTo(4);
        uint24[2] memory wrong = [uint24(2), 4];
        for (uint256 i = 0; i < 2; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.EpochNotPayable.selector, wrong[i], 3));
            rewards.pay(token, wrong[i], _payments(PAID, LOW));
        }
    }

    function test_pay__many_pools__pays_each_and_none_without_stakers() external {
        _enlist(OTHER_OPERATOR);
        _openPool(OTHER_OPERATOR);
        _goTo(3);
        IRewardsDistributor.Payment[] memory payments = new IRewardsDistributor.Payment[](2);
        payments[0] = IRewardsDistributor.Payment(OTHER_OPERATOR, address(vault), PAID, LOW);
        payments[1] = IRewardsDistributor.Payment(OPERATOR, address(vault), PAID, LOW);
        uint256[] memory paid = rewards.pay(token, 2, payments);
        VM.assertEq(paid.length, 2);
        VM.assertEq(paid[0], 0);
        VM.assertEq(paid[1], PAID);
        VM.assertEq(token.balanceOf(address(rewards)), PAID);
    }

    function test_pay__refused__reverts() external {
        _goTo(3);
        VM.expectRevert(abi.encodeWithSelector(FloorOutOfBounds.selector, 15));
        rewards.pay(token, 2, _payments(PAID, 15));
        IRewardsDistributor.Payment[] memory payments = _payments(PAID, LOW);
        payments[0].operator = STRANGER;
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, STRANGER, vault));
        rewards.pay(token, 2, payments);
    }

    function test_pay__fewer_share_seconds_than_the_floor__takes_in_proportion() external {
        _goTo(3);
        VM.assertEq(_pay(token, 2, PAID, HIGH), PART);
        VM.assertEq(token.balanceOf(address(rewards)), PART);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), PART / 10);
    }

    function test_pay__less_arrives__pays_that_much() external {
        Mintable fee = _rewardIn("WeirdTokens.sol:FeeToken", "");
        _goTo(3);
        VM.assertEq(_pay(fee, 2, PAID, LOW), 990 * ETHER);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), fee), 99 * ETHER);
    }

    function test_pay__token_lies__is_booked_between_nothing_and_what_was_asked() external {
        LyingToken liar = LyingToken(VM.deployCode("WeirdTokens.sol:LyingToken", ""));
        _goTo(3);
        liar.setLies(10, 5);
        VM.assertEq(_pay(IERC20(address(liar)), 2, PAID, LOW), 0);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), IERC20(address(liar))), 0);
        liar.setLies(10, 11 + PAID);
        VM.assertEq(_pay(IERC20(address(liar)), 2, PAID, LOW), PAID);
    }

    function test_pay__at_the_first_epoch__pays_nothing() external {
        VM.warp(GENESIS);
        VM.assertEq(_pay(token, 0, PAID, LOW), 0);
    }

    function test_pay__in_the_middle_of_it__everything_is_locked() external {
        Mintable calling = _rewardIn("WeirdTokens.sol:CallbackToken", "");
        CallbackToken(address(calling))
            .setCallback(address(rewards), abi.encodeCall(rewards.book, (OPERATOR, address(vault), token, 1)), true);
        _goTo(3);
        _pay(calling, 2, PAID, LOW);
        VM.assertEq(CallbackToken(address(calling)).succeeded(), false);
        VM.assertEq(
            CallbackToken(address(calling)).result(), abi.encodeWithSelector(IDelegationManager.Reentered.selector)
        );
        VM.assertEq(delegation.locked(), false);
    }

    // -------------------------------------------------------------------------------------------------------- claims

    function test_claim__sends_what_is_due_once() external {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        VM.assertEq(_claim(ALICE, token), 0);
        _goTo(4);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Claimed(ALICE, OPERATOR, address(vault), token, 540 * ETHER - 1, STRANGER);
        VM.prank(ALICE);
        uint256[] memory amounts = rewards.claim(ALICE, _claims(token, 0), STRANGER);
        VM.assertEq(amounts.length, 1);
        VM.assertEq(amounts[0], 540 * ETHER - 1);
        VM.assertEq(token.balanceOf(STRANGER), 540 * ETHER - 1);
        VM.assertEq(delegation.locked(), false);
        VM.assertEq(_claim(ALICE, token), 0);
        VM.assertEq(_claim(BOB, token), 360 * ETHER - 1);
        VM.assertEq(_claim(STRANGER, token), 0);
        VM.assertEq(token.balanceOf(address(rewards)), 100 * ETHER + 2);
    }

    function test_claim__refused__reverts() external {
        IRewardsDistributor.Claim[] memory claims = _claims(token, 0);
        VM.startPrank(ALICE);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.ZeroReceiver.selector));
        rewards.claim(ALICE, claims, address(0));
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.NotCompleter.selector, BOB, ALICE));
        rewards.claim(BOB, claims, BOB);
    }

    function test_claim__by_a_completer__goes_to_the_staker_only() external {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        _goTo(4);
        VM.prank(ALICE);
        delegation.setCompleter(STRANGER, true);
        IRewardsDistributor.Claim[] memory claims = _claims(token, 0);
        uint256 before = token.balanceOf(ALICE);
        VM.startPrank(STRANGER);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.OnlyToOwner.selector, ALICE, STRANGER));
        rewards.claim(ALICE, claims, STRANGER);
        rewards.claim(ALICE, claims, ALICE);
        VM.assertEq(token.balanceOf(ALICE) - before, 540 * ETHER - 1);
    }

    function test_claim__token_refuses__can_be_claimed_again() external {
        Mintable failing = _rewardIn("WeirdTokens.sol:FalseToken", "");
        _goTo(3);
        _pay(failing, 2, PAID, LOW);
        _goTo(4);
        FalseToken(address(failing)).setFailing(true);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.ClaimFailed(ALICE, OPERATOR, address(vault), failing, 540 * ETHER - 1, ALICE);
        VM.assertEq(_claim(ALICE, failing), 0);
        FalseToken(address(failing)).setFailing(false);
        VM.assertEq(_claim(ALICE, failing), 540 * ETHER - 1);
        VM.assertEq(_claim(ALICE, failing), 0);
    }

    function test_claim__token_moves_and_says_that_it_failed__has_not_moved() external {
        Mintable lying = _rewardIn("WeirdTokens.sol:MovedFalseToken", "");
        _goTo(3);
        _pay(lying, 2, PAID, LOW);
        _goTo(4);
        MovedFalseToken(address(lying)).setLying(true);
        VM.assertEq(_claim(ALICE, lying), 0);
        VM.assertEq(lying.balanceOf(address(rewards)), PAID);
    }

    /// Alice takes half of hers out in the middle of epoch 4.
    function _payForFourEpochs() private {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        _goTo(4);
        _pay(token, 3, PAID, LOW);
        VM.warp(_start(4) + 3.5 days);
        _undelegate(ALICE, 30 * ETHER);
        _goTo(5);
        _pay(token, 4, PAID, LOW);
        _goTo(6);
        _pay(token, 5, PAID, LOW);
        _goTo(7);
    }

    function test_claim__after_a_move__follows_the_share_seconds() external {
        _payForFourEpochs();
        // 60/100 twice, 45/85 and 30/70.
        _assertDue(ALICE, 900 * ETHER * 1284 / 595, 0);
        _assertDue(BOB, uint256(900 * ETHER) * 1096 / 595, 0);
        VM.assertEq(_claim(ALICE, token), 900 * ETHER * 1284 / 595);
        VM.assertEq(_claim(BOB, token), uint256(900 * ETHER) * 1096 / 595);
    }

    function test_claim__before_and_after_a_move__goes_on_where_it_was() external {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        _goTo(4);
        _pay(token, 3, PAID, LOW);
        VM.assertEq(_claim(ALICE, token), 540 * ETHER - 1);
        VM.warp(_start(4) + 3.5 days);
        _undelegate(ALICE, 30 * ETHER);
        _assertDue(ALICE, 0, 540 * ETHER - 1);
        _goTo(5);
        _pay(token, 4, PAID, LOW);
        VM.assertEq(_claim(ALICE, token), 540 * ETHER - 1);
        // 45/85 of epoch 4.
        _assertDue(ALICE, 0, uint256(900 * ETHER) * 9 / 17);
        _goTo(6);
        VM.assertEq(_claim(ALICE, token), uint256(900 * ETHER) * 9 / 17);
        VM.assertEq(_claim(ALICE, token), 0);
    }

    function test_claim__after_more_moves_than_it_looks_at__takes_two_claims() external {
        for (uint256 e = 2; e < 300; ++e) {
            _goTo(e);
            if (e == 3) _pay(token, 2, PAID, LOW);
            if (e != 2) _undelegate(ALICE, 1);
        }
        _goTo(300);
        _pay(token, 299, PAID, LOW);
        _goTo(301);
        VM.assertEq(_claim(ALICE, token), 540 * ETHER - 1);
        VM.assertEq(_claim(ALICE, token), (900 * ETHER * (60 * ETHER - 297) - 1) / (100 * ETHER - 297));
        VM.assertEq(_claim(ALICE, token), 0);
    }

    // ---------------------------------------------------------------------------------------------------- commission

    function test_claim_commission__sends_it_once() external {
        _goTo(3);
        _pay(token, 2, PAID, LOW);
        VM.startPrank(OPERATOR);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.ZeroReceiver.selector));
        rewards.claimCommission(address(vault), token, address(0));
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.CommissionClaimed(OPERATOR, address(vault), token, 100 * ETHER, STRANGER);
        VM.assertEq(rewards.claimCommission(address(vault), token, STRANGER), 100 * ETHER);
        VM.assertEq(token.balanceOf(STRANGER), 100 * ETHER);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 0);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.CommissionClaimed(OPERATOR, address(vault), token, 0, STRANGER);
        VM.assertEq(rewards.claimCommission(address(vault), token, STRANGER), 0);
        VM.assertEq(delegation.locked(), false);
    }

    function test_claim_commission__nothing__moves_nothing() external {
        VM.prank(OPERATOR);
        VM.assertEq(rewards.claimCommission(address(vault), IERC20(STRANGER), OPERATOR), 0);
    }

    function test_commission__of_each_epoch__is_the_one_in_force_in_it() external {
        VM.prank(OPERATOR);
        registry.setMandate(address(vault), 5000, 2000); // rises in epoch 5
        _stream(LOW, 4);
        _goTo(7);
        // Epochs 3 and 4 at 10 %, 5 and 6 at 20 %.
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 600 * ETHER);
        VM.prank(OPERATOR);
        VM.assertEq(rewards.claimCommission(address(vault), token, OPERATOR), 600 * ETHER);
    }

    // ------------------------------------------------------------------------------------------------------- streams

    function test_open_stream__funds_the_coming_epochs() external {
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.StreamOpened(
            StreamId.wrap(1), OPERATOR, address(vault), token, address(this), PAID, LOW, 3, 6
        );
        StreamId id = _stream(LOW, 3);
        VM.assertEq(StreamId.unwrap(id), 1);
        VM.assertEq(rewards.streamCount(), 1);
        VM.assertEq(token.balanceOf(address(rewards)), 3000 * ETHER);
        VM.assertEq(delegation.locked(), false);
        IRewardsDistributor.Stream memory expected =
            IRewardsDistributor.Stream(address(this), PAID, OPERATOR, 3, 6, LOW, address(vault), token);
        VM.assertEq(keccak256(abi.encode(rewards.stream(id))), keccak256(abi.encode(expected)));
        _assertHeld(id, 0, 3000 * ETHER);
        _assertRate(0, 0);
        _goTo(3);
        _assertRate(PAID, PAID);
        _goTo(4);
        _assertHeld(id, 0, 2000 * ETHER);
        _goTo(5);
        _assertRate(PAID, PAID);
        _goTo(6);
        _assertRate(0, 0);
        _assertHeld(id, 0, 0);
        _goTo(9);
        _assertRate(0, 0);
        _assertHeld(id, 0, 0);
    }

    function test_open_stream__refused__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(FloorOutOfBounds.selector, 60));
        _stream(60, 3);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.EpochsOutOfBounds.selector, 0));
        _stream(LOW, 0);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.EpochsOutOfBounds.selector, 257));
        _stream(LOW, 257);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, STRANGER, vault));
        rewards.openStream(STRANGER, address(vault), token, PAID, LOW, 3);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.ZeroAmount.selector));
        rewards.openStream(OPERATOR, address(vault), token, 0, LOW, 3);
        _stream(LOW, 256);
    }

    function test_open_stream__less_arrives__funds_each_epoch_with_an_equal_part() external {
        Mintable fee = _rewardIn("WeirdTokens.sol:FeeToken", "");
        StreamId id = rewards.openStream(OPERATOR, address(vault), fee, 1000, LOW, 3);
        VM.assertEq(rewards.stream(id).amount, 990);
    }

    function test_stream__pays_each_epoch() external {
        _stream(LOW, 3);
        _goTo(5);
        _assertDue(ALICE, 540 * ETHER - 1, 1080 * ETHER);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 200 * ETHER);
        VM.assertEq(_claim(ALICE, token), 540 * ETHER - 1);
        _assertDue(ALICE, 0, 1080 * ETHER - 1);
        _goTo(20);
        VM.assertEq(_claim(ALICE, token), 1080 * ETHER - 1);
        VM.assertEq(_claim(BOB, token), 1080 * ETHER - 1);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 300 * ETHER);
    }

    function test_book__books_what_streams_paid() external {
        _stream(LOW, 3);
        _goTo(5);
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.EpochNotOver.selector, 5));
        rewards.book(OPERATOR, address(vault), token, 5);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Streamed(OPERATOR, address(vault), token, 3, PAID, 100 * ETHER);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Streamed(OPERATOR, address(vault), token, 4, PAID, 100 * ETHER);
        rewards.book(OPERATOR, address(vault), token, 4);
        VM.assertEq(delegation.locked(), false);
        uint256 each = (900 * ETHER << 118) / WHOLE;
        VM.assertEq(_earnedCount(), 2);
        _assertEarned(0, 3, each);
        _assertEarned(1, 4, 2 * each);
        rewards.book(OPERATOR, address(vault), token, 4);
        VM.assertEq(_earnedCount(), 2);
    }

    function test_book__long_untouched__keeps_the_entries_that_somebody_needs() external {
        _stream(LOW, 8);
        _goTo(7);
        _undelegate(ALICE, 60 * ETHER);
        _goTo(13);
        rewards.book(OPERATOR, address(vault), token, 12);
        uint256 each = (900 * ETHER << 118) / WHOLE;
        uint256 alone = (900 * ETHER << 118) / (40 * ETHER * 7 days);
        // Before the move and at it, and the last epoch that was paid for.
        VM.assertEq(_earnedCount(), 3);
        _assertEarned(0, 6, 4 * each);
        _assertEarned(1, 7, 4 * each + alone);
        _assertEarned(2, 11, 4 * each + 4 * alone);
        VM.assertEq(_claim(ALICE, token), 2160 * ETHER - 1);
        VM.assertEq(_claim(BOB, token), 1440 * ETHER + 3600 * ETHER - 1);
    }

    function test_stream__with_a_floor__returns_the_rest() external {
        StreamId id = _stream(HIGH, 3);
        _goTo(3);
        _assertRate(PAID, PART);
        _goTo(5);
        _assertHeld(id, 2 * REST, PAID);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), PART / 10 * 2);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.RestReturned(id, 3, 4, REST, STRANGER);
        VM.assertEq(rewards.takeRest(id, 1, STRANGER), REST);
        VM.assertEq(token.balanceOf(STRANGER), REST);
        VM.assertEq(rewards.stream(id).first, 4);
        _assertHeld(id, REST, PAID);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.RestReturned(id, 4, 5, REST, STRANGER);
        VM.assertEq(rewards.takeRest(id, 9, STRANGER), REST);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.RestReturned(id, 5, 5, 0, STRANGER);
        VM.assertEq(rewards.takeRest(id, 9, STRANGER), 0);
        VM.assertEq(delegation.locked(), false);
        _goTo(9);
        VM.assertEq(rewards.takeRest(id, 9, STRANGER), REST);
        VM.assertEq(rewards.stream(id).first, 6);
    }

    function test_take_rest__before_the_first_epoch__returns_nothing() external {
        StreamId id = _stream(HIGH, 3);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.RestReturned(id, 3, 3, 0, STRANGER);
        VM.assertEq(rewards.takeRest(id, 9, STRANGER), 0);
    }

    function test_streams__of_many_floors__are_summed() external {
        _stream(LOW, 1);
        _stream(LOW, 2);
        _stream(HIGH, 3);
        _goTo(3);
        _assertRate(3 * uint256(PAID), 2 * uint256(PAID) + PART);
        _goTo(4);
        _assertRate(2 * uint256(PAID), PAID + PART);
        rewards.book(OPERATOR, address(vault), token, 3);
        _goTo(5);
        _assertRate(PAID, PART);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Streamed(OPERATOR, address(vault), token, 4, PAID + PART, (PAID + PART) / 10);
        rewards.book(OPERATOR, address(vault), token, 4);
        _goTo(6);
        _assertRate(0, 0);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.Streamed(OPERATOR, address(vault), token, 5, PART, PART / 10);
        rewards.book(OPERATOR, address(vault), token, 5);
        // A stream after all the others have ended.
        _goTo(20);
        _stream(LOW, 1);
        _goTo(21);
        _assertRate(PAID, PAID);
        VM.assertEq(
            rewards.commission(OPERATOR, address(vault), token),
            (2 * uint256(PAID) + PART) / 10 + (PAID + PART) / 10 + PART / 10
        );
    }

    function test_stream__opened_while_another_runs__joins_it() external {
        _stream(LOW, 9);
        _goTo(5);
        _stream(LOW, 2);
        _goTo(6);
        _assertRate(2 * uint256(PAID), 2 * uint256(PAID));
        _goTo(8);
        _assertRate(PAID, PAID);
        _goTo(12);
        _assertRate(0, 0);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 1100 * ETHER);
    }

    function test_stream__without_stakers__gives_all_of_it_back() external {
        _enlist(OTHER_OPERATOR);
        _openPool(OTHER_OPERATOR);
        StreamId id = rewards.openStream(OTHER_OPERATOR, address(vault), token, PAID, LOW, 2);
        _goTo(5);
        VM.assertEq(rewards.commission(OTHER_OPERATOR, address(vault), token), 0);
        VM.assertEq(rewards.takeRest(id, 9, STRANGER), 2000 * ETHER);
    }

    function test_cancel_stream__ends_it_with_the_current_epoch() external {
        StreamId id = _stream(LOW, 5);
        _goTo(4);
        VM.expectEmit(address(rewards));
        emit IRewardsDistributor.StreamCancelled(id, 5, 3000 * ETHER, STRANGER);
        VM.assertEq(rewards.cancelStream(id, STRANGER), 3000 * ETHER);
        VM.assertEq(token.balanceOf(STRANGER), 3000 * ETHER);
        VM.assertEq(rewards.stream(id).until, 5);
        VM.assertEq(delegation.locked(), false);
        _assertRate(PAID, PAID);
        _goTo(5);
        _assertRate(0, 0);
        _goTo(20);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 200 * ETHER);
        VM.assertEq(_claim(ALICE, token), 1080 * ETHER - 1);
    }

    function test_cancel_stream__nothing_left__reverts() external {
        StreamId id = _stream(LOW, 2);
        _goTo(4); // its last epoch
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.NothingToCancel.selector, id, 5));
        rewards.cancelStream(id, STRANGER);
    }

    function test_cancel_stream__before_its_first_epoch__returns_all() external {
        StreamId id = _stream(LOW, 2);
        VM.assertEq(rewards.cancelStream(id, STRANGER), 2000 * ETHER);
        _assertHeld(id, 0, 0);
        _goTo(9);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), 0);
    }

    function test_stream__not_by_its_payer__reverts() external {
        StreamId id = _stream(LOW, 2);
        bytes memory refused = abi.encodeWithSelector(IRewardsDistributor.NotPayer.selector, id, STRANGER);
        VM.startPrank(STRANGER);
        VM.expectRevert(refused);
        rewards.cancelStream(id, STRANGER);
        VM.expectRevert(refused);
        rewards.takeRest(id, 9, STRANGER);
        VM.stopPrank();
        bytes memory nobody = abi.encodeWithSelector(IRewardsDistributor.ZeroReceiver.selector);
        VM.expectRevert(nobody);
        rewards.cancelStream(id, address(0));
        VM.expectRevert(nobody);
        rewards.takeRest(id, 9, address(0));
    }

    function test_stream__unknown__reverts() external {
        StreamId id = StreamId.wrap(9);
        bytes memory unknown = abi.encodeWithSelector(IRewardsDistributor.UnknownStream.selector, id);
        VM.expectRevert(unknown);
        rewards.cancelStream(id, STRANGER);
        VM.expectRevert(unknown);
        rewards.takeRest(id, 9, STRANGER);
        VM.expectRevert(unknown);
        rewards.stream(id);
        VM.expectRevert(unknown);
        rewards.held(id);
    }

    // ---------------------------------------------------------------------------------------------------------- send

    function test_send__by_another_than_itself__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IRewardsDistributor.NotSelf.selector, STRANGER));
        VM.prank(STRANGER);
        rewards.send(token, STRANGER, 1);
    }
}
