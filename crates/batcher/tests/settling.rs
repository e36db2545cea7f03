//! What Ethereum is told of batches.

mod world;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use ashlar_batcher::{
    DataPolicy, Prices, SealSettings, SealStep, Sealer, SettleError, extend_operation_tree, operation_tree,
    rollup_key, settle_call,
};
use ashlar_primitives::rollup::OperationsHash;
use ashlar_settlement::{OperationTree, genesis_batch};
use ashlar_storage::{
    BatchRecord, ChainRecords, Changes, OperationRecord, OperationRecords, OperationsError, Store, Table,
};
use ashlar_verifier::ProgramKey;
use std::sync::Arc;
use world::{TIME, World, config, ether};

fn program() -> ProgramKey {
    rollup_key().unwrap().program_key()
}

fn seal(world: &World, data: DataPolicy) -> BatchRecord {
    let settings = SealSettings { data, ..SealSettings::default() };
    let mut sealer = Sealer::open(Arc::clone(&world.store), world.config, settings).unwrap();
    match sealer.step(TIME + 10_000, &Prices { gas: 1, blob_gas: 1_000_000 }).unwrap() {
        SealStep::Sealed { batch, .. } => *batch,
        other => panic!("{other:?}"),
    }
}

/// Two batches, the first in calldata, the second in a blob, with bytes in the place of their proofs: the contract judges them, and nobody
/// before it.
fn two_batches() -> (World, [BatchRecord; 2]) {
    let mut world = World::new(config());
    world.three_blocks();
    let first = seal(&world, DataPolicy::Cheaper);
    let more = vec![world.deposit(ether(1)), world.transfer(Address::repeat_byte(9))];
    world.block(TIME + 20, more);
    let second = seal(&world, DataPolicy::Blobs);
    for number in [1u64, 2] {
        world.put(Table::Proofs, number.to_be_bytes(), vec![number as u8; 94_000]);
    }
    (world, [first, second])
}

#[test]
fn a_batch_in_calldata_is_settled_with_its_operations() {
    let (world, [first, _]) = two_batches();
    let tree = operation_tree(&world.store).unwrap();
    assert_eq!(tree.len(), 4);
    let settlement = settle_call(&world.store, 1, &tree, program()).unwrap();
    let call = &settlement.call;
    let genesis = world.store.block(0).unwrap().unwrap().header.hash;
    assert_eq!(call.previous, genesis_batch(genesis));
    assert_eq!((call.batch.number, call.batch.commitment), (1, first.output.commitment_after));
    assert_eq!((call.batch.firstBlock, call.batch.lastBlock), (1, 3));
    assert_eq!((call.batch.operations, call.batch.transactions, call.batch.logs), (3, 6, 4));
    assert_eq!(call.batch.data.pubdata, first.pubdata);
    assert!(call.batch.data.blobs.is_empty());
    let [evidence] = call.evidence.as_slice() else { panic!("one verifier") };
    assert_eq!((evidence.slot, evidence.way, evidence.proof.len()), (0, 2, 94_000));
    assert_eq!(evidence.statements[0].publicOutput, first.output.hash());
    assert_eq!(evidence.statements[0].programKey, B256::from(program().0));
    // Three operations, and the one behind them.
    assert_eq!(call.range, tree.range(0..3).unwrap());
    assert_eq!(call.range.hashes.len(), 4);
    // What the sealer reserves for the rest of the transaction is enough.
    let rest = call.abi_encode().len() - 94_000 - first.pubdata.len() - 64 * call.range.hashes.len();
    assert!(rest + 300 <= 4_096, "{rest}");
    assert!(settlement.into_sidecar().unwrap().is_none());
}

#[test]
fn a_batch_in_blobs_is_settled_after_the_one_before() {
    let (world, [first, second]) = two_batches();
    let tree = operation_tree(&world.store).unwrap();
    let settlement = settle_call(&world.store, 2, &tree, program()).unwrap();
    let call = &settlement.call;
    assert_eq!((call.previous.number, call.previous.outputHash), (1, first.output.hash()));
    assert_eq!((call.previous.commitment, call.previous.operations), (second.output.commitment_before, 3));
    assert!(call.batch.data.pubdata.is_empty());
    assert_eq!(call.batch.data.blobs.len(), 1);
    assert_eq!(call.batch.data.blobs[0].commitmentAndProof.len(), 96);
    let mut hash = OperationsHash::default();
    hash.push(&call.range.hashes[0]);
    assert_eq!((call.range.hashes.len(), hash.get()), (1, second.output.operations_hash));
    let sidecar = settlement.into_sidecar().unwrap().unwrap();
    assert_eq!(sidecar.versioned_hashes().collect::<Vec<_>>(), second.versioned_hashes);
    assert_eq!(sidecar.cell_proofs.len(), 128);
}

