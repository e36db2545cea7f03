// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2Request} from "../interfaces/IBridgehub.sol";
import {IMessageRootWriter} from "../interfaces/IMessageRootWriter.sol";
import {IProtocolVersions} from "../interfaces/IProtocolVersions.sol";
import {IRollupChain} from "../interfaces/IRollupChain.sol";
import {ChainBase, ChainStorage} from "./ChainBase.sol";
import {ChainRoles} from "./ChainRoles.sol";
import {ChainSettlement} from "./ChainSettlement.sol";
import {ChainUpgrades} from "./ChainUpgrades.sol";
import {IncrementalTree} from "./libraries/IncrementalTree.sol";
import {Operations} from "./libraries/Operations.sol";
import {PriorityQueue} from "./libraries/PriorityQueue.sol";

/// @title Contract of a rollup chain
/// @notice Runs behind a `ChainProxy`; on its own it never begins. Which code runs follows from the protocol version.
contract RollupChain is ChainSettlement, ChainUpgrades {
    using PriorityQueue for PriorityQueue.Queue;

    // Until an operation is overdue.
    uint64 internal constant OPERATION_WINDOW = 3 days;

    constructor(address bridgehub_, IMessageRootWriter messageRoot_, IProtocolVersions versions_)
        ChainBase(bridgehub_, messageRoot_, versions_)
    {}

    /// @inheritdoc IRollupChain
    function request(L2Request calldata asked, address from, address refundRecipient)
        external
        onlyBridgehub
        returns (bytes32 operation)
    {
        ChainStorage storage self = chain();
        uint128 price = self.gasPrice;
        Operations.requireExecutable(asked, requestGasLimit(), price);
        uint256 total = uint256(self.minted);
        // The mint alone may be up to 2^256 - 1.
        if (asked.mint > type(uint128).max - total) revert MintedTooMuch(asked.mint);
        self.minted = uint128(total + asked.mint);
        uint64 id = self.queue.count;
        uint64 deadline = uint64(block.timestamp) + OPERATION_WINDOW;
        bytes memory encoded = Operations.encode(
            asked, Operations.Context({id: id, from: from, refundRecipient: refundRecipient, gasPrice: price})
        );
        operation = keccak256(encoded);
        self.queue.push(operation, deadline);
        emit OperationRequested(id, operation, deadline, encoded);
    }

    /// @inheritdoc IRollupChain
    function queueRoot() external view returns (bytes32) {
        PriorityQueue.Queue storage queue = chain().queue;
        return IncrementalTree.root(queue.filled, queue.count);
    }

    /// @inheritdoc IRollupChain
    function minted() external view returns (uint128) {
        return chain().minted;
    }
}
