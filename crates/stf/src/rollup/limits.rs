//! What a transaction uses beyond gas, and its limits (`specs/015`, "Limits of a transaction").

use super::{
    evm::RollupEvm,
    messages::{Message, MessageLayout},
    state::ChainState,
};
use alloc::{collections::BTreeSet, vec::Vec};
use alloy_primitives::{Address, B256, map::B256Set};
use ashlar_primitives::rollup::RollupConfig;
use core::fmt;
use revm::{JournalEntry, state::EvmState};
use thiserror::Error;

/// Bytes of pubdata of a storage slot, an account, a code beside its bytes, an operation (its status log, and the accounts of its
/// settlement), a message beside its bytes
/// (`specs/018-pubdata.md`, "Pubdata bound of a transaction").
const SLOT_BYTES: u64 = 66;
const ACCOUNT_BYTES: u64 = 80;
const CODE_EXTRA_BYTES: u64 = 16;
const OPERATION_BYTES: u64 = 280;
const MESSAGE_EXTRA_BYTES: u64 = 36;

/// What a transaction used of the resources that have limits of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Proving cost, cycle equivalents.
    pub cost: u64,
    /// Bound of its pubdata, bytes.
    pub pubdata: u64,
    /// L2->L1 logs.
    pub logs: u64,
}

impl Usage {
    /// Of a priority operation whose call is not made.
    pub(super) const fn without_call(cost: u64) -> Self {
        Self { cost, pubdata: OPERATION_BYTES, logs: 1 }
    }
}

/// A resource with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Proving cost, cycle equivalents.
    ProvingCost,
    /// Pubdata, bytes.
    Pubdata,
    /// L2->L1 logs.
    Logs,
}

impl fmt::Display for Resource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ProvingCost => "proving cost",
            Self::Pubdata => "bytes of pubdata",
            Self::Logs => "logs to Ethereum",
        })
    }
}

/// A limit that a transaction or a batch passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{resource}: {used} used, the limit is {limit}")]
pub struct OverLimit {
    /// Of what.
    pub resource: Resource,
    /// How much would be used; of proving cost at least so much.
    pub used: u64,
    /// How much may be used.
    pub limit: u64,
}

impl Usage {
    /// The first limit of a transaction that this passes.
    pub fn over_limit(&self, config: &RollupConfig) -> Option<OverLimit> {
        first_over([
            (Resource::ProvingCost, self.cost, config.transaction_cost_limit),
            (Resource::Pubdata, self.pubdata, config.transaction_pubdata_limit),
            (Resource::Logs, self.logs, config.transaction_logs_limit),
        ])
    }
}

pub(super) fn first_over(uses: impl IntoIterator<Item = (Resource, u64, u64)>) -> Option<OverLimit> {
    uses.into_iter().find(|(_, used, limit)| used > limit).map(|(resource, used, limit)| OverLimit {
        resource,
        used,
        limit,
    })
}

/// What the current transaction, which is not committed, has used; and the messages that it sent. A priority operation has
/// a status log beside them.
pub(super) fn usage<S: ChainState>(
    evm: &mut RollupEvm<'_, S>,
    has_status: bool,
) -> Result<(Usage, Vec<Message>), MessageLayout> {
    let cost = evm.meter().cost();
    let journal = &evm.journal().inner;
    let messages = journal.logs.iter().filter_map(Message::read).collect::<Result<Vec<_>, _>>()?;
    let state = changes_bytes(&journal.journal, &journal.state);
    let of_messages = messages.iter().map(|message| length(message.data.len(), MESSAGE_EXTRA_BYTES));
    let (statuses, status_bytes) = if has_status { (1, OPERATION_BYTES) } else { (0, 0) };
    let logs = u64::try_from(messages.len()).unwrap_or(u64::MAX).saturating_add(statuses);
    let pubdata = of_messages.fold(state.saturating_add(status_bytes), u64::saturating_add);
    Ok((Usage { cost, pubdata, logs }, messages))
}

/// Bytes of pubdata that a transaction's changes of the state take at most.
fn changes_bytes(journal: &[JournalEntry], state: &EvmState) -> u64 {
    let mut accounts = BTreeSet::new();
    let mut codes = B256Set::default();
    let mut bytes: u64 = 0;
    for entry in journal {
        match entry {
            JournalEntry::BalanceChange { address, .. }
            | JournalEntry::NonceChange { address, .. }
            | JournalEntry::NonceBump { address }
            | JournalEntry::AccountCreated { address, .. } => {
                accounts.insert(*address);
            }
            JournalEntry::BalanceTransfer { from, to, .. } => accounts.extend([*from, *to]),
            JournalEntry::AccountDestroyed { address, target, .. } => accounts.extend([*address, *target]),
            JournalEntry::CodeChange { address, .. } => {
                accounts.insert(*address);
                bytes = bytes.saturating_add(code_bytes(state, address, &mut codes));
            }
            JournalEntry::StorageChanged { key, had_value, address } => {
                accounts.insert(*address);
                let slot = state.get(address).and_then(|account| account.storage.get(key));
                // The first change from the value before the transaction, of a slot that is not restored.
                if slot.is_none_or(|slot| slot.is_changed() && slot.original_value == *had_value) {
                    bytes = bytes.saturating_add(SLOT_BYTES);
                }
            }
            JournalEntry::AccountWarmed { .. }
            | JournalEntry::AccountTouched { .. }
            | JournalEntry::StorageWarmed { .. }
            | JournalEntry::TransientStorageChange { .. } => {}
        }
    }
    bytes.saturating_add(per_account(accounts.len()))
}

fn per_account(accounts: usize) -> u64 {
    u64::try_from(accounts).unwrap_or(u64::MAX).saturating_mul(ACCOUNT_BYTES)
}

/// Bytes of the code that an account has now, if it is new in this transaction.
fn code_bytes(state: &EvmState, address: &Address, codes: &mut B256Set) -> u64 {
    let Some(account) = state.get(address) else { return 0 };
    let hash: B256 = account.info.code_hash;
    if !codes.insert(hash) {
        return CODE_EXTRA_BYTES;
    }
    let code = account.info.code.as_ref().map_or(0, |code| code.original_byte_slice().len());
    length(code, CODE_EXTRA_BYTES)
}

fn length(bytes: usize, extra: u64) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(extra)
}
