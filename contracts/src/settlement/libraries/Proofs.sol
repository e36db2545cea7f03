// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "../../IVerifier.sol";
import {IStatementRegistry} from "../../interfaces/IStatementRegistry.sol";
import {Evidence, Way} from "../../interfaces/IRollupChain.sol";
import {JoinedStatements} from "../../libraries/JoinedStatements.sol";

/// @notice That a verifier accepts the outputs of batches (specification 023, "Prove").
library Proofs {
    /// @notice The evidence does not have what its way names for each batch, or something else.
    error EvidenceForm(Way way);
    /// @notice The evidence is not about this batch's output.
    error StatementMissing(uint8 slot, bytes32 publicOutput);

    /// @notice Reverts if a verifier does not accept all outputs.
    function requireAccepted(
        IVerifier verifier,
        IStatementRegistry registry,
        bytes32 programKey,
        bytes32[] calldata outputs,
        Evidence calldata shown
    ) internal view {
        Way way = shown.way;
        requireForm(shown, outputs.length);
        if (way == Way.Registered) requireRegistered(registry, programKey, outputs, shown);
        else if (way == Way.RegisteredTree) requireRegisteredTree(registry, programKey, outputs, shown);
        else if (way == Way.Proof) requireProof(verifier, programKey, outputs, shown);
        else requireTreeProof(verifier, programKey, outputs, shown);
    }

    // Each way has what it needs, and nothing else.
    function requireForm(Evidence calldata shown, uint256 outputs) private pure {
        bool isTree = shown.way == Way.RegisteredTree || shown.way == Way.TreeProof;
        bool hasProof = shown.way == Way.Proof || shown.way == Way.TreeProof;
        bool isForm = shown.places.length == (isTree ? outputs : 0) && (isTree || shown.tree.count == 0)
            && (isTree || shown.tree.root == 0) && (shown.statements.length != 0) == (shown.way == Way.Proof)
            && (shown.way == Way.Proof || shown.first == 0) && (shown.way == Way.TreeProof || shown.statementsRoot == 0)
            && (hasProof || shown.proof.length == 0);
        if (!isForm) revert EvidenceForm(shown.way);
    }

    function requireRegistered(
        IStatementRegistry registry,
        bytes32 programKey,
        bytes32[] calldata outputs,
        Evidence calldata shown
    ) private view {
        for (uint256 i = 0; i < outputs.length; ++i) {
            if (!registry.isVerified(programKey, outputs[i])) {
                revert StatementMissing(shown.slot, outputs[i]);
            }
        }
    }

    function requireRegisteredTree(
        IStatementRegistry registry,
        bytes32 programKey,
        bytes32[] calldata outputs,
        Evidence calldata shown
    ) private view {
        for (uint256 i = 0; i < outputs.length; ++i) {
            Statement memory statement = Statement(programKey, outputs[i]);
            if (!registry.isVerifiedIn(shown.tree, statement, shown.places[i])) {
                revert StatementMissing(shown.slot, outputs[i]);
            }
        }
    }

    function requireProof(IVerifier verifier, bytes32 programKey, bytes32[] calldata outputs, Evidence calldata shown)
        private
        view
    {
        for (uint256 i = 0; i < outputs.length; ++i) {
            uint256 at = shown.first + i;
            bool isThere = at < shown.statements.length && shown.statements[at].programKey == programKey
                && shown.statements[at].publicOutput == outputs[i];
            if (!isThere) revert StatementMissing(shown.slot, outputs[i]);
        }
        verifier.verifyAll(shown.statements, shown.proof);
    }

    function requireTreeProof(
        IVerifier verifier,
        bytes32 programKey,
        bytes32[] calldata outputs,
        Evidence calldata shown
    ) private view {
        for (uint256 i = 0; i < outputs.length; ++i) {
            Statement memory statement = Statement(programKey, outputs[i]);
            if (!JoinedStatements.includes(shown.tree, statement, shown.places[i])) {
                revert StatementMissing(shown.slot, outputs[i]);
            }
        }
        verifier.verifyJoined(shown.tree.root, shown.tree.count, shown.statementsRoot, shown.proof);
    }
}
