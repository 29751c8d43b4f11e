// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IBLSQuorum} from "../interfaces/IBLSQuorum.sol";
import {BLS, G1, G2} from "../libraries/BLS.sol";
import {AVSBase} from "./AVSBase.sol";

/// See `IBLSQuorum`. An AVS inherits it instead of `AVSBase`, and has both schemes.
abstract contract BLSQuorum is AVSBase, IBLSQuorum {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------------ types

    /// A point of G1 in three slots: its coordinates have 381 bits.
    struct StoredPoint {
        uint128 xHigh;
        uint128 yHigh;
        uint256 xLow;
        uint256 yLow;
    }

    /// Whose a key is.
    struct Owner {
        address operator;
        uint32 index; // of the key, among all that were ever set
    }

    // -------------------------------------------------------------------------------------------------- constants

    bytes32 private constant BLS_KEY_TYPEHASH = keccak256("BLSKey(address operator,bytes publicKey)");
    bytes private constant SIGNATURE_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant PROOF_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    // ---------------------------------------------------------------------------------------------------- storage

    uint32 private _blsKeyCount;

    mapping(address operator => StoredPoint) private _blsKeys;

    mapping(bytes32 keyId => Owner) private _blsOwners;

    // Which keys are in the snapshot of an epoch, by index.
    mapping(uint24 epoch => BitMaps.BitMap) private _inSum;

    mapping(uint24 epoch => StoredPoint) private _sums;

    // -------------------------------------------------------------------------------------------------- operators

    /// @inheritdoc IBLSQuorum
    function setBlsKey(G1 calldata key, G2 calldata proof) external {
        bytes32 id = BLS.id(key);
        address holder = _blsOwners[id].operator;
        if (holder != address(0)) revert BlsKeyTaken(holder);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(BLS_KEY_TYPEHASH, msg.sender, id)));
        if (!BLS.verify(key, abi.encode(digest), PROOF_DST, proof)) revert InvalidBlsProof(msg.sender);

        uint32 index = _blsKeyCount;
        _blsKeyCount = index + 1;
        _blsOwners[id] = Owner(msg.sender, index);
        _blsKeys[msg.sender] = _stored(key);
        emit BlsKeySet(msg.sender, key);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IBLSQuorum
    function blsKeyOf(address operator) external view returns (G1 memory) {
        return _loaded(_blsKeys[operator]);
    }

    /// @inheritdoc IBLSQuorum
    function blsOperatorOf(G1 calldata key) external view returns (address) {
        return _blsOwners[BLS.id(key)].operator;
    }

    /// @inheritdoc IBLSQuorum
    function isBlsKeyAt(uint24 epoch_, G1 calldata key) external view returns (bool) {
        Owner memory holder = _blsOwners[BLS.id(key)];
        return holder.operator != address(0) && _inSum[epoch_].get(holder.index);
    }

    /// @inheritdoc IBLSQuorum
    function blsSumOf(uint24 epoch_) external view returns (G1 memory) {
        return _loaded(_sums[epoch_]);
    }

    // --------------------------------------------------------------------------------------------- for the heirs

    /// @inheritdoc AVSBase
    function _isReady(address operator) internal view virtual override returns (bool) {
        return super._isReady(operator) && !_loaded(_blsKeys[operator]).isInfinity();
    }

    /// @inheritdoc AVSBase
    function _enter(uint24 epoch_, address operator, Member memory safe) internal virtual override {
        super._enter(epoch_, operator, safe);
        G1 memory key = _loaded(_blsKeys[operator]);
        _inSum[epoch_].set(_blsOwners[key.id()].index);
        _sums[epoch_] = _stored(_loaded(_sums[epoch_]).add(key));
    }

    /// Reverts unless members with `quorum` of all weight in `epoch_` signed the digest.
    /// @param quorum [bps]
    function _requireBlsQuorum(bytes32 digest, uint24 epoch_, uint256 quorum, Aggregate calldata aggregate)
        internal
        view
    {
        _requireWeight(epoch_, _requireAggregate(digest, epoch_, aggregate), quorum);
    }

    /// Reverts unless all members of a complete snapshot but the named ones signed the digest. Who sets keys that add up
    /// to nothing signs everything with them, and answers for it.
    /// @return weight Of those that signed [vault shares].
    function _requireAggregate(bytes32 digest, uint24 epoch_, Aggregate calldata aggregate)
        internal
        view
        returns (uint256 weight)
    {
        weight = _requireSnapshot(epoch_).weight;
        G1 memory missing;
        address before;
        for (uint256 i = 0; i < aggregate.nonSigners.length; ++i) {
            G1 memory key = aggregate.nonSigners[i];
            address operator = _requireKeyAt(epoch_, key);
            before = _requireAscending(before, operator);
            weight -= weightOf(epoch_, operator);
            missing = missing.add(key);
        }
        G1 memory signers = _loaded(_sums[epoch_]).add(missing.negated());
        _requireSignature(digest, signers, aggregate.signature);
    }

    /// Reverts unless the key was in the snapshot of `epoch_` and signed the digest alone.
    /// @return operator That the key belongs to.
    function _requireSigned(bytes32 digest, uint24 epoch_, G1 calldata key, G2 calldata signature)
        internal
        view
        returns (address operator)
    {
        operator = _requireKeyAt(epoch_, key);
        _requireSignature(digest, key, signature);
    }

    /// Reverts unless the key is one of those that signed an aggregate of `epoch_`. With two aggregates that contradict
    /// each other, each shown by `_requireAggregate`, whoever is in both signed both.
    /// @return operator That the key belongs to.
    function _requireSigner(uint24 epoch_, G1 calldata key, Aggregate calldata aggregate)
        internal
        view
        returns (address operator)
    {
        operator = _requireKeyAt(epoch_, key);
        bytes32 id = BLS.id(key);
        for (uint256 i = 0; i < aggregate.nonSigners.length; ++i) {
            if (BLS.id(aggregate.nonSigners[i]) == id) revert DidNotSign(operator);
        }
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _requireKeyAt(uint24 epoch_, G1 memory key) private view returns (address) {
        Owner memory holder = _blsOwners[key.id()];
        if (holder.operator == address(0) || !_inSum[epoch_].get(holder.index)) {
            revert BlsKeyNotInSnapshot(epoch_, key);
        }
        return holder.operator;
    }

    function _requireSignature(bytes32 digest, G1 memory key, G2 calldata signature) private view {
        if (!BLS.verify(key, abi.encode(digest), SIGNATURE_DST, signature)) revert InvalidBlsSignature(digest);
    }

    /// @param point Passed a precompile, so that its upper words have 125 bits.
    function _stored(G1 memory point) private pure returns (StoredPoint memory) {
        return StoredPoint(uint128(point.xHigh), uint128(point.yHigh), point.xLow, point.yLow);
    }

    function _loaded(StoredPoint memory point) private pure returns (G1 memory) {
        return G1(point.xHigh, point.xLow, point.yHigh, point.yLow);
    }
}
