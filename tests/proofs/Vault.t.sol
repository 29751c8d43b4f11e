// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Proof} from "./Proof.sol";

/// The conversions of `StakingVault`, as lemmas on the expressions that it and OpenZeppelin's ERC4626 use: shares =
/// mulDiv(assets, supply + 1, rest + 1), and assets = mulDiv(shares, rest + 1, supply + 1), where `rest` is what the vault
/// holds before. Assets and supply are below 2^96.
contract VaultProofs is Proof {
    function check_shares_of_a_deposit__round_down(uint96 arrived, uint96 supply, uint96 rest) external pure {
        uint256 shares = Math.mulDiv(arrived, uint256(supply) + 1, uint256(rest) + 1);
        uint256 exact = uint256(arrived) * (uint256(supply) + 1);
        assert(shares * (uint256(rest) + 1) <= exact && exact < (shares + 1) * (uint256(rest) + 1));
    }

    function check_assets_of_a_redemption__round_down(uint96 shares, uint96 supply, uint96 held) external pure {
        uint256 assets = Math.mulDiv(shares, uint256(held) + 1, uint256(supply) + 1);
        uint256 exact = uint256(shares) * (uint256(held) + 1);
        assert(assets * (uint256(supply) + 1) <= exact && exact < (assets + 1) * (uint256(supply) + 1));
    }

    function check_assets_of_a_mint__round_up(uint96 shares, uint96 supply, uint96 held) external pure {
        uint256 assets = Math.mulDiv(shares, uint256(held) + 1, uint256(supply) + 1, Math.Rounding.Ceil);
        assert(assets * (uint256(supply) + 1) >= uint256(shares) * (uint256(held) + 1));
    }

    function check_deposit_and_redeem__gains_nothing(uint96 arrived, uint96 supply, uint96 rest) external pure {
        uint256 shares = Math.mulDiv(arrived, uint256(supply) + 1, uint256(rest) + 1);
        vm.assume(shares <= type(uint96).max); // `MAX_SUPPLY`
        uint256 back = Math.mulDiv(shares, uint256(rest) + arrived + 1, uint256(supply) + shares + 1);
        assert(back <= arrived);
    }

    /// Nobody's deposit takes of what a share of the others is worth: (rest + 1) / (supply + 1) does not fall.
    function check_deposit__leaves_the_price(uint96 arrived, uint96 supply, uint96 rest) external pure {
        uint256 shares = Math.mulDiv(arrived, uint256(supply) + 1, uint256(rest) + 1);
        vm.assume(shares <= type(uint96).max);
        assert(
            (uint256(rest) + arrived + 1) * (uint256(supply) + 1)
                >= (uint256(rest) + 1) * (uint256(supply) + shares + 1)
        );
    }

    function check_redemption__leaves_the_price(uint96 shares, uint96 supply, uint96 held) external pure {
        vm.assume(shares <= supply);
        uint256 assets = Math.mulDiv(shares, uint256(held) + 1, uint256(supply) + 1);
        assert(assets <= held);
        assert(
            (uint256(held) - assets + 1) * (uint256(supply) + 1) >= (uint256(held) + 1) * (uint256(supply) - shares + 1)
        );
    }
}
