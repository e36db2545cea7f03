//! The watcher, on an Ethereum that changes its mind, and on nodes that lie.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use alloy_primitives::{Address, B256, Bytes, U64, keccak256};
use alloy_sol_types::{SolCall, SolEvent};
use ashlar_ethereum::{
    Class, Watcher, WatcherError, WatcherSettings, WatcherStep,
    test_utils::{FakeNode, Reply},
};
use ashlar_primitives::rollup::Operation;
use ashlar_settlement::abi::chain::RollupChain::{self as Chain, ChainProgress};
use ashlar_storage::{Changes, MemoryStore, OperationRecords, Store, Table, put_operations_included};
use serde_json::{Value, json};

const CHAIN_ID: u64 = 271_828;
const CHAIN: Address = Address::repeat_byte(0xcc);

#[derive(Clone)]
struct Block {
    hash: B256,
    operations: Vec<Bytes>,
}

/// An Ethereum in memory.
struct Model {
    blocks: Vec<Block>,
    chain_id: u64,
    finalized: Option<u64>,
    /// Most blocks of a range.
    range_max: u64,
    /// What becomes of the logs before they are sent.
    lie: fn(&mut Vec<Value>),
    /// Whether nobody answers.
    away: bool,
}

type L1 = Arc<Mutex<Model>>;

fn operation(id: u64, data: &str) -> Bytes {
    let operation = Operation {
        chain_id: CHAIN_ID,
        id,
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        value: Default::default(),
        mint: Default::default(),
        gas_limit: 100_000,
        gas_price: 1,
        refund_recipient: Address::repeat_byte(3),
        data: data.as_bytes().to_vec().into(),
    };
    operation.encode().into()
}

impl Model {
    fn new() -> Self {
        let mut model = Self {
            blocks: Vec::new(),
            chain_id: 1,
            finalized: None,
            range_max: 1_000,
            lie: |_| {},
            away: false,
        };
        model.mine(&[]);
        model
    }

    /// Appends a block with operations that have these data.
    fn mine(&mut self, data: &[&str]) {
        let first = self.operations_up_to(self.blocks.len());
        let operations: Vec<Bytes> = (first..).zip(data).map(|(id, data)| operation(id, data)).collect();
        let before = self.blocks.last().map_or(B256::ZERO, |block| block.hash);
        let hash = keccak256([before.as_slice(), &operations.concat()].concat());
        self.blocks.push(Block { hash, operations });
    }

    fn mine_empty(&mut self, count: usize) {
        (0..count).for_each(|_| self.mine(&[]));
    }

    /// Takes back all blocks from this one on, and has another one in its place.
    fn reorganize(&mut self, number: usize, data: &[&str]) {
        self.blocks.truncate(number);
        self.mine(data);
        let last = self.blocks.last_mut().unwrap();
        last.hash = keccak256([last.hash.as_slice(), b"another"].concat());
    }

    fn operations_up_to(&self, blocks: usize) -> u64 {
        self.blocks[..blocks].iter().map(|block| block.operations.len() as u64).sum()
    }

    fn header(&self, number: u64) -> Value {
        let Some(block) = self.blocks.get(number as usize) else { return Value::Null };
        let parent = number.checked_sub(1).map_or(B256::ZERO, |parent| self.blocks[parent as usize].hash);
        json!({
            "number": U64::from(number), "hash": block.hash, "parentHash": parent,
            "timestamp": U64::from(number * 12), "baseFeePerGas": "0x7",
        })
    }

    fn logs(&self, filter: &Value) -> Vec<Value> {
        let number = |field: &str| serde_json::from_value::<U64>(filter[field].clone()).unwrap().to::<u64>();
        assert_eq!(filter["address"], json!(CHAIN));
        let mut logs = Vec::new();
        for number in number("fromBlock")..=number("toBlock") {
            let first = self.operations_up_to(number as usize);
            let block = &self.blocks[number as usize];
            for (index, (id, encoded)) in (first..).zip(&block.operations).enumerate() {
                let event = Chain::OperationRequested {
                    id,
                    hash: keccak256(encoded),
                    deadline: 1_000 + number,
                    encoded: encoded.clone(),
                };
                let topics: Vec<B256> = event.encode_topics().into_iter().map(|topic| topic.0).collect();
                logs.push(json!({
                    "address": CHAIN, "topics": topics, "data": Bytes::from(event.encode_data()),
                    "blockNumber": U64::from(number), "blockHash": block.hash,
                    "transactionHash": B256::repeat_byte(9), "logIndex": U64::from(index as u64), "removed": false,
                }));
            }
        }
        logs
    }

