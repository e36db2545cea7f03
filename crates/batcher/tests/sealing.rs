//! Where batches end.

mod world;

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_batcher::{
    BatchUse, BlockBudget, DataPolicy, Limit, OPERATIONS_MAX, Prices, SealError, SealReason, SealSettings,
    SealStep, Sealer,
};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::{BatchRecord, ChainRecords, Changes, Footprint, MemoryStore, Store, Table};
use std::{collections::BTreeMap, sync::Arc};
use world::{THREE_DAYS, TIME, World, config, ether};

/// Calldata are cheaper.
const DEAR_BLOBS: Prices = Prices { gas: 1, blob_gas: 1_000_000 };
/// Blobs are cheaper.
const DEAR_GAS: Prices = Prices { gas: 1_000_000, blob_gas: 0 };

type TestSealer = Sealer<Arc<MemoryStore>>;

fn sealer(world: &World) -> TestSealer {
    sealer_with(world, SealSettings::default())
}

fn sealer_with(world: &World, settings: SealSettings) -> TestSealer {
    Sealer::open(Arc::clone(&world.store), world.config, settings).unwrap()
}

/// Steps until nothing more is sealed at this time.
fn seal_all(sealer: &mut TestSealer, now: u64) -> Vec<(BatchRecord, SealReason)> {
    let mut sealed = Vec::new();
    loop {
        match sealer.step(now, &DEAR_BLOBS).unwrap() {
            SealStep::Sealed { batch, reason } => sealed.push((*batch, reason)),
            SealStep::Reading => {}
            SealStep::Waiting => return sealed,
        }
    }
}

/// Batches of a chain follow one another, and each is what its blocks make, within what was known before.
fn check(world: &World, batches: &[(BatchRecord, SealReason)]) {
    let mut reference = world.reference();
    let (mut next_block, mut operations) = (1, 0);
    for (number, (batch, _)) in (1..).zip(batches) {
        assert_eq!(world.store.batch(number).unwrap().as_ref(), Some(batch));
        let output = &batch.output;
        assert_eq!(
            (batch.number, output.first_block, batch.operations_before),
            (number, next_block, operations)
        );
        assert_eq!(output.commitment_before, reference.tip().hash);
        let blocks = next_block as usize - 1..output.last_block as usize;
        reference.make(&world.drafts[blocks.clone()]).unwrap();
        assert!(batch.pubdata.len() as u64 <= published_together(&world.footprints[blocks]));
        assert_eq!(output.commitment_after, reference.tip().hash);
        let used = (output.first_block..=output.last_block)
            .map(|number| BatchUse::of(&world.store.block(number).unwrap().unwrap()))
            .fold(BatchUse::default(), |used, block| used.and(&block));
        assert!(batch.cost <= used.batch_cost(), "{} of {}", batch.cost, used.batch_cost());
        assert!(batch.pubdata.len() as u64 <= used.batch_pubdata());
        assert!(batch.logs.len() as u64 <= used.logs);
        assert_eq!(output.operations, used.operations);
        (next_block, operations) = (output.last_block + 1, operations + output.operations);
    }
}

/// The most that a batch of these blocks publishes: of each thing the most that a block may publish of it.
fn published_together(blocks: &[Footprint]) -> u64 {
    let mut parts = BTreeMap::new();
    let mut see = |part: (Address, Option<B256>, bool), bytes: u64| {
        let most = parts.entry(part).or_default();
        *most = bytes.max(*most);
    };
    for account in blocks.iter().flat_map(|block| &block.accounts) {
        see((account.address, None, false), account.record);
        see((account.address, None, true), account.code);
        account.slots.iter().for_each(|slot| see((account.address, Some(slot.key), false), slot.bytes));
    }
    let logs: u64 = blocks.iter().map(|block| block.logs + 32).sum();
    512 + logs + parts.values().sum::<u64>()
}

/// A chain with a funded user.
fn funded(config: RollupConfig) -> World {
    let mut world = World::new(config);
    let deposit = vec![world.deposit(ether(100))];
    world.block(TIME, deposit);
    world
}

fn reasons(batches: &[(BatchRecord, SealReason)]) -> Vec<SealReason> {
    batches.iter().map(|(_, reason)| *reason).collect()
}

