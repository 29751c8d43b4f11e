// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// A number that changes by the rule of time: what falls at epoch `e + 2`, what rises at `e + 3`, if announced in `e`.
///
/// It holds 16 bits for each epoch that anyone may still ask about: lane 0 for the epoch before the last announcement,
/// lane 1 for the epoch of it, lanes 2 to 4 for the three after, of which the last stands for ever. The epoch of the
/// announcement, the stamp, stands beside it in the same slot. All zero, it is a number that was never set: zero in
/// every epoch.
type Lanes is uint80;

using LanesLib for Lanes global;

/// The lanes of an epoch so long ago are gone: they begin with `oldest`.
error EpochTooOld(uint256 epoch, uint256 oldest);

/// The rule of time, for one number.
library LanesLib {
    uint256 private constant WIDTH = 16;
    uint256 private constant MASK = (1 << WIDTH) - 1;
    uint256 private constant ONES = 0x00010001000100010001; // one in each lane

    /// Lane `index`.
    function lane(Lanes self, uint256 index) internal pure returns (uint256) {
        return (Lanes.unwrap(self) >> (index * WIDTH)) & MASK;
    }

    /// What stands for ever.
    function settled(Lanes self) internal pure returns (uint256) {
        return Lanes.unwrap(self) >> (4 * WIDTH);
    }

    /// The number in `epoch`, from the epoch before `stamp` on.
    function valueAt(Lanes self, uint256 stamp, uint256 epoch) internal pure returns (uint256) {
        if (epoch + 1 < stamp) revert EpochTooOld(epoch, stamp - 1);
        return self.lane(Math.min(epoch + 1 - stamp, 4));
    }

    /// The largest that the number is from the epoch of lane 1 on: no lane between is above both ends (see `announce`).
    function peak(Lanes self) internal pure returns (uint256) {
        return Math.max(self.lane(1), self.settled());
    }

    /// The same number `past` epochs later: the past drops out below, copies of the last lane move in from above.
    function later(Lanes self, uint256 past) internal pure returns (Lanes) {
        if (past == 0) return self;
        if (past > 4) past = 4;
        // The shift leaves `5 - past` lanes; the cast drops the copies above the fifth.
        return
            Lanes.wrap(
                uint80((Lanes.unwrap(self) >> (past * WIDTH)) | ((self.settled() * ONES) << ((5 - past) * WIDTH)))
            );
    }

    /// The number after it is announced to be `value`, in the epoch of lane 1.
    ///
    /// From lane 4 on the number is `value`. In lane 3 it may already have fallen to it, and what was to fall by then
    /// still falls. In lane 2 nothing announced now can bite; only a rise that is not in force yet gives way. So no lane
    /// but the last can rise, and no fall that was announced is undone before it.
    /// @param value At most 2^16 - 1.
    function announce(Lanes self, uint256 value) internal pure returns (Lanes) {
        uint256 current = self.lane(1);
        uint256 next = Math.min(self.lane(2), value > current ? value : current);
        uint256 afterNext = Math.min(self.lane(3), value);
        uint256 lanes = (Lanes.unwrap(self) & (MASK << WIDTH | MASK)) | (next << (2 * WIDTH))
            | (afterNext << (3 * WIDTH)) | (value << (4 * WIDTH));
        return Lanes.wrap(uint80(lanes)); // five lanes of 16 bits
    }

    /// A number that is `value` in every epoch.
    /// @param value At most 2^16 - 1.
    function constantly(uint256 value) internal pure returns (Lanes) {
        return Lanes.wrap(uint80(value * ONES)); // five lanes of 16 bits
    }
}
