// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

/// Ways out of a slash.
contract OracleFaultsTest is OracleScene {
    uint256 private constant LIAR = 11;
    uint256 private constant HONEST = 12;

    function _equivocation(IOracleAVS oracle, uint256 key, FeedId feed, uint48 round)
        private
        view
        returns (IOracleAVS.Report memory a, IOracleAVS.Report memory b)
    {
        a = _report(oracle, key, feed, round, 1, oracle.beginOf(round));
        b = _report(oracle, key, feed, round, 2, oracle.beginOf(round));
    }

    /// F1. A fault of a round to come, proved by the operator itself while its pool is dust, pardons every later one.
    function test_F1_own_proof_for_a_future_round_is_a_pardon() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        address liar = _enter(oracle, LIAR, 5000, 1e4); // of 1e4 wei
        _goTo(4);
        uint48 round = oracle.currentRound() + EPOCH / ROUND + 5; // in epoch 5
        VM.assertEq(oracle.epochAt(oracle.beginOf(round)), 5);

        IOracleAVS.Report memory early = _report(oracle, LIAR, feed, round, 1, oracle.beginOf(round));
        oracle.provePremature(feed, round, early);
        VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18); // of 1e4 wei

        _stake(liar, 1000e18);
        _goTo(5);
        oracle.join(liar);
        oracle.takeSnapshot(10);
        VM.warp(oracle.beginOf(round));
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(oracle, LIAR, feed, round);
        IOracleAVS.Report[] memory reports = new IOracleAVS.Report[](1);
        reports[0] = a;
        oracle.submit(feed, round, 1, reports); // alone a quorum
        VM.assertEq(oracle.weightOf(5, liar), 250e18 + 1250); // what is safe

        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.FaultKnown.selector, feed, round, liar));
        oracle.proveEquivocation(feed, round, a, b);
        VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18); // nothing more
    }

    /// F4. While a request waits for its veto period, the operator weighs in the next epoch what the request will take.
    function test_F4_stake_that_a_pending_request_takes_weighs_in_the_next_snapshot() external {
        IOracleAVS oracle = _newOracle(_setup(2 days, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        address liar = _enter(oracle, LIAR, 10_000, 100e18);
        _goTo(4);
        oracle.join(liar);
        oracle.takeSnapshot(10);
        VM.warp(_start(5) - ROUND);
        uint48 round = oracle.currentRound();
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(oracle, LIAR, feed, round);
        VM.warp(_start(5) - 1);
        uint48 requestedAt = uint48(_now());
        oracle.proveEquivocation(feed, round, a, b);
        VM.assertEq(oracle.weightOf(4, liar), 0); // struck

        _goTo(5);
        oracle.takeSnapshot(10);
        VM.assertEq(oracle.weightOf(5, liar), 100e18); // and back, with what is to be slashed
        VM.warp(_now() + ROUND);
        round = oracle.currentRound();
        (IOracleAVS.Report memory c, IOracleAVS.Report memory d) = _equivocation(oracle, LIAR, feed, round);
        IOracleAVS.Report[] memory reports = new IOracleAVS.Report[](1);
        reports[0] = c;
        oracle.submit(feed, round, 1, reports);

        VM.warp(requestedAt + 2 days);
        slashing.execute(
            ISlashingManager.Request(
                oracle.AVS(),
                liar,
                address(vault),
                1e18,
                oracle.beginOf(round) - 2 * ROUND,
                requestedAt,
                keccak256(abi.encodeCall(IOracleAVS.proveEquivocation, (feed, round - 2, a, b)))
            )
        );
        // The second offence, reported in time: nothing is left, and not even its weight is taken.
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NothingToSlash.selector, liar));
        oracle.proveEquivocation(feed, round, c, d);
        VM.assertEq(oracle.weightOf(5, liar), 100e18);
        // Nor is it later: its report window ends in this epoch.
        VM.assertTrue(oracle.beginOf(round) + REPORT_WINDOW < _start(6), "in this epoch");
    }

    /// F11. A key replaced in the first second of a round does not answer for what it signed for the round.
    function test_F11_key_replaced_in_the_first_second_of_a_round_escapes() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        address liar = _enter(oracle, LIAR, 5000, 100e18);
        _goTo(4);
        oracle.join(liar);
        oracle.takeSnapshot(10);
        VM.warp(_now() + ROUND);
        uint48 round = oracle.currentRound();
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(oracle, LIAR, feed, round);
        IOracleAVS.Report[] memory reports = new IOracleAVS.Report[](1);
        reports[0] = a;
        oracle.submit(feed, round, 1, reports); // in the same block
        bytes memory proof = _keyProof(oracle, HONEST, liar);
        VM.prank(liar);
        oracle.setKey(VM.addr(HONEST), proof);

        VM.expectRevert(
            abi.encodeWithSelector(IAVSBase.KeyNotInForce.selector, VM.addr(LIAR), oracle.beginOf(round))
        );
        oracle.proveEquivocation(feed, round, a, b);
    }
}
