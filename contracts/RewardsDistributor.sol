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
/// a · s / S by less than s / 2^118, which is less than 1, as no pool collects 2^118, and by less than 1 more for each
/// claim: promise 10.
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
        uint24 until; // no stream begins or ends after this epoch
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

    // What streams with one floor are to pay for the epoch up to which they are booked.
    struct Rate {
        uint128 amount; // [token]
        bool used; // set by who opens the first of them, so that the slot is not at the cost of who books it
    }

    struct Line {
        Book book;
        Earnings earnings;
        mapping(uint256 floor => Rate) rates;
        mapping(uint24 epoch => uint256) changed; // bit `f`: streams with floor `f` begin or end with `epoch`
        mapping(uint24 epoch => mapping(uint256 floor => int256)) changes; // of rates [token]
        mapping(address staker => Cursor) cursors;
    }

    // What streams pay in the epochs after the booked ones.
    struct Unbooked {
        Holding[] pool; // in each of them, and in one more
        uint256[] sums; // what a share-second has earned by the end of `booked`, and of each
        uint256[] amounts; // what they pay for each [token]
        uint256[] fees; // the commission of that [token]
        uint256 fee; // of all of them [token]
        uint256 floors; // after the last of them, as `Book.floors`
        uint256[] rates; // after the last of them, by floor [token]
        uint256 touched; // bit `f`: the rate of floor `f` changed
        uint256 funded; // what streams were to pay for the last of them [token]
        uint256 paid; // what of it they do pay [token]
    }

    // -------------------------------------------------------------------------------------------------- constants

    uint256 private constant SCALE = 118; // bits

    uint256 private constant MAX_EPOCHS = 256; // of a stream

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
    function pay(IERC20 token, uint24 epoch_, Payment[] calldata payments)
        external
        guarded
        returns (uint256[] memory paid)
    {
        uint24 e = epoch() - 1;
        if (epoch_ != e) revert EpochNotPayable(epoch_, e);

        paid = new uint256[](payments.length);
        for (uint256 i = 0; i < payments.length; ++i) {
            Payment calldata p = payments[i];
            paid[i] = _pay(token, p.operator, p.vault, p.amount, p.floor, e);
        }
    }

    /// @inheritdoc IRewardsDistributor
    function openStream(address operator, address vault, IERC20 token, uint96 amount, uint8 floor, uint24 epochs)
        external
        guarded
        returns (StreamId id)
    {
        Floors.requireFloor(floor);
        if (epochs == 0 || epochs > MAX_EPOCHS) revert EpochsOutOfBounds(epochs);
        uint24 e = epoch();
        REGISTRY.commissionOfEpoch(operator, vault, e); // reverts if there is no such pool
        uint24 until = e + 1 + epochs;
        amount = (_pull(token, uint256(amount) * epochs) / epochs).toUint96();
        if (amount == 0) revert ZeroAmount();

        Line storage line = _lines[operator][vault][token];
        Book memory b = _booked(line, operator, vault, token, e - 1);
        if (b.until < e) b.booked = e;
        if (b.until < until) b.until = until;
        line.book = b;
        line.rates[floor].used = true;
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

        emit RestReturned(id, s.first, until, returned, receiver);
        s.first = until;
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

        uint24 until = _claimableUntil();
        amounts = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            amounts[i] = _claim(staker, claims[i], receiver, until);
        }
    }

    /// @inheritdoc IRewardsDistributor
    function claimCommission(address vault, IERC20 token, address receiver) external guarded returns (uint256 amount) {
        if (receiver == address(0)) revert ZeroReceiver();

        Line storage line = _lines[msg.sender][vault][token];
        Book memory b = _booked(line, msg.sender, vault, token, epoch() - 1);
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
        _booked(_lines[operator][vault][token], operator, vault, token, epoch_);
    }

    // ----------------------------------------------------------------------------------------------------- itself

    /// @inheritdoc IRewardsDistributor
    function send(IERC20 token, address receiver, uint256 amount) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        token.safeTransfer(receiver, amount);
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
            Claim calldata c = claims[i];
            Line storage line = _lines[c.operator][c.vault][c.token];
            Book memory b = line.book;
            uint256[] memory sums = _unbooked(line, b, c.operator, c.vault, epoch()).sums;
            claimable[i] = _due(line, b, sums, line.cursors[staker], staker, c, _claimableUntil());
            accruing[i] = _due(line, b, sums, line.cursors[staker], staker, c, epoch()) - claimable[i];
        }
    }

    /// @inheritdoc IRewardsDistributor
    function commission(address operator, address vault, IERC20 token) external view returns (uint256) {
        Line storage line = _lines[operator][vault][token];
        Book memory b = line.book;
        return b.commission + _unbooked(line, b, operator, vault, epoch() - 1).fee;
    }

    /// @inheritdoc IRewardsDistributor
    function rate(address operator, address vault, IERC20 token)
        external
        view
        returns (uint256 funded, uint256 expected)
    {
        Line storage line = _lines[operator][vault][token];
        Unbooked memory u = _unbooked(line, line.book, operator, vault, epoch());
        return (u.funded, u.paid);
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
        coming = uint256(s.amount) * Math.saturatingSub(s.until, Math.max(epoch(), s.first));
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
        uint24 e = epoch();
        return e < 2 ? 0 : e - 2;
    }

    /// Takes `asked` of a token from the caller, under the lock.
    /// @return arrived At most `asked`; a fee, or the rounding of a rebase, may have taken a part.
    function _pull(IERC20 token, uint256 asked) private returns (uint256 arrived) {
        if (asked == 0) return 0;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), asked);
        return Math.min(Math.saturatingSub(token.balanceOf(address(this)), before), asked);
    }

    /// Pays one pool for epoch `e`, the one just finished.
    function _pay(IERC20 token, address operator, address vault, uint256 asked, uint256 floor, uint24 e)
        private
        returns (uint256 amount)
    {
        Floors.requireFloor(floor);
        uint256 part = REGISTRY.commissionOfEpoch(operator, vault, e); // reverts if there is no such pool [bps]
        uint256 shareSeconds = DELEGATION.collected(operator, vault, e);
        amount = _pull(token, Floors.paidDown(asked, shareSeconds, floor));
        if (amount == 0) return 0;

        Line storage line = _lines[operator][vault][token];
        Book memory b = _booked(line, operator, vault, token, e);
        uint256 fee = amount * part / BPS;
        b.commission = (b.commission + fee).toUint120();
        b.count = line.earnings.add(b.count, e, _perShareSecondDown(amount - fee, shareSeconds));
        line.book = b;
        emit Paid(operator, vault, token, msg.sender, e, amount, fee);
    }

    /// Streams with a floor are to pay `amount` more from epoch `begin` on, and less from `end` on. Neither is booked.
    function _schedule(Line storage line, uint24 begin, uint24 end, uint256 floor, uint96 amount) private {
        line.changed[begin] |= 1 << floor;
        line.changed[end] |= 1 << floor;
        line.changes[begin][floor] += int256(uint256(amount));
        line.changes[end][floor] -= int256(uint256(amount));
    }

    function _claim(address staker, Claim calldata c, address receiver, uint24 until) private returns (uint256 amount) {
        Line storage line = _lines[c.operator][c.vault][c.token];
        Book memory b = _booked(line, c.operator, c.vault, c.token, until);
        Cursor memory old = line.cursors[staker];
        Cursor memory cursor = Cursor(old.epoch, old.move, old.perShareSecond);
        amount = _due(line, b, new uint256[](0), cursor, staker, c, until);
        line.cursors[staker] = cursor;
        if (amount == 0) return 0;

        // A call of its own, so that a token which says that it failed has not moved anything either.
        try this.send(c.token, receiver, amount) {
            emit Claimed(staker, c.operator, c.vault, c.token, amount, receiver);
        } catch {
            line.cursors[staker] = old; // nothing that ran in between could claim by it: the lock is taken
            emit ClaimFailed(staker, c.operator, c.vault, c.token, amount, receiver);
            amount = 0;
        }
    }

    /// Books what streams pay in the epochs up to and including `to`, which is over.
    ///
    /// An entry is needed for an epoch in which some staker of the pool moved, for the one before it, for the last epoch
    /// but one, up to which stakers claim, and for the last one booked, from which the next booking goes on.
    function _booked(Line storage line, address operator, address vault, IERC20 token, uint24 to)
        private
        returns (Book memory b)
    {
        b = line.book;
        if (b.booked >= Math.min(to, b.until)) return b;
        Unbooked memory u = _unbooked(line, b, operator, vault, to);

        uint24 first = b.booked + 1;
        uint24 until = _claimableUntil();
        uint256 sum = u.sums[0];
        for (uint24 i = 0; i < u.amounts.length; ++i) {
            bool needed = u.pool[i].epoch == first + i || u.pool[i + 1].epoch == first + i + 1 || first + i == until
                || i == u.amounts.length - 1;
            if (u.amounts[i] != 0) emit Streamed(operator, vault, token, first + i, u.amounts[i], u.fees[i]);
            if (needed && u.sums[i + 1] != sum) {
                b.count = line.earnings.add(b.count, first + i, u.sums[i + 1] - sum);
                sum = u.sums[i + 1];
            }
        }
        for (uint256 floors = u.touched; floors != 0;) {
            uint256 f = Math.log2(floors);
            floors ^= 1 << f;
            line.rates[f].amount = u.rates[f].toUint128();
        }
        b.booked += uint24(u.amounts.length); // at most `to`
        b.floors = u.floors.toUint64();
        b.commission = (b.commission + u.fee).toUint120();
        line.book = b;
    }

    /// What streams pay in the epochs after the booked ones, up to and including `to`.
    function _unbooked(Line storage line, Book memory b, address operator, address vault, uint24 to)
        private
        view
        returns (Unbooked memory u)
    {
        if (to > b.until) to = b.until; // after which nothing changes, and nothing is paid
        if (to <= b.booked) return u;

        u.pool = DELEGATION.poolHoldings(operator, vault, b.booked + 1, to - b.booked + 1);
        u.sums = new uint256[](to - b.booked + 1);
        u.amounts = new uint256[](to - b.booked);
        u.fees = new uint256[](to - b.booked);
        u.rates = new uint256[](MAX_FLOOR + 1);
        u.floors = b.floors;
        for (uint256 floors = u.floors; floors != 0;) {
            uint256 f = Math.log2(floors);
            floors ^= 1 << f;
            u.rates[f] = line.rates[f].amount;
        }
        uint256 sum = line.earnings.total(b.count);
        u.sums[0] = sum;
        for (uint24 i = 0; i < u.amounts.length; ++i) {
            uint24 e = b.booked + 1 + i;
            uint256 shareSeconds = u.pool[i].shareSecondsIn(e, EPOCH);
            _goTo(line, u, e, shareSeconds);
            if (u.paid != 0) {
                uint256 fee = u.paid * REGISTRY.commissionOfEpoch(operator, vault, e) / BPS;
                (u.amounts[i], u.fees[i]) = (u.paid, fee);
                u.fee += fee;
                sum += _perShareSecondDown(u.paid - fee, shareSeconds);
            }
            u.sums[i + 1] = sum;
        }
    }

    /// Sets what streams are to pay, and do pay, for the next epoch.
    function _goTo(Line storage line, Unbooked memory u, uint24 epoch_, uint256 shareSeconds) private view {
        uint256 changed = line.changed[epoch_];
        u.touched |= changed;
        (u.funded, u.paid) = (0, 0);
        for (uint256 floors = u.floors | changed; floors != 0;) {
            uint256 f = Math.log2(floors);
            uint256 bit = 1 << f;
            floors ^= bit;
            if (changed & bit != 0) {
                u.rates[f] = (u.rates[f].toInt256() + line.changes[epoch_][f]).toUint256();
                u.floors = u.rates[f] == 0 ? u.floors & ~bit : u.floors | bit;
            }
            u.funded += u.rates[f];
            u.paid += Floors.paidDown(u.rates[f], shareSeconds, f);
        }
    }

    /// What a staker is due up to the end of `until`, to which it moves the cursor.
    /// @param sums Of the epochs after the booked ones, as `Unbooked.sums`.
    function _due(
        Line storage line,
        Book memory b,
        uint256[] memory sums,
        Cursor memory cursor,
        address staker,
        Claim calldata c,
        uint24 until
    ) private view returns (uint256 amount) {
        uint256 entry = c.hint;
        uint256 shares;
        uint256 seen;
        Holding memory h = DELEGATION.holding(c.operator, c.vault, staker);
        if (h.moves == cursor.move) {
            // Mostly there is no other since the cursor.
            if (h.epoch <= until) (amount, shares,) = _collect(line, b, sums, cursor, h, 0, entry);
        } else {
            Holding[] memory moves = DELEGATION.holdings(c.operator, c.vault, staker, cursor.move, MOVES);
            for (; seen < moves.length && moves[seen].epoch <= until; ++seen) {
                uint256 more;
                (more, shares, entry) = _collect(line, b, sums, cursor, moves[seen], shares, entry);
                amount += more;
            }
            if (seen != 0) cursor.move += uint16(seen - 1); // an index of holdings, which are counted in 16 bits
        }
        // If as many were looked at as a claim looks at, there may be more.
        if (seen < MOVES) {
            (uint256 sum,,) = _earnedBy(line, b, sums, until + 1, b.count);
            amount += shares * EPOCH * (sum - cursor.perShareSecond);
            (cursor.epoch, cursor.perShareSecond) = (until, sum.toUint216());
        }
        amount >>= SCALE;
    }

    /// Goes on to a holding, and to the end of its epoch unless the cursor is past it.
    /// @return amount Earned up to there [token / 2^118]. Then the shares from there on, and the next guess.
    function _collect(
        Line storage line,
        Book memory b,
        uint256[] memory sums,
        Cursor memory cursor,
        Holding memory h,
        uint256 shares,
        uint256 entry
    ) private view returns (uint256 amount, uint256, uint256) {
        if (h.epoch > cursor.epoch) {
            uint256 before;
            uint256 sum;
            (before, sum, entry) = _earnedBy(line, b, sums, h.epoch, entry);
            amount = shares * EPOCH * (before - cursor.perShareSecond) + h.shareSeconds * (sum - before);
            (cursor.epoch, cursor.perShareSecond) = (h.epoch, sum.toUint216());
        }
        return (amount, h.shares, entry);
    }

    /// What a share-second had earned before an epoch, and by its end.
    /// @param guess How many entries are before it; the next guess is returned.
    function _earnedBy(Line storage line, Book memory b, uint256[] memory sums, uint24 epoch_, uint256 guess)
        private
        view
        returns (uint256 before, uint256 sum, uint256)
    {
        if (sums.length != 0 && epoch_ > b.booked) {
            uint256 last = sums.length - 1;
            return (sums[Math.min(epoch_ - b.booked - 1, last)], sums[Math.min(epoch_ - b.booked, last)], b.count);
        }
        return line.earnings.around(b.count, guess, epoch_);
    }

    /// What a stream did not pay for up to `limit` finished epochs from `s.first` on.
    function _restOf(Stream storage s, uint24 limit) private view returns (uint24 until, uint256 rest) {
        until = uint24(Math.max(s.first, Math.min(epoch(), s.until))); // one of three `uint24`
        if (until - s.first > limit) until = s.first + limit;
        Holding[] memory pool = DELEGATION.poolHoldings(s.operator, s.vault, s.first, until - s.first);
        for (uint24 i = 0; i < pool.length; ++i) {
            rest += Floors.restDown(s.amount, pool[i].shareSecondsIn(s.first + i, EPOCH), s.floor);
        }
    }

    /// @param amount Less than 2^138 [token].
    function _perShareSecondDown(uint256 amount, uint256 shareSeconds) private pure returns (uint256) {
        return (amount << SCALE) / shareSeconds;
    }
}
