// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {AvsId, FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {OracleScene} from "./OracleScene.sol";

interface States {
    function revertToState(uint256 id) external returns (bool);
}

/// Random hostile histories: what weighed in an epoch is there when the first fault of it is reported in time, what a
/// snapshot says adds up, and no epoch is paid more than its reward.
contract OracleHistoriesTest is OracleScene {
    uint256 private constant COUNT = 4;
    uint64 private constant PENALTY = 0.5e18;

    IOracleAVS private oracle;
    FeedId private feed;
    AvsId private rival;
    uint256 private seed;

    mapping(uint256 i => uint256) private keyOf; // now in use
    uint256 private keys;

    // Stake of the operator when the snapshot of the epoch was complete; 0 once it was slashed in the epoch or after.
    mapping(uint24 epoch => mapping(address => uint256)) private counted;
    mapping(uint24 epoch => IAVSBase.Member) private safe; // of all of them then
    mapping(uint24 epoch => mapping(address => bool)) private spent; // slashed by the oracle in this epoch
    mapping(uint24 epoch => uint256) private paid;

    // Rounds in which there was weight, with the key then in use.
    struct Chance {
        uint48 round;
        uint256 operator;
        uint256 key;
    }
    Chance[] private chances;
    uint256 public proofs;

    function setUp() external {
        oracle = _newOracle(_setup(0, 10_000, PENALTY), ROUND);
        feed = _addFeed(oracle, 3 * ROUND);
        rival = _addAVS(_terms(0, address(0)));
        token.mint(address(oracle), 1e30);
        keys = 10_000;
        for (uint256 i = 0; i < COUNT; ++i) {
            keyOf[i] = i + 1;
            address operator = _operator(i + 1);
            _enlist(operator);
            VM.prank(operator);
            registry.openPool(address(vault), 9000, 0, 0);
            bytes memory data = abi.encode(VM.addr(i + 1), _keyProof(oracle, i + 1, operator));
            AvsId id = oracle.AVS();
            VM.prank(operator);
            registry.optIn(id, address(vault), 2000 + 500 * i, 3000, data);
            VM.prank(operator);
            registry.optIn(rival, address(vault), 1000, 2000 * i, "");
            _stake(operator, (i + 1) * 10e18);
        }
        _goTo(4);
    }

    function _random(uint256 n) private returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return seed % n;
    }

    /// forge-config: default.fuzz.runs = 60
    function testFuzz_what_weighed_can_be_slashed(uint256 seed_) external {
        seed = seed_;
        for (uint256 i = 0; i < 250; ++i) {
            _step();
        }
        _check();
    }

    /// The histories above do what they are to: else they show nothing.
    function test_histories_prove_and_pay() external {
        uint256 state = VM.snapshotState();
        uint256 allProofs;
        uint256 allPaid;
        for (uint256 run = 0; run < 30; ++run) {
            this.testFuzz_what_weighed_can_be_slashed(run);
            allProofs += proofs;
            for (uint24 e = 4; e < 60; ++e) {
                if (paid[e] != 0) ++allPaid;
            }
            States(address(VM)).revertToState(state);
        }
        emit Seen(allProofs, allPaid);
        VM.assertTrue(allProofs > 30, "proofs");
        VM.assertTrue(allPaid > 3, "payments");
    }

    event Seen(uint256 proofs, uint256 payments);

    function _step() private {
        uint256 i = _random(COUNT);
        address operator = _operator(i + 1);
        uint256 what = _random(26);
        if (what > 14) what = what < 18 ? 4 : what < 23 ? 11 : what < 25 ? 13 : 3;
        uint24 e = oracle.epoch();
        if (what == 0) {
            VM.warp(_now() + _random(1 days));
        } else if (what == 1) {
            VM.warp(_now() + _random(2 * ROUND));
        } else if (what == 2) {
            if (_random(3) == 0) VM.warp(_random(2) == 0 ? _start(e + 1) - 1 : _start(e + 1));
        } else if (what == 3) {
            try oracle.join(operator) {} catch {}
        } else if (what == 4 || what == 5) {
            try oracle.takeSnapshot(1 + _random(4)) returns (bool complete) {
                if (complete) _remember(e);
            } catch {}
        } else if (what == 6) {
            (uint256 shares,) = delegation.position(operator, address(vault), address(this));
            if (shares > 1) delegation.undelegate(operator, address(vault), 1 + _random(shares));
        } else if (what == 7) {
            try vault.depositAndDelegate(1 + _random(20e18), operator, 0, _anything()) {} catch {}
        } else if (what == 8) {
            AvsId id = _random(2) == 0 ? oracle.AVS() : rival;
            uint256 g = _random(4500);
            uint256 h = _random(9000);
            VM.prank(operator);
            if (_random(4) == 0) {
                try registry.optOut(id, address(vault)) {} catch {}
            } else {
                try registry.allocate(id, address(vault), g, h) {}
                catch {
                    VM.prank(operator);
                    try registry.optIn(id, address(vault), g, h, "") {} catch {}
                }
            }
        } else if (what == 9) {
            uint256 amount = 1 + _random(1e18);
            VM.prank(SLASHER);
            try slashing.request(rival, operator, address(vault), amount, uint48(_now()), bytes32(seed), "") {} catch {}
        } else if (what == 10) {
            uint256 key = ++keys;
            bytes memory proof = _keyProof(oracle, key, operator);
            VM.prank(operator);
            oracle.setKey(VM.addr(key), proof);
            keyOf[i] = key;
            VM.warp(_now() + 1); // not F11
        } else if (what == 11) {
            _answer(e, i, operator);
        } else if (what == 12) {
            uint256 budget = _random(9000);
            VM.prank(operator);
            try registry.setMandate(address(vault), budget, 0) {} catch {}
        } else if (what == 13) {
            if (chances.length != 0) _prove(_random(chances.length));
        } else {
            _pay(e);
        }
    }

    function _remember(uint24 e) private {
        for (uint256 i = 0; i < COUNT; ++i) {
            address operator = _operator(i + 1);
            IAVSBase.Member memory m = oracle.memberOf(e, operator);
            counted[e][operator] = uint256(m.guaranteed) + m.elastic;
            safe[e].guaranteed += m.guaranteed;
            safe[e].elastic += m.elastic;
        }
    }

    /// A round with a report of one operator, if the snapshot allows one.
    function _answer(uint24 e, uint256 i, address operator) private {
        VM.warp(_now() + ROUND - (_now() - GENESIS) % ROUND + _random(ROUND));
        e = oracle.epoch();
        uint48 takenAt = oracle.snapshotOf(e).takenAt;
        if (takenAt == 0 || takenAt >= oracle.beginOf(oracle.currentRound())) return;
        uint48 round = oracle.currentRound();
        IOracleAVS.Report[] memory reports = new IOracleAVS.Report[](1);
        reports[0] = _report(oracle, keyOf[i], feed, round, 1, _now());
        try oracle.submit(feed, round, 1, reports) {} catch {}
        try oracle.submitLate(feed, round, reports) {} catch {}
        if (oracle.weightOf(e, operator) != 0) chances.push(Chance(round, i, keyOf[i]));
    }

    function _prove(uint256 c) private {
        Chance memory chance = chances[c];
        address operator = _operator(chance.operator + 1);
        uint48 begin = oracle.beginOf(chance.round);
        uint24 e = oracle.epochAt(begin);
        if (_now() > begin + REPORT_WINDOW || oracle.isKnownFault(feed, chance.round, operator, false)) return;
        uint24 now_ = oracle.epoch();
        bool first = !spent[e][operator] && !spent[now_][operator];
        uint256 stake = counted[e][operator];
        uint256 before = vault.balanceOf(DEAD);
        IOracleAVS.Report memory a = _report(oracle, chance.key, feed, chance.round, 1, begin);
        IOracleAVS.Report memory b = _report(oracle, chance.key, feed, chance.round, 2, begin);
        try oracle.proveEquivocation(feed, chance.round, a, b) {
            uint256 burnt = vault.balanceOf(DEAD) - before;
            if (first) {
                // Rounded down in wads of each part, of pool shares of at most 1000 each vault share.
                VM.assertTrue(burnt + 1e4 >= stake / 2, "less than what weighed");
                ++proofs;
            }
        } catch {
            VM.assertTrue(!first, "not slashed");
        }
        spent[now_][operator] = true;
        VM.assertEq(oracle.weightOf(now_, operator) + oracle.weightOf(now_ - 1, operator), 0);
        counted[now_][operator] = counted[now_ - 1][operator] = 0;
    }

    function _pay(uint24 e) private {
        address[] memory operators = new address[](1 + _random(2 * COUNT));
        for (uint256 i = 0; i < operators.length; ++i) {
            operators[i] = _operator(1 + _random(COUNT));
        }
        uint256 before = token.balanceOf(address(oracle));
        oracle.pay(operators);
        paid[e] += before - token.balanceOf(address(oracle));
        VM.assertTrue(paid[e] <= REWARD, "paid more than the reward");
        _check();
    }

    function _check() private view {
        uint24 e = oracle.epoch();
        IAVSBase.Snapshot memory s = oracle.snapshotOf(e);
        uint256 guaranteed;
        uint256 elastic;
        uint256 weight;
        for (uint256 i = 0; i < COUNT; ++i) {
            IAVSBase.Member memory m = oracle.memberOf(e, _operator(i + 1));
            guaranteed += m.guaranteed;
            elastic += m.elastic;
            weight += oracle.weightOf(e, _operator(i + 1));
        }
        if (s.takenAt != 0) (guaranteed, elastic) = (safe[e].guaranteed, safe[e].elastic); // a strike leaves them
        VM.assertEq(guaranteed, s.guaranteed);
        VM.assertEq(elastic, s.elastic);
        VM.assertEq(weight, s.weight);
    }
}
