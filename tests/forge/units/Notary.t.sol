// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {VM} from "../Cheats.sol";
import {INotary} from "../INotary.sol";
import {domainOf, keyProof, sign} from "../Signing.sol";
import {AVSScene} from "./AVSScene.sol";

/// A notary in the second of its snapshot, and a second later.
contract NotaryTest is AVSScene {
    INotary private notary;
    uint48 private now_;

    function setUp() external {
        notary = INotary(VM.deployCode("Notary.sol:Notary", abi.encode(_setup())));
        _begin(address(notary), domainOf("Catenary Notary", address(notary)));
        notary.takeSnapshot(2);
        now_ = uint48(_start(4)) + 1;
        VM.warp(now_);
    }

    function _signed(uint256 key, bytes32 statement, uint48 time) private view returns (bytes memory) {
        return sign(key, notary.digestOf("subject", statement, time));
    }

    function _both(bytes32 statement) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (_signed(KEY, statement, now_), _signed(OTHER_KEY, statement, now_));
    }

    function _conflict(uint256 key, uint256 otherKey, bytes32 statement, uint48 time) private {
        bytes[2] memory signatures = [_signed(key, "one", time), _signed(otherKey, statement, time - 1)];
        notary.proveConflict("subject", [bytes32("one"), statement], [time, time - 1], signatures);
    }

    /// As `_conflict`, in a call of its own.
    function conflict(uint256 key, uint256 otherKey, bytes32 statement, uint48 time) external {
        _conflict(key, otherKey, statement, time);
    }

    function test_certify__by_a_quorum__once() external {
        bytes[] memory signatures = _both("one");
        notary.certify("subject", "one", now_, signatures);
        (bytes32 statement, uint48 certifiedAt) = notary.certificateOf("subject");
        VM.assertEq(statement, "one");
        VM.assertEq(uint256(certifiedAt), now_);
        VM.expectRevert(abi.encodeWithSelector(INotary.AlreadyCertified.selector, bytes32("subject")));
        notary.certify("subject", "one", now_, signatures);
    }

    function test_certify__not_by_a_quorum_or_not_now__reverts() external {
        bytes[] memory signatures = _both("one");
        VM.expectRevert(abi.encodeWithSelector(INotary.TimeOutOfBounds.selector, now_ - 1));
        notary.certify("subject", "one", now_ - 1, signatures);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.OperatorsNotAscending.selector, OTHER_OPERATOR, OPERATOR));
        notary.certify("subject", "one", now_, signatures);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.QuorumMissed.selector, 0, 28.0014 ether));
        notary.certify("subject", "one", now_, new bytes[](0));
    }

    function test_conflict__is_slashed_once_an_epoch() external {
        VM.warp(now_ + 1);
        _conflict(KEY, KEY, "two", now_);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0.85e18); // half of 30 %
        VM.expectRevert(abi.encodeWithSelector(INotary.NoFault.selector));
        this.conflict(KEY, KEY, "three", now_);
    }

    function test_conflict__of_none__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(INotary.NoFault.selector));
        this.conflict(KEY, KEY, "one", now_);
        VM.expectRevert(abi.encodeWithSelector(INotary.NoFault.selector));
        this.conflict(KEY, OTHER_KEY, "two", now_);
    }

    function test_veto__bars_until_the_request_is_over() external {
        IAVSBase.Setup memory setup = _setup();
        (setup.vetoPeriod, setup.resolver) = (1 days, RESOLVER);
        notary = INotary(VM.deployCode("Notary.sol:Notary", abi.encode(setup)));
        avs = notary.AVS();
        bytes32 domain = domainOf("Catenary Notary", address(notary));
        bytes memory data = abi.encode(VM.addr(KEY), keyProof(OPERATOR, KEY, domain));
        bytes memory otherData = abi.encode(VM.addr(OTHER_KEY), keyProof(OTHER_OPERATOR, OTHER_KEY, domain));
        VM.startPrank(AVS_OWNER);
        notary.setAdmitted(OPERATOR, true);
        notary.setAdmitted(OTHER_OPERATOR, true);
        VM.stopPrank();
        VM.prank(OPERATOR);
        registry.optIn(avs, address(vault), 2000, 0, data);
        VM.prank(OTHER_OPERATOR);
        registry.optIn(avs, address(vault), 2000, 0, otherData);

        _goTo(7);
        notary.takeSnapshot(2);
        now_ = uint48(_start(7)) + 1;
        VM.warp(now_);
        _conflict(KEY, KEY, "two", now_);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 1e18);
        VM.assertEq(notary.weightOf(7, OPERATOR), 0);
        _goTo(8);
        notary.takeSnapshot(2);
        VM.assertEq(uint256(notary.snapshotOf(8).guaranteed), 14 ether);
        _goTo(9);
        notary.takeSnapshot(2);
        VM.assertEq(uint256(notary.snapshotOf(9).guaranteed), 28 ether);
    }
}
