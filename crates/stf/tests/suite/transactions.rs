//! Transactions: their encodings (B3), their signatures (B4), and their validity in place (E2, E3).

use crate::{
    code::Program,
    keys::{Draft, Key, blob},
    world::{
        BENEFICIARY, CHAIN_ID, MACHINES, bad_signature, chain, config_of, draft, refused_transactions, rich,
        run,
    },
};
use alloy_consensus::{TxEip4844WithSidecar, TxType, transaction::RlpEcdsaEncodableTx};
use alloy_eips::{eip4844::BlobTransactionSidecar, eip7702::SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, uint};
use ashlar_primitives::Fork;
use ashlar_stf::{BlockError, TransactionError};
use ashlar_witness::MadeBlock;

const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
const KINDS: [TxType; 5] =
    [TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip4844, TxType::Eip7702];

fn plain(kind: TxType) -> Draft {
    let draft = Draft::new(kind, 0, TxKind::Call(Address::repeat_byte(0xe1)));
    if kind == TxType::Eip7702 { draft.authorize(&Key::number(9), MACHINES[0], 0) } else { draft }
}

fn refused(bytes: impl Into<Bytes>) -> TransactionError {
    refused_in(Fork::Osaka, bytes)
}

/// Why a transaction is refused, in the second place of a block.
fn refused_in(fork: Fork, bytes: impl Into<Bytes>) -> TransactionError {
    let first = Draft::new(TxType::Legacy, 0, TxKind::Call(BENEFICIARY)).sign(&Key::number(5));
    match refused_transactions(fork, vec![first, bytes.into()]) {
        BlockError::Transaction { index: 1, reason } => reason,
        other => panic!("not for the transaction: {other}"),
    }
}

fn invalid(reason: &str) -> TransactionError {
    TransactionError::Invalid(reason.into())
}

fn accepted(fork: Fork, transactions: Vec<Bytes>) -> MadeBlock {
    let made = chain(config_of(fork)).make(draft(12), transactions, Vec::new()).expect("it is valid");
    run(&made.input).unwrap();
    made
}

#[test]
fn transactions_of_all_types_are_accepted() {
    for kind in KINDS {
        let made = accepted(Fork::Osaka, vec![plain(kind).sign(&Key::number(0))]);
        assert_eq!(made.outcome.receipts[0].tx_type(), kind);
    }
}

#[test]
fn b3_every_truncation_is_refused() {
    for kind in KINDS {
        let whole = plain(kind).sign(&Key::number(0));
        for length in 0..whole.len() {
            let made = chain(config_of(Fork::Osaka)).make(draft(12), vec![whole.slice(..length)], Vec::new());
            let expected = BlockError::Transaction { index: 0, reason: TransactionError::Encoding };
            assert_eq!(made.unwrap_err(), expected);
            if kind != TxType::Legacy {
                break;
            }
        }
        assert_eq!(refused(whole.slice(..whole.len() - 1)), TransactionError::Encoding);
    }
}

#[test]
fn b3_trailing_bytes_are_refused() {
    for kind in KINDS {
        let whole = plain(kind).sign(&Key::number(0));
        for trailing in [&[0][..], &[0x80], &whole] {
            assert_eq!(refused([whole.as_ref(), trailing].concat()), TransactionError::Encoding);
        }
    }
}

#[test]
fn b3_unknown_types_are_refused() {
    let payload = &plain(TxType::Eip1559).sign(&Key::number(0))[1..];
    for kind in (0..=0x7f).filter(|kind| ![1, 2, 3, 4].contains(kind)) {
        assert_eq!(refused([&[kind], payload].concat()), TransactionError::Encoding, "type {kind}");
    }
    let legacy = plain(TxType::Legacy).sign(&Key::number(0));
    assert_eq!(refused([&[0], legacy.as_ref()].concat()), TransactionError::Encoding);
}

#[test]
fn b3_one_types_payload_under_another_type_is_refused() {
    let payload = plain(TxType::Eip1559).sign(&Key::number(0));
    for kind in [1, 3, 4] {
        assert_eq!(refused([&[kind], &payload[1..]].concat()), TransactionError::Encoding);
    }
}

#[test]
fn b3_a_typed_transaction_as_a_string_is_refused() {
    // That is how it stands in a block's list, but not how it is hashed.
    let whole = plain(TxType::Eip1559).sign(&Key::number(0));
    assert_eq!(refused(alloy_rlp::encode(&whole)), TransactionError::Encoding);
}

