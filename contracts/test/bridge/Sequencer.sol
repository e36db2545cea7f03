// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {Withdrawal} from "../../src/interfaces/IAssetRouter.sol";
import {L2Log, L2LogProof} from "../../src/interfaces/IMessageRoot.sol";
import {IMessenger} from "../../src/interfaces/IMessenger.sol";
import {ISystemInfo} from "../../src/interfaces/ISystemInfo.sol";
import {L2_MESSENGER, L2_SYSTEM_INFO} from "../../src/shared/Addresses.sol";
import {HubDouble, Operation} from "./Doubles.sol";
import {GenesisParameters} from "./GenesisState.sol";
import {Rig} from "./Rig.sol";

/// A log of a batch, and what is needed to claim it.
struct Sent {
    L2Log log;
    // Of a message.
    bytes message;
}

/// The bridge with both its sides in one EVM: the chain's contracts stand at their addresses, and the test executes priority
/// operations as specification 016 says, collects the logs of specification 017, and makes batches of them.
abstract contract Sequencer is Rig {
    uint256 internal constant L1 = 31_337;

    address internal beneficiary = makeAddr("beneficiary");
    uint256 internal chain;
    // Logs since the last batch.
    Sent[] internal sent;
    uint64 internal batches;
    uint16 internal transactions;
    // Base token that the chain has minted.
    uint256 internal minted;

    function startBridge(uint256 chainId) internal {
        chain = chainId;
        bool ofEther = hub.baseAssetOf(chainId) == etherId;
        startChain(
            GenesisParameters({
                assetRouter: address(router),
                l1ChainId: L1,
                protocolVersion: 1,
                configHash: keccak256("config"),
                baseAssetId: hub.baseAssetOf(chainId),
                wrappedName: ofEther ? "Wrapped Ether" : "Wrapped Base",
                wrappedSymbol: ofEther ? "WETH" : "WBASE"
            })
        );
    }

    /// The operations that were asked for since logs are recorded.
    function requested() internal returns (Operation[] memory found) {
        Vm.Log[] memory logs = logsOf(address(hub), HubDouble.OperationRequested.selector);
        found = new Operation[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            found[i] = abi.decode(logs[i].data, (Operation));
            assertEq(logs[i].topics[2], hub.hashOf(found[i]));
        }
    }

    /// Specification 016, "Execution".
    function executeOperation(Operation memory o) internal returns (bool success) {
        uint256 fee = uint256(o.gasLimit) * o.gasPrice;
        uint256 credit = o.mint - fee < o.value ? o.mint - fee : o.value;
        minted += o.mint;
        vm.deal(o.from, o.from.balance + credit);
        uint256 used = o.gasLimit;
        if (o.from.balance >= o.value) {
            vm.chainId(o.chainId);
            vm.recordLogs();
            vm.prank(o.from, o.from);
            uint256 before = gasleft();
            (success,) = o.to.call{value: o.value, gas: o.gasLimit - intrinsic(o.data)}(o.data);
            used = before - gasleft() + intrinsic(o.data);
            if (used > o.gasLimit) used = o.gasLimit;
            vm.chainId(L1);
            takeMessages();
        }
        vm.deal(beneficiary, beneficiary.balance + used * o.gasPrice);
        uint256 refund = o.mint - used * o.gasPrice - credit;
        if (!success) {
            vm.deal(o.from, o.from.balance - credit);
            refund += credit;
        }
        vm.deal(o.refundRecipient, o.refundRecipient.balance + refund);
        sent.push(Sent(statusOf(hub.hashOf(o), success), ""));
        ++transactions;
    }

    function statusOf(bytes32 operation, bool success) private view returns (L2Log memory log) {
        log = statusLog(operation, success);
        log.transactionIndex = transactions;
    }

    function intrinsic(bytes memory data) private pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    /// An ordinary transaction on the chain.
    function transact(address from, address to, uint256 value, bytes memory data) internal returns (bool success) {
        vm.chainId(chain);
        vm.recordLogs();
        vm.prank(from, from);
        (success,) = to.call{value: value}(data);
        vm.chainId(L1);
        takeMessages();
        ++transactions;
    }

    /// Every log of the messenger with its topic is a message.
    function takeMessages() private {
        Vm.Log[] memory logs = logsOf(L2_MESSENGER, IMessenger.L1MessageSent.selector);
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes memory message = abi.decode(logs[i].data, (bytes));
            assertEq(logs[i].data, abi.encode(message));
            assertEq(logs[i].topics[2], keccak256(message));
            L2Log memory log = L2Log(true, transactions, L2_MESSENGER, logs[i].topics[1], keccak256(message));
            sent.push(Sent(log, message));
        }
    }

    /// A batch of all that was sent is executed on Ethereum.
    function settle() internal returns (uint64 batch, Sent[] memory logs) {
        batch = ++batches;
        logs = sent;
        execute(chain, batch, onlyLogs(logs), 0);
        delete sent;
        transactions = 0;
    }

    function onlyLogs(Sent[] memory all) internal pure returns (L2Log[] memory logs) {
        logs = new L2Log[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            logs[i] = all[i].log;
        }
    }

    /// Claims what a log of a batch says by the message's bytes.
    function claimWithdrawal(uint64 batch, Sent[] memory logs, uint256 index) internal {
        bytes memory message = logs[index].message;
        assertEq(message.length, 85);
        assertEq(uint8(message[0]), 1);
        bytes32 assetId;
        address receiver;
        uint256 amount;
        assembly ("memory-safe") {
            assetId := mload(add(message, 33))
            receiver := shr(96, mload(add(message, 65)))
            amount := mload(add(message, 85))
        }
        L2LogProof memory proof = execute(chain, batch, onlyLogs(logs), index);
        router.finalizeWithdrawal(proof, logs[index].log.transactionIndex, Withdrawal(assetId, receiver, amount));
    }

    function baseAssetId() internal view returns (bytes32) {
        return ISystemInfo(L2_SYSTEM_INFO).baseAssetId();
    }
}
