// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {BPS} from "./Constants.sol";

/// The most that one of many may weigh, so that none has more than `share` of what all weigh together.
///
/// Sought is the largest t with t·BPS ≤ share·Σ min(s, t). If k of the stakes s are above it and the others sum to
/// `rest`, then Σ min(s, t) = rest + k·t, so t = share·rest / (BPS − share·k). Who is above some t is above any smaller
/// one, and moving an s ≥ t from `rest` to the k makes t no larger:
///
///     share·(rest − s) ≤ t·(BPS − share·k) − share·t = t·(BPS − share·(k + 1))
///
/// So from k = 0 on, t falls until no more stakes are above it. The j that come above it are a part of `rest`, so j·t <
/// rest and share·(k + j) < BPS: the divisor stays positive, and as each round but the last adds to k, there are at
/// most BPS / share + 1 of them. If all come to be above it, as fewer than BPS / share are, t is 0.
library Caps {
    /// @param stakes Of which the sum times BPS does not overflow.
    /// @param share Not zero, at most BPS [bps].
    /// @return cap In the unit of the stakes.
    function capDown(uint256[] memory stakes, uint256 share) internal pure returns (uint256 cap) {
        cap = type(uint256).max;
        uint256 known;
        while (true) {
            uint256 above;
            uint256 rest;
            for (uint256 i = 0; i < stakes.length; ++i) {
                if (stakes[i] > cap) ++above;
                else rest += stakes[i];
            }
            if (above == known && cap != type(uint256).max) return cap;
            cap = share * rest / (BPS - share * above);
            known = above;
        }
    }
}
