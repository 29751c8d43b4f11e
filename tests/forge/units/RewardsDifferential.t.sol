// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IRewardsDistributor} from "../../../contracts/interfaces/IRewardsDistributor.sol";
import {AvsId, StreamId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {Mintable, Scene} from "./Scene.sol";

interface Failing {
    function setFailing(bool failing) external;
}

/// Random orders of calls against a literal model: each epoch's sums, payment by payment and floor by floor, are split
/// by share-seconds that are added up move by move. Everything is worked out anew whenever it is compared.
contract RewardsDifferentialTest is Scene {
    struct Move {
        uint256 time;
        int256 by;
    }

    struct Flow {
        uint256 amount;
        uint256 floor;
        uint256 begin;
        uint256 until;
        uint256 looked;
    }

    struct PaidOnce {
        uint256 epoch;
        uint256 amount;
    }

    uint256 private constant MOVES = 256; // as the distributor's
    uint256 private constant SCALE = 118;
    address private constant CAROL = address(0xC0000);

    Mintable private token;
    address[3] private stakers = [ALICE, BOB, CAROL];
    mapping(address => Move[]) private moves;
    mapping(address => uint256) private claimedUntil;
    mapping(address => uint256) private cursorMove;
    Flow[] private flows;
    PaidOnce[] private payments;
    mapping(uint256 epoch => uint256) private commissions;
    uint256 private lastRecorded;
    uint256 private feesTaken;
    uint256 private dice;
    uint256 private balance; // that the distributor has
    AvsId private avs;
    uint256 private roundings;
    uint256 private claimsMade;

    function setUp() external {
        asset.mint(CAROL, 1e36);
        VM.prank(CAROL);
        asset.approve(address(vault), type(uint256).max);
        token = _newToken("WeirdTokens.sol:FalseToken", "");
        token.approve(address(rewards), type(uint256).max);
        _openPool(OPERATOR);
        avs = _addAVS(_terms(0, RECIPIENT));
        _optIn(avs, 4000, 0);
    }

    // ------------------------------------------------------------------------------------------------------- tools

    function _random(uint256 n) private returns (uint256) {
        dice = uint256(keccak256(abi.encode(dice)));
        return (dice >> 8) % n;
    }

    function _now() private view returns (uint256) {
        return VM.getBlockTimestamp();
    }

    function _e() private view returns (uint256) {
        return 1 + (_now() - GENESIS) / EPOCH;
    }

    /// Share-seconds of one staker in an epoch; of the current one by its end.
    function _seconds(address staker, uint256 e) private view returns (uint256 sum) {
        uint256 begin = _start(e);
        uint256 end = begin + EPOCH;
        Move[] storage m = moves[staker];
        int256 held;
        uint256 since = begin;
        for (uint256 i = 0; i < m.length; ++i) {
            if (m[i].time >= end) break;
            if (m[i].time > since) {
                sum += uint256(held) * (m[i].time - since);
                since = m[i].time;
            }
            held += m[i].by;
        }
        sum += uint256(held) * (end - since);
    }

    function _total(uint256 e) private view returns (uint256) {
        return _seconds(ALICE, e) + _seconds(BOB, e) + _seconds(CAROL, e);
    }

    function _part(uint256 amount, uint256 s, uint256 floor) private pure returns (uint256) {
        uint256 full = 4 ** floor;
        return s >= full ? amount : amount * s / full;
    }

    function _streamed(uint256 e, uint256 s) private view returns (uint256 funded, uint256 paid) {
        uint256[60] memory by;
        for (uint256 i = 0; i < flows.length; ++i) {
            if (flows[i].begin <= e && e < flows[i].until) by[flows[i].floor] += flows[i].amount;
        }
        for (uint256 f = 16; f < 60; ++f) {
            funded += by[f];
            paid += _part(by[f], s, f);
        }
    }

    function _commission(uint256 e) private view returns (uint256) {
        return registry.mandateAt(OPERATOR, address(vault), uint24(e)).commission;
    }

    /// What a share-second earns in an epoch, and the fees.
    function _each(uint256 e) private view returns (uint256 each, uint256 fees, bool something) {
        uint256 s = _total(e);
        if (s == 0) return (0, 0, false);
        uint256 c = e > lastRecorded ? _commission(e) : commissions[e];
        for (uint256 i = 0; i < payments.length; ++i) {
            if (payments[i].epoch != e) continue;
            uint256 fee = payments[i].amount * c / 10_000;
            fees += fee;
            each += ((payments[i].amount - fee) << SCALE) / s;
            something = true;
        }
        (, uint256 paid) = _streamed(e, s);
        if (paid != 0) {
            uint256 fee = paid * c / 10_000;
            fees += fee;
            each += ((paid - fee) << SCALE) / s;
            something = true;
        }
    }

    /// Where a claim up to `until` ends, and the new index of the last move seen.
    function _reach(address staker, uint256 until) private view returns (uint256 to, uint256 index) {
        Move[] storage m = moves[staker];
        uint256 seen;
        uint256 count; // distinct epochs
        uint256 last;
        index = cursorMove[staker];
        for (uint256 i = 0; i < m.length && seen < MOVES; ++i) {
            uint256 e = 1 + (m[i].time - GENESIS) / EPOCH;
            if (e == last) continue;
            last = e;
            ++count;
            if (count <= index) continue;
            if (e > until) break;
            ++seen;
            to = e;
        }
        if (seen < MOVES) to = until;
        if (seen != 0) index += seen - 1;
    }

    function _due(address staker, uint256 until) private view returns (uint256 due) {
        (uint256 to,) = _reach(staker, until);
        for (uint256 e = claimedUntil[staker] + 1; e <= to; ++e) {
            uint256 s = _seconds(staker, e);
            if (s == 0) continue;
            (uint256 each,,) = _each(e);
            due += each * s;
        }
        due >>= SCALE;
    }

    function _claimable() private view returns (uint256) {
        return _e() < 2 ? 0 : _e() - 2;
    }

    function _fees() private view returns (uint256 sum) {
        for (uint256 e = 1; e < _e(); ++e) {
            (, uint256 fee,) = _each(e);
            sum += fee;
        }
        sum -= feesTaken;
    }

    function _claims(uint256 hint) private view returns (IRewardsDistributor.Claim[] memory claims) {
        claims = new IRewardsDistributor.Claim[](1);
        claims[0] = IRewardsDistributor.Claim(OPERATOR, address(vault), token, hint);
    }

    function _hint() private returns (uint256) {
        uint256 r = _random(8);
        return r == 0 ? type(uint256).max : _random(1 + _e());
    }

    /// Of epochs that began, the commission that is in force in them, before anything else is announced.
    function _record() private {
        for (uint256 e = lastRecorded + 1; e < _e(); ++e) {
            commissions[e] = _commission(e);
        }
        lastRecorded = _e() - 1;
    }

    // ------------------------------------------------------------------------------------------------------- steps

    function _warp() private {
        uint256 r = _random(16);
        uint256 start = _start(_e());
        uint256 to;
        if (r < 4) to = _now() + _random(EPOCH);
        else if (r < 6) to = start + EPOCH - 1;
        else if (r < 11) to = start + EPOCH;
        else if (r < 13) to = start + 2 * EPOCH;
        else if (r < 14) to = start + 3 * EPOCH + _random(3) * (EPOCH / 2);
        else if (r < 15) to = start + (1 + _random(9)) * EPOCH + _random(EPOCH);
        else to = _now() + _random(100);
        VM.warp(to);
        _record();
    }

    function _moved(address staker, uint256 before) private {
        (uint256 shares,) = delegation.position(OPERATOR, address(vault), staker);
        moves[staker].push(Move(_now(), int256(shares) - int256(before)));
    }

    function _move() private {
        address staker = stakers[_random(3)];
        (uint256 before,) = delegation.position(OPERATOR, address(vault), staker);
        if (before != 0 && _random(5) < 3) {
            uint256 r = _random(4);
            uint256 by = r < 2 ? before : r == 2 ? 1 : 1 + _random(before);
            _undelegate(staker, by);
        } else {
            uint256 r = _random(6);
            uint256 amount = r == 0 ? 1 : r == 1 ? 1 + _random(1e9) : r == 2 ? 1 + _random(1e25) : 1 + _random(100e18);
            VM.prank(staker);
            try vault.depositAndDelegate(amount, OPERATOR, 0, _anything()) {}
            catch {
                return;
            }
        }
        _moved(staker, before);
    }

    function _floor() private returns (uint256) {
        return [uint256(16), 20, 39, 40, 41, 43, 45, 59, 38, 42][_random(10)];
    }

    function _amount() private returns (uint256) {
        uint256 r = _random(6);
        return
            r == 0 ? 1 : r == 1 ? 1 + _random(10) : r == 2 ? 1 + _random(1e6) : r == 3 ? 2 ** 96 - 1 : 1 + _random(1e22);
    }

    function _pay() private {
        uint256 e = _e() - 1;
        uint256 floor = _floor();
        uint256 amount = _amount();
        IRewardsDistributor.Payment[] memory p = new IRewardsDistributor.Payment[](1);
        p[0] = IRewardsDistributor.Payment(OPERATOR, address(vault), uint96(amount), uint8(floor));
        uint256 expected = e == 0 ? 0 : _part(amount, _total(e), floor);
        uint256 paid = rewards.pay(token, uint24(e), p)[0];
        VM.assertEq(paid, expected);
        balance += paid;
        if (paid != 0) payments.push(PaidOnce(e, paid));
    }

    function _open() private {
        uint256 floor = _floor();
        uint256 amount = _amount();
        uint256 epochs = _random(12) == 0 ? 1 + _random(60) : 1 + _random(6);
        rewards.openStream(OPERATOR, address(vault), token, uint96(amount), uint8(floor), uint24(epochs));
        balance += amount * epochs;
        flows.push(Flow(amount, floor, _e() + 1, _e() + 1 + epochs, _e() + 1));
    }

    function _cancel() private {
        if (flows.length == 0) return;
        uint256 i = _random(2) == 0 ? flows.length - 1 : _random(flows.length);
        Flow storage f = flows[i];
        if (f.until <= _e() + 1) return;
        uint256 returned = rewards.cancelStream(StreamId.wrap(uint64(i + 1)), address(this));
        VM.assertEq(returned, f.amount * (f.until - _e() - 1));
        balance -= returned;
        f.until = _e() + 1;
    }

    function _rest(Flow storage f, uint256 limit) private view returns (uint256 rest, uint256 until) {
        until = f.looked;
        while (limit != 0 && until < f.until && until < _e()) {
            uint256 s = _total(until);
            uint256 full = 4 ** f.floor;
            rest += f.amount * (s < full ? full - s : 0) / full;
            ++until;
            --limit;
        }
    }

    function _takeRest(uint256 i, uint256 limit) private {
        Flow storage f = flows[i];
        (uint256 rest, uint256 until) = _rest(f, limit);
        VM.assertEq(rewards.takeRest(StreamId.wrap(uint64(i + 1)), uint24(limit), address(this)), rest);
        f.looked = until;
        balance -= rest;
    }

    /// Sometimes by a completer, sometimes twice in one call, sometimes after one that the token refused.
    function _claim(address staker) private {
        if (_random(5) == 0) {
            Failing(address(token)).setFailing(true);
            VM.prank(staker);
            VM.assertEq(rewards.claim(staker, _claims(_hint()), staker)[0], 0);
            Failing(address(token)).setFailing(false);
        }
        uint256 count = 1 + _random(2);
        IRewardsDistributor.Claim[] memory claims = new IRewardsDistributor.Claim[](count);
        for (uint256 i = 0; i < count; ++i) {
            claims[i] = _claims(_hint())[0];
        }
        address caller = staker;
        if (_random(3) == 0) {
            VM.prank(staker);
            delegation.setCompleter(STRANGER, true);
            caller = STRANGER;
        }
        VM.prank(caller);
        uint256[] memory got = rewards.claim(staker, claims, staker);
        uint256 until = _claimable();
        for (uint256 i = 0; i < count; ++i) {
            VM.assertEq(got[i], _due(staker, until));
            balance -= got[i];
            (claimedUntil[staker], cursorMove[staker]) = _reach(staker, until);
            ++claimsMade;
        }
    }

    function _claimCommission() private {
        uint256 expected = _fees();
        VM.prank(OPERATOR);
        VM.assertEq(rewards.claimCommission(address(vault), token, OPERATOR), expected);
        feesTaken += expected;
        balance -= expected;
    }

    function _announce() private {
        VM.prank(OPERATOR);
        registry.setMandate(address(vault), 5000, [uint256(0), 1, 1000, 5000, 9999, 10_000][_random(6)]);
    }

    function _look() private {
        VM.assertEq(token.balanceOf(address(rewards)), balance);
        VM.assertEq(rewards.commission(OPERATOR, address(vault), token), _fees());
        (uint256 funded, uint256 paid) = _streamed(_e(), _total(_e()));
        (uint256 f, uint256 x) = rewards.rate(OPERATOR, address(vault), token);
        VM.assertEq(f, funded);
        VM.assertEq(x, paid);
        for (uint256 i = 0; i < 3; ++i) {
            (uint256[] memory c, uint256[] memory a) = rewards.due(stakers[i], _claims(_hint()));
            VM.assertEq(c[0], _due(stakers[i], _claimable()));
            VM.assertEq(c[0] + a[0], _due(stakers[i], _e()));
        }
    }

    function _step() private {
        uint256 r = _random(40);
        if (r < 10) {
            _warp();
        } else if (r < 17) {
            _move();
        } else if (r < 21) {
            _pay();
        } else if (r < 25) {
            _open();
        } else if (r < 27) {
            _cancel();
        } else if (r < 29) {
            if (flows.length != 0) _takeRest(_random(flows.length), _random(4));
        } else if (r < 33) {
            _claim(stakers[_random(3)]);
        } else if (r < 34) {
            _claimCommission();
        } else if (r < 36) {
            rewards.book(OPERATOR, address(vault), token, uint24(_random(2) == 0 ? _e() - 1 : _random(_e())));
        } else if (r < 37) {
            _announce();
        } else if (r < 38) {
            _slash();
        } else {
            _look();
        }
    }

    function _slash() private {
        if (dice % 8 != 0) return;
        VM.prank(SLASHER);
        try slashing.request(avs, OPERATOR, address(vault), 4e17, uint48(_now()), 0, "") {} catch {}
    }

    // ------------------------------------------------------------------------------------------------------- tests

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_random_orders__are_as_the_literal_model(uint256 seed) external {
        _history(seed, 150);
    }

    /// Nobody comes for long, then everything at once.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_gaps__are_as_the_literal_model(uint256 seed) external {
        _history(seed, 40);
        VM.warp(_now() + (10 + _random(60)) * EPOCH);
        _record();
        _look();
        for (uint256 i = 0; i < 40; ++i) {
            _step();
        }
        _end();
    }

    function _history(uint256 seed, uint256 steps) private {
        dice = seed;
        for (uint256 i = 0; i < steps; ++i) {
            _step();
        }
        _look();
        if (steps > 100) _end();
    }

    /// Everybody takes everything; only dust stays.
    function _end() private {
        uint256 end = _e();
        for (uint256 i = 0; i < flows.length; ++i) {
            if (flows[i].until > end) end = flows[i].until;
        }
        VM.warp(_start(end + 2));
        _record();
        _look();
        for (uint256 k = 0; k < 60; ++k) {
            bool all = true;
            for (uint256 i = 0; i < 3; ++i) {
                if (claimedUntil[stakers[i]] < _claimable()) {
                    _claim(stakers[i]);
                    all = false;
                }
            }
            if (all) break;
        }
        _claimCommission();
        uint256 dust = claimsMade + payments.length + 3;
        for (uint256 i = 0; i < flows.length; ++i) {
            _takeRest(i, type(uint24).max);
            dust += 2 * (flows[i].until - flows[i].begin);
        }
        VM.assertEq(token.balanceOf(address(rewards)), balance);
        VM.assertEq(balance <= dust, true);
    }
}
