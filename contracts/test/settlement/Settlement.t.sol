// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    BatchCommit,
    Evidence,
    IRollupChain,
    OperationRange,
    Role,
    StoredBatch
} from "../../src/interfaces/IRollupChain.sol";
import {MessageRoot} from "../../src/settlement/MessageRoot.sol";
import {Blobs} from "../../src/settlement/libraries/Blobs.sol";
import {PriorityQueue} from "../../src/settlement/libraries/PriorityQueue.sol";
import {Proofs} from "../../src/settlement/libraries/Proofs.sol";
import {VerifierDouble} from "./Doubles.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract CommitTest is SettlementTest {
    function refused(BatchCommit memory batch, bytes memory reason) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        chain.commit(genesis, batch);
    }

    function test_commit_storesTheBatch() public {
        requestMany(2);
        BatchCommit memory batch = batchAfter(genesis, 2);
        StoredBatch memory stored = storedOf(genesis, batch, 0);
        vm.expectEmit(address(chain));
        emit IRollupChain.BatchCommitted(1, stored.outputHash, stored);
        commit(genesis, batch);
        assertProgress(1, 0, 0);
    }

    function test_commit_next() public {
        requestMany(3);
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 2));
        StoredBatch memory second = commit(first, batchAfter(first, 0));
        StoredBatch memory third = commit(second, batchAfter(second, 1));
        assertEq(third.firstOperation, 2);
        assertProgress(3, 0, 0);
    }

    function test_commit_byOther() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, stranger, Role.Committer));
        vm.prank(stranger);
        chain.commit(genesis, batch);
    }

    function test_commit_afterOther() public {
        StoredBatch memory other = genesis;
        other.commitment = keccak256("other genesis");
        BatchCommit memory batch = batchAfter(genesis, 0);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchBeforeUnknown.selector, 0));
        vm.prank(operator);
        chain.commit(other, batch);
    }

    function test_commit_afterEarlier() public {
        commit(genesis, batchAfter(genesis, 0));
        refused(batchAfter(genesis, 0), abi.encodeWithSelector(IRollupChain.BatchBeforeUnknown.selector, 0));
    }

    function test_commit_afterOneTakenBack() public {
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 0));
        vm.prank(reverter);
        chain.revertBatches(0);
        BatchCommit memory batch = batchAfter(first, 0);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchBeforeUnknown.selector, 1));
        vm.prank(operator);
        chain.commit(first, batch);
    }

    function test_commit_otherNumber() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.number = 2;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchNumber.selector, 2, 1));
    }

    function test_commit_lastBlockBeforeFirst() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.lastBlock = batch.firstBlock - 1;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchBlocks.selector, batch.firstBlock, batch.lastBlock));
        batch.lastBlock = batch.firstBlock;
        commit(genesis, batch);
    }

    function test_commit_timeGoesBack() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.firstTimestamp = batch.lastTimestamp + 1;
        bytes4 reason = IRollupChain.BatchTime.selector;
        refused(batch, abi.encodeWithSelector(reason, batch.firstTimestamp, batch.lastTimestamp));
    }

    function test_commit_timeAhead() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.lastTimestamp = uint64(vm.getBlockTimestamp()) + 1 hours + 1;
        bytes4 reason = IRollupChain.BatchTime.selector;
        refused(batch, abi.encodeWithSelector(reason, batch.firstTimestamp, batch.lastTimestamp));
        batch.lastTimestamp -= 1;
        commit(genesis, batch);
    }

    function test_commit_hashOfNoOperations() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.operationsHash = 0;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchOperationsHash.selector, bytes32(0)));
    }

    function test_commit_tooManyLogs() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.logs = 10_001;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchLimit.selector, 10_001, 10_000));
        batch.logs = 10_000;
        commit(genesis, batch);
    }

    function test_commit_tooManyTransactions() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.transactions = 65_536;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchLimit.selector, 65_536, 65_535));
        batch.operations = 1;
        batch.transactions = type(uint64).max;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchLimit.selector, uint256(1) << 64, 65_535));
        batch.transactions = 65_534;
        commit(genesis, batch);
    }

    function test_commit_tooManyOperations() public {
        assertEq(chain.batchOperationsMax(), 1024);
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.operations = 1025;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchLimit.selector, 1025, 1024));
        batch.operations = type(uint64).max;
        refused(batch, abi.encodeWithSelector(IRollupChain.BatchLimit.selector, type(uint64).max, 1024));
        batch.operations = 1024;
        commit(genesis, batch);
    }

    function test_commit_withoutPubdata() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.data.pubdata = "";
        refused(batch, abi.encodeWithSelector(Blobs.DataWay.selector));
    }
}

