// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// Asks many views at once.
contract Reader {
    struct Question {
        address target;
        bytes data;
    }

    error NoAnswer(uint256 index);

    function read(Question[] calldata questions) external view returns (bytes[] memory answers) {
        answers = new bytes[](questions.length);
        for (uint256 i = 0; i < questions.length; ++i) {
            bool success;
            (success, answers[i]) = questions[i].target.staticcall(questions[i].data);
            if (!success) revert NoAnswer(i);
        }
    }
}
