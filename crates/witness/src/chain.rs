//! A chain in memory, small enough that its tries are rebuilt after each block.

use crate::{
    flat::{FlatState, GenesisAccount},
    prune::prune,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use ashlar_primitives::{BatchInputOwned, BlockInputOwned, ChainConfig};
use ashlar_stf::{
    AccountChange, Ancestors, BlockError, BlockOutcome, Error, SealedHeader, StateError, WitnessState,
    build_block, execute_block,
};
use ashlar_trie::TrieError;
use std::collections::BTreeMap;

/// A chain in memory: the whole state, all headers, and the means to make blocks.
#[derive(Clone, Debug)]
pub struct Chain {
    config: ChainConfig,
    state: FlatState,
    /// RLP of the headers, oldest first.
    headers: Vec<Bytes>,
}

/// A block that [`Chain::make`] made or [`Chain::import`] accepted.
#[derive(Clone, Debug)]
pub struct MadeBlock {
    /// Its header.
    pub header: SealedHeader,
    /// What execution yielded.
    pub outcome: BlockOutcome,
    /// The batch of this block alone, with all nodes and codes of the state before it.
    pub input: BatchInputOwned,
}

impl MadeBlock {
    /// The input with the witness cut to what execution reads.
    pub fn pruned(&self) -> Result<BatchInputOwned, Error> {
        prune(self.input.clone())
    }
}

impl Chain {
    /// Starts a chain: `genesis` is its first header, whose state root is set here.
    pub fn new(
        config: ChainConfig,
        accounts: BTreeMap<Address, GenesisAccount>,
        mut genesis: Header,
    ) -> Result<Self, TrieError> {
        let state = FlatState::new(accounts)?;
        genesis.state_root = state.root;
        Ok(Self { config, state, headers: vec![alloy_rlp::encode(&genesis).into()] })
    }

    /// Rules of the chain.
    pub const fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// Root of the current state.
    pub const fn state_root(&self) -> B256 {
        self.state.root
    }

    /// RLP of the last header.
    pub fn tip(&self) -> &Bytes {
        self.headers.last().expect("a chain starts with its genesis header and only grows")
    }

    /// All accounts, as the chain has them now.
    pub const fn accounts(&self) -> &BTreeMap<Address, GenesisAccount> {
        &self.state.accounts
    }

    /// Makes the next block from a draft header (see [`build_block`]) and appends it.
    pub fn make(
        &mut self,
        draft: Header,
        transactions: Vec<Bytes>,
        withdrawals: Vec<Bytes>,
    ) -> Result<MadeBlock, BlockError> {
        let mut input = self.input(BlockInputOwned { header: Bytes::new(), transactions, withdrawals });
        let (header, outcome) = {
            let borrowed = input.borrow();
            let mut state = self.state(&borrowed.ancestors, &borrowed.state, &borrowed.codes)?;
            let block = &borrowed.blocks[0];
            build_block(&self.config, &mut state, draft, &block.transactions, &block.withdrawals)?
        };
        input.blocks[0].header = alloy_rlp::encode(&header.header).into();
        self.append(&input, &outcome.changes)?;
        Ok(MadeBlock { header, outcome, input })
    }

    /// Executes a block that somebody else made and appends it if it is valid.
    pub fn import(&mut self, block: BlockInputOwned) -> Result<MadeBlock, BlockError> {
        let input = self.input(block);
        let (header, outcome) = {
            let borrowed = input.borrow();
            let mut state = self.state(&borrowed.ancestors, &borrowed.state, &borrowed.codes)?;
            let outcome = execute_block(&self.config, &mut state, &borrowed.blocks[0])?;
            (SealedHeader::decode(borrowed.blocks[0].header)?, outcome)
        };
        self.append(&input, &outcome.changes)?;
        Ok(MadeBlock { header, outcome, input })
    }

    fn input(&self, block: BlockInputOwned) -> BatchInputOwned {
        BatchInputOwned {
            config: self.config.encode().into(),
            ancestors: self.headers.iter().rev().take(256).cloned().collect(),
            blocks: vec![block],
            state: self.state.nodes.clone(),
            codes: self.state.codes(),
        }
    }

    fn state<'a>(
        &self,
        ancestors: &[&[u8]],
        nodes: &[&'a [u8]],
        codes: &[&'a [u8]],
    ) -> Result<WitnessState<'a>, BlockError> {
        let ancestors = Ancestors::link(ancestors).map_err(|_| BlockError::HeaderRlp)?;
        Ok(WitnessState::new(ancestors, nodes.iter().copied(), codes.iter().copied()))
    }

    fn append(&mut self, input: &BatchInputOwned, changes: &[AccountChange]) -> Result<(), BlockError> {
        self.state.apply_all(changes).map_err(StateError::Trie)?;
        self.headers.extend(input.blocks.iter().map(|block| block.header.clone()));
        Ok(())
    }
}
