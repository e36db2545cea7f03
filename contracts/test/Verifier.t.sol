// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {FinalVerifier} from "../src/FinalVerifier.sol";
import {IVerifier, Statement} from "../src/IVerifier.sol";
import {FinalShape} from "../src/generated/FinalShape.sol";
import {JoinerKey} from "../src/generated/JoinerKey.sol";
import {FinalProof} from "../src/libraries/FinalProof.sol";
import {PublicWords} from "../src/libraries/PublicWords.sol";
import {P} from "../src/libraries/Ext.sol";

contract FinalVerifierTest is Test {
    FinalVerifier verifier = new FinalVerifier();
    bytes32 constant KEY = bytes32(uint256(7));

    function testFuzz_verify_refusesBytesThatAreNoProof(bytes calldata proof) public {
        vm.expectRevert();
        verifier.verify(KEY, bytes32(0), proof);
    }

    function test_verify_refusesNothing() public {
        vm.expectRevert(FinalProof.ProofLength.selector);
        verifier.verify(KEY, bytes32(0), "");
    }

    function test_verify_refusesASaltThatIsNotCanonical() public {
        bytes memory proof = new bytes(100_000);
        (proof[0], proof[3]) = (0x7f, 0x01);
        vm.expectRevert(FinalProof.ProofNotCanonical.selector);
        verifier.verify(KEY, bytes32(0), proof);
        // The last byte may be read, the one behind it may not.
        vm.expectRevert(FinalProof.ProofNotCanonical.selector);
        verifier.verify(KEY, bytes32(0), hex"7f000001");
        vm.expectRevert(FinalProof.ProofLength.selector);
        verifier.verify(KEY, bytes32(0), hex"7f0000");
    }

    function test_verify_refusesANonceThatDoesNotGrind() public {
        bytes32 first = keccak256(abi.encodeWithSelector(FinalProof.ProofNonce.selector, 0));
        uint256 refused;
        bytes memory proof = new bytes(100_000);
        // With one salt in 16, the nonce of zero is a good one.
        for (uint8 salt = 0; salt < 16; ++salt) {
            proof[3] = bytes1(salt);
            (bool ok, bytes memory data) =
                address(verifier).staticcall(abi.encodeCall(IVerifier.verify, (KEY, bytes32(0), proof)));
            assertFalse(ok);
            if (keccak256(data) == first) ++refused;
        }
        assertGt(refused, 8);
    }

    // ---- Encoding of calls ----

    function refuses(bytes memory input, bytes memory error) internal view {
        (bool ok, bytes memory data) = address(verifier).staticcall(input);
        assertFalse(ok);
        assertEq(data, error);
    }

    /// Whatever else the calldata holds, this call gets as far as the proof, which is empty.
    function test_verify_refusesCalldataThatNoCompilerMakes() public view {
        bytes memory encoding = abi.encodePacked(IVerifier.ProofEncoding.selector);
        bytes memory length = abi.encodePacked(FinalProof.ProofLength.selector);
        bytes4 selector = IVerifier.verify.selector;
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(0)), length);
        // Something follows.
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(0), hex"00"), encoding);
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(0), bytes32(0)), encoding);
        // Apart from the other arguments, or in them.
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x80), bytes32(0), uint256(0)), encoding);
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x20), bytes32(0)), encoding);
        // Without padding, and with padding that is not zero.
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(4), hex"00000000"), encoding);
        bytes32 padded = bytes32(uint256(1));
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(4), padded), encoding);
        refuses(abi.encodePacked(selector, KEY, bytes32(0), uint256(0x60), uint256(4), bytes32(0)), length);
    }

    function test_verifyAll_refusesCalldataThatNoCompilerMakes() public view {
        bytes memory encoding = abi.encodePacked(IVerifier.ProofEncoding.selector);
        bytes memory length = abi.encodePacked(FinalProof.ProofLength.selector);
        bytes4 selector = IVerifier.verifyAll.selector;
        bytes memory statement = abi.encodePacked(uint256(1), KEY, bytes32(0));
        uint256 at = 0x40 + 96;
        refuses(abi.encodePacked(selector, uint256(0x40), at, statement, uint256(0)), length);
        refuses(abi.encodePacked(selector, uint256(0x40), at, statement, uint256(0), hex"00"), encoding);
        // The proof before the statements.
        refuses(abi.encodePacked(selector, uint256(0x60), uint256(0x40), uint256(0), statement), encoding);
        // A gap between them.
        refuses(abi.encodePacked(selector, uint256(0x40), at + 32, statement, bytes32(0), uint256(0)), encoding);
    }

    function test_verifyJoined_refusesCalldataThatNoCompilerMakes() public view {
        bytes memory encoding = abi.encodePacked(IVerifier.ProofEncoding.selector);
        bytes memory length = abi.encodePacked(FinalProof.ProofLength.selector);
        bytes memory start = abi.encodePacked(IVerifier.verifyJoined.selector, bytes32(0), uint256(17), KEY);
        refuses(abi.encodePacked(start, uint256(0x80), uint256(0)), length);
        // Something follows.
        refuses(abi.encodePacked(start, uint256(0x80), uint256(0), hex"00"), encoding);
        refuses(abi.encodePacked(start, uint256(0x80), uint256(0), bytes32(0)), encoding);
        // Apart from the other arguments, or in them.
        refuses(abi.encodePacked(start, uint256(0xa0), bytes32(0), uint256(0)), encoding);
        refuses(abi.encodePacked(start, uint256(0x00)), encoding);
        // Without padding, and with padding that is not zero.
        refuses(abi.encodePacked(start, uint256(0x80), uint256(4), hex"00000000"), encoding);
        refuses(abi.encodePacked(start, uint256(0x80), uint256(4), bytes32(uint256(1))), encoding);
        refuses(abi.encodePacked(start, uint256(0x80), uint256(4), bytes32(0)), length);
    }

    // ---- Statements ----

    /// A root of zero is what a proof without a tree has: the joiner's output alone would be stated.
    function test_verifyJoined_refusesTheRootOfNoTree() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifier.JoinedRootInvalid.selector, bytes32(0)));
        verifier.verifyJoined(KEY, 1, bytes32(0), "");
    }

    function test_verifyJoined_refusesARootThatIsNotCanonical() public {
        for (uint256 i = 0; i < 8; ++i) {
            bytes32 root = bytes32(P << (32 * i));
            vm.expectRevert(abi.encodeWithSelector(IVerifier.JoinedRootInvalid.selector, root));
            verifier.verifyJoined(KEY, 1, root, "");
            vm.expectRevert(FinalProof.ProofLength.selector);
            verifier.verifyJoined(KEY, 1, bytes32((P - 1) << (32 * i)), "");
        }
    }

    function test_verifyAll_refusesTooManyStatementsOrNone() public {
        bytes4 selector = IVerifier.StatementCount.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, 0));
        verifier.verifyAll(new Statement[](0), "");
        vm.expectRevert(abi.encodeWithSelector(selector, 17));
        verifier.verifyAll(new Statement[](17), "");
    }

    /// An unused slot has a key of zeros: it must not count as a statement.
    function test_verify_refusesTheKeyOfUnusedSlots() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifier.StatementKeyInvalid.selector, bytes32(0)));
        verifier.verify(bytes32(0), bytes32(0), "");
        Statement[] memory statements = new Statement[](2);
        statements[0].programKey = KEY;
        vm.expectRevert(abi.encodeWithSelector(IVerifier.StatementKeyInvalid.selector, bytes32(0)));
        verifier.verifyAll(statements, "");
    }

    function testFuzz_isKey(bytes32 key) public pure {
        // Elements below 2^31 at first, of which few are not canonical.
        for (uint256 round = 0; round < 2; ++round) {
            bool expected = key != 0;
            for (uint256 i = 0; i < 8; ++i) {
                if ((uint256(key) >> (32 * i)) & 0xffffffff >= P) expected = false;
            }
            assertEq(PublicWords.isKey(key), expected);
            key &= 0x7effffff7effffff7effffff7effffff7effffff7effffff7effffff7effffff;
        }
    }

    function test_isKey_atBounds() public pure {
        for (uint256 i = 0; i < 8; ++i) {
            assertTrue(PublicWords.isKey(bytes32((P - 1) << (32 * i))));
            assertFalse(PublicWords.isKey(bytes32(P << (32 * i))));
            assertFalse(PublicWords.isKey(bytes32(0xffffffff << (32 * i))));
        }
    }

    function testFuzz_words(bytes32 circuits, bytes32 joined, bytes32 key, bytes32 output, uint256 count) public pure {
        count = bound(count, 1, 16);
        key &= 0x7effffff7effffff7effffff7effffff7effffff7effffff7effffff7effffff;
        key |= bytes32(uint256(1));
        Statement[] memory statements = new Statement[](count);
        for (uint256 i = 0; i < count; ++i) {
            statements[i] = Statement(key, keccak256(abi.encode(output, i)));
        }
        bytes memory expected = abi.encodePacked(uint128(1) << 64, circuits, joined);
        for (uint256 i = 0; i < 16; ++i) {
            if (i >= count) {
                expected = bytes.concat(expected, new bytes(96));
                continue;
            }
            expected = bytes.concat(expected, key);
            bytes32 hash = statements[i].publicOutput;
            for (uint256 k = 0; k < 16; ++k) {
                expected = bytes.concat(expected, bytes2(0), hash[2 * k + 1], hash[2 * k]);
            }
        }
        assertEq(PublicWords.encode(circuits, joined, statements), expected);
    }

    // ---- What is accepted ----

    function test_constants() public view {
        assertEq(verifier.circuits(), FinalShape.CIRCUITS);
        assertEq(verifier.lastCircuit(), FinalShape.FIXED_ROOT);
        assertEq(verifier.joiner(), JoinerKey.JOINER);
        assertTrue(PublicWords.isKey(JoinerKey.JOINER));
        assertEq(verifier.machineVersion(), FinalShape.MACHINE_VERSION);
    }

    /// Every contract of this code has the same constraints, which nobody can call.
    function test_program_isDataAtAnAddressOfTheVerifier() public {
        address program = vm.computeCreateAddress(address(verifier), 1);
        bytes memory code = program.code;
        assertGt(code.length, 1000);
        assertEq(code[0], 0x00);
        assertEq(program.codehash, vm.computeCreateAddress(address(new FinalVerifier()), 1).codehash);
    }

    function test_codeFitsTheLimits() public view {
        assertLe(address(verifier).code.length, 24_576);
        assertLe(type(FinalVerifier).creationCode.length, 49_152);
    }
}
