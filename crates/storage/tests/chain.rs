//! Records of blocks and batches are read as they were written, and damage has a name.

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use ashlar_primitives::rollup::{L2Log, Operation, RollupConfig, RollupOutput};
use ashlar_stf::rollup::{OverLimit, Resource, RollupBlockBuilder, RollupTransaction, genesis_header};
use ashlar_storage::{
    BatchRecord, BlockRecord, ChainRecords, Changes, InitialAccount, MemoryStore, StateDb, Store, Table,
    TransactionPlace,
};
use std::{collections::BTreeMap, sync::Arc};

fn config() -> RollupConfig {
    RollupConfig {
        chain_id: 7,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1 << 22,
        base_fee_min: 7,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 28,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 16,
        batch_logs_limit: 1_024,
    }
}

fn operation(id: u64) -> Bytes {
    let operation = Operation {
        chain_id: 7,
        id,
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        value: U256::from(5),
        mint: U256::from(1_000_005),
        gas_limit: 100_000,
        gas_price: 10,
        refund_recipient: Address::repeat_byte(3),
        data: Bytes::from_static(b"data"),
    };
    operation.encode().into()
}

/// A store with a genesis block and one block of two operations.
fn chain() -> (Arc<MemoryStore>, BlockRecord) {
    let store = Arc::new(MemoryStore::default());
    let accounts = BTreeMap::from([(Address::repeat_byte(9), InitialAccount::default())]);
    let mut state =
        StateDb::begin(Arc::clone(&store), &accounts, |root| genesis_header(&config(), root, 100)).unwrap();
    let transactions = vec![operation(0), operation(1)];
    let mut builder =
        RollupBlockBuilder::new(&config(), &mut state, Address::repeat_byte(0xfe), 101).unwrap();
    for bytes in &transactions {
        builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap();
    }
    let mut record = BlockRecord::new(&builder.finish().unwrap(), transactions);
    // As if one had failed, with a log.
    record.results[1].over_limit = Some(OverLimit { resource: Resource::Pubdata, used: u64::MAX, limit: 1 });
    record.results[1].receipt.receipt.receipt.logs =
        vec![Log::new(Address::repeat_byte(4), vec![B256::ZERO], Bytes::new()).unwrap()];
    let mut changes = Changes::default();
    record.put(&mut changes);
    state.write(changes).unwrap();
    (store, record)
}

#[test]
fn a_block_is_found_by_number_hash_and_transactions() {
    let (store, record) = chain();
    assert_eq!(store.head().unwrap().unwrap(), record.header);
    assert_eq!(store.block(1).unwrap().unwrap(), record);
    assert_eq!(store.block_number(&record.header.hash).unwrap(), Some(1));
    let place = store.transaction_place(&record.results[1].hash).unwrap().unwrap();
    assert_eq!(place, TransactionPlace { block: 1, index: 1 });
    let genesis = store.block(0).unwrap().unwrap();
    assert_eq!(genesis.header.hash, record.header.header.parent_hash);
    assert_eq!(store.block_number(&genesis.header.hash).unwrap(), Some(0));
    assert_eq!(store.header(1).unwrap().unwrap(), record.header);
    assert_eq!(store.header(0).unwrap().unwrap(), genesis.header);
    assert!(store.header(2).unwrap().is_none());
    assert!(store.block(2).unwrap().is_none());
    assert!(store.block_number(&B256::ZERO).unwrap().is_none());
    assert!(store.transaction_place(&B256::ZERO).unwrap().is_none());
}

fn batch(number: u64, first_block: u64, last_block: u64) -> BatchRecord {
    let word = B256::repeat_byte(number as u8);
    let output = RollupOutput {
        chain_id: 7,
        config_hash: word,
        commitment_before: word,
        commitment_after: word,
        first_block,
        last_block,
        first_timestamp: 1,
        last_timestamp: 2,
        data_commitment: word,
        first_operation: 3,
        operations: 4,
        operations_hash: word,
        transactions: 5,
        upgrade_hash: word,
        batch_root: word,
        logs: 2,
    };
    BatchRecord {
        number,
        output,
        pubdata: Bytes::from_static(b"pubdata"),
        versioned_hashes: vec![word],
        logs: vec![
            L2Log::message(1, Address::repeat_byte(8), B256::repeat_byte(9)),
            L2Log::status(u16::MAX, B256::repeat_byte(7), true),
        ],
        operations_before: 6,
        cost: 7,
        sealed_at: 8,
    }
}

#[test]
fn a_batch_is_found_by_number_and_blocks() {
    let store = MemoryStore::default();
    assert_eq!(store.last_batch().unwrap(), 0);
    assert!(store.batch_of_block(1).unwrap().is_none());
    let batches = [batch(1, 1, 4), batch(2, 5, 5), batch(3, 6, 20), batch(4, 21, 22)];
    let mut changes = Changes::default();
    batches.iter().for_each(|batch| batch.put(&mut changes));
    changes.put(Table::Proofs, 2u64.to_be_bytes(), "proof");
    store.write(changes).unwrap();
    assert_eq!(store.last_batch().unwrap(), 4);
    for batch in &batches {
        assert_eq!(store.batch(batch.number).unwrap().as_ref(), Some(batch));
        for block in batch.output.first_block..=batch.output.last_block {
            assert_eq!(store.batch_of_block(block).unwrap().as_ref(), Some(batch));
        }
    }
    assert!(store.batch_of_block(0).unwrap().is_none());
    assert!(store.batch_of_block(23).unwrap().is_none());
    assert_eq!(store.proof(2).unwrap().unwrap(), b"proof");
    assert!(store.proof(1).unwrap().is_none());
}

#[test]
fn damage_has_a_name() {
    let (store, record) = chain();
    let key = 1u64.to_be_bytes();
    let good = store.get(Table::Blocks, &key).unwrap().unwrap();
    let put = |table, key: &[u8], value: &[u8]| {
        let mut changes = Changes::default();
        changes.put(table, key, value);
        store.write(changes).unwrap();
    };
    for damaged in [&good[..good.len() - 1], &[&good[..], &[0]].concat(), b"", b"\xc0"] {
        put(Table::Blocks, &key, damaged);
        let error = store.block(1).unwrap_err().to_string();
        assert!(error.contains("block 1") && error.contains("damaged"), "{error}");
    }
    assert!(store.header(1).is_err());
    // A block under another number.
    put(Table::Blocks, &2u64.to_be_bytes(), &good);
    assert!(store.block(2).is_err() && store.header(2).is_err());
    put(Table::BlockNumbers, record.header.hash.as_slice(), b"1");
    assert!(store.block_number(&record.header.hash).is_err());
    put(Table::Transactions, record.results[0].hash.as_slice(), b"1");
    assert!(store.transaction_place(&record.results[0].hash).is_err());
    put(Table::Batches, &1u64.to_be_bytes(), b"1");
    assert!(store.batch(1).is_err());
    put(Table::Batches, b"key", b"1");
    assert!(store.last_batch().is_err());
    put(Table::Meta, b"head", b"1");
    assert!(store.head().is_err());
}
