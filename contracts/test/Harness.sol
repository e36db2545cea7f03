// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {FinalProof} from "../src/libraries/FinalProof.sol";
import {Shape} from "../src/libraries/Shape.sol";

/// @notice Verifies proofs of any shape, for tests with small tables.
contract Harness {
    function verify(Shape calldata shape, bytes calldata words, bytes calldata proof) external pure {
        uint256 offset;
        assembly ("memory-safe") {
            offset := proof.offset
        }
        FinalProof.verify(shape, words, offset, proof.length);
    }
}
