// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Domain} from "../src/libraries/Domain.sol";
import {Elements} from "../src/libraries/Elements.sol";
import {Ext} from "../src/libraries/Ext.sol";
import {Folding} from "../src/libraries/Folding.sol";
import {Leaves, MerkleLibrary} from "../src/libraries/Merkle.sol";
import {Transcript, TranscriptLibrary} from "../src/libraries/Transcript.sol";

/// @notice Calls the libraries that read calldata.
contract Kernels {
    using Folding for Folding.Workspace;

    function offsetOf(bytes calldata data) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := data.offset
        }
    }

    function areCanonical(bytes calldata data) external pure returns (bool) {
        return Elements.areCanonical(offsetOf(data), data.length);
    }

    function dot(uint256 sum, bytes calldata row, uint256[] memory weights)
        external
        view
        returns (uint256 lanes, uint256 gas)
    {
        uint256 start;
        assembly ("memory-safe") {
            start := add(weights, 32)
        }
        gas = gasleft();
        lanes = Elements.dot(sum, offsetOf(row), row.length / 4, start);
        gas -= gasleft();
    }

    function fold(bytes calldata siblings, uint256 place, Ext value, Ext step)
        external
        view
        returns (bytes32 leaf, Ext folded, uint256 gas)
    {
        uint256 logArity = 0;
        while (16 * ((1 << logArity) - 1) < siblings.length) ++logArity;
        Folding.Workspace memory workspace = Folding.workspace(Domain.roots(), Domain.inverses());
        gas = gasleft();
        leaf = workspace.read(logArity, place, value, offsetOf(siblings));
        folded = workspace.fold(logArity, step);
        gas -= gasleft();
    }

    function root(uint256[] calldata positions, bytes32[] calldata nodes, uint256 depth, bytes calldata siblings)
        external
        view
        returns (bytes32 top, uint256 read, uint256 gas)
    {
        Leaves memory leaves = MerkleLibrary.create(positions.length);
        for (uint256 i = 0; i < positions.length; ++i) {
            require(leaves.push(positions[i], nodes[i]), "two rows");
        }
        gas = gasleft();
        (top, read) = leaves.root(depth, offsetOf(siblings));
        gas -= gasleft();
        read -= offsetOf(siblings);
    }

    /// Commands: 0 observes, 1 samples, 2 grinds (bits, then the nonce), 3 samples so many bits. Returns what comes of it.
    function transcript(uint256 capacity, uint8[] calldata commands, uint256[] calldata bits, bytes[] calldata data)
        external
        pure
        returns (uint256[] memory results)
    {
        Transcript memory self = TranscriptLibrary.create(capacity);
        results = new uint256[](commands.length);
        for (uint256 i = 0; i < commands.length; ++i) {
            if (commands[i] == 0) self.observe(offsetOf(data[i]), data[i].length);
            if (commands[i] == 1) results[i] = Ext.unwrap(self.sample());
            if (commands[i] == 2) results[i] = self.grind(bits[i], offsetOf(data[i])) ? 1 : 0;
            if (commands[i] == 3) results[i] = self.sampleBits(bits[i]);
            if (commands[i] == 4) self.observeMemory(data[i]);
            if (commands[i] == 5) self.observeWord(bytes32(data[i]), data[i].length);
        }
    }
}
