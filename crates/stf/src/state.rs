//! State over a witness: what the EVM reads, and what a block's changes do to the tries (W1, W3, W4, E7).

use crate::{ancestors::Ancestors, error::StateError};
use alloc::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    vec::Vec,
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256, map::AddressMap};
use ashlar_trie::{
    Account, EMPTY_ROOT, NodeSet, NodeSource, Trie, decode_storage_value, encode_storage_value,
};
use revm::{
    Database,
    bytecode::Bytecode,
    state::{AccountId, AccountInfo, EvmState, EvmStorage},
};

/// Where a host's state finds what no witness gives it: a database.
pub trait StateSource: NodeSource {
    /// The code with this Keccak-256.
    fn code(&self, hash: &B256) -> Option<&[u8]>;
}

/// The state of a chain after its last executed block, as far as the witness shows it.
#[derive(Debug)]
pub struct WitnessState<'a> {
    nodes: NodeSet<'a>,
    accounts: Trie<'a>,
    /// Accounts read so far, in the order of the first read.
    loaded: Vec<Loaded<'a>>,
    positions: AddressMap<usize>,
    codes: BTreeMap<B256, Code<'a>>,
    /// Where to look for codes that are not here.
    source: Option<&'a dyn StateSource>,
    pub(crate) ancestors: Ancestors,
}

/// A code of the witness, analysed when it is first executed.
#[derive(Debug)]
enum Code<'a> {
    Raw(&'a [u8]),
    Analysed(Bytecode),
}

/// What a block did to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub address: Address,
    /// Its record before the block, `None` if it was not there.
    pub before: Option<Account>,
    /// Its record after the block, `None` if it is gone.
    pub record: Option<Account>,
    /// Its code, where the block changed it; empty where it removed a delegation (EIP-7702).
    pub code: Option<Bytes>,
    /// Slots that changed, by ascending key.
    pub slots: Vec<SlotChange>,
}

impl AccountChange {
    /// Keys of the slots that changed, and their values after the block.
    pub fn written(&self) -> impl Iterator<Item = (U256, U256)> + '_ {
        self.slots.iter().map(|slot| (slot.key, slot.after))
    }
}

/// What a block did to one storage slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot's key.
    pub key: U256,
    /// Its value before the block.
    pub before: U256,
    /// Its value after the block.
    pub after: U256,
}

/// What [`Loaded::apply`] leaves: the account's new record, `None` if it is gone, and its changed slots.
type Applied = (Option<Account>, Vec<SlotChange>);

/// An account as the tries have it.
#[derive(Debug)]
struct Loaded<'a> {
    address: Address,
    key: B256,
    record: Option<Account>,
    storage: Trie<'a>,
    /// A tree and not a hash table: slots are chosen by whoever sends transactions, and the guest has no secret to hash with.
    slots: BTreeMap<U256, Slot>,
}

/// A storage slot as its trie has it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: B256,
    value: U256,
}

impl<'a> WitnessState<'a> {
    /// State after the last of `ancestors`. Every node and code is hashed here, once.
    pub fn new(
        ancestors: Ancestors,
        nodes: impl IntoIterator<Item = &'a [u8]>,
        codes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        Self {
            nodes: NodeSet::new(nodes),
            accounts: Trie::new(ancestors.parent().header.state_root),
            loaded: Vec::new(),
            positions: AddressMap::default(),
            codes: codes.into_iter().map(|code| (keccak256(code), Code::Raw(code))).collect(),
            source: None,
            ancestors,
        }
    }

    /// State after the last of `ancestors`, over a database. What is read becomes the witness: [`Self::used_nodes`],
    /// [`Self::used_codes`].
    pub fn over(ancestors: Ancestors, source: &'a dyn StateSource) -> Self {
        Self { nodes: NodeSet::over(source), source: Some(source), ..Self::new(ancestors, [], []) }
    }

    /// Root of the account trie.
    pub fn root(&mut self) -> B256 {
        self.accounts.root()
    }

