// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {FuzzSelector, VM} from "./Cheats.sol";
import {Promises} from "./Promises.sol";
import {Kind} from "./World.sol";

/// A campaign: the runner calls one `Promises` at random, and asks after every call. Each has two vaults, and
/// pays rewards in their assets and in one token more.
abstract contract Campaign {
    Promises private _promises;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_promises);
    }

    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(_promises), new bytes4[](1));
        excluded[0].selectors[0] = _promises.leaveAll.selector;
    }

    function invariant_promises() external view {
        _promises.check();
    }

    function afterInvariant() external {
        _promises.leaveAll();
    }

    function _play(Kind first, Kind second, Kind third) internal {
        Kind[] memory assets = new Kind[](2);
        Kind[] memory rewardTokens = new Kind[](3);
        (assets[0], assets[1]) = (first, second);
        (rewardTokens[0], rewardTokens[1], rewardTokens[2]) = (first, second, third);
        _promises = Promises(VM.deployCode("Promises.sol:Promises", abi.encode(assets, rewardTokens)));
    }
}

contract PlainInvariants is Campaign {
    function setUp() external {
        _play(Kind.Plain, Kind.Rebasing, Kind.Fee);
    }
}

contract CallbackInvariants is Campaign {
    function setUp() external {
        _play(Kind.Callback, Kind.Blocklist, Kind.Plain);
    }
}

contract FalseInvariants is Campaign {
    function setUp() external {
        _play(Kind.NoReturn, Kind.False, Kind.MovedFalse);
    }
}

contract ShortInvariants is Campaign {
    function setUp() external {
        _play(Kind.Short, Kind.NoZero, Kind.Plain);
    }
}
