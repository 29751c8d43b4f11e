// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSRegistry} from "../interfaces/IAVSRegistry.sol";

/// A contract of the protocol that takes the protocol's one lock, so that none of them can be entered while code that
/// is not ours runs in a call of another.
abstract contract Guarded {
    /// The registry of this deployment, keeper of the lock.
    IAVSRegistry public immutable REGISTRY;

    constructor(IAVSRegistry registry) {
        REGISTRY = registry;
    }

    modifier guarded() {
        REGISTRY.take();
        _;
        REGISTRY.giveBack();
    }
}
