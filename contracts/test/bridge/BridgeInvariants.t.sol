// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Deposit, IAssetRouter, Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {ETHER} from "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {Rig} from "./Rig.sol";
import {GoodToken, HookReceiver, HookToken, LyingToken} from "./Tokens.sol";

/// Users, three chains that say whatever they like, and a token that lies, beside a model of what each chain must have.
contract Crowd is Rig, HookReceiver {
    uint256 internal constant ASSETS = 5;

    HookToken internal hook;
    LyingToken internal lying;
    bytes32[ASSETS] public assets;
    uint256[3] public chains = [CHAIN, OTHER_CHAIN, TOKEN_CHAIN];

    // What each chain must have, by chain and asset.
    mapping(uint256 => mapping(bytes32 => uint256)) public model;

    struct Made {
        uint256 chainId;
        bytes32 operation;
        address sender;
        bytes32 assetId;
        uint256 amount;
        bool recovered;
    }

    struct Said {
        L2LogProof proof;
        // No two are of one transaction, so that no log is equal to another.
        uint16 transaction;
        Withdrawal withdrawal;
        bool paid;
    }

    Made[] internal made;
    Said[] internal said;
    mapping(uint256 => uint64) internal batches;
    // How often each way was gone.
    mapping(bytes32 => uint256) public counts;
    bytes private callback;
    uint256 private callbackValue;

    constructor() {
        Rig.setUp();
        hook = new HookToken();
        lying = new LyingToken();
        hook.setHooked(true);
        assets = [
            etherId,
            baseId,
            vault.registerToken(address(token)),
            vault.registerToken(address(hook)),
            vault.registerToken(address(lying))
        ];
    }

    receive() external payable {
        runCallback();
    }

    function setUp() public pure override {}

    function theVault() external view returns (IVault) {
        return vault;
    }

    // ---- What users do ----

    function depositBase(uint256 seed, uint96 value) external {
        uint256 chainId = chains[seed % 3];
        uint256 mint = MINT + value;
        L2Request memory request = L2Request(chainId, bob, value, "", GAS_LIMIT, mint, address(0));
        bool ofEther = chainId != TOKEN_CHAIN;
        giveMint(alice, chainId, mint);
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: ofEther ? mint : 0}(request);
        model[chainId][ofEther ? etherId : baseId] += mint;
        ++counts["base"];
    }

    function depositToken(uint256 seed, uint256 asset, uint256 amount) external {
        uint256 chainId = chains[seed % 3];
        bytes32 assetId = assets[asset % ASSETS];
        bytes32 baseAsset = hub.baseAssetOf(chainId);
        amount = bound(amount, 1, 1e24);
        if (assetId == baseAsset) return;
        bytes32 operation = makeDeposit(chainId, assetId, amount);
        model[chainId][assetId] += amount;
        model[chainId][baseAsset] += MINT;
        made.push(Made(chainId, operation, address(this), assetId, amount, false));
        ++counts["token"];
    }

    function makeDeposit(uint256 chainId, bytes32 assetId, uint256 amount) private returns (bytes32) {
        address token_ = vault.tokenOf(assetId);
        giveMint(address(this), chainId, MINT);
        if (token_ == ETHER) vm.deal(address(this), address(this).balance + amount);
        if (token_ == address(lying)) lying.setStep(amount);
        if (token_ != ETHER && token_ != address(lying)) {
            GoodToken(token_).mint(address(this), amount);
            if (token_ != address(base)) GoodToken(token_).approve(address(vault), amount);
        }
        if (token_ == address(base)) base.approve(address(vault), amount);
        uint256 value = (chainId == TOKEN_CHAIN ? 0 : MINT) + (token_ == ETHER ? amount : 0);
        return router.deposit{value: value}(depositOf(chainId, token_, amount));
    }

    function giveMint(address who, uint256 chainId, uint256 amount) private {
        if (chainId == TOKEN_CHAIN) {
            base.mint(who, amount);
            vm.prank(who);
            base.approve(address(vault), amount);
        } else {
            vm.deal(who, who.balance + amount);
        }
    }

    /// Gifts belong to no chain.
    function donate(uint256 asset, uint96 amount) external {
        address token_ = vault.tokenOf(assets[asset % ASSETS]);
        if (token_ == ETHER) vm.deal(address(vault), address(vault).balance + amount);
        else if (token_ == address(lying)) lying.setBalance(address(vault), lying.balanceOf(address(vault)) + amount);
        else GoodToken(token_).mint(address(vault), amount);
    }

    // ---- What chains say ----

    /// A batch of withdrawals of anything to anybody.
    function sayWithdrawals(uint256 seed, uint256 asset, uint256 amount, uint8 count) external {
        uint256 chainId = chains[seed % 3];
        bytes32 assetId = assets[asset % ASSETS];
        L2Log[] memory logs = new L2Log[](1 + count % 3);
        Withdrawal[] memory withdrawals = new Withdrawal[](logs.length);
        // Mostly of what there may be.
        if (seed % 4 != 0) amount = bound(amount, 0, model[chainId][assetId] + 2);
        for (uint256 i = 0; i < logs.length; ++i) {
            address receiver = (seed >> i) % 2 == 0 ? address(this) : bob;
            withdrawals[i] = Withdrawal(assetId, receiver, amount);
            logs[i] = withdrawalLog(withdrawals[i]);
            logs[i].transactionIndex = uint16(said.length + i);
        }
        uint64 batch = ++batches[chainId];
        for (uint256 i = 0; i < logs.length; ++i) {
            L2LogProof memory proof = execute(chainId, batch, logs, i);
            said.push(Said(proof, logs[i].transactionIndex, withdrawals[i], false));
        }
    }

    /// Claims something that was said, perhaps again, perhaps for more or for another chain, perhaps within itself.
    function claim(uint256 index, uint256 way) external {
        if (said.length == 0) return;
        Said storage it = said[index % said.length];
        (L2LogProof memory proof, Withdrawal memory withdrawal) = (it.proof, it.withdrawal);
        way %= 8;
        if (way == 0) withdrawal.amount ^= 1;
        if (way == 1) proof.chainId = proof.chainId == CHAIN ? OTHER_CHAIN : CHAIN;
        if (way == 2) ++proof.batch;
        if (way == 3) proof.index ^= 1 << 13;
        if (way == 4) {
            setCallback(0, abi.encodeCall(router.finalizeWithdrawal, (proof, it.transaction, withdrawal)));
        }
        uint256 has = model[proof.chainId][withdrawal.assetId];
        bool expected = way >= 4 && !it.paid && withdrawal.amount <= has;
        try router.finalizeWithdrawal(proof, it.transaction, withdrawal) {
            assertTrue(expected, "paid what must not be");
            it.paid = true;
            model[proof.chainId][withdrawal.assetId] = has - withdrawal.amount;
            ++counts["claimed"];
        } catch {
            assertFalse(expected, "a claim was stopped");
            ++counts["claim refused"];
        }
        setCallback(0, "");
    }

    /// A chain says of one of its deposits, or of that of another, that it failed.
    function recoverSome(uint256 index, uint256 way) external {
        if (made.length == 0) return;
        Made storage it = made[index % made.length];
        way %= 6;
        uint256 chainId = way == 0 ? (it.chainId == CHAIN ? OTHER_CHAIN : CHAIN) : it.chainId;
        L2LogProof memory proof = executeOne(chainId, ++batches[chainId], statusLog(it.operation, way == 1));
        uint256 amount = way == 2 ? it.amount + 1 : it.amount;
        address sender = way == 3 ? bob : it.sender;
        uint256 has = model[chainId][it.assetId];
        bool expected = way >= 4 && !it.recovered && amount <= has;
        if (way == 4) {
            setCallback(0, abi.encodeCall(router.recoverDeposit, (proof, 0, it.operation, sender, it.assetId, amount)));
        }
        try router.recoverDeposit(proof, 0, it.operation, sender, it.assetId, amount) {
            assertTrue(expected, "recovered what must not be");
            it.recovered = true;
            model[chainId][it.assetId] = has - amount;
            ++counts["recovered"];
        } catch {
            assertFalse(expected, "a recovery was stopped");
            ++counts["recovery refused"];
        }
        setCallback(0, "");
    }

    // ---- Calling back ----

    function setCallback(uint256 value, bytes memory data) private {
        (callbackValue, callback) = (value, data);
    }

    function runCallback() private {
        if (callback.length == 0) return;
        bytes memory data = callback;
        callback = "";
        (bool ok,) = address(router).call{value: callbackValue}(data);
        assertFalse(ok, "twice");
    }

    function tokensToSend(address, uint256) external {
        runCallback();
    }

    function tokensReceived(address, uint256) external {
        runCallback();
    }
}

