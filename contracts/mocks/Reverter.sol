// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

// solhint-disable gas-custom-errors, no-inline-assembly

interface IReverterErrors {
    error Declared(address who, uint256 value);
}

library ReverterLibrary {
    error FromLibrary(bytes32 id);

    function fail(bytes32 id) internal pure {
        revert FromLibrary(id);
    }
}

/// Reverts in every way there is, so that the tests of the `reverts` helper have something to catch.
contract Reverter is IReverterErrors {
    struct Pair {
        uint256 left;
        uint256 right;
    }

    error Bare();
    error Other(address who, uint256 value);
    error Late(uint256 timestamp);
    error Complex(string text, uint256[] list, Pair pair, bool flag, bytes4 data);

    event Called(address indexed who, uint256 value, string indexed text, uint256[] list, Pair pair);

    uint256 public calls;

    constructor(uint256 value) {
        if (value != 0) revert Declared(msg.sender, value);
    }

    function declared(uint256 value) external {
        ++calls;
        revert Declared(msg.sender, value);
    }

    function declaredView(uint256 value) external view {
        revert Declared(msg.sender, value);
    }

    function late() external {
        ++calls;
        revert Late(block.timestamp);
    }

    function bare() external {
        ++calls;
        revert Bare();
    }

    function complex() external {
        ++calls;
        uint256[] memory list = new uint256[](2);
        list[1] = 7;
        revert Complex("text", list, Pair(1, 2), true, 0x01020304);
    }

    function fromLibrary(bytes32 id) external {
        ++calls;
        ReverterLibrary.fail(id);
    }

    function nested(Reverter inner, uint256 value) external {
        ++calls;
        inner.declared(value);
    }

    function withString() external {
        ++calls;
        revert("text");
    }

    function withNothing() external {
        ++calls;
        revert();
    }

    function withUnknown() external {
        ++calls;
        assembly ("memory-safe") {
            mstore(0, 0xdeadbeef)
            revert(28, 4)
        }
    }

    function divide(uint256 by) external returns (uint256) {
        ++calls;
        return 1 / by;
    }

    function text() external view returns (uint256) {
        require(calls == type(uint256).max, "text");
        return calls;
    }

    function burnGas() external {
        while (true) ++calls;
    }

    function emits(uint256 value, uint256 times) external {
        uint256[] memory list = new uint256[](2);
        list[1] = 7;
        for (uint256 i; i < times; ++i) {
            emit Called(msg.sender, value, "text", list, Pair(1, 2));
        }
    }
}
