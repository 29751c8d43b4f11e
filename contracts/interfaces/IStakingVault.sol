// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Accepted} from "../libraries/Types.sol";
import {IAVSRegistry} from "./IAVSRegistry.sol";
import {IDelegationManager} from "./IDelegationManager.sol";

/// What is staked?
///
/// ERC-4626 over one asset, from 6 to 18 decimals, with permit. Undelegated vault shares redeem at once, whatever
/// anybody does. Shares are minted for what arrived, at most what was asked. `DELEGATION` needs no allowance: it moves
/// shares of its caller, or of one who signed, and of nobody else.
/// WARNING: the price follows the vault's balance. An asset that rebases moves it, down too.
interface IStakingVault is IERC4626, IERC20Permit {
    event CapSet(uint256 cap);
    event Seeded(address indexed by);

    error DecimalsOutOfBounds(uint8 decimals);
    error NotOwner(address caller);
    error AlreadySeeded();
    error NotSeeded();
    error ProtocolPaused();
    error ZeroAmount();
    error ZeroReceiver();
    error TooFewShares(uint256 shares, uint256 minShares);
    error SupplyTooLarge(uint256 supply, uint256 max);
    error AssetShort(uint256 arrived, uint256 asked);
    error NotNative(address asset);
    error NativeFailed(address receiver, uint256 assets);
    error UnexpectedNative(address sender);

    // --- owner of the protocol ---

    /// Sets the most assets that the vault takes by deposits, below 2^96 [asset]. Only the registry's owner.
    /// @dev NotSeeded before `seed`.
    function setCap(uint256 cap_) external;

    // --- anyone ---

    /// Deposits `SEED` assets of the caller and locks the `SEED` shares for good, once. From then on the supply is
    /// never small, and moving the price by a donation costs a million times what it takes from a depositor.
    function seed() external;

    // --- stakers ---

    /// Deposits, and delegates the shares to `operator`'s pool, in one call. Refused as a delegation while paused.
    /// @param assets [asset]
    /// @param minShares Fewest shares that the caller accepts [vault shares].
    /// @param accepted The loosest mandate that the caller accepts.
    /// @return shares [vault shares]
    /// @return poolShares [pool shares]
    function depositAndDelegate(uint256 assets, address operator, uint256 minShares, Accepted calldata accepted)
        external
        returns (uint256 shares, uint256 poolShares);

    /// Deposits ether where the asset is WETH.
    function depositNative(address receiver) external payable returns (uint256 shares);

    /// Deposits ether and delegates, in one call.
    function depositNativeAndDelegate(address operator, uint256 minShares, Accepted calldata accepted)
        external
        payable
        returns (uint256 shares, uint256 poolShares);

    /// Redeems into ether where the asset is WETH.
    function redeemNative(uint256 shares, address receiver, address owner) external returns (uint256 assets);

    /// Uses the caller's permit of the asset, for a deposit in the same `multicall`. A permit that somebody else used
    /// first does no harm.
    function permitAsset(uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    // --- views ---

    function REGISTRY() external view returns (IAVSRegistry);

    function DELEGATION() external view returns (IDelegationManager);

    /// Whether the asset is WETH, and ether is taken and given.
    function NATIVE() external view returns (bool);

    /// What `seed` takes and locks [asset, vault shares].
    function SEED() external view returns (uint256);

    /// The most assets that the vault takes by deposits [asset].
    function cap() external view returns (uint256);
}
