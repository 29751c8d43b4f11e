// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Clock} from "./base/Clock.sol";
import {IAVSRegistry} from "./interfaces/IAVSRegistry.sol";
import {IDelegationManager} from "./interfaces/IDelegationManager.sol";
import {ISlashingManager} from "./interfaces/ISlashingManager.sol";
import {BURN, WAD} from "./libraries/Constants.sol";
import {toVaultSharesDown} from "./libraries/PoolMath.sol";
import {Epoch, SlashMath} from "./libraries/SlashMath.sol";
import {AvsId, RequestId} from "./libraries/Types.sol";

/// See `ISlashingManager`.
contract SlashingManager is ISlashingManager, Clock, Multicall {
    // ------------------------------------------------------------------------------------------------------ types

    // What all AVSs took of a pool's shared remainder in the last epoch in which they took anything of it.
    struct ElasticTaken {
        uint24 epoch;
        uint64 amount; // Σuh [wad]
    }

    // What one AVS took of a pool in the last epoch in which it took anything.
    struct Taken {
        uint24 epoch;
        uint64 guaranteed; // ug [wad]
        uint64 elastic; // uh [wad]
    }

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc ISlashingManager
    IAVSRegistry public immutable REGISTRY;
    /// @inheritdoc ISlashingManager
    IDelegationManager public immutable DELEGATION;

    uint48 private immutable REPORT_WINDOW;
    uint48 private immutable EXECUTE_WINDOW;

    // ---------------------------------------------------------------------------------------------------- storage

    // What a request may still take of `retained` [wad].
    mapping(RequestId => uint256) private _remaining;

    mapping(address operator => mapping(address vault => ElasticTaken)) private _elasticTaken;

    mapping(address operator => mapping(address vault => mapping(AvsId => Taken))) private _taken;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IAVSRegistry registry) Clock(registry.GENESIS(), registry.EPOCH()) {
        if (address(registry.SLASHING()) != address(this)) revert Miswired(address(registry));
        REGISTRY = registry;
        DELEGATION = registry.DELEGATION();
        REPORT_WINDOW = registry.REPORT_WINDOW();
        EXECUTE_WINDOW = registry.EXECUTE_WINDOW();
    }

    // ------------------------------------------------------------------------------------------------------- AVSs

    /// @inheritdoc ISlashingManager
    function request(
        AvsId avs,
        address operator,
        address vault,
        uint256 amount,
        uint48 offenceAt,
        bytes32 evidence,
        string calldata uri
    ) external returns (RequestId id, uint256 granted) {
        Request memory r = Request(avs, operator, vault, amount, offenceAt, clock(), evidence);
        if (offenceAt > r.requestedAt || r.requestedAt - offenceAt > REPORT_WINDOW) {
            revert OffenceOutOfWindow(offenceAt, r.requestedAt);
        }
        uint24 e = epochAt(offenceAt);
        (address slasher, uint48 vetoPeriod, address recipient, uint256 guaranteed, uint256 elastic) =
            REGISTRY.termsToSlash(avs, operator, vault, e);
        if (msg.sender != slasher) revert NotSlasher(avs, msg.sender);
        if (amount == 0 || amount > WAD) revert AmountOutOfBounds(amount);
        if (guaranteed + elastic == 0) revert AllocationNotInForce(avs, operator, vault, e);
        id = requestId(r);

        emit SlashRequested(id, avs, operator, vault, amount, offenceAt, r.requestedAt, evidence, uri);
        if (vetoPeriod == 0) {
            e = epoch();
            (guaranteed, elastic) = REGISTRY.allocationAt(avs, operator, vault, e);
            granted = _execute(r, id, amount, e, recipient, guaranteed, elastic);
        }
        if (granted < amount) {
            if (_remaining[id] != 0) revert RequestExists(id);
            _remaining[id] = amount - granted;
            DELEGATION.requestOpened(operator, vault, _lapsesAt(r, vetoPeriod));
        }
    }

    /// @inheritdoc ISlashingManager
    function takeBack(Request calldata r) external {
        IAVSRegistry.Terms memory terms = REGISTRY.terms(r.avs);
        if (msg.sender != terms.slasher) revert NotSlasher(r.avs, msg.sender);
        (RequestId id,) = _requireOpen(r, terms.vetoPeriod);

        _end(r, id);
        emit SlashTakenBack(id);
    }

    // -------------------------------------------------------------------------------------------------- resolvers

    /// @inheritdoc ISlashingManager
    function veto(Request calldata r) external {
        IAVSRegistry.Terms memory terms = REGISTRY.terms(r.avs);
        if (msg.sender != terms.resolver) revert NotResolver(r.avs, msg.sender);
        (RequestId id,) = _requireOpen(r, terms.vetoPeriod);
        uint48 ends = r.requestedAt + terms.vetoPeriod;
        if (block.timestamp >= ends) revert VetoPeriodOver(id, ends);

        _end(r, id);
        emit SlashVetoed(id);
    }

    // ----------------------------------------------------------------------------------------------------- anyone

    /// @inheritdoc ISlashingManager
    function execute(Request calldata r) external returns (uint256 granted) {
        uint24 e = epoch();
        (, uint48 vetoPeriod, address recipient, uint256 guaranteed, uint256 elastic) =
            REGISTRY.termsToSlash(r.avs, r.operator, r.vault, e);
        (RequestId id, uint256 remaining) = _requireOpen(r, vetoPeriod);
        uint48 ends = r.requestedAt + vetoPeriod;
        if (block.timestamp < ends) revert VetoPeriodRunning(id, ends);

        granted = _execute(r, id, remaining, e, recipient, guaranteed, elastic);
        if (granted == remaining) _end(r, id);
        else _remaining[id] = remaining - granted;
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc ISlashingManager
    function requestId(Request memory r) public pure returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(r)));
    }

    /// @inheritdoc ISlashingManager
    function openAmount(Request calldata r) external view returns (uint256) {
        return block.timestamp > _lapsesAt(r, REGISTRY.terms(r.avs).vetoPeriod) ? 0 : _remaining[requestId(r)];
    }

    /// @inheritdoc ISlashingManager
    function slashable(AvsId avs, address operator, address vault)
        external
        view
        returns (uint256 guaranteed, uint256 elastic)
    {
        return _thisEpoch(avs, operator, vault, epoch()).slashable();
    }

    /// @inheritdoc ISlashingManager
    function safe(AvsId avs, address operator, address vault)
        external
        view
        returns (uint256 guaranteed, uint256 elastic)
    {
        uint24 e = epoch();
        return _thisEpoch(avs, operator, vault, e).safe(REGISTRY.partsAt(avs, operator, vault, e + 1));
    }

    /// @inheritdoc ISlashingManager
    function stake(AvsId avs, address operator, address vault) public view returns (Stake memory s) {
        s.operator = operator;
        s.vault = vault;
        if (!REGISTRY.isCounted(avs, vault)) return s;

        uint24 e = epoch();
        Epoch memory now_ = _thisEpoch(avs, operator, vault, e);
        (uint256 guaranteed, uint256 elastic) = now_.slashable();
        (uint256 safeGuaranteed, uint256 safeElastic) = now_.safe(REGISTRY.partsAt(avs, operator, vault, e + 1));
        (uint256 live, uint256 leaving) = DELEGATION.poolShares(operator, vault);
        Amounts memory a = Amounts(
            toVaultSharesDown(live + leaving, guaranteed),
            toVaultSharesDown(live + leaving, elastic),
            toVaultSharesDown(live, safeGuaranteed),
            toVaultSharesDown(live, safeElastic),
            toVaultSharesDown(live + leaving, now_.othersElastic())
        );
        s.shares = a;
        IERC4626 token = IERC4626(vault);
        s.assets = Amounts(
            token.convertToAssets(a.slashableGuaranteed),
            token.convertToAssets(a.slashableElastic),
            token.convertToAssets(a.safeGuaranteed),
            token.convertToAssets(a.safeElastic),
            token.convertToAssets(a.othersElastic)
        );
    }

    /// @inheritdoc ISlashingManager
    function stakes(AvsId avs, uint256 offset, uint256 limit) external view returns (Stake[] memory page) {
        IAVSRegistry.PoolRef[] memory pools = REGISTRY.pools(avs, offset, limit);
        page = new Stake[](pools.length);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = stake(avs, pools[i].operator, pools[i].vault);
        }
    }

    /// @inheritdoc ISlashingManager
    function averages(AvsId avs, uint256 offset, uint256 limit) external view returns (Average[] memory page) {
        IAVSRegistry.PoolRef[] memory pools = REGISTRY.pools(avs, offset, limit);
        page = new Average[](pools.length);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _average(avs, pools[i].operator, pools[i].vault);
        }
    }

    /// @inheritdoc ISlashingManager
    function worstCase(address operator, address vault, uint256 poolShares)
        external
        view
        returns (uint256 value, uint256 thisEpoch, uint256 leaving)
    {
        uint24 e = epoch();
        uint256 base = DELEGATION.retainedAtEndOf(operator, vault, e - 1);
        uint256 floor = SlashMath.floorUp(base, REGISTRY.mandateAt(operator, vault, e).lossBudget);
        uint256 next = SlashMath.floorUp(floor, REGISTRY.mandateAt(operator, vault, e + 1).lossBudget);
        value = toVaultSharesDown(poolShares, DELEGATION.retained(operator, vault));
        thisEpoch = toVaultSharesDown(poolShares, floor);
        leaving = toVaultSharesDown(poolShares, next);
    }

    // ---------------------------------------------------------------------------------------------------- private

    /// The last second at which a request can be executed.
    function _lapsesAt(Request memory r, uint48 vetoPeriod) private view returns (uint48) {
        return r.requestedAt + vetoPeriod + EXECUTE_WINDOW;
    }

    function _requireOpen(Request memory r, uint48 vetoPeriod) private view returns (RequestId id, uint256 remaining) {
        id = requestId(r);
        remaining = _remaining[id];
        if (remaining == 0 || block.timestamp > _lapsesAt(r, vetoPeriod)) revert RequestNotOpen(id);
    }

    /// The current epoch `e`, as one AVS sees one pool.
    function _thisEpoch(AvsId avs, address operator, address vault, uint24 e) private view returns (Epoch memory now_) {
        now_.parts = REGISTRY.partsAt(avs, operator, vault, e);
        now_.base = DELEGATION.retainedAtEndOf(operator, vault, e - 1);
        Taken memory own = _takenIn(avs, operator, vault, e);
        (now_.ownGuaranteed, now_.ownElastic) = (own.guaranteed, own.elastic);
        ElasticTaken memory all = _elasticTaken[operator][vault];
        if (all.epoch == e) now_.elasticTaken = all.amount;
    }

    function _average(AvsId avs, address operator, address vault) private view returns (Average memory a) {
        (a.operator, a.vault) = (operator, vault);
        uint24 e = epoch() - 1;
        uint256 shares = DELEGATION.collected(operator, vault, e) / EPOCH;
        // Of a pool without stakers the mandate may have changed at once, even below what was guaranteed.
        if (shares == 0 || !REGISTRY.isCounted(avs, vault)) return a;

        Epoch memory last;
        last.parts = REGISTRY.partsAt(avs, operator, vault, e);
        last.base = DELEGATION.retainedAtEndOf(operator, vault, e - 1);
        (uint256 guaranteed, uint256 elastic) = last.slashable();
        (uint256 safeGuaranteed, uint256 safeElastic) = last.safe(REGISTRY.partsAt(avs, operator, vault, e + 1));
        a.guaranteed = toVaultSharesDown(shares, guaranteed);
        a.elastic = toVaultSharesDown(shares, elastic);
        a.safeGuaranteed = toVaultSharesDown(shares, safeGuaranteed);
        a.safeElastic = toVaultSharesDown(shares, safeElastic);
    }

    /// What was taken in an earlier epoch does not count.
    function _takenIn(AvsId avs, address operator, address vault, uint24 e) private view returns (Taken memory taken) {
        taken = _taken[operator][vault][avs];
        if (taken.epoch != e) return Taken(e, 0, 0);
    }

    /// Ends an open request.
    function _end(Request memory r, RequestId id) private {
        delete _remaining[id];
        DELEGATION.requestEnded(r.operator, r.vault);
    }

    /// Grants what the budget of epoch `e`, the current one, has for these parts of the pool [bps].
    function _execute(
        Request memory r,
        RequestId id,
        uint256 remaining,
        uint24 e,
        address recipient,
        uint256 guaranteed,
        uint256 elastic
    ) private returns (uint256 granted) {
        Taken memory own = _takenIn(r.avs, r.operator, r.vault, e);
        (guaranteed, elastic) = _grant(r, own, remaining, guaranteed, elastic);
        granted = guaranteed + elastic;
        if (recipient == address(0)) recipient = BURN;
        // Called first, as a pool without stake grants nothing. It calls only the vault's shares, under the lock.
        uint256 shares = DELEGATION.slash(r.operator, r.vault, granted, recipient);
        if (shares == 0) return 0;

        own.guaranteed += uint64(guaranteed); // at most 1e18, as all below
        if (elastic != 0) {
            own.elastic += uint64(elastic);
            ElasticTaken memory all = _elasticTaken[r.operator][r.vault];
            uint256 before = all.epoch == e ? all.amount : 0;
            _elasticTaken[r.operator][r.vault] = ElasticTaken(e, uint64(before + elastic));
        }
        _taken[r.operator][r.vault][r.avs] = own;
        emit Slashed(id, r.avs, r.operator, r.vault, guaranteed, elastic, shares, recipient);
    }

    /// Out of the guaranteed part first: who needs no more, or has no elastic part, does not ask what is shared.
    /// @param g [bps]
    /// @param h [bps]
    /// @return guaranteed [wad]
    /// @return elastic [wad]
    function _grant(Request memory r, Taken memory own, uint256 remaining, uint256 g, uint256 h)
        private
        view
        returns (uint256 guaranteed, uint256 elastic)
    {
        uint256 base = DELEGATION.retainedAtEndOf(r.operator, r.vault, own.epoch - 1);
        guaranteed = Math.min(remaining, SlashMath.partDown(base, g) - own.guaranteed);
        if (h == 0 || guaranteed == remaining) return (guaranteed, 0);

        (, elastic) = _thisEpoch(r.avs, r.operator, r.vault, own.epoch).slashable();
        elastic = Math.min(remaining - guaranteed, elastic);
    }
}