    fn call(&self, params: &Value) -> Reply {
        let hash: B256 = serde_json::from_value(params[1]["blockHash"].clone()).unwrap();
        let Some(at) = self.blocks.iter().position(|block| block.hash == hash) else {
            return Reply::Error(-32_000, "block is not canonical".into(), Value::Null);
        };
        let data: Bytes = serde_json::from_value(params[0]["input"].clone()).unwrap();
        let result = match <[u8; 4]>::try_from(&data[..4]).unwrap() {
            Chain::progressCall::SELECTOR => {
                let operations = self.operations_up_to(at + 1);
                let progress = ChainProgress {
                    committed: 5,
                    proven: 4,
                    executed: at as u64,
                    operations,
                    executedOperations: 1,
                    nextDeadline: 7,
                };
                Chain::progressCall::abi_encode_returns(&progress)
            }
            Chain::gasPriceCall::SELECTOR => Chain::gasPriceCall::abi_encode_returns(&77),
            Chain::pausedUntilCall::SELECTOR => Chain::pausedUntilCall::abi_encode_returns(&30),
            _ => [B256::repeat_byte(4), B256::with_last_byte(6)].concat(),
        };
        Reply::Result(json!(Bytes::from(result)))
    }

    fn answer(&mut self, method: &str, params: &Value) -> Reply {
        if self.away {
            return Reply::Http(503, String::new());
        }
        let last = self.blocks.len() as u64 - 1;
        Reply::Result(match method {
            "eth_chainId" => json!(U64::from(self.chain_id)),
            "eth_blobBaseFee" => json!("0x3"),
            "eth_getBlockByNumber" => match params[0].as_str().unwrap() {
                "latest" => self.header(last),
                "finalized" => self.finalized.map_or(Value::Null, |number| self.header(number)),
                number => self.header(u64::from_str_radix(&number[2..], 16).unwrap()),
            },
            "eth_getLogs" => {
                let number = |field: &str| serde_json::from_value::<U64>(params[0][field].clone()).unwrap();
                if number("toBlock") - number("fromBlock") >= U64::from(self.range_max) {
                    return Reply::Error(-32_005, "too many blocks".into(), Value::Null);
                }
                let mut logs = self.logs(&params[0]);
                (self.lie)(&mut logs);
                json!(logs)
            }
            "eth_call" => return self.call(params),
            method => panic!("nobody asks for {method}"),
        })
    }
}

struct World {
    l1: L1,
    node: FakeNode,
    store: Arc<MemoryStore>,
    settings: WatcherSettings,
    watcher: Watcher<Arc<MemoryStore>>,
}

impl World {
    fn new(model: Model) -> Self {
        let l1 = Arc::new(Mutex::new(model));
        let shared = l1.clone();
        let node = FakeNode::new(move |method, params| shared.lock().unwrap().answer(method, params));
        let settings = WatcherSettings {
            l1_chain_id: 1,
            chain_id: CHAIN_ID,
            chain: CHAIN,
            first_block: 0,
            confirmations: 0,
            range_blocks_max: 1_000,
            interval: Duration::from_secs(1),
        };
        let store = Arc::<MemoryStore>::default();
        let watcher = Watcher::new(node.client(), store.clone(), settings.clone());
        Self { l1, node, store, settings, watcher }
    }

    /// As a new start does.
    fn start_again(&mut self) {
        self.watcher = Watcher::new(self.node.client(), self.store.clone(), self.settings.clone());
    }

    fn change(&self, change: impl FnOnce(&mut Model)) {
        change(&mut self.l1.lock().unwrap());
    }

    /// Steps until there is nothing more.
    fn read(&mut self) {
        while !matches!(self.watcher.step().unwrap(), WatcherStep::Idle | WatcherStep::Behind) {}
    }

    fn data(&self) -> Vec<String> {
        let records = self.store.operations(0..self.store.operations_count().unwrap()).unwrap();
        let data = records.iter().map(|record| String::from_utf8(record.operation.data.to_vec()).unwrap());
        data.collect()
    }

    fn include(&self, operations: u64) {
        let mut changes = Changes::default();
        put_operations_included(&mut changes, operations);
        self.store.write(changes).unwrap();
    }
}

/// Blocks 0 to 4; operations in 1, 2 and 4.
fn some() -> Model {
    let mut model = Model::new();
    model.mine(&["a", "b"]);
    model.mine(&["c"]);
    model.mine(&[]);
    model.mine(&["d"]);
    model
}

