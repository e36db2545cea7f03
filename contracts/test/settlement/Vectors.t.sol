// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {BatchCommit, OperationRange} from "../../src/interfaces/IRollupChain.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {MessageRoot} from "../../src/settlement/MessageRoot.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {PublicOutput} from "../../src/settlement/libraries/PublicOutput.sol";
import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";
import {KernelsTest} from "./KernelsTest.sol";

/// Bytes and hashes of specs/vectors/rollup.json, which the tests of the guest read too.
contract VectorsTest is KernelsTest {
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("../specs/vectors/rollup.json");
    }

    function at(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]");
    }

    function has(string memory list, uint256 i) private view returns (bool) {
        return vm.keyExistsJson(json, at(list, i));
    }

    function word(string memory path, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, name));
    }

    function number(string memory path, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, name));
    }

    function account(string memory path, string memory name) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(path, name));
    }

    function data(string memory path, string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(path, name));
    }

    function test_config() public view {
        uint256 i = 0;
        for (; has(".config.configs", i); ++i) {
            string memory path = at(".config.configs", i);
            uint256[22] memory words = abi.decode(data(path, ".encoding"), (uint256[22]));
            kernels.requireValid(words);
            assertEq(kernels.configHash(words), word(path, ".hash"));
        }
        assertEq(i, 3);
    }

    function test_config_refused() public {
        uint256 i = 0;
        for (; has(".config.refused", i); ++i) {
            uint256[22] memory words = abi.decode(data(at(".config.refused", i), ".encoding"), (uint256[22]));
            vm.expectPartialRevert(RollupConfig.ConfigRange.selector);
            kernels.requireValid(words);
        }
        assertEq(i, 37);
    }

    function test_operations() public view {
        bytes32 chained = word(".operations", ".chain[0]");
        uint256 i = 0;
        for (; has(".operations.operations", i); ++i) {
            string memory path = at(".operations.operations", i);
            L2Request memory asked = L2Request({
                chainId: number(path, ".chainId"),
                to: account(path, ".to"),
                value: number(path, ".value"),
                data: data(path, ".data"),
                gasLimit: uint64(number(path, ".gasLimit")),
                mint: number(path, ".mint"),
                refundRecipient: address(0)
            });
            Operations.Context memory context = Operations.Context({
                id: number(path, ".id"),
                from: account(path, ".from"),
                refundRecipient: account(path, ".refundRecipient"),
                gasPrice: uint128(number(path, ".gasPrice"))
            });
            bytes memory encoded = kernels.encode(asked, context);
            assertEq(encoded, data(path, ".encoding"));
            assertEq(keccak256(encoded), word(path, ".hash"));
            chained = keccak256(bytes.concat(chained, keccak256(encoded)));
            assertEq(chained, word(at(".operations.chain", i + 1), ""));
        }
        assertEq(i, 7);
    }

    function test_aliases() public view {
        uint256 i = 0;
        for (; has(".operations.aliases", i); ++i) {
            string memory path = at(".operations.aliases", i);
            assertEq(kernels.aliasOf(account(path, ".address")), account(path, ".alias"));
        }
        assertEq(i, 4);
    }

    function test_upgrades() public view {
        uint256 i = 0;
        for (; has(".upgrades.upgrades", i); ++i) {
            string memory path = at(".upgrades.upgrades", i);
            bytes memory encoded = data(path, ".encoding");
            assertEq(keccak256(encoded), word(path, ".hash"));
            assertTrue(kernels.isUpgrade(encoded, rules(number(path, ".chainId"), number(path, ".protocolVersion"))));
        }
        assertEq(i, 6);
        uint256[22] memory expected = rules(number(".upgrades.upgrades[0]", ".chainId"), 2);
        for (i = 0; has(".upgrades.refused", i); ++i) {
            string memory path = at(".upgrades.refused", i);
            assertFalse(
                kernels.isUpgrade(data(path, ".encoding"), expected),
                vm.parseJsonString(json, string.concat(path, ".name"))
            );
        }
        assertEq(i, 19);
    }

    /// Rules under which every upgrade of the vectors has room.
    function rules(uint256 chainId, uint256 version) private pure returns (uint256[22] memory words) {
        words[1] = chainId;
        words[2] = version;
        words[10] = 2 ** 26;
        words[18] = 700_000;
    }

    function test_queue() public {
        uint256 i = 0;
        assertEq(kernels.queueRoot(), word(".queue", ".roots[0]"));
        for (; has(".queue.leaves", i); ++i) {
            string memory path = at(".queue.leaves", i);
            kernels.push(word(path, ".operation"), uint64(number(path, ".deadline")));
            assertEq(kernels.queueRoot(), word(at(".queue.roots", i + 1), ""));
        }
        assertEq(i, 21);
        for (i = 0; has(".queue.siblings", i); ++i) {
            checkSiblings(at(".queue.siblings", i));
        }
        assertEq(i, 7);
    }

    /// A range of one operation needs its path, each sibling on its side.
    function checkSiblings(string memory path) private view {
        uint256 index = number(path, ".index");
        string memory leaf = at(".queue.leaves", index);
        OperationRange memory range;
        range.hashes = new bytes32[](1);
        range.deadlines = new uint64[](1);
        (range.hashes[0], range.deadlines[0]) = (word(leaf, ".operation"), uint64(number(leaf, ".deadline")));
        uint256 lefts = 0;
        for (uint256 level = 0; level < 32; ++level) {
            lefts += (index >> level) & 1;
        }
        range.left = new bytes32[](lefts);
        range.right = new bytes32[](32 - lefts);
        lefts = 0;
        for (uint256 level = 0; level < 32; ++level) {
            bytes32 sibling = word(at(string.concat(path, ".siblings"), level), "");
            if ((index >> level) & 1 == 1) range.left[lefts++] = sibling;
            else range.right[level - lefts] = sibling;
        }
        assertEq(kernels.rootOf(range, index), word(at(".queue.roots", number(path, ".leaves")), ""));
    }

    function test_outputs() public view {
        uint256 i = 0;
        for (; has(".outputs", i); ++i) {
            string memory path = at(".outputs", i);
            BatchCommit memory batch;
            batch.commitment = word(path, ".commitmentAfter");
            batch.firstBlock = uint64(number(path, ".firstBlock"));
            batch.lastBlock = uint64(number(path, ".lastBlock"));
            batch.firstTimestamp = uint64(number(path, ".firstTimestamp"));
            batch.lastTimestamp = uint64(number(path, ".lastTimestamp"));
            batch.operations = uint64(number(path, ".operations"));
            batch.operationsHash = word(path, ".operationsHash");
            batch.transactions = uint64(number(path, ".transactions"));
            batch.batchRoot = word(path, ".batchRoot");
            batch.logs = uint64(number(path, ".logs"));
            assertEq(kernels.outputHash(knownOf(path), batch), word(path, ".hash"));
        }
        assertEq(i, 3);
    }

    function knownOf(string memory path) private view returns (PublicOutput.Known memory) {
        return PublicOutput.Known({
            chainId: uint64(number(path, ".chainId")),
            configHash: word(path, ".configHash"),
            previousCommitment: word(path, ".commitmentBefore"),
            dataCommitment: word(path, ".availabilityCommitment"),
            firstOperation: uint64(number(path, ".firstOperation")),
            upgradeHash: word(path, ".upgradeHash")
        });
    }
}

