// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../../../contracts/interfaces/IDelegationManager.sol";
import {IStakingVault} from "../../../contracts/interfaces/IStakingVault.sol";
import {Holding} from "../../../contracts/libraries/ShareSeconds.sol";
import {Accepted} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {digestOf, domainOf, sign} from "../Signing.sol";
import {Scene} from "./Scene.sol";

contract DelegationManagerTest is Scene {
    uint256 private constant KEY = 0xA11CE;

    function setUp() external {
        _openPool(OPERATOR);
        _enlist(OTHER_OPERATOR);
        _openPool(OTHER_OPERATOR);
    }

    function _refused(bytes memory data) private {
        VM.expectRevert(data);
        VM.prank(ALICE);
    }

    /// As the `SlashingManager` does.
    function _slash(uint256 amount) private returns (uint256) {
        VM.prank(address(slashing));
        return delegation.slash(OPERATOR, address(vault), amount, RECIPIENT);
    }

    function _complete(uint24 epoch, IDelegationManager.Payout payout) private returns (uint256) {
        VM.prank(ALICE);
        return delegation.complete(OPERATOR, address(vault), ALICE, epoch, BOB, payout);
    }

    function _assertPosition(address staker, uint256 shares, uint256 value) private view {
        (uint256 s, uint256 v) = delegation.position(OPERATOR, address(vault), staker);
        VM.assertEq(s, shares);
        VM.assertEq(v, value);
    }

    function _assertPool(uint256 live, uint256 leaving) private view {
        (uint256 l, uint256 q) = delegation.poolShares(OPERATOR, address(vault));
        VM.assertEq(l, live);
        VM.assertEq(q, leaving);
    }

    function _assertTicket(uint24 epoch, uint256 shares, uint256 value, bool matured) private view {
        IDelegationManager.Ticket memory t = delegation.ticket(OPERATOR, address(vault), ALICE, epoch);
        VM.assertEq(t.epoch, epoch);
        VM.assertEq(t.poolShares, shares);
        VM.assertEq(t.value, value);
        VM.assertEq(t.matured, matured);
    }

    function _assertHolding(Holding memory h, uint256 shares, uint256 shareSeconds, uint256 epoch, uint256 moves)
        private
        pure
    {
        VM.assertEq(h.shares, shares);
        VM.assertEq(h.shareSeconds, shareSeconds);
        VM.assertEq(h.epoch, epoch);
        VM.assertEq(h.moves, moves);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__another_address_than_the_registry_was_told__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.Miswired.selector, registry));
        VM.deployCode("DelegationManager.sol:DelegationManager", abi.encode(registry));
    }

    function test_constructor__wires_the_contract() external view {
        VM.assertEq(address(delegation.REGISTRY()), address(registry));
        VM.assertEq(address(delegation.SLASHING()), address(slashing));
        VM.assertEq(delegation.GENESIS(), GENESIS);
        VM.assertEq(delegation.EPOCH(), EPOCH);
    }

    // ----------------------------------------------------------------------------------------------------- delegate

    function test_delegate_shares__moves_vault_shares_into_the_pool() external {
        VM.assertEq(delegation.everDelegated(OPERATOR, address(vault)), false);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), ETHER);
        VM.warp(_start(1) + 1 days);
        VM.startPrank(ALICE);
        vault.deposit(10 * ETHER, ALICE);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OPERATOR, address(vault), ALICE, 4 * ETHER, 4 * ETHER);
        VM.assertEq(delegation.delegateShares(OPERATOR, address(vault), 4 * ETHER, _anything()), 4 * ETHER);
        VM.assertEq(vault.balanceOf(ALICE), 6 * ETHER);
        VM.assertEq(vault.balanceOf(address(delegation)), 4 * ETHER);
        VM.assertEq(delegation.everDelegated(OPERATOR, address(vault)), true);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), ETHER);
        VM.assertEq(delegation.locked(), false);
        _assertPosition(ALICE, 4 * ETHER, 4 * ETHER);
        _assertPool(4 * ETHER, 0);
        _assertHolding(delegation.holding(OPERATOR, address(vault), ALICE), 4 * ETHER, 4 * ETHER * 6 days, 1, 0);
        VM.assertEq(delegation.collected(OPERATOR, address(vault), 1), 4 * ETHER * 6 days);
    }

    function test_delegate_shares__refused__reverts() external {
        _refused(abi.encodeWithSelector(IDelegationManager.ZeroShares.selector));
        delegation.delegateShares(OPERATOR, address(vault), 0, _anything());
        _refused(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 0, 1));
        delegation.delegateShares(OPERATOR, address(vault), 1, _anything());
        Accepted memory accepted = Accepted(4999, 1000, 0, false);
        _refused(
            abi.encodeWithSelector(IAVSRegistry.MandateTooLoose.selector, IAVSRegistry.Mandate(5000, 1000, 0), accepted)
        );
        delegation.delegateShares(OPERATOR, address(vault), 1, accepted);
    }

    function test_delegate__after_a_slash__gets_more_pool_shares() external {
        _delegate(ALICE, 10 * ETHER);
        VM.assertEq(_slash(0.75e18), 7.5e18);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OPERATOR, address(vault), BOB, ETHER, 4 * ETHER);
        _delegate(BOB, ETHER);
        _assertPosition(BOB, 4 * ETHER, ETHER);
        _assertPosition(ALICE, 10 * ETHER, 2.5e18);
        _assertPool(14 * ETHER, 0);
    }

    function test_delegate__pool_spent__reverts() external {
        _delegate(ALICE, 10 * ETHER);
        _slash(0.999e18);
        _delegate(BOB, ETHER);
        _slash(1);
        VM.startPrank(BOB);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.PoolSpent.selector, OPERATOR, vault, 0.001e18 - 1));
        vault.depositAndDelegate(ETHER, OPERATOR, 0, _anything());
    }

    function test_delegate__slashed_to_nothing__reverts() external {
        _delegate(ALICE, 10 * ETHER);
        VM.assertEq(_slash(1e18), 10 * ETHER);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0);
        VM.startPrank(BOB);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.PoolSpent.selector, OPERATOR, vault, 0));
        vault.depositAndDelegate(ETHER, OPERATOR, 0, _anything());
    }

    function test_delegate_minted__by_no_vault__reverts() external {
        _refused(abi.encodeWithSelector(IAVSRegistry.UnknownPool.selector, OPERATOR, ALICE));
        delegation.delegateMinted(ALICE, OPERATOR, ETHER, _anything());
    }

    // ---------------------------------------------------------------------------------------------------- signatures

    function _signed(IDelegationManager.Delegation memory d) private view returns (bytes memory) {
        bytes32 accepted = keccak256(
            abi.encode(
                keccak256("Accepted(uint16 lossBudget,uint16 commission,uint48 vetoPeriod,bool openRequests)"),
                d.accepted
            )
        );
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Delegation(address staker,address operator,address vault,uint256 shares,Accepted accepted,"
                    "uint256 nonce,uint48 deadline)"
                    "Accepted(uint16 lossBudget,uint16 commission,uint48 vetoPeriod,bool openRequests)"
                ),
                d.staker,
                d.operator,
                d.vault,
                d.shares,
                accepted,
                d.nonce,
                d.deadline
            )
        );
        return sign(KEY, digestOf(domainOf("Catenary", address(delegation)), hash));
    }

    function _delegation() private returns (IDelegationManager.Delegation memory) {
        address signer = VM.addr(KEY);
        VM.prank(ALICE);
        vault.deposit(10 * ETHER, signer);
        return IDelegationManager.Delegation(
            signer, OPERATOR, address(vault), ETHER, Accepted(5000, 1000, 0, false), 0, GENESIS
        );
    }

    function test_delegate_by_sig__delegates_for_the_signer() external {
        IDelegationManager.Delegation memory d = _delegation();
        bytes memory signature = _signed(d);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OPERATOR, address(vault), d.staker, ETHER, ETHER);
        VM.prank(STRANGER);
        VM.assertEq(delegation.delegateBySig(d, signature), ETHER);
        VM.assertEq(vault.balanceOf(d.staker), 9 * ETHER);
        _assertPosition(d.staker, ETHER, ETHER);
        VM.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, d.staker, 1));
        delegation.delegateBySig(d, signature);
    }

    function test_delegate_by_sig__expired__reverts() external {
        IDelegationManager.Delegation memory d = _delegation();
        bytes memory signature = _signed(d);
        VM.warp(GENESIS + 1);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.SignatureExpired.selector, GENESIS));
        delegation.delegateBySig(d, signature);
    }

    function test_delegate_by_sig__signed_by_another__reverts() external {
        IDelegationManager.Delegation memory d = _delegation();
        d.staker = ALICE;
        bytes memory signature = _signed(d);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.InvalidSignature.selector, ALICE));
        delegation.delegateBySig(d, signature);
    }

    function test_delegate_by_sig__something_else_was_signed__reverts() external {
        IDelegationManager.Delegation memory d = _delegation();
        bytes memory signature = _signed(d);
        d.accepted.openRequests = true;
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.InvalidSignature.selector, d.staker));
        delegation.delegateBySig(d, signature);
    }

    function test_void_nonce__voids_what_was_signed() external {
        IDelegationManager.Delegation memory d = _delegation();
        bytes memory signature = _signed(d);
        VM.prank(d.staker);
        VM.assertEq(delegation.voidNonce(), 0);
        VM.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, d.staker, 1));
        delegation.delegateBySig(d, signature);
    }

    // ---------------------------------------------------------------------------------------------------- undelegate

    function test_undelegate__opens_a_ticket_and_adds_to_it() external {
        _delegate(ALICE, 10 * ETHER);
        VM.warp(_start(2) + 1 days);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Undelegated(OPERATOR, address(vault), ALICE, 2, 3 * ETHER);
        VM.prank(ALICE);
        VM.assertEq(delegation.undelegate(OPERATOR, address(vault), 3 * ETHER), 2);
        _undelegate(ALICE, ETHER);
        VM.assertEq(delegation.locked(), false);
        _assertTicket(2, 4 * ETHER, 4 * ETHER, false);
        _assertPosition(ALICE, 6 * ETHER, 6 * ETHER);
        _assertPool(6 * ETHER, 4 * ETHER);
        _assertHolding(
            delegation.holding(OPERATOR, address(vault), ALICE),
            6 * ETHER,
            10 * ETHER * 7 days - 4 * ETHER * 6 days,
            2,
            1
        );
        // It is out at the end of the next epoch.
        VM.warp(_start(4) - 1);
        _assertTicket(2, 4 * ETHER, 4 * ETHER, false);
        _assertPool(6 * ETHER, 4 * ETHER);
        _goTo(4);
        _assertTicket(2, 4 * ETHER, 4 * ETHER, true);
        _assertPool(6 * ETHER, 0);
    }

    function test_undelegate__in_epochs_on_end__leave_one_after_the_other() external {
        _delegate(ALICE, 10 * ETHER);
        _goTo(2);
        _undelegate(ALICE, ETHER);
        _goTo(3);
        _assertPool(9 * ETHER, ETHER);
        _undelegate(ALICE, 2 * ETHER);
        _assertPool(7 * ETHER, 3 * ETHER);
        _goTo(4);
        _assertPool(7 * ETHER, 2 * ETHER);
        _undelegate(ALICE, 4 * ETHER);
        _assertPool(3 * ETHER, 6 * ETHER);
        _goTo(6);
        _undelegate(ALICE, 3 * ETHER);
        _assertPool(0, 3 * ETHER);
    }

    function test_undelegate__refused__reverts() external {
        _delegate(ALICE, ETHER);
        _refused(abi.encodeWithSelector(IDelegationManager.ZeroShares.selector));
        delegation.undelegate(OPERATOR, address(vault), 0);
        _refused(abi.encodeWithSelector(IDelegationManager.InsufficientPoolShares.selector, ALICE, ETHER, ETHER + 1));
        delegation.undelegate(OPERATOR, address(vault), ETHER + 1);
        _undelegate(ALICE, ETHER);
        _assertPosition(ALICE, 0, 0);
    }

    // ------------------------------------------------------------------------------------------------------ complete

    function _leave() private {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 4 * ETHER);
        _goTo(3);
    }

    function test_complete__pays_assets() external {
        _leave();
        uint256 before = asset.balanceOf(BOB);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Completed(
            OPERATOR, address(vault), ALICE, 1, 4 * ETHER, BOB, IDelegationManager.Payout.Assets
        );
        VM.assertEq(_complete(1, IDelegationManager.Payout.Assets), 4 * ETHER);
        VM.assertEq(asset.balanceOf(BOB) - before, 4 * ETHER);
        VM.assertEq(vault.balanceOf(address(delegation)), 6 * ETHER);
        VM.assertEq(delegation.locked(), false);
        _assertTicket(1, 0, 0, true);
    }

    function test_complete__pays_vault_shares() external {
        _leave();
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Completed(
            OPERATOR, address(vault), ALICE, 1, 4 * ETHER, BOB, IDelegationManager.Payout.VaultShares
        );
        VM.assertEq(_complete(1, IDelegationManager.Payout.VaultShares), 4 * ETHER);
        VM.assertEq(vault.balanceOf(BOB), 4 * ETHER);
    }

    function test_complete__native_where_there_is_none__reverts() external {
        _leave();
        _refused(abi.encodeWithSelector(IStakingVault.NotNative.selector, asset));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, BOB, IDelegationManager.Payout.Native);
    }

    function test_complete__refused__reverts() external {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 4 * ETHER);
        IDelegationManager.Payout payout = IDelegationManager.Payout.Assets;
        _refused(abi.encodeWithSelector(IDelegationManager.ZeroReceiver.selector));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, address(0), payout);
        _refused(abi.encodeWithSelector(IDelegationManager.NoTicket.selector, OPERATOR, vault, ALICE, 2));
        delegation.complete(OPERATOR, address(vault), ALICE, 2, ALICE, payout);
        VM.warp(_start(3) - 1);
        _refused(abi.encodeWithSelector(IDelegationManager.TicketNotMatured.selector, 1, _start(3)));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, payout);
        _goTo(3);
        VM.startPrank(BOB);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.NotCompleter.selector, ALICE, BOB));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, payout);
        VM.stopPrank();
        VM.prank(ALICE);
        delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, payout);
        _refused(abi.encodeWithSelector(IDelegationManager.NoTicket.selector, OPERATOR, vault, ALICE, 1));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, payout);
    }

    function test_complete__by_a_completer__goes_to_the_owner_only() external {
        _leave();
        VM.expectEmit(address(delegation));
        emit IDelegationManager.CompleterSet(ALICE, STRANGER, true);
        VM.prank(ALICE);
        delegation.setCompleter(STRANGER, true);
        VM.assertEq(delegation.isCompleter(ALICE, STRANGER), true);
        VM.assertEq(delegation.isCompleter(STRANGER, ALICE), false);
        VM.startPrank(STRANGER);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.OnlyToOwner.selector, ALICE, STRANGER));
        delegation.complete(OPERATOR, address(vault), ALICE, 1, STRANGER, IDelegationManager.Payout.VaultShares);
        delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, IDelegationManager.Payout.VaultShares);
        VM.assertEq(vault.balanceOf(ALICE), 4 * ETHER);
        VM.stopPrank();
        VM.prank(ALICE);
        delegation.setCompleter(STRANGER, false);
        VM.assertEq(delegation.isCompleter(ALICE, STRANGER), false);
    }

    function test_complete__slashed_before_maturity_and_after__bears_the_first_only() external {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 4 * ETHER);
        VM.warp(_start(3) - 1);
        VM.assertEq(_slash(0.5e18), 5 * ETHER);
        VM.assertEq(vault.balanceOf(RECIPIENT), 5 * ETHER);
        _goTo(3);
        VM.assertEq(_slash(0.25e18), 1.5e18);
        _assertTicket(1, 4 * ETHER, 2 * ETHER, true);
        VM.assertEq(_complete(1, IDelegationManager.Payout.VaultShares), 2 * ETHER);
        _assertPosition(ALICE, 6 * ETHER, 1.5e18);
        VM.assertEq(vault.balanceOf(address(delegation)), 1.5e18);
    }

    function test_complete__worth_nothing__closes_the_ticket() external {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 10 * ETHER);
        _slash(1e18);
        _goTo(3);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Completed(OPERATOR, address(vault), ALICE, 1, 0, BOB, IDelegationManager.Payout.Assets);
        VM.assertEq(_complete(1, IDelegationManager.Payout.Assets), 0);
        _assertTicket(1, 0, 0, true);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0);
    }

    // ---------------------------------------------------------------------------------------------------- redelegate

    function _redelegate(address receiver) private returns (uint256) {
        VM.prank(ALICE);
        return delegation.redelegate(OPERATOR, address(vault), 1, OTHER_OPERATOR, receiver, _anything());
    }

    function test_redelegate__moves_the_ticket_to_another_pool() external {
        _leave();
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Redelegated(OPERATOR, address(vault), ALICE, 1, 4 * ETHER, BOB, OTHER_OPERATOR);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OTHER_OPERATOR, address(vault), BOB, 4 * ETHER, 4 * ETHER);
        VM.assertEq(_redelegate(BOB), 4 * ETHER);
        _assertTicket(1, 0, 0, true);
        (uint256 shares,) = delegation.position(OTHER_OPERATOR, address(vault), BOB);
        VM.assertEq(shares, 4 * ETHER);
        VM.assertEq(vault.balanceOf(address(delegation)), 10 * ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_redelegate__to_nobody__reverts() external {
        _leave();
        _refused(abi.encodeWithSelector(IDelegationManager.ZeroReceiver.selector));
        delegation.redelegate(OPERATOR, address(vault), 1, OTHER_OPERATOR, address(0), _anything());
    }

    function test_redelegate__worth_nothing__delegates_nothing() external {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 10 * ETHER);
        _slash(1e18);
        _goTo(3);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Redelegated(OPERATOR, address(vault), ALICE, 1, 0, BOB, OTHER_OPERATOR);
        VM.assertEq(_redelegate(BOB), 0);
        VM.assertEq(delegation.everDelegated(OTHER_OPERATOR, address(vault)), false);
    }

    // ---------------------------------------------------------------------------------------------------------- lock

    function test_take__by_another_than_the_protocol__reverts() external {
        address[3] memory who = [STRANGER, address(slashing), address(delegation)];
        for (uint256 i = 0; i < 3; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IDelegationManager.NotProtocol.selector, who[i]));
            VM.prank(who[i]);
            delegation.take();
        }
    }

    function test_take__locks_every_call_that_moves_stake() external {
        address[3] memory who = [address(registry), address(rewards), address(vault)];
        bytes memory reentered = abi.encodeWithSelector(IDelegationManager.Reentered.selector);
        IDelegationManager.Delegation memory d;
        for (uint256 i = 0; i < 3; ++i) {
            VM.prank(who[i]);
            delegation.take();
            VM.assertEq(delegation.locked(), true);
            VM.expectRevert(reentered);
            VM.prank(who[i]);
            delegation.take();
            VM.expectRevert(reentered);
            delegation.delegateShares(OPERATOR, address(vault), 1, _anything());
            VM.expectRevert(reentered);
            delegation.delegateBySig(d, "");
            VM.expectRevert(reentered);
            delegation.undelegate(OPERATOR, address(vault), 1);
            VM.expectRevert(reentered);
            delegation.complete(OPERATOR, address(vault), ALICE, 1, ALICE, IDelegationManager.Payout.Assets);
            VM.expectRevert(reentered);
            delegation.redelegate(OPERATOR, address(vault), 1, OPERATOR, ALICE, _anything());
            VM.expectRevert(reentered);
            _slash(1);
            VM.startPrank(address(slashing));
            VM.expectRevert(reentered);
            delegation.requestOpened(OPERATOR, address(vault), 1);
            VM.expectRevert(reentered);
            delegation.requestEnded(OPERATOR, address(vault));
            VM.stopPrank();

            VM.expectRevert(abi.encodeWithSelector(IDelegationManager.NotProtocol.selector, STRANGER));
            VM.prank(STRANGER);
            delegation.giveBack();
            VM.prank(who[i]);
            delegation.giveBack();
            VM.assertEq(delegation.locked(), false);
        }
    }

    // --------------------------------------------------------------------------------------------------------- slash

    function test_slash__by_another_than_the_slashing_manager__reverts() external {
        bytes memory refused = abi.encodeWithSelector(IDelegationManager.NotSlashingManager.selector, ALICE);
        _refused(refused);
        delegation.slash(OPERATOR, address(vault), 1, RECIPIENT);
        _refused(refused);
        delegation.requestOpened(OPERATOR, address(vault), 1);
        _refused(refused);
        delegation.requestEnded(OPERATOR, address(vault));
    }

    function test_slash__takes_from_pool_shares_and_open_tickets_alike() external {
        _delegate(ALICE, 10 * ETHER);
        _undelegate(ALICE, 4 * ETHER);
        VM.assertEq(_slash(0.1e18), ETHER);
        VM.assertEq(vault.balanceOf(RECIPIENT), ETHER);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0.9e18);
        _assertPosition(ALICE, 6 * ETHER, 5.4e18);
        _assertTicket(1, 4 * ETHER, 3.6e18, false);
        VM.assertEq(delegation.locked(), false);
    }

    function test_slash__rounds_down_and_changes_nothing_if_it_takes_nothing() external {
        VM.assertEq(_slash(1e18), 0);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 1e18);
        _delegate(ALICE, 10);
        VM.assertEq(_slash(0.1e18 - 1), 0);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 1e18);
        VM.assertEq(delegation.retainedAtEndOf(OPERATOR, address(vault), 0), 1e18);
        VM.assertEq(_slash(0.2e18 - 1), 1);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0.8e18 + 1);
    }

    function test_retained_at_end_of__tells_every_epoch() external {
        _delegate(ALICE, 10 * ETHER);
        uint24[5] memory epochs = [uint24(2), 2, 5, 6, 9];
        for (uint256 i = 0; i < 5; ++i) {
            _goTo(epochs[i]);
            _slash(0.1e18);
        }
        uint256[11] memory retained =
            [uint256(1e18), 1e18, 0.8e18, 0.8e18, 0.8e18, 0.7e18, 0.6e18, 0.6e18, 0.6e18, 0.5e18, 0.5e18];
        for (uint24 e = 0; e < 11; ++e) {
            VM.assertEq(delegation.retainedAtEndOf(OPERATOR, address(vault), e), retained[e]);
        }
        VM.assertEq(delegation.retainedAtEndOf(OTHER_OPERATOR, address(vault), 9), 1e18);
    }

    // -------------------------------------------------------------------------------------------------- open requests

    function _requestOpened(uint48 until) private {
        VM.prank(address(slashing));
        delegation.requestOpened(OPERATOR, address(vault), until);
    }

    function _requestEnded() private {
        VM.prank(address(slashing));
        delegation.requestEnded(OPERATOR, address(vault));
    }

    function _assertOpen(bool open) private view {
        VM.assertEq(delegation.hasOpenRequest(OPERATOR, address(vault)), open);
    }

    function test_open_request__until_the_last_has_ended_or_lapsed() external {
        _delegate(ALICE, ETHER);
        _assertOpen(false);
        _requestOpened(GENESIS + 100);
        _requestOpened(GENESIS + 50);
        _requestEnded();
        _assertOpen(true);
        VM.warp(GENESIS + 100);
        _assertOpen(true);
        VM.warp(GENESIS + 101);
        _assertOpen(false);
        // What lapsed counts no more.
        _requestOpened(GENESIS + 200);
        _assertOpen(true);
        _requestEnded();
        _assertOpen(false);
        // In the last second of the last one, they add up.
        _requestOpened(GENESIS + 200);
        VM.warp(GENESIS + 200);
        _requestOpened(GENESIS + 300);
        _requestEnded();
        _assertOpen(true);
        _requestEnded();
        _assertOpen(false);
        VM.assertEq(delegation.locked(), false);
    }

    function test_delegate__open_request__is_taken_only_if_accepted() external {
        _delegate(ALICE, ETHER);
        _requestOpened(GENESIS + 100);
        VM.prank(BOB);
        vault.deposit(ETHER, BOB);
        VM.startPrank(BOB);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.OpenSlashRequest.selector, OPERATOR, vault));
        delegation.delegateShares(OPERATOR, address(vault), 1, Accepted(10_000, 10_000, 0, false));
        delegation.delegateShares(OPERATOR, address(vault), 1, Accepted(10_000, 10_000, 0, true));
        VM.warp(GENESIS + 101);
        delegation.delegateShares(OPERATOR, address(vault), 1, Accepted(10_000, 10_000, 0, false));
        VM.stopPrank();
        _assertPosition(BOB, 2, 2);
    }

    // --------------------------------------------------------------------------------------------------------- views

    function test_tickets__lists_the_open_ones() external {
        _delegate(ALICE, 10 * ETHER);
        _goTo(2);
        _undelegate(ALICE, ETHER);
        _goTo(4);
        _undelegate(ALICE, 2 * ETHER);
        IDelegationManager.Ticket[] memory page = delegation.tickets(OPERATOR, address(vault), ALICE, 1, 4);
        VM.assertEq(page.length, 2);
        VM.assertEq(page[0].epoch, 2);
        VM.assertEq(page[0].poolShares, ETHER);
        VM.assertEq(page[0].value, ETHER);
        VM.assertEq(page[0].matured, true);
        VM.assertEq(page[1].epoch, 4);
        VM.assertEq(page[1].poolShares, 2 * ETHER);
        VM.assertEq(page[1].matured, false);
        page = delegation.tickets(OPERATOR, address(vault), ALICE, 3, 1);
        VM.assertEq(page.length, 0);
    }

    function test_holdings__pages_the_epochs_with_a_move() external {
        _goTo(2);
        _delegate(ALICE, 10 * ETHER);
        _goTo(3);
        _undelegate(ALICE, ETHER);
        VM.warp(_start(5) + 3 days);
        _undelegate(ALICE, 9 * ETHER);
        Holding[] memory page = delegation.holdings(OPERATOR, address(vault), ALICE, 0, 9);
        VM.assertEq(page.length, 3);
        _assertHolding(page[0], 10 * ETHER, 10 * ETHER * 7 days, 2, 0);
        _assertHolding(page[1], 9 * ETHER, 9 * ETHER * 7 days, 3, 1);
        _assertHolding(page[2], 0, 9 * ETHER * 3 days, 5, 2);
        page = delegation.holdings(OPERATOR, address(vault), ALICE, 1, 1);
        VM.assertEq(page.length, 1);
        _assertHolding(page[0], 9 * ETHER, 9 * ETHER * 7 days, 3, 1);
        VM.assertEq(delegation.holdings(OPERATOR, address(vault), BOB, 0, 9).length, 0);
    }

    function test_collected__tells_every_epoch_of_the_pool() external {
        _goTo(2);
        _delegate(ALICE, 10 * ETHER);
        VM.warp(_start(4) + 4 days);
        _delegate(BOB, 5 * ETHER);
        uint256[6] memory collected = [
            uint256(0),
            0,
            10 * ETHER * 7 days,
            10 * ETHER * 7 days,
            10 * ETHER * 7 days + 5 * ETHER * 3 days,
            15 * ETHER * 7 days
        ];
        for (uint24 e = 0; e < 6; ++e) {
            VM.assertEq(delegation.collected(OPERATOR, address(vault), e), collected[e]);
        }
    }

    function test_pool_holdings__tells_each_epoch_of_a_run() external {
        _goTo(2);
        _delegate(ALICE, 10 * ETHER);
        _goTo(4);
        _delegate(BOB, 5 * ETHER);
        Holding[] memory page = delegation.poolHoldings(OPERATOR, address(vault), 1, 5);
        VM.assertEq(page.length, 5);
        _assertHolding(page[0], 0, 0, 0, 0);
        _assertHolding(page[1], 10 * ETHER, 10 * ETHER * 7 days, 2, 0);
        _assertHolding(page[2], 10 * ETHER, 10 * ETHER * 7 days, 2, 0);
        _assertHolding(page[3], 15 * ETHER, 15 * ETHER * 7 days, 4, 1);
        _assertHolding(page[4], 15 * ETHER, 15 * ETHER * 7 days, 4, 1);
        page = delegation.poolHoldings(OPERATOR, address(vault), 3, 1);
        VM.assertEq(page.length, 1);
        _assertHolding(page[0], 10 * ETHER, 10 * ETHER * 7 days, 2, 0);
    }
}
