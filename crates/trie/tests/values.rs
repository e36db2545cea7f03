//! Accounts, storage values and list roots against `alloy-trie`.

use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::{Decodable, Header};
use alloy_trie::{TrieAccount, root::ordered_trie_root_with_encoder};
use ashlar_trie::{
    Account, EMPTY_ROOT, NodeFault, ValueFault, decode_storage_value, encode_storage_value, ordered_root,
};
use proptest::prelude::*;

fn judge(account: &Account) -> Vec<u8> {
    let Account { nonce, balance, storage_root, code_hash } = *account;
    alloy_rlp::encode(TrieAccount { nonce, balance, storage_root, code_hash })
}

fn account() -> impl Strategy<Value = Account> {
    (any::<u64>(), 0u32..64, any::<[u8; 32]>(), 0usize..256, any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(
        |(nonce, nonce_shift, balance, balance_shift, storage_root, code_hash)| Account {
            nonce: nonce >> nonce_shift,
            balance: U256::from_be_bytes(balance) >> balance_shift,
            storage_root: storage_root.into(),
            code_hash: code_hash.into(),
        },
    )
}

/// An account's list with these integers.
fn raw(nonce: &[u8], balance: &[u8], storage_root: &[u8], code_hash: &[u8]) -> Vec<u8> {
    let payload: Vec<u8> = [nonce, balance, storage_root, code_hash].concat();
    let mut out = Vec::new();
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}

fn hash(byte: u8) -> Vec<u8> {
    alloy_rlp::encode(B256::repeat_byte(byte))
}

#[test]
fn the_default_account_is_empty() {
    let account = Account::default();
    assert_eq!(account.storage_root, EMPTY_ROOT);
    assert_eq!(account.code_hash, keccak256([]));
    assert_eq!(account.encode(), judge(&account));
    assert_eq!(account.encode().len(), 70);
}

#[test]
fn the_largest_account_has_110_bytes() {
    let account = Account { nonce: u64::MAX, balance: U256::MAX, ..Account::default() };
    assert_eq!(account.encode(), judge(&account));
    assert_eq!(account.encode().len(), 110);
}

#[test]
fn accounts_not_in_canonical_form_are_refused_by_name() {
    let (a, b) = (hash(1), hash(2));
    let refused =
        |value: &[u8], fault: ValueFault| assert_eq!(Account::decode(value), Err(fault), "{value:02x?}");
    assert!(Account::decode(&raw(&[1], &[2], &a, &b)).is_ok());
    refused(&raw(&[0], &[2], &a, &b), ValueFault::LeadingZero);
    refused(&raw(&[1], &[0x82, 0, 9], &a, &b), ValueFault::LeadingZero);
    refused(&raw(&[0x81, 5], &[2], &a, &b), ValueFault::Rlp(NodeFault::NonCanonicalRlp));
    refused(&raw(&[1], &[0xb8, 1, 0xff], &a, &b), ValueFault::Rlp(NodeFault::NonCanonicalRlp));
    refused(&raw(&[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], &[2], &a, &b), ValueFault::OutOfRange);
    let long = [vec![0xa1], vec![1; 33]].concat();
    refused(&raw(&[1], &long, &a, &b), ValueFault::OutOfRange);
    refused(&raw(&[1], &[2], &long, &b), ValueFault::HashLength { len: 33 });
    refused(&raw(&[1], &[2], &a, &[0x80]), ValueFault::HashLength { len: 0 });
    refused(&raw(&[1], &[2], &a, &[]), ValueFault::Rlp(NodeFault::Truncated));
    refused(
        &raw(&[1], &[2], &a, &[b.clone(), vec![0x80]].concat()),
        ValueFault::Rlp(NodeFault::TrailingBytes),
    );
    refused(&raw(&[0xc0], &[2], &a, &b), ValueFault::Rlp(NodeFault::WrongKind));
    refused(&[raw(&[1], &[2], &a, &b), vec![0]].concat(), ValueFault::Rlp(NodeFault::TrailingBytes));
    refused(&[], ValueFault::Rlp(NodeFault::Truncated));
    refused(&[0x80], ValueFault::Rlp(NodeFault::WrongKind));
}

#[test]
fn zero_is_no_storage_value() {
    assert_eq!(encode_storage_value(U256::ZERO), None);
    assert_eq!(decode_storage_value(&[0x80]), Err(ValueFault::ZeroStorage));
    assert_eq!(decode_storage_value(&[0]), Err(ValueFault::LeadingZero));
    assert_eq!(decode_storage_value(&[]), Err(ValueFault::Rlp(NodeFault::Truncated)));
    assert_eq!(decode_storage_value(&[1, 1]), Err(ValueFault::Rlp(NodeFault::TrailingBytes)));
    assert_eq!(decode_storage_value(&[0xc0]), Err(ValueFault::Rlp(NodeFault::WrongKind)));
    assert_eq!(decode_storage_value(&[vec![0xa1], vec![1; 33]].concat()), Err(ValueFault::OutOfRange));
}

proptest! {
    #[test]
    fn accounts_are_encoded_as_the_judge_does_and_decoded_back(account in account()) {
        prop_assert_eq!(account.encode(), judge(&account));
        prop_assert_eq!(Account::decode(&account.encode()), Ok(account));
    }

    #[test]
    fn what_decodes_as_an_account_encodes_to_the_same_bytes(account in account(), at: prop::sample::Index, byte: u8) {
        let mut value = account.encode();
        let at = at.index(value.len());
        value[at] = byte;
        let judged = TrieAccount::decode(&mut &value[..]);
        match Account::decode(&value) {
            Ok(account) => {
                prop_assert_eq!(account.encode(), value.clone());
                prop_assert_eq!(judge(&account), value);
            }
            Err(_) => prop_assert!(judged.is_err()),
        }
    }

    #[test]
    fn arbitrary_bytes_decode_canonically_or_not_at_all(value in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(account) = Account::decode(&value) {
            prop_assert_eq!(account.encode(), value.clone());
        }
        if let Ok(slot) = decode_storage_value(&value) {
            prop_assert_eq!(encode_storage_value(slot), Some(value));
        }
    }

    #[test]
    fn storage_values_are_encoded_as_the_judge_does_and_decoded_back(bytes: [u8; 32], shift in 0usize..256) {
        let value = U256::from_be_bytes(bytes) >> shift;
        prop_assume!(!value.is_zero());
        let encoded = encode_storage_value(value).unwrap();
        prop_assert_eq!(&encoded, &alloy_rlp::encode(value));
        prop_assert_eq!(decode_storage_value(&encoded), Ok(value));
    }

    #[test]
    fn list_roots_are_the_judges(items in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..400)) {
        prop_assert_eq!(ordered_root(&items), judge_list(&items));
    }
}

fn judge_list(items: &[Vec<u8>]) -> B256 {
    ordered_trie_root_with_encoder(items, |item, out| out.extend_from_slice(item))
}

#[test]
fn list_roots_of_every_length_around_the_changes_of_the_keys_length() {
    assert_eq!(ordered_root::<&[u8]>(&[]), EMPTY_ROOT);
    for len in (0..300).chain([4095, 4096, 4097, 65_535, 65_536, 65_537, 70_000]) {
        // Items of one byte lie in their parents, longer ones behind hashes; both, so that branches mix them.
        let items: Vec<_> = (0..len).map(|i| vec![i as u8 | 1; if i % 3 == 0 { 1 } else { 36 }]).collect();
        assert_eq!(ordered_root(&items), judge_list(&items), "{len} items");
    }
}

#[test]
fn one_large_item() {
    let items = [vec![3; 200_000]];
    assert_eq!(ordered_root(&items), judge_list(&items));
}

#[test]
fn the_order_of_items_matters() {
    assert_ne!(ordered_root(&[[1; 40], [2; 40]]), ordered_root(&[[2; 40], [1; 40]]));
}
