// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// Addresses that specifications 016, 017, 021 and 022 fix on every chain.

// Sender of the logs with the status of priority operations; has no code.
address constant L2_SYSTEM = 0x000000000000000000000000000000000000ff00;
// Caller of upgrades; has no code.
address constant L2_UPGRADER = 0x000000000000000000000000000000000000ff01;
address constant L2_MESSENGER = 0x000000000000000000000000000000000000fF02;
address constant L2_ASSET_ROUTER = 0x000000000000000000000000000000000000FF03;
address constant L2_VAULT = 0x000000000000000000000000000000000000FF04;
address constant L2_SYSTEM_INFO = 0x000000000000000000000000000000000000fF05;
address constant L2_TOKEN_BEACON = 0x000000000000000000000000000000000000ff06;
address constant L2_TOKEN_IMPLEMENTATION = 0x000000000000000000000000000000000000fF07;
address constant L2_WRAPPED_BASE_TOKEN = 0x000000000000000000000000000000000000FF08;

// Ether of Ethereum as a token (specification 021).
address constant ETHER = 0x0000000000000000000000000000000000000001;

// What is added to the address of a contract on Ethereum that a chain sees (specification 016).
uint160 constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);
