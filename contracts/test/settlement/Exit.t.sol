// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAssetRouter, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {BatchCommit, Evidence, OperationRange, StoredBatch} from "../../src/interfaces/IRollupChain.sol";
import {L2_ASSET_ROUTER, L2_MESSENGER, L2_SYSTEM} from "../../src/shared/Addresses.sol";
import {SettlementTest} from "./SettlementTest.sol";

/// From an operator's silence to ether on Ethereum, with the bridge itself. What the chain does with the operation, the tests of
/// the state transition and those of the predeploys show.
contract ExitTest is SettlementTest {
    bytes32 private constant PADDING = 0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba;

    address private receiver = makeAddr("receiver");

    function newRouter(address bridgehub_, address messageRoot_) internal override returns (address) {
        return deployCode("AssetRouter.sol:AssetRouter", abi.encode(bridgehub_, messageRoot_));
    }

    function ask(L2Request memory asked) private returns (bytes32 hash) {
        vm.prank(user, user);
        hash = bridgehub.requestL2Transaction{value: asked.mint}(asked);
        queue.push(hash, uint64(vm.getBlockTimestamp()) + 3 days);
    }

    function leaf(address sender, bytes32 key, bytes32 value) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes2(0x0001), uint16(0), sender, key, value));
    }

    /// Batch root of two logs, and the siblings of the first (specification 017).
    function treeOf(bytes32 first, bytes32 second) private pure returns (bytes32 root, bytes32[] memory siblings) {
        siblings = new bytes32[](17);
        siblings[0] = second;
        root = keccak256(bytes.concat(first, second));
        bytes32 missing = keccak256(bytes.concat(PADDING, PADDING));
        for (uint256 level = 1; level < 17; ++level) {
            if (level == 14) missing = 0;
            siblings[level] = missing;
            root = keccak256(bytes.concat(root, missing));
            missing = keccak256(bytes.concat(missing, missing));
        }
    }

    function settleAsStranger(StoredBatch memory previous, bytes32 batchRoot) private {
        BatchCommit memory batch = onlyOperations(previous, 1);
        batch.batchRoot = batchRoot;
        batch.logs = 2;
        Evidence[] memory evidence = proofOf(one(storedOf(previous, batch, 0)));
        OperationRange memory range = rangeOf(1, 1);
        vm.prank(stranger);
        chain.settle(previous, batch, evidence, range);
    }

    function test_etherOnTheChainComesBackWithoutTheOperator() public {
        IAssetRouter bridge = IAssetRouter(address(router));
        bytes32 asset = bridgehub.etherAsset();
        ask(call(5 ether, 100_000, ""));
        StoredBatch memory last = finish(genesis, 1);

        // The five ether of the user, who brings the fee alone.
        bytes memory data = abi.encodeCall(IL2AssetRouter.withdraw, (asset, 5 ether, receiver));
        L2Request memory exit = call(5 ether, 200_000, data);
        exit.to = L2_ASSET_ROUTER;
        exit.mint = 200_000 * uint256(PRICE);
        bytes32 operation = ask(exit);
        uint256 inVault = bridge.vault().balanceOf(CHAIN, asset);
        assertEq(inVault, 5 ether + 300_000 * uint256(PRICE));
        skip(3 days + 1);

        bytes32 message = keccak256(abi.encodePacked(hex"01", asset, receiver, uint256(5 ether)));
        L2LogProof memory proof = L2LogProof(CHAIN, 2, 0, new bytes32[](0));
        bytes32 batchRoot;
        (batchRoot, proof.siblings) = treeOf(
            leaf(L2_MESSENGER, bytes32(uint256(uint160(L2_ASSET_ROUTER))), message),
            leaf(L2_SYSTEM, operation, bytes32(uint256(1)))
        );
        settleAsStranger(last, batchRoot);

        bridge.finalizeWithdrawal(proof, 0, Withdrawal(asset, receiver, 5 ether));
        assertEq(receiver.balance, 5 ether);
        assertEq(bridge.vault().balanceOf(CHAIN, asset), inVault - 5 ether);
    }
}
