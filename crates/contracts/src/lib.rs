#![doc = include_str!("../README.md")]

mod constraints;
mod deployment;
mod program;
mod shape;
mod solidity;

pub use constraints::{INPUTS, UnsupportedConstraints, constraint_program};
pub use deployment::DeploymentKey;
pub use program::{Assembler, Instruction, Operation, Program, TooLong, Value};
pub use shape::ContractShape;
pub use solidity::{joiner_source, program_source, shape_source};
