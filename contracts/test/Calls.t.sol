// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FinalVerifier} from "../src/FinalVerifier.sol";
import {IVerifier, Statement} from "../src/IVerifier.sol";
import {IVerifiedStatements, VerifiedStatements} from "../src/VerifiedStatements.sol";
import {Oracle} from "./VerifiedStatements.t.sol";

/// Runs another contract's code as its own.
contract Delegator {
    function run(address target, bytes calldata input) external returns (bool ok, bytes memory data) {
        return target.delegatecall(input);
    }
}

/// Calldata that no compiler makes, and callers that one does not think of.
contract CallsTest is Test {
    FinalVerifier verifier = new FinalVerifier();
    bytes32 constant KEY = bytes32(uint256(7));
    bytes32 constant OUTPUT = bytes32(uint256(0x0a0b));

    /// A proof that is too short and gets as far as its first nonces, which one in so many transcripts may let pass, with padding.
    function proofBytes() internal pure returns (bytes memory) {
        return new bytes(100);
    }

    function ask(bytes memory input) internal view returns (bytes memory data) {
        bool ok;
        (ok, data) = address(verifier).staticcall(input);
        assertFalse(ok);
    }

    /// The calldata is well-formed: what is refused is the proof.
    function refusesTheProof(bytes memory input) internal view {
        bytes memory data = ask(input);
        assertGe(data.length, 4);
        assertNotEq(bytes4(data), IVerifier.ProofEncoding.selector);
    }

    /// The list is where a compiler puts it, also if all else fits another place: here in the first word of the arguments.
    function test_verifyAll_refusesAListElsewhere() public view {
        bytes memory input =
            abi.encodePacked(IVerifier.verifyAll.selector, uint256(0), uint256(0x60), uint256(0), uint256(0));
        assertEq(ask(input), abi.encodePacked(IVerifier.ProofEncoding.selector));
    }

    /// No bit of these words may be another one: the proof is not even looked at then.
    function refusesEveryFlip(bytes memory input, uint256 from, uint256 to) internal view {
        bytes memory encoding = abi.encodePacked(IVerifier.ProofEncoding.selector);
        for (uint256 i = 8 * from; i < 8 * to; ++i) {
            bytes1 bit = bytes1(uint8(1 << (i % 8)));
            input[i / 8] ^= bit;
            bytes memory data = ask(input);
            if (data.length != 0) assertEq(data, encoding);
            input[i / 8] ^= bit;
        }
    }

    function test_verify_everyBitOfPlaceLengthAndPaddingIsFixed() public view {
        bytes memory input = abi.encodeCall(IVerifier.verify, (KEY, OUTPUT, proofBytes()));
        refusesTheProof(input);
        // All but the last byte of the length: proofs of as many words are other proofs.
        refusesEveryFlip(input, 4 + 64, 4 + 127);
        refusesEveryFlip(input, 4 + 128 + 100, input.length);
    }

    function test_verifyAll_everyBitOfPlacesLengthsAndPaddingIsFixed() public view {
        Statement[] memory statements = new Statement[](2);
        (statements[0], statements[1]) = (Statement(KEY, OUTPUT), Statement(KEY, OUTPUT));
        bytes memory input = abi.encodeCall(IVerifier.verifyAll, (statements, proofBytes()));
        refusesTheProof(input);
        refusesEveryFlip(input, 4, 4 + 96);
        refusesEveryFlip(input, 4 + 96 + 128, 4 + 96 + 159);
        refusesEveryFlip(input, 4 + 96 + 160 + 100, input.length);
    }

    function test_verify_calldataThatIsCutOffIsRefused() public view {
        bytes memory input = abi.encodeCall(IVerifier.verify, (KEY, OUTPUT, proofBytes()));
        bytes memory encoding = abi.encodePacked(IVerifier.ProofEncoding.selector);
        for (uint256 length = 0; length < input.length; ++length) {
            bytes memory part = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                part[i] = input[i];
            }
            bytes memory data = ask(part);
            if (data.length != 0) assertEq(data, encoding);
        }
    }

    /// One proof and its statement are one call of either function.
    function test_bothFunctionsSayTheSameOfOneStatement() public view {
        Statement[] memory statements = new Statement[](1);
        statements[0] = Statement(KEY, OUTPUT);
        bytes memory one = ask(abi.encodeCall(IVerifier.verify, (KEY, OUTPUT, proofBytes())));
        assertEq(ask(abi.encodeCall(IVerifier.verifyAll, (statements, proofBytes()))), one);
    }

    /// The list of constraints is found in whatever account the code runs.
    function test_verify_saysTheSameInEveryContext() public {
        bytes memory input = abi.encodeCall(IVerifier.verify, (KEY, OUTPUT, proofBytes()));
        bytes memory expected = ask(input);
        (bool ok, bytes memory data) = new Delegator().run(address(verifier), input);
        assertFalse(ok);
        assertEq(data, expected);
        (ok, data) = address(verifier).call(input);
        assertFalse(ok);
        assertEq(data, expected);
        vm.deal(address(this), 1);
        (ok, data) = address(verifier).call{value: 1}(input);
        assertFalse(ok);
        assertEq(data.length, 0);
    }

    /// Statements are counted after they are read: that costs less than their calldata.
    function test_verifyAll_aLongListCostsLessThanItsCalldata() public {
        uint256 count = 10_000;
        bytes memory input = abi.encodeCall(IVerifier.verifyAll, (new Statement[](count), ""));
        uint256 gas = gasleft();
        (bool ok, bytes memory data) = address(verifier).call(input);
        gas -= gasleft();
        assertFalse(ok);
        assertEq(data, abi.encodeWithSelector(IVerifier.StatementCount.selector, count));
        assertLt(gas, 16 * input.length);
    }
}

