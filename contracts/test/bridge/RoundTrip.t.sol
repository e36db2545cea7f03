// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AssetRouter} from "../../src/bridge/AssetRouter.sol";
import {Deposit, IAssetRouter} from "../../src/interfaces/IAssetRouter.sol";
import {IBridgedToken} from "../../src/interfaces/IBridgedToken.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {IL2Vault} from "../../src/interfaces/IL2Vault.sol";
import {L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {ETHER, L2_ASSET_ROUTER, L2_MESSENGER, L2_VAULT} from "../../src/shared/Addresses.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Operation} from "./Doubles.sol";
import {Sent, Sequencer} from "./Sequencer.sol";
import {AnswerToken, GoodToken} from "./Tokens.sol";

/// Deposits for itself, and takes what comes back.
contract Treasury {
    receive() external payable {}

    function deposit(AssetRouter router, GoodToken token, Deposit memory request) external payable {
        token.approve(address(router.vault()), request.amount);
        router.deposit{value: msg.value}(request);
    }
}

/// Assets from Ethereum to a chain and back, through the contracts of both.
contract RoundTripTest is Sequencer {
    address internal carol = makeAddr("carol");

    function deposited(address who, GoodToken token_, uint256 amount) internal returns (Operation memory) {
        vm.recordLogs();
        depositTokens(who, chain, token_, amount);
        Operation[] memory operations = requested();
        assertEq(operations.length, 1);
        return operations[0];
    }

    function withdraw(address who, bytes32 assetId, uint256 amount, address receiver) internal returns (bool) {
        return transact(
            who,
            L2_ASSET_ROUTER,
            assetId == baseAssetId() ? amount : 0,
            abi.encodeCall(IL2AssetRouter.withdraw, (assetId, amount, receiver))
        );
    }

    function bridged(bytes32 assetId) internal view returns (IBridgedToken) {
        return IBridgedToken(IL2Vault(L2_VAULT).tokenOf(assetId));
    }

    function test_token_thereAndBack() public {
        startBridge(CHAIN);
        assertTrue(executeOperation(deposited(alice, token, 1000)));
        assertEq(bridged(tokenId).balanceOf(bob), 1000);
        assertEq(bridged(tokenId).name(), "Token");
        assertEq(bridged(tokenId).decimals(), 6);
        assertEq(alice.balance + beneficiary.balance, MINT);

        IBridgedToken there = bridged(tokenId);
        vm.prank(bob);
        there.transfer(carol, 300);
        assertTrue(withdraw(bob, tokenId, 700, bob));
        assertTrue(withdraw(carol, tokenId, 300, alice));
        assertEq(bridged(tokenId).totalSupply(), 0);

        (uint64 batch, Sent[] memory logs) = settle();
        assertEq(logs.length, 3);
        claimWithdrawal(batch, logs, 2);
        claimWithdrawal(batch, logs, 1);
        assertEq(token.balanceOf(bob), 700);
        assertEq(token.balanceOf(alice), 300);
        assertEq(token.balanceOf(address(vault)), 0);
        assertEq(vault.balanceOf(CHAIN, tokenId), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.WithdrawalFinalizedBefore.selector, CHAIN, batch, 1));
        this.claimAgain(batch, logs, 1);
    }

    function claimAgain(uint64 batch, Sent[] memory logs, uint256 index) external {
        claimWithdrawal(batch, logs, index);
    }

    function test_token_withdrawnByAPriorityOperation() public {
        startBridge(CHAIN);
        executeOperation(deposited(bob, token, 1000));
        vm.deal(bob, MINT);
        bytes memory data = abi.encodeCall(IL2AssetRouter.withdraw, (tokenId, 1000, carol));
        vm.recordLogs();
        vm.prank(bob, bob);
        hub.requestL2Transaction{value: MINT}(L2Request(CHAIN, L2_ASSET_ROUTER, 0, data, GAS_LIMIT, MINT, address(0)));
        assertTrue(executeOperation(requested()[0]));
        (uint64 batch, Sent[] memory logs) = settle();
        // Its message comes before its status.
        claimWithdrawal(batch, logs, 1);
        assertEq(token.balanceOf(carol), 1000);
    }

    function test_ether_thereAndBack() public {
        startBridge(CHAIN);
        vm.deal(alice, 5 ether);
        vm.recordLogs();
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: 2 ether + MINT}(
            L2Request(CHAIN, bob, 2 ether, "", GAS_LIMIT, 2 ether + MINT, carol)
        );
        assertTrue(executeOperation(requested()[0]));
        assertEq(bob.balance, 2 ether);
        assertEq(carol.balance + beneficiary.balance, MINT);
        assertTrue(withdraw(bob, etherId, 1.5 ether, alice));
        assertEq(L2_VAULT.balance, 1.5 ether);

        (uint64 batch, Sent[] memory logs) = settle();
        claimWithdrawal(batch, logs, 1);
        assertEq(alice.balance, 4.5 ether - MINT);
        assertEq(vault.balanceOf(CHAIN, etherId), 0.5 ether + MINT);
        assertEq(address(vault).balance, 0.5 ether + MINT);
    }

    /// What is on the chain can be taken out by force: the operation brings its fee alone.
    function test_ether_withdrawnByAPriorityOperation() public {
        startBridge(CHAIN);
        vm.deal(alice, 2 ether + MINT);
        vm.recordLogs();
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: 2 ether + MINT}(
            L2Request(CHAIN, bob, 2 ether, "", GAS_LIMIT, 2 ether + MINT, carol)
        );
        assertTrue(executeOperation(requested()[0]));
        bytes memory data = abi.encodeCall(IL2AssetRouter.withdraw, (etherId, 2 ether, alice));
        L2Request memory exit = L2Request(CHAIN, L2_ASSET_ROUTER, 2 ether, data, GAS_LIMIT, MINT, carol);
        // On both sides accounts are in one EVM here: the mint is all that comes from Ethereum.
        vm.deal(bob, bob.balance + MINT);
        vm.recordLogs();
        vm.prank(bob, bob);
        hub.requestL2Transaction{value: MINT}(exit);
        assertTrue(executeOperation(requested()[0]));
        assertEq(bob.balance, 0);
        assertEq(L2_VAULT.balance, 2 ether);

        (uint64 batch, Sent[] memory logs) = settle();
        // The deposit's status, then the message, then its status.
        claimWithdrawal(batch, logs, 1);
        assertEq(alice.balance, 2 ether);
        assertEq(vault.balanceOf(CHAIN, etherId), 2 * MINT);
        assertEq(carol.balance + beneficiary.balance, 2 * MINT);

        // Who has nothing there has paid the fee.
        vm.deal(bob, MINT);
        vm.recordLogs();
        vm.prank(bob, bob);
        hub.requestL2Transaction{value: MINT}(exit);
        assertFalse(executeOperation(requested()[0]));
        assertEq(L2_VAULT.balance, 2 ether);
        assertEq(carol.balance + beneficiary.balance, 3 * MINT);
    }

    /// A call that fails: what was minted for its value is the refund recipient's.
    function test_ether_ofAFailedCallIsRefundedOnTheChain() public {
        startBridge(CHAIN);
        vm.deal(alice, 5 ether);
        vm.recordLogs();
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: 2 ether + MINT}(
            L2Request(CHAIN, L2_MESSENGER, 2 ether, "", GAS_LIMIT, 2 ether + MINT, carol)
        );
        Operation memory operation = requested()[0];
        assertFalse(executeOperation(operation));
        assertEq(carol.balance + beneficiary.balance, 2 ether + MINT);
        assertEq(vault.balanceOf(CHAIN, etherId), 2 ether + MINT);
        // And there is nothing to recover on Ethereum.
        (uint64 batch, Sent[] memory logs) = settle();
        L2LogProof memory proof = execute(CHAIN, batch, onlyLogs(logs), 0);
        bytes32 hash = hub.hashOf(operation);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositNotRecorded.selector, CHAIN, hash));
        recover(proof, hash, alice, etherId, 2 ether);
    }

    function test_baseTokenOfErc20_thereAndBack() public {
        startBridge(TOKEN_CHAIN);
        base.mint(alice, 5 ether);
        vm.deal(alice, 3 ether);
        vm.startPrank(alice, alice);
        base.approve(address(vault), 5 ether);
        vm.recordLogs();
        hub.requestL2Transaction(L2Request(TOKEN_CHAIN, bob, 2 ether, "", GAS_LIMIT, 2 ether + MINT, address(0)));
        // Ether is a token there.
        router.deposit{value: 3 ether}(depositOf(TOKEN_CHAIN, ETHER, 3 ether));
        vm.stopPrank();
        Operation[] memory operations = requested();
        assertTrue(executeOperation(operations[0]));
        assertTrue(executeOperation(operations[1]));
        assertEq(bridged(etherId).name(), "Ether");
        assertEq(bridged(etherId).balanceOf(bob), 3 ether);
        assertTrue(withdraw(bob, etherId, 1 ether, carol));
        assertTrue(withdraw(bob, baseId, 2 ether, carol));

        (uint64 batch, Sent[] memory logs) = settle();
        claimWithdrawal(batch, logs, 2);
        claimWithdrawal(batch, logs, 3);
        assertEq(carol.balance, 1 ether);
        assertEq(base.balanceOf(carol), 2 ether);
        assertEq(vault.balanceOf(TOKEN_CHAIN, etherId), 2 ether);
        assertEq(vault.balanceOf(TOKEN_CHAIN, baseId), 2 * MINT);
        assertEq(address(vault).balance, 2 ether);
        assertEq(base.balanceOf(address(vault)), 2 * MINT);
    }

    /// Too little gas to create the token on the chain.
    function test_failedDeposit_isRecovered() public {
        startBridge(CHAIN);
        token.mint(alice, 1000);
        vm.deal(alice, MINT);
        Deposit memory request = depositOf(CHAIN, address(token), 1000);
        request.gasLimit = 100_000;
        vm.startPrank(alice, alice);
        token.approve(address(vault), 1000);
        vm.recordLogs();
        router.deposit{value: MINT}(request);
        vm.stopPrank();
        Operation memory operation = requested()[0];
        assertFalse(executeOperation(operation));
        assertEq(address(bridged(tokenId)), address(0));
        assertEq(alice.balance + beneficiary.balance, MINT);

        (uint64 batch, Sent[] memory logs) = settle();
        L2LogProof memory proof = execute(CHAIN, batch, onlyLogs(logs), 0);
        recover(proof, hub.hashOf(operation), alice, tokenId, 1000);
        assertEq(token.balanceOf(alice), 1000);
        // The next one, with enough gas, arrives.
        assertTrue(executeOperation(deposited(alice, token, 10)));
    }

    function test_contractDepositor() public {
        startBridge(CHAIN);
        Treasury treasury = new Treasury();
        token.mint(address(treasury), 1000);
        vm.deal(alice, MINT);
        Deposit memory request = depositOf(CHAIN, address(token), 1000);
        request.receiver = Aliasing.aliased(address(treasury));
        vm.recordLogs();
        vm.prank(alice, alice);
        treasury.deposit{value: MINT}(router, token, request);
        assertTrue(executeOperation(requested()[0]));
        // The refund too is at the alias, not at the address that somebody else may have on the chain.
        assertEq(address(treasury).balance, 0);
        assertEq(request.receiver.balance + beneficiary.balance, MINT);
        assertEq(bridged(tokenId).balanceOf(request.receiver), 1000);
        // It can act there from Ethereum alone; here it is what an operation with this sender would do.
        assertTrue(withdraw(request.receiver, tokenId, 1000, address(treasury)));
        (uint64 batch, Sent[] memory logs) = settle();
        claimWithdrawal(batch, logs, 1);
        assertEq(token.balanceOf(address(treasury)), 1000);
    }

    function test_tokenWithMetadataWithoutEnd() public {
        startBridge(CHAIN);
        AnswerToken answer = new AnswerToken();
        answer.set(AnswerToken.Kind.Huge, "");
        assertTrue(executeOperation(deposited(alice, GoodToken(address(answer)), 1000)));
        bytes32 id = vault.assetIdOf(address(answer));
        assertEq(bridged(id).balanceOf(bob), 1000);
        assertEq(bridged(id).decimals(), 32);
        assertTrue(withdraw(bob, id, 1000, carol));
        (uint64 batch, Sent[] memory logs) = settle();
        claimWithdrawal(batch, logs, 1);
        assertEq(answer.balanceOf(carol), 1000);
    }

    /// What anybody on the chain says is not what its router says.
    function test_messageOfAContractThatLooksLikeTheRouters() public {
        startBridge(CHAIN);
        executeOperation(deposited(alice, token, 1000));
        bytes memory message = abi.encodePacked(hex"01", tokenId, carol, uint256(1000));
        assertTrue(transact(carol, L2_MESSENGER, 0, abi.encodeWithSignature("sendToL1(bytes)", message)));
        (uint64 batch, Sent[] memory logs) = settle();
        vm.expectRevert();
        this.claimAgain(batch, logs, 1);
    }

    function testFuzz_token_thereAndBack(uint256 amount, uint256 part) public {
        startBridge(CHAIN);
        amount = bound(amount, 1, type(uint256).max);
        part = bound(part, 1, amount);
        assertTrue(executeOperation(deposited(alice, token, amount)));
        assertTrue(withdraw(bob, tokenId, part, carol));
        (uint64 batch, Sent[] memory logs) = settle();
        claimWithdrawal(batch, logs, 1);
        assertEq(token.balanceOf(carol), part);
        assertEq(vault.balanceOf(CHAIN, tokenId), amount - part);
        assertEq(bridged(tokenId).totalSupply(), amount - part);
    }
}