/// Puts other bytes in place of the first item of a transaction's list.
fn with_first_item(whole: &[u8], item_bytes: usize, forged: &[u8]) -> Vec<u8> {
    let typed = usize::from(whole[0] < 0x80);
    let mut rest = &whole[typed..];
    let header = alloy_rlp::Header::decode(&mut rest).unwrap();
    assert!(header.list);
    let payload = [forged, &rest[item_bytes..]].concat();
    let mut out = whole[..typed].to_vec();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}

#[test]
fn b3_integers_that_are_not_canonical_are_refused() {
    // A legacy transaction's first item is its nonce, here 0 and so 0x80.
    let legacy = plain(TxType::Legacy).sign(&Key::number(0));
    for forged in [&[0][..], &[0x81, 0], &[0x82, 0, 0], &[0xb8, 0], &[0xc0]] {
        assert_eq!(refused(with_first_item(&legacy, 1, forged)), TransactionError::Encoding);
    }
    assert_eq!(legacy, Bytes::from(with_first_item(&legacy, 1, &[0x80])), "the forgery changes nothing else");
    // The others begin with the chain id, 1337 and so 0x820539.
    for kind in &KINDS[1..] {
        let whole = plain(*kind).sign(&Key::number(0));
        for forged in [&[0x83, 0, 5, 0x39][..], &[0xb8, 2, 5, 0x39], &[0x89, 1, 0, 0, 0, 0, 0, 0, 5, 0x39]] {
            assert_eq!(refused(with_first_item(&whole, 3, forged)), TransactionError::Encoding);
        }
    }
}

#[test]
fn b3_a_blob_transaction_with_its_blobs_is_refused() {
    let draft = plain(TxType::Eip4844);
    let with = TxEip4844WithSidecar { tx: draft.eip4844(), sidecar: BlobTransactionSidecar::default() };
    let signature =
        Key::number(0).sign(alloy_consensus::SignableTransaction::signature_hash(&draft.eip4844()));
    let mut network = Vec::new();
    with.eip2718_encode(&signature, &mut network);
    assert_ne!(network, draft.sign(&Key::number(0)).to_vec());
    assert_eq!(refused(network), TransactionError::Encoding);
}

#[test]
fn b3_blob_and_delegation_transactions_that_create_are_refused() {
    for kind in [TxType::Eip4844, TxType::Eip7702] {
        let whole = plain(kind).sign(&Key::number(0));
        // The callee is the item of 20 bytes; an empty one means creation in other types.
        let at = whole.windows(21).position(|window| window == [&[0x94][..], &[0xe1; 20]].concat()).unwrap();
        let mut rest = &whole[1..];
        alloy_rlp::Header::decode(&mut rest).unwrap();
        let start = whole.len() - rest.len();
        let payload = [&whole[start..at], &[0x80], &whole[at + 21..]].concat();
        let mut forged = vec![whole[0]];
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut forged);
        forged.extend(payload);
        assert_eq!(refused(forged), TransactionError::Encoding);
    }
}

#[test]
fn b4_high_s_is_refused() {
    for kind in KINDS {
        let flipped = plain(kind).sign_with(|hash| {
            let signature = Key::number(0).sign(hash);
            Signature::new(signature.r(), ORDER - signature.s(), !signature.v())
        });
        assert_eq!(refused(flipped), TransactionError::HighS);
    }
    let half = ORDER >> 1;
    let above =
        plain(TxType::Eip1559).sign_with(|_| Signature::new(U256::from(1), half + U256::from(1), false));
    assert_eq!(refused(above), TransactionError::HighS);
    // At the half it is some signature, of somebody who has nothing.
    let at = plain(TxType::Eip1559).sign_with(|_| Signature::new(U256::from(1), half, false));
    assert!(matches!(refused(at), TransactionError::Invalid(reason) if reason.starts_with("lack of funds")));
}

#[test]
fn b4_signatures_of_nobody_are_refused() {
    let one = U256::from(1);
    for (r, s) in [
        (U256::ZERO, one),
        (one, U256::ZERO),
        (ORDER, one),
        (U256::MAX, one),
        // No point of the curve has x = 5.
        (U256::from(5), one),
    ] {
        for kind in KINDS {
            let forged = plain(kind).sign_with(|_| Signature::new(r, s, true));
            assert_eq!(refused(forged), TransactionError::Signature);
        }
    }
}

