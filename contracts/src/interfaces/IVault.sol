// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Keeper of what is on chains
/// @notice Holds ether and tokens, and how much of each every chain has (specification 021).
interface IVault {
    /// @notice Only the router moves assets.
    error VaultCallerNotRouter(address caller);
    /// @notice No token with this asset id was registered.
    error VaultAssetUnknown(bytes32 assetId);
    /// @notice The address has no code: it is no token.
    error VaultTokenWithoutCode(address token);
    /// @notice The ether of a call is not what it has to be.
    error VaultEther(uint256 expected, uint256 received);
    /// @notice A token's transfer did not bring exactly its amount.
    error VaultReceived(address token, uint256 expected, uint256 received);
    /// @notice A chain has less of an asset than is asked of it.
    error VaultChainBalance(uint256 chainId, bytes32 assetId, uint256 balance, uint256 amount);

    /// @notice A token has an asset id from now on.
    event TokenRegistered(bytes32 indexed assetId, address indexed token);
    /// @notice A chain has more of an asset.
    event ChainBalanceIncreased(uint256 indexed chainId, bytes32 indexed assetId, uint256 amount);
    /// @notice A chain has less of an asset.
    event ChainBalanceDecreased(uint256 indexed chainId, bytes32 indexed assetId, uint256 amount);

    /// @notice Makes a token known, so that its asset id can be a chain's base token. Anyone may call it, and again. The first
    /// deposit of a token does it too.
    function registerToken(address token) external returns (bytes32 assetId);

    /// @notice Takes an asset for a chain; only the router may call it.
    /// @param payer From whom tokens are taken; ether comes with the call.
    function collect(uint256 chainId, bytes32 assetId, address payer, uint256 amount) external payable;

    /// @notice Pays from what a chain has; only the router may call it. Reverts if the receiver refuses.
    function pay(uint256 chainId, bytes32 assetId, address receiver, uint256 amount) external;

    /// @notice How much of an asset a chain has.
    function balanceOf(uint256 chainId, bytes32 assetId) external view returns (uint256);

    /// @notice Token of an asset id; zero if it is unknown.
    function tokenOf(bytes32 assetId) external view returns (address);

    /// @notice Asset id of a token, registered or not.
    function assetIdOf(address token) external view returns (bytes32);

    /// @notice Who moves assets.
    function router() external view returns (address);
}
