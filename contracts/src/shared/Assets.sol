// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2_VAULT} from "./Addresses.sol";

/// @title Bytes of the bridge
/// @notice What both sides of the bridge have to agree on (specification 021).
library Assets {
    // First byte of a withdrawal's message.
    bytes1 private constant WITHDRAWAL = 0x01;

    /// @notice Asset id of a token.
    function idOf(uint256 originChainId, address token) internal pure returns (bytes32) {
        return keccak256(abi.encode(originChainId, L2_VAULT, token));
    }

    /// @notice Message of a withdrawal, 85 bytes.
    function withdrawalMessage(bytes32 assetId, address receiver, uint256 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(WITHDRAWAL, assetId, receiver, amount);
    }
}
