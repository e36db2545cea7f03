//! A chain in memory, small enough that its tries are rebuilt after each block.

use crate::prune::prune;
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use ashlar_primitives::{BatchInputOwned, BlockInputOwned, ChainConfig};
use ashlar_stf::{
    AccountChange, Ancestors, BlockError, BlockOutcome, Error, SealedHeader, StateError, WitnessState,
    build_block, execute_block,
};
use ashlar_trie::{Account, EMPTY_ROOT, NodeSet, Trie, TrieError, encode_storage_value};
use std::collections::{BTreeMap, HashMap};

/// An account of a genesis allocation.
#[derive(Clone, Debug, Default)]
pub struct GenesisAccount {
    /// Nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Bytecode.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// A chain in memory: the whole state, all headers, and the means to make blocks.
#[derive(Clone, Debug)]
pub struct Chain {
    config: ChainConfig,
    accounts: BTreeMap<Address, GenesisAccount>,
    /// RLP of the headers, oldest first.
    headers: Vec<Bytes>,
    nodes: Vec<Bytes>,
    root: B256,
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
        let mut chain = Self { config, accounts, headers: Vec::new(), nodes: Vec::new(), root: EMPTY_ROOT };
        chain.rebuild()?;
        genesis.state_root = chain.root;
        chain.headers.push(alloy_rlp::encode(&genesis).into());
        Ok(chain)
    }

    /// Rules of the chain.
    pub const fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// Root of the current state.
    pub const fn state_root(&self) -> B256 {
        self.root
    }

    /// RLP of the last header.
    pub fn tip(&self) -> &Bytes {
        self.headers.last().expect("a chain starts with its genesis header and only grows")
    }

    /// All accounts, as the chain has them now.
    pub const fn accounts(&self) -> &BTreeMap<Address, GenesisAccount> {
        &self.accounts
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
            state: self.nodes.clone(),
            codes: self.accounts.values().map(|a| a.code.clone()).filter(|c| !c.is_empty()).collect(),
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
        for change in changes {
            self.apply(change);
        }
        self.rebuild().map_err(StateError::Trie)?;
        self.headers.extend(input.blocks.iter().map(|block| block.header.clone()));
        Ok(())
    }

    fn apply(&mut self, change: &AccountChange) {
        let Some(record) = &change.record else {
            self.accounts.remove(&change.address);
            return;
        };
        let account = self.accounts.entry(change.address).or_default();
        account.nonce = record.nonce;
        account.balance = record.balance;
        if let Some(code) = &change.code {
            account.code = code.clone();
        }
        for (slot, value) in change.written() {
            match value.is_zero() {
                true => account.storage.remove(&slot),
                false => account.storage.insert(slot, value),
            };
        }
    }

    /// Rebuilds all tries from the flat state.
    fn rebuild(&mut self) -> Result<(), TrieError> {
        let mut nodes = HashMap::new();
        let mut records = Vec::with_capacity(self.accounts.len());
        for (address, account) in &self.accounts {
            let slots = account.storage.iter().filter_map(|(slot, value)| {
                Some((keccak256(slot.to_be_bytes::<32>()), encode_storage_value(*value)?))
            });
            let record = Account {
                nonce: account.nonce,
                balance: account.balance,
                storage_root: build_trie(slots, &mut nodes)?,
                code_hash: if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) },
            };
            records.push((keccak256(address), record.encode()));
        }
        self.root = build_trie(records, &mut nodes)?;
        self.nodes = nodes.into_values().collect();
        self.nodes.sort();
        Ok(())
    }
}

/// Root of the trie with these entries; adds its nodes.
fn build_trie(
    entries: impl IntoIterator<Item = (B256, Vec<u8>)>,
    nodes: &mut HashMap<B256, Bytes>,
) -> Result<B256, TrieError> {
    let (mut trie, mut none) = (Trie::new(EMPTY_ROOT), NodeSet::new([]));
    trie.update(&mut none, entries.into_iter().map(|(key, value)| (key, Some(value.into()))))?;
    for node in trie.collect_nodes() {
        let node = Bytes::from(node);
        nodes.insert(keccak256(&node), node);
    }
    Ok(trie.root())
}
