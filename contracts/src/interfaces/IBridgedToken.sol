// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Representation of a token of another chain
/// @notice An ERC-20 with permit (ERC-2612). Its name, symbol and decimals are what the token said when it was first deposited.
interface IBridgedToken is IERC20Metadata, IERC20Permit {
    /// @notice Only the chain's vault may do this.
    error CallerNotVault(address caller);

    /// @notice Sets what never changes; the vault calls it when it creates the token.
    function initialize(
        uint256 originChainId_,
        address originToken_,
        string calldata name_,
        string calldata symbol_,
        uint8 decimals_
    ) external;

    /// @notice Mints; only the vault may call it.
    function bridgeMint(address receiver, uint256 amount) external;

    /// @notice Burns; only the vault may call it.
    function bridgeBurn(address holder, uint256 amount) external;

    /// @notice Chain that the token is of.
    function originChainId() external view returns (uint256);

    /// @notice Address of the token there.
    function originToken() external view returns (address);

    /// @notice Asset id of the token.
    function assetId() external view returns (bytes32);
}
