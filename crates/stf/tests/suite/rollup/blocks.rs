//! Headers, and what a block must have (`specs/015-rollup-blocks.md`).

use super::world::{
    GENESIS_TIME, SEQUENCER, accounts, chain, chain_with, config, draft, execute, execute_stated, make,
    transfer,
};
use crate::{
    code::Program,
    keys::{Draft, Key},
    world::{MACHINES, change_header},
};
use alloy_consensus::{Header, TxType};
use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, TxKind, U256};
use ashlar_stf::{
    Ancestors, BlockError, Field, TransactionError, WitnessState,
    rollup::{Refusal, RollupBlockBuilder, RollupTransaction, genesis_header},
};
use ashlar_trie::EMPTY_ROOT;
use ashlar_witness::MadeBatch;

#[test]
fn what_is_built_is_accepted() {
    let mut chain = chain();
    let drafts: Vec<_> = (0..3).map(|n| draft(n / 2, vec![transfer(0, n), transfer(1, n)])).collect();
    let batch = chain.make(&drafts).unwrap();
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
    let next = make(&mut chain, 9, vec![transfer(0, 3)]);
    assert_eq!(execute(&config(), &next).unwrap(), next.blocks);
    assert_eq!(next.blocks[0].header.header.parent_hash, batch.blocks[2].header.hash);
}

#[test]
fn the_header_has_the_values_of_the_specification() {
    let mut chain = chain();
    let genesis = chain.tip().clone();
    assert_eq!(genesis, genesis_header(&config(), genesis.header.state_root, GENESIS_TIME));
    let batch = make(&mut chain, 5, vec![transfer(0, 0)]);
    let header = &batch.blocks[0].header.header;
    let expected = Header {
        parent_hash: genesis.hash,
        number: 1,
        timestamp: GENESIS_TIME + 5,
        beneficiary: SEQUENCER,
        gas_limit: 1 << 25,
        gas_used: 21_000,
        mix_hash: genesis.hash,
        extra_data: Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0, 0, 0]),
        base_fee_per_gas: Some(1_000_000_000),
        withdrawals_root: Some(EMPTY_ROOT),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        transactions_root: header.transactions_root,
        receipts_root: header.receipts_root,
        state_root: header.state_root,
        ..Header::default()
    };
    assert_eq!(header, &expected);
}

fn refused(made: &MadeBatch, change: impl FnOnce(&mut Header)) -> BlockError {
    let mut blocks = made.stated();
    change_header(&mut blocks[0], change);
    execute_stated(&config(), made, &blocks).unwrap_err()
}

#[test]
fn every_field_of_the_header_is_checked() {
    type Change = fn(&mut Header);
    let changes: [(Change, Field); 19] = [
        (|header| header.parent_hash = B256::ZERO, Field::ParentHash),
        (|header| header.number += 1, Field::Number),
        (|header| header.timestamp -= 10, Field::Timestamp),
        (|header| header.gas_limit += 1, Field::GasLimit),
        (|header| header.extra_data = Bytes::new(), Field::ExtraData),
        (|header| header.extra_data = Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0, 0, 1]), Field::ExtraData),
        (|header| header.base_fee_per_gas = Some(1_000_000_001), Field::BaseFee),
        (|header| header.mix_hash = B256::ZERO, Field::MixHash),
        (|header| header.ommers_hash = B256::ZERO, Field::OmmersHash),
        (|header| header.difficulty = U256::ONE, Field::Difficulty),
        (|header| header.nonce = B64::repeat_byte(1), Field::Nonce),
        (|header| header.withdrawals_root = Some(B256::ZERO), Field::WithdrawalsRoot),
        (|header| header.blob_gas_used = Some(1 << 17), Field::BlobGasUsed),
        (|header| header.excess_blob_gas = Some(1), Field::ExcessBlobGas),
        (|header| header.requests_hash = None, Field::RequestsHash),
        (|header| header.transactions_root = EMPTY_ROOT, Field::TransactionsRoot),
        (|header| header.gas_used += 1, Field::GasUsed),
        (|header| header.receipts_root = EMPTY_ROOT, Field::ReceiptsRoot),
        (|header| header.logs_bloom = Bloom::repeat_byte(1), Field::LogsBloom),
    ];
    let made = make(&mut chain(), 5, vec![transfer(0, 0)]);
    for (change, field) in changes {
        assert_eq!(refused(&made, change), BlockError::Field(field));
    }
    // Another beneficiary has the fee, so another state.
    let field = refused(&made, |header| header.beneficiary = Address::repeat_byte(9));
    assert!(matches!(field, BlockError::State(_) | BlockError::Field(Field::StateRoot)), "{field}");
    let field = refused(&made, |header| header.state_root = EMPTY_ROOT);
    assert_eq!(field, BlockError::Field(Field::StateRoot));
    let field = refused(&made, |header| header.parent_beacon_block_root = Some(B256::repeat_byte(1)));
    assert_eq!(field, BlockError::Field(Field::ParentBeaconRoot));
}

