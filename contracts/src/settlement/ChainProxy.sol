// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title A chain's place on Ethereum
/// @notice Its code is that of the chain's protocol version (ERC-1967). It has no owner: only the code itself changes it, after the
/// delay of `IRollupChain.activateUpgrade`.
contract ChainProxy is ERC1967Proxy {
    constructor(address implementation, bytes memory call) ERC1967Proxy(implementation, call) {}
}
