// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Ledger} from "./Ledger.sol";
import {VM} from "./Cheats.sol";

/// How handlers call: as somebody. A call that is refused is taken back and counted by the runner as a discard.
abstract contract Acting is Ledger {
    uint256 private constant GAS = 16_000_000; // that a call may need

    bool internal over; // the run, and no call may be refused

    /// The ledger is brought up to now before every call, as the call may change what counts from now on.
    modifier acting() {
        ++turn;
        _sync();
        _;
    }

    function _try(address who, address target, bytes memory data) internal returns (bool ok, bytes memory result) {
        VM.prank(who);
        (ok, result) = target.call{gas: GAS}(data);
        if (ok) return (true, result);
        // An error without a name is a mistake of the arithmetic, a missing bound or too much gas. Promise 12: a young
        // chain, too, has room for every subtraction.
        _hold(
            _epoch() < 3 ? 12 : 0,
            result.length >= 4 && bytes4(result) != 0x4e487b71,
            "a call panicked or failed without an error"
        );
    }

    function _act(address who, address target, bytes memory data) internal returns (bytes memory result) {
        bool ok;
        (ok, result) = _try(who, target, data);
        _hold(9, ok || !over, "a call was refused after a run");
        VM.assume(ok);
    }

    function _bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        if (x >= low && x <= high) return x;
        return low + x % (high - low + 1);
    }

    /// Mostly a large part of `whole`, sometimes a few wei, sometimes all.
    function _partOf(uint256 whole, uint256 seed) internal pure returns (uint256) {
        uint256 kind = seed % 8;
        seed /= 8;
        if (whole == 0 || kind == 0) return whole;
        if (kind == 1) return 1 + seed % (whole < 10 ? whole : 10);
        return 1 + seed % whole;
    }
}
