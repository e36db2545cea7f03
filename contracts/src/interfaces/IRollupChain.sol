// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../IVerifier.sol";
import {JoinedPlace, JoinedTree} from "../libraries/JoinedStatements.sol";
import {L2Request} from "./IBridgehub.sol";

/// @notice What a chain's contract remembers of a batch, as a hash, until the next one is executed (specification 023).
struct StoredBatch {
    uint64 number;
    // Keccak-256 of the public output.
    bytes32 outputHash;
    // Hash of the last block.
    bytes32 commitment;
    bytes32 batchRoot;
    // Number of priority operations of all batches before, also if this one has none.
    uint64 firstOperation;
    uint64 operations;
    bytes32 operationsHash;
    // Number of ordinary transactions.
    uint64 transactions;
    // Zero if there is none.
    bytes32 upgradeHash;
}

/// @notice That a blob's polynomial has a value at the point of specification 019.
struct BlobOpening {
    bytes32 value;
    // KZG commitment and proof, 48 bytes each.
    bytes commitmentAndProof;
}

/// @notice Where the pubdata of a batch are: in calldata, or in the blobs of this transaction.
struct BatchData {
    // Empty with blobs.
    bytes pubdata;
    // Zero without blobs.
    bytes32 pubdataHash;
    // In the order of the transaction's blobs; all of them.
    BlobOpening[] blobs;
}

/// @notice What a committer says of a batch; the contract adds the rest of the public output (specification 023).
struct BatchCommit {
    uint64 number;
    bytes32 commitment;
    uint64 firstBlock;
    uint64 lastBlock;
    // Seconds.
    uint64 firstTimestamp;
    uint64 lastTimestamp;
    uint64 operations;
    bytes32 operationsHash;
    uint64 transactions;
    bytes32 batchRoot;
    uint64 logs;
    BatchData data;
}

/// @notice How a verifier's word on a batch is shown.
enum Way {
    // The registry knows each statement on its own.
    Registered,
    // The registry knows a tree that has them.
    RegisteredTree,
    // The proof is here, of up to 16 statements.
    Proof,
    // The proof is here, of a tree that has them.
    TreeProof
}

/// @notice That one verifier accepts the statements of batches. Fields that the way does not name are empty.
struct Evidence {
    // Verifier of the protocol version.
    uint8 slot;
    Way way;
    // Proof: all statements of the proof in its order, and where those of the batches begin.
    Statement[] statements;
    uint64 first;
    // Trees: the tree, and where it has each batch.
    JoinedTree tree;
    JoinedPlace[] places;
    // TreeProof.
    bytes32 statementsRoot;
    // Proof and TreeProof.
    bytes proof;
}

/// @notice Operations of a batch in the queue (specification 016), and the one behind them if the queue goes on.
struct OperationRange {
    bytes32[] hashes;
    // Seconds.
    uint64[] deadlines;
    // Siblings from the leaf up.
    bytes32[] left;
    bytes32[] right;
}

/// @notice What accounts may do (specification 023).
enum Role {
    Committer,
    Prover,
    Executor,
    Reverter,
    Pauser
}

/// @notice A chain's beginning.
struct ChainGenesis {
    // Configuration, 22 words (specification 014).
    uint256[22] config;
    // Hash of the genesis block.
    bytes32 commitment;
    address admin;
    // Of priority operations at first, wei.
    uint128 gasPrice;
}

/// @notice A scheduled change of the rules.
struct ScheduledUpgrade {
    // Keccak-256 of abi.encode(configuration, hash of the upgrade transaction); zero if there is none.
    bytes32 content;
    // From when, and until when; seconds.
    uint64 readyAt;
    uint64 expiresAt;
    // Gas limit of operations under the new rules.
    uint64 transactionGasLimit;
}

/// @notice How far a chain is.
struct ChainProgress {
    uint64 committed;
    uint64 proven;
    uint64 executed;
    // Operations requested, and executed.
    uint64 operations;
    uint64 executedOperations;
    // Until when the next operation has to be executed, seconds; 0 if there is none.
    uint64 nextDeadline;
}

/// @title Contract of a rollup chain on Ethereum
/// @notice Takes priority operations, and makes batches final (specifications 016, 019, 023).
interface IRollupChain {
    // Settlement

