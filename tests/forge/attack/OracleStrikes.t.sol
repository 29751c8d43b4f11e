// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../../../contracts/interfaces/IOracleFeed.sol";
import {FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

/// What an operator gains by having itself struck: nothing.
contract OracleStrikesTest is OracleScene {
    uint256 private constant LIAR = 11;
    uint256 private constant HONEST = 12;

    IOracleAVS private oracle;
    FeedId private feed;
    address private liar;

    function setUp() external {
        oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        feed = _addFeed(oracle, 1 days);
        token.mint(address(oracle), 10 * uint256(REWARD));
        _enter(oracle, HONEST, 10_000, 40e18);
        oracle.join(_operator(HONEST));
    }

    /// The liar's stake, of a loss budget of 50 %.
    function _enterLiar(uint256 guaranteed, uint256 elastic, uint256 stake) private {
        liar = _enter(oracle, LIAR, 5000, guaranteed, elastic, stake);
        oracle.join(liar);
        _goTo(4);
        oracle.takeSnapshot(10);
    }

    /// Both report, and the liar's price is the answer.
    function _answer() private returns (uint48 round) {
        round = oracle.currentRound();
        IOracleAVS.Report memory lie = _report(oracle, LIAR, feed, round, 50, _now());
        IOracleAVS.Report memory truth = _report(oracle, HONEST, feed, round, 100, _now());
        IOracleAVS.Report[] memory reports = new IOracleAVS.Report[](2);
        (reports[0], reports[1]) = liar < _operator(HONEST) ? (lie, truth) : (truth, lie);
        oracle.submit(feed, round, 50, reports);
    }

    function _equivocate(uint48 round) private {
        uint256 begin = oracle.beginOf(round);
        oracle.proveEquivocation(
            feed, round, _report(oracle, LIAR, feed, round, 50, begin), _report(oracle, LIAR, feed, round, 51, begin)
        );
    }

    /// Else its elastic stake, gone, would make the price that it set look guaranteed by the others.
    function test_strike__of_who_set_the_price__makes_it_no_dearer_to_move() external {
        _enterLiar(0, 5000, 240e18);
        VM.assertEq(uint256(oracle.memberOf(4, liar).elastic), 60e18);
        IOracleFeed reader = _newReader(oracle, feed);
        VM.warp(_now() + ROUND);
        uint48 round = _answer();
        (IOracleFeed.Cost memory cost,) = reader.costToMove(round);
        VM.assertEq(cost.guaranteed, 0);
        VM.assertEq(cost.shared, 33.335e18); // half of 66.67 % of 100

        _equivocate(round);
        (cost,) = reader.costToMove(round);
        VM.assertEq(cost.guaranteed, 0);
        VM.assertEq(cost.shared, 13.334e18); // of 40
    }

    /// Else nothing would be left to slash for the lie, and its weight and reward would stay.
    function test_fault_of_this_epoch__before_that_of_the_one_before__saves_nothing_of_it() external {
        _enterLiar(1000, 0, 1000e18);
        VM.warp(_start(5) - ROUND + 1);
        uint48 round = _answer();
        _goTo(5);
        uint48 later = round + 100;
        oracle.provePremature(feed, later, _report(oracle, LIAR, feed, later, 1, oracle.beginOf(later)));
        VM.assertEq(delegation.retained(liar, address(vault)), 0.9e18); // all that the oracle had
        VM.assertEq(oracle.weightOf(4, liar), 0);
        VM.assertEq(uint256(oracle.snapshotOf(4).weight), 40e18);
        VM.assertEq(oracle.dueTo(liar), 0);
    }
}