#[test]
fn a_list_that_is_not_the_headers_is_refused() {
    let made = make(&mut chain(), 5, vec![transfer(0, 0), transfer(1, 0)]);
    let mut blocks = made.stated();
    blocks[0].transactions.swap(0, 1);
    let refused = execute_stated(&config(), &made, &blocks).unwrap_err();
    assert_eq!(refused, BlockError::Field(Field::TransactionsRoot));
    let mut blocks = made.stated();
    blocks[0].withdrawals.push(Bytes::new());
    let refused = execute_stated(&config(), &made, &blocks).unwrap_err();
    assert_eq!(refused, BlockError::Field(Field::WithdrawalsRoot));
}

#[test]
fn an_empty_block_is_refused() {
    let unmade = chain().make(&[draft(0, Vec::new())]).unwrap_err();
    assert_eq!(unmade, Refusal::Block(BlockError::Empty));
    let made = make(&mut chain(), 0, vec![transfer(0, 0)]);
    let mut blocks = made.stated();
    blocks[0].transactions.clear();
    assert_eq!(execute_stated(&config(), &made, &blocks).unwrap_err(), BlockError::Empty);
}

#[test]
fn time_may_stand_still_but_not_go_back() {
    let mut chain = chain();
    make(&mut chain, 4, vec![transfer(0, 0)]);
    make(&mut chain, 4, vec![transfer(0, 1)]);
    let refused = chain.make(&[draft(3, vec![transfer(0, 2)])]).unwrap_err();
    assert_eq!(refused, Refusal::Block(BlockError::Field(Field::Timestamp)));
}

#[test]
fn blob_transactions_are_refused() {
    let blobs = Draft::new(TxType::Eip4844, 0, TxKind::Call(Address::ZERO)).sign(&Key::number(0));
    let refused = chain().make(&[draft(0, vec![blobs])]).unwrap_err();
    assert_eq!(refused, Refusal::Transaction(TransactionError::Blobs));
}

#[test]
fn a_transaction_of_every_other_type_is_executed() {
    let mut chain = chain();
    let kinds = [TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip7702];
    let transactions = (0u64..)
        .zip(kinds)
        .map(|(nonce, kind)| {
            let draft = Draft::new(kind, nonce, TxKind::Call(Address::repeat_byte(0x77))).value(1);
            let draft = match kind {
                TxType::Eip7702 => draft.authorize(&Key::number(3), MACHINES[0], 0),
                _ => draft,
            };
            draft.sign(&Key::number(0))
        })
        .collect();
    let batch = make(&mut chain, 1, transactions);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
    assert!(batch.blocks[0].transactions.iter().all(|result| result.receipt.is_success()));
}

