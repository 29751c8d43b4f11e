// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// One set of terms under which operators can be slashed. Counted from 1, so 0 names no AVS.
type AvsId is uint32;

/// Hash of everything a slash request says: see `ISlashingManager.Request`.
type RequestId is bytes32;

/// An amount for each of a run of epochs, to one pool: see `IRewardsDistributor.Stream`. Counted from 1.
type StreamId is uint64;

/// A price that an oracle reports: see `IOracleAVS.Feed`. Counted from 1.
type FeedId is uint32;

/// The loosest mandate under which a caller delegates.
struct Accepted {
    /// Largest loss budget, current or announced [bps].
    uint16 lossBudget;
    /// Largest commission, current or announced [bps].
    uint16 commission;
    /// Shortest veto period that the operator accepts from an AVS [s].
    uint48 vetoPeriod;
    /// Whether to delegate although a slash request on the pool is open.
    bool openRequests;
}
