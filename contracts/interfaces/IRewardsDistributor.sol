// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Earned} from "../libraries/Earnings.sol";
import {StreamId} from "../libraries/Types.sol";
import {IAVSRegistry} from "./IAVSRegistry.sol";
import {IClock} from "./IClock.sol";
import {IDelegationManager} from "./IDelegationManager.sol";

/// Who earns what?
///
/// A pool is paid for epochs, in any token. An epoch's sum, less the commission that was in force in it, is split over
/// the pool's stakers by the share-seconds that they collected in it, and can be claimed two epochs later, when nothing
/// more can be paid for it.
///
/// A payer names a floor: of an epoch in which the pool collects fewer than 4^floor share-seconds it pays in
/// proportion, and so never more than amount / 4^floor for a share-second, and nothing to a pool without stakers. A
/// floor is from 16 to 59 (FloorOutOfBounds).
///
/// WARNING: A floor counts pool shares, whatever they are worth. In a pool that was slashed to a part of its worth, the
/// same stake has so many times the pool shares.
///
/// WARNING: Tokens are not checked. A token can lie, and its rewards be worth nothing; it cannot touch those in others.
/// Of one whose balances change by themselves, pay the wrapped form: what they gain is nobody's, and if they fall the
/// last to claim go short.
interface IRewardsDistributor is IClock {
    /// What a pool is to get for the epoch just finished.
    struct Payment {
        address operator;
        address vault;
        /// [token]
        uint96 amount;
        uint8 floor;
    }

    /// An amount for each of a run of epochs.
    struct Stream {
        address payer;
        /// For each epoch [token].
        uint96 amount;
        address operator;
        /// The first epoch whose rest the payer has not taken back.
        uint24 first;
        /// The first epoch that is not paid for.
        uint24 until;
        uint8 floor;
        address vault;
        IERC20 token;
    }

    /// One thing to claim.
    struct Claim {
        address operator;
        address vault;
        IERC20 token;
        /// Where the search for the staker's next move starts: how many entries `earned` has before it. Any number
        /// will do; the right one saves the search.
        uint256 hint;
    }

    /// @param amount What the pool got, commission included [token].
    event Paid(
        address indexed operator,
        address indexed vault,
        IERC20 indexed token,
        address payer,
        uint24 epoch,
        uint256 amount,
        uint256 commission
    );
    /// What the streams into a pool paid for an epoch, emitted when it is booked.
    event Streamed(
        address indexed operator,
        address indexed vault,
        IERC20 indexed token,
        uint24 epoch,
        uint256 amount,
        uint256 commission
    );
    event StreamOpened(
        StreamId indexed id,
        address indexed operator,
        address indexed vault,
        IERC20 token,
        address payer,
        uint256 amount,
        uint256 floor,
        uint24 first,
        uint24 until
    );
    event StreamCancelled(StreamId indexed id, uint24 until, uint256 returned, address receiver);
    /// @param first The first epoch looked at.
    /// @param until The first epoch not looked at.
    event RestReturned(StreamId indexed id, uint24 first, uint24 until, uint256 returned, address receiver);
    event Claimed(
        address indexed staker,
        address indexed operator,
        address indexed vault,
        IERC20 token,
        uint256 amount,
        address receiver
    );
    /// The token refused the transfer; the staker can claim again.
    event ClaimFailed(
        address indexed staker,
        address indexed operator,
        address indexed vault,
        IERC20 token,
        uint256 amount,
        address receiver
    );
    event CommissionClaimed(
        address indexed operator, address indexed vault, IERC20 indexed token, uint256 amount, address receiver
    );

    error Miswired(address registry);
    error ZeroReceiver();
    error ZeroAmount();
    error EpochNotPayable(uint24 epoch, uint24 expected);
    error EpochsOutOfBounds(uint24 epochs);
    error UnknownStream(StreamId id);
    error NotPayer(StreamId id, address caller);
    error NothingToCancel(StreamId id, uint24 until);
    error NotCompleter(address staker, address caller);
    error OnlyToOwner(address staker, address receiver);
    error EpochNotOver(uint24 epoch);
    error NotSelf(address caller);

