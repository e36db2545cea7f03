// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    BatchCommit,
    ChainProgress,
    Evidence,
    OperationRange,
    Role,
    StoredBatch
} from "../../src/interfaces/IRollupChain.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// Whatever operator, stranger, reverter, pauser and admin do, in any order (I1, I2, I3, I15, I16). Each action is one that has to
/// succeed, or one that has to be refused.
contract SettlementInvariants is SettlementTest {
    // Batches as they were committed, from 0; those behind `committed` are gone.
    StoredBatch[] private batches;
    // Whether a run of the program gives this batch: only of such batches there are proofs.
    bool[] private isHonest;
    bytes32[] private configs;
    bytes32[] private finalRoots;
    uint256[22] private scheduledConfig;
    bytes private scheduledTransaction;
    uint256 private refusals;
    // When rules were last scheduled, and operations or an upgrade last executed.
    uint256 private scheduledAt;
    uint256 private operationsAt;

    function setUp() public override {
        super.setUp();
        batches.push(genesis);
        isHonest.push(true);
        configs.push(chain.configHash());
        finalRoots.push(0);
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = this.actRequest.selector;
        selectors[1] = this.actTime.selector;
        selectors[2] = this.actCommit.selector;
        selectors[3] = this.actProve.selector;
        selectors[4] = this.actExecute.selector;
        selectors[5] = this.actRevert.selector;
        selectors[6] = this.actSettle.selector;
        selectors[7] = this.actStranger.selector;
        selectors[8] = this.actPause.selector;
        selectors[9] = this.actSchedule.selector;
        selectors[10] = this.actActivate.selector;
        selectors[11] = this.actPrice.selector;
        selectors[12] = this.actStrangerTries.selector;
        selectors[13] = this.actLateDeadline.selector;
        targetSelector(FuzzSelector(address(this), selectors));
        targetContract(address(this));
    }

    function actRequest(uint256 count) external {
        requestMany(1 + count % 3);
    }

    function actTime(uint256 time) external {
        skip(time % 12 hours);
    }

    function actLateDeadline(uint256 seed) external {
        if (seed % 4 == 0) skip(3 days);
    }

    function actCommit(uint256 seed) external {
        if (isPaused()) return;
        StoredBatch memory previous = last();
        BatchCommit memory batch = batchAfter(previous, someOperations(previous, seed));
        if (seed % 3 == 0) batch.transactions = 0;
        bool honest = seed % 5 != 0;
        if (!honest) batch.commitment = keccak256(abi.encode("nothing", batches.length));
        remember(commit(previous, batch, nextUpgrade()), honest);
    }

    function actProve(uint256 seed) external {
        ChainProgress memory progress = chain.progress();
        uint256 count = progress.committed - progress.proven;
        if (count == 0 || (isPaused() && !chain.isOverdue())) return;
        count = 1 + seed % count;
        StoredBatch[] memory list = new StoredBatch[](count);
        bool honest = true;
        for (uint256 i = 0; i < count; ++i) {
            list[i] = batches[progress.proven + 1 + i];
            honest = honest && isHonest[progress.proven + 1 + i];
        }
        Evidence[] memory evidence = honest ? proofOf(list) : one(claimOf(list));
        address caller = chain.isOverdue() ? stranger : operator;
        if (!honest) vm.expectRevert();
        vm.prank(caller);
        chain.prove(list, evidence);
    }

    function actExecute() external {
        ChainProgress memory progress = chain.progress();
        if (progress.executed == progress.proven || (isPaused() && !chain.isOverdue())) return;
        StoredBatch memory batch = batches[progress.executed + 1];
        OperationRange memory range = rangeOf(batch.firstOperation, batch.operations);
        bool leaves = leavesOverdue(batch);
        address caller = chain.isOverdue() ? stranger : operator;
        if (leaves) vm.expectRevert();
        vm.prank(caller);
        chain.execute(one(batch), one(range));
        if (!leaves) noteExecuted(batch);
    }

    function actRevert(uint256 seed) external {
        ChainProgress memory progress = chain.progress();
        uint256 count = progress.committed - progress.executed;
        if (count == 0) return;
        uint64 target = progress.executed + uint64(seed % count);
        vm.prank(reverter);
        chain.revertBatches(target);
        forget(target);
    }

    function actSettle(uint256 seed) external {
        ChainProgress memory progress = chain.progress();
        if (isPaused() || progress.committed != progress.executed) return;
        StoredBatch memory previous = last();
        settleAs(operator, previous, batchAfter(previous, someOperations(previous, seed)));
    }

    function actStranger(uint256 seed) external {
        if (!chain.isOverdue()) return;
        StoredBatch memory previous = batches[chain.progress().executed];
        uint64 count = someOperations(previous, seed);
        // The upgrade that is due may be alone.
        (bytes32 upgradeHash,) = chain.pendingUpgrade();
        BatchCommit memory batch = onlyOperations(previous, count == 0 && upgradeHash == 0 ? 1 : count);
        // What is taken back may have had the upgrade.
        forget(previous.number);
        settleAs(stranger, previous, batch);
    }

    function actStrangerTries() external {
        if (chain.isOverdue()) return;
        StoredBatch memory previous = batches[chain.progress().executed];
        BatchCommit memory batch = onlyOperations(previous, 0);
        StoredBatch memory stored = storedOf(previous, batch, 0);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory nothing;
        vm.expectRevert();
        vm.prank(stranger);
        chain.settle(previous, batch, evidence, nothing);
        ++refusals;
    }

    function actPause(uint256 seed) external {
        vm.startPrank(pauser);
        if (seed % 2 == 0) {
            chain.unpause();
        } else {
            try chain.pause() {} catch {}
        }
        vm.stopPrank();
    }

    function actSchedule(uint256 seed) external {
        uint256[22] memory words = config(CHAIN);
        words[12] = 1 + seed % 2 ** 40;
        bytes memory transaction = seed % 2 == 0
            ? bytes("")
            : bytes.concat(hex"7e", abi.encode(CHAIN, 1, address(0xff05), seed % 30_000_001, 0, 0));
        vm.prank(admin);
        chain.scheduleUpgrade(words, transaction);
        scheduledAt = vm.getBlockTimestamp();
        scheduledConfig = words;
        scheduledTransaction = transaction;
    }

    function actActivate() external {
        if (chain.scheduledUpgrade().content == 0) return;
        // Not one that has expired.
        uint64 readyAt = chain.scheduledUpgrade().readyAt;
        if (vm.getBlockTimestamp() > readyAt + 14 days) return;
        bool isReady = chain.progress().committed == chain.progress().executed && !exitsWait();
        if (vm.getBlockTimestamp() < readyAt) {
            if (readyAt - vm.getBlockTimestamp() > 13 days) return;
            vm.warp(readyAt);
        }
        bytes32 upgradeHash = scheduledTransaction.length == 0 ? bytes32(0) : keccak256(scheduledTransaction);
        if (!isReady) vm.expectRevert();
        vm.prank(admin);
        chain.activateUpgrade(scheduledConfig, upgradeHash);
    }

    function actPrice(uint128 price) external {
        vm.prank(admin);
        try chain.setGasPrice(price % 300 gwei) {} catch {}
    }

    // What has to hold

    function invariant_counters() public view {
        ChainProgress memory progress = chain.progress();
        assertLe(progress.executed, progress.proven);
        assertLe(progress.proven, progress.committed);
        assertEq(progress.committed, batches.length - 1);
        assertEq(progress.executed, finalRoots.length - 1);
    }

    function invariant_batchesAreChained() public view {
        ChainProgress memory progress = chain.progress();
        for (uint64 i = 0; i < batches.length; ++i) {
            bytes32 expected = i < progress.executed ? bytes32(0) : keccak256(abi.encode(batches[i]));
            assertEq(chain.storedBatchHash(i), expected);
            if (i == 0) continue;
            assertEq(batches[i].firstOperation, batches[i - 1].firstOperation + batches[i - 1].operations);
            if (i <= progress.proven) assertTrue(isHonest[i]);
        }
    }

    function invariant_finalRootsStay() public view {
        for (uint64 i = 1; i < batches.length; ++i) {
            assertEq(messageRoot.batchRoot(CHAIN, i), i < finalRoots.length ? finalRoots[i] : bytes32(0));
        }
    }

    /// Each operation once and in order: the executed batches have the hashes of consecutive ones.
    function invariant_operations() public view {
        ChainProgress memory progress = chain.progress();
        uint256 executed = 0;
        for (uint64 i = 1; i <= progress.executed; ++i) {
            assertEq(batches[i].firstOperation, executed);
            assertEq(batches[i].operationsHash, queue.rollingHash(executed, batches[i].operations));
            executed += batches[i].operations;
        }
        assertEq(progress.executedOperations, executed);
        assertEq(progress.operations, queue.count());
        assertEq(chain.queueRoot(), queue.root(queue.count()));
        assertEq(progress.nextDeadline, executed < queue.count() ? queue.deadlines(executed) : 0);
    }

    function invariant_batchesHaveTheirRules() public view {
        for (uint256 i = chain.progress().executed + 1; i < batches.length; ++i) {
            assertEq(configs[i], chain.configHash());
        }
    }

    function invariant_upgradeOnce() public view {
        (bytes32 upgradeHash, uint64 batch) = chain.pendingUpgrade();
        uint256 found = 0;
        for (uint64 i = uint64(chain.progress().executed) + 1; i < batches.length; ++i) {
            if (batches[i].upgradeHash == 0) continue;
            ++found;
            assertEq(batches[i].upgradeHash, upgradeHash);
            assertEq(batch, i);
        }
        assertLe(found, 1);
        if (upgradeHash != 0) assertEq(found, batches.length - 1 > chain.progress().executed ? 1 : 0);
    }

    function invariant_price() public view {
        assertGe(chain.gasPrice(), 1 gwei);
        assertLe(chain.gasPrice(), 256 gwei);
    }

    // Helpers

    function last() private view returns (StoredBatch memory) {
        return batches[batches.length - 1];
    }

    function isPaused() private view returns (bool) {
        return vm.getBlockTimestamp() < chain.pausedUntil();
    }

    function someOperations(StoredBatch memory previous, uint256 seed) private view returns (uint64) {
        uint256 rest = queue.count() - previous.firstOperation - previous.operations;
        if (rest > 5) rest = 5;
        return uint64((seed >> 64) % (rest + 1));
    }

    function nextUpgrade() private view returns (bytes32) {
        (bytes32 upgradeHash, uint64 batch) = chain.pendingUpgrade();
        return batch == 0 ? upgradeHash : bytes32(0);
    }

    function leavesOverdue(StoredBatch memory batch) private view returns (bool) {
        uint256 end = batch.firstOperation + batch.operations;
        if (end >= queue.count() || vm.getBlockTimestamp() <= queue.deadlines(end)) return false;
        return (batch.operations == 0 && batch.upgradeHash == 0) || batch.transactions != 0;
    }

    /// Whether an operation waits of those that were asked for until seven days after rules were scheduled, and others were
    /// executed since.
    function exitsWait() private view returns (bool) {
        uint256 executed = chain.progress().executedOperations;
        if (executed == queue.count()) return false;
        uint256 askedAt = queue.deadlines(executed) - 3 days;
        return askedAt <= scheduledAt + 7 days && operationsAt > scheduledAt;
    }

    function noteExecuted(StoredBatch memory batch) private {
        finalRoots.push(batch.batchRoot);
        if (batch.operations != 0 || batch.upgradeHash != 0) operationsAt = vm.getBlockTimestamp();
    }

    function settleAs(address caller, StoredBatch memory previous, BatchCommit memory batch) private {
        // A batch that waits may have the upgrade; it is taken back.
        (bytes32 upgradeHash,) = chain.pendingUpgrade();
        StoredBatch memory stored = storedOf(previous, batch, upgradeHash);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range = rangeOf(stored.firstOperation, stored.operations);
        bool leaves = leavesOverdue(stored);
        if (leaves) vm.expectRevert();
        vm.prank(caller);
        chain.settle(previous, batch, evidence, range);
        if (leaves) return;
        remember(stored, true);
        noteExecuted(stored);
    }

    function remember(StoredBatch memory stored, bool honest) private {
        batches.push(stored);
        isHonest.push(honest);
        configs.push(chain.configHash());
    }

    function forget(uint256 from) private {
        while (batches.length > from + 1) {
            batches.pop();
            isHonest.pop();
            configs.pop();
        }
    }
}
