// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../IVerifier.sol";

/// @notice A tree of statements (specification 013), by which it is known.
struct JoinedTree {
    // Root of the tree under Keccak-256.
    bytes32 root;
    // Number of its statements.
    uint256 count;
}

/// @notice Where a statement is in a tree.
struct JoinedPlace {
    // Counted from 0.
    uint256 index;
    // Siblings from the leaf up.
    bytes32[] path;
}

/// @notice Trees of many statements: what the joiner puts out of one, and which statements are in it.
library JoinedStatements {
    // Version of what the joiner puts out.
    uint256 private constant VERSION = 1;
    // First byte of what a leaf and a node are the hashes of; so no leaf passes for a node.
    bytes1 private constant LEAF = 0x00;
    bytes1 private constant NODE = 0x01;

    /// @notice The Keccak-256 hash of what the joiner puts out of a tree.
    function outputHash(bytes32 root, uint256 count, bytes32 statementsRoot) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERSION, count, statementsRoot, root));
    }

    /// @notice The leaf of a statement.
    function leaf(Statement memory statement) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(LEAF, statement.programKey, statement.publicOutput));
    }

    /// @notice The node above two others.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(NODE, left, right));
    }

    /// @notice Whether a statement is in a tree at a place. On the left of each node is the largest power of two below the
    /// number of its leaves.
    function includes(JoinedTree memory tree, Statement memory statement, JoinedPlace memory place)
        internal
        pure
        returns (bool)
    {
        uint256 index = place.index;
        if (index >= tree.count) return false;
        // The place of the last node of the level.
        uint256 last = tree.count - 1;
        bytes32 found = leaf(statement);
        uint256 used = 0;
        for (; last > 0; (index, last) = (index >> 1, last >> 1)) {
            // The last node of a level has no sibling if it is a left one, and is that of the level above.
            if (index & 1 == 0 && index == last) continue;
            if (used == place.path.length) return false;
            bytes32 sibling = place.path[used++];
            found = index & 1 == 0 ? node(found, sibling) : node(sibling, found);
        }
        return used == place.path.length && found == tree.root;
    }
}
