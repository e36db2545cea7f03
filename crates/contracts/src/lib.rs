#![doc = include_str!("../README.md")]

mod constraints;
mod cost;
mod deployment;
mod program;
mod shape;
mod solidity;

pub use constraints::{INPUTS, UnsupportedConstraints, constraint_program};
pub use cost::CalldataPrice;
pub use deployment::DeploymentKey;
pub use program::{Assembler, Instruction, Operation, Program, TooLong, Value};
pub use shape::ContractShape;
pub use solidity::{program_source, shape_source};
