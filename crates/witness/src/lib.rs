#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod chain;
mod hints;
mod json;
mod prune;

pub use chain::{Chain, GenesisAccount, MadeBlock};
pub use hints::hints;
pub use json::{ExecutionWitness, InputError, batch_input, chain_config, read_chain, read_folder};
pub use prune::prune;
