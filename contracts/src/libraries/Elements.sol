// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, P, LOW_33, LOW_27, RATIO, unpack} from "./Ext.sol";

/// @notice Elements of the base field in the calldata: four bytes each, big-endian, so eight to a word.
library Elements {
    // The highest bit of each of eight elements.
    uint256 private constant HIGH_BITS = 0x8000000080000000800000008000000080000000800000008000000080000000;
    // 2^31 - p for each.
    uint256 private constant COMPLEMENTS = 0x00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff;

    /// @notice Whether all elements in these bytes are below p.
    /// @dev An element of 31 bits is below p exactly if 2^31 - p more does not reach bit 31. One of 32 bits is refused for
    /// its own bit, so it does not matter that it may carry into its neighbour.
    function areCanonical(uint256 offset, uint256 length) internal pure returns (bool yes) {
        assembly ("memory-safe") {
            let end := add(offset, length)
            let refused := 0
            for {} lt(offset, end) { offset := add(offset, 32) } {
                let elements := calldataload(offset)
                let left := sub(end, offset)
                if lt(left, 32) {
                    let shift := shl(3, sub(32, left))
                    elements := shl(shift, shr(shift, elements))
                }
                refused := or(refused, or(elements, add(elements, COMPLEMENTS)))
            }
            yes := iszero(and(refused, HIGH_BITS))
        }
    }

    /// @notice A sum, in lanes below 2.01 p, and the sum of the row's elements times the elements from a memory address on.
    /// The elements must be below 2^31, the weights canonical; weights are read up to a multiple of four.
    /// @dev Four products of lanes are at most 4 (p - 1) (2^31 - 1) < 2^64 - 2^56, to which the sum before, below 2^33, is
    /// added.
    function dot(uint256 sum, uint256 row, uint256 width, uint256 weights) internal pure returns (uint256 lanes) {
        assembly ("memory-safe") {
            lanes := sum
            for { let end := add(row, shl(2, width)) } lt(row, end) {
                row := add(row, 16)
                weights := add(weights, 128)
            } {
                let four := shr(128, calldataload(row))
                let left := sub(end, row)
                if lt(left, 16) {
                    let shift := shl(3, sub(16, left))
                    four := shl(shift, shr(shift, four))
                }
                lanes := add(lanes, mul(mload(weights), shr(96, four)))
                lanes := add(lanes, mul(mload(add(weights, 32)), and(shr(64, four), 0xffffffff)))
                lanes := add(lanes, mul(mload(add(weights, 64)), and(shr(32, four), 0xffffffff)))
                lanes := add(lanes, mul(mload(add(weights, 96)), and(four, 0xffffffff)))
                let h := and(shr(31, lanes), LOW_33)
                lanes := sub(lanes, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
            }
        }
    }

    /// @notice The element of the extension field at an offset of the calldata.
    function at(uint256 offset) internal pure returns (Ext) {
        uint256 packed;
        assembly ("memory-safe") {
            packed := shr(128, calldataload(offset))
        }
        return unpack(packed);
    }

    /// @notice Elements of the extension field from an offset on.
    function many(uint256 offset, uint256 count) internal pure returns (Ext[] memory elements) {
        elements = new Ext[](count);
        for (uint256 i = 0; i < count; ++i) {
            elements[i] = at(offset + 16 * i);
        }
    }
}
