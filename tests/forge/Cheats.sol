// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// What is used of Forge's cheatcodes.
interface Vm {
    function addr(uint256 key) external pure returns (address);

    function assertEq(address left, address right) external pure;

    function assertEq(bool left, bool right) external pure;

    function assertEq(bytes calldata left, bytes calldata right) external pure;

    function assertEq(bytes32 left, bytes32 right) external pure;

    function assertEq(uint256 left, uint256 right) external pure;

    function assertTrue(bool condition, string calldata message) external pure;

    function assume(bool condition) external pure;

    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    function deal(address account, uint256 balance) external;

    /// Creates a contract from its artifact. `new` would compile the whole of it once more into its creator.
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);

    function etch(address target, bytes calldata code) external;

    /// The next call is to emit this event of `emitter`, with these topics and data.
    function expectEmit(address emitter) external;

    function expectRevert(bytes calldata data) external;

    /// The compiler may keep `block.timestamp` over a `warp`.
    function getBlockTimestamp() external view returns (uint256);

    function getNonce(address account) external view returns (uint64);

    function prank(address sender) external;

    function revertToStateAndDelete(uint256 id) external returns (bool);

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function snapshotState() external returns (uint256 id);

    function startPrank(address sender) external;

    function stopPrank() external;

    function warp(uint256 time) external;
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// Any token of the mocks, whatever it returns.
interface Mintable {
    function approve(address spender, uint256 amount) external;

    function mint(address to, uint256 amount) external;
}

/// Which functions of a contract the runner is not to call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}
