//! The least pair of two tokens at which swaps can be measured: what comes in is the wrapped token, the product of both reserves
//! never falls, and 0.3 % stay in the pair.
//!
//! It does what a swap cannot do without: two calls of tokens, both reserves, one log. Pairs in use also keep sums of prices, and are
//! called by way of a router: their swaps use more gas.

use alloy_primitives::{Address, U256, address};
use ashlar_settlement::WRAPPED_BASE_TOKEN;
use std::collections::BTreeMap;

/// The pair.
pub(super) const PAIR: Address = address!("00000000000000000000000000000000000a11ce");

/// The token that is bought.
pub(super) const BOUGHT: Address = address!("00000000000000000000000000000000000b0b0b");

/// What the pair has of both tokens at the start: its slots 0 and 1.
pub(super) fn reserves() -> BTreeMap<U256, U256> {
    BTreeMap::from([(U256::ZERO, reserve()), (U256::ONE, reserve())])
}

/// Ten to the power of 27.
pub(super) fn reserve() -> U256 {
    U256::from(10).pow(U256::from(27))
}

/// The pair's code. The calldata are one word: how much comes in.
pub(super) fn code() -> Vec<u8> {
    #[rustfmt::skip]
    let parts: [&[u8]; 10] = [
        // Jumps over the place at which a call that failed ends: PUSH1 7; JUMP; 3: JUMPDEST; REVERT(0, 0); 7: JUMPDEST
        &[0x60, 7, 0x56, 0x5b, 0x5f, 0x5f, 0xfd, 0x5b],
        // transferFrom(CALLER, ADDRESS, CALLDATALOAD(0)) in memory
        &[0x63, 0x23, 0xb8, 0x72, 0xdd, 0x60, 224, 0x1b, 0x5f, 0x52, 0x33, 0x60, 4, 0x52, 0x30, 0x60, 36, 0x52],
        &[0x5f, 0x35, 0x60, 68, 0x52],
        &call(WRAPPED_BASE_TOKEN, 100),
        // What goes out, b * 997 x / (1000 a + 997 x): PUSH2 997 x; DUP1; 1000 SLOAD(0); ADD; SWAP1; SLOAD(1); MUL; DIV
        &[0x5f, 0x35, 0x61, 0x03, 0xe5, 0x02, 0x80, 0x5f, 0x54, 0x61, 0x03, 0xe8, 0x02, 0x01, 0x90],
        &[0x60, 1, 0x54, 0x02, 0x04],
        // The reserves: SSTORE(1, SLOAD(1) - out); SSTORE(0, SLOAD(0) + x)
        &[0x80, 0x60, 1, 0x54, 0x03, 0x60, 1, 0x55, 0x5f, 0x35, 0x5f, 0x54, 0x01, 0x5f, 0x55],
        // transfer(CALLER, out) in memory
        &[0x63, 0xa9, 0x05, 0x9c, 0xbb, 0x60, 224, 0x1b, 0x5f, 0x52, 0x33, 0x60, 4, 0x52, 0x80, 0x60, 36, 0x52],
        &call(BOUGHT, 68),
        // LOG1 of x and out, with CALLER; STOP
        &[0x5f, 0x35, 0x5f, 0x52, 0x60, 32, 0x52, 0x33, 0x60, 64, 0x5f, 0xa1, 0x00],
    ];
    parts.concat()
}

/// Calls a token with so many bytes of memory, and goes to the place of failures if that fails.
fn call(token: Address, bytes: u8) -> Vec<u8> {
    // CALL(GAS, token, 0, 0, bytes, 0, 32); ISZERO; PUSH1 3; JUMPI
    let before = [0x60, 32, 0x5f, 0x60, bytes, 0x5f, 0x5f, 0x73];
    let after = [0x5a, 0xf1, 0x15, 0x60, 3, 0x57];
    [before.as_slice(), token.as_slice(), after.as_slice()].concat()
}
