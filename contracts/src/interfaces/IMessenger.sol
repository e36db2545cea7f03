// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Messages to Ethereum
/// @notice Predeploy at 0x000000000000000000000000000000000000FF02 (specification 017).
interface IMessenger {
    /// @notice A message was sent. The chain's state transition reads this event: nothing else is a message.
    event L1MessageSent(address indexed sender, bytes32 indexed hash, bytes message);

    /// @notice Sends a message. Contracts on Ethereum can be shown that the caller sent it once its batch is executed there.
    /// @return hash Keccak-256 of the message.
    function sendToL1(bytes calldata message) external returns (bytes32 hash);
}
