// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {IRewardsDistributor} from "../../contracts/interfaces/IRewardsDistributor.sol";
import {LiquidStakingToken} from "../../contracts/mocks/LiquidStakingToken.sol";
import {BlocklistToken, CallbackToken, FalseToken, MovedFalseToken} from "../../contracts/mocks/WeirdTokens.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Acting} from "./Acting.sol";
import {VM} from "./Cheats.sol";
import {StingyToken} from "./StingyToken.sol";
import {Kind} from "./World.sol";

/// A clumsy owner, a nervous guardian, assets that do what they like, and time.
abstract contract Surroundings is Acting {
    // -------------------------------------------------------------------------------------------- owner, guardian

    /// Not as often as a pause is ended, as little goes on in it.
    function pause(uint256 seed, bool byOwner) external acting {
        VM.assume(seed % 8 == 0);
        _act(byOwner ? OWNER : GUARDIAN, address(registry), abi.encodeCall(registry.pause, ()));
    }

    function unpause() external acting {
        _act(OWNER, address(registry), abi.encodeCall(registry.unpause, ()));
    }

    function setCap(uint256 pool, uint256 cap) external acting {
        IStakingVault vault = _pick(pool).vault;
        // Often far too low, also for what is in.
        cap = cap % 16 == 15 ? cap / 16 % 1e24 : 1e28;
        _act(OWNER, address(vault), abi.encodeCall(vault.setCap, (cap)));
    }

    /// Lists what is no vault, is listed already, or is another contract of the protocol; tries to take over.
    function blunder(uint256 which) external acting {
        address[5] memory wrong =
            [address(vaults[0]), address(delegation), address(registry), vaults[0].asset(), HOSTILE_OPERATOR];
        (bool ok,) = _try(OWNER, address(registry), abi.encodeCall(registry.listVault, (wrong[which % 5])));
        _hold(9, !ok, "what is no vault was listed");
        (ok,) = _try(OWNER, address(registry), abi.encodeCall(Ownable.renounceOwnership, ()));
        _hold(9, !ok, "the protocol was left without an owner");
        _act(OWNER, address(registry), abi.encodeCall(registry.setGuardian, (which % 2 == 0 ? GUARDIAN : OWNER)));
    }

    // ------------------------------------------------------------------------------------------------------ tokens

    /// Tokens that do what they like, be they assets or rewards.
    function misbehave(uint256 pool, uint256 which, uint256 how, uint256 who) external acting {
        Pool storage p = _pick(pool);
        which %= 1 + tokens.length;
        address token = which == 0 ? p.vault.asset() : tokens[which - 1];
        Kind kind = kindOf[token];
        if (kind == Kind.Rebasing) {
            uint256 index = LiquidStakingToken(token).index();
            // Up and down, and never so far that amounts leave their bounds.
            int256 bps = int256(how % 400) - 200;
            if (index < 0.2e18) bps = 400;
            if (index > 5e18) bps = -400;
            LiquidStakingToken(token).rebase(bps);
        } else if (kind == Kind.False) {
            FalseToken(token).setFailing(how % 4 == 0);
        } else if (kind == Kind.MovedFalse) {
            MovedFalseToken(token).setLying(how % 4 == 0);
        } else if (kind == Kind.Callback) {
            _callBack(p, how);
        } else if (kind == Kind.Blocklist) {
            address[4] memory blocked = [_staker(who / 4), RECIPIENT, p.operator, address(p.vault)];
            BlocklistToken(token).setBlocked(blocked[who % 4 == 3 && who % 16 > 3 ? 0 : who % 4], how % 4 == 0);
        } else {
            VM.assume(kind == Kind.Short);
            StingyToken(token).setShort(how % 4); // 3 is a fee that the vault refuses
        }
    }

    /// In the middle of a transfer all that moves stake or rewards is locked, for a staker as for a stranger. Each of
    /// these calls could succeed at another time.
    function _callBack(Pool storage p, uint256 how) private {
        address vault = address(p.vault);
        (address target, bytes memory data) = (address(delegation), abi.encodeCall(delegation.giveBack, ()));
        uint256 kind = how / 2 % 8;
        if (kind == 0) {
            data = abi.encodeCall(delegation.undelegate, (p.operator, vault, 1));
        } else if (kind == 1) {
            data = abi.encodeCall(delegation.delegateShares, (p.operator, vault, 1, _anything()));
        } else if (kind == 2) {
            (target, data) = (vault, abi.encodeCall(p.vault.redeem, (1, HOSTILE_STAKER, HOSTILE_STAKER)));
        } else if (kind == 3) {
            (target, data) = (vault, abi.encodeCall(p.vault.deposit, (1e6, HOSTILE_STAKER)));
        } else if (kind == 4) {
            IRewardsDistributor.Claim[] memory claims = new IRewardsDistributor.Claim[](1);
            claims[0] = IRewardsDistributor.Claim(p.operator, vault, IERC20(HOSTILE_STAKER), 0);
            data = abi.encodeCall(rewards.claim, (HOSTILE_STAKER, claims, HOSTILE_STAKER));
            target = address(rewards);
        } else if (kind == 5) {
            data = abi.encodeCall(rewards.book, (p.operator, vault, IERC20(HOSTILE_STAKER), 0));
            target = address(rewards);
        } else if (kind == 6 && requests.length != 0) {
            data = abi.encodeCall(slashing.execute, (requests[how / 16 % requests.length].r));
            target = address(slashing);
        }
        CallbackToken(HOSTILE_STAKER).setCallback(target, data, how % 2 == 0);
    }

    // -------------------------------------------------------------------------------------------------------- time

    function wait(uint256 time) external acting {
        VM.warp(_now() + _bound(time, 1, 12 hours));
        _sync();
    }

    /// To the last second of the epoch, to the first of the next, or a second past it.
    function cross(uint256 second, uint256 pool) external acting {
        VM.assume(second % 2 == 0); // or little happens within an epoch
        uint256 to = _start(_epoch() + 1) - 1 + second / 2 % 3;
        VM.warp(to > _now() ? to : to + 1);
        _pick(pool);
        _sync();
    }

    function jump(uint256 epochs, uint256 second, uint256 pool) external acting {
        VM.assume(epochs % 8 == 0);
        epochs /= 8;
        VM.warp(_start(_epoch() + 1 + epochs % 4) + second % EPOCH);
        _pick(pool);
        _sync();
    }
}
