// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

/// Ways out of a slash that are closed.
contract OracleFaultsTest is OracleScene {
    uint256 private constant LIAR = 11;
    uint256 private constant NEXT_KEY = 12;

    IOracleAVS private oracle;
    FeedId private feed;

    function setUp() external {
        oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        feed = _addFeed(oracle, 1 days);
    }

    function _equivocation(uint48 round) private view returns (IOracleAVS.Report memory a, IOracleAVS.Report memory b) {
        a = _report(oracle, LIAR, feed, round, 1, oracle.beginOf(round));
        b = _report(oracle, LIAR, feed, round, 2, oracle.beginOf(round));
    }

    /// A fault of a round to come that the operator proves itself while its pool is dust pardons none of the round.
    function test_own_proof_for_a_round_to_come__is_no_pardon() external {
        address liar = _enter(oracle, LIAR, 5000, 1e4); // of 1e4 wei
        _goTo(4);
        uint48 round = oracle.currentRound() + EPOCH / ROUND + 5; // in epoch 5
        oracle.provePremature(feed, round, _report(oracle, LIAR, feed, round, 1, oracle.beginOf(round)));
        VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18); // of 1e4 wei

        _stake(liar, 1000e18);
        oracle.join(liar);
        _goTo(5);
        oracle.takeSnapshot(10);
        VM.warp(oracle.beginOf(round));
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(round);
        oracle.submit(feed, round, 1, _reports(oracle, _one(LIAR), feed, round, 1));
        oracle.proveEquivocation(feed, round, a, b);
        VM.assertEq(delegation.retained(liar, address(vault)), 0.25e18);
        VM.assertEq(oracle.weightOf(5, liar), 0);
    }

    /// A key that is replaced in the first second of a round answers for what it signed for the round.
    function test_key_replaced_in_the_first_second_of_a_round__answers_for_it() external {
        address liar = _enter(oracle, LIAR, 5000, 100e18);
        oracle.join(_operator(LIAR));
        _goTo(4);
        oracle.takeSnapshot(10);
        VM.warp(_now() + ROUND);
        uint48 round = oracle.currentRound();
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(round);
        oracle.submit(feed, round, 1, _reports(oracle, _one(LIAR), feed, round, 1)); // in the same block
        bytes memory proof = _keyProof(oracle, NEXT_KEY, liar);
        VM.prank(liar);
        oracle.setKey(VM.addr(NEXT_KEY), proof);

        oracle.proveEquivocation(feed, round, a, b);
        VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18);
    }

    /// A block that is built late upon an earlier slot proves no honest report of the next round premature.
    function test_honest_report__in_the_slot_before_its_round__is_no_fault() external {
        _enter(oracle, LIAR, 5000, 100e18);
        oracle.join(_operator(LIAR));
        _goTo(4);
        oracle.takeSnapshot(10);
        VM.warp(_now() + ROUND); // the head is the first block of the round
        uint48 round = oracle.currentRound();
        IOracleAVS.Report memory honest = _report(oracle, LIAR, feed, round, 1, _now());
        VM.warp(_now() - 12); // but a block of the slot before, which was held back, replaces it
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.NoFault.selector));
        oracle.provePremature(feed, round, honest);
    }

    /// G2. One equivocation is slashed once.
    function test_G2_equivocation_about_a_round_to_come__is_slashed_once() external {
        address liar = _enter(oracle, LIAR, 5000, 100e18);
        oracle.join(_operator(LIAR));
        _goTo(4);
        oracle.takeSnapshot(10);
        VM.warp(_start(5) - 1);
        uint48 round = oracle.currentRound() + 1;
        (IOracleAVS.Report memory a, IOracleAVS.Report memory b) = _equivocation(round);
        try oracle.proveEquivocation(feed, round, a, b) {} catch {}
        VM.warp(oracle.beginOf(round));
        try oracle.proveEquivocation(feed, round, a, b) {} catch {}
        VM.assertEq(delegation.retained(liar, address(vault)), 0.5e18);
    }
}
