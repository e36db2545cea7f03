//! Blocks of what the pool and Ethereum's queue have.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use ashlar_ethereum::OperationsLock;
use ashlar_mempool::{AccountState, Accounts, Code, Limits, Mempool, Status};
use ashlar_node::{Sequencer, SequencerSettings};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_stf::rollup::genesis_header;
use ashlar_storage::{
    BlockRecord, ChainRecords, Changes, InitialAccount, MemoryStore, OperationRecord, OperationRecords,
    StateDb, StateDbError, Store, read_account, read_code,
};
use k256::ecdsa::SigningKey;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

const CHAIN_ID: u64 = 271_828;
const TIME: u64 = 1_800_000_000;
/// Calculates until its gas is used up: JUMPDEST, PUSH0, JUMP.
const LOOP: Address = Address::repeat_byte(0xc0);

fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: 1_000_000,
        base_fee_doubling: 1 << 29,
        transaction_cost_limit: 1 << 26,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 64,
        batch_logs_limit: 1_024,
    }
}

fn key(number: u64) -> SigningKey {
    SigningKey::from_slice(keccak256(format!("user {number}")).as_slice()).unwrap()
}

fn user(number: u64) -> Address {
    Address::from_public_key(key(number).verifying_key())
}

fn sign(number: u64, nonce: u64, to: Address, gas_limit: u64, tip: u128) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(to),
        ..TxEip1559::default()
    };
    let hash = transaction.signature_hash();
    let signature: Signature = key(number).sign_prehash_recoverable(hash.as_slice()).unwrap().into();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

fn transfer(number: u64, nonce: u64, tip: u128) -> Bytes {
    sign(number, nonce, Address::repeat_byte(0x99), 21_000, tip)
}

struct Stored(Arc<MemoryStore>);

impl Accounts for Stored {
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError> {
        let Some(record) = read_account(&self.0, address)? else { return Ok(AccountState::default()) };
        let code = read_code(&self.0, &record.code_hash)?.map_or(Code::None, |code| Code::of(&code));
        Ok(AccountState { nonce: record.nonce, balance: record.balance, code })
    }
}

struct World {
    store: Arc<MemoryStore>,
    pool: Mempool,
    sequencer: Sequencer<MemoryStore>,
    told: Arc<Mutex<Vec<B256>>>,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let rich =
            InitialAccount { balance: U256::from(10).pow(U256::from(20)), ..InitialAccount::default() };
        let mut accounts: BTreeMap<_, _> = (0..8).map(|number| (user(number), rich.clone())).collect();
        let code = Bytes::from_static(&[0x5b, 0x5f, 0x56]);
        accounts.insert(LOOP, InitialAccount { nonce: 1, code, ..InitialAccount::default() });
        StateDb::begin(Arc::clone(&store), &accounts, |root| genesis_header(&config(), root, TIME)).unwrap();
        Self::open(store)
    }

    /// As after a start.
    fn open(store: Arc<MemoryStore>) -> Self {
        let accounts = Stored(Arc::clone(&store));
        let pool = Mempool::open(Arc::clone(&store) as _, config(), Limits::default(), &accounts, 1_000_000)
            .unwrap();
        let settings = SequencerSettings {
            beneficiary: Address::repeat_byte(0xfe),
            block_time: Duration::from_secs(60),
        };
        let state = StateDb::open(Arc::clone(&store)).unwrap();
        let told = Arc::<Mutex<Vec<B256>>>::default();
        let tell = Arc::clone(&told);
        let on_block = Box::new(move |block: &Arc<BlockRecord>| tell.lock().unwrap().push(block.header.hash));
        let sequencer =
            Sequencer::new(config(), settings, state, pool.clone(), OperationsLock::default(), on_block);
        Self { store, pool, sequencer, told }
    }

    fn add(&self, bytes: Bytes) -> B256 {
        self.pool.add(bytes, &Stored(Arc::clone(&self.store))).unwrap()
    }

    fn ask(&self, id: u64) -> B256 {
        let operation = Operation {
            chain_id: CHAIN_ID,
            id,
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: U256::from(5),
            mint: U256::from(10).pow(U256::from(18)),
            gas_limit: 1 << 21,
            gas_price: 1_000_000,
            refund_recipient: Address::repeat_byte(3),
            data: Bytes::new(),
        };
        let hash = operation.hash();
        let record = OperationRecord {
            operation,
            deadline: TIME + 1_000,
            l1_block: 1,
            l1_block_hash: B256::ZERO,
            l1_transaction: B256::ZERO,
        };
        let mut changes = Changes::default();
        record.put(&mut changes);
        self.store.write(changes).unwrap();
        hash
    }

    fn step(&mut self, now: u64) -> Vec<B256> {
        let block = self.sequencer.step(now).unwrap();
        block.map_or(Vec::new(), |block| block.results.iter().map(|result| result.hash).collect())
    }
}

