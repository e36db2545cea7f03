// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAssetRouter, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {IMessageRoot, L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {ETHER, L2_ASSET_ROUTER, L2_MESSENGER} from "../../src/shared/Addresses.sol";
import {Rig} from "./Rig.sol";

contract RecoveryTest is Rig {
    bytes32 internal operation;

    function setUp() public override {
        super.setUp();
        operation = depositTokens(alice, CHAIN, token, 1000);
    }

    function failure() internal returns (L2LogProof memory) {
        return executeOne(CHAIN, 1, statusLog(operation, false));
    }

    function expectNotRecorded(bytes32 operation_) internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositNotRecorded.selector, CHAIN, operation_));
    }

    function test_recovery_byAnybodyToTheSender() public {
        L2LogProof memory proof = failure();
        vm.expectEmit(address(router));
        emit IAssetRouter.DepositRecovered(CHAIN, operation, alice, tokenId, 1000);
        vm.prank(bob);
        recover(proof, operation, alice, tokenId, 1000);
        assertEq(token.balanceOf(alice), 1000);
        assertEq(vault.balanceOf(CHAIN, tokenId), 0);
        assertEq(router.depositRecord(CHAIN, operation), 0);
        // The mint is the chain's to refund.
        assertEq(vault.balanceOf(CHAIN, etherId), MINT);
        assertEq(alice.balance, 0);
    }

    function test_recovery_ofEther() public {
        base.mint(alice, MINT);
        vm.deal(alice, 3 ether);
        vm.startPrank(alice, alice);
        base.approve(address(vault), MINT);
        operation = router.deposit{value: 3 ether}(depositOf(TOKEN_CHAIN, ETHER, 3 ether));
        vm.stopPrank();
        recover(executeOne(TOKEN_CHAIN, 1, statusLog(operation, false)), operation, alice, etherId, 3 ether);
        assertEq(alice.balance, 3 ether);
        assertEq(vault.balanceOf(TOKEN_CHAIN, etherId), 0);
    }

    function test_recovery_twiceIsRefused() public {
        L2LogProof memory proof = failure();
        recover(proof, operation, alice, tokenId, 1000);
        depositTokens(bob, CHAIN, token, 1000);
        expectNotRecorded(operation);
        recover(proof, operation, alice, tokenId, 1000);
    }

    function test_recovery_ofASuccessIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, statusLog(operation, true));
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        recover(proof, operation, alice, tokenId, 1000);
    }

    function test_recovery_withOtherDataIsRefused() public {
        L2LogProof memory proof = failure();
        expectNotRecorded(operation);
        recover(proof, operation, bob, tokenId, 1000);
        expectNotRecorded(operation);
        recover(proof, operation, alice, tokenId, 999);
        expectNotRecorded(operation);
        recover(proof, operation, alice, tokenId, 1001);
        expectNotRecorded(operation);
        recover(proof, operation, alice, etherId, 1000);
    }

    function test_recovery_ofAnotherOperationIsRefused() public {
        bytes32 second = depositTokens(bob, CHAIN, token, 500);
        L2LogProof memory proof = failure();
        // The log is of the first.
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        recover(proof, second, bob, tokenId, 500);
        // The data is of the second.
        expectNotRecorded(operation);
        recover(proof, operation, bob, tokenId, 500);
        recover(proof, operation, alice, tokenId, 1000);
        recover(executeOne(CHAIN, 2, statusLog(second, false)), second, bob, tokenId, 500);
    }

    /// Anybody can make an operation that fails and is no deposit of a token.
    function test_recovery_ofAnOperationThatIsNoDepositIsRefused() public {
        bytes32 other = keccak256("operation");
        L2LogProof memory proof = executeOne(CHAIN, 1, statusLog(other, false));
        expectNotRecorded(other);
        recover(proof, other, alice, tokenId, 1000);
    }

    function test_recovery_onAnotherChainIsRefused() public {
        depositTokens(bob, OTHER_CHAIN, token, 1000);
        // The other chain lies about an operation that it never had.
        L2LogProof memory proof = executeOne(OTHER_CHAIN, 1, statusLog(operation, false));
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositNotRecorded.selector, OTHER_CHAIN, operation));
        recover(proof, operation, alice, tokenId, 1000);
        proof.chainId = CHAIN;
        vm.expectRevert(abi.encodeWithSelector(IMessageRoot.BatchNotExecuted.selector, CHAIN, 1));
        recover(proof, operation, alice, tokenId, 1000);
    }

    /// A contract on the chain can send a message with any hash, but not a status.
    function test_recovery_ofAMessageIsRefused() public {
        L2Log memory log = statusLog(operation, false);
        log.sender = L2_MESSENGER;
        expectNotIncluded(log);
        expectNotIncluded(L2Log(true, 0, L2_MESSENGER, bytes32(uint256(uint160(L2_ASSET_ROUTER))), operation));
        log = statusLog(operation, false);
        log.isService = false;
        expectNotIncluded(log);
        log = statusLog(operation, false);
        log.value = bytes32(uint256(2));
        expectNotIncluded(log);
    }

    function expectNotIncluded(L2Log memory log) internal {
        L2LogProof memory proof = executeOne(CHAIN, 1, log);
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        recover(proof, operation, alice, tokenId, 1000);
    }

    /// A chain that says of one deposit that it failed, and lets it be withdrawn too, does not find the tokens for both.
    function test_recovery_andWithdrawalOfTheSameDeposit() public {
        depositTokens(bob, OTHER_CHAIN, token, 5000);
        Withdrawal memory withdrawal = Withdrawal(tokenId, bob, 1000);
        L2Log[] memory logs = new L2Log[](2);
        (logs[0], logs[1]) = (statusLog(operation, false), withdrawalLog(withdrawal));
        L2LogProof memory status = execute(CHAIN, 1, logs, 0);
        L2LogProof memory message = execute(CHAIN, 1, logs, 1);
        router.finalizeWithdrawal(message, 0, withdrawal);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultChainBalance.selector, CHAIN, tokenId, 0, 1000));
        recover(status, operation, alice, tokenId, 1000);
        assertEq(token.balanceOf(address(vault)), 5000);
        assertEq(router.depositRecord(CHAIN, operation), keccak256(abi.encode(alice, tokenId, uint256(1000))));
    }

    function testFuzz_recovery_onlyOfWhatWasRecorded(address sender, bytes32 assetId, uint256 amount) public {
        vm.assume(sender != alice || assetId != tokenId || amount != 1000);
        L2LogProof memory proof = failure();
        expectNotRecorded(operation);
        recover(proof, operation, sender, assetId, amount);
    }
}
