// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AvsId} from "../libraries/Types.sol";
import {IAVSHook} from "./IAVSHook.sol";
import {IAVSRegistry} from "./IAVSRegistry.sol";
import {IClock} from "./IClock.sol";
import {ISlashingManager} from "./ISlashingManager.sol";

/// An AVS over one vault: its terms, the keys its operators sign with, and what each of them weighs.
///
/// Operators weigh what is safe of their stake, read once per epoch in a snapshot. That stands for the whole epoch:
/// what can be slashed for an offence committed at the snapshot can be slashed for any later one of the same epoch, as
/// a ticket opened in an epoch matures at the end of the next, the windows of slashing fit into an epoch, and what is
/// announced to fall falls two epochs later. Only the AVS's own slashing takes from it, and so that strikes the
/// operator from the snapshots of this epoch and of the one before, whichever the fault was in.
interface IAVSBase is IClock, IAVSHook {
    /// What an AVS is registered with.
    struct Setup {
        ISlashingManager slashing;
        /// The one vault that counts.
        address vault;
        /// Admits and ejects operators.
        address owner;
        /// Whether the owner admits each operator, rather than anyone opting in.
        bool byAdmission;
        /// How long the resolver may veto; 0 executes at once [s].
        uint48 vetoPeriod;
        /// May veto slash requests; zero if and only if the veto period is.
        address resolver;
        /// Receives slashed vault shares; zero burns them. With a recipient there is no elastic part.
        address recipient;
        /// The least safe stake that counts; not zero [vault shares].
        uint96 minStake;
        /// The most of all weight that one operator has when a snapshot is taken; not zero. Below 10,000 the owner admits
        /// operators, as it takes to tell whether two are one; with fewer than 10,000 / maxShare of them nobody weighs
        /// anything. [bps]
        uint16 maxShare;
        /// What is slashed for a fault, of what the AVS can slash then; not zero [wad].
        uint64 penalty;
        /// Where to read about the AVS; only emitted.
        string uri;
    }

    /// A key that an operator signs with, in force from `since` until before `until`.
    struct Key {
        address operator;
        /// [s, Unix time]
        uint48 since;
        /// The last second there is while the key is in use [s, Unix time].
        uint48 until;
    }

    /// What was safe of an operator's stake at the snapshot [vault shares].
    struct Member {
        uint96 guaranteed;
        uint96 elastic;
    }

    /// All members of an epoch.
    struct Snapshot {
        /// Of all members, less those struck since [vault shares].
        uint96 weight;
        /// The most that one member weighs [vault shares].
        uint96 cap;
        /// 0 while it is not complete [s, Unix time].
        uint48 takenAt;
        /// Of all members, those struck since too: what they shared does not become exclusive [vault shares].
        uint96 guaranteed;
        uint96 elastic;
    }

    event KeySet(address indexed operator, address indexed signer);
    event Joined(address indexed operator);
    /// At a snapshot, the operator had neither enough safe stake nor announced enough; it can join again.
    event Dropped(address indexed operator);
    event SnapshotTaken(uint24 indexed epoch, uint256 weight, uint256 cap);
    /// A fault took the operator's weight in the epoch.
    event Struck(uint24 indexed epoch, address indexed operator, uint256 weight);

    error SetupOutOfBounds(Setup setup);
    error NotRegistry(address caller);
    error NotThisAVS(AvsId avs);
    error NoKey(address operator);
    error KeyTaken(address signer, address operator);
    error InvalidKeyProof(address operator, address signer);
    error KeyNotInForce(address signer, uint48 time);
    error AlreadyMember(address operator);
    error NotEligible(address operator, uint256 stake, uint256 min);
    error SnapshotComplete(uint24 epoch);
    error SnapshotIncomplete(uint24 epoch);
    error OperatorsNotAscending(address before, address operator);
    error QuorumMissed(uint256 weight, uint256 needed);
    error NothingToSlash(address operator);

    // --- operators ---

    /// Signs for the caller with `signer` from the next second on. Its key until then answers for what was before. A
    /// key is one operator's for good (KeyTaken). An operator that opts in can hand over `abi.encode(signer, proof)`
    /// instead; without any key it is refused (NoKey).
    /// @param proof Signature of `signer`, EIP-712: `SigningKey(address operator)`.
    function setKey(address signer, bytes calldata proof) external;

    // --- anyone ---

    /// Has the next snapshots look at an operator: it has a key, and once all that it announced is in force it gives
    /// the AVS at least `MIN_STAKE` (NotEligible). Who has that when it opts in joins by that.
    function join(address operator) external;

    /// Reads the safe stake of up to `limit` members. Once all are read, those with at least `MIN_STAKE` count in this
    /// epoch. Who has less, and could not join now, is dropped.
    /// @return complete Whether the snapshot of this epoch is.
    function takeSnapshot(uint256 limit) external returns (bool complete);

    // --- owner ---

    /// Says whether `operator` may opt in. Only the owner.
    function setAdmitted(address operator, bool admitted) external;

    /// Ends the operator's allocation, and its admission. Only the owner.
    ///
    /// WARNING: The owner can eject again whoever opts in again, and so choose who weighs anything, also without
    /// admission.
    function eject(address operator) external;

    // --- views ---

    function REGISTRY() external view returns (IAVSRegistry);

    function SLASHING() external view returns (ISlashingManager);

    function AVS() external view returns (AvsId);

    function VAULT() external view returns (address);

    /// [vault shares]
    function MIN_STAKE() external view returns (uint96);

    /// [bps]
    function MAX_SHARE() external view returns (uint16);

    /// [wad]
    function PENALTY() external view returns (uint64);

    /// The key that the operator signs with; zero if it has none.
    function signerOf(address operator) external view returns (address);

    /// All zero for who never was a key.
    function keyOf(address signer) external view returns (Key memory);

    /// Whether the next snapshot looks at the operator.
    function isMember(address operator) external view returns (bool);

    function memberCount() external view returns (uint256);

    /// Whom the next snapshot looks at, in no order. An empty page is past the end.
    function members(uint256 offset, uint256 limit) external view returns (address[] memory page);

    function snapshotOf(uint24 epoch) external view returns (Snapshot memory);

    /// What of the operator counted in the snapshot of `epoch`; zero once it is struck.
    function memberOf(uint24 epoch, address operator) external view returns (Member memory);

    /// What the operator weighs in `epoch`; zero while the snapshot is not complete [vault shares].
    function weightOf(uint24 epoch, address operator) external view returns (uint256);
}
