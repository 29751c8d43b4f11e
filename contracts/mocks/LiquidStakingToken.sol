// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// A liquid staking token whose balances grow, and shrink, with what is staked: it may deliver a wei less than asked.
contract LiquidStakingToken is ERC20("Liquid Staked Ether", "lsETH") {
    /// What one unit of the ledger stands for [wad].
    uint256 public index = 1e18;

    function mint(address to, uint256 amount) external {
        _mint(to, Math.mulDiv(amount, 1e18, index));
    }

    /// Changes every balance by `bps`, up or down.
    function rebase(int256 bps) external {
        index = Math.mulDiv(index, uint256(10_000 + bps), 10_000);
    }

    function balanceOf(address account) public view override returns (uint256) {
        return Math.mulDiv(super.balanceOf(account), index, 1e18);
    }

    function totalSupply() public view override returns (uint256) {
        return Math.mulDiv(super.totalSupply(), index, 1e18);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        _transfer(msg.sender, to, Math.mulDiv(amount, 1e18, index));
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _spendAllowance(from, msg.sender, amount);
        _transfer(from, to, Math.mulDiv(amount, 1e18, index));
        return true;
    }
}
