// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// Pool shares held, and for how long, in one slot.
struct Holding {
    /// Held now [pool shares].
    uint96 shares;
    /// What is collected in `epoch` by its end if nothing moves any more [pool shares · s].
    uint120 shareSeconds;
    /// Epoch of the last move; 0 if there was none.
    uint24 epoch;
    /// Number of earlier epochs with a move.
    uint16 moves;
}

/// A holding with its past: for every epoch with a move, the holding as it stood at that epoch's end.
struct Record {
    Holding last;
    mapping(uint256 index => Holding) past;
}

using ShareSecondsLib for Record global;
using ShareSecondsLib for Holding global;

/// Share-seconds of an epoch = ∫ shares dt over it. At a move of `d` shares with `left` seconds of the epoch to go the
/// integral up to the epoch's end changes by `d · left`; an epoch without a move collects `shares · EPOCH`. So the
/// last entry at or before an epoch tells that epoch's share-seconds exactly.
library ShareSecondsLib {
    using SafeCast for uint256;

    /// Adds and takes away shares in `epoch`, of which `left` seconds of `length` remain.
    function move(Record storage self, uint256 added, uint256 taken, uint24 epoch, uint256 left, uint256 length)
        internal
    {
        Holding memory h = self.last;
        uint256 collected = h.shareSeconds;
        if (h.epoch != epoch) {
            collected = h.shares * length;
            if (h.epoch != 0) {
                self.past[h.moves] = h;
                // Wraps after 65,536 epochs with a move of one staker, 1,256 years of 7 days each, so that it can
                // never stop an exit.
                unchecked {
                    ++h.moves;
                }
            }
            h.epoch = epoch;
        }
        // No underflow: `collected` includes `h.shares · left`, and what is taken is at most `h.shares`.
        h.shareSeconds = (collected + added * left - taken * left).toUint120();
        h.shares = (h.shares + added - taken).toUint96();
        self.last = h;
    }

    /// How many entries there are: one for each epoch with a move.
    function count(Record storage self) internal view returns (uint256) {
        Holding storage last = self.last;
        return last.epoch == 0 ? 0 : uint256(last.moves) + 1;
    }

    /// The `index`-th entry, the last one included.
    function entry(Record storage self, uint256 index) internal view returns (Holding memory) {
        return index == self.last.moves ? self.last : self.past[index];
    }

    /// The last entry at or before `epoch`; empty if there is none.
    function asOf(Record storage self, uint256 epoch) internal view returns (Holding memory h) {
        if (self.last.epoch <= epoch) return self.last;
        uint256 index = self.countAt(epoch);
        if (index != 0) return self.past[index - 1];
    }

    /// How many entries are at or before `epoch`.
    function countAt(Record storage self, uint256 epoch) internal view returns (uint256 low) {
        uint256 high = self.count();
        // Mostly asked about the epoch just finished, which at most the last entry is after.
        if (high == 0 || self.last.epoch <= epoch) return high;
        --high;
        if (high == 0 || self.past[high - 1].epoch <= epoch) return high;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self.past[middle].epoch <= epoch) low = middle + 1;
            else high = middle;
        }
    }

    /// What is collected in `epoch`, of which this is the last entry at or before [pool shares · s].
    /// @param length Of an epoch [s].
    function shareSecondsIn(Holding memory self, uint256 epoch, uint256 length) internal pure returns (uint256) {
        return self.epoch == epoch ? self.shareSeconds : self.shares * length;
    }
}
