#![doc = include_str!("../README.md")]

mod artifact;
mod call;
mod constraints;
mod cost;
mod deployment;
mod program;
mod shape;
mod solidity;

pub use artifact::{Artifact, Contract, DamagedArtifact, VerifierCode};
pub use call::{
    JoinedPlace, JoinedTree, Statement, View, address_in, is_joined_call, is_verified_call,
    is_verified_in_call, submit_call, submit_joined_call, verifier_call, verify_call, verify_joined_call,
};
pub use constraints::{INPUTS, UnsupportedConstraints, constraint_program};
pub use cost::CalldataPrice;
pub use deployment::{BadKey, DeploymentKey};
pub use program::{Assembler, Instruction, Operation, Program, TooLong, Value};
pub use shape::ContractShape;
pub use solidity::{joiner_source, program_source, shape_source};
