// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {AVSBase} from "../avs/AVSBase.sol";

/// A small AVS: operators certify one statement for each subject, say the root of a chain's block. To sign two is a
/// fault.
contract Notary is AVSBase {
    struct Certificate {
        bytes32 statement;
        uint48 certifiedAt; // [s, Unix time]
    }

    bytes32 private constant STATEMENT_TYPEHASH = keccak256("Statement(bytes32 subject,bytes32 statement,uint48 time)");
    uint256 private constant QUORUM = 6667; // [bps]

    mapping(bytes32 subject => Certificate) public certificateOf;

    event Certified(bytes32 indexed subject, bytes32 statement);
    event FaultProved(bytes32 indexed subject, address indexed operator);

    error AlreadyCertified(bytes32 subject);
    error TimeOutOfBounds(uint48 time);
    error NoFault();

    constructor(Setup memory setup) AVSBase("Catenary Notary", setup) {}

    // --- duties ---

    /// Certifies what a quorum signed in this epoch, after its snapshot was taken, and so lately that time is left to
    /// report a conflict.
    /// @param signatures In ascending order of operators.
    function certify(bytes32 subject, bytes32 statement, uint48 time, bytes[] calldata signatures) external {
        if (certificateOf[subject].certifiedAt != 0) revert AlreadyCertified(subject);
        if (
            time > block.timestamp || block.timestamp - time > REGISTRY.REPORT_WINDOW() / 2
                || time <= _requireSnapshot(epoch()).takenAt
        ) revert TimeOutOfBounds(time);
        _requireQuorum(digestOf(subject, statement, time), time, signatures, QUORUM);

        certificateOf[subject] = Certificate(statement, time);
        emit Certified(subject, statement);
    }

    // --- proofs of fault ---

    /// Slashes an operator that signed two statements on a subject. Struck, it weighs nothing in this epoch and in
    /// the one before, and who weighs nothing commits no fault: so it is slashed once for both.
    function proveConflict(
        bytes32 subject,
        bytes32[2] calldata statements,
        uint48[2] calldata times,
        bytes[2] calldata signatures
    ) external {
        if (statements[0] == statements[1]) revert NoFault();
        address operator = _operatorOf(digestOf(subject, statements[0], times[0]), times[0], signatures[0]);
        address other = _operatorOf(digestOf(subject, statements[1], times[1]), times[1], signatures[1]);
        uint48 later = times[0] > times[1] ? times[0] : times[1];
        if (operator != other || weightOf(epochAt(later), operator) == 0) revert NoFault();

        emit FaultProved(subject, operator);
        _slash(operator, later, keccak256(msg.data), "");
    }

    function digestOf(bytes32 subject, bytes32 statement, uint48 time) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(STATEMENT_TYPEHASH, subject, statement, time)));
    }
}
