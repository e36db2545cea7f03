//! What a pool refuses, and what it says.

mod common;

use alloy_consensus::{SignableTransaction, TxEip4844, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256, uint};
use ashlar_mempool::{AccountState, Code, Limits, Status};
use ashlar_primitives::rollup::{Operation, Upgrade};
use common::*;

const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

/// Asserts how the refusal of a transaction begins.
fn assert_refused(ledger: &Ledger, bytes: Bytes, text: &str) {
    let rejection = answer(ledger, bytes).unwrap_err();
    assert!(rejection.to_string().starts_with(text), "`{rejection}` does not begin with `{text}`");
    assert!(!rejection.is_internal());
}

#[test]
fn each_type_of_users_is_accepted() {
    let ledger = Ledger::rich(2);
    for bytes in [
        sign(0, legacy(0, 200)),
        sign(0, eip2930(0, 200)),
        transfer(0, 0, 1),
        sign(0, eip7702(0, vec![authorize(1, CHAIN_ID, 0)])),
    ] {
        let pool = pool(Limits::default(), &ledger);
        let hash = add(&pool, &ledger, bytes.clone());
        let waiting = pool.get(&hash).unwrap();
        assert_eq!((waiting.hash(), &waiting.bytes, waiting.sender), (hash, &bytes, address(0)));
        assert_eq!(pool.status(&hash), Status::Pending);
        assert_eq!((pool.len(), pool.bytes(), pool.counts()), (1, bytes.len(), (1, 0)));
        assert_eq!(refused(&pool, &ledger, bytes), "already known");
        assert_eq!(pool.status(&hash), Status::Pending, "it is not refused");
    }
}

#[test]
fn blobs_operations_upgrades_and_unknown_types_are_refused() {
    let ledger = Ledger::rich(1);
    let blob = TxEip4844 {
        chain_id: CHAIN_ID,
        gas_limit: GAS,
        max_fee_per_gas: 200,
        blob_versioned_hashes: vec![Default::default()],
        ..TxEip4844::default()
    };
    let signature = sign_hash(0, blob.signature_hash());
    let blob = TxEnvelope::from(blob.into_signed(signature)).encoded_2718();
    assert_refused(&ledger, blob.into(), "transaction type not supported: 0x03");
    let operation = Operation {
        chain_id: CHAIN_ID,
        id: 0,
        from: address(0),
        to: address(0),
        value: U256::ZERO,
        mint: U256::from(1),
        gas_limit: 100_000,
        gas_price: 0,
        refund_recipient: address(0),
        data: Bytes::new(),
    };
    assert_refused(&ledger, operation.encode().into(), "transaction type not supported: 0x7f");
    let upgrade = Upgrade {
        chain_id: CHAIN_ID,
        protocol_version: 2,
        to: address(0),
        gas_limit: 100_000,
        deployments: Vec::new(),
        data: Bytes::new(),
    };
    let upgrade = upgrade.encode().unwrap().into();
    assert_refused(&ledger, upgrade, "transaction type not supported: 0x7e");
    for unknown in [0x00, 0x05, 0x3f, 0x7d] {
        let text = format!("transaction type not supported: {unknown:#04x}");
        assert_refused(&ledger, vec![unknown, 0xc0].into(), &text);
    }
}

#[test]
fn bytes_that_are_no_transaction_are_refused() {
    let ledger = Ledger::rich(1);
    let whole = transfer(0, 0, 1);
    for bytes in
        [&[][..], &[0x80], &[0xc0], &[0xff; 40], &whole[..whole.len() - 1], &[&whole[..], &[0]].concat()]
    {
        assert_refused(&ledger, Bytes::copy_from_slice(bytes), "rlp: ");
    }
}

#[test]
fn oversized_data_is_refused() {
    let ledger = Ledger::rich(1);
    let pool = |transaction_bytes| pool(Limits { transaction_bytes, ..Limits::default() }, &ledger);
    let bytes = transfer(0, 0, 1);
    let text = format!("oversized data: transaction size {}, limit {}", bytes.len(), bytes.len() - 1);
    assert_eq!(refused(&pool(bytes.len() - 1), &ledger, bytes.clone()), text);
    add(&pool(bytes.len()), &ledger, bytes);
    assert_eq!(Limits::default().transaction_bytes, 131_072);
    assert_refused(&ledger, vec![0x02; 131_073].into(), "oversized data");
}

#[test]
fn a_transaction_with_its_blobs_is_refused_for_its_type_not_its_size() {
    let ledger = Ledger::rich(1);
    assert_refused(&ledger, vec![0x03; 131_073].into(), "transaction type not supported: 0x03");
}

