// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// What one share-second has earned from the first payment to the end of an epoch.
struct Earned {
    uint24 epoch;
    /// [token / 2^118 per share-second]
    uint216 perShareSecond;
}

/// A sum over epochs, with an entry for epochs in which it grew, in their order.
struct Earnings {
    mapping(uint256 index => Earned) entries;
}

using EarningsLib for Earnings global;

/// How many entries there are is kept by the caller, in a slot that it writes anyway.
library EarningsLib {
    using SafeCast for uint256;

    /// Adds what a share-second earned in `epoch`, the last entry's or a later one.
    /// @return How many entries there are now.
    function add(Earnings storage self, uint24 count, uint24 epoch, uint256 perShareSecond) internal returns (uint24) {
        if (count != 0) {
            Earned memory last = self.entries[count - 1];
            perShareSecond += last.perShareSecond;
            if (last.epoch == epoch) --count;
        }
        self.entries[count] = Earned(epoch, perShareSecond.toUint216());
        return count + 1;
    }

    /// The sum over the first `count` entries.
    function total(Earnings storage self, uint256 count) internal view returns (uint256) {
        return count == 0 ? 0 : self.entries[count - 1].perShareSecond;
    }

    /// The sum over the epochs before `epoch`, and with it.
    /// @param guess How many of `count` entries are before it; returned right.
    function around(Earnings storage self, uint256 count, uint256 guess, uint24 epoch)
        internal
        view
        returns (uint256 before, uint256 sum, uint256 index)
    {
        index = self.countBefore(count, guess, epoch);
        before = self.total(index);
        sum = index < count && self.entries[index].epoch == epoch ? self.entries[index].perShareSecond : before;
    }

    /// How many of `count` entries are before `epoch`. Reads two of them if that is `guess`, and about twice the
    /// logarithm of how far it is off otherwise.
    function countBefore(Earnings storage self, uint256 count, uint256 guess, uint256 epoch)
        internal
        view
        returns (uint256 low)
    {
        // No overflow: indexes of entries are below 2^24.
        unchecked {
            uint256 high = guess < count ? guess : count;
            uint256 step = 1;
            if (high == 0 || self.entries[high - 1].epoch < epoch) {
                low = high;
                while (low + step <= count && self.entries[low + step - 1].epoch < epoch) {
                    low += step;
                    step *= 2;
                }
                high = Math.min(low + step - 1, count);
            } else {
                --high;
                while (step <= high && self.entries[high - step].epoch >= epoch) {
                    high -= step;
                    step *= 2;
                }
                low = Math.saturatingSub(high, step);
            }
            while (low < high) {
                uint256 middle = (low + high) / 2;
                if (self.entries[middle].epoch < epoch) low = middle + 1;
                else high = middle;
            }
        }
    }
}
