// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "./IVerifier.sol";
import {ConstraintProgram} from "./generated/ConstraintProgram.sol";
import {FinalShape} from "./generated/FinalShape.sol";
import {JoinerKey} from "./generated/JoinerKey.sol";
import {FinalProof} from "./libraries/FinalProof.sol";
import {JoinedStatements} from "./libraries/JoinedStatements.sol";
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

    // The same in a call of `verifyJoined`: three words, the proof's place and its length.
    uint256 private constant VERIFY_JOINED_HEAD = SELECTOR + 5 * 32;

    // What a proof is to state.
    struct Stated {
        // Root of a tree of statements beside the others, or zero.
        bytes32 joined;
        Statement[] statements;
        // Where the proof must be in the calldata.
        uint256 start;
    }

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
        verifyStated(Stated(0, statements, VERIFY_HEAD), proof);
    }

    /// @inheritdoc IVerifier
    function verifyAll(Statement[] calldata statements, bytes calldata proof) external view {
        uint256 start;
        assembly ("memory-safe") {
            start := statements.offset
        }
        if (start != SELECTOR + 3 * 32) revert ProofEncoding();
        verifyStated(Stated(0, statements, VERIFY_ALL_HEAD + 64 * statements.length), proof);
    }

    /// @inheritdoc IVerifier
    function verifyJoined(bytes32 root, uint256 count, bytes32 statementsRoot, bytes calldata proof) external view {
        // Zero is what a proof without a tree has in its place.
        if (!PublicWords.isKey(statementsRoot)) revert JoinedRootInvalid(statementsRoot);
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(JoinerKey.JOINER, JoinedStatements.outputHash(root, count, statementsRoot));
        verifyStated(Stated(statementsRoot, statements, VERIFY_JOINED_HEAD), proof);
    }

    /// @dev One argument in memory: the optimizer makes a copy of a function for each constant that it is called with, and this
    /// one is nearly all of the contract.
    function verifyStated(Stated memory stated, bytes calldata proof) private view {
        uint256 offset;
        assembly ("memory-safe") {
            offset := proof.offset
        }
        uint256 padding = (32 - proof.length % 32) % 32;
        if (offset != stated.start || msg.data.length != offset + proof.length + padding) revert ProofEncoding();
        if (padding != 0) {
            bytes32 last;
            assembly ("memory-safe") {
                last := calldataload(sub(calldatasize(), padding))
            }
            // Behind the calldata there are zeros.
            if (last != 0) revert ProofEncoding();
        }
        bytes memory words = PublicWords.encode(FinalShape.CIRCUITS, stated.joined, stated.statements);
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
    function joiner() external pure returns (bytes32) {
        return JoinerKey.JOINER;
    }

    /// @inheritdoc IVerifier
    function lastCircuit() external pure returns (bytes32) {
        return FinalShape.FIXED_ROOT;
    }
}
