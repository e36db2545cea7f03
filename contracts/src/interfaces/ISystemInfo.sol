// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What a chain is
/// @notice Predeploy at 0x000000000000000000000000000000000000FF05 (specification 022).
interface ISystemInfo {
    /// @notice Only an upgrade changes what is written here.
    error CallerNotUpgrader(address caller);

    /// @notice An upgrade has led to this.
    event ConfigurationUpdated(uint32 indexed protocolVersion, bytes32 indexed configHash);

    /// @notice Writes what an upgrade changes; only its caller may call it (specification 016).
    function updateConfiguration(uint32 newProtocolVersion, bytes32 newConfigHash) external;

    /// @notice The chain's id.
    function chainId() external view returns (uint256);

    /// @notice Protocol version since the genesis or the last upgrade.
    function protocolVersion() external view returns (uint32);

    /// @notice Hash of the configuration (specification 014) at the genesis or the last upgrade. A change of limits between
    /// upgrades does not show here.
    function configHash() external view returns (bytes32);

    /// @notice Asset id of the base token; never changes.
    function baseAssetId() external view returns (bytes32);

    /// @notice Id of the Ethereum chain that this one settles on; never changes.
    function l1ChainId() external view returns (uint256);
}