/// The message root on the vectors. This contract stands for the registry of chains, and for each chain.
contract MessageVectorsTest is KernelsTest {
    string private json;
    MessageRoot private root;

    function setUp() public override {
        json = vm.readFile("../specs/vectors/rollup.json");
        root = MessageRoot(deployCode("MessageRoot.sol:MessageRoot", abi.encode(this)));
    }

    function chainOf(uint256) external view returns (address) {
        return address(this);
    }

    function at(string memory list, uint256 i, string memory name) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]", name);
    }

    function test_trees() public {
        string memory chains = ".logs.messageRoot.chains";
        string memory batches = ".logs.messageRoot.batches";
        uint256 first = vm.parseJsonUint(json, at(chains, 0, ".chainId"));
        root.register(first);
        string memory chainRoots = ".logs.messageRoot.chainRoots";
        assertEq(root.chainRoot(first), vm.parseJsonBytes32(json, at(chainRoots, 0, "")));
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp(vm.parseJsonUint(json, at(batches, i, ".timestamp")));
            uint64 batch = uint64(vm.parseJsonUint(json, at(batches, i, ".batch")));
            root.append(first, batch, vm.parseJsonBytes32(json, at(batches, i, ".batchRoot")));
            assertEq(root.chainRoot(first), vm.parseJsonBytes32(json, at(chainRoots, i + 1, "")));
        }
        assertFalse(vm.keyExistsJson(json, at(batches, 5, "")));
    }

    function test_proofs() public {
        root.register(1);
        uint64 batch = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, at(".logs.proofs", i, "")); ++i) {
            uint256 count = vm.parseJsonUint(json, at(".logs.proofs", i, ".logs"));
            root.append(1, ++batch, batchRootOf(count));
            L2LogProof memory proof;
            proof.chainId = 1;
            proof.batch = batch;
            proof.index = vm.parseJsonUint(json, at(".logs.proofs", i, ".index"));
            proof.siblings = vm.parseJsonBytes32Array(json, at(".logs.proofs", i, ".siblings"));
            root.requireLog(proof, logAt(proof.index));
        }
        assertEq(batch, 6);
    }

    function batchRootOf(uint256 count) private view returns (bytes32) {
        for (uint256 i = 0; vm.keyExistsJson(json, at(".logs.trees", i, "")); ++i) {
            if (vm.parseJsonUint(json, at(".logs.trees", i, ".logs")) == count) {
                return vm.parseJsonBytes32(json, at(".logs.trees", i, ".batchRoot"));
            }
        }
        revert("no such tree");
    }

    function logAt(uint256 index) private view returns (L2Log memory) {
        return L2Log({
            isService: true,
            transactionIndex: uint16(vm.parseJsonUint(json, at(".logs.logs", index, ".transaction"))),
            sender: vm.parseJsonAddress(json, at(".logs.logs", index, ".sender")),
            key: vm.parseJsonBytes32(json, at(".logs.logs", index, ".key")),
            value: vm.parseJsonBytes32(json, at(".logs.logs", index, ".value"))
        });
    }
}
