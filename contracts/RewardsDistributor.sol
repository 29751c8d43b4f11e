// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Clock} from "./base/Clock.sol";
import {IAVSRegistry} from "./interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {IRewardsDistributor} from "./interfaces/IRewardsDistributor.sol";
import {BPS} from "./libraries/Constants.sol";
import {Earned, Earnings} from "./libraries/Earnings.sol";
import {Floors, MAX_FLOOR} from "./libraries/Floors.sol";
import {pageSize} from "./libraries/Paging.sol";
import {Holding} from "./libraries/ShareSeconds.sol";
import {StreamId} from "./libraries/Types.sol";

/// See `IRewardsDistributor`.
///
/// A line is one pool and one token. A payment of net amount `a` for an epoch in which the pool collected `S`
/// share-seconds adds ⌊a · 2^118 / S⌋ to what each share-second has earned. A staker with `s` of them is short of
/// a · s / S by less than s / 2^118, which is less than 1, as no pool collects 2^118: promise 10.
///
/// Streams pay nothing by themselves. Their sum stands per floor, changes at the start of an epoch, and is booked when
/// somebody needs it, epoch by epoch, with the share-seconds and the commission that the epoch had. So many streams
/// cost what one does.
contract RewardsDistributor is IRewardsDistributor, Clock, Multicall {
    using SafeCast for int256;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------------ types

    // How far a line is booked, in one slot.
    struct Book {
        uint24 booked; // streams are booked up to and including this epoch
        uint24 until; // the last epoch at which streams begin or end
        uint24 count; // of entries in `earnings`
        uint64 floors; // bit `f`: streams with floor `f` pay in `booked`
        uint120 commission; // owed to the operator [token]
    }

    // Up to the end of which epoch a staker has claimed.
    struct Cursor {
        uint24 epoch;
        uint16 move; // index of the last holding at or before `epoch`
        uint216 perShareSecond; // earned by the end of `epoch`
    }

    struct Line {
        Book book;
        Earnings earnings;
        mapping(uint256 floor => uint256) rates; // what streams pay for `book.booked` [token]
        mapping(uint24 epoch => uint256) changed; // bit `f`: streams with floor `f` begin or end with `epoch`
        mapping(uint24 epoch => mapping(uint256 floor => int256)) changes; // of rates [token]
        mapping(address staker => Cursor) cursors;
    }

    // A line as it is after `epoch`, whether that is booked or not.
    struct State {
        address operator;
        address vault;
        uint24 epoch;
        uint24 until;
        uint256 perShareSecond;
        uint256 commission; // [token]
        uint256 floors;
        uint256[MAX_FLOOR + 1] rates; // by floor [token]
        uint256 funded; // what streams are to pay for `epoch` [token]
        uint256 paid; // what of it they pay, as the floors are [token]
        uint256 fee; // the commission of that [token]
        uint256 touched; // bit `f`: the rate of floor `f` was changed
        uint256 count; // of entries in `earnings`
        uint256 entry; // how many of them are at or before the last epoch asked about
        uint24 last; // epoch of the last of them
    }

    // -------------------------------------------------------------------------------------------------- constants

    uint256 private constant SCALE = 118; // bits

    uint256 private constant MOVES = 256; // that a claim looks at

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IRewardsDistributor
    IAVSRegistry public immutable REGISTRY;
    /// @inheritdoc IRewardsDistributor
    IDelegationManager public immutable DELEGATION;

    // ---------------------------------------------------------------------------------------------------- storage

    mapping(address operator => mapping(address vault => mapping(IERC20 token => Line))) private _lines;

    /// @inheritdoc IRewardsDistributor
    uint64 public streamCount;

    mapping(StreamId => Stream) private _streams;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IAVSRegistry registry) Clock(registry.GENESIS(), registry.EPOCH()) {
        if (address(registry.REWARDS()) != address(this)) revert Miswired(address(registry));
        REGISTRY = registry;
        DELEGATION = registry.DELEGATION();
    }

    modifier guarded() {
        _take();
        _;
        _giveBack();
    }

    // ----------------------------------------------------------------------------------------------------- payers

    /// @inheritdoc IRewardsDistributor
    function pay(IERC20 token, Payment[] calldata payments) external guarded returns (uint256[] memory paid) {
        paid = new uint256[](payments.length);
        for (uint256 i = 0; i < payments.length; ++i) {
            paid[i] = _pay(token, payments[i]);
        }
    }

    /// @inheritdoc IRewardsDistributor
    function openStream(address operator, address vault, IERC20 token, uint96 amount, uint8 floor, uint24 epochs)
        external
        guarded
        returns (StreamId id)
    {
        Floors.requireFloor(floor);
        if (epochs == 0) revert ZeroEpochs();
        uint24 e = epoch();
        REGISTRY.mandateAt(operator, vault, e); // reverts if there is no such pool
        uint24 until = (uint256(e) + 1 + epochs).toUint24();
        amount = (_pull(token, uint256(amount) * epochs) / epochs).toUint96();
        if (amount == 0) revert ZeroAmount();

        (Line storage line, Book memory b) = _booked(operator, vault, token, e - 1);
        if (b.until < e) b.booked = e;
        if (b.until < until) b.until = until;
        line.book = b;
        _schedule(line, e + 1, until, floor, amount);

        id = StreamId.wrap(++streamCount);
        _streams[id] = Stream(msg.sender, amount, operator, e + 1, until, floor, vault, token);
        emit StreamOpened(id, operator, vault, token, msg.sender, amount, floor, e + 1, until);
    }

    /// @inheritdoc IRewardsDistributor
    function cancelStream(StreamId id, address receiver) external guarded returns (uint256 returned) {
        Stream storage s = _requirePayer(id, receiver);
        (uint24 old, uint24 until) = (s.until, epoch() + 1);
        if (old <= until) revert NothingToCancel(id, old);

        s.until = until;
        Line storage line = _lines[s.operator][s.vault][s.token];
        _schedule(line, old, until, s.floor, s.amount); // what was to end then goes on, and ends now
        returned = uint256(s.amount) * (old - until);
        emit StreamCancelled(id, until, returned, receiver);
        s.token.safeTransfer(receiver, returned);
    }

    /// @inheritdoc IRewardsDistributor
    function takeRest(StreamId id, uint24 limit, address receiver) external guarded returns (uint256 returned) {
        Stream storage s = _requirePayer(id, receiver);
        uint24 until;
        (until, returned) = _restOf(s, limit);

        emit RestReturned(id, s.from, until, returned, receiver);
        s.from = until;
        if (returned != 0) s.token.safeTransfer(receiver, returned);
    }

    // -------------------------------------------------------------------------------------- stakers and operators

    /// @inheritdoc IRewardsDistributor
    function claim(address staker, Claim[] calldata claims, address receiver)
        external
        guarded
        returns (uint256[] memory amounts)
    {
        if (receiver == address(0)) revert ZeroReceiver();
        if (msg.sender != staker) {
            if (!DELEGATION.isCompleter(staker, msg.sender)) revert NotCompleter(staker, msg.sender);
            if (receiver != staker) revert OnlyToOwner(staker, receiver);
        }

        amounts = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            amounts[i] = _claim(staker, claims[i], receiver);
        }
    }

    /// @inheritdoc IRewardsDistributor
    function claimCommission(address vault, IERC20 token, address receiver) external guarded returns (uint256 amount) {
        if (receiver == address(0)) revert ZeroReceiver();

        (Line storage line, Book memory b) = _booked(msg.sender, vault, token, epoch() - 1);
        amount = b.commission;
        b.commission = 0;
        line.book = b;
        emit CommissionClaimed(msg.sender, vault, token, amount, receiver);
        if (amount != 0) token.safeTransfer(receiver, amount);
    }

    // ----------------------------------------------------------------------------------------------------- anyone

    /// @inheritdoc IRewardsDistributor
    function book(address operator, address vault, IERC20 token, uint24 epoch_) external guarded {
        if (epoch_ >= epoch()) revert EpochNotOver(epoch_);
        (Line storage line, Book memory b) = _booked(operator, vault, token, epoch_);
        line.book = b;
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IRewardsDistributor
    function due(address staker, Claim[] calldata claims)
        external
        view
        returns (uint256[] memory claimable, uint256[] memory accruing)
    {
        claimable = new uint256[](claims.length);
        accruing = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            (claimable[i],) = _due(staker, claims[i], _claimableUntil());
            (uint256 all,) = _due(staker, claims[i], epoch());
            accruing[i] = all - claimable[i];
        }
    }

    /// @inheritdoc IRewardsDistributor
    function commission(address operator, address vault, IERC20 token) external view returns (uint256) {
        return _stateAt(operator, vault, token, epoch() - 1).commission;
    }

    /// @inheritdoc IRewardsDistributor
    function rate(address operator, address vault, IERC20 token)
        external
        view
        returns (uint256 funded, uint256 expected)
    {
        State memory s = _stateAt(operator, vault, token, epoch());
        return (s.funded, s.paid);
    }

    /// @inheritdoc IRewardsDistributor
    function earned(address operator, address vault, IERC20 token, uint256 offset, uint256 limit)
        external
        view
        returns (Earned[] memory page)
    {
        Line storage line = _lines[operator][vault][token];
        page = new Earned[](pageSize(line.book.count, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = line.earnings.entries[offset + i];
        }
    }

    /// @inheritdoc IRewardsDistributor
    function stream(StreamId id) external view returns (Stream memory) {
        return _requireStream(id);
    }

    /// @inheritdoc IRewardsDistributor
    function held(StreamId id) external view returns (uint256 rest, uint256 coming) {
        Stream storage s = _requireStream(id);
        (, rest) = _restOf(s, type(uint24).max);
        coming = uint256(s.amount) * Math.saturatingSub(s.until, Math.max(epoch(), s.from));
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _take() private {
        DELEGATION.take();
    }

    function _giveBack() private {
        DELEGATION.giveBack();
    }

    function _requireStream(StreamId id) private view returns (Stream storage s) {
        s = _streams[id];
        if (s.payer == address(0)) revert UnknownStream(id);
    }

    function _requirePayer(StreamId id, address receiver) private view returns (Stream storage s) {
        s = _requireStream(id);
        if (msg.sender != s.payer) revert NotPayer(id, msg.sender);
        if (receiver == address(0)) revert ZeroReceiver();
    }

    /// The last epoch for which nothing more can be paid.
    function _claimableUntil() private view returns (uint24) {
        return epoch() < 2 ? 0 : epoch() - 2;
    }

    /// Takes `asked` of a token from the caller, under the lock.
    /// @return arrived At most `asked`; a fee, or the rounding of a rebase, may have taken a part.
    function _pull(IERC20 token, uint256 asked) private returns (uint256 arrived) {
        if (asked == 0) return 0;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), asked);
        return Math.min(Math.saturatingSub(token.balanceOf(address(this)), before), asked);
    }

    /// Pays one pool for the epoch just finished.
    function _pay(IERC20 token, Payment calldata p) private returns (uint256 amount) {
        Floors.requireFloor(p.floor);
        uint24 e = epoch() - 1;
        uint256 part = REGISTRY.mandateAt(p.operator, p.vault, e).commission; // reverts if there is no such pool [bps]
        uint256 shareSeconds = DELEGATION.poolHoldings(p.operator, p.vault, e, 1)[0].shareSecondsIn(e, EPOCH);
        amount = _pull(token, Floors.paidDown(p.amount, shareSeconds, p.floor));
        if (amount == 0) return 0;

        (Line storage line, Book memory b) = _booked(p.operator, p.vault, token, e);
        uint256 fee = amount * part / BPS;
        b.commission = (b.commission + fee).toUint120();
        b.count = line.earnings.add(b.count, e, _perShareSecondDown(amount - fee, shareSeconds));
        line.book = b;
        emit Paid(p.operator, p.vault, token, msg.sender, e, amount, fee);
    }

    /// Streams with a floor are to pay `amount` more from epoch `begin` on, and less from `end` on. Neither is booked.
    function _schedule(Line storage line, uint24 begin, uint24 end, uint256 floor, uint96 amount) private {
        line.changed[begin] |= 1 << floor;
        line.changed[end] |= 1 << floor;
        line.changes[begin][floor] += int256(uint256(amount));
        line.changes[end][floor] -= int256(uint256(amount));
    }

    function _claim(address staker, Claim calldata c, address receiver) private returns (uint256 amount) {
        (Line storage line, Book memory b) = _booked(c.operator, c.vault, c.token, _claimableUntil());
        line.book = b;
        Cursor memory old = line.cursors[staker];
        (amount, line.cursors[staker]) = _due(staker, c, _claimableUntil());
        if (amount == 0) return 0;

        if (c.token.trySafeTransfer(receiver, amount)) {
            emit Claimed(staker, c.operator, c.vault, c.token, amount, receiver);
        } else {
            line.cursors[staker] = old; // nothing ran in between that could have read it: the lock is taken
            emit ClaimFailed(staker, c.operator, c.vault, c.token, amount, receiver);
            amount = 0;
        }
    }

    /// A line with what streams pay booked up to and including epoch `to`, which is over. The caller stores the book.
    ///
    /// An entry is needed for an epoch in which some staker of the pool moved, for the one before it, and for the last
    /// epoch but one, up to which stakers claim.
    function _booked(address operator, address vault, IERC20 token, uint24 to)
        private
        returns (Line storage line, Book memory b)
    {
        line = _lines[operator][vault][token];
        b = line.book;
        if (to > b.until) to = b.until;
        if (b.booked >= to) return (line, b);

        State memory s = _load(line, b, operator, vault);
        Holding[] memory pool = DELEGATION.poolHoldings(operator, vault, s.epoch + 1, to - s.epoch + 1);
        uint24 until = _claimableUntil();
        uint256 pending;
        for (uint256 i = 0; i < pool.length - 1; ++i) {
            uint256 before = s.perShareSecond;
            _step(line, s, pool[i]);
            if (s.paid != 0) emit Streamed(operator, vault, token, s.epoch, s.paid, s.fee);
            pending += s.perShareSecond - before;
            bool needed =
                pool[i].epoch == s.epoch || pool[i + 1].epoch == s.epoch + 1 || s.epoch == until || s.epoch == to;
            if (needed && pending != 0) {
                b.count = line.earnings.add(b.count, s.epoch, pending);
                pending = 0;
            }
        }
        for (uint256 floors = s.touched; floors != 0;) {
            uint256 f = Math.log2(floors);
            floors ^= 1 << f;
            line.rates[f] = s.rates[f];
        }
        (b.booked, b.floors, b.commission) = (to, s.floors.toUint64(), s.commission.toUint120());
    }

    /// A line as it is booked.
    function _load(Line storage line, Book memory b, address operator, address vault)
        private
        view
        returns (State memory s)
    {
        (s.operator, s.vault, s.epoch, s.until) = (operator, vault, b.booked, b.until);
        (s.commission, s.floors, s.count) = (b.commission, b.floors, b.count);
        if (b.count != 0) {
            Earned memory last = line.earnings.entries[b.count - 1];
            (s.last, s.perShareSecond) = (last.epoch, last.perShareSecond);
        }
        for (uint256 floors = s.floors; floors != 0;) {
            uint256 f = Math.log2(floors);
            floors ^= 1 << f;
            s.rates[f] = line.rates[f];
        }
    }

    /// A line as it will be after epoch `to`.
    function _stateAt(address operator, address vault, IERC20 token, uint24 to) private view returns (State memory s) {
        Line storage line = _lines[operator][vault][token];
        s = _load(line, line.book, operator, vault);
        _advance(line, s, to);
    }

    /// Goes on to the end of `to`, without booking.
    function _advance(Line storage line, State memory s, uint24 to) private view {
        if (to > s.until) to = s.until;
        if (s.epoch >= to) return;
        Holding[] memory pool = DELEGATION.poolHoldings(s.operator, s.vault, s.epoch + 1, to - s.epoch);
        for (uint256 i = 0; i < pool.length; ++i) {
            _step(line, s, pool[i]);
        }
    }

    /// Goes on by one epoch.
    /// @param pool The pool's holding in it.
    function _step(Line storage line, State memory s, Holding memory pool) private view {
        uint24 e = ++s.epoch;
        uint256 shareSeconds = pool.shareSecondsIn(e, EPOCH);
        uint256 changed = line.changed[e];
        s.touched |= changed;
        (s.funded, s.paid) = (0, 0);
        for (uint256 floors = s.floors | changed; floors != 0;) {
            uint256 f = Math.log2(floors);
            uint256 bit = 1 << f;
            floors ^= bit;
            if (changed & bit != 0) {
                s.rates[f] = (s.rates[f].toInt256() + line.changes[e][f]).toUint256();
                s.floors = s.rates[f] == 0 ? s.floors & ~bit : s.floors | bit;
            }
            s.funded += s.rates[f];
            s.paid += Floors.paidDown(s.rates[f], shareSeconds, f);
        }
        if (s.paid == 0) return;
        s.fee = s.paid * REGISTRY.mandateAt(s.operator, s.vault, e).commission / BPS;
        s.commission += s.fee;
        s.perShareSecond += _perShareSecondDown(s.paid - s.fee, shareSeconds);
    }

    /// What a staker is due up to the end of `until`, and the cursor after it.
    function _due(address staker, Claim calldata c, uint24 until)
        private
        view
        returns (uint256 amount, Cursor memory cursor)
    {
        Line storage line = _lines[c.operator][c.vault][c.token];
        State memory s = _load(line, line.book, c.operator, c.vault);
        s.entry = c.hint;
        cursor = line.cursors[staker];
        Holding[] memory moves = DELEGATION.holdings(c.operator, c.vault, staker, cursor.move, MOVES);
        uint256 shares;
        uint256 i = 0;
        for (; i < moves.length && moves[i].epoch <= until; ++i) {
            Holding memory h = moves[i];
            if (h.epoch > cursor.epoch) {
                amount += shares * EPOCH * _earnedSince(line, s, cursor, h.epoch - 1);
                amount += h.shareSeconds * _earnedSince(line, s, cursor, h.epoch);
            }
            shares = h.shares;
        }
        if (i != 0) cursor.move += uint16(i - 1); // an index of holdings, which are counted in 16 bits
        // If all were looked at there may be more.
        if (i < MOVES) amount += shares * EPOCH * _earnedSince(line, s, cursor, until);
        amount >>= SCALE;
    }

    /// What a share-second earned from the cursor to the end of a later epoch, to which it moves the cursor.
    function _earnedSince(Line storage line, State memory s, Cursor memory cursor, uint24 epoch_)
        private
        view
        returns (uint256 since)
    {
        uint256 total;
        if (epoch_ < s.last) {
            s.entry = line.earnings.countAt(s.count, s.entry, epoch_);
            total = line.earnings.total(s.entry);
        } else {
            _advance(line, s, epoch_);
            total = s.perShareSecond;
        }
        since = total - cursor.perShareSecond;
        (cursor.epoch, cursor.perShareSecond) = (epoch_, total.toUint216());
    }

    /// What a stream did not pay for up to `limit` finished epochs from `s.from` on.
    function _restOf(Stream storage s, uint24 limit) private view returns (uint24 until, uint256 rest) {
        until = uint24(Math.max(s.from, Math.min(epoch(), s.until))); // one of three `uint24`
        if (until - s.from > limit) until = s.from + limit;
        Holding[] memory pool = DELEGATION.poolHoldings(s.operator, s.vault, s.from, until - s.from);
        for (uint24 i = 0; i < pool.length; ++i) {
            rest += Floors.restDown(s.amount, pool[i].shareSecondsIn(s.from + i, EPOCH), s.floor);
        }
    }

    /// @param amount Less than 2^138 [token].
    function _perShareSecondDown(uint256 amount, uint256 shareSeconds) private pure returns (uint256) {
        return (amount << SCALE) / shareSeconds;
    }
}
