// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";

/// The protocol's one clock: epochs of `EPOCH` seconds from `GENESIS` on, the same in all contracts.
interface IClock is IERC6372 {
    /// Start of epoch 1 [s, Unix time].
    function GENESIS() external view returns (uint48);

    /// Length of an epoch [s].
    function EPOCH() external view returns (uint48);

    /// The current epoch, counted from 1.
    function epoch() external view returns (uint24);

    /// The epoch of `time` [s, Unix time]; 0 before `GENESIS`.
    function epochAt(uint48 time) external view returns (uint24);

    /// The first second of `epoch_`, which is also the end of the one before [s, Unix time].
    function startOf(uint24 epoch_) external view returns (uint48);
}