    /// The witness nodes that were read so far: what a smaller witness must contain.
    pub fn used_nodes(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.nodes.used()
    }

    /// Hashes of the codes that were executed so far.
    pub fn used_codes(&self) -> impl Iterator<Item = B256> + '_ {
        self.codes.iter().filter(|(_, code)| matches!(code, Code::Analysed(_))).map(|(hash, _)| *hash)
    }

    /// The RLP of all nodes in memory of all tries, those of the witness that were read too: for who keeps a state.
    pub fn collect_nodes(&mut self) -> Vec<Vec<u8>> {
        let storage = self.loaded.iter_mut().flat_map(|account| account.storage.collect_nodes());
        let mut nodes: Vec<_> = storage.collect();
        nodes.extend(self.accounts.collect_nodes());
        nodes
    }

    fn position(&mut self, address: Address) -> Result<usize, StateError> {
        if let Some(position) = self.positions.get(&address) {
            return Ok(*position);
        }
        let key = keccak256(address);
        let record = match self.accounts.get(&mut self.nodes, &key)? {
            Some(rlp) => Some(Account::decode(rlp).map_err(|_| StateError::AccountRlp(address))?),
            None => None,
        };
        let root = record.as_ref().map_or(EMPTY_ROOT, |record| record.storage_root);
        let position = self.loaded.len();
        self.loaded.push(Loaded { address, key, record, storage: Trie::new(root), slots: BTreeMap::new() });
        self.positions.insert(address, position);
        Ok(position)
    }

    fn slot(&mut self, position: usize, index: U256) -> Result<U256, StateError> {
        let Some(account) = self.loaded.get_mut(position) else {
            return Err(StateError::NotLoaded(Address::ZERO));
        };
        account.slot(&mut self.nodes, index).map(|slot| slot.value)
    }

    /// Number of the last executed block.
    pub const fn number(&self) -> u64 {
        self.ancestors.parent().header.number
    }

    /// Applies what a block changed; returns the changes and the new state root.
    pub(crate) fn apply(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError> {
        // In the order in which they were first read. Not by a look at all that was ever read: blocks would become dearer and dearer.
        let mut touched = Vec::with_capacity(changes.len());
        for (address, change) in &changes {
            // Every account that the EVM holds came through `basic`, and so is in `loaded`.
            let position = *self.positions.get(address).ok_or(StateError::NotLoaded(*address))?;
            if change.is_touched() {
                touched.push((position, change));
            }
        }
        touched.sort_unstable_by_key(|(position, _)| *position);
        let mut updates = Vec::with_capacity(touched.len());
        let mut applied = Vec::with_capacity(touched.len());
        for (position, change) in touched {
            let account = self.loaded.get_mut(position).ok_or(StateError::NotLoaded(Address::ZERO))?;
            let (record, slots) = account.apply(&mut self.nodes, change)?;
            if record == account.record {
                continue;
            }
            let mut code = None;
            if let (Some(record), Some(bytecode)) = (&record, &change.info.code)
                && account.record.as_ref().is_none_or(|before| before.code_hash != record.code_hash)
            {
                code = Some(bytecode.original_bytes());
                self.codes.entry(record.code_hash).or_insert_with(|| Code::Analysed(bytecode.clone()));
            }
            let before = core::mem::replace(&mut account.record, record);
            updates.push((account.key, record));
            applied.push(AccountChange { address: account.address, before, record, code, slots });
        }
        updates.sort_unstable_by_key(|(key, _)| *key);
        let encoded =
            updates.into_iter().map(|(key, record)| (key, record.map(|record| Cow::Owned(record.encode()))));
        self.accounts.update(&mut self.nodes, encoded)?;
        Ok((applied, self.accounts.root()))
    }
}

