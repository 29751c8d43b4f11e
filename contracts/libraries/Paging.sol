// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// How many of `length` entries a page of `limit` from `offset` on holds. Past the end, none.
function pageSize(uint256 length, uint256 offset, uint256 limit) pure returns (uint256) {
    return Math.min(Math.saturatingSub(length, offset), limit);
}
