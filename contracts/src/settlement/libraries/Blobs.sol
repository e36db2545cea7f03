// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchData, BlobOpening} from "../../interfaces/IRollupChain.sol";

/// @notice That Ethereum has the pubdata of a batch (specification 019).
library Blobs {
    /// @notice There are no pubdata in calldata, or both ways are used.
    error DataWay();
    /// @notice More blobs than a batch has.
    error BlobCount(uint256 count, uint256 highest);
    /// @notice The transaction has fewer blobs than openings, or more.
    error BlobMissing(uint256 blob);
    error BlobNotOpened(uint256 blob);
    /// @notice Not a commitment and a proof of 48 bytes each.
    error BlobOpeningLength(uint256 blob, uint256 length);
    /// @notice The blob does not have this value at this point.
    error BlobOpeningInvalid(uint256 blob);

    uint256 internal constant BLOBS_MAX = 6;

    address private constant POINT_EVALUATION = address(0x0a);
    uint256 private constant OPENING_LENGTH = 96;
    // What the precompile returns: elements in a blob, and the order of the scalar field of BLS12-381.
    uint256 private constant ELEMENTS = 4096;
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @notice The commitment to the pubdata; reverts if they are not published.
    function commitment(BatchData calldata data) internal view returns (bytes32) {
        if (data.blobs.length == 0) {
            if (data.pubdata.length == 0 || data.pubdataHash != 0) revert DataWay();
            return keccak256(abi.encodePacked(keccak256(data.pubdata)));
        }
        if (data.pubdata.length != 0) revert DataWay();
        return ofBlobs(data.pubdataHash, data.blobs);
    }

    /// @notice The point at which blobs are opened.
    function pointOf(bytes32[] memory versionedHashes, bytes32 pubdataHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(versionedHashes, pubdataHash)) & bytes32(type(uint256).max >> 8);
    }

    function ofBlobs(bytes32 pubdataHash, BlobOpening[] calldata openings) private view returns (bytes32) {
        bytes32[] memory hashes = hashesOf(openings.length);
        bytes32 point = pointOf(hashes, pubdataHash);
        bytes memory preimage = abi.encodePacked(pubdataHash);
        for (uint256 i = 0; i < openings.length; ++i) {
            BlobOpening calldata opening = openings[i];
            if (opening.commitmentAndProof.length != OPENING_LENGTH) {
                revert BlobOpeningLength(i, opening.commitmentAndProof.length);
            }
            if (!opens(hashes[i], point, opening)) revert BlobOpeningInvalid(i);
            preimage = bytes.concat(preimage, hashes[i], opening.value);
        }
        return keccak256(preimage);
    }

    // Of all blobs of the transaction, which have to be as many.
    function hashesOf(uint256 count) private view returns (bytes32[] memory hashes) {
        if (count > BLOBS_MAX) revert BlobCount(count, BLOBS_MAX);
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            hashes[i] = blobhash(i);
            if (hashes[i] == 0) revert BlobMissing(i);
        }
        if (blobhash(count) != 0) revert BlobNotOpened(count);
    }

    function opens(bytes32 versionedHash, bytes32 point, BlobOpening calldata opening) private view returns (bool) {
        // A precompile has no interface.
        // slither-disable-next-line low-level-calls
        (bool success, bytes memory result) = POINT_EVALUATION.staticcall(
            abi.encodePacked(versionedHash, point, opening.value, opening.commitmentAndProof)
        );
        // Where there is no such precompile the call succeeds and returns nothing.
        return success && keccak256(result) == keccak256(abi.encode(ELEMENTS, ORDER));
    }
}
