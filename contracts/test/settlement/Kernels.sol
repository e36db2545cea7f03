// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {BatchCommit, BatchData, OperationRange} from "../../src/interfaces/IRollupChain.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Blobs} from "../../src/settlement/libraries/Blobs.sol";
import {ChainsTree} from "../../src/settlement/libraries/ChainsTree.sol";
import {IncrementalTree} from "../../src/settlement/libraries/IncrementalTree.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {PriorityQueue} from "../../src/settlement/libraries/PriorityQueue.sol";
import {PublicOutput} from "../../src/settlement/libraries/PublicOutput.sol";
import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";
import {UpgradeTransaction} from "../../src/settlement/libraries/UpgradeTransaction.sol";

/// The settlement's libraries, to be called from tests.
contract SettlementKernels {
    using ChainsTree for ChainsTree.Tree;
    using PriorityQueue for PriorityQueue.Queue;

    PriorityQueue.Queue private queue;
    ChainsTree.Tree private chains;

    // PriorityQueue

    function push(bytes32 hash, uint64 deadline) external {
        queue.push(hash, deadline);
    }

    function take(PriorityQueue.Taken calldata batch, OperationRange calldata range) external {
        queue.take(batch, range);
    }

    function queueRoot() external view returns (bytes32) {
        return IncrementalTree.root(queue.filled, queue.count);
    }

    function knowsRoot(bytes32 root) external view returns (bool) {
        return queue.roots[root];
    }

    function state() external view returns (uint64 count, uint64 executed, uint64 nextDeadline, bool isOverdue) {
        return (queue.count, queue.executed, queue.nextDeadline, queue.isOverdue());
    }

    function rootOf(OperationRange calldata range, uint256 first) external pure returns (bytes32) {
        return PriorityQueue.rootOf(range, first);
    }

    /// Makes the tree as full as no test could.
    function setCount(uint64 count) external {
        queue.count = count;
    }

    // ChainsTree

    function pushChain(bytes32 leaf) external returns (uint256) {
        return chains.push(leaf);
    }

    function setChain(uint256 place, bytes32 leaf) external {
        chains.set(place, leaf);
    }

    function setChainCount(uint256 count) external {
        chains.count = count;
    }

    function chainsRoot() external view returns (bytes32) {
        return chains.root();
    }

    // Operations

    function encode(L2Request calldata asked, Operations.Context calldata context)
        external
        pure
        returns (bytes memory)
    {
        return Operations.encode(asked, context);
    }

    function requireExecutable(L2Request calldata asked, uint64 gasLimitMax, uint128 price) external pure {
        Operations.requireExecutable(asked, gasLimitMax, price);
    }

    function lowestGas(bytes calldata data) external pure returns (uint256) {
        return Operations.lowestGas(data);
    }

    /// What follows the data in calldata must not count.
    function nonzeroBytes(bytes calldata data, bytes calldata) external pure returns (uint256) {
        return Operations.nonzeroBytes(data);
    }

    function sender() external view returns (address) {
        return Aliasing.ofCaller(msg.sender);
    }

    function refundRecipient(address asked) external view returns (address) {
        return Operations.refundRecipientOf(asked, msg.sender);
    }

    function aliasOf(address account) external pure returns (address) {
        return Aliasing.aliased(account);
    }

    // Others

    function outputHash(PublicOutput.Known calldata known, BatchCommit calldata batch) external pure returns (bytes32) {
        return PublicOutput.hash(known, batch);
    }

    function requireValid(uint256[22] memory words) external pure {
        RollupConfig.requireValid(words);
    }

    function configHash(uint256[22] memory words) external pure returns (bytes32) {
        return RollupConfig.hash(words);
    }

    function dataCommitment(BatchData calldata data) external view returns (bytes32) {
        return Blobs.commitment(data);
    }

    function isUpgrade(bytes calldata encoded, uint256[22] calldata config) external pure returns (bool) {
        return UpgradeTransaction.isValid(encoded, config);
    }
}
