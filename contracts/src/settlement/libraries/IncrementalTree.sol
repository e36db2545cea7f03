// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Merkle trees whose missing leaves are zero words (specifications 016, 017): nodes, and a tree of depth 32 that only grows.
library IncrementalTree {
    /// @notice The tree has 2^32 - 1 leaves.
    error TreeFull();

    uint256 internal constant DEPTH = 32;

    /// @notice The node above two others.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 result) {
        // Beyond the free memory pointer nothing is kept.
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore8(at, 1)
            mstore(add(at, 1), left)
            mstore(add(at, 33), right)
            result := keccak256(at, 65)
        }
    }

    /// @notice Appends a leaf to a tree of `count` leaves.
    /// @param filled For each bit of the count that is set, the full subtree of as many leaves; others are of no meaning.
    /// @return Root afterwards.
    function push(bytes32[32] storage filled, uint256 count, bytes32 leaf) internal returns (bytes32) {
        if (count >= 2 ** DEPTH - 1) revert TreeFull();
        bytes32 subtree = leaf;
        uint256 level = 0;
        // There is a level where the count's bit is not set: it is below 2^32 - 1.
        for (; count >> level & 1 == 1; ++level) {
            subtree = node(filled[level], subtree);
        }
        filled[level] = subtree;
        return root(filled, count + 1);
    }

    /// @notice Root of a tree of `count` leaves.
    function root(bytes32[32] storage filled, uint256 count) internal view returns (bytes32 result) {
        // Of a tree of missing leaves of the level's depth.
        bytes32 empty = 0;
        for (uint256 level = 0; level < DEPTH; ++level) {
            result = (count >> level) & 1 == 1 ? node(filled[level], result) : node(result, empty);
            empty = node(empty, empty);
        }
    }
}
