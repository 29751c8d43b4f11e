// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {ISlashingManager} from "../../contracts/interfaces/ISlashingManager.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {VM} from "./Cheats.sol";
import {Timeline} from "./Timeline.sol";
import {World} from "./World.sol";

/// What should be, kept literally from `design.md`: every epoch, every position and every ticket by itself, every sum
/// added up when it is asked for.
abstract contract Ledger is World {
    struct TicketRef {
        address staker;
        uint256 epoch;
    }

    struct Reliance {
        uint256 since; // when the AVS asked what is safe [s, Unix time]; 0 if never
        uint256 guaranteed; // [wad]
        uint256 elastic; // [wad]
        uint256 taken; // by the AVS up to then [wad]
    }

    struct Pool {
        address operator;
        IStakingVault vault;
        bool everDelegated;
        Timeline lossBudget;
        Timeline commission;
        mapping(uint256 avs => Timeline) guaranteed;
        mapping(uint256 avs => Timeline) elastic;
        uint256 retained; // [wad]
        mapping(uint256 epoch => uint256) base; // `retained` when the epoch began [wad]
        mapping(uint256 avs => mapping(uint256 epoch => uint256)) ug; // [wad]
        mapping(uint256 avs => mapping(uint256 epoch => uint256)) uh; // [wad]
        mapping(uint256 avs => uint256) taken; // ever [wad]
        mapping(uint256 avs => Reliance[2]) reliances; // by odd and even epochs
        mapping(address staker => uint256) shares; // [pool shares]
        mapping(address staker => mapping(uint256 epoch => uint256)) tickets; // [pool shares]
        mapping(address staker => mapping(uint256 epoch => uint256)) floors; // of a ticket's pool share, promised [wad]
        TicketRef[] open; // not completed
        uint256 entered; // [vault shares]
        uint256 withdrawn; // [vault shares]
        uint256 slashed; // [vault shares]
        uint256 dust; // [vault shares * wad]
        mapping(address staker => mapping(uint256 epoch => uint256)) shareSeconds;
    }

    struct OpenRequest {
        ISlashingManager.Request r;
        uint256 pool;
        uint256 remaining; // [wad]
        uint256 vetoEnds; // [s, Unix time]
        uint256 lapses; // the last second [s, Unix time]
    }

    Pool[] internal pools;
    OpenRequest[] internal requests;

    mapping(IStakingVault vault => uint256) internal minted; // [vault shares]
    mapping(IStakingVault vault => uint256) internal burnt; // by redemption [vault shares]
    mapping(IStakingVault vault => uint256) internal donated; // to the `DelegationManager` [vault shares]

    uint256 internal touched; // the pool that the last call was about
    uint256 internal turn; // counts calls: whose turn it is to be looked at

    uint256 internal syncedAt; // [s, Unix time]

    constructor() {
        syncedAt = _now();
        for (uint256 i = 0; i < vaults.length; ++i) {
            _addPool(OPERATOR, vaults[i], 3000, 1000);
            _addPool(HOSTILE_OPERATOR, vaults[i], 10_000, 0);
        }
    }

    function _addPool(address operator, IStakingVault vault, uint256 lossBudget, uint256 commission) private {
        VM.prank(operator);
        registry.openPool(address(vault), lossBudget, commission, 0);
        Pool storage p = pools.push();
        (p.operator, p.vault, p.retained) = (operator, vault, WAD);
        p.base[1] = WAD;
        p.lossBudget.announce(1, lossBudget, true);
        p.commission.announce(1, commission, true);
    }

    /// Mostly the same as before, so that much happens in one pool.
    function _pick(uint256 seed) internal returns (Pool storage) {
        if (seed % 8 == 0) touched = seed / 8 % pools.length;
        return pools[touched];
    }

    /// @param number Of the promise; 0 for what none of them allows.
    function _hold(uint256 number, bool holds, string memory what) internal pure {
        if (!holds) VM.assertTrue(false, string.concat("promise ", Strings.toString(number), ": ", what));
    }

    // ------------------------------------------------------------------------------------------------------- time

    /// Goes on to now, second by second and epoch by epoch.
    function _sync() internal {
        uint256 until = _now();
        for (uint256 t = syncedAt; t < until;) {
            uint256 e = 1 + (t - GENESIS) / EPOCH;
            uint256 end = _start(e + 1) < until ? _start(e + 1) : until;
            for (uint256 i = 0; i < pools.length; ++i) {
                Pool storage p = pools[i];
                for (uint256 s = 0; s < STAKERS; ++s) {
                    uint256 shares = p.shares[_staker(s)];
                    if (shares != 0) p.shareSeconds[_staker(s)][e] += shares * (end - t);
                }
                if (end == _start(e + 1)) p.base[e + 1] = p.retained;
            }
            if (end == _start(e + 1)) _epochOver(e);
            t = end;
        }
        syncedAt = until;
    }

    function _epochOver(uint256 epoch) internal virtual {}

    // ---------------------------------------------------------------------------------------------------- slashing

    function _part(uint256 base, uint256 bps) internal pure returns (uint256) {
        return base * bps / BPS;
    }

    /// g·B − ug, and max(0, min(h·B − uh, (F − Σg)·B − Σuh)) [wad].
    /// @param shared (F − Σg)·B [wad].
    function _slashable(Pool storage p, uint256 avs, uint256 shared)
        internal
        view
        returns (uint256 guaranteed, uint256 elastic)
    {
        uint256 e = _epoch();
        uint256 base = p.base[e];
        guaranteed = _part(base, p.guaranteed[avs].valueAt(e)) - p.ug[avs][e];
        elastic = _part(base, p.elastic[avs].valueAt(e)) - p.uh[avs][e];
        uint256 gone;
        for (uint256 s = 1; s <= AVSS; ++s) {
            gone += p.uh[s][e];
        }
        shared = shared > gone ? shared - gone : 0;
        if (shared < elastic) elastic = shared;
    }

    /// (F − Σg)·B [wad].
    function _shared(Pool storage p) internal view returns (uint256) {
        uint256 e = _epoch();
        uint256 guaranteed;
        for (uint256 s = 1; s <= AVSS; ++s) {
            guaranteed += p.guaranteed[s].valueAt(e);
        }
        uint256 lossBudget = p.lossBudget.valueAt(e);
        _hold(3, guaranteed <= lossBudget, "guaranteed parts exceed the loss budget");
        return _part(p.base[e], lossBudget - guaranteed);
    }

    // ------------------------------------------------------------------------------------------------------- stake

    function _live(Pool storage p) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < STAKERS; ++i) {
            sum += p.shares[_staker(i)];
        }
    }

    /// Pool shares of tickets that have not matured.
    function _leaving(Pool storage p) internal view returns (uint256 sum) {
        uint256 e = _epoch();
        for (uint256 i = 0; i < p.open.length; ++i) {
            TicketRef storage t = p.open[i];
            if (t.epoch + 2 > e) sum += p.tickets[t.staker][t.epoch];
        }
    }

    /// `retained` as it counts for a ticket: as it stood when the ticket matured, or stands now [wad].
    function _retainedFor(Pool storage p, uint256 ticketEpoch) internal view returns (uint256) {
        return ticketEpoch + 2 > _epoch() ? p.retained : p.base[ticketEpoch + 2];
    }

    function _held(Pool storage p) internal view returns (uint256) {
        return p.entered - p.withdrawn - p.slashed;
    }

    /// The value of all positions and tickets, without rounding [vault shares * wad].
    function _owed(Pool storage p) internal view returns (uint256 sum) {
        sum = _live(p) * p.retained;
        for (uint256 i = 0; i < p.open.length; ++i) {
            TicketRef storage t = p.open[i];
            sum += p.tickets[t.staker][t.epoch] * _retainedFor(p, t.epoch);
        }
    }

    /// Promise 1: what is held covers what is owed; what is not owed to anybody grows by less than 1 wei for each
    /// rounding of a call.
    function _settle(Pool storage p, uint256 roundings) internal {
        uint256 held = _held(p) * WAD;
        uint256 owed = _owed(p);
        _hold(1, held >= owed, "a pool owes more than it holds");
        _hold(1, held - owed >= p.dust, "dust left the pool");
        _hold(1, held - owed <= p.dust + roundings * (WAD - 1), "more than 1 wei of dust in a call");
        p.dust = held - owed;
    }
}
