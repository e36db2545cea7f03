// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {ChainGenesis, IRollupChain, ScheduledUpgrade, StoredBatch} from "../interfaces/IRollupChain.sol";
import {ChainBase, ChainStorage} from "./ChainBase.sol";
import {ChainRoles} from "./ChainRoles.sol";
import {PriorityQueue} from "./libraries/PriorityQueue.sol";
import {RollupConfig} from "./libraries/RollupConfig.sol";
import {UpgradeTransaction} from "./libraries/UpgradeTransaction.sol";

/// @title The rules of a chain, and their change
abstract contract ChainUpgrades is ChainBase, ChainRoles {
    // For a stranger to prove and settle what is overdue.
    uint64 internal constant SETTLE_TIME = 4 days;
    // Seven days to decide, three until an operation is overdue, and the stranger's four: who asks to leave in the first seven
    // days is gone before the rules change, whatever the operator does.
    uint64 internal constant UPGRADE_DELAY = 10 days + SETTLE_TIME;
    // What is scheduled does not threaten for ever.
    uint64 internal constant UPGRADE_LIFE = 14 days;

    /// @inheritdoc IRollupChain
    function initialize(ChainGenesis calldata genesis) external onlyBridgehub {
        ChainStorage storage self = chain();
        if (self.chainId != 0) revert ChainInitialized();
        if (genesis.admin == address(0)) revert AdminZero();
        RollupConfig.requireValid(genesis.config);
        self.chainId = uint64(genesis.config[RollupConfig.CHAIN_ID]);
        self.baseAsset = bytes32(genesis.config[RollupConfig.BASE_ASSET]);
        self.admin = genesis.admin;
        self.batches[0] = keccak256(abi.encode(StoredBatch(0, 0, genesis.commitment, 0, 0, 0, 0, 0, 0)));
        emit AdminChanged(genesis.admin);
        self.gasPrice = genesis.gasPrice;
        setConfig(genesis.config, 0);
        // The price is in its range now.
        if (self.gasPrice != genesis.gasPrice) {
            uint128 lowest = self.lowestBaseFee;
            revert GasPriceRange(genesis.gasPrice, lowest, lowest * GAS_PRICE_RANGE);
        }
    }

    /// @inheritdoc IRollupChain
    function scheduleUpgrade(uint256[22] calldata config, bytes calldata transaction) external onlyAdmin {
        ChainStorage storage self = chain();
        RollupConfig.requireValid(config);
        requireFixed(RollupConfig.CHAIN_ID, config[RollupConfig.CHAIN_ID], self.chainId);
        requireFixed(RollupConfig.BASE_ASSET, config[RollupConfig.BASE_ASSET], uint256(self.baseAsset));
        uint32 version = uint32(config[RollupConfig.PROTOCOL_VERSION]);
        if (version < self.protocolVersion) revert UpgradeVersion(version, self.protocolVersion);
        // Which code it is matters when the rules are put in force.
        // slither-disable-next-line unused-return
        if (version != self.protocolVersion) versions.implementationOf(version);
        bytes32 upgradeHash = 0;
        if (transaction.length != 0) {
            if (!UpgradeTransaction.isValid(transaction, config)) revert UpgradeEncoding();
            upgradeHash = keccak256(transaction);
        }
        uint64 readyAt = uint64(block.timestamp) + UPGRADE_DELAY;
        self.scheduled = ScheduledUpgrade({
            content: contentOf(config, upgradeHash),
            readyAt: readyAt,
            expiresAt: readyAt + UPGRADE_LIFE,
            transactionGasLimit: uint64(config[RollupConfig.TRANSACTION_GAS_LIMIT])
        });
        emit UpgradeScheduled(version, readyAt, readyAt + UPGRADE_LIFE, config, transaction);
    }

    /// @inheritdoc IRollupChain
    function cancelUpgrade() external onlyAdmin {
        ChainStorage storage self = chain();
        if (self.scheduled.content == 0) revert UpgradeNotScheduled(0);
        delete self.scheduled;
        emit UpgradeCancelled();
    }

    /// @inheritdoc IRollupChain
    function activateUpgrade(uint256[22] calldata config, bytes32 upgradeHash) external onlyAdmin {
        requireNoBatchWaits();
        ChainStorage storage self = chain();
        ScheduledUpgrade memory scheduled = self.scheduled;
        bytes32 content = contentOf(config, upgradeHash);
        if (scheduled.content != content) revert UpgradeNotScheduled(content);
        if (block.timestamp < scheduled.readyAt || block.timestamp > scheduled.expiresAt) {
            revert UpgradeTime(scheduled.readyAt, scheduled.expiresAt);
        }
        requireExits(scheduled.readyAt);
        delete self.scheduled;
        uint32 version = uint32(config[RollupConfig.PROTOCOL_VERSION]);
        if (version < self.protocolVersion) revert UpgradeVersion(version, self.protocolVersion);
        bool isNewVersion = version != self.protocolVersion;
        setConfig(config, upgradeHash);
        if (isNewVersion) ERC1967Utils.upgradeToAndCall(versions.usableImplementation(version), "");
    }

    /// @inheritdoc IRollupChain
    function requestGasLimit() public view returns (uint64) {
        ChainStorage storage self = chain();
        uint64 limit = self.transactionGasLimit;
        // What is asked for now may be executed under the rules that come.
        bool isScheduled = self.scheduled.content != 0 && block.timestamp <= self.scheduled.expiresAt;
        uint64 next = self.scheduled.transactionGasLimit;
        return isScheduled && next < limit ? next : limit;
    }

    /// @inheritdoc IRollupChain
    function chainId() external view returns (uint64) {
        return chain().chainId;
    }

    /// @inheritdoc IRollupChain
    function protocolVersion() external view returns (uint32) {
        return chain().protocolVersion;
    }

    /// @inheritdoc IRollupChain
    function configHash() external view returns (bytes32) {
        return chain().configHash;
    }

    /// @inheritdoc IRollupChain
    function baseAsset() external view returns (bytes32) {
        return chain().baseAsset;
    }

    /// @inheritdoc IRollupChain
    function pendingUpgrade() external view returns (bytes32 upgradeHash, uint64 batch) {
        return (chain().upgradeHash, chain().upgradeBatch);
    }

    /// @inheritdoc IRollupChain
    function scheduledUpgrade() external view returns (ScheduledUpgrade memory) {
        return chain().scheduled;
    }

    // Ranges of the words were checked. An upgrade transaction that no batch has executed is replaced: it may be one that fails.
    function setConfig(uint256[22] calldata config, bytes32 upgradeHash) private {
        ChainStorage storage self = chain();
        self.protocolVersion = uint32(config[RollupConfig.PROTOCOL_VERSION]);
        self.transactionGasLimit = uint64(config[RollupConfig.TRANSACTION_GAS_LIMIT]);
        self.lowestBaseFee = uint64(config[RollupConfig.LOWEST_BASE_FEE]);
        self.batchLogs = uint32(config[RollupConfig.BATCH_LOGS]);
        self.configHash = RollupConfig.hash(config);
        self.upgradeHash = upgradeHash;
        self.upgradeBatch = 0;
        emit ConfigChanged(self.protocolVersion, self.configHash, config, upgradeHash);
        uint128 lowest = self.lowestBaseFee;
        uint128 price = self.gasPrice;
        if (price < lowest) price = lowest;
        if (price > lowest * GAS_PRICE_RANGE) price = lowest * GAS_PRICE_RANGE;
        self.gasPrice = price;
        emit GasPriceChanged(price);
    }

    // Operations of the first seven days and of the time before are executed, or nobody was kept from executing them: a stranger's
    // proof becomes worthless only when operations, or the upgrade that is due, are executed before it. If none were, it may be that
    // the next operation cannot be proven, and that these rules are what mends it.
    function requireExits(uint64 readyAt) private view {
        PriorityQueue.Queue storage queue = chain().queue;
        uint64 deadline = queue.nextDeadline;
        bool isWaiting = deadline != 0 && deadline <= readyAt - SETTLE_TIME;
        if (isWaiting && queue.executedAt > readyAt - UPGRADE_DELAY) {
            revert UpgradeBeforeOperation(queue.executed, deadline);
        }
    }

    function requireFixed(uint256 word, uint256 value, uint256 expected) private pure {
        if (value != expected) revert ConfigFixed(word, value, expected);
    }

    function contentOf(uint256[22] calldata config, bytes32 upgradeHash) private pure returns (bytes32) {
        return keccak256(abi.encode(config, upgradeHash));
    }
}
