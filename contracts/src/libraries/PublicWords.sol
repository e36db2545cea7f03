// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "../IVerifier.sol";

/// @notice The public words of the last circuit: 16 bytes each, which are an element of the extension field.
library PublicWords {
    // Statements that a proof has room for.
    uint256 internal constant SLOTS = 16;
    // Bytes of a slot: the programKey, and 16 limbs.
    uint256 internal constant SLOT_BYTES = 96;
    // Bytes before the slots: X, the root of circuits, and that of the joined tree.
    uint256 internal constant HEAD_BYTES = 80;
    // The element X, in the high 16 bytes.
    uint256 private constant X = 1 << 192;
    // The highest bit of each of eight elements, and 2^31 - p for each; see `Elements`.
    uint256 private constant HIGH_BITS = 0x8000000080000000800000008000000080000000800000008000000080000000;
    uint256 private constant COMPLEMENTS = 0x00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff;

    /// @notice X, the root of circuits, that of the joined tree, and the slots: first those of the statements, in their order,
    /// then zeros. Reverts if there are too few or too many statements, or if one has a key that is not canonical, or zero, as
    /// in unused slots. `joined` must be canonical, and is zero if there is no tree.
    function encode(bytes32 circuits, bytes32 joined, Statement[] memory statements)
        internal
        pure
        returns (bytes memory words)
    {
        uint256 count = statements.length;
        if (count == 0 || count > SLOTS) revert IVerifier.StatementCount(count);
        words = new bytes(HEAD_BYTES + SLOTS * SLOT_BYTES);
        assembly ("memory-safe") {
            mstore(add(words, 32), X)
            mstore(add(words, 48), circuits)
            mstore(add(words, 80), joined)
        }
        for (uint256 i = 0; i < count; ++i) {
            bytes32 key = statements[i].programKey;
            if (!isKey(key)) revert IVerifier.StatementKeyInvalid(key);
            (uint256 first, uint256 second) = limbs(statements[i].publicOutput);
            uint256 place = HEAD_BYTES + i * SLOT_BYTES;
            assembly ("memory-safe") {
                let slot := add(add(words, 32), place)
                mstore(slot, key)
                mstore(add(slot, 32), first)
                mstore(add(slot, 64), second)
            }
        }
    }

    /// @notice Whether this is not zero and its eight elements are below p: a programKey, or the root of a tree.
    function isKey(bytes32 key) internal pure returns (bool) {
        unchecked {
            // An element that carries into its neighbour is refused for its own highest bit.
            return key != 0 && (uint256(key) | (uint256(key) + COMPLEMENTS)) & HIGH_BITS == 0;
        }
    }

    /// @notice Two bytes each, little-endian, as 16 elements of four bytes, big-endian.
    function limbs(bytes32 hash) internal pure returns (uint256 first, uint256 second) {
        uint256 low = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        uint256 swapped = (uint256(hash) & low) << 8 | (uint256(hash) >> 8) & low;
        return (spread(swapped >> 128), spread(swapped & type(uint128).max));
    }

    /// @dev Eight numbers of 16 bits, with 16 zero bits before each.
    function spread(uint256 packed) private pure returns (uint256) {
        packed = (packed | packed << 64) & 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        packed = (packed | packed << 32) & 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        return (packed | packed << 16) & 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
    }
}
