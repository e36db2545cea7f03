//! The contract against the native verifier: the same verdict on the same bytes.

mod calldata;
mod commitments;
mod deployment;
mod evm;
#[path = "../../../verifier/tests/last/forged.rs"]
mod forged;
mod honest;
mod layout;
mod mutations;
mod narrow;
mod real;
mod registry;
#[path = "../../../verifier/tests/last/table.rs"]
#[allow(dead_code)] // Other tests use the rest.
mod table;
