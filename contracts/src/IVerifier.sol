// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice That a program halted with code 0 and its output has this hash.
struct Statement {
    // Identifies the program: 8 elements of the field, four bytes each, big-endian (specification 007).
    bytes32 programKey;
    // Keccak-256 hash of the program's output.
    bytes32 publicOutput;
}

/// @title Verifier of final proofs
/// @notice Says whether statements about programs are proven. A contract never changes what it accepts: another proof system
/// is another contract.
interface IVerifier {
    /// @notice A statement says nothing about a program: it is no programKey.
    error StatementKeyInvalid(bytes32 programKey);
    /// @notice Not between one and as many statements as a proof has room for.
    error StatementCount(uint256 count);
    /// @notice No root of a tree of statements.
    error JoinedRootInvalid(bytes32 statementsRoot);
    /// @notice The calldata is not what a compiler encodes: bytes follow, or arguments overlap or are apart.
    error ProofEncoding();

    /// @notice Checks that one statement is proven; reverts if it is not.
    /// @param programKey The program.
    /// @param publicOutput Keccak-256 hash of what it output.
    /// @param proof The bytes of specification 012.
    function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view;

    /// @notice Checks that several statements are proven by one proof; reverts if they are not.
    /// @param statements All statements of the proof, in its order.
    /// @param proof The bytes of specification 012.
    function verifyAll(Statement[] calldata statements, bytes calldata proof) external view;

    /// @notice Checks that all statements of a tree are proven by one proof; reverts if they are not. See `JoinedStatements` for
    /// which statements these are.
    /// @param root Root of the tree under Keccak-256 (specification 013).
    /// @param count Number of its statements.
    /// @param statementsRoot Root of the tree of the same statements under Poseidon2 (specification 010).
    /// @param proof The bytes of specification 012.
    function verifyJoined(bytes32 root, uint256 count, bytes32 statementsRoot, bytes calldata proof) external view;

    /// @notice The version of the machine that programs run on; part of every statement.
    function machineVersion() external view returns (uint256);

    /// @notice Root of the tree of circuits that proofs may be made of (specification 010).
    function circuits() external view returns (bytes32);

    /// @notice The programKey of the joiner, which makes both roots of a tree of statements (specification 013).
    function joiner() external view returns (bytes32);

    /// @notice The Merkle root of the last circuit's fixed columns: its first 26 bytes. It is the last circuit's key.
    function lastCircuit() external view returns (bytes32);
}