contract ProveTest is SettlementTest {
    function refused(StoredBatch[] memory batches, Evidence[] memory evidence, bytes memory reason) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        chain.prove(batches, evidence);
    }

    function test_prove_many() public {
        StoredBatch[] memory batches = new StoredBatch[](3);
        StoredBatch memory previous = genesis;
        for (uint256 i = 0; i < 3; ++i) {
            batches[i] = commit(previous, batchAfter(previous, 0));
            previous = batches[i];
        }
        Evidence[] memory evidence = proofOf(batches);
        vm.expectEmit(address(chain));
        emit IRollupChain.BatchesProven(1, 3);
        vm.prank(operator);
        chain.prove(batches, evidence);
        assertProgress(3, 3, 0);
    }

    function test_prove_byOther() public {
        StoredBatch[] memory batches = one(commit(genesis, batchAfter(genesis, 0)));
        Evidence[] memory evidence = proofOf(batches);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, stranger, Role.Prover));
        vm.prank(stranger);
        chain.prove(batches, evidence);
    }

    function test_prove_nothing() public {
        refused(new StoredBatch[](0), new Evidence[](0), abi.encodeWithSelector(IRollupChain.BatchList.selector, 0, 0));
    }

    function test_prove_notCommitted() public {
        StoredBatch[] memory batches = one(storedOf(genesis, batchAfter(genesis, 0), 0));
        refused(batches, proofOf(batches), abi.encodeWithSelector(IRollupChain.BatchTooFar.selector, 1, 0));
    }

    function test_prove_takenBack() public {
        StoredBatch[] memory batches = one(commit(genesis, batchAfter(genesis, 0)));
        vm.prank(reverter);
        chain.revertBatches(0);
        refused(batches, proofOf(batches), abi.encodeWithSelector(IRollupChain.BatchTooFar.selector, 1, 0));
    }

    function test_prove_notNext() public {
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 0));
        StoredBatch[] memory batches = one(commit(first, batchAfter(first, 0)));
        refused(batches, proofOf(batches), abi.encodeWithSelector(IRollupChain.BatchNumber.selector, 2, 1));
        prove(first);
        refused(one(first), proofOf(one(first)), abi.encodeWithSelector(IRollupChain.BatchNumber.selector, 1, 2));
    }

    function test_prove_otherBatch() public {
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 0));
        stored.batchRoot = keccak256("other root");
        refused(one(stored), proofOf(one(stored)), abi.encodeWithSelector(IRollupChain.BatchUnknown.selector, 1));
    }

    function test_prove_refusedProof() public {
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 0));
        refused(one(stored), one(claimOf(one(stored))), abi.encodeWithSelector(VerifierDouble.Refused.selector));
        assertProgress(1, 0, 0);
    }

    /// I4: whatever Ethereum uses of a batch is in what is proven.
    function test_prove_everyFieldIsInTheStatement() public {
        requestMany(2);
        BatchCommit memory honest = batchAfter(genesis, 1);
        StoredBatch memory stored = storedOf(genesis, honest, 0);
        Evidence[] memory evidence = proofOf(one(stored));
        for (uint256 field = 0; field < 11; ++field) {
            uint256 state = vm.snapshotState();
            BatchCommit memory batch = mutated(honest, field);
            StoredBatch memory other = commit(genesis, batch);
            assertNotEq(other.outputHash, stored.outputHash, vm.toString(field));
            bytes4 reason = Proofs.StatementMissing.selector;
            refused(one(other), evidence, abi.encodeWithSelector(reason, 0, other.outputHash));
            vm.revertToState(state);
        }
        // What the contract adds: another chain, another commitment before.
        chain = createChain(CHAIN + 1);
        assertNotEq(storedOf(genesis, honest, 0).outputHash, stored.outputHash);
    }

    function mutated(BatchCommit memory honest, uint256 field) private pure returns (BatchCommit memory batch) {
        batch = abi.decode(abi.encode(honest), (BatchCommit));
        if (field == 0) batch.commitment ^= bytes32(uint256(1));
        else if (field == 1) batch.firstBlock += 1;
        else if (field == 2) batch.lastBlock += 1;
        else if (field == 3) batch.firstTimestamp -= 1;
        else if (field == 4) batch.lastTimestamp -= 1;
        else if (field == 5) batch.operations += 1;
        else if (field == 6) batch.operationsHash ^= bytes32(uint256(1));
        else if (field == 7) batch.transactions += 1;
        else if (field == 8) batch.batchRoot ^= bytes32(uint256(1));
        else if (field == 9) batch.logs += 1;
        else batch.data.pubdata[0] ^= 0x01;
    }
}

