// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FinalVerifier} from "../src/FinalVerifier.sol";
import {IVerifier, Statement} from "../src/IVerifier.sol";
import {Statements, VerifiedStatements} from "../src/VerifiedStatements.sol";
import {JoinedPlace, JoinedStatements, JoinedTree} from "../src/libraries/JoinedStatements.sol";
import {JoinerKey} from "../src/generated/JoinerKey.sol";

/// A final proof of a tree of real runs. `test/fixtures/joined.json` is what the test `runs_become_a_tree_in_a_final_proof` of
/// the prover writes where `ASHLAR_JOINED_PROOF` says.
contract JoinedFinalTest is Test {
    FinalVerifier verifier = new FinalVerifier();
    VerifiedStatements registry = new VerifiedStatements(verifier);

    string json;
    JoinedTree tree;
    bytes32 statementsRoot;
    bytes proof;

    function setUp() public {
        json = vm.readFile("test/fixtures/joined.json");
        bytes memory lastCircuit = vm.parseJsonBytes(json, ".lastCircuit");
        assertEq(bytes32(bytes26(lastCircuit)), verifier.lastCircuit(), "the proof is of another version");
        tree = JoinedTree(vm.parseJsonBytes32(json, ".root"), vm.parseJsonUint(json, ".count"));
        statementsRoot = vm.parseJsonBytes32(json, ".statementsRoot");
        proof = vm.parseJsonBytes(json, ".proof");
    }

    function statement(uint256 i) internal view returns (bytes32 key, bytes memory output, JoinedPlace memory place) {
        string memory at = string.concat(".statements[", vm.toString(i), "]");
        key = vm.parseJsonBytes32(json, string.concat(at, ".programKey"));
        output = vm.parseJsonBytes(json, string.concat(at, ".output"));
        place = JoinedPlace(i, vm.parseJsonBytes32Array(json, string.concat(at, ".path")));
    }

    function refuses(bytes memory input) internal view {
        (bool ok,) = address(verifier).staticcall(input);
        assertFalse(ok);
    }

    function refuses(bytes32 root, uint256 count, bytes32 other) internal view {
        refuses(abi.encodeCall(IVerifier.verifyJoined, (root, count, other, proof)));
    }

    function test_verifyJoined_acceptsAProofOfATree() public {
        verifier.verifyJoined(tree.root, tree.count, statementsRoot, proof);
        vm.snapshotGasLastCall("verifyJoined");
    }

    function test_submitJoined_servesEveryConsumer() public {
        registry.submitJoined(tree, statementsRoot, proof);
        assertGt(tree.count, 2);
        for (uint256 i = 0; i < tree.count; ++i) {
            (bytes32 key, bytes memory output, JoinedPlace memory place) = statement(i);
            Statements.requireJoinedOutput(registry, tree, key, output, place);
            assertFalse(registry.isVerifiedIn(tree, Statement(key, keccak256("other")), place));
        }
    }

    function test_verifyJoined_refusesAnotherTree() public view {
        refuses(tree.root ^ bytes32(uint256(1)), tree.count, statementsRoot);
        refuses(tree.root, tree.count + 1, statementsRoot);
        refuses(tree.root, tree.count - 1, statementsRoot);
        refuses(tree.root, tree.count, statementsRoot ^ bytes32(uint256(1)));
        refuses(statementsRoot, tree.count, tree.root);
    }

    /// The joiner's output is proven, but not without the tree.
    function test_verify_refusesTheStatementsOfAJoinedProofOnTheirOwn() public view {
        bytes32 output = JoinedStatements.outputHash(tree.root, tree.count, statementsRoot);
        refuses(abi.encodeCall(IVerifier.verify, (JoinerKey.JOINER, output, proof)));
        Statement[] memory all = new Statement[](tree.count);
        for (uint256 i = 0; i < tree.count; ++i) {
            (bytes32 key, bytes memory bytes_,) = statement(i);
            all[i] = Statement(key, keccak256(bytes_));
            refuses(abi.encodeCall(IVerifier.verify, (all[i].programKey, all[i].publicOutput, proof)));
        }
        refuses(abi.encodeCall(IVerifier.verifyAll, (all, proof)));
    }

    function testFuzz_verifyJoined_refusesAChangedProof(uint256 place, uint8 bit) public {
        place = bound(place, 0, proof.length - 1);
        proof[place] ^= bytes1(uint8(1) << (bit % 8));
        refuses(tree.root, tree.count, statementsRoot);
    }
}
