// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMessenger} from "../interfaces/IMessenger.sol";

/// @title Messages to Ethereum
/// @notice Has no storage.
contract Messenger is IMessenger {
    /// @inheritdoc IMessenger
    function sendToL1(bytes calldata message) external returns (bytes32 hash) {
        hash = keccak256(message);
        emit L1MessageSent(msg.sender, hash, message);
    }
}
