// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

/// Cheats of Halmos, at the address that Foundry has them at.
interface Vm {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 time) external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
}

abstract contract Proof {
    // solhint-disable-next-line const-name-snakecase
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function suppose(bool condition) internal pure {
        vm.assume(condition);
    }

    function isTrue(bool condition) internal pure {
        assert(condition);
    }
}
