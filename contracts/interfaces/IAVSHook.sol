// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AvsId} from "../libraries/Types.sol";

/// What an AVS may run when a pool opts in. It can refuse by reverting. It is asked about nothing else.
interface IAVSHook {
    /// @param avs The AVS opted in to. One hook may serve many.
    /// @param operator The operator that opts in.
    /// @param vault The vault of its pool.
    /// @param guaranteed Announced guaranteed part [bps].
    /// @param elastic Announced elastic part [bps].
    /// @param data Whatever the operator hands over, for example a key and its proof of possession.
    function onOptIn(
        AvsId avs,
        address operator,
        address vault,
        uint256 guaranteed,
        uint256 elastic,
        bytes calldata data
    ) external;
}