#[test]
fn signatures_without_a_sender_are_refused() {
    let ledger = Ledger::rich(1);
    let transaction = eip1559(0, 200, 1);
    let good = sign_hash(0, transaction.signature_hash());
    for signature in
        [Signature::new(U256::ZERO, good.s(), false), Signature::new(good.r(), ORDER - good.s(), !good.v())]
    {
        let bytes = TxEnvelope::from(transaction.clone().into_signed(signature)).encoded_2718();
        assert_refused(&ledger, bytes.into(), "invalid sender: ");
    }
}

#[test]
fn other_chains_transactions_are_refused() {
    let ledger = Ledger::rich(1);
    let text = "invalid sender: invalid chain id for signer: have 1 want 270270";
    let mut transaction = eip1559(0, 200, 1);
    transaction.chain_id = 1;
    assert_refused(&ledger, sign(0, transaction), text);
    let mut transaction = legacy(0, 200);
    transaction.chain_id = Some(1);
    assert_refused(&ledger, sign(0, transaction), text);
}

#[test]
fn unprotected_transactions_are_refused_unless_they_are_asked_for() {
    let ledger = Ledger::rich(1);
    let mut transaction = legacy(0, 200);
    transaction.chain_id = None;
    let bytes = sign(0, transaction);
    assert_refused(&ledger, bytes.clone(), "only replay-protected (EIP-155) transactions allowed over RPC");
    let pool = pool(Limits { unprotected: true, ..Limits::default() }, &ledger);
    add(&pool, &ledger, bytes);
}

#[test]
fn init_code_over_the_limit_is_refused() {
    let ledger = Ledger::rich(1);
    let create = |length| {
        let mut transaction = eip1559(0, 200, 1);
        transaction.to = TxKind::Create;
        transaction.gas_limit = 10_000_000;
        transaction.input = vec![0x5b; length].into();
        sign(0, transaction)
    };
    answer(&ledger, create(49_152)).unwrap();
    assert_refused(&ledger, create(49_153), "max initcode size exceeded: code size 49153, limit 49152");
}

#[test]
fn gas_limits_above_those_of_blocks_and_transactions_are_refused() {
    let ledger = Ledger::rich(1);
    let with_gas = |gas_limit| {
        let mut transaction = eip1559(0, 200, 1);
        transaction.gas_limit = gas_limit;
        sign(0, transaction)
    };
    answer(&ledger, with_gas(1 << 24)).unwrap();
    assert_refused(&ledger, with_gas((1 << 24) + 1), "transaction gas limit too high");
    assert_refused(&ledger, with_gas(30_000_000), "transaction gas limit too high");
    assert_refused(&ledger, with_gas(30_000_001), "exceeds block gas limit");
}

#[test]
fn a_gas_limit_below_what_is_needed_is_refused() {
    let ledger = Ledger::rich(2);
    let mut transaction = eip1559(0, 200, 1);
    transaction.gas_limit = 20_999;
    assert_refused(
        &ledger,
        sign(0, transaction.clone()),
        "intrinsic gas too low: gas 20999, minimum needed 21000",
    );
    transaction.to = TxKind::Create;
    transaction.gas_limit = 52_999;
    assert_refused(&ledger, sign(0, transaction), "intrinsic gas too low: gas 52999, minimum needed 53000");
    let mut transaction = eip7702(0, vec![authorize(1, CHAIN_ID, 0)]);
    transaction.gas_limit = 45_999;
    assert_refused(&ledger, sign(0, transaction), "intrinsic gas too low: gas 45999, minimum needed 46000");
    // 100 bytes that are not zero: 16 gas each, and at least 40 (EIP-7623).
    let mut transaction = eip1559(0, 200, 1);
    transaction.input = vec![1; 100].into();
    transaction.gas_limit = 22_599;
    assert_refused(
        &ledger,
        sign(0, transaction.clone()),
        "intrinsic gas too low: gas 22599, minimum needed 22600",
    );
    transaction.gas_limit = 24_999;
    let text = "insufficient gas for floor data gas cost: gas 24999, minimum needed 25000";
    assert_refused(&ledger, sign(0, transaction.clone()), text);
    transaction.gas_limit = 25_000;
    answer(&ledger, sign(0, transaction)).unwrap();
    // 2,400 for an address and 1,900 for a slot of an access list (EIP-2930).
    let mut transaction = eip2930(0, 200);
    transaction.access_list.0.push(alloy_eips::eip2930::AccessListItem {
        address: Address::ZERO,
        storage_keys: vec![Default::default(); 2],
    });
    transaction.gas_limit = 27_199;
    assert_refused(&ledger, sign(0, transaction), "intrinsic gas too low: gas 27199, minimum needed 27200");
}

