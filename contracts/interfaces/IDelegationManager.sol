// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Holding} from "../libraries/ShareSeconds.sol";
import {Accepted} from "../libraries/Types.sol";
import {IAVSRegistry} from "./IAVSRegistry.sol";
import {IClock} from "./IClock.sol";
import {ISlashingManager} from "./ISlashingManager.sol";

/// Who backs whom?
///
/// Pool shares are a claim on a pool: pool shares × retained / 1e18 vault shares, rounded down. A slash lowers
/// `retained` for all alike and moves no pool shares.
interface IDelegationManager is IClock {
    /// Into what a matured ticket completes.
    enum Payout {
        Assets,
        /// Ether, where the asset is WETH.
        Native,
        VaultShares
    }

    /// A delegation that a staker signs, EIP-712.
    struct Delegation {
        address staker;
        address operator;
        address vault;
        /// [vault shares]
        uint256 shares;
        Accepted accepted;
        /// The staker's next nonce.
        uint256 nonce;
        /// Last second at which it is taken [s, Unix time].
        uint48 deadline;
    }

    /// Stake on its way out.
    struct Ticket {
        /// Epoch in which it was opened. It matures at the end of the next one.
        uint24 epoch;
        /// [pool shares]
        uint256 poolShares;
        /// What it is worth: final if matured, otherwise if no slash comes any more [vault shares].
        uint256 value;
        bool matured;
    }

    event Delegated(
        address indexed operator, address indexed vault, address indexed staker, uint256 shares, uint256 poolShares
    );
    event Undelegated(
        address indexed operator, address indexed vault, address indexed staker, uint24 epoch, uint256 poolShares
    );
    /// @param payout What left; a delegation to another pool is emitted as `Redelegated` instead.
    event Completed(
        address indexed operator,
        address indexed vault,
        address indexed staker,
        uint24 epoch,
        uint256 shares,
        address receiver,
        Payout payout
    );
    /// Followed by the `Delegated` of the new pool, unless the ticket is worth nothing.
    event Redelegated(
        address indexed operator,
        address indexed vault,
        address indexed staker,
        uint24 epoch,
        uint256 shares,
        address receiver,
        address newOperator
    );
    event CompleterSet(address indexed staker, address indexed completer, bool approved);

    error Miswired(address registry);
    error ZeroShares();
    error ZeroReceiver();
    error OpenSlashRequest(address operator, address vault);
    error PoolSpent(address operator, address vault, uint256 retained);
    error InsufficientPoolShares(address staker, uint256 held, uint256 asked);
    error NoTicket(address operator, address vault, address staker, uint24 epoch);
    error TicketNotMatured(uint24 epoch, uint48 maturesAt);
    error NotCompleter(address staker, address caller);
    error OnlyToOwner(address staker, address receiver);
    error SignatureExpired(uint48 deadline);
    error InvalidSignature(address staker);
    error NotSlashingManager(address caller);
    error NotProtocol(address caller);
    error Reentered();

    // --- stakers ---

    /// Moves `shares` of the caller's vault shares into a pool. No allowance is needed.
    /// @param shares [vault shares]
    /// @param accepted The loosest mandate that the caller accepts.
    /// @return poolShares shares × 1e18 / retained, rounded down.
    function delegateShares(address operator, address vault, uint256 shares, Accepted calldata accepted)
        external
        returns (uint256 poolShares);

    /// The same for a staker who signed it; anyone may bring it.
    /// @param signature Of `delegation.staker`, an EOA or an ERC-1271 contract.
    function delegateBySig(Delegation calldata delegation, bytes calldata signature)
        external
        returns (uint256 poolShares);

    /// Voids the caller's next nonce, and with it what the caller signed for it.
    function voidNonce() external returns (uint256 nonce);

    /// Starts to take `poolShares` out of a pool. They can be slashed until the end of the next epoch.
    /// @param poolShares [pool shares]
    /// @return epoch Names the ticket; a ticket of the same epoch is added to.
    function undelegate(address operator, address vault, uint256 poolShares) external returns (uint24 epoch);

    /// Pays out a matured ticket. Its owner sends it anywhere; whom the owner approved sends it to the owner.
    /// @param staker Owner of the ticket.
    /// @param epoch In which it was opened.
    /// @return shares What left, or was redeemed [vault shares].
    function complete(address operator, address vault, address staker, uint24 epoch, address receiver, Payout payout)
        external
        returns (uint256 shares);

