// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";

/// @notice OpenZeppelin's batch executor (ERC-7821) as the code of an account that delegates to it (EIP-7702).
contract BatchAccount is ERC7821 {
    receive() external payable {}
}
