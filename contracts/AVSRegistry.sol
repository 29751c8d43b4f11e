// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Clock} from "./base/Clock.sol";
import {Governance} from "./base/Governance.sol";
import {IAVSHook} from "./interfaces/IAVSHook.sol";
import {IAVSRegistry} from "./interfaces/IAVSRegistry.sol";
import {BPS} from "./libraries/Constants.sol";
import {Lanes, LanesLib} from "./libraries/Lanes.sol";
import {pageSize} from "./libraries/Paging.sol";
import {Parts} from "./libraries/SlashMath.sol";
import {Totals} from "./libraries/Totals.sol";
import {Accepted, AvsId} from "./libraries/Types.sol";

/// See `IAVSRegistry`.
contract AVSRegistry is IAVSRegistry, Clock, Governance, Multicall {
    // ------------------------------------------------------------------------------------------------------ types

    struct StoredMandate {
        uint24 stamp; // epoch of the last announcement; 0 if the pool is not open
        Lanes lossBudget; // [bps]
        Lanes commission; // [bps]
        uint48 vetoPeriod; // [s]
    }

    struct StoredAllocation {
        uint24 stamp; // epoch of the last announcement; 0 if there was none, and the pool is not listed
        Lanes guaranteed; // [bps]
        Lanes elastic; // [bps]
    }

    struct Pool {
        StoredMandate mandate;
        mapping(uint24 epoch => StoredMandate) replaced; // by the first announcement of `epoch`
        Totals totals;
        AvsId[] avss;
        mapping(AvsId => StoredAllocation) allocations;
    }

    struct StoredPoolRef {
        address operator;
        uint32 vaultIndex;
    }

    struct AVS {
        Terms terms;
        StoredPoolRef[] pools;
        mapping(address operator => bool) admitted;
        mapping(address vault => bool) counted;
    }

    // -------------------------------------------------------------------------------------------------- constants

    uint48 private constant MIN_EPOCH = 1 minutes;
    uint48 private constant MAX_EPOCH = 30 days; // below 2^22 s: rewards rely on less than 2^(96 + 22) share-seconds

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IAVSRegistry
    uint48 public immutable REPORT_WINDOW;
    /// @inheritdoc IAVSRegistry
    uint48 public immutable MAX_VETO;
    /// @inheritdoc IAVSRegistry
    uint48 public immutable EXECUTE_WINDOW;

    // ---------------------------------------------------------------------------------------------------- storage

    /// @inheritdoc IAVSRegistry
    mapping(address operator => bool) public isOperator;

    mapping(address operator => mapping(address vault => Pool)) private _pools;

    uint32 private _avsCount;

    mapping(AvsId => AVS) private _avss;

    // ------------------------------------------------------------------------------------------------ constructor

    /// @param timing The clock and the windows.
    /// @param owner Lists vaults; a timelock in production.
    /// @param guardian_ May pause; zero for none.
    /// @param delegation Where the `DelegationManager` will be deployed.
    /// @param slashing Where the `SlashingManager` will be deployed.
    /// @param rewards Where the `RewardsDistributor` will be deployed.
    constructor(
        Timing memory timing,
        address owner,
        address guardian_,
        address delegation,
        address slashing,
        address rewards
    ) Clock(timing.genesis, timing.epoch) Governance(owner, guardian_, delegation, slashing, rewards) {
        // What is reported in time can be executed before the offender's stakers are out.
        uint256 windows = uint256(timing.reportWindow) + timing.maxVeto + timing.executeWindow;
        if (
            timing.genesis > block.timestamp || block.timestamp - timing.genesis > MAX_EPOCH || timing.epoch < MIN_EPOCH
                || timing.epoch > MAX_EPOCH || timing.reportWindow == 0 || timing.executeWindow == 0
                || windows > timing.epoch
        ) revert TimingOutOfBounds(timing);

        REPORT_WINDOW = timing.reportWindow;
        MAX_VETO = timing.maxVeto;
        EXECUTE_WINDOW = timing.executeWindow;
    }

    // -------------------------------------------------------------------------------------------------- operators

    /// @inheritdoc IAVSRegistry
    function registerOperator(string calldata uri) external {
        if (isOperator[msg.sender]) revert OperatorAlreadyRegistered(msg.sender);
        isOperator[msg.sender] = true;
        emit OperatorRegistered(msg.sender, uri);
    }

    /// @inheritdoc IAVSRegistry
    function openPool(address vault, uint256 lossBudget, uint256 commission, uint48 vetoPeriod) external {
        if (!isOperator[msg.sender]) revert UnknownOperator(msg.sender);
        if (!hasVault(vault)) revert UnknownVault(vault);
        if (isOpen(msg.sender, vault)) revert PoolAlreadyOpen(msg.sender, vault);
        if (vetoPeriod > MAX_VETO) revert VetoPeriodTooLong(vetoPeriod, MAX_VETO);

        Pool storage pool = _pools[msg.sender][vault];
        pool.mandate.vetoPeriod = vetoPeriod;
        emit PoolOpened(msg.sender, vault, vetoPeriod);
        _setMandate(pool, vault, lossBudget, commission, true);
    }

    /// @inheritdoc IAVSRegistry
    function setMandate(address vault, uint256 lossBudget, uint256 commission) external {
        Pool storage pool = _requireOpen(msg.sender, vault);
        _setMandate(pool, vault, lossBudget, commission, !DELEGATION.everDelegated(msg.sender, vault));
    }

    /// @inheritdoc IAVSRegistry
    function optIn(AvsId avs, address vault, uint256 guaranteed, uint256 elastic, bytes calldata data)
        external
        whenNotPaused
    {
        AVS storage a = _requireAVS(avs);
        Pool storage pool = _requireOpen(msg.sender, vault);
        if (!a.counted[vault]) revert VaultNotCounted(avs, vault);
        if (a.terms.byAdmission && !a.admitted[msg.sender]) revert NotAdmitted(avs, msg.sender);
        StoredAllocation memory old = pool.allocations[avs];
        if (_isOptedIn(old)) revert AlreadyOptedIn(avs, msg.sender, vault);
        uint48 vetoPeriod = pool.mandate.vetoPeriod;
        if (a.terms.vetoPeriod < vetoPeriod) revert VetoPeriodTooShort(a.terms.vetoPeriod, vetoPeriod);

        if (old.stamp == 0) {
            pool.avss.push(avs);
            a.pools.push(StoredPoolRef(msg.sender, _vaultIndex(vault)));
        }
        emit OptedIn(avs, msg.sender, vault);
        _allocate(pool, old, avs, vault, guaranteed, elastic);

        address hook = a.terms.hook;
        if (hook == address(0)) return;
        DELEGATION.take();
        IAVSHook(hook).onOptIn(avs, msg.sender, vault, guaranteed, elastic, data);
        DELEGATION.giveBack();
    }

    /// @inheritdoc IAVSRegistry
    function allocate(AvsId avs, address vault, uint256 guaranteed, uint256 elastic) external {
        Pool storage pool = _pools[msg.sender][vault];
        StoredAllocation memory old = pool.allocations[avs];
        if (!_isOptedIn(old)) revert NotOptedIn(avs, msg.sender, vault);
        if (guaranteed > old.guaranteed.settled() || elastic > old.elastic.settled()) _requireNotPaused();

        _allocate(pool, old, avs, vault, guaranteed, elastic);
    }

    /// @inheritdoc IAVSRegistry
    function optOut(AvsId avs, address vault) external {
        _optOut(avs, msg.sender, vault, false);
    }

    // ------------------------------------------------------------------------------------------------------- AVSs

    /// @inheritdoc IAVSRegistry
    function registerAVS(Terms calldata terms_, string calldata uri) external returns (AvsId avs) {
        if (terms_.owner == address(0) || terms_.slasher == address(0)) revert ZeroAddress();
        if (terms_.vetoPeriod > MAX_VETO) revert VetoPeriodTooLong(terms_.vetoPeriod, MAX_VETO);
        if ((terms_.resolver == address(0)) != (terms_.vetoPeriod == 0)) {
            revert ResolverMismatch(terms_.resolver, terms_.vetoPeriod);
        }
        if (_isProtocol(terms_.recipient)) revert RecipientIsProtocol(terms_.recipient);

        avs = AvsId.wrap(++_avsCount);
        _avss[avs].terms = terms_;
        emit AVSRegistered(avs, terms_, uri);
    }

    /// @inheritdoc IAVSRegistry
    function setAdmitted(AvsId avs, address operator, bool admitted) external {
        AVS storage a = _requireAVSOwner(avs);
        if (!a.terms.byAdmission) revert AdmissionNotRequired(avs);
        if (!isOperator[operator]) revert UnknownOperator(operator);

        a.admitted[operator] = admitted;
        emit AdmissionSet(avs, operator, admitted);
    }

    /// @inheritdoc IAVSRegistry
    function setVault(AvsId avs, address vault, bool counts) external {
        AVS storage a = _requireAVSOwner(avs);
        if (!hasVault(vault)) revert UnknownVault(vault);

        a.counted[vault] = counts;
        emit VaultCounted(avs, vault, counts);
    }

    /// @inheritdoc IAVSRegistry
    function eject(AvsId avs, address operator, address vault) external {
        AVS storage a = _requireAVSOwner(avs);
        if (a.admitted[operator]) {
            a.admitted[operator] = false;
            emit AdmissionSet(avs, operator, false);
            // An operator that is out already, by an opt-out sent ahead, does not keep its admission.
            if (!isOptedIn(avs, operator, vault)) return;
        }
        _optOut(avs, operator, vault, true);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IAVSRegistry
    function checkConsent(address operator, address vault, Accepted calldata accepted) external view {
        _requireNotPaused();
        Mandate memory loosest = loosestMandate(operator, vault);
        if (
            loosest.lossBudget > accepted.lossBudget || loosest.commission > accepted.commission
                || loosest.vetoPeriod < accepted.vetoPeriod
        ) revert MandateTooLoose(loosest, accepted);
    }

    /// @inheritdoc IAVSRegistry
    function isOpen(address operator, address vault) public view returns (bool) {
        return _pools[operator][vault].mandate.stamp != 0;
    }

    /// @inheritdoc IAVSRegistry
    function mandateAt(address operator, address vault, uint24 epoch_) external view returns (Mandate memory) {
        StoredMandate storage m = _mandateAt(operator, vault, epoch_);
        return Mandate(m.lossBudget.valueAt(m.stamp, epoch_), m.commission.valueAt(m.stamp, epoch_), m.vetoPeriod);
    }

    /// @inheritdoc IAVSRegistry
    function commissionOfEpoch(address operator, address vault, uint24 epoch_) external view returns (uint256) {
        StoredMandate storage m = _mandateAt(operator, vault, epoch_);
        return m.commission.valueAt(m.stamp, epoch_);
    }

    /// @inheritdoc IAVSRegistry
    function loosestMandate(address operator, address vault) public view returns (Mandate memory) {
        StoredMandate memory m = _requireOpen(operator, vault).mandate;
        uint256 past = epoch() - m.stamp;
        return Mandate(m.lossBudget.later(past).peak(), m.commission.later(past).peak(), m.vetoPeriod);
    }

    /// @inheritdoc IAVSRegistry
    function partsAt(AvsId avs, address operator, address vault, uint24 epoch_) external view returns (Parts memory) {
        Pool storage pool = _pools[operator][vault];
        StoredAllocation memory a = pool.allocations[avs];
        Totals memory totals = pool.totals;
        return Parts(
            a.guaranteed.valueAt(a.stamp, epoch_),
            a.elastic.valueAt(a.stamp, epoch_),
            pool.mandate.lossBudget.valueAt(pool.mandate.stamp, epoch_),
            totals.guaranteedAt(epoch_),
            totals.elasticAt(epoch_)
        );
    }

    /// @inheritdoc IAVSRegistry
    function room(address operator, address vault) external view returns (uint256) {
        Pool storage pool = _requireOpen(operator, vault);
        return pool.mandate.lossBudget.settled() - pool.totals.guaranteed.settled();
    }

    /// @inheritdoc IAVSRegistry
    function allocationAt(AvsId avs, address operator, address vault, uint24 epoch_)
        public
        view
        returns (uint256 guaranteed, uint256 elastic)
    {
        StoredAllocation memory a = _pools[operator][vault].allocations[avs];
        return (a.guaranteed.valueAt(a.stamp, epoch_), a.elastic.valueAt(a.stamp, epoch_));
    }

    /// @inheritdoc IAVSRegistry
    function isOptedIn(AvsId avs, address operator, address vault) public view returns (bool) {
        return _isOptedIn(_pools[operator][vault].allocations[avs]);
    }

    /// @inheritdoc IAVSRegistry
    function avsCount() external view returns (uint256) {
        return _avsCount;
    }

    /// @inheritdoc IAVSRegistry
    function terms(AvsId avs) external view returns (Terms memory) {
        return _requireAVS(avs).terms;
    }

    /// @inheritdoc IAVSRegistry
    function termsToSlash(AvsId avs, address operator, address vault, uint24 epoch_)
        external
        view
        returns (address slasher, uint48 vetoPeriod, address recipient, uint256 guaranteed, uint256 elastic)
    {
        Terms storage t = _requireAVS(avs).terms;
        (guaranteed, elastic) = allocationAt(avs, operator, vault, epoch_);
        return (t.slasher, t.vetoPeriod, t.recipient, guaranteed, elastic);
    }

    /// @inheritdoc IAVSRegistry
    function isAdmitted(AvsId avs, address operator) external view returns (bool) {
        return _avss[avs].admitted[operator];
    }

    /// @inheritdoc IAVSRegistry
    function isCounted(AvsId avs, address vault) external view returns (bool) {
        return _avss[avs].counted[vault];
    }

    /// @inheritdoc IAVSRegistry
    function poolCount(AvsId avs) external view returns (uint256) {
        return _avss[avs].pools.length;
    }

    /// @inheritdoc IAVSRegistry
    function pools(AvsId avs, uint256 offset, uint256 limit) external view returns (PoolRef[] memory page) {
        StoredPoolRef[] storage all = _avss[avs].pools;
        page = new PoolRef[](pageSize(all.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            StoredPoolRef memory stored = all[offset + i];
            page[i] = PoolRef(stored.operator, _vaultAt(stored.vaultIndex));
        }
    }

    /// @inheritdoc IAVSRegistry
    function allocationCount(address operator, address vault) external view returns (uint256) {
        return _pools[operator][vault].avss.length;
    }

    /// @inheritdoc IAVSRegistry
    function allocations(address operator, address vault, uint24 epoch_, uint256 offset, uint256 limit)
        external
        view
        returns (Allocation[] memory page)
    {
        Pool storage pool = _pools[operator][vault];
        page = new Allocation[](pageSize(pool.avss.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) {
            AvsId avs = pool.avss[offset + i];
            StoredAllocation memory a = pool.allocations[avs];
            page[i] = Allocation(avs, a.guaranteed.valueAt(a.stamp, epoch_), a.elastic.valueAt(a.stamp, epoch_));
        }
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _requireOpen(address operator, address vault) private view returns (Pool storage pool) {
        pool = _pools[operator][vault];
        if (pool.mandate.stamp == 0) revert UnknownPool(operator, vault);
    }

    /// The announcement that tells of `epoch_`: at most one step for each epoch since. Before the first one it is zero.
    function _mandateAt(address operator, address vault, uint24 epoch_) private view returns (StoredMandate storage m) {
        Pool storage pool = _requireOpen(operator, vault);
        m = pool.mandate;
        while (uint256(epoch_) + 1 < m.stamp) m = pool.replaced[m.stamp];
    }

    function _requireAVS(AvsId avs) private view returns (AVS storage a) {
        a = _avss[avs];
        if (a.terms.slasher == address(0)) revert UnknownAVS(avs);
    }

    function _requireAVSOwner(AvsId avs) private view returns (AVS storage a) {
        a = _requireAVS(avs);
        if (a.terms.owner != msg.sender) revert NotAVSOwner(avs, msg.sender);
    }

    function _isOptedIn(StoredAllocation memory a) private pure returns (bool) {
        return a.guaranteed.settled() + a.elastic.settled() != 0;
    }

    /// Sets the mandate of the caller's pool, at once or by the rule of time.
    function _setMandate(Pool storage pool, address vault, uint256 lossBudget, uint256 commission, bool atOnce)
        private
    {
        if (lossBudget > BPS) revert FractionTooLarge(lossBudget);
        if (commission > BPS) revert FractionTooLarge(commission);

        uint24 e = epoch();
        StoredMandate memory m = pool.mandate;
        uint256 past = e - m.stamp;
        if (past != 0 && m.stamp != 0) _store(pool.replaced[e], m);
        m.stamp = e;
        if (atOnce) {
            m.lossBudget = LanesLib.constantly(lossBudget);
            m.commission = LanesLib.constantly(commission);
        } else {
            m.lossBudget = m.lossBudget.later(past).announce(lossBudget);
            m.commission = m.commission.later(past).announce(commission);
        }
        Lanes allGuaranteed = pool.totals.guaranteed.later(e - pool.totals.stamp);
        for (uint24 i = 0; i <= 3; ++i) {
            _requireWithinBudget(e + i, m.lossBudget.lane(i + 1), allGuaranteed.lane(i + 1));
        }

        _store(pool.mandate, m);
        emit MandateAnnounced(msg.sender, vault, lossBudget, commission, atOnce);
    }

    /// Field by field, which takes 640 bytes less than the compiler's own copies.
    function _store(StoredMandate storage slot, StoredMandate memory m) private {
        slot.stamp = m.stamp;
        slot.lossBudget = m.lossBudget;
        slot.commission = m.commission;
        slot.vetoPeriod = m.vetoPeriod;
    }

    /// Announces an allocation of the caller's pool that is not zero.
    function _allocate(
        Pool storage pool,
        StoredAllocation memory old,
        AvsId avs,
        address vault,
        uint256 guaranteed,
        uint256 elastic
    ) private {
        if (guaranteed + elastic == 0) revert NothingAllocated();
        if (guaranteed > BPS) revert FractionTooLarge(guaranteed);
        if (elastic > BPS) revert FractionTooLarge(elastic);
        // Shared stake can only be burnt: so draining it before another AVS can slash it gains nobody anything.
        if (elastic != 0 && _avss[avs].terms.recipient != address(0)) revert ElasticWithRecipient(avs, elastic);

        uint24 e = epoch();
        Lanes allGuaranteed = _announce(pool, old, avs, e, guaranteed, elastic);
        // Only the last lane can have risen.
        _requireWithinBudget(e + 3, pool.mandate.lossBudget.settled(), allGuaranteed.settled());
        emit AllocationAnnounced(avs, msg.sender, vault, guaranteed, elastic);
    }

    function _optOut(AvsId avs, address operator, address vault, bool ejected) private {
        Pool storage pool = _pools[operator][vault];
        StoredAllocation memory old = pool.allocations[avs];
        if (!_isOptedIn(old)) revert NotOptedIn(avs, operator, vault);

        _announce(pool, old, avs, epoch(), 0, 0);
        emit OptedOut(avs, operator, vault, ejected);
        emit AllocationAnnounced(avs, operator, vault, 0, 0);
    }

    /// The one writer of allocations and of their totals.
    function _announce(
        Pool storage pool,
        StoredAllocation memory old,
        AvsId avs,
        uint24 e,
        uint256 guaranteed,
        uint256 elastic
    ) private returns (Lanes allGuaranteed) {
        Lanes oldGuaranteed = old.guaranteed.later(e - old.stamp);
        Lanes oldElastic = old.elastic.later(e - old.stamp);
        Lanes newGuaranteed = oldGuaranteed.announce(guaranteed);
        Lanes newElastic = oldElastic.announce(elastic);
        pool.allocations[avs] = StoredAllocation(e, newGuaranteed, newElastic);

        Totals memory totals = pool.totals;
        totals.replace(e, oldGuaranteed, newGuaranteed, oldElastic, newElastic);
        pool.totals = totals;
        return totals.guaranteed;
    }

    /// In no epoch may the guaranteed parts exceed the loss budget.
    function _requireWithinBudget(uint256 epoch_, uint256 lossBudget, uint256 guaranteed) private pure {
        if (guaranteed > lossBudget) revert LossBudgetExceeded(epoch_, guaranteed, lossBudget);
    }
}
