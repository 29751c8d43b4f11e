// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

interface INotary is IAVSBase {
    error FaultKnown(bytes32 subject, address operator);

    function certify(bytes32 subject, bytes32 statement, uint48 time, bytes[] calldata signatures) external;

    function proveConflict(
        bytes32 subject,
        bytes32[2] calldata statements,
        uint48[2] calldata times,
        bytes[2] calldata signatures
    ) external;

    function digestOf(bytes32 subject, bytes32 statement, uint48 time) external view returns (bytes32);
}

/// Ways out of a slash of the toy.
contract NotaryFaultsTest is OracleScene {
    uint256 private constant LIAR = 11;
    bytes32 private constant SUBJECT = "subject";

    function _name() internal pure override returns (string memory) {
        return "Catenary Notary";
    }

    function _newNotary() private returns (INotary) {
        return INotary(VM.deployCode("Notary.sol:Notary", abi.encode(_setup(0, 10_000, 1e18))));
    }

    function _certify(INotary notary, bytes32 statement, uint48 time) private {
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign(LIAR, notary.digestOf(SUBJECT, statement, time));
        notary.certify(SUBJECT, statement, time, signatures);
    }

    function _prove(INotary notary, uint48 time) private {
        notary.proveConflict(
            SUBJECT,
            [bytes32("a"), "b"],
            [time, time],
            [
                _sign(LIAR, notary.digestOf(SUBJECT, "a", time)),
                _sign(LIAR, notary.digestOf(SUBJECT, "b", time))
            ]
        );
    }

    /// F2. A certificate that is dated back beyond the report window is taken; its fault is not.
    function test_F2_statement_dated_back_cannot_be_slashed() external {
        INotary notary = _newNotary();
        address liar = _enter(notary, LIAR, 5000, 100e18);
        _goTo(4);
        notary.join(liar);
        notary.takeSnapshot(10);
        VM.warp(_start(4) + 6 days);
        uint48 time = uint48(_start(4) + 1 days);
        _certify(notary, "a", time); // signed now
        VM.expectRevert(
            abi.encodeWithSelector(ISlashingManager.OffenceOutOfWindow.selector, time, uint48(_now()))
        );
        this.prove(notary, time);
    }

    function prove(INotary notary, uint48 time) external {
        _prove(notary, time);
    }

    /// F3. Who proved its own conflict on a subject while its pool was dust may lie about it for ever.
    function test_F3_own_proof_on_a_subject_is_a_pardon() external {
        INotary notary = _newNotary();
        address liar = _enter(notary, LIAR, 5000, 1e4); // of 1e4 wei
        _goTo(4);
        _prove(notary, uint48(_now()));
        _stake(liar, 1000e18);
        _goTo(5);
        notary.join(liar);
        notary.takeSnapshot(10);
        VM.warp(_start(5) + 1 days);
        _certify(notary, "a", uint48(_now()));
        VM.expectRevert(abi.encodeWithSelector(INotary.FaultKnown.selector, SUBJECT, liar));
        this.prove(notary, uint48(_now()));
    }
}
