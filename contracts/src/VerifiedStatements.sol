// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "./IVerifier.sol";

/// @title Registry of verified statements
/// @notice One proof is verified once for all statements in it; others look its statements up.
interface IVerifiedStatements {
    /// @notice A statement is verified.
    event StatementVerified(bytes32 indexed programKey, bytes32 indexed publicOutput);

    /// @notice Verifies a proof and remembers its statements; reverts if they are not proven. Anyone may call it, and again.
    /// @param statements All statements of the proof, in its order.
    /// @param proof The proof.
    function submit(Statement[] calldata statements, bytes calldata proof) external;

    /// @notice Whether a statement was verified.
    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool);

    /// @notice The verifier that decides.
    function verifier() external view returns (IVerifier);
}

/// @title Registry of verified statements
/// @notice Trusts one verifier forever, and forgets nothing.
contract VerifiedStatements is IVerifiedStatements {
    /// @inheritdoc IVerifiedStatements
    IVerifier public immutable verifier;

    // By programKey, then by publicOutput.
    mapping(bytes32 => mapping(bytes32 => bool)) private verified;

    constructor(IVerifier trusted) {
        verifier = trusted;
    }

    /// @inheritdoc IVerifiedStatements
    function submit(Statement[] calldata statements, bytes calldata proof) external {
        verifier.verifyAll(statements, proof);
        for (uint256 i = 0; i < statements.length; ++i) {
            Statement calldata statement = statements[i];
            verified[statement.programKey][statement.publicOutput] = true;
            emit StatementVerified(statement.programKey, statement.publicOutput);
        }
    }

    /// @inheritdoc IVerifiedStatements
    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool) {
        return verified[programKey][publicOutput];
    }
}

/// @notice For contracts that act on verified statements.
library Statements {
    /// @notice Nobody has submitted a proof of this statement yet.
    error StatementNotVerified(bytes32 programKey, bytes32 publicOutput);

    /// @notice Reverts if the registry has no proof that the program output exactly these bytes.
    function requireOutput(IVerifiedStatements registry, bytes32 programKey, bytes memory output) internal view {
        bytes32 publicOutput = keccak256(output);
        if (!registry.isVerified(programKey, publicOutput)) revert StatementNotVerified(programKey, publicOutput);
    }
}
