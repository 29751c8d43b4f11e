// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {AvsId, RequestId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {Scene} from "./Scene.sol";

/// A pool with a loss budget of 90 % and 100 ether of pool shares, in epoch 4, in which three allocations are in force.
///
/// Σg is 40 % and Σh 60 %: what is shared is 50 %.
contract SlashingManagerTest is Scene {
    bytes32 private constant EVIDENCE = "evidence";

    AvsId private avs; // burns at once: 20 % guaranteed, 30 % elastic
    AvsId private second; // burns at once: 10 % guaranteed, 30 % elastic
    AvsId private vetoed; // with veto and recipient: 10 % guaranteed

    uint48 private now_;

    function setUp() external {
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 9000, 1000, 0);
        avs = _addAVS(_terms(0, address(0)));
        second = _addAVS(_terms(0, address(0)));
        vetoed = _addAVS(_terms(2 days, RECIPIENT));
        _optIn(avs, 2000, 3000);
        _optIn(second, 1000, 3000);
        _optIn(vetoed, 1000, 0);
        _delegate(ALICE, 100 * ETHER);
        _warp(_start(4));
    }

    function _warp(uint256 time) private {
        VM.warp(time);
        now_ = uint48(time);
    }

    function _refused(bytes memory data) private {
        VM.expectRevert(data);
        VM.prank(SLASHER);
    }

    function _request(AvsId id, uint256 amount) private returns (uint256 granted) {
        VM.prank(SLASHER);
        (, granted) = slashing.request(id, OPERATOR, address(vault), amount, now_, EVIDENCE, "uri");
    }

    /// What was asked for just now.
    function _r(AvsId id, uint256 amount) private view returns (ISlashingManager.Request memory) {
        return ISlashingManager.Request(id, OPERATOR, address(vault), amount, now_, now_, EVIDENCE);
    }

    function _id(ISlashingManager.Request memory r) private pure returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(r)));
    }

    function _assertRetained(uint256 retained) private view {
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), retained);
    }

    function _assertOpen(bool open) private view {
        VM.assertEq(delegation.hasOpenRequest(OPERATOR, address(vault)), open);
    }

    function _assertSlashable(AvsId id, uint256 guaranteed, uint256 elastic) private view {
        (uint256 g, uint256 h) = slashing.slashable(id, OPERATOR, address(vault));
        VM.assertEq(g, guaranteed);
        VM.assertEq(h, elastic);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__another_address_than_the_registry_was_told__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.Miswired.selector, registry));
        VM.deployCode("SlashingManager.sol:SlashingManager", abi.encode(registry));
    }

    function test_constructor__wires_the_contract() external view {
        VM.assertEq(address(slashing.REGISTRY()), address(registry));
        VM.assertEq(address(slashing.DELEGATION()), address(delegation));
        VM.assertEq(slashing.GENESIS(), GENESIS);
        VM.assertEq(slashing.EPOCH(), EPOCH);
    }

    // ------------------------------------------------------------------------------------------------------- request

    function test_request__no_veto_period__executes_at_once_out_of_the_guaranteed_part_first() external {
        ISlashingManager.Request memory r = _r(avs, 0.25e18);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.SlashRequested(
            _id(r), avs, OPERATOR, address(vault), 0.25e18, now_, now_, EVIDENCE, "uri"
        );
        VM.expectEmit(address(slashing));
        emit ISlashingManager.Slashed(_id(r), avs, OPERATOR, address(vault), 0.2e18, 0.05e18, 25 * ETHER, DEAD);
        VM.prank(SLASHER);
        (RequestId id, uint256 granted) =
            slashing.request(avs, OPERATOR, address(vault), 0.25e18, now_, EVIDENCE, "uri");
        VM.assertEq(RequestId.unwrap(id), RequestId.unwrap(_id(r)));
        VM.assertEq(granted, 0.25e18);
        VM.assertEq(vault.balanceOf(DEAD), 25 * ETHER + 1e6);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertRetained(0.75e18);
        _assertOpen(false);
        _assertSlashable(avs, 0, 0.25e18);
        _assertSlashable(second, 0.1e18, 0.3e18);
    }

    function test_request__within_the_guaranteed_part__leaves_the_elastic_one() external {
        VM.assertEq(_request(avs, 0.2e18), 0.2e18);
        _assertSlashable(avs, 0, 0.3e18);
        VM.assertEq(_request(vetoed, 0.1e18), 0);
        _assertRetained(0.8e18);
    }

    function test_request__more_than_the_budget__stays_open_for_the_rest() external {
        VM.assertEq(_request(avs, 0.25e18), 0.25e18);
        ISlashingManager.Request memory r = _r(avs, 0.4e18);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.Slashed(_id(r), avs, OPERATOR, address(vault), 0, 0.25e18, 25 * ETHER, DEAD);
        VM.assertEq(_request(avs, 0.4e18), 0.25e18);
        VM.assertEq(slashing.openAmount(r), 0.15e18);
        _assertOpen(true);
        _assertSlashable(avs, 0, 0);
        _assertSlashable(second, 0.1e18, 0.2e18);
        // What is shared runs out for the other one too.
        VM.assertEq(_request(second, 0.4e18), 0.3e18);
        _assertSlashable(second, 0, 0);
        _assertRetained(0.2e18);
    }

    function test_execute__rest_in_the_next_epoch__draws_its_budget() external {
        _warp(_start(5) - 12 hours);
        VM.assertEq(_request(avs, 0.65e18), 0.5e18);
        ISlashingManager.Request memory r = _r(avs, 0.65e18);
        VM.assertEq(slashing.execute(r), 0);
        VM.assertEq(slashing.openAmount(r), 0.15e18);
        _goTo(5);
        _assertSlashable(avs, 0.1e18, 0.15e18);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.Slashed(_id(r), avs, OPERATOR, address(vault), 0.1e18, 0.05e18, 15 * ETHER, DEAD);
        VM.prank(STRANGER);
        VM.assertEq(slashing.execute(r), 0.15e18);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertOpen(false);
        _assertRetained(0.35e18);
        _assertSlashable(avs, 0, 0.1e18);
        _assertSlashable(second, 0.05e18, 0.15e18);
    }

    function test_execute__a_part_of_the_rest__leaves_what_is_left_open() external {
        _warp(_start(5) - 12 hours);
        VM.assertEq(_request(avs, 1e18), 0.5e18);
        ISlashingManager.Request memory r = _r(avs, 1e18);
        _goTo(5);
        VM.assertEq(slashing.execute(r), 0.25e18);
        VM.assertEq(slashing.openAmount(r), 0.25e18);
        _assertOpen(true);
        _assertRetained(0.25e18);
    }

    function test_request__no_veto_period__rest_stays_open_for_the_execute_window() external {
        _request(avs, 0.6e18);
        ISlashingManager.Request memory r = _r(avs, 0.6e18);
        VM.warp(now_ + 1 days);
        VM.assertEq(slashing.openAmount(r), 0.1e18);
        _assertOpen(true);
        VM.warp(now_ + 1 days + 1);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertOpen(false);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.RequestNotOpen.selector, _id(r)));
        slashing.execute(r);
    }

    function test_request__offence_out_of_the_report_window__reverts() external {
        _warp(_start(4) + 4 days);
        VM.prank(SLASHER);
        slashing.request(avs, OPERATOR, address(vault), 1, uint48(_start(4)), EVIDENCE, "");
        _refused(abi.encodeWithSelector(ISlashingManager.OffenceOutOfWindow.selector, now_ + 1, now_));
        slashing.request(avs, OPERATOR, address(vault), 1, now_ + 1, EVIDENCE, "");
        _warp(_start(4) + 4 days + 1);
        _refused(abi.encodeWithSelector(ISlashingManager.OffenceOutOfWindow.selector, _start(4), now_));
        slashing.request(avs, OPERATOR, address(vault), 1, uint48(_start(4)), EVIDENCE, "");
    }

    function test_request__refused__reverts() external {
        AvsId unknown = AvsId.wrap(99);
        _refused(abi.encodeWithSelector(IAVSRegistry.UnknownAVS.selector, unknown));
        slashing.request(unknown, OPERATOR, address(vault), 1, now_, EVIDENCE, "");
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.NotSlasher.selector, avs, STRANGER));
        VM.prank(STRANGER);
        slashing.request(avs, OPERATOR, address(vault), 1, now_, EVIDENCE, "");
        _refused(abi.encodeWithSelector(ISlashingManager.AmountOutOfBounds.selector, 0));
        slashing.request(avs, OPERATOR, address(vault), 0, now_, EVIDENCE, "");
        _refused(abi.encodeWithSelector(ISlashingManager.AmountOutOfBounds.selector, 1e18 + 1));
        slashing.request(avs, OPERATOR, address(vault), 1e18 + 1, now_, EVIDENCE, "");
        _refused(abi.encodeWithSelector(ISlashingManager.AllocationNotInForce.selector, avs, OPERATOR, vault, 3));
        slashing.request(avs, OPERATOR, address(vault), 1, now_ - 1, EVIDENCE, "");
    }

    function test_request__the_same_again__reverts_while_the_first_is_open() external {
        _request(vetoed, 0.1e18);
        ISlashingManager.Request memory r = _r(vetoed, 0.1e18);
        _refused(abi.encodeWithSelector(ISlashingManager.RequestExists.selector, _id(r)));
        slashing.request(vetoed, OPERATOR, address(vault), 0.1e18, now_, EVIDENCE, "");
        VM.prank(SLASHER);
        slashing.takeBack(r);
        _request(vetoed, 0.1e18);
        VM.assertEq(slashing.openAmount(r), 0.1e18);
    }

    function test_request__allocation_over_by_now__grants_nothing_and_stays_open() external {
        VM.prank(OPERATOR);
        registry.optOut(avs, address(vault));
        _warp(_start(6) + 1 hours);
        VM.prank(SLASHER);
        (, uint256 granted) =
            slashing.request(avs, OPERATOR, address(vault), 0.1e18, uint48(_start(6)) - 1, EVIDENCE, "");
        VM.assertEq(granted, 0);
        _assertRetained(1e18);
        _assertOpen(true);
    }

    function test_request__pool_without_stake__grants_nothing_and_draws_nothing() external {
        _undelegate(ALICE, 100 * ETHER);
        _warp(_start(6));
        VM.assertEq(_request(avs, 0.1e18), 0);
        VM.assertEq(slashing.openAmount(_r(avs, 0.1e18)), 0.1e18);
        VM.assertEq(slashing.execute(_r(avs, 0.1e18)), 0);
        _assertRetained(1e18);
        _assertSlashable(avs, 0.2e18, 0.3e18);
        VM.assertEq(vault.balanceOf(DEAD), 1e6);
    }

    // ------------------------------------------------------------------------------------------- veto and take back

    function test_execute__veto_period_over__pays_the_recipient() external {
        _warp(_start(4) + 1 hours);
        VM.assertEq(_request(vetoed, 0.1e18), 0);
        ISlashingManager.Request memory r = _r(vetoed, 0.1e18);
        _assertRetained(1e18);
        _assertOpen(true);
        VM.assertEq(slashing.openAmount(r), 0.1e18);
        VM.warp(now_ + 2 days - 1);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.VetoPeriodRunning.selector, _id(r), now_ + 2 days));
        slashing.execute(r);
        VM.warp(now_ + 2 days);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.Slashed(_id(r), vetoed, OPERATOR, address(vault), 0.1e18, 0, 10 * ETHER, RECIPIENT);
        VM.assertEq(slashing.execute(r), 0.1e18);
        VM.assertEq(vault.balanceOf(RECIPIENT), 10 * ETHER);
        _assertRetained(0.9e18);
        _assertOpen(false);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.RequestNotOpen.selector, _id(r)));
        slashing.execute(r);
    }

    function test_execute__to_the_last_second_of_its_window_and_not_after() external {
        _request(vetoed, 0.05e18);
        ISlashingManager.Request memory r = _r(vetoed, 0.05e18);
        VM.warp(now_ + 3 days + 1);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertOpen(false);
        bytes memory lapsed = abi.encodeWithSelector(ISlashingManager.RequestNotOpen.selector, _id(r));
        VM.expectRevert(lapsed);
        slashing.execute(r);
        _refused(lapsed);
        slashing.takeBack(r);
        VM.expectRevert(lapsed);
        VM.prank(RESOLVER);
        slashing.veto(r);
        VM.warp(now_ + 3 days);
        VM.assertEq(slashing.openAmount(r), 0.05e18);
        _assertOpen(true);
        VM.assertEq(slashing.execute(r), 0.05e18);
    }

    function test_veto__to_the_last_second_of_the_veto_period__ends_the_request() external {
        _request(vetoed, 0.1e18);
        ISlashingManager.Request memory r = _r(vetoed, 0.1e18);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.NotResolver.selector, vetoed, SLASHER));
        VM.prank(SLASHER);
        slashing.veto(r);
        VM.warp(now_ + 2 days);
        VM.startPrank(RESOLVER);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.VetoPeriodOver.selector, _id(r), now_ + 2 days));
        slashing.veto(r);
        VM.warp(now_ + 2 days - 1);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.SlashVetoed(_id(r));
        slashing.veto(r);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertOpen(false);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.RequestNotOpen.selector, _id(r)));
        slashing.veto(r);
    }

    function test_take_back__to_the_last_second__ends_the_request() external {
        _request(vetoed, 0.1e18);
        ISlashingManager.Request memory r = _r(vetoed, 0.1e18);
        VM.expectRevert(abi.encodeWithSelector(ISlashingManager.NotSlasher.selector, vetoed, RESOLVER));
        VM.prank(RESOLVER);
        slashing.takeBack(r);
        VM.warp(now_ + 3 days);
        VM.expectEmit(address(slashing));
        emit ISlashingManager.SlashTakenBack(_id(r));
        VM.prank(SLASHER);
        slashing.takeBack(r);
        VM.assertEq(slashing.openAmount(r), 0);
        _assertOpen(false);
        _refused(abi.encodeWithSelector(ISlashingManager.RequestNotOpen.selector, _id(r)));
        slashing.takeBack(r);
    }

    // --------------------------------------------------------------------------------------------------------- views

    function test_request_id__is_the_hash_of_the_request() external view {
        ISlashingManager.Request memory r = _r(avs, 7);
        VM.assertEq(RequestId.unwrap(slashing.requestId(r)), keccak256(abi.encode(r)));
    }

    function test_safe__is_what_others_cannot_take() external {
        // B' is 0.1 + 0.2 of B. What is shared in it is 0.5, of which the others may take 0.3.
        (uint256 guaranteed, uint256 elastic) = slashing.safe(avs, OPERATOR, address(vault));
        VM.assertEq(guaranteed, 0.06e18);
        VM.assertEq(elastic, 0.06e18);
        // With the allocation of the next epoch.
        VM.prank(OPERATOR);
        registry.allocate(avs, address(vault), 1000, 500);
        _goTo(5);
        (guaranteed, elastic) = slashing.safe(avs, OPERATOR, address(vault));
        VM.assertEq(guaranteed, 0.03e18);
        VM.assertEq(elastic, 0.015e18);
    }

    function _assertAmounts(ISlashingManager.Amounts memory a, uint256[5] memory amounts) private pure {
        VM.assertEq(a.slashableGuaranteed, amounts[0]);
        VM.assertEq(a.slashableElastic, amounts[1]);
        VM.assertEq(a.safeGuaranteed, amounts[2]);
        VM.assertEq(a.safeElastic, amounts[3]);
        VM.assertEq(a.othersElastic, amounts[4]);
    }

    function test_stake__tells_vault_shares_and_assets_and_leaves_tickets_out_of_what_is_safe() external {
        _undelegate(ALICE, 20 * ETHER);
        asset.mint(address(vault), 100 * ETHER + 1e6 + 1); // doubles what a share is worth
        ISlashingManager.Stake memory s = slashing.stake(avs, OPERATOR, address(vault));
        VM.assertEq(s.operator, OPERATOR);
        VM.assertEq(s.vault, address(vault));
        _assertAmounts(s.shares, [20 * ETHER, 30 * ETHER, 4.8e18, 4.8e18, 30 * ETHER]);
        _assertAmounts(s.assets, [40 * ETHER, 60 * ETHER, 9.6e18, 9.6e18, 60 * ETHER]);
    }

    function test_stake__vault_not_counted__is_nothing() external {
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), false);
        ISlashingManager.Stake memory s = slashing.stake(avs, OPERATOR, address(vault));
        VM.assertEq(s.operator, OPERATOR);
        VM.assertEq(s.vault, address(vault));
        _assertAmounts(s.shares, [uint256(0), 0, 0, 0, 0]);
        _assertAmounts(s.assets, [uint256(0), 0, 0, 0, 0]);
    }

    /// Another operator secures the AVS too, without stakers.
    function _addPool() private {
        _enlist(OTHER_OPERATOR);
        VM.startPrank(OTHER_OPERATOR);
        registry.openPool(address(vault), 9000, 0, 0);
        registry.optIn(avs, address(vault), 500, 0, "");
        VM.stopPrank();
    }

    function test_stakes__pages_the_pools() external {
        _addPool();
        ISlashingManager.Stake[] memory page = slashing.stakes(avs, 0, 9);
        VM.assertEq(page.length, 2);
        VM.assertEq(page[0].operator, OPERATOR);
        _assertAmounts(page[0].shares, [20 * ETHER, 30 * ETHER, 6 * ETHER, 6 * ETHER, 30 * ETHER]);
        VM.assertEq(page[1].operator, OTHER_OPERATOR);
        _assertAmounts(page[1].shares, [uint256(0), 0, 0, 0, 0]);
        page = slashing.stakes(avs, 1, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(page[0].operator, OTHER_OPERATOR);
    }

    function _assertAverage(ISlashingManager.Average memory a, address operator, uint256[4] memory amounts)
        private
        view
    {
        VM.assertEq(a.operator, operator);
        VM.assertEq(a.vault, address(vault));
        VM.assertEq(a.guaranteed, amounts[0]);
        VM.assertEq(a.elastic, amounts[1]);
        VM.assertEq(a.safeGuaranteed, amounts[2]);
        VM.assertEq(a.safeElastic, amounts[3]);
    }

    function test_averages__are_of_the_pool_shares_in_the_epoch_just_finished_before_its_slashes() external {
        _addPool();
        VM.warp(_start(4) + 3.5 days);
        _undelegate(ALICE, 20 * ETHER);
        now_ = uint48(VM.getBlockTimestamp());
        VM.assertEq(_request(avs, 0.4e18), 0.4e18);
        _goTo(5);
        ISlashingManager.Average[] memory page = slashing.averages(avs, 0, 9);
        VM.assertEq(page.length, 2);
        _assertAverage(page[0], OPERATOR, [18 * ETHER, 27 * ETHER, 5.4e18, 5.4e18]);
        _assertAverage(page[1], OTHER_OPERATOR, [uint256(0), 0, 0, 0]);
        page = slashing.averages(avs, 1, 1);
        VM.assertEq(page.length, 1);
        _assertAverage(page[0], OTHER_OPERATOR, [uint256(0), 0, 0, 0]);
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), false);
        _assertAverage(slashing.averages(avs, 0, 1)[0], OPERATOR, [uint256(0), 0, 0, 0]);
    }

    function test_averages__with_the_allocation_of_the_epoch_after() external {
        VM.prank(OPERATOR);
        registry.allocate(avs, address(vault), 1000, 500);
        _goTo(6);
        _assertAverage(slashing.averages(avs, 0, 1)[0], OPERATOR, [20 * ETHER, 30 * ETHER, 3 * ETHER, 1.5e18]);
    }

    function test_worst_case__is_both_loss_budgets() external {
        VM.prank(OPERATOR);
        registry.setMandate(address(vault), 8000, 1000);
        _warp(_start(5));
        _request(avs, 0.25e18);
        (uint256 value, uint256 thisEpoch, uint256 leaving) = slashing.worstCase(OPERATOR, address(vault), 200 * ETHER);
        VM.assertEq(value, 150 * ETHER);
        VM.assertEq(thisEpoch, 20 * ETHER);
        VM.assertEq(leaving, 4 * ETHER);
    }
}
