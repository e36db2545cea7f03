//! The decoder: accepts what the encoder makes, and nothing else.

use crate::change::{Change, Malformed};
use crate::encode::{VERSION, flag, kind};
use crate::header::LastHeader;
use crate::order::{log_may_follow, shared_bytes};
use crate::reader::Reader;
use crate::types::{
    AccountDiff, BLOCKS_MAX, Code, LOGS_MAX, LogBody, PUBDATA_BYTES_MAX, Pubdata, PublishedLog,
};
use alloc::{collections::BTreeSet, vec::Vec};
use alloy_primitives::{Address, B256, Bloom, Bytes, U256};
use thiserror::Error;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// Least bytes of a log: index, kind, sender, length of an empty message.
const LOG_BYTES_MIN: usize = 2 + 1 + 20 + 1;

/// Least bytes of an account: address, flags, nonce.
const ACCOUNT_BYTES_MIN: usize = 20 + 1 + 1;

/// Least bytes of a slot: `shared`, the last byte of the key, zero as the new value.
const SLOT_BYTES_MIN: usize = 1 + 1 + 1;

/// Why bytes are not the pubdata of a batch. Positions are in bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// More than [`PUBDATA_BYTES_MAX`].
    #[error("{0} bytes of pubdata exceed what six blobs hold")]
    TooLong(usize),
    /// The bytes end inside a value.
    #[error("pubdata of {length} bytes ends inside a value")]
    End {
        /// Bytes that were there.
        length: usize,
    },
    /// Bytes behind the last account.
    #[error("bytes follow the last account at {at}")]
    Trailing {
        /// Where they start.
        at: usize,
    },
    /// Another version.
    #[error("pubdata version {0} is not supported (this is version 1)")]
    Version(u8),
    /// A varint of more bytes than its value needs, or above 64 bits.
    #[error("the varint at {at} is not in its shortest form")]
    Varint {
        /// Where it starts.
        at: usize,
    },
    /// More items than could follow.
    #[error("the list at {at} claims {count} items, more than could follow")]
    Count {
        /// Where the count starts.
        at: usize,
        /// What it says.
        count: u64,
    },
    /// A byte of the bloom that its mask says not to be zero is zero.
    #[error("a byte of the bloom before {at} is zero against its mask")]
    Bloom {
        /// Where the bloom ends.
        at: usize,
    },
    /// More hashes than blocks before the last one, or more blocks than transactions.
    #[error("{hashes} hashes of earlier blocks for a batch that ends with block {number}")]
    HashCount {
        /// Hashes listed.
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
    /// A kind that no log has.
    #[error("log {index} is of the unknown kind {kind}")]
    LogKind {
        /// Which log.
        index: usize,
        /// Its kind.
        kind: u8,
    },
    /// A status other than 0 and 1.
    #[error("log {index} has the status {status}")]
    LogStatus {
        /// Which log.
        index: usize,
        /// Its status.
        status: u8,
    },
    /// A log is not in the order of execution.
    #[error("log {0} is out of order")]
    LogOrder(usize),
    /// Addresses do not ascend.
    #[error("account {0} is not above the one before")]
    AccountOrder(Address),
    /// No flag, or a flag that has no meaning.
    #[error("account {address} has the flags {flags:#04x}")]
    Flags {
        /// The account.
        address: Address,
        /// Its flags.
        flags: u8,
    },
    /// A change of a kind that does not exist, or of a length that no change of the kind has.
    #[error("no change starts with {head:#04x}, at {at}")]
    Change {
        /// Where it starts.
        at: usize,
        /// Its first byte.
        head: u8,
    },
    /// A number starts with a zero byte.
    #[error("the number of the change at {at} has leading zeros")]
    LeadingZero {
        /// Where the change starts.
        at: usize,
    },
    /// A code that stood before is repeated.
    #[error("the code at {at} stood before")]
    CodeRepeated {
        /// Where it starts.
        at: usize,
    },
    /// A code is named that did not stand before.
    #[error("code {index} is named where {codes} stood before")]
    CodeIndex {
        /// The code's place, from 0.
        index: u64,
        /// Codes before.
        codes: usize,
    },
    /// An account whose flags promise storage has no slots.
    #[error("account {0} has an empty list of slots")]
    NoSlots(Address),
    /// Keys do not ascend, or `shared` is not what they have in common.
    #[error("the slot at {at} of account {address} does not follow the one before")]
    Slot {
        /// The account.
        address: Address,
        /// Where the slot starts.
        at: usize,
    },
}