#[test]
fn tips_above_the_fee_or_below_the_least_are_refused() {
    let ledger = Ledger::rich(1);
    let text = "max priority fee per gas higher than max fee per gas (tip higher than fee cap)";
    assert_refused(&ledger, capped(0, 0, 200, 201), text);
    answer(&ledger, capped(0, 0, 200, 200)).unwrap();
    let pool = pool(Limits { tip_min: 5, ..Limits::default() }, &ledger);
    let text = "transaction underpriced: gas tip cap 4, minimum needed 5";
    assert_eq!(refused(&pool, &ledger, capped(0, 0, 200, 4)), text);
    assert_eq!(refused(&pool, &ledger, sign(0, legacy(0, 4))), text, "a price is a tip");
    add(&pool, &ledger, capped(0, 0, 200, 5));
}

#[test]
fn a_fee_below_the_base_fee_is_no_reason_to_refuse() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    let hash = add(&pool, &ledger, capped(0, 0, u128::from(BASE_FEE) - 1, 1));
    assert_eq!(pool.status(&hash), Status::Queued);
}

#[test]
fn nonces_that_are_used_too_far_or_without_a_successor_are_refused() {
    let ledger = Ledger::rich(1);
    ledger.with_nonce(0, 5);
    assert_refused(&ledger, transfer(0, 4, 1), "nonce too low: next nonce 5, tx nonce 4");
    answer(&ledger, transfer(0, 5, 1)).unwrap();
    answer(&ledger, transfer(0, 260, 1)).unwrap();
    assert_refused(&ledger, transfer(0, 261, 1), "nonce too high: next nonce 5, tx nonce 261");
    assert_refused(&ledger, transfer(0, u64::MAX, 1), "nonce has max value");
    ledger.with_nonce(0, u64::MAX);
    assert_refused(&ledger, transfer(0, u64::MAX - 1, 1), "nonce too low");
}

#[test]
fn contracts_send_nothing_and_delegated_accounts_do() {
    let ledger = Ledger::rich(1);
    let account = ledger.get(0);
    ledger.set(0, AccountState { code: Code::Contract, ..account });
    assert_refused(&ledger, transfer(0, 0, 1), "sender not an eoa: address ");
    ledger.set(0, AccountState { code: Code::Delegation, ..account });
    answer(&ledger, transfer(0, 0, 1)).unwrap();
    assert_eq!(Code::of(&[]), Code::None);
    assert_eq!(Code::of(&[&[0xef, 0x01, 0x00][..], &[7; 20]].concat()), Code::Delegation);
    assert_eq!(Code::of(&[&[0xef, 0x01, 0x00][..], &[7; 21]].concat()), Code::Contract);
    assert_eq!(Code::of(&[0x5b]), Code::Contract);
}

#[test]
fn a_sender_pays_for_all_its_transactions() {
    let ledger = Ledger::rich(1);
    let one = cost(200);
    ledger.with_balance(0, one - 1);
    let text = format!(
        "insufficient funds for gas * price + value: balance {}, queued cost 0, tx cost {one}",
        one - 1
    );
    assert_refused(&ledger, capped(0, 0, 200, 1), &text);
    ledger.with_balance(0, 2 * one);
    let pool = pool(Limits::default(), &ledger);
    add(&pool, &ledger, capped(0, 0, 200, 1));
    // Behind a gap, it has to be paid as well.
    add(&pool, &ledger, capped(0, 7, 200, 1));
    let text = format!(
        "insufficient funds for gas * price + value: balance {}, queued cost {}, tx cost {one}",
        2 * one,
        2 * one
    );
    assert_eq!(refused(&pool, &ledger, capped(0, 1, 200, 1)), text);
    // A replacement does not pay for what it replaces.
    let changed = ledger.with_balance(0, one + cost(220));
    pool.on_block(&[], &[changed], BASE_FEE).unwrap();
    add(&pool, &ledger, capped(0, 0, 220, 2));
    assert!(refused(&pool, &ledger, capped(0, 0, 300, 3)).starts_with("insufficient funds"));
}

#[test]
fn a_cost_of_more_than_256_bits_is_not_paid() {
    let ledger = Ledger::rich(1);
    ledger.set(0, AccountState { balance: U256::MAX - U256::from(1), ..ledger.get(0) });
    let mut transaction = eip1559(0, 200, 1);
    transaction.value = U256::MAX;
    assert_refused(&ledger, sign(0, transaction), "insufficient funds for gas * price + value");
}

