// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AVSRegistry} from "../../contracts/AVSRegistry.sol";
import {DelegationManager} from "../../contracts/DelegationManager.sol";
import {RewardsDistributor} from "../../contracts/RewardsDistributor.sol";
import {SlashingManager} from "../../contracts/SlashingManager.sol";
import {StakingVault} from "../../contracts/StakingVault.sol";
import {IAVSRegistry} from "../../contracts/interfaces/IAVSRegistry.sol";
import {HostileHook} from "../../contracts/mocks/Hooks.sol";
import {Accepted, AvsId} from "../../contracts/libraries/Types.sol";
import {Mintable, VM} from "./Cheats.sol";

enum Kind {
    Plain,
    Rebasing,
    NoReturn, // and 6 decimals
    False,
    Callback,
    Blocklist,
    Short, // a fee, once it is more than 2 wei
    Fee,
    MovedFalse,
    NoZero
}

/// A fresh chain with one deployment: genesis is the first second that there is, and epoch 1 the current one.
abstract contract World {
    // ------------------------------------------------------------------------------------------------------ roles

    address internal constant OWNER = address(0x00010000);
    address internal constant GUARDIAN = address(0x00020000);
    address internal constant AVS_OWNER = address(0x00030000);
    address internal constant SLASHER = address(0x00040000);
    address internal constant RESOLVER = address(0x00050000);
    address internal constant RECIPIENT = address(0x00060000);
    address internal constant OPERATOR = address(0x00070000);
    // Owns, slashes for and is the recipient of an AVS of its own, and is the resolver of another.
    address internal constant HOSTILE_OPERATOR = address(0x00080000);
    address internal constant COMPLETER = address(0x00090000);
    address internal constant PAYER = address(0x000A0000);
    address internal constant HOSTILE_STAKER = address(0x000F0000); // and the token that calls back, if there is one
    address internal constant DEAD = 0x000000000000000000000000000000000000dEaD;

    uint256 internal constant STAKERS = 6;

    // --------------------------------------------------------------------------------------------------- protocol

    uint256 internal constant EPOCH = 7 days;
    uint256 internal constant REPORT_WINDOW = 4 days;
    uint256 internal constant EXECUTE_WINDOW = 1 days;
    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;

    AVSRegistry internal registry;
    SlashingManager internal slashing;
    DelegationManager internal delegation;
    RewardsDistributor internal rewards;
    HostileHook internal hook;

    StakingVault[] internal vaults;
    address[] internal tokens; // that rewards are paid in
    mapping(address token => Kind) internal kindOf;

    // The AVSs, counted from 1 as in the registry.
    uint32 internal constant INSTANT = 1; // with a recipient, so without elastic parts
    uint32 internal constant VETOED = 2;
    uint32 internal constant ELASTIC = 3;
    uint32 internal constant HOSTILE = 4;
    uint32 internal constant ADMITTING = 5; // with the hostile resolver
    uint32 internal constant AVSS = 5;

    uint256 internal immutable GENESIS = VM.getBlockTimestamp();

    constructor(Kind[] memory assets, Kind[] memory rewardTokens) {
        uint64 nonce = VM.getNonce(address(this));
        registry = AVSRegistry(
            VM.deployCode(
                "AVSRegistry.sol:AVSRegistry",
                abi.encode(
                    IAVSRegistry.Timing(
                        uint48(GENESIS), uint48(EPOCH), uint48(REPORT_WINDOW), 2 days, uint48(EXECUTE_WINDOW)
                    ),
                    OWNER,
                    GUARDIAN,
                    VM.computeCreateAddress(address(this), nonce + 2),
                    VM.computeCreateAddress(address(this), nonce + 1),
                    VM.computeCreateAddress(address(this), nonce + 3)
                )
            )
        );
        bytes memory wiring = abi.encode(registry);
        slashing = SlashingManager(VM.deployCode("SlashingManager.sol:SlashingManager", wiring));
        delegation = DelegationManager(VM.deployCode("DelegationManager.sol:DelegationManager", wiring));
        rewards = RewardsDistributor(VM.deployCode("RewardsDistributor.sol:RewardsDistributor", wiring));
        hook = HostileHook(VM.deployCode("Hooks.sol:HostileHook", ""));
        for (uint256 i = 0; i < assets.length; ++i) {
            _addVault(assets[i]);
        }
        for (uint256 i = 0; i < rewardTokens.length; ++i) {
            tokens.push(_newToken(rewardTokens[i]));
            VM.prank(PAYER);
            Mintable(tokens[i]).approve(address(rewards), type(uint256).max);
        }
        _addOperator(OPERATOR);
        _addOperator(HOSTILE_OPERATOR);
        _addAVS(SLASHER, 0, RECIPIENT, AVS_OWNER, address(0), address(0), false);
        _addAVS(SLASHER, 2 days, address(0), AVS_OWNER, RESOLVER, address(0), false);
        _addAVS(SLASHER, 0, address(0), AVS_OWNER, address(0), address(0), false);
        _addAVS(HOSTILE_OPERATOR, 0, HOSTILE_OPERATOR, HOSTILE_OPERATOR, address(0), address(hook), false);
        _addAVS(SLASHER, 1 days, address(0), AVS_OWNER, HOSTILE_OPERATOR, address(0), true);
    }

    // ---------------------------------------------------------------------------------------------------- reading

    function _now() internal view returns (uint256) {
        return VM.getBlockTimestamp();
    }

    /// The current epoch, from the words of the design.
    function _epoch() internal view returns (uint256) {
        return 1 + (_now() - GENESIS) / EPOCH;
    }

    function _start(uint256 epoch) internal view returns (uint256) {
        return GENESIS + (epoch - 1) * EPOCH;
    }

    function _staker(uint256 seed) internal pure returns (address) {
        uint256 i = seed % STAKERS;
        return i == 0 ? HOSTILE_STAKER : address(uint160(0x000F0000 + i));
    }

    function _vetoPeriod(uint256 avs) internal pure returns (uint256) {
        return avs == VETOED ? 2 days : avs == ADMITTING ? 1 days : 0;
    }

    function _recipient(uint256 avs) internal pure returns (address) {
        return avs == INSTANT ? RECIPIENT : avs == HOSTILE ? HOSTILE_OPERATOR : DEAD;
    }

    function _slasher(uint256 avs) internal pure returns (address) {
        return avs == HOSTILE ? HOSTILE_OPERATOR : SLASHER;
    }

    function _resolver(uint256 avs) internal pure returns (address) {
        return avs == VETOED ? RESOLVER : HOSTILE_OPERATOR;
    }

    function _avsOwner(uint256 avs) internal pure returns (address) {
        return avs == HOSTILE ? HOSTILE_OPERATOR : AVS_OWNER;
    }

    // ---------------------------------------------------------------------------------------------------- setting

    function _newToken(Kind kind) private returns (address token) {
        if (kind == Kind.Plain) {
            token = VM.deployCode("TestToken.sol:TestToken", abi.encode("Plain", "PLN", 18));
        } else {
            string[10] memory artifacts = [
                "",
                "LiquidStakingToken.sol:LiquidStakingToken",
                "WeirdTokens.sol:NoReturnToken",
                "WeirdTokens.sol:FalseToken",
                "WeirdTokens.sol:CallbackToken",
                "WeirdTokens.sol:BlocklistToken",
                "StingyToken.sol:StingyToken",
                "WeirdTokens.sol:FeeToken",
                "WeirdTokens.sol:MovedFalseToken",
                "WeirdTokens.sol:NoZeroToken"
            ];
            token = VM.deployCode(artifacts[uint256(kind)], "");
        }
        if (kind == Kind.Callback) {
            // Calls back as somebody who has a stake.
            VM.etch(HOSTILE_STAKER, token.code);
            token = HOSTILE_STAKER;
        }
        kindOf[token] = kind;
    }

    function _addVault(Kind kind) private {
        Mintable asset = Mintable(_newToken(kind));
        StakingVault vault = StakingVault(
            payable(VM.deployCode("StakingVault.sol:StakingVault", abi.encode(asset, registry, false, "Vault", "V")))
        );
        VM.prank(OWNER);
        registry.listVault(address(vault));
        asset.mint(address(this), 2e6);
        asset.approve(address(vault), 2e6);
        vault.seed();
        VM.prank(OWNER);
        vault.setCap(1e28);
        for (uint256 i = 0; i < STAKERS; ++i) {
            VM.prank(_staker(i));
            asset.approve(address(vault), type(uint256).max);
        }
        vaults.push(vault);
    }

    function _addOperator(address operator) private {
        VM.prank(operator);
        registry.registerOperator("");
    }

    function _addAVS(
        address slasher,
        uint48 vetoPeriod,
        address recipient,
        address owner,
        address resolver,
        address hook_,
        bool byAdmission
    ) private {
        VM.prank(owner);
        AvsId avs = registry.registerAVS(
            IAVSRegistry.Terms(slasher, vetoPeriod, byAdmission, recipient, owner, resolver, hook_), ""
        );
        for (uint256 i = 0; i < vaults.length; ++i) {
            VM.prank(owner);
            registry.setVault(avs, address(vaults[i]), true);
        }
        if (!byAdmission) return;
        VM.prank(owner);
        registry.setAdmitted(avs, OPERATOR, true);
    }

    /// The loosest mandate there is.
    function _anything() internal pure returns (Accepted memory) {
        return Accepted(10_000, 10_000, 0, true);
    }
}