#[test]
fn there_are_no_empty_blocks() {
    let mut world = World::new();
    assert!(world.step(TIME + 1).is_empty());
    // One that waits for another makes no block either.
    let later = world.add(transfer(0, 1, 1));
    assert!(world.step(TIME + 2).is_empty());
    let first = world.add(transfer(0, 0, 1));
    assert_eq!(world.step(TIME + 3), [first, later]);
    assert!(world.step(TIME + 4).is_empty());
    assert_eq!(world.store.head().unwrap().unwrap().header.number, 1);
}

#[test]
fn what_ethereum_asks_for_comes_first_and_then_what_pays_most() {
    let mut world = World::new();
    let poor = world.add(transfer(0, 0, 1));
    let rich = world.add(transfer(1, 0, 9));
    let asked = [world.ask(0), world.ask(1)];
    assert_eq!(world.step(TIME + 1), [asked[0], asked[1], rich, poor]);
    assert_eq!(world.store.operations_included().unwrap(), 2);
    assert!(world.step(TIME + 2).is_empty());
    assert_eq!(world.step(TIME + 3), Vec::<B256>::new());
    let third = world.ask(2);
    assert_eq!(world.step(TIME + 4), [third]);
}

#[test]
fn one_that_is_refused_has_a_reason_and_keeps_nobody_else_out() {
    let mut world = World::new();
    // Over the limit of proving cost long before its gas is used up.
    let costly = world.add(sign(0, 0, LOOP, 1 << 24, 9));
    let behind = world.add(transfer(0, 1, 9));
    let other = world.add(transfer(1, 0, 1));
    assert_eq!(world.step(TIME + 1), [other]);
    let Status::Rejected { reason, .. } = world.pool.status(&costly) else { panic!("it was taken") };
    assert!(reason.contains("proving cost") && reason.contains("67108864"), "{reason}");
    assert_eq!(world.pool.status(&behind), Status::Queued);
}

#[test]
fn what_has_no_room_is_in_the_next_block() {
    let mut world = World::new();
    let gas = 1 << 24;
    // Each wants half of a block's gas, and uses little of it.
    let all: Vec<_> =
        (0..4).map(|number| world.add(sign(number, 0, Address::repeat_byte(0x99), gas, 1))).collect();
    let mut seen = Vec::new();
    let mut blocks = 0;
    while seen.len() < all.len() {
        seen.extend(world.step(TIME + 1));
        blocks += 1;
        assert!(blocks <= 4);
    }
    assert!(all.iter().all(|hash| seen.contains(hash)));
}

#[test]
fn time_does_not_go_back() {
    let mut world = World::new();
    world.add(transfer(0, 0, 1));
    world.step(TIME + 10);
    world.add(transfer(0, 1, 1));
    world.step(TIME - 10);
    assert_eq!(world.store.block(2).unwrap().unwrap().header.header.timestamp, TIME + 10);
}

#[test]
fn a_start_goes_on_with_what_was_taken() {
    let mut world = World::new();
    let first = world.add(transfer(0, 0, 1));
    let asked = world.ask(0);
    assert_eq!(world.step(TIME + 1), [asked, first]);
    let second = world.add(transfer(0, 1, 1));
    // The process ends here: nothing but the store is left.
    let told = world.told.lock().unwrap().clone();
    let mut world = World::open(world.store);
    assert_eq!(told, [world.store.head().unwrap().unwrap().hash]);
    assert_eq!(world.pool.status(&second), Status::Pending);
    assert_eq!(world.pool.status(&first), Status::Unknown);
    assert_eq!(world.step(TIME + 2), [second]);
    assert_eq!(world.store.transaction_place(&first).unwrap().unwrap().block, 1);
    assert_eq!(world.store.transaction_place(&second).unwrap().unwrap().block, 2);
    assert_eq!(world.store.operations_included().unwrap(), 1);
}
