// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// A point of G1 as the precompiles of EIP-2537 take it: 64 bytes for each coordinate, the first 16 of them zero. The
/// point at infinity is all zero.
struct G1 {
    uint256 xHigh;
    uint256 xLow;
    uint256 yHigh;
    uint256 yLow;
}

/// A point of G2 as the precompiles take it: x = x0 + x1·u, y = y0 + y1·u.
struct G2 {
    uint256 x0High;
    uint256 x0Low;
    uint256 x1High;
    uint256 x1Low;
    uint256 y0High;
    uint256 y0Low;
    uint256 y1High;
    uint256 y1Low;
}

/// The precompile refused its input, such as a point that is not on the curve, or had too little gas.
error PrecompileFailed(address precompile);

using BLS for G1 global;

/// BLS signatures over BLS12-381: public keys in G1, signatures in G2, hashed by RFC 9380.
///
/// The precompiles take only what is canonical: coordinates below the field's modulus, and infinity as zeros. So a
/// point that passed one of them has no other encoding.
library BLS {
    // Four times what each asks for: one that refuses burns all that it is given, and a later fork may ask for more.
    uint256 private constant ADD_G1_GAS = 1500;
    uint256 private constant ADD_G2_GAS = 2400;
    uint256 private constant MAP_GAS = 95_200;
    uint256 private constant PAIRING_GAS = 411_600; // of two pairs

    address private constant MODEXP = address(0x05);
    address private constant ADD_G1 = address(0x0b);
    address private constant ADD_G2 = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP = address(0x11);

    // Modulus of the field.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    // Minus the generator of G1.
    uint256 private constant X_HIGH = 0x17f1d3a73197d7942695638c4fa9ac0f;
    uint256 private constant X_LOW = 0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb;
    uint256 private constant Y_HIGH = 0x114d1d6855d545a8aa7d76c8cf2e21f2;
    uint256 private constant Y_LOW = 0x67816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca;

    // -------------------------------------------------------------------------------------------------------- points

    function isInfinity(G1 memory self) internal pure returns (bool) {
        return self.xHigh | self.xLow | self.yHigh | self.yLow == 0;
    }

    /// The same for a point and no other, as long as it passed a precompile.
    function id(G1 memory self) internal pure returns (bytes32) {
        return keccak256(abi.encode(self));
    }

    /// Both points are on the curve, but need not be in the subgroup.
    function add(G1 memory self, G1 memory other) internal view returns (G1 memory sum) {
        (address precompile, bool success) = (ADD_G1, false);
        // A quorum adds once for each operator: the copies of a call in Solidity would cost twice as much as the sum.
        assembly ("memory-safe") {
            let input := mload(0x40)
            mcopy(input, self, 128)
            mcopy(add(input, 128), other, 128)
            success := staticcall(ADD_G1_GAS, precompile, input, 256, sum, 128)
            success := and(success, eq(returndatasize(), 128))
        }
        if (!success) revert PrecompileFailed(precompile);
    }

    /// @param self Canonical.
    function negated(G1 memory self) internal pure returns (G1 memory) {
        if (self.isInfinity()) return self;
        unchecked {
            // y is less than the modulus, and not zero, as no point of the curve has that.
            uint256 borrow = self.yLow > P_LOW ? 1 : 0;
            return G1(self.xHigh, self.xLow, P_HIGH - self.yHigh - borrow, P_LOW - self.yLow);
        }
    }

    // ---------------------------------------------------------------------------------------------------- signatures

    /// Whether the holder of `publicKey` signed the message: e(publicKey, H(message)) = e(generator, signature). Both
    /// points are shown to be in their subgroups. Infinity signed nothing.
    /// @param dst Domain separation tag of the scheme, at most 255 bytes.
    function verify(G1 memory publicKey, bytes memory message, bytes memory dst, G2 memory signature)
        internal
        view
        returns (bool)
    {
        if (publicKey.isInfinity()) return false;
        bytes memory pairs = abi.encode(publicKey, hashToG2(message, dst), G1(X_HIGH, X_LOW, Y_HIGH, Y_LOW), signature);
        return abi.decode(_call(PAIRING, PAIRING_GAS, pairs), (bool));
    }

    /// hash_to_curve of RFC 9380 for BLS12381G2_XMD:SHA-256_SSWU_RO_.
    /// @param dst Domain separation tag, at most 255 bytes.
    function hashToG2(bytes memory message, bytes memory dst) internal view returns (G2 memory) {
        bytes32[8] memory uniform = expand(message, dst);
        bytes memory both = bytes.concat(_map(uniform, 0), _map(uniform, 4));
        return abi.decode(_call(ADD_G2, ADD_G2_GAS, both), (G2));
    }

    /// 256 bytes of expand_message_xmd of RFC 9380, with SHA-256.
    /// @param dst Domain separation tag, at most 255 bytes.
    function expand(bytes memory message, bytes memory dst) internal pure returns (bytes32[8] memory uniform) {
        dst = abi.encodePacked(dst, uint8(dst.length));
        // A block of 64 zeros, the message, and how many bytes are asked for.
        bytes32 first = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), dst));
        bytes32 last;
        for (uint256 i = 0; i < 8; ++i) {
            last = sha256(abi.encodePacked(first ^ last, uint8(i + 1), dst));
            uniform[i] = last;
        }
    }

    // ------------------------------------------------------------------------------------------------------- private

    /// The point that four words stand for: two numbers of 512 bits, reduced to an element of Fp2.
    function _map(bytes32[8] memory uniform, uint256 i) private view returns (bytes memory) {
        return
            _call(
                MAP, MAP_GAS, bytes.concat(_reduce(uniform[i], uniform[i + 1]), _reduce(uniform[i + 2], uniform[i + 3]))
            );
    }

    /// A number of 512 bits modulo the field's modulus, in 64 bytes: its first power.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        bytes memory power = abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), P_HIGH, P_LOW);
        return _call(MODEXP, gasleft(), power);
    }

    function _call(address precompile, uint256 gas_, bytes memory input) private view returns (bytes memory output) {
        bool success;
        (success, output) = precompile.staticcall{gas: gas_}(input);
        if (!success || output.length == 0) revert PrecompileFailed(precompile);
    }
}
