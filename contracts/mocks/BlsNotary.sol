// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {AVSBase} from "../avs/AVSBase.sol";
import {BLSQuorum} from "../avs/BLSQuorum.sol";
import {G1, G2} from "../libraries/BLS.sol";

/// Attests documents, one for each second, by either scheme.
contract BlsNotary is BLSQuorum {
    bytes32 private constant STATEMENT_TYPEHASH = keccak256("Statement(uint48 time,bytes32 document)");

    /// A document that operators signed together.
    struct Signed {
        bytes32 document;
        Aggregate aggregate;
    }

    /// A document that one operator signed.
    struct SignedAlone {
        bytes32 document;
        G2 signature;
    }

    event Attested(uint48 indexed time, bytes32 document, uint256 quorum);

    error SameDocument(bytes32 document);
    error AlreadyPunished(address operator, uint48 time);

    mapping(address operator => mapping(uint48 time => bool)) public isPunished;

    constructor(Setup memory setup) AVSBase("BLS Notary", setup) {}

    function attest(uint48 time, bytes32 document, uint256 quorum, bytes[] calldata signatures) external {
        _requireQuorum(digestOf(time, document), time, signatures, quorum);
        emit Attested(time, document, quorum);
    }

    function attestBls(uint48 time, bytes32 document, uint256 quorum, Aggregate calldata aggregate) external {
        _requireBlsQuorum(digestOf(time, document), epochAt(time), quorum, aggregate);
        emit Attested(time, document, quorum);
    }

    /// Slashes the owners of `keys` for two documents of one second, each of which they signed with others.
    function proveTogether(uint48 time, Signed calldata a, Signed calldata b, G1[] calldata keys) external {
        uint24 e = epochAt(time);
        if (a.document == b.document) revert SameDocument(a.document);
        _requireAggregate(digestOf(time, a.document), e, a.aggregate);
        _requireAggregate(digestOf(time, b.document), e, b.aggregate);
        for (uint256 i = 0; i < keys.length; ++i) {
            _requireSigner(e, keys[i], a.aggregate);
            _punish(_requireSigner(e, keys[i], b.aggregate), time);
        }
    }

    /// Slashes the owner of `key` for two documents of one second, each of which it signed alone.
    function proveAlone(uint48 time, G1 calldata key, SignedAlone calldata a, SignedAlone calldata b) external {
        uint24 e = epochAt(time);
        if (a.document == b.document) revert SameDocument(a.document);
        _requireSigned(digestOf(time, a.document), e, key, a.signature);
        _punish(_requireSigned(digestOf(time, b.document), e, key, b.signature), time);
    }

    function digestOf(uint48 time, bytes32 document) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(STATEMENT_TYPEHASH, time, document)));
    }

    function _punish(address operator, uint48 time) private {
        if (isPunished[operator][time]) revert AlreadyPunished(operator, time);
        isPunished[operator][time] = true;
        _slash(operator, time, bytes32(uint256(time)), "");
    }
}
