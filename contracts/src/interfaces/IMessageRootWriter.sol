// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Where chains write the roots of their executed batches (specification 017)
interface IMessageRootWriter {
    /// @notice Only the registry of chains registers one.
    error RegistrationByOther(address caller);
    error ChainRegistered(uint256 chainId);
    /// @notice Only the chain's contract writes for it.
    error AppendByOther(uint256 chainId, address caller);
    /// @notice Batches of a chain are appended in order.
    error AppendNumber(uint64 batch, uint64 expected);
    error AppendRootZero();

    event ChainAppended(uint256 indexed chainId, uint256 place);

    /// @notice Gives a chain its place. For the registry of chains.
    function register(uint256 chainId) external;

    /// @notice Appends the root of the next executed batch. For the chain's contract.
    function append(uint256 chainId, uint64 batch, bytes32 root) external;
}
