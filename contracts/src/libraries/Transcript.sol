// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, fromHash} from "./Ext.sol";

/// @notice The transcript: a state of 32 bytes, followed by the bytes that were observed since it last changed.
struct Transcript {
    // Memory address of the state.
    uint256 state;
    // Memory address behind what was observed.
    uint256 end;
    // Memory address that nothing may be written behind.
    uint256 limit;
}

using TranscriptLibrary for Transcript global;

/// @notice What a transcript observes and gives, as specification 012 says.
library TranscriptLibrary {
    /// @notice More is observed at once than there is room for.
    error TranscriptFull();

    /// @notice A new transcript with room for so many bytes between two samples.
    function create(uint256 capacity) internal pure returns (Transcript memory self) {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            mstore(start, 0)
            // A word more: observing a word writes 32 bytes, of which fewer may count.
            mstore(0x40, and(add(add(start, capacity), 95), not(31)))
        }
        self.state = start;
        self.end = start + 32;
        self.limit = start + 32 + capacity;
    }

    /// @notice Observes bytes of the calldata.
    function observe(Transcript memory self, uint256 offset, uint256 length) internal pure {
        uint256 end = grow(self, length);
        assembly ("memory-safe") {
            calldatacopy(end, offset, length)
        }
    }

    /// @notice Observes the first bytes of a word.
    function observeWord(Transcript memory self, bytes32 word, uint256 length) internal pure {
        uint256 end = grow(self, length);
        assembly ("memory-safe") {
            mstore(end, word)
        }
    }

    /// @notice Observes bytes in memory.
    function observeMemory(Transcript memory self, bytes memory data) internal pure {
        uint256 end = grow(self, data.length);
        assembly ("memory-safe") {
            mcopy(end, add(data, 32), mload(data))
        }
    }

    /// @notice Samples an element.
    function sample(Transcript memory self) internal pure returns (Ext) {
        return fromHash(advance(self));
    }

    /// @notice Samples a number of so many bits.
    function sampleBits(Transcript memory self, uint256 bits) internal pure returns (uint256) {
        return uint256(advance(self)) & ((1 << bits) - 1);
    }

    /// @notice Whether the nonce at an offset of the calldata makes so many low bits of the state zero. With no bits nothing
    /// happens, and the nonce must be zero.
    function grind(Transcript memory self, uint256 bits, uint256 offset) internal pure returns (bool) {
        if (bits == 0) {
            bytes4 nonce;
            assembly ("memory-safe") {
                nonce := and(calldataload(offset), shl(224, 0xffffffff))
            }
            return nonce == 0;
        }
        if (self.end != self.state + 32) advance(self);
        observe(self, offset, 4);
        return uint256(advance(self)) & ((1 << bits) - 1) == 0;
    }

    /// @dev The next state: the hash of the state and all that was observed.
    function advance(Transcript memory self) private pure returns (bytes32 hash) {
        uint256 start = self.state;
        uint256 end = self.end;
        assembly ("memory-safe") {
            hash := keccak256(start, sub(end, start))
            mstore(start, hash)
        }
        self.end = start + 32;
    }

    /// @dev Makes room; returns where to write.
    function grow(Transcript memory self, uint256 length) private pure returns (uint256 end) {
        end = self.end;
        uint256 next = end + length;
        if (next > self.limit) revert TranscriptFull();
        self.end = next;
    }
}
