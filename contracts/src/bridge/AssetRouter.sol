// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Deposit, IAssetRouter, Withdrawal} from "../interfaces/IAssetRouter.sol";
import {IBridgehub, L2Request} from "../interfaces/IBridgehub.sol";
import {IL2AssetRouter} from "../interfaces/IL2AssetRouter.sol";
import {IMessageRoot, L2Log, L2LogProof} from "../interfaces/IMessageRoot.sol";
import {IVault} from "../interfaces/IVault.sol";
import {ETHER, L2_ASSET_ROUTER, L2_MESSENGER, L2_SYSTEM} from "../shared/Addresses.sol";
import {Aliasing} from "../shared/Aliasing.sol";
import {Assets} from "../shared/Assets.sol";
import {TokenMetadata} from "./TokenMetadata.sol";
import {Vault} from "./Vault.sol";

/// @title Way of assets to chains and back
/// @notice Has no owner, cannot be paused, and cannot be changed. Trusts the registry of chains for what was asked of a chain, and
/// the message root for what a chain has sent; trusts no chain beyond what was deposited to it.
contract AssetRouter is IAssetRouter {
    using BitMaps for BitMaps.BitMap;

    /// @inheritdoc IAssetRouter
    IBridgehub public immutable hub;
    /// @inheritdoc IAssetRouter
    IMessageRoot public immutable messageRoot;
    /// @inheritdoc IAssetRouter
    IVault public immutable vault;
    // Of the Ethereum chain that the contract was made on, as in the vault.
    uint256 private immutable ORIGIN_CHAIN_ID;

    /// @inheritdoc IAssetRouter
    mapping(uint256 chainId => mapping(bytes32 operation => bytes32 record)) public depositRecord;
    // A bit for each log that was paid, by index in its batch's tree.
    mapping(uint256 chainId => mapping(uint64 batch => BitMaps.BitMap)) private finalized;

    /// @param hub_ The registry of chains; needs no code yet.
    /// @param messageRoot_ What has the executed batches' roots; needs no code yet.
    constructor(IBridgehub hub_, IMessageRoot messageRoot_) {
        (hub, messageRoot) = (hub_, messageRoot_);
        vault = new Vault();
        ORIGIN_CHAIN_ID = block.chainid;
    }

    // ---- Who deposits ----

    // The record is of an operation that does not exist before the last call, and is never written over. Of those that are called
    // before, tokens can call back: the vault's guard is closed then, and this contract has nothing half done.
    // slither-disable-start reentrancy-benign,reentrancy-events
    /// @inheritdoc IAssetRouter
    function deposit(Deposit calldata request) external payable returns (bytes32 operation) {
        if (request.amount == 0) revert DepositAmountZero();
        if (request.receiver == address(0)) revert DepositReceiverZero();
        bytes32 assetId = collectDeposit(request);
        operation = hub.requestPaid(operationOf(request));
        if (depositRecord[request.chainId][operation] != 0) revert DepositRecorded(request.chainId, operation);
        depositRecord[request.chainId][operation] = recordOf(msg.sender, assetId, request.amount);
        emit DepositRequested(request.chainId, operation, msg.sender, request.receiver, assetId, request.amount);
    }

    // slither-disable-end reentrancy-benign,reentrancy-events

    /// @inheritdoc IAssetRouter
    function recoverDeposit(
        L2LogProof calldata proof,
        uint16 transactionIndex,
        bytes32 operation,
        address sender,
        bytes32 assetId,
        uint256 amount
    ) external {
        messageRoot.requireLog(proof, L2Log(true, transactionIndex, L2_SYSTEM, operation, 0));
        if (depositRecord[proof.chainId][operation] != recordOf(sender, assetId, amount)) {
            revert DepositNotRecorded(proof.chainId, operation);
        }
        delete depositRecord[proof.chainId][operation];
        emit DepositRecovered(proof.chainId, operation, sender, assetId, amount);
        vault.pay(proof.chainId, assetId, sender, amount);
    }

    // ---- Who withdraws ----

    /// @inheritdoc IAssetRouter
    function finalizeWithdrawal(L2LogProof calldata proof, uint16 transactionIndex, Withdrawal calldata withdrawal)
        external
    {
        (bytes32 assetId, address receiver, uint256 amount) =
            (withdrawal.assetId, withdrawal.receiver, withdrawal.amount);
        bytes32 message = keccak256(Assets.withdrawalMessage(assetId, receiver, amount));
        bytes32 sender = bytes32(uint256(uint160(L2_ASSET_ROUTER)));
        messageRoot.requireLog(proof, L2Log(true, transactionIndex, L2_MESSENGER, sender, message));

        BitMaps.BitMap storage paid = finalized[proof.chainId][proof.batch];
        if (paid.get(proof.index)) revert WithdrawalFinalizedBefore(proof.chainId, proof.batch, proof.index);
        paid.set(proof.index);
        emit WithdrawalFinalized(proof.chainId, proof.batch, proof.index, assetId, receiver, amount);
        vault.pay(proof.chainId, assetId, receiver, amount);
    }

    /// @inheritdoc IAssetRouter
    function isFinalized(uint256 chainId, uint64 batch, uint256 index) external view returns (bool) {
        return finalized[chainId][batch].get(index);
    }

    // ---- Registry of chains ----

    /// @inheritdoc IAssetRouter
    function collectMint(uint256 chainId, address payer, uint256 amount) external payable {
        if (msg.sender != address(hub)) revert CallerNotHub(msg.sender);
        bytes32 assetId = baseAssetOf(chainId);
        emit MintCollected(chainId, payer, assetId, amount);
        vault.collect{value: msg.value}(chainId, assetId, payer, amount);
    }

    // ---- Parts ----

    /// Takes the mint and the tokens of a deposit from the caller.
    function collectDeposit(Deposit calldata request) private returns (bytes32 assetId) {
        bytes32 baseAssetId = baseAssetOf(request.chainId);
        assetId = vault.registerToken(request.token);
        if (assetId == baseAssetId) revert DepositOfBaseToken(request.chainId, request.token);

        uint256 mintEther = vault.tokenOf(baseAssetId) == ETHER ? request.mint : 0;
        uint256 amountEther = request.token == ETHER ? request.amount : 0;
        // One of them is 0, as the token is not the base token.
        if (msg.value != mintEther + amountEther) revert DepositEther(mintEther + amountEther, msg.value);

        // Registering calls nobody.
        // slither-disable-next-line reentrancy-events
        emit MintCollected(request.chainId, msg.sender, baseAssetId, request.mint);
        vault.collect{value: mintEther}(request.chainId, baseAssetId, msg.sender, request.mint);
        vault.collect{value: amountEther}(request.chainId, assetId, msg.sender, request.amount);
    }

    /// The call that a chain is asked to make for a deposit.
    function operationOf(Deposit calldata request) private view returns (L2Request memory) {
        bytes memory data = abi.encodeCall(
            IL2AssetRouter.finalizeDeposit,
            (
                ORIGIN_CHAIN_ID,
                request.token,
                msg.sender,
                request.receiver,
                request.amount,
                TokenMetadata.read(request.token)
            )
        );
        // The registry would take this contract for who asks.
        bool isCaller = request.refundRecipient == address(0) || request.refundRecipient == msg.sender;
        address refundRecipient = isCaller ? Aliasing.ofCaller(msg.sender) : request.refundRecipient;
        return L2Request({
            chainId: request.chainId,
            to: L2_ASSET_ROUTER,
            value: 0,
            data: data,
            gasLimit: request.gasLimit,
            mint: request.mint,
            refundRecipient: refundRecipient
        });
    }

    function baseAssetOf(uint256 chainId) private view returns (bytes32 assetId) {
        assetId = hub.baseAssetOf(chainId);
        if (assetId == 0) revert IBridgehub.ChainUnknown(chainId);
    }

    function recordOf(address sender, bytes32 assetId, uint256 amount) private pure returns (bytes32) {
        return keccak256(abi.encode(sender, assetId, amount));
    }
}
