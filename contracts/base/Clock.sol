// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {IClock} from "../interfaces/IClock.sol";

abstract contract Clock is IClock {
    using SafeCast for uint256;

    /// @inheritdoc IClock
    uint48 public immutable GENESIS;
    /// @inheritdoc IClock
    uint48 public immutable EPOCH;

    constructor(uint48 genesis, uint48 epochLength) {
        GENESIS = genesis;
        EPOCH = epochLength;
    }

    /// @inheritdoc IClock
    function epoch() public view returns (uint24) {
        return (1 + (block.timestamp - GENESIS) / EPOCH).toUint24();
    }

    /// @inheritdoc IClock
    function epochAt(uint48 time) public view returns (uint24) {
        return time < GENESIS ? 0 : (1 + uint256(time - GENESIS) / EPOCH).toUint24();
    }

    /// @inheritdoc IClock
    function startOf(uint24 epoch_) public view returns (uint48) {
        return (GENESIS + (uint256(epoch_) - 1) * EPOCH).toUint48();
    }

    /// ERC-6372 [s, Unix time].
    function clock() public view returns (uint48) {
        return Time.timestamp();
    }

    /// ERC-6372.
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }
}
