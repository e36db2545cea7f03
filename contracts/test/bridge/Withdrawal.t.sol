// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {AssetRouter} from "../../src/bridge/AssetRouter.sol";
import {IAssetRouter, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {IMessageRoot, L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {L2_ASSET_ROUTER, L2_MESSENGER, L2_SYSTEM, L2_VAULT} from "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {Rig} from "./Rig.sol";
import {BlockingToken, GoodToken} from "./Tokens.sol";

/// Takes ether when it is told to.
contract Moody {
    error NotNow();

    bool public willing;

    function setWilling(bool yes) external {
        willing = yes;
    }

    receive() external payable {
        if (!willing) revert NotNow();
    }
}

/// Refuses ether with as many bytes as there is gas for.
contract Bomb {
    receive() external payable {
        assembly {
            revert(0, 100000)
        }
    }
}

contract WithdrawalTest is Rig {
    Withdrawal internal withdrawal;

    function setUp() public override {
        super.setUp();
        depositTokens(alice, CHAIN, token, 1000);
        withdrawal = Withdrawal(tokenId, bob, 400);
    }

    function claim(L2LogProof memory proof) internal {
        router.finalizeWithdrawal(proof, 0, withdrawal);
    }

    function test_withdrawal_isPaidByAnybody() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        vm.expectEmit(address(router));
        emit IAssetRouter.WithdrawalFinalized(CHAIN, 1, 0, tokenId, bob, 400);
        vm.expectEmit(address(vault));
        emit IVault.ChainBalanceDecreased(CHAIN, tokenId, 400);
        vm.prank(makeAddr("anybody"));
        claim(proof);
        assertEq(token.balanceOf(bob), 400);
        assertEq(vault.balanceOf(CHAIN, tokenId), 600);
        assertTrue(router.isFinalized(CHAIN, 1, 0));
        assertFalse(router.isFinalized(CHAIN, 1, 1));
        assertFalse(router.isFinalized(CHAIN, 2, 0));
        assertFalse(router.isFinalized(OTHER_CHAIN, 1, 0));
    }

    function test_withdrawal_ofEther() public {
        withdrawal = Withdrawal(etherId, bob, MINT);
        claim(executeOne(CHAIN, 1, withdrawalLog(withdrawal)));
        assertEq(bob.balance, MINT);
        assertEq(vault.balanceOf(CHAIN, etherId), 0);
    }

    function test_message_is85Bytes() public view {
        bytes memory message = Assets.withdrawalMessage(tokenId, bob, 400);
        assertEq(message.length, 85);
        assertEq(message, abi.encodePacked(hex"01", tokenId, bob, uint256(400)));
    }

    // ---- Once ----

    function test_withdrawal_twiceIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        claim(proof);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.WithdrawalFinalizedBefore.selector, CHAIN, 1, 0));
        claim(proof);
        assertEq(token.balanceOf(bob), 400);
    }

    function test_withdrawal_withAnotherIndexIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        claim(proof);
        for (uint256 bit = 0; bit < 14; ++bit) {
            proof.index = 1 << bit;
            vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
            claim(proof);
        }
        // The same place by another number.
        for (uint256 bit = 14; bit < 256; ++bit) {
            proof.index = 1 << bit;
            vm.expectRevert(IMessageRoot.LogProofForm.selector);
            claim(proof);
        }
    }

    function test_withdrawal_inAnotherBatchIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        executeOne(CHAIN, 2, statusLog(keccak256("something"), true));
        claim(proof);
        proof.batch = 2;
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
        proof.batch = 3;
        vm.expectRevert(abi.encodeWithSelector(IMessageRoot.BatchNotExecuted.selector, CHAIN, 3));
        claim(proof);
        proof.batch = 0;
        vm.expectRevert(abi.encodeWithSelector(IMessageRoot.BatchNotExecuted.selector, CHAIN, 0));
        claim(proof);
    }

    function test_withdrawal_forAnotherChainIsRefused() public {
        depositTokens(alice, OTHER_CHAIN, token, 1000);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        executeOne(OTHER_CHAIN, 1, statusLog(keccak256("something"), true));
        proof.chainId = OTHER_CHAIN;
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
    }

    /// Two equal messages are two withdrawals.
    function test_withdrawal_equalOnesArePaidBoth() public {
        L2Log[] memory logs = new L2Log[](3);
        logs[0] = statusLog(keccak256("something"), true);
        (logs[1], logs[2]) = (withdrawalLog(withdrawal), withdrawalLog(withdrawal));
        L2LogProof memory second = execute(CHAIN, 1, logs, 2);
        claim(execute(CHAIN, 1, logs, 1));
        claim(second);
        assertEq(token.balanceOf(bob), 800);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.WithdrawalFinalizedBefore.selector, CHAIN, 1, 2));
        claim(second);
    }

    // ---- Nothing but what the chain's router sent ----

    function test_withdrawal_ofAnotherSenderIsRefused() public {
        bytes memory message = Assets.withdrawalMessage(tokenId, bob, 400);
        address[6] memory senders = [
            alice,
            L2_VAULT,
            L2_MESSENGER,
            address(router),
            address(uint160(L2_ASSET_ROUTER) + 1),
            address(uint160(L2_ASSET_ROUTER) | uint160(1) << 159)
        ];
        for (uint256 i = 0; i < senders.length; ++i) {
            L2LogProof memory proof = executeOne(CHAIN, 1, messageLog(senders[i], message));
            vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
            claim(proof);
        }
    }

    function test_withdrawal_ofALogThatIsNoMessageIsRefused() public {
        L2Log memory log = withdrawalLog(withdrawal);
        log.sender = L2_SYSTEM;
        expectNotIncluded(log);
        log = withdrawalLog(withdrawal);
        log.isService = false;
        expectNotIncluded(log);
        log = withdrawalLog(withdrawal);
        log.transactionIndex = 1;
        expectNotIncluded(log);
        // The sender is a word: nothing beside the address.
        log = withdrawalLog(withdrawal);
        log.key |= bytes32(uint256(1) << 255);
        expectNotIncluded(log);
    }

    function expectNotIncluded(L2Log memory log) internal {
        L2LogProof memory proof = executeOne(CHAIN, 1, log);
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
    }

    function test_withdrawal_ofAnotherMessageIsRefused() public {
        bytes memory message = Assets.withdrawalMessage(tokenId, bob, 400);
        for (uint256 i = 0; i < message.length; ++i) {
            message[i] ^= 0x01;
            expectNotIncluded(messageLog(L2_ASSET_ROUTER, message));
            message[i] ^= 0x01;
        }
        expectNotIncluded(messageLog(L2_ASSET_ROUTER, abi.encodePacked(message, uint8(0))));
        expectNotIncluded(messageLog(L2_ASSET_ROUTER, abi.encode(uint8(1), tokenId, bob, 400)));
        expectNotIncluded(messageLog(L2_ASSET_ROUTER, abi.encodePacked(tokenId, bob, uint256(400))));
    }

    function test_withdrawal_claimedWithOtherFieldsIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        withdrawal.amount = 401;
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
        withdrawal = Withdrawal(tokenId, alice, 400);
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
        withdrawal = Withdrawal(etherId, bob, 400);
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        claim(proof);
        withdrawal = Withdrawal(tokenId, bob, 400);
        vm.expectRevert(IMessageRoot.LogNotIncluded.selector);
        router.finalizeWithdrawal(proof, 1, withdrawal);
    }

    function test_withdrawal_ofAProofOfAnotherLengthIsRefused() public {
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        bytes32[] memory siblings = proof.siblings;
        for (uint256 length = 0; length <= 20; ++length) {
            if (length == 17) continue;
            proof.siblings = new bytes32[](length);
            for (uint256 i = 0; i < length && i < 17; ++i) {
                proof.siblings[i] = siblings[i];
            }
            vm.expectRevert(IMessageRoot.LogProofForm.selector);
            claim(proof);
        }
    }

    /// A router whose message root is not there yet believes nothing.
    function test_withdrawal_withoutAMessageRootIsRefused() public {
        AssetRouter early = new AssetRouter(hub, IMessageRoot(makeAddr("to be deployed")));
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        vm.expectRevert();
        early.finalizeWithdrawal(proof, 0, withdrawal);
    }

    // ---- No more than the chain has ----

    function test_withdrawal_ofMoreThanTheChainHasIsRefused() public {
        depositTokens(alice, OTHER_CHAIN, token, 1_000_000);
        withdrawal = Withdrawal(tokenId, bob, 1001);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultChainBalance.selector, CHAIN, tokenId, 1000, 1001));
        claim(proof);
        assertFalse(router.isFinalized(CHAIN, 1, 0));
        // It can be claimed when the chain has it.
        depositTokens(alice, CHAIN, token, 1);
        claim(proof);
        assertEq(vault.balanceOf(CHAIN, tokenId), 0);
        assertEq(vault.balanceOf(OTHER_CHAIN, tokenId), 1_000_000);
    }

    /// One chain's ether is not that of another, nor one asset another.
    function testFuzz_withdrawal_takesFromItsChainAlone(uint256 amount, uint8 seed) public {
        depositTokens(alice, OTHER_CHAIN, token, 1 ether);
        bytes32[3] memory ids = [tokenId, etherId, keccak256("unknown")];
        bytes32 id = ids[seed % 3];
        uint256 has = vault.balanceOf(CHAIN, id);
        withdrawal = Withdrawal(id, bob, amount);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        if (vault.tokenOf(id) == address(0)) {
            vm.expectRevert(abi.encodeWithSelector(IVault.VaultAssetUnknown.selector, id));
        } else if (amount > has) {
            vm.expectRevert(abi.encodeWithSelector(IVault.VaultChainBalance.selector, CHAIN, id, has, amount));
        }
        claim(proof);
        assertEq(vault.balanceOf(OTHER_CHAIN, tokenId), 1 ether);
        assertEq(vault.balanceOf(OTHER_CHAIN, etherId), MINT);
        assertEq(vault.balanceOf(CHAIN, id), amount > has ? has : has - amount);
    }

    /// A lying chain's message of 0 pays nobody.
    function test_withdrawal_ofZeroPaysNothing() public {
        withdrawal.amount = 0;
        claim(executeOne(CHAIN, 1, withdrawalLog(withdrawal)));
        assertEq(token.balanceOf(bob), 0);
        assertEq(vault.balanceOf(CHAIN, tokenId), 1000);
    }

    // ---- Receivers that refuse ----

    function test_withdrawal_aReceiverThatRevertsCanTryAgain() public {
        Moody moody = new Moody();
        withdrawal = Withdrawal(etherId, address(moody), 7);
        Withdrawal memory other = Withdrawal(etherId, bob, 8);
        L2Log[] memory logs = new L2Log[](2);
        (logs[0], logs[1]) = (withdrawalLog(withdrawal), withdrawalLog(other));
        L2LogProof memory proof = execute(CHAIN, 1, logs, 0);
        vm.expectRevert(Moody.NotNow.selector);
        claim(proof);
        assertFalse(router.isFinalized(CHAIN, 1, 0));
        assertEq(vault.balanceOf(CHAIN, etherId), MINT);
        // Others are not stopped.
        router.finalizeWithdrawal(execute(CHAIN, 1, logs, 1), 0, other);
        assertEq(bob.balance, 8);
        moody.setWilling(true);
        claim(proof);
        assertEq(address(moody).balance, 7);
    }

    function test_withdrawal_toAContractWithoutReceiveReverts() public {
        withdrawal = Withdrawal(etherId, address(token), 7);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        vm.expectRevert(Errors.FailedCall.selector);
        claim(proof);
        assertFalse(router.isFinalized(CHAIN, 1, 0));
    }

    function test_withdrawal_aReceiverThatRefusesWithManyBytes() public {
        withdrawal = Withdrawal(etherId, address(new Bomb()), 7);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        vm.expectRevert();
        claim(proof);
        assertFalse(router.isFinalized(CHAIN, 1, 0));
    }

    function test_withdrawal_aTokenThatBlocksCanPayLater() public {
        BlockingToken blocking = new BlockingToken();
        depositTokens(alice, CHAIN, GoodToken(address(blocking)), 50);
        withdrawal = Withdrawal(vault.assetIdOf(address(blocking)), bob, 50);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        blocking.setBlocked(bob, true);
        vm.expectRevert(bytes("blocked"));
        claim(proof);
        blocking.setBlocked(bob, false);
        claim(proof);
        assertEq(blocking.balanceOf(bob), 50);
    }

    /// Wherever the log is in its batch, and whatever else is in it.
    function testFuzz_withdrawal_atAnyPlace(uint256 count, uint256 index, uint256 amount) public {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        withdrawal.amount = bound(amount, 0, 1000);
        L2Log[] memory logs = new L2Log[](count);
        for (uint256 i = 0; i < count; ++i) {
            logs[i] = statusLog(keccak256(abi.encode(i)), true);
        }
        logs[index] = withdrawalLog(withdrawal);
        L2LogProof memory proof = execute(CHAIN, 7, logs, index);
        claim(proof);
        assertEq(token.balanceOf(bob), withdrawal.amount);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.WithdrawalFinalizedBefore.selector, CHAIN, 7, index));
        claim(proof);
    }
}
