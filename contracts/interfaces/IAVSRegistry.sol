// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Parts} from "../libraries/SlashMath.sol";
import {AvsId, Accepted} from "../libraries/Types.sol";
import {IClock} from "./IClock.sol";
import {IGovernance} from "./IGovernance.sol";

/// Who secures what, on which terms?
///
/// Mandates and allocations follow one rule of time: a number announced in epoch `e` falls at `e + 2` and rises at
/// `e + 3`. What was announced to fall falls; a rise that is not in force yet gives way to any later announcement.
/// In every epoch the guaranteed parts of a pool fit into its loss budget.
interface IAVSRegistry is IGovernance, IClock {
    /// The clock and the windows of slashing, given once and read by all contracts [s].
    struct Timing {
        /// Start of epoch 1, at most 30 days ago [Unix time].
        uint48 genesis;
        /// Length of an epoch, from 1 minute to 30 days.
        uint48 epoch;
        /// How old an offence may be when it is reported; not zero.
        uint48 reportWindow;
        /// The longest veto period.
        uint48 maxVeto;
        /// For how long a request can be executed; not zero. The three windows together fit into an epoch.
        uint48 executeWindow;
    }

    /// The terms of an AVS, fixed at registration.
    struct Terms {
        /// May report offences and take requests back.
        address slasher;
        /// How long the resolver may veto; 0 executes at once [s].
        uint48 vetoPeriod;
        /// Whether the owner admits each operator, rather than anyone opting in.
        bool byAdmission;
        /// Receives slashed vault shares; zero burns them. With a recipient there is no elastic part.
        address recipient;
        /// Admits, ejects, and says which vaults count.
        address owner;
        /// May veto requests; zero if and only if the veto period is.
        address resolver;
        /// Asked at each opt-in, `IAVSHook`; zero for none.
        address hook;
    }

    /// What an operator promises the stakers of a pool, in one epoch.
    struct Mandate {
        /// The most that all AVSs together can slash in an epoch [bps].
        uint256 lossBudget;
        /// The operator's part of the rewards [bps].
        uint256 commission;
        /// The shortest veto period that the operator accepts from an AVS [s].
        uint256 vetoPeriod;
    }

    /// One AVS of a pool, in one epoch.
    struct Allocation {
        AvsId avs;
        /// Guaranteed part [bps].
        uint256 guaranteed;
        /// Elastic part [bps].
        uint256 elastic;
    }

    /// One pool of an AVS.
    struct PoolRef {
        address operator;
        address vault;
    }

    event OperatorRegistered(address indexed operator, string uri);
    event PoolOpened(address indexed operator, address indexed vault, uint48 vetoPeriod);
    /// @param atOnce Whether it is in force now, since nobody ever delegated to the pool.
    event MandateAnnounced(
        address indexed operator, address indexed vault, uint256 lossBudget, uint256 commission, bool atOnce
    );
    event AVSRegistered(AvsId indexed avs, Terms terms, string uri);
    event AdmissionSet(AvsId indexed avs, address indexed operator, bool admitted);
    event VaultCounted(AvsId indexed avs, address indexed vault, bool counts);
    event OptedIn(AvsId indexed avs, address indexed operator, address indexed vault);
    event OptedOut(AvsId indexed avs, address indexed operator, address indexed vault, bool ejected);
    /// Every announcement of an allocation, those of an opt-in and an opt-out too.
    event AllocationAnnounced(
        AvsId indexed avs, address indexed operator, address indexed vault, uint256 guaranteed, uint256 elastic
    );

    error TimingOutOfBounds(Timing timing);
    error OperatorAlreadyRegistered(address operator);
    error UnknownOperator(address operator);
    error PoolAlreadyOpen(address operator, address vault);
    error UnknownPool(address operator, address vault);
    error UnknownAVS(AvsId avs);
    error FractionTooLarge(uint256 fraction);
    error VetoPeriodTooLong(uint256 vetoPeriod, uint256 max);
    error VetoPeriodTooShort(uint256 vetoPeriod, uint256 min);
    error ResolverMismatch(address resolver, uint256 vetoPeriod);
    error RecipientIsProtocol(address recipient);
    error NotAVSOwner(AvsId avs, address caller);
    error NotAdmitted(AvsId avs, address operator);
    error AdmissionNotRequired(AvsId avs);
    error VaultNotCounted(AvsId avs, address vault);
    error AlreadyOptedIn(AvsId avs, address operator, address vault);
    error NotOptedIn(AvsId avs, address operator, address vault);
    error NothingAllocated();
    error ElasticWithRecipient(AvsId avs, uint256 elastic);
    error LossBudgetExceeded(uint256 epoch, uint256 guaranteed, uint256 lossBudget);
    error MandateTooLoose(Mandate mandate, Accepted accepted);

    // --- operators ---

    /// Registers the caller as an operator, once.
    /// @param uri Where to read about it; only emitted.
    function registerOperator(string calldata uri) external;

