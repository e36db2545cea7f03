// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {OperationRange} from "../../interfaces/IRollupChain.sol";
import {IncrementalTree} from "./IncrementalTree.sol";

/// @notice The queue of priority operations (specification 016, "On Ethereum").
library PriorityQueue {
    /// @notice The operations do not follow those that were executed.
    error OperationsNotNext(uint64 first, uint64 expected);
    /// @notice Not the operations of the batch and, if the queue goes on, the next one: each with hash and deadline.
    error RangeLength(uint256 hashes, uint256 deadlines, uint256 expected);
    /// @notice Not as many siblings as the range has, or more on the right than levels.
    error RangeSiblings(uint256 left, uint256 right);
    /// @notice The tree never had this root.
    error RangeRootUnknown(bytes32 root);
    /// @notice These are not the operations that the proof is about.
    error OperationsHash(bytes32 found, bytes32 expected);
    /// @notice The batch leaves an operation behind whose time is over, though it has ordinary transactions, or neither operations
    /// nor the upgrade.
    error OverdueLeftBehind(uint64 operation, uint64 deadline);

    bytes32 internal constant NO_OPERATIONS = keccak256("");

    struct Queue {
        // Operations requested, and executed.
        uint64 count;
        uint64 executed;
        // Of the next operation to execute, seconds; 0 if there is none.
        uint64 nextDeadline;
        // When a batch with operations or the upgrade was last executed, seconds; 0 if none was. Nothing else makes worthless what
        // others have proven of overdue operations.
        uint64 executedAt;
        bytes32[32] filled;
        // That the tree has had.
        mapping(bytes32 root => bool) roots;
    }

    /// @notice What a batch takes from the queue.
    struct Taken {
        // Operations of all batches before.
        uint64 first;
        uint64 count;
        bytes32 hash;
        // Whether the batch has ordinary transactions, and the upgrade.
        bool hasTransactions;
        bool hasUpgrade;
    }

    /// @notice The leaf of an operation.
    function leaf(bytes32 hash, uint64 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), hash, deadline));
    }

    /// @notice Appends an operation.
    function push(Queue storage self, bytes32 hash, uint64 deadline) internal {
        uint64 count = self.count;
        self.roots[IncrementalTree.push(self.filled, count, leaf(hash, deadline))] = true;
        self.count = count + 1;
        if (self.executed == count) self.nextDeadline = deadline;
    }

    /// @notice Whether the time of the next operation is over.
    function isOverdue(Queue storage self) internal view returns (bool) {
        uint64 deadline = self.nextDeadline;
        return deadline != 0 && block.timestamp > deadline;
    }

    /// @notice Takes the operations of a batch.
    function take(Queue storage self, Taken memory batch, OperationRange calldata range) internal {
        uint64 executed = self.executed;
        if (batch.first != executed) revert OperationsNotNext(batch.first, executed);
        if (batch.count == 0) {
            if (batch.hasUpgrade) self.executedAt = uint64(block.timestamp);
            requireNoneOverdue(self, batch);
            requireLength(range, 0);
            if (range.left.length + range.right.length != 0) {
                revert RangeSiblings(range.left.length, range.right.length);
            }
            if (batch.hash != NO_OPERATIONS) revert OperationsHash(NO_OPERATIONS, batch.hash);
            return;
        }
        uint64 end = executed + batch.count;
        bool goesOn = self.count > end;
        requireLength(range, goesOn ? uint256(batch.count) + 1 : batch.count);
        bytes32 root = rootOf(range, executed);
        if (!self.roots[root]) revert RangeRootUnknown(root);
        bytes32 found = rollingHash(range.hashes, batch.count);
        if (found != batch.hash) revert OperationsHash(found, batch.hash);
        self.executed = end;
        self.executedAt = uint64(block.timestamp);
        self.nextDeadline = goesOn ? range.deadlines[batch.count] : 0;
        requireNoneOverdue(self, batch);
    }

    /// @notice The hash over the first operations of a list.
    function rollingHash(bytes32[] calldata hashes, uint256 count) internal pure returns (bytes32 result) {
        result = NO_OPERATIONS;
        for (uint256 i = 0; i < count; ++i) {
            result = keccak256(abi.encodePacked(result, hashes[i]));
        }
    }

    /// @notice Root of the tree that has a range's leaves from place `first` on. The range is not empty.
    function rootOf(OperationRange calldata range, uint256 first) internal pure returns (bytes32) {
        uint256 width = range.hashes.length;
        bytes32[] memory nodes = new bytes32[](width);
        for (uint256 i = 0; i < width; ++i) {
            nodes[i] = leaf(range.hashes[i], range.deadlines[i]);
        }
        uint256 last = first + width - 1;
        if (last >> IncrementalTree.DEPTH != 0) revert IncrementalTree.TreeFull();
        // Of a tree of missing leaves of the level's depth.
        bytes32 empty = 0;
        uint256 left = 0;
        uint256 right = 0;
        for (uint256 level = 0; level < IncrementalTree.DEPTH; ++level) {
            bytes32 before = 0;
            bytes32 behind = 0;
            if (first & 1 == 1) {
                if (left == range.left.length) revert RangeSiblings(range.left.length, range.right.length);
                before = range.left[left++];
            }
            if (last & 1 == 0) {
                // Behind the last one that is given there are no operations.
                behind = right < range.right.length ? range.right[right++] : empty;
            }
            ascend(nodes, first, last, before, behind);
            empty = IncrementalTree.node(empty, empty);
            first >>= 1;
            last >>= 1;
        }
        if (left != range.left.length || right != range.right.length) {
            revert RangeSiblings(range.left.length, range.right.length);
        }
        return nodes[0];
    }

    // From the nodes at places first to last to those of the level above, in place.
    function ascend(bytes32[] memory nodes, uint256 first, uint256 last, bytes32 before, bytes32 behind) private pure {
        // Place of the first left child, which may be before the first node.
        uint256 start = first & ~uint256(1);
        for (uint256 place = start; place <= last; place += 2) {
            bytes32 a = place < first ? before : nodes[place - first];
            bytes32 b = place == last ? behind : nodes[place + 1 - first];
            // Never ahead of what is still to be read: (place - start) / 2 <= place - first + 1.
            nodes[(place - start) >> 1] = IncrementalTree.node(a, b);
        }
    }

    function requireLength(OperationRange calldata range, uint256 expected) private pure {
        uint256 hashes = range.hashes.length;
        uint256 deadlines = range.deadlines.length;
        if (hashes != expected || deadlines != expected) revert RangeLength(hashes, deadlines, expected);
    }

    // A batch without ordinary transactions may leave overdue operations behind: one batch may have no room for all of them, and
    // the upgrade, which comes first, may leave none for any.
    function requireNoneOverdue(Queue storage self, Taken memory batch) private view {
        bool mayLeave = !batch.hasTransactions && (batch.count != 0 || batch.hasUpgrade);
        if (isOverdue(self) && !mayLeave) revert OverdueLeftBehind(self.executed, self.nextDeadline);
    }
}
