// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../contracts/interfaces/IAVSBase.sol";

/// What is called of the notary of the examples.
interface INotary is IAVSBase {
    error AlreadyCertified(bytes32 subject);
    error TimeOutOfBounds(uint48 time);
    error NoFault();

    function certificateOf(bytes32 subject) external view returns (bytes32 statement, uint48 certifiedAt);

    function certify(bytes32 subject, bytes32 statement, uint48 time, bytes[] calldata signatures) external;

    function proveConflict(
        bytes32 subject,
        bytes32[2] calldata statements,
        uint48[2] calldata times,
        bytes[2] calldata signatures
    ) external;

    function digestOf(bytes32 subject, bytes32 statement, uint48 time) external view returns (bytes32);
}
