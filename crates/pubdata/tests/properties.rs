//! Random batches.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_pubdata::{AccountDiff, Change, Code, LogBody, Pubdata, PublishedLog};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0_usize..=256).prop_map(|(bytes, shift)| {
        if shift == 256 { U256::ZERO } else { U256::from_be_bytes(bytes) >> shift }
    })
}

fn change() -> impl Strategy<Value = Change> {
    (value(), value(), any::<bool>()).prop_filter_map("no change", |(a, b, near)| {
        Change::between(&a, &if near { a.wrapping_add(b) } else { b })
    })
}

prop_compose! {
    fn account()(
        nonce: Option<u64>,
        balance in proptest::option::of(change()),
        code in proptest::option::of(vec(0_u8..2, 0..3)),
        slots in btree_map(value(), change(), 0..6),
    ) -> AccountDiff {
        let unchanged = nonce.is_none() && balance.is_none() && code.is_none() && slots.is_empty();
        AccountDiff {
            address: Address::ZERO,
            nonce: if unchanged { Some(1) } else { nonce },
            balance,
            code: code.map(|code| Code::new(code.into())),
            slots: slots.into_iter().collect(),
        }
    }
}

fn body() -> impl Strategy<Value = (LogBody, bool)> {
    prop_oneof![
        (any::<bool>(), any::<[u8; 32]>())
            .prop_map(|(success, hash)| (LogBody::Status { success, operation: hash.into() }, true)),
        (any::<[u8; 20]>(), vec(any::<u8>(), 0..200), any::<bool>()).prop_map(|(sender, message, next)| {
            (LogBody::Message { sender: sender.into(), message: message.into() }, next)
        }),
    ]
}

/// Logs in order: the index moves on behind a status, and sometimes behind a message.
fn logs() -> impl Strategy<Value = Vec<PublishedLog>> {
    vec((body(), 1_u16..300), 0..12).prop_map(|entries| {
        let mut transaction = 0;
        let mut logs = Vec::new();
        for ((body, moves), step) in entries {
            logs.push(PublishedLog { transaction, body });
            transaction += if moves { step } else { 0 };
        }
        logs
    })
}

prop_compose! {
    fn pubdata()(
        numbers: [u64; 4],
        hashes in vec(any::<[u8; 32]>(), 0..4),
        sparse in vec((any::<u8>(), any::<u8>()), 0..20),
        logs in logs(),
        accounts in btree_map(any::<[u8; 20]>(), account(), 0..8),
    ) -> Pubdata {
        let hashes: Vec<B256> = hashes.into_iter().map(B256::from).collect();
        let mut header = common::plain_header(
            numbers[0].max(hashes.len() as u64 + 1), hashes.last().copied().unwrap_or_default());
        (header.timestamp, header.gas_used, header.excess_gas) = (numbers[1], numbers[2] >> 30, numbers[3] % 300);
        for (place, byte) in sparse {
            header.logs_bloom[usize::from(place)] = byte;
        }
        let accounts = accounts.into_iter()
            .map(|(address, account)| AccountDiff { address: address.into(), ..account })
            .collect();
        Pubdata { header, hashes, logs, accounts }
    }
}

/// Items on which memory is spent.
fn items(values: &Pubdata) -> usize {
    let slots: usize = values.accounts.iter().map(|account| account.slots.len()).sum();
    values.hashes.len() + values.logs.len() + values.accounts.len() + slots
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn batches_round_trip(values in pubdata()) {
        let bytes = values.encode().unwrap();
        prop_assert_eq!(Pubdata::decode(&bytes), Ok(values.clone()));
        prop_assert!(items(&values) * 3 <= bytes.len());
    }

    #[test]
    fn every_truncation_is_refused(values in pubdata()) {
        let bytes = values.encode().unwrap();
        for length in 0..bytes.len() {
            prop_assert!(Pubdata::decode(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
        }
    }

    #[test]
    fn bytes_behind_the_end_are_refused(values in pubdata(), more in vec(any::<u8>(), 1..40)) {
        let mut bytes = values.encode().unwrap();
        bytes.extend(more);
        prop_assert!(Pubdata::decode(&bytes).is_err());
    }

    /// Bytes that decode are the one encoding of what they decode to.
    #[test]
    fn every_changed_byte_is_refused_or_gives_other_values(values in pubdata(), flip in 1_u8..=255) {
        let bytes = values.encode().unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= flip;
            if let Ok(other) = Pubdata::decode(&changed) {
                prop_assert_ne!(&other, &values);
                prop_assert_eq!(other.encode(), Ok(changed));
            }
        }
    }

    #[test]
    fn bytes_that_decode_are_canonical(
        values in pubdata(),
        edits in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..3), 0_usize..3), 1..4),
    ) {
        let mut bytes = values.encode().unwrap();
        for (place, insert, remove) in edits {
            let at = place.index(bytes.len());
            bytes.splice(at..(at + remove).min(bytes.len()), insert);
        }
        if let Ok(other) = Pubdata::decode(&bytes) {
            prop_assert_eq!(other.encode(), Ok(bytes));
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(mut bytes in vec(any::<u8>(), 1..2_000)) {
        bytes[0] = 1;
        if let Ok(other) = Pubdata::decode(&bytes) {
            prop_assert_eq!(other.encode(), Ok(bytes));
        }
    }

    #[test]
    fn shared_codes_are_published_once(first in vec(any::<u8>(), 40..60), count in 2_u8..30) {
        let code = Code::new(Bytes::from(first.clone()));
        let accounts = (0..count).map(|i| AccountDiff {
            address: Address::repeat_byte(i),
            nonce: None,
            balance: None,
            code: Some(code.clone()),
            slots: vec![],
        });
        let header = common::plain_header(1, B256::ZERO);
        let values = Pubdata { header, hashes: vec![], logs: vec![], accounts: accounts.collect() };
        let bytes = values.encode().unwrap();
        prop_assert_eq!(bytes.windows(first.len()).filter(|window| *window == first).count(), 1);
        prop_assert_eq!(Pubdata::decode(&bytes), Ok(values));
    }
}