contract ExecuteTest is SettlementTest {
    function refused(StoredBatch memory stored, OperationRange memory range, bytes memory reason) private {
        vm.prank(operator);
        vm.expectRevert(reason);
        chain.execute(one(stored), one(range));
    }

    function proven(uint64 operations) private returns (StoredBatch memory stored) {
        stored = commit(genesis, batchAfter(genesis, operations));
        prove(stored);
    }

    function test_execute_isFinal() public {
        requestMany(3);
        StoredBatch memory stored = proven(2);
        vm.expectEmit(address(chain));
        emit IRollupChain.BatchExecuted(1, stored.commitment, stored.batchRoot);
        execute(stored);
        assertProgress(1, 1, 1);
        assertEq(messageRoot.batchRoot(CHAIN, 1), stored.batchRoot);
        assertEq(chain.progress().executedOperations, 2);
        assertEq(chain.progress().nextDeadline, queue.deadlines(2));
        assertEq(chain.storedBatchHash(0), 0);
        stored = finish(stored, 1);
        assertEq(chain.progress().nextDeadline, 0);
        finish(stored, 0);
    }

    function test_execute_manyAtOnce() public {
        requestMany(3);
        StoredBatch[] memory batches = new StoredBatch[](2);
        batches[0] = commit(genesis, batchAfter(genesis, 2));
        batches[1] = commit(batches[0], batchAfter(batches[0], 1));
        Evidence[] memory evidence = proofOf(batches);
        vm.prank(operator);
        chain.prove(batches, evidence);
        OperationRange[] memory ranges = new OperationRange[](2);
        ranges[0] = rangeOf(0, 2);
        ranges[1] = rangeOf(2, 1);
        vm.prank(operator);
        chain.execute(batches, ranges);
        assertProgress(2, 2, 2);
    }

    function test_execute_byOther() public {
        StoredBatch memory stored = proven(0);
        OperationRange memory nothing;
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, stranger, Role.Executor));
        vm.prank(stranger);
        chain.execute(one(stored), one(nothing));
    }

    function test_execute_listsOfOtherLengths() public {
        StoredBatch memory stored = proven(0);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchList.selector, 1, 0));
        chain.execute(one(stored), new OperationRange[](0));
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchList.selector, 0, 0));
        chain.execute(new StoredBatch[](0), new OperationRange[](0));
    }

    function test_execute_notProven() public {
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 0));
        refused(stored, rangeOf(0, 0), abi.encodeWithSelector(IRollupChain.BatchTooFar.selector, 1, 0));
    }

    function test_execute_twice() public {
        StoredBatch memory stored = proven(0);
        execute(stored);
        refused(stored, rangeOf(0, 0), abi.encodeWithSelector(IRollupChain.BatchNumber.selector, 1, 2));
    }

    function test_execute_otherBatch() public {
        StoredBatch memory stored = proven(0);
        stored.transactions = 0;
        refused(stored, rangeOf(0, 0), abi.encodeWithSelector(IRollupChain.BatchUnknown.selector, 1));
    }

    function test_execute_otherOperations() public {
        requestMany(2);
        BatchCommit memory batch = batchAfter(genesis, 1);
        batch.operationsHash = keccak256("other");
        StoredBatch memory stored = commit(genesis, batch);
        prove(stored);
        bytes32 found = queue.rollingHash(0, 1);
        bytes4 reason = PriorityQueue.OperationsHash.selector;
        refused(stored, rangeOf(0, 1), abi.encodeWithSelector(reason, found, batch.operationsHash));
    }

    function test_execute_withoutRoot() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.batchRoot = 0;
        StoredBatch memory stored = commit(genesis, batch);
        prove(stored);
        refused(stored, rangeOf(0, 0), abi.encodeWithSignature("AppendRootZero()"));
    }
}

