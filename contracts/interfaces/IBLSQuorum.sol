// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {G1, G2} from "../libraries/BLS.sol";

/// A second quorum scheme for an AVS: one signature over BLS12-381 for all members of a snapshot that signed.
///
/// Operators sign a digest of 32 bytes in the ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_, keys in G1. A
/// snapshot sums up the keys of its members. Whoever shows the sum of their signatures names those who did not sign.
///
/// A key counts in the epochs in whose snapshot it was, and answers for them for good. A struck operator weighs
/// nothing, but its key stays in the sum: it too must sign or be named.
interface IBLSQuorum {
    /// What the members of a snapshot signed together.
    struct Aggregate {
        /// The sum of their signatures.
        G2 signature;
        /// Keys of the members that did not sign, in strictly ascending order of their operators.
        G1[] nonSigners;
    }

    event BlsKeySet(address indexed operator, G1 key);

    error BlsKeyTaken(address operator);
    error InvalidBlsProof(address operator);
    error BlsKeyNotInSnapshot(uint24 epoch, G1 key);
    error InvalidBlsSignature(bytes32 digest);
    error DidNotSign(address operator);

    // --- operators ---

    /// Signs for the caller with `key` from the next snapshot that reads it. A key is one operator's, and is set once
    /// (BlsKeyTaken).
    /// @param proof Signature of `key` in BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ over the digest of
    /// `BLSKey(address operator,bytes publicKey)`, EIP-712, with the 128 bytes of `key`: whoever sums keys must know
    /// that each has an owner, or a key made of others' keys would sign for them.
    /// @dev PrecompileFailed if a point is not canonical, on its curve and in its subgroup.
    function setBlsKey(G1 calldata key, G2 calldata proof) external;

    // --- views ---

    /// The key that the next snapshot reads; infinity if there is none.
    function blsKeyOf(address operator) external view returns (G1 memory);

    /// The operator that a key belongs to; zero if it is nobody's.
    function blsOperatorOf(G1 calldata key) external view returns (address);

    /// Whether the key was in the snapshot of `epoch`.
    function isBlsKeyAt(uint24 epoch, G1 calldata key) external view returns (bool);

    /// The sum of all keys in the snapshot of `epoch`, so far as it is.
    function blsSumOf(uint24 epoch) external view returns (G1 memory);
}
