// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Deposit} from "../../src/interfaces/IAssetRouter.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IBridgedToken} from "../../src/interfaces/IBridgedToken.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {IL2Vault} from "../../src/interfaces/IL2Vault.sol";
import {L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {L2_ASSET_ROUTER, L2_VAULT} from "../../src/shared/Addresses.sol";
import {Operation} from "./Doubles.sol";
import {Rig} from "./Rig.sol";
import {Sent, Sequencer} from "./Sequencer.sol";

/// An honest chain with its users: deposits that arrive and that fail, transfers, withdrawals, batches, claims, in any order.
contract Town is Sequencer {
    struct Deposited {
        Operation operation;
        uint256 amount;
        bool executed;
        bool success;
        uint64 batch;
        uint256 index;
        bool recovered;
    }

    Deposited[] internal deposits;
    mapping(uint64 => Sent[]) internal settled;
    mapping(uint64 => mapping(uint256 => bool)) internal claimed;
    address[2] internal people;
    // Has nothing on the chain: in one EVM, ether of Ethereum and of the chain would be the same.
    address internal receiver = makeAddr("receiver on Ethereum");

    uint256 internal next;
    // Sums of tokens, and of the base token.
    uint256 public pendingTokens;
    uint256 public failedTokens;
    uint256 public withdrawnTokens;
    uint256 public pendingBase;
    uint256 public withdrawnBase;
    uint256 public claimedBase;
    mapping(bytes32 => uint256) public counts;

    constructor() {
        Rig.setUp();
        startBridge(CHAIN);
        people = [alice, bob];
    }

    function setUp() public pure override {}

    // ---- On Ethereum ----

    /// With little gas the chain cannot do what the deposit asks for.
    function deposit(uint256 who, uint256 amount, bool littleGas) external {
        amount = bound(amount, 1, 1e30);
        Deposit memory request = depositOf(chain, address(token), amount);
        request.receiver = people[who % 2];
        if (littleGas) request.gasLimit = 40_000;
        token.mint(alice, amount);
        vm.deal(alice, alice.balance + MINT);
        vm.startPrank(alice, alice);
        token.approve(address(vault), amount);
        vm.recordLogs();
        router.deposit{value: MINT}(request);
        vm.stopPrank();
        keep(amount);
        pendingTokens += amount;
    }

    function depositBase(uint256 who, uint96 value) external {
        vm.deal(alice, alice.balance + value + MINT);
        vm.recordLogs();
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: value + MINT}(
            L2Request(chain, people[who % 2], value, "", GAS_LIMIT, value + MINT, address(0))
        );
        keep(0);
    }

    function keep(uint256 amount) private {
        Operation[] memory operations = requested();
        assertEq(operations.length, 1);
        deposits.push(Deposited(operations[0], amount, false, false, 0, 0, false));
        pendingBase += operations[0].mint;
    }

    // ---- On the chain ----

    function executeNext() external {
        if (next == deposits.length) return;
        Deposited storage it = deposits[next++];
        it.success = executeOperation(it.operation);
        (it.executed, it.batch, it.index) = (true, batches + 1, sent.length - 1);
        pendingBase -= it.operation.mint;
        pendingTokens -= it.amount;
        if (!it.success) failedTokens += it.amount;
        ++counts[it.success ? bytes32("arrived") : bytes32("failed")];
    }

    function transferTokens(uint256 who, uint256 amount) external {
        address from = people[who % 2];
        if (address(bridged()) == address(0)) return;
        amount = bound(amount, 0, bridged().balanceOf(from));
        bytes memory data = abi.encodeCall(bridged().transfer, (people[1 - who % 2], amount));
        assertTrue(transact(from, address(bridged()), 0, data));
    }

    /// Perhaps more than there is.
    function withdraw(uint256 who, uint256 amount, bool ofBase) external {
        address from = people[who % 2];
        uint256 has = ofBase ? from.balance : address(bridged()) == address(0) ? 0 : bridged().balanceOf(from);
        amount = bound(amount, 0, ofBase ? has : has + 1);
        bytes memory data = abi.encodeCall(IL2AssetRouter.withdraw, (ofBase ? etherId : tokenId, amount, receiver));
        bool expected = amount > 0 && amount <= has;
        assertEq(transact(from, L2_ASSET_ROUTER, ofBase ? amount : 0, data), expected);
        if (!expected) return;
        if (ofBase) withdrawnBase += amount;
        else withdrawnTokens += amount;
        ++counts["withdrawn"];
    }

    // ---- Back ----

    function settleBatch() external {
        if (sent.length == 0) return;
        (uint64 batch, Sent[] memory logs) = settle();
        for (uint256 i = 0; i < logs.length; ++i) {
            settled[batch].push(logs[i]);
        }
    }

    function claim(uint256 batchSeed, uint256 indexSeed) external {
        if (batches == 0) return;
        uint64 batch = uint64(1 + batchSeed % batches);
        uint256 index = indexSeed % settled[batch].length;
        bytes memory message = settled[batch][index].message;
        if (message.length == 0) return;
        bool expected = !claimed[batch][index];
        try this.claimOne(batch, index) {
            assertTrue(expected, "twice");
            claimed[batch][index] = true;
            uint256 amount = uint256(word(message, 53));
            if (word(message, 1) == etherId) claimedBase += amount;
            else withdrawnTokens -= amount;
            ++counts["claimed"];
        } catch {
            assertFalse(expected, "stopped");
        }
    }

    function claimOne(uint64 batch, uint256 index) external {
        claimWithdrawal(batch, settled[batch], index);
    }

    function word(bytes memory message, uint256 offset) private pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := mload(add(add(message, 32), offset))
        }
    }

    function recoverOne(uint256 seed) external {
        if (deposits.length == 0) return;
        Deposited storage it = deposits[seed % deposits.length];
        if (!it.executed || it.batch > batches) return;
        L2LogProof memory proof = execute(chain, it.batch, onlyLogs(settled[it.batch]), it.index);
        uint16 transaction = settled[it.batch][it.index].log.transactionIndex;
        bytes32 hash = hub.hashOf(it.operation);
        bool expected = !it.success && !it.recovered && it.amount != 0;
        try router.recoverDeposit(proof, transaction, hash, alice, tokenId, it.amount) {
            assertTrue(expected, "not to be recovered");
            it.recovered = true;
            failedTokens -= it.amount;
            ++counts["recovered"];
        } catch {
            assertFalse(expected, "stopped");
        }
    }

    // ---- What there is ----

    function bridged() public view returns (IBridgedToken) {
        return IBridgedToken(IL2Vault(L2_VAULT).tokenOf(tokenId));
    }

    function tokensInVault() external view returns (uint256) {
        assertEq(token.balanceOf(address(vault)), vault.balanceOf(CHAIN, tokenId));
        return vault.balanceOf(CHAIN, tokenId);
    }

    function baseInVault() external view returns (uint256) {
        assertEq(address(vault).balance, vault.balanceOf(CHAIN, etherId));
        return vault.balanceOf(CHAIN, etherId);
    }

    function baseReceived() external view returns (uint256) {
        return receiver.balance;
    }

    function baseMinted() external view returns (uint256) {
        return minted;
    }
}

