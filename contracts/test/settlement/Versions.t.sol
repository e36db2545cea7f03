// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IVerifier, Statement} from "../../src/IVerifier.sol";
import {IStatementRegistry} from "../../src/interfaces/IStatementRegistry.sol";
import {IProtocolVersions, VerifierSlot} from "../../src/interfaces/IProtocolVersions.sol";
import {Evidence, Way} from "../../src/interfaces/IRollupChain.sol";
import {JoinedPlace, JoinedStatements, JoinedTree} from "../../src/libraries/JoinedStatements.sol";
import {Proofs} from "../../src/settlement/libraries/Proofs.sol";
import {ISubmit, VerifierDouble} from "./Doubles.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract ProtocolVersionsTest is SettlementTest {
    function slots(uint256 count) private returns (VerifierSlot[] memory list) {
        list = new VerifierSlot[](count);
        for (uint256 i = 0; i < count; ++i) {
            VerifierDouble other = VerifierDouble(deployCode("Doubles.sol:VerifierDouble"));
            list[i] = VerifierSlot(newRegistry(other), bytes32(i + 1));
        }
    }

    function refused(uint32 version, address code, VerifierSlot[] memory list, uint8 threshold, bytes memory reason)
        private
    {
        vm.expectRevert(reason);
        vm.prank(governance);
        versions.register(version, code, list, threshold);
    }

    function test_register() public {
        VerifierSlot[] memory list = slots(8);
        uint64 usableFrom = uint64(vm.getBlockTimestamp()) + 7 days;
        vm.expectEmit(address(versions));
        emit IProtocolVersions.VersionRegistered(5, address(implementation), 3, list, usableFrom);
        vm.prank(governance);
        versions.register(5, address(implementation), list, 3);
        assertEq(versions.implementationOf(5), address(implementation));
        assertEq(versions.thresholdOf(5), 3);
        (IVerifier found, IStatementRegistry foundRegistry, bytes32 key) = versions.slotOf(5, 7);
        assertEq(address(found), address(list[7].registry.verifier()));
        assertEq(address(foundRegistry), address(list[7].registry));
        assertEq(key, bytes32(uint256(8)));
        vm.expectRevert(abi.encodeWithSelector(IProtocolVersions.VersionSlot.selector, 8));
        versions.slotOf(5, 8);
        vm.expectRevert(abi.encodeWithSelector(IProtocolVersions.VersionTooNew.selector, 5, usableFrom));
        versions.usableImplementation(5);
        vm.warp(usableFrom);
        assertEq(versions.usableImplementation(5), address(implementation));
    }

    function test_onlyTheGovernance() public {
        VerifierSlot[] memory list = slots(1);
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, admin);
        vm.startPrank(admin);
        vm.expectRevert(reason);
        versions.register(5, address(implementation), list, 1);
        vm.expectRevert(reason);
        versions.withdraw(1);
    }

    function test_governanceIsHandedOverInTwoSteps() public {
        vm.prank(governance);
        versions.transferOwnership(stranger);
        assertEq(versions.owner(), governance);
        vm.prank(stranger);
        versions.acceptOwnership();
        assertEq(versions.owner(), stranger);
    }

    function test_aVersionNeverChanges() public {
        VerifierSlot[] memory list = slots(1);
        bytes4 reason = IProtocolVersions.VersionTaken.selector;
        refused(1, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        refused(0, address(implementation), list, 1, abi.encodeWithSelector(reason, 0));
        vm.prank(governance);
        versions.withdraw(1);
        refused(1, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
    }

    function test_threshold() public {
        bytes4 reason = IProtocolVersions.VersionThreshold.selector;
        refused(5, address(implementation), slots(2), 3, abi.encodeWithSelector(reason, 3, 2));
        refused(5, address(implementation), slots(2), 0, abi.encodeWithSelector(reason, 0, 2));
        refused(5, address(implementation), slots(0), 0, abi.encodeWithSelector(reason, 0, 0));
        refused(5, address(implementation), slots(9), 1, abi.encodeWithSelector(reason, 1, 9));
    }

    function test_code() public {
        refused(
            5, stranger, slots(1), 1, abi.encodeWithSelector(IProtocolVersions.ImplementationMissing.selector, stranger)
        );
    }

    function test_slots() public {
        bytes4 reason = IProtocolVersions.VersionSlot.selector;
        VerifierSlot[] memory list = slots(2);
        list[1].programKey = 0;
        refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        // An element that is p, in each place: no verifier takes that for a program.
        for (uint256 i = 0; i < 8; ++i) {
            list = slots(2);
            list[1].programKey = bytes32(uint256(0x7f000001) << (32 * i));
            refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        }
        list = slots(2);
        list[1].registry = IStatementRegistry(stranger);
        refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        // The same registry, and another registry of the same verifier.
        list = slots(2);
        list[1].registry = list[0].registry;
        refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        list[1].registry = newRegistry(VerifierDouble(address(list[0].registry.verifier())));
        refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 1));
        list[0].registry = newRegistry(VerifierDouble(stranger));
        refused(5, address(implementation), list, 1, abi.encodeWithSelector(reason, 0));
    }

    function test_withdraw() public {
        registerVersion(5, address(implementation), 1);
        vm.warp(vm.getBlockTimestamp() + 7 days);
        vm.expectEmit(address(versions));
        emit IProtocolVersions.VersionWithdrawn(5);
        vm.prank(governance);
        versions.withdraw(5);
        bytes memory reason = abi.encodeWithSelector(IProtocolVersions.VersionUnknown.selector, 5);
        vm.expectRevert(reason);
        versions.implementationOf(5);
        vm.expectRevert(reason);
        versions.usableImplementation(5);
        vm.expectRevert(reason);
        vm.prank(governance);
        versions.withdraw(5);
        // Chains that run it go on.
        assertEq(versions.thresholdOf(5), 1);
    }

    function test_unknown() public {
        bytes memory reason = abi.encodeWithSelector(IProtocolVersions.VersionUnknown.selector, 6);
        vm.expectRevert(reason);
        versions.implementationOf(6);
        vm.expectRevert(reason);
        versions.usableImplementation(6);
        vm.expectRevert(reason);
        versions.requireProven(6, new bytes32[](0), new Evidence[](0));
        assertEq(versions.thresholdOf(6), 0);
    }
}

