// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {AssetRouter} from "../../src/bridge/AssetRouter.sol";
import {Deposit, IAssetRouter, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {Rig} from "./Rig.sol";
import {GoodToken, HookFeeToken, HookReceiver, HookToken} from "./Tokens.sol";

/// Calls back when tokens or ether move.
contract Attacker is HookReceiver {
    enum When {
        Never,
        BeforeSending,
        AfterReceiving,
        OnEther
    }

    When private when;
    address private target;
    bytes private data;
    uint256 private value;
    bool public succeeded;
    bytes public reason;
    bool private mustSucceed;

    receive() external payable {
        act(When.OnEther);
    }

    function arm(When when_, address target_, uint256 value_, bytes calldata data_, bool mustSucceed_) external {
        (when, target, value, data, mustSucceed) = (when_, target_, value_, data_, mustSucceed_);
    }

    function hook(HookToken token) external {
        token.setHooked(true);
    }

    function call(address to, uint256 value_, bytes calldata data_) external payable {
        (bool ok, bytes memory result) = to.call{value: value_}(data_);
        if (!ok) rethrow(result);
    }

    function tokensToSend(address, uint256) external {
        act(When.BeforeSending);
    }

    function tokensReceived(address, uint256) external {
        act(When.AfterReceiving);
    }

    function act(When now_) private {
        if (when != now_) return;
        when = When.Never;
        (succeeded, reason) = target.call{value: value}(data);
        if (mustSucceed && !succeeded) rethrow(reason);
    }

    function rethrow(bytes memory result) private pure {
        assembly {
            revert(add(result, 32), mload(result))
        }
    }
}

contract ReentrancyTest is Rig {
    Attacker internal attacker;
    HookToken internal hook;
    bytes32 internal hookId;

    function setUp() public override {
        super.setUp();
        attacker = new Attacker();
        hook = new HookToken();
        hookId = vault.registerToken(address(hook));
        // Of others.
        depositTokens(alice, CHAIN, hook, 10_000);
        depositTokens(alice, OTHER_CHAIN, hook, 10_000);
        prepare(hook);
    }

    function prepare(HookToken token_) internal {
        token_.mint(address(attacker), 1000);
        attacker.hook(token_);
        vm.deal(address(attacker), 10 * MINT);
        attacker.call(address(token_), 0, abi.encodeCall(token_.approve, (address(vault), type(uint256).max)));
    }

    function depositCall(HookToken token_, uint256 amount) internal view returns (bytes memory) {
        return abi.encodeCall(router.deposit, (depositOf(CHAIN, address(token_), amount)));
    }

    function claimCall(L2LogProof memory proof, Withdrawal memory withdrawal) internal view returns (bytes memory) {
        return abi.encodeCall(router.finalizeWithdrawal, (proof, 0, withdrawal));
    }

    function expectGuarded() internal view {
        assertFalse(attacker.succeeded());
        assertEq(
            attacker.reason(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    /// A deposit inside of a deposit: what one brings must not count for both.
    function test_depositInDeposit_isRefused() public {
        attacker.arm(Attacker.When.BeforeSending, address(router), MINT, depositCall(hook, 100), false);
        attacker.call(address(router), MINT, depositCall(hook, 200));
        expectGuarded();
        assertEq(vault.balanceOf(CHAIN, hookId), 10_200);
        assertEq(hook.balanceOf(address(vault)), 20_200);
    }

    /// The same where it would pay: of 100 the token keeps a half, of 50 nothing. Without the guard the outer deposit, of which 50
    /// arrive, would find the 50 of the inner one too and be taken for whole: the chain would have 150, and the vault 100.
    function test_depositInDeposit_ofAFeeTokenCannotCountTwice() public {
        HookFeeToken fee = new HookFeeToken();
        prepare(fee);
        bytes32 feeId = vault.registerToken(address(fee));
        attacker.arm(Attacker.When.BeforeSending, address(router), MINT, depositCall(fee, 50), false);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultReceived.selector, address(fee), 100, 50));
        attacker.call(address(router), MINT, depositCall(fee, 100));
        assertEq(vault.balanceOf(CHAIN, feeId), 0);
    }

    /// A claim inside of a deposit, of a chain that lies as much as it can.
    function test_claimInDeposit_isRefused() public {
        Withdrawal memory withdrawal = Withdrawal(hookId, address(attacker), 10_200);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        attacker.arm(Attacker.When.BeforeSending, address(router), 0, claimCall(proof, withdrawal), false);
        attacker.call(address(router), MINT, depositCall(hook, 200));
        expectGuarded();
        assertEq(vault.balanceOf(CHAIN, hookId), 10_200);
        assertEq(vault.balanceOf(OTHER_CHAIN, hookId), 10_000);
        assertEq(hook.balanceOf(address(vault)), 20_200);
    }

    function test_recoveryInDeposit_isRefused() public {
        bytes32 operation = attackersOperation();
        L2LogProof memory proof = executeOne(CHAIN, 1, statusLog(operation, false));
        bytes memory data = abi.encodeCall(router.recoverDeposit, (proof, 0, operation, address(attacker), hookId, 100));
        attacker.arm(Attacker.When.BeforeSending, address(router), 0, data, false);
        attacker.call(address(router), MINT, depositCall(hook, 200));
        expectGuarded();
        assertEq(vault.balanceOf(CHAIN, hookId), 10_300);
    }

    /// A deposit of 100 by the attacker.
    function attackersOperation() internal returns (bytes32) {
        vm.recordLogs();
        attacker.call(address(router), MINT, depositCall(hook, 100));
        return logsOf(address(router), IAssetRouter.DepositRequested.selector)[0].topics[2];
    }

    /// The same claim inside of itself.
    function test_claimInItself_isRefused() public {
        Withdrawal memory withdrawal = Withdrawal(hookId, address(attacker), 100);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        bytes memory data = claimCall(proof, withdrawal);
        attacker.arm(Attacker.When.AfterReceiving, address(router), 0, data, false);
        router.finalizeWithdrawal(proof, 0, withdrawal);
        assertFalse(attacker.succeeded());
        assertEq(
            attacker.reason(), abi.encodeWithSelector(IAssetRouter.WithdrawalFinalizedBefore.selector, CHAIN, 1, 0)
        );
        assertEq(hook.balanceOf(address(attacker)), 1100);
        assertEq(vault.balanceOf(CHAIN, hookId), 9900);
    }

    function test_claimOfEtherInItself_isRefused() public {
        Withdrawal memory withdrawal = Withdrawal(etherId, address(attacker), 100);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        attacker.arm(Attacker.When.OnEther, address(router), 0, claimCall(proof, withdrawal), false);
        uint256 before = address(attacker).balance;
        router.finalizeWithdrawal(proof, 0, withdrawal);
        assertFalse(attacker.succeeded());
        assertEq(address(attacker).balance, before + 100);
        assertEq(vault.balanceOf(CHAIN, etherId), MINT - 100);
    }

    function test_recoveryInItself_isRefused() public {
        bytes32 operation = attackersOperation();
        L2LogProof memory proof = executeOne(CHAIN, 1, statusLog(operation, false));
        bytes memory data = abi.encodeCall(router.recoverDeposit, (proof, 0, operation, address(attacker), hookId, 100));
        attacker.arm(Attacker.When.AfterReceiving, address(router), 0, data, false);
        router.recoverDeposit(proof, 0, operation, address(attacker), hookId, 100);
        assertFalse(attacker.succeeded());
        assertEq(attacker.reason(), abi.encodeWithSelector(IAssetRouter.DepositNotRecorded.selector, CHAIN, operation));
        assertEq(hook.balanceOf(address(attacker)), 1000);
        assertEq(vault.balanceOf(CHAIN, hookId), 10_000);
    }

    /// A receiver that goes on with what it has got is no attack: another claim, and a deposit of it to another chain.
    function test_claimInClaim_isFine() public {
        Withdrawal memory first = Withdrawal(etherId, address(attacker), 100);
        Withdrawal memory second = Withdrawal(etherId, bob, 50);
        L2Log[] memory logs = new L2Log[](2);
        (logs[0], logs[1]) = (withdrawalLog(first), withdrawalLog(second));
        L2LogProof memory proof = execute(CHAIN, 1, logs, 1);
        attacker.arm(Attacker.When.OnEther, address(router), 0, claimCall(proof, second), true);
        router.finalizeWithdrawal(execute(CHAIN, 1, logs, 0), 0, first);
        assertEq(bob.balance, 50);
        assertEq(vault.balanceOf(CHAIN, etherId), MINT - 150);
    }

    function test_depositInClaim_isFine() public {
        Withdrawal memory withdrawal = Withdrawal(hookId, address(attacker), 100);
        L2LogProof memory proof = executeOne(CHAIN, 1, withdrawalLog(withdrawal));
        Deposit memory onward = depositOf(OTHER_CHAIN, address(hook), 100);
        attacker.arm(
            Attacker.When.AfterReceiving, address(router), MINT, abi.encodeCall(router.deposit, (onward)), true
        );
        router.finalizeWithdrawal(proof, 0, withdrawal);
        assertTrue(attacker.succeeded());
        assertEq(vault.balanceOf(CHAIN, hookId), 9900);
        assertEq(vault.balanceOf(OTHER_CHAIN, hookId), 10_100);
        assertEq(hook.balanceOf(address(vault)), 20_000);
    }
}