contract RevertTest is SettlementTest {
    function test_revert_toAnyBatchFromTheExecutedOne() public {
        StoredBatch memory first = finish(genesis, 0);
        StoredBatch memory second = commit(first, batchAfter(first, 0));
        prove(second);
        StoredBatch memory third = commit(second, batchAfter(second, 0));
        commit(third, batchAfter(third, 0));
        assertProgress(4, 2, 1);
        vm.startPrank(reverter);
        chain.revertBatches(3);
        vm.stopPrank();
        assertProgress(3, 2, 1);
        vm.expectEmit(address(chain));
        emit IRollupChain.BatchesReverted(1);
        vm.prank(reverter);
        chain.revertBatches(1);
        assertProgress(1, 1, 1);
        assertEq(chain.storedBatchHash(2), 0);
        // Others come in their place.
        BatchCommit memory other = batchAfter(first, 0);
        other.commitment = keccak256("other");
        StoredBatch memory stored = commit(first, other);
        prove(stored);
        execute(stored);
    }

    function test_revert_executed() public {
        StoredBatch memory first = finish(genesis, 0);
        commit(first, batchAfter(first, 0));
        vm.startPrank(reverter);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.RevertTarget.selector, 0, 1, 2));
        chain.revertBatches(0);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.RevertTarget.selector, 2, 1, 2));
        chain.revertBatches(2);
    }

    function test_revert_byOther() public {
        commit(genesis, batchAfter(genesis, 0));
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, operator, Role.Reverter));
        vm.prank(operator);
        chain.revertBatches(0);
    }
}

contract SettleTest is SettlementTest {
    function test_settle_allThreeSteps() public {
        requestMany(2);
        BatchCommit memory batch = batchAfter(genesis, 1);
        StoredBatch memory stored = storedOf(genesis, batch, 0);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range = rangeOf(0, 1);
        vm.prank(operator);
        chain.settle(genesis, batch, evidence, range);
        assertProgress(1, 1, 1);
        assertEq(messageRoot.batchRoot(CHAIN, 1), stored.batchRoot);
    }

    function test_settle_needsAllRoles() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        Evidence[] memory evidence = proofOf(one(storedOf(genesis, batch, 0)));
        OperationRange memory nothing;
        Role[3] memory roles = [Role.Committer, Role.Prover, Role.Executor];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(admin);
            chain.setRole(roles[i], operator, false);
            vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, operator, roles[i]));
            vm.prank(operator);
            chain.settle(genesis, batch, evidence, nothing);
            vm.prank(admin);
            chain.setRole(roles[i], operator, true);
        }
    }

    function test_settle_whileABatchWaits() public {
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 0));
        BatchCommit memory batch = batchAfter(first, 0);
        Evidence[] memory evidence = proofOf(one(storedOf(first, batch, 0)));
        OperationRange memory nothing;
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchesWait.selector, 0, 1));
        vm.prank(operator);
        chain.settle(first, batch, evidence, nothing);
    }

    function test_settle_refusedProofLeavesNothing() public {
        BatchCommit memory batch = batchAfter(genesis, 0);
        Evidence[] memory evidence = one(claimOf(one(storedOf(genesis, batch, 0))));
        OperationRange memory nothing;
        vm.expectRevert(VerifierDouble.Refused.selector);
        vm.prank(operator);
        chain.settle(genesis, batch, evidence, nothing);
        assertProgress(0, 0, 0);
    }

    function test_messageRoot_isOfTheExecutedBatches() public {
        StoredBatch memory first = finish(genesis, 0);
        assertEq(MessageRoot(messageRoot).batchRoot(CHAIN, 2), 0);
        commit(first, batchAfter(first, 0));
        assertEq(messageRoot.batchRoot(CHAIN, 2), 0);
    }
}