#[test]
fn b4_a_signature_of_something_else_is_somebody_elses() {
    for kind in KINDS {
        let forged = plain(kind).sign_with(|hash| {
            let signature = Key::number(0).sign(hash);
            Signature::new(signature.r(), signature.s(), !signature.v())
        });
        assert!(
            matches!(refused(forged), TransactionError::Invalid(reason) if reason.contains("lack of funds"))
        );
        let moved = plain(kind).sign_with(|_| Key::number(0).sign(B256::ZERO));
        assert!(
            matches!(refused(moved), TransactionError::Invalid(reason) if reason.contains("lack of funds"))
        );
    }
}

#[test]
fn b4_legacy_v_of_no_scheme_is_refused() {
    // v is one byte for chains below 110; here it is 0x820a95 or 0x820a96 (1337 * 2 + 35 or 36).
    let whole = plain(TxType::Legacy).sign(&Key::number(0));
    let at = whole.windows(2).position(|window| window == [0x82, 0x0a]).unwrap();
    for v in [0u8, 1, 2, 26, 29, 34] {
        let mut rest = &whole[..];
        alloy_rlp::Header::decode(&mut rest).unwrap();
        let start = whole.len() - rest.len();
        let v = alloy_rlp::encode(v);
        let payload = [&whole[start..at], &v, &whole[at + 3..]].concat();
        let mut forged = Vec::new();
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut forged);
        forged.extend(payload);
        assert_eq!(refused(forged), TransactionError::Encoding);
    }
}

#[test]
fn e2_another_chains_transactions_are_refused() {
    for kind in KINDS {
        for chain_id in [0, 1, CHAIN_ID + 1, u64::MAX] {
            let draft = Draft { chain_id: Some(chain_id), ..plain(kind) };
            assert_eq!(refused(draft.sign(&Key::number(0))), invalid("invalid chain ID"));
        }
    }
}

#[test]
fn e2_a_legacy_transaction_without_chain_id_is_accepted() {
    let draft = Draft { chain_id: None, ..plain(TxType::Legacy) };
    accepted(Fork::Osaka, vec![draft.sign(&Key::number(0))]);
}

#[test]
fn e2_wrong_nonces_are_refused() {
    for kind in KINDS {
        let last = Draft { nonce: u64::MAX, ..plain(kind) }.sign(&Key::number(0));
        assert_eq!(refused(last), invalid("nonce overflow in transaction"), "EIP-2681");
        for nonce in [1, 2, u64::MAX - 1] {
            let draft = Draft { nonce, ..plain(kind) };
            assert_eq!(
                refused(draft.sign(&Key::number(0))),
                invalid(&format!("nonce {nonce} too high, expected 0"))
            );
        }
    }
    let draft = Draft { nonce: 0, ..plain(TxType::Legacy) };
    assert_eq!(refused(draft.sign(&Key::number(5))), invalid("nonce 0 too low, expected 1"));
}

#[test]
fn e2_more_than_the_sender_has_is_refused() {
    let rich = U256::from(10).pow(U256::from(20));
    let exact = |kind: TxType| {
        let draft = plain(kind);
        let blobs = draft.blobs.len() as u64 * 131_072;
        rich - U256::from(draft.gas) * U256::from(draft.max_fee)
            - U256::from(blobs) * U256::from(draft.max_blob_fee)
    };
    for kind in KINDS {
        let value = exact(kind);
        accepted(Fork::Osaka, vec![Draft { value, ..plain(kind) }.sign(&Key::number(0))]);
        let over = Draft { value: value + U256::from(1), ..plain(kind) };
        assert!(matches!(
            refused(over.sign(&Key::number(0))),
            TransactionError::Invalid(reason) if reason.contains("lack of funds")
        ));
        let most = Draft { value: U256::MAX, ..plain(kind) };
        assert_eq!(refused(most.sign(&Key::number(0))), invalid("overflow payment in transaction"));
        let dear = Draft { max_fee: u128::MAX, ..plain(kind) };
        assert_eq!(refused(dear.sign(&Key::number(0))), invalid("overflow payment in transaction"));
    }
}

