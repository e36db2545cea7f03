// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "../IVerifier.sol";
import {IStatementRegistry} from "./IStatementRegistry.sol";
import {Evidence} from "./IRollupChain.sol";

/// @notice A verifier of a protocol version.
struct VerifierSlot {
    // Remembers what its verifier has accepted.
    IStatementRegistry registry;
    // The rollup's program for this verifier: eight elements of the field, each below p, not all zero.
    bytes32 programKey;
}

/// @title Protocol versions
/// @notice What chains can run. A version never changes: other code or other verifiers are another version.
interface IProtocolVersions {
    /// @notice Version 0, or one that is registered already.
    error VersionTaken(uint32 version);
    /// @notice No such version, or it was withdrawn.
    error VersionUnknown(uint32 version);
    /// @notice Not from 1 to 8 verifiers, or the threshold is not from 1 to their number.
    error VersionThreshold(uint256 threshold, uint256 slots);
    /// @notice The address has no code, the key can be no program's, or the verifier has a slot before.
    error VersionSlot(uint256 slot);
    /// @notice The address has no code.
    error ImplementationMissing(address implementation);
    /// @notice Chains cannot move to the version yet.
    error VersionTooNew(uint32 version, uint64 usableFrom);

    /// @notice Fewer verifiers than the version asks for.
    error VerifiersTooFew(uint256 count, uint256 threshold);
    /// @notice Verifiers do not ascend: one could be counted twice.
    error VerifierOrder(uint8 slot);

    event VersionRegistered(
        uint32 indexed version, address implementation, uint8 threshold, VerifierSlot[] slots, uint64 usableFrom
    );
    event VersionWithdrawn(uint32 indexed version);

    /// @notice Registers a version. For the governance. Chains can move to it after seven days.
    /// @param threshold How many of the verifiers have to accept a batch.
    function register(uint32 version, address implementation, VerifierSlot[] calldata slots, uint8 threshold) external;

    /// @notice No chain can begin with a version or move to it any more; those on it stay. For the governance.
    function withdraw(uint32 version) external;

    /// @notice Code of a chain's contract; reverts if there is no such version for new chains.
    function implementationOf(uint32 version) external view returns (address);

    /// @notice Code of a chain's contract; reverts if chains cannot move to the version now.
    function usableImplementation(uint32 version) external view returns (address);

    /// @notice Reverts if fewer verifiers of a version than it asks for accept the outputs of batches.
    /// @param outputs Keccak-256 of the public output of each batch.
    /// @param evidence From verifiers in ascending order.
    function requireProven(uint32 version, bytes32[] calldata outputs, Evidence[] calldata evidence) external view;

    /// @notice How many verifiers have to accept a batch; 0 if there is no such version.
    function thresholdOf(uint32 version) external view returns (uint8);

    /// @notice A verifier of a version, its registry and its program.
    function slotOf(uint32 version, uint8 slot)
        external
        view
        returns (IVerifier verifier, IStatementRegistry registry, bytes32 programKey);
}