/// Reverts with all that it is told.
contract Mirror {
    fallback() external {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            revert(free, calldatasize())
        }
    }
}

contract SubmissionsTest is Test {
    function list() internal pure returns (Statement[] memory statements) {
        statements = new Statement[](2);
        statements[0] = Statement(bytes32(uint256(11)), bytes32(uint256(12)));
        statements[1] = Statement(bytes32(uint256(13)), bytes32(uint256(14)));
    }

    function send(address registry, bytes memory input) internal returns (bytes memory data) {
        bool ok;
        (ok, data) = registry.call(input);
        assertFalse(ok);
    }

    /// Arguments in another order, apart, over each other, and bytes behind them: the verifier sees the statements that
    /// would be remembered, in the encoding of a compiler.
    function test_submit_theVerifierSeesTheStatementsThatAreRemembered() public {
        address registry = address(new VerifiedStatements(IVerifier(address(new Mirror()))));
        bytes4 selector = IVerifiedStatements.submit.selector;
        bytes memory proof = "a proof of forty bytes, more than a word.";
        bytes memory statements = abi.encode(uint256(2), uint256(11), uint256(12), uint256(13), uint256(14));
        bytes memory expected = abi.encodeCall(IVerifier.verifyAll, (list(), proof));
        bytes memory padded = abi.encodePacked(uint256(proof.length), proof, new bytes(64 - proof.length));
        assertEq(send(registry, abi.encodeCall(IVerifiedStatements.submit, (list(), proof))), expected);
        assertEq(send(registry, abi.encodePacked(selector, uint256(160), uint256(64), padded, statements)), expected);
        bytes memory apart =
            abi.encodePacked(selector, uint256(128), uint256(320), new bytes(64), statements, bytes32(0));
        assertEq(send(registry, abi.encodePacked(apart, padded, "and more")), expected);
        // The proof is the first statement, of 12 bytes by its length.
        proof = abi.encodePacked(uint96(0));
        expected = abi.encodeCall(IVerifier.verifyAll, (list(), proof));
        assertEq(send(registry, abi.encodePacked(selector, uint256(64), uint256(128), statements)), expected);
    }

    /// Statements that overlap their own proof are remembered as they were verified, and nothing else is.
    function test_submit_statementsBehindTheProof() public {
        Oracle oracle = new Oracle();
        VerifiedStatements registry = new VerifiedStatements(oracle);
        Statement[] memory statements = list();
        bytes memory proof = oracle.proofOf(statements);
        assertEq(proof.length, 32);
        bytes memory encoded = abi.encode(uint256(2), uint256(11), uint256(12), uint256(13), uint256(14));
        bytes memory input = abi.encodePacked(
            IVerifiedStatements.submit.selector, uint256(128), uint256(64), uint256(32), proof, encoded
        );
        (bool ok,) = address(registry).call(abi.encodePacked(input, uint256(15), uint256(16)));
        assertTrue(ok);
        assertTrue(registry.isVerified(bytes32(uint256(11)), bytes32(uint256(12))));
        assertTrue(registry.isVerified(bytes32(uint256(13)), bytes32(uint256(14))));
        assertFalse(registry.isVerified(bytes32(uint256(15)), bytes32(uint256(16))));
    }

    /// An account without code would not refuse anything.
    function test_submit_refusesAVerifierWithoutCode() public {
        VerifiedStatements registry = new VerifiedStatements(IVerifier(address(0xdead)));
        vm.expectRevert();
        registry.submit(list(), "");
        assertFalse(registry.isVerified(bytes32(uint256(11)), bytes32(uint256(12))));
    }
}
