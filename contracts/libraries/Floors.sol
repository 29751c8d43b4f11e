// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

// 2^32 share-seconds, a bound for what one of them can earn.
uint256 constant MIN_FLOOR = 16;

// No pool collects 2^118 share-seconds in an epoch: pool shares have 96 bits, and `MAX_EPOCH` is below 2^22 s.
uint256 constant MAX_FLOOR = 59;

error FloorOutOfBounds(uint256 floor);

/// A floor of 4^floor share-seconds: of an epoch in which a pool collects fewer, it is paid in proportion, so that
/// nobody takes a whole payment with one wei. Powers, so that streams can be summed by floor.
library Floors {
    function requireFloor(uint256 floor) internal pure {
        if (floor < MIN_FLOOR || floor > MAX_FLOOR) revert FloorOutOfBounds(floor);
    }

    /// What is paid of `amount`.
    /// @param amount Less than 2^136, so that nothing overflows [token].
    /// @param shareSeconds That the pool collects, less than 2^120.
    function paidDown(uint256 amount, uint256 shareSeconds, uint256 floor) internal pure returns (uint256) {
        return shareSeconds < 1 << (2 * floor) ? (amount * shareSeconds) >> (2 * floor) : amount;
    }

    /// What is left of it. The rests of many amounts are at most what is left of their sum.
    function restDown(uint256 amount, uint256 shareSeconds, uint256 floor) internal pure returns (uint256) {
        return paidDown(amount, (1 << (2 * floor)) - Math.min(shareSeconds, 1 << (2 * floor)), floor);
    }
}
