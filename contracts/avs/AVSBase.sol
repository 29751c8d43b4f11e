// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Clock} from "../base/Clock.sol";
import {IAVSBase} from "../interfaces/IAVSBase.sol";
import {IAVSRegistry} from "../interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "../interfaces/IDelegationManager.sol";
import {ISlashingManager} from "../interfaces/ISlashingManager.sol";
import {Caps} from "../libraries/Caps.sol";
import {BPS, WAD} from "../libraries/Constants.sol";
import {pageSize} from "../libraries/Paging.sol";
import {toVaultSharesDown} from "../libraries/PoolMath.sol";
import {Parts} from "../libraries/SlashMath.sol";
import {AvsId} from "../libraries/Types.sol";

/// See `IAVSBase`. An AVS inherits it and adds its duties and its proofs of fault: `Notary` is a small one.
abstract contract AVSBase is IAVSBase, Clock, EIP712, Ownable2Step {
    using SafeCast for uint256;

    // ------------------------------------------------------------------------------------------------------ types

    /// How far the snapshot of an epoch is.
    struct Progress {
        uint24 epoch;
        uint32 left; // members to read
    }

    // -------------------------------------------------------------------------------------------------- constants

    bytes32 private constant SIGNING_KEY_TYPEHASH = keccak256("SigningKey(address operator)");

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IAVSBase
    IAVSRegistry public immutable REGISTRY;
    /// @inheritdoc IAVSBase
    ISlashingManager public immutable SLASHING;
    IDelegationManager private immutable DELEGATION;
    /// @inheritdoc IAVSBase
    AvsId public immutable AVS;
    /// @inheritdoc IAVSBase
    address public immutable VAULT;
    /// @inheritdoc IAVSBase
    uint96 public immutable MIN_STAKE;
    /// @inheritdoc IAVSBase
    uint16 public immutable MAX_SHARE;
    /// @inheritdoc IAVSBase
    uint64 public immutable PENALTY;
    bool private immutable AT_ONCE; // whether a slash request executes in the call that files it

    // ---------------------------------------------------------------------------------------------------- storage

    /// @inheritdoc IAVSBase
    mapping(address operator => address signer) public signerOf;

    mapping(address signer => Key) private _keys;

    address[] private _members;

    /// @inheritdoc IAVSBase
    mapping(address operator => bool) public isMember;

    Progress private _progress;

    mapping(address operator => uint24 epoch) private _barredThrough;

    mapping(uint24 epoch => Snapshot) private _snapshots;

    mapping(uint24 epoch => mapping(address operator => Member)) private _memberOf;

    // ------------------------------------------------------------------------------------------------ constructor

    /// @param name Of the EIP-712 domain; its version is 1.
    constructor(string memory name, Setup memory setup)
        Clock(setup.slashing.GENESIS(), setup.slashing.EPOCH())
        EIP712(name, "1")
        Ownable(setup.owner)
    {
        if (
            setup.minStake == 0 || setup.maxShare == 0 || setup.maxShare > BPS || setup.penalty == 0
                || setup.penalty > WAD || (setup.maxShare != BPS && !setup.byAdmission)
        ) {
            revert SetupOutOfBounds(setup);
        }

        SLASHING = setup.slashing;
        REGISTRY = setup.slashing.REGISTRY();
        DELEGATION = setup.slashing.DELEGATION();
        VAULT = setup.vault;
        MIN_STAKE = setup.minStake;
        MAX_SHARE = setup.maxShare;
        PENALTY = setup.penalty;
        AT_ONCE = setup.vetoPeriod == 0;
        AVS = REGISTRY.registerAVS(
            IAVSRegistry.Terms({
                slasher: address(this),
                vetoPeriod: setup.vetoPeriod,
                byAdmission: setup.byAdmission,
                recipient: setup.recipient,
                owner: address(this),
                resolver: setup.resolver,
                hook: address(this)
            }),
            setup.uri
        );
        REGISTRY.setVault(AVS, setup.vault, true);
    }

    // -------------------------------------------------------------------------------------------------- operators

    /// @inheritdoc IAVSBase
    function setKey(address signer, bytes calldata proof) external {
        _setKey(msg.sender, signer, proof);
    }

    // --------------------------------------------------------------------------------------------------- registry

    /// Takes the operator's key. Only the registry.
    function onOptIn(AvsId avs, address operator, address, uint256, uint256, bytes calldata data) external virtual {
        if (msg.sender != address(REGISTRY)) revert NotRegistry(msg.sender);
        // Another AVS may name this contract as its hook.
        if (AvsId.unwrap(avs) != AvsId.unwrap(AVS)) revert NotThisAVS(avs);

        if (data.length != 0) {
            (address signer, bytes memory proof) = abi.decode(data, (address, bytes));
            _setKey(operator, signer, proof);
        }
        if (signerOf[operator] == address(0)) revert NoKey(operator);
        // Who has too little stake yet joins later.
        if (!isMember[operator] && _canJoin(operator)) _join(operator);
    }

    // ----------------------------------------------------------------------------------------------------- anyone

    /// @inheritdoc IAVSBase
    function join(address operator) external {
        if (isMember[operator]) revert AlreadyMember(operator);
        if (!_canJoin(operator)) revert NotEligible(operator, _announcedStakeDown(operator), MIN_STAKE);

        _join(operator);
    }

    /// @inheritdoc IAVSBase
    function takeSnapshot(uint256 limit) external returns (bool complete) {
        uint24 e = epoch();
        Snapshot memory snapshot = _snapshots[e];
        if (snapshot.takenAt != 0) revert SnapshotComplete(e);
        Progress memory progress = _progress;
        if (progress.epoch != e) progress = Progress(e, _members.length.toUint32());

        // From the last to the first, so that who takes the place of a dropped member was read, or has just joined.
        for (; progress.left != 0 && limit != 0; --limit) {
            address operator = _members[--progress.left];
            if (e <= _barredThrough[operator]) continue;
            Member memory safe = _safeStakeDown(operator);
            if (_stake(safe) < MIN_STAKE) {
                // A new allocation is announced three epochs before it counts.
                if (!_canJoin(operator)) _drop(progress.left, operator);
                continue;
            }
            snapshot.guaranteed += safe.guaranteed;
            snapshot.elastic += safe.elastic;
            _enter(e, operator, safe);
        }
        if (progress.left == 0) {
            (snapshot.weight, snapshot.cap) = _weigh(e, uint256(snapshot.guaranteed) + snapshot.elastic);
            snapshot.takenAt = clock();
            emit SnapshotTaken(e, snapshot.weight, snapshot.cap);
        }
        _progress = progress;
        _snapshots[e] = snapshot;
        return progress.left == 0;
    }

    // ------------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IAVSBase
    function setAdmitted(address operator, bool admitted) external onlyOwner {
        REGISTRY.setAdmitted(AVS, operator, admitted);
    }

    /// @inheritdoc IAVSBase
    function eject(address operator) external onlyOwner {
        REGISTRY.eject(AVS, operator, VAULT);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IAVSBase
    function keyOf(address signer) external view returns (Key memory) {
        return _keys[signer];
    }

    /// @inheritdoc IAVSBase
    function memberCount() external view returns (uint256) {
        return _members.length;
    }

    /// @inheritdoc IAVSBase
    function members(uint256 offset, uint256 limit) external view returns (address[] memory page) {
        page = new address[](pageSize(_members.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _members[offset + i];
        }
    }

    /// @inheritdoc IAVSBase
    function snapshotOf(uint24 epoch_) external view returns (Snapshot memory) {
        return _snapshots[epoch_];
    }

    /// @inheritdoc IAVSBase
    function memberOf(uint24 epoch_, address operator) external view returns (Member memory) {
        return _memberOf[epoch_][operator];
    }

    /// @inheritdoc IAVSBase
    function weightOf(uint24 epoch_, address operator) public view returns (uint256) {
        return Math.min(_stake(_memberOf[epoch_][operator]), _snapshots[epoch_].cap);
    }

    // --------------------------------------------------------------------------------------------- for the heirs

    /// Whether an operator can do its duties. Asked only when it joins: once it can, it always must. A scheme that
    /// needs more than a key says so here.
    function _isReady(address operator) internal view virtual returns (bool) {
        return signerOf[operator] != address(0);
    }

    /// Takes an operator into the snapshot of an epoch.
    function _enter(uint24 epoch_, address operator, Member memory safe) internal virtual {
        _memberOf[epoch_][operator] = safe;
    }

    /// The operator whose key, in force at `time`, signed the digest.
    function _operatorOf(bytes32 digest, uint48 time, bytes memory signature) internal view returns (address) {
        address signer = ECDSA.recover(digest, signature);
        Key memory key = _keys[signer];
        if (time < key.since || time >= key.until) revert KeyNotInForce(signer, time);
        return key.operator;
    }

    /// Reverts unless operators with `quorum` of all weight in the epoch of `time` signed the digest.
    /// @param time At which their keys are in force [s, Unix time].
    /// @param signatures In strictly ascending order of their operators, so that none counts twice.
    /// @param quorum [bps]
    function _requireQuorum(bytes32 digest, uint48 time, bytes[] calldata signatures, uint256 quorum) internal view {
        uint24 e = epochAt(time);
        uint256 weight;
        address before;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address operator = _operatorOf(digest, time, signatures[i]);
            before = _requireAscending(before, operator);
            weight += weightOf(e, operator);
        }
        _requireWeight(e, weight, quorum);
    }

    function _requireAscending(address before, address operator) internal pure returns (address) {
        if (operator <= before) revert OperatorsNotAscending(before, operator);
        return operator;
    }

    /// Reverts unless `weight` is `quorum` of what all members weigh.
    /// @param weight [vault shares]
    /// @param quorum [bps]
    function _requireWeight(uint24 epoch_, uint256 weight, uint256 quorum) internal view {
        // At least 1, as nobody is no quorum; 96 and 14 bits.
        uint256 needed = Math.max(1, Math.ceilDiv(_requireSnapshot(epoch_).weight * quorum, BPS));
        if (weight < needed) revert QuorumMissed(weight, needed);
    }

    function _requireSnapshot(uint24 epoch_) internal view returns (Snapshot storage snapshot) {
        snapshot = _snapshots[epoch_];
        if (snapshot.takenAt == 0) revert SnapshotIncomplete(epoch_);
    }

    /// Slashes an operator for a proved fault, and strikes it from the snapshots that its stake vouched for. The caller
    /// sees to it that each fault is slashed once.
    /// @param offenceAt Within the protocol's report window [s, Unix time].
    /// @param evidence Hash of the proof.
    /// @param uri Where to find it; only emitted.
    function _slash(address operator, uint48 offenceAt, bytes32 evidence, string memory uri) internal {
        uint24 e = epoch();
        // A report window is an epoch at most: those of which a fault can still be proved.
        _strike(e - 1, operator);
        _strike(e, operator);
        // What is asked for counts as safe until it is executed, in the next epoch at the latest.
        if (!AT_ONCE) _barredThrough[operator] = e + 1;

        (uint256 guaranteed, uint256 elastic) = SLASHING.slashable(AVS, operator, VAULT);
        uint256 amount = (guaranteed + elastic) * PENALTY / WAD; // both are at most 1e18
        if (amount == 0) revert NothingToSlash(operator);
        (, uint256 granted) = SLASHING.request(AVS, operator, VAULT, amount, offenceAt, evidence, uri);
        if (AT_ONCE && granted == 0) revert NothingToSlash(operator); // a pool that everyone has left
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _setKey(address operator, address signer, bytes memory proof) private {
        address holder = _keys[signer].operator;
        if (holder != address(0)) revert KeyTaken(signer, holder);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(SIGNING_KEY_TYPEHASH, operator)));
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, proof);
        if (problem != ECDSA.RecoverError.NoError || recovered != signer) revert InvalidKeyProof(operator, signer);

        address replaced = signerOf[operator];
        uint48 since = clock() + 1; // what the old key signed in this second is still answered for
        if (replaced != address(0)) _keys[replaced].until = since;
        _keys[signer] = Key(operator, since, type(uint48).max);
        signerOf[operator] = signer;
        emit KeySet(operator, signer);
    }

    function _canJoin(address operator) private view returns (bool) {
        return _isReady(operator) && _announcedStakeDown(operator) >= MIN_STAKE;
    }

    function _join(address operator) private {
        isMember[operator] = true;
        _members.push(operator);
        emit Joined(operator);
    }

    function _drop(uint256 index, address operator) private {
        isMember[operator] = false;
        _members[index] = _members[_members.length - 1];
        _members.pop();
        emit Dropped(operator);
    }

    /// Takes an operator's weight out of the snapshot of `epoch_`, complete or not.
    function _strike(uint24 epoch_, address operator) private {
        Member memory member = _memberOf[epoch_][operator];
        if (_stake(member) == 0) return;

        uint256 weight = weightOf(epoch_, operator);
        delete _memberOf[epoch_][operator];
        Snapshot storage snapshot = _snapshots[epoch_];
        if (snapshot.takenAt == 0) {
            snapshot.guaranteed -= member.guaranteed;
            snapshot.elastic -= member.elastic;
        } else {
            snapshot.weight -= uint96(weight); // at most the cap, which has 96 bits
        }
        emit Struck(epoch_, operator, weight);
    }

    /// What is safe of an operator's stake, as `ISlashingManager.stake` has it.
    function _safeStakeDown(address operator) private view returns (Member memory) {
        (uint256 guaranteed, uint256 elastic) = SLASHING.safe(AVS, operator, VAULT);
        uint256 live = _live(operator);
        return Member(toVaultSharesDown(live, guaranteed).toUint96(), toVaultSharesDown(live, elastic).toUint96());
    }

    /// What of an operator's stake it gives the AVS once all that it announced has come, if it is worth what it is now.
    function _announcedStakeDown(address operator) private view returns (uint256) {
        Parts memory p = REGISTRY.partsAt(AVS, operator, VAULT, epoch() + 3);
        uint256 part = Math.min(p.guaranteed + p.elastic, p.lossBudget) * DELEGATION.retained(operator, VAULT) / BPS;
        return toVaultSharesDown(_live(operator), part);
    }

    /// Of the operator's pool, tickets apart [pool shares].
    function _live(address operator) private view returns (uint256 live) {
        (live,) = DELEGATION.poolShares(operator, VAULT);
    }

    /// What members weigh together, and at most each, in an epoch of which all have been read. A cap takes all members
    /// at once, which the owner has admitted.
    /// @param all Stake of all of them [vault shares].
    function _weigh(uint24 epoch_, uint256 all) private view returns (uint96 weight, uint96 cap) {
        if (MAX_SHARE == BPS) return (all.toUint96(), type(uint96).max);

        uint256[] memory stakes = new uint256[](_members.length);
        for (uint256 i = 0; i < stakes.length; ++i) {
            stakes[i] = _stake(_memberOf[epoch_][_members[i]]); // 0 for who joined meanwhile
        }
        uint256 most = Caps.capDown(stakes, MAX_SHARE);
        uint256 sum;
        for (uint256 i = 0; i < stakes.length; ++i) {
            sum += Math.min(stakes[i], most);
        }
        return (sum.toUint96(), most.toUint96());
    }

    function _stake(Member memory member) private pure returns (uint256) {
        return uint256(member.guaranteed) + member.elastic;
    }
}
