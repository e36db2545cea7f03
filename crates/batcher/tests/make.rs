//! Batches of blocks in a store are those that the chain in memory makes; a damaged store makes none.

mod world;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use ashlar_abi::{Accelerators, Reference};
use ashlar_batcher::{DataWay, MadeBatch, MakeError, batch_input, make_batch};
use ashlar_primitives::rollup::RollupInput;
use ashlar_stf::rollup::{execute_rollup_batch, execute_rollup_input};
use ashlar_storage::{
    BatchRecord, ChainRecords, Changes, Direction, Entry, MemoryStore, Store, StoreError, Table,
};
use std::sync::Arc;
use world::{TIME, World, config, ether};

fn calldata(_: &[u8], _: u64) -> DataWay {
    DataWay::Calldata
}

fn blobs(_: &[u8], _: u64) -> DataWay {
    DataWay::Blobs
}

fn sorted(items: &[Bytes]) -> Vec<Bytes> {
    let mut items = items.to_vec();
    items.sort();
    items
}

fn record(number: u64, made: &MadeBatch) -> BatchRecord {
    BatchRecord {
        number,
        output: made.batch.output,
        pubdata: made.batch.pubdata.clone().into(),
        versioned_hashes: made.input.versioned_hashes.clone(),
        logs: made.batch.logs.clone(),
        operations_before: 0,
        cost: made.batch.cost,
        sealed_at: 0,
    }
}

#[test]
fn a_batch_is_that_of_the_chain_in_memory() {
    let mut world = World::new(config());
    world.three_blocks();
    let mut reference = world.reference();
    // Two batches, so that the second one begins in the middle of the chain.
    for (blocks, drafts) in [(1..=2, &world.drafts[..2]), (3..=3, &world.drafts[2..])] {
        let expected = reference.make(drafts).unwrap();
        let made = make_batch(&world.store, &world.config, blocks, calldata).unwrap();
        let batch = execute_rollup_input(&expected.input.borrow(), Reference::modmul256_assign).unwrap();
        assert_eq!(made.batch, batch);
        assert_eq!(
            (&made.input.parent, &made.input.blocks),
            (&expected.input.parent, &expected.input.blocks)
        );
        assert_eq!(sorted(&made.input.state), sorted(&expected.input.state));
        assert_eq!(sorted(&made.input.codes), sorted(&expected.input.codes));
        // The last block calls nothing but what it deploys.
        assert_eq!(made.input.codes.is_empty(), drafts.len() == 1);
    }
    assert_eq!(reference.tip(), &world.store.head().unwrap().unwrap());
}

#[test]
fn a_code_that_the_batch_deploys_and_runs_is_not_in_its_input() {
    let mut world = World::new(config());
    world.three_blocks();
    let contract = world.user().create(world.user_nonce() - 2);
    let made = make_batch(&world.store, &world.config, 1..=3, calldata).unwrap();
    let pubdata = ashlar_pubdata::Pubdata::decode(&made.batch.pubdata).unwrap();
    let account = pubdata.accounts.iter().find(|account| account.address == contract).unwrap();
    let code = account.code.as_ref().unwrap();
    assert_eq!(account.slots.len(), 1, "it was called");
    assert!(made.input.codes.iter().all(|other| keccak256(other) != *code.hash()));
}

#[test]
fn the_input_of_a_sealed_batch_is_made_again() {
    let mut world = World::new(config());
    world.three_blocks();
    for way in [calldata as fn(&[u8], u64) -> DataWay, blobs] {
        let made = make_batch(&world.store, &world.config, 1..=3, way).unwrap();
        assert_eq!(made.input.versioned_hashes.is_empty(), way(&[], 0) == DataWay::Calldata);
        let record = record(1, &made);
        // Blocks that came later change nothing.
        let later = vec![world.transfer(Address::repeat_byte(0x98))];
        world.block(TIME + 7, later);
        let input = batch_input(&world.store, &world.config, &record).unwrap();
        assert_eq!(input, made.input);
        let bytes = input.borrow().encode().unwrap();
        assert_eq!(RollupInput::decode(&bytes).unwrap(), input.borrow());
        let output = execute_rollup_batch(&bytes, Reference::modmul256_assign).unwrap();
        assert_eq!(output.hash(), record.output.hash());
    }
}

