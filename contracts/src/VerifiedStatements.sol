// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "./IVerifier.sol";
import {JoinedPlace, JoinedStatements, JoinedTree} from "./libraries/JoinedStatements.sol";

/// @title Registry of verified statements
/// @notice One proof is verified once for all statements in it; others look its statements up.
interface IVerifiedStatements {
    /// @notice A statement is verified.
    event StatementVerified(bytes32 indexed programKey, bytes32 indexed publicOutput);
    /// @notice All statements of a tree are verified.
    event JoinedVerified(bytes32 indexed root, uint256 count);

    /// @notice Verifies a proof and remembers its statements; reverts if they are not proven. Anyone may call it, and again.
    /// @param statements All statements of the proof, in its order.
    /// @param proof The proof.
    function submit(Statement[] calldata statements, bytes calldata proof) external;

    /// @notice Verifies a proof of a tree of statements and remembers the tree; reverts if they are not proven. Anyone may call
    /// it, and again.
    /// @param tree The tree.
    /// @param statementsRoot Root of the tree of the same statements under Poseidon2.
    /// @param proof The proof.
    function submitJoined(JoinedTree calldata tree, bytes32 statementsRoot, bytes calldata proof) external;

    /// @notice Whether a statement was verified on its own; for those of trees there is `isVerifiedIn`.
    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool);

    /// @notice Whether a tree was verified, so that all its statements are.
    function isJoined(JoinedTree calldata tree) external view returns (bool);

    /// @notice Whether a tree was verified, and has this statement at this place.
    function isVerifiedIn(JoinedTree calldata tree, Statement calldata statement, JoinedPlace calldata place)
        external
        view
        returns (bool);

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
    // By root, then by count.
    mapping(bytes32 => mapping(uint256 => bool)) private joined;

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
    function submitJoined(JoinedTree calldata tree, bytes32 statementsRoot, bytes calldata proof) external {
        verifier.verifyJoined(tree.root, tree.count, statementsRoot, proof);
        joined[tree.root][tree.count] = true;
        emit JoinedVerified(tree.root, tree.count);
    }

    /// @inheritdoc IVerifiedStatements
    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool) {
        return verified[programKey][publicOutput];
    }

    /// @inheritdoc IVerifiedStatements
    function isJoined(JoinedTree calldata tree) external view returns (bool) {
        return joined[tree.root][tree.count];
    }

    /// @inheritdoc IVerifiedStatements
    function isVerifiedIn(JoinedTree calldata tree, Statement calldata statement, JoinedPlace calldata place)
        external
        view
        returns (bool)
    {
        return joined[tree.root][tree.count] && JoinedStatements.includes(tree, statement, place);
    }
}

/// @notice For contracts that act on verified statements.
library Statements {
    /// @notice Nobody has submitted a proof of this statement yet.
    error StatementNotVerified(bytes32 programKey, bytes32 publicOutput);
    /// @notice Nobody has submitted a proof of this tree yet.
    error JoinedNotVerified(bytes32 root, uint256 count);
    /// @notice The tree does not have this statement at this place.
    error StatementNotJoined(bytes32 programKey, bytes32 publicOutput);

    /// @notice Reverts if the registry has no proof that the program output exactly these bytes.
    function requireOutput(IVerifiedStatements registry, bytes32 programKey, bytes memory output) internal view {
        bytes32 publicOutput = keccak256(output);
        if (!registry.isVerified(programKey, publicOutput)) revert StatementNotVerified(programKey, publicOutput);
    }

    /// @notice The same for a statement of a tree.
    function requireJoinedOutput(
        IVerifiedStatements registry,
        JoinedTree memory tree,
        bytes32 programKey,
        bytes memory output,
        JoinedPlace memory place
    ) internal view {
        if (!registry.isJoined(tree)) revert JoinedNotVerified(tree.root, tree.count);
        bytes32 publicOutput = keccak256(output);
        if (!JoinedStatements.includes(tree, Statement(programKey, publicOutput), place)) {
            revert StatementNotJoined(programKey, publicOutput);
        }
    }
}