#[test]
fn authorizations_must_be_there_and_few() {
    let ledger = Ledger::rich(3);
    let text = "set code tx must have at least one authorization tuple";
    assert_refused(&ledger, sign(0, eip7702(0, Vec::new())), text);
    let pool = pool(Limits { authorizations: 1, ..Limits::default() }, &ledger);
    let both = vec![authorize(1, CHAIN_ID, 0), authorize(2, CHAIN_ID, 0)];
    let text = "too many authorization tuples: 2, limit 1";
    assert_eq!(refused(&pool, &ledger, sign(0, eip7702(0, both.clone()))), text);
    add(&pool, &ledger, sign(0, eip7702(0, both[..1].to_vec())));
}

#[test]
fn a_delegated_account_has_one_transaction_at_a_time() {
    let ledger = Ledger::rich(1);
    let delegated = AccountState { code: Code::Delegation, ..ledger.get(0) };
    ledger.set(0, delegated);
    let pool = pool(Limits::default(), &ledger);
    assert_eq!(refused(&pool, &ledger, transfer(0, 1, 1)), "gapped-nonce tx from delegated accounts");
    let first = add(&pool, &ledger, transfer(0, 0, 10));
    let text = "in-flight transaction limit reached for delegated accounts";
    assert_eq!(refused(&pool, &ledger, transfer(0, 1, 10)), text);
    let second = add(&pool, &ledger, transfer(0, 0, 1_000));
    assert_eq!(reason(&pool, &first), format!("replaced by {second}"));
    let changed = ledger.with_nonce(0, 1);
    pool.on_block(&[second], &[changed], BASE_FEE).unwrap();
    add(&pool, &ledger, transfer(0, 1, 10));
}

#[test]
fn whoever_has_an_authorization_that_waits_has_one_transaction_at_a_time() {
    let ledger = Ledger::rich(3);
    let pool = pool(Limits::default(), &ledger);
    // The second is for another chain, so it binds nobody.
    let hash = add(&pool, &ledger, sign(0, eip7702(0, vec![authorize(1, 0, 0), authorize(2, 1, 0)])));
    assert_eq!(pool.get(&hash).unwrap().authorities, [address(1)]);
    add(&pool, &ledger, transfer(1, 0, 1));
    let text = "in-flight transaction limit reached for delegated accounts";
    assert_eq!(refused(&pool, &ledger, transfer(1, 1, 1)), text);
    add(&pool, &ledger, transfer(2, 0, 1));
    add(&pool, &ledger, transfer(2, 1, 1));
    let text =
        format!("authority already reserved: {} has more than one transaction in the pool", address(2));
    assert_eq!(refused(&pool, &ledger, sign(0, eip7702(1, vec![authorize(2, CHAIN_ID, 2)]))), text);
    // With the block that has the authorization, the limit goes.
    let changed = [ledger.with_nonce(0, 1), ledger.with_nonce(1, 0)];
    pool.on_block(&[hash], &changed, BASE_FEE).unwrap();
    add(&pool, &ledger, transfer(1, 1, 1));
}

#[test]
fn a_gap_from_before_a_delegation_can_be_filled() {
    let ledger = Ledger::rich(1);
    let pool = pool(Limits::default(), &ledger);
    let gapped = add(&pool, &ledger, transfer(0, 1, 1));
    let changed = ledger.set(0, AccountState { code: Code::Delegation, ..ledger.get(0) });
    pool.on_block(&[], &[changed], BASE_FEE).unwrap();
    assert_eq!(refused(&pool, &ledger, transfer(0, 2, 1)), "gapped-nonce tx from delegated accounts");
    add(&pool, &ledger, transfer(0, 0, 1));
    assert_eq!(pool.status(&gapped), Status::Pending);
}

#[test]
fn what_was_refused_at_once_can_be_asked_for_and_may_come_again() {
    let ledger = Ledger::rich(1);
    ledger.with_balance(0, 0);
    let pool = pool(Limits::default(), &ledger);
    let bytes = transfer(0, 0, 1);
    let hash = alloy_primitives::keccak256(&bytes);
    assert_eq!(pool.status(&hash), Status::Unknown);
    let text = refused(&pool, &ledger, bytes.clone());
    assert_eq!(reason(&pool, &hash), text);
    ledger.with_balance(0, 1 << 100);
    add(&pool, &ledger, bytes);
    assert_eq!(pool.status(&hash), Status::Pending);
}
