//! Large and hostile inputs, and values that the encoder refuses.

mod common;

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_pubdata::{
    AccountDiff, BLOCKS_MAX, Change, Code, DecodeError, EncodeError, LOGS_MAX, LogBody, PUBDATA_BYTES_MAX,
    Pubdata, PublishedLog,
};

fn empty() -> Pubdata {
    Pubdata {
        header: common::plain_header(100_000, B256::ZERO),
        hashes: vec![],
        logs: vec![],
        accounts: vec![],
    }
}

/// The bytes before the hashes' count.
fn start() -> Vec<u8> {
    let mut bytes = empty().encode().unwrap();
    bytes.truncate(bytes.len() - 3);
    bytes
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn account(address: Address) -> AccountDiff {
    AccountDiff { address, nonce: Some(1), balance: None, code: None, slots: vec![] }
}

fn numbered(number: usize) -> Address {
    Address::from_word(U256::from(number).into())
}

fn one() -> Change {
    Change::between(&U256::ZERO, &U256::ONE).unwrap()
}

#[test]
fn lists_that_claim_more_than_could_follow_are_refused_at_their_count() {
    let filler = vec![0xff; 600_000];
    let account_start = [&[9; 20][..], &[8]].concat();
    // Position, and the least bytes of an item of each list.
    for (before, item) in
        [(vec![], 32), (vec![0], 24), (vec![0, 0], 22), ([&[0, 0, 1][..], &account_start].concat(), 3)]
    {
        let at = start().len() + before.len();
        for count in [600_000 / item + 1, 1 << 32, u64::MAX / item + 1, u64::MAX] {
            let bytes = [&start()[..], &before, &varint(count), &filler].concat();
            assert_eq!(Pubdata::decode(&bytes), Err(DecodeError::Count { at, count }));
        }
    }
}

#[test]
fn large_inputs_of_one_pattern_end_in_errors() {
    // Varints without end, nested counts of all that could follow, and every other byte.
    for byte in 0..=255_u8 {
        for prefix in
            [vec![], vec![1], start(), [&start()[..], &[0]].concat(), [&start()[..], &[0, 0]].concat()]
        {
            let mut bytes = prefix;
            bytes.resize(600_000, byte);
            assert!(Pubdata::decode(&bytes).is_err(), "{byte}");
        }
    }
}

#[test]
fn nested_lists_that_each_claim_the_rest_are_refused() {
    // Each account claims as many slots as its bytes could hold, and holds one.
    let mut bytes = [&start()[..], &[0, 0], &varint(20_000)].concat();
    for number in 0..20_000_usize {
        bytes.extend_from_slice(numbered(number).as_slice());
        bytes.push(8);
        bytes.extend(varint(((600_000_usize.saturating_sub(bytes.len())) / 3) as u64));
        bytes.extend_from_slice(&[0x1f, 1, 0]);
    }
    assert!(Pubdata::decode(&bytes).is_err());
}

#[test]
fn more_than_six_blobs_hold_is_refused() {
    assert_eq!(Pubdata::decode(&vec![1; PUBDATA_BYTES_MAX + 1]), Err(DecodeError::TooLong(761_853)));
    let message = |bytes: usize| {
        let mut values = empty();
        let body = LogBody::Message { sender: Address::ZERO, message: vec![7; bytes].into() };
        values.logs.push(PublishedLog { transaction: 0, body });
        values
    };
    let room = PUBDATA_BYTES_MAX - message(100_000).encode().unwrap().len() + 100_000;
    let largest = message(room);
    let bytes = largest.encode().unwrap();
    assert_eq!(bytes.len(), PUBDATA_BYTES_MAX);
    assert_eq!(Pubdata::decode(&bytes), Ok(largest));
    assert_eq!(message(room + 1).encode(), Err(EncodeError::TooLong(PUBDATA_BYTES_MAX + 1)));
}

#[test]
fn a_batch_full_of_different_codes_decodes() {
    let mut values = empty();
    // Delegations, each another one: what an attacker could fill a batch with.
    values.accounts = (0..15_000)
        .map(|number| {
            let code = [&[0xef, 1, 0][..], numbered(number).as_slice()].concat();
            AccountDiff { code: Some(Code::new(code.into())), ..account(numbered(number)) }
        })
        .collect();
    let bytes = values.encode().unwrap();
    assert_eq!(Pubdata::decode(&bytes), Ok(values));
}

#[test]
fn a_batch_full_of_slots_decodes() {
    let mut values = empty();
    let slots = (0..100_000).map(|key| (U256::from(key), one())).collect();
    values.accounts = vec![AccountDiff { slots, ..account(Address::ZERO) }];
    let bytes = values.encode().unwrap();
    assert_eq!(Pubdata::decode(&bytes), Ok(values));
}

#[test]
fn limits_of_lists_are_those_of_a_batch() {
    let status = |number: usize| PublishedLog {
        transaction: number as u16,
        body: LogBody::Status { success: true, operation: B256::ZERO },
    };
    let mut values = empty();
    values.logs = (0..LOGS_MAX).map(status).collect();
    let bytes = values.encode().unwrap();
    assert_eq!(Pubdata::decode(&bytes), Ok(values.clone()));
    values.logs.push(status(LOGS_MAX));
    assert_eq!(values.encode(), Err(EncodeError::LogCount(LOGS_MAX + 1)));
    let claim = [&start()[..], &[0], &varint(LOGS_MAX as u64 + 1), &vec![0; 500_000]].concat();
    assert_eq!(Pubdata::decode(&claim), Err(DecodeError::LogCount(LOGS_MAX + 1)));
    // 65,535 hashes would not fit the bytes; the encoder has no such bound before it writes.
    let mut values = empty();
    values.hashes = vec![B256::ZERO; BLOCKS_MAX];
    let refused = EncodeError::HashCount { hashes: BLOCKS_MAX, number: 100_000 };
    assert_eq!(values.encode(), Err(refused));
}

#[test]
fn the_encoder_refuses_what_no_batch_has() {
    let with = |change: &dyn Fn(&mut Pubdata)| {
        let mut values = empty();
        change(&mut values);
        values.encode().unwrap_err()
    };
    let message = |transaction| PublishedLog {
        transaction,
        body: LogBody::Message { sender: Address::ZERO, message: Bytes::new() },
    };
    let status = |transaction| PublishedLog {
        transaction,
        body: LogBody::Status { success: false, operation: B256::ZERO },
    };
    let (low, high) = (Address::repeat_byte(1), Address::repeat_byte(2));

    assert_eq!(with(&|values| values.hashes = vec![B256::repeat_byte(1)]), EncodeError::ParentHash);
    let refused = EncodeError::HashCount { hashes: 2, number: 2 };
    assert_eq!(with(&|values| (values.header.number, values.hashes) = (2, vec![B256::ZERO; 2])), refused);
    assert_eq!(with(&|values| values.logs = vec![message(3), message(2)]), EncodeError::LogOrder(1));
    assert_eq!(with(&|values| values.logs = vec![status(3), message(3)]), EncodeError::LogOrder(1));
    assert_eq!(with(&|values| values.logs = vec![message(u16::MAX)]), EncodeError::LogOrder(0));
    let accounts =
        |first, second| move |values: &mut Pubdata| values.accounts = vec![account(first), account(second)];
    assert_eq!(with(&accounts(high, low)), EncodeError::AccountOrder(low));
    assert_eq!(with(&accounts(low, low)), EncodeError::AccountOrder(low));
    let unchanged = AccountDiff { nonce: None, ..account(low) };
    assert_eq!(with(&|values| values.accounts = vec![unchanged.clone()]), EncodeError::AccountUnchanged(low));
    for (first, second) in [(5, 5), (6, 5)] {
        let slots = vec![(U256::from(first), one()), (U256::from(second), one())];
        let account = AccountDiff { slots, ..account(low) };
        let error = with(&|values| values.accounts = vec![account.clone()]);
        assert_eq!(error, EncodeError::SlotOrder(low, U256::from(second)));
    }
}
