// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {P} from "./Ext.sol";

/// @notice The roots of unity of the base field: g_k of order 2^k for k = 1 to 24, g_(k + 1)^2 = g_k.
library Domain {
    // g_1 to g_24, four bytes each, as Plonky3 chooses them.
    bytes private constant ROOTS = hex"7f0000007e0100026832fe4a08dbd69c0a28f0315c4a5b9929b75a8017668b8a27ad539b334d48c77744959c768fc6fa"
        hex"303964b23e687d4d45a60e616e2f4d7a163bd4996c4a8a45143ef899514ddcad484ef19b205d63c368e7dd496ac49f88";
    // Their inverses.
    bytes private constant INVERSES = hex"7f00000000feffff67b1c9b1572031df6bca49991af4b31e7de9675361ca8d801c76ef46274e1d3544c423b26b621400"
        hex"603b6d657d084d1261765dd454fea03d5a0e07e17c478de55cdfb3c661c3ac6b70ba6fa8447eb51e68fa5cf56b1073c7";
    // The generator of the multiplicative group: the shift of the coset that committed rows are on.
    uint256 internal constant GENERATOR = 3;

    /// @notice g_1 to g_24 in memory.
    function roots() internal pure returns (uint256[] memory) {
        return table(ROOTS);
    }

    /// @notice The inverses of g_1 to g_24 in memory.
    function inverses() internal pure returns (uint256[] memory) {
        return table(INVERSES);
    }

    function table(bytes memory packed) private pure returns (uint256[] memory list) {
        list = new uint256[](packed.length / 4);
        for (uint256 i = 0; i < list.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(list, 32), shl(5, i)), shr(224, mload(add(add(packed, 32), shl(2, i)))))
            }
        }
    }

    /// @notice The product of those elements of a list whose bits, from the lowest on, are set in a number. With `roots`
    /// this is the point at a position of a subgroup in bit-reversed order, whatever the order: bit j, which is bit
    /// k - 1 - j of the exponent of g_k, counts for g_(j + 1).
    function point(uint256[] memory list, uint256 position) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := 1
            for { let element := add(list, 32) } position {
                position := shr(1, position)
                element := add(element, 32)
            } { if and(position, 1) { r := mulmod(r, mload(element), P) } }
        }
    }
}