    /// @notice The batch before is not the last committed one, or not as it was committed.
    error BatchBeforeUnknown(uint64 number);
    /// @notice The batch has another number than the next one.
    error BatchNumber(uint64 number, uint64 expected);
    /// @notice The batch is not committed yet, or not proven yet.
    error BatchTooFar(uint64 number, uint64 last);
    /// @notice The batch was not committed like this.
    error BatchUnknown(uint64 number);
    /// @notice The last block is before the first one.
    error BatchBlocks(uint64 first, uint64 last);
    /// @notice Time goes back in the batch, or it ends more than an hour after Ethereum's time.
    error BatchTime(uint64 first, uint64 last);
    /// @notice More logs, operations or transactions than the configuration, Ethereum or the format allows.
    error BatchLimit(uint256 count, uint256 limit);
    /// @notice A batch without operations has the hash of no operations.
    error BatchOperationsHash(bytes32 hash);
    /// @notice There is no batch in the call, or not one range for each.
    error BatchList(uint256 batches, uint256 ranges);
    /// @notice Batches wait, so that rules cannot change, and a batch cannot be settled at once.
    error BatchesWait(uint64 executed, uint64 committed);
    /// @notice Nothing to take back: executed <= last < committed does not hold.
    error RevertTarget(uint64 last, uint64 executed, uint64 committed);
    /// @notice In place of the operator only batches of priority operations, or of the upgrade that is due, can be settled.
    error BatchNotOfOperations(uint64 operations, uint64 transactions);

    event BatchCommitted(uint64 indexed number, bytes32 indexed outputHash, StoredBatch batch);
    event BatchesProven(uint64 first, uint64 last);
    event BatchExecuted(uint64 indexed number, bytes32 indexed commitment, bytes32 batchRoot);
    event BatchesReverted(uint64 last);

    /// @notice Commits the next batch: Ethereum has its pubdata. For committers.
    /// @param previous The last committed batch.
    function commit(StoredBatch calldata previous, BatchCommit calldata batch) external;

    /// @notice Proves the next committed batches. For provers; for everybody when an operation is overdue.
    /// @param evidence From verifiers of the protocol version in ascending order, at least as many as it asks for.
    function prove(StoredBatch[] calldata batches, Evidence[] calldata evidence) external;

    /// @notice Executes the next proven batches: they are final. For executors; for everybody when an operation is overdue.
    /// @param ranges For each batch, its operations; empty for one without.
    function execute(StoredBatch[] calldata batches, OperationRange[] calldata ranges) external;

    /// @notice Commits, proves and executes one batch. Whoever has all three roles may call it when no batch waits. When an
    /// operation is overdue everybody may, with a batch without ordinary transactions that has operations or the upgrade that is
    /// due; batches that wait are then taken back.
    /// @param previous The last committed batch, or the last executed one if batches are taken back.
    function settle(
        StoredBatch calldata previous,
        BatchCommit calldata batch,
        Evidence[] calldata evidence,
        OperationRange calldata range
    ) external;

    /// @notice Takes back all batches after one. For reverters.
    function revertBatches(uint64 last) external;

    /// @notice The most operations that a batch may have.
    function batchOperationsMax() external view returns (uint64);

    // Priority operations

    /// @notice An operation was requested.
    /// @param deadline Until when it has to be executed, seconds.
    /// @param encoded The bytes of specification 016.
    event OperationRequested(uint64 indexed id, bytes32 indexed hash, uint64 deadline, bytes encoded);

    /// @notice The registry of chains, and nobody else, asks here.
    error CallerNotBridgehub(address caller);
    /// @notice The chain would have been given 2^128 wei.
    error MintedTooMuch(uint256 minted);

    /// @notice Appends an operation. Only for the registry of chains, which has the mint collected.
    /// @param from Who asks, as the chain sees it.
    /// @param refundRecipient Who is refunded, as the chain sees it.
    function request(L2Request calldata asked, address from, address refundRecipient)
        external
        returns (bytes32 operation);

    /// @notice Whether the next operation should have been executed by now.
    function isOverdue() external view returns (bool);

    /// @notice Wei of the base token for a unit of gas of an operation.
    function gasPrice() external view returns (uint128);

    /// @notice The highest gas limit of an operation, under the rules of now and those that are scheduled.
    function requestGasLimit() external view returns (uint64);

    // Roles, pause, price

