//! An Ethereum with one account, in memory, and a sender on it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy_eips::{
    eip4844::{Blob, Bytes48},
    eip7594::BlobTransactionSidecarEip7594,
};
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use ashlar_ethereum::{
    Account, FeeLimits, Intent, Progress, Sender, SenderSettings,
    test_utils::{FakeNode, Reply},
};
use ashlar_storage::{Direction, MemoryStore, Store, Table};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};

pub(super) const TO: Address = Address::repeat_byte(0xcc);
pub(super) const BUMP: Duration = Duration::from_secs(60);

/// An Ethereum with one account.
pub(super) struct Model {
    /// Hashes of blocks, and how many nonces are used after each.
    pub(super) blocks: Vec<(B256, u64)>,
    /// Block and success by transaction.
    pub(super) mined: BTreeMap<B256, (usize, bool)>,
    /// Transactions that wait.
    pub(super) pool: BTreeMap<B256, Bytes>,
    pub(super) chain_id: u64,
    pub(super) base_fee: u128,
    pub(super) balance: U256,
    /// What is said to transactions instead of taking them.
    pub(super) refusal: Option<Reply>,
    /// What a call answers.
    pub(super) call: Reply,
}

impl Model {
    pub(super) fn new() -> Self {
        let mut model = Self {
            blocks: Vec::new(),
            mined: BTreeMap::new(),
            pool: BTreeMap::new(),
            chain_id: 1,
            base_fee: 100,
            balance: U256::from(u64::MAX),
            refusal: None,
            call: Reply::Result(json!("0x")),
        };
        model.block(0);
        model
    }

    pub(super) fn block(&mut self, nonces: u64) {
        let used = self.blocks.last().map_or(0, |block| block.1) + nonces;
        let before = self.blocks.last().map_or(B256::ZERO, |block| block.0);
        self.blocks
            .push((keccak256([before.as_slice(), &[nonces as u8, self.pool.len() as u8]].concat()), used));
    }

    pub(super) fn blocks(&mut self, count: usize) {
        (0..count).for_each(|_| self.block(0));
    }

    /// A block with this transaction.
    pub(super) fn mine(&mut self, hash: B256, succeeds: bool) {
        assert!(self.pool.remove(&hash).is_some(), "it waits");
        self.pool.clear();
        self.block(1);
        self.mined.insert(hash, (self.blocks.len() - 1, succeeds));
    }

    /// Takes back blocks, and forgets what was in them.
    pub(super) fn take_back(&mut self, count: usize) {
        let left = self.blocks.len() - count;
        self.blocks.truncate(left);
        self.mined.retain(|_, (block, _)| *block < left);
    }

    fn header(&self, number: u64) -> Value {
        let Some((hash, _)) = self.blocks.get(number as usize) else { return Value::Null };
        json!({
            "number": U64::from(number), "hash": hash, "parentHash": B256::ZERO,
            "timestamp": U64::from(number), "baseFeePerGas": format!("{:#x}", self.base_fee),
        })
    }

    pub(super) fn answer(&mut self, method: &str, params: &Value) -> Reply {
        let last = self.blocks.len() as u64 - 1;
        let number = |tag: &Value| match tag.as_str().unwrap() {
            "latest" | "pending" => last,
            number => u64::from_str_radix(&number[2..], 16).unwrap(),
        };
        let hash = || serde_json::from_value::<B256>(params[0].clone()).unwrap();
        Reply::Result(match method {
            "eth_chainId" => json!(U64::from(self.chain_id)),
            "eth_getBlockByNumber" => self.header(number(&params[0])),
            "eth_getTransactionCount" => json!(U64::from(self.blocks[number(&params[1]) as usize].1)),
            "eth_getBalance" => json!(self.balance),
            "eth_maxPriorityFeePerGas" => json!("0x8"),
            "eth_blobBaseFee" => json!("0x5"),
            "eth_estimateGas" => json!("0xc350"),
            "eth_call" => return self.call.clone(),
            "eth_getTransactionReceipt" => match self.mined.get(&hash()) {
                Some((block, succeeds)) => json!({
                    "transactionHash": hash(), "blockNumber": U64::from(*block as u64),
                    "blockHash": self.blocks[*block].0, "status": U64::from(u64::from(*succeeds)),
                    "gasUsed": "0x5208", "contractAddress": null,
                }),
                None => Value::Null,
            },
            "eth_getTransactionByHash" => {
                let known = self.pool.contains_key(&hash()) || self.mined.contains_key(&hash());
                if known { json!({"hash": hash()}) } else { Value::Null }
            }
            "eth_sendRawTransaction" => {
                if let Some(refusal) = &self.refusal {
                    return refusal.clone();
                }
                let raw: Bytes = serde_json::from_value(params[0].clone()).unwrap();
                // The hash is over what blocks have; no test asks for one with blobs.
                let hash = keccak256(&raw);
                self.pool.insert(hash, raw);
                json!(hash)
            }
            method => panic!("nobody asks for {method}"),
        })
    }
}

