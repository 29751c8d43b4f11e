// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {FuzzSelector, VM} from "./Cheats.sol";
import {Promises} from "./Promises.sol";
import {Kind, World} from "./World.sol";

contract Core is Promises {
    constructor(Kind[] memory kinds) World(kinds) {}
}

/// A campaign: the runner calls a `Core` at random, and asks after every call.
abstract contract Campaign {
    Promises internal core;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(core);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(core);
        excluded[0].selectors = _excluded();
    }

    function _excluded() internal view virtual returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = core.leaveAll.selector;
    }

    function invariant_promises() external view {
        core.check();
    }

    function afterInvariant() external {
        core.leaveAll();
    }
}

/// A plain asset and one that rebases.
contract CoreInvariants is Campaign {
    function setUp() external {
        Kind[] memory kinds = new Kind[](2);
        (kinds[0], kinds[1]) = (Kind.Plain, Kind.Rebasing);
        core = Promises(VM.deployCode("Invariants.t.sol:Core", abi.encode(kinds)));
    }
}

contract OddTokensInvariants is Campaign {
    function setUp() external {
        Kind[] memory kinds = new Kind[](5);
        (kinds[0], kinds[1], kinds[2]) = (Kind.NoReturn, Kind.False, Kind.Callback);
        (kinds[3], kinds[4]) = (Kind.Blocklist, Kind.Short);
        core = Promises(VM.deployCode("Invariants.t.sol:Core", abi.encode(kinds)));
    }
}
