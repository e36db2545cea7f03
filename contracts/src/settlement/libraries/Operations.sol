// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2Request} from "../../interfaces/IBridgehub.sol";
import {Aliasing} from "../../shared/Aliasing.sol";

/// @notice Priority operations (specification 016): bytes, what is asked of a request, and who is refunded.
library Operations {
    /// @notice More gas than a transaction may have.
    error OperationGasLimit(uint64 gasLimit, uint64 highest);
    /// @notice Less gas than the call's data cost.
    error OperationGasTooLow(uint64 gasLimit, uint256 lowest);
    error OperationDataLength(uint256 length, uint256 highest);
    /// @notice The mint does not pay for the gas.
    error OperationMintTooLow(uint256 mint, uint256 lowest);
    /// @notice The value is 2^128 wei or more.
    error OperationValue(uint256 value);

    uint8 internal constant TYPE = 0x7f;
    uint256 internal constant DATA_MAX = 98_304;

    // Lowest gas of a transaction (EIP-7623): at all, and for a token of data, of which a byte that is not zero has four. The
    // intrinsic gas asks for 4 a token (EIP-2028), so it is never more.
    uint256 private constant BASE_GAS = 21_000;
    uint256 private constant TOKEN_FLOOR_GAS = 10;

    uint256 private constant BYTES_LOW_7 = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;
    uint256 private constant BYTES_ONE = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @notice What the chain knows, and the request does not.
    struct Context {
        uint256 id;
        address from;
        address refundRecipient;
        uint128 gasPrice;
    }

    /// @notice The bytes of an operation; their Keccak-256 is its hash.
    function encode(L2Request calldata asked, Context memory context) internal pure returns (bytes memory) {
        bytes memory words = abi.encode(
            asked.chainId,
            context.id,
            context.from,
            asked.to,
            asked.value,
            asked.mint,
            asked.gasLimit,
            context.gasPrice,
            context.refundRecipient,
            asked.data.length
        );
        return bytes.concat(bytes1(TYPE), words, asked.data);
    }

    /// @notice Reverts if the chain could not execute what is asked, or would not be paid for it.
    function requireExecutable(L2Request calldata asked, uint64 gasLimitMax, uint128 price) internal pure {
        if (asked.gasLimit > gasLimitMax) revert OperationGasLimit(asked.gasLimit, gasLimitMax);
        if (asked.data.length > DATA_MAX) revert OperationDataLength(asked.data.length, DATA_MAX);
        uint256 gas = lowestGas(asked.data);
        if (asked.gasLimit < gas) revert OperationGasTooLow(asked.gasLimit, gas);
        if (asked.value >> 128 != 0) revert OperationValue(asked.value);
        // Below 2^192: no overflow. Not the value: what the sender has on the chain can be spent, or nobody could take it out.
        uint256 fee = uint256(asked.gasLimit) * price;
        if (asked.mint < fee) revert OperationMintTooLow(asked.mint, fee);
    }

    /// @notice The most of the intrinsic gas and the floor of EIP-7623 of a call with these data.
    function lowestGas(bytes calldata data) internal pure returns (uint256) {
        return BASE_GAS + TOKEN_FLOOR_GAS * (data.length + 3 * nonzeroBytes(data));
    }

    /// @notice Number of bytes that are not zero.
    function nonzeroBytes(bytes calldata data) internal pure returns (uint256 count) {
        uint256 length = data.length;
        for (uint256 at = 0; at < length; at += 32) {
            uint256 word;
            assembly ("memory-safe") {
                word := calldataload(add(data.offset, at))
            }
            // Behind the data calldata may go on.
            if (length - at < 32) word = word >> (8 * (32 - (length - at)));
            // In each byte the highest bit is set if the byte is not zero: the sum of low bits and 0x7f stays in the byte. The
            // product's highest byte is the sum of all 32 ones.
            unchecked {
                uint256 high = ((word & BYTES_LOW_7) + BYTES_LOW_7) | word;
                count += (((high >> 7) & BYTES_ONE) * BYTES_ONE) >> 248;
            }
        }
    }

    /// @notice Who the chain gives what is left of the mint. Nobody, or who asks, means the sender as the chain sees it.
    function refundRecipientOf(address asked, address caller) internal view returns (address) {
        return asked == address(0) || asked == caller ? Aliasing.ofCaller(caller) : Aliasing.ofAccount(asked);
    }
}
