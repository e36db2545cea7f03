// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IncrementalTree} from "./IncrementalTree.sol";

/// @notice A tree of depth 16 whose leaves change (specification 017). It is kept up to the lowest node above all leaves that exist:
/// what is higher follows from that.
library ChainsTree {
    /// @notice There is no place for another leaf.
    error ChainsTreeFull();

    uint256 internal constant DEPTH = 16;

    struct Tree {
        uint256 count;
        // By level from the leaves up, then by place; a zero stands for an empty tree's node.
        mapping(uint256 level => mapping(uint256 place => bytes32)) nodes;
    }

    /// @notice Appends a leaf.
    /// @return place Where it stands.
    function push(Tree storage self, bytes32 leaf) internal returns (uint256 place) {
        place = self.count;
        if (place == 2 ** DEPTH) revert ChainsTreeFull();
        self.count = place + 1;
        set(self, place, leaf);
    }

    /// @notice Changes the leaf at a place that exists.
    function set(Tree storage self, uint256 place, bytes32 leaf) internal {
        bytes32 empty = 0;
        uint256 height = heightOf(self.count);
        bytes32 node = leaf;
        self.nodes[0][place] = leaf;
        for (uint256 level = 0; level < height; ++level) {
            bytes32 sibling = self.nodes[level][place % 2 == 0 ? place + 1 : place - 1];
            if (sibling == 0) sibling = empty;
            node = place % 2 == 0 ? IncrementalTree.node(node, sibling) : IncrementalTree.node(sibling, node);
            empty = IncrementalTree.node(empty, empty);
            place >>= 1;
            self.nodes[level + 1][place] = node;
        }
    }

    /// @notice Root of all 16 levels.
    function root(Tree storage self) internal view returns (bytes32 result) {
        bytes32 empty = 0;
        uint256 height = heightOf(self.count);
        result = self.nodes[height][0];
        for (uint256 level = 0; level < DEPTH; ++level) {
            if (level >= height) result = IncrementalTree.node(result, empty);
            empty = IncrementalTree.node(empty, empty);
        }
    }

    // Of the lowest node above as many leaves.
    function heightOf(uint256 count) private pure returns (uint256 height) {
        while (2 ** height < count) ++height;
    }
}
