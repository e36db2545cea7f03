// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMessageRoot, L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IMessageRootWriter} from "../../src/interfaces/IMessageRootWriter.sol";
import {RollupChain} from "../../src/settlement/RollupChain.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract MessageRootTest is SettlementTest {
    bytes32 private constant PADDING = 0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba;

    function leafOf(L2Log memory log) private pure returns (bytes32) {
        bytes memory encoded = bytes.concat(
            hex"00",
            log.isService ? bytes1(0x01) : bytes1(0x00),
            bytes2(log.transactionIndex),
            bytes20(log.sender),
            log.key,
            log.value
        );
        assertEq(encoded.length, 88);
        return keccak256(encoded);
    }

    function logsOf(uint256 count) private pure returns (L2Log[] memory list) {
        list = new L2Log[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = L2Log(i % 2 == 0, uint16(i), address(0xff00), keccak256(abi.encode(i)), bytes32(i % 3));
        }
    }

    /// Node of the tree of logs by definition: depth 14, padding leaves.
    function nodeOf(L2Log[] memory list, uint256 level, uint256 place) private pure returns (bytes32 node) {
        if (place << level >= list.length) {
            node = PADDING;
            for (uint256 i = 0; i < level; ++i) {
                node = keccak256(bytes.concat(node, node));
            }
            return node;
        }
        if (level == 0) return leafOf(list[place]);
        return keccak256(bytes.concat(nodeOf(list, level - 1, 2 * place), nodeOf(list, level - 1, 2 * place + 1)));
    }

    function batchSiblings() private pure returns (bytes32[3] memory siblings) {
        siblings[1] = keccak256(new bytes(64));
        siblings[2] = keccak256(bytes.concat(siblings[1], siblings[1]));
    }

    function rootOf(L2Log[] memory list) private pure returns (bytes32 node) {
        node = nodeOf(list, 14, 0);
        for (uint256 i = 0; i < 3; ++i) {
            node = keccak256(bytes.concat(node, batchSiblings()[i]));
        }
    }

    function proofOf(L2Log[] memory list, uint64 batch, uint256 index) private pure returns (L2LogProof memory proof) {
        proof.chainId = CHAIN;
        proof.batch = batch;
        proof.index = index;
        proof.siblings = new bytes32[](17);
        for (uint256 level = 0; level < 14; ++level) {
            proof.siblings[level] = nodeOf(list, level, (index >> level) ^ 1);
        }
        for (uint256 i = 0; i < 3; ++i) {
            proof.siblings[14 + i] = batchSiblings()[i];
        }
    }

    function append(uint64 batch, bytes32 root) private {
        vm.prank(address(chain));
        messageRoot.append(CHAIN, batch, root);
    }

    function refused(L2LogProof memory proof, L2Log memory log, bytes memory reason) private {
        vm.expectRevert(reason);
        messageRoot.requireLog(proof, log);
    }

    function testFuzz_everyLog(uint256 count, uint256 index) public {
        count = bound(count, 1, 20);
        index = bound(index, 0, count - 1);
        L2Log[] memory list = logsOf(count);
        append(1, rootOf(list));
        messageRoot.requireLog(proofOf(list, 1, index), list[index]);
    }

    function test_everyFieldOfTheLog() public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        L2LogProof memory proof = proofOf(list, 1, 3);
        bytes memory reason = abi.encodeWithSelector(IMessageRoot.LogNotIncluded.selector);
        L2Log memory log = logsOf(5)[3];
        log.isService = !log.isService;
        refused(proof, log, reason);
        log = logsOf(5)[3];
        log.transactionIndex += 1;
        refused(proof, log, reason);
        log = logsOf(5)[3];
        log.sender = address(0xff01);
        refused(proof, log, reason);
        log = logsOf(5)[3];
        log.key ^= bytes32(uint256(1));
        refused(proof, log, reason);
        log = logsOf(5)[3];
        log.value ^= bytes32(uint256(1));
        refused(proof, log, reason);
        refused(proof, logsOf(5)[2], reason);
        messageRoot.requireLog(proof, logsOf(5)[3]);
    }

    function testFuzz_changedProof(uint256 at, uint256 bit) public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        L2LogProof memory proof = proofOf(list, 1, 3);
        at = at % 31;
        if (at < 17) proof.siblings[at] ^= bytes32(uint256(1) << (bit % 256));
        else proof.index ^= 1 << (at - 17);
        refused(proof, list[3], abi.encodeWithSelector(IMessageRoot.LogNotIncluded.selector));
    }

    function test_form() public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        bytes memory reason = abi.encodeWithSelector(IMessageRoot.LogProofForm.selector);
        L2LogProof memory proof = proofOf(list, 1, 3);
        proof.siblings = new bytes32[](16);
        refused(proof, list[3], reason);
        proof.siblings = new bytes32[](18);
        refused(proof, list[3], reason);
        for (uint256 bit = 14; bit < 256; ++bit) {
            proof = proofOf(list, 1, 3);
            proof.index |= 1 << bit;
            refused(proof, list[3], reason);
        }
    }

    /// A node of the tree with a shorter path.
    function test_nodeForALeaf() public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        L2LogProof memory proof = proofOf(list, 1, 0);
        bytes32[] memory shorter = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) {
            shorter[i] = proof.siblings[i + 1];
        }
        proof.siblings = shorter;
        refused(proof, list[0], abi.encodeWithSelector(IMessageRoot.LogProofForm.selector));
    }

    function test_paddingLeaf() public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        L2Log memory padding;
        assertEq(leafOf(padding), PADDING);
        refused(proofOf(list, 1, 9), padding, abi.encodeWithSelector(IMessageRoot.LogNotIncluded.selector));
    }

    function test_notExecuted() public {
        L2Log[] memory list = logsOf(5);
        append(1, rootOf(list));
        bytes4 reason = IMessageRoot.BatchNotExecuted.selector;
        L2LogProof memory proof = proofOf(list, 2, 3);
        refused(proof, list[3], abi.encodeWithSelector(reason, CHAIN, 2));
        proof.batch = 0;
        refused(proof, list[3], abi.encodeWithSelector(reason, CHAIN, 0));
        proof.batch = 1;
        proof.chainId = CHAIN + 1;
        refused(proof, list[3], abi.encodeWithSelector(reason, CHAIN + 1, 1));
    }

    function test_append_byOther() public {
        createChain(CHAIN + 1);
        bytes4 reason = IMessageRootWriter.AppendByOther.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, CHAIN, stranger));
        vm.prank(stranger);
        messageRoot.append(CHAIN, 1, keccak256("root"));
        vm.startPrank(address(chain));
        vm.expectRevert(abi.encodeWithSelector(reason, CHAIN + 1, address(chain)));
        messageRoot.append(CHAIN + 1, 1, keccak256("root"));
        vm.expectRevert(abi.encodeWithSelector(reason, CHAIN + 2, address(chain)));
        messageRoot.append(CHAIN + 2, 1, keccak256("root"));
        vm.stopPrank();
        // Whoever is address zero is no chain's contract.
        vm.expectRevert(abi.encodeWithSelector(reason, CHAIN + 2, address(0)));
        vm.prank(address(0));
        messageRoot.append(CHAIN + 2, 1, keccak256("root"));
    }

    function test_append_inOrder() public {
        vm.startPrank(address(chain));
        vm.expectRevert(abi.encodeWithSelector(IMessageRootWriter.AppendNumber.selector, 2, 1));
        messageRoot.append(CHAIN, 2, keccak256("root"));
        vm.expectRevert(abi.encodeWithSelector(IMessageRootWriter.AppendNumber.selector, 0, 1));
        messageRoot.append(CHAIN, 0, keccak256("root"));
        vm.expectRevert(IMessageRootWriter.AppendRootZero.selector);
        messageRoot.append(CHAIN, 1, 0);
        messageRoot.append(CHAIN, 1, keccak256("root"));
        vm.expectRevert(abi.encodeWithSelector(IMessageRootWriter.AppendNumber.selector, 1, 2));
        messageRoot.append(CHAIN, 1, keccak256("root"));
    }

    function test_register() public {
        vm.expectRevert(abi.encodeWithSelector(IMessageRootWriter.RegistrationByOther.selector, stranger));
        vm.prank(stranger);
        messageRoot.register(CHAIN + 1);
        vm.expectRevert(abi.encodeWithSelector(IMessageRootWriter.ChainRegistered.selector, CHAIN));
        vm.prank(address(bridgehub));
        messageRoot.register(CHAIN);
        assertEq(messageRoot.chainRoot(CHAIN + 1), 0);
    }

    function hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(bytes.concat(bytes1(0x01), left, right));
    }

    /// Trees of batches and of chains by definition (specification 017): two batches of the first of two chains.
    function test_trees() public {
        RollupChain other = createChain(CHAIN + 1);
        assertNotEq(address(other), address(chain));
        vm.expectEmit(address(messageRoot));
        emit IMessageRoot.BatchRootAppended(CHAIN, 1, keccak256("one"), uint64(vm.getBlockTimestamp()));
        append(1, keccak256("one"));
        bytes32 first = keccak256(
            bytes.concat(bytes1(0x02), keccak256("one"), bytes8(uint64(1)), bytes8(uint64(vm.getBlockTimestamp())))
        );
        skip(12);
        append(2, keccak256("two"));
        bytes32 second = keccak256(
            bytes.concat(bytes1(0x02), keccak256("two"), bytes8(uint64(2)), bytes8(uint64(vm.getBlockTimestamp())))
        );
        bytes32 root = hash(first, second);
        bytes32 emptyRoot = 0;
        bytes32 empty = hash(0, 0);
        emptyRoot = empty;
        for (uint256 level = 1; level < 32; ++level) {
            root = hash(root, empty);
            emptyRoot = hash(emptyRoot, empty);
            empty = hash(empty, empty);
        }
        assertEq(messageRoot.chainRoot(CHAIN), root);
        assertEq(messageRoot.chainRoot(CHAIN + 1), emptyRoot);
        bytes32 all = hash(
            keccak256(bytes.concat(bytes1(0x03), root, bytes32(uint256(CHAIN)))),
            keccak256(bytes.concat(bytes1(0x03), emptyRoot, bytes32(uint256(CHAIN + 1))))
        );
        empty = hash(0, 0);
        for (uint256 level = 1; level < 16; ++level) {
            all = hash(all, empty);
            empty = hash(empty, empty);
        }
        assertEq(messageRoot.messageRoot(), all);
    }
}
