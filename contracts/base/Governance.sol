// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAVSRegistry} from "../interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../interfaces/IDelegationManager.sol";
import {IGovernance} from "../interfaces/IGovernance.sol";
import {IRewardsDistributor} from "../interfaces/IRewardsDistributor.sol";
import {ISlashingManager} from "../interfaces/ISlashingManager.sol";
import {IStakingVault} from "../interfaces/IStakingVault.sol";
import {pageSize} from "../libraries/Paging.sol";

abstract contract Governance is IGovernance, Ownable2Step {
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------- immutables

    // Predicted by the deployer, who deploys them after this contract; each of them refuses to be deployed elsewhere.
    /// @inheritdoc IGovernance
    IDelegationManager public immutable DELEGATION;
    /// @inheritdoc IGovernance
    ISlashingManager public immutable SLASHING;
    /// @inheritdoc IGovernance
    IRewardsDistributor public immutable REWARDS;

    // ---------------------------------------------------------------------------------------------------- storage

    /// @inheritdoc IGovernance
    address public guardian;
    /// @inheritdoc IGovernance
    bool public paused;

    address[] private _vaults;

    // Place in `_vaults`, counted from 1; 0 if not listed.
    mapping(address vault => uint32) private _vaultPlace;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(address owner, address guardian_, address delegation, address slashing, address rewards)
        Ownable(owner)
    {
        if (delegation == address(0) || slashing == address(0) || rewards == address(0)) {
            revert ZeroAddress();
        }
        DELEGATION = IDelegationManager(delegation);
        SLASHING = ISlashingManager(slashing);
        REWARDS = IRewardsDistributor(rewards);
        _setGuardian(guardian_);
    }

    modifier whenNotPaused() {
        _requireNotPaused();
        _;
    }

    // ------------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IGovernance
    function listVault(address vault) external onlyOwner {
        if (_vaultPlace[vault] != 0) revert VaultAlreadyListed(vault);
        if (_isProtocol(vault) || !_isWired(vault)) revert MiswiredVault(vault);

        uint32 index = _vaults.length.toUint32();
        _vaults.push(vault);
        _vaultPlace[vault] = index + 1;
        emit VaultListed(vault, index);
    }

    /// @inheritdoc IGovernance
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// Refused: without an owner a pause could never end.
    function renounceOwnership() public pure override {
        revert NotRenounceable();
    }

    /// @inheritdoc IGovernance
    function unpause() external onlyOwner {
        if (!paused) revert NotPaused();
        paused = false;
        emit Unpaused();
    }

    // --------------------------------------------------------------------------------------------------- guardian

    /// @inheritdoc IGovernance
    function pause() external whenNotPaused {
        if (msg.sender != guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        paused = true;
        emit Paused(msg.sender);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IGovernance
    function hasVault(address vault) public view returns (bool) {
        return _vaultPlace[vault] != 0;
    }

    /// @inheritdoc IGovernance
    function vaultCount() external view returns (uint256) {
        return _vaults.length;
    }

    /// @inheritdoc IGovernance
    function vaults(uint256 offset, uint256 limit) external view returns (address[] memory page) {
        page = new address[](pageSize(_vaults.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _vaults[offset + i];
        }
    }

    // ---------------------------------------------------------------------------------------------------- internal

    function _vaultIndex(address vault) internal view returns (uint32) {
        return _vaultPlace[vault] - 1;
    }

    function _vaultAt(uint256 index) internal view returns (address) {
        return _vaults[index];
    }

    /// Whether `account` is a contract of this deployment.
    function _isProtocol(address account) internal view returns (bool) {
        return account == address(DELEGATION) || account == address(SLASHING) || account == address(REWARDS)
            || account == address(this) || hasVault(account);
    }

    function _requireNotPaused() internal view {
        if (paused) revert ProtocolPaused();
    }

    function _isWired(address vault) private view returns (bool) {
        if (vault.code.length == 0) return false;
        try IStakingVault(vault).REGISTRY() returns (IAVSRegistry registry) {
            return address(registry) == address(this);
        } catch {
            return false;
        }
    }

    function _setGuardian(address guardian_) private {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }
}