#[test]
fn e2_fees_below_the_blocks_are_refused() {
    for kind in KINDS {
        let low = Draft { max_fee: 999_999_999, tip: 0, ..plain(kind) };
        assert_eq!(refused(low.sign(&Key::number(0))), invalid("gas price is less than basefee"));
    }
    for kind in &KINDS[2..] {
        let tip = Draft { tip: 20_000_000_001, ..plain(*kind) };
        assert_eq!(refused(tip.sign(&Key::number(0))), invalid("priority fee is greater than max fee"));
    }
    let blob = Draft { max_blob_fee: 0, ..plain(TxType::Eip4844) };
    assert_eq!(
        refused(blob.sign(&Key::number(0))),
        invalid("blob gas price (1) is greater than max fee per blob gas (0)")
    );
}

#[test]
fn e2_gas_below_the_intrinsic_cost_is_refused() {
    for (kind, gas) in KINDS.into_iter().zip([21_000, 21_000, 21_000, 21_000, 46_000]) {
        accepted(Fork::Osaka, vec![plain(kind).gas(gas).sign(&Key::number(0))]);
        let low = plain(kind).gas(gas - 1).sign(&Key::number(0));
        assert!(matches!(
            refused(low),
            TransactionError::Invalid(reason) if reason.contains("call gas cost")
        ));
    }
    // EIP-7623: 10 gas for each zero byte, and 21,000.
    let data = plain(TxType::Legacy).data(vec![0; 1_000]);
    accepted(Fork::Prague, vec![data.clone().gas(31_000).sign(&Key::number(0))]);
    let low = refused(data.gas(30_999).sign(&Key::number(0)));
    assert!(matches!(low, TransactionError::Invalid(reason) if reason.contains("gas floor")));
}

#[test]
fn e2_blobs_against_the_rules_are_refused() {
    let with = |blobs: Vec<B256>| Draft { blobs, ..plain(TxType::Eip4844) }.sign(&Key::number(0));
    assert_eq!(refused(with(Vec::new())), invalid("empty blobs"));
    let mut wrong = blob(1);
    wrong.0[0] = 2;
    assert_eq!(refused(with(vec![wrong])), invalid("blob version not supported"));
    // EIP-7594: six in a transaction, though nine in a block.
    accepted(Fork::Osaka, vec![with((0..6).map(blob).collect())]);
    assert_eq!(refused(with((0..7).map(blob).collect())), invalid("too many blobs, have 7, max 6"));
    accepted(Fork::Prague, vec![with((0..9).map(blob).collect())]);
}

#[test]
fn e2_delegations_before_prague_or_without_an_authorization_are_refused() {
    let delegation = plain(TxType::Eip7702).sign(&Key::number(0));
    assert_eq!(refused_in(Fork::Cancun, delegation), invalid("Eip7702 is not supported"));
    let none = Draft::new(TxType::Eip7702, 0, TxKind::Call(MACHINES[0])).sign(&Key::number(0));
    assert_eq!(refused(none), invalid("empty authorization list"));
}

#[test]
fn e2_init_code_over_the_limit_is_refused() {
    let create = |bytes| Draft::new(TxType::Legacy, 0, TxKind::Create).data(vec![0; bytes]).gas(3_000_000);
    accepted(Fork::Osaka, vec![create(49_152).sign(&Key::number(0))]);
    assert!(matches!(
        refused(create(49_153).sign(&Key::number(0))),
        TransactionError::Invalid(reason) if reason.contains("initcode")
    ));
}

#[test]
fn e2_a_transaction_over_eip_7825s_cap_is_refused_from_osaka_on() {
    let with = |gas| plain(TxType::Legacy).gas(gas).sign(&Key::number(0));
    accepted(Fork::Prague, vec![with(16_777_217)]);
    accepted(Fork::Osaka, vec![with(16_777_216)]);
    assert!(matches!(
        refused(with(16_777_217)),
        TransactionError::Invalid(reason) if reason.contains("16777216")
    ));
}

#[test]
fn e2_a_sender_with_code_is_refused() {
    // The key's account has code in a state made for this: EIP-3607.
    let mut accounts = crate::world::genesis_accounts();
    let account = accounts.get_mut(&Key::number(0).address()).unwrap();
    account.code = Bytes::from(vec![0]);
    let genesis = crate::world::genesis_header();
    let mut chain = ashlar_witness::Chain::new(config_of(Fork::Osaka), accounts, genesis).unwrap();
    let made = chain.make(draft(12), vec![plain(TxType::Legacy).sign(&Key::number(0))], Vec::new());
    let reason = invalid("reject transactions from senders with deployed code");
    assert_eq!(made.unwrap_err(), BlockError::Transaction { index: 0, reason });
}

