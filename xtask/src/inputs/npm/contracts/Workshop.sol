// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @notice Creates contracts at addresses that follow from a salt.
contract Workshop {
    /// @notice Deploys `code` with CREATE2.
    function deploy(bytes32 salt, bytes calldata code) external payable returns (address) {
        return Create2.deploy(msg.value, salt, code);
    }

    /// @notice Deploys a minimal proxy (ERC-1167) of `implementation` with CREATE2.
    function clone(address implementation, bytes32 salt) external returns (address) {
        return Clones.cloneDeterministic(implementation, salt);
    }
}
