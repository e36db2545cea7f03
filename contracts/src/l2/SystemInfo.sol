// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISystemInfo} from "../interfaces/ISystemInfo.sol";
import {L2_UPGRADER} from "../shared/Addresses.sol";

/// @title What a chain is
/// @notice Its storage is part of the genesis state (specification 022).
contract SystemInfo is ISystemInfo {
    /// @inheritdoc ISystemInfo
    uint32 public protocolVersion; // slot 0
    /// @inheritdoc ISystemInfo
    bytes32 public configHash; // slot 1
    // Nothing but the genesis sets these.
    // slither-disable-start constable-states
    /// @inheritdoc ISystemInfo
    bytes32 public baseAssetId; // slot 2
    /// @inheritdoc ISystemInfo
    uint256 public l1ChainId; // slot 3

    // slither-disable-end constable-states

    /// @inheritdoc ISystemInfo
    function updateConfiguration(uint32 newProtocolVersion, bytes32 newConfigHash) external {
        if (msg.sender != L2_UPGRADER) revert CallerNotUpgrader(msg.sender);
        (protocolVersion, configHash) = (newProtocolVersion, newConfigHash);
        emit ConfigurationUpdated(newProtocolVersion, newConfigHash);
    }

    /// @inheritdoc ISystemInfo
    function chainId() external view returns (uint256) {
        return block.chainid;
    }
}
