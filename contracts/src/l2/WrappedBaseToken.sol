// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IWrappedBaseToken} from "../interfaces/IWrappedBaseToken.sol";

/// @title The base token as an ERC-20
/// @notice Its storage is part of the genesis state (specification 022). Without a fallback: a call of a function that it does not
/// have must not seem to succeed.
contract WrappedBaseToken is IWrappedBaseToken, ERC20PermitUpgradeable {
    // The genesis sets them.
    // slither-disable-start uninitialized-state,constable-states
    string private tokenName; // slot 0
    string private tokenSymbol; // slot 1
    // slither-disable-end uninitialized-state,constable-states

    receive() external payable {
        deposit();
    }

    /// @inheritdoc IWrappedBaseToken
    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    /// @inheritdoc IWrappedBaseToken
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc IERC20Metadata
    function name() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        return tokenName;
    }

    /// @inheritdoc IERC20Metadata
    function symbol() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        return tokenSymbol;
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public pure override(ERC20Upgradeable, IERC20Metadata) returns (uint8) {
        return 18;
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20PermitUpgradeable, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    /// As nothing initializes a predeploy, the domain is made of the name that the genesis gave it.
    function _EIP712Name() internal view override returns (string memory) {
        return tokenName;
    }

    function _EIP712Version() internal pure override returns (string memory) {
        return "1";
    }
}
