// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommit, StoredBatch} from "../../interfaces/IRollupChain.sol";

/// @notice The public output of a batch (specification 023): what a proof says, in 18 words.
library PublicOutput {
    uint256 internal constant WORDS = 18;
    uint256 internal constant VERSION = 2;

    /// @notice What the contract knows of a batch by itself.
    struct Known {
        uint64 chainId;
        bytes32 configHash;
        bytes32 previousCommitment;
        bytes32 dataCommitment;
        // Operations of all batches before.
        uint64 firstOperation;
        bytes32 upgradeHash;
    }

    /// @notice Keccak-256 of the output of a batch.
    function hash(Known memory known, BatchCommit calldata batch) internal pure returns (bytes32) {
        uint256[18] memory words;
        words[0] = VERSION;
        words[1] = known.chainId;
        words[2] = uint256(known.configHash);
        words[3] = uint256(known.previousCommitment);
        words[4] = uint256(batch.commitment);
        words[5] = batch.firstBlock;
        words[6] = batch.lastBlock;
        words[7] = batch.firstTimestamp;
        words[8] = batch.lastTimestamp;
        words[9] = uint256(known.dataCommitment);
        words[10] = batch.operations == 0 ? 0 : known.firstOperation;
        words[11] = batch.operations;
        words[12] = uint256(batch.operationsHash);
        words[13] = batch.transactions;
        words[14] = uint256(known.upgradeHash);
        words[15] = uint256(batch.batchRoot);
        // Word 16, imported roots, is zero.
        words[17] = batch.logs;
        return keccak256(abi.encode(words));
    }

    /// @notice What is stored of a batch.
    function stored(Known memory known, BatchCommit calldata batch) internal pure returns (StoredBatch memory) {
        return StoredBatch({
            number: batch.number,
            outputHash: hash(known, batch),
            commitment: batch.commitment,
            batchRoot: batch.batchRoot,
            firstOperation: known.firstOperation,
            operations: batch.operations,
            operationsHash: batch.operationsHash,
            transactions: batch.transactions,
            upgradeHash: known.upgradeHash
        });
    }
}
