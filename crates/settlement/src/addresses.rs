//! Addresses that the specifications fix on every chain.

use alloy_primitives::{Address, address};

/// Ether of Ethereum as a token (`specs/021-bridge.md`).
pub const ETHER: Address = address!("0000000000000000000000000000000000000001");

/// The bridge on every chain.
pub const L2_ASSET_ROUTER: Address = address!("000000000000000000000000000000000000ff03");

/// The vault on every chain; it stands for the way of bridging.
pub const L2_VAULT: Address = address!("000000000000000000000000000000000000ff04");

/// The base token as an ERC-20, on every chain.
pub const WRAPPED_BASE_TOKEN: Address = address!("000000000000000000000000000000000000ff08");
