// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IRewardsDistributor} from "../../contracts/interfaces/IRewardsDistributor.sol";
import {StreamId} from "../../contracts/libraries/Types.sol";
import {BlocklistToken, FalseToken, MovedFalseToken} from "../../contracts/mocks/WeirdTokens.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Acting} from "./Acting.sol";
import {Mintable, VM} from "./Cheats.sol";
import {Kind} from "./World.sol";

/// Payers, and who claims. What everybody is to get is reckoned epoch by epoch and payment by payment.
abstract contract Payers is Acting {
    /// One pool and one token.
    struct Line {
        uint256 fees; // commission not claimed [token]
        mapping(uint256 epoch => uint256[]) nets; // of each payment for it, less commission [token]
        mapping(address staker => uint256) parts; // of all payments that can be claimed [token / 2^64]
        mapping(address staker => uint256) payments; // how many they were
        mapping(address staker => uint256) claimed; // [token]
    }

    struct Flow {
        StreamId id;
        uint256 pool;
        uint256 token;
        uint256 amount; // for each epoch [token]
        uint256 floor;
        uint256 first; // whose rest was not taken
        uint256 begin;
        uint256 until;
    }

    uint256 private constant SCALE = 64; // bits

    mapping(uint256 pool => mapping(uint256 token => Line)) private _lines;
    Flow[] private _flows;
    mapping(uint256 token => uint256) private _balances; // of the distributor [token]
    uint256 private _roundings; // each may leave a wei in the distributor

    uint256 private _touchedToken;

    // ----------------------------------------------------------------------------------------------------- payers

    function pay(uint256 pool, uint256 token, uint256 amount, uint256 floor) external acting {
        Pool storage p = _touch(pool, token);
        uint256 e = _epoch() - 1;
        uint24 named = uint24(amount % 16 == 15 ? e + type(uint24).max + amount / 16 % 3 : e); // e - 1 to e + 1
        (amount, floor) = (_amount(amount), _floor(floor));
        Mintable(tokens[_touchedToken]).mint(PAYER, amount);
        IRewardsDistributor.Payment[] memory payments = new IRewardsDistributor.Payment[](1);
        payments[0] = IRewardsDistributor.Payment(p.operator, address(p.vault), uint96(amount), uint8(floor));
        (bool ok, bytes memory result) =
            _try(PAYER, address(rewards), abi.encodeCall(rewards.pay, (IERC20(tokens[_touchedToken]), named, payments)));
        _hold(10, !ok || named == e, "a payment for another epoch was taken");
        VM.assume(ok);

        uint256 paid = abi.decode(result, (uint256[]))[0];
        _arrived(_paid(amount, _collected(p, e), floor), paid);
        _balances[_touchedToken] += paid;
        if (paid != 0) _book(p, _lines[touched][_touchedToken], e, paid);
    }

    function openStream(uint256 pool, uint256 token, uint256 amount, uint256 floor, uint256 epochs) external acting {
        Pool storage p = _touch(pool, token);
        // Now and then the longest that there is, and one longer than that.
        (amount, floor) = (_amount(amount), _floor(floor));
        epochs = epochs % 16 == 15 ? 256 + epochs / 16 % 2 : 1 + epochs % 6;
        IERC20 token_ = IERC20(tokens[_touchedToken]);
        Mintable(address(token_)).mint(PAYER, amount * epochs);
        uint256 held = token_.balanceOf(address(rewards));
        bytes memory result = _act(
            PAYER,
            address(rewards),
            abi.encodeCall(
                rewards.openStream, (p.operator, address(p.vault), token_, uint96(amount), uint8(floor), uint24(epochs))
            )
        );
        _hold(10, epochs <= 256, "a stream was opened for too many epochs");
        held = token_.balanceOf(address(rewards)) - held;
        _arrived(amount * epochs, held);
        amount = rewards.stream(abi.decode(result, (StreamId))).amount;
        _hold(10, amount == held / epochs, "a stream pays something else than what arrived");
        _balances[_touchedToken] += held;
        uint256 begin = _epoch() + 1;
        _roundings += 2 * epochs;
        _flows.push(
            Flow(abi.decode(result, (StreamId)), touched, _touchedToken, amount, floor, begin, begin, begin + epochs)
        );
    }

    function cancelStream(uint256 which, uint256 who) external acting {
        Flow storage f = _flow(which);
        _cancel(f, who % 8 == 0 ? HOSTILE_STAKER : PAYER);
    }

    function takeRest(uint256 which, uint256 limit, uint256 who) external acting {
        Flow storage f = _flow(which);
        _takeRest(f, limit % 8, who % 8 == 0 ? HOSTILE_STAKER : PAYER);
    }

    // -------------------------------------------------------------------------------------- stakers and operators

    function claim(uint256 pool, uint256 token, uint256 who, bool byCompleter, uint256 hint) external acting {
        Pool storage p = _touch(pool, token);
        _claim(p, _staker(who), byCompleter, hint % 64);
    }

    function claimCommission(uint256 pool, uint256 token) external acting {
        _claimCommission(_touch(pool, token));
    }

    function book(uint256 pool, uint256 token, uint256 epoch) external acting {
        Pool storage p = _touch(pool, token);
        uint24 e = uint24(_epoch() - epoch % 4 % _epoch());
        (bool ok,) = _try(
            HOSTILE_STAKER,
            address(rewards),
            abi.encodeCall(rewards.book, (p.operator, address(p.vault), IERC20(tokens[_touchedToken]), e))
        );
        _hold(10, ok == e < _epoch(), "an epoch was booked, or not, against the rules");
    }

    // ------------------------------------------------------------------------------------------------- promise 10

    function _checkLine() internal view {
        Pool storage p = pools[touched];
        Line storage l = _lines[touched][_touchedToken];
        IERC20 token = IERC20(tokens[_touchedToken]);
        _hold(10, rewards.commission(p.operator, address(p.vault), token) == l.fees, "a commission");
        _hold(
            10,
            _isLoose(_touchedToken) || token.balanceOf(address(rewards)) == _balances[_touchedToken],
            "the balance of a reward token"
        );
        address staker = _staker(turn);
        (uint256[] memory claimable,) = rewards.due(staker, _claims(p, 0));
        _isPart(l, staker, l.claimed[staker] + claimable[0]);
    }

    /// Its share-seconds' part of each payment, short by at most 1 wei for each.
    function _isPart(Line storage l, address staker, uint256 got) private view {
        _hold(10, got <= (l.parts[staker] + l.payments[staker]) >> SCALE, "a staker got more than its part");
        _hold(10, got + l.payments[staker] >= l.parts[staker] >> SCALE, "a staker got less than its part");
    }

    /// Those that go on for long.
    function _cancelAll() internal {
        for (uint256 t = 0; t < tokens.length; ++t) {
            _behave(t);
        }
        for (uint256 i = 0; i < _flows.length; ++i) {
            if (_flows[i].until > _epoch() + 7) _cancel(_flows[i], PAYER);
        }
    }

    /// After everybody left and all is over: everything can be claimed, and only dust stays.
    function _claimAll() internal {
        for (uint256 t = 0; t < tokens.length; ++t) {
            _touchedToken = t;
            for (touched = 0; touched < pools.length; ++touched) {
                Pool storage p = pools[touched];
                for (uint256 s = 0; s < STAKERS; ++s) {
                    _claim(p, _staker(s), false, 0);
                }
                _claimCommission(p);
            }
            touched = 0;
        }
        for (uint256 i = 0; i < _flows.length; ++i) {
            _takeRest(_flows[i], type(uint24).max, PAYER);
        }
        for (uint256 t = 0; t < tokens.length; ++t) {
            _hold(10, _isLoose(t) || _balances[t] <= _roundings, "more than dust stays in the distributor");
        }
    }

    /// Refuses nobody any more, and has enough.
    function _behave(uint256 index) private {
        address token = tokens[index];
        Kind kind = kindOf[token];
        if (kind == Kind.False) FalseToken(token).setFailing(false);
        if (kind == Kind.MovedFalse) MovedFalseToken(token).setLying(false);
        if (_isLoose(index)) Mintable(token).mint(address(rewards), 1e30);
        if (kind != Kind.Blocklist) return;
        BlocklistToken(token).setBlocked(OPERATOR, false);
        BlocklistToken(token).setBlocked(HOSTILE_OPERATOR, false);
        for (uint256 s = 0; s < STAKERS; ++s) {
            BlocklistToken(token).setBlocked(_staker(s), false);
        }
    }

    // ----------------------------------------------------------------------------------------------------- private

    /// What streams pay for the epoch that is over, and what stakers get for the one before it.
    function _epochOver(uint256 epoch) internal virtual override {
        // By pool, token and floor.
        uint256[] memory rates = new uint256[](pools.length * tokens.length * 4);
        for (uint256 i = 0; i < _flows.length; ++i) {
            Flow storage f = _flows[i];
            if (epoch >= f.until || epoch < f.begin) continue;
            for (uint256 k = 0; k < 4; ++k) {
                if (f.floor == _floor(k)) rates[(f.pool * tokens.length + f.token) * 4 + k] += f.amount;
            }
        }
        for (uint256 i = 0; i < pools.length; ++i) {
            uint256 shareSeconds = _collected(pools[i], epoch);
            for (uint256 t = 0; t < tokens.length; ++t) {
                uint256 paid;
                for (uint256 k = 0; k < 4; ++k) {
                    paid += _paid(rates[(i * tokens.length + t) * 4 + k], shareSeconds, _floor(k));
                }
                if (paid != 0) _book(pools[i], _lines[i][t], epoch, paid);
                _shareOut(pools[i], _lines[i][t], epoch - 1);
            }
        }
    }

    function _shareOut(Pool storage p, Line storage l, uint256 epoch) private {
        uint256[] storage nets = l.nets[epoch];
        for (uint256 i = 0; i < nets.length; ++i) {
            for (uint256 s = 0; s < STAKERS; ++s) {
                uint256 seconds_ = p.shareSeconds[_staker(s)][epoch];
                if (seconds_ == 0) continue;
                l.parts[_staker(s)] += (nets[i] << SCALE) * seconds_ / _collected(p, epoch);
                ++l.payments[_staker(s)];
            }
        }
    }

    function _book(Pool storage p, Line storage l, uint256 epoch, uint256 paid) private {
        uint256 commission = p.commission.valueAt(epoch);
        _hold(7, commission <= p.commission.toldBy(epoch < 3 ? 0 : epoch - 3), "a commission was not told in time");
        uint256 fee = paid * commission / BPS;
        l.fees += fee;
        l.nets[epoch].push(paid - fee);
        _roundings += STAKERS + 1;
    }

    function _collected(Pool storage p, uint256 epoch) private view returns (uint256 sum) {
        for (uint256 s = 0; s < STAKERS; ++s) {
            sum += p.shareSeconds[_staker(s)][epoch];
        }
    }

    /// In full from 4^floor share-seconds on, in proportion below.
    function _paid(uint256 amount, uint256 shareSeconds, uint256 floor) private pure returns (uint256) {
        uint256 full = 4 ** floor;
        return amount * (shareSeconds < full ? shareSeconds : full) / full;
    }

    function _claim(Pool storage p, address staker, bool byCompleter, uint256 hint) private {
        Line storage l = _lines[touched][_touchedToken];
        address caller = byCompleter ? COMPLETER : staker;
        bytes memory result =
            _act(caller, address(rewards), abi.encodeCall(rewards.claim, (staker, _claims(p, hint), staker)));
        _hold(10, caller == staker || delegation.isCompleter(staker, caller), "a stranger claimed");
        uint256 amount = abi.decode(result, (uint256[]))[0];
        if (amount == 0 && _refusesToPay(staker)) return;
        l.claimed[staker] += amount;
        _balances[_touchedToken] -= amount;
        _isPart(l, staker, l.claimed[staker]);
    }

    function _claimCommission(Pool storage p) private {
        Line storage l = _lines[touched][_touchedToken];
        bytes memory result = _act(
            p.operator,
            address(rewards),
            abi.encodeCall(rewards.claimCommission, (address(p.vault), IERC20(tokens[_touchedToken]), p.operator))
        );
        _hold(10, abi.decode(result, (uint256)) == l.fees, "a commission was paid out wrong");
        _balances[_touchedToken] -= l.fees;
        l.fees = 0;
    }

    /// Whether the token, not the protocol, refuses to be paid out.
    function _refusesToPay(address to) private view returns (bool) {
        address token = tokens[_touchedToken];
        Kind kind = kindOf[token];
        if (kind == Kind.False) return FalseToken(token).failing();
        if (kind == Kind.MovedFalse) return MovedFalseToken(token).lying();
        if (kind == Kind.Blocklist) return BlocklistToken(token).blocked(to);
        return kind == Kind.Rebasing; // which may have shrunk to less than what is due
    }

    function _cancel(Flow storage f, address caller) private {
        uint256 until = _epoch() + 1;
        bytes memory result = _act(caller, address(rewards), abi.encodeCall(rewards.cancelStream, (f.id, caller)));
        _hold(10, caller == PAYER, "a stranger cancelled a stream");
        uint256 returned = abi.decode(result, (uint256));
        _hold(10, returned == f.amount * (f.until - until), "a cancelled stream returned something else");
        _balances[f.token] -= returned;
        f.until = until;
    }

    function _takeRest(Flow storage f, uint256 limit, address caller) private {
        bytes memory result =
            _act(caller, address(rewards), abi.encodeCall(rewards.takeRest, (f.id, uint24(limit), caller)));
        _hold(10, caller == PAYER, "a stranger took what a stream did not pay");
        uint256 rest;
        for (; limit != 0 && f.first < f.until && f.first < _epoch(); --limit) {
            uint256 shareSeconds = _collected(pools[f.pool], f.first);
            uint256 full = 4 ** f.floor;
            rest += _paid(f.amount, full - (shareSeconds < full ? shareSeconds : full), f.floor);
            ++f.first;
        }
        _hold(10, abi.decode(result, (uint256)) == rest, "a stream returned something else than its rest");
        _balances[f.token] -= rest;
    }

    function _flow(uint256 seed) private returns (Flow storage f) {
        VM.assume(_flows.length != 0);
        f = _flows[seed % _flows.length];
        (touched, _touchedToken) = (f.pool, f.token);
    }

    /// Mostly the same token as before, too.
    function _touch(uint256 pool, uint256 token) private returns (Pool storage) {
        if (token % 4 == 0) _touchedToken = token / 4 % tokens.length;
        return _pick(pool);
    }

    function _claims(Pool storage p, uint256 hint) private view returns (IRewardsDistributor.Claim[] memory claims) {
        claims = new IRewardsDistributor.Claim[](1);
        claims[0] = IRewardsDistributor.Claim(p.operator, address(p.vault), IERC20(tokens[_touchedToken]), hint);
    }

    /// Whether a token moves a few wei more or less than it is told to, or changes balances by itself.
    function _isLoose(uint256 token) private view returns (bool) {
        return kindOf[tokens[token]] == Kind.Rebasing || kindOf[tokens[token]] == Kind.Short;
    }

    /// What counts as paid is what arrives of what is sent.
    function _arrived(uint256 sent, uint256 counted) private view {
        if (kindOf[tokens[_touchedToken]] == Kind.Fee) sent -= sent / 100;
        uint256 least = _isLoose(_touchedToken) ? (sent > 5 ? sent - 5 : 0) : sent;
        _hold(10, counted <= sent && counted >= least, "something else was paid than arrived");
    }

    function _amount(uint256 seed) private pure returns (uint256) {
        return seed % 4 == 0 ? 1 + seed / 4 % 1000 : 1 + seed / 4 % 1e24;
    }

    /// None that matters, two that some pools reach, and one that none does.
    function _floor(uint256 seed) private pure returns (uint256) {
        return [uint256(16), 43, 46, 59][seed % 4];
    }
}
