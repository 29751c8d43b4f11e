// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IBLSQuorum} from "../../../contracts/interfaces/IBLSQuorum.sol";
import {BLS, G1, G2, PrecompileFailed} from "../../../contracts/libraries/BLS.sol";
import {VM} from "../Cheats.sol";
import {digestOf, domainOf, keyProof} from "../Signing.sol";
import {Scene} from "./Scene.sol";

/// What is called of the notary of the mocks.
interface IBlsNotary is IBLSQuorum, IAVSBase {
    struct Signed {
        bytes32 document;
        Aggregate aggregate;
    }

    struct SignedAlone {
        bytes32 document;
        G2 signature;
    }

    function attestBls(uint48 time, bytes32 document, uint256 quorum, Aggregate calldata aggregate) external;

    function proveTogether(uint48 time, Signed calldata a, Signed calldata b, G1[] calldata keys) external;

    function proveAlone(uint48 time, G1 calldata key, SignedAlone calldata a, SignedAlone calldata b) external;

    function digestOf(uint48 time, bytes32 document) external view returns (bytes32);
}

/// Four operators with ascending addresses, the secrets 11 to 14, and 5, 10, 15 and 20 of 50 in weight.
contract BLSTest is Scene {
    bytes private constant SIGNATURE = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    bytes private constant PROOF = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes32 private constant DOCUMENT = keccak256("document");
    bytes32 private constant OTHER = keccak256("another document");

    IBlsNotary private notary;
    uint48 private time;

    constructor() {
        IAVSBase.Setup memory setup = IAVSBase.Setup({
            slashing: slashing,
            vault: address(vault),
            owner: AVS_OWNER,
            byAdmission: false,
            vetoPeriod: 0,
            resolver: address(0),
            recipient: address(0),
            minStake: 1e18,
            maxShare: 10_000,
            penalty: 1e18,
            uri: ""
        });
        notary = IBlsNotary(VM.deployCode("BlsNotary.sol:BlsNotary", abi.encode(setup)));
        for (uint256 i = 1; i <= 4; ++i) {
            address operator = _operator(i);
            _enlist(operator);
            _openPool(operator);
            VM.prank(ALICE);
            vault.depositAndDelegate(10e18 * i, operator, 0, _anything());
            _setBlsKey(operator, 10 + i);
            bytes memory data = abi.encode(VM.addr(i), keyProof(operator, i, _domain()));
            VM.startPrank(operator);
            registry.optIn(notary.AVS(), address(vault), 5000, 0, data);
            VM.stopPrank();
        }
        _goTo(4);
        time = uint48(_start(4));
    }

    // ------------------------------------------------------------------------------------------------------ signing

    function _operator(uint256 i) private pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function _domain() private view returns (bytes32) {
        return domainOf("BLS Notary", address(notary));
    }

    function _multiplied(address precompile, bytes memory point, uint256 scalar) private view returns (bytes memory) {
        (bool success, bytes memory product) = precompile.staticcall(abi.encodePacked(point, scalar));
        assert(success);
        return product;
    }

    function _key(uint256 secret) private view returns (G1 memory) {
        G1 memory generator = G1(
            0x17f1d3a73197d7942695638c4fa9ac0f,
            0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
            0x08b3f481e3aaa0f1a09e30ed741d8ae4,
            0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
        );
        return abi.decode(_multiplied(address(0x0c), abi.encode(generator), secret), (G1));
    }

    function _sign(uint256 secret, bytes32 digest, bytes memory dst) private view returns (G2 memory) {
        bytes memory point = abi.encode(BLS.hashToG2(abi.encode(digest), dst));
        return abi.decode(_multiplied(address(0x0e), point, secret), (G2));
    }

    function _proof(address operator, uint256 secret) private view returns (G2 memory) {
        bytes32 typehash = keccak256("BLSKey(address operator,bytes publicKey)");
        bytes32 key = keccak256(abi.encode(_key(secret)));
        return _sign(secret, digestOf(_domain(), keccak256(abi.encode(typehash, operator, key))), PROOF);
    }

    function _setBlsKey(address operator, uint256 secret) private {
        (G1 memory key, G2 memory proof) = (_key(secret), _proof(operator, secret));
        VM.prank(operator);
        notary.setBlsKey(key, proof);
    }

    /// @param secrets Their sum.
    function _aggregate(bytes32 document, uint256 secrets, uint256[] memory missing)
        private
        view
        returns (IBLSQuorum.Aggregate memory aggregate)
    {
        aggregate.signature = _sign(secrets, notary.digestOf(time, document), SIGNATURE);
        aggregate.nonSigners = new G1[](missing.length);
        for (uint256 i = 0; i < missing.length; ++i) {
            aggregate.nonSigners[i] = _key(missing[i]);
        }
    }

    function _list() private pure returns (uint256[] memory list) {}

    function _list(uint256 a) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = a;
    }

    function _list(uint256 a, uint256 b) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }

    function _keys(uint256[] memory secrets) private view returns (G1[] memory keys) {
        keys = new G1[](secrets.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = _key(secrets[i]);
        }
    }

    function _assertSame(G1 memory a, G1 memory b) private pure {
        VM.assertEq(abi.encode(a), abi.encode(b));
    }

    // ------------------------------------------------------------------------------------------------------ library

    function add(G1 memory a, G1 memory b) external view returns (G1 memory) {
        return a.add(b);
    }

    function verify(G1 memory key, bytes32 digest, G2 memory signature) external view returns (bool) {
        return BLS.verify(key, abi.encode(digest), SIGNATURE, signature);
    }

    /// RFC 9380, J.10.1.
    function test_hash_to_g2__is_that_of_rfc_9380() external view {
        G2 memory point = BLS.hashToG2("abc", "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_");
        VM.assertEq(point.x0High, 0x02c2d18e033b960562aae3cab37a27ce);
        VM.assertEq(point.x0Low, 0x00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6);
        VM.assertEq(point.x1High, 0x139cddbccdc5e91b9623efd38c49f81a);
        VM.assertEq(point.x1Low, 0x6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8);
        VM.assertEq(point.y0High, 0x1787327b68159716a37440985269cf58);
        VM.assertEq(point.y0Low, 0x4bcb1e621d3a7202be6ea05c4cfe244aeb197642555a0645fb87bf7466b2ba48);
        VM.assertEq(point.y1High, 0x00aa65dae3c8d732d10ecd2c50f8a1ba);
        VM.assertEq(point.y1Low, 0xf3001578f71c694e03866e9f3d49ac1e1ce70dd94a733534f106d4cec0eddd16);
    }

    function testFuzz_points__add_up_as_their_secrets(uint256 a, uint256 b) external view {
        (a, b) = (a % ORDER, b % ORDER);
        _assertSame(_key(a).add(_key(b)), _key(addmod(a, b, ORDER)));
        _assertSame(_key(a).negated(), _key(ORDER - a));
        VM.assertEq(_key(a).add(_key(a).negated()).isInfinity(), true);
    }

    function test_negated__infinity__is_infinity() external pure {
        G1 memory infinity;
        _assertSame(infinity.negated(), infinity);
    }

    function testFuzz_verify__takes_what_the_secret_signed(uint256 secret, uint256 other, bytes32 digest)
        external
        view
    {
        secret = secret % (ORDER - 1) + 1;
        G2 memory signature = _sign(secret, digest, SIGNATURE);
        VM.assertEq(BLS.verify(_key(secret), abi.encode(digest), SIGNATURE, signature), true);
        VM.assertEq(BLS.verify(_key(secret), abi.encode(digest), PROOF, signature), false);
        VM.assertEq(BLS.verify(_key(secret), abi.encode(~digest), SIGNATURE, signature), false);
        VM.assertEq(BLS.verify(_key(other), abi.encode(digest), SIGNATURE, signature), other % ORDER == secret);
    }

    function test_verify__infinity__signed_nothing() external view {
        (G1 memory key, G2 memory signature) = (_key(0), _sign(0, DOCUMENT, SIGNATURE));
        VM.assertEq(BLS.verify(key, abi.encode(DOCUMENT), SIGNATURE, signature), false);
        VM.assertEq(BLS.verify(_key(7), abi.encode(DOCUMENT), SIGNATURE, signature), false);
    }

    function test_points__not_on_the_curve__are_refused() external {
        (G1 memory key, G1 memory point) = (_key(7), _key(7));
        G2 memory signature = _sign(7, DOCUMENT, SIGNATURE);
        point.yLow ^= 1;
        VM.expectRevert(abi.encodeWithSelector(PrecompileFailed.selector, 0x0b));
        this.add(key, point);
        VM.expectRevert(abi.encodeWithSelector(PrecompileFailed.selector, 0x0f));
        this.verify(point, DOCUMENT, signature);
    }

    // --------------------------------------------------------------------------------------------------------- keys

    function test_set_bls_key__is_read_by_the_next_snapshot() external {
        notary.takeSnapshot(4);
        (G1 memory key, G2 memory proof) = (_key(21), _proof(_operator(1), 21));
        VM.expectEmit(address(notary));
        emit IBLSQuorum.BlsKeySet(_operator(1), key);
        VM.prank(_operator(1));
        notary.setBlsKey(key, proof);
        _assertSame(notary.blsKeyOf(_operator(1)), _key(21));
        VM.assertEq(notary.blsOperatorOf(_key(21)), _operator(1));
        VM.assertEq(notary.blsOperatorOf(_key(11)), _operator(1));
        VM.assertEq(notary.blsOperatorOf(_key(22)), address(0));

        _goTo(5);
        notary.takeSnapshot(4);
        _assertSame(notary.blsSumOf(4), _key(11 + 12 + 13 + 14));
        _assertSame(notary.blsSumOf(5), _key(21 + 12 + 13 + 14));
        VM.assertEq(notary.isBlsKeyAt(4, _key(11)), true);
        VM.assertEq(notary.isBlsKeyAt(5, _key(11)), false);
        VM.assertEq(notary.isBlsKeyAt(4, _key(21)), false);
        VM.assertEq(notary.isBlsKeyAt(5, _key(21)), true);
        VM.assertEq(notary.isBlsKeyAt(4, _key(22)), false);
    }

    function test_set_bls_key__taken__reverts() external {
        (G1 memory key, G2 memory proof) = (_key(11), _proof(_operator(2), 11));
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.BlsKeyTaken.selector, _operator(1)));
        VM.prank(_operator(2));
        notary.setBlsKey(key, proof);
    }

    function test_set_bls_key__with_the_proof_of_another__reverts() external {
        (G1 memory key, G2 memory proof) = (_key(21), _proof(_operator(2), 21));
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.InvalidBlsProof.selector, _operator(1)));
        VM.prank(_operator(1));
        notary.setBlsKey(key, proof);
    }

    function test_join__without_a_bls_key__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NotEligible.selector, OPERATOR, 0, 1e18));
        notary.join(OPERATOR);
    }

    /// Everything else that a member needs.
    function test_opt_in__without_a_bls_key__is_no_joining() external {
        _openPool(OPERATOR);
        _delegate(ALICE, 10e18);
        bytes memory data = abi.encode(VM.addr(5), keyProof(OPERATOR, 5, _domain()));
        VM.startPrank(OPERATOR);
        registry.optIn(notary.AVS(), address(vault), 5000, 0, data);
        VM.stopPrank();
        VM.assertEq(notary.isMember(OPERATOR), false);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NotEligible.selector, OPERATOR, 5e18, 1e18));
        notary.join(OPERATOR);
        _setBlsKey(OPERATOR, 15);
        notary.join(OPERATOR);
        VM.assertEq(notary.isMember(OPERATOR), true);
    }

    // ------------------------------------------------------------------------------------------------------ quorums

    function test_require_bls_quorum__of_two_thirds__is_taken() external {
        notary.takeSnapshot(4);
        notary.attestBls(time, DOCUMENT, 6667, _aggregate(DOCUMENT, 11 + 12 + 13 + 14, _list()));
        notary.attestBls(time, DOCUMENT, 6667, _aggregate(DOCUMENT, 11 + 12 + 14, _list(13)));
        notary.attestBls(time, DOCUMENT, 6667, _aggregate(DOCUMENT, 13 + 14, _list(11, 12)));
    }

    function test_require_bls_quorum__of_less__reverts() external {
        notary.takeSnapshot(4);
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 12 + 14, _list(11, 13));
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.QuorumMissed.selector, 30e18, 33.335e18));
        notary.attestBls(time, DOCUMENT, 6667, aggregate);
    }

    function test_require_bls_quorum__not_signed__reverts() external {
        notary.takeSnapshot(4);
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 11 + 12 + 14, _list());
        bytes32 digest = notary.digestOf(time, DOCUMENT);
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.InvalidBlsSignature.selector, digest));
        notary.attestBls(time, DOCUMENT, 6667, aggregate);
    }

    function test_require_bls_quorum__naming_a_stranger__reverts() external {
        notary.takeSnapshot(4);
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 11 + 12 + 14, _list(22));
        bytes memory expected = abi.encodeWithSelector(IBLSQuorum.BlsKeyNotInSnapshot.selector, 4, _key(22));
        VM.expectRevert(expected);
        notary.attestBls(time, DOCUMENT, 6667, aggregate);
    }

    function test_require_bls_quorum__naming_a_key_of_later__reverts() external {
        notary.takeSnapshot(4);
        _setBlsKey(_operator(1), 21);
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 12 + 13 + 14, _list(21));
        bytes memory expected = abi.encodeWithSelector(IBLSQuorum.BlsKeyNotInSnapshot.selector, 4, _key(21));
        VM.expectRevert(expected);
        notary.attestBls(time, DOCUMENT, 6667, aggregate);
    }

    function test_require_bls_quorum__naming_twice__reverts() external {
        notary.takeSnapshot(4);
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 12 + 13 + 14, _list(11, 11));
        address operator = _operator(1);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.OperatorsNotAscending.selector, operator, operator));
        notary.attestBls(time, DOCUMENT, 6667, aggregate);
    }

    function test_require_bls_quorum__without_a_snapshot__reverts() external {
        IBLSQuorum.Aggregate memory aggregate = _aggregate(DOCUMENT, 0, _list());
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.SnapshotIncomplete.selector, 4));
        notary.attestBls(time, DOCUMENT, 0, aggregate);
    }

    // ------------------------------------------------------------------------------------------------------- faults

    function _alone(bytes32 document, uint256 secret) private view returns (IBlsNotary.SignedAlone memory) {
        return IBlsNotary.SignedAlone(document, _sign(secret, notary.digestOf(time, document), SIGNATURE));
    }

    function test_require_signed__with_two_documents__slashes() external {
        notary.takeSnapshot(4);
        IBlsNotary.SignedAlone memory one = _alone(DOCUMENT, 12);
        IBlsNotary.SignedAlone memory other = _alone(OTHER, 12);
        VM.expectEmit(address(notary));
        emit IAVSBase.Struck(4, _operator(2), 10e18);
        notary.proveAlone(time, _key(12), one, other);
    }

    function test_require_signed__by_another__reverts() external {
        notary.takeSnapshot(4);
        IBlsNotary.SignedAlone memory one = _alone(DOCUMENT, 12);
        IBlsNotary.SignedAlone memory other = _alone(OTHER, 13);
        bytes32 digest = notary.digestOf(time, OTHER);
        G1 memory key = _key(12);
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.InvalidBlsSignature.selector, digest));
        notary.proveAlone(time, key, one, other);
    }

    /// The first is missing in one, the last in the other.
    function _contradiction() private view returns (IBlsNotary.Signed memory one, IBlsNotary.Signed memory other) {
        one = IBlsNotary.Signed(DOCUMENT, _aggregate(DOCUMENT, 11 + 12 + 13, _list(14)));
        other = IBlsNotary.Signed(OTHER, _aggregate(OTHER, 12 + 13 + 14, _list(11)));
    }

    function test_require_signer__in_two_aggregates__slashes() external {
        notary.takeSnapshot(4);
        (IBlsNotary.Signed memory one, IBlsNotary.Signed memory other) = _contradiction();
        VM.expectEmit(address(notary));
        emit IAVSBase.Struck(4, _operator(2), 10e18);
        VM.expectEmit(address(notary));
        emit IAVSBase.Struck(4, _operator(3), 15e18);
        notary.proveTogether(time, one, other, _keys(_list(12, 13)));
    }

    function test_require_signer__missing_in_one__reverts() external {
        notary.takeSnapshot(4);
        (IBlsNotary.Signed memory one, IBlsNotary.Signed memory other) = _contradiction();
        G1[] memory keys = _keys(_list(14));
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.DidNotSign.selector, _operator(4)));
        notary.proveTogether(time, one, other, keys);
        keys = _keys(_list(11));
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.DidNotSign.selector, _operator(1)));
        notary.proveTogether(time, one, other, keys);
    }
}
