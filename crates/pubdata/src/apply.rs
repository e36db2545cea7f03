//! State after a batch, from the state before it and the pubdata.

use crate::change::ChangeFault;
use crate::types::{AccountDiff, Code, Pubdata};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use core::fmt::Debug;
use thiserror::Error;

/// Slots of EIP-2935's contract.
const HISTORY_SLOTS: u64 = 8_191;
const _: () = assert!(HISTORY_SERVE_WINDOW == 8_191);

/// The state before a batch.
pub trait StateReader {
    /// Why a value could not be read.
    type Error: Debug;

    /// An account; [`AccountBefore::default`] if it is absent.
    fn account(&mut self, address: &Address) -> Result<AccountBefore, Self::Error>;

    /// The value of a slot; zero if it was never set.
    fn slot(&mut self, address: &Address, key: &U256) -> Result<U256, Self::Error>;
}

/// An account before the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountBefore {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
    /// Keccak-256 of the code.
    pub code_hash: B256,
}

impl Default for AccountBefore {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY }
    }
}

/// A changed account after the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountAfter<'a> {
    /// The account.
    pub address: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Its balance, in wei.
    pub balance: U256,
    /// Keccak-256 of its code.
    pub code_hash: B256,
    /// Its code, where the batch changed it.
    pub code: Option<&'a Code>,
    /// Changed slots with their values, by ascending key.
    pub slots: Vec<(U256, U256)>,
}

impl AccountAfter<'_> {
    /// Whether the state has no such account (EIP-161).
    pub fn is_absent(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code_hash == KECCAK256_EMPTY
    }
}

/// Why pubdata do not follow from the state before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError<E: Debug> {
    /// The state could not be read.
    #[error("reading the state before the batch: {0:?}")]
    State(E),
    /// The batch has one block, and its parent is not the commitment before the batch.
    #[error("the parent of the only block is not the commitment before the batch")]
    ParentHash,
    /// More hashes than blocks before the last one.
    #[error("{hashes} hashes of earlier blocks for a batch that ends with block {number}")]
    HashCount {
        /// Hashes listed.
        hashes: usize,
        /// Number of the last block.
        number: u64,
    },
    /// A nonce is listed that did not change.
    #[error("the nonce of {0} does not change")]
    Nonce(Address),
    /// The change of a balance is not the encoding of what it does.
    #[error("balance of {0}: {1}")]
    Balance(Address, ChangeFault),
    /// A code is listed that did not change.
    #[error("the code of {0} does not change")]
    Code(Address),
    /// The change of a slot is not the encoding of what it does.
    #[error("slot {1} of {0}: {2}")]
    Slot(Address, U256, ChangeFault),
    /// A slot is listed that follows from the hashes of the batch's blocks.
    #[error("slot {0} of the history of block hashes is listed although it is derived")]
    DerivedSlot(U256),
}

impl Pubdata {
    /// The accounts that differ from the state before, as they are after the batch, by ascending address.
    ///
    /// `parent` is the commitment before the batch. `keeps_history` says whether the configuration has EIP-2935's system
    /// call: the slots that it sets are not published, and are derived here.
    ///
    /// A value that is listed must differ from that before, by the change that the encoder would have written. Nothing
    /// here says that the state root is that of the last header: whoever holds the state computes and compares it.
    pub fn apply<S: StateReader>(
        &self,
        state: &mut S,
        parent: &B256,
        keeps_history: bool,
    ) -> Result<Vec<AccountAfter<'_>>, ApplyError<S::Error>> {
        if self.hashes.is_empty() && self.header.parent_hash != *parent {
            return Err(ApplyError::ParentHash);
        }
        let mut history = if keeps_history { self.history(parent)? } else { BTreeMap::new() };
        let mut after = Vec::with_capacity(self.accounts.len().saturating_add(1));
        for diff in &self.accounts {
            if diff.address > HISTORY_STORAGE_ADDRESS && !history.is_empty() {
                after.push(untouched(state, HISTORY_STORAGE_ADDRESS, core::mem::take(&mut history))?);
            }
            let mut account = changed(state, diff)?;
            if diff.address == HISTORY_STORAGE_ADDRESS {
                account.slots = merged(account.slots, core::mem::take(&mut history))?;
            }
            after.push(account);
        }
        if !history.is_empty() {
            after.push(untouched(state, HISTORY_STORAGE_ADDRESS, history)?);
        }
        Ok(after)
    }

    /// What the system call of EIP-2935 leaves in its contract: under (n - 1) mod 8,191 the hash of block n - 1.
    fn history<E: Debug>(&self, parent: &B256) -> Result<BTreeMap<U256, U256>, ApplyError<E>> {
        let earlier = u64::try_from(self.hashes.len()).unwrap_or(u64::MAX);
        // The block before the batch: block 0 is in no batch.
        let before = earlier
            .checked_add(1)
            .and_then(|blocks| self.header.number.checked_sub(blocks))
            .ok_or(ApplyError::HashCount { hashes: self.hashes.len(), number: self.header.number })?;
        let hashes = core::iter::once(parent).chain(&self.hashes);
        // Of two blocks in one slot, the later one stays.
        Ok((before..)
            .zip(hashes)
            .map(|(number, hash)| {
                let slot = number.checked_rem(HISTORY_SLOTS).unwrap_or(0);
                (U256::from(slot), U256::from_be_bytes(hash.0))
            })
            .collect())
    }
}

/// An account of which nothing is listed, with slots that are derived.
fn untouched<'a, S: StateReader>(
    state: &mut S,
    address: Address,
    slots: BTreeMap<U256, U256>,
) -> Result<AccountAfter<'a>, ApplyError<S::Error>> {
    let AccountBefore { nonce, balance, code_hash } = state.account(&address).map_err(ApplyError::State)?;
    Ok(AccountAfter { address, nonce, balance, code_hash, code: None, slots: slots.into_iter().collect() })
}

fn changed<'a, S: StateReader>(
    state: &mut S,
    diff: &'a AccountDiff,
) -> Result<AccountAfter<'a>, ApplyError<S::Error>> {
    let address = diff.address;
    let before = state.account(&address).map_err(ApplyError::State)?;
    if diff.nonce == Some(before.nonce) {
        return Err(ApplyError::Nonce(address));
    }
    let balance = match &diff.balance {
        Some(change) => change.apply(&before.balance).map_err(|fault| ApplyError::Balance(address, fault))?,
        None => before.balance,
    };
    if diff.code.as_ref().is_some_and(|code| *code.hash() == before.code_hash) {
        return Err(ApplyError::Code(address));
    }
    let mut slots = Vec::with_capacity(diff.slots.len());
    for (key, change) in &diff.slots {
        let before = state.slot(&address, key).map_err(ApplyError::State)?;
        let after = change.apply(&before).map_err(|fault| ApplyError::Slot(address, *key, fault))?;
        slots.push((*key, after));
    }
    Ok(AccountAfter {
        address,
        nonce: diff.nonce.unwrap_or(before.nonce),
        balance,
        code_hash: diff.code.as_ref().map_or(before.code_hash, |code| *code.hash()),
        code: diff.code.as_ref(),
        slots,
    })
}

/// Listed and derived slots, which have no key in common.
fn merged<E: Debug>(
    listed: Vec<(U256, U256)>,
    mut slots: BTreeMap<U256, U256>,
) -> Result<Vec<(U256, U256)>, ApplyError<E>> {
    for (key, value) in listed {
        if slots.insert(key, value).is_some() {
            return Err(ApplyError::DerivedSlot(key));
        }
    }
    Ok(slots.into_iter().collect())
}