#[test]
fn a_record_of_another_batch_has_no_input() {
    let mut world = World::new(config());
    world.three_blocks();
    let good = record(1, &make_batch(&world.store, &world.config, 1..=3, blobs).unwrap());
    let input = |record: &BatchRecord| batch_input(&world.store, &world.config, record);
    assert!(input(&good).is_ok());
    let mut other = good.clone();
    other.output.batch_root = B256::ZERO;
    assert!(matches!(input(&other), Err(MakeError::OtherBatch(1))));
    let mut other = good.clone();
    other.output.last_block = 2;
    assert!(matches!(input(&other), Err(MakeError::OtherBatch(1))));
    let mut other = good.clone();
    other.versioned_hashes = vec![B256::ZERO];
    assert!(matches!(input(&other), Err(MakeError::OtherBatch(1))));
    let mut other = good.clone();
    other.versioned_hashes = vec![B256::ZERO; 2];
    assert!(matches!(input(&other), Err(MakeError::Batch { .. })));
    let mut other = good;
    other.output.first_block = 0;
    assert!(matches!(input(&other), Err(MakeError::Genesis)));
    // Rules that the batch was not made under.
    let mut rules = world.config;
    rules.batch_logs_limit += 1;
    let made = record(1, &make_batch(&world.store, &world.config, 1..=3, blobs).unwrap());
    assert!(matches!(batch_input(&world.store, &rules, &made), Err(MakeError::OtherBatch(1))));
}

#[test]
fn a_missing_node_code_or_block_is_an_error_that_names_it() {
    let mut world = World::new(config());
    world.three_blocks();
    let make = |world: &World| make_batch(&world.store, &world.config, 1..=3, calldata);
    let made = make(&world).unwrap();
    for (table, items) in [(Table::Nodes, &made.input.state), (Table::Codes, &made.input.codes)] {
        for item in items {
            let hash = keccak256(item);
            world.remove(table, hash.as_slice());
            let error = make(&world).unwrap_err();
            assert!(matches!(error, MakeError::Block { .. }), "{error}");
            assert!(error.to_string().contains("does not execute as it is recorded"), "{error}");
            // Something else in its place is as bad.
            world.put(table, hash.as_slice(), b"something else".as_slice());
            assert!(make(&world).is_err());
            world.put(table, hash.as_slice(), item.to_vec());
        }
    }
    assert_eq!(make(&world).unwrap().batch, made.batch);
    for number in [0, 2] {
        let key = u64::to_be_bytes(number);
        let block = world.store.get(Table::Blocks, &key).unwrap().unwrap();
        world.remove(Table::Blocks, key);
        assert!(matches!(make(&world), Err(MakeError::NoBlock(missing)) if missing == number));
        world.put(Table::Blocks, key, &block[1..]);
        assert!(matches!(make(&world), Err(MakeError::Chain(_))));
        world.put(Table::Blocks, key, block);
    }
    assert!(matches!(make_batch(&world.store, &world.config, 3..=4, calldata), Err(MakeError::NoBlock(4))));
    assert!(matches!(make_batch(&world.store, &world.config, 0..=1, calldata), Err(MakeError::Genesis)));
}

#[test]
fn a_block_that_is_recorded_with_other_transactions_is_no_part_of_a_batch() {
    let mut world = World::new(config());
    world.three_blocks();
    let mut block = world.store.block(2).unwrap().unwrap();
    block.transactions.swap(0, 1);
    let mut changes = Changes::default();
    block.put(&mut changes);
    world.store.write(changes).unwrap();
    let error = make_batch(&world.store, &world.config, 1..=3, calldata).unwrap_err();
    assert!(matches!(error, MakeError::Block { number: 2, .. }), "{error}");
    // A header that states something else.
    let mut block = world.store.block(1).unwrap().unwrap();
    block.header.header.gas_used += 1;
    let mut changes = Changes::default();
    block.put(&mut changes);
    world.store.write(changes).unwrap();
    let error = make_batch(&world.store, &world.config, 1..=3, calldata).unwrap_err();
    assert!(matches!(error, MakeError::Block { number: 1, .. }), "{error}");
}

/// A store that fails to read nodes.
#[derive(Debug, Default)]
struct Failing(MemoryStore, std::sync::atomic::AtomicBool);

impl Store for Failing {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match table == Table::Nodes && self.1.load(std::sync::atomic::Ordering::Relaxed) {
            true => Err(StoreError::Read { table: "nodes", reason: "the disk is gone".into() }),
            false => self.0.get(table, key),
        }
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.0.scan(table, from, direction, limit)
    }

    fn write(&self, changes: Changes) -> Result<(), StoreError> {
        self.0.write(changes)
    }
}

#[test]
fn a_store_that_fails_is_not_taken_for_one_that_lacks_something() {
    let store = Arc::new(Failing::default());
    let mut world = World::over(config(), Arc::clone(&store));
    let deposit = vec![world.deposit(ether(1))];
    world.block(TIME + 1, deposit);
    assert!(make_batch(&store, &world.config, 1..=1, calldata).is_ok());
    store.1.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = make_batch(&store, &world.config, 1..=1, calldata).unwrap_err();
    assert!(matches!(error, MakeError::Store(_)), "{error}");
    assert!(error.to_string().contains("the disk is gone"));
}
