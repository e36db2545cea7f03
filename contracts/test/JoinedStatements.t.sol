// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Statement} from "../src/IVerifier.sol";
import {IVerifiedStatements, Statements, VerifiedStatements} from "../src/VerifiedStatements.sol";
import {JoinedPlace, JoinedStatements, JoinedTree} from "../src/libraries/JoinedStatements.sol";
import {Oracle} from "./VerifiedStatements.t.sol";

/// A tree of the vectors of specification 013.
struct Vector {
    Statement[] statements;
    JoinedTree tree;
    bytes32 statementsRoot;
    bytes32[][] paths;
}

abstract contract Vectors is Test {
    string json;
    uint256 trees;

    function setUp() public virtual {
        json = vm.readFile("../specs/vectors/joiner.json");
        while (vm.keyExistsJson(json, key(trees, ""))) ++trees;
    }

    function key(uint256 tree, string memory rest) internal pure returns (string memory) {
        return string.concat(".trees[", vm.toString(tree), "]", rest);
    }

    function statement(uint256 i) internal view returns (Statement memory) {
        string memory place = string.concat(".statements[", vm.toString(i), "]");
        return Statement(
            vm.parseJsonBytes32(json, string.concat(place, ".programKey")),
            vm.parseJsonBytes32(json, string.concat(place, ".publicOutput"))
        );
    }

    function load(uint256 tree) internal view returns (Vector memory vector) {
        uint256 count = vm.parseJsonUint(json, key(tree, ".count"));
        vector.tree = JoinedTree(vm.parseJsonBytes32(json, key(tree, ".root")), count);
        vector.statementsRoot = vm.parseJsonBytes32(json, key(tree, ".statementsRoot"));
        vector.statements = new Statement[](count);
        vector.paths = new bytes32[][](count);
        for (uint256 i = 0; i < count; ++i) {
            vector.statements[i] = statement(i);
            string memory path = string.concat(".paths[", vm.toString(i), "]");
            vector.paths[i] = vm.parseJsonBytes32Array(json, key(tree, path));
        }
    }
}

