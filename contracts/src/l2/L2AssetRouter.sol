// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IL2AssetRouter} from "../interfaces/IL2AssetRouter.sol";
import {IL2Vault} from "../interfaces/IL2Vault.sol";
import {IMessenger} from "../interfaces/IMessenger.sol";
import {ISystemInfo} from "../interfaces/ISystemInfo.sol";
import {L2_MESSENGER, L2_SYSTEM_INFO, L2_VAULT} from "../shared/Addresses.sol";
import {Aliasing} from "../shared/Aliasing.sol";
import {Assets} from "../shared/Assets.sol";

/// @title Way of assets from and to Ethereum, on the chain
/// @notice Its storage is part of the genesis state (specification 022). Ethereum pays whatever this contract says by a message:
/// `withdraw` is the one place that sends, after it has burned or locked the same amount.
contract L2AssetRouter is IL2AssetRouter {
    // The genesis sets it.
    // slither-disable-start uninitialized-state,constable-states
    /// @inheritdoc IL2AssetRouter
    address public l1AssetRouter; // slot 0

    // slither-disable-end uninitialized-state,constable-states

    // What is called are predeploys, which call nobody else.
    // slither-disable-start reentrancy-events
    /// @inheritdoc IL2AssetRouter
    function finalizeDeposit(
        uint256 originChainId,
        address originToken,
        address sender,
        address receiver,
        uint256 amount,
        bytes calldata metadata
    ) external {
        if (msg.sender != Aliasing.aliased(l1AssetRouter)) revert CallerNotL1Router(msg.sender);
        bytes32 assetId = Assets.idOf(originChainId, originToken);
        if (assetId == baseAssetId()) revert BaseTokenDeposited(assetId);
        address token = IL2Vault(L2_VAULT).mint(originChainId, originToken, receiver, amount, metadata);
        emit DepositFinalized(assetId, sender, receiver, amount, token);
    }

    /// @inheritdoc IL2AssetRouter
    function withdraw(bytes32 assetId, uint256 amount, address receiver)
        external
        payable
        returns (bytes32 messageHash)
    {
        if (amount == 0) revert WithdrawalAmountZero();
        if (receiver == address(0)) revert WithdrawalReceiverZero();
        bool isBaseToken = assetId == baseAssetId();
        uint256 value = isBaseToken ? amount : 0;
        if (msg.value != value) revert WithdrawalValue(value, msg.value);
        if (isBaseToken) {
            IL2Vault(L2_VAULT).lock{value: amount}();
        } else {
            IL2Vault(L2_VAULT).burn(assetId, msg.sender, amount);
        }
        messageHash = IMessenger(L2_MESSENGER).sendToL1(Assets.withdrawalMessage(assetId, receiver, amount));
        emit WithdrawalRequested(assetId, msg.sender, receiver, amount, messageHash);
    }
    // slither-disable-end reentrancy-events

    function baseAssetId() private view returns (bytes32) {
        return ISystemInfo(L2_SYSTEM_INFO).baseAssetId();
    }
}
