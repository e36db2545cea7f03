// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test, Vm} from "forge-std/Test.sol";
import {Statement} from "../src/IVerifier.sol";
import {IVerifiedStatements, VerifiedStatements} from "../src/VerifiedStatements.sol";
import {Oracle} from "./VerifiedStatements.t.sol";

/// Anyone, submitting anything, beside a model of what should be verified.
contract Anyone is Test {
    // Few keys and outputs, so that they meet again.
    uint256 internal constant KEYS = 5;
    uint256 internal constant OUTPUTS = 7;

    Oracle private oracle;
    VerifiedStatements private registry;
    mapping(bytes32 => mapping(bytes32 => bool)) private model;
    // How often each way was gone, so that no run passes for having done nothing.
    uint256 public accepted;
    uint256 public refused;
    // Events that were seen, and how many there should have been.
    uint256 public events;
    uint256 public eventsExpected;

    constructor(Oracle oracle_, VerifiedStatements registry_) {
        (oracle, registry) = (oracle_, registry_);
    }

    function key(uint256 i) public pure returns (bytes32) {
        return bytes32(1 + i % KEYS);
    }

    function output(uint256 i) public pure returns (bytes32) {
        return keccak256(abi.encode(i % OUTPUTS));
    }

    function statementsOf(uint256 seed) private pure returns (Statement[] memory statements) {
        statements = new Statement[](1 + seed % 4);
        for (uint256 i = 0; i < statements.length; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            statements[i] = Statement(key(random), output(random >> 128));
        }
    }

    /// A proof of all statements: each is verified, and has its event, in their order.
    function submitProven(address sender, uint256 seed) external {
        Statement[] memory statements = statementsOf(seed);
        bytes memory proof = oracle.proofOf(statements);
        vm.recordLogs();
        vm.prank(sender);
        registry.submit(statements, proof);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, statements.length);
        for (uint256 i = 0; i < statements.length; ++i) {
            model[statements[i].programKey][statements[i].publicOutput] = true;
            assertEq(logs[i].emitter, address(registry));
            assertEq(logs[i].topics.length, 3);
            assertEq(logs[i].topics[0], IVerifiedStatements.StatementVerified.selector);
            assertEq(logs[i].topics[1], statements[i].programKey);
            assertEq(logs[i].topics[2], statements[i].publicOutput);
            assertEq(logs[i].data.length, 0);
        }
        events += logs.length;
        eventsExpected += statements.length;
        ++accepted;
    }

    /// A proof of other statements, or of the same in another order, or of some of them.
    function submitUnproven(address sender, uint256 seed, uint256 way) external {
        Statement[] memory statements = statementsOf(seed);
        bytes memory proof = oracle.proofOf(statements);
        way %= 4;
        if (way == 0) statements[seed % statements.length].publicOutput ^= bytes32(uint256(1) << (seed % 256));
        if (way == 1) statements[seed % statements.length].programKey ^= bytes32(uint256(1) << (seed % 256));
        if (way == 2) statements = shorter(statements);
        if (way == 3) proof[seed % proof.length] ^= 0x20;
        vm.recordLogs();
        vm.prank(sender);
        (bool ok, bytes memory data) =
            address(registry).call(abi.encodeCall(IVerifiedStatements.submit, (statements, proof)));
        assertFalse(ok);
        assertEq(data, abi.encodePacked(Oracle.Refused.selector));
        assertEq(vm.getRecordedLogs().length, 0);
        ++refused;
    }

    function shorter(Statement[] memory statements) private pure returns (Statement[] memory kept) {
        kept = new Statement[](statements.length - 1);
        for (uint256 i = 0; i < kept.length; ++i) {
            kept[i] = statements[i];
        }
    }

    function isExpected(bytes32 programKey, bytes32 publicOutput) external view returns (bool) {
        return model[programKey][publicOutput];
    }

    function pairs() external pure returns (uint256, uint256) {
        return (KEYS, OUTPUTS);
    }
}

contract VerifiedStatementsModel is Test {
    Oracle oracle = new Oracle();
    VerifiedStatements registry = new VerifiedStatements(oracle);
    Anyone anyone;

    function setUp() public {
        anyone = new Anyone(oracle, registry);
        targetContract(address(anyone));
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (Anyone.submitProven.selector, Anyone.submitUnproven.selector);
        targetSelector(FuzzSelector(address(anyone), selectors));
    }

    /// Of all pairs of a key and an output exactly those are verified that the verifier accepted, however long ago.
    function invariant_registryIsTheModel() public view {
        (uint256 keys, uint256 outputs) = anyone.pairs();
        for (uint256 i = 0; i < keys; ++i) {
            for (uint256 j = 0; j < outputs; ++j) {
                (bytes32 key, bytes32 output) = (anyone.key(i), anyone.output(j));
                assertEq(registry.isVerified(key, output), anyone.isExpected(key, output));
                assertFalse(registry.isVerified(output, key));
            }
        }
    }

    function invariant_everyStatementHasItsEvent() public view {
        assertEq(anyone.events(), anyone.eventsExpected());
    }

    function invariant_theVerifierStays() public view {
        assertEq(address(registry.verifier()), address(oracle));
    }

    /// Both ways are gone in runs as long as ours.
    function afterInvariant() public view {
        if (anyone.accepted() + anyone.refused() >= 32) {
            assertGt(anyone.accepted(), 0);
            assertGt(anyone.refused(), 0);
        }
    }
}
