// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {VM} from "../Cheats.sol";
import {INotary} from "../INotary.sol";
import {sign} from "../Signing.sol";
import {OracleScene} from "./OracleScene.sol";

/// Ways out of a slash of the toy that are closed.
contract NotaryFaultsTest is OracleScene {
    uint256 private constant LIAR = 11;
    bytes32 private constant SUBJECT = "subject";

    function _name() internal pure override returns (string memory) {
        return "Catenary Notary";
    }

    function _newNotary(uint48 vetoPeriod) private returns (INotary) {
        return INotary(VM.deployCode("Notary.sol:Notary", abi.encode(_setup(vetoPeriod, 10_000, 1e18))));
    }

    function _certify(INotary notary, bytes32 statement, uint48 time) private {
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = sign(LIAR, notary.digestOf(SUBJECT, statement, time));
        notary.certify(SUBJECT, statement, time, signatures);
    }

    function _conflict(INotary notary, uint48 time) private view returns (bytes memory) {
        return abi.encodeCall(
            INotary.proveConflict,
            (
                SUBJECT,
                [bytes32("a"), "b"],
                [time, time],
                [sign(LIAR, notary.digestOf(SUBJECT, "a", time)), sign(LIAR, notary.digestOf(SUBJECT, "b", time))]
            )
        );
    }

    function _prove(INotary notary, uint48 time) private returns (bool success) {
        (success,) = address(notary).call(_conflict(notary, time));
    }

    /// What is certified leaves time to report its conflict.
    function test_certify__dated_back_beyond_what_can_be_reported__reverts() external {
        INotary notary = _newNotary(0);
        _enter(notary, LIAR, 5000, 100e18);
        notary.join(_operator(LIAR));
        _goTo(4);
        notary.takeSnapshot(10);
        VM.warp(_start(4) + 6 days);
        uint48 time = uint48(_start(4) + 1 days);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = sign(LIAR, notary.digestOf(SUBJECT, "a", time));
        VM.expectRevert(abi.encodeWithSelector(INotary.TimeOutOfBounds.selector, time));
        notary.certify(SUBJECT, "a", time, signatures);
    }

    /// Who proves its own conflict on a subject while its pool is dust is not pardoned.
    function test_prove_conflict__by_the_operator_while_its_pool_is_dust__is_no_pardon() external {
        INotary notary = _newNotary(0);
        address liar = _enter(notary, LIAR, 5000, 1e4); // of 1e4 wei
        _goTo(4);
        _prove(notary, uint48(_now()));
        _stake(liar, 1000e18);
        notary.join(liar);
        _goTo(5);
        notary.takeSnapshot(10);
        VM.warp(_start(5) + 1 days);
        _certify(notary, "a", uint48(_now()));
        uint256 before = delegation.retained(liar, address(vault));
        VM.assertTrue(_prove(notary, uint48(_now())), "proved");
        VM.assertEq(delegation.retained(liar, address(vault)), before / 2);
    }

    /// Whichever of two faults in a row is proved first, one slash is for both.
    function test_prove_conflict__of_two_epochs_in_a_row__slashes_once_in_either_order() external {
        INotary notary = _newNotary(0);
        address liar = _enter(notary, LIAR, 5000, 100e18);
        notary.join(liar);
        uint48[2] memory times;
        for (uint24 e = 4; e <= 5; ++e) {
            _goTo(e);
            notary.takeSnapshot(10);
            times[e - 4] = uint48(_start(e + 1) - 1);
        }
        VM.warp(_start(5) + 1 days);
        times[1] = uint48(_now());
        for (uint256 first = 0; first < 2; ++first) {
            uint256 snapshot = VM.snapshotState();
            VM.assertTrue(_prove(notary, times[first]), "the first");
            VM.assertTrue(!_prove(notary, times[1 - first]), "the second");
            VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18);
            VM.revertToStateAndDelete(snapshot);
        }
    }

    /// While a request waits for its veto period, what it will take weighs nothing.
    function test_take_snapshot__with_a_slash_request_open__leaves_the_operator_out() external {
        INotary notary = _newNotary(2 days);
        address liar = _enter(notary, LIAR, 5000, 100e18);
        notary.join(_operator(LIAR));
        _goTo(4);
        notary.takeSnapshot(10);
        uint48 time = uint48(_start(5) - 1);
        VM.warp(time);
        bytes memory proof = _conflict(notary, time);
        VM.assertTrue(_prove(notary, time), "proved");
        VM.assertEq(notary.weightOf(4, liar), 0);
        _goTo(5);
        notary.takeSnapshot(10);
        VM.assertEq(notary.weightOf(5, liar), 0);
        VM.warp(time + 2 days);
        slashing.execute(
            ISlashingManager.Request(notary.AVS(), liar, address(vault), 0.5e18, time, time, keccak256(proof))
        );
        _goTo(6);
        notary.takeSnapshot(10);
        VM.assertEq(notary.weightOf(6, liar), 12.5e18); // a half of a half, and safe with a budget of all
    }
}