contract JoinedStatementsTest is Vectors {
    function test_outputHash_isThatOfTheVectors() public view {
        assertGt(trees, 10);
        for (uint256 i = 0; i < trees; ++i) {
            Vector memory vector = load(i);
            bytes32 hash = JoinedStatements.outputHash(vector.tree.root, vector.tree.count, vector.statementsRoot);
            assertEq(hash, vm.parseJsonBytes32(json, key(i, ".outputHash")));
            assertEq(hash, keccak256(vm.parseJsonBytes(json, key(i, ".output"))));
        }
    }

    function refused(Vector memory vector, uint256 i, uint256 index, bytes32[] memory path) internal pure {
        assertFalse(JoinedStatements.includes(vector.tree, vector.statements[i], JoinedPlace(index, path)));
    }

    function longer(bytes32[] memory path, bytes32 last) internal pure returns (bytes32[] memory longerPath) {
        longerPath = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longerPath[i] = path[i];
        }
        longerPath[path.length] = last;
    }

    function without(bytes32[] memory path, uint256 left) internal pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i < left ? i : i + 1];
        }
    }

    function test_includes_everyStatementAtItsPlaceAndAtNoOther() public view {
        for (uint256 t = 0; t < trees; ++t) {
            Vector memory vector = load(t);
            uint256 count = vector.tree.count;
            for (uint256 i = 0; i < count; ++i) {
                bytes32[] memory path = vector.paths[i];
                assertTrue(JoinedStatements.includes(vector.tree, vector.statements[i], JoinedPlace(i, path)));
                for (uint256 index = 0; index < 2 * count + 2; ++index) {
                    if (index != i) refused(vector, i, index, path);
                }
                refused(vector, i, type(uint256).max, path);
                // Another statement of the tree.
                if (count > 1) refused(vector, (i + 1) % count, i, path);
            }
        }
    }

    function test_includes_refusesPathsThatAreTooShortOrTooLongOrChanged() public view {
        for (uint256 t = 0; t < trees; ++t) {
            Vector memory vector = load(t);
            for (uint256 i = 0; i < vector.tree.count; ++i) {
                bytes32[] memory path = vector.paths[i];
                refused(vector, i, i, longer(path, 0));
                refused(vector, i, i, longer(path, vector.tree.root));
                for (uint256 k = 0; k < path.length; ++k) {
                    refused(vector, i, i, without(path, k));
                    path[k] ^= bytes32(uint256(1) << (k % 256));
                    refused(vector, i, i, path);
                    path[k] ^= bytes32(uint256(1) << (k % 256));
                }
            }
        }
    }

    function test_includes_refusesAnotherRootOrNone() public view {
        for (uint256 t = 0; t < trees; ++t) {
            Vector memory vector = load(t);
            bytes32 root = vector.tree.root;
            for (uint256 i = 0; i < vector.tree.count; ++i) {
                vector.tree.root = root ^ bytes32(uint256(1));
                refused(vector, i, i, vector.paths[i]);
                vector.tree.root = 0;
                refused(vector, i, i, vector.paths[i]);
                // That of another tree, with the path there.
                Vector memory other = load((t + 1) % trees);
                vector.tree.root = other.tree.root;
                refused(vector, i, i, vector.paths[i]);
            }
        }
    }

    /// Five statements; the last is alone on its side.
    function test_includes_refusesAnotherCount() public view {
        Vector memory vector = load(4);
        assertEq(vector.tree.count, 5);
        uint256[9] memory others = [uint256(0), 1, 4, 6, 7, 8, 9, 16, type(uint256).max];
        for (uint256 i = 0; i < others.length; ++i) {
            vector.tree.count = others[i];
            refused(vector, 4, 4, vector.paths[4]);
        }
    }

    function testFuzz_includes_refusesAnotherStatement(bytes32 key_, bytes32 output, uint256 seed) public view {
        Vector memory vector = load(seed % trees);
        uint256 i = (seed >> 128) % vector.tree.count;
        vector.statements[i] = Statement(key_, output);
        refused(vector, i, i, vector.paths[i]);
    }

    /// Two nodes have as many bytes as a statement.
    function test_includes_refusesANodeForAStatement() public view {
        Vector memory vector = load(3);
        assertEq(vector.tree.count, 4);
        bytes32[4] memory leaves;
        for (uint256 i = 0; i < 4; ++i) {
            leaves[i] = JoinedStatements.leaf(vector.statements[i]);
        }
        bytes32 right = JoinedStatements.node(leaves[2], leaves[3]);
        assertEq(JoinedStatements.node(JoinedStatements.node(leaves[0], leaves[1]), right), vector.tree.root);
        bytes32[] memory path = new bytes32[](1);
        path[0] = right;
        vector.statements[0] = Statement(leaves[0], leaves[1]);
        refused(vector, 0, 0, path);
        vector.tree.count = 2;
        refused(vector, 0, 0, path);
        // The root itself.
        vector.tree.count = 1;
        vector.statements[0] = Statement(JoinedStatements.node(leaves[0], leaves[1]), right);
        refused(vector, 0, 0, new bytes32[](0));
    }
}

contract JoinedConsumer {
    function act(
        IVerifiedStatements registry,
        JoinedTree calldata tree,
        bytes32 key,
        bytes calldata output,
        JoinedPlace calldata place
    ) external view {
        Statements.requireJoinedOutput(registry, tree, key, output, place);
    }
}

