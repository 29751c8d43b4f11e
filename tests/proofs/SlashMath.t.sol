// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BPS, WAD} from "../../contracts/libraries/Constants.sol";
import {Epoch, Parts, SlashMath} from "../../contracts/libraries/SlashMath.sol";
import {AnyEpoch, EpochProof} from "./EpochProof.sol";

/// The mathematics of the loss budget, for one AVS and any number of others, after any history of the epoch.
///
/// No bound but those of the contracts: `retained` is at most 1e18, a part at most 10,000 bps, Σh below 2^24, Σg ≤ F.
/// `assumeWithinBounds` is what holds after any executions of an epoch: the first proof says that it is true of an epoch
/// that begins, and `slash` that an execution of this AVS keeps it, and so by symmetry one of another. So all here is
/// true after any number of executions by any number of AVSs.
contract SlashMathProofs is EpochProof {
    function check_epoch_that_begins__is_within_bounds(Parts memory parts, uint256 base) external pure {
        assumeValid(parts);
        vm.assume(base <= WAD);
        withinBounds(AnyEpoch(parts, base, 0, 0, 0, 0), isTrue);
    }

    function check_slashable__is_the_formula(AnyEpoch memory a) external pure {
        Epoch memory e = assumeWithinBounds(a);
        (uint256 guaranteed, uint256 elastic) = e.slashable();
        int256 mine = int256(e.base * e.parts.elastic / BPS) - int256(e.ownElastic);
        int256 shared = int256(e.base * (e.parts.lossBudget - e.parts.allGuaranteed) / BPS) - int256(e.elasticTaken);
        int256 least = mine < shared ? mine : shared;
        assert(guaranteed == e.base * e.parts.guaranteed / BPS - e.ownGuaranteed);
        assert(elastic == (least < 0 ? 0 : uint256(least)));
    }

    /// Promise 2: an execution leaves what all took of the epoch within F·B. And what was assumed holds after it.
    function check_slash__keeps_the_loss_budget(AnyEpoch memory a, uint256 guaranteed, uint256 elastic) external pure {
        Epoch memory e = assumeWithinBounds(a);
        (uint256 mostGuaranteed, uint256 mostElastic) = e.slashable();
        vm.assume(guaranteed <= mostGuaranteed);
        vm.assume(elastic <= mostElastic);
        a.ownGuaranteed += guaranteed;
        a.ownElastic += elastic;
        withinBounds(a, isTrue);
        uint256 taken = a.ownGuaranteed + a.ownElastic + a.othersGuaranteed + a.othersElastic;
        assert(taken * BPS <= e.base * e.parts.lossBudget);
        assert(e.base - taken >= SlashMath.floorUp(e.base, e.parts.lossBudget));
    }

    /// Promises 3 and 4: whatever another took, the guaranteed part is untouched, and of the elastic part no more is lost
    /// than what was taken.
    function check_slash_by_others__leaves_the_guaranteed_part(AnyEpoch memory a, uint256 guaranteed, uint256 elastic)
        external
        pure
    {
        Epoch memory e = assumeWithinBounds(a);
        (uint256 guaranteedBefore, uint256 elasticBefore) = e.slashable();
        vm.assume(elastic <= e.othersElastic());
        vm.assume(guaranteed <= WAD);
        vm.assume(elastic <= WAD);
        a.othersGuaranteed += guaranteed;
        a.othersElastic += elastic;
        e = assumeWithinBounds(a);
        (uint256 guaranteedAfter, uint256 elasticAfter) = e.slashable();
        assert(guaranteedAfter == guaranteedBefore);
        assert(elasticAfter <= elasticBefore && elasticBefore - elasticAfter <= elastic);
    }

    /// Promises 2, 3 and 4 for two AVSs and an execution of each, of any amounts, after any history of the epoch. What one
    /// execution grants and books is this, as `ExecutionProofs` says of the contracts.
    function check_two_executions__keep_the_promises(AnyEpoch memory a, uint256 amount, uint256 otherAmount)
        external
        pure
    {
        Epoch memory e = assumeWithinBounds(a);
        Parts memory p = a.parts;
        Parts memory others = Parts(
            p.allGuaranteed - p.guaranteed, p.allElastic - p.elastic, p.lossBudget, p.allGuaranteed, p.allElastic
        );
        vm.assume(others.elastic <= BPS);
        (uint256 guaranteed, uint256 elastic) = e.slashable();

        Epoch memory other = Epoch(others, a.base, a.othersGuaranteed, a.othersElastic, e.elasticTaken);
        (uint256 otherGuaranteed, uint256 otherElastic) = grant(other, otherAmount);
        e.elasticTaken += otherElastic;
        (uint256 guaranteedAfter, uint256 elasticAfter) = e.slashable();
        assert(guaranteedAfter == guaranteed);
        assert(elasticAfter <= elastic && elastic - elasticAfter <= otherElastic);

        (guaranteed, elastic) = grant(e, amount);
        uint256 taken = a.ownGuaranteed + a.othersGuaranteed + otherGuaranteed + guaranteed + e.elasticTaken + elastic;
        assert(taken * BPS <= a.base * p.lossBudget);
    }

    function grant(Epoch memory e, uint256 amount) private pure returns (uint256 guaranteed, uint256 elastic) {
        (guaranteed, elastic) = e.slashable();
        guaranteed = Math.min(amount, guaranteed);
        elastic = Math.min(amount - guaranteed, elastic);
    }

    /// What is safe is no more than what can be slashed now.
    function check_safe__can_be_slashed_now(AnyEpoch memory a, Parts memory next) external pure {
        Epoch memory e = assumeWithinBounds(a);
        assumeValid(next);
        (uint256 safeGuaranteed, uint256 safeElastic) = e.safe(next);
        (uint256 guaranteed, uint256 elastic) = e.slashable();
        assert(safeGuaranteed <= guaranteed);
        assert(safeElastic <= elastic);
    }

    /// Hostile step: others execute what they can in this epoch. What is safe stays.
    function check_slash_by_others__leaves_what_is_safe(
        AnyEpoch memory a,
        Parts memory next,
        uint256 guaranteed,
        uint256 elastic
    ) external pure {
        Epoch memory e = assumeWithinBounds(a);
        assumeValid(next);
        (uint256 safeGuaranteed, uint256 safeElastic) = e.safe(next);
        vm.assume(guaranteed <= WAD);
        vm.assume(elastic <= WAD);
        a.othersGuaranteed += guaranteed;
        a.othersElastic += elastic;
        e = assumeWithinBounds(a);
        (uint256 afterGuaranteed, uint256 afterElastic) = e.safe(next);
        assert(afterGuaranteed >= safeGuaranteed);
        assert(afterElastic >= safeElastic);
    }

    /// Hostile step: the operator announces what can still change the next epoch, which is to call off rises (see
    /// `LanesProofs`). What is safe stays.
    function check_announcement__leaves_what_is_safe(AnyEpoch memory a, Parts memory next, Parts memory changed)
        external
        pure
    {
        Epoch memory e = assumeWithinBounds(a);
        assumeValid(next);
        assumeValid(changed);
        Parts memory now_ = a.parts;
        vm.assume(changed.guaranteed >= Math.min(now_.guaranteed, next.guaranteed));
        vm.assume(changed.elastic >= Math.min(now_.elastic, next.elastic));
        vm.assume(changed.lossBudget >= Math.min(now_.lossBudget, next.lossBudget));
        vm.assume(changed.allGuaranteed <= next.allGuaranteed);
        vm.assume(changed.allElastic - changed.elastic <= next.allElastic - next.elastic);
        (uint256 safeGuaranteed, uint256 safeElastic) = e.safe(next);
        (uint256 afterGuaranteed, uint256 afterElastic) = e.safe(changed);
        assert(afterGuaranteed >= safeGuaranteed);
        assert(afterElastic >= safeElastic);
    }

    /// Hostile step: the epoch ends, after others took what they can in it. As `safe` says, the next one begins with
    /// (1 - F)·B and what this AVS did not take of its guaranteed part, at least.
    function check_end_of_epoch__leaves_the_base_of_what_is_safe(AnyEpoch memory a) external pure {
        Epoch memory e = assumeWithinBounds(a);
        uint256 taken = a.ownGuaranteed + a.ownElastic + a.othersGuaranteed + a.othersElastic;
        assert(e.base - taken >= leastNextBase(e));
    }

    /// And whatever others then take in the next epoch, what was safe can still be slashed. By the proof before this one
    /// the next epoch begins with any base from `leastNextBase` on.
    function check_next_epoch__leaves_what_is_safe_guaranteed(AnyEpoch memory a, AnyEpoch memory b) external pure {
        (Epoch memory e, Epoch memory later) = assumeNext(a, b);
        (uint256 safeGuaranteed,) = e.safe(later.parts);
        (uint256 guaranteed,) = later.slashable();
        assert(guaranteed >= safeGuaranteed);
    }

    /// The same of the elastic part, in two steps: what is safe is no more than some part of `leastNextBase`, which leaves
    /// the others all of theirs, and
    function check_safe_elastic__is_a_part_of_the_next_base(AnyEpoch memory a, Parts memory next) external pure {
        Epoch memory e = assumeWithinBounds(a);
        assumeValid(next);
        uint256 others = next.allElastic - next.elastic;
        uint256 left = Math.saturatingSub(Math.min(e.parts.lossBudget, next.lossBudget), next.allGuaranteed + others);
        uint256 part = Math.min(left, Math.min(e.parts.elastic, next.elastic));
        (, uint256 safeElastic) = e.safe(next);
        assert(part <= next.elastic);
        assert(part == 0 || next.allGuaranteed + part + others <= next.lossBudget);
        assert(safeElastic <= SlashMath.partDown(leastNextBase(e), part));
    }

    /// such a part of a base can be slashed in an epoch that began with that or more, whatever others took in it. It says
    /// F = Σg + part + others' h + `rest`, which is any F from there on, as it makes the products sums.
    function check_next_epoch__leaves_what_is_safe_elastic(AnyEpoch memory b, uint256 least, uint256 part, uint256 rest)
        external
        pure
    {
        Parts memory p = b.parts;
        (b.ownGuaranteed, b.ownElastic) = (0, 0);
        vm.assume(rest <= BPS);
        vm.assume(part <= BPS);
        vm.assume(p.allGuaranteed <= BPS);
        uint256 others = p.allElastic - p.elastic;
        p.lossBudget = p.allGuaranteed + part + others + rest;
        Epoch memory later = assumeWithinBounds(b);
        vm.assume(least <= b.base);
        vm.assume(part <= p.elastic);
        (, uint256 elastic) = later.slashable();
        assert(elastic >= SlashMath.partDown(least, part));
    }

    // --------------------------------------------------------------------------------------------------- what is assumed

    function assumeNext(AnyEpoch memory a, AnyEpoch memory b)
        private
        pure
        returns (Epoch memory e, Epoch memory later)
    {
        (b.ownGuaranteed, b.ownElastic) = (0, 0);
        e = assumeWithinBounds(a);
        later = assumeWithinBounds(b);
        vm.assume(leastNextBase(e) <= b.base);
    }

    function leastNextBase(Epoch memory e) private pure returns (uint256) {
        return SlashMath.floorUp(e.base, e.parts.lossBudget) + SlashMath.partDown(e.base, e.parts.guaranteed)
            - e.ownGuaranteed;
    }
}
