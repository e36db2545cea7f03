// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Way of assets from and to Ethereum, on the chain
/// @notice Predeploy at 0x000000000000000000000000000000000000FF03 (specification 021). The only sender of withdrawals.
interface IL2AssetRouter {
    /// @notice Only Ethereum's router, aliased, finalizes deposits.
    error CallerNotL1Router(address caller);
    /// @notice The chain's base token does not come as a token.
    error BaseTokenDeposited(bytes32 assetId);
    /// @notice Nothing is withdrawn.
    error WithdrawalAmountZero();
    /// @notice Nobody is to receive the withdrawal.
    error WithdrawalReceiverZero();
    /// @notice The value of a call is not what it has to be: the amount of a base token, 0 with a bridged one.
    error WithdrawalValue(uint256 expected, uint256 received);

    /// @notice A deposit arrived.
    event DepositFinalized(
        bytes32 indexed assetId, address indexed sender, address indexed receiver, uint256 amount, address token
    );
    /// @notice A withdrawal was sent to Ethereum.
    event WithdrawalRequested(
        bytes32 indexed assetId, address indexed sender, address indexed receiver, uint256 amount, bytes32 messageHash
    );

    /// @notice Mints what was deposited on Ethereum; only Ethereum's router may call it.
    /// @param sender Who deposited, as on Ethereum.
    /// @param metadata abi.encode(name, symbol, decimals) of the token; read when its representation is created.
    function finalizeDeposit(
        uint256 originChainId,
        address originToken,
        address sender,
        address receiver,
        uint256 amount,
        bytes calldata metadata
    ) external;

    /// @notice Withdraws the caller's assets to a receiver on Ethereum: the base token that comes with the call, or bridged
    /// tokens, which need no approval.
    /// @return messageHash Keccak-256 of the message to Ethereum.
    function withdraw(bytes32 assetId, uint256 amount, address receiver) external payable returns (bytes32 messageHash);

    /// @notice Ethereum's router, as on Ethereum.
    function l1AssetRouter() external view returns (address);
}
