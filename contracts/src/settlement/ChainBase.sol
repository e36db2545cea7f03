// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IMessageRootWriter} from "../interfaces/IMessageRootWriter.sol";
import {IProtocolVersions} from "../interfaces/IProtocolVersions.sol";
import {IRollupChain, Role, ScheduledUpgrade} from "../interfaces/IRollupChain.sol";
import {PriorityQueue} from "./libraries/PriorityQueue.sol";

/// @custom:storage-location erc7201:ashlar.storage.RollupChain
struct ChainStorage {
    // Of the configuration (specification 014): what contracts need of it, and its hash.
    uint64 chainId;
    uint32 protocolVersion;
    uint64 transactionGasLimit;
    uint64 lowestBaseFee;
    uint32 batchLogs;
    bytes32 configHash;
    bytes32 baseAsset;
    // executed <= proven <= committed.
    uint64 committed;
    uint64 proven;
    uint64 executed;
    // Hashes of batches from the last executed one on. Those above `committed` are of batches that were taken back.
    mapping(uint64 number => bytes32) batches;
    PriorityQueue.Queue queue;
    // Wei of the base token: minted by all operations, and asked for a unit of gas.
    uint128 minted;
    uint128 gasPrice;
    uint64 gasPriceRaisedAt;
    // When the last pause began, and until when it is.
    uint64 pausedAt;
    uint64 pausedUntil;
    address admin;
    address pendingAdmin;
    mapping(Role role => mapping(address account => bool)) roles;
    // Upgrade transaction that a batch has to have, and the committed batch that has it; zero if there is none.
    bytes32 upgradeHash;
    uint64 upgradeBatch;
    ScheduledUpgrade scheduled;
}

/// @title Storage of a chain's contract, and who may do what
abstract contract ChainBase is IRollupChain {
    using PriorityQueue for PriorityQueue.Queue;

    // keccak256(abi.encode(uint256(keccak256("ashlar.storage.RollupChain")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant LOCATION = 0xc6fcd4ec1d5cdef59256085f0510673752e9b7e694b89d817a216c770abd6100;

    /// @notice Registry of chains.
    address public immutable bridgehub;
    /// @notice Keeps the roots of executed batches.
    IMessageRootWriter public immutable messageRoot;
    /// @notice Which verifiers decide.
    IProtocolVersions public immutable versions;

    modifier onlyAdmin() {
        if (msg.sender != chain().admin) revert CallerNotAdmin(msg.sender);
        _;
    }

    modifier onlyBridgehub() {
        if (msg.sender != bridgehub) revert CallerNotBridgehub(msg.sender);
        _;
    }

    constructor(address bridgehub_, IMessageRootWriter messageRoot_, IProtocolVersions versions_) {
        bridgehub = bridgehub_;
        messageRoot = messageRoot_;
        versions = versions_;
    }

    function chain() internal pure returns (ChainStorage storage self) {
        assembly ("memory-safe") {
            self.slot := LOCATION
        }
    }

    function requireRole(Role role) internal view {
        if (!chain().roles[role][msg.sender]) revert CallerWithoutRole(msg.sender, role);
    }

    function requireNotPaused() internal view {
        uint64 until = chain().pausedUntil;
        if (block.timestamp < until) revert Paused(until);
    }

    // When an operation is overdue everybody has the role, and no pause counts.
    function requireRoleOrOverdue(Role role) internal view {
        if (chain().queue.isOverdue()) return;
        requireNotPaused();
        requireRole(role);
    }

    // Rules change only between batches.
    function requireNoBatchWaits() internal view {
        ChainStorage storage self = chain();
        if (self.committed != self.executed) revert BatchesWait(self.executed, self.committed);
    }
}
