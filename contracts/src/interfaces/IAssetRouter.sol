// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBridgehub} from "./IBridgehub.sol";
import {IMessageRoot, L2LogProof} from "./IMessageRoot.sol";
import {IVault} from "./IVault.sol";

/// @notice A deposit of a token (specification 021).
struct Deposit {
    uint256 chainId;
    address token;
    uint256 amount;
    address receiver;
    uint64 gasLimit;
    uint256 mint;
    address refundRecipient;
}

/// @notice A withdrawal that a chain's router has sent.
struct Withdrawal {
    bytes32 assetId;
    address receiver;
    uint256 amount;
}

/// @title Way of assets to chains and back
interface IAssetRouter {
    /// @notice Only the registry of chains collects mints.
    error CallerNotHub(address caller);
    /// @notice Nothing is deposited.
    error DepositAmountZero();
    /// @notice Nobody is to receive the deposit.
    error DepositReceiverZero();
    /// @notice The chain's base token comes by `IBridgehub.requestL2Transaction`, not as a token.
    error DepositOfBaseToken(uint256 chainId, address token);
    /// @notice The ether of a call is not what it has to be.
    error DepositEther(uint256 expected, uint256 received);
    /// @notice An operation with this hash has a deposit already.
    error DepositRecorded(uint256 chainId, bytes32 operation);
    /// @notice No such deposit waits: it never was, or it has been recovered.
    error DepositNotRecorded(uint256 chainId, bytes32 operation);
    /// @notice What the log shows has been paid.
    error WithdrawalFinalizedBefore(uint256 chainId, uint64 batch, uint256 index);

    /// @notice The base token of an operation's mint is in the vault.
    event MintCollected(uint256 indexed chainId, address indexed payer, bytes32 indexed assetId, uint256 amount);
    /// @notice A deposit of a token was sent to a chain.
    event DepositRequested(
        uint256 indexed chainId,
        bytes32 indexed operation,
        address indexed sender,
        address receiver,
        bytes32 assetId,
        uint256 amount
    );
    /// @notice A failed deposit was given back.
    event DepositRecovered(
        uint256 indexed chainId, bytes32 indexed operation, address indexed sender, bytes32 assetId, uint256 amount
    );
    /// @notice A withdrawal was paid.
    event WithdrawalFinalized(
        uint256 indexed chainId,
        uint64 indexed batch,
        uint256 index,
        bytes32 assetId,
        address indexed receiver,
        uint256 amount
    );

    /// @notice Takes the base token that a priority operation mints; only the registry of chains may call it.
    /// @param payer From whom tokens are taken; ether comes with the call.
    function collectMint(uint256 chainId, address payer, uint256 amount) external payable;

    /// @notice Deposits tokens to a receiver on a chain. `msg.value` is the mint if the chain's base token is ether, the amount
    /// if ether is what is deposited, 0 otherwise; tokens, the mint's too, are taken from the caller, who has approved the vault.
    /// @return operation Hash of the priority operation.
    function deposit(Deposit calldata request) external payable returns (bytes32 operation);

    /// @notice Pays what an executed batch shows to be withdrawn. Anyone may call it.
    function finalizeWithdrawal(L2LogProof calldata proof, uint16 transactionIndex, Withdrawal calldata withdrawal)
        external;

    /// @notice Gives back the tokens of a deposit that an executed batch shows to have failed. Anyone may call it.
    function recoverDeposit(
        L2LogProof calldata proof,
        uint16 transactionIndex,
        bytes32 operation,
        address sender,
        bytes32 assetId,
        uint256 amount
    ) external;

    /// @notice Whether the withdrawal was paid that a batch has at this index of its tree of logs.
    function isFinalized(uint256 chainId, uint64 batch, uint256 index) external view returns (bool);

    /// @notice keccak256(abi.encode(sender, asset id, amount)) of a deposit, zero if there is none or it was recovered. It is
    /// kept for deposits that arrived: Ethereum does not know that they have.
    function depositRecord(uint256 chainId, bytes32 operation) external view returns (bytes32);

    /// @notice Where assets are kept, and what has to be approved.
    function vault() external view returns (IVault);

    /// @notice The registry of chains.
    function hub() external view returns (IBridgehub);

    /// @notice What decides whether a chain has sent something.
    function messageRoot() external view returns (IMessageRoot);
}
