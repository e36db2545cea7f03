//! The encoder: one pass over sorted lists into one buffer.

use crate::change::Change;
use crate::header::LastHeader;
use crate::order::{log_may_follow, shared_bytes};
use crate::types::{BLOCKS_MAX, LOGS_MAX, LogBody, PUBDATA_BYTES_MAX, Pubdata, PublishedLog};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_primitives::{Address, B256, U256};
use thiserror::Error;

/// Version of the form.
pub(crate) const VERSION: u8 = 1;

/// What of an account changed, a bit each.
pub(crate) mod flag {
    pub(crate) const NONCE: u8 = 1;
    pub(crate) const BALANCE: u8 = 2;
    pub(crate) const CODE: u8 = 4;
    pub(crate) const STORAGE: u8 = 8;
    pub(crate) const ALL: u8 = NONCE | BALANCE | CODE | STORAGE;
}

/// A log's kind.
pub(crate) mod kind {
    pub(crate) const STATUS: u8 = 0;
    pub(crate) const MESSAGE: u8 = 1;
}

/// What a batch changed of an account, borrowed from where it is known. Fields as in [`crate::AccountDiff`].
#[derive(Clone, Copy, Debug)]
pub struct AccountRef<'a> {
    /// The account.
    pub address: &'a Address,
    /// Its nonce after the batch, where that changed.
    pub nonce: Option<u64>,
    /// How its balance changed, in wei.
    pub balance: Option<Change>,
    /// Its code after the batch and the code's Keccak-256, which is not checked, where it changed.
    pub code: Option<(&'a B256, &'a [u8])>,
    /// Keys of changed slots, ascending, and how their values changed.
    pub slots: &'a [(U256, Change)],
}

/// Why values are not those of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// More block hashes than blocks before the last one, or more blocks than transactions.
    #[error("{hashes} hashes of earlier blocks for a batch that ends with block {number}")]
    HashCount {
        /// Hashes given.
        hashes: usize,
        /// Number of the last block.
        number: u64,
    },
    /// The last header's parent is not the last block that is listed.
    #[error("the last header's parent is not the last listed block")]
    ParentHash,
    /// More logs than their tree has leaves.
    #[error("{0} logs exceed the limit of 16,384")]
    LogCount(usize),
    /// A log is not in the order of execution.
    #[error("log {0} is out of order")]
    LogOrder(usize),
    /// Addresses do not ascend.
    #[error("account {0} is not above the one before")]
    AccountOrder(Address),
    /// Nothing of the account changed.
    #[error("nothing of account {0} changed")]
    AccountUnchanged(Address),
    /// Keys do not ascend.
    #[error("slot {1} of account {0} is not above the one before")]
    SlotOrder(Address, U256),
    /// More than [`PUBDATA_BYTES_MAX`].
    #[error("{0} bytes of pubdata exceed what six blobs hold")]
    TooLong(usize),
}

/// The pubdata of a batch. Lists are in the order of the specification; `capacity` is how many bytes are expected.
///
/// Costs one pass and, besides the output, a map of the codes that were set: batches may set thousands of delegations.
pub fn encode<'a, A>(
    header: &LastHeader,
    hashes: &[B256],
    logs: &[PublishedLog],
    accounts: A,
    capacity: usize,
) -> Result<Vec<u8>, EncodeError>
where
    A: IntoIterator<Item = AccountRef<'a>, IntoIter: ExactSizeIterator>,
{
    check_hashes(header, hashes)?;
    let mut writer = Writer { out: Vec::with_capacity(capacity), codes: BTreeMap::new() };
    writer.out.push(VERSION);
    writer.header(header);
    writer.count(hashes.len());
    for hash in hashes {
        writer.out.extend_from_slice(hash.as_slice());
    }
    writer.logs(logs)?;
    let accounts = accounts.into_iter();
    writer.count(accounts.len());
    let mut before = None;
    for account in accounts {
        if before.is_some_and(|before| before >= account.address) {
            return Err(EncodeError::AccountOrder(*account.address));
        }
        writer.account(&account)?;
        before = Some(account.address);
    }
    if writer.out.len() > PUBDATA_BYTES_MAX {
        return Err(EncodeError::TooLong(writer.out.len()));
    }
    Ok(writer.out)
}

impl Pubdata {
    /// The bytes that decode to this.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let accounts = self.accounts.iter().map(|account| AccountRef {
            address: &account.address,
            nonce: account.nonce,
            balance: account.balance,
            code: account.code.as_ref().map(|code| (code.hash(), code.bytes().as_ref())),
            slots: &account.slots,
        });
        encode(&self.header, &self.hashes, &self.logs, accounts, 0)
    }
}