#[test]
fn operations_are_read_once_and_in_order() {
    let mut world = World::new(some());
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Read { block: 4, operations: 4, more: false });
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Idle);
    assert_eq!(world.data(), ["a", "b", "c", "d"]);
    let record = world.store.operation(2).unwrap().unwrap();
    let block = world.l1.lock().unwrap().blocks[2].hash;
    assert_eq!((record.l1_block, record.l1_block_hash, record.deadline), (2, block, 1_002));
    assert_eq!(record.l1_transaction, B256::repeat_byte(9));
    world.change(|l1| l1.mine(&["e"]));
    world.start_again();
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Read { block: 5, operations: 1, more: false });
    assert_eq!(world.data(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn the_settlement_is_told() {
    let mut model = some();
    model.finalized = Some(2);
    let mut world = World::new(model);
    assert!(world.watcher.status().get().view.is_none());
    world.read();
    let status = world.watcher.status().get();
    assert_eq!((status.next_block, status.operations_read), (5, 4));
    let view = status.view.unwrap();
    assert_eq!((view.head.number, view.finalized_head.unwrap().number), (4, 2));
    assert_eq!((view.head.base_fee, view.blob_base_fee), (7, Some(3)));
    let settlement = view.settlement;
    assert_eq!((settlement.committed, settlement.proven, settlement.executed), (5, 4, 4));
    assert_eq!((settlement.operations, view.executed_finalized), (4, Some(2)));
    assert_eq!((view.operation_gas_price, view.paused_until), (77, 30));
    assert!(!view.is_paused());
    assert_eq!(view.pending_upgrade.unwrap().batch, 6);
}

#[test]
fn young_blocks_wait() {
    let mut world = World::new(some());
    world.settings.confirmations = 2;
    world.start_again();
    world.read();
    assert_eq!(world.data(), ["a", "b", "c"]);
    world.change(|l1| l1.mine_empty(1));
    world.read();
    assert_eq!(world.data().len(), 3);
    world.change(|l1| l1.mine_empty(1));
    world.read();
    assert_eq!(world.data().len(), 4);
    world.settings.confirmations = 100;
    world.start_again();
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Idle);
}

#[test]
fn ranges_shrink_to_what_the_node_gives() {
    let mut model = some();
    model.mine_empty(600);
    model.mine(&["e"]);
    model.range_max = 7;
    let mut world = World::new(model);
    world.read();
    assert_eq!(world.data(), ["a", "b", "c", "d", "e"]);
    // A node that gives not even one block is an error, and no loop.
    world.change(|l1| {
        l1.mine(&["f"]);
        l1.range_max = 0;
    });
    assert!(matches!(world.watcher.step(), Err(WatcherError::Client(_))));
}

fn change_event(log: &mut Value, change: impl FnOnce(&mut Chain::OperationRequested)) {
    let topics: Vec<B256> = serde_json::from_value(log["topics"].clone()).unwrap();
    let data: Bytes = serde_json::from_value(log["data"].clone()).unwrap();
    let mut event = Chain::OperationRequested::decode_raw_log(topics, &data).unwrap();
    change(&mut event);
    let topics: Vec<B256> = event.encode_topics().into_iter().map(|topic| topic.0).collect();
    (log["topics"], log["data"]) = (json!(topics), json!(Bytes::from(event.encode_data())));
}

fn change_operation(log: &mut Value, change: impl FnOnce(&mut Operation)) {
    change_event(log, |event| {
        let mut operation = Operation::decode(&event.encoded).unwrap();
        change(&mut operation);
        (event.encoded, event.hash) = (operation.encode().into(), operation.hash());
    });
}

#[test]
fn nothing_that_a_node_says_of_operations_is_believed() {
    type Lie = fn(&mut Vec<Value>);
    let lies: [(&str, Lie); 18] = [
        ("the id of another", |logs| change_event(&mut logs[1], |event| event.id = 0)),
        ("an id that is too high", |logs| change_event(&mut logs[1], |event| event.id = 2)),
        ("two ids", |logs| change_operation(&mut logs[1], |operation| operation.id = 0)),
        ("the hash of another", |logs| change_event(&mut logs[1], |event| event.hash = B256::ZERO)),
        ("other bytes", |logs| {
            change_event(&mut logs[1], |event| event.encoded = Bytes::from_static(&[0x7f]))
        }),
        ("another rollup", |logs| change_operation(&mut logs[1], |operation| operation.chain_id = 1)),
        ("another contract", |logs| logs[1]["address"] = json!(Address::ZERO)),
        ("another event", |logs| logs[1]["topics"][0] = json!(B256::ZERO)),
        ("no event", |logs| logs[1]["topics"] = json!([])),
        ("fewer topics", |logs| logs[1]["topics"].as_array_mut().unwrap().truncate(2)),
        ("cut data", |logs| logs[1]["data"] = json!("0x00")),
        ("taken back", |logs| logs[1]["removed"] = json!(true)),
        ("a block of another fork", |logs| logs[1]["blockHash"] = json!(B256::ZERO)),
        ("a block out of the range", |logs| logs[3]["blockNumber"] = json!("0x5")),
        ("twice", |logs| {
            let log = logs[1].clone();
            logs.insert(1, log);
        }),
        ("out of order", |logs| logs.swap(0, 1)),
        ("left out in the middle", |logs| drop(logs.remove(1))),
        ("left out at the end", |logs| drop(logs.pop())),
    ];
    for (what, lie) in lies {
        let mut world = World::new(some());
        world.change(|l1| l1.lie = lie);
        let error = world.watcher.step().unwrap_err();
        assert!(
            matches!(
                error,
                WatcherError::Untrue { .. } | WatcherError::Incomplete { .. } | WatcherError::Moved { .. }
            ),
            "{what}: {error}"
        );
        assert!(world.data().is_empty(), "{what}");
        assert_eq!(world.watcher.status().get().next_block, 0, "{what}");
        // Once it says the truth, all is there.
        world.change(|l1| l1.lie = |_| {});
        world.read();
        assert_eq!(world.data(), ["a", "b", "c", "d"], "{what}");
    }
}

#[test]
fn a_log_that_is_made_up_is_refused() {
    let mut world = World::new(some());
    world.change(|l1| {
        l1.lie = |logs| {
            let mut log = logs[3].clone();
            log["logIndex"] = json!("0x9");
            change_operation(&mut log, |operation| operation.id = 4);
            change_event(&mut log, |event| event.id = 4);
            logs.push(log);
        }
    });
    let error = world.watcher.step().unwrap_err();
    assert!(matches!(error, WatcherError::Incomplete { has: 4, read: 5, .. }), "{error}");
}

#[test]
fn a_node_of_another_network_is_refused() {
    let mut world = World::new(some());
    world.change(|l1| l1.chain_id = 5);
    let error = world.watcher.look(SystemTime::now()).unwrap_err();
    assert!(matches!(error, WatcherError::OtherEthereum { is: 5, expected: 1 }), "{error}");
    assert_eq!(error.class(), Class::Permanent);
}

#[test]
fn a_store_of_another_rollup_is_refused() {
    let mut world = World::new(some());
    world.read();
    world.settings.chain = Address::ZERO;
    world.start_again();
    assert!(matches!(world.watcher.step(), Err(WatcherError::OtherStore { chain: CHAIN, .. })));
}

#[test]
fn a_damaged_record_is_named() {
    let mut world = World::new(some());
    world.read();
    for (key, name) in [("watcher", "watcher"), ("operations_included", "number of operations in blocks")] {
        let mut changes = Changes::default();
        changes.put(Table::Meta, key, [1, 2, 3]);
        world.store.write(changes).unwrap();
        world.change(|l1| l1.reorganize(4, &[key]));
        let error = world.watcher.step().unwrap_err().to_string();
        assert!(error.contains("damaged") && error.contains(name), "{error}");
        let mut changes = Changes::default();
        changes.remove(Table::Meta, key);
        world.store.write(changes).unwrap();
        world.read();
    }
}

#[test]
fn what_ethereum_takes_back_is_removed() {
    let mut world = World::new(some());
    world.read();
    world.include(2);
    world.change(|l1| {
        l1.reorganize(2, &["x"]);
        l1.mine_empty(3);
        l1.mine(&["y"]);
    });
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Rewound { block: 2, operations: 2 });
    assert_eq!(world.data(), ["a", "b"]);
    assert_eq!(world.watcher.status().get().next_block, 2);
    world.read();
    assert_eq!(world.data(), ["a", "b", "x", "y"]);
}

