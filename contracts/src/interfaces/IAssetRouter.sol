// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2LogProof} from "./IMessageRoot.sol";

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
    /// @notice Takes the base token that a priority operation mints; only the registry of chains may call it.
    /// @param payer From whom tokens are taken; ether comes with the call.
    function collectMint(uint256 chainId, address payer, uint256 amount) external payable;

    /// @notice Deposits tokens to a receiver on a chain.
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
}