    // --- payers ---

    /// Pays pools for the epoch just finished, out of the caller's allowance. What the floor leaves over is not
    /// taken. If less arrives than was asked for, the pool gets that much less.
    /// @param epoch The one just finished: a transaction that comes too late pays nobody else (EpochNotPayable).
    /// @return paid What each pool got, commission included [token].
    function pay(IERC20 token, uint24 epoch, Payment[] calldata payments) external returns (uint256[] memory paid);

    /// Funds `amount` for each of `epochs` epochs from the next one on, out of the caller's allowance. If less arrives
    /// than was asked for, each epoch gets an equal part of it, rounded down.
    /// @param amount For each epoch [token].
    /// @param epochs From 1 to 256.
    function openStream(address operator, address vault, IERC20 token, uint96 amount, uint8 floor, uint24 epochs)
        external
        returns (StreamId id);

    /// Ends the caller's stream with the current epoch, and returns what was for the epochs after it.
    /// @return returned [token]
    function cancelStream(StreamId id, address receiver) external returns (uint256 returned);

    /// Returns what the caller's stream did not pay for finished epochs, because of its floor.
    /// @param limit Of epochs to look at.
    /// @return returned [token]
    function takeRest(StreamId id, uint24 limit, address receiver) external returns (uint256 returned);

    // --- stakers and operators ---

    /// Claims rewards, each to the end of the last epoch but one. The staker sends them anywhere; whom the staker
    /// approved to complete tickets (`IDelegationManager.setCompleter`) sends them to the staker. A token that refuses
    /// the transfer stops no other; one that burns all gas does, so claim it alone. A claim looks at 256 of a staker's
    /// holdings, from the one at the last claim on: who has as many claims again.
    /// @return amounts Zero where the transfer failed [token].
    function claim(address staker, Claim[] calldata claims, address receiver)
        external
        returns (uint256[] memory amounts);

    /// Claims the calling operator's commission of one pool and token.
    /// @return amount [token]
    function claimCommission(address vault, IERC20 token, address receiver) external returns (uint256 amount);

    // --- anyone ---

    /// Books what the streams into a pool paid in the epochs up to and including `epoch`. Every other call does it as
    /// far as it needs; this one can do it ahead, or in parts.
    /// @param epoch Over.
    function book(address operator, address vault, IERC20 token, uint24 epoch) external;

    // --- itself ---

    /// Sends a token, or reverts. Only this contract.
    function send(IERC20 token, address receiver, uint256 amount) external;

    // --- views ---

    function REGISTRY() external view returns (IAVSRegistry);

    function DELEGATION() external view returns (IDelegationManager);

    /// What is a staker's of each of `claims`.
    /// @return claimable What `claim` would send now [token].
    /// @return accruing What else there is from the last epoch and the current one, if nobody moves and nothing more is
    /// paid before it can be claimed [token].
    function due(address staker, Claim[] calldata claims)
        external
        view
        returns (uint256[] memory claimable, uint256[] memory accruing);

    /// What `claimCommission` would send now [token].
    function commission(address operator, address vault, IERC20 token) external view returns (uint256);

    /// What the streams into a pool are to pay for the current epoch, and what of it they will pay if nobody moves,
    /// commission included [token].
    function rate(address operator, address vault, IERC20 token)
        external
        view
        returns (uint256 funded, uint256 expected);

    /// What a share-second had earned by the end of past epochs, in order, as far as it is booked. Left out are epochs in
    /// which it earned nothing, or that nobody needs to look up, since nobody moved.
    function earned(address operator, address vault, IERC20 token, uint256 offset, uint256 limit)
        external
        view
        returns (Earned[] memory);

    /// A stream. Ids count from 1.
    function stream(StreamId id) external view returns (Stream memory);

    function streamCount() external view returns (uint64);

    /// What a stream still holds for its payer and for stakers.
    /// @return rest Of finished epochs: what `takeRest` would return if it looked at all of them [token].
    /// @return coming For the current epoch and those to come [token].
    function held(StreamId id) external view returns (uint256 rest, uint256 coming);
}