#[test]
fn everything_may_be_taken_back_before_it_is_used() {
    let mut world = World::new(some());
    world.read();
    world.change(|l1| {
        l1.reorganize(0, &["x"]);
        l1.mine_empty(9);
    });
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Rewound { block: 0, operations: 4 });
    world.read();
    assert_eq!(world.data(), ["x"]);
}

#[test]
fn an_operation_in_a_block_of_the_rollup_that_is_taken_back_is_critical() {
    let mut world = World::new(some());
    world.read();
    world.include(3);
    let before = world.data();
    world.change(|l1| {
        l1.reorganize(2, &["x"]);
        l1.mine_empty(3);
    });
    for _ in 0..2 {
        let error = world.watcher.step().unwrap_err();
        assert!(matches!(error, WatcherError::Undone { operation: 2, block: 2 }), "{error}");
        assert_eq!(error.class(), Class::Permanent);
        assert_eq!(world.data(), before, "nothing is changed");
        world.start_again();
    }
    // Not there at all is the same.
    world.change(|l1| {
        l1.reorganize(2, &[]);
        l1.mine_empty(3);
    });
    assert!(matches!(world.watcher.step(), Err(WatcherError::Undone { operation: 2, .. })));
    // Back, in another block.
    world.change(|l1| {
        l1.mine(&["c"]);
        l1.mine(&["z"]);
    });
    world.start_again();
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Rewound { block: 2, operations: 2 });
    world.read();
    assert_eq!(world.data(), ["a", "b", "c", "z"]);
    assert_eq!(world.store.operation(2).unwrap().unwrap().l1_block, 6);
}

