//! The smallest witness that executes.

use alloy_primitives::{Bytes, keccak256};
use ashlar_primitives::{BatchInputOwned, ChainConfig};
use ashlar_stf::{Ancestors, Error, WitnessState, execute_block};
use std::collections::HashSet;

/// Executes a batch and drops the nodes and codes that execution did not read.
pub fn prune(mut input: BatchInputOwned) -> Result<BatchInputOwned, Error> {
    let (nodes, codes) = {
        let borrowed = input.borrow();
        let config = ChainConfig::decode(borrowed.config)?;
        let ancestors = Ancestors::link(&borrowed.ancestors)?;
        let nodes = borrowed.state.iter().copied();
        let mut state = WitnessState::new(ancestors, nodes, borrowed.codes.iter().copied());
        for block in &borrowed.blocks {
            execute_block(&config, &mut state, block)
                .map_err(|reason| Error::Block { number: state.number().saturating_add(1), reason })?;
        }
        let nodes: Vec<Bytes> = state.used_nodes().map(Bytes::copy_from_slice).collect();
        (nodes, state.used_codes().collect::<HashSet<_>>())
    };
    input.state = nodes;
    input.codes.retain(|code| codes.contains(&keccak256(code)));
    Ok(input)
}