#[test]
fn an_old_batch_is_sealed_and_a_young_one_waits() {
    let mut world = World::new(config());
    let mut sealer = sealer(&world);
    assert_eq!(sealer.step(TIME + 1_000_000, &DEAR_BLOBS).unwrap(), SealStep::Waiting, "there is no block");
    world.three_blocks();
    assert_eq!(sealer.step(TIME + 61, &DEAR_BLOBS).unwrap(), SealStep::Waiting);
    let sealed = seal_all(&mut sealer, TIME + 62);
    assert_eq!(reasons(&sealed), [SealReason::Age]);
    assert_eq!((sealed[0].0.output.last_block, sealed[0].0.sealed_at), (3, TIME + 62));
    check(&world, &sealed);
    assert_eq!(sealer.step(TIME + 1_000_000, &DEAR_BLOBS).unwrap(), SealStep::Waiting, "nothing is left");
}

#[test]
fn a_batch_with_an_operation_whose_deadline_is_near_is_sealed() {
    let mut world = World::new(config());
    world.three_blocks();
    let settings = SealSettings { max_age: u64::MAX, urgent: 1_000, ..SealSettings::default() };
    let mut sealer = sealer_with(&world, settings);
    // The first operation has the nearest deadline.
    assert_eq!(sealer.step(TIME + THREE_DAYS - 1_001, &DEAR_BLOBS).unwrap(), SealStep::Waiting);
    let sealed = seal_all(&mut sealer, TIME + THREE_DAYS - 1_000);
    assert_eq!(reasons(&sealed), [SealReason::Deadline]);
    check(&world, &sealed);
    // Blocks without operations are not urgent.
    let transfer = vec![world.transfer(Address::repeat_byte(1))];
    world.block(TIME + 10, transfer);
    assert_eq!(sealer.step(TIME + THREE_DAYS + 5, &DEAR_BLOBS).unwrap(), SealStep::Waiting);
}

#[test]
fn a_batch_ends_before_the_block_that_would_cost_too_much_to_prove() {
    let mut config = config();
    (config.transaction_cost_limit, config.batch_cost_limit) = (1 << 23, (1 << 23) + (1 << 26));
    let mut world = funded(config);
    for block in 0..13 {
        let transfers = (0..60).map(|_| world.transfer(Address::repeat_byte(2))).collect();
        world.block(TIME + block, transfers);
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 100);
    assert!(sealed.len() > 1);
    let (last, others) =
        reasons(&sealed).split_last().map(|(last, others)| (*last, others.to_vec())).unwrap();
    assert!(others.iter().all(|reason| *reason == SealReason::Full(Limit::ProvingCost)), "{others:?}");
    assert_eq!(last, SealReason::Age);
    check(&world, &sealed);
    for (batch, _) in &sealed {
        assert!(batch.cost <= config.batch_cost_limit);
    }
}

#[test]
fn whoever_seals_may_want_batches_of_less_cost() {
    let mut world = funded(config());
    let blocks = (0..6).map(|block| {
        let transfers = (0..5).map(|_| world.transfer(Address::repeat_byte(2))).collect();
        world.block(TIME + block, transfers)
    });
    let costs: Vec<_> = blocks.map(|block| BatchUse::of(&block).and(&BatchUse::default()).cost).collect();
    // Room for the first block with its deposit, and two of the others.
    let max_cost = 1_000_000 + 4 * 200_000 + 3 * costs[0] + 40 * 2_000;
    let sealed =
        seal_all(&mut sealer_with(&world, SealSettings { max_cost, ..SealSettings::default() }), TIME + 100);
    assert!(sealed.len() > 1, "{costs:?}");
    assert_eq!(sealed[0].1, SealReason::Full(Limit::ProvingCost));
    assert!(sealed.iter().all(|(batch, _)| batch.cost <= max_cost));
    check(&world, &sealed);
    // A block alone is sealed whatever is wanted.
    let transfers = (0..5).map(|_| world.transfer(Address::repeat_byte(2))).collect();
    world.block(TIME + 100, transfers);
    let settings = SealSettings { max_cost: 1, ..SealSettings::default() };
    assert_eq!(seal_all(&mut sealer_with(&world, settings), TIME + 1_000).len(), 1);
}

#[test]
fn a_batch_ends_before_the_block_that_would_publish_too_much() {
    let mut config = config();
    (config.transaction_pubdata_limit, config.batch_pubdata_limit) = (4_096, 4_608);
    let mut world = funded(config);
    for block in 0..100u8 {
        let transfer = vec![world.transfer(Address::repeat_byte(block + 1))];
        world.block(TIME + 1, transfer);
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 61);
    assert!(sealed.len() > 1);
    assert_eq!(sealed[0].1, SealReason::Full(Limit::Pubdata));
    check(&world, &sealed);
}

