// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BeaconProxy} from "@openzeppelin/contracts/proxy/beacon/BeaconProxy.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {IBridgedToken} from "../interfaces/IBridgedToken.sol";
import {IL2Vault} from "../interfaces/IL2Vault.sol";
import {L2_ASSET_ROUTER, L2_TOKEN_BEACON} from "../shared/Addresses.sol";
import {Assets} from "../shared/Assets.sol";

/// @title Keeper of bridged tokens, on the chain
/// @notice Starts with empty storage. What is locked comes out on Ethereum.
// slither-disable-next-line locked-ether
contract L2Vault is IL2Vault {
    /// @inheritdoc IL2Vault
    /// @dev Slot 0. Kept, though it can be computed: an upgrade that changes the code of proxies must not lose those that exist.
    mapping(bytes32 assetId => address token) public tokenOf;

    modifier onlyRouter() {
        if (msg.sender != L2_ASSET_ROUTER) revert L2VaultCallerNotRouter(msg.sender);
        _;
    }

    /// @inheritdoc IL2Vault
    function mint(uint256 originChainId, address originToken, address receiver, uint256 amount, bytes calldata metadata)
        external
        onlyRouter
        returns (address token)
    {
        token = tokenOf[Assets.idOf(originChainId, originToken)];
        if (token == address(0)) token = create(originChainId, originToken, metadata);
        IBridgedToken(token).bridgeMint(receiver, amount);
    }

    /// @inheritdoc IL2Vault
    function burn(bytes32 assetId, address holder, uint256 amount) external onlyRouter {
        address token = tokenOf[assetId];
        if (token == address(0)) revert L2VaultAssetUnknown(assetId);
        IBridgedToken(token).bridgeBurn(holder, amount);
    }

    /// @inheritdoc IL2Vault
    function lock() external payable onlyRouter {
        emit BaseTokenLocked(msg.value);
    }

    /// @inheritdoc IL2Vault
    function tokenAddress(bytes32 assetId) external view returns (address) {
        address token = tokenOf[assetId];
        return token == address(0) ? Create2.computeAddress(assetId, keccak256(proxyCode())) : token;
    }

    /// @inheritdoc IL2Vault
    function assetIdOf(uint256 originChainId, address originToken) external pure returns (bytes32) {
        return Assets.idOf(originChainId, originToken);
    }

    function create(uint256 originChainId, address originToken, bytes calldata metadata)
        private
        returns (address token)
    {
        bytes32 assetId = Assets.idOf(originChainId, originToken);
        (string memory name, string memory symbol, uint8 decimals) = abi.decode(metadata, (string, string, uint8));
        token = Create2.deploy(0, assetId, proxyCode());
        tokenOf[assetId] = token;
        emit BridgedTokenCreated(assetId, token, originChainId, originToken);
        IBridgedToken(token).initialize(originChainId, originToken, name, symbol, decimals);
    }

    /// Without a call in it, so that the address depends on the asset id alone.
    function proxyCode() private pure returns (bytes memory) {
        return abi.encodePacked(type(BeaconProxy).creationCode, abi.encode(L2_TOKEN_BEACON, ""));
    }
}