#[test]
fn a_batch_without_operations_shows_none() {
    let mut world = World::new(config());
    let upgrade = vec![world.upgrade()];
    world.block(TIME, upgrade);
    seal(&world, DataPolicy::Cheaper);
    world.put(Table::Proofs, 1u64.to_be_bytes(), "proof");
    let settlement = settle_call(&world.store, 1, &OperationTree::default(), program()).unwrap();
    assert!(settlement.call.range.hashes.is_empty() && settlement.call.range.left.is_empty());
}

#[test]
fn the_tree_grows_with_the_queue() {
    let (mut world, _) = two_batches();
    let mut tree = operation_tree(&world.store).unwrap();
    for _ in 0..3 {
        world.deposit(ether(1));
    }
    extend_operation_tree(&world.store, &mut tree).unwrap();
    assert_eq!((tree.len(), tree.root()), (7, operation_tree(&world.store).unwrap().root()));
    let record = world.store.operation(4).unwrap().unwrap();
    let mut by_hand = OperationTree::default();
    for id in 0..7 {
        let record = world.store.operation(id).unwrap().unwrap();
        by_hand.push(record.operation.hash(), record.deadline);
    }
    assert_eq!(tree.root(), by_hand.root());
    // Settling an older batch by the newer tree shows other siblings, not other operations.
    let call = settle_call(&world.store, 1, &tree, program()).unwrap().call;
    assert_eq!(call.range, tree.range(0..3).unwrap());
    assert_eq!(record.operation.id, 4);
    world.remove(Table::Operations, 5u64.to_be_bytes());
    assert!(matches!(operation_tree(&world.store), Err(OperationsError::Missing(5))));
}

#[test]
fn what_is_not_there_is_not_settled() {
    let (world, [first, _]) = two_batches();
    let tree = operation_tree(&world.store).unwrap();
    let settle =
        |number, tree: &OperationTree| settle_call(&world.store, number, tree, program()).map(|_| ());
    assert!(matches!(settle(3, &tree), Err(SettleError::NoBatch(3))));
    assert!(matches!(settle(1, &OperationTree::default()), Err(SettleError::Queue(_))));
    world.remove(Table::Proofs, 1u64.to_be_bytes());
    assert!(matches!(settle(1, &tree), Err(SettleError::NotProven(1))));
    // Batches that do not follow one another.
    let mut other = first.clone();
    other.output.commitment_after = B256::ZERO;
    write(&world, &other);
    assert!(matches!(settle(2, &tree), Err(SettleError::Gap(2))));
    let mut other = first.clone();
    other.operations_before = 1;
    write(&world, &other);
    assert!(matches!(settle(2, &tree), Err(SettleError::Gap(2))));
    world.remove(Table::Batches, 1u64.to_be_bytes());
    assert!(matches!(settle(2, &tree), Err(SettleError::NoBatch(1))));
    write(&world, &first);
    assert!(settle(2, &tree).is_ok());
}

#[test]
fn operations_that_ethereum_replaced_are_noticed() {
    let (world, _) = two_batches();
    let mut record: OperationRecord = world.store.operation(1).unwrap().unwrap();
    record.operation.mint += U256::ONE;
    let mut changes = Changes::default();
    record.put(&mut changes);
    world.store.write(changes).unwrap();
    let tree = operation_tree(&world.store).unwrap();
    let settled = settle_call(&world.store, 1, &tree, program()).map(|_| ());
    assert!(matches!(settled, Err(SettleError::OtherOperations(1))));
}

#[test]
fn pubdata_that_were_changed_on_disk_are_not_published() {
    let (world, [_, mut second]) = two_batches();
    second.pubdata = Bytes::from([&second.pubdata[..], &[1]].concat());
    write(&world, &second);
    let tree = operation_tree(&world.store).unwrap();
    let settled = settle_call(&world.store, 2, &tree, program()).map(|_| ());
    assert!(matches!(settled, Err(SettleError::OtherBlobs(2))));
}

fn write(world: &World, record: &BatchRecord) {
    let mut changes = Changes::default();
    record.put(&mut changes);
    world.store.write(changes).unwrap();
}
