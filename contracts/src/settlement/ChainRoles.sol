// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IRollupChain, Role} from "../interfaces/IRollupChain.sol";
import {ChainBase, ChainStorage} from "./ChainBase.sol";

/// @title Roles, pause and gas price of a chain
/// @notice What is done here at once can neither take anything from users nor keep them from leaving: without any role, under a
/// pause and at the highest price a chain can be forced to execute operations (specification 023).
abstract contract ChainRoles is ChainBase {
    uint64 internal constant PAUSE = 3 days;
    uint64 internal constant PAUSE_PERIOD = 30 days;
    // From the lowest price to the highest it takes seven days: the first of eight raises can be made at once.
    uint64 internal constant GAS_PRICE_PERIOD = 1 days;
    uint128 internal constant GAS_PRICE_RISE = 2;
    uint128 internal constant GAS_PRICE_RANGE = 256;

    /// @inheritdoc IRollupChain
    function setRole(Role role, address account, bool granted) external onlyAdmin {
        chain().roles[role][account] = granted;
        emit RoleSet(role, account, granted);
    }

    /// @inheritdoc IRollupChain
    function proposeAdmin(address next) external onlyAdmin {
        chain().pendingAdmin = next;
        emit AdminProposed(next);
    }

    /// @inheritdoc IRollupChain
    function acceptAdmin() external {
        ChainStorage storage self = chain();
        if (msg.sender != self.pendingAdmin) revert CallerNotPendingAdmin(msg.sender);
        self.pendingAdmin = address(0);
        self.admin = msg.sender;
        emit AdminChanged(msg.sender);
    }

    /// @inheritdoc IRollupChain
    function pause() external {
        requireRole(Role.Pauser);
        ChainStorage storage self = chain();
        uint64 time = uint64(block.timestamp);
        uint64 next = self.pausedAt == 0 ? 0 : self.pausedAt + PAUSE_PERIOD;
        if (time < next) revert PausedBefore(next);
        self.pausedAt = time;
        self.pausedUntil = time + PAUSE;
        emit ChainPaused(time + PAUSE);
    }

    /// @inheritdoc IRollupChain
    function unpause() external {
        ChainStorage storage self = chain();
        if (msg.sender != self.admin) requireRole(Role.Pauser);
        self.pausedUntil = 0;
        emit ChainUnpaused();
    }

    /// @inheritdoc IRollupChain
    function setGasPrice(uint128 price) external onlyAdmin {
        ChainStorage storage self = chain();
        uint128 lowest = self.lowestBaseFee;
        uint128 highest = lowest * GAS_PRICE_RANGE;
        if (price < lowest || price > highest) revert GasPriceRange(price, lowest, highest);
        uint128 current = self.gasPrice;
        if (price > current) {
            uint64 next = self.gasPriceRaisedAt == 0 ? 0 : self.gasPriceRaisedAt + GAS_PRICE_PERIOD;
            bool isTooEarly = block.timestamp < next;
            if (isTooEarly || price > current * GAS_PRICE_RISE) {
                revert GasPriceRise(price, current * GAS_PRICE_RISE, next);
            }
            self.gasPriceRaisedAt = uint64(block.timestamp);
        }
        self.gasPrice = price;
        emit GasPriceChanged(price);
    }

    /// @inheritdoc IRollupChain
    function admin() external view returns (address) {
        return chain().admin;
    }

    /// @inheritdoc IRollupChain
    function pendingAdmin() external view returns (address) {
        return chain().pendingAdmin;
    }

    /// @inheritdoc IRollupChain
    function hasRole(Role role, address account) external view returns (bool) {
        return chain().roles[role][account];
    }

    /// @inheritdoc IRollupChain
    function pausedUntil() external view returns (uint64) {
        return chain().pausedUntil;
    }

    /// @inheritdoc IRollupChain
    function gasPrice() external view returns (uint128) {
        return chain().gasPrice;
    }
}