#[test]
fn a_reorganization_that_is_too_deep_is_critical() {
    let mut model = some();
    model.mine_empty(400);
    let mut world = World::new(model);
    world.read();
    world.change(|l1| {
        l1.reorganize(200, &[]);
        l1.mine_empty(198);
    });
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Rewound { block: 200, operations: 0 });
    world.read();
    world.change(|l1| {
        l1.reorganize(100, &[]);
        l1.mine_empty(400);
    });
    let error = world.watcher.step().unwrap_err();
    assert!(matches!(error, WatcherError::TooDeep { .. }), "{error}");
    assert_eq!(error.class(), Class::Permanent);
    assert_eq!(world.data().len(), 4, "nothing is changed");
}

#[test]
fn a_node_that_is_behind_is_waited_for() {
    let mut world = World::new(some());
    world.read();
    let last = world.l1.lock().unwrap().blocks.pop().unwrap();
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Behind);
    assert_eq!(world.data().len(), 4);
    world.change(|l1| l1.blocks.push(last));
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Idle);
    // Shorter, and another one.
    world.change(|l1| l1.reorganize(3, &[]));
    assert_eq!(world.watcher.step().unwrap(), WatcherStep::Rewound { block: 3, operations: 1 });
}

#[test]
fn a_node_that_is_away_is_waited_for_and_the_status_says_since_when() {
    let mut world = World::new(some());
    let start = SystemTime::UNIX_EPOCH;
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    assert_eq!(world.watcher.look(at(0)).unwrap(), Duration::from_secs(1));
    world.change(|l1| l1.away = true);
    let mut pauses = Vec::new();
    for second in 1..10 {
        pauses.push(world.watcher.look(at(second)).unwrap().as_secs());
        let away = world.watcher.status().get().away.unwrap();
        assert_eq!((away.since, world.watcher.status().get().last_seen), (at(1), Some(at(0))));
        assert!(away.error.contains("503"), "{}", away.error);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60, 60]);
    world.change(|l1| l1.away = false);
    assert_eq!(world.watcher.look(at(20)).unwrap(), Duration::from_secs(1));
    let status = world.watcher.status().get();
    assert_eq!((status.away, status.last_seen), (None, Some(at(20))));
}

#[test]
fn what_a_node_refuses_for_a_moment_is_waited_for() {
    let settings = World::new(some()).settings;
    let refusal = |code| Reply::Error(code, "header not found".into(), Value::Null);
    for (reply, class) in [
        (refusal(-32_000), Class::Temporary),
        (Reply::Result(Value::Null), Class::Temporary),
        (refusal(-32_601), Class::Permanent),
    ] {
        let node = FakeNode::new(move |_, _| reply.clone());
        let mut watcher = Watcher::new(node.client(), MemoryStore::default(), settings.clone());
        let error = watcher.step().unwrap_err();
        assert_eq!(error.class(), class, "{error}");
    }
}

#[test]
fn it_runs_until_it_is_stopped() {
    let World { watcher, store, .. } = World::new(some());
    let mut pauses = 0;
    // The node of the world is gone, which passes by for all it knows.
    let result = watcher.run(|_| {
        pauses += 1;
        pauses == 3
    });
    result.unwrap();
    assert!(store.operation(0).unwrap().is_none());
}
