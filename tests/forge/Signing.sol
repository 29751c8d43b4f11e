// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {VM} from "./Cheats.sol";

/// What is signed for the contracts: typed data of EIP-712.

function domainOf(string memory name, address contract_) view returns (bytes32) {
    bytes32 type_ = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    return keccak256(abi.encode(type_, keccak256(bytes(name)), keccak256("1"), block.chainid, contract_));
}

function digestOf(bytes32 domain, bytes32 structHash) pure returns (bytes32) {
    return keccak256(abi.encodePacked(hex"1901", domain, structHash));
}

function sign(uint256 key, bytes32 digest) pure returns (bytes memory) {
    (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
    return abi.encodePacked(r, s, v);
}

/// That a key is an operator's, for an AVS of that domain.
function keyProof(address operator, uint256 key, bytes32 domain) pure returns (bytes memory) {
    return sign(key, digestOf(domain, keccak256(abi.encode(keccak256("SigningKey(address operator)"), operator))));
}