impl Pubdata {
    /// Reads pubdata. Memory is at most a constant times the length of the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > PUBDATA_BYTES_MAX {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let header = header(&mut reader)?;
        let hashes = hashes(&mut reader, &header)?;
        let logs = logs(&mut reader)?;
        let accounts = accounts(&mut reader)?;
        if !reader.is_empty() {
            return Err(DecodeError::Trailing { at: reader.at() });
        }
        Ok(Self { header, hashes, logs, accounts })
    }
}

fn header(reader: &mut Reader<'_>) -> Result<LastHeader, DecodeError> {
    Ok(LastHeader {
        number: reader.varint()?,
        timestamp: reader.varint()?,
        gas_used: reader.varint()?,
        excess_gas: reader.varint()?,
        beneficiary: address(reader)?,
        parent_hash: hash(reader)?,
        transactions_root: hash(reader)?,
        receipts_root: hash(reader)?,
        state_root: hash(reader)?,
        logs_bloom: bloom(reader)?,
    })
}

fn address(reader: &mut Reader<'_>) -> Result<Address, DecodeError> {
    Ok(Address::from(reader.array::<20>()?))
}

fn hash(reader: &mut Reader<'_>) -> Result<B256, DecodeError> {
    Ok(B256::from(reader.array::<HASH_BYTES>()?))
}

fn bloom(reader: &mut Reader<'_>) -> Result<Bloom, DecodeError> {
    let mask = reader.array::<32>()?;
    let mut bloom = Bloom::ZERO;
    for (eight, bits) in bloom.as_chunks_mut::<8>().0.iter_mut().zip(mask) {
        for (place, byte) in (0_u32..).zip(eight) {
            if bits & (0x80_u8 >> place) != 0 {
                *byte = reader.u8()?;
                if *byte == 0 {
                    return Err(DecodeError::Bloom { at: reader.at() });
                }
            }
        }
    }
    Ok(bloom)
}

fn hashes(reader: &mut Reader<'_>, header: &LastHeader) -> Result<Vec<B256>, DecodeError> {
    let count = reader.count(HASH_BYTES)?;
    let earlier = u64::try_from(count).unwrap_or(u64::MAX);
    if earlier >= header.number || count >= BLOCKS_MAX {
        return Err(DecodeError::HashCount { hashes: count, number: header.number });
    }
    let mut hashes = Vec::with_capacity(count);
    for _ in 0..count {
        hashes.push(hash(reader)?);
    }
    if hashes.last().is_some_and(|parent| *parent != header.parent_hash) {
        return Err(DecodeError::ParentHash);
    }
    Ok(hashes)
}

fn logs(reader: &mut Reader<'_>) -> Result<Vec<PublishedLog>, DecodeError> {
    let count = reader.count(LOG_BYTES_MIN)?;
    if count > LOGS_MAX {
        return Err(DecodeError::LogCount(count));
    }
    let mut logs = Vec::with_capacity(count);
    for index in 0..count {
        let log = log(reader, index)?;
        if !log_may_follow(logs.last(), &log) {
            return Err(DecodeError::LogOrder(index));
        }
        logs.push(log);
    }
    Ok(logs)
}

