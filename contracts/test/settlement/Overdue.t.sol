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
import {PriorityQueue} from "../../src/settlement/libraries/PriorityQueue.sol";
import {Proofs} from "../../src/settlement/libraries/Proofs.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// What a stranger can do when the operator does not execute an operation in time, and when not.
contract OverdueTest is SettlementTest {
    function settleAs(address caller, StoredBatch memory previous, BatchCommit memory batch)
        private
        returns (StoredBatch memory)
    {
        return settleWith(caller, previous, batch, 0);
    }

    function settleWith(address caller, StoredBatch memory previous, BatchCommit memory batch, bytes32 upgradeHash)
        private
        returns (StoredBatch memory stored)
    {
        stored = storedOf(previous, batch, upgradeHash);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range = rangeOf(stored.firstOperation, stored.operations);
        vm.prank(caller);
        chain.settle(previous, batch, evidence, range);
    }

    function refused(address caller, StoredBatch memory previous, BatchCommit memory batch, bytes memory reason)
        private
    {
        StoredBatch memory stored = storedOf(previous, batch, 0);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range = rangeOf(stored.firstOperation, stored.operations);
        vm.expectRevert(reason);
        vm.prank(caller);
        chain.settle(previous, batch, evidence, range);
    }

    function overdue(uint256 operations) private {
        requestMany(operations);
        skip(3 days + 1);
        assertTrue(chain.isOverdue());
    }

    function withoutRole(Role role) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, stranger, role);
    }

    function test_notBeforeTheDeadline() public {
        assertFalse(chain.isOverdue());
        requestOne();
        skip(3 days);
        assertFalse(chain.isOverdue());
        refused(stranger, genesis, onlyOperations(genesis, 1), withoutRole(Role.Committer));
        skip(1);
        assertTrue(chain.isOverdue());
        settleAs(stranger, genesis, onlyOperations(genesis, 1));
    }

    function test_aStrangerSettles() public {
        overdue(3);
        StoredBatch memory stored = settleAs(stranger, genesis, onlyOperations(genesis, 3));
        assertProgress(1, 1, 1);
        assertEq(messageRoot.batchRoot(CHAIN, 1), stored.batchRoot);
        // It closes when none is overdue.
        assertFalse(chain.isOverdue());
        refused(stranger, stored, onlyOperations(stored, 0), withoutRole(Role.Committer));
        finish(stored, 0);
    }

    function test_oneByOneUntilNoneIsOverdue() public {
        overdue(3);
        requestOne();
        StoredBatch memory stored = settleAs(stranger, genesis, onlyOperations(genesis, 1));
        stored = settleAs(stranger, stored, onlyOperations(stored, 1));
        assertTrue(chain.isOverdue());
        stored = settleAs(stranger, stored, onlyOperations(stored, 1));
        assertFalse(chain.isOverdue());
        refused(stranger, stored, onlyOperations(stored, 1), withoutRole(Role.Committer));
    }

    function test_onlyWithAProof() public {
        overdue(1);
        BatchCommit memory batch = onlyOperations(genesis, 1);
        StoredBatch memory stored = storedOf(genesis, batch, 0);
        Evidence[] memory evidence = proofOf(one(stored));
        batch.commitment = keccak256("other");
        bytes32 output = storedOf(genesis, batch, 0).outputHash;
        OperationRange memory range = rangeOf(0, 1);
        vm.expectRevert(abi.encodeWithSelector(Proofs.StatementMissing.selector, 0, output));
        vm.prank(stranger);
        chain.settle(genesis, batch, evidence, range);
    }

    function test_onlyOperations() public {
        overdue(1);
        BatchCommit memory batch = onlyOperations(genesis, 1);
        batch.transactions = 1;
        bytes4 reason = IRollupChain.BatchNotOfOperations.selector;
        refused(stranger, genesis, batch, abi.encodeWithSelector(reason, 1, 1));
        refused(stranger, genesis, onlyOperations(genesis, 0), abi.encodeWithSelector(reason, 0, 0));
    }

    function test_aPauseDoesNotCount() public {
        requestOne();
        skip(3 days);
        vm.prank(pauser);
        chain.pause();
        skip(1);
        settleAs(stranger, genesis, onlyOperations(genesis, 1));
    }

    function test_theOperatorOfAPausedChainIsAStranger() public {
        requestOne();
        skip(3 days);
        vm.prank(pauser);
        chain.pause();
        skip(1);
        bytes4 reason = IRollupChain.BatchNotOfOperations.selector;
        refused(operator, genesis, batchAfter(genesis, 1), abi.encodeWithSelector(reason, 1, 7));
        settleAs(operator, genesis, onlyOperations(genesis, 1));
    }

    /// Batches that nobody can prove do not keep anybody from settling, however many they are.
    function test_batchesThatWaitAreTakenBack() public {
        StoredBatch memory executed = finish(genesis, 0);
        requestOne();
        StoredBatch memory previous = executed;
        for (uint256 i = 0; i < 5; ++i) {
            BatchCommit memory garbage = batchAfter(previous, 0);
            garbage.commitment = keccak256(abi.encode("nothing", i));
            previous = commit(previous, garbage);
        }
        skip(3 days + 1);
        settleAs(stranger, executed, onlyOperations(executed, 1));
        assertProgress(2, 2, 2);
        assertEq(chain.storedBatchHash(3), 0);
    }

    function test_theOperatorSettlesInPlaceOfItsOwnBatches() public {
        requestOne();
        commit(genesis, batchAfter(genesis, 0));
        skip(3 days + 1);
        settleAs(operator, genesis, onlyOperations(genesis, 1));
        assertProgress(1, 1, 1);
    }

    function test_theOperatorGoesOnAsBefore() public {
        overdue(1);
        settleAs(operator, genesis, batchAfter(genesis, 1));
        assertProgress(1, 1, 1);
    }

    /// What the operator has committed, everybody may prove and execute.
    function test_proveAndExecuteAreOpen() public {
        requestOne();
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 1));
        Evidence[] memory evidence = proofOf(one(stored));
        vm.startPrank(stranger);
        vm.expectRevert(withoutRole(Role.Prover));
        chain.prove(one(stored), evidence);
        vm.stopPrank();
        skip(3 days);
        vm.prank(pauser);
        chain.pause();
        skip(1);
        OperationRange[] memory ranges = one(rangeOf(0, 1));
        vm.startPrank(stranger);
        chain.prove(one(stored), evidence);
        chain.execute(one(stored), ranges);
        vm.stopPrank();
        assertProgress(1, 1, 1);
    }

    /// Whether an operation is overdue is looked at once for a list.
    function test_executeGoesOnBehindTheLastOverdueOne() public {
        requestOne();
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 1));
        StoredBatch memory second = commit(first, batchAfter(first, 0));
        prove(first);
        prove(second);
        skip(3 days + 1);
        StoredBatch[] memory list = new StoredBatch[](2);
        (list[0], list[1]) = (first, second);
        OperationRange[] memory ranges = new OperationRange[](2);
        ranges[0] = rangeOf(0, 1);
        vm.prank(stranger);
        chain.execute(list, ranges);
        assertProgress(2, 2, 2);
        StoredBatch memory third = commit(second, batchAfter(second, 0));
        prove(third);
        OperationRange[] memory none = new OperationRange[](1);
        vm.expectRevert(withoutRole(Role.Executor));
        vm.prank(stranger);
        chain.execute(one(third), none);
    }

    function test_commitIsNotOpen() public {
        overdue(1);
        BatchCommit memory batch = onlyOperations(genesis, 1);
        vm.expectRevert(withoutRole(Role.Committer));
        vm.prank(stranger);
        chain.commit(genesis, batch);
    }

    function test_noBatchLeavesAnOverdueOneBehind() public {
        overdue(2);
        BatchCommit memory batch = batchAfter(genesis, 1);
        uint64 deadline = queue.deadlines(1);
        bytes4 reason = PriorityQueue.OverdueLeftBehind.selector;
        refused(operator, genesis, batch, abi.encodeWithSelector(reason, 1, deadline));
        refused(operator, genesis, batchAfter(genesis, 0), abi.encodeWithSelector(reason, 0, queue.deadlines(0)));
        settleAs(operator, genesis, batchAfter(genesis, 2));
    }

    /// The upgrade that is due leaves no room for the overdue operation in its batch: without a batch of its own the chain would
    /// stand for ever.
    function test_theUpgradeAlone() public {
        bytes32 upgradeHash = overdueWithUpgrade();
        StoredBatch memory stored = settleWith(stranger, genesis, onlyOperations(genesis, 0), upgradeHash);
        assertProgress(1, 1, 1);
        assertTrue(chain.isOverdue());
        // There is one for an activation.
        bytes4 reason = IRollupChain.BatchNotOfOperations.selector;
        refused(stranger, stored, onlyOperations(stored, 0), abi.encodeWithSelector(reason, 0, 0));
        bytes4 left = PriorityQueue.OverdueLeftBehind.selector;
        bytes memory behind = abi.encodeWithSelector(left, 0, queue.deadlines(0));
        refused(operator, stored, onlyOperations(stored, 0), behind);
        settleAs(stranger, stored, onlyOperations(stored, 1));
        assertFalse(chain.isOverdue());
    }

    function test_theUpgradeAlone_inThreeSteps() public {
        bytes32 upgradeHash = overdueWithUpgrade();
        StoredBatch memory stored = commit(genesis, onlyOperations(genesis, 0), upgradeHash);
        prove(stored);
        execute(stored);
        assertProgress(1, 1, 1);
    }

    function test_theUpgradeAlone_takesBackABatchThatHasIt() public {
        bytes32 upgradeHash = overdueWithUpgrade();
        BatchCommit memory garbage = batchAfter(genesis, 0);
        garbage.commitment = keccak256("nothing");
        commit(genesis, garbage, upgradeHash);
        settleWith(stranger, genesis, onlyOperations(genesis, 0), upgradeHash);
        assertProgress(1, 1, 1);
    }

    function test_theUpgradeWithOrdinaryTransactions() public {
        bytes32 upgradeHash = overdueWithUpgrade();
        BatchCommit memory batch = batchAfter(genesis, 0);
        StoredBatch memory stored = storedOf(genesis, batch, upgradeHash);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range;
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchNotOfOperations.selector, 0, 7));
        vm.prank(stranger);
        chain.settle(genesis, batch, evidence, range);
        uint64 deadline = queue.deadlines(0);
        vm.expectRevert(abi.encodeWithSelector(PriorityQueue.OverdueLeftBehind.selector, 0, deadline));
        vm.prank(operator);
        chain.settle(genesis, batch, evidence, range);
    }

    /// An upgrade is due, and an operation overdue.
    function overdueWithUpgrade() private returns (bytes32 upgradeHash) {
        bytes memory transaction = bytes.concat(hex"7e", abi.encode(CHAIN, 1, address(0xff05), 1_000_000, 0, 4), "data");
        upgradeHash = keccak256(transaction);
        uint256[22] memory words = config(CHAIN);
        vm.prank(admin);
        chain.scheduleUpgrade(words, transaction);
        skip(14 days - 3 days);
        requestOne();
        skip(3 days);
        vm.prank(admin);
        chain.activateUpgrade(words, upgradeHash);
        skip(1);
    }

    /// The reverter cannot take back what is final, and cannot come between the three steps.
    function test_revertDoesNotHelpAgainstIt() public {
        overdue(1);
        settleAs(stranger, genesis, onlyOperations(genesis, 1));
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.RevertTarget.selector, 0, 1, 1));
        vm.prank(reverter);
        chain.revertBatches(0);
    }
}
