// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {StakingVault} from "../../contracts/StakingVault.sol";
import {LiquidStakingToken} from "../../contracts/mocks/LiquidStakingToken.sol";
import {BlocklistToken, CallbackToken, FalseToken} from "../../contracts/mocks/WeirdTokens.sol";
import {Acting} from "./Acting.sol";
import {VM} from "./Cheats.sol";
import {StingyToken} from "./StingyToken.sol";
import {Kind} from "./World.sol";

/// A clumsy owner, a nervous guardian, assets that do what they like, and time.
abstract contract Surroundings is Acting {
    // -------------------------------------------------------------------------------------------- owner, guardian

    /// Not as often as a pause is ended, as little goes on in it.
    function pause(uint256 seed, bool byOwner) external acting {
        VM.assume(seed % 4 == 0);
        _act(byOwner ? OWNER : GUARDIAN, address(registry), abi.encodeCall(registry.pause, ()));
    }

    function unpause() external acting {
        _act(OWNER, address(registry), abi.encodeCall(registry.unpause, ()));
    }

    function setCap(uint256 vaultSeed, uint256 cap) external acting {
        StakingVault vault = vaults[vaultSeed % vaults.length];
        // Often far too low, also for what is in.
        cap = cap % 8 == 0 ? cap / 8 % 1e24 : 1e28;
        _act(OWNER, address(vault), abi.encodeCall(vault.setCap, (cap)));
    }

    /// Lists what is no vault, is listed already, or is another contract of the protocol; tries to take over.
    function blunder(uint256 which) external acting {
        address[5] memory wrong =
            [address(vaults[0]), address(delegation), address(registry), vaults[0].asset(), HOSTILE_OPERATOR];
        (bool ok,) = _try(OWNER, address(registry), abi.encodeCall(registry.listVault, (wrong[which % 5])));
        _hold(9, !ok, "what is no vault was listed");
        (ok,) = _try(OWNER, address(registry), abi.encodeCall(registry.renounceOwnership, ()));
        _hold(9, !ok, "the protocol was left without an owner");
        _act(OWNER, address(registry), abi.encodeCall(registry.setGuardian, (which % 2 == 0 ? GUARDIAN : OWNER)));
    }

    // ------------------------------------------------------------------------------------------------------ assets

    function misbehave(uint256 vaultSeed, uint256 how, uint256 who) external acting {
        StakingVault vault = vaults[vaultSeed % vaults.length];
        touched = vaultSeed % vaults.length * 2;
        Kind kind = kindOf[vault];
        VM.assume(kind != Kind.Plain && kind != Kind.NoReturn);
        address asset = vault.asset();
        if (kind == Kind.Rebasing) {
            uint256 index = LiquidStakingToken(asset).index();
            // Up and down, and never so far that amounts leave their bounds.
            int256 bps = int256(how % 400) - 200;
            if (index < 0.2e18) bps = 400;
            if (index > 5e18) bps = -400;
            LiquidStakingToken(asset).rebase(bps);
        } else if (kind == Kind.False) {
            FalseToken(asset).setFailing(how % 4 == 0);
        } else if (kind == Kind.Callback) {
            _callBack(CallbackToken(asset), vault, how);
        } else if (kind == Kind.Blocklist) {
            address blocked =
                who % 8 == 0 ? address(vault) : who % 8 == 1 ? RECIPIENT : address(uint160(0x000F0000 + who % 4));
            BlocklistToken(asset).setBlocked(blocked, how % 4 == 0);
        } else {
            StingyToken(asset).setShort(how % 4); // one is a fee that the vault refuses
        }
    }

    /// In the middle of a transfer all that moves stake is locked.
    function _callBack(CallbackToken asset, StakingVault vault, uint256 how) private {
        bytes[4] memory calls = [
            abi.encodeCall(delegation.undelegate, (OPERATOR, address(vault), 1)),
            abi.encodeCall(delegation.giveBack, ()),
            abi.encodeCall(vault.redeem, (1, address(asset), address(asset))),
            abi.encodeCall(delegation.take, ())
        ];
        asset.setCallback(how % 4 == 2 ? address(vault) : address(delegation), calls[how % 4], how % 8 < 4);
    }

    // -------------------------------------------------------------------------------------------------------- time

    function wait(uint256 time) external acting {
        VM.warp(_now() + _bound(time, 1, 12 hours));
        _sync();
    }

    /// To the last second of the epoch, to the first of the next, or a second past it.
    function cross(uint256 second, uint256 pool) external acting {
        uint256 to = _start(_epoch() + 1) - 1 + second % 3;
        VM.warp(to > _now() ? to : to + 1);
        touched = pool % pools.length;
        _sync();
    }

    function jump(uint256 epochs, uint256 second, uint256 pool) external acting {
        VM.assume(epochs % 2 == 0); // or little happens within an epoch
        epochs /= 2;
        VM.warp(_start(_epoch() + 1 + epochs % 4) + second % EPOCH);
        touched = pool % pools.length;
        _sync();
    }
}