#[test]
fn gas_limits_of_block_and_transaction_hold() {
    let high = |nonce, gas| {
        Draft::new(TxType::Eip1559, nonce, TxKind::Call(Address::ZERO)).gas(gas).sign(&Key::number(0))
    };
    let mut config = config();
    config.transaction_gas_limit = 1 << 23;
    config.block_gas_limit = 1 << 24;
    config.base_fee_doubling = 1 << 28;
    let refused = chain_with(config).make(&[draft(0, vec![high(0, (1 << 23) + 1)])]).unwrap_err();
    let Refusal::Transaction(TransactionError::Invalid(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("cap"), "{reason}");
    // 797 transfers fill the block up to less than a transaction's limit.
    let mut transactions: Vec<_> = (0..600).map(|nonce| high(nonce, 21_000)).collect();
    transactions.push(high(600, 1 << 23));
    let refused = chain_with(config).make(&[draft(0, transactions)]).unwrap_err();
    let Refusal::Transaction(TransactionError::GasLeft { limit, left }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((limit, left), (1 << 23, (1 << 24) - 600 * 21_000));
}

#[test]
fn block_hashes_come_from_the_state() {
    let mut chain = chain();
    let first = chain.tip().hash;
    make(&mut chain, 1, vec![transfer(1, 0)]);
    let second = chain.tip().hash;
    // Of a batch that has no header but the parent's, block 3 asks for blocks 2, 1, 0 and itself.
    make(&mut chain, 2, vec![transfer(1, 1)]);
    let third = chain.tip().hash;
    let program = Program::default().blockhash(1, 201).blockhash(2, 202).blockhash(3, 203).blockhash(0, 200);
    let call = Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0]))
        .data(program.bytes().to_vec())
        .gas(1_000_000)
        .sign(&Key::number(0));
    let batch = make(&mut chain, 3, vec![call]);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
    let storage = &chain.accounts()[&MACHINES[0]].storage;
    let slots = [201, 202, 203, 200].map(|slot| storage.get(&U256::from(slot)).copied().unwrap_or_default());
    assert_eq!(slots, [third.into(), second.into(), first.into(), U256::ZERO]);
    let history = &chain.accounts()[&HISTORY_STORAGE_ADDRESS].storage;
    assert_eq!(history[&U256::ZERO], U256::from_be_bytes(first.0));
    assert_eq!(history[&U256::from(2)], U256::from_be_bytes(third.0));
}

#[test]
fn without_the_history_only_the_parent_has_a_hash() {
    let mut config = config();
    config.history = false;
    let mut chain = chain_with(config);
    make(&mut chain, 1, vec![transfer(1, 0)]);
    let parent = chain.tip().hash;
    let program = Program::default().blockhash(1, 201).blockhash(2, 202);
    let call = Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0]))
        .data(program.bytes().to_vec())
        .gas(1_000_000)
        .sign(&Key::number(0));
    let batch = make(&mut chain, 3, vec![call]);
    assert_eq!(execute(&config, &batch).unwrap(), batch.blocks);
    let storage = &chain.accounts()[&MACHINES[0]].storage;
    assert_eq!(storage[&U256::from(201)], U256::from_be_bytes(parent.0));
    assert!(!storage.contains_key(&U256::from(202)));
    assert_eq!(
        chain.accounts()[&HISTORY_STORAGE_ADDRESS].storage,
        accounts()[&HISTORY_STORAGE_ADDRESS].storage
    );
}

#[test]
fn a_block_of_another_configuration_is_refused() {
    let made = make(&mut chain(), 5, vec![transfer(0, 0)]);
    let mut other = config();
    other.base_fee_min += 1;
    // The parent's excess leads to another base fee.
    assert_eq!(execute(&other, &made).unwrap_err(), BlockError::Field(Field::BaseFee));
}

#[test]
fn an_error_of_the_state_is_that_of_one_transaction() {
    let call = |program: Program| {
        Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0]))
            .data(program.bytes().to_vec())
            .sign(&Key::number(0))
    };
    let transactions = vec![call(Program::default().set(1, 9)), transfer(1, 0)];
    let made = make(&mut chain(), 1, transactions.clone());
    let input = made.input.borrow();
    let mut failures = 0;
    for byte in 0..=255 {
        let ancestors = Ancestors::link(&[input.parent]).unwrap();
        let mut state =
            WitnessState::new(ancestors, input.state.iter().copied(), input.codes.iter().copied());
        let mut builder =
            RollupBlockBuilder::new(&config(), &mut state, SEQUENCER, GENESIS_TIME + 1).unwrap();
        // An account that the witness may not show.
        let reads = call(Program::default().balance(Address::repeat_byte(byte), 201));
        let refusal = builder.push(&RollupTransaction::decode(&reads).unwrap(), &reads).map(|_| ());
        if !matches!(refusal, Err(Refusal::Block(BlockError::State(_)))) {
            continue;
        }
        failures += 1;
        for bytes in &transactions {
            builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap();
        }
        let mut block = builder.finish().unwrap();
        let mut expected = made.blocks[0].clone();
        // Their order is that of a hash map.
        block.changes.sort_by_key(|change| change.address);
        expected.changes.sort_by_key(|change| change.address);
        assert_eq!(block, expected);
    }
    assert!(failures > 0, "the witness shows every account");
}