/// The batch of blocks with ten transfers of a token each, and the sums of what its transactions could publish.
fn transfers_of_a_token(keep_footprints: bool) -> (Vec<(BatchRecord, SealReason)>, u64) {
    let mut config = config();
    config.batch_pubdata_limit = 6_000;
    config.transaction_pubdata_limit = 4_096;
    let mut world = funded(config);
    let deposit = vec![world.token_deposit(ether(1))];
    world.block(TIME, deposit);
    for block in 0..20 {
        let receivers = (0..10).map(|receiver| Address::repeat_byte(1 + 10 * block + receiver));
        let transfers = receivers.map(|to| world.token_transfer(to, U256::from(7_000_000))).collect();
        let number = world.block(TIME + 1, transfers).header.header.number;
        if !keep_footprints {
            let mut changes = Changes::default();
            Footprint::remove(number, &mut changes);
            world.store.write(changes).unwrap();
        }
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 61);
    check(&world, &sealed);
    for block in 1..=22u64 {
        assert_eq!(world.store.get(Table::Footprints, &block.to_be_bytes()).unwrap(), None, "block {block}");
    }
    let sums = (1..=sealed[0].0.output.last_block)
        .map(|number| BatchUse::of(&world.store.block(number).unwrap().unwrap()).pubdata)
        .sum();
    (sealed, sums)
}

#[test]
fn a_batch_is_filled_by_what_its_blocks_publish_together() {
    let (sealed, sums) = transfers_of_a_token(true);
    let length = sealed[0].0.pubdata.len() as u64;
    assert!((6_000 * 6 / 10..=6_000).contains(&length), "{length}");
    assert!(sums > 2 * length, "{sums} would be far too high");
    // Without what the blocks leave, by the sums.
    let (sealed, sums) = transfers_of_a_token(false);
    assert_eq!(sealed[0].1, SealReason::Full(Limit::Pubdata));
    assert!(sums <= 6_000, "{sums}");
}

#[test]
fn a_batch_ends_before_the_block_that_would_have_too_many_logs() {
    let mut config = config();
    (config.transaction_logs_limit, config.batch_logs_limit) = (2, 5);
    let mut world = funded(config);
    for _ in 0..3 {
        let withdrawals = vec![world.withdrawal(), world.withdrawal()];
        world.block(TIME + 1, withdrawals);
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 61);
    assert_eq!(reasons(&sealed), [SealReason::Full(Limit::Logs), SealReason::Age]);
    // The deposit's status, and two blocks of two messages.
    assert_eq!((sealed[0].0.output.last_block, sealed[0].0.output.logs), (3, 5));
    check(&world, &sealed);
}

#[test]
fn a_batch_ends_before_the_block_that_would_have_too_many_operations() {
    let mut world = World::new(config());
    for block in 0..5 {
        let deposits = (0..OPERATIONS_MAX / 4).map(|_| world.deposit(ether(1))).collect();
        world.block(TIME + block, deposits);
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 64);
    assert_eq!(reasons(&sealed), [SealReason::Full(Limit::Operations), SealReason::Age]);
    assert_eq!(sealed[0].0.output.operations, OPERATIONS_MAX);
    assert_eq!(
        (sealed[1].0.output.first_operation, sealed[1].0.operations_before),
        (OPERATIONS_MAX, OPERATIONS_MAX)
    );
    check(&world, &sealed);
}

#[test]
fn an_upgrade_is_the_first_transaction_of_a_batch() {
    let mut world = funded(config());
    let transfers = vec![world.transfer(Address::repeat_byte(1))];
    world.block(TIME + 1, transfers);
    let upgrade = vec![world.upgrade()];
    world.block(TIME + 2, upgrade);
    let transfers = vec![world.transfer(Address::repeat_byte(2))];
    world.block(TIME + 3, transfers);
    let sealed = seal_all(&mut sealer(&world), TIME + 62);
    assert_eq!(reasons(&sealed), [SealReason::Upgrade, SealReason::Age]);
    let upgrades: Vec<_> = sealed.iter().map(|(batch, _)| !batch.output.upgrade_hash.is_zero()).collect();
    assert_eq!(upgrades, [false, true]);
    assert_eq!(sealed[1].0.output.first_block, 3);
    check(&world, &sealed);
}

