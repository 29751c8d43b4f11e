// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSRegistry} from "../../contracts/interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../../contracts/interfaces/IDelegationManager.sol";
import {IRewardsDistributor} from "../../contracts/interfaces/IRewardsDistributor.sol";
import {ISlashingManager} from "../../contracts/interfaces/ISlashingManager.sol";
import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {Accepted} from "../../contracts/libraries/Types.sol";
import {VM} from "./Cheats.sol";

/// One deployment in the first second of epoch 1, and who has to do with it.
///
/// The contracts come from their artifacts: a test that imports only interfaces compiles in a moment.
abstract contract Deployment {
    address internal constant OWNER = address(0x10000);
    address internal constant GUARDIAN = address(0x20000);
    address internal constant AVS_OWNER = address(0x30000);
    address internal constant SLASHER = address(0x40000);
    address internal constant RESOLVER = address(0x50000);
    address internal constant RECIPIENT = address(0x60000);
    address internal constant OPERATOR = address(0x70000);
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;

    uint48 internal constant EPOCH = 7 days;
    uint48 internal constant REPORT_WINDOW = 4 days;
    uint48 internal constant MAX_VETO = 2 days;
    uint48 internal constant EXECUTE_WINDOW = 1 days;

    uint48 internal immutable GENESIS;

    IAVSRegistry internal registry;
    ISlashingManager internal slashing;
    IDelegationManager internal delegation;
    IRewardsDistributor internal rewards;

    constructor(uint256 genesis) {
        GENESIS = uint48(genesis);
        VM.warp(genesis);
        uint64 nonce = VM.getNonce(address(this));
        registry = _newRegistry(
            _timing(),
            VM.computeCreateAddress(address(this), nonce + 2),
            VM.computeCreateAddress(address(this), nonce + 1),
            VM.computeCreateAddress(address(this), nonce + 3)
        );
        bytes memory wiring = abi.encode(registry);
        slashing = ISlashingManager(VM.deployCode("SlashingManager.sol:SlashingManager", wiring));
        delegation = IDelegationManager(VM.deployCode("DelegationManager.sol:DelegationManager", wiring));
        rewards = IRewardsDistributor(VM.deployCode("RewardsDistributor.sol:RewardsDistributor", wiring));
    }

    function _timing() internal view returns (IAVSRegistry.Timing memory) {
        return IAVSRegistry.Timing(GENESIS, EPOCH, REPORT_WINDOW, MAX_VETO, EXECUTE_WINDOW);
    }

    function _newRegistry(IAVSRegistry.Timing memory timing, address delegation_, address slashing_, address rewards_)
        internal
        returns (IAVSRegistry)
    {
        return IAVSRegistry(
            VM.deployCode(
                "AVSRegistry.sol:AVSRegistry", abi.encode(timing, OWNER, GUARDIAN, delegation_, slashing_, rewards_)
            )
        );
    }

    function _newVault(address asset, bool native) internal returns (IStakingVault) {
        return IStakingVault(
            VM.deployCode("StakingVault.sol:StakingVault", abi.encode(asset, registry, native, "Vault", "vAST"))
        );
    }

    function _start(uint256 epoch) internal view returns (uint256) {
        return GENESIS + (epoch - 1) * EPOCH;
    }

    /// The loosest mandate there is, and any open request.
    function _anything() internal pure returns (Accepted memory) {
        return Accepted(10_000, 10_000, 0, true);
    }
}
