//! The contract against the native verifier: the same verdict on the same bytes.

mod commitments;
mod deployed;
mod evm;
#[path = "../../../verifier/tests/last/forged.rs"]
mod forged;
mod honest;
mod narrow;
#[path = "../../../verifier/tests/last/table.rs"]
#[allow(dead_code)] // Other tests use the rest.
mod table;