#[test]
fn e3_gas_over_what_is_left_of_the_block_is_refused() {
    let over = plain(TxType::Legacy).gas(30_000_001).sign(&Key::number(0));
    let reason = TransactionError::GasLeft { limit: 30_000_001, left: 29_979_000 };
    assert_eq!(refused(over), reason, "not even as the first");
    let burn = |key: u8, gas| plain(TxType::Legacy).gas(gas).sign(&Key::number(key));
    accepted(Fork::Prague, vec![burn(0, 30_000_000), burn(1, 29_979_000)]);
    assert_eq!(
        refused_transactions(Fork::Prague, vec![burn(0, 30_000_000), burn(1, 29_979_001)]),
        BlockError::Transaction {
            index: 1,
            reason: TransactionError::GasLeft { limit: 29_979_001, left: 29_979_000 }
        }
    );
    let most = plain(TxType::Legacy).gas(u64::MAX).sign(&Key::number(0));
    let reason = TransactionError::GasLeft { limit: u64::MAX, left: 29_979_000 };
    assert_eq!(refused(most), reason);
}

fn delegated(authorization: SignedAuthorization) -> MadeBlock {
    let mut draft = Draft::new(TxType::Eip7702, 0, TxKind::Call(Key::number(9).address()))
        .data(Program::default().set(1, 1))
        .gas(200_000);
    draft.authorizations.push((authorization, None));
    accepted(Fork::Osaka, vec![draft.sign(&Key::number(0))])
}

#[test]
fn an_authorization_with_an_invalid_signature_leaves_the_transaction_valid() {
    let valid = Key::number(9).authorize(MACHINES[0], 0);
    let changed = |made: &MadeBlock| {
        made.outcome.changes.iter().any(|change| change.address == Key::number(9).address())
    };
    assert!(changed(&delegated(valid.clone())), "a valid one works");
    let (inner, signature) = (valid.inner().clone(), valid.signature().unwrap());
    let high = Signature::new(signature.r(), ORDER - signature.s(), !signature.v());
    for forged in [
        inner.clone().into_signed(bad_signature()),
        inner.clone().into_signed(high),
        SignedAuthorization::new_unchecked(inner.clone(), 2, signature.r(), signature.s()),
        SignedAuthorization::new_unchecked(inner.clone(), 255, U256::MAX, U256::MAX),
        SignedAuthorization::new_unchecked(inner.clone(), 27, signature.r(), signature.s()),
        SignedAuthorization::new_unchecked(inner, 0, U256::ZERO, U256::ZERO),
    ] {
        let made = delegated(forged);
        assert!(!changed(&made));
        assert!(made.outcome.receipts[0].is_success());
    }
}

#[test]
fn an_authorization_for_another_chain_or_nonce_is_void() {
    let nine = Key::number(9);
    let mut other = nine.authorize(MACHINES[0], 0).strip_signature();
    for (chain_id, nonce, works) in
        [(CHAIN_ID, 0, true), (0, 0, true), (1, 0, false), (CHAIN_ID, 1, false), (CHAIN_ID, u64::MAX, false)]
    {
        (other.chain_id, other.nonce) = (U256::from(chain_id), nonce);
        let made = delegated(other.clone().into_signed(nine.sign(other.signature_hash())));
        let changed = made.outcome.changes.iter().any(|change| change.address == nine.address());
        assert_eq!(changed, works);
    }
    (other.chain_id, other.nonce) = (U256::from(1) << 64 | U256::from(CHAIN_ID), 0);
    let made = delegated(other.clone().into_signed(nine.sign(other.signature_hash())));
    assert!(made.outcome.changes.iter().all(|change| change.address != nine.address()));
}

#[test]
fn the_rich_block_has_the_types_of_its_fork() {
    let kinds =
        |fork| rich(fork).outcome.receipts.iter().map(|receipt| receipt.tx_type()).collect::<Vec<_>>();
    assert_eq!(&kinds(Fork::Osaka)[..6], &kinds(Fork::Cancun)[..]);
    assert_eq!(kinds(Fork::Osaka).iter().filter(|kind| **kind == TxType::Eip7702).count(), 2);
}
