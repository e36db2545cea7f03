// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IVerifier} from "../IVerifier.sol";
import {IStatementRegistry} from "../interfaces/IStatementRegistry.sol";
import {IProtocolVersions, VerifierSlot} from "../interfaces/IProtocolVersions.sol";
import {Evidence} from "../interfaces/IRollupChain.sol";
import {PublicWords} from "../libraries/PublicWords.sol";
import {Proofs} from "./libraries/Proofs.sol";

/// @title Protocol versions
/// @notice The owner is the governance. It can add, and keep chains from moving to what it has added; it can change no chain.
contract ProtocolVersions is IProtocolVersions, Ownable2Step {
    // From registration until chains can move to a version. A chain's own delay comes on top only if it begins later.
    uint64 internal constant DELAY = 7 days;
    uint256 internal constant SLOTS_MAX = 8;

    struct Slot {
        IVerifier verifier;
        IStatementRegistry registry;
        bytes32 programKey;
    }

    struct Version {
        address implementation;
        uint64 usableFrom;
        uint8 threshold;
        bool isWithdrawn;
        Slot[] slots;
    }

    mapping(uint32 version => Version) private known;

    constructor(address governance) Ownable(governance) {}

    /// @inheritdoc IProtocolVersions
    function register(uint32 version, address implementation, VerifierSlot[] calldata slots, uint8 threshold)
        external
        onlyOwner
    {
        Version storage self = known[version];
        if (version == 0 || self.implementation != address(0)) revert VersionTaken(version);
        if (implementation.code.length == 0) revert ImplementationMissing(implementation);
        if (slots.length > SLOTS_MAX || threshold == 0 || threshold > slots.length) {
            revert VersionThreshold(threshold, slots.length);
        }
        self.implementation = implementation;
        self.usableFrom = uint64(block.timestamp) + DELAY;
        self.threshold = threshold;
        for (uint256 i = 0; i < slots.length; ++i) {
            self.slots.push(slotFrom(slots, i));
        }
        emit VersionRegistered(version, implementation, threshold, slots, self.usableFrom);
    }

    /// @inheritdoc IProtocolVersions
    function withdraw(uint32 version) external onlyOwner {
        requireKnown(version);
        known[version].isWithdrawn = true;
        emit VersionWithdrawn(version);
    }

    /// @inheritdoc IProtocolVersions
    function implementationOf(uint32 version) public view returns (address) {
        requireKnown(version);
        return known[version].implementation;
    }

    /// @inheritdoc IProtocolVersions
    function usableImplementation(uint32 version) external view returns (address) {
        uint64 usableFrom = known[version].usableFrom;
        if (block.timestamp < usableFrom) revert VersionTooNew(version, usableFrom);
        return implementationOf(version);
    }

    /// @inheritdoc IProtocolVersions
    function requireProven(uint32 version, bytes32[] calldata outputs, Evidence[] calldata evidence) external view {
        Version storage self = known[version];
        uint256 threshold = self.threshold;
        if (threshold == 0) revert VersionUnknown(version);
        if (evidence.length < threshold) revert VerifiersTooFew(evidence.length, threshold);
        for (uint256 i = 0; i < evidence.length; ++i) {
            uint8 slot = evidence[i].slot;
            if (slot >= self.slots.length) revert VersionSlot(slot);
            if (i != 0 && slot <= evidence[i - 1].slot) revert VerifierOrder(slot);
            Slot storage found = self.slots[slot];
            Proofs.requireAccepted(found.verifier, found.registry, found.programKey, outputs, evidence[i]);
        }
    }

    /// @inheritdoc IProtocolVersions
    function thresholdOf(uint32 version) external view returns (uint8) {
        return known[version].threshold;
    }

    /// @inheritdoc IProtocolVersions
    function slotOf(uint32 version, uint8 slot)
        external
        view
        returns (IVerifier verifier, IStatementRegistry registry, bytes32 programKey)
    {
        Version storage self = known[version];
        if (slot >= self.slots.length) revert VersionSlot(slot);
        Slot storage found = self.slots[slot];
        return (found.verifier, found.registry, found.programKey);
    }

    // Two slots of one verifier would let it speak twice.
    function slotFrom(VerifierSlot[] calldata slots, uint256 at) private view returns (Slot memory) {
        IStatementRegistry registry = slots[at].registry;
        bytes32 programKey = slots[at].programKey;
        if (address(registry).code.length == 0 || !PublicWords.isKey(programKey)) revert VersionSlot(at);
        // Eight slots at most.
        // slither-disable-next-line calls-loop
        IVerifier verifier = registry.verifier();
        if (address(verifier).code.length == 0) revert VersionSlot(at);
        for (uint256 i = 0; i < at; ++i) {
            // slither-disable-next-line calls-loop
            if (address(slots[i].registry.verifier()) == address(verifier)) revert VersionSlot(at);
        }
        return Slot(verifier, registry, programKey);
    }

    function requireKnown(uint32 version) private view {
        if (known[version].implementation == address(0) || known[version].isWithdrawn) revert VersionUnknown(version);
    }
}
