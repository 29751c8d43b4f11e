// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSRegistry} from "../../contracts/interfaces/IAVSRegistry.sol";
import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {AvsId} from "../../contracts/libraries/Types.sol";
import {HostileHook} from "../../contracts/mocks/Hooks.sol";
import {Mintable, VM} from "./Cheats.sol";
import {Deployment} from "./Deployment.sol";

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

/// A fresh chain: genesis is the first second that there is.
abstract contract World is Deployment {
    // ------------------------------------------------------------------------------------------------------ roles

    // Owns, slashes for and is the recipient of an AVS of its own, and is the resolver of another.
    address internal constant HOSTILE_OPERATOR = address(0x80000);
    address internal constant COMPLETER = address(0x90000);
    address internal constant PAYER = address(0xA0000);
    address internal constant HOSTILE_STAKER = address(0xF0000); // and the token that calls back, if there is one

    uint256 internal constant STAKERS = 6;

    // --------------------------------------------------------------------------------------------------- protocol

    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;

    HostileHook internal hook;

    IStakingVault[] internal vaults;
    address[] internal tokens; // that rewards are paid in
    mapping(address token => Kind) internal kindOf;

    // The AVSs, counted from 1 as in the registry.
    uint32 internal constant INSTANT = 1; // with a recipient, so without elastic parts
    uint32 internal constant VETOED = 2;
    uint32 internal constant ELASTIC = 3;
    uint32 internal constant HOSTILE = 4;
    uint32 internal constant ADMITTING = 5; // with the hostile resolver
    uint32 internal constant AVSS = 5;

    constructor(Kind[] memory assets, Kind[] memory rewardTokens) Deployment(VM.getBlockTimestamp()) {
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

    function _staker(uint256 seed) internal pure returns (address) {
        uint256 i = seed % STAKERS;
        return i == 0 ? HOSTILE_STAKER : address(uint160(0xF0000 + i));
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
        IStakingVault vault = _newVault(address(asset), false);
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
}
