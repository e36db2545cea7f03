// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {AssetRouter} from "../../src/bridge/AssetRouter.sol";
import {Vault} from "../../src/bridge/Vault.sol";
import {Deposit, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {ETHER, L2_ASSET_ROUTER, L2_MESSENGER, L2_SYSTEM} from "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {HubDouble, LogTree, MessageRootDouble} from "./Doubles.sol";
import {GenesisState} from "./GenesisState.sol";
import {GoodToken, SilentToken} from "./Tokens.sol";

/// The bridge on Ethereum, with a few chains, and batches that say what a test wants them to say.
abstract contract Rig is GenesisState {
    // Base token ether.
    uint256 internal constant CHAIN = 271;
    uint256 internal constant OTHER_CHAIN = 272;
    // Base token `base`.
    uint256 internal constant TOKEN_CHAIN = 273;
    uint64 internal constant GAS_LIMIT = 1_000_000;
    uint256 internal constant MINT = uint256(GAS_LIMIT) * 1 gwei;

    HubDouble internal hub;
    MessageRootDouble internal root;
    AssetRouter internal router;
    Vault internal vault;
    GoodToken internal token;
    GoodToken internal base;
    bytes32 internal tokenId;
    bytes32 internal etherId;
    bytes32 internal baseId;
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");

    function setUp() public virtual {
        hub = new HubDouble();
        root = new MessageRootDouble();
        router = new AssetRouter(hub, root);
        vault = Vault(address(router.vault()));
        hub.setRouter(router);
        token = new GoodToken("Token", "TOK", 6);
        base = new GoodToken("Base", "BASE", 18);
        (tokenId, etherId) = (Assets.idOf(block.chainid, address(token)), Assets.idOf(block.chainid, ETHER));
        baseId = vault.registerToken(address(base));
        hub.setChain(CHAIN, etherId);
        hub.setChain(OTHER_CHAIN, etherId);
        hub.setChain(TOKEN_CHAIN, baseId);
    }

    // ---- Deposits ----

    function depositOf(uint256 chainId, address token_, uint256 amount) internal view returns (Deposit memory) {
        return Deposit(chainId, token_, amount, bob, GAS_LIMIT, MINT, address(0));
    }

    /// A deposit of tokens by an account that has them, and has the ether of the mint.
    function depositTokens(address who, uint256 chainId, GoodToken token_, uint256 amount) internal returns (bytes32) {
        token_.mint(who, amount);
        vm.deal(who, who.balance + MINT);
        vm.startPrank(who, who);
        // Some return nothing.
        SilentToken(address(token_)).approve(address(vault), amount);
        bytes32 operation = router.deposit{value: MINT}(depositOf(chainId, address(token_), amount));
        vm.stopPrank();
        return operation;
    }

    // ---- Batches ----

    function messageLog(address sender, bytes memory message) internal pure returns (L2Log memory) {
        return L2Log(true, 0, L2_MESSENGER, bytes32(uint256(uint160(sender))), keccak256(message));
    }

    function withdrawalLog(Withdrawal memory withdrawal) internal pure returns (L2Log memory) {
        return messageLog(
            L2_ASSET_ROUTER, abi.encodePacked(hex"01", withdrawal.assetId, withdrawal.receiver, withdrawal.amount)
        );
    }

    function statusLog(bytes32 operation, bool success) internal pure returns (L2Log memory) {
        return L2Log(true, 0, L2_SYSTEM, operation, bytes32(uint256(success ? 1 : 0)));
    }

    function one(L2Log memory log) internal pure returns (L2Log[] memory logs) {
        logs = new L2Log[](1);
        logs[0] = log;
    }

    /// Executes a batch with these logs, and proves one of them.
    function execute(uint256 chainId, uint64 batch, L2Log[] memory logs, uint256 index)
        internal
        returns (L2LogProof memory proof)
    {
        bytes32 batchRoot;
        (proof.chainId, proof.batch, proof.index) = (chainId, batch, index);
        (batchRoot, proof.siblings) = LogTree.prove(logs, index);
        root.setRoot(chainId, batch, batchRoot);
    }

    function executeOne(uint256 chainId, uint64 batch, L2Log memory log) internal returns (L2LogProof memory) {
        return execute(chainId, batch, one(log), 0);
    }

    function recover(L2LogProof memory proof, bytes32 operation, address sender, bytes32 assetId, uint256 amount)
        internal
    {
        router.recoverDeposit(proof, 0, operation, sender, assetId, amount);
    }

    // ---- Events ----

    function logsOf(address emitter, bytes32 topic) internal returns (Vm.Log[] memory found) {
        Vm.Log[] memory all = vm.getRecordedLogs();
        found = new Vm.Log[](all.length);
        uint256 count = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].emitter == emitter && all[i].topics[0] == topic) found[count++] = all[i];
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }
}
