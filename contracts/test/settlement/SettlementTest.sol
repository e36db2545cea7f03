// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Statement} from "../../src/IVerifier.sol";
import {IStatementRegistry} from "../../src/interfaces/IStatementRegistry.sol";
import {IBridgehub, L2Request} from "../../src/interfaces/IBridgehub.sol";
import {VerifierSlot} from "../../src/interfaces/IProtocolVersions.sol";
import {
    BatchCommit,
    BatchData,
    BlobOpening,
    ChainGenesis,
    ChainProgress,
    Evidence,
    OperationRange,
    Role,
    StoredBatch,
    Way
} from "../../src/interfaces/IRollupChain.sol";
import {JoinedPlace, JoinedTree} from "../../src/libraries/JoinedStatements.sol";
import {Bridgehub} from "../../src/settlement/Bridgehub.sol";
import {MessageRoot} from "../../src/settlement/MessageRoot.sol";
import {ProtocolVersions} from "../../src/settlement/ProtocolVersions.sol";
import {RollupChain} from "../../src/settlement/RollupChain.sol";
import {QueueModel, RouterDouble, VerifierDouble} from "./Doubles.sol";

/// A deployment with one chain, and batches for it.
abstract contract SettlementTest is Test {
    uint64 internal constant CHAIN = 4077;
    uint128 internal constant PRICE = 2 gwei;
    bytes32 internal constant KEY = bytes32(uint256(0x1234));
    bytes32 internal constant GENESIS = keccak256("genesis block");

    address internal governance = makeAddr("governance");
    address internal admin = makeAddr("admin");
    address internal operator = makeAddr("operator");
    address internal reverter = makeAddr("reverter");
    address internal pauser = makeAddr("pauser");
    address internal stranger = makeAddr("stranger");
    address internal user = makeAddr("user");

    VerifierDouble internal verifier;
    IStatementRegistry internal registry;
    ProtocolVersions internal versions;
    MessageRoot internal messageRoot;
    RouterDouble internal router;
    Bridgehub internal bridgehub;
    RollupChain internal implementation;
    RollupChain internal chain;
    QueueModel internal queue;
    StoredBatch internal genesis;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        verifier = VerifierDouble(deployCode("Doubles.sol:VerifierDouble"));
        registry = newRegistry(verifier);
        versions = ProtocolVersions(deployCode("ProtocolVersions.sol:ProtocolVersions", abi.encode(governance)));
        // The router is created first, the message root next, then the registry of chains.
        uint256 nonce = vm.getNonce(address(this));
        address next = vm.computeCreateAddress(address(this), nonce + 2);
        router = RouterDouble(newRouter(next, vm.computeCreateAddress(address(this), nonce + 1)));
        messageRoot = MessageRoot(deployCode("MessageRoot.sol:MessageRoot", abi.encode(next)));
        bridgehub =
            Bridgehub(deployCode("Bridgehub.sol:Bridgehub", abi.encode(governance, router, messageRoot, versions)));
        assertEq(address(bridgehub), next);
        implementation = newImplementation();
        registerVersion(1, address(implementation), 1);
        chain = createChain(CHAIN);
        queue = QueueModel(deployCode("Doubles.sol:QueueModel"));
        genesis.commitment = GENESIS;
        vm.startPrank(admin);
        chain.setRole(Role.Committer, operator, true);
        chain.setRole(Role.Prover, operator, true);
        chain.setRole(Role.Executor, operator, true);
        chain.setRole(Role.Reverter, reverter, true);
        chain.setRole(Role.Pauser, pauser, true);
        vm.stopPrank();
        vm.deal(user, 1e30);
    }

    // What tests create is not part of their own code, which would take long to compile.

    /// The router of a registry of chains and a message root that are still to be created.
    function newRouter(address bridgehub_, address) internal virtual returns (address created) {
        created = deployCode("Doubles.sol:RouterDouble");
        RouterDouble(created).setBridgehub(IBridgehub(bridgehub_));
    }

    function newImplementation() internal returns (RollupChain) {
        return RollupChain(deployCode("RollupChain.sol:RollupChain", abi.encode(bridgehub, messageRoot, versions)));
    }

    function newRegistry(VerifierDouble trusted) internal returns (IStatementRegistry) {
        return IStatementRegistry(deployCode("VerifiedStatements.sol:VerifiedStatements", abi.encode(trusted)));
    }

    function registerVersion(uint32 version, address code, uint8 threshold) internal {
        VerifierSlot[] memory slots = new VerifierSlot[](1);
        slots[0] = VerifierSlot(registry, KEY);
        vm.prank(governance);
        versions.register(version, code, slots, threshold);
    }

    function createChain(uint64 id) internal returns (RollupChain) {
        ChainGenesis memory first = ChainGenesis(config(id), GENESIS, admin, PRICE);
        vm.prank(governance);
        return RollupChain(bridgehub.createChain(first));
    }

    function config(uint64 id) internal view returns (uint256[22] memory words) {
        words[0] = 2;
        words[1] = id;
        words[2] = 1;
        words[3] = 1;
        words[4] = 1;
        words[6] = uint256(bridgehub.etherAsset());
        words[10] = 30_000_000;
        words[11] = 2 ** 24;
        words[12] = 10_000_000;
        words[13] = 1 gwei;
        words[14] = 2 ** 34;
        words[15] = 2 ** 26;
        words[16] = 2 ** 30;
        words[17] = 100_000;
        words[18] = 700_000;
        words[19] = 1000;
        words[20] = 10_000;
    }

    // Requests

    function call(uint256 value, uint64 gasLimit, bytes memory data) internal pure returns (L2Request memory) {
        return L2Request({
            chainId: CHAIN,
            to: address(0xbeef),
            value: value,
            data: data,
            gasLimit: gasLimit,
            mint: value + uint256(gasLimit) * PRICE,
            refundRecipient: address(0)
        });
    }

    /// Requests an operation as a user, and remembers it in the model.
    function requestOne() internal returns (bytes32 hash) {
        L2Request memory asked = call(1 ether, 100_000, "data");
        asked.mint = 1 ether + 100_000 * uint256(chain.gasPrice());
        vm.prank(user, user);
        hash = bridgehub.requestL2Transaction{value: asked.mint}(asked);
        queue.push(hash, uint64(vm.getBlockTimestamp()) + 3 days);
    }

    function requestMany(uint256 count) internal {
        for (uint256 i = 0; i < count; ++i) {
            requestOne();
        }
    }

    // Batches

    /// The next batch after one, with the next operations.
    function batchAfter(StoredBatch memory previous, uint64 operations) internal view returns (BatchCommit memory) {
        bytes memory pubdata = abi.encode("pubdata", previous.number + 1, previous.commitment);
        uint64 first = previous.firstOperation + previous.operations;
        return BatchCommit({
            number: previous.number + 1,
            commitment: keccak256(abi.encode("block", previous.commitment, operations)),
            firstBlock: previous.number * 10 + 1,
            lastBlock: previous.number * 10 + 10,
            firstTimestamp: uint64(vm.getBlockTimestamp()) - 10,
            lastTimestamp: uint64(vm.getBlockTimestamp()),
            operations: operations,
            operationsHash: queue.rollingHash(first, operations),
            transactions: 7,
            batchRoot: keccak256(abi.encode("root", previous.commitment)),
            logs: operations,
            data: BatchData(pubdata, 0, new BlobOpening[](0))
        });
    }

    function onlyOperations(StoredBatch memory previous, uint64 operations)
        internal
        view
        returns (BatchCommit memory batch)
    {
        batch = batchAfter(previous, operations);
        batch.transactions = 0;
    }

    /// What the contract is to store of a batch, by specification 023.
    function storedOf(StoredBatch memory previous, BatchCommit memory batch, bytes32 upgradeHash)
        internal
        view
        returns (StoredBatch memory)
    {
        uint64 first = previous.firstOperation + previous.operations;
        return StoredBatch({
            number: batch.number,
            outputHash: keccak256(outputOf(previous, batch, upgradeHash)),
            commitment: batch.commitment,
            batchRoot: batch.batchRoot,
            firstOperation: first,
            operations: batch.operations,
            operationsHash: batch.operationsHash,
            transactions: batch.transactions,
            upgradeHash: upgradeHash
        });
    }

    function outputOf(StoredBatch memory previous, BatchCommit memory batch, bytes32 upgradeHash)
        internal
        view
        returns (bytes memory)
    {
        uint64 first = previous.firstOperation + previous.operations;
        return bytes.concat(
            abi.encode(
                uint256(2),
                uint256(chain.chainId()),
                chain.configHash(),
                previous.commitment,
                batch.commitment,
                batch.firstBlock,
                batch.lastBlock,
                batch.firstTimestamp,
                batch.lastTimestamp
            ),
            abi.encode(
                keccak256(bytes.concat(keccak256(batch.data.pubdata))),
                batch.operations == 0 ? 0 : first,
                batch.operations,
                batch.operationsHash,
                batch.transactions,
                upgradeHash,
                batch.batchRoot,
                uint256(0),
                batch.logs
            )
        );
    }

    function commit(StoredBatch memory previous, BatchCommit memory batch) internal returns (StoredBatch memory) {
        return commit(previous, batch, 0);
    }

    function commit(StoredBatch memory previous, BatchCommit memory batch, bytes32 upgradeHash)
        internal
        returns (StoredBatch memory stored)
    {
        stored = storedOf(previous, batch, upgradeHash);
        vm.prank(operator);
        chain.commit(previous, batch);
        assertEq(chain.storedBatchHash(batch.number), keccak256(abi.encode(stored)), "stored batch");
    }

    function prove(StoredBatch memory stored) internal {
        StoredBatch[] memory batches = one(stored);
        Evidence[] memory evidence = proofOf(batches);
        vm.prank(operator);
        chain.prove(batches, evidence);
    }

    function execute(StoredBatch memory stored) internal {
        OperationRange[] memory ranges = one(rangeOf(stored.firstOperation, stored.operations));
        vm.prank(operator);
        chain.execute(one(stored), ranges);
    }

    /// Settles the next batch as the operator, step by step.
    function finish(StoredBatch memory previous, uint64 operations) internal returns (StoredBatch memory stored) {
        stored = commit(previous, batchAfter(previous, operations));
        prove(stored);
        execute(stored);
    }

    /// A proof of some batches, between statements of others, that the verifier accepts.
    function proofOf(StoredBatch[] memory batches) internal returns (Evidence[] memory evidence) {
        evidence = new Evidence[](1);
        evidence[0] = claimOf(batches);
        verifier.accept(evidence[0].statements, evidence[0].proof);
    }

    function claimOf(StoredBatch[] memory batches) internal pure returns (Evidence memory shown) {
        shown.way = Way.Proof;
        shown.first = 1;
        shown.statements = new Statement[](batches.length + 2);
        shown.statements[0] = Statement(KEY, keccak256("before"));
        shown.statements[batches.length + 1] = Statement(KEY, keccak256("behind"));
        for (uint256 i = 0; i < batches.length; ++i) {
            shown.statements[i + 1] = Statement(KEY, batches[i].outputHash);
        }
        shown.proof = "proof";
    }

    /// Range of the operations of a batch, in the newest tree.
    function rangeOf(uint256 first, uint256 operations) internal view returns (OperationRange memory range) {
        uint256 size = queue.count();
        if (operations == 0) return range;
        uint256 width = size > first + operations ? operations + 1 : operations;
        (range.hashes, range.deadlines) = queue.list(first, width);
        (range.left, range.right) = queue.siblings(first, first + width - 1, size);
    }

    function one(StoredBatch memory batch) internal pure returns (StoredBatch[] memory list) {
        list = new StoredBatch[](1);
        list[0] = batch;
    }

    function one(OperationRange memory range) internal pure returns (OperationRange[] memory list) {
        list = new OperationRange[](1);
        list[0] = range;
    }

    function one(Evidence memory shown) internal pure returns (Evidence[] memory list) {
        list = new Evidence[](1);
        list[0] = shown;
    }

    function assertProgress(uint64 committed, uint64 proven, uint64 executed) internal view {
        ChainProgress memory progress = chain.progress();
        assertEq(progress.committed, committed, "committed");
        assertEq(progress.proven, proven, "proven");
        assertEq(progress.executed, executed, "executed");
    }

    // So that Rust and tests name the same things.
    function place(uint256 index, bytes32[] memory path) internal pure returns (JoinedPlace memory) {
        return JoinedPlace(index, path);
    }

    function tree(bytes32 root, uint256 count) internal pure returns (JoinedTree memory) {
        return JoinedTree(root, count);
    }
}
