// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBridgehub} from "../interfaces/IBridgehub.sol";
import {IMessageRoot, L2Log, L2LogProof} from "../interfaces/IMessageRoot.sol";
import {IMessageRootWriter} from "../interfaces/IMessageRootWriter.sol";
import {ChainsTree} from "./libraries/ChainsTree.sol";
import {IncrementalTree} from "./libraries/IncrementalTree.sol";

/// @title Roots of all chains' executed batches (specification 017)
/// @notice Has no owner. A chain's contract writes for its own chain alone.
contract MessageRoot is IMessageRoot, IMessageRootWriter {
    using ChainsTree for ChainsTree.Tree;

    // Of a batch's trees (specification 017).
    uint256 private constant LOGS_DEPTH = 14;
    uint256 private constant BATCH_DEPTH = 3;
    bytes32 private constant PADDING_LEAF = 0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba;

    struct Chain {
        // Place in the tree of chains, from 1; 0 if it is not there.
        uint64 place;
        uint64 batches;
        bytes32[32] filled;
        mapping(uint64 batch => bytes32) roots;
    }

    IBridgehub public immutable bridgehub;

    ChainsTree.Tree private tree;
    mapping(uint256 chainId => Chain) private chains;

    constructor(IBridgehub bridgehub_) {
        bridgehub = bridgehub_;
    }

    /// @inheritdoc IMessageRootWriter
    function register(uint256 chainId) external {
        if (msg.sender != address(bridgehub)) revert RegistrationByOther(msg.sender);
        Chain storage self = chains[chainId];
        if (self.place != 0) revert ChainRegistered(chainId);
        uint256 place = tree.push(chainLeaf(IncrementalTree.root(self.filled, 0), chainId));
        self.place = uint64(place) + 1;
        emit ChainAppended(chainId, place);
    }

    /// @inheritdoc IMessageRootWriter
    function append(uint256 chainId, uint64 batch, bytes32 root) external {
        Chain storage self = chains[chainId];
        if (self.place == 0 || msg.sender != bridgehub.chainOf(chainId)) revert AppendByOther(chainId, msg.sender);
        if (batch != self.batches + 1) revert AppendNumber(batch, self.batches + 1);
        if (root == 0) revert AppendRootZero();
        uint64 time = uint64(block.timestamp);
        bytes32 leaf = keccak256(abi.encodePacked(bytes1(0x02), root, batch, time));
        bytes32 chainRoot_ = IncrementalTree.push(self.filled, self.batches, leaf);
        self.batches = batch;
        self.roots[batch] = root;
        tree.set(self.place - 1, chainLeaf(chainRoot_, chainId));
        emit BatchRootAppended(chainId, batch, root, time);
    }

    /// @inheritdoc IMessageRoot
    function requireLog(L2LogProof calldata proof, L2Log calldata log) external view {
        bytes32 expected = chains[proof.chainId].roots[proof.batch];
        // slither-disable-next-line incorrect-equality
        if (expected == 0) revert BatchNotExecuted(proof.chainId, proof.batch);
        if (proof.siblings.length != LOGS_DEPTH + BATCH_DEPTH || proof.index >> LOGS_DEPTH != 0) revert LogProofForm();
        bytes32 node = logLeaf(log);
        if (node == PADDING_LEAF) revert LogNotIncluded();
        // In the batch's tree the logs' root is leaf 0: all higher bits of the index are zero.
        for (uint256 level = 0; level < proof.siblings.length; ++level) {
            bytes32 sibling = proof.siblings[level];
            (bytes32 left, bytes32 right) = proof.index >> level & 1 == 0 ? (node, sibling) : (sibling, node);
            node = keccak256(abi.encodePacked(left, right));
        }
        if (node != expected) revert LogNotIncluded();
    }

    /// @inheritdoc IMessageRoot
    function batchRoot(uint256 chainId, uint64 batch) external view returns (bytes32) {
        return chains[chainId].roots[batch];
    }

    /// @notice Root of a chain's tree of batches; zero if there is no such chain.
    function chainRoot(uint256 chainId) external view returns (bytes32) {
        Chain storage self = chains[chainId];
        return self.place == 0 ? bytes32(0) : IncrementalTree.root(self.filled, self.batches);
    }

    /// @notice Root of the tree over all chains.
    function messageRoot() external view returns (bytes32) {
        return tree.root();
    }

    // 88 bytes: no node is the hash of as many.
    function logLeaf(L2Log calldata log) private pure returns (bytes32) {
        return
            keccak256(abi.encodePacked(uint8(0), log.isService, log.transactionIndex, log.sender, log.key, log.value));
    }

    function chainLeaf(bytes32 root, uint256 chainId) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x03), root, chainId));
    }
}
