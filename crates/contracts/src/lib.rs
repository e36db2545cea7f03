#![doc = include_str!("../README.md")]
//!
//! The contracts that verify final proofs on Ethereum: what their generated code is generated from, and their compiled
//! code (`contracts/`).
//!
//! The constraints of the table become a [`Program`], which a contract interprets ([`constraint_program`]); everything
//! else that it must know about a proof is a [`ContractShape`].

mod constraints;
mod deployment;
mod program;
mod shape;
mod solidity;

pub use constraints::{INPUTS, UnsupportedConstraints, constraint_program};
pub use deployment::DeploymentKey;
pub use program::{Assembler, Instruction, Operation, Program, TooLong, Value};
pub use shape::ContractShape;
pub use solidity::{program_source, shape_source};