/// Block 0 is in no batch; the last hash is that of the last block's parent.
fn check_hashes(header: &LastHeader, hashes: &[B256]) -> Result<(), EncodeError> {
    let earlier = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
    if earlier >= header.number || hashes.len() >= BLOCKS_MAX {
        return Err(EncodeError::HashCount { hashes: hashes.len(), number: header.number });
    }
    if hashes.last().is_some_and(|parent| *parent != header.parent_hash) {
        return Err(EncodeError::ParentHash);
    }
    Ok(())
}

struct Writer<'a> {
    out: Vec<u8>,
    /// Codes that stand in the output, each with its place among them.
    codes: BTreeMap<&'a B256, usize>,
}

impl<'a> Writer<'a> {
    /// LEB128 in the fewest bytes.
    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.out.push(low);
                return;
            }
            self.out.push(low | 0x80);
        }
    }

    fn count(&mut self, count: usize) {
        self.varint(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    fn header(&mut self, header: &LastHeader) {
        self.varint(header.number);
        self.varint(header.timestamp);
        self.varint(header.gas_used);
        self.varint(header.excess_gas);
        self.out.extend_from_slice(header.beneficiary.as_slice());
        for hash in
            [&header.parent_hash, &header.transactions_root, &header.receipts_root, &header.state_root]
        {
            self.out.extend_from_slice(hash.as_slice());
        }
        let bloom = header.logs_bloom.as_slice();
        for eight in bloom.as_chunks::<8>().0 {
            self.out.push(eight.iter().fold(0, |mask, byte| mask << 1 | u8::from(*byte != 0)));
        }
        self.out.extend(bloom.iter().filter(|byte| **byte != 0));
    }

    fn logs(&mut self, logs: &[PublishedLog]) -> Result<(), EncodeError> {
        if logs.len() > LOGS_MAX {
            return Err(EncodeError::LogCount(logs.len()));
        }
        self.count(logs.len());
        let mut before = None;
        for (index, log) in logs.iter().enumerate() {
            if !log_may_follow(before, log) {
                return Err(EncodeError::LogOrder(index));
            }
            self.out.extend_from_slice(&log.transaction.to_be_bytes());
            match &log.body {
                LogBody::Status { success, operation } => {
                    self.out.extend_from_slice(&[kind::STATUS, u8::from(*success)]);
                    self.out.extend_from_slice(operation.as_slice());
                }
                LogBody::Message { sender, message } => {
                    self.out.push(kind::MESSAGE);
                    self.out.extend_from_slice(sender.as_slice());
                    self.bytes(message);
                }
            }
            before = Some(log);
        }
        Ok(())
    }

    fn account(&mut self, account: &AccountRef<'a>) -> Result<(), EncodeError> {
        let set = |present: bool, flag: u8| if present { flag } else { 0 };
        let flags = set(account.nonce.is_some(), flag::NONCE)
            | set(account.balance.is_some(), flag::BALANCE)
            | set(account.code.is_some(), flag::CODE)
            | set(!account.slots.is_empty(), flag::STORAGE);
        if flags == 0 {
            return Err(EncodeError::AccountUnchanged(*account.address));
        }
        self.out.extend_from_slice(account.address.as_slice());
        self.out.push(flags);
        if let Some(nonce) = account.nonce {
            self.varint(nonce);
        }
        if let Some(balance) = &account.balance {
            balance.write(&mut self.out);
        }
        if let Some((hash, code)) = account.code {
            self.code(hash, code);
        }
        if account.slots.is_empty() { Ok(()) } else { self.slots(account) }
    }

    fn code(&mut self, hash: &'a B256, code: &[u8]) {
        if let Some(place) = self.codes.get(hash) {
            self.count(place.saturating_add(1));
            return;
        }
        self.codes.insert(hash, self.codes.len());
        self.out.push(0);
        self.bytes(code);
    }

    fn slots(&mut self, account: &AccountRef<'a>) -> Result<(), EncodeError> {
        self.count(account.slots.len());
        let mut before = None;
        for (key, change) in account.slots {
            let bytes = key.to_be_bytes::<32>();
            let shared = shared_bytes(before.as_ref(), &bytes)
                .ok_or(EncodeError::SlotOrder(*account.address, *key))?;
            self.out.push(shared);
            self.out.extend(bytes.iter().skip(usize::from(shared)));
            change.write(&mut self.out);
            before = Some(bytes);
        }
        Ok(())
    }
}
