// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {OperationRange} from "../../src/interfaces/IRollupChain.sol";
import {ChainsTree} from "../../src/settlement/libraries/ChainsTree.sol";
import {IncrementalTree} from "../../src/settlement/libraries/IncrementalTree.sol";
import {PriorityQueue} from "../../src/settlement/libraries/PriorityQueue.sol";
import {QueueModel} from "./Doubles.sol";
import {KernelsTest} from "./KernelsTest.sol";

contract PriorityQueueTest is KernelsTest {
    uint64 private constant LATER = 1_800_000_000 + 3 days;

    QueueModel private model;

    function setUp() public override {
        super.setUp();
        model = QueueModel(deployCode("Doubles.sol:QueueModel"));
    }

    function push(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            bytes32 hash = keccak256(abi.encode("operation", model.count()));
            uint64 deadline = LATER + uint64(model.count());
            kernels.push(hash, deadline);
            model.push(hash, deadline);
        }
    }

    function rangeOf(uint256 first, uint256 width, uint256 size) private view returns (OperationRange memory range) {
        if (width == 0) return range;
        (range.hashes, range.deadlines) = model.list(first, width);
        (range.left, range.right) = model.siblings(first, first + width - 1, size);
    }

    function takenOf(uint256 first, uint256 count) private view returns (PriorityQueue.Taken memory) {
        return PriorityQueue.Taken(uint64(first), uint64(count), model.rollingHash(first, count), true, false);
    }

    function take(uint256 first, uint256 count, uint256 size) private {
        PriorityQueue.Taken memory batch = takenOf(first, count);
        uint256 width = count != 0 && model.count() > first + count ? count + 1 : count;
        kernels.take(batch, rangeOf(first, width, size));
    }

    function refused(PriorityQueue.Taken memory batch, OperationRange memory range, bytes memory reason) private {
        vm.expectRevert(reason);
        kernels.take(batch, range);
    }

    function test_emptyTree() public view {
        assertEq(kernels.queueRoot(), model.empty(32));
        assertFalse(kernels.knowsRoot(model.empty(32)));
    }

    function test_rootsAreThoseOfTheModel() public {
        for (uint256 count = 1; count <= 70; ++count) {
            push(1);
            assertEq(kernels.queueRoot(), model.root(count));
            assertTrue(kernels.knowsRoot(model.root(count)));
        }
    }

    function testFuzz_everyRangeLeadsToItsRoot(uint256 size, uint256 first, uint256 last) public {
        size = bound(size, 1, 40);
        last = bound(last, 0, size - 1);
        first = bound(first, 0, last);
        push(size);
        assertEq(kernels.rootOf(rangeOf(first, last + 1 - first, size), first), kernels.queueRoot());
    }

    /// Siblings of missing leaves may be given too.
    function test_siblingsOfMissingLeaves() public {
        push(3);
        OperationRange memory range = rangeOf(0, 3, 3);
        bytes32[] memory right = new bytes32[](32);
        for (uint256 level = 0; level < 32; ++level) {
            right[level] = level == 1 ? bytes32(0) : model.empty(level);
        }
        // The last leaf's place is 2: a sibling behind it at level 0, none at level 1, and one at each above.
        bytes32[] memory given = new bytes32[](31);
        given[0] = right[0];
        for (uint256 i = 1; i < 31; ++i) {
            given[i] = right[i + 1];
        }
        range.right = given;
        assertEq(kernels.rootOf(range, 0), kernels.queueRoot());
    }

    /// Batches of any sizes, with roots of any time since, take every operation once and in order.
    function testFuzz_everyOperationOnceAndInOrder(uint256 seed) public {
        uint256 executed = 0;
        push(1 + seed % 5);
        for (uint256 round = 0; round < 8; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 size = model.count();
            uint256 count = bound(seed, 0, size - executed);
            take(executed, count, size);
            executed += count;
            (uint64 requested, uint64 done, uint64 nextDeadline, bool isOverdue) = kernels.state();
            assertEq(requested, size);
            assertEq(done, executed);
            assertEq(nextDeadline, executed < size ? model.deadlines(executed) : 0);
            assertFalse(isOverdue);
            push((seed >> 128) % 6);
            if (executed == size && model.count() > size) {
                (,, nextDeadline,) = kernels.state();
                assertEq(nextDeadline, model.deadlines(size));
            }
        }
    }

    function test_earlierRoot() public {
        push(6);
        bytes32 earlier = model.root(6);
        push(5);
        take(0, 4, 6);
        assertTrue(kernels.knowsRoot(earlier));
    }

    function test_earlierRootWithoutTheNextOne() public {
        push(4);
        push(1);
        // The queue goes on behind the four: the fifth has to be there, and the earlier tree does not have it.
        PriorityQueue.Taken memory batch = takenOf(0, 4);
        bytes4 reason = PriorityQueue.RangeLength.selector;
        refused(batch, rangeOf(0, 4, 4), abi.encodeWithSelector(reason, 4, 4, 5));
        OperationRange memory range = rangeOf(0, 5, 4);
        bytes32 root = kernels.rootOf(range, 0);
        assertEq(root, model.root(5));
    }

    function test_notNext() public {
        push(4);
        take(0, 2, 4);
        bytes4 reason = PriorityQueue.OperationsNotNext.selector;
        refused(takenOf(0, 2), rangeOf(0, 3, 4), abi.encodeWithSelector(reason, 0, 2));
        refused(takenOf(3, 1), rangeOf(3, 1, 4), abi.encodeWithSelector(reason, 3, 2));
        refused(takenOf(3, 0), rangeOf(3, 0, 4), abi.encodeWithSelector(reason, 3, 2));
    }

    function test_moreThanThereAre() public {
        push(2);
        PriorityQueue.Taken memory batch = takenOf(0, 2);
        batch.count = 3;
        OperationRange memory range = rangeOf(0, 2, 2);
        refused(batch, range, abi.encodeWithSelector(PriorityQueue.RangeLength.selector, 2, 2, 3));
        // A leaf that was never appended.
        bytes32[] memory hashes = new bytes32[](3);
        uint64[] memory deadlines = new uint64[](3);
        (hashes[0], hashes[1]) = (range.hashes[0], range.hashes[1]);
        (deadlines[0], deadlines[1]) = (range.deadlines[0], range.deadlines[1]);
        range.hashes = hashes;
        range.deadlines = deadlines;
        bytes32 root = kernels.rootOf(range, 0);
        refused(batch, range, abi.encodeWithSelector(PriorityQueue.RangeRootUnknown.selector, root));
    }

    function test_lengths() public {
        push(3);
        PriorityQueue.Taken memory batch = takenOf(0, 2);
        bytes4 reason = PriorityQueue.RangeLength.selector;
        OperationRange memory range = rangeOf(0, 3, 3);
        range.deadlines = new uint64[](2);
        refused(batch, range, abi.encodeWithSelector(reason, 3, 2, 3));
        refused(batch, rangeOf(0, 2, 3), abi.encodeWithSelector(reason, 2, 2, 3));
        refused(takenOf(0, 0), rangeOf(0, 1, 3), abi.encodeWithSelector(reason, 1, 1, 0));
        range = rangeOf(0, 0, 3);
        range.left = new bytes32[](1);
        refused(takenOf(0, 0), range, abi.encodeWithSelector(PriorityQueue.RangeSiblings.selector, 1, 0));
        range = rangeOf(0, 0, 3);
        range.right = new bytes32[](1);
        refused(takenOf(0, 0), range, abi.encodeWithSelector(PriorityQueue.RangeSiblings.selector, 0, 1));
    }

    function test_siblings() public {
        push(6);
        take(0, 3, 6);
        PriorityQueue.Taken memory batch = takenOf(3, 1);
        OperationRange memory honest = rangeOf(3, 2, 6);
        assertEq(honest.left.length, 2);
        OperationRange memory range = rangeOf(3, 2, 6);
        bytes4 reason = PriorityQueue.RangeSiblings.selector;
        range.left = new bytes32[](1);
        refused(batch, range, abi.encodeWithSelector(reason, 1, range.right.length));
        range.left = new bytes32[](3);
        refused(batch, range, abi.encodeWithSelector(reason, 3, range.right.length));
        range = rangeOf(3, 2, 6);
        range.right = new bytes32[](33);
        refused(batch, range, abi.encodeWithSelector(reason, 2, 33));
        // Without what is behind, it is the range of an earlier tree.
        range.right = new bytes32[](0);
        assertEq(kernels.rootOf(range, 3), model.root(5));
        kernels.take(batch, range);
    }

    function testFuzz_changedRange(uint256 what, uint256 at, uint256 bit) public {
        push(11);
        take(0, 3, 11);
        PriorityQueue.Taken memory batch = takenOf(3, 3);
        OperationRange memory range = rangeOf(3, 4, 11);
        bytes32 change = bytes32(uint256(1) << (bit % 256));
        what = what % 4;
        if (what == 0) range.hashes[at % 4] ^= change;
        else if (what == 1) range.deadlines[at % 4] ^= uint64(1) << uint64(bit % 64);
        else if (what == 2) range.left[at % range.left.length] ^= change;
        else range.right[at % range.right.length] ^= change;
        bytes32 root = kernels.rootOf(range, 3);
        refused(batch, range, abi.encodeWithSelector(PriorityQueue.RangeRootUnknown.selector, root));
    }

    function test_otherOperations() public {
        push(3);
        PriorityQueue.Taken memory batch = takenOf(0, 2);
        bytes32 found = batch.hash;
        batch.hash = model.rollingHash(1, 2);
        bytes4 reason = PriorityQueue.OperationsHash.selector;
        refused(batch, rangeOf(0, 3, 3), abi.encodeWithSelector(reason, found, batch.hash));
        batch = takenOf(0, 0);
        batch.hash = 0;
        refused(batch, rangeOf(0, 0, 3), abi.encodeWithSelector(reason, keccak256(""), bytes32(0)));
    }

    function test_deadline() public {
        push(3);
        vm.warp(LATER);
        take(0, 0, 3);
        vm.warp(LATER + 1);
        bytes4 reason = PriorityQueue.OverdueLeftBehind.selector;
        refused(takenOf(0, 0), rangeOf(0, 0, 3), abi.encodeWithSelector(reason, 0, LATER));
        // The second one's time is not over.
        take(0, 1, 3);
        vm.warp(LATER + 3);
        refused(takenOf(1, 1), rangeOf(1, 2, 3), abi.encodeWithSelector(reason, 2, LATER + 2));
        take(1, 2, 3);
    }

    function test_manyOverdueInSeveralBatchesOfOperations() public {
        push(5);
        vm.warp(LATER + 100);
        PriorityQueue.Taken memory batch = takenOf(0, 2);
        OperationRange memory range = rangeOf(0, 3, 5);
        refused(batch, range, abi.encodeWithSelector(PriorityQueue.OverdueLeftBehind.selector, 2, LATER + 2));
        batch.hasTransactions = false;
        kernels.take(batch, range);
        // One without any executes nothing.
        batch = takenOf(2, 0);
        batch.hasTransactions = false;
        bytes memory reason = abi.encodeWithSelector(PriorityQueue.OverdueLeftBehind.selector, 2, LATER + 2);
        refused(batch, rangeOf(2, 0, 5), reason);
        // But the upgrade, if it has that, and nothing else.
        batch.hasUpgrade = true;
        kernels.take(batch, rangeOf(2, 0, 5));
        batch.hasTransactions = true;
        refused(batch, rangeOf(2, 0, 5), reason);
        (,,, bool isOverdue) = kernels.state();
        assertTrue(isOverdue);
        take(2, 3, 5);
        (,,, isOverdue) = kernels.state();
        assertFalse(isOverdue);
    }

    function test_full() public {
        kernels.setCount(2 ** 32 - 2);
        kernels.push(keccak256("last"), LATER);
        vm.expectRevert(IncrementalTree.TreeFull.selector);
        kernels.push(keccak256("one more"), LATER);
        OperationRange memory range;
        range.hashes = new bytes32[](2);
        range.deadlines = new uint64[](2);
        vm.expectRevert(IncrementalTree.TreeFull.selector);
        kernels.rootOf(range, 2 ** 32 - 1);
    }
}