contract ConservationInvariants is Test {
    Town internal town;

    function setUp() public {
        town = new Town();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = Town.deposit.selector;
        selectors[1] = Town.depositBase.selector;
        selectors[2] = Town.executeNext.selector;
        selectors[3] = Town.transferTokens.selector;
        selectors[4] = Town.withdraw.selector;
        selectors[5] = Town.settleBatch.selector;
        selectors[6] = Town.claim.selector;
        selectors[7] = Town.recoverOne.selector;
        targetContract(address(town));
        targetSelector(FuzzSelector(address(town), selectors));
    }

    /// Every token in the vault is on the chain, on its way, or waits for its owner on Ethereum.
    function invariant_tokensAreConserved() public view {
        uint256 supply = address(town.bridged()) == address(0) ? 0 : town.bridged().totalSupply();
        assertEq(town.tokensInVault(), supply + town.pendingTokens() + town.failedTokens() + town.withdrawnTokens());
    }

    /// What was minted is in the vault until it is claimed; what was withdrawn stays locked on the chain.
    function invariant_baseTokenIsConserved() public view {
        assertEq(town.baseInVault(), town.baseMinted() + town.pendingBase() - town.claimedBase());
        assertEq(L2_VAULT.balance, town.withdrawnBase());
        assertEq(town.baseReceived(), town.claimedBase());
        assertEq(L2_ASSET_ROUTER.balance, 0);
    }

    function test_everyWayIsGone() public {
        town.deposit(0, 1000, false);
        town.deposit(1, 500, true);
        town.depositBase(1, 3 ether);
        town.executeNext();
        town.executeNext();
        town.executeNext();
        town.withdraw(0, 400, false);
        town.withdraw(1, 1 ether, true);
        town.settleBatch();
        for (uint256 i = 0; i < 5; ++i) {
            town.claim(0, i);
        }
        town.recoverOne(0);
        town.recoverOne(1);
        town.recoverOne(1);
        town.recoverOne(2);
        assertEq(town.counts("arrived"), 2);
        assertEq(town.counts("failed"), 1);
        assertEq(town.counts("withdrawn"), 2);
        assertEq(town.counts("claimed"), 2);
        assertEq(town.counts("recovered"), 1);
        assertEq(town.tokensInVault(), 600);
        invariant_tokensAreConserved();
        invariant_baseTokenIsConserved();
    }
}
