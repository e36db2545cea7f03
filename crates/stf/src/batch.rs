//! A batch: consecutive blocks over one witness, and what is proven of them.

use crate::{
    ancestors::Ancestors, block::execute_block, error::Error, header::SealedHeader, state::WitnessState,
};
use alloy_primitives::keccak256;
use ashlar_primitives::{BatchInput, ChainConfig, PublicOutput};

/// What a batch did, beyond the public output: for hosts that report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchSummary {
    /// Blocks executed.
    pub blocks: usize,
    /// Transactions executed.
    pub transactions: usize,
    /// Gas used.
    pub gas_used: u64,
}

/// Executes the batch in these bytes (`specs/002-batch-input.md`) and returns what a proof may say of it.
pub fn execute_batch(input: &[u8]) -> Result<PublicOutput, Error> {
    execute_batch_input(&BatchInput::decode(input)?).map(|(output, _)| output)
}

/// [`execute_batch`] of an input that is decoded already, with a summary.
pub fn execute_batch_input(input: &BatchInput<'_>) -> Result<(PublicOutput, BatchSummary), Error> {
    let config = ChainConfig::decode(input.config)?;
    let first = input.blocks.first().ok_or(Error::NoBlock)?;
    let ancestors = Ancestors::link(&input.ancestors)?;
    let pre_state_root = ancestors.parent().header.state_root;
    let mut state = WitnessState::new(ancestors, input.state.iter().copied(), input.codes.iter().copied());
    let mut summary = BatchSummary::default();
    for block in &input.blocks {
        let outcome = execute_block(&config, &mut state, block)
            .map_err(|reason| Error::Block { number: number(block.header), reason })?;
        summary.blocks = summary.blocks.saturating_add(1);
        summary.transactions = summary.transactions.saturating_add(outcome.receipts.len());
        summary.gas_used = summary.gas_used.saturating_add(outcome.gas_used);
    }
    let last = state.ancestors.parent();
    let output = PublicOutput {
        chain_id: config.chain_id,
        // The configuration's encoding is canonical, so these bytes are the ones that it hashes.
        config_hash: keccak256(input.config),
        first_block: keccak256(first.header),
        last_block: last.hash,
        pre_state_root,
        post_state_root: last.header.state_root,
    };
    Ok((output, summary))
}

/// A header's number, for error texts only.
fn number(rlp: &[u8]) -> u64 {
    SealedHeader::decode(rlp).map_or(0, |sealed| sealed.header.number)
}
