// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BPS} from "./Constants.sol";

/// What is fixed for one AVS and one pool in an epoch.
struct Parts {
    /// g, the AVS's guaranteed part [bps].
    uint256 guaranteed;
    /// h, its elastic part [bps].
    uint256 elastic;
    /// F [bps].
    uint256 lossBudget;
    /// Σg, which is at most F [bps].
    uint256 allGuaranteed;
    /// Σh [bps].
    uint256 allElastic;
}

/// An epoch of one AVS and one pool.
struct Epoch {
    Parts parts;
    /// B, `retained` when the epoch began [wad].
    uint256 base;
    /// ug, what the AVS took out of its guaranteed part [wad].
    uint256 ownGuaranteed;
    /// uh, what the AVS took out of its elastic part [wad].
    uint256 ownElastic;
    /// Σuh, what all AVSs took out of their elastic parts [wad].
    uint256 elasticTaken;
}

using SlashMath for Epoch global;

/// The mathematics of the loss budget.
///
/// In one epoch the AVSs take Σug ≤ Σ⌊g·B⌋ and Σuh ≤ ⌊(F − Σg)·B⌋, together at most F·B: promise 2. Neither bound of an
/// AVS's ug, ⌊g·B⌋ and its own ug, depends on another AVS: promise 3.
library SlashMath {
    /// What the AVS can slash now [wad].
    function slashable(Epoch memory self) internal pure returns (uint256 guaranteed, uint256 elastic) {
        Parts memory p = self.parts;
        guaranteed = partDown(self.base, p.guaranteed) - self.ownGuaranteed;
        elastic = Math.min(partDown(self.base, p.elastic) - self.ownElastic, _shared(self));
    }

    /// What the other AVSs together can still take out of what is shared [wad].
    function othersElastic(Epoch memory self) internal pure returns (uint256) {
        uint256 others = partDown(self.base, self.parts.allElastic - self.parts.elastic);
        return Math.min(Math.saturatingSub(others, self.elasticTaken - self.ownElastic), _shared(self));
    }

    /// What is retained at the end of an epoch that began with `base`, at least, as what is taken is rounded down [wad].
    function floorUp(uint256 base, uint256 lossBudget) internal pure returns (uint256) {
        return base - partDown(base, lossBudget);
    }

    /// What the AVS can still slash, whatever all others do, for an offence committed now and reported in time: it is
    /// executed in this epoch or in the next. [wad]
    ///
    /// Guaranteed. In this epoch it has g·B − ug left. If it leaves that untouched, the others take at most
    /// (F − g)·B, so the next epoch begins with at least B' = (1 − F)·B + g·B − ug, of which it has the part g'.
    ///
    /// Elastic. In this epoch the others take at most Σ(others' h)·B out of what is shared; in the next, which begins
    /// with at least B', at most Σ(others' h')·B' out of (F' − Σg')·B'. A rise of F that is not in force can still be
    /// called off, so F' counts with no more than F; so do the AVS's own parts.
    function safe(Epoch memory self, Parts memory next) internal pure returns (uint256 guaranteed, uint256 elastic) {
        Parts memory p = self.parts;
        uint256 own = partDown(self.base, p.guaranteed) - self.ownGuaranteed;
        uint256 nextBase = floorUp(self.base, p.lossBudget) + own;
        guaranteed = Math.min(own, partDown(nextBase, Math.min(p.guaranteed, next.guaranteed)));
        elastic = Math.min(_elasticNow(self), partDown(nextBase, _elasticNext(p, next)));
    }

    /// What is left of the elastic part in this epoch if the others take all of theirs [wad].
    function _elasticNow(Epoch memory self) private pure returns (uint256) {
        uint256 others = partDown(self.base, self.parts.allElastic - self.parts.elastic);
        uint256 left = Math.saturatingSub(_budgetDown(self), self.ownElastic + others);
        return Math.min(left, partDown(self.base, self.parts.elastic) - self.ownElastic);
    }

    /// What is left of it in the next epoch if the others take all of theirs [bps].
    function _elasticNext(Parts memory p, Parts memory next) private pure returns (uint256) {
        uint256 others = next.allGuaranteed + next.allElastic - next.elastic;
        uint256 left = Math.saturatingSub(Math.min(p.lossBudget, next.lossBudget), others);
        return Math.min(left, Math.min(p.elastic, next.elastic));
    }

    /// A part of `base`, in its unit.
    /// @param part [bps]
    function partDown(uint256 base, uint256 part) internal pure returns (uint256) {
        return base * part / BPS; // `base` is at most 1e18 and `part` less than 2^24: no overflow
    }

    /// (F − Σg)·B [wad].
    function _budgetDown(Epoch memory self) private pure returns (uint256) {
        return partDown(self.base, self.parts.lossBudget - self.parts.allGuaranteed);
    }

    /// What is left of it [wad].
    function _shared(Epoch memory self) private pure returns (uint256) {
        return Math.saturatingSub(_budgetDown(self), self.elasticTaken);
    }
}
