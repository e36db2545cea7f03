// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChainStorage} from "../../src/settlement/ChainBase.sol";

/// So that the compiler tells the storage of a chain, which has a place of its own (ERC-7201).
contract ChainStorageLayout {
    ChainStorage internal chain;
}
