// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {ETHER} from "../shared/Addresses.sol";

/// @title What a token says of itself
/// @notice Read with bounds on gas and bytes: a token may have no metadata, or lie, or never end (specification 021).
library TokenMetadata {
    /// @notice Bytes of a name or symbol that are kept.
    uint256 internal constant TEXT_MAX = 64;
    // What each question may cost.
    uint256 private constant GAS = 100_000;
    // With less before a question, a 64th kept back, it would get less than GAS.
    uint256 private constant GAS_LEFT_MIN = 110_000;
    // Offset, length, the text that is kept, and the byte that follows, which shows whether a letter would be cut.
    uint256 private constant ANSWER_MAX = 160;
    uint8 private constant DECIMALS = 18;

    /// @notice Too little gas for a token's answer. Without this check, who deposits first could make a token lose its name on a
    /// chain by giving it too little gas to say it.
    error MetadataGas(uint256 left, uint256 min);

    /// @notice abi.encode(name, symbol, decimals).
    function read(address token) internal view returns (bytes memory) {
        if (token == ETHER) return abi.encode("Ether", "ETH", DECIMALS);
        return abi.encode(
            text(token, IERC20Metadata.name.selector), text(token, IERC20Metadata.symbol.selector), decimals(token)
        );
    }

    /// A string; also 32 bytes that end with zeros, as some of the first tokens have. Empty if it is neither.
    function text(address token, bytes4 selector) private view returns (string memory) {
        (uint256 size, bytes memory answer) = ask(token, selector);
        if (size == 32) return string(Bytes.slice(answer, 0, lengthOfWord(answer)));
        if (size < 64 || wordAt(answer, 0) != 32) return "";
        uint256 length = wordAt(answer, 32);
        if (length > size - 64) return "";
        if (length > TEXT_MAX) length = lengthOfWholeLetters(answer);
        return string(Bytes.slice(answer, 64, 64 + length));
    }

    function decimals(address token) private view returns (uint8) {
        (uint256 size, bytes memory answer) = ask(token, IERC20Metadata.decimals.selector);
        uint256 value = wordAt(answer, 0);
        // The type holds what was compared.
        return size >= 32 && value <= type(uint8).max ? uint8(value) : DECIMALS;
    }

    /// Bytes before the first zero of the first word.
    function lengthOfWord(bytes memory answer) private pure returns (uint256 length) {
        while (length < 32 && answer[length] != 0) ++length;
    }

    /// Of a text that is too long: TEXT_MAX bytes, less those of a letter in UTF-8 that would be cut. A text that is no UTF-8 is
    /// cut at TEXT_MAX.
    function lengthOfWholeLetters(bytes memory answer) private pure returns (uint256) {
        for (uint256 length = TEXT_MAX; length > TEXT_MAX - 4; --length) {
            // Not a byte that continues a letter: here the next one begins.
            if (answer[64 + length] & 0xc0 != 0x80) return length;
        }
        return TEXT_MAX;
    }

    function wordAt(bytes memory answer, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(answer, 32), offset))
        }
    }

    /// The size of the answer, 0 if there is none, and ANSWER_MAX bytes of it.
    function ask(address token, bytes4 selector) private view returns (uint256 size, bytes memory answer) {
        if (gasleft() < GAS_LEFT_MIN) revert MetadataGas(gasleft(), GAS_LEFT_MIN);
        answer = new bytes(ANSWER_MAX);
        assembly ("memory-safe") {
            mstore(0, selector)
            if staticcall(GAS, token, 0, 4, add(answer, 32), ANSWER_MAX) { size := returndatasize() }
        }
    }
}
