// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {TestToken} from "./TestToken.sol";

/// Takes ether and gives a tenth less than what came, as a staking token at its own rate would.
contract ShortWETH is TestToken("Short WETH", "sWETH", 18) {
    function deposit() external payable {
        _mint(msg.sender, msg.value - msg.value / 10);
    }
}
