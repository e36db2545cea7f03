// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FinalVerifier} from "../src/FinalVerifier.sol";
import {IVerifier, Statement} from "../src/IVerifier.sol";
import {VerifiedStatements, Statements, IVerifiedStatements} from "../src/VerifiedStatements.sol";
import {FinalShape} from "../src/generated/FinalShape.sol";
import {FinalProof} from "../src/libraries/FinalProof.sol";
import {Shape} from "../src/libraries/Shape.sol";

/// Proofs of real runs, which `cargo xtask final-proof` makes.
contract FinalProofTest is Test {
    FinalVerifier verifier = new FinalVerifier();

    // Of one run, and of two.
    bytes[2] proofs;
    Statement[] first;
    Statement[] second;
    bytes output;

    function setUp() public {
        string memory json = vm.readFile("test/fixtures/final.json");
        assertEq(vm.parseJsonBytes32(json, ".circuits"), verifier.circuits(), "run `cargo xtask final-proof`");
        proofs[0] = vm.parseJsonBytes(json, ".proofs[0].proof");
        proofs[1] = vm.parseJsonBytes(json, ".proofs[1].proof");
        output = vm.parseJsonBytes(json, ".proofs[0].statements[0].output");
        first.push(statement(json, ".proofs[0].statements[0]"));
        second.push(statement(json, ".proofs[1].statements[0]"));
        second.push(statement(json, ".proofs[1].statements[1]"));
    }

    function statement(string memory json, string memory path) internal pure returns (Statement memory) {
        return Statement(
            vm.parseJsonBytes32(json, string.concat(path, ".programKey")),
            vm.parseJsonBytes32(json, string.concat(path, ".publicOutput"))
        );
    }

    function refusesNonce(Statement[] memory statements, bytes memory proof) internal view {
        try verifier.verifyAll(statements, proof) {
            revert("accepted");
        } catch (bytes memory error) {
            assertEq(bytes4(error), FinalProof.ProofNonce.selector);
        }
    }

    // ---- Accepted ----

    function test_verify_acceptsAProofOfOneRun() public {
        verifier.verify(first[0].programKey, first[0].publicOutput, proofs[0]);
        vm.snapshotGasLastCall("verify");
        verifier.verifyAll(first, proofs[0]);
    }

    function test_verifyAll_acceptsAProofOfTwoRuns() public {
        verifier.verifyAll(second, proofs[1]);
        vm.snapshotGasLastCall("verifyAll of two statements");
    }

    function test_submit_remembersTheStatements() public {
        VerifiedStatements registry = new VerifiedStatements(verifier);
        registry.submit(first, proofs[0]);
        vm.snapshotGasLastCall("submit of one statement");
        Statements.requireOutput(registry, first[0].programKey, output);
        assertFalse(registry.isVerified(second[1].programKey, second[1].publicOutput));
        registry.submit(second, proofs[1]);
        assertTrue(registry.isVerified(second[1].programKey, second[1].publicOutput));
    }

    // ---- Other statements ----

    /// forge-config: default.fuzz.runs = 50
    function testFuzz_verify_refusesOtherOutputs(bytes32 other) public view {
        vm.assume(other != first[0].publicOutput);
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(first[0].programKey, other);
        refusesNonce(statements, proofs[0]);
    }

    function test_verifyAll_refusesAnotherOrderAndAnotherCount() public view {
        Statement[] memory statements = new Statement[](2);
        (statements[0], statements[1]) = (second[1], second[0]);
        refusesNonce(statements, proofs[1]);
        (statements[0], statements[1]) = (second[0], second[0]);
        refusesNonce(statements, proofs[1]);
        refusesNonce(first, proofs[1]);
        refusesNonce(second, proofs[0]);
    }

    // ---- Other bytes ----

    /// Where the parts of a proof end that have a fixed length: what is observed, rows and siblings.
    function places() internal pure returns (uint256 observed, uint256 siblings) {
        Shape memory shape = FinalShape.load();
        uint256 opened = 2 * shape.mainWidth + shape.quotientWidth + shape.fixedWidth + 2 * shape.auxWidth;
        observed = 4 + 3 * 26 + 4 * 4 + 16 + 16 * opened + 30 * shape.roundCount + 16 * shape.finalCoefficients;
        uint256 width = shape.mainWidth + shape.quotientWidth + shape.fixedWidth + shape.auxWidth;
        siblings = observed + 4 * width * shape.queries;
        for (uint256 round = 0; round < shape.roundCount; ++round) {
            siblings += 16 * ((1 << ((shape.rounds >> (8 * round)) & 0xff)) - 1) * shape.queries;
        }
    }

    function refuses(bytes memory proof) internal view returns (bytes4) {
        try verifier.verify(first[0].programKey, first[0].publicOutput, proof) {
            revert("accepted");
        } catch (bytes memory error) {
            return bytes4(error);
        }
    }

    /// forge-config: default.fuzz.runs = 50
    function testFuzz_verify_refusesOneOtherBit(uint256 place, uint256 bit) public view {
        bytes memory proof = proofs[0];
        place = bound(place, 0, proof.length - 1);
        proof[place] ^= bytes1(uint8(1 << (bit % 8)));
        (uint256 observed, uint256 siblings) = places();
        bytes4 error = refuses(proof);
        if (place >= siblings) {
            assertEq(error, FinalProof.ProofRoot.selector);
            return;
        }
        if (error == FinalProof.ProofNotCanonical.selector) return;
        if (place >= observed) {
            // Two queries may be in one group.
            bool twice = error == FinalProof.ProofTwoRows.selector;
            assertTrue(twice || error == FinalProof.ProofFinalPolynomial.selector);
        } else {
            assertEq(error, FinalProof.ProofNonce.selector);
        }
    }

    /// forge-config: default.fuzz.runs = 50
    function testFuzz_verify_refusesOtherLengths(uint256 length) public view {
        length = bound(length, 0, proofs[0].length + 100);
        vm.assume(length != proofs[0].length);
        // Zeros follow.
        bytes memory proof = bytes.concat(proofs[0], new bytes(100));
        assembly ("memory-safe") {
            mstore(proof, length)
        }
        assertEq(refuses(proof), FinalProof.ProofLength.selector);
    }
}
