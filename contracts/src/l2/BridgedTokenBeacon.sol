// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeacon} from "@openzeppelin/contracts/proxy/beacon/IBeacon.sol";
import {L2_TOKEN_IMPLEMENTATION} from "../shared/Addresses.sol";

/// @title Beacon of bridged tokens
/// @notice Has no storage and no owner: an upgrade of the chain changes the code at the implementation's address.
contract BridgedTokenBeacon is IBeacon {
    /// @inheritdoc IBeacon
    function implementation() external pure returns (address) {
        return L2_TOKEN_IMPLEMENTATION;
    }
}
