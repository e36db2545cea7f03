// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title The base token as an ERC-20
/// @notice Predeploy at 0x000000000000000000000000000000000000FF08 (specification 022), with the interface of WETH and permit
/// (ERC-2612). One unit is backed by one wei.
interface IWrappedBaseToken is IERC20Metadata, IERC20Permit {
    /// @notice Base token was wrapped.
    event Deposit(address indexed account, uint256 amount);
    /// @notice Base token was unwrapped.
    event Withdrawal(address indexed account, uint256 amount);

    /// @notice Wraps what comes with the call, as does a plain transfer.
    function deposit() external payable;

    /// @notice Unwraps to the caller.
    function withdraw(uint256 amount) external;
}
