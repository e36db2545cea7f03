// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice An entry of a chain's tree of logs (specification 017).
struct L2Log {
    bool isService;
    uint16 transactionIndex;
    address sender;
    bytes32 key;
    bytes32 value;
}

/// @notice Where a log stands, and what shows it.
struct L2LogProof {
    uint256 chainId;
    uint64 batch;
    // In the tree of logs, below 2^14.
    uint256 index;
    // 14 of the tree of logs from the leaf up, then 3 of the batch's tree.
    bytes32[] siblings;
}

/// @title Roots of all chains' executed batches
/// @notice Keeps what chains have sent, and shows that a log is in it.
interface IMessageRoot {
    /// @notice The batch is not executed, or it is batch 0.
    error BatchNotExecuted(uint256 chainId, uint64 batch);
    /// @notice The proof does not have the form of one: number of siblings, index.
    error LogProofForm();
    /// @notice The proof does not lead to the batch's root.
    error LogNotIncluded();

    /// @notice A batch of a chain was executed.
    event BatchRootAppended(uint256 indexed chainId, uint64 indexed batch, bytes32 root, uint64 timestamp);

    /// @notice Checks that an executed batch has a log; reverts if not.
    function requireLog(L2LogProof calldata proof, L2Log calldata log) external view;

    /// @notice Root of an executed batch; zero if it is not executed.
    function batchRoot(uint256 chainId, uint64 batch) external view returns (bytes32);
}
