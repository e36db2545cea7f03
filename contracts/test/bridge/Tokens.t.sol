// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {Rig} from "./Rig.sol";
import {AnswerToken, FalseToken, FeeToken, GoodToken, LyingToken, SilentToken} from "./Tokens.sol";

/// Tokens that are not as they should be.
contract TokensTest is Rig {
    function fund(address token_, uint256 amount) internal {
        GoodToken(token_).mint(alice, amount);
        vm.deal(alice, MINT);
        vm.prank(alice);
        SilentToken(token_).approve(address(vault), amount);
    }

    function deposit(address token_, uint256 amount) internal returns (bytes32) {
        vm.prank(alice, alice);
        return router.deposit{value: MINT}(depositOf(CHAIN, token_, amount));
    }

    function test_feeToken_isRefused() public {
        FeeToken fee = new FeeToken();
        fund(address(fee), 1000);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultReceived.selector, address(fee), 1000, 990));
        deposit(address(fee), 1000);
        // Where the fee is rounded away, nothing is missing.
        deposit(address(fee), 99);
    }

    function test_silentToken_isFine() public {
        SilentToken silent = new SilentToken();
        fund(address(silent), 1000);
        bytes32 operation = deposit(address(silent), 1000);
        bytes32 id = Assets.idOf(block.chainid, address(silent));
        Withdrawal memory withdrawal = Withdrawal(id, bob, 400);
        router.finalizeWithdrawal(executeOne(CHAIN, 1, withdrawalLog(withdrawal)), 0, withdrawal);
        assertEq(silent.balanceOf(bob), 400);
        fund(address(silent), 500);
        operation = deposit(address(silent), 500);
        recover(executeOne(CHAIN, 2, statusLog(operation, false)), operation, alice, id, 500);
        assertEq(silent.balanceOf(alice), 500);
    }

    function test_falseToken_isRefused() public {
        FalseToken bad = new FalseToken();
        fund(address(bad), 1000);
        bytes memory reason = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(bad));
        vm.expectRevert(reason);
        deposit(address(bad), 1000);
        bad.setMoves(true);
        vm.expectRevert(reason);
        deposit(address(bad), 1000);
    }

    function test_lyingToken_mustSayThatTheVaultHasMore() public {
        LyingToken lying = new LyingToken();
        vm.deal(alice, 2 * MINT);
        bytes memory nothing = abi.encodeWithSelector(IVault.VaultReceived.selector, address(lying), 10, 0);
        vm.expectRevert(nothing);
        deposit(address(lying), 10);
        // Less than before: no underflow.
        lying.setBalance(address(vault), 100);
        lying.setStep(type(uint256).max);
        vm.expectRevert(nothing);
        deposit(address(lying), 10);
        lying.setStep(11);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultReceived.selector, address(lying), 10, 11));
        deposit(address(lying), 10);
        lying.setStep(10);
        deposit(address(lying), 10);
        assertEq(vault.balanceOf(CHAIN, Assets.idOf(block.chainid, address(lying))), 10);
    }

    /// However much a token pretends: it has its own id, and balances do not wrap around.
    function test_lyingToken_cannotOverflowABalance() public {
        LyingToken lying = new LyingToken();
        vm.deal(alice, 2 * MINT);
        lying.setStep(type(uint256).max);
        deposit(address(lying), type(uint256).max);
        lying.setBalance(address(vault), 0);
        lying.setStep(1);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        deposit(address(lying), 1);
        assertEq(vault.balanceOf(CHAIN, tokenId), 0);
    }

    function test_tokenWithoutMetadata_isFine() public {
        AnswerToken answer = new AnswerToken();
        answer.set(AnswerToken.Kind.Revert, "");
        fund(address(answer), 10);
        deposit(address(answer), 10);
        answer.set(AnswerToken.Kind.Loop, "");
        fund(address(answer), 10);
        deposit(address(answer), 10);
    }

    // ---- The vault obeys the router alone ----

    function test_vault_onlyTheRouterMoves() public {
        depositTokens(alice, CHAIN, token, 1000);
        address[3] memory others = [alice, address(hub), address(root)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.startPrank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.VaultCallerNotRouter.selector, others[i]));
            vault.pay(CHAIN, tokenId, others[i], 1);
            vm.expectRevert(abi.encodeWithSelector(IVault.VaultCallerNotRouter.selector, others[i]));
            vault.collect(CHAIN, tokenId, alice, 1);
            vm.stopPrank();
        }
    }

    function test_vault_takesNoEtherBesideDeposits() public {
        vm.deal(alice, 1 ether);
        vm.startPrank(alice);
        (bool ok,) = address(vault).call{value: 1}("");
        assertFalse(ok);
        (ok,) = address(router).call{value: 1}("");
        assertFalse(ok);
    }

    function test_vault_etherOfACallIsExact() public {
        vm.deal(address(router), 10);
        vm.startPrank(address(router));
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultEther.selector, 5, 4));
        vault.collect{value: 4}(CHAIN, etherId, alice, 5);
        vault.registerToken(address(token));
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultEther.selector, 0, 5));
        vault.collect{value: 5}(CHAIN, tokenId, alice, 5);
    }

    function test_vault_whatIsGivenToItBelongsToNoChain() public {
        depositTokens(alice, CHAIN, token, 1000);
        token.mint(address(vault), 500);
        vm.deal(address(vault), address(vault).balance + 5 ether);
        assertEq(vault.balanceOf(CHAIN, tokenId), 1000);
        Withdrawal memory withdrawal = Withdrawal(tokenId, bob, 1001);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultChainBalance.selector, CHAIN, tokenId, 1000, 1001));
        this.claimNow(withdrawal);
        withdrawal = Withdrawal(etherId, bob, MINT + 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultChainBalance.selector, CHAIN, etherId, MINT, MINT + 1));
        this.claimNow(withdrawal);
    }

    function claimNow(Withdrawal calldata withdrawal) external {
        router.finalizeWithdrawal(executeOne(CHAIN, 1, withdrawalLog(withdrawal)), 0, withdrawal);
    }
}
