// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchData, BlobOpening} from "../../src/interfaces/IRollupChain.sol";
import {Blobs} from "../../src/settlement/libraries/Blobs.sol";
import {KernelsTest} from "./KernelsTest.sol";

contract BlobsTest is KernelsTest {
    address private constant PRECOMPILE = address(0x0a);

    // Cases of the vectors.
    uint256 private constant ONE = 4;
    uint256 private constant TWO = 6;

    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("../specs/vectors/blobs.json");
    }

    /// Pubdata of the fixture, opened at their point; the transaction has the blobs.
    function load(uint256 number, uint256 count) private returns (BatchData memory data, bytes32[] memory hashes) {
        string memory case_ = string.concat(".cases[", vm.toString(number), "]");
        data.pubdataHash = vm.parseJsonBytes32(json, string.concat(case_, ".pubdataHash"));
        data.blobs = new BlobOpening[](count);
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            string memory at = string.concat(case_, ".blobs[", vm.toString(i), "]");
            hashes[i] = vm.parseJsonBytes32(json, string.concat(at, ".versionedHash"));
            data.blobs[i].value = vm.parseJsonBytes32(json, string.concat(at, ".value"));
            bytes memory commitment = vm.parseJsonBytes(json, string.concat(at, ".commitment"));
            bytes memory proof = vm.parseJsonBytes(json, string.concat(at, ".proof"));
            data.blobs[i].commitmentAndProof = bytes.concat(commitment, proof);
        }
        vm.blobhashes(hashes);
    }

    function refused(BatchData memory data, bytes memory reason) private {
        vm.expectRevert(reason);
        kernels.dataCommitment(data);
    }

    function invalid(uint256 blob) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Blobs.BlobOpeningInvalid.selector, blob);
    }

    function test_blobs() public {
        uint256[9] memory counts = [uint256(1), 1, 1, 1, 1, 1, 2, 3, 6];
        for (uint256 i = 0; i < counts.length; ++i) {
            (BatchData memory data,) = load(i, counts[i]);
            string memory at = string.concat(".cases[", vm.toString(i), "].availabilityCommitment");
            assertEq(kernels.dataCommitment(data), vm.parseJsonBytes32(json, at));
        }
        assertFalse(vm.keyExistsJson(json, ".cases[9]"));
    }

    function test_calldata() public view {
        for (uint256 i = 1; i < 4; ++i) {
            string memory at = string.concat(".cases[", vm.toString(i), "]");
            bytes memory pubdata = vm.parseJsonBytes(json, string.concat(at, ".pubdata"));
            bytes32 expected = vm.parseJsonBytes32(json, string.concat(at, ".calldataCommitment"));
            assertEq(kernels.dataCommitment(BatchData(pubdata, 0, new BlobOpening[](0))), expected);
        }
    }

    function testFuzz_calldata(bytes memory pubdata) public view {
        vm.assume(pubdata.length != 0);
        bytes32 expected = keccak256(abi.encode(keccak256(pubdata)));
        assertEq(kernels.dataCommitment(BatchData(pubdata, 0, new BlobOpening[](0))), expected);
    }

    function test_bothWays() public {
        (BatchData memory data,) = load(ONE, 1);
        data.pubdata = "pubdata";
        refused(data, abi.encodeWithSelector(Blobs.DataWay.selector));
        data.blobs = new BlobOpening[](0);
        refused(data, abi.encodeWithSelector(Blobs.DataWay.selector));
        data.pubdataHash = 0;
        kernels.dataCommitment(data);
        data.pubdata = "";
        refused(data, abi.encodeWithSelector(Blobs.DataWay.selector));
    }

    function test_otherPubdata() public {
        (BatchData memory data,) = load(TWO, 2);
        data.pubdataHash ^= bytes32(uint256(1));
        refused(data, invalid(0));
    }

    function test_otherBlob() public {
        (BatchData memory data, bytes32[] memory hashes) = load(TWO, 2);
        hashes[1] ^= bytes32(uint256(1));
        vm.blobhashes(hashes);
        refused(data, invalid(0));
        // Blobs in another order.
        (hashes[0], hashes[1]) = (hashes[1] ^ bytes32(uint256(1)), hashes[0]);
        vm.blobhashes(hashes);
        refused(data, invalid(0));
    }

    function testFuzz_changedOpening(uint256 blob, uint256 at) public {
        (BatchData memory data,) = load(TWO, 2);
        blob = blob % 2;
        at = at % 128;
        BlobOpening memory opening = data.blobs[blob];
        if (at < 32) opening.value ^= bytes32(uint256(1) << (8 * at));
        else opening.commitmentAndProof[at - 32] ^= 0x01;
        refused(data, invalid(blob));
    }

    function test_missingBlob() public {
        (BatchData memory data, bytes32[] memory hashes) = load(TWO, 2);
        bytes32[] memory fewer = new bytes32[](1);
        fewer[0] = hashes[0];
        vm.blobhashes(fewer);
        refused(data, abi.encodeWithSelector(Blobs.BlobMissing.selector, 1));
        vm.blobhashes(new bytes32[](0));
        refused(data, abi.encodeWithSelector(Blobs.BlobMissing.selector, 0));
    }

    function test_oneBlobTooMany() public {
        (, bytes32[] memory two) = load(TWO, 2);
        (BatchData memory data, bytes32[] memory hashes) = load(ONE, 1);
        (two[1], two[0]) = (two[0], hashes[0]);
        vm.blobhashes(two);
        refused(data, abi.encodeWithSelector(Blobs.BlobNotOpened.selector, 1));
    }

    function test_sevenBlobs() public {
        BatchData memory data;
        data.pubdataHash = keccak256("pubdata");
        data.blobs = new BlobOpening[](7);
        refused(data, abi.encodeWithSelector(Blobs.BlobCount.selector, 7, 6));
    }

    function test_openingLength() public {
        (BatchData memory data,) = load(ONE, 1);
        bytes memory honest = data.blobs[0].commitmentAndProof;
        data.blobs[0].commitmentAndProof = bytes.concat(honest, hex"00");
        refused(data, abi.encodeWithSelector(Blobs.BlobOpeningLength.selector, 0, 97));
        data.blobs[0].commitmentAndProof = new bytes(95);
        refused(data, abi.encodeWithSelector(Blobs.BlobOpeningLength.selector, 0, 95));
    }

    /// What an EVM without the precompile, or with another one, would return.
    function test_precompileReturnsOtherThings() public {
        (BatchData memory data,) = load(ONE, 1);
        uint256 order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
        bytes[5] memory results = [
            bytes(""),
            abi.encode(4096),
            abi.encode(4096, order + 1),
            abi.encode(4095, order),
            abi.encode(4096, order, 0)
        ];
        for (uint256 i = 0; i < results.length; ++i) {
            vm.mockCall(PRECOMPILE, "", results[i]);
            refused(data, invalid(0));
        }
        vm.mockCall(PRECOMPILE, "", abi.encode(4096, order));
        kernels.dataCommitment(data);
    }

    function test_fixturePoint() public {
        (BatchData memory data, bytes32[] memory hashes) = load(TWO, 2);
        bytes32 hash = keccak256(bytes.concat(hashes[0], hashes[1], data.pubdataHash));
        assertEq(vm.parseJsonBytes32(json, ".cases[6].point"), bytes32((uint256(hash) << 8) >> 8));
    }
}
