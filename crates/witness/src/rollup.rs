//! A rollup chain in memory, small enough that its tries are rebuilt after each batch.

use crate::flat::{FlatState, GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use ashlar_primitives::{
    BatchInputOwned, BlockInputOwned,
    rollup::{RollupConfig, RollupInputOwned},
};
use ashlar_stf::{
    Ancestors, BlockError, SealedHeader, StateError, WitnessState,
    rollup::{Refusal, RollupBlock, RollupBlockBuilder, RollupTransaction, genesis_header},
};
use ashlar_trie::TrieError;
use std::collections::{BTreeMap, HashSet};

/// A rollup chain in memory: the whole state, the last header, and the means to make batches.
#[derive(Clone, Debug)]
pub struct RollupChain {
    config: RollupConfig,
    state: FlatState,
    tip: SealedHeader,
}

/// What a block's maker chooses.
#[derive(Clone, Debug)]
pub struct RollupDraft {
    /// Receives the fees.
    pub beneficiary: Address,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    /// Transactions, as they stand in the block.
    pub transactions: Vec<Bytes>,
}

/// A batch that [`RollupChain::make`] made.
#[derive(Clone, Debug)]
pub struct MadeBatch {
    /// Its blocks.
    pub blocks: Vec<RollupBlock>,
    /// Its input, with the nodes and codes that it reads. It names no blobs.
    pub input: RollupInputOwned,
}

impl RollupChain {
    /// Starts a chain with these accounts.
    pub fn new(
        config: RollupConfig,
        accounts: BTreeMap<Address, GenesisAccount>,
        timestamp: u64,
    ) -> Result<Self, TrieError> {
        let state = FlatState::new(accounts)?;
        let tip = genesis_header(&config, state.root, timestamp);
        Ok(Self { config, state, tip })
    }

    /// Rules of the chain.
    pub const fn config(&self) -> &RollupConfig {
        &self.config
    }

    /// The last block.
    pub const fn tip(&self) -> &SealedHeader {
        &self.tip
    }

    /// All accounts, as the chain has them now.
    pub const fn accounts(&self) -> &BTreeMap<Address, GenesisAccount> {
        &self.state.accounts
    }

    /// An input without blocks, with all nodes and codes of the state.
    pub fn witness(&self) -> BatchInputOwned {
        BatchInputOwned {
            config: self.config.encode().into(),
            ancestors: vec![alloy_rlp::encode(&self.tip.header).into()],
            blocks: Vec::new(),
            state: self.state.nodes.clone(),
            codes: self.state.codes(),
        }
    }

    /// Makes a batch of blocks and appends it. A transaction that is refused fails the batch, and the chain stays as it was.
    pub fn make(&mut self, drafts: &[RollupDraft]) -> Result<MadeBatch, Refusal> {
        let mut batch = self.witness();
        let (nodes, codes) = (core::mem::take(&mut batch.state), core::mem::take(&mut batch.codes));
        let ancestors = Ancestors::link(&[&batch.ancestors[0]]).map_err(|_| BlockError::HeaderRlp)?;
        let mut state =
            WitnessState::new(ancestors, nodes.iter().map(AsRef::as_ref), codes.iter().map(AsRef::as_ref));
        let mut blocks = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let mut builder =
                RollupBlockBuilder::new(&self.config, &mut state, draft.beneficiary, draft.timestamp)?;
            for bytes in &draft.transactions {
                builder.push(&RollupTransaction::decode(bytes)?, bytes)?;
            }
            blocks.push(builder.finish()?);
        }
        batch.state = state.used_nodes().map(Bytes::copy_from_slice).collect();
        let used: HashSet<B256> = state.used_codes().collect();
        batch.codes = codes.iter().filter(|code| used.contains(&keccak256(code))).cloned().collect();
        batch.blocks = blocks.iter().zip(drafts).map(|(block, draft)| input_of(block, draft)).collect();
        drop(state);
        let changes = blocks.iter().flat_map(|block| &block.changes);
        self.state.apply_all(changes).map_err(|error| BlockError::State(StateError::Trie(error)))?;
        if let Some(last) = blocks.last() {
            self.tip = last.header.clone();
        }
        Ok(MadeBatch { blocks, input: RollupInputOwned { versioned_hashes: Vec::new(), batch } })
    }
}

fn input_of(block: &RollupBlock, draft: &RollupDraft) -> BlockInputOwned {
    BlockInputOwned {
        header: alloy_rlp::encode(&block.header.header).into(),
        transactions: draft.transactions.clone(),
        withdrawals: Vec::new(),
    }
}
