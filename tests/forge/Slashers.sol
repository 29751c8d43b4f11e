// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {ISlashingManager} from "../../contracts/interfaces/ISlashingManager.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {AvsId} from "../../contracts/libraries/Types.sol";
import {Acting} from "./Acting.sol";
import {VM} from "./Cheats.sol";

/// Slashers and resolvers of honest AVSs and of a hostile one, and whoever executes.
abstract contract Slashers is Acting {
    uint256 private _evidence;

    function request(uint256 pool, uint256 avs, uint256 amount, uint256 ago) external acting {
        Pool storage p = _pick(pool);
        avs = avs % 4 == 0 ? VETOED : avs % 4 == 1 ? ELASTIC : 1 + avs / 4 % AVSS;
        ago = _bound(ago, 0, REPORT_WINDOW + 1 hours);
        if (ago > _now()) ago = _now();
        amount = amount % 4 == 0 ? _bound(amount, 1, WAD) : 1 + amount % 0.3e18;
        uint256 offenceAt = _now() - ago;
        uint256 offenceEpoch = offenceAt < GENESIS ? 0 : 1 + (offenceAt - GENESIS) / EPOCH;
        bool inForce = p.guaranteed[avs].valueAt(offenceEpoch) + p.elastic[avs].valueAt(offenceEpoch) != 0;

        ISlashingManager.Request memory r = ISlashingManager.Request(
            AvsId.wrap(uint32(avs)),
            p.operator,
            address(p.vault),
            amount,
            uint48(offenceAt),
            uint48(_now()),
            bytes32(++_evidence)
        );
        uint256 grant = _vetoPeriod(avs) == 0 ? _expected(p, avs, amount) : 0;
        uint256[2] memory before = _balances(p, avs);
        (bool ok, bytes memory result) = _try(
            _slasher(avs),
            address(slashing),
            abi.encodeCall(
                slashing.request, (r.avs, r.operator, r.vault, amount, r.offenceAt, r.evidence, "ipfs://evidence")
            )
        );
        _hold(5, ok || ago > REPORT_WINDOW || !inForce, "an offence could not be reported in time");
        _hold(7, !ok || inForce, "an AVS without an allocation reported an offence");
        VM.assume(ok);
        (, uint256 granted) = abi.decode(result, (bytes32, uint256));
        _boundedLoss(p);
        _hold(3, granted == grant, "a request granted something else than the formula");
        _slashed(p, avs, granted, before);
        if (granted == amount) return;
        uint256 vetoEnds = _now() + _vetoPeriod(avs);
        requests.push(OpenRequest(r, touched, amount - granted, vetoEnds, vetoEnds + EXECUTE_WINDOW));
    }

    /// What is not open any more, or not executable yet, is tried too.
    function execute(uint256 which, bool patient) external acting {
        OpenRequest storage o = _request(which);
        if (patient && o.remaining != 0 && _now() < o.vetoEnds) {
            VM.warp(o.vetoEnds);
            _sync();
        }
        Pool storage p = pools[touched];
        uint256 avs = AvsId.unwrap(o.r.avs);
        bool open = o.remaining != 0 && _now() >= o.vetoEnds && _now() <= o.lapses;
        uint256 grant = open ? _expected(p, avs, o.remaining) : 0;
        uint256[2] memory before = _balances(p, avs);
        (bool ok, bytes memory result) =
            _try(HOSTILE_STAKER, address(slashing), abi.encodeCall(slashing.execute, (o.r)));
        _hold(7, !ok || open, "a request was executed that is not open");
        _hold(5, ok || !open, "an open request could not be executed");
        VM.assume(ok);
        uint256 granted = abi.decode(result, (uint256));
        _boundedLoss(p);
        _hold(3, granted == grant, "an execution granted something else than the formula");
        _slashed(p, avs, granted, before);
        o.remaining -= granted;
    }

    /// By the resolver or by the slasher, in time or late; nobody else is heard.
    function end(uint256 which, bool veto, uint256 who) external acting {
        OpenRequest storage o = _request(which);
        uint256 avs = AvsId.unwrap(o.r.avs);
        bool stranger = who % 8 == 0;
        address caller = stranger ? HOSTILE_STAKER : veto ? _resolver(avs) : _slasher(avs);
        bool open = o.remaining != 0 && _now() <= o.lapses && (!veto || _now() < o.vetoEnds) && !stranger;
        (bool ok,) = _try(
            caller,
            address(slashing),
            veto ? abi.encodeCall(slashing.veto, (o.r)) : abi.encodeCall(slashing.takeBack, (o.r))
        );
        _hold(7, ok == open, "a request was ended, or not, against the rules");
        VM.assume(ok);
        o.remaining = 0;
    }

    /// An AVS asks what is safe, and bases its duties on it.
    function rely(uint256 pool, uint256 avs) external acting {
        Pool storage p = _pick(pool);
        avs = 1 + avs % AVSS;
        VM.assume(p.everDelegated); // before, the mandate may change at once
        (uint256 guaranteed, uint256 elastic) = slashing.safe(AvsId.wrap(uint32(avs)), p.operator, address(p.vault));
        VM.assume(guaranteed + elastic != 0);
        p.reliances[avs][_epoch() % 2] = Reliance(_now(), guaranteed, elastic, p.taken[avs]);
    }

    /// Promise 5 at the worst, which is taken back afterwards: an AVS asks what is safe, often when the loss budget is
    /// about to rise. The operator calls off what has not risen yet, and all other AVSs slash all that they can, in
    /// this epoch and in the next.
    function betray(uint256 pool, uint256 avs, bool rising) external acting {
        Pool storage p = _pick(pool);
        AvsId id = AvsId.wrap(uint32(1 + avs % AVSS));
        address vault = address(p.vault);
        VM.assume(p.everDelegated);
        uint256 snapshot = VM.snapshotState();
        if (rising) {
            _try(p.operator, address(registry), abi.encodeCall(registry.setMandate, (vault, BPS, 0)));
            VM.warp(_now() + 2 * EPOCH);
        }
        (uint256 guaranteed, uint256 elastic) = slashing.safe(id, p.operator, vault);
        bool isSafe = guaranteed + elastic != 0;
        if (isSafe) _takeAll(id, p, Reliance(_now(), guaranteed, elastic, 0));
        VM.revertToStateAndDelete(snapshot);
        VM.assume(isSafe);
    }

    // ----------------------------------------------------------------------------------------------------- private

    function _takeAll(AvsId id, Pool storage p, Reliance memory told) private {
        uint256 e = _epoch();
        address vault = address(p.vault);
        Parts memory parts = registry.partsAt(id, p.operator, vault, uint24(e));
        _try(p.operator, address(registry), abi.encodeCall(registry.setMandate, (vault, parts.lossBudget, 0)));
        _try(
            p.operator,
            address(registry),
            abi.encodeCall(registry.allocate, (id, vault, parts.guaranteed, parts.elastic))
        );
        for (uint256 epoch = e; epoch <= e + 1; ++epoch) {
            if (_now() < _start(epoch)) VM.warp(_start(epoch));
            ISlashingManager.Request memory r = ISlashingManager.Request(
                id, p.operator, vault, WAD, uint48(_now()), uint48(_now()), bytes32(++_evidence)
            );
            for (uint32 s = 1; s <= AVSS; ++s) {
                r.avs = AvsId.wrap(s);
                bytes memory data = abi.encodeCall(
                    slashing.request, (r.avs, r.operator, vault, WAD, r.offenceAt, r.evidence, "ipfs://evidence")
                );
                if (s != AvsId.unwrap(id)) _try(_slasher(s), address(slashing), data);
            }
            _keeps(id, p, told);
            VM.warp(_now() + 2 days); // the longest veto period
            for (uint32 s = 1; s <= AVSS; ++s) {
                r.avs = AvsId.wrap(s);
                if (s != AvsId.unwrap(id)) {
                    _try(HOSTILE_STAKER, address(slashing), abi.encodeCall(slashing.execute, (r)));
                }
            }
            _keeps(id, p, told);
        }
    }

    /// What was told safe can still be slashed, for a report in time.
    function _keeps(AvsId id, Pool storage p, Reliance memory told) private view {
        if (_now() > told.since + EPOCH) return;
        (uint256 guaranteed, uint256 elastic) = slashing.slashable(id, p.operator, address(p.vault));
        _hold(5, guaranteed >= told.guaranteed, "a safe guaranteed part was taken at the worst");
        _hold(5, elastic >= told.elastic, "a safe elastic part was taken at the worst");
    }

    /// Mostly one that is open.
    function _request(uint256 seed) private returns (OpenRequest storage o) {
        uint256 count = requests.length;
        VM.assume(count != 0);
        uint256 from = seed / 4 % count;
        o = requests[from];
        for (uint256 i = 0; seed % 4 != 0 && i < count && (o.remaining == 0 || _now() > o.lapses); ++i) {
            o = requests[(from + i) % count];
        }
        touched = o.pool;
    }

    function _expected(Pool storage p, uint256 avs, uint256 want) private view returns (uint256 grant) {
        (uint256 guaranteed, uint256 elastic) = _slashable(p, avs, _shared(p));
        grant = want < guaranteed + elastic ? want : guaranteed + elastic;
        if ((_live(p) + _leaving(p)) * grant / WAD == 0) return 0;
    }

    /// Promise 2: all AVSs together take at most F·B in an epoch, whatever each of them may.
    function _boundedLoss(Pool storage p) private view {
        uint256 base = p.base[_epoch()];
        uint256 retained = delegation.retained(p.operator, address(p.vault));
        _hold(2, base - retained <= _part(base, p.lossBudget.valueAt(_epoch())), "more than F of B was lost");
    }

    function _balances(Pool storage p, uint256 avs) private view returns (uint256[2] memory) {
        return [p.vault.balanceOf(address(delegation)), p.vault.balanceOf(_recipient(avs))];
    }

    function _slashed(Pool storage p, uint256 avs, uint256 granted, uint256[2] memory before) private {
        uint256 e = _epoch();
        uint256 moved = (_live(p) + _leaving(p)) * granted / WAD;
        uint256[2] memory after_ = _balances(p, avs);
        _hold(8, before[0] == after_[0] + moved, "what was slashed is not what was taken");
        _hold(8, before[1] + moved == after_[1], "what was slashed is not what the recipient got");
        if (granted == 0) return;

        (uint256 guaranteed,) = _slashable(p, avs, _shared(p));
        uint256 fromGuaranteed = granted < guaranteed ? granted : guaranteed;
        _hold(4, granted == fromGuaranteed || _recipient(avs) == DEAD, "shared stake was slashed to somebody");
        p.ug[avs][e] += fromGuaranteed;
        p.uh[avs][e] += granted - fromGuaranteed;
        p.taken[avs] += granted;
        p.retained -= granted;
        p.slashed += moved;
        _settle(p, 1);

        // Promise 7: what is in force was announced by the end of the last epoch but two, in which the last to leave
        // ahead of it had a full epoch to go.
        uint256 told = e < 3 ? 0 : e - 3;
        _hold(
            7,
            p.ug[avs][e] <= _part(p.base[e], p.guaranteed[avs].toldBy(told))
                && p.uh[avs][e] <= _part(p.base[e], p.elastic[avs].toldBy(told))
                && p.base[e] - p.retained <= _part(p.base[e], p.lossBudget.toldBy(told)),
            "slashed under what was not announced in time"
        );
    }
}
