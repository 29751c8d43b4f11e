// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Proof} from "./Proof.sol";
import {BPS, WAD} from "contracts/libraries/Constants.sol";
import {Epoch, Parts, SlashMath} from "contracts/libraries/SlashMath.sol";

/// The mathematics of the loss budget, for one AVS and any number of others, after any history of the epoch.
///
/// Nothing is bounded but by what the contracts grant: `retained` is at most 1e18, parts are at most 10,000 bps, the
/// sum of elastic parts is below 2^24, and Σg ≤ F. That it holds before an execution is assumed, and that it holds after
/// it is proved: so by induction it holds after any number of them.
contract SlashMathProofs is Proof {
    /// A state of an epoch in which what was taken is within the bounds. `others` are all other AVSs together.
    function _assumeWithinBounds(Epoch memory e, uint256 othersGuaranteed) private pure {
        Parts memory p = e.parts;
        _assumeValid(p);
        vm.assume(e.base <= WAD);
        vm.assume(e.ownGuaranteed <= e.base * p.guaranteed / BPS);
        vm.assume(e.ownElastic <= e.base * p.elastic / BPS);
        vm.assume(othersGuaranteed * BPS <= e.base * (p.allGuaranteed - p.guaranteed));
        vm.assume(e.ownElastic <= e.elasticTaken);
        vm.assume(e.elasticTaken <= e.base * (p.lossBudget - p.allGuaranteed) / BPS);
        vm.assume(e.elasticTaken - e.ownElastic <= e.base * (p.allElastic - p.elastic) / BPS);
    }

    function _assumeValid(Parts memory p) private pure {
        vm.assume(p.lossBudget <= BPS);
        vm.assume(p.allGuaranteed <= p.lossBudget);
        vm.assume(p.guaranteed <= p.allGuaranteed);
        vm.assume(p.elastic <= BPS);
        vm.assume(p.allElastic < 1 << 24);
        vm.assume(p.elastic <= p.allElastic);
    }

    function check_slashable__is_the_formula(Epoch memory e, uint256 others) external pure {
        _assumeWithinBounds(e, others);
        (uint256 guaranteed, uint256 elastic) = e.slashable();
        Parts memory p = e.parts;
        int256 mine = int256(e.base * p.elastic / BPS) - int256(e.ownElastic);
        int256 shared = int256(e.base * (p.lossBudget - p.allGuaranteed) / BPS) - int256(e.elasticTaken);
        int256 least = mine < shared ? mine : shared;
        assert(guaranteed == e.base * p.guaranteed / BPS - e.ownGuaranteed);
        assert(elastic == (least < 0 ? 0 : uint256(least)));
    }

    /// Promise 2: what all took of the epoch stays at most F·B.
    function check_slash__keeps_the_loss_budget(Epoch memory e, uint256 others, uint256 amount) external pure {
        _assumeWithinBounds(e, others);
        (uint256 guaranteed, uint256 elastic) = e.slashable();
        vm.assume(amount <= guaranteed + elastic);
        uint256 taken = e.ownGuaranteed + others + e.elasticTaken;
        assert((taken + amount) * BPS <= e.parts.lossBudget * e.base);
        assert(e.base - taken - amount >= SlashMath.floorUp(e.base, e.parts.lossBudget));
    }
}
