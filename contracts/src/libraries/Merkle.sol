// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// Nodes are the first 26 bytes of a hash: this mask keeps them.
bytes32 constant NODE_MASK = 0xffffffffffffffffffffffffffffffffffffffffffffffffffff000000000000;
// Bytes of a node.
uint256 constant NODE_BYTES = 26;

// Of a word that holds a node and its position.
uint256 constant POSITION_MASK = 0xffffffffffff;

/// @notice Leaves of a tree under way to its root: a list in memory, by ascending position. Each word holds a node in its
/// first 26 bytes and the position in the other 6.
struct Leaves {
    // Memory address of the list.
    uint256 start;
    // Memory address behind its last word.
    uint256 end;
}

using MerkleLibrary for Leaves global;

/// @notice Checks many leaves against a root at once: a node that can be computed is not in the proof, any other is once.
library MerkleLibrary {
    /// @notice An empty list with room for so many leaves.
    function create(uint256 capacity) internal pure returns (Leaves memory self) {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            // One word more, see `root`.
            mstore(0x40, add(start, shl(5, add(capacity, 1))))
        }
        self.start = start;
        self.end = start;
    }

    /// @notice Adds a leaf, whose position is not below the last one's and below 2^48, and whose node is already cut to its
    /// 26 bytes. Says whether it may be added: an equal position must have an equal leaf.
    function push(Leaves memory self, uint256 position, bytes32 node) internal pure returns (bool fits) {
        assembly ("memory-safe") {
            let end := mload(add(self, 32))
            let word := or(node, position)
            fits := 1
            let isKnown := 0
            if gt(end, mload(self)) { isKnown := eq(and(mload(sub(end, 32)), POSITION_MASK), position) }
            switch isKnown
            case 0 {
                mstore(end, word)
                mstore(add(self, 32), add(end, 32))
            }
            default { fits := eq(mload(sub(end, 32)), word) }
        }
    }

    /// @notice The root above the leaves, with the other nodes taken from the calldata, level by level and by ascending
    /// position. Returns where they end. Empties the list.
    /// @dev In each level, a node's sibling is the next one of the list or the next one of the calldata. Levels replace each
    /// other in place: what is written is never ahead of what is read. What is written behind the first node overwrites what
    /// its word holds beside it; what is behind the second is not hashed.
    function root(Leaves memory self, uint256 depth, uint256 offset)
        internal
        pure
        returns (bytes32 top, uint256 after_)
    {
        assembly ("memory-safe") {
            let start := mload(self)
            let end := mload(add(self, 32))
            after_ := offset
            for {} depth { depth := sub(depth, 1) } {
                // Position 0 behind the list is no right sibling.
                mstore(end, 0)
                let write := start
                for { let read := start } lt(read, end) {} {
                    let word := mload(read)
                    let position := and(word, POSITION_MASK)
                    read := add(read, 32)
                    switch and(position, 1)
                    case 0 {
                        mstore(0, word)
                        let next := mload(read)
                        switch eq(and(next, POSITION_MASK), add(position, 1))
                        case 0 {
                            mstore(NODE_BYTES, calldataload(after_))
                            after_ := add(after_, NODE_BYTES)
                        }
                        default {
                            mstore(NODE_BYTES, next)
                            read := add(read, 32)
                        }
                    }
                    default {
                        // The left sibling, were it in the list, would have taken this node.
                        mstore(0, calldataload(after_))
                        mstore(NODE_BYTES, word)
                        after_ := add(after_, NODE_BYTES)
                    }
                    mstore(write, or(and(keccak256(0, 52), NODE_MASK), shr(1, position)))
                    write := add(write, 32)
                }
                end := write
            }
            // One node is left, as all positions were below 2^depth.
            top := and(mload(start), NODE_MASK)
            mstore(add(self, 32), start)
        }
    }
}