contract BridgeInvariants is Test {
    Crowd internal crowd;
    IVault internal vault;

    function setUp() public {
        crowd = new Crowd();
        vault = crowd.theVault();
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = Crowd.depositBase.selector;
        selectors[1] = Crowd.depositToken.selector;
        selectors[2] = Crowd.donate.selector;
        selectors[3] = Crowd.sayWithdrawals.selector;
        selectors[4] = Crowd.claim.selector;
        selectors[5] = Crowd.recoverSome.selector;
        targetContract(address(crowd));
        targetSelector(FuzzSelector(address(crowd), selectors));
    }

    /// Each chain has of each asset what the model says; together no more than there is (I6, I7).
    function invariant_chainsHaveWhatTheyMust() public view {
        for (uint256 a = 0; a < 5; ++a) {
            bytes32 assetId = crowd.assets(a);
            address token = vault.tokenOf(assetId);
            uint256 sum = 0;
            for (uint256 c = 0; c < 3; ++c) {
                uint256 balance = vault.balanceOf(crowd.chains(c), assetId);
                assertEq(balance, crowd.model(crowd.chains(c), assetId));
                sum += balance;
            }
            uint256 holds = token == ETHER ? address(vault).balance : GoodToken(token).balanceOf(address(vault));
            assertLe(sum, holds);
        }
    }

    /// The router keeps nothing.
    function invariant_routerIsEmpty() public view {
        assertEq(vault.router().balance, 0);
    }

    /// So that no run passes for having done nothing.
    function test_everyWayIsGone() public {
        crowd.depositBase(0, 5 ether);
        crowd.depositToken(0, 2, 100);
        crowd.depositToken(1, 3, 100);
        crowd.depositToken(2, 0, 100);
        crowd.sayWithdrawals(3, 2, 60, 0);
        crowd.claim(0, 5);
        crowd.claim(0, 5);
        // The chain has 40 left of it.
        crowd.recoverSome(0, 5);
        crowd.recoverSome(1, 4);
        crowd.recoverSome(2, 5);
        assertEq(crowd.counts("base"), 1);
        assertEq(crowd.counts("token"), 3);
        assertEq(crowd.counts("claimed"), 1);
        assertEq(crowd.counts("claim refused"), 1);
        assertEq(crowd.counts("recovered"), 2);
        assertEq(crowd.counts("recovery refused"), 1);
    }
}