#[test]
fn a_chain_may_begin_with_an_upgrade() {
    let mut world = World::new(config());
    let upgrade = vec![world.upgrade()];
    world.block(TIME, upgrade);
    let sealed = seal_all(&mut sealer(&world), TIME + 60);
    assert_eq!(reasons(&sealed), [SealReason::Age]);
    check(&world, &sealed);
}

#[test]
fn should_the_bounds_be_wrong_the_batch_has_fewer_blocks() {
    let mut config = config();
    (config.transaction_logs_limit, config.batch_logs_limit) = (2, 5);
    let mut world = funded(config);
    for block in 0..7 {
        let withdrawals = vec![world.withdrawal(), world.withdrawal()];
        let mut record = world.block(TIME + block, withdrawals);
        record.results.iter_mut().for_each(|result| result.usage.logs = 0);
        let mut changes = Changes::default();
        record.put(&mut changes);
        world.store.write(changes).unwrap();
    }
    let sealed = seal_all(&mut sealer(&world), TIME + 1_000);
    assert!(sealed.len() >= 3);
    assert_eq!(sealed.last().unwrap().0.output.last_block, 8);
    assert!(sealed.iter().all(|(batch, _)| batch.output.logs <= 5));
    for pair in sealed.windows(2) {
        assert_eq!(pair[0].0.output.commitment_after, pair[1].0.output.commitment_before);
    }
}

#[test]
fn a_block_that_fits_into_no_batch_is_an_error_that_names_it() {
    let mut world = funded(config());
    let withdrawals = (0..6).map(|_| world.withdrawal()).collect();
    world.block(TIME + 1, withdrawals);
    (world.config.transaction_logs_limit, world.config.batch_logs_limit) = (2, 5);
    let mut sealer = sealer(&world);
    let step = sealer.step(TIME + 61, &DEAR_BLOBS).unwrap();
    assert!(matches!(step, SealStep::Sealed { .. }), "the first block");
    for _ in 0..2 {
        let error = sealer.step(TIME + 61, &DEAR_BLOBS).unwrap_err();
        assert!(matches!(error, SealError::BlockTooLarge { number: 2, .. }), "{error}");
    }
    assert_eq!(world.store.last_batch().unwrap(), 1, "nothing is written");
}

#[test]
fn where_pubdata_go_is_part_of_what_is_sealed() {
    for (policy, prices, blobs) in [
        (DataPolicy::Cheaper, DEAR_BLOBS, 0),
        (DataPolicy::Cheaper, DEAR_GAS, 1),
        (DataPolicy::Blobs, DEAR_BLOBS, 1),
    ] {
        let mut world = World::new(config());
        world.three_blocks();
        // Enough that a blob's check is worth it.
        let transfers = (1..=200).map(|receiver| world.transfer(Address::repeat_byte(receiver))).collect();
        world.block(TIME + 7, transfers);
        let mut sealer = sealer_with(&world, SealSettings { data: policy, ..SealSettings::default() });
        let SealStep::Sealed { batch, .. } = sealer.step(TIME + 100, &prices).unwrap() else {
            panic!("it is old enough")
        };
        assert_eq!(batch.versioned_hashes.len(), blobs);
        let hashes = &batch.versioned_hashes;
        let multiply = <ashlar_abi::Reference as ashlar_abi::Accelerators>::modmul256_assign;
        let commitment = ashlar_pubdata::commitment(&batch.pubdata, hashes, multiply).unwrap();
        assert_eq!(batch.output.data_commitment, commitment);
    }
}

#[test]
fn a_batch_that_needs_several_blobs_has_them() {
    let mut world = funded(config());
    // Creations of contracts whose code is 24,576 bytes that no other contract has.
    for number in 0..6u8 {
        let mut code = vec![number; 24_576];
        code[0] = 0;
        // codecopy(0, 12, 24576), return(0, 24576)
        let creation = [alloy_primitives::hex!("616000 600c 5f 39 616000 5f f3").as_slice(), &code].concat();
        let create = vec![world.sign_with_gas(creation, 12_000_000)];
        world.block(TIME + 1, create);
    }
    let mut sealer = sealer(&world);
    let SealStep::Sealed { batch, .. } = sealer.step(TIME + 100, &DEAR_BLOBS).unwrap() else {
        panic!("it is old enough")
    };
    assert!(batch.pubdata.len() > 6 * 24_576, "{}", batch.pubdata.len());
    assert_eq!(batch.versioned_hashes.len(), 2, "calldata have no room for them");
}

