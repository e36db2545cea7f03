//! The keys of the recursion circuits that this binary proves with and verifies against.

use ashlar_verifier::CircuitKeys;
use eyre::WrapErr;

/// Made by `cargo xtask circuits` and checked in CI: a verifier does not have to make the circuits.
const CIRCUIT_KEYS: &[u8] = include_bytes!("../../../crates/verifier/keys/circuits.key");

/// The allowed circuits.
pub(crate) fn keys() -> eyre::Result<CircuitKeys> {
    CircuitKeys::decode(CIRCUIT_KEYS).wrap_err("the circuits' keys inside this binary are damaged")
}
