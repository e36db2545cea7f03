// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Deposit, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {IMessenger} from "../../src/interfaces/IMessenger.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {L2_ASSET_ROUTER, L2_MESSENGER} from "../../src/shared/Addresses.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Sequencer} from "./Sequencer.sol";

/// What the bridge costs as a transaction, intrinsic gas in it and refunds not, in `snapshots/BridgeGas.json`. The registry and the message root are doubles, so
/// calls of theirs are not what they will cost.
/// forge-config: default.isolate = true
contract BridgeGasTest is Sequencer {
    function setUp() public override {
        super.setUp();
        startBridge(CHAIN);
        // Somebody has been there before.
        depositTokens(bob, CHAIN, token, 1_000_000);
        token.mint(alice, 1_000_000);
        vm.deal(alice, 10 ether);
        vm.prank(alice);
        token.approve(address(vault), type(uint256).max);
    }

    function test_gas_deposit() public {
        Deposit memory request = depositOf(CHAIN, address(token), 1000);
        vm.prank(alice, alice);
        router.deposit{value: MINT}(request);
        vm.snapshotGasLastCall("BridgeGas", "deposit of a token");
    }

    function test_gas_collectMint() public {
        vm.deal(address(hub), 1 ether);
        vm.prank(address(hub));
        router.collectMint{value: 1 ether}(CHAIN, alice, 1 ether);
        vm.snapshotGasLastCall("BridgeGas", "mint of ether");
    }

    function test_gas_claims() public {
        Withdrawal memory ofTokens = Withdrawal(tokenId, alice, 1000);
        Withdrawal memory ofEther = Withdrawal(etherId, alice, 1000);
        L2Log[] memory logs = new L2Log[](2);
        (logs[0], logs[1]) = (withdrawalLog(ofTokens), withdrawalLog(ofEther));
        L2LogProof memory first = execute(CHAIN, 1, logs, 0);
        L2LogProof memory second = execute(CHAIN, 1, logs, 1);
        router.finalizeWithdrawal(first, 0, ofTokens);
        vm.snapshotGasLastCall("BridgeGas", "claim of a token, first of a batch");
        router.finalizeWithdrawal(second, 0, ofEther);
        vm.snapshotGasLastCall("BridgeGas", "claim of ether, another of the batch");
    }

    function test_gas_recovery() public {
        bytes32 operation = depositTokens(alice, CHAIN, token, 1000);
        L2LogProof memory proof = executeOne(CHAIN, 1, statusLog(operation, false));
        recover(proof, operation, alice, tokenId, 1000);
        vm.snapshotGasLastCall("BridgeGas", "recovery of a deposit");
    }

    function test_gas_onTheChain() public {
        bytes memory metadata = abi.encode("Token", "TOK", uint8(6));
        IL2AssetRouter there = IL2AssetRouter(L2_ASSET_ROUTER);
        vm.startPrank(Aliasing.aliased(address(router)));
        there.finalizeDeposit(L1, address(token), alice, alice, 1000, metadata);
        vm.snapshotGasLastCall("BridgeGas", "on the chain: deposit that creates a token");
        there.finalizeDeposit(L1, address(token), alice, bob, 1000, metadata);
        vm.snapshotGasLastCall("BridgeGas", "on the chain: deposit");
        vm.stopPrank();
        vm.startPrank(alice);
        there.withdraw(tokenId, 400, bob);
        vm.snapshotGasLastCall("BridgeGas", "on the chain: withdrawal of a token");
        there.withdraw{value: 1000}(etherId, 1000, bob);
        vm.snapshotGasLastCall("BridgeGas", "on the chain: withdrawal of base token");
        IMessenger(L2_MESSENGER).sendToL1(new bytes(85));
        vm.snapshotGasLastCall("BridgeGas", "on the chain: message of 85 bytes");
    }
}
