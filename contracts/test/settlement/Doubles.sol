// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "../../src/IVerifier.sol";
import {IBridgehub, L2Request} from "../../src/interfaces/IBridgehub.sol";
import {JoinedTree} from "../../src/libraries/JoinedStatements.sol";
import {ETHER} from "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";

/// Accepts exactly what it was told to accept.
contract VerifierDouble is IVerifier {
    error Refused();

    mapping(bytes32 => bool) private accepted;

    function accept(Statement[] memory statements, bytes memory proof) external {
        accepted[keccak256(abi.encode(statements, proof))] = true;
    }

    function acceptTree(bytes32 root, uint256 count, bytes32 statementsRoot, bytes memory proof) external {
        accepted[keccak256(abi.encode(root, count, statementsRoot, proof))] = true;
    }

    function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view {
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(programKey, publicOutput);
        if (!accepted[keccak256(abi.encode(statements, proof))]) revert Refused();
    }

    function verifyAll(Statement[] calldata statements, bytes calldata proof) external view {
        if (!accepted[keccak256(abi.encode(statements, proof))]) revert Refused();
    }

    function verifyJoined(bytes32 root, uint256 count, bytes32 statementsRoot, bytes calldata proof) external view {
        if (!accepted[keccak256(abi.encode(root, count, statementsRoot, proof))]) revert Refused();
    }

    function joiner() external pure returns (bytes32) {
        return 0;
    }

    function machineVersion() external pure returns (uint256) {
        return 0;
    }

    function circuits() external pure returns (bytes32) {
        return 0;
    }

    function lastCircuit() external pure returns (bytes32) {
        return 0;
    }
}

/// Part of the registry that tests fill.
interface ISubmit {
    function submit(Statement[] calldata statements, bytes calldata proof) external;
    function submitJoined(JoinedTree calldata tree, bytes32 statementsRoot, bytes calldata proof) external;
}

/// Keeps what it is paid, and calls whom a test names while it collects.
contract RouterDouble {
    IBridgehub public bridgehub;
    mapping(bytes32 assetId => address) private tokens;
    mapping(uint256 chainId => uint256) public collected;
    address public lastPayer;
    address private callee;
    bytes private call;

    function setBridgehub(IBridgehub bridgehub_) external {
        bridgehub = bridgehub_;
    }

    function register(bytes32 assetId, address token) external {
        tokens[assetId] = token;
    }

    // It is the vault too.
    function vault() external view returns (address) {
        return address(this);
    }

    function tokenOf(bytes32 assetId) external view returns (address) {
        return assetId == Assets.idOf(block.chainid, ETHER) ? ETHER : tokens[assetId];
    }

    function callWhileCollecting(address callee_, bytes memory call_) external {
        callee = callee_;
        call = call_;
    }

    function collectMint(uint256 chainId, address payer, uint256 amount) external payable {
        require(msg.sender == address(bridgehub));
        if (callee != address(0)) {
            (bool success, bytes memory reason) = callee.call(call);
            if (!success) {
                assembly {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
        collected[chainId] += amount;
        lastPayer = payer;
    }

    function requestPaid(L2Request calldata request) external returns (bytes32) {
        return bridgehub.requestPaid(request);
    }
}

/// A token that says how many decimals it has.
contract DecimalsDouble {
    uint8 public immutable decimals;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }
}

/// A queue as plain lists, and trees made of them by definition.
contract QueueModel {
    bytes32[] public hashes;
    uint64[] public deadlines;

    function push(bytes32 hash, uint64 deadline) external {
        hashes.push(hash);
        deadlines.push(deadline);
    }

    function count() external view returns (uint256) {
        return hashes.length;
    }

    function empty(uint256 level) public pure returns (bytes32 node) {
        for (; level > 0; --level) {
            node = keccak256(bytes.concat(bytes1(0x01), node, node));
        }
    }

    /// Node at a place of a level of the tree of the first `size` leaves.
    function nodeOf(uint256 level, uint256 place, uint256 size) public view returns (bytes32) {
        if (place << level >= size) return empty(level);
        if (level == 0) return keccak256(bytes.concat(bytes1(0x00), hashes[place], bytes8(deadlines[place])));
        return keccak256(
            bytes.concat(bytes1(0x01), nodeOf(level - 1, 2 * place, size), nodeOf(level - 1, 2 * place + 1, size))
        );
    }

    function root(uint256 size) external view returns (bytes32) {
        return nodeOf(32, 0, size);
    }

    function list(uint256 first, uint256 size) public view returns (bytes32[] memory found, uint64[] memory times) {
        found = new bytes32[](size);
        times = new uint64[](size);
        for (uint256 i = 0; i < size; ++i) {
            found[i] = hashes[first + i];
            times[i] = deadlines[first + i];
        }
    }

    /// Siblings of the range first..last in the tree of `size` leaves: all that are not of a tree of missing leaves.
    function siblings(uint256 first, uint256 last, uint256 size)
        external
        view
        returns (bytes32[] memory left, bytes32[] memory right)
    {
        bytes32[32] memory lefts;
        bytes32[32] memory rights;
        uint256 leftCount = 0;
        uint256 rightCount = 0;
        uint256 rightUsed = 0;
        for (uint256 level = 0; level < 32; ++level) {
            if ((first >> level) % 2 == 1) lefts[leftCount++] = nodeOf(level, (first >> level) - 1, size);
            if ((last >> level) % 2 == 0) {
                rights[rightCount++] = nodeOf(level, (last >> level) + 1, size);
                if (((last >> level) + 1) << level < size) rightUsed = rightCount;
            }
        }
        left = new bytes32[](leftCount);
        right = new bytes32[](rightUsed);
        for (uint256 i = 0; i < leftCount; ++i) {
            left[i] = lefts[i];
        }
        for (uint256 i = 0; i < rightUsed; ++i) {
            right[i] = rights[i];
        }
    }

    /// Keccak-256 over the operations, by definition.
    function rollingHash(uint256 first, uint256 size) external view returns (bytes32 result) {
        result = keccak256("");
        for (uint256 i = 0; i < size; ++i) {
            result = keccak256(bytes.concat(result, hashes[first + i]));
        }
    }
}
