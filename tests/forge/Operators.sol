// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AvsId} from "../../contracts/libraries/Types.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {HostileHook} from "../../contracts/mocks/Hooks.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Acting} from "./Acting.sol";
import {VM} from "./Cheats.sol";

/// An honest operator and a hostile one, and what AVSs decide about operators. All of it goes by the rule of time.
abstract contract Operators is Acting {
    // What is in force in this epoch and in the next two, before an announcement.
    Parts[3] private _noted;

    /// Something to slash, from epoch 4 on.
    constructor() {
        for (uint256 i = 0; i < pools.length; ++i) {
            touched = i;
            _allocate(INSTANT - 1, 800, 0, 0, true);
            _allocate(ELASTIC - 1, 500, 800, 0, true);
            _allocate(VETOED - 1, 300, 1000, 0, true);
            if (i % 2 == 1) _allocate(HOSTILE - 1, 5000, 0, 0, true);
        }
    }

    function setMandate(uint256 pool, uint256 lossBudget, uint256 commission) external acting {
        Pool storage p = _pick(pool);
        lossBudget = _bound(lossBudget, 0, BPS);
        commission = _bound(commission, 0, BPS);
        _noteParts(p, 1);
        _act(
            p.operator,
            address(registry),
            abi.encodeCall(registry.setMandate, (address(p.vault), lossBudget, commission))
        );
        p.lossBudget.announce(_epoch(), lossBudget, !p.everDelegated);
        p.commission.announce(_epoch(), commission, !p.everDelegated);
        if (p.everDelegated) _stands(p, 1);
    }

    function optIn(uint256 pool, uint256 avs, uint256 guaranteed, uint256 elastic, uint256 hookMode) external acting {
        _pick(pool);
        _allocate(avs, guaranteed, elastic, hookMode, true);
    }

    function allocate(uint256 pool, uint256 avs, uint256 guaranteed, uint256 elastic) external acting {
        _pick(pool);
        _allocate(avs, guaranteed, elastic, 0, false);
    }

    function optOut(uint256 pool, uint256 avs, bool ejected) external acting {
        Pool storage p = _pick(pool);
        avs = 1 + avs % AVSS;
        bool optedIn = _isIn(p, avs);
        _noteParts(p, avs);
        AvsId id = AvsId.wrap(uint32(avs));
        (bool ok,) = _try(
            ejected ? _avsOwner(avs) : p.operator,
            address(registry),
            ejected
                ? abi.encodeCall(registry.eject, (id, p.operator, address(p.vault)))
                : abi.encodeCall(registry.optOut, (id, address(p.vault)))
        );
        _hold(9, ok || !optedIn, "an opt-out was refused");
        VM.assume(ok);
        if (!optedIn) return; // an ejection may end an admission only
        p.guaranteed[avs].announce(_epoch(), 0, false);
        p.elastic[avs].announce(_epoch(), 0, false);
        _stands(p, avs);
    }

    function admit(uint256 vaultSeed, bool admitted, bool counts, bool hostile) external acting {
        AvsId id = AvsId.wrap(ADMITTING);
        address operator = hostile ? HOSTILE_OPERATOR : OPERATOR;
        _act(AVS_OWNER, address(registry), abi.encodeCall(registry.setAdmitted, (id, operator, admitted)));
        address vault = address(vaults[vaultSeed % vaults.length]);
        _act(AVS_OWNER, address(registry), abi.encodeCall(registry.setVault, (id, vault, counts)));
    }

    // ----------------------------------------------------------------------------------------------------- private

    function _allocate(uint256 avs, uint256 guaranteed, uint256 elastic, uint256 hookMode, bool first) private {
        Pool storage p = pools[touched];
        avs = 1 + avs % AVSS;
        // One that is in, or out, and what fits, mostly, as a refused announcement shows little.
        for (uint256 i = 0; i < AVSS && hookMode % 8 != 7 && _isIn(p, avs) == first; ++i) {
            avs = avs % AVSS + 1;
        }
        guaranteed = _bound(guaranteed, 0, guaranteed % 8 == 0 ? BPS + 1 : p.lossBudget.last() / 2);
        // Mostly so little that not all of it is reserved for others, and something of it is safe.
        uint256 most = elastic % 4 == 0 ? BPS : p.lossBudget.last() / 4;
        elastic = avs == INSTANT || avs == HOSTILE ? (elastic % 4 == 3 ? 1 : 0) : _bound(elastic, 0, most);
        _noteParts(p, avs);
        AvsId id = AvsId.wrap(uint32(avs));
        address vault = address(p.vault);
        if (first) {
            // All of its harm but to burn all gas, which takes the tests too long.
            HostileHook.Mode[4] memory modes = [
                HostileHook.Mode.Accept, HostileHook.Mode.Refuse, HostileHook.Mode.ReturnBomb, HostileHook.Mode.CallBack
            ];
            // That call succeeds unless all is locked.
            hook.setCallback(address(rewards), abi.encodeCall(rewards.book, (p.operator, vault, IERC20(address(0)), 0)));
            hook.setMode(modes[hookMode % 4]);
            _act(p.operator, address(registry), abi.encodeCall(registry.optIn, (id, vault, guaranteed, elastic, "")));
        } else {
            _act(p.operator, address(registry), abi.encodeCall(registry.allocate, (id, vault, guaranteed, elastic)));
        }
        _hold(4, elastic == 0 || _recipient(avs) == DEAD, "an AVS with a recipient got an elastic part");
        p.guaranteed[avs].announce(_epoch(), guaranteed, false);
        p.elastic[avs].announce(_epoch(), elastic, false);
        _stands(p, avs);
    }

    function _isIn(Pool storage p, uint256 avs) private view returns (bool) {
        return p.guaranteed[avs].last() + p.elastic[avs].last() != 0;
    }

    function _partsIn(Pool storage p, uint256 avs, uint256 epochs) private view returns (Parts memory) {
        return registry.partsAt(AvsId.wrap(uint32(avs)), p.operator, address(p.vault), uint24(_epoch() + epochs));
    }

    /// Before an announcement.
    function _noteParts(Pool storage p, uint256 avs) private {
        for (uint256 i = 0; i < 3; ++i) {
            _noted[i] = _partsIn(p, avs, i);
        }
    }

    /// Promises 5 and 7: an announcement changes nothing in this epoch, ends at most a rise in the next, and raises
    /// nothing in the one after it.
    function _stands(Pool storage p, uint256 avs) private view {
        Parts memory now_ = _noted[0];
        Parts memory next = _noted[1];
        Parts memory later = _partsIn(p, avs, 0);
        _hold(7, keccak256(abi.encode(now_)) == keccak256(abi.encode(later)), "a number changed in its epoch");
        later = _partsIn(p, avs, 1);
        _standsNext(now_.guaranteed, next.guaranteed, later.guaranteed);
        _standsNext(now_.elastic, next.elastic, later.elastic);
        _standsNext(now_.lossBudget, next.lossBudget, later.lossBudget);
        later = _partsIn(p, avs, 2);
        next = _noted[2];
        _hold(
            7,
            later.guaranteed <= next.guaranteed && later.elastic <= next.elastic && later.lossBudget <= next.lossBudget,
            "a number was raised for the next epoch but one"
        );
    }

    function _standsNext(uint256 now_, uint256 next, uint256 nextAfter) private pure {
        _hold(7, nextAfter <= next, "a number was raised for the next epoch");
        _hold(5, nextAfter >= (next < now_ ? next : now_), "a number fell within a full epoch of its announcement");
    }
}
