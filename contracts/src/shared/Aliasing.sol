// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP7702Utils} from "@openzeppelin/contracts/account/utils/EIP7702Utils.sol";
import {ALIAS_OFFSET} from "./Addresses.sol";

/// @title How a chain sees accounts of Ethereum
/// @notice Contracts have another address on a chain, so that they cannot be mistaken for who has theirs there (specification 016).
/// Accounts with a key are the same on both, also if they are delegated (EIP-7702).
library Aliasing {
    /// @notice A contract's address on a chain.
    function aliased(address account) internal pure returns (address) {
        // Modulo 2^160, as specified.
        unchecked {
            return address(uint160(account) + ALIAS_OFFSET);
        }
    }

    /// @notice Who calls, as a chain sees it. A contract under construction has no code, but it is not the transaction's origin
    /// either.
    function ofCaller(address caller) internal view returns (address) {
        // It decides on an address, not on who may do what.
        // slither-disable-next-line tx-origin
        return caller == tx.origin || isDelegated(caller) ? caller : aliased(caller);
    }

    /// @notice Who is named, as a chain sees it.
    function ofAccount(address account) internal view returns (address) {
        return account.code.length == 0 || isDelegated(account) ? account : aliased(account);
    }

    /// @notice Whether an account with a key has delegated its code.
    function isDelegated(address account) internal view returns (bool) {
        return EIP7702Utils.fetchDelegate(account) != address(0);
    }
}
