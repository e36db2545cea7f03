//! Records of the table of the pool: a transaction that waits, or why one was dropped, by its hash.

use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable, decode_exact};
use ashlar_storage::{Damaged, Table};
use std::time::{SystemTime, UNIX_EPOCH};

/// First byte of the record of a transaction that waits.
const WAITING: u8 = 0;

/// First byte of the record of one that was dropped.
const DROPPED: u8 = 1;

/// Most bytes of a reason.
const REASON_BYTES_MAX: usize = 1_024;

/// A transaction that waits.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(crate) struct Waiting {
    /// Order of arrival.
    pub(crate) arrival: u64,
    /// Its encoding.
    pub(crate) bytes: Bytes,
}

/// Why a transaction does not wait any more, or never did.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(crate) struct Dropped {
    /// Order among all that has happened.
    pub(crate) number: u64,
    /// Unix time, seconds.
    pub(crate) at: u64,
    /// Why.
    pub(crate) reason: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Waiting(Waiting),
    Dropped(Dropped),
}

impl Waiting {
    pub(crate) fn encode(&self) -> Vec<u8> {
        marked(WAITING, self)
    }
}

impl Dropped {
    /// Now, for this reason, of which the first KiB is kept.
    pub(crate) fn now(number: u64, mut reason: String) -> Self {
        let end = (0..=REASON_BYTES_MAX).rev().find(|end| reason.is_char_boundary(*end));
        if reason.len() > REASON_BYTES_MAX {
            reason.truncate(end.unwrap_or(0));
        }
        // A clock before 1970 is no reason to keep no reason.
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { number, at, reason }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        marked(DROPPED, self)
    }
}

fn marked(mark: u8, record: &impl Encodable) -> Vec<u8> {
    let mut out = vec![mark];
    record.encode(&mut out);
    out
}

impl Record {
    /// Reads the record of this key.
    pub(crate) fn decode(key: &[u8], record: &[u8]) -> Result<(B256, Self), Damaged> {
        let damaged = || Damaged::new(Table::Pool, Bytes::copy_from_slice(key).to_string());
        let hash = B256::try_from(key).map_err(|_| damaged())?;
        let record = match record.split_first() {
            Some((&WAITING, rest)) => exact(rest).map(Self::Waiting),
            Some((&DROPPED, rest)) => exact(rest).map(Self::Dropped),
            _ => None,
        };
        Ok((hash, record.ok_or_else(damaged)?))
    }
}

fn exact<T: Decodable>(bytes: &[u8]) -> Option<T> {
    decode_exact(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_and_damaged_ones_do_not() {
        let key = B256::repeat_byte(7);
        let waiting = Waiting { arrival: 300, bytes: Bytes::from_static(b"abc") };
        let dropped = Dropped { number: 1, at: 2, reason: "no".to_owned() };
        for (bytes, record) in [
            (waiting.encode(), Record::Waiting(waiting.clone())),
            (dropped.encode(), Record::Dropped(dropped.clone())),
        ] {
            assert_eq!(Record::decode(key.as_slice(), &bytes).unwrap(), (key, record));
            let longer = [bytes.as_slice(), &[0]].concat();
            for damaged in [&bytes[1..], &bytes[..bytes.len() - 1], &longer, &[]] {
                let error = Record::decode(key.as_slice(), damaged).unwrap_err();
                assert!(error.to_string().contains(&key.to_string()), "{error}");
            }
            assert!(Record::decode(&key[1..], &bytes).is_err());
        }
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let dropped = Dropped::now(0, "é".repeat(600));
        assert_eq!(dropped.reason, "é".repeat(512));
        let dropped = Dropped::now(0, format!("a{}", "é".repeat(600)));
        assert_eq!(dropped.reason.len(), 1_023);
        assert_eq!(Dropped::now(0, "short".to_owned()).reason, "short");
    }
}
