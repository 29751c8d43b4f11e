// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {BPS, WAD} from "../../contracts/libraries/Constants.sol";
import {Epoch, Parts} from "../../contracts/libraries/SlashMath.sol";
import {Proof} from "./Proof.sol";

/// A state of an epoch as it comes into a proof.
struct AnyEpoch {
    Parts parts;
    uint256 base;
    uint256 ownGuaranteed;
    uint256 ownElastic;
    /// What all others together took.
    uint256 othersGuaranteed;
    uint256 othersElastic;
}

/// What holds after any executions of an epoch, by any number of AVSs: see `SlashMathProofs`.
abstract contract EpochProof is Proof {
    function assumeWithinBounds(AnyEpoch memory a) internal pure returns (Epoch memory) {
        assumeValid(a.parts);
        vm.assume(a.base <= WAD);
        withinBounds(a, suppose);
        return Epoch(a.parts, a.base, a.ownGuaranteed, a.ownElastic, a.ownElastic + a.othersElastic);
    }

    function withinBounds(AnyEpoch memory a, function(bool) internal pure to) internal pure {
        uint256 base = a.base;
        Parts memory p = a.parts;
        to(a.ownGuaranteed <= WAD);
        to(a.ownElastic <= WAD);
        to(a.othersGuaranteed <= WAD);
        to(a.othersElastic <= WAD);
        unchecked {
            to(a.ownGuaranteed * BPS <= base * p.guaranteed);
            to(a.ownElastic * BPS <= base * p.elastic);
            to(a.othersGuaranteed * BPS <= base * (p.allGuaranteed - p.guaranteed));
            to(a.othersElastic * BPS <= base * (p.allElastic - p.elastic));
            to((a.ownElastic + a.othersElastic) * BPS <= base * (p.lossBudget - p.allGuaranteed));
        }
    }

    function assumeValid(Parts memory p) internal pure {
        vm.assume(p.lossBudget <= BPS);
        vm.assume(p.allGuaranteed <= p.lossBudget);
        vm.assume(p.guaranteed <= p.allGuaranteed);
        vm.assume(p.elastic <= BPS);
        vm.assume(p.allElastic < 1 << 24);
        vm.assume(p.elastic <= p.allElastic);
    }
}
