// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDelegationManager} from "../../../contracts/interfaces/IDelegationManager.sol";
import {IStakingVault} from "../../../contracts/interfaces/IStakingVault.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {CallbackToken, LazyRebaseToken, NoZeroToken, ShortToken} from "../../../contracts/mocks/WeirdTokens.sol";
import {VM} from "../Cheats.sol";
import {Mintable, Scene} from "./Scene.sol";

/// Wrapped ether.
contract WETH is TestToken("Wrapped", "WETH", 18) {
    error NotTaken();

    function deposit() external payable {
        _mint(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        if (!success) revert NotTaken();
    }
}

contract StakingVaultTest is Scene {
    uint256 private constant MAX_SUPPLY = type(uint96).max;

    function _newNative() private returns (IStakingVault native) {
        native = _newVault(address(new WETH()), true);
        Mintable weth = Mintable(native.asset());
        weth.mint(address(this), 1e36);
        _openVault(native);
        VM.deal(ALICE, 100 * ETHER);
        VM.deal(address(weth), 100 * ETHER);
        VM.prank(OPERATOR);
        registry.openPool(address(native), 5000, 1000, 0);
    }

    function _newOver(string memory artifact) private returns (IStakingVault over) {
        over = _newVault(address(_newToken(artifact, "")), false);
        _openVault(over);
    }

    function _pause() private {
        VM.prank(GUARDIAN);
        registry.pause();
    }

    function _refused(bytes memory data) private {
        VM.expectRevert(data);
        VM.prank(ALICE);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__wires_the_vault() external view {
        VM.assertEq(address(vault.REGISTRY()), address(registry));
        VM.assertEq(address(vault.DELEGATION()), address(delegation));
        VM.assertEq(vault.NATIVE(), false);
        VM.assertEq(vault.asset(), address(asset));
        VM.assertEq(vault.SEED(), 1e6);
        VM.assertEq(bytes(vault.name()), "Vault");
        VM.assertEq(bytes(vault.symbol()), "vAST");
    }

    function test_constructor__decimals_within_bounds__are_those_of_the_asset() external {
        uint8[2] memory decimals = [6, 18];
        for (uint256 i = 0; i < 2; ++i) {
            address token = VM.deployCode("TestToken.sol:TestToken", abi.encode("T", "T", decimals[i]));
            VM.assertEq(_newVault(token, false).decimals(), decimals[i]);
        }
    }

    function test_constructor__decimals_out_of_bounds__reverts() external {
        uint8[2] memory decimals = [5, 19];
        for (uint256 i = 0; i < 2; ++i) {
            address token = VM.deployCode("TestToken.sol:TestToken", abi.encode("T", "T", decimals[i]));
            VM.expectRevert(abi.encodeWithSelector(IStakingVault.DecimalsOutOfBounds.selector, decimals[i]));
            _newVault(token, false);
        }
    }

    // --------------------------------------------------------------------------------------------------- seed and cap

    function test_seed__burns_the_first_shares() external {
        IStakingVault fresh = _newVault(address(asset), false);
        VM.prank(OWNER);
        registry.listVault(address(fresh));
        asset.approve(address(fresh), 1e6);
        VM.expectEmit(address(fresh));
        emit IStakingVault.Seeded(address(this));
        fresh.seed();
        VM.assertEq(fresh.totalSupply(), 1e6);
        VM.assertEq(fresh.balanceOf(DEAD), 1e6);
        VM.assertEq(asset.balanceOf(address(fresh)), 1e6);
        VM.assertEq(delegation.locked(), false);
    }

    function test_seed__twice__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IStakingVault.AlreadySeeded.selector));
        vault.seed();
    }

    function test_seed__unlisted__reverts() external {
        IStakingVault fresh = _newVault(address(asset), false);
        VM.expectRevert(abi.encodeWithSelector(IDelegationManager.NotProtocol.selector, fresh));
        fresh.seed();
    }

    function test_seed__two_wei_short_is_taken_and_three_are_not() external {
        Mintable token = _newToken("WeirdTokens.sol:ShortToken", "");
        IStakingVault fresh = _newVault(address(token), false);
        VM.prank(OWNER);
        registry.listVault(address(fresh));
        token.approve(address(fresh), type(uint256).max);
        ShortToken(address(token)).setShort(3);
        VM.expectRevert(abi.encodeWithSelector(IStakingVault.AssetShort.selector, 1e6 - 3, 1e6));
        fresh.seed();
        ShortToken(address(token)).setShort(2);
        fresh.seed();
        VM.assertEq(fresh.totalSupply(), 1e6);
    }

    function test_set_cap__sets_the_cap() external {
        VM.expectEmit(address(vault));
        emit IStakingVault.CapSet(MAX_SUPPLY);
        VM.prank(OWNER);
        vault.setCap(MAX_SUPPLY);
        VM.assertEq(vault.cap(), MAX_SUPPLY);
    }

    function test_set_cap__refused__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IStakingVault.NotOwner.selector, GUARDIAN));
        VM.prank(GUARDIAN);
        vault.setCap(1);
        VM.startPrank(OWNER);
        VM.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, MAX_SUPPLY + 1));
        vault.setCap(MAX_SUPPLY + 1);
        IStakingVault fresh = _newVault(address(asset), false);
        VM.expectRevert(abi.encodeWithSelector(IStakingVault.NotSeeded.selector));
        fresh.setCap(1);
    }

    // ------------------------------------------------------------------------------------------------------ deposits

    function test_deposit__mints_at_the_price_and_under_the_lock() external {
        asset.mint(address(vault), 1e6 + 1); // doubles what a share is worth
        VM.expectEmit(address(vault));
        emit IERC4626.Deposit(ALICE, BOB, 10 * ETHER, 5 * ETHER);
        VM.prank(ALICE);
        VM.assertEq(vault.deposit(10 * ETHER, BOB), 5 * ETHER);
        VM.assertEq(vault.balanceOf(BOB), 5 * ETHER);
        VM.assertEq(asset.balanceOf(address(vault)), 10 * ETHER + 2e6 + 1);
        VM.assertEq(delegation.locked(), false);
    }

    function test_deposit__in_the_middle_of_a_transfer__reverts() external {
        IStakingVault over = _newOver("WeirdTokens.sol:CallbackToken");
        CallbackToken token = CallbackToken(over.asset());
        token.setCallback(address(vault), abi.encodeCall(vault.deposit, (1, ALICE)), true);
        VM.prank(ALICE);
        over.deposit(ETHER, ALICE);
        VM.assertEq(token.succeeded(), false);
        VM.assertEq(token.result(), abi.encodeWithSelector(IDelegationManager.Reentered.selector));
    }

    function test_deposit__two_wei_short_counts_what_arrived_and_three_reverts() external {
        IStakingVault over = _newOver("WeirdTokens.sol:ShortToken");
        ShortToken token = ShortToken(over.asset());
        token.setShort(2);
        VM.prank(ALICE);
        VM.assertEq(over.deposit(ETHER, ALICE), ETHER - 2);
        token.setShort(3);
        _refused(abi.encodeWithSelector(IStakingVault.AssetShort.selector, ETHER - 3, ETHER));
        over.deposit(ETHER, ALICE);
    }

    function test_deposit__paused_zero_or_worth_nothing__reverts() external {
        _refused(abi.encodeWithSelector(IStakingVault.ZeroAmount.selector));
        vault.deposit(0, ALICE);
        asset.mint(address(vault), ETHER);
        _refused(abi.encodeWithSelector(IStakingVault.TooFewShares.selector, 0, 1));
        vault.deposit(1, ALICE);
        _pause();
        _refused(abi.encodeWithSelector(IStakingVault.ProtocolPaused.selector));
        vault.deposit(ETHER, ALICE);
    }

    function test_deposit__up_to_the_cap_and_not_over_it() external {
        VM.prank(OWNER);
        vault.setCap(ETHER + 1e6);
        _refused(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, ALICE, ETHER + 1, ETHER));
        vault.deposit(ETHER + 1, ALICE);
        VM.prank(ALICE);
        vault.deposit(ETHER, ALICE);
        VM.prank(OWNER);
        vault.setCap(1);
        _refused(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, ALICE, 1, 0));
        vault.deposit(1, ALICE);
    }

    function test_deposit__more_shares_than_pools_can_hold__reverts() external {
        IStakingVault over = _newOver("WeirdTokens.sol:NoZeroToken");
        NoZeroToken(over.asset()).wipe(address(over));
        uint256 assets = 1e23;
        uint256 supply = assets * (1e6 + 1) + 1e6;
        _refused(abi.encodeWithSelector(IStakingVault.SupplyTooLarge.selector, supply, MAX_SUPPLY));
        over.deposit(assets, ALICE);
        // To the last share.
        uint256 most = (MAX_SUPPLY - 1e6) / (1e6 + 1);
        VM.assertEq(over.maxDeposit(ALICE), most);
        VM.prank(ALICE);
        VM.assertEq(over.deposit(most, ALICE), most * (1e6 + 1));
    }

    function test_mint__takes_what_the_shares_cost() external {
        asset.mint(address(vault), 1e6 + 1);
        VM.expectEmit(address(vault));
        emit IERC4626.Deposit(ALICE, BOB, 10 * ETHER, 5 * ETHER);
        VM.prank(ALICE);
        VM.assertEq(vault.mint(5 * ETHER, BOB), 10 * ETHER);
        VM.assertEq(vault.balanceOf(BOB), 5 * ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_mint__paused_zero_or_short__reverts() external {
        _refused(abi.encodeWithSelector(IStakingVault.ZeroAmount.selector));
        vault.mint(0, ALICE);
        IStakingVault over = _newOver("WeirdTokens.sol:ShortToken");
        ShortToken(over.asset()).setShort(1);
        _refused(abi.encodeWithSelector(IStakingVault.AssetShort.selector, ETHER - 1, ETHER));
        over.mint(ETHER, ALICE);
        _pause();
        _refused(abi.encodeWithSelector(IStakingVault.ProtocolPaused.selector));
        vault.mint(ETHER, ALICE);
    }

    function test_mint__price_rises_on_the_way__reverts() external {
        IStakingVault over = _newOver("WeirdTokens.sol:LazyRebaseToken");
        LazyRebaseToken(over.asset()).setHolder(address(over));
        // The vault gains a hundredth of ETHER + SEED, which is not the depositor's.
        uint256 worth = ETHER * (1e6 + 1) / (1e6 + ETHER / 100 + 1e4 + 1);
        _refused(abi.encodeWithSelector(IStakingVault.TooFewShares.selector, worth, ETHER));
        over.mint(ETHER, ALICE);
    }

    function test_deposit__price_rises_on_the_way__mints_at_the_new_price() external {
        IStakingVault over = _newOver("WeirdTokens.sol:LazyRebaseToken");
        LazyRebaseToken(over.asset()).setHolder(address(over));
        VM.prank(ALICE);
        VM.assertEq(over.deposit(ETHER, ALICE), ETHER * (1e6 + 1) / (1e6 + ETHER / 100 + 1e4 + 1));
    }

    function test_deposit_and_delegate__mints_to_the_pool() external {
        _openPool(OPERATOR);
        VM.expectEmit(address(vault));
        emit IERC4626.Deposit(ALICE, address(delegation), ETHER, ETHER);
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OPERATOR, address(vault), ALICE, ETHER, ETHER);
        VM.prank(ALICE);
        (uint256 shares, uint256 poolShares) = vault.depositAndDelegate(ETHER, OPERATOR, ETHER, _anything());
        VM.assertEq(shares, ETHER);
        VM.assertEq(poolShares, ETHER);
        VM.assertEq(vault.balanceOf(address(delegation)), ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_deposit_and_delegate__fewer_shares_than_asked__reverts() external {
        _openPool(OPERATOR);
        _refused(abi.encodeWithSelector(IStakingVault.TooFewShares.selector, ETHER, ETHER + 1));
        vault.depositAndDelegate(ETHER, OPERATOR, ETHER + 1, _anything());
    }

    // -------------------------------------------------------------------------------------------------------- exits

    function test_withdraw__burns_what_the_assets_cost() external {
        VM.prank(ALICE);
        vault.deposit(10 * ETHER, ALICE);
        _pause();
        VM.expectEmit(address(vault));
        emit IERC4626.Withdraw(ALICE, STRANGER, ALICE, ETHER, ETHER);
        VM.prank(ALICE);
        VM.assertEq(vault.withdraw(ETHER, STRANGER, ALICE), ETHER);
        VM.assertEq(asset.balanceOf(STRANGER), ETHER);
        VM.assertEq(vault.balanceOf(ALICE), 9 * ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_redeem__pays_what_the_shares_are_worth() external {
        VM.prank(ALICE);
        vault.deposit(10 * ETHER, ALICE);
        _pause();
        VM.expectEmit(address(vault));
        emit IERC4626.Withdraw(ALICE, STRANGER, ALICE, ETHER, ETHER);
        VM.prank(ALICE);
        VM.assertEq(vault.redeem(ETHER, STRANGER, ALICE), ETHER);
        VM.assertEq(asset.balanceOf(STRANGER), ETHER);
        VM.assertEq(vault.balanceOf(ALICE), 9 * ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_exit__zero_or_to_nobody__reverts() external {
        IStakingVault native = _newNative();
        bytes memory zero = abi.encodeWithSelector(IStakingVault.ZeroAmount.selector);
        bytes memory nobody = abi.encodeWithSelector(IStakingVault.ZeroReceiver.selector);
        _refused(zero);
        vault.withdraw(0, ALICE, ALICE);
        _refused(nobody);
        vault.withdraw(1, address(0), ALICE);
        _refused(zero);
        vault.redeem(0, ALICE, ALICE);
        _refused(nobody);
        vault.redeem(1, address(0), ALICE);
        _refused(zero);
        native.redeemNative(0, ALICE, ALICE);
        _refused(nobody);
        native.redeemNative(1, address(0), ALICE);
    }

    function test_exit__more_than_there_is__reverts() external {
        _refused(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, ALICE, 1, 0));
        vault.withdraw(1, ALICE, ALICE);
        _refused(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, ALICE, 1, 0));
        vault.redeem(1, ALICE, ALICE);
    }

    function test_exit__of_another_without_allowance__reverts() external {
        IStakingVault native = _newNative();
        VM.prank(ALICE);
        vault.deposit(ETHER, ALICE);
        VM.prank(ALICE);
        native.depositNative{value: ETHER}(ALICE);
        bytes memory refused =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, STRANGER, 0, ETHER);
        VM.startPrank(STRANGER);
        VM.expectRevert(refused);
        vault.withdraw(ETHER, STRANGER, ALICE);
        VM.expectRevert(refused);
        vault.redeem(ETHER, STRANGER, ALICE);
        VM.expectRevert(refused);
        native.redeemNative(ETHER, STRANGER, ALICE);
    }

    function test_redeem__worth_nothing__moves_nothing() external {
        IStakingVault over = _newOver("WeirdTokens.sol:NoZeroToken");
        VM.prank(ALICE);
        over.deposit(ETHER, ALICE);
        NoZeroToken(over.asset()).wipe(address(over));
        VM.prank(ALICE);
        VM.assertEq(over.redeem(ETHER, ALICE, ALICE), 0);
        VM.assertEq(over.balanceOf(ALICE), 0);
    }

    // ------------------------------------------------------------------------------------------------------- native

    function test_deposit_native__wraps_and_mints() external {
        IStakingVault native = _newNative();
        VM.assertEq(native.NATIVE(), true);
        VM.expectEmit(address(native));
        emit IERC4626.Deposit(ALICE, BOB, 2 * ETHER, 2 * ETHER);
        VM.prank(ALICE);
        VM.assertEq(native.depositNative{value: 2 * ETHER}(BOB), 2 * ETHER);
        VM.assertEq(native.balanceOf(BOB), 2 * ETHER);
        VM.assertEq(IERC20(native.asset()).balanceOf(address(native)), 2 * ETHER + 1e6);
        VM.assertEq(ALICE.balance, 98 * ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_deposit_native_and_delegate__mints_to_the_pool() external {
        IStakingVault native = _newNative();
        VM.expectEmit(address(delegation));
        emit IDelegationManager.Delegated(OPERATOR, address(native), ALICE, ETHER, ETHER);
        VM.prank(ALICE);
        (uint256 shares, uint256 poolShares) =
            native.depositNativeAndDelegate{value: ETHER}(OPERATOR, ETHER, _anything());
        VM.assertEq(shares, ETHER);
        VM.assertEq(poolShares, ETHER);
        VM.assertEq(native.balanceOf(address(delegation)), ETHER);
        VM.assertEq(delegation.locked(), false);
        _refused(abi.encodeWithSelector(IStakingVault.TooFewShares.selector, ETHER, ETHER + 1));
        native.depositNativeAndDelegate{value: ETHER}(OPERATOR, ETHER + 1, _anything());
    }

    function test_deposit_native__refused__reverts() external {
        IStakingVault native = _newNative();
        _refused(abi.encodeWithSelector(IStakingVault.ZeroAmount.selector));
        native.depositNative(ALICE);
        VM.prank(OWNER);
        native.setCap(ETHER);
        _refused(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, ALICE, ETHER, ETHER - 1e6));
        native.depositNative{value: ETHER}(ALICE);
        _pause();
        _refused(abi.encodeWithSelector(IStakingVault.ProtocolPaused.selector));
        native.depositNative{value: ETHER}(ALICE);
    }

    function test_deposit_native__less_than_was_sent__reverts() external {
        IStakingVault native = _newVault(address(_newToken("ShortWETH.sol:ShortWETH", "")), true);
        _openVault(native);
        VM.deal(ALICE, ETHER);
        _refused(abi.encodeWithSelector(IStakingVault.AssetShort.selector, 0.9e18, ETHER));
        native.depositNative{value: ETHER}(ALICE);
    }

    function test_native__other_asset__reverts() external {
        VM.deal(ALICE, ETHER);
        bytes memory notNative = abi.encodeWithSelector(IStakingVault.NotNative.selector, asset);
        _refused(notNative);
        vault.depositNative{value: 1}(ALICE);
        _refused(notNative);
        vault.depositNativeAndDelegate{value: 1}(OPERATOR, 0, _anything());
        _refused(notNative);
        vault.redeemNative(1, ALICE, ALICE);
    }

    function test_redeem_native__pays_ether() external {
        IStakingVault native = _newNative();
        VM.startPrank(ALICE);
        native.depositNative{value: 2 * ETHER}(ALICE);
        native.approve(STRANGER, ETHER);
        VM.stopPrank();
        VM.expectEmit(address(native));
        emit IERC4626.Withdraw(STRANGER, BOB, ALICE, ETHER, ETHER);
        VM.prank(STRANGER);
        VM.assertEq(native.redeemNative(ETHER, BOB, ALICE), ETHER);
        VM.assertEq(BOB.balance, ETHER);
        VM.assertEq(native.balanceOf(ALICE), ETHER);
        VM.assertEq(native.allowance(ALICE, STRANGER), 0);
        VM.prank(ALICE);
        VM.assertEq(native.redeemNative(ETHER, ALICE, ALICE), ETHER);
        VM.assertEq(delegation.locked(), false);
    }

    function test_complete__native__pays_ether() external {
        IStakingVault native = _newNative();
        VM.startPrank(ALICE);
        native.depositNativeAndDelegate{value: ETHER}(OPERATOR, 0, _anything());
        delegation.undelegate(OPERATOR, address(native), ETHER);
        _goTo(3);
        delegation.complete(OPERATOR, address(native), ALICE, 1, BOB, IDelegationManager.Payout.Native);
        VM.assertEq(BOB.balance, ETHER);
        VM.assertEq(native.balanceOf(address(delegation)), 0);
        VM.assertEq(delegation.locked(), false);
    }

    function test_redeem_native__receiver_refuses__reverts() external {
        IStakingVault native = _newNative();
        VM.prank(ALICE);
        native.depositNative{value: ETHER}(ALICE);
        _refused(abi.encodeWithSelector(IStakingVault.NativeFailed.selector, address(asset), ETHER));
        native.redeemNative(ETHER, address(asset), ALICE);
    }

    function test_receive__from_another_than_the_asset__reverts() external {
        IStakingVault native = _newNative();
        VM.prank(ALICE);
        (bool success, bytes memory result) = address(native).call{value: 1}("");
        VM.assertEq(success, false);
        VM.assertEq(result, abi.encodeWithSelector(IStakingVault.UnexpectedNative.selector, ALICE));
    }

    // ------------------------------------------------------------------------------------------------------- permit

    function test_permit_asset__gives_the_vault_its_allowance() external {
        uint256 key = 0xA11CE;
        address signer = VM.addr(key);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                IERC20Permit(address(asset)).DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        signer,
                        vault,
                        7,
                        0,
                        GENESIS
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        VM.prank(signer);
        vault.permitAsset(7, GENESIS, v, r, s);
        VM.assertEq(asset.allowance(signer, address(vault)), 7);
    }

    function test_permit_asset__wrong_signature__does_nothing() external {
        VM.prank(BOB);
        asset.approve(address(vault), 0);
        VM.prank(BOB);
        vault.permitAsset(7, GENESIS, 27, bytes32(uint256(1)), bytes32(uint256(2)));
        VM.assertEq(asset.allowance(BOB, address(vault)), 0);
    }

    // -------------------------------------------------------------------------------------------------------- views

    function test_max_deposit__is_the_room_under_the_cap() external {
        VM.assertEq(vault.maxDeposit(ALICE), CAP - 1e6);
        asset.mint(address(vault), 1e6 + 1); // doubles what a share is worth
        VM.assertEq(vault.maxDeposit(ALICE), CAP - 2e6 - 1);
        VM.assertEq(vault.maxMint(ALICE), (CAP - 2e6 - 1) / 2);
        VM.prank(OWNER);
        vault.setCap(1);
        VM.assertEq(vault.maxDeposit(ALICE), 0);
    }

    function test_max_deposit__paused__is_zero() external {
        _pause();
        VM.assertEq(vault.maxDeposit(ALICE), 0);
        VM.assertEq(vault.maxMint(ALICE), 0);
    }

    function test_max_deposit__room_is_worth_no_share__is_zero() external {
        asset.mint(address(vault), ETHER);
        VM.prank(OWNER);
        vault.setCap(ETHER + 1e6 + 1);
        VM.assertEq(vault.maxDeposit(ALICE), 0);
    }

    function test_allowance__delegation_manager__has_no_limit() external {
        VM.assertEq(vault.allowance(ALICE, address(delegation)), type(uint256).max);
        VM.prank(ALICE);
        vault.approve(BOB, 5);
        VM.assertEq(vault.allowance(ALICE, BOB), 5);
        VM.assertEq(vault.nonces(ALICE), 0);
    }
}
