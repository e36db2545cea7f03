// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAssetRouter} from "../interfaces/IAssetRouter.sol";
import {IBridgehub, L2Request} from "../interfaces/IBridgehub.sol";
import {IMessageRootWriter} from "../interfaces/IMessageRootWriter.sol";
import {IProtocolVersions} from "../interfaces/IProtocolVersions.sol";
import {ChainGenesis, IRollupChain} from "../interfaces/IRollupChain.sol";
import {ETHER} from "../shared/Addresses.sol";
import {Aliasing} from "../shared/Aliasing.sol";
import {Assets} from "../shared/Assets.sol";
import {ChainProxy} from "./ChainProxy.sol";
import {Operations} from "./libraries/Operations.sol";
import {RollupConfig} from "./libraries/RollupConfig.sol";

/// @title Registry of chains
/// @notice The owner is the governance: it registers chains, and can neither change nor remove one.
contract Bridgehub is IBridgehub, Ownable2Step, ReentrancyGuard {
    error ChainTaken(uint256 chainId);
    /// @notice The base token was not registered with the vault.
    error BaseTokenUnknown(bytes32 baseAsset);
    /// @notice Wallets take a base token for one with 18 decimals.
    error BaseTokenDecimals(address token, uint8 decimals);
    /// @notice On a chain of ether the value is the mint; on others it is zero.
    error ValueNotMint(uint256 value, uint256 expected);

    event ChainCreated(uint256 indexed chainId, address chain, bytes32 baseAsset, bytes32 genesisCommitment);

    uint8 private constant DECIMALS = 18;

    IAssetRouter public immutable router;
    IMessageRootWriter public immutable messageRoot;
    IProtocolVersions public immutable versions;
    /// @notice Asset id of ether (specification 021).
    bytes32 public immutable etherAsset;

    /// @inheritdoc IBridgehub
    mapping(uint256 chainId => address) public chainOf;
    /// @inheritdoc IBridgehub
    mapping(uint256 chainId => bytes32) public baseAssetOf;

    constructor(address governance, IAssetRouter router_, IMessageRootWriter messageRoot_, IProtocolVersions versions_)
        Ownable(governance)
    {
        router = router_;
        messageRoot = messageRoot_;
        versions = versions_;
        etherAsset = Assets.idOf(block.chainid, ETHER);
    }

    /// @notice Begins a chain, whose base token the vault knows and has 18 decimals. For the governance.
    function createChain(ChainGenesis calldata genesis) external onlyOwner returns (address chain) {
        uint256 chainId = genesis.config[RollupConfig.CHAIN_ID];
        if (chainOf[chainId] != address(0)) revert ChainTaken(chainId);
        // The chain checks the ranges of all words.
        uint256 version = genesis.config[RollupConfig.PROTOCOL_VERSION];
        if (version > type(uint32).max) {
            revert RollupConfig.ConfigRange(RollupConfig.PROTOCOL_VERSION, version, 1, type(uint32).max);
        }
        address implementation = versions.implementationOf(uint32(version));
        bytes memory call = abi.encodeCall(IRollupChain.initialize, (genesis));
        bytes32 baseAsset = bytes32(genesis.config[RollupConfig.BASE_ASSET]);
        requireBaseToken(baseAsset);
        chain = address(new ChainProxy{salt: bytes32(chainId)}(implementation, call));
        chainOf[chainId] = chain;
        baseAssetOf[chainId] = baseAsset;
        emit ChainCreated(chainId, chain, baseAsset, genesis.commitment);
        messageRoot.register(chainId);
    }

    /// @inheritdoc IBridgehub
    function requestL2Transaction(L2Request calldata request)
        external
        payable
        nonReentrant
        returns (bytes32 operation)
    {
        operation = forward(request);
        uint256 expected = baseAssetOf[request.chainId] == etherAsset ? request.mint : 0;
        if (msg.value != expected) revert ValueNotMint(msg.value, expected);
        router.collectMint{value: msg.value}(request.chainId, msg.sender, request.mint);
    }

    /// @inheritdoc IBridgehub
    function requestPaid(L2Request calldata request) external nonReentrant returns (bytes32) {
        if (msg.sender != address(router)) revert CallerNotRouter(msg.sender);
        return forward(request);
    }

    function requireBaseToken(bytes32 baseAsset) private view {
        address token = router.vault().tokenOf(baseAsset);
        if (token == address(0)) revert BaseTokenUnknown(baseAsset);
        if (token == ETHER) return;
        uint8 decimals = IERC20Metadata(token).decimals();
        if (decimals != DECIMALS) revert BaseTokenDecimals(token, decimals);
    }

    function forward(L2Request calldata request) private returns (bytes32) {
        address chain = chainOf[request.chainId];
        if (chain == address(0)) revert ChainUnknown(request.chainId);
        address refundRecipient = Operations.refundRecipientOf(request.refundRecipient, msg.sender);
        return IRollupChain(chain).request(request, Aliasing.ofCaller(msg.sender), refundRecipient);
    }
}