fn log(reader: &mut Reader<'_>, index: usize) -> Result<PublishedLog, DecodeError> {
    let transaction = u16::from_be_bytes(reader.array()?);
    let body = match reader.u8()? {
        kind::STATUS => {
            let success = match reader.u8()? {
                0 => false,
                1 => true,
                status => return Err(DecodeError::LogStatus { index, status }),
            };
            LogBody::Status { success, operation: hash(reader)? }
        }
        kind::MESSAGE => {
            let sender = address(reader)?;
            LogBody::Message { sender, message: Bytes::copy_from_slice(reader.bytes()?) }
        }
        kind => return Err(DecodeError::LogKind { index, kind }),
    };
    Ok(PublishedLog { transaction, body })
}

fn accounts(reader: &mut Reader<'_>) -> Result<Vec<AccountDiff>, DecodeError> {
    let count = reader.count(ACCOUNT_BYTES_MIN)?;
    let mut accounts = Vec::<AccountDiff>::with_capacity(count);
    let mut codes = Codes::default();
    for _ in 0..count {
        let account = account(reader, &mut codes)?;
        if accounts.last().is_some_and(|before| before.address >= account.address) {
            return Err(DecodeError::AccountOrder(account.address));
        }
        accounts.push(account);
    }
    Ok(accounts)
}

fn account(reader: &mut Reader<'_>, codes: &mut Codes) -> Result<AccountDiff, DecodeError> {
    let address = address(reader)?;
    let flags = reader.u8()?;
    if flags == 0 || flags & !flag::ALL != 0 {
        return Err(DecodeError::Flags { address, flags });
    }
    let has = |flag: u8| flags & flag != 0;
    Ok(AccountDiff {
        address,
        nonce: has(flag::NONCE).then(|| reader.varint()).transpose()?,
        balance: has(flag::BALANCE).then(|| change(reader)).transpose()?,
        code: has(flag::CODE).then(|| codes.read(reader)).transpose()?,
        slots: if has(flag::STORAGE) { slots(reader, address)? } else { Vec::new() },
    })
}

fn change(reader: &mut Reader<'_>) -> Result<Change, DecodeError> {
    let at = reader.at();
    let head = reader.u8()?;
    let digits = reader.take(Change::length(head))?;
    Change::read(head, digits).map_err(|fault| match fault {
        Malformed::Head(head) => DecodeError::Change { at, head },
        Malformed::LeadingZero => DecodeError::LeadingZero { at },
    })
}

/// The codes of this pubdata so far.
#[derive(Default)]
struct Codes {
    list: Vec<Code>,
    hashes: BTreeSet<B256>,
}

impl Codes {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<Code, DecodeError> {
        let at = reader.at();
        if let Some(index) = reader.varint()?.checked_sub(1) {
            let known = usize::try_from(index).ok().and_then(|index| self.list.get(index));
            return known.cloned().ok_or(DecodeError::CodeIndex { index, codes: self.list.len() });
        }
        let code = Code::new(Bytes::copy_from_slice(reader.bytes()?));
        if !self.hashes.insert(*code.hash()) {
            return Err(DecodeError::CodeRepeated { at });
        }
        self.list.push(code.clone());
        Ok(code)
    }
}

fn slots(reader: &mut Reader<'_>, address: Address) -> Result<Vec<(U256, Change)>, DecodeError> {
    let count = reader.count(SLOT_BYTES_MIN)?;
    if count == 0 {
        return Err(DecodeError::NoSlots(address));
    }
    let mut slots = Vec::with_capacity(count);
    let mut before = None;
    for _ in 0..count {
        let key = key(reader, before.as_ref(), address)?;
        slots.push((U256::from_be_bytes(key), change(reader)?));
        before = Some(key);
    }
    Ok(slots)
}

fn key(
    reader: &mut Reader<'_>,
    before: Option<&[u8; 32]>,
    address: Address,
) -> Result<[u8; 32], DecodeError> {
    let at = reader.at();
    let shared = reader.u8()?;
    let mut key = before.copied().unwrap_or([0; 32]);
    let (_, own) = key.split_at_mut_checked(usize::from(shared)).ok_or(DecodeError::Slot { address, at })?;
    own.copy_from_slice(reader.take(own.len())?);
    if shared_bytes(before, &key) != Some(shared) {
        return Err(DecodeError::Slot { address, at });
    }
    Ok(key)
}
