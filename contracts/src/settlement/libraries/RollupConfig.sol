// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The configuration of a rollup chain (specification 014): 22 words, their ranges and their hash.
library RollupConfig {
    /// @notice A word is not in its range.
    error ConfigRange(uint256 word, uint256 value, uint256 lowest, uint256 highest);

    uint256 internal constant WORDS = 22;

    uint256 internal constant VERSION = 0;
    uint256 internal constant CHAIN_ID = 1;
    uint256 internal constant PROTOCOL_VERSION = 2;
    uint256 internal constant EVM_RULES = 3;
    uint256 internal constant SYSTEM_CALLS = 4;
    uint256 internal constant DATA_AVAILABILITY = 5;
    uint256 internal constant BASE_ASSET = 6;
    uint256 internal constant FEE_MODE = 7;
    uint256 internal constant FILTER_ROOT = 8;
    uint256 internal constant INTEROPERABILITY = 9;
    uint256 internal constant BLOCK_GAS_LIMIT = 10;
    uint256 internal constant TRANSACTION_GAS_LIMIT = 11;
    uint256 internal constant GAS_TARGET = 12;
    uint256 internal constant LOWEST_BASE_FEE = 13;
    uint256 internal constant BASE_FEE_DOUBLING = 14;
    uint256 internal constant TRANSACTION_PROVING_COST = 15;
    uint256 internal constant BATCH_PROVING_COST = 16;
    uint256 internal constant TRANSACTION_PUBDATA = 17;
    uint256 internal constant BATCH_PUBDATA = 18;
    uint256 internal constant TRANSACTION_LOGS = 19;
    uint256 internal constant BATCH_LOGS = 20;
    uint256 internal constant RESERVED = 21;

    // Bytes of a stream in six blobs, less the four of its length.
    uint256 private constant PUBDATA_MAX = 6 * 126_976 - 4;
    // For what no transaction is counted for.
    uint256 internal constant PUBDATA_HEAD = 512;
    // Proving cost of that.
    uint256 private constant UNCOUNTED_COST = 2 ** 26;
    // Leaves something for the call of an operation with the most data.
    uint256 private constant TRANSACTION_COST_MIN = 2 ** 23;
    // An operation's status, and one message.
    uint256 private constant LOGS_MIN = 2;
    // Leaves of a batch's tree of logs.
    uint256 private constant LOGS_MAX = 16_384;

    /// @notice Keccak-256 of the words.
    function hash(uint256[22] memory words) internal pure returns (bytes32) {
        return keccak256(abi.encode(words));
    }

    /// @notice Reverts if a word is out of its range.
    function requireValid(uint256[22] memory words) internal pure {
        range(words, VERSION, 2, 2);
        range(words, CHAIN_ID, 1, 2 ** 48 - 1);
        range(words, PROTOCOL_VERSION, 1, type(uint32).max);
        range(words, EVM_RULES, 1, 1);
        range(words, SYSTEM_CALLS, 0, 1);
        range(words, DATA_AVAILABILITY, 0, 0);
        range(words, BASE_ASSET, 1, type(uint256).max);
        range(words, FEE_MODE, 0, 0);
        range(words, FILTER_ROOT, 0, 0);
        range(words, INTEROPERABILITY, 0, 0);
        range(words, BLOCK_GAS_LIMIT, 2 ** 24, 2 ** 40);
        range(words, TRANSACTION_GAS_LIMIT, 2 ** 21, 2 ** 24);
        range(words, GAS_TARGET, 1, 2 ** 40);
        range(words, LOWEST_BASE_FEE, 1, 2 ** 36);
        // The block's gas limit is below 2^40 + 1: no overflow.
        range(words, BASE_FEE_DOUBLING, 8 * words[BLOCK_GAS_LIMIT], 2 ** 50);
        range(words, BATCH_PROVING_COST, TRANSACTION_COST_MIN + UNCOUNTED_COST, 2 ** 40);
        range(words, TRANSACTION_PROVING_COST, TRANSACTION_COST_MIN, words[BATCH_PROVING_COST] - UNCOUNTED_COST);
        range(words, BATCH_PUBDATA, 2 ** 12 + PUBDATA_HEAD, PUBDATA_MAX);
        range(words, TRANSACTION_PUBDATA, 2 ** 12, words[BATCH_PUBDATA] - PUBDATA_HEAD);
        range(words, BATCH_LOGS, LOGS_MIN, LOGS_MAX);
        range(words, TRANSACTION_LOGS, LOGS_MIN, words[BATCH_LOGS]);
        range(words, RESERVED, 0, 0);
    }

    function range(uint256[22] memory words, uint256 word, uint256 lowest, uint256 highest) private pure {
        uint256 value = words[word];
        if (value < lowest || value > highest) revert ConfigRange(word, value, lowest, highest);
    }
}
