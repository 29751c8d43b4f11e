// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../../../contracts/interfaces/IOracleFeed.sol";
import {Caps} from "../../../contracts/libraries/Caps.sol";
import {AvsId, FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {domainOf, keyProof, sign} from "../Signing.sol";
import {AVSScene} from "./AVSScene.sol";
import {Mintable} from "./Scene.sol";

/// An oracle with rounds of an hour and one feed. Each of its two operators weighs 21 ether.
contract OracleAVSTest is AVSScene {
    uint48 private constant ROUND = 1 hours;
    uint96 private constant REWARD = 100 ether;
    uint96 private constant BOUNTY = 1 ether;
    FeedId private constant FEED = FeedId.wrap(1);

    IOracleAVS private oracle;
    IOracleFeed private feed;
    Mintable private token;
    bytes32 private domain;

    function setUp() external {
        token = _newToken("TestToken.sol:TestToken", abi.encode("Reward", "REW", 18));
        oracle = _newOracle(_setup(), ROUND);
        base = oracle;
        domain = domainOf("Catenary Oracle", address(oracle));
        _addFeed(_terms());
        feed = IOracleFeed(VM.deployCode("OracleFeed.sol:OracleFeed", abi.encode(oracle, FEED)));
        _begin(address(oracle), domain);
        oracle.takeSnapshot(10);
        _skipRounds(1);
    }

    // ---------------------------------------------------------------------------------------------------- shorthands

    function _newOracle(IAVSBase.Setup memory setup, uint48 round) private returns (IOracleAVS) {
        bytes memory arguments = abi.encode(setup, rewards, token, REWARD, BOUNTY, round);
        return IOracleAVS(VM.deployCode("OracleAVS.sol:OracleAVS", arguments));
    }

    function _terms() private pure returns (IOracleAVS.Feed memory) {
        return IOracleAVS.Feed(8, 12 hours, 50, 6667);
    }

    function _addFeed(IOracleAVS.Feed memory terms) private {
        VM.prank(AVS_OWNER);
        oracle.addFeed(terms, "ETH / USD");
    }

    function _skipRounds(uint256 rounds) private {
        VM.warp(oracle.beginOf(oracle.currentRound() + uint48(rounds)));
    }

    function _now() private view returns (uint48) {
        return uint48(VM.getBlockTimestamp());
    }

    function _report(uint256 key, uint48 round, int192 price, uint48 time)
        private
        view
        returns (IOracleAVS.Report memory)
    {
        return IOracleAVS.Report(price, time, sign(key, oracle.digestOf(FEED, round, price, time)));
    }

    function _both(int192 first, int192 second) private view returns (IOracleAVS.Report[] memory reports) {
        uint48 round = oracle.currentRound();
        reports = new IOracleAVS.Report[](2);
        reports[0] = _report(KEY, round, first, _now());
        reports[1] = _report(OTHER_KEY, round, second, _now());
    }

    function _one(uint256 key) private view returns (IOracleAVS.Report[] memory reports) {
        reports = new IOracleAVS.Report[](1);
        reports[0] = _report(key, oracle.currentRound(), 2000e8, _now());
    }

    function _submit(int192 first, int192 second, int192 price) private {
        oracle.submit(FEED, oracle.currentRound(), price, _both(first, second));
    }

    function _refusedSubmit(int192 first, int192 second, int192 price, bytes memory reason) private {
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _both(first, second);
        VM.expectRevert(reason);
        oracle.submit(FEED, round, price, reports);
    }

    function _refused(bytes4 selector) private {
        VM.expectRevert(abi.encodePacked(selector));
    }

    function _prove(uint48 round, uint256 key, uint256 otherKey, int192 first, int192 second) private {
        uint48 time = oracle.beginOf(round);
        IOracleAVS.Report memory a = _report(key, round, first, time);
        IOracleAVS.Report memory b = _report(otherKey, round, second, time);
        VM.prank(STRANGER);
        oracle.proveEquivocation(FEED, round, a, b);
    }

    function _operators() private pure returns (address[] memory operators) {
        operators = new address[](2);
        (operators[0], operators[1]) = (OPERATOR, OTHER_OPERATOR);
    }

    // --------------------------------------------------------------------------------------------------------- base

    function test_construction__out_of_bounds__reverts() external {
        IAVSBase.Setup memory setup = _setup();
        setup.minStake = 0;
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.SetupOutOfBounds.selector, setup));
        this.newOracle(setup, ROUND);
        setup = _setup();
        (setup.vetoPeriod, setup.resolver) = (1 days, RESOLVER);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.VetoNotAllowed.selector, 1 days));
        this.newOracle(setup, ROUND);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.RoundOutOfBounds.selector, 7 hours + 1));
        this.newOracle(_setup(), 7 hours + 1);
    }

    /// Called by the test itself, so that a refused construction is a call that reverts.
    function newOracle(IAVSBase.Setup memory setup, uint48 round) external {
        VM.assertTrue(address(_newOracle(setup, round)) != address(0), "not deployed");
    }

    function test_views__say_who_counts() external view {
        VM.assertEq(oracle.VAULT(), address(vault));
        VM.assertEq(address(oracle.REGISTRY()), address(registry));
        VM.assertEq(address(oracle.SLASHING()), address(slashing));
        VM.assertEq(uint256(oracle.MIN_STAKE()), 1 ether);
        VM.assertEq(uint256(oracle.MAX_SHARE()), 5000);
        VM.assertEq(uint256(oracle.PENALTY()), 0.5e18);
        VM.assertEq(oracle.memberCount(), 2);
        VM.assertEq(oracle.members(0, 9).length, 2);
        VM.assertEq(oracle.members(1, 9)[0], OTHER_OPERATOR);
        VM.assertEq(oracle.weightOf(4, OPERATOR), 21 ether);
        VM.assertEq(uint256(oracle.memberOf(4, OPERATOR).guaranteed), 14 ether);
        VM.assertEq(uint256(oracle.snapshotOf(4).weight), 42 ether);
        VM.assertEq(oracle.keyOf(VM.addr(KEY)).operator, OPERATOR);
    }

    function test_set_key__of_another_or_unproved__reverts() external {
        address signer = VM.addr(0xC);
        bytes memory proof = keyProof(OPERATOR, 0xC, domain);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.InvalidKeyProof.selector, OTHER_OPERATOR, signer));
        VM.prank(OTHER_OPERATOR);
        oracle.setKey(signer, proof);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.InvalidKeyProof.selector, OPERATOR, signer));
        VM.prank(OPERATOR);
        oracle.setKey(signer, "");
        VM.prank(OPERATOR);
        oracle.setKey(signer, proof);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.KeyTaken.selector, signer, OPERATOR));
        VM.prank(OPERATOR);
        oracle.setKey(signer, proof);
        VM.assertEq(oracle.signerOf(OPERATOR), signer);
        VM.assertEq(uint256(oracle.keyOf(VM.addr(KEY)).until), _now() + 1);
    }

    function test_hook__of_others__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NotRegistry.selector, address(this)));
        oracle.onOptIn(avs, OPERATOR, address(vault), 1, 0, "");
        AvsId other = AvsId.wrap(99);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NotThisAVS.selector, other));
        VM.prank(address(registry));
        oracle.onOptIn(other, OPERATOR, address(vault), 1, 0, "");
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NoKey.selector, STRANGER));
        VM.prank(address(registry));
        oracle.onOptIn(avs, STRANGER, address(vault), 1, 0, "");
    }

    function test_join__not_eligible_or_again__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.AlreadyMember.selector, OPERATOR));
        oracle.join(OPERATOR);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NotEligible.selector, STRANGER, 0, 1 ether));
        oracle.join(STRANGER);
    }

    function test_snapshot__drops_who_left_and_takes_back_who_returns() external {
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.SnapshotComplete.selector, 4));
        oracle.takeSnapshot(1);
        VM.prank(OPERATOR);
        registry.optOut(avs, address(vault));
        _goTo(6);
        VM.assertEq(oracle.takeSnapshot(1), false);
        VM.assertEq(oracle.takeSnapshot(1), true);
        VM.assertEq(oracle.isMember(OPERATOR), false);
        VM.assertEq(uint256(oracle.snapshotOf(6).weight), 0); // one operator alone is more than half

        VM.startPrank(OPERATOR);
        registry.optIn(avs, address(vault), 0, 50, "");
        VM.assertEq(oracle.isMember(OPERATOR), false); // half an ether
        registry.allocate(avs, address(vault), 2000, 0);
        VM.stopPrank();
        oracle.join(OPERATOR);
        _goTo(7);
        oracle.takeSnapshot(2);
        VM.assertEq(oracle.isMember(OPERATOR), true); // though its allocation is not in force
        VM.assertEq(oracle.weightOf(7, OPERATOR), 0);
    }

    function test_caps__halve_until_it_fits() external view {
        uint256[] memory stakes = new uint256[](3);
        (stakes[0], stakes[1], stakes[2]) = (100, 10, 10);
        VM.assertEq(Caps.capDown(stakes, 5000), 20);
        VM.assertEq(Caps.capDown(stakes, 10_000), 120);
        VM.assertEq(Caps.capDown(stakes, 1000), 0);
        VM.assertEq(uint256(oracle.snapshotOf(4).cap), 21 ether);
    }

    function test_owner__admits_and_ejects() external {
        VM.assertTrue(registry.isAdmitted(avs, OPERATOR), "not admitted");
        VM.prank(AVS_OWNER);
        oracle.eject(OPERATOR);
        VM.assertTrue(!registry.isOptedIn(avs, OPERATOR, address(vault)), "still in");
    }

    function test_open_to_all__nothing_is_capped() external {
        IAVSBase.Setup memory setup = _setup();
        (setup.byAdmission, setup.maxShare) = (false, 10_000);
        IOracleAVS open = _newOracle(setup, ROUND);
        VM.assertEq(open.takeSnapshot(0), true);
        VM.assertEq(uint256(open.snapshotOf(4).cap), type(uint96).max);
    }

    // -------------------------------------------------------------------------------------------------------- feeds

    function test_feeds__out_of_bounds__reverts() external {
        IOracleAVS.Feed memory terms = _terms();
        terms.quorum = 6666;
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.FeedOutOfBounds.selector, terms));
        _addFeed(terms);
        for (uint256 i = oracle.feedCount(); i < 120; ++i) {
            _addFeed(_terms());
        }
        _refused(IOracleAVS.TooManyFeeds.selector);
        _addFeed(_terms());
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.UnknownFeed.selector, 121));
        oracle.feedOf(FeedId.wrap(121));
    }

    function test_feed__reads_as_chainlinks() external {
        VM.expectRevert(abi.encodeWithSignature("Error(string)", "No data present"));
        feed.latestRoundData();
        _submit(2000e8, 2010e8, 2000e8);
        uint80 round = oracle.currentRound();
        (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = feed.latestRoundData();
        VM.assertEq(uint256(id), round);
        VM.assertEq(uint256(answer), 2000e8);
        VM.assertEq(startedAt, oracle.beginOf(uint48(round)));
        VM.assertEq(updatedAt, _now());
        VM.assertEq(uint256(answeredIn), round);
        (, answer,,,) = feed.getRoundData(round);
        VM.assertEq(uint256(answer), 2000e8);
        VM.expectRevert(abi.encodeWithSignature("Error(string)", "No data present"));
        feed.getRoundData(type(uint80).max);
        VM.assertEq(uint256(feed.decimals()), 8);
        VM.assertEq(feed.version(), 1);
        VM.assertEq(bytes(feed.description()), bytes("ETH / USD"));
    }

    function test_cost_to_move__is_half_of_a_quorum() external view {
        (IOracleFeed.Cost memory shares, IOracleFeed.Cost memory assets) = feed.costToMove(oracle.currentRound());
        // Half of 66.67 % of 42 ether, of which 14 ether may be elastic; half of it is slashed.
        VM.assertEq(shares.guaranteed, 0.000_35 ether);
        VM.assertEq(shares.shared, 7 ether);
        VM.assertEq(assets.shared, 7 ether);
        VM.assertEq(assets.guaranteed, shares.guaranteed);
    }

    // ------------------------------------------------------------------------------------------------------- rounds

    function test_submit__in_another_round__reverts() external {
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _both(1, 1);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.RoundNotCurrent.selector, round + 1, round));
        oracle.submit(FEED, round + 1, 1, reports);
        _submit(1, 1, 1);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.RoundAnswered.selector, FEED, round));
        oracle.submit(FEED, round, 1, reports);
    }

    function test_submit__without_a_snapshot_before_the_round__reverts() external {
        _goTo(5);
        _refusedSubmit(1, 1, 1, abi.encodeWithSelector(IAVSBase.SnapshotIncomplete.selector, 5));
        oracle.takeSnapshot(2);
        _refusedSubmit(1, 1, 1, abi.encodeWithSelector(IOracleAVS.SnapshotTooLate.selector, _start(5), _start(5)));
    }

    function test_submit__not_the_median_or_no_quorum__reverts() external {
        _refusedSubmit(1, 2, 2, abi.encodeWithSelector(IOracleAVS.NotMedian.selector, 2, 21 ether, 42 ether, 42 ether));
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _one(KEY);
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.QuorumMissed.selector, 21 ether, 28.0014 ether));
        oracle.submit(FEED, round, 2000e8, reports);
    }

    function test_submit__time_or_order_or_key_wrong__reverts() external {
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _both(1, 1);
        reports[1] = reports[0];
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.OperatorsNotAscending.selector, OPERATOR, OPERATOR));
        oracle.submit(FEED, round, 1, reports);
        uint48 time = _now() + 1;
        reports[0] = _report(KEY, round, 1, time);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.ReportOutOfRound.selector, time, time - 1, time - 1));
        oracle.submit(FEED, round, 1, reports);
        reports[0] = _report(0xC, round, 1, _now());
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.KeyNotInForce.selector, VM.addr(0xC), _now()));
        oracle.submit(FEED, round, 1, reports);
    }

    function test_submit__is_due_by_heartbeat_or_deviation() external {
        _submit(2000e8, 2000e8, 2000e8);
        VM.assertEq(oracle.isDue(FEED, 4000e8), false);
        uint48 answeredAt = _now();
        _skipRounds(1);
        VM.assertEq(oracle.isDue(FEED, 2010e8), true);
        _refusedSubmit(2000e8, 2009e8, 2000e8, abi.encodeWithSelector(IOracleAVS.NotDue.selector, FEED, answeredAt));
        _submit(1990e8, 1990e8, 1990e8);
        _skipRounds(9);
        VM.assertEq(oracle.isDue(FEED, 1990e8), false);
        _skipRounds(1);
        _submit(1990e8, 1990e8, 1990e8);
        VM.assertEq(uint256(oracle.latestRound(FEED)), oracle.currentRound());
    }

    function test_submit_late__credits_once() external {
        _addFeed(_terms());
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = _one(KEY);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.RoundNotAnswered.selector, FEED, round));
        oracle.submitLate(FEED, round, reports);
        _submit(1, 1, 1);
        oracle.submitLate(FEED, round, reports);
        VM.assertEq(uint256(oracle.creditOf(OPERATOR).reports), 1);
        VM.assertEq(oracle.reportsIn(4), 42 ether);
    }

    // ---------------------------------------------------------------------------------------------------------- pay

    function test_pay__by_reports__once() external {
        _submit(1, 1, 1);
        _goTo(5);
        oracle.takeSnapshot(2);
        _skipRounds(1);
        _submit(2, 2, 2); // so that one credit is the epoch before's
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.FundsTooSmall.selector, 0, REWARD));
        oracle.pay(_operators());
        token.mint(address(oracle), REWARD);
        VM.assertEq(oracle.dueTo(OPERATOR), REWARD / 2);
        oracle.pay(_operators());
        VM.assertEq(oracle.funds(), 0);
        VM.assertEq(token.balanceOf(address(rewards)), REWARD);
        oracle.pay(_operators());
        VM.assertEq(token.balanceOf(address(rewards)), REWARD);

        _goTo(7);
        VM.assertEq(oracle.dueTo(OPERATOR), 0);
    }

    function test_pay__without_reports_since__pays_for_the_epoch_just_finished() external {
        _submit(1, 1, 1);
        _goTo(5);
        token.mint(address(oracle), REWARD);
        oracle.pay(_operators());
        VM.assertEq(token.balanceOf(address(rewards)), REWARD);
        VM.assertEq(oracle.dueTo(OPERATOR), 0);
    }

    // ------------------------------------------------------------------------------------------------------- faults

    function test_equivocation__is_slashed_once_and_rewarded() external {
        uint48 round = oracle.currentRound();
        _prove(round, KEY, KEY, 1, 2);
        VM.assertEq(delegation.retained(OPERATOR, address(vault)), 0.85e18); // half of 30 %
        VM.assertEq(oracle.weightOf(4, OPERATOR), 0);
        VM.assertEq(uint256(oracle.snapshotOf(4).weight), 21 ether);
        VM.assertEq(oracle.bountyOf(STRANGER), BOUNTY);
        VM.assertTrue(oracle.isKnownFault(FEED, round, OPERATOR, false), "not known");
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.FaultKnown.selector, FEED, round, OPERATOR));
        this.prove(round, KEY, KEY, 1, 3);
        this.prove(round - 1, KEY, KEY, 1, 3);
        VM.assertEq(oracle.bountyOf(STRANGER), BOUNTY);

        token.mint(address(oracle), BOUNTY);
        VM.assertEq(oracle.funds(), 0);
        _refused(IOracleAVS.ZeroReceiver.selector);
        VM.prank(STRANGER);
        oracle.takeBounty(address(0));
        VM.prank(STRANGER);
        oracle.takeBounty(BOB);
        VM.expectRevert(abi.encodeWithSelector(IOracleAVS.NoBounty.selector, STRANGER));
        VM.prank(STRANGER);
        oracle.takeBounty(BOB);
    }

    /// As `_prove`, in a call of its own.
    function prove(uint48 round, uint256 key, uint256 otherKey, int192 first, int192 second) external {
        _prove(round, key, otherKey, first, second);
    }

    function test_equivocation__of_none__reverts() external {
        uint48 round = oracle.currentRound();
        _refused(IOracleAVS.NoFault.selector);
        this.prove(round, KEY, KEY, 1, 1);
        _refused(IOracleAVS.NoFault.selector);
        this.prove(round, KEY, OTHER_KEY, 1, 2);
        _refused(IOracleAVS.NoFault.selector);
        this.prove(round + 1, KEY, KEY, 1, 2);
    }

    function test_equivocation__in_the_epoch_before__is_struck_from_both() external {
        _skipRounds(24 * 6);
        uint48 round = oracle.currentRound();
        _goTo(5);
        oracle.takeSnapshot(2);
        _prove(round, KEY, KEY, 1, 2);
        VM.assertEq(oracle.weightOf(4, OPERATOR), 0);
        VM.assertEq(oracle.weightOf(5, OPERATOR), 0);
        VM.assertEq(uint256(oracle.snapshotOf(5).weight), 21 ether);
    }

    function test_equivocation__in_the_middle_of_a_snapshot__is_struck_from_what_is_read() external {
        _skipRounds(24 * 6);
        uint48 round = oracle.currentRound();
        _goTo(5);
        oracle.takeSnapshot(1); // from the last to the first
        VM.assertEq(uint256(oracle.snapshotOf(5).guaranteed), 14 ether);
        VM.assertEq(uint256(oracle.snapshotOf(5).elastic), 7 ether);
        _prove(round, OTHER_KEY, OTHER_KEY, 1, 2);
        VM.assertEq(uint256(oracle.snapshotOf(5).guaranteed), 0);
        VM.assertEq(uint256(oracle.snapshotOf(5).elastic), 0);
        VM.assertTrue(oracle.takeSnapshot(1), "complete");
        VM.assertEq(uint256(oracle.snapshotOf(5).guaranteed), 14 ether);
        VM.assertEq(uint256(oracle.snapshotOf(5).elastic), 7 ether);
    }

    function test_premature__is_slashed() external {
        uint48 round = oracle.currentRound() + 1;
        IOracleAVS.Report memory report = _report(KEY, round, 1, oracle.beginOf(round));
        VM.prank(STRANGER);
        oracle.provePremature(FEED, round, report);
        report = _report(OTHER_KEY, round - 1, 1, oracle.beginOf(round - 1) - 1);
        oracle.provePremature(FEED, round - 1, report);
        VM.assertEq(delegation.retained(OTHER_OPERATOR, address(vault)), 0.85e18);
        report = _report(OTHER_KEY, round - 1, 1, _now());
        _refused(IOracleAVS.NoFault.selector);
        oracle.provePremature(FEED, round - 1, report);
    }

    function test_fault__of_nobody_with_stake__reverts() external {
        address signer = VM.addr(0xC);
        bytes memory proof = keyProof(STRANGER, 0xC, domain);
        VM.prank(STRANGER);
        oracle.setKey(signer, proof);
        _skipRounds(1);
        uint48 round = oracle.currentRound();
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NothingToSlash.selector, STRANGER));
        this.prove(round, 0xC, 0xC, 1, 2);
    }

    function test_fault__of_a_pool_that_all_have_left__reverts() external {
        VM.prank(ALICE);
        delegation.undelegate(OPERATOR, address(vault), 100 ether);
        _goTo(6);
        uint48 round = oracle.currentRound();
        VM.expectRevert(abi.encodeWithSelector(IAVSBase.NothingToSlash.selector, OPERATOR));
        this.prove(round, KEY, KEY, 1, 2);
    }
}
