// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochTooOld, Lanes} from "./Lanes.sol";

/// What all AVSs of a pool have together, kept as it changes and never added up.
struct Totals {
    /// Of the last announcement of any of them.
    uint24 stamp;
    /// Σ guaranteed: at most the loss budget, and so at most 10,000, in every epoch [bps].
    Lanes guaranteed;
    /// Σ elastic, 24 bits for each lane [bps].
    uint120 elastic;
}

using TotalsLib for Totals global;

/// Sums of lanes. Seen as one integer, lanes add and subtract like numbers as long as no lane leaves its bits: so a sum
/// changes by the new lanes less the old ones.
library TotalsLib {
    using SafeCast for uint256;

    uint256 private constant WIDTH = 24;
    uint256 private constant MASK = (1 << WIDTH) - 1;
    uint256 private constant TOP = 4 * WIDTH;
    uint256 private constant LANES_MASK = (1 << (5 * WIDTH)) - 1;
    uint256 private constant ONES = 0x000001000001000001000001000001; // one in each lane

    /// Σ guaranteed in `epoch` [bps].
    function guaranteedAt(Totals memory self, uint256 epoch) internal pure returns (uint256) {
        return self.guaranteed.valueAt(self.stamp, epoch);
    }

    /// Σ elastic in `epoch` [bps].
    function elasticAt(Totals memory self, uint256 epoch) internal pure returns (uint256) {
        if (epoch + 1 < self.stamp) revert EpochTooOld(epoch, self.stamp - 1);
        return (self.elastic >> (Math.min(epoch + 1 - self.stamp, 4) * WIDTH)) & MASK;
    }

    /// Replaces the lanes of one allocation, which start at `epoch`, by what was announced in it.
    ///
    /// No lane but the last can rise (see `LanesLib.announce`), so an elastic one that leaves its 24 bits, at 1,677
    /// times the whole pool, leaves the 120 bits too and reverts. The guaranteed ones are held under the loss budget.
    function replace(
        Totals memory self,
        uint24 epoch,
        Lanes guaranteed,
        Lanes newGuaranteed,
        Lanes elastic,
        Lanes newElastic
    ) internal pure {
        uint256 past = epoch - self.stamp;
        self.guaranteed = Lanes.wrap(
            Lanes.unwrap(self.guaranteed.later(past)) + Lanes.unwrap(newGuaranteed) - Lanes.unwrap(guaranteed)
        );
        self.elastic = (_later(self.elastic, past) + _widen(newElastic) - _widen(elastic)).toUint120();
        self.stamp = epoch;
    }

    /// As `LanesLib.later`.
    function _later(uint256 lanes, uint256 past) private pure returns (uint256) {
        if (past == 0) return lanes;
        if (past > 4) past = 4;
        return ((lanes >> (past * WIDTH)) | (((lanes >> TOP) * ONES) << ((5 - past) * WIDTH))) & LANES_MASK;
    }

    /// The lanes, each in 24 bits.
    function _widen(Lanes lanes) private pure returns (uint256) {
        return lanes.lane(0) | (lanes.lane(1) << WIDTH) | (lanes.lane(2) << (2 * WIDTH))
            | (lanes.lane(3) << (3 * WIDTH)) | (lanes.lane(4) << TOP);
    }
}