pub(super) struct World {
    pub(super) l1: Arc<Mutex<Model>>,
    pub(super) node: FakeNode,
    pub(super) store: Arc<MemoryStore>,
    pub(super) settings: SenderSettings,
    pub(super) sender: Sender<Arc<MemoryStore>>,
    pub(super) now: Duration,
}

pub(super) fn account() -> Account {
    Account::from(SigningKey::from_slice(&[7; 32]).unwrap())
}

pub(super) fn intent(key: &str) -> Intent {
    Intent {
        key: key.as_bytes().to_vec(),
        to: TO,
        data: Bytes::from(key.as_bytes().to_vec()),
        value: U256::from(5),
        gas_limit: None,
        sidecar: None,
    }
}

pub(super) fn with_blob(key: &str) -> Intent {
    let sidecar = BlobTransactionSidecarEip7594 {
        blobs: vec![Blob::ZERO],
        commitments: vec![Bytes48::ZERO],
        cell_proofs: vec![Bytes48::ZERO; 128],
    };
    Intent { sidecar: Some(sidecar), ..intent(key) }
}

impl World {
    pub(super) fn new() -> Self {
        let l1 = Arc::new(Mutex::new(Model::new()));
        let shared = l1.clone();
        let node = FakeNode::new(move |method, params| shared.lock().unwrap().answer(method, params));
        let settings = SenderSettings {
            l1_chain_id: 1,
            limits: FeeLimits { max: 10_000, blob: 100 },
            confirmations: 2,
            bump_after: BUMP,
        };
        let store = Arc::<MemoryStore>::default();
        let sender = Sender::new(node.client(), account(), store.clone(), settings.clone()).unwrap();
        Self { l1, node, store, settings, sender, now: Duration::from_secs(1_000) }
    }

    pub(super) fn start_again(&mut self) {
        self.sender =
            Sender::new(self.node.client(), account(), self.store.clone(), self.settings.clone()).unwrap();
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        change(&mut self.l1.lock().unwrap())
    }

    pub(super) fn send(&mut self, key: &str) -> Progress {
        self.sender.send(intent(key), self.now).unwrap()
    }

    pub(super) fn step(&mut self) -> Progress {
        self.sender.step(self.now).unwrap()
    }

    /// Sends, and the hash of what was sent.
    pub(super) fn sent(&mut self, key: &str) -> B256 {
        match self.send(key) {
            Progress::InFlight { hash, trouble: None, variants: 1, .. } => hash,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn entries(&self) -> usize {
        self.store.scan(Table::Outbox, &[], Direction::Up, 100).unwrap().len()
    }

    pub(super) fn broadcasts(&self) -> Vec<Bytes> {
        let calls = self.node.calls().into_iter().filter(|(method, _)| method == "eth_sendRawTransaction");
        calls.map(|(_, params)| serde_json::from_value(params[0].clone()).unwrap()).collect()
    }
}

pub(super) fn hash_of(progress: &Progress) -> B256 {
    match progress {
        Progress::InFlight { hash, .. } => *hash,
        other => panic!("{other:?}"),
    }
}
