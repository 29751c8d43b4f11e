// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../../../contracts/interfaces/IDelegationManager.sol";
import {IRewardsDistributor} from "../../../contracts/interfaces/IRewardsDistributor.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {IStakingVault} from "../../../contracts/interfaces/IStakingVault.sol";
import {Accepted, AvsId} from "../../../contracts/libraries/Types.sol";
import {Mintable, VM} from "./Cheats.sol";

/// One deployment at the start of epoch 1, one vault, one operator, and three stakers who have the asset.
///
/// The contracts come from their artifacts: a test that imports only interfaces compiles in a moment.
abstract contract Scene {
    address internal constant OWNER = address(0x10000);
    address internal constant GUARDIAN = address(0x20000);
    address internal constant AVS_OWNER = address(0x30000);
    address internal constant SLASHER = address(0x40000);
    address internal constant RESOLVER = address(0x50000);
    address internal constant RECIPIENT = address(0x60000);
    address internal constant OPERATOR = address(0x70000);
    address internal constant OTHER_OPERATOR = address(0x80000);
    address internal constant STRANGER = address(0x90000);
    address internal constant ALICE = address(0xA0000);
    address internal constant BOB = address(0xB0000);
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;

    uint48 internal constant GENESIS = 1_000_000;
    uint48 internal constant EPOCH = 7 days;
    uint48 internal constant REPORT_WINDOW = 4 days;
    uint48 internal constant MAX_VETO = 2 days;
    uint48 internal constant EXECUTE_WINDOW = 1 days;

    uint256 internal constant SEED = 1e6;
    uint256 internal constant CAP = 1e27;

    IAVSRegistry internal registry;
    ISlashingManager internal slashing;
    IDelegationManager internal delegation;
    IRewardsDistributor internal rewards;
    Mintable internal asset;
    IStakingVault internal vault;

    constructor() {
        VM.warp(GENESIS);
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
        asset = _newToken("TestToken.sol:TestToken", abi.encode("Asset", "AST", 18));
        vault = _newVault(address(asset), false);
        _openVault(vault);
        _enlist(OPERATOR);
    }

    // ------------------------------------------------------------------------------------------------------- making

    function _timing() internal pure returns (IAVSRegistry.Timing memory) {
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

    /// Of which the stakers have plenty.
    function _newToken(string memory artifact, bytes memory arguments) internal returns (Mintable token) {
        token = Mintable(VM.deployCode(artifact, arguments));
        token.mint(address(this), 1e36);
        token.mint(ALICE, 1e36);
        token.mint(BOB, 1e36);
    }

    function _newVault(address asset_, bool native) internal returns (IStakingVault) {
        return IStakingVault(
            VM.deployCode("StakingVault.sol:StakingVault", abi.encode(asset_, registry, native, "Vault", "vAST"))
        );
    }

    /// Lists and seeds a vault, and lets the stakers in.
    function _openVault(IStakingVault vault_) internal {
        VM.prank(OWNER);
        registry.listVault(address(vault_));
        IERC20 asset_ = IERC20(vault_.asset());
        asset_.approve(address(vault_), type(uint256).max);
        vault_.seed();
        VM.prank(OWNER);
        vault_.setCap(CAP);
        VM.prank(ALICE);
        asset_.approve(address(vault_), type(uint256).max);
        VM.prank(BOB);
        asset_.approve(address(vault_), type(uint256).max);
    }

    function _enlist(address operator) internal {
        VM.prank(operator);
        registry.registerOperator("");
    }

    /// With a loss budget of 50 %, a commission of 10 %, and any veto period.
    function _openPool(address operator) internal {
        VM.prank(operator);
        registry.openPool(address(vault), 5000, 1000, 0);
    }

    function _terms(uint48 vetoPeriod, address recipient) internal pure returns (IAVSRegistry.Terms memory) {
        return IAVSRegistry.Terms(
            SLASHER, vetoPeriod, false, recipient, AVS_OWNER, vetoPeriod == 0 ? address(0) : RESOLVER, address(0)
        );
    }

    /// An AVS that counts the vault.
    function _addAVS(IAVSRegistry.Terms memory terms) internal returns (AvsId avs) {
        avs = registry.registerAVS(terms, "");
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), true);
    }

    function _optIn(AvsId avs, uint256 guaranteed, uint256 elastic) internal {
        VM.prank(OPERATOR);
        registry.optIn(avs, address(vault), guaranteed, elastic, "");
    }

    /// Stakes and delegates at a price of one vault share for one of the asset.
    function _delegate(address staker, uint256 amount) internal {
        VM.prank(staker);
        vault.depositAndDelegate(amount, OPERATOR, 0, _anything());
    }

    function _undelegate(address staker, uint256 poolShares) internal {
        VM.prank(staker);
        delegation.undelegate(OPERATOR, address(vault), poolShares);
    }

    // --------------------------------------------------------------------------------------------------------- time

    function _start(uint256 epoch) internal pure returns (uint256) {
        return GENESIS + (epoch - 1) * EPOCH;
    }

    function _goTo(uint256 epoch) internal {
        VM.warp(_start(epoch));
    }

    /// The loosest mandate there is, and any open request.
    function _anything() internal pure returns (Accepted memory) {
        return Accepted(10_000, 10_000, 0, true);
    }
}