contract EvidenceTest is SettlementTest {
    VerifierDouble[3] private verifiers;
    IStatementRegistry[3] private registries;
    bytes32[] private outputs;

    function setUp() public override {
        super.setUp();
        VerifierSlot[] memory slots = new VerifierSlot[](3);
        for (uint256 i = 0; i < 3; ++i) {
            verifiers[i] = VerifierDouble(deployCode("Doubles.sol:VerifierDouble"));
            registries[i] = newRegistry(verifiers[i]);
            slots[i] = VerifierSlot(registries[i], keyOf(i));
        }
        vm.prank(governance);
        versions.register(2, address(implementation), slots, 2);
        outputs.push(keccak256("first output"));
        outputs.push(keccak256("second output"));
    }

    function keyOf(uint256 slot) private pure returns (bytes32) {
        return bytes32(0x10 + slot);
    }

    function statements(uint256 slot) private view returns (Statement[] memory list) {
        list = new Statement[](3);
        list[0] = Statement(keyOf(slot), keccak256("other output"));
        list[1] = Statement(keyOf(slot), outputs[0]);
        list[2] = Statement(keyOf(slot), outputs[1]);
    }

    function proof(uint256 slot) private returns (Evidence memory shown) {
        shown.slot = uint8(slot);
        shown.way = Way.Proof;
        shown.statements = statements(slot);
        shown.first = 1;
        shown.proof = "proof";
        verifiers[slot].accept(shown.statements, shown.proof);
    }

    function registered(uint256 slot) private returns (Evidence memory shown) {
        shown.slot = uint8(slot);
        shown.way = Way.Registered;
        verifiers[slot].accept(statements(slot), "proof");
        ISubmit(address(registries[slot])).submit(statements(slot), "proof");
    }

    function treeOf(uint256 slot) private view returns (JoinedTree memory tree_, JoinedPlace[] memory places) {
        Statement[] memory list = statements(slot);
        bytes32[3] memory leaves;
        for (uint256 i = 0; i < 3; ++i) {
            leaves[i] = JoinedStatements.leaf(list[i]);
        }
        bytes32 left = JoinedStatements.node(leaves[0], leaves[1]);
        tree_ = JoinedTree(JoinedStatements.node(left, leaves[2]), 3);
        places = new JoinedPlace[](2);
        places[0] = JoinedPlace(1, new bytes32[](2));
        (places[0].path[0], places[0].path[1]) = (leaves[0], leaves[2]);
        places[1] = JoinedPlace(2, new bytes32[](1));
        places[1].path[0] = left;
    }

    function treeProof(uint256 slot) private returns (Evidence memory shown) {
        shown.slot = uint8(slot);
        shown.way = Way.TreeProof;
        (shown.tree, shown.places) = treeOf(slot);
        shown.statementsRoot = keccak256("root");
        shown.proof = "proof";
        verifiers[slot].acceptTree(shown.tree.root, 3, shown.statementsRoot, shown.proof);
    }

    function registeredTree(uint256 slot) private returns (Evidence memory shown) {
        shown = treeProof(slot);
        ISubmit(address(registries[slot])).submitJoined(shown.tree, shown.statementsRoot, shown.proof);
        shown.way = Way.RegisteredTree;
        shown.statementsRoot = 0;
        shown.proof = "";
    }

    function shownBy(uint256 slot, uint256 way) private returns (Evidence memory) {
        if (way == 0) return registered(slot);
        if (way == 1) return registeredTree(slot);
        if (way == 2) return proof(slot);
        return treeProof(slot);
    }

    function two(Evidence memory a, Evidence memory b) private pure returns (Evidence[] memory list) {
        list = new Evidence[](2);
        (list[0], list[1]) = (a, b);
    }

    function refused(Evidence[] memory evidence, bytes memory reason) private {
        vm.expectRevert(reason);
        versions.requireProven(2, outputs, evidence);
    }

    function refusedForm(Evidence memory shown) private {
        refused(two(shown, proof(2)), abi.encodeWithSelector(Proofs.EvidenceForm.selector, shown.way));
    }

    function refusedStatement(Evidence memory shown, uint256 output) private {
        bytes4 reason = Proofs.StatementMissing.selector;
        refused(two(shown, proof(2)), abi.encodeWithSelector(reason, shown.slot, outputs[output]));
    }

    function test_everyWay() public {
        for (uint256 first = 0; first < 4; ++first) {
            for (uint256 second = 0; second < 4; ++second) {
                versions.requireProven(2, outputs, two(shownBy(0, first), shownBy(2, second)));
            }
        }
        Evidence[] memory three = new Evidence[](3);
        (three[0], three[1], three[2]) = (proof(0), registered(1), treeProof(2));
        versions.requireProven(2, outputs, three);
    }

    function test_threshold() public {
        Evidence[] memory evidence = one(proof(0));
        refused(evidence, abi.encodeWithSelector(IProtocolVersions.VerifiersTooFew.selector, 1, 2));
        refused(new Evidence[](0), abi.encodeWithSelector(IProtocolVersions.VerifiersTooFew.selector, 0, 2));
    }

    function test_oneVerifierTwice() public {
        Evidence memory a = proof(1);
        Evidence memory b = registered(1);
        Evidence memory c = proof(0);
        bytes4 reason = IProtocolVersions.VerifierOrder.selector;
        refused(two(a, b), abi.encodeWithSelector(reason, 1));
        refused(two(a, c), abi.encodeWithSelector(reason, 0));
        a.slot = 3;
        refused(two(a, b), abi.encodeWithSelector(IProtocolVersions.VersionSlot.selector, 3));
    }

    /// One more than enough, and that one does not accept.
    function test_allThatSpeakAccept() public {
        Evidence[] memory three = new Evidence[](3);
        (three[0], three[1], three[2]) = (proof(0), proof(1), proof(2));
        three[2].proof = "other proof";
        refused(three, abi.encodeWithSelector(VerifierDouble.Refused.selector));
    }

    /// What one verifier accepts about another's program is no evidence.
    function test_programOfAnotherVerifier() public {
        Evidence memory shown = proof(0);
        shown.statements = statements(1);
        verifiers[0].accept(shown.statements, shown.proof);
        refusedStatement(shown, 0);
        Evidence memory tree_ = treeProof(0);
        (tree_.tree, tree_.places) = treeOf(1);
        refusedStatement(tree_, 0);
    }

    function test_registered_missing() public {
        Evidence memory shown;
        refusedStatement(shown, 0);
        Statement[] memory list = new Statement[](1);
        list[0] = statements(0)[1];
        verifiers[0].accept(list, "proof");
        ISubmit(address(registries[0])).submit(list, "proof");
        refusedStatement(shown, 1);
    }

    function test_registeredTree_missing() public {
        Evidence memory shown = treeProof(0);
        shown.way = Way.RegisteredTree;
        shown.statementsRoot = 0;
        shown.proof = "";
        refusedStatement(shown, 0);
        shown = registeredTree(0);
        shown.places[1] = shown.places[0];
        refusedStatement(shown, 1);
    }

    function test_proof_missing() public {
        Evidence memory shown = proof(0);
        shown.first = 0;
        refusedStatement(shown, 0);
        shown.first = 2;
        refusedStatement(shown, 0);
        shown.first = type(uint64).max;
        refusedStatement(shown, 0);
        // The second batch is beyond the list.
        shown.first = 1;
        Statement[] memory shorter = new Statement[](2);
        (shorter[0], shorter[1]) = (shown.statements[0], shown.statements[1]);
        shown.statements = shorter;
        verifiers[0].accept(shorter, shown.proof);
        refusedStatement(shown, 1);
    }

    function test_proof_refused() public {
        Evidence memory shown = proof(0);
        shown.proof = "other";
        refused(two(shown, proof(2)), abi.encodeWithSelector(VerifierDouble.Refused.selector));
    }

    function test_treeProof_missing() public {
        Evidence memory shown = treeProof(0);
        shown.places[0].index = 0;
        refusedStatement(shown, 0);
        shown = treeProof(0);
        shown.proof = "other";
        refused(two(shown, proof(2)), abi.encodeWithSelector(VerifierDouble.Refused.selector));
        shown = treeProof(0);
        shown.statementsRoot = keccak256("other");
        refused(two(shown, proof(2)), abi.encodeWithSelector(VerifierDouble.Refused.selector));
    }

    function test_form_placesForEachBatch() public {
        Evidence memory shown = treeProof(0);
        shown.places = new JoinedPlace[](1);
        refusedForm(shown);
        shown = registeredTree(0);
        shown.places = new JoinedPlace[](3);
        refusedForm(shown);
    }

    function test_form_nothingElse() public {
        for (uint256 way = 0; way < 4; ++way) {
            bool isTree = way == 1 || way == 3;
            Evidence memory shown = shownBy(0, way);
            if (!isTree) {
                shown.places = new JoinedPlace[](1);
                refusedForm(shown);
                shown = shownBy(0, way);
                shown.tree.count = 1;
                refusedForm(shown);
                shown = shownBy(0, way);
                shown.tree.root = keccak256("root");
                refusedForm(shown);
            }
            shown = shownBy(0, way);
            shown.statements = new Statement[](way == 2 ? 0 : 1);
            refusedForm(shown);
            if (way != 2) {
                shown = shownBy(0, way);
                shown.first = 1;
                refusedForm(shown);
            }
            if (way != 3) {
                shown = shownBy(0, way);
                shown.statementsRoot = keccak256("root");
                refusedForm(shown);
            }
            if (way < 2) {
                shown = shownBy(0, way);
                shown.proof = "proof";
                refusedForm(shown);
            }
        }
    }
}
