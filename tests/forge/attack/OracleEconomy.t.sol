// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../../../contracts/interfaces/IOracleFeed.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

interface Cool {
    /// The next read of each slot of `target` is the first again.
    function cool(address target) external;
}

/// Funds, caps, gas and freshness.
contract OracleEconomyTest is OracleScene {
    function _keys(uint256 from, uint256 count) private pure returns (uint256[] memory keys) {
        keys = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = from + i;
        }
    }

    /// F5. The last page of a snapshot reads every member, whatever the limit: dust members make it as dear as they like.
    /// With the 2^24 gas that a transaction may use since EIP-7825, no snapshot is ever complete again with 3,000 of them.
    function test_F5_last_page_costs_as_many_reads_as_there_are_members() external {
        uint256 few = _lastPage(_newOracle(_setup(0, 10_000, 1e18), ROUND), 1000, 10, 4);
        uint256 many = _lastPage(_newOracle(_setup(0, 10_000, 1e18), ROUND), 2000, 210, 9);
        VM.assertTrue(many - few > 200 * 5800, "5,800 gas for each member");
    }

    function test_F5_with_a_cap() external {
        uint256 few = _lastPage(_newOracle(_setup(0, 100, 1e18), ROUND), 1000, 10, 4);
        uint256 many = _lastPage(_newOracle(_setup(0, 100, 1e18), ROUND), 2000, 210, 9);
        VM.assertTrue(many - few > 200 * 7000, "7,000 gas for each member");
    }

    function _lastPage(IOracleAVS oracle, uint256 from, uint256 count, uint256 epoch) private returns (uint256 used) {
        for (uint256 i = 0; i < count; ++i) {
            _enter(oracle, from + i, 10_000, i < 20 ? uint256(MIN_STAKE) << i : MIN_STAKE);
        }
        _goTo(epoch);
        for (uint256 i = 0; i < count; ++i) {
            oracle.join(_operator(from + i));
        }
        this.page(oracle, count - 1);
        Cool(address(VM)).cool(address(oracle));
        return this.page(oracle, 1);
    }

    function page(IOracleAVS oracle, uint256 limit) external returns (uint256 used) {
        used = gasleft();
        oracle.takeSnapshot(limit);
        used -= gasleft();
    }

    /// F6. Under a cap two dust members have as much to say as two whales, and set the price.
    function test_F6_dust_members_set_the_price_under_a_cap() external {
        IOracleAVS oracle = _newOracle(_setup(0, 2500, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        for (uint256 i = 0; i < 4; ++i) {
            _enter(oracle, 100 + i, 10_000, i < 2 ? 1000e18 : MIN_STAKE);
        }
        _goTo(4);
        for (uint256 i = 0; i < 4; ++i) {
            oracle.join(_operator(100 + i));
        }
        oracle.takeSnapshot(10);
        VM.assertEq(oracle.snapshotOf(4).cap, MIN_STAKE);
        VM.assertEq(oracle.snapshotOf(4).weight, 4 * MIN_STAKE);
        VM.warp(_now() + ROUND);
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _reports(oracle, _keys(100, 4), feed, round, 2000);
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 k = 102; k < 104; ++k) {
                if (_reportOf(oracle, k, feed, round, 2000) == keccak256(reports[i].signature)) {
                    reports[i] = _report(oracle, k, feed, round, 1, _now());
                }
            }
        }
        oracle.submit(feed, round, 1, reports); // all four, and two of dust win
        VM.assertTrue(oracle.answerOf(feed, round).price == 1, "dust");
    }

    function _reportOf(IOracleAVS oracle, uint256 key, FeedId feed, uint48 round, int192 price)
        private
        view
        returns (bytes32)
    {
        return keccak256(_report(oracle, key, feed, round, price, _now()).signature);
    }

    /// F7. One of the last BPS / MAX_SHARE members leaves, and nobody weighs anything.
    function test_F7_with_fewer_members_than_the_cap_needs_all_weigh_nothing() external {
        IOracleAVS oracle = _newOracle(_setup(0, 3333, 1e18), ROUND);
        for (uint256 i = 0; i < 3; ++i) {
            _enter(oracle, 100 + i, 10_000, 1000e18);
        }
        _goTo(4);
        for (uint256 i = 0; i < 3; ++i) {
            oracle.join(_operator(100 + i));
        }
        oracle.takeSnapshot(10);
        VM.assertEq(oracle.snapshotOf(4).weight, 0);
    }

    /// F8. A bounty is owed when a request is filed: a resolver that vetoes it has the funds drained for nothing.
    function test_F8_vetoed_faults_drain_the_funds() external {
        IOracleAVS oracle = _newOracle(_setup(2 days, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        token.mint(address(oracle), 3e18);
        address liar = _enter(oracle, 11, 10_000, MIN_STAKE);
        _goTo(4);
        oracle.join(liar);
        for (uint24 e = 4; e < 7; ++e) {
            _goTo(e);
            oracle.takeSnapshot(10);
            VM.warp(_now() + ROUND);
            uint48 round = oracle.currentRound();
            IOracleAVS.Report memory a = _report(oracle, 11, feed, round, 1, 1);
            VM.prank(liar);
            oracle.provePremature(feed, round, a);
            ISlashingManager.Request memory r = ISlashingManager.Request(
                oracle.AVS(),
                liar,
                address(vault),
                1e18,
                oracle.beginOf(round),
                uint48(_now()),
                keccak256(abi.encodeCall(IOracleAVS.provePremature, (feed, round, a)))
            );
            VM.prank(RESOLVER);
            slashing.veto(r);
        }
        VM.assertEq(oracle.bountyOf(liar), 3e18);
        VM.assertEq(oracle.funds(), 0);
        VM.assertEq(delegation.retained(liar, address(vault)), 1e18);
    }

    /// F9. As there is no answer in the first round of an epoch, a due answer in the next one possible comes too late.
    function test_F9_heartbeat_is_missed_over_the_edge_of_an_epoch() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 24 * ROUND);
        address operator = _enter(oracle, 11, 10_000, 100e18);
        _goTo(4);
        oracle.join(operator);
        oracle.takeSnapshot(10);
        VM.warp(_start(5) + ROUND - 24 * ROUND); // 23 rounds before the end
        uint48 answered = oracle.currentRound();
        oracle.submit(feed, answered, 1, _reports(oracle, _one(11), feed, answered, 1));
        VM.warp(_start(5) - 1); // the last round of the epoch
        VM.assertEq(oracle.isDue(feed, 1), false);
        _goTo(5);
        oracle.takeSnapshot(10); // in the first second there is
        VM.assertEq(oracle.isDue(feed, 1), true);
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _reports(oracle, _one(11), feed, round, 1);
        VM.expectRevert(
            abi.encodeWithSelector(IOracleAVS.SnapshotTooLate.selector, uint48(_now()), uint48(_now()))
        );
        oracle.submit(feed, round, 1, reports);
        // In the next round, which anybody may take to its last second, the heartbeat is over.
        VM.warp(_start(5) + 2 * ROUND - 1);
        VM.assertEq(_now() - oracle.beginOf(answered), 25 * ROUND - 1);
        oracle.submit(feed, round + 1, 1, _reports(oracle, _one(11), feed, round + 1, 1));
    }

    /// F14. What was seen when a round began is as fresh as its last second.
    function test_F14_old_reports_are_fresh_at_the_end_of_their_round() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 24 * ROUND);
        address operator = _enter(oracle, 11, 10_000, 100e18);
        _goTo(4);
        oracle.join(operator);
        oracle.takeSnapshot(10);
        VM.warp(_now() + ROUND);
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _reports(oracle, _one(11), feed, round, 1);
        VM.warp(_now() + ROUND - 1);
        oracle.submit(feed, round, 1, reports);
        (,,, uint256 updatedAt,) = _newReader(oracle, feed).latestRoundData();
        VM.assertEq(updatedAt - reports[0].time, ROUND - 1);
    }

    /// F12. What was reported in the last epoch is paid before its faults are proved.
    function test_F12_offender_is_paid_before_its_fault_is_proved() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        token.mint(address(oracle), 100e18);
        address liar = _enter(oracle, 11, 10_000, 100e18);
        _goTo(4);
        oracle.join(liar);
        oracle.takeSnapshot(10);
        VM.warp(_start(5) - ROUND);
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _reports(oracle, _one(11), feed, round, 1);
        oracle.submit(feed, round, 1, reports);
        _goTo(5);
        address[] memory operators = new address[](1);
        operators[0] = liar;
        oracle.pay(operators);
        oracle.proveEquivocation(feed, round, reports[0], _report(oracle, 11, feed, round, 2, _start(5) - 1));
        VM.assertEq(token.balanceOf(address(rewards)), 100e18);
    }

    /// F13. A block that is built late upon an earlier slot proves an honest report of the next round premature.
    function test_F13_honest_report_is_premature_in_an_earlier_slot() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        address operator = _enter(oracle, 11, 10_000, 100e18);
        _goTo(4);
        oracle.join(operator);
        oracle.takeSnapshot(10);
        VM.warp(_now() + ROUND); // the head is the first block of the round
        uint48 round = oracle.currentRound();
        IOracleAVS.Report memory honest = _report(oracle, 11, feed, round, 1, _now());
        VM.warp(_now() - 12); // but a block of the slot before, which was held back, replaces it
        oracle.provePremature(feed, round, honest);
        VM.assertEq(delegation.retained(operator, address(vault)), 0);
    }
}
