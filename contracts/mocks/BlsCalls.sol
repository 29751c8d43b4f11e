// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {BLS, G1, G2} from "../libraries/BLS.sol";

/// The library's functions as calls.
contract BlsCalls {
    function add(G1 memory a, G1 memory b) external view returns (G1 memory) {
        return a.add(b);
    }

    function negated(G1 memory point) external pure returns (G1 memory) {
        return point.negated();
    }

    function isInfinity(G1 memory point) external pure returns (bool) {
        return point.isInfinity();
    }

    function hashToG2(bytes calldata message, bytes calldata dst) external view returns (G2 memory) {
        return BLS.hashToG2(message, dst);
    }

    function verify(G1 memory key, bytes calldata message, bytes calldata dst, G2 memory signature)
        external
        view
        returns (bool)
    {
        return BLS.verify(key, message, dst, signature);
    }
}