contract ChainsTreeTest is KernelsTest {
    bytes32[] private leaves;

    function nodeOf(uint256 level, uint256 place) private view returns (bytes32) {
        if (level == 0) return place < leaves.length ? leaves[place] : bytes32(0);
        if (place << level >= leaves.length) {
            bytes32 empty = nodeOf(level - 1, place << 1);
            return keccak256(bytes.concat(bytes1(0x01), empty, empty));
        }
        return keccak256(bytes.concat(bytes1(0x01), nodeOf(level - 1, 2 * place), nodeOf(level - 1, 2 * place + 1)));
    }

    function test_noChain() public view {
        assertEq(kernels.chainsRoot(), nodeOf(16, 0));
    }

    function testFuzz_rootIsThatOfAllLeaves(uint256 seed) public {
        for (uint256 round = 0; round < 24; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            bytes32 leaf = bytes32(seed);
            if (seed % 3 == 0 || leaves.length == 0) {
                assertEq(kernels.pushChain(leaf), leaves.length);
                leaves.push(leaf);
            } else {
                uint256 place = (seed >> 8) % leaves.length;
                kernels.setChain(place, leaf);
                leaves[place] = leaf;
            }
            assertEq(kernels.chainsRoot(), nodeOf(16, 0));
        }
    }

    function test_full() public {
        kernels.setChainCount(2 ** 16);
        vm.expectRevert(ChainsTree.ChainsTreeFull.selector);
        kernels.pushChain(keccak256("one more"));
    }
}
