// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAssetRouter} from "../../src/interfaces/IAssetRouter.sol";
import {IBridgehub, L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IMessageRoot, L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";

/// A priority operation (specification 016), as the registry's double emits it.
struct Operation {
    uint256 chainId;
    uint64 id;
    address from;
    address to;
    uint256 value;
    uint256 mint;
    uint64 gasLimit;
    uint128 gasPrice;
    address refundRecipient;
    bytes data;
}

/// The registry of chains as far as the bridge needs it: chains have a base token, and number their operations.
contract HubDouble is IBridgehub {
    event OperationRequested(uint256 indexed chainId, bytes32 indexed hash, Operation operation);

    uint128 public constant GAS_PRICE = 1 gwei;

    IAssetRouter public router;
    mapping(uint256 => bytes32) public baseAssetOf;
    mapping(uint256 => uint64) public operations;
    // What `requestPaid` answers instead, if it is set: for a registry that goes wrong.
    bytes32 public forcedHash;

    function setRouter(IAssetRouter router_) external {
        router = router_;
    }

    function setChain(uint256 chainId, bytes32 baseAssetId) external {
        baseAssetOf[chainId] = baseAssetId;
    }

    function forceHash(bytes32 hash) external {
        forcedHash = hash;
    }

    function chainOf(uint256 chainId) external view returns (address) {
        return baseAssetOf[chainId] == 0 ? address(0) : address(uint160(chainId));
    }

    function requestL2Transaction(L2Request calldata request) external payable returns (bytes32) {
        router.collectMint{value: msg.value}(request.chainId, msg.sender, request.mint);
        return push(Aliasing.ofCaller(msg.sender), request);
    }

    function requestPaid(L2Request calldata request) external returns (bytes32) {
        if (msg.sender != address(router)) revert CallerNotRouter(msg.sender);
        if (forcedHash != 0) return forcedHash;
        return push(Aliasing.aliased(msg.sender), request);
    }

    function push(address from, L2Request calldata request) private returns (bytes32 hash) {
        require(request.mint >= uint256(request.gasLimit) * GAS_PRICE, "mint");
        address refund = request.refundRecipient == address(0) ? from : Aliasing.ofAccount(request.refundRecipient);
        Operation memory operation = Operation({
            chainId: request.chainId,
            id: operations[request.chainId]++,
            from: from,
            to: request.to,
            value: request.value,
            mint: request.mint,
            gasLimit: request.gasLimit,
            gasPrice: GAS_PRICE,
            refundRecipient: refund,
            data: request.data
        });
        hash = hashOf(operation);
        emit OperationRequested(request.chainId, hash, operation);
    }

    function hashOf(Operation memory o) public pure returns (bytes32) {
        bytes memory words = abi.encode(
            o.chainId, o.id, o.from, o.to, o.value, o.mint, o.gasLimit, o.gasPrice, o.refundRecipient, o.data.length
        );
        return keccak256(abi.encodePacked(bytes1(0x7f), words, o.data));
    }
}

/// The message root: specification 017, with roots that the test sets.
contract MessageRootDouble is IMessageRoot {
    mapping(uint256 => mapping(uint64 => bytes32)) public batchRoot;

    function setRoot(uint256 chainId, uint64 batch, bytes32 root) external {
        batchRoot[chainId][batch] = root;
    }

    function requireLog(L2LogProof calldata proof, L2Log calldata log) external view {
        bytes32 root = batchRoot[proof.chainId][proof.batch];
        if (proof.batch == 0 || root == 0) revert BatchNotExecuted(proof.chainId, proof.batch);
        if (proof.siblings.length != 17 || proof.index >= 1 << 14) revert LogProofForm();
        bytes32 node = LogTree.leaf(log);
        if (node == LogTree.PADDING) revert LogNotIncluded();
        for (uint256 i = 0; i < 17; ++i) {
            bytes32 sibling = proof.siblings[i];
            node = i < 14 && (proof.index >> i) & 1 == 1
                ? keccak256(abi.encode(sibling, node))
                : keccak256(abi.encode(node, sibling));
        }
        if (node != root) revert LogNotIncluded();
    }
}

/// The trees of a batch (specification 017), written as plainly as they can be.
library LogTree {
    bytes32 internal constant PADDING = 0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba;

    function leaf(L2Log memory log) internal pure returns (bytes32) {
        return
            keccak256(abi.encodePacked(uint8(0), log.isService, log.transactionIndex, log.sender, log.key, log.value));
    }

    /// Root of the batch, and the siblings of a log in it.
    function prove(L2Log[] memory logs, uint256 index) internal pure returns (bytes32 root, bytes32[] memory siblings) {
        siblings = new bytes32[](17);
        bytes32[] memory level = new bytes32[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            level[i] = leaf(logs[i]);
        }
        bytes32 missing = PADDING;
        for (uint256 depth = 0; depth < 14; ++depth) {
            uint256 place = (index >> depth) ^ 1;
            siblings[depth] = place < level.length ? level[place] : missing;
            level = above(level, missing);
            missing = keccak256(abi.encode(missing, missing));
        }
        root = level.length == 0 ? missing : level[0];
        bytes32 zeros;
        for (uint256 depth = 14; depth < 17; ++depth) {
            siblings[depth] = zeros;
            root = keccak256(abi.encode(root, zeros));
            zeros = keccak256(abi.encode(zeros, zeros));
        }
    }

    function above(bytes32[] memory level, bytes32 missing) private pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < nodes.length; ++i) {
            bytes32 right = 2 * i + 1 < level.length ? level[2 * i + 1] : missing;
            nodes[i] = keccak256(abi.encode(level[2 * i], right));
        }
    }
}
