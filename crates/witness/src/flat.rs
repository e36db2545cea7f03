//! A state in memory, small enough that its tries are rebuilt after each change.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use ashlar_stf::AccountChange;
use ashlar_trie::{Account, EMPTY_ROOT, NodeSet, Trie, TrieError, encode_storage_value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An account of a genesis allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// All accounts, and the tries over them.
#[derive(Clone, Debug)]
pub(crate) struct FlatState {
    pub(crate) accounts: BTreeMap<Address, GenesisAccount>,
    /// RLP of all nodes of all tries.
    pub(crate) nodes: Vec<Bytes>,
    pub(crate) root: B256,
}

impl FlatState {
    pub(crate) fn new(accounts: BTreeMap<Address, GenesisAccount>) -> Result<Self, TrieError> {
        let mut state = Self { accounts, nodes: Vec::new(), root: EMPTY_ROOT };
        state.rebuild()?;
        Ok(state)
    }

    /// All codes, each once.
    pub(crate) fn codes(&self) -> Vec<Bytes> {
        let codes: BTreeSet<_> = self.accounts.values().map(|account| &account.code).collect();
        codes.into_iter().filter(|code| !code.is_empty()).cloned().collect()
    }

    /// Applies what blocks changed.
    pub(crate) fn apply_all<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a AccountChange>,
    ) -> Result<(), TrieError> {
        for change in changes {
            self.apply(change);
        }
        self.rebuild()
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
