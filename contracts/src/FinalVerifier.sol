// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "./IVerifier.sol";
import {ConstraintProgram} from "./generated/ConstraintProgram.sol";
import {FinalShape} from "./generated/FinalShape.sol";
import {FinalProof} from "./libraries/FinalProof.sol";
import {PublicWords} from "./libraries/PublicWords.sol";
import {Shape} from "./libraries/Shape.sol";

/// @title Verifier of final proofs
/// @notice Has no owner, no storage and nothing that could be changed.
contract FinalVerifier is IVerifier {
    // Bytes of the selector.
    uint256 private constant SELECTOR = 4;
    // Bytes before the first byte of the proof in a call of `verify`: two words, the proof's place and its length.
    uint256 private constant VERIFY_HEAD = SELECTOR + 4 * 32;
    // The same in a call of `verifyAll`, without the statements: two places and two lengths.
    uint256 private constant VERIFY_ALL_HEAD = SELECTOR + 4 * 32;

    // Holds the constraints as its code. This contract creates it, so nobody else decides what is in it.
    address private immutable PROGRAM;

    constructor() {
        PROGRAM = address(new ConstraintProgram());
    }

    // ---- Verification ----

    /// @inheritdoc IVerifier
    function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view {
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(programKey, publicOutput);
        verifyStatements(statements, proof, VERIFY_HEAD);
    }

    /// @inheritdoc IVerifier
    function verifyAll(Statement[] calldata statements, bytes calldata proof) external view {
        uint256 start;
        assembly ("memory-safe") {
            start := statements.offset
        }
        if (start != SELECTOR + 3 * 32) revert ProofEncoding();
        verifyStatements(statements, proof, VERIFY_ALL_HEAD + 64 * statements.length);
    }

    /// @dev `start` is where the proof must be in the calldata.
    function verifyStatements(Statement[] memory statements, bytes calldata proof, uint256 start) private view {
        uint256 offset;
        assembly ("memory-safe") {
            offset := proof.offset
        }
        uint256 padding = (32 - proof.length % 32) % 32;
        if (offset != start || msg.data.length != offset + proof.length + padding) revert ProofEncoding();
        if (padding != 0) {
            bytes32 last;
            assembly ("memory-safe") {
                last := calldataload(sub(calldatasize(), padding))
            }
            // Behind the calldata there are zeros.
            if (last != 0) revert ProofEncoding();
        }
        bytes memory words = PublicWords.encode(FinalShape.CIRCUITS, statements);
        FinalProof.verify(shape(), words, offset, proof.length);
    }

    /// @dev The shape with the constraints.
    function shape() private view returns (Shape memory loaded) {
        loaded = FinalShape.load();
        address program = PROGRAM;
        bytes memory code;
        assembly ("memory-safe") {
            // Behind its first byte, which keeps it from being run.
            let size := sub(extcodesize(program), 1)
            code := mload(0x40)
            mstore(0x40, and(add(add(code, size), 63), not(31)))
            mstore(code, size)
            extcodecopy(program, add(code, 32), 1, size)
        }
        loaded.program = code;
    }

    // ---- What is accepted ----

    /// @inheritdoc IVerifier
    function machineVersion() external pure returns (uint256) {
        return FinalShape.MACHINE_VERSION;
    }

    /// @inheritdoc IVerifier
    function circuits() external pure returns (bytes32) {
        return FinalShape.CIRCUITS;
    }

    /// @inheritdoc IVerifier
    function lastCircuit() external pure returns (bytes32) {
        return FinalShape.FIXED_ROOT;
    }
}
