// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AvsId, RequestId} from "../libraries/Types.sol";
import {IAVSRegistry} from "./IAVSRegistry.sol";
import {IClock} from "./IClock.sol";
import {IDelegationManager} from "./IDelegationManager.sol";

/// Who loses what?
///
/// With B = `retained` when the epoch began, and what was taken in it so far,
///
///     slashable = (g·B − ug) + max(0, min(h·B − uh, (F − Σg)·B − Σuh))
///
/// for the AVS's guaranteed part g and elastic part h, and the pool's loss budget F. A request reserves nothing: the
/// budget is drawn when it is executed. Execution calls no asset, AVS or recipient, so none of them can block it.
interface ISlashingManager is IClock {
    /// What an AVS asks for. Whoever vetoes, takes back or executes it repeats it; only its remaining amount is kept.
    struct Request {
        AvsId avs;
        address operator;
        address vault;
        /// Of the pool's `retained` [wad].
        uint256 amount;
        /// When the offence was committed [s, Unix time].
        uint48 offenceAt;
        /// When it was reported [s, Unix time].
        uint48 requestedAt;
        /// Hash of the evidence.
        bytes32 evidence;
    }

    /// A stake as one AVS sees it, in one unit.
    struct Amounts {
        /// What the AVS can slash now out of its guaranteed part, open tickets included.
        uint256 slashableGuaranteed;
        /// What it can slash now out of its elastic part, open tickets included, if nobody is faster.
        uint256 slashableElastic;
        /// What nobody can take from it for an offence committed now and reported in time: its own.
        uint256 safeGuaranteed;
        /// What is left of its elastic part for such an offence if every other AVS takes its whole elastic part.
        uint256 safeElastic;
        /// What the other AVSs together can still take in this epoch out of what is shared.
        uint256 othersElastic;
    }

    /// A pool as one AVS sees it. All amounts are zero while the AVS does not count the vault.
    struct Stake {
        address operator;
        address vault;
        /// [vault shares]
        Amounts shares;
        /// [asset]
        Amounts assets;
    }

    /// A pool as one AVS saw it in the epoch just finished: for the average of its pool shares in it, and before
    /// anything was slashed in it. All amounts are zero while the AVS does not count the vault. [vault shares]
    struct Average {
        address operator;
        address vault;
        /// What the AVS could slash.
        uint256 guaranteed;
        uint256 elastic;
        /// What of it was safe.
        uint256 safeGuaranteed;
        uint256 safeElastic;
    }

    /// @param uri Where to find the evidence.
    event SlashRequested(
        RequestId indexed id,
        AvsId indexed avs,
        address indexed operator,
        address vault,
        uint256 amount,
        uint48 offenceAt,
        uint48 requestedAt,
        bytes32 evidence,
        string uri
    );
    event SlashVetoed(RequestId indexed id);
    event SlashTakenBack(RequestId indexed id);
    /// @param guaranteed Taken of `retained` out of the guaranteed part [wad].
    /// @param elastic Taken of `retained` out of the elastic part [wad].
    /// @param shares Moved to `recipient` [vault shares].
    event Slashed(
        RequestId indexed id,
        AvsId indexed avs,
        address indexed operator,
        address vault,
        uint256 guaranteed,
        uint256 elastic,
        uint256 shares,
        address recipient
    );

    error Miswired(address registry);
    error AmountOutOfBounds(uint256 amount);
    error NotSlasher(AvsId avs, address caller);
    error NotResolver(AvsId avs, address caller);
    error OffenceOutOfWindow(uint48 offenceAt, uint48 reportedAt);
    error AllocationNotInForce(AvsId avs, address operator, address vault, uint24 epoch);
    error RequestExists(RequestId id);
    error RequestNotOpen(RequestId id);
    error VetoPeriodOver(RequestId id, uint48 endedAt);
    error VetoPeriodRunning(RequestId id, uint48 endsAt);

    // --- AVSs ---

    /// Asks for `amount` of a pool's `retained`. Executes at once if the AVS has no veto period; what is not granted
    /// stays open until the request lapses. Only the AVS's slasher.
    /// @param amount From 1 to 1e18 [wad].
    /// @param offenceAt Within `REPORT_WINDOW`, in an epoch in which the AVS had an allocation [s, Unix time].
    /// @param evidence Hash of the evidence; tells requests of the same second apart, which without it share an id.
    /// @param uri Where to find the evidence; only emitted.
    /// @return id Of the request.
    /// @return granted Of `retained`, at once [wad].
    function request(
        AvsId avs,
        address operator,
        address vault,
        uint256 amount,
        uint48 offenceAt,
        bytes32 evidence,
        string calldata uri
    ) external returns (RequestId id, uint256 granted);

    /// Takes an open request back. Only the AVS's slasher.
    function takeBack(Request calldata r) external;

    // --- resolvers ---

    /// Ends a request within its veto period. Only the AVS's resolver.
    function veto(Request calldata r) external;

    // --- anyone ---

    /// Executes a request whose veto period is over, as far as the budget of this epoch goes.
    /// @return granted Of `retained`; 0, with nothing changed, if nothing can be granted now [wad].
    function execute(Request calldata r) external returns (uint256 granted);

    // --- views ---

    function REGISTRY() external view returns (IAVSRegistry);

    function DELEGATION() external view returns (IDelegationManager);

    function requestId(Request calldata r) external pure returns (RequestId);

    /// What a request may still take of `retained`; 0 if it is not open [wad].
    function openAmount(Request calldata r) external view returns (uint256);

    /// What `avs` could slash now of the pool's `retained`.
    /// @return guaranteed [wad]
    /// @return elastic [wad]
    function slashable(AvsId avs, address operator, address vault)
        external
        view
        returns (uint256 guaranteed, uint256 elastic);

    /// What `avs` can still slash of the pool's `retained`, whatever all others do, for an offence committed now and
    /// reported in time.
    /// @return guaranteed [wad]
    /// @return elastic [wad]
    function safe(AvsId avs, address operator, address vault)
        external
        view
        returns (uint256 guaranteed, uint256 elastic);

    /// One pool as `avs` sees it.
    function stake(AvsId avs, address operator, address vault) external view returns (Stake memory);

    /// The pools of `avs`, as `IAVSRegistry.pools` lists them.
    function stakes(AvsId avs, uint256 offset, uint256 limit) external view returns (Stake[] memory page);

    /// What `avs` could slash in its pools in the epoch just finished: to pay by stake, share out by one of the columns.
    function averages(AvsId avs, uint256 offset, uint256 limit) external view returns (Average[] memory page);

    /// What pool shares are worth, and will be at least, in vault shares.
    /// @param poolShares [pool shares]
    /// @return value Now.
    /// @return thisEpoch At the end of this epoch, at worst.
    /// @return leaving At the end of the next one, at worst: of a ticket opened now.
    function worstCase(address operator, address vault, uint256 poolShares)
        external
        view
        returns (uint256 value, uint256 thisEpoch, uint256 leaving);
}
