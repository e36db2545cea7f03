// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Keeper of bridged tokens, on the chain
/// @notice Predeploy at 0x000000000000000000000000000000000000FF04 (specification 021): creates the representations of tokens,
/// mints and burns them, and locks the base token that is withdrawn.
interface IL2Vault {
    /// @notice Only the chain's router may do this.
    error L2VaultCallerNotRouter(address caller);
    /// @notice The chain has no representation of this asset.
    error L2VaultAssetUnknown(bytes32 assetId);

    /// @notice The representation of a token was created.
    event BridgedTokenCreated(
        bytes32 indexed assetId, address indexed token, uint256 indexed originChainId, address originToken
    );
    /// @notice Base token was withdrawn: it stays here for ever.
    event BaseTokenLocked(uint256 amount);

    /// @notice Mints; creates the representation first if there is none. Only the router may call it.
    /// @return token The representation.
    function mint(uint256 originChainId, address originToken, address receiver, uint256 amount, bytes calldata metadata)
        external
        returns (address token);

    /// @notice Burns from a holder; only the router may call it.
    function burn(bytes32 assetId, address holder, uint256 amount) external;

    /// @notice Locks the base token that comes with the call; only the router may call it.
    function lock() external payable;

    /// @notice Representation of an asset; zero if there is none yet.
    function tokenOf(bytes32 assetId) external view returns (address);

    /// @notice Where the representation of an asset is, or will be.
    function tokenAddress(bytes32 assetId) external view returns (address);

    /// @notice Asset id of a token.
    function assetIdOf(uint256 originChainId, address originToken) external pure returns (bytes32);
}
