// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAVSRegistry} from "./interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {IStakingVault} from "./interfaces/IStakingVault.sol";
import {IWETH} from "./interfaces/IWETH.sol";
import {BURN} from "./libraries/Constants.sol";
import {Accepted} from "./libraries/Types.sol";

/// See `IStakingVault`.
contract StakingVault is IStakingVault, ERC4626, ERC20Permit, Multicall {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    // -------------------------------------------------------------------------------------------------- constants

    /// @inheritdoc IStakingVault
    uint256 public constant SEED = 1e6;

    uint256 private constant MAX_SUPPLY = type(uint96).max; // `DelegationManager` relies on it [vault shares]
    uint256 private constant TOLERANCE = 2; // how much less than asked may arrive [asset]

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IStakingVault
    IAVSRegistry public immutable REGISTRY;
    /// @inheritdoc IStakingVault
    IDelegationManager public immutable DELEGATION;
    /// @inheritdoc IStakingVault
    bool public immutable NATIVE;

    // ---------------------------------------------------------------------------------------------------- storage

    /// @inheritdoc IStakingVault
    uint256 public cap;

    // ------------------------------------------------------------------------------------------------ constructor

    /// @param native Whether `asset_` is WETH.
    constructor(IERC20Metadata asset_, IAVSRegistry registry, bool native, string memory name_, string memory symbol_)
        ERC4626(asset_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        uint8 decimals_ = asset_.decimals();
        if (decimals_ < 6 || decimals_ > 18) revert DecimalsOutOfBounds(decimals_);
        REGISTRY = registry;
        DELEGATION = registry.DELEGATION();
        NATIVE = native;
    }

    /// Calls of the `DelegationManager` come under the lock that it took itself.
    modifier guarded() {
        bool nested = msg.sender == address(DELEGATION);
        if (!nested) DELEGATION.take();
        _;
        if (!nested) DELEGATION.giveBack();
    }

    modifier whenNotPaused() {
        if (REGISTRY.paused()) revert ProtocolPaused();
        _;
    }

    modifier onlyNative() {
        if (!NATIVE) revert NotNative(asset());
        _;
    }

    // --------------------------------------------------------------------------------------- owner of the protocol

    /// @inheritdoc IStakingVault
    function setCap(uint256 cap_) external {
        if (msg.sender != Ownable(address(REGISTRY)).owner()) revert NotOwner(msg.sender);
        if (totalSupply() == 0) revert NotSeeded();
        cap = cap_.toUint96();
        emit CapSet(cap_);
    }

    // ----------------------------------------------------------------------------------------------------- anyone

    /// @inheritdoc IStakingVault
    function seed() external guarded {
        if (totalSupply() != 0) revert AlreadySeeded();
        _pull(SEED, totalAssets(), TOLERANCE);
        _mint(BURN, SEED);
        emit Seeded(msg.sender);
    }

    // ---------------------------------------------------------------------------------------------------- stakers

    /// @inheritdoc IERC4626
    function deposit(uint256 assets, address receiver)
        public
        override(ERC4626, IERC4626)
        guarded
        whenNotPaused
        returns (uint256 shares)
    {
        return _depositAsset(assets, receiver);
    }

    /// @inheritdoc IERC4626
    /// @dev For an asset that delivers exactly what is asked.
    function mint(uint256 shares, address receiver)
        public
        override(ERC4626, IERC4626)
        guarded
        whenNotPaused
        returns (uint256 assets)
    {
        assets = previewMint(shares);
        (, uint256 rest) = _pull(assets, _requireRoom(assets, receiver), 0);
        uint256 worth = _sharesAtDown(assets, rest);
        if (worth < shares) revert TooFewShares(worth, shares);
        _mintFor(receiver, assets, shares);
    }

    /// @inheritdoc IStakingVault
    function depositAndDelegate(uint256 assets, address operator, uint256 minShares, Accepted calldata accepted)
        external
        guarded
        returns (uint256 shares, uint256 poolShares)
    {
        shares = _depositAsset(assets, address(DELEGATION));
        poolShares = _delegateMinted(shares, operator, minShares, accepted);
    }

    /// @inheritdoc IStakingVault
    function depositNative(address receiver) external payable onlyNative guarded whenNotPaused returns (uint256) {
        return _depositNative(receiver);
    }

    /// @inheritdoc IStakingVault
    function depositNativeAndDelegate(address operator, uint256 minShares, Accepted calldata accepted)
        external
        payable
        onlyNative
        guarded
        returns (uint256 shares, uint256 poolShares)
    {
        shares = _depositNative(address(DELEGATION));
        poolShares = _delegateMinted(shares, operator, minShares, accepted);
    }

    /// @inheritdoc IERC4626
    function withdraw(uint256 assets, address receiver, address owner)
        public
        override(ERC4626, IERC4626)
        guarded
        returns (uint256)
    {
        _requireExit(assets, receiver);
        return super.withdraw(assets, receiver, owner);
    }

    /// @inheritdoc IERC4626
    function redeem(uint256 shares, address receiver, address owner)
        public
        override(ERC4626, IERC4626)
        guarded
        returns (uint256)
    {
        _requireExit(shares, receiver);
        return super.redeem(shares, receiver, owner);
    }

    /// @inheritdoc IStakingVault
    function redeemNative(uint256 shares, address receiver, address owner)
        external
        onlyNative
        guarded
        returns (uint256 assets)
    {
        _requireExit(shares, receiver);
        assets = previewRedeem(shares);
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        emit Withdraw(msg.sender, receiver, owner, assets, shares);
        IWETH(asset()).withdraw(assets);
        (bool success,) = receiver.call{value: assets}("");
        if (!success) revert NativeFailed(receiver, assets);
    }

    /// @inheritdoc IStakingVault
    function permitAsset(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whether it worked shows in the deposit.
        try IERC20Permit(asset()).permit(msg.sender, address(this), value, deadline, v, r, s) {} catch {}
    }

    /// Ether comes from WETH only.
    receive() external payable {
        if (msg.sender != asset()) revert UnexpectedNative(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// Zero while the protocol is paused.
    /// @inheritdoc IERC4626
    function maxDeposit(address) public view override(ERC4626, IERC4626) returns (uint256) {
        if (REGISTRY.paused()) return 0;
        uint256 room = Math.min(Math.saturatingSub(cap, totalAssets()), convertToAssets(MAX_SUPPLY - totalSupply()));
        return convertToShares(room) == 0 ? 0 : room;
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return convertToShares(maxDeposit(receiver));
    }

    /// Without limit for the `DelegationManager`.
    /// @inheritdoc IERC20
    function allowance(address owner, address spender) public view override(ERC20, IERC20) returns (uint256) {
        return spender == address(DELEGATION) ? type(uint256).max : super.allowance(owner, spender);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    function decimals() public view override(ERC20, ERC4626, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _depositAsset(uint256 assets, address receiver) private returns (uint256 shares) {
        (uint256 arrived, uint256 rest) = _pull(assets, _requireRoom(assets, receiver), TOLERANCE);
        shares = _sharesAtDown(arrived, rest);
        _mintFor(receiver, arrived, shares);
    }

    function _depositNative(address receiver) private returns (uint256 shares) {
        uint256 held = _requireRoom(msg.value, receiver);
        IWETH(asset()).deposit{value: msg.value}();
        uint256 arrived = totalAssets() - held;
        if (arrived != msg.value) revert AssetShort(arrived, msg.value);
        shares = _sharesAtDown(arrived, held);
        _mintFor(receiver, arrived, shares);
    }

    /// What `arrived` is worth at the price of `rest`, all else that the vault holds.
    function _sharesAtDown(uint256 arrived, uint256 rest) private view returns (uint256) {
        return Math.mulDiv(arrived, totalSupply() + 1, rest + 1);
    }

    function _delegateMinted(uint256 shares, address operator, uint256 minShares, Accepted calldata accepted)
        private
        returns (uint256)
    {
        if (shares < minShares) revert TooFewShares(shares, minShares);
        return DELEGATION.delegateMinted(msg.sender, operator, shares, accepted);
    }

    /// @return held What the vault holds already.
    function _requireRoom(uint256 assets, address receiver) private view returns (uint256 held) {
        if (assets == 0) revert ZeroAmount();
        held = totalAssets();
        uint256 room = Math.saturatingSub(cap, held);
        if (assets > room) revert ERC4626ExceededMaxDeposit(receiver, assets, room);
    }

    function _requireExit(uint256 amount, address receiver) private pure {
        if (amount == 0) revert ZeroAmount();
        if (receiver == address(0)) revert ZeroReceiver();
    }

    /// Takes `assets` from the caller into a vault that holds `held`.
    /// @return arrived At most `assets`.
    /// @return rest What the vault holds besides: `held`, and what a rebase on the way did to it, which is not the
    /// depositor's.
    function _pull(uint256 assets, uint256 held, uint256 tolerance) private returns (uint256 arrived, uint256 rest) {
        IERC20(asset()).safeTransferFrom(msg.sender, address(this), assets);
        uint256 holds = totalAssets();
        arrived = Math.min(Math.saturatingSub(holds, held), assets);
        if (arrived + tolerance < assets) revert AssetShort(arrived, assets);
        rest = holds - arrived;
    }

    function _mintFor(address receiver, uint256 assets, uint256 shares) private {
        if (shares == 0) revert TooFewShares(0, 1);
        _mint(receiver, shares);
        if (totalSupply() > MAX_SUPPLY) revert SupplyTooLarge(totalSupply(), MAX_SUPPLY);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    /// Some tokens refuse to move nothing, which must not hold up an exit.
    function _transferOut(address to, uint256 assets) internal override {
        if (assets != 0) super._transferOut(to, assets);
    }
}
