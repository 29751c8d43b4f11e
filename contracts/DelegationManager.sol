// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Clock} from "./base/Clock.sol";
import {IAVSRegistry} from "./interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {ISlashingManager} from "./interfaces/ISlashingManager.sol";
import {IStakingVault} from "./interfaces/IStakingVault.sol";
import {WAD} from "./libraries/Constants.sol";
import {toPoolSharesDown, toVaultSharesDown} from "./libraries/PoolMath.sol";
import {Holding, Record} from "./libraries/ShareSeconds.sol";
import {pageSize} from "./libraries/Paging.sol";
import {Accepted} from "./libraries/Types.sol";

/// See `IDelegationManager`.
contract DelegationManager is IDelegationManager, Clock, EIP712, Nonces, Multicall {
    // ------------------------------------------------------------------------------------------------------ types

    // What a delegation must know of a pool, in one slot.
    struct Losses {
        uint64 retained; // set at the first delegation [wad]
        uint24 epoch; // of the last slash
        uint32 count; // of epochs with a slash
        uint32 openRequests; // not ended since `openUntil` was last past
        uint48 openUntil; // when the last of them lapses [s, Unix time]
    }

    struct Loss {
        uint24 epoch;
        uint64 before; // retained when the epoch began [wad]
    }

    // Vault shares in existence are below 2^96 (see `StakingVault`), and shares are taken in only while at least a
    // thousandth is retained: so pool shares and open tickets together stay below 2^106.
    struct Leaving {
        uint112 current; // undelegated in `epoch` [pool shares]
        uint112 previous; // undelegated in the epoch before [pool shares]
        uint24 epoch;
    }

    struct Pool {
        Record total;
        Losses losses;
        Leaving leaving;
        mapping(uint256 index => Loss) history;
        mapping(address staker => Record) positions;
        mapping(address staker => mapping(uint24 epoch => uint256)) tickets; // [pool shares]
    }

    // -------------------------------------------------------------------------------------------------- constants

    uint256 private constant MIN_RETAINED = WAD / 1000; // [wad]

    bytes32 private constant ACCEPTED_TYPEHASH =
        keccak256("Accepted(uint16 lossBudget,uint16 commission,uint48 vetoPeriod,bool openRequests)");

    bytes32 private constant DELEGATION_TYPEHASH = keccak256(
        "Delegation(address staker,address operator,address vault,uint256 shares,Accepted accepted,uint256 nonce,uint48 deadline)Accepted(uint16 lossBudget,uint16 commission,uint48 vetoPeriod,bool openRequests)"
    );

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IDelegationManager
    IAVSRegistry public immutable REGISTRY;
    /// @inheritdoc IDelegationManager
    ISlashingManager public immutable SLASHING;

    address private immutable REWARDS;

    // ---------------------------------------------------------------------------------------------------- storage

    mapping(address operator => mapping(address vault => Pool)) private _pools;

    /// @inheritdoc IDelegationManager
    mapping(address staker => mapping(address completer => bool)) public isCompleter;

    // The contract of the protocol in whose call code that is not ours may run.
    address private transient _lockedBy;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IAVSRegistry registry) Clock(registry.GENESIS(), registry.EPOCH()) EIP712("Catenary", "1") {
        if (address(registry.DELEGATION()) != address(this)) revert Miswired(address(registry));
        REGISTRY = registry;
        SLASHING = registry.SLASHING();
        REWARDS = address(registry.REWARDS());
    }

    modifier guarded() {
        _lock(address(this));
        _;
        _lockedBy = address(0);
    }

    modifier onlySlashing() {
        if (msg.sender != address(SLASHING)) revert NotSlashingManager(msg.sender);
        _;
    }

    // ---------------------------------------------------------------------------------------------------- stakers

    /// @inheritdoc IDelegationManager
    function delegateShares(address operator, address vault, uint256 shares, Accepted calldata accepted)
        external
        guarded
        returns (uint256)
    {
        return _delegateHeld(msg.sender, operator, vault, shares, accepted);
    }

    /// @inheritdoc IDelegationManager
    function delegateBySig(Delegation calldata delegation, bytes calldata signature)
        external
        guarded
        returns (uint256)
    {
        Delegation calldata d = delegation;
        if (block.timestamp > d.deadline) revert SignatureExpired(d.deadline);
        _useCheckedNonce(d.staker, d.nonce);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    DELEGATION_TYPEHASH,
                    d.staker,
                    d.operator,
                    d.vault,
                    d.shares,
                    keccak256(abi.encode(ACCEPTED_TYPEHASH, d.accepted)),
                    d.nonce,
                    d.deadline
                )
            )
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(d.staker, digest, signature)) {
            revert InvalidSignature(d.staker);
        }

        return _delegateHeld(d.staker, d.operator, d.vault, d.shares, d.accepted);
    }

    /// @inheritdoc IDelegationManager
    function voidNonce() external returns (uint256) {
        return _useNonce(msg.sender);
    }

    /// @inheritdoc IDelegationManager
    function undelegate(address operator, address vault, uint256 shares) external guarded returns (uint24 e) {
        if (shares == 0) revert ZeroShares();
        Pool storage pool = _pools[operator][vault];
        uint256 held = pool.positions[msg.sender].last.shares;
        if (shares > held) revert InsufficientPoolShares(msg.sender, held, shares);

        e = epoch();
        _move(pool, msg.sender, e, 0, shares);
        (uint256 current, uint256 previous) = _leavingIn(pool, e);
        // Bounded at `Leaving`.
        pool.leaving = Leaving(uint112(current + shares), uint112(previous), e);
        pool.tickets[msg.sender][e] += shares;
        emit Undelegated(operator, vault, msg.sender, e, shares);
    }

    /// @inheritdoc IDelegationManager
    function complete(address operator, address vault, address staker, uint24 epoch_, address receiver, Payout payout)
        external
        guarded
        returns (uint256 shares)
    {
        if (receiver == address(0)) revert ZeroReceiver();
        if (msg.sender != staker) {
            if (!isCompleter[staker][msg.sender]) revert NotCompleter(staker, msg.sender);
            if (receiver != staker) revert OnlyToOwner(staker, receiver);
        }

        shares = _close(operator, vault, staker, epoch_);
        emit Completed(operator, vault, staker, epoch_, shares, receiver, payout);
        if (shares == 0) return 0;
        if (payout == Payout.VaultShares) IERC20(vault).transfer(receiver, shares);
        else if (payout == Payout.Native) IStakingVault(vault).redeemNative(shares, receiver, address(this));
        else IStakingVault(vault).redeem(shares, receiver, address(this));
    }

    /// @inheritdoc IDelegationManager
    function redelegate(
        address operator,
        address vault,
        uint24 epoch_,
        address newOperator,
        address receiver,
        Accepted calldata accepted
    ) external guarded returns (uint256 poolShares_) {
        if (receiver == address(0)) revert ZeroReceiver();

        uint256 shares = _close(operator, vault, msg.sender, epoch_);
        emit Redelegated(operator, vault, msg.sender, epoch_, shares, receiver, newOperator);
        return shares == 0 ? 0 : _delegate(receiver, newOperator, vault, shares, accepted);
    }

    /// @inheritdoc IDelegationManager
    function setCompleter(address completer, bool approved) external {
        isCompleter[msg.sender][completer] = approved;
        emit CompleterSet(msg.sender, completer, approved);
    }

    // ---------------------------------------------------------------------------------- contracts of the protocol

    /// @inheritdoc IDelegationManager
    function take() external {
        if (msg.sender != address(REGISTRY) && msg.sender != REWARDS && !REGISTRY.hasVault(msg.sender)) {
            revert NotProtocol(msg.sender);
        }
        _lock(msg.sender);
    }

    /// @inheritdoc IDelegationManager
    function giveBack() external {
        if (msg.sender != _lockedBy) revert NotProtocol(msg.sender);
        _lockedBy = address(0);
    }

    /// @inheritdoc IDelegationManager
    function delegateMinted(address staker, address operator, uint256 shares, Accepted calldata accepted)
        external
        returns (uint256)
    {
        // Not `guarded`: the vault holds the lock. Any other caller has no pool, so `checkConsent` refuses it.
        return _delegate(staker, operator, msg.sender, shares, accepted);
    }

    /// @inheritdoc IDelegationManager
    function slash(address operator, address vault, uint256 amount, address recipient)
        external
        onlySlashing
        guarded
        returns (uint256 shares)
    {
        uint24 e = epoch();
        Pool storage pool = _pools[operator][vault];
        shares = toVaultSharesDown(pool.total.last.shares + _leaving(pool, e), amount);
        if (shares == 0) return 0;

        Losses storage losses = pool.losses;
        uint64 before = losses.retained;
        if (losses.epoch != e) {
            losses.epoch = e;
            pool.history[losses.count++] = Loss(e, before);
        }
        losses.retained = uint64(before - amount); // at most `before`; reverts rather than take more than there is
        IERC20(vault).transfer(recipient, shares);
    }

    /// @inheritdoc IDelegationManager
    function requestOpened(address operator, address vault, uint48 until) external onlySlashing guarded {
        Losses storage losses = _pools[operator][vault].losses;
        // Whatever was open before the last `openUntil` has lapsed.
        losses.openRequests = block.timestamp > losses.openUntil ? 1 : losses.openRequests + 1;
        if (until > losses.openUntil) losses.openUntil = until;
    }

    /// @inheritdoc IDelegationManager
    function requestEnded(address operator, address vault) external onlySlashing guarded {
        // No underflow: a request that has not lapsed was counted after `openUntil` was last past.
        --_pools[operator][vault].losses.openRequests;
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IDelegationManager
    function locked() external view returns (bool) {
        return _lockedBy != address(0);
    }

    /// @inheritdoc IDelegationManager
    function everDelegated(address operator, address vault) external view returns (bool) {
        return _pools[operator][vault].total.last.epoch != 0;
    }

    /// @inheritdoc IDelegationManager
    function hasOpenRequest(address operator, address vault) external view returns (bool) {
        return _hasOpenRequest(_pools[operator][vault].losses);
    }

    /// @inheritdoc IDelegationManager
    function retained(address operator, address vault) external view returns (uint256) {
        return _retained(_pools[operator][vault]);
    }

    /// @inheritdoc IDelegationManager
    function retainedAtEndOf(address operator, address vault, uint24 epoch_) external view returns (uint256) {
        return _retainedAtEndOf(_pools[operator][vault], epoch_);
    }

    /// @inheritdoc IDelegationManager
    function poolShares(address operator, address vault) external view returns (uint256 live, uint256 leaving) {
        Pool storage pool = _pools[operator][vault];
        return (pool.total.last.shares, _leaving(pool, epoch()));
    }

    /// @inheritdoc IDelegationManager
    function position(address operator, address vault, address staker)
        external
        view
        returns (uint256 shares, uint256 value)
    {
        Pool storage pool = _pools[operator][vault];
        shares = pool.positions[staker].last.shares;
        value = toVaultSharesDown(shares, _retained(pool));
    }

    /// @inheritdoc IDelegationManager
    function ticket(address operator, address vault, address staker, uint24 epoch_)
        public
        view
        returns (Ticket memory)
    {
        Pool storage pool = _pools[operator][vault];
        uint256 shares = pool.tickets[staker][epoch_];
        uint256 value = toVaultSharesDown(shares, _retainedAtEndOf(pool, epoch_ + 1));
        return Ticket(epoch_, shares, value, epoch() >= epoch_ + 2);
    }

    /// @inheritdoc IDelegationManager
    function tickets(address operator, address vault, address staker, uint24 fromEpoch, uint24 count)
        external
        view
        returns (Ticket[] memory page)
    {
        page = new Ticket[](count);
        uint256 found;
        for (uint24 i = 0; i < count; ++i) {
            Ticket memory t = ticket(operator, vault, staker, fromEpoch + i);
            if (t.poolShares != 0) page[found++] = t;
        }
        assembly ("memory-safe") {
            mstore(page, found) // shortens the array to what was found
        }
    }

    /// @inheritdoc IDelegationManager
    function holding(address operator, address vault, address staker) external view returns (Holding memory) {
        return _pools[operator][vault].positions[staker].last;
    }

    /// @inheritdoc IDelegationManager
    function holdings(address operator, address vault, address staker, uint256 offset, uint256 limit)
        external
        view
        returns (Holding[] memory page)
    {
        Record storage record = _pools[operator][vault].positions[staker];
        page = new Holding[](pageSize(record.count(), offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = record.entry(offset + i);
        }
    }

    /// @inheritdoc IDelegationManager
    function collected(address operator, address vault, uint24 epoch_) external view returns (uint256) {
        return _pools[operator][vault].total.asOf(epoch_).shareSecondsIn(epoch_, EPOCH);
    }

    /// @inheritdoc IDelegationManager
    function poolHoldings(address operator, address vault, uint24 fromEpoch, uint24 count)
        external
        view
        returns (Holding[] memory page)
    {
        Record storage record = _pools[operator][vault].total;
        page = new Holding[](count);
        uint256 next = record.countAt(fromEpoch);
        Holding memory current;
        if (next != 0) current = record.entry(next - 1);
        for (uint24 i = 0; i < count; ++i) {
            if (next < record.count() && record.entry(next).epoch == fromEpoch + i) current = record.entry(next++);
            page[i] = current;
        }
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _lock(address by) private {
        if (_lockedBy != address(0)) revert Reentered();
        _lockedBy = by;
    }

    /// Delegates vault shares that `staker` holds. The vault lets this contract move them without allowance.
    function _delegateHeld(address staker, address operator, address vault, uint256 shares, Accepted calldata accepted)
        private
        returns (uint256 poolShares_)
    {
        poolShares_ = _delegate(staker, operator, vault, shares, accepted);
        IERC20(vault).transferFrom(staker, address(this), shares);
    }

    /// Books vault shares that this contract holds, or is about to.
    function _delegate(address staker, address operator, address vault, uint256 shares, Accepted calldata accepted)
        private
        returns (uint256 poolShares_)
    {
        if (shares == 0) revert ZeroShares();
        REGISTRY.checkConsent(operator, vault, accepted);
        Pool storage pool = _pools[operator][vault];
        Losses memory losses = pool.losses;
        if (!accepted.openRequests && _hasOpenRequest(losses)) revert OpenSlashRequest(operator, vault);
        if (pool.total.last.epoch == 0) pool.losses.retained = losses.retained = uint64(WAD); // below 2^64
        uint256 retained_ = losses.retained;
        if (retained_ < MIN_RETAINED) revert PoolSpent(operator, vault, retained_);

        poolShares_ = toPoolSharesDown(shares, retained_);
        _move(pool, staker, epoch(), poolShares_, 0);
        emit Delegated(operator, vault, staker, shares, poolShares_);
    }

    /// Changes a position and its pool's total alike.
    function _move(Pool storage pool, address staker, uint24 e, uint256 added, uint256 taken) private {
        uint256 left = startOf(e + 1) - block.timestamp; // of `e`, the current epoch [s]
        pool.positions[staker].move(added, taken, e, left, EPOCH);
        pool.total.move(added, taken, e, left, EPOCH);
    }

    /// Takes a matured ticket off its owner.
    function _close(address operator, address vault, address staker, uint24 epoch_) private returns (uint256) {
        Pool storage pool = _pools[operator][vault];
        uint256 shares = pool.tickets[staker][epoch_];
        if (shares == 0) revert NoTicket(operator, vault, staker, epoch_);
        if (epoch() < epoch_ + 2) revert TicketNotMatured(epoch_, startOf(epoch_ + 2));

        delete pool.tickets[staker][epoch_];
        return toVaultSharesDown(shares, _retainedAtEndOf(pool, epoch_ + 1));
    }

    /// Pool shares undelegated in epoch `e` and in the one before: their tickets have not matured.
    function _leavingIn(Pool storage pool, uint24 e) private view returns (uint256 current, uint256 previous) {
        Leaving storage l = pool.leaving;
        if (l.epoch == e) return (l.current, l.previous);
        if (l.epoch + 1 == e) return (0, l.current);
    }

    function _leaving(Pool storage pool, uint24 e) private view returns (uint256) {
        (uint256 current, uint256 previous) = _leavingIn(pool, e);
        return current + previous;
    }

    function _hasOpenRequest(Losses memory losses) private view returns (bool) {
        return losses.openRequests != 0 && block.timestamp <= losses.openUntil;
    }

    /// A pool that nobody ever delegated to has lost nothing.
    function _retained(Pool storage pool) private view returns (uint256 retained_) {
        retained_ = pool.losses.retained;
        if (retained_ == 0 && pool.total.last.epoch == 0) return WAD;
    }

    /// What was retained before the first slash after `epoch_`, or is retained now if there was none.
    function _retainedAtEndOf(Pool storage pool, uint24 epoch_) private view returns (uint256) {
        Losses memory losses = pool.losses;
        if (losses.epoch <= epoch_) return _retained(pool);
        // The history is in the order of epochs and its last entry is after `epoch_`.
        uint256 low = 0;
        uint256 high = losses.count - 1;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (pool.history[middle].epoch > epoch_) high = middle;
            else low = middle + 1;
        }
        return pool.history[low].before;
    }
}