#[test]
fn a_sealer_that_is_started_again_goes_on() {
    let mut world = World::new(config());
    world.three_blocks();
    let mut sealed = seal_all(&mut sealer(&world), TIME + 62);
    let more = vec![world.transfer(Address::repeat_byte(3)), world.deposit(ether(1))];
    world.block(TIME + 63, more);
    let mut second = sealer(&world);
    assert_eq!(second.step(TIME + 70, &DEAR_BLOBS).unwrap(), SealStep::Waiting);
    // What it has read is lost with it, and read again.
    let mut third = sealer(&world);
    sealed.extend(seal_all(&mut third, TIME + 123));
    assert_eq!(sealed.len(), 2);
    assert_eq!((sealed[1].0.number, sealed[1].0.operations_before), (2, 3));
    check(&world, &sealed);
}

#[test]
fn operations_that_do_not_follow_the_last_batch_are_refused() {
    let mut world = World::new(config());
    world.three_blocks();
    let sealed = seal_all(&mut sealer(&world), TIME + 62);
    let mut changes = Changes::default();
    BatchRecord { operations_before: 1, ..sealed[0].0.clone() }.put(&mut changes);
    world.store.write(changes).unwrap();
    let deposit = vec![world.deposit(ether(1))];
    world.block(TIME + 63, deposit);
    let error = sealer(&world).step(TIME + 200, &DEAR_BLOBS).unwrap_err();
    assert!(matches!(error, SealError::OperationOrder { batch: 2, expected: 4, found: 3 }), "{error}");
}

#[test]
fn a_damaged_store_seals_nothing() {
    let mut world = World::new(config());
    world.three_blocks();
    world.put(Table::Blocks, 2u64.to_be_bytes(), b"1".as_slice());
    let mut sealer = sealer(&world);
    assert!(matches!(sealer.step(TIME + 62, &DEAR_BLOBS), Err(SealError::Chain(_))));
    world.put(Table::Footprints, 1u64.to_be_bytes(), b"1".as_slice());
    let error = Sealer::open(Arc::clone(&world.store), world.config, SealSettings::default())
        .unwrap()
        .step(TIME + 62, &DEAR_BLOBS)
        .unwrap_err();
    assert!(error.to_string().contains("what block 1 publishes"), "{error}");
    assert_eq!(world.store.last_batch().unwrap(), 0);
    world.put(Table::Batches, 1u64.to_be_bytes(), b"1".as_slice());
    let opened = Sealer::open(Arc::clone(&world.store), world.config, SealSettings::default());
    assert!(matches!(opened, Err(SealError::Chain(_))));
}

#[test]
fn the_budget_of_a_block_keeps_it_within_a_batch() {
    use ashlar_stf::rollup::{RollupBlockBuilder, RollupTransaction};
    let mut config = config();
    (config.transaction_logs_limit, config.batch_logs_limit) = (2, 7);
    let mut world = funded(config);
    let transactions: Vec<Bytes> = (0..10).map(|_| world.withdrawal()).collect();
    let mut budget = BlockBudget::new(&config);
    let mut builder =
        RollupBlockBuilder::new(&config, &mut world.state, Address::repeat_byte(1), TIME + 1).unwrap();
    let mut count = 0;
    for bytes in &transactions {
        if !budget.has_room() {
            break;
        }
        budget.take(builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap());
        count += 1;
    }
    // Six have one log each; for whatever comes next, which may have two, there is one.
    assert_eq!(count, 6);
    assert!(!budget.has_room_for_operation());
}

#[test]
fn an_empty_block_has_room_and_one_with_an_upgrade_has_none() {
    use ashlar_stf::rollup::{RollupBlockBuilder, RollupTransaction};
    let mut tight = config();
    (tight.transaction_pubdata_limit, tight.batch_pubdata_limit) = (4_096, 4_608);
    (tight.transaction_cost_limit, tight.batch_cost_limit) = (1 << 23, (1 << 23) + (1 << 26));
    (tight.transaction_logs_limit, tight.batch_logs_limit) = (1, 1);
    assert!(BlockBudget::new(&tight).has_room() && BlockBudget::new(&tight).has_room_for_operation());
    let mut world = World::new(config());
    let upgrade = world.upgrade();
    let mut budget = BlockBudget::new(&world.config);
    let mut builder =
        RollupBlockBuilder::new(&world.config, &mut world.state, Address::repeat_byte(1), TIME).unwrap();
    budget.take(builder.push(&RollupTransaction::decode(&upgrade).unwrap(), &upgrade).unwrap());
    assert!(!budget.has_room() && !budget.has_room_for_operation());
}