    /// Opens the caller's pool in `vault`. The veto period is fixed; the rest is in force at once.
    /// @param lossBudget [bps]
    /// @param commission [bps]
    /// @param vetoPeriod Shortest veto period accepted from an AVS, at most `MAX_VETO` [s].
    function openPool(address vault, uint256 lossBudget, uint256 commission, uint48 vetoPeriod) external;

    /// Announces a mandate for the caller's pool; at once if nobody ever delegated to it.
    /// @param lossBudget [bps]
    /// @param commission [bps]
    /// @dev LossBudgetExceeded if the guaranteed parts do not fit in some epoch.
    function setMandate(address vault, uint256 lossBudget, uint256 commission) external;

    /// Opts the caller's pool in to `avs` with a first allocation, and lets the AVS's hook have its say.
    /// @param guaranteed [bps]
    /// @param elastic [bps]
    /// @param data For the hook.
    function optIn(AvsId avs, address vault, uint256 guaranteed, uint256 elastic, bytes calldata data) external;

    /// Announces another allocation of the caller's pool to an AVS it opted in to. While paused, neither part may rise.
    /// @param guaranteed [bps]
    /// @param elastic [bps]
    function allocate(AvsId avs, address vault, uint256 guaranteed, uint256 elastic) external;

    /// Announces that the caller's pool leaves `avs`. Nobody can refuse it.
    function optOut(AvsId avs, address vault) external;

    // --- AVSs ---

    /// Registers an AVS. Anyone may, also for others.
    /// @param uri Where to read about it; only emitted.
    function registerAVS(Terms calldata terms, string calldata uri) external returns (AvsId avs);

    /// Says whether `operator` may opt in, where the AVS admits operators. Only its owner.
    function setAdmitted(AvsId avs, address operator, bool admitted) external;

    /// Says whether `vault` counts, which binds at opt-in and in views. Only the AVS's owner.
    function setVault(AvsId avs, address vault, bool counts) external;

    /// Announces that a pool leaves the AVS, and ends the operator's admission. Only the AVS's owner.
    /// @dev NotOptedIn if there is neither an allocation nor an admission to end.
    function eject(AvsId avs, address operator, address vault) external;

    // --- views ---

    /// How old an offence may be when it is reported [s].
    function REPORT_WINDOW() external view returns (uint48);

    /// The longest veto period of an AVS [s].
    function MAX_VETO() external view returns (uint48);

    /// For how long a request can be executed once its veto period is over [s].
    function EXECUTE_WINDOW() external view returns (uint48);

    /// Reverts unless `operator`'s pool in `vault` takes delegations under a mandate, current and announced, that is
    /// no looser than `accepted`, and nothing is paused.
    function checkConsent(address operator, address vault, Accepted calldata accepted) external view;

    function isOperator(address operator) external view returns (bool);

    function isOpen(address operator, address vault) external view returns (bool);

    /// The mandate in `epoch`; all zero for epochs more than one before the pool was opened.
    function mandateAt(address operator, address vault, uint24 epoch) external view returns (Mandate memory);

    /// The commission of the mandate in `epoch` [bps].
    function commissionOfEpoch(address operator, address vault, uint24 epoch) external view returns (uint256);

    /// The loosest mandate that is current or announced.
    function loosestMandate(address operator, address vault) external view returns (Mandate memory);

    /// What slashing needs to know of `epoch`: from one epoch before the last announcement in the pool on.
    function partsAt(AvsId avs, address operator, address vault, uint24 epoch) external view returns (Parts memory);

    /// How much more of the pool can be guaranteed by an announcement made now [bps].
    function room(address operator, address vault) external view returns (uint256);

    /// Parts of a pool that are allocated to `avs` in `epoch`, from one epoch before their last announcement on.
    /// @return guaranteed [bps]
    /// @return elastic [bps]
    function allocationAt(AvsId avs, address operator, address vault, uint24 epoch)
        external
        view
        returns (uint256 guaranteed, uint256 elastic);

    /// Whether the last announcement left the pool any allocation.
    function isOptedIn(AvsId avs, address operator, address vault) external view returns (bool);

    function avsCount() external view returns (uint256);

    function terms(AvsId avs) external view returns (Terms memory);

    /// What slashing asks for: two slots of the terms instead of five, and the allocation in `epoch`.
    function termsToSlash(AvsId avs, address operator, address vault, uint24 epoch)
        external
        view
        returns (address slasher, uint48 vetoPeriod, address recipient, uint256 guaranteed, uint256 elastic);

    function isAdmitted(AvsId avs, address operator) external view returns (bool);

    function isCounted(AvsId avs, address vault) external view returns (bool);

    function poolCount(AvsId avs) external view returns (uint256);

    /// Every pool that ever opted in to `avs`, in that order. An empty page is past the end.
    function pools(AvsId avs, uint256 offset, uint256 limit) external view returns (PoolRef[] memory page);

    function allocationCount(address operator, address vault) external view returns (uint256);

    /// Every AVS that a pool ever opted in to, in that order, with its parts in `epoch`, as `allocationAt`.
    function allocations(address operator, address vault, uint24 epoch, uint256 offset, uint256 limit)
        external
        view
        returns (Allocation[] memory page);
}
