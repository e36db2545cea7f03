// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IVerifier, Statement} from "../src/IVerifier.sol";
import {IVerifiedStatements, Statements, VerifiedStatements} from "../src/VerifiedStatements.sol";

/// Takes the hash of the statements for their proof.
contract Oracle is IVerifier {
    error Refused();

    function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external pure {
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(programKey, publicOutput);
        check(statements, proof);
    }

    function verifyAll(Statement[] calldata statements, bytes calldata proof) external pure {
        check(statements, proof);
    }

    function check(Statement[] memory statements, bytes calldata proof) private pure {
        if (keccak256(proof) != keccak256(proofOf(statements))) revert Refused();
    }

    function proofOf(Statement[] memory statements) public pure returns (bytes memory) {
        return abi.encode(keccak256(abi.encode(statements)));
    }

    function verifyJoined(bytes32 root, uint256 count, bytes32 statementsRoot, bytes calldata proof) external pure {
        if (keccak256(proof) != keccak256(proofOfJoined(root, count, statementsRoot))) revert Refused();
    }

    function proofOfJoined(bytes32 root, uint256 count, bytes32 statementsRoot) public pure returns (bytes memory) {
        return abi.encode(root, count, statementsRoot);
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

contract Consumer {
    function act(IVerifiedStatements registry, bytes32 key, bytes calldata output) external view {
        Statements.requireOutput(registry, key, output);
    }
}

contract VerifiedStatementsTest is Test {
    Oracle oracle = new Oracle();
    VerifiedStatements registry = new VerifiedStatements(oracle);
    Consumer consumer = new Consumer();

    function list(uint256 seed, uint256 count) internal pure returns (Statement[] memory statements) {
        statements = new Statement[](count);
        for (uint256 i = 0; i < count; ++i) {
            statements[i] = Statement(keccak256(abi.encode(seed, i)), keccak256(abi.encode(seed, i, "output")));
        }
    }

    function test_verifier() public view {
        assertEq(address(registry.verifier()), address(oracle));
    }

    function testFuzz_submit_remembersEveryStatement(uint256 seed, uint256 count) public {
        Statement[] memory statements = list(seed, bound(count, 1, 16));
        for (uint256 i = 0; i < statements.length; ++i) {
            assertFalse(registry.isVerified(statements[i].programKey, statements[i].publicOutput));
            vm.expectEmit(address(registry));
            emit IVerifiedStatements.StatementVerified(statements[i].programKey, statements[i].publicOutput);
        }
        registry.submit(statements, oracle.proofOf(statements));
        for (uint256 i = 0; i < statements.length; ++i) {
            assertTrue(registry.isVerified(statements[i].programKey, statements[i].publicOutput));
            // The pair is what counts.
            assertFalse(registry.isVerified(statements[i].publicOutput, statements[i].programKey));
            bytes32 other = statements[(i + 1) % statements.length].publicOutput;
            assertEq(registry.isVerified(statements[i].programKey, other), statements.length == 1);
        }
        // Again is no harm.
        registry.submit(statements, oracle.proofOf(statements));
    }

    function test_submit_refusesWhatTheVerifierRefuses() public {
        Statement[] memory statements = list(1, 3);
        bytes memory proof = oracle.proofOf(statements);
        statements[2].publicOutput ^= bytes32(uint256(1));
        vm.expectRevert(Oracle.Refused.selector);
        registry.submit(statements, proof);
        assertFalse(registry.isVerified(statements[0].programKey, statements[0].publicOutput));
    }

    function test_consumersWantTheOutputItself() public {
        Statement[] memory statements = new Statement[](1);
        bytes32 key = bytes32(uint256(5));
        statements[0] = Statement(key, keccak256("output"));
        bytes memory error =
            abi.encodeWithSelector(Statements.StatementNotVerified.selector, key, statements[0].publicOutput);
        vm.expectRevert(error);
        consumer.act(registry, key, "output");
        registry.submit(statements, oracle.proofOf(statements));
        consumer.act(registry, key, "output");
        vm.expectRevert();
        consumer.act(registry, key, "outpuu");
    }
}

/// Submits proofs, good and bad.
contract Submitter is Test {
    Oracle oracle;
    VerifiedStatements registry;
    Statement[] public good;
    Statement[] public bad;

    constructor(Oracle oracle_, VerifiedStatements registry_) {
        (oracle, registry) = (oracle_, registry_);
    }

    function submit(uint8 seed, uint8 count, bool isForged) external {
        Statement[] memory statements = new Statement[](uint256(count) % 16 + 1);
        for (uint256 i = 0; i < statements.length; ++i) {
            // The same ones again now and then; forged ones have a mark.
            statements[i] = Statement(bytes32(uint256(seed)), bytes32(i << 1 | (isForged ? 1 : 0)));
            isForged ? bad.push(statements[i]) : good.push(statements[i]);
        }
        bytes memory proof = oracle.proofOf(statements);
        if (isForged) {
            proof[0] ^= 0x01;
            vm.expectRevert(Oracle.Refused.selector);
        }
        registry.submit(statements, proof);
    }

    function counts() external view returns (uint256, uint256) {
        return (good.length, bad.length);
    }
}

contract VerifiedStatementsInvariants is Test {
    Oracle oracle = new Oracle();
    VerifiedStatements registry = new VerifiedStatements(oracle);
    Submitter submitter;

    function setUp() public {
        submitter = new Submitter(oracle, registry);
        targetContract(address(submitter));
    }

    /// What was proven stays verified, and nothing else is.
    function invariant_verifiedIsWhatWasProven() public view {
        (uint256 good, uint256 bad) = submitter.counts();
        for (uint256 i = 0; i < good; ++i) {
            (bytes32 key, bytes32 output) = submitter.good(i);
            assertTrue(registry.isVerified(key, output));
        }
        for (uint256 i = 0; i < bad; ++i) {
            (bytes32 key, bytes32 output) = submitter.bad(i);
            assertFalse(registry.isVerified(key, output));
        }
    }
}