    /// Turns the caller's matured ticket into a delegation to another pool of the vault, for `receiver`.
    /// @return poolShares Of the new pool.
    function redelegate(
        address operator,
        address vault,
        uint24 epoch,
        address newOperator,
        address receiver,
        Accepted calldata accepted
    ) external returns (uint256 poolShares);

    /// Approves `completer` to complete the caller's tickets, to the caller only.
    function setCompleter(address completer, bool approved) external;

    // --- contracts of the protocol ---
    // The compiler's dispatcher tries selectors in ascending order, so the next two have names with small ones.

    /// Takes the one lock of all contracts, for a call in which code that is not ours may run. Only the registry, the
    /// distributor and listed vaults.
    function take() external;

    /// Gives the lock back. Only who took it.
    function giveBack() external;

    /// Books vault shares that the calling vault has just minted to this contract.
    /// @dev Only a listed vault has pools, so any other caller meets UnknownPool.
    function delegateMinted(address staker, address operator, uint256 shares, Accepted calldata accepted)
        external
        returns (uint256 poolShares);

    /// Lowers `retained` by `amount` and moves what it stood for. Only the `SlashingManager`.
    /// @param amount At most `retained` [wad].
    /// @return shares Moved to `recipient`: (pool shares + open tickets) × amount / 1e18, rounded down. If that is
    /// nothing, nothing changes. [vault shares]
    function slash(address operator, address vault, uint256 amount, address recipient) external returns (uint256 shares);

    /// Notes that a slash request on the pool is open, `until` at the latest. Only the `SlashingManager`.
    /// @param until [s, Unix time]
    function requestOpened(address operator, address vault, uint48 until) external;

    /// Notes that an open slash request on the pool was vetoed, taken back or executed. Only the `SlashingManager`.
    function requestEnded(address operator, address vault) external;

    // --- views ---

    function REGISTRY() external view returns (IAVSRegistry);

    function SLASHING() external view returns (ISlashingManager);

    /// Whether code that is not ours may be running in a call of the protocol, and prices may be in motion.
    function locked() external view returns (bool);

    /// Whether anyone ever delegated to the pool.
    function everDelegated(address operator, address vault) external view returns (bool);

    /// Whether a slash request on the pool may be open. One that lapsed may count until the last one has.
    function hasOpenRequest(address operator, address vault) external view returns (bool);

    /// The pool's remaining fraction [wad].
    function retained(address operator, address vault) external view returns (uint256);

    /// `retained` as it stood at the end of `epoch`, or stands now if that is to come [wad].
    function retainedAtEndOf(address operator, address vault, uint24 epoch) external view returns (uint256);

    /// @return live Pool shares of the pool's stakers.
    /// @return leaving Pool shares in tickets that have not matured.
    function poolShares(address operator, address vault) external view returns (uint256 live, uint256 leaving);

    /// @return shares [pool shares]
    /// @return value What they are worth now, in vault shares, rounded down.
    function position(address operator, address vault, address staker)
        external
        view
        returns (uint256 shares, uint256 value);

    /// A staker's ticket of `epoch`; empty if there is none.
    function ticket(address operator, address vault, address staker, uint24 epoch) external view returns (Ticket memory);

    /// The tickets that a staker opened in `count` epochs from `fromEpoch` on and has not completed.
    function tickets(address operator, address vault, address staker, uint24 fromEpoch, uint24 count)
        external
        view
        returns (Ticket[] memory);

    function isCompleter(address staker, address completer) external view returns (bool);

    /// A staker's holding as of its last move, with the share-seconds of that epoch.
    function holding(address operator, address vault, address staker) external view returns (Holding memory);

    /// A staker's holdings, one for each epoch with a move, in order; `holding` is the last one.
    function holdings(address operator, address vault, address staker, uint256 offset, uint256 limit)
        external
        view
        returns (Holding[] memory);

    /// What a pool as a whole collects in `epoch`, the current one or an earlier one [pool shares · s].
    function collected(address operator, address vault, uint24 epoch) external view returns (uint256);

    /// The holdings of a pool as a whole in `count` epochs from `fromEpoch` on: for each, as of the last move in it or
    /// before. Of an epoch without a move, every share collects the whole length.
    function poolHoldings(address operator, address vault, uint24 fromEpoch, uint24 count)
        external
        view
        returns (Holding[] memory);
}
