//! The state of a chain over a store.

use crate::{
    chain::BlockRecord,
    record::Damaged,
    source::{Pending, StoreSource},
    store::{Changes, Store, StoreError, Table},
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::Encodable;
use ashlar_stf::{AccountChange, Ancestors, SealedHeader, StateError, WitnessState, rollup::ChainState};
use ashlar_trie::{
    Account, EMPTY_ROOT, NodeSet, Trie, TrieError, decode_storage_value, encode_storage_value,
};
use revm::{
    Database,
    bytecode::Bytecode,
    state::{AccountInfo, EvmState, EvmStorage},
};
use std::collections::BTreeMap;
use thiserror::Error;

/// Name of the value that has the last block's header.
pub(crate) const HEAD: &[u8] = b"head";

/// Why a state cannot be opened or written.
#[derive(Debug, Error)]
pub enum StateDbError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record does not decode.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The tries of the genesis state could not be made.
    #[error("making the tries of the genesis state: {0}")]
    Trie(#[from] TrieError),
    /// The store has a chain.
    #[error("the database has a chain already")]
    Begun,
    /// The store has no chain.
    #[error("the database has no chain")]
    NotBegun,
}

/// An account of a genesis state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitialAccount {
    /// Nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// The state of a chain after its last block, over a store. What blocks change stays in memory until [`StateDb::write`].
#[derive(Debug)]
pub struct StateDb<S> {
    store: S,
    parent: SealedHeader,
    /// Changes of blocks that are executed and not written: they are read before the store.
    pending: Pending,
    /// The failure of the store that a [`StateError::Database`] stands for.
    failure: Option<StateDbError>,
}

impl<S: Store> StateDb<S> {
    /// Writes a genesis state into an empty store. `seal` makes the genesis block of the state's root.
    pub fn begin(
        store: S,
        accounts: &BTreeMap<Address, InitialAccount>,
        seal: impl FnOnce(B256) -> SealedHeader,
    ) -> Result<Self, StateDbError> {
        if store.get(Table::Meta, HEAD)?.is_some() {
            return Err(StateDbError::Begun);
        }
        let mut changes = Changes::default();
        let mut records = Vec::with_capacity(accounts.len());
        for (address, account) in accounts {
            let record = initial_record(address, account, &mut changes)?;
            records.push((keccak256(address), record.encode()));
        }
        let root = build_trie(records, &mut changes)?;
        let parent = seal(root);
        changes.put(Table::Meta, HEAD, alloy_rlp::encode(&parent.header));
        let genesis = BlockRecord { header: parent.clone(), transactions: Vec::new(), results: Vec::new() };
        genesis.put(&mut changes);
        store.write(changes)?;
        Ok(Self { store, parent, pending: Pending::new(), failure: None })
    }

    /// Opens the state of a store that has a chain.
    pub fn open(store: S) -> Result<Self, StateDbError> {
        let head = store.get(Table::Meta, HEAD)?.ok_or(StateDbError::NotBegun)?;
        let damaged = |_| Damaged::new(Table::Meta, "the last block's header");
        let parent = SealedHeader::decode(&head).map_err(damaged)?;
        Ok(Self { store, parent, pending: Pending::new(), failure: None })
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The failure behind the last [`StateError::Database`].
    pub fn take_failure(&mut self) -> Option<StateDbError> {
        self.failure.take()
    }

    /// Writes the changes of all blocks since the last call, and these beside them, in one batch.
    pub fn write(&mut self, mut beside: Changes) -> Result<(), StoreError> {
        for ((table, key), value) in &self.pending {
            match value {
                Some(value) => beside.put(*table, key.as_slice(), value.as_slice()),
                None => beside.remove(*table, key.as_slice()),
            }
        }
        self.store.write(beside)?;
        self.pending.clear();
        Ok(())
    }

    /// Forgets blocks that are executed and not written: the state is that of the store again.
    pub fn discard(self) -> Result<Self, StateDbError> {
        Self::open(self.store)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.pending.get(&(table, key.to_vec())) {
            Some(value) => Ok(value.clone()),
            None => self.store.get(table, key),
        }
    }

    fn account(&self, address: &Address) -> Result<Option<Account>, StateDbError> {
        decode_account(address, self.get(Table::Accounts, address.as_slice())?)
    }

    fn slot(&self, address: &Address, key: &U256) -> Result<U256, StateDbError> {
        let Some(value) = self.get(Table::Slots, &slot_key(address, key))? else { return Ok(U256::ZERO) };
        let damaged = |_| Damaged::new(Table::Slots, format!("slot {key} of {address}")).into();
        decode_storage_value(&value).map_err(damaged)
    }

    fn code(&self, hash: &B256) -> Result<Option<Vec<u8>>, StateDbError> {
        Ok(self.get(Table::Codes, hash.as_slice())?)
    }

    /// Keeps what failed, for whoever sees the error that stands for it.
    fn fail(&mut self, failure: StateDbError) -> StateError {
        self.failure = Some(failure);
        StateError::Database
    }

    /// What of a block's changes the tries notice: accounts that were touched, slots that have another value than before.
    fn noticed(&self, changes: EvmState) -> Result<EvmState, StateDbError> {
        let mut noticed = EvmState::default();
        for (address, mut account) in changes.into_iter().filter(|(_, account)| account.is_touched()) {
            let mut storage = EvmStorage::default();
            for (key, slot) in core::mem::take(&mut account.storage) {
                if slot.present_value != self.slot(&address, &key)? {
                    storage.insert(key, slot);
                }
            }
            account.storage = storage;
            noticed.insert(address, account);
        }
        Ok(noticed)
    }

    /// Updates the tries: the same code as the guest's, over the nodes that it asks for.
    fn update(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError> {
        let changes = self.noticed(changes).map_err(|failure| self.fail(failure))?;
        let source = StoreSource::with_pending(&self.store, &self.pending);
        let updated = update_tries(&self.parent, &source, changes);
        if let Some(failure) = source.failure() {
            return Err(self.fail(failure.into()));
        }
        let (applied, root, nodes) = updated?;
        let nodes = nodes.into_iter().map(|(hash, node)| ((Table::Nodes, hash.to_vec()), Some(node)));
        self.pending.extend(nodes);
        Ok((applied, root))
    }

    /// Keeps the flat values of a changed account.
    fn keep(&mut self, change: &AccountChange) {
        let address = change.address;
        let record = change.record.as_ref().map(Account::encode);
        self.pending.insert((Table::Accounts, address.to_vec()), record);
        if let Some(code) = &change.code {
            self.pending.insert((Table::Codes, keccak256(code).to_vec()), Some(code.to_vec()));
        }
        for (key, value) in change.written() {
            self.pending.insert((Table::Slots, slot_key(&address, &key)), encode_storage_value(value));
        }
    }
}

impl<S: Store> ChainState for StateDb<S> {
    fn parent(&self) -> &SealedHeader {
        &self.parent
    }

    fn apply(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError> {
        let (applied, root) = self.update(changes)?;
        for change in &applied {
            self.keep(change);
        }
        Ok((applied, root))
    }

    fn push(&mut self, block: SealedHeader) {
        let mut head = Vec::with_capacity(block.header.length());
        block.header.encode(&mut head);
        self.pending.insert((Table::Meta, HEAD.to_vec()), Some(head));
        self.parent = block;
    }
}

impl<S: Store> Database for StateDb<S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let record = self.account(&address).map_err(|failure| self.fail(failure))?;
        Ok(record.map(|record| AccountInfo {
            balance: record.balance,
            nonce: record.nonce,
            code_hash: record.code_hash,
            code: (record.code_hash == KECCAK256_EMPTY).then(Bytecode::default),
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        let code = self.code(&hash).map_err(|failure| self.fail(failure))?;
        let code = Bytes::from(code.ok_or(StateError::MissingCode(hash))?);
        Ok(ashlar_stf::bytecode(code))
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        self.slot(&address, &key).map_err(|failure| self.fail(failure))
    }

    /// Blocks of rollups read hashes from the state (`specs/015-rollup-blocks.md`); here is the parent's alone.
    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        match number == self.parent.header.number {
            true => Ok(self.parent.hash),
            false => Err(StateError::MissingAncestor(number)),
        }
    }
}

/// What changes of accounts do to the tries after the parent: the changes in order, the new root, and the nodes that are new.
#[expect(clippy::type_complexity, reason = "it is taken apart where it is made")]
fn update_tries<S: Store>(
    parent: &SealedHeader,
    source: &StoreSource<'_, S>,
    changes: EvmState,
) -> Result<(Vec<AccountChange>, B256, Vec<(B256, Vec<u8>)>), StateError> {
    let mut state = WitnessState::over(Ancestors::of(parent.clone()), source);
    let mut addresses: Vec<_> = changes.keys().copied().collect();
    addresses.sort_unstable();
    for address in addresses {
        state.basic(address)?;
    }
    let (applied, root) = ChainState::apply(&mut state, changes)?;
    let nodes = state.collect_nodes().into_iter().map(|node| (keccak256(&node), node));
    let new = nodes.filter(|(hash, _)| !source.has_read(hash)).collect();
    Ok((applied, root, new))
}

/// An account after the last block that is written.
pub fn read_account<S: Store>(store: &S, address: &Address) -> Result<Option<Account>, StateDbError> {
    decode_account(address, store.get(Table::Accounts, address.as_slice())?)
}

/// The code with this Keccak-256.
pub fn read_code<S: Store>(store: &S, hash: &B256) -> Result<Option<Vec<u8>>, StoreError> {
    store.get(Table::Codes, hash.as_slice())
}

fn decode_account(address: &Address, record: Option<Vec<u8>>) -> Result<Option<Account>, StateDbError> {
    let decode = |record: Vec<u8>| {
        Account::decode(&record).map_err(|_| Damaged::new(Table::Accounts, address.to_string()).into())
    };
    record.map(decode).transpose()
}

fn slot_key(address: &Address, key: &U256) -> Vec<u8> {
    [address.as_slice(), &key.to_be_bytes::<32>()].concat()
}

/// Record of an account whose storage, code and flat values are added to the changes.
fn initial_record(
    address: &Address,
    account: &InitialAccount,
    changes: &mut Changes,
) -> Result<Account, TrieError> {
    let mut slots = Vec::new();
    for (key, value) in &account.storage {
        if let Some(value) = encode_storage_value(*value) {
            changes.put(Table::Slots, slot_key(address, key), value.as_slice());
            slots.push((keccak256(key.to_be_bytes::<32>()), value));
        }
    }
    let code_hash = if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) };
    if !account.code.is_empty() {
        changes.put(Table::Codes, code_hash.as_slice(), account.code.as_ref());
    }
    let storage_root = build_trie(slots, changes)?;
    let record = Account { nonce: account.nonce, balance: account.balance, storage_root, code_hash };
    changes.put(Table::Accounts, address.as_slice(), record.encode());
    Ok(record)
}

/// Root of the trie with these entries, whose nodes are added to the changes.
fn build_trie(
    entries: impl IntoIterator<Item = (B256, Vec<u8>)>,
    changes: &mut Changes,
) -> Result<B256, TrieError> {
    let (mut trie, mut none) = (Trie::new(EMPTY_ROOT), NodeSet::new([]));
    trie.update(&mut none, entries.into_iter().map(|(key, value)| (key, Some(value.into()))))?;
    for node in trie.collect_nodes() {
        changes.put(Table::Nodes, keccak256(&node).as_slice(), node);
    }
    Ok(trie.root())
}
