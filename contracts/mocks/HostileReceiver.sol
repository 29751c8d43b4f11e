// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// A staker that calls back when it is next sent ether, and notes how it went.
contract HostileReceiver {
    address public target;
    bytes public data;
    bool public succeeded;
    bytes public result;

    function setCallback(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function call(address target_, uint256 value, bytes calldata data_) external payable {
        (bool success, bytes memory returned) = target_.call{value: value}(data_);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }

    receive() external payable {
        address t = target;
        if (t == address(0)) return;
        target = address(0);
        (succeeded, result) = t.call(data);
    }
}
