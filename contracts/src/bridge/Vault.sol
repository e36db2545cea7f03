// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IVault} from "../interfaces/IVault.sol";
import {ETHER} from "../shared/Addresses.sol";
import {Assets} from "../shared/Assets.sol";

/// @title Keeper of what is on chains
/// @notice Belongs to one router for ever. Has no owner, and cannot be changed.
contract Vault is IVault, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IVault
    address public immutable router;
    // Of the Ethereum chain that the contract was made on, so that asset ids stay what they are if it ever splits.
    uint256 private immutable ORIGIN_CHAIN_ID;

    /// @inheritdoc IVault
    mapping(bytes32 assetId => address token) public tokenOf;
    /// @inheritdoc IVault
    mapping(uint256 chainId => mapping(bytes32 assetId => uint256 amount)) public balanceOf;

    modifier onlyRouter() {
        if (msg.sender != router) revert VaultCallerNotRouter(msg.sender);
        _;
    }

    constructor() {
        router = msg.sender;
        ORIGIN_CHAIN_ID = block.chainid;
        register(Assets.idOf(block.chainid, ETHER), ETHER);
    }

    // ---- Everybody ----

    /// @inheritdoc IVault
    function registerToken(address token) external returns (bytes32 assetId) {
        assetId = assetIdOf(token);
        if (tokenOf[assetId] != address(0)) return assetId;
        if (token.code.length == 0) revert VaultTokenWithoutCode(token);
        register(assetId, token);
    }

    /// @inheritdoc IVault
    function assetIdOf(address token) public view returns (bytes32) {
        return Assets.idOf(ORIGIN_CHAIN_ID, token);
    }

    // ---- Router ----

    /// @inheritdoc IVault
    /// @dev The guard is for `received`: a token that calls back could count what one transfer brought for two.
    function collect(uint256 chainId, bytes32 assetId, address payer, uint256 amount)
        external
        payable
        onlyRouter
        nonReentrant
    {
        address token = requireToken(assetId);
        uint256 etherAmount = token == ETHER ? amount : 0;
        if (msg.value != etherAmount) revert VaultEther(etherAmount, msg.value);
        if (token != ETHER) receiveExactly(IERC20(token), payer, amount);
        // Not before it is here: until then nobody can be paid from it.
        balanceOf[chainId][assetId] += amount;
        emit ChainBalanceIncreased(chainId, assetId, amount);
    }

    /// @inheritdoc IVault
    /// @dev Does not take the guard, so that a receiver can go on with what it got, but respects it.
    function pay(uint256 chainId, bytes32 assetId, address receiver, uint256 amount) external onlyRouter {
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        address token = requireToken(assetId);
        uint256 balance = balanceOf[chainId][assetId];
        if (balance < amount) revert VaultChainBalance(chainId, assetId, balance, amount);
        balanceOf[chainId][assetId] = balance - amount;
        emit ChainBalanceDecreased(chainId, assetId, amount);
        if (token == ETHER) {
            Address.sendValue(payable(receiver), amount);
        } else {
            IERC20(token).safeTransfer(receiver, amount);
        }
    }

    // ---- Parts ----

    function register(bytes32 assetId, address token) private {
        tokenOf[assetId] = token;
        emit TokenRegistered(assetId, token);
    }

    function requireToken(bytes32 assetId) private view returns (address token) {
        token = tokenOf[assetId];
        if (token == address(0)) revert VaultAssetUnknown(assetId);
    }

    function receiveExactly(IERC20 token, address payer, uint256 amount) private {
        uint256 before = token.balanceOf(address(this));
        // The payer is who called the router, or the registry.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(payer, address(this), amount);
        uint256 afterwards = token.balanceOf(address(this));
        // A token may give any numbers; it only cheats those who hold it.
        uint256 received = afterwards < before ? 0 : afterwards - before;
        if (received != amount) revert VaultReceived(address(token), amount, received);
    }
}