impl<'a> Loaded<'a> {
    fn slot(&mut self, nodes: &mut NodeSet<'a>, index: U256) -> Result<Slot, StateError> {
        if let Some(slot) = self.slots.get(&index) {
            return Ok(*slot);
        }
        let key = keccak256(index.to_be_bytes::<32>());
        let value = match self.storage.get(nodes, &key)? {
            Some(rlp) => decode_storage_value(rlp).map_err(|_| StateError::SlotRlp(self.address))?,
            None => U256::ZERO,
        };
        let slot = Slot { key, value };
        self.slots.insert(index, slot);
        Ok(slot)
    }

    /// Writes the account's storage trie.
    fn apply(
        &mut self,
        nodes: &mut NodeSet<'a>,
        change: &revm::state::Account,
    ) -> Result<Applied, StateError> {
        let existing_root = self.record.as_ref().map_or(EMPTY_ROOT, |record| record.storage_root);
        if change.is_created() && existing_root != EMPTY_ROOT {
            // The EVM reads a new contract's storage as zero without asking.
            return Err(StateError::CreatedOverStorage(self.address));
        }
        // EIP-6780: what is destroyed here was created in the same transaction; its storage never reached the trie.
        if change.is_selfdestructed_locally() || change.is_empty() {
            self.forget();
            return Ok((None, Vec::new()));
        }
        let slots = self.apply_storage(nodes, &change.storage)?;
        let record = Account {
            nonce: change.info.nonce,
            balance: change.info.balance,
            storage_root: if slots.is_empty() { existing_root } else { self.storage.root() },
            code_hash: change.info.code_hash,
        };
        Ok((Some(record), slots))
    }

    fn apply_storage(
        &mut self,
        nodes: &mut NodeSet<'a>,
        storage: &EvmStorage,
    ) -> Result<Vec<SlotChange>, StateError> {
        let mut updates = Vec::new();
        let mut changed = Vec::new();
        for (index, slot) in storage {
            let before = self.slot(nodes, *index)?;
            let value = slot.present_value;
            if before.value != value {
                self.slots.insert(*index, Slot { value, ..before });
                updates.push((before.key, value));
                changed.push(SlotChange { key: *index, before: before.value, after: value });
            }
        }
        // The EVM's map has no order; the tries and whoever reads the changes need one.
        updates.sort_unstable_by_key(|(key, _)| *key);
        changed.sort_unstable_by_key(|change| change.key);
        let encoded =
            updates.into_iter().map(|(key, value)| (key, encode_storage_value(value).map(Cow::Owned)));
        self.storage.update(nodes, encoded)?;
        Ok(changed)
    }

    fn forget(&mut self) {
        self.storage = Trie::new(EMPTY_ROOT);
        self.slots.clear();
    }
}

/// Code as the EVM executes it. Bytes that only look like a delegation (EIP-7702) run as any code does.
pub fn bytecode(bytes: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes))
}

impl Database for WitnessState<'_> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let position = self.position(address)?;
        let record = self.loaded.get(position).and_then(|account| account.record);
        Ok(record.map(|record| AccountInfo {
            balance: record.balance,
            nonce: record.nonce,
            code_hash: record.code_hash,
            account_id: AccountId::new(position),
            code: (record.code_hash == KECCAK256_EMPTY).then(Bytecode::default),
        }))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        let code = match self.codes.entry(hash) {
            Entry::Occupied(code) => code.into_mut(),
            Entry::Vacant(place) => {
                let code = self.source.and_then(|source| source.code(&hash));
                let code = code.filter(|code| keccak256(code) == hash);
                place.insert(Code::Raw(code.ok_or(StateError::MissingCode(hash))?))
            }
        };
        if let Code::Raw(bytes) = code {
            *code = Code::Analysed(bytecode(Bytes::copy_from_slice(bytes)));
        }
        match code {
            Code::Analysed(code) => Ok(code.clone()),
            Code::Raw(_) => Err(StateError::MissingCode(hash)),
        }
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        let position = self.position(address)?;
        self.slot(position, index)
    }

    fn storage_by_account_id(
        &mut self,
        _address: Address,
        id: AccountId,
        index: U256,
    ) -> Result<U256, StateError> {
        self.slot(id.get(), index)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.ancestors.hash(number)
    }
}