    error CallerNotAdmin(address caller);
    error CallerNotPendingAdmin(address caller);
    error CallerWithoutRole(address caller, Role role);
    error AdminZero();
    /// @notice The chain is paused.
    error Paused(uint64 until);
    /// @notice A pause was begun in the last 30 days.
    error PausedBefore(uint64 next);
    /// @notice Not from the lowest base fee to 256 times it.
    error GasPriceRange(uint128 price, uint128 lowest, uint128 highest);
    /// @notice More than doubled, or raised twice in a day.
    error GasPriceRise(uint128 price, uint128 highest, uint64 next);

    event RoleSet(Role indexed role, address indexed account, bool granted);
    event AdminProposed(address indexed admin);
    event AdminChanged(address indexed admin);
    event ChainPaused(uint64 until);
    event ChainUnpaused();
    event GasPriceChanged(uint128 price);

    /// @notice Gives a role or takes it. For the admin.
    function setRole(Role role, address account, bool granted) external;

    /// @notice Names the next admin, who has to accept; zero takes this back. For the admin.
    function proposeAdmin(address next) external;

    /// @notice Makes the caller the admin. For who was named.
    function acceptAdmin() external;

    /// @notice Stops commit, prove and execute for three days. For pausers, once in 30 days.
    function pause() external;

    /// @notice Ends a pause. For pausers and the admin.
    function unpause() external;

    /// @notice Sets the gas price of operations: at once, within bounds. For the admin.
    function setGasPrice(uint128 price) external;

    // Change of the rules

    error ChainInitialized();
    /// @notice The chain's id and base token cannot change.
    error ConfigFixed(uint256 word, uint256 value, uint256 expected);
    /// @notice The transaction is no upgrade of this chain to this protocol version, or no batch could have it (specification 016).
    error UpgradeEncoding();
    /// @notice A chain does not go back to an earlier protocol version.
    error UpgradeVersion(uint32 version, uint32 current);
    /// @notice This is not what was scheduled.
    error UpgradeNotScheduled(bytes32 content);
    /// @notice Not between the times that were scheduled.
    error UpgradeTime(uint64 readyAt, uint64 expiresAt);
    /// @notice An operation waits that was asked for in the first seven days after the change was scheduled, or before, though
    /// operations, or an upgrade, have been executed since.
    error UpgradeBeforeOperation(uint64 operation, uint64 deadline);

    event UpgradeScheduled(
        uint32 indexed version, uint64 readyAt, uint64 expiresAt, uint256[22] config, bytes transaction
    );
    event UpgradeCancelled();
    /// @notice The rules changed. The next batch has the upgrade transaction if its hash is not zero.
    event ConfigChanged(uint32 indexed version, bytes32 configHash, uint256[22] config, bytes32 upgradeHash);

    /// @notice First call, by the registry of chains.
    function initialize(ChainGenesis calldata genesis) external;

    /// @notice Schedules new rules, at the earliest in 14 days. Replaces what was scheduled. For the admin.
    /// @param config 22 words (specification 014), of any registered protocol version from the current one on.
    /// @param transaction Upgrade transaction (specification 016), or nothing.
    function scheduleUpgrade(uint256[22] calldata config, bytes calldata transaction) external;

    /// @notice Takes back what was scheduled. For the admin.
    function cancelUpgrade() external;

    /// @notice Puts scheduled rules in force. For the admin, while no batch waits, and no operation that has been promised its
    /// execution before (specification 023).
    /// @param upgradeHash Hash of the scheduled upgrade transaction; zero if there is none.
    function activateUpgrade(uint256[22] calldata config, bytes32 upgradeHash) external;

    // What is known of the chain

    function chainId() external view returns (uint64);
    function protocolVersion() external view returns (uint32);
    function configHash() external view returns (bytes32);
    function baseAsset() external view returns (bytes32);
    function progress() external view returns (ChainProgress memory);
    /// @notice Hash of a batch as it is stored; zero if it is not known any more.
    function storedBatchHash(uint64 number) external view returns (bytes32);
    /// @notice Root of the queue's tree.
    function queueRoot() external view returns (bytes32);
    /// @notice Wei of the base token that operations have minted.
    function minted() external view returns (uint128);
    function admin() external view returns (address);
    function pendingAdmin() external view returns (address);
    function hasRole(Role role, address account) external view returns (bool);
    /// @notice Until when the chain is paused, seconds; in the past if it is not.
    function pausedUntil() external view returns (uint64);
    /// @notice Hash of the upgrade transaction that is to be executed, and the committed batch that has it; zero if there is none.
    function pendingUpgrade() external view returns (bytes32 upgradeHash, uint64 batch);
    function scheduledUpgrade() external view returns (ScheduledUpgrade memory);
}
