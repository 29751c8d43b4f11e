// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// A number of a mandate or an allocation with its whole past: what it is in every epoch, and what had been announced
/// by the end of every epoch.
struct Timeline {
    uint256 from; // first epoch in which it was set; 0 if never
    uint256 stamp; // epoch of the last announcement
    uint256 atOnce; // last epoch in which it was set at once
    uint256 setTo; // what it was set to then
    mapping(uint256 epoch => uint256) values;
    mapping(uint256 epoch => uint256) announced;
}

using Timelines for Timeline global;

/// The rule of time, one entry for each epoch.
library Timelines {
    function valueAt(Timeline storage self, uint256 epoch) internal view returns (uint256) {
        if (epoch < self.from) return 0;
        return self.values[epoch > self.stamp + 3 ? self.stamp + 3 : epoch];
    }

    /// What had been announced last by the end of `epoch`. Before anybody has delegated anything may be set at once.
    function toldBy(Timeline storage self, uint256 epoch) internal view returns (uint256) {
        if (epoch < self.atOnce) return self.setTo;
        if (epoch < self.from) return 0;
        return self.announced[epoch > self.stamp ? self.stamp : epoch];
    }

    function last(Timeline storage self) internal view returns (uint256) {
        return self.from == 0 ? 0 : self.announced[self.stamp];
    }

    /// The largest that it is from `epoch` on.
    function peak(Timeline storage self, uint256 epoch) internal view returns (uint256 largest) {
        for (uint256 e = epoch; e <= epoch + 3; ++e) {
            if (self.valueAt(e) > largest) largest = self.valueAt(e);
        }
    }

    /// `value` announced in `epoch`: falls at epoch + 2, rises at epoch + 3; a rise not in force gives way to it.
    function announce(Timeline storage self, uint256 epoch, uint256 value, bool atOnce) internal {
        uint256[4] memory next;
        for (uint256 i = 0; i < 4; ++i) {
            next[i] = atOnce || i == 3 ? value : self.valueAt(epoch + i);
        }
        if (next[1] > next[0]) next[1] = _min(next[1], value > next[0] ? value : next[0]);
        next[2] = _min(next[2], value);
        if (self.from == 0) {
            self.from = epoch;
        } else {
            for (uint256 e = self.stamp + 4; e < epoch; ++e) {
                self.values[e] = self.values[self.stamp + 3];
            }
            for (uint256 e = self.stamp + 1; e < epoch; ++e) {
                self.announced[e] = self.announced[self.stamp];
            }
        }
        for (uint256 i = 0; i < 4; ++i) {
            self.values[epoch + i] = next[i];
        }
        self.announced[epoch] = value;
        self.stamp = epoch;
        if (atOnce) (self.atOnce, self.setTo) = (epoch, value);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
