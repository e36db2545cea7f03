// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommit, BlobOpening, Evidence, OperationRange, StoredBatch} from "../../src/interfaces/IRollupChain.sol";
import {ISubmit} from "./Doubles.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// Gas of the steps of a batch with two blobs, ten of a hundred operations that wait, and evidence from the registry or with a
/// proof as long as a final one. The verifier's own gas is not in it.
contract SettlementGasTest is SettlementTest {
    StoredBatch private previous;
    BlobOpening[] private openings;
    bytes32 private pubdataHash;
    bytes32 private dataCommitment;

    function setUp() public override {
        super.setUp();
        // Not the first batch: its slots are used.
        requestMany(110);
        previous = finish(genesis, 10);
    }

    function loadBlobs() private {
        string memory json = vm.readFile("../specs/vectors/blobs.json");
        pubdataHash = vm.parseJsonBytes32(json, ".cases[6].pubdataHash");
        dataCommitment = vm.parseJsonBytes32(json, ".cases[6].availabilityCommitment");
        bytes32[] memory hashes = new bytes32[](2);
        for (uint256 i = 0; i < 2; ++i) {
            string memory at = string.concat(".cases[6].blobs[", vm.toString(i), "]");
            hashes[i] = vm.parseJsonBytes32(json, string.concat(at, ".versionedHash"));
            bytes memory commitment = vm.parseJsonBytes(json, string.concat(at, ".commitment"));
            bytes memory proof = vm.parseJsonBytes(json, string.concat(at, ".proof"));
            bytes32 value = vm.parseJsonBytes32(json, string.concat(at, ".value"));
            openings.push(BlobOpening(value, bytes.concat(commitment, proof)));
        }
        vm.blobhashes(hashes);
    }

    function typical() private view returns (BatchCommit memory batch, StoredBatch memory stored) {
        batch = batchAfter(previous, 10);
        batch.data.pubdata = "";
        batch.data.pubdataHash = pubdataHash;
        batch.data.blobs = openings;
        stored = storedOf(previous, batch, 0);
        bytes memory output = outputOf(previous, batch, 0);
        bytes32 committed = dataCommitment;
        assembly {
            mstore(add(output, 320), committed)
        }
        stored.outputHash = keccak256(output);
    }

    function longProof(StoredBatch memory stored) private returns (Evidence[] memory evidence) {
        evidence = one(claimOf(one(stored)));
        evidence[0].proof = new bytes(105_000);
        verifier.accept(evidence[0].statements, evidence[0].proof);
    }

    function test_gas_threeSteps() public {
        loadBlobs();
        (BatchCommit memory batch, StoredBatch memory stored) = typical();
        StoredBatch memory before = previous;
        Evidence[] memory evidence = proofOf(one(stored));
        ISubmit(address(registry)).submit(evidence[0].statements, evidence[0].proof);
        Evidence memory registered;
        evidence[0] = registered;
        OperationRange[] memory ranges = one(rangeOf(10, 10));
        vm.startPrank(operator);
        chain.commit(before, batch);
        vm.snapshotGasLastCall("commit, 2 blobs");
        chain.prove(one(stored), evidence);
        vm.snapshotGasLastCall("prove, registered");
        chain.execute(one(stored), ranges);
        vm.snapshotGasLastCall("execute, 10 operations");
    }

    function test_gas_settle() public {
        loadBlobs();
        (BatchCommit memory batch, StoredBatch memory stored) = typical();
        StoredBatch memory before = previous;
        Evidence[] memory evidence = longProof(stored);
        OperationRange memory range = rangeOf(10, 10);
        vm.prank(operator);
        chain.settle(before, batch, evidence, range);
        vm.snapshotGasLastCall("settle, 2 blobs, 10 operations, proof of 105000 bytes");
        assertProgress(2, 2, 2);
    }

    /// The largest batch that a contract takes can be executed: by what Ethereum's nodes pass on, and under its limit of gas for
    /// a transaction (EIP-7825), data (EIP-2028) and their floor (EIP-7623) included.
    function test_gas_executeTheMostOperations() public {
        uint64 most = chain.batchOperationsMax();
        requestMany(most);
        StoredBatch memory before = previous;
        StoredBatch memory stored = commit(before, batchAfter(before, most));
        prove(stored);
        bytes memory input = abi.encodeCall(chain.execute, (one(stored), one(rangeOf(10, most))));
        assertLt(input.length, 128 * 1024 - 1024);
        vm.prank(operator);
        (bool success,) = address(chain).call(input);
        uint256 gas = vm.snapshotGasLastCall("execute, 1024 operations");
        assertTrue(success);
        assertLt(21_000 + 16 * input.length + gas, 2 ** 24);
        assertLt(21_000 + 40 * input.length, 2 ** 24);
        assertEq(chain.progress().executedOperations, 10 + most);
    }

    function test_gas_request() public {
        requestOne();
        vm.prank(user, user);
        bridgehub.requestL2Transaction{value: 1 ether + 100_000 * PRICE}(call(1 ether, 100_000, "data"));
        vm.snapshotGasLastCall("request");
    }
}
