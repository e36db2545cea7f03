// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    BatchCommit,
    ChainProgress,
    Evidence,
    IRollupChain,
    OperationRange,
    Role,
    StoredBatch
} from "../interfaces/IRollupChain.sol";
import {ChainBase, ChainStorage} from "./ChainBase.sol";
import {Blobs} from "./libraries/Blobs.sol";
import {PriorityQueue} from "./libraries/PriorityQueue.sol";
import {PublicOutput} from "./libraries/PublicOutput.sol";

/// @title Batches of a chain: commit, prove, execute, revert
abstract contract ChainSettlement is ChainBase {
    using PriorityQueue for PriorityQueue.Queue;

    // How far the chain's time may be ahead of Ethereum's.
    uint256 internal constant TIME_AHEAD = 1 hours;
    // Logs have the transaction's index as u16 (specification 015).
    uint256 internal constant TRANSACTIONS_MAX = 65_535;
    // Of each, who executes the batch shows 64 bytes, beside the proof: with blobs, Ethereum's nodes pass on 1 MiB.
    uint64 internal constant OPERATIONS_MAX = 1024;

    /// @inheritdoc IRollupChain
    function commit(StoredBatch calldata previous, BatchCommit calldata batch) external {
        requireNotPaused();
        requireRole(Role.Committer);
        commitNext(previous, batch);
    }

    /// @inheritdoc IRollupChain
    function prove(StoredBatch[] calldata batches, Evidence[] calldata evidence) external {
        requireRoleOrOverdue(Role.Prover);
        StoredBatch[] memory list = batches;
        proveNext(list, evidence);
    }

    /// @inheritdoc IRollupChain
    function execute(StoredBatch[] calldata batches, OperationRange[] calldata ranges) external {
        requireRoleOrOverdue(Role.Executor);
        if (batches.length == 0 || batches.length != ranges.length) revert BatchList(batches.length, ranges.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            executeNext(batches[i], ranges[i]);
        }
    }

    /// @inheritdoc IRollupChain
    function settle(
        StoredBatch calldata previous,
        BatchCommit calldata batch,
        Evidence[] calldata evidence,
        OperationRange calldata range
    ) external {
        ChainStorage storage self = chain();
        if (self.queue.isOverdue() && !settlesAsOperator()) {
            // Who has no role could order the users' transactions; operations are ordered already, and the upgrade comes first.
            if (batch.transactions != 0 || (batch.operations == 0 && self.upgradeHash == 0)) {
                revert BatchNotOfOperations(batch.operations, batch.transactions);
            }
            // Nobody has shown that what waits can be proven.
            if (self.committed != self.executed) takeBack(self.executed);
        } else {
            requireNotPaused();
            requireRole(Role.Committer);
            requireRole(Role.Prover);
            requireRole(Role.Executor);
            requireNoBatchWaits();
        }
        StoredBatch[] memory list = new StoredBatch[](1);
        list[0] = commitNext(previous, batch);
        proveNext(list, evidence);
        executeNext(list[0], range);
    }

    /// @inheritdoc IRollupChain
    function revertBatches(uint64 last) external {
        requireRole(Role.Reverter);
        ChainStorage storage self = chain();
        if (last < self.executed || last >= self.committed) revert RevertTarget(last, self.executed, self.committed);
        takeBack(last);
    }

    /// @inheritdoc IRollupChain
    function isOverdue() external view returns (bool) {
        return chain().queue.isOverdue();
    }

    /// @inheritdoc IRollupChain
    function progress() external view returns (ChainProgress memory) {
        ChainStorage storage self = chain();
        return ChainProgress({
            committed: self.committed,
            proven: self.proven,
            executed: self.executed,
            operations: self.queue.count,
            executedOperations: self.queue.executed,
            nextDeadline: self.queue.nextDeadline
        });
    }

    /// @inheritdoc IRollupChain
    function batchOperationsMax() external pure returns (uint64) {
        return OPERATIONS_MAX;
    }

    /// @inheritdoc IRollupChain
    function storedBatchHash(uint64 number) external view returns (bytes32) {
        return number > chain().committed ? bytes32(0) : chain().batches[number];
    }

    function settlesAsOperator() private view returns (bool) {
        ChainStorage storage self = chain();
        return block.timestamp >= self.pausedUntil && self.committed == self.executed
            && self.roles[Role.Committer][msg.sender] && self.roles[Role.Prover][msg.sender]
            && self.roles[Role.Executor][msg.sender];
    }

    function commitNext(StoredBatch calldata previous, BatchCommit calldata batch)
        private
        returns (StoredBatch memory stored)
    {
        ChainStorage storage self = chain();
        uint64 committed = self.committed;
        if (previous.number != committed || keccak256(abi.encode(previous)) != self.batches[committed]) {
            revert BatchBeforeUnknown(previous.number);
        }
        requireCommit(batch, committed + 1);
        bytes32 upgradeHash = self.upgradeBatch == 0 ? self.upgradeHash : bytes32(0);
        requireTransactions(batch, upgradeHash);
        stored = PublicOutput.stored(
            PublicOutput.Known({
                chainId: self.chainId,
                configHash: self.configHash,
                previousCommitment: previous.commitment,
                dataCommitment: Blobs.commitment(batch.data),
                firstOperation: previous.firstOperation + previous.operations,
                upgradeHash: upgradeHash
            }),
            batch
        );
        self.batches[batch.number] = keccak256(abi.encode(stored));
        self.committed = batch.number;
        if (upgradeHash != 0) self.upgradeBatch = batch.number;
        emit BatchCommitted(batch.number, stored.outputHash, stored);
    }

    function requireCommit(BatchCommit calldata batch, uint64 expected) private view {
        if (batch.number != expected) revert BatchNumber(batch.number, expected);
        if (batch.firstBlock > batch.lastBlock) revert BatchBlocks(batch.firstBlock, batch.lastBlock);
        if (batch.firstTimestamp > batch.lastTimestamp || batch.lastTimestamp > block.timestamp + TIME_AHEAD) {
            revert BatchTime(batch.firstTimestamp, batch.lastTimestamp);
        }
        if (batch.operations == 0 && batch.operationsHash != PriorityQueue.NO_OPERATIONS) {
            revert BatchOperationsHash(batch.operationsHash);
        }
    }

    function requireTransactions(BatchCommit calldata batch, bytes32 upgradeHash) private view {
        uint256 logsMax = chain().batchLogs;
        if (batch.logs > logsMax) revert BatchLimit(batch.logs, logsMax);
        if (batch.operations > OPERATIONS_MAX) revert BatchLimit(batch.operations, OPERATIONS_MAX);
        uint256 count = uint256(batch.operations) + batch.transactions + (upgradeHash == 0 ? 0 : 1);
        if (count > TRANSACTIONS_MAX) revert BatchLimit(count, TRANSACTIONS_MAX);
    }

    function proveNext(StoredBatch[] memory batches, Evidence[] calldata evidence) private {
        ChainStorage storage self = chain();
        if (batches.length == 0) revert BatchList(0, 0);
        uint64 proven = self.proven;
        uint64 first = proven + 1;
        bytes32[] memory outputs = new bytes32[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            requireStored(batches[i], ++proven, self.committed);
            outputs[i] = batches[i].outputHash;
        }
        versions.requireProven(self.protocolVersion, outputs, evidence);
        self.proven = proven;
        emit BatchesProven(first, proven);
    }

    function executeNext(StoredBatch memory batch, OperationRange calldata range) private {
        ChainStorage storage self = chain();
        uint64 executed = self.executed;
        requireStored(batch, executed + 1, self.proven);
        self.queue
            .take(
                PriorityQueue.Taken({
                    first: batch.firstOperation,
                    count: batch.operations,
                    hash: batch.operationsHash,
                    hasTransactions: batch.transactions != 0,
                    hasUpgrade: batch.upgradeHash != 0
                }),
                range
            );
        if (batch.upgradeHash != 0) {
            self.upgradeHash = 0;
            self.upgradeBatch = 0;
        }
        delete self.batches[executed];
        self.executed = batch.number;
        emit BatchExecuted(batch.number, batch.commitment, batch.batchRoot);
        // Ours, and it calls nobody.
        // slither-disable-next-line calls-loop
        messageRoot.append(self.chainId, batch.number, batch.batchRoot);
    }

    function requireStored(StoredBatch memory batch, uint64 expected, uint64 last) private view {
        if (batch.number != expected) revert BatchNumber(batch.number, expected);
        if (batch.number > last) revert BatchTooFar(batch.number, last);
        if (keccak256(abi.encode(batch)) != chain().batches[batch.number]) revert BatchUnknown(batch.number);
    }

    // Hashes of what is taken back stay, as their number has no bound; `committed` says that they mean nothing.
    function takeBack(uint64 last) private {
        ChainStorage storage self = chain();
        self.committed = last;
        if (self.proven > last) self.proven = last;
        if (self.upgradeBatch > last) self.upgradeBatch = 0;
        emit BatchesReverted(last);
    }
}
