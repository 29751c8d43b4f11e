// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../../../contracts/interfaces/IOracleFeed.sol";
import {AvsId, FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

interface Cool {
    /// The next read of each slot of `target` is the first again.
    function cool(address target) external;
}

/// Funds, caps, gas and freshness.
contract OracleEconomyTest is OracleScene {
    /// The last page of a snapshot costs what any does, so that dust members cannot make it dearer than a block.
    function test_last_page__costs_the_same_with_more_members() external {
        uint256 few = _lastPage(_newOracle(_setup(0, 10_000, 1e18), ROUND), 1000, 10, 4);
        uint256 many = _lastPage(_newOracle(_setup(0, 10_000, 1e18), ROUND), 2000, 210, 9);
        VM.assertTrue(many < few + 1000, "not for each member");
    }

    function _lastPage(IOracleAVS oracle, uint256 from, uint256 count, uint256 epoch) private returns (uint256 used) {
        for (uint256 i = 0; i < count; ++i) {
            _enter(oracle, from + i, 10_000, MIN_STAKE);
        }
        for (uint256 i = 0; i < count; ++i) {
            oracle.join(_operator(from + i));
        }
        _goTo(epoch);
        this.page(oracle, count - 1);
        Cool(address(VM)).cool(address(oracle));
        return this.page(oracle, 1);
    }

    function page(IOracleAVS oracle, uint256 limit) external returns (uint256 used) {
        used = gasleft();
        oracle.takeSnapshot(limit);
        used -= gasleft();
    }

    /// Where anyone may opt in, two of dust would weigh as much as two whales.
    function test_cap__without_admission__is_refused() external {
        IAVSBase.Setup memory setup = _setup(0, 2500, 1e18);
        bytes memory arguments = abi.encode(setup, rewards, token, REWARD, BOUNTY, ROUND);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.SetupOutOfBounds.selector, setup));
        VM.deployCode("OracleAVS.sol:OracleAVS", arguments);
    }

    /// Vetoed faults would drain the funds for nothing.
    function test_veto_period__is_refused() external {
        bytes memory arguments = abi.encode(_setup(2 days, 10_000, 1e18), rewards, token, REWARD, BOUNTY, ROUND);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.VetoNotAllowed.selector, 2 days));
        VM.deployCode("OracleAVS.sol:OracleAVS", arguments);
    }

    /// A feed whose due answers come in the last second keeps its heartbeat over the edge of an epoch.
    function test_heartbeat__over_the_edge_of_an_epoch__is_kept() external {
        for (uint48 rounds = 3; rounds < 8; ++rounds) {
            IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
            FeedId feed = _addFeed(oracle, rounds * ROUND);
            uint256 key = 10 + rounds;
            oracle.join(_enter(oracle, key, 10_000, 100e18));
            uint24 e = oracle.epoch() + 3;
            _goTo(e);
            oracle.takeSnapshot(10);
            for (uint48 begin = 2 * rounds; begin > 0; --begin) {
                _keepOverTheEdge(oracle, feed, key, e, begin);
                ++e;
            }
        }
    }

    function _keepOverTheEdge(IOracleAVS oracle, FeedId feed, uint256 key, uint24 e, uint48 begin) private {
        VM.warp(_start(e + 1) - begin * ROUND);
        uint256 answered;
        for (uint256 i = 0; i < 2 * uint256(begin) + 10; ++i) {
            uint48 round = oracle.currentRound();
            if (_now() == _start(e + 1)) oracle.takeSnapshot(10);
            bool possible = oracle.snapshotOf(oracle.epoch()).takenAt < oracle.beginOf(round);
            if (oracle.isDue(feed, 1) && possible) {
                if (answered != 0) VM.warp(_now() + ROUND - 1);
                oracle.submit(feed, round, 1, _reports(oracle, _one(key), feed, round, 1));
                VM.assertTrue(
                    answered == 0 || _now() - answered <= oracle.feedOf(feed).heartbeat, "older than its heartbeat"
                );
                answered = _now();
            }
            VM.warp(oracle.beginOf(round + 1));
        }
    }

    /// G4. A price costs what those who made it had at stake, not what others have since.
    function test_G4_cost_to_move__after_stake_came__is_that_of_the_price_that_is_read() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        FeedId feed = _addFeed(oracle, 1 days);
        IOracleFeed reader = _newReader(oracle, feed);
        oracle.join(_enter(oracle, 11, 10_000, MIN_STAKE));
        _goTo(3);
        address whale = _enter(oracle, 12, 10_000, 1000e18); // from epoch 6 on
        oracle.join(whale);
        _goTo(5);
        oracle.takeSnapshot(10);
        VM.warp(_start(6) - 1);
        uint48 round = oracle.currentRound();
        oracle.submit(feed, round, 1, _reports(oracle, _one(11), feed, round, 1)); // a lie that dust tells

        _goTo(6);
        oracle.takeSnapshot(10);
        (, int256 answer,, uint256 updatedAt,) = reader.latestRoundData();
        VM.assertTrue(answer == 1 && _now() - updatedAt == 1, "a fresh lie");
        (IOracleFeed.Cost memory shares,) = reader.costToMove(round);
        VM.assertEq(shares.guaranteed + shares.shared, (uint256(MIN_STAKE) * 6667 / 10_000) / 2);
    }

    /// G1. Who can never lose anything is no member.
    function test_G1_join__of_who_has_no_loss_budget__reverts() external {
        IOracleAVS oracle = _newOracle(_setup(0, 10_000, 1e18), ROUND);
        address operator = _operator(11);
        _enlist(operator);
        VM.prank(operator);
        registry.openPool(address(vault), 0, 0, 0);
        _stake(operator, MIN_STAKE);
        bytes memory data = abi.encode(VM.addr(11), _keyProof(oracle, 11, operator));
        AvsId id = oracle.AVS();
        VM.prank(operator);
        registry.optIn(id, address(vault), 0, 10_000, data);
        for (uint24 e = 1; e < 9; ++e) {
            _goTo(e);
            oracle.takeSnapshot(10);
            VM.assertEq(oracle.snapshotOf(e).elastic, 0);
        }
        VM.assertEq(oracle.isMember(operator), false);
    }
}
