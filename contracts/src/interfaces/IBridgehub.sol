// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A call that Ethereum asks a chain to make (specification 016).
struct L2Request {
    uint256 chainId;
    address to;
    // Wei of the chain's base token that the call carries: of the mint, and beyond it of what the sender has on the chain.
    uint256 value;
    bytes data;
    uint64 gasLimit;
    // Wei of the base token that are minted on the chain: for the fee, which it has to cover, the value, and the refund recipient.
    uint256 mint;
    // Zero: who asks, as the chain sees it.
    address refundRecipient;
}

/// @title Registry of chains
/// @notice Where chains are found and asked for things.
interface IBridgehub {
    /// @notice No chain has this id.
    error ChainUnknown(uint256 chainId);
    /// @notice Only the asset router may ask for what it has paid for already.
    error CallerNotRouter(address caller);

    /// @notice Asks a chain for a call. The mint is taken from the caller: `msg.value` where the base token is ether, otherwise
    /// tokens that the caller has approved for the vault.
    /// @return operation Hash of the priority operation.
    function requestL2Transaction(L2Request calldata request) external payable returns (bytes32 operation);

    /// @notice As `requestL2Transaction`, for the asset router, which has taken the mint into the vault itself. A refund recipient
    /// that has code on Ethereum, and is not a delegated account, is aliased here too; zero means the aliased router.
    function requestPaid(L2Request calldata request) external returns (bytes32 operation);

    /// @notice Contract of a chain; zero if there is none.
    function chainOf(uint256 chainId) external view returns (address);

    /// @notice Asset id of a chain's base token (specification 021); zero if there is no such chain.
    function baseAssetOf(uint256 chainId) external view returns (bytes32);
}
