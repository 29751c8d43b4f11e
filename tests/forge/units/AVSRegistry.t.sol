// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {IGovernance} from "../../../contracts/interfaces/IGovernance.sol";
import {EpochTooOld} from "../../../contracts/libraries/Lanes.sol";
import {Parts} from "../../../contracts/libraries/SlashMath.sol";
import {Accepted, AvsId} from "../../../contracts/libraries/Types.sol";
import {HostileHook, RecordingHook} from "../../../contracts/mocks/Hooks.sol";
import {VM} from "../Cheats.sol";
import {Scene} from "./Scene.sol";

contract AVSRegistryTest is Scene {
    AvsId private constant UNKNOWN = AvsId.wrap(type(uint32).max);

    AvsId private avs; // burns
    AvsId private paid; // sends slashed stake to a recipient

    function setUp() external {
        avs = _addAVS(_terms(0, address(0)));
        paid = _addAVS(_terms(0, RECIPIENT));
    }

    function _refused(bytes memory data) private {
        VM.expectRevert(data);
        VM.prank(OPERATOR);
    }

    function _setMandate(uint256 lossBudget, uint256 commission) private {
        VM.prank(OPERATOR);
        registry.setMandate(address(vault), lossBudget, commission);
    }

    function _allocate(uint256 guaranteed, uint256 elastic) private {
        VM.prank(OPERATOR);
        registry.allocate(avs, address(vault), guaranteed, elastic);
    }

    function _assertMandate(uint24 epoch, uint256 lossBudget, uint256 commission) private view {
        IAVSRegistry.Mandate memory m = registry.mandateAt(OPERATOR, address(vault), epoch);
        VM.assertEq(m.lossBudget, lossBudget);
        VM.assertEq(m.commission, commission);
        VM.assertEq(registry.commissionOfEpoch(OPERATOR, address(vault), epoch), commission);
    }

    function _assertLoosest(uint256 lossBudget, uint256 commission, uint256 vetoPeriod) private view {
        IAVSRegistry.Mandate memory m = registry.loosestMandate(OPERATOR, address(vault));
        VM.assertEq(m.lossBudget, lossBudget);
        VM.assertEq(m.commission, commission);
        VM.assertEq(m.vetoPeriod, vetoPeriod);
    }

    function _assertAllocation(uint24 epoch, uint256 guaranteed, uint256 elastic) private view {
        (uint256 g, uint256 h) = registry.allocationAt(avs, OPERATOR, address(vault), epoch);
        VM.assertEq(g, guaranteed);
        VM.assertEq(h, elastic);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__timing_at_its_bounds__is_taken() external {
        VM.warp(GENESIS + 30 days);
        IAVSRegistry.Timing[2] memory timings =
            [IAVSRegistry.Timing(GENESIS, 60, 1, 58, 1), IAVSRegistry.Timing(GENESIS + 30 days, 30 days, 1, 0, 1)];
        for (uint256 i = 0; i < timings.length; ++i) {
            IAVSRegistry made = _newRegistry(timings[i], address(1), address(2), address(3));
            VM.assertEq(made.GENESIS(), timings[i].genesis);
            VM.assertEq(made.EPOCH(), timings[i].epoch);
            VM.assertEq(made.REPORT_WINDOW(), timings[i].reportWindow);
            VM.assertEq(made.MAX_VETO(), timings[i].maxVeto);
            VM.assertEq(made.EXECUTE_WINDOW(), timings[i].executeWindow);
        }
    }

    function test_constructor__timing_out_of_bounds__reverts() external {
        VM.warp(GENESIS + 30 days + 1);
        uint48 now_ = GENESIS + 30 days + 1;
        IAVSRegistry.Timing[7] memory timings = [
            IAVSRegistry.Timing(now_ + 1, 7 days, 4 days, 2 days, 1 days),
            IAVSRegistry.Timing(GENESIS, 7 days, 4 days, 2 days, 1 days),
            IAVSRegistry.Timing(now_, 59, 1, 1, 1),
            IAVSRegistry.Timing(now_, 30 days + 1, 4 days, 2 days, 1 days),
            IAVSRegistry.Timing(now_, 7 days, 0, 2 days, 1 days),
            IAVSRegistry.Timing(now_, 7 days, 4 days, 2 days, 0),
            IAVSRegistry.Timing(now_, 7 days, 4 days, 2 days, 1 days + 1)
        ];
        for (uint256 i = 0; i < timings.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.TimingOutOfBounds.selector, timings[i]));
            _newRegistry(timings[i], address(1), address(2), address(3));
        }
    }

    // -------------------------------------------------------------------------------------------------------- clock

    function test_clock__counts_epochs_from_genesis() external {
        VM.assertEq(registry.epoch(), 1);
        VM.assertEq(registry.epochAt(GENESIS - 1), 0);
        VM.assertEq(registry.epochAt(GENESIS), 1);
        VM.assertEq(registry.epochAt(GENESIS + 7 days - 1), 1);
        VM.assertEq(registry.epochAt(GENESIS + 7 days), 2);
        VM.assertEq(registry.startOf(1), GENESIS);
        VM.assertEq(registry.startOf(3), GENESIS + 14 days);
        VM.warp(GENESIS + 7 days - 1);
        VM.assertEq(registry.epoch(), 1);
        VM.assertEq(registry.clock(), GENESIS + 7 days - 1);
        VM.warp(GENESIS + 7 days);
        VM.assertEq(registry.epoch(), 2);
        VM.assertEq(bytes(registry.CLOCK_MODE()), "mode=timestamp");
    }

    // ---------------------------------------------------------------------------------------------------- operators

    function test_register_operator__registers_the_caller() external {
        VM.assertEq(registry.isOperator(STRANGER), false);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.OperatorRegistered(STRANGER, "uri");
        VM.prank(STRANGER);
        registry.registerOperator("uri");
        VM.assertEq(registry.isOperator(STRANGER), true);
    }

    function test_register_operator__twice__reverts() external {
        _refused(abi.encodeWithSelector(IAVSRegistry.OperatorAlreadyRegistered.selector, OPERATOR));
        registry.registerOperator("");
    }

    function test_open_pool__sets_the_mandate_at_once() external {
        VM.assertEq(registry.isOpen(OPERATOR, address(vault)), false);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.PoolOpened(OPERATOR, address(vault), 2 days);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.MandateAnnounced(OPERATOR, address(vault), 10_000, 10_000, true);
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 10_000, 10_000, 2 days);

        VM.assertEq(registry.isOpen(OPERATOR, address(vault)), true);
        _assertMandate(1, 10_000, 10_000);
        VM.assertEq(registry.mandateAt(OPERATOR, address(vault), 1).vetoPeriod, 2 days);
        VM.assertEq(registry.room(OPERATOR, address(vault)), 10_000);
    }

    function test_open_pool__by_no_operator__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownOperator.selector, STRANGER));
        VM.prank(STRANGER);
        registry.openPool(address(vault), 0, 0, 0);
    }

    function test_open_pool__unlisted_vault__reverts() external {
        _refused(abi.encodeWithSelector(IGovernance.UnknownVault.selector, STRANGER));
        registry.openPool(STRANGER, 0, 0, 0);
    }

    function test_open_pool__twice__reverts() external {
        _openPool(OPERATOR);
        _refused(abi.encodeWithSelector(IAVSRegistry.PoolAlreadyOpen.selector, OPERATOR, vault));
        registry.openPool(address(vault), 0, 0, 0);
    }

    function test_open_pool__veto_period_too_long__reverts() external {
        _refused(abi.encodeWithSelector(IAVSRegistry.VetoPeriodTooLong.selector, 2 days + 1, 2 days));
        registry.openPool(address(vault), 0, 0, 2 days + 1);
    }

    function test_open_pool__more_than_everything__reverts() external {
        _refused(abi.encodeWithSelector(IAVSRegistry.FractionTooLarge.selector, 10_001));
        registry.openPool(address(vault), 10_001, 0, 0);
        _refused(abi.encodeWithSelector(IAVSRegistry.FractionTooLarge.selector, 10_002));
        registry.openPool(address(vault), 0, 10_002, 0);
    }

    // ----------------------------------------------------------------------------------------------------- mandates

    function test_set_mandate__closed_pool__reverts() external {
        _refused(abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, OPERATOR, vault));
        registry.setMandate(address(vault), 1, 1);
    }

    function test_set_mandate__nobody_ever_delegated__is_in_force_at_once() external {
        _openPool(OPERATOR);
        _goTo(3);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.MandateAnnounced(OPERATOR, address(vault), 7000, 20, true);
        _setMandate(7000, 20);
        _assertMandate(3, 7000, 20);
        _assertMandate(9, 7000, 20);
        _assertMandate(1, 5000, 1000);
        _assertLoosest(7000, 20, 0);
    }

    function test_set_mandate__falls_after_two_epochs_and_rises_after_three() external {
        _openPool(OPERATOR);
        _delegate(ALICE, 1e18);
        _goTo(5);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.MandateAnnounced(OPERATOR, address(vault), 4000, 2000, false);
        _setMandate(4000, 2000);
        _assertMandate(0, 5000, 1000);
        _assertMandate(3, 5000, 1000);
        _assertMandate(4, 5000, 1000);
        _assertMandate(5, 5000, 1000);
        _assertMandate(6, 5000, 1000);
        _assertMandate(7, 4000, 1000);
        _assertMandate(8, 4000, 2000);
        _assertMandate(99, 4000, 2000);
        _assertLoosest(5000, 2000, 0);
        _goTo(6);
        _assertLoosest(5000, 2000, 0);
        _goTo(7);
        _assertLoosest(4000, 2000, 0);
        VM.assertEq(registry.room(OPERATOR, address(vault)), 4000);
    }

    function test_set_mandate__again_before_the_first_is_in_force__keeps_the_fall_and_calls_off_the_rise() external {
        _openPool(OPERATOR);
        _delegate(ALICE, 1e18);
        _goTo(5);
        _setMandate(4000, 2000);
        _goTo(6);
        _setMandate(6000, 500);
        _assertMandate(6, 5000, 1000);
        _assertMandate(7, 4000, 1000);
        _assertMandate(8, 4000, 500);
        _assertMandate(9, 6000, 500);
        // The past as it was.
        _assertMandate(3, 5000, 1000);
        _assertMandate(5, 5000, 1000);
    }

    function test_mandate_at__before_the_pool_was_open__is_zero() external {
        _goTo(3);
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 5000, 1000, 1 days);
        _assertMandate(1, 0, 0);
        _assertMandate(3, 5000, 1000);
        VM.assertEq(registry.mandateAt(OPERATOR, address(vault), 3).vetoPeriod, 1 days);
    }

    function test_mandate__closed_pool__reverts() external {
        bytes memory unknown = abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, OPERATOR, vault);
        VM.expectRevert(unknown);
        registry.mandateAt(OPERATOR, address(vault), 1);
        VM.expectRevert(unknown);
        registry.commissionOfEpoch(OPERATOR, address(vault), 1);
        VM.expectRevert(unknown);
        registry.loosestMandate(OPERATOR, address(vault));
        VM.expectRevert(unknown);
        registry.room(OPERATOR, address(vault));
    }

    function test_set_mandate__under_what_is_guaranteed__reverts_with_the_epoch() external {
        _openPool(OPERATOR);
        _optIn(avs, 4000, 0);
        // Nobody has delegated: at once, and too small in the epoch in which the guaranteed part is in force.
        _refused(abi.encodeWithSelector(IAVSRegistry.LossBudgetExceeded.selector, 4, 4000, 3999));
        registry.setMandate(address(vault), 3999, 0);
        _setMandate(4000, 1000);
        _goTo(4);
        _refused(abi.encodeWithSelector(IAVSRegistry.LossBudgetExceeded.selector, 4, 4000, 3999));
        registry.setMandate(address(vault), 3999, 0);
        // By the rule of time, and too small two epochs later.
        _delegate(ALICE, 1e18);
        _refused(abi.encodeWithSelector(IAVSRegistry.LossBudgetExceeded.selector, 6, 4000, 3999));
        registry.setMandate(address(vault), 3999, 0);
        _setMandate(4000, 0);
    }

    function test_set_mandate__with_a_fall_of_what_is_guaranteed__is_taken() external {
        _openPool(OPERATOR);
        _optIn(avs, 4000, 0);
        _delegate(ALICE, 1e18);
        _goTo(4);
        _allocate(1000, 0);
        _setMandate(1000, 0);
        _assertMandate(5, 5000, 1000);
        _assertMandate(6, 1000, 0);
        _assertAllocation(5, 4000, 0);
        _assertAllocation(6, 1000, 0);
    }

    function test_check_consent__mandate_as_loose_as_accepted__passes() external {
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 5000, 1000, 1 days);
        registry.checkConsent(OPERATOR, address(vault), Accepted(5000, 1000, 1 days, false));
    }

    function test_check_consent__mandate_looser_than_accepted__reverts() external {
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 5000, 1000, 1 days);
        Accepted[3] memory accepted = [
            Accepted(4999, 1000, 1 days, false),
            Accepted(5000, 999, 1 days, false),
            Accepted(5000, 1000, 1 days + 1, true)
        ];
        for (uint256 i = 0; i < 3; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    IAVSRegistry.MandateTooLoose.selector, IAVSRegistry.Mandate(5000, 1000, 1 days), accepted[i]
                )
            );
            registry.checkConsent(OPERATOR, address(vault), accepted[i]);
        }
    }

    function test_check_consent__paused_or_closed__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, OPERATOR, vault));
        registry.checkConsent(OPERATOR, address(vault), _anything());
        VM.prank(GUARDIAN);
        registry.pause();
        VM.expectRevert(abi.encodeWithSelector(IGovernance.ProtocolPaused.selector));
        registry.checkConsent(OPERATOR, address(vault), _anything());
    }

    // --------------------------------------------------------------------------------------------------------- AVSs

    function test_register_avs__counts_from_one_and_keeps_the_terms() external {
        VM.assertEq(registry.avsCount(), 2);
        IAVSRegistry.Terms memory terms =
            IAVSRegistry.Terms(SLASHER, 2 days, true, RECIPIENT, AVS_OWNER, RESOLVER, STRANGER);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AVSRegistered(AvsId.wrap(3), terms, "uri");
        AvsId id = registry.registerAVS(terms, "uri");
        VM.assertEq(AvsId.unwrap(id), 3);
        VM.assertEq(registry.avsCount(), 3);
        VM.assertEq(keccak256(abi.encode(registry.terms(id))), keccak256(abi.encode(terms)));
    }

    function test_register_avs__no_owner_or_slasher__reverts() external {
        IAVSRegistry.Terms memory terms = _terms(0, address(0));
        terms.owner = address(0);
        VM.expectRevert(abi.encodeWithSelector(IGovernance.ZeroAddress.selector));
        registry.registerAVS(terms, "");
        terms = _terms(0, address(0));
        terms.slasher = address(0);
        VM.expectRevert(abi.encodeWithSelector(IGovernance.ZeroAddress.selector));
        registry.registerAVS(terms, "");
    }

    function test_register_avs__veto_period_too_long__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.VetoPeriodTooLong.selector, 2 days + 1, 2 days));
        registry.registerAVS(_terms(2 days + 1, address(0)), "");
    }

    function test_register_avs__resolver_without_veto_period__reverts() external {
        IAVSRegistry.Terms memory terms = _terms(0, address(0));
        terms.resolver = RESOLVER;
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.ResolverMismatch.selector, RESOLVER, 0));
        registry.registerAVS(terms, "");
    }

    function test_register_avs__veto_period_without_resolver__reverts() external {
        IAVSRegistry.Terms memory terms = _terms(1, address(0));
        terms.resolver = address(0);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.ResolverMismatch.selector, address(0), 1));
        registry.registerAVS(terms, "");
    }

    function test_register_avs__recipient_of_the_protocol__reverts() external {
        address[5] memory parts =
            [address(registry), address(delegation), address(slashing), address(rewards), address(vault)];
        for (uint256 i = 0; i < parts.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.RecipientIsProtocol.selector, parts[i]));
            registry.registerAVS(_terms(0, parts[i]), "");
        }
    }

    function test_set_vault__sets_what_counts() external {
        VM.assertEq(registry.isCounted(avs, address(vault)), true);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.VaultCounted(avs, address(vault), false);
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), false);
        VM.assertEq(registry.isCounted(avs, address(vault)), false);
        VM.assertEq(registry.isCounted(paid, address(vault)), true);
    }

    function test_set_vault__refused__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.NotAVSOwner.selector, avs, SLASHER));
        VM.prank(SLASHER);
        registry.setVault(avs, address(vault), true);
        VM.startPrank(AVS_OWNER);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownAVS.selector, UNKNOWN));
        registry.setVault(UNKNOWN, address(vault), true);
        VM.expectRevert(abi.encodeWithSelector(IGovernance.UnknownVault.selector, STRANGER));
        registry.setVault(avs, STRANGER, true);
    }

    function test_terms__unknown_avs__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownAVS.selector, UNKNOWN));
        registry.terms(UNKNOWN);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownAVS.selector, UNKNOWN));
        registry.termsToSlash(UNKNOWN, OPERATOR, address(vault), 1);
    }

    function _admitting() private returns (AvsId id) {
        IAVSRegistry.Terms memory terms = _terms(0, address(0));
        terms.byAdmission = true;
        id = _addAVS(terms);
    }

    function test_set_admitted__admits_and_takes_it_back() external {
        AvsId id = _admitting();
        VM.assertEq(registry.isAdmitted(id, OPERATOR), false);
        bool[2] memory admitted = [true, false];
        for (uint256 i = 0; i < 2; ++i) {
            VM.expectEmit(address(registry));
            emit IAVSRegistry.AdmissionSet(id, OPERATOR, admitted[i]);
            VM.prank(AVS_OWNER);
            registry.setAdmitted(id, OPERATOR, admitted[i]);
            VM.assertEq(registry.isAdmitted(id, OPERATOR), admitted[i]);
        }
    }

    function test_set_admitted__refused__reverts() external {
        AvsId id = _admitting();
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.NotAVSOwner.selector, id, OPERATOR));
        VM.prank(OPERATOR);
        registry.setAdmitted(id, OPERATOR, true);
        VM.startPrank(AVS_OWNER);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.AdmissionNotRequired.selector, avs));
        registry.setAdmitted(avs, OPERATOR, true);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.UnknownOperator.selector, STRANGER));
        registry.setAdmitted(id, STRANGER, true);
    }

    // ------------------------------------------------------------------------------------------------------- opt-in

    function test_opt_in__announces_the_first_allocation() external {
        _openPool(OPERATOR);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.OptedIn(avs, OPERATOR, address(vault));
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AllocationAnnounced(avs, OPERATOR, address(vault), 3000, 6000);
        _optIn(avs, 3000, 6000);

        VM.assertEq(registry.isOptedIn(avs, OPERATOR, address(vault)), true);
        VM.assertEq(registry.isOptedIn(paid, OPERATOR, address(vault)), false);
        VM.assertEq(registry.room(OPERATOR, address(vault)), 2000);
        _assertAllocation(0, 0, 0);
        _assertAllocation(1, 0, 0);
        _assertAllocation(3, 0, 0);
        _assertAllocation(4, 3000, 6000);
        _assertAllocation(50, 3000, 6000);
    }

    function test_opt_in__refused__reverts_with_the_reason() external {
        bytes memory unknown = abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, OPERATOR, vault);
        _refused(unknown);
        registry.optIn(avs, address(vault), 1, 0, "");
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 5000, 0, 1 days);
        _refused(abi.encodeWithSelector(IAVSRegistry.UnknownAVS.selector, UNKNOWN));
        registry.optIn(UNKNOWN, address(vault), 1, 0, "");
        _refused(abi.encodeWithSelector(IAVSRegistry.VetoPeriodTooShort.selector, 0, 1 days));
        registry.optIn(avs, address(vault), 1, 0, "");
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), false);
        _refused(abi.encodeWithSelector(IAVSRegistry.VaultNotCounted.selector, avs, vault));
        registry.optIn(avs, address(vault), 1, 0, "");
        VM.prank(GUARDIAN);
        registry.pause();
        _refused(abi.encodeWithSelector(IGovernance.ProtocolPaused.selector));
        registry.optIn(avs, address(vault), 1, 0, "");
    }

    function test_opt_in__veto_period_as_long_as_the_mandate_asks__is_taken() external {
        VM.prank(OPERATOR);
        registry.openPool(address(vault), 5000, 0, 1 days);
        AvsId id = _addAVS(_terms(1 days, address(0)));
        _optIn(id, 1, 0);
        VM.assertEq(registry.isOptedIn(id, OPERATOR, address(vault)), true);
    }

    function test_opt_in__by_admission__takes_who_was_admitted() external {
        _openPool(OPERATOR);
        AvsId id = _admitting();
        _refused(abi.encodeWithSelector(IAVSRegistry.NotAdmitted.selector, id, OPERATOR));
        registry.optIn(id, address(vault), 1, 0, "");
        VM.prank(AVS_OWNER);
        registry.setAdmitted(id, OPERATOR, true);
        _optIn(id, 1, 0);
        VM.assertEq(registry.isOptedIn(id, OPERATOR, address(vault)), true);
    }

    function test_opt_in__twice__reverts() external {
        _openPool(OPERATOR);
        _optIn(avs, 0, 1);
        _refused(abi.encodeWithSelector(IAVSRegistry.AlreadyOptedIn.selector, avs, OPERATOR, vault));
        registry.optIn(avs, address(vault), 1, 0, "");
    }

    function test_opt_in__wrong_amounts__reverts() external {
        _openPool(OPERATOR);
        _refused(abi.encodeWithSelector(IAVSRegistry.NothingAllocated.selector));
        registry.optIn(avs, address(vault), 0, 0, "");
        _refused(abi.encodeWithSelector(IAVSRegistry.FractionTooLarge.selector, 10_001));
        registry.optIn(avs, address(vault), 10_001, 0, "");
        _refused(abi.encodeWithSelector(IAVSRegistry.FractionTooLarge.selector, 10_002));
        registry.optIn(avs, address(vault), 0, 10_002, "");
        _refused(abi.encodeWithSelector(IAVSRegistry.ElasticWithRecipient.selector, paid, 1));
        registry.optIn(paid, address(vault), 1, 1, "");
        _refused(abi.encodeWithSelector(IAVSRegistry.LossBudgetExceeded.selector, 4, 5001, 5000));
        registry.optIn(avs, address(vault), 5001, 0, "");
        _optIn(paid, 1000, 0);
        _refused(abi.encodeWithSelector(IAVSRegistry.LossBudgetExceeded.selector, 4, 5001, 5000));
        registry.optIn(avs, address(vault), 4001, 0, "");
        _optIn(avs, 4000, 10_000);
    }

    function test_opt_in__hook__is_told_under_the_lock() external {
        _openPool(OPERATOR);
        IAVSRegistry.Terms memory terms = _terms(0, address(0));
        terms.hook = VM.deployCode("Hooks.sol:RecordingHook", "");
        AvsId id = _addAVS(terms);
        VM.expectEmit(terms.hook);
        emit RecordingHook.Told(id, OPERATOR, address(vault), 10, 20, "data");
        VM.prank(OPERATOR);
        registry.optIn(id, address(vault), 10, 20, "data");

        HostileHook hook = HostileHook(VM.deployCode("Hooks.sol:HostileHook", ""));
        hook.setCallback(address(delegation), abi.encodeCall(delegation.locked, ()));
        terms.hook = address(hook);
        _optIn(_addAVS(terms), 10, 20);
        VM.assertEq(hook.result(), abi.encode(true));
        VM.assertEq(delegation.locked(), false);
    }

    function test_opt_in__hook_refuses__reverts() external {
        _openPool(OPERATOR);
        HostileHook hook = HostileHook(VM.deployCode("Hooks.sol:HostileHook", ""));
        hook.setMode(HostileHook.Mode.Refuse);
        IAVSRegistry.Terms memory terms = _terms(0, address(0));
        terms.hook = address(hook);
        AvsId id = _addAVS(terms);
        _refused(abi.encodeWithSelector(HostileHook.Refused.selector));
        registry.optIn(id, address(vault), 10, 20, "");
    }

    // -------------------------------------------------------------------------------------------------- allocations

    function test_allocate__not_opted_in__reverts() external {
        _openPool(OPERATOR);
        _refused(abi.encodeWithSelector(IAVSRegistry.NotOptedIn.selector, avs, OPERATOR, vault));
        registry.allocate(avs, address(vault), 1, 0);
    }

    function test_allocate__falls_after_two_epochs_and_rises_after_three() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        _goTo(5);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AllocationAnnounced(avs, OPERATOR, address(vault), 1000, 7000);
        _allocate(1000, 7000);
        _assertAllocation(4, 3000, 6000);
        _assertAllocation(6, 3000, 6000);
        _assertAllocation(7, 1000, 6000);
        _assertAllocation(8, 1000, 7000);
        VM.assertEq(registry.room(OPERATOR, address(vault)), 4000);
        VM.expectRevert(abi.encodeWithSelector(EpochTooOld.selector, 3, 4));
        registry.allocationAt(avs, OPERATOR, address(vault), 3);
    }

    function test_allocate__paused__takes_what_does_not_rise() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        VM.prank(GUARDIAN);
        registry.pause();
        bytes memory paused = abi.encodeWithSelector(IGovernance.ProtocolPaused.selector);
        _refused(paused);
        registry.allocate(avs, address(vault), 3001, 6000);
        _refused(paused);
        registry.allocate(avs, address(vault), 3000, 6001);
        _allocate(3000, 6000);
        _allocate(2999, 5999);
        _assertAllocation(4, 2999, 5999);
    }

    function test_allocate__nothing__reverts() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        _refused(abi.encodeWithSelector(IAVSRegistry.NothingAllocated.selector));
        registry.allocate(avs, address(vault), 0, 0);
    }

    function test_opt_out__falls_to_zero_after_two_epochs() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        _goTo(5);
        VM.prank(GUARDIAN);
        registry.pause();
        VM.expectEmit(address(registry));
        emit IAVSRegistry.OptedOut(avs, OPERATOR, address(vault), false);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AllocationAnnounced(avs, OPERATOR, address(vault), 0, 0);
        VM.prank(OPERATOR);
        registry.optOut(avs, address(vault));
        VM.assertEq(registry.isOptedIn(avs, OPERATOR, address(vault)), false);
        _assertAllocation(6, 3000, 6000);
        _assertAllocation(7, 0, 0);
        VM.assertEq(registry.room(OPERATOR, address(vault)), 5000);
        _refused(abi.encodeWithSelector(IAVSRegistry.NotOptedIn.selector, avs, OPERATOR, vault));
        registry.optOut(avs, address(vault));
    }

    function test_opt_in__after_an_opt_out__is_listed_once() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        VM.prank(OPERATOR);
        registry.optOut(avs, address(vault));
        _optIn(avs, 10, 0);
        VM.assertEq(registry.allocationCount(OPERATOR, address(vault)), 1);
        VM.assertEq(registry.poolCount(avs), 1);
    }

    function test_eject__opts_the_operator_out() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.OptedOut(avs, OPERATOR, address(vault), true);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AllocationAnnounced(avs, OPERATOR, address(vault), 0, 0);
        VM.prank(AVS_OWNER);
        registry.eject(avs, OPERATOR, address(vault));
        VM.assertEq(registry.isOptedIn(avs, OPERATOR, address(vault)), false);
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.NotOptedIn.selector, avs, OPERATOR, vault));
        VM.prank(AVS_OWNER);
        registry.eject(avs, OPERATOR, address(vault));
    }

    function test_eject__by_another__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSRegistry.NotAVSOwner.selector, avs, SLASHER));
        VM.prank(SLASHER);
        registry.eject(avs, OPERATOR, address(vault));
    }

    function test_eject__takes_the_admission_back_too() external {
        _openPool(OPERATOR);
        AvsId id = _admitting();
        VM.prank(AVS_OWNER);
        registry.setAdmitted(id, OPERATOR, true);
        _optIn(id, 3000, 0);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.AdmissionSet(id, OPERATOR, false);
        VM.expectEmit(address(registry));
        emit IAVSRegistry.OptedOut(id, OPERATOR, address(vault), true);
        VM.prank(AVS_OWNER);
        registry.eject(id, OPERATOR, address(vault));
        VM.assertEq(registry.isAdmitted(id, OPERATOR), false);
        VM.assertEq(registry.isOptedIn(id, OPERATOR, address(vault)), false);
    }

    function test_eject__already_out__takes_the_admission_back() external {
        _openPool(OPERATOR);
        AvsId id = _admitting();
        VM.prank(AVS_OWNER);
        registry.setAdmitted(id, OPERATOR, true);
        VM.prank(AVS_OWNER);
        registry.eject(id, OPERATOR, address(vault));
        VM.assertEq(registry.isAdmitted(id, OPERATOR), false);
    }

    // -------------------------------------------------------------------------------------------------------- views

    function test_parts_at__tells_the_own_and_all_parts() external {
        _openPool(OPERATOR);
        _optIn(avs, 3000, 6000);
        AvsId second = _addAVS(_terms(0, address(0)));
        _optIn(second, 1000, 9000);
        Parts memory p = registry.partsAt(avs, OPERATOR, address(vault), 4);
        VM.assertEq(p.guaranteed, 3000);
        VM.assertEq(p.elastic, 6000);
        VM.assertEq(p.lossBudget, 5000);
        VM.assertEq(p.allGuaranteed, 4000);
        VM.assertEq(p.allElastic, 15_000);
        p = registry.partsAt(avs, OPERATOR, address(vault), 3);
        VM.assertEq(p.guaranteed + p.elastic + p.allGuaranteed + p.allElastic, 0);
        VM.assertEq(p.lossBudget, 5000);
    }

    function test_terms_to_slash__tells_terms_and_allocation() external {
        _openPool(OPERATOR);
        AvsId id = _addAVS(_terms(2 days, RECIPIENT));
        _optIn(id, 3000, 0);
        (address slasher, uint48 vetoPeriod, address recipient, uint256 guaranteed, uint256 elastic) =
            registry.termsToSlash(id, OPERATOR, address(vault), 4);
        VM.assertEq(slasher, SLASHER);
        VM.assertEq(vetoPeriod, 2 days);
        VM.assertEq(recipient, RECIPIENT);
        VM.assertEq(guaranteed, 3000);
        VM.assertEq(elastic, 0);
    }

    function test_pools__pages_the_pools_of_an_avs() external {
        IAVSRegistry.PoolRef[] memory page = registry.pools(avs, 0, 9);
        VM.assertEq(page.length, 0);
        _openPool(OPERATOR);
        _optIn(avs, 1, 0);
        _enlist(OTHER_OPERATOR);
        address other = address(_newVault(address(asset), false));
        VM.prank(OWNER);
        registry.listVault(other);
        VM.prank(AVS_OWNER);
        registry.setVault(avs, other, true);
        VM.startPrank(OTHER_OPERATOR);
        registry.openPool(other, 5000, 0, 0);
        registry.optIn(avs, other, 1, 0, "");
        VM.stopPrank();

        VM.assertEq(registry.poolCount(avs), 2);
        page = registry.pools(avs, 0, 9);
        VM.assertEq(page.length, 2);
        VM.assertEq(page[0].operator, OPERATOR);
        VM.assertEq(page[0].vault, address(vault));
        VM.assertEq(page[1].operator, OTHER_OPERATOR);
        VM.assertEq(page[1].vault, other);
        page = registry.pools(avs, 1, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(page[0].operator, OTHER_OPERATOR);
    }

    function test_allocations__pages_the_allocations_of_a_pool() external {
        _openPool(OPERATOR);
        _optIn(paid, 7, 0);
        _optIn(avs, 8, 9);
        VM.assertEq(registry.allocationCount(OPERATOR, address(vault)), 2);
        IAVSRegistry.Allocation[] memory page = registry.allocations(OPERATOR, address(vault), 4, 0, 9);
        VM.assertEq(page.length, 2);
        VM.assertEq(AvsId.unwrap(page[0].avs), AvsId.unwrap(paid));
        VM.assertEq(page[0].guaranteed, 7);
        VM.assertEq(page[0].elastic, 0);
        page = registry.allocations(OPERATOR, address(vault), 4, 1, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(AvsId.unwrap(page[0].avs), AvsId.unwrap(avs));
        VM.assertEq(page[0].guaranteed, 8);
        VM.assertEq(page[0].elastic, 9);
        page = registry.allocations(OPERATOR, address(vault), 3, 0, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(page[0].guaranteed, 0);
    }
}
