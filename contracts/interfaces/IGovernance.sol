// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IDelegationManager} from "./IDelegationManager.sol";
import {IRewardsDistributor} from "./IRewardsDistributor.sol";
import {ISlashingManager} from "./ISlashingManager.sol";

/// Who may do what to the protocol itself.
///
/// The owner lists vaults, sets their caps, names the guardian and ends a pause. The guardian can pause what adds risk:
/// deposits, delegations, opt-ins and raised allocations. Neither can touch stake, terms, slashing or an exit.
interface IGovernance {
    event VaultListed(address indexed vault, uint32 index);
    event GuardianSet(address indexed guardian);
    event Paused(address indexed by);
    event Unpaused();

    error ZeroAddress();
    error UnknownVault(address vault);
    error VaultAlreadyListed(address vault);
    error MiswiredVault(address vault);
    error NotGuardian(address caller);
    error ProtocolPaused();
    error NotPaused();
    error NotRenounceable();

    // --- owner ---

    /// Lists `vault` for good. Its cap is zero until set. Only the owner.
    /// WARNING: List only `StakingVault`s. Another contract could fake stake in its own pools, and hold the lock until
    /// the end of a transaction.
    /// @dev MiswiredVault if it is wired to another deployment, or is no vault.
    function listVault(address vault) external;

    /// Names the guardian; the zero address names none. Only the owner.
    function setGuardian(address guardian_) external;

    /// Ends a pause. Only the owner.
    function unpause() external;

    // --- guardian ---

    /// Stops deposits, delegations, opt-ins and raised allocations. The guardian or the owner.
    function pause() external;

    // --- views ---

    function DELEGATION() external view returns (IDelegationManager);

    function SLASHING() external view returns (ISlashingManager);

    function REWARDS() external view returns (IRewardsDistributor);

    function guardian() external view returns (address);

    function paused() external view returns (bool);

    function hasVault(address vault) external view returns (bool);

    function vaultCount() external view returns (uint256);

    /// The listed vaults, in the order of listing. An empty page is past the end.
    function vaults(uint256 offset, uint256 limit) external view returns (address[] memory page);
}