contract VerifiedJoinedTest is Vectors {
    Oracle oracle = new Oracle();
    VerifiedStatements registry = new VerifiedStatements(oracle);
    JoinedConsumer consumer = new JoinedConsumer();

    function submit(Vector memory vector) internal {
        bytes memory proof = oracle.proofOfJoined(vector.tree.root, vector.tree.count, vector.statementsRoot);
        registry.submitJoined(vector.tree, vector.statementsRoot, proof);
    }

    function test_submitJoined_makesAllStatementsOfTheTreeVerifiedInIt() public {
        for (uint256 t = 0; t < trees; ++t) {
            Vector memory vector = load(t);
            assertFalse(registry.isJoined(vector.tree));
            assertFalse(registry.isVerifiedIn(vector.tree, vector.statements[0], JoinedPlace(0, vector.paths[0])));
            vm.expectEmit(address(registry));
            emit IVerifiedStatements.JoinedVerified(vector.tree.root, vector.tree.count);
            submit(vector);
            assertTrue(registry.isJoined(vector.tree));
            for (uint256 i = 0; i < vector.tree.count; ++i) {
                JoinedPlace memory place = JoinedPlace(i, vector.paths[i]);
                assertTrue(registry.isVerifiedIn(vector.tree, vector.statements[i], place));
                // On its own it was not submitted.
                assertFalse(registry.isVerified(vector.statements[i].programKey, vector.statements[i].publicOutput));
            }
            // Again is no harm.
            submit(vector);
        }
    }

    function test_submitJoined_refusesWhatTheVerifierRefuses() public {
        Vector memory vector = load(5);
        JoinedTree memory tree = vector.tree;
        bytes memory proof = oracle.proofOfJoined(tree.root, tree.count, vector.statementsRoot);
        vm.expectRevert(Oracle.Refused.selector);
        registry.submitJoined(tree, vector.statementsRoot ^ bytes32(uint256(1)), proof);
        vm.expectRevert(Oracle.Refused.selector);
        registry.submitJoined(JoinedTree(tree.root, tree.count + 1), vector.statementsRoot, proof);
        vm.expectRevert(Oracle.Refused.selector);
        registry.submitJoined(JoinedTree(~tree.root, tree.count), vector.statementsRoot, proof);
        assertFalse(registry.isJoined(tree));
    }

    function test_isVerifiedIn_refusesATreeThatWasNotVerified() public {
        Vector memory vector = load(5);
        Vector memory other = load(6);
        submit(other);
        JoinedPlace memory place = JoinedPlace(0, vector.paths[0]);
        assertFalse(registry.isVerifiedIn(vector.tree, vector.statements[0], place));
        // The root that was verified with another count, and a path of another tree.
        assertFalse(registry.isJoined(JoinedTree(other.tree.root, vector.tree.count)));
        assertFalse(registry.isVerifiedIn(other.tree, vector.statements[0], place));
        assertTrue(registry.isVerifiedIn(other.tree, other.statements[0], JoinedPlace(0, other.paths[0])));
        assertFalse(registry.isVerifiedIn(other.tree, other.statements[0], JoinedPlace(1, other.paths[0])));
    }

    function test_consumersWantTheOutputItselfAndItsPlace() public {
        // The outputs of the vectors are "output 0" and so on.
        Vector memory vector = load(8);
        Statement memory second = vector.statements[1];
        JoinedPlace memory place = JoinedPlace(1, vector.paths[1]);
        bytes4 notVerified = Statements.JoinedNotVerified.selector;
        vm.expectRevert(abi.encodeWithSelector(notVerified, vector.tree.root, vector.tree.count));
        consumer.act(registry, vector.tree, second.programKey, "output 1", place);
        submit(vector);
        consumer.act(registry, vector.tree, second.programKey, "output 1", place);

        bytes4 notJoined = Statements.StatementNotJoined.selector;
        vm.expectRevert(abi.encodeWithSelector(notJoined, second.programKey, keccak256("output 2")));
        consumer.act(registry, vector.tree, second.programKey, "output 2", place);
        vm.expectRevert(abi.encodeWithSelector(notJoined, second.programKey, keccak256("output 1")));
        consumer.act(registry, vector.tree, second.programKey, "output 1", JoinedPlace(2, place.path));
        vm.expectRevert(abi.encodeWithSelector(notJoined, ~second.programKey, keccak256("output 1")));
        consumer.act(registry, vector.tree, ~second.programKey, "output 1", place);
        JoinedTree memory other = JoinedTree(vector.tree.root, vector.tree.count + 1);
        vm.expectRevert(abi.encodeWithSelector(notVerified, other.root, other.count));
        consumer.act(registry, other, second.programKey, "output 1", place);
    }
}
