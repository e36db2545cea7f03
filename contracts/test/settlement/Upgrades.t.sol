// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC1967} from "@openzeppelin/contracts/interfaces/IERC1967.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IProtocolVersions} from "../../src/interfaces/IProtocolVersions.sol";
import {
    BatchCommit,
    Evidence,
    IRollupChain,
    OperationRange,
    Role,
    ScheduledUpgrade,
    StoredBatch
} from "../../src/interfaces/IRollupChain.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract UpgradesTest is SettlementTest {
    bytes32 private constant CODE = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    function upgradeTo(uint32 version) private pure returns (bytes memory) {
        return bytes.concat(hex"7e", abi.encode(CHAIN, version, address(0xff05), 1_000_000, 0, 4), "data");
    }

    function next() private view returns (uint256[22] memory words) {
        words = config(CHAIN);
        words[12] = 20_000_000;
    }

    function schedule(uint256[22] memory words, bytes memory transaction) private {
        vm.prank(admin);
        chain.scheduleUpgrade(words, transaction);
    }

    function activate(uint256[22] memory words, bytes32 upgradeHash) private {
        vm.prank(admin);
        chain.activateUpgrade(words, upgradeHash);
    }

    function refusedSchedule(uint256[22] memory words, bytes memory transaction, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(admin);
        chain.scheduleUpgrade(words, transaction);
    }

    function refusedActivation(uint256[22] memory words, bytes32 upgradeHash, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(admin);
        chain.activateUpgrade(words, upgradeHash);
    }

    function test_config_afterFourteenDays() public {
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + 14 days;
        vm.expectEmit(address(chain));
        emit IRollupChain.UpgradeScheduled(1, readyAt, readyAt + 14 days, next(), "");
        schedule(next(), "");
        bytes4 reason = IRollupChain.UpgradeTime.selector;
        vm.warp(readyAt - 1);
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, readyAt, readyAt + 14 days));
        vm.warp(readyAt);
        bytes32 hash = keccak256(abi.encode(next()));
        vm.expectEmit(address(chain));
        emit IRollupChain.ConfigChanged(1, hash, next(), 0);
        activate(next(), 0);
        assertEq(chain.configHash(), hash);
        assertEq(chain.scheduledUpgrade().content, 0);
        finish(genesis, 0);
        refusedActivation(
            next(), 0, abi.encodeWithSelector(IRollupChain.UpgradeNotScheduled.selector, contentOf(next(), 0))
        );
    }

    function contentOf(uint256[22] memory words, bytes32 upgradeHash) private pure returns (bytes32) {
        return keccak256(bytes.concat(abi.encode(words), upgradeHash));
    }

    function test_config_expires() public {
        schedule(next(), "");
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + 14 days;
        vm.warp(readyAt + 14 days + 1);
        bytes4 reason = IRollupChain.UpgradeTime.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, readyAt, readyAt + 14 days));
        vm.warp(readyAt + 14 days);
        activate(next(), 0);
    }

    function test_config_onlyWhatWasScheduled() public {
        bytes4 reason = IRollupChain.UpgradeNotScheduled.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, contentOf(next(), 0)));
        schedule(next(), "");
        skip(14 days);
        uint256[22] memory other = next();
        other[12] += 1;
        refusedActivation(other, 0, abi.encodeWithSelector(reason, contentOf(other, 0)));
        refusedActivation(
            next(), keccak256("upgrade"), abi.encodeWithSelector(reason, contentOf(next(), keccak256("upgrade")))
        );
    }

    /// I16: each batch is judged by the rules it was made under.
    function test_config_onlyWhileNoBatchWaits() public {
        schedule(next(), "");
        skip(14 days);
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 0));
        bytes memory reason = abi.encodeWithSelector(IRollupChain.BatchesWait.selector, 0, 1);
        refusedActivation(next(), 0, reason);
        prove(stored);
        refusedActivation(next(), 0, reason);
        execute(stored);
        bytes32 before = chain.configHash();
        activate(next(), 0);
        assertNotEq(chain.configHash(), before);
    }

    function test_config_wordsThatStay() public {
        bytes4 reason = IRollupChain.ConfigFixed.selector;
        uint256[22] memory words = next();
        words[1] += 1;
        refusedSchedule(words, "", abi.encodeWithSelector(reason, 1, CHAIN + 1, CHAIN));
        words = next();
        words[6] ^= 1;
        refusedSchedule(words, "", abi.encodeWithSelector(reason, 6, words[6], words[6] ^ 1));
        words = next();
        words[12] = 0;
        refusedSchedule(words, "", abi.encodeWithSelector(RollupConfig.ConfigRange.selector, 12, 0, 1, 2 ** 40));
    }

    function test_config_replacedStartsAnew() public {
        schedule(next(), "");
        skip(10 days);
        uint256[22] memory other = next();
        other[12] += 1;
        schedule(other, "");
        skip(4 days);
        bytes4 reason = IRollupChain.UpgradeNotScheduled.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, contentOf(next(), 0)));
        skip(10 days);
        activate(other, 0);
    }

    function test_cancel() public {
        schedule(next(), "");
        vm.expectEmit(address(chain));
        emit IRollupChain.UpgradeCancelled();
        vm.prank(admin);
        chain.cancelUpgrade();
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.UpgradeNotScheduled.selector, bytes32(0)));
        vm.prank(admin);
        chain.cancelUpgrade();
        skip(14 days);
        bytes4 reason = IRollupChain.UpgradeNotScheduled.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, contentOf(next(), 0)));
    }

    /// Operations that are asked for before a change are executable after it.
    function test_gasLimitOfRequestsFallsWhenItIsScheduled() public {
        uint256[22] memory words = next();
        words[11] = 2 ** 21;
        schedule(words, "");
        assertEq(chain.requestGasLimit(), 2 ** 21);
        L2Request memory asked = call(0, 2 ** 21 + 1, "");
        vm.expectRevert(abi.encodeWithSelector(Operations.OperationGasLimit.selector, 2 ** 21 + 1, 2 ** 21));
        vm.prank(user, user);
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
        // It rises only when the change is made.
        skip(28 days);
        assertEq(chain.requestGasLimit(), 2 ** 21);
        skip(1);
        assertEq(chain.requestGasLimit(), 2 ** 24);
        schedule(words, "");
        skip(14 days);
        activate(words, 0);
        schedule(next(), "");
        assertEq(chain.requestGasLimit(), 2 ** 21);
        skip(14 days);
        activate(next(), 0);
        assertEq(chain.requestGasLimit(), 2 ** 24);
    }

    function test_priceFollowsItsRange() public {
        uint256[22] memory words = next();
        words[13] = 5 gwei;
        schedule(words, "");
        skip(14 days);
        activate(words, 0);
        assertEq(chain.gasPrice(), 5 gwei);
        words[13] = 1000;
        schedule(words, "");
        skip(14 days);
        activate(words, 0);
        assertEq(chain.gasPrice(), 256_000);
    }

    function toVersionTwo() private view returns (uint256[22] memory words) {
        words = next();
        words[2] = 2;
    }

    /// I3, and the code that runs.
    function test_version() public {
        address code = address(newImplementation());
        registerVersion(2, code, 1);
        schedule(toVersionTwo(), upgradeTo(2));
        bytes32 upgradeHash = keccak256(upgradeTo(2));
        skip(14 days);
        vm.expectEmit(address(chain));
        emit IERC1967.Upgraded(code);
        activate(toVersionTwo(), upgradeHash);
        assertEq(address(uint160(uint256(vm.load(address(chain), CODE)))), code);
        assertEq(chain.protocolVersion(), 2);
        requireUpgrade(upgradeHash, 0);
        // The first batch has it, the next one has none.
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 0), upgradeHash);
        requireUpgrade(upgradeHash, 1);
        StoredBatch memory second = commit(first, batchAfter(first, 0), 0);
        // Taken back, it is to come again.
        vm.prank(reverter);
        chain.revertBatches(1);
        requireUpgrade(upgradeHash, 1);
        vm.prank(reverter);
        chain.revertBatches(0);
        requireUpgrade(upgradeHash, 0);
        first = commit(genesis, batchAfter(genesis, 0), upgradeHash);
        second = commit(first, batchAfter(first, 0), 0);
        prove(first);
        requireUpgrade(upgradeHash, 1);
        execute(first);
        requireUpgrade(0, 0);
        prove(second);
        execute(second);
    }

    function requireUpgrade(bytes32 expected, uint64 expectedBatch) private view {
        (bytes32 upgradeHash, uint64 batch) = chain.pendingUpgrade();
        assertEq(upgradeHash, expected);
        assertEq(batch, expectedBatch);
    }

    function test_version_countsAsATransaction() public {
        schedule(next(), upgradeTo(1));
        skip(14 days);
        activate(next(), keccak256(upgradeTo(1)));
        BatchCommit memory batch = batchAfter(genesis, 0);
        batch.transactions = 65_535;
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchLimit.selector, 65_536, 65_535));
        vm.prank(operator);
        chain.commit(genesis, batch);
    }

    function test_version_notRegistered() public {
        bytes memory reason = abi.encodeWithSelector(IProtocolVersions.VersionUnknown.selector, 2);
        refusedSchedule(toVersionTwo(), upgradeTo(2), reason);
        registerVersion(2, address(implementation), 1);
        schedule(toVersionTwo(), upgradeTo(2));
        skip(14 days);
        vm.prank(governance);
        versions.withdraw(2);
        refusedActivation(toVersionTwo(), keccak256(upgradeTo(2)), reason);
    }

    /// No admin and no governance can do it sooner, also together.
    function test_version_isSeenSevenDaysAndScheduledFourteen() public {
        registerVersion(2, address(implementation), 1);
        schedule(toVersionTwo(), "");
        vm.prank(governance);
        versions.withdraw(2);
        uint256[22] memory words = toVersionTwo();
        words[2] = 3;
        registerVersion(3, address(implementation), 1);
        skip(13 days);
        bytes4 reason = IRollupChain.UpgradeNotScheduled.selector;
        refusedActivation(words, 0, abi.encodeWithSelector(reason, contentOf(words, 0)));
        skip(1 days);
        bytes memory unknown = abi.encodeWithSelector(IProtocolVersions.VersionUnknown.selector, 2);
        refusedActivation(toVersionTwo(), 0, unknown);
    }

    function test_version_back() public {
        registerVersion(2, address(implementation), 1);
        schedule(toVersionTwo(), "");
        skip(14 days);
        activate(toVersionTwo(), 0);
        refusedSchedule(next(), "", abi.encodeWithSelector(IRollupChain.UpgradeVersion.selector, 1, 2));
    }

    function test_transactionIsOfThisChainAndVersion() public {
        registerVersion(2, address(implementation), 1);
        bytes memory reason = abi.encodeWithSelector(IRollupChain.UpgradeEncoding.selector);
        refusedSchedule(toVersionTwo(), upgradeTo(1), reason);
        refusedSchedule(next(), upgradeTo(2), reason);
        bytes memory other = bytes.concat(hex"7e", abi.encode(CHAIN + 1, 1, address(0xff05), 1, 0, 0));
        refusedSchedule(next(), other, reason);
    }

    /// An upgrade transaction that always fails does not stop a chain for ever.
    function test_transactionThatFailsIsReplaced() public {
        schedule(next(), upgradeTo(1));
        skip(14 days);
        activate(next(), keccak256(upgradeTo(1)));
        bytes memory other = bytes.concat(hex"7e", abi.encode(CHAIN, 1, address(0xff06), 1_000_000, 0, 0));
        schedule(next(), other);
        skip(14 days);
        activate(next(), keccak256(other));
        requireUpgrade(keccak256(other), 0);
        StoredBatch memory stored = commit(genesis, batchAfter(genesis, 0), keccak256(other));
        assertEq(stored.upgradeHash, keccak256(other));
    }

    // Exits before the rules change

    function settleAs(address caller, StoredBatch memory previous, uint64 operations)
        private
        returns (StoredBatch memory)
    {
        return settleWith(caller, previous, operations, 0);
    }

    function settleWith(address caller, StoredBatch memory previous, uint64 operations, bytes32 upgradeHash)
        private
        returns (StoredBatch memory stored)
    {
        BatchCommit memory batch = onlyOperations(previous, operations);
        stored = storedOf(previous, batch, upgradeHash);
        Evidence[] memory evidence = proofOf(one(stored));
        OperationRange memory range = rangeOf(stored.firstOperation, stored.operations);
        vm.prank(caller);
        chain.settle(previous, batch, evidence, range);
    }

    /// A queue filled beforehand, of which the operator executes one operation whenever a stranger has a proof of all.
    function test_exits_beforeAFullQueueThatIsEmptiedSlowly() public {
        requestMany(20);
        schedule(next(), "");
        requestOne();
        uint64 deadline = queue.deadlines(20);
        StoredBatch memory last = genesis;
        for (uint64 i = 0; i < 11; ++i) {
            skip(i == 0 ? 3 days + 1 : 1 days);
            BatchCommit memory strangers = onlyOperations(last, 21 - i);
            StoredBatch memory before = last;
            last = settleAs(operator, last, 1);
            Evidence[] memory evidence = proofOf(one(storedOf(before, strangers, 0)));
            OperationRange memory range = rangeOf(i, 21 - i);
            vm.expectRevert(abi.encodeWithSelector(IRollupChain.BatchBeforeUnknown.selector, before.number));
            vm.prank(stranger);
            chain.settle(before, strangers, evidence, range);
        }
        skip(1 days);
        bytes4 reason = IRollupChain.UpgradeBeforeOperation.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, 11, queue.deadlines(11)));
        last = settleAs(operator, last, 9);
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, 20, deadline));
        settleAs(stranger, last, 1);
        activate(next(), 0);
    }

    /// What is asked for in the first seven days is promised its execution, and nothing later.
    function test_exits_ofTheFirstSevenDays() public {
        requestOne();
        schedule(next(), "");
        skip(3 days);
        StoredBatch memory last = finish(genesis, 1);
        skip(4 days);
        requestOne();
        skip(1);
        requestOne();
        skip(7 days - 1);
        bytes4 reason = IRollupChain.UpgradeBeforeOperation.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, 1, queue.deadlines(1)));
        settleAs(stranger, last, 1);
        assertTrue(chain.isOverdue());
        activate(next(), 0);
    }

    /// The upgrade of the time before, executed alone when a stranger has a proof of it and the exit.
    function test_exits_beforeTheUpgradeAlone() public {
        schedule(next(), upgradeTo(1));
        bytes32 upgradeHash = keccak256(upgradeTo(1));
        skip(14 days);
        activate(next(), upgradeHash);
        uint256[22] memory words = next();
        words[12] += 1;
        schedule(words, "");
        requestOne();
        skip(14 days - 1);
        StoredBatch memory last = settleWith(operator, genesis, 0, upgradeHash);
        skip(1);
        bytes4 reason = IRollupChain.UpgradeBeforeOperation.selector;
        refusedActivation(words, 0, abi.encodeWithSelector(reason, 0, queue.deadlines(0)));
        settleAs(stranger, last, 1);
        activate(words, 0);
    }

    /// An operation that cannot be proven does not keep out the rules that mend it.
    function test_exits_ofAnOperationThatNobodyExecutes() public {
        requestMany(2);
        finish(genesis, 1);
        schedule(next(), "");
        skip(14 days);
        assertTrue(chain.isOverdue());
        activate(next(), 0);
    }

    /// The same, if others were executed after the rules were scheduled: they are scheduled again.
    function test_exits_scheduledAnewForAnOperationThatNobodyExecutes() public {
        requestMany(2);
        schedule(next(), "");
        skip(1);
        finish(genesis, 1);
        skip(14 days);
        bytes4 reason = IRollupChain.UpgradeBeforeOperation.selector;
        refusedActivation(next(), 0, abi.encodeWithSelector(reason, 1, queue.deadlines(1)));
        schedule(next(), "");
        skip(14 days);
        activate(next(), 0);
    }

    function test_transactionThatNoBatchCanHave() public {
        bytes memory reason = abi.encodeWithSelector(IRollupChain.UpgradeEncoding.selector);
        bytes memory other = bytes.concat(hex"7e", abi.encode(CHAIN, 1, address(0xff05), 30_000_001, 0, 4), "data");
        refusedSchedule(next(), other, reason);
        // By the rules that come, not by those of now.
        uint256[22] memory words = next();
        words[10] += 1;
        schedule(words, other);
        words = next();
        words[17] = 2 ** 12;
        words[18] = 20_000;
        bytes memory code = bytes.concat(bytes20(uint160(9)), bytes4(uint32(19_393)), new bytes(19_393));
        other = bytes.concat(hex"7e", abi.encode(CHAIN, 1, address(0xff05), 1_000_000, 1, 0), code);
        refusedSchedule(words, other, reason);
        schedule(next(), other);
        words[18] += 1;
        schedule(words, other);
    }

    /// A stranger settles under new rules too: the bytes of the upgrade are in the event.
    function test_scheduledStateIsKnown() public {
        schedule(next(), upgradeTo(1));
        ScheduledUpgrade memory scheduled = chain.scheduledUpgrade();
        assertEq(scheduled.content, contentOf(next(), keccak256(upgradeTo(1))));
        assertEq(scheduled.readyAt, vm.getBlockTimestamp() + 14 days);
        assertEq(scheduled.expiresAt, vm.getBlockTimestamp() + 28 days);
        assertEq(scheduled.transactionGasLimit, 2 ** 24);
    }
}
