// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// A wallet whose one owner signs for it and calls through it. It takes no ether unless told to.
contract Wallet is IERC1271 {
    error NoEther();

    address public immutable OWNER;
    bool public takesEther;

    constructor(address owner) {
        OWNER = owner;
    }

    function setTakesEther(bool takes) external {
        takesEther = takes;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == OWNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function call(address target, uint256 value, bytes calldata data) external returns (bytes memory) {
        (bool success, bytes memory result) = target.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }

    receive() external payable {
        if (!takesEther) revert NoEther();
    }
}
