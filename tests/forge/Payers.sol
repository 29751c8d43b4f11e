// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IRewardsDistributor} from "../../contracts/interfaces/IRewardsDistributor.sol";
import {StreamId} from "../../contracts/libraries/Types.sol";
import {BlocklistToken} from "../../contracts/mocks/WeirdTokens.sol";
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
        uint256 pool;
        uint256 token;
        uint256 amount; // for each epoch [token]
        uint256 floor;
        uint256 first; // whose rest was not taken
        uint256 begin;
        uint256 until;
    }

    uint256 private constant SCALE = 64; // bits

    address[] private _tokens;
    Kind[] private _kinds;
    mapping(uint256 pool => mapping(uint256 token => Line)) private _lines;
    Flow[] private _flows;
    mapping(uint256 token => uint256) private _balances; // of the distributor [token]
    uint256 private _roundings; // each may leave a wei in the distributor

    uint256 private _touchedToken;

    constructor(Kind[] memory kinds) {
        _kinds = kinds;
        for (uint256 i = 0; i < kinds.length; ++i) {
            Mintable token = Mintable(_newToken(kinds[i]));
            _tokens.push(address(token));
            VM.prank(PAYER);
            token.approve(address(rewards), type(uint256).max);
        }
    }

    // ----------------------------------------------------------------------------------------------------- payers

    function pay(uint256 pool, uint256 token, uint256 amount, uint256 floor) external acting {
        Pool storage p = _touch(pool, token);
        uint256 e = _epoch() - 1;
        (amount, floor) = (_amount(amount), _floor(floor));
        Mintable(_tokens[_touchedToken]).mint(PAYER, amount);
        IRewardsDistributor.Payment[] memory payments = new IRewardsDistributor.Payment[](1);
        payments[0] = IRewardsDistributor.Payment(p.operator, address(p.vault), uint96(amount), uint8(floor));
        bytes memory result =
            _act(PAYER, address(rewards), abi.encodeCall(rewards.pay, (IERC20(_tokens[_touchedToken]), payments)));

        uint256 paid = _arriving(_paid(amount, _collected(p, e), floor));
        _hold(10, abi.decode(result, (uint256[]))[0] == paid, "a payment paid something else than the floor lets it");
        _balances[_touchedToken] += paid;
        if (paid != 0) _book(p, _lines[touched][_touchedToken], e, paid);
    }

    function openStream(uint256 pool, uint256 token, uint256 amount, uint256 floor, uint256 epochs) external acting {
        Pool storage p = _touch(pool, token);
        (amount, floor, epochs) = (_amount(amount), _floor(floor), 1 + epochs % 6);
        IERC20 token_ = IERC20(_tokens[_touchedToken]);
        Mintable(address(token_)).mint(PAYER, amount * epochs);
        _act(
            PAYER,
            address(rewards),
            abi.encodeCall(
                rewards.openStream, (p.operator, address(p.vault), token_, uint96(amount), uint8(floor), uint24(epochs))
            )
        );
        uint256 arrived = _arriving(amount * epochs);
        _balances[_touchedToken] += arrived;
        uint256 begin = _epoch() + 1;
        _roundings += 2 * epochs;
        _flows.push(Flow(touched, _touchedToken, arrived / epochs, floor, begin, begin, begin + epochs));
    }

    function cancelStream(uint256 which) external acting {
        (Flow storage f, StreamId id) = _flow(which);
        uint256 until = _epoch() + 1;
        bytes memory result = _act(PAYER, address(rewards), abi.encodeCall(rewards.cancelStream, (id, PAYER)));
        uint256 returned = abi.decode(result, (uint256));
        _hold(10, returned == f.amount * (f.until - until), "a cancelled stream returned something else");
        _balances[f.token] -= returned;
        f.until = until;
    }

    function takeRest(uint256 which, uint256 limit) external acting {
        (, StreamId id) = _flow(which);
        _takeRest(_flows[StreamId.unwrap(id) - 1], id, limit % 8);
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
            abi.encodeCall(rewards.book, (p.operator, address(p.vault), IERC20(_tokens[_touchedToken]), e))
        );
        _hold(10, ok == e < _epoch(), "an epoch was booked, or not, against the rules");
    }

    function setBlocked(uint256 token, uint256 who, bool blocked) external acting {
        _touchedToken = token % _tokens.length;
        VM.assume(_kinds[_touchedToken] == Kind.Blocklist);
        BlocklistToken(_tokens[_touchedToken]).setBlocked(who % 4 == 0 ? OPERATOR : _staker(who / 4), blocked);
    }

    // ------------------------------------------------------------------------------------------------- promise 10

    function _checkLine() internal view {
        Pool storage p = pools[touched];
        Line storage l = _lines[touched][_touchedToken];
        IERC20 token = IERC20(_tokens[_touchedToken]);
        _hold(10, rewards.commission(p.operator, address(p.vault), token) == l.fees, "a commission");
        _hold(10, token.balanceOf(address(rewards)) == _balances[_touchedToken], "the balance of a reward token");
        IRewardsDistributor.Claim[] memory claims = _claims(p, 0);
        for (uint256 s = 0; s < STAKERS; ++s) {
            (uint256[] memory claimable,) = rewards.due(_staker(s), claims);
            _isPart(l, _staker(s), l.claimed[_staker(s)] + claimable[0]);
        }
    }

    /// Its share-seconds' part of each payment, short by at most 1 wei for each.
    function _isPart(Line storage l, address staker, uint256 got) private view {
        _hold(10, got <= (l.parts[staker] + l.payments[staker]) >> SCALE, "a staker got more than its part");
        _hold(10, got + l.payments[staker] >= l.parts[staker] >> SCALE, "a staker got less than its part");
    }

    /// After everybody left and all is over: everything can be claimed, and only dust stays.
    function _claimAll() internal {
        for (uint256 t = 0; t < _tokens.length; ++t) {
            _touchedToken = t;
            if (_kinds[t] == Kind.Blocklist) {
                BlocklistToken(_tokens[t]).setBlocked(OPERATOR, false);
                for (uint256 s = 0; s < STAKERS; ++s) {
                    BlocklistToken(_tokens[t]).setBlocked(_staker(s), false);
                }
            }
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
            _takeRest(_flows[i], StreamId.wrap(uint64(i + 1)), type(uint24).max);
        }
        for (uint256 t = 0; t < _tokens.length; ++t) {
            _hold(10, _balances[t] <= _roundings, "more than dust stays in the distributor");
        }
    }

    // ----------------------------------------------------------------------------------------------------- private

    /// What streams pay for the epoch that is over, and what stakers get for the one before it.
    function _epochOver(uint256 epoch) internal virtual override {
        for (uint256 i = 0; i < pools.length; ++i) {
            for (uint256 t = 0; t < _tokens.length; ++t) {
                uint256 paid;
                for (uint256 f = 0; f < 4; ++f) {
                    paid += _paid(_rate(i, t, _floor(f), epoch), _collected(pools[i], epoch), _floor(f));
                }
                if (paid != 0) _book(pools[i], _lines[i][t], epoch, paid);
                _shareOut(pools[i], _lines[i][t], epoch - 1);
            }
        }
    }

    function _rate(uint256 pool, uint256 token, uint256 floor, uint256 epoch) private view returns (uint256 sum) {
        for (uint256 i = 0; i < _flows.length; ++i) {
            Flow storage f = _flows[i];
            if (epoch < f.begin || epoch >= f.until) continue;
            if (f.pool == pool && f.token == token && f.floor == floor) sum += f.amount;
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
        if (_kinds[_touchedToken] == Kind.Blocklist && BlocklistToken(_tokens[_touchedToken]).blocked(staker)) {
            _hold(10, amount == 0, "a claim that failed told of an amount");
            return;
        }
        l.claimed[staker] += amount;
        _balances[_touchedToken] -= amount;
        _isPart(l, staker, l.claimed[staker]);
    }

    function _claimCommission(Pool storage p) private {
        Line storage l = _lines[touched][_touchedToken];
        bytes memory result = _act(
            p.operator,
            address(rewards),
            abi.encodeCall(rewards.claimCommission, (address(p.vault), IERC20(_tokens[_touchedToken]), p.operator))
        );
        _hold(10, abi.decode(result, (uint256)) == l.fees, "a commission was paid out wrong");
        _balances[_touchedToken] -= l.fees;
        l.fees = 0;
    }

    function _takeRest(Flow storage f, StreamId id, uint256 limit) private {
        (touched, _touchedToken) = (f.pool, f.token);
        bytes memory result =
            _act(PAYER, address(rewards), abi.encodeCall(rewards.takeRest, (id, uint24(limit), PAYER)));
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

    function _flow(uint256 seed) private returns (Flow storage f, StreamId id) {
        VM.assume(_flows.length != 0);
        uint256 i = seed % _flows.length;
        f = _flows[i];
        (touched, _touchedToken) = (f.pool, f.token);
        return (f, StreamId.wrap(uint64(i + 1)));
    }

    function _touch(uint256 pool, uint256 token) private returns (Pool storage) {
        (touched, _touchedToken) = (pool % pools.length, token % _tokens.length);
        return pools[touched];
    }

    function _claims(Pool storage p, uint256 hint) private view returns (IRewardsDistributor.Claim[] memory claims) {
        claims = new IRewardsDistributor.Claim[](1);
        claims[0] = IRewardsDistributor.Claim(p.operator, address(p.vault), IERC20(_tokens[_touchedToken]), hint);
    }

    /// What arrives of what is sent.
    function _arriving(uint256 sent) private view returns (uint256) {
        return _kinds[_touchedToken] == Kind.Fee ? sent - sent / 100 : sent;
    }

    function _amount(uint256 seed) private pure returns (uint256) {
        return seed % 4 == 0 ? 1 + seed / 4 % 1000 : 1 + seed / 4 % 1e24;
    }

    /// None that matters, two that some pools reach, and one that none does.
    function _floor(uint256 seed) private pure returns (uint256) {
        return [uint256(16), 43, 46, 59][seed % 4];
    }
}
