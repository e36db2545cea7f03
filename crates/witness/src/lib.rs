#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod chain;
mod flat;
mod hints;
mod json;
mod prune;
mod rollup;

pub use chain::{Chain, MadeBlock};
pub use flat::GenesisAccount;
pub use hints::{HashKey, batch_hints, hints};
pub use json::{ExecutionWitness, InputError, batch_input, chain_config, read_chain, read_folder};
pub use prune::prune;
pub use rollup::{MadeBatch, RollupChain, RollupDraft};
