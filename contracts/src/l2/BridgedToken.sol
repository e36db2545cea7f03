// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IBridgedToken} from "../interfaces/IBridgedToken.sol";
import {L2_VAULT} from "../shared/Addresses.sol";
import {Assets} from "../shared/Assets.sol";

/// @title Representation of a token of another chain
/// @notice Code behind the proxies; as an account of its own it is not initialized, and only the vault could.
contract BridgedToken is IBridgedToken, ERC20PermitUpgradeable {
    /// @inheritdoc IBridgedToken
    uint256 public originChainId; // slot 0
    /// @inheritdoc IBridgedToken
    address public originToken; // slot 1, low 20 bytes
    uint8 private tokenDecimals; // slot 1, byte 20

    modifier onlyVault() {
        if (msg.sender != L2_VAULT) revert CallerNotVault(msg.sender);
        _;
    }

    /// @inheritdoc IBridgedToken
    function initialize(
        uint256 originChainId_,
        address originToken_,
        string calldata name_,
        string calldata symbol_,
        uint8 decimals_
    ) external onlyVault initializer {
        __ERC20_init(name_, symbol_);
        __ERC20Permit_init(name_);
        // The vault has an event of it, and says what there is, zero or not.
        // slither-disable-next-line events-maths,missing-zero-check
        (originChainId, originToken, tokenDecimals) = (originChainId_, originToken_, decimals_);
    }

    /// @inheritdoc IBridgedToken
    function bridgeMint(address receiver, uint256 amount) external onlyVault {
        _mint(receiver, amount);
    }

    /// @inheritdoc IBridgedToken
    function bridgeBurn(address holder, uint256 amount) external onlyVault {
        _burn(holder, amount);
    }

    /// @inheritdoc IBridgedToken
    function assetId() external view returns (bytes32) {
        return Assets.idOf(originChainId, originToken);
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public view override(ERC20Upgradeable, IERC20Metadata) returns (uint8) {
        return tokenDecimals;
    }

    /// @inheritdoc IERC20Metadata
    function name() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        return super.name();
    }

    /// @inheritdoc IERC20Metadata
    function symbol() public view override(ERC20Upgradeable, IERC20Metadata) returns (string memory) {
        return super.symbol();
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20PermitUpgradeable, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
