// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IBLSQuorum} from "../../../contracts/interfaces/IBLSQuorum.sol";
import {BLS, G1, G2, PrecompileFailed} from "../../../contracts/libraries/BLS.sol";
import {VM} from "../Cheats.sol";
import {AVSScene} from "./AVSScene.sol";

/// What is called of the notary that takes both schemes.
interface IBlsNotary is IAVSBase, IBLSQuorum {
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

/// Secret keys are 1 and 2: what they sign is the hash of the message, once and twice.
contract BLSQuorumTest is AVSScene {
    IBlsNotary private notary;
    bytes32 private domain;
    uint48 private now_;

    G1 private one = G1(
        0x17f1d3a73197d7942695638c4fa9ac0f,
        0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
        0x8b3f481e3aaa0f1a09e30ed741d8ae4,
        0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
    );

    function setUp() external {
        notary = IBlsNotary(VM.deployCode("BlsNotary.sol:BlsNotary", abi.encode(_setup())));
        domain = _domain("BLS Notary", address(notary));
        _begin(address(notary), domain);
        _setKey(OPERATOR, one, 1);
        _setKey(OTHER_OPERATOR, _two(), 2);
        notary.join(OPERATOR);
        notary.join(OTHER_OPERATOR);
        notary.takeSnapshot(2);
        now_ = uint48(_start(4));
    }

    function _two() private view returns (G1 memory) {
        return one.add(one);
    }

    /// What the secret key `times` signs.
    function _sign(bytes32 digest, string memory scheme, uint256 times) private view returns (G2 memory signature) {
        bytes memory dst = abi.encodePacked("BLS_", scheme, "_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_");
        G2 memory hash = BLS.hashToG2(abi.encode(digest), dst);
        signature = hash;
        for (uint256 i = 1; i < times; ++i) {
            (bool success, bytes memory sum) = address(0x0d).staticcall(abi.encode(signature, hash));
            VM.assertTrue(success, "no sum");
            signature = abi.decode(sum, (G2));
        }
    }

    function _proofOf(address operator, G1 memory key, uint256 secret) private view returns (G2 memory) {
        bytes32 hash =
            keccak256(abi.encode(keccak256("BLSKey(address operator,bytes publicKey)"), operator, BLS.id(key)));
        return _sign(_digest(domain, hash), "POP", secret);
    }

    function _setKey(address operator, G1 memory key, uint256 secret) private {
        G2 memory proof = _proofOf(operator, key, secret);
        VM.prank(operator);
        notary.setBlsKey(key, proof);
    }

    /// Of a document that was signed by who has the secret keys that sum up to `secrets`.
    function _aggregate(bytes32 document, uint256 secrets, G1[] memory nonSigners)
        private
        view
        returns (IBLSQuorum.Aggregate memory)
    {
        return IBLSQuorum.Aggregate(_sign(notary.digestOf(now_, document), "SIG", secrets), nonSigners);
    }

    function _list(G1 memory key) private pure returns (G1[] memory keys) {
        keys = new G1[](1);
        keys[0] = key;
    }

    function _together(bytes32 document, uint256 secrets, G1[] memory nonSigners)
        private
        view
        returns (IBlsNotary.Signed memory)
    {
        return IBlsNotary.Signed(document, _aggregate(document, secrets, nonSigners));
    }

    function _alone(bytes32 document, uint256 secret) private view returns (IBlsNotary.SignedAlone memory) {
        return IBlsNotary.SignedAlone(document, _sign(notary.digestOf(now_, document), "SIG", secret));
    }

    function test_views__say_whose_a_key_is() external view {
        VM.assertEq(notary.blsKeyOf(OPERATOR).xLow, one.xLow);
        VM.assertEq(notary.blsOperatorOf(_two()), OTHER_OPERATOR);
        VM.assertTrue(notary.isBlsKeyAt(4, one) && !notary.isBlsKeyAt(3, one), "another snapshot");
        VM.assertEq(BLS.id(notary.blsSumOf(4)), BLS.id(one.add(_two())));
        VM.assertTrue(G1(0, 0, 0, 0).negated().isInfinity(), "not infinity");
        VM.assertTrue(one.add(one.negated()).isInfinity(), "not the negative");
    }

    function test_set_bls_key__taken_or_unproved__reverts() external {
        G2 memory proof = _proofOf(OPERATOR, one, 1);
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.BlsKeyTaken.selector, OPERATOR));
        notary.setBlsKey(one, proof);
        G1 memory three = one.add(_two());
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.InvalidBlsProof.selector, address(this)));
        notary.setBlsKey(three, proof);
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.InvalidBlsProof.selector, address(this)));
        notary.setBlsKey(G1(0, 0, 0, 0), proof);
        VM.expectRevert(abi.encodeWithSelector(PrecompileFailed.selector, address(0x0f)));
        notary.setBlsKey(G1(0, 1, 0, 1), proof);
    }

    function test_quorum__of_all_and_of_some() external {
        notary.attestBls(now_, "document", 10_000, _aggregate("document", 3, new G1[](0)));
        notary.attestBls(now_, "document", 5000, _aggregate("document", 1, _list(_two())));
        IBLSQuorum.Aggregate memory aggregate = _aggregate("document", 1, _list(_two()));
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.QuorumMissed.selector, 21 ether, 21.0042 ether));
        notary.attestBls(now_, "document", 5001, aggregate);
        aggregate = _aggregate("document", 3, _list(_two()));
        VM.expectRevert(
            abi.encodeWithSelector(IBLSQuorum.InvalidBlsSignature.selector, notary.digestOf(now_, "document"))
        );
        notary.attestBls(now_, "document", 5000, aggregate);
        G1 memory three = one.add(_two());
        aggregate = _aggregate("document", 1, _list(three));
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.BlsKeyNotInSnapshot.selector, 4, three));
        notary.attestBls(now_, "document", 5000, aggregate);
    }

    function test_conflict__of_who_signed_both__is_slashed() external {
        IBlsNotary.Signed memory a = _together("one", 3, new G1[](0));
        IBlsNotary.Signed memory b = _together("two", 1, _list(_two()));
        G1[] memory two = _list(_two());
        VM.expectRevert(abi.encodeWithSelector(IBLSQuorum.DidNotSign.selector, OTHER_OPERATOR));
        notary.proveTogether(now_, a, b, two);
        notary.proveTogether(now_, a, b, _list(one));
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0.85e18);
        notary.proveAlone(now_, two[0], _alone("one", 2), _alone("two", 2));
        VM.assertEq(delegation.retained(OTHER_OPERATOR, address(vault)), 0.85e18);
    }
}
