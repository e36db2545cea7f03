//! A chain in memory, and a server of it.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_rpc::{
    ChainDetails, Heads, L1Contracts, Limits, Node, Pool, PoolContent, PoolState, PoolStatus,
    PooledTransaction, Proving, ProvingJob, Refused, Server, Settings, Settlement, SettlementProgress,
};
use ashlar_settlement::{GenesisParameters, genesis_accounts, withdrawers};
use ashlar_stf::rollup::{
    BatchBuilder, RollupBlock, RollupBlockBuilder, RollupTransaction, RollupTransactionKind, genesis_header,
};
use ashlar_storage::{
    BatchRecord, BlockRecord, ChainRecords, Changes, InitialAccount, MemoryStore, OperationRecord, StateDb,
    Store, put_operations_included, put_withdrawals,
};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) const CHAIN_ID: u64 = 1_337;
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const BENEFICIARY: Address = address!("000000000000000000000000000000000000fee5");

/// `sstore(calldata word 0, calldata word 1)`.
pub(crate) const SETTER: Address = address!("00000000000000000000000000000000000c0de0");
/// Emits all calldata with the topics 0xaa and calldata word 0.
pub(crate) const LOGGER: Address = address!("00000000000000000000000000000000000c0de1");
/// Reverts with all calldata.
pub(crate) const REVERTER: Address = address!("00000000000000000000000000000000000c0de2");
/// Returns the slot of calldata word 0.
pub(crate) const READER: Address = address!("00000000000000000000000000000000000c0de3");
/// Returns number, timestamp, base fee, caller, hash of the block before, gas limit, beneficiary.
pub(crate) const TELLER: Address = address!("00000000000000000000000000000000000c0de4");
/// Calls the bridge with all calldata, twice, with half of the value each time.
pub(crate) const WITHDRAWER: Address = address!("00000000000000000000000000000000000c0de6");
/// Calls the messenger with all calldata, one time more than a transaction may.
pub(crate) const SPAMMER: Address = address!("00000000000000000000000000000000000c0de7");
/// Never ends.
pub(crate) const BURNER: Address = address!("00000000000000000000000000000000000c0de5");

pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1 << 22,
        base_fee_min: 1_000,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 28,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 16,
        batch_logs_limit: 1024,
    }
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(keccak256([number]).as_slice()).unwrap()
}

pub(crate) fn account(number: u8) -> Address {
    Address::from_public_key(key(number).verifying_key())
}

/// The predeploys of every chain.
fn predeploys() -> impl Iterator<Item = (Address, InitialAccount)> {
    let (wrapped_name, wrapped_symbol) = ("Wrapped".to_owned(), "W".to_owned());
    let asset_router = DETAILS.contracts.asset_router;
    let parameters = GenesisParameters {
        asset_router,
        l1_chain_id: DETAILS.l1_chain_id,
        config: config(),
        wrapped_name,
        wrapped_symbol,
    };
    genesis_accounts(&parameters).unwrap().into_iter().map(|(address, account)| {
        let ashlar_settlement::GenesisAccount { nonce, code, storage, .. } = account;
        (address, InitialAccount { nonce, code, storage, ..InitialAccount::default() })
    })
}

pub(crate) const DETAILS: ChainDetails = ChainDetails {
    l1_chain_id: 31_337,
    contracts: L1Contracts {
        bridgehub: Address::repeat_byte(0x10),
        asset_router: Address::repeat_byte(0x11),
        vault: Address::repeat_byte(0x12),
        message_root: Address::repeat_byte(0x13),
        protocol_versions: Address::repeat_byte(0x14),
        chain: Address::repeat_byte(0x15),
    },
    program_key: B256::repeat_byte(0x77),
};

pub(crate) fn accounts() -> BTreeMap<Address, InitialAccount> {
    let contract = |code: Bytes| InitialAccount { nonce: 1, code, ..InitialAccount::default() };
    let mut setter = contract(Bytes::from_static(&[0x60, 0x20, 0x35, 0x5f, 0x35, 0x55]));
    setter.storage = (1..40u64).map(|slot| (U256::from(slot), U256::from(slot + 1))).collect();
    let logger =
        contract(Bytes::from_static(&[0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x35, 0x60, 0xaa, 0x36, 0x5f, 0xa2]));
    let mut reader = contract(Bytes::from_static(&[0x5f, 0x35, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]));
    reader.storage = BTreeMap::from([(U256::from(5), U256::from(55)), (U256::from(6), U256::from(66))]);
    let teller = contract(Bytes::from_static(&[
        0x43, 0x5f, 0x52, 0x42, 0x60, 0x20, 0x52, 0x48, 0x60, 0x40, 0x52, 0x33, 0x60, 0x60,
        0x52, // caller
        0x60, 1, 0x43, 0x03, 0x40, 0x60, 0x80, 0x52, 0x45, 0x60, 0xa0, 0x52, 0x41, 0x60, 0xc0,
        0x52, // beneficiary
        0x60, 0xe0, 0x5f, 0xf3,
    ]));
    let withdraw = [
        0x5f, 0x5f, 0x36, 0x5f, 0x60, 2, 0x34, 0x04, 0x61, 0xff, 0x03, 0x5a, 0xf1, 0x50, // a call
    ];
    let send = [0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x61, 0xff, 0x02, 0x5a, 0xf1, 0x50];
    let withdrawer = [&[0x36, 0x5f, 0x5f, 0x37][..], &withdraw, &withdraw].concat();
    let mut accounts: BTreeMap<_, _> = predeploys().collect();
    accounts.extend([
        (WITHDRAWER, contract(withdrawer.into())),
        (SPAMMER, contract([&[0x36, 0x5f, 0x5f, 0x37][..], &send.repeat(17)].concat().into())),
        (HISTORY_STORAGE_ADDRESS, contract(HISTORY_STORAGE_CODE.clone())),
        (SETTER, setter),
        (LOGGER, logger),
        (REVERTER, contract(Bytes::from_static(&[0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0xfd]))),
        (READER, reader),
        (TELLER, teller),
        (BURNER, contract(Bytes::from_static(&[0x5b, 0x5f, 0x56]))),
    ]);
    for number in 0..5 {
        let balance = U256::from(10).pow(U256::from(18));
        accounts.insert(account(number), InitialAccount { balance, ..InitialAccount::default() });
    }
    accounts
}

pub(crate) fn words(words: &[u64]) -> Bytes {
    words.iter().flat_map(|word| U256::from(*word).to_be_bytes::<32>()).collect()
}

fn sign(number: u8, hash: B256) -> Signature {
    key(number).sign_prehash_recoverable(hash.as_slice()).unwrap().into()
}

fn signed<T: SignableTransaction<Signature>>(number: u8, transaction: T) -> Bytes
where
    TxEnvelope: From<alloy_consensus::Signed<T>>,
{
    let signature = sign(number, transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

/// A transaction of type 2.
pub(crate) fn dynamic(number: u8, nonce: u64, to: TxKind, value: u64, input: Bytes) -> Bytes {
    dynamic_gas(number, nonce, to, value, input, 200_000)
}

/// A transaction of type 2 with this gas limit.
pub(crate) fn dynamic_gas(
    number: u8,
    nonce: u64,
    to: TxKind,
    value: u64,
    input: Bytes,
    gas_limit: u64,
) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 100_000,
        max_priority_fee_per_gas: u128::from(number) * 10,
        to,
        value: U256::from(value),
        input,
        ..TxEip1559::default()
    };
    signed(number, transaction)
}

pub(crate) fn call(number: u8, nonce: u64, to: Address, input: Bytes) -> Bytes {
    dynamic(number, nonce, TxKind::Call(to), 0, input)
}

/// A transaction of type 0.
pub(crate) fn legacy(number: u8, nonce: u64, to: Address, value: u64) -> Bytes {
    let transaction = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce,
        gas_price: 5_000,
        gas_limit: 21_000,
        to: TxKind::Call(to),
        value: U256::from(value),
        input: Bytes::new(),
    };
    signed(number, transaction)
}

/// A transaction of type 1.
pub(crate) fn with_access_list(number: u8, nonce: u64, to: Address, input: Bytes) -> Bytes {
    let item = AccessListItem { address: SETTER, storage_keys: vec![B256::with_last_byte(1)] };
    let transaction = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce,
        gas_price: 6_000,
        gas_limit: 100_000,
        to: TxKind::Call(to),
        input,
        access_list: AccessList(vec![item]),
        ..TxEip2930::default()
    };
    signed(number, transaction)
}

pub(crate) fn authorization(number: u8, nonce: u64, to: Address) -> SignedAuthorization {
    let authorization = Authorization { chain_id: U256::from(CHAIN_ID), address: to, nonce };
    let signature = sign(number, authorization.signature_hash());
    authorization.into_signed(signature)
}

/// A transaction of type 4, by which `authority` delegates to `to`.
pub(crate) fn delegating(number: u8, nonce: u64, authority: u8, to: Address) -> Bytes {
    let transaction = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 100_000,
        max_priority_fee_per_gas: 1,
        to: account(number),
        authorization_list: vec![authorization(authority, 0, to)],
        ..TxEip7702::default()
    };
    signed(number, transaction)
}

/// A priority operation that calls the logger.
pub(crate) fn operation(id: u64) -> Operation {
    Operation {
        chain_id: CHAIN_ID,
        id,
        from: Address::repeat_byte(1),
        to: LOGGER,
        value: U256::from(5),
        mint: U256::from(5_000_005),
        gas_limit: 200_000,
        gas_price: 10,
        refund_recipient: Address::repeat_byte(3),
        data: words(&[id]),
    }
}

/// A pool that takes whatever decodes, and knows no nonces but by count.
#[derive(Default)]
pub(crate) struct TestPool {
    waiting: Mutex<BTreeMap<B256, PooledTransaction>>,
    /// What is known of transactions that do not wait.
    pub(crate) states: Mutex<BTreeMap<B256, PoolState>>,
    heads: Heads,
}

fn nonce(pooled: &PooledTransaction) -> u64 {
    use alloy_consensus::Transaction as _;
    match RollupTransaction::decode(&pooled.bytes).unwrap().kind {
        RollupTransactionKind::Signed { transaction, .. } => transaction.nonce(),
        _ => unreachable!("only signed ones are taken"),
    }
}

impl Pool for TestPool {
    fn add(&self, bytes: Bytes) -> Result<B256, Refused> {
        let refused = |message: &str| Refused { code: -32_000, message: message.to_owned() };
        let transaction = RollupTransaction::decode(&bytes).map_err(|error| refused(&error.to_string()))?;
        let RollupTransactionKind::Signed { sender, .. } = transaction.kind else {
            return Err(refused("transaction type not supported"));
        };
        let hash = transaction.hash;
        if self.waiting.lock().unwrap().insert(hash, PooledTransaction { bytes, sender }).is_some() {
            return Err(refused("already known"));
        }
        self.heads.send_transaction(hash);
        Ok(hash)
    }

    fn get(&self, hash: &B256) -> Option<PooledTransaction> {
        self.waiting.lock().unwrap().get(hash).cloned()
    }

    fn state(&self, hash: &B256) -> PoolState {
        match self.get(hash) {
            Some(_) => PoolState::Pending,
            None => self.states.lock().unwrap().get(hash).cloned().unwrap_or(PoolState::Unknown),
        }
    }

    fn pending_nonce(&self, address: &Address) -> Option<u64> {
        let waiting = self.waiting.lock().unwrap();
        waiting.values().filter(|pooled| pooled.sender == *address).map(|pooled| nonce(pooled) + 1).max()
    }

    fn status(&self) -> PoolStatus {
        PoolStatus { pending: self.waiting.lock().unwrap().len() as u64, queued: 0 }
    }

    fn content(&self, sender: Option<&Address>, limit: usize) -> PoolContent {
        let waiting = self.waiting.lock().unwrap();
        let matching = waiting.values().filter(|pooled| sender.is_none_or(|sender| pooled.sender == *sender));
        PoolContent { pending: matching.take(limit).cloned().collect(), queued: Vec::new() }
    }
}

impl TestPool {
    pub(crate) fn take(&self) -> Vec<Bytes> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        let mut waiting: Vec<_> = waiting.into_values().collect();
        waiting.sort_by_key(nonce);
        waiting.into_iter().map(|pooled| pooled.bytes).collect()
    }
}

#[derive(Default)]
pub(crate) struct TestSettlement {
    pub(crate) committed: AtomicU64,
    pub(crate) finalized: AtomicU64,
    pub(crate) progress: Mutex<SettlementProgress>,
    pub(crate) proving: Mutex<Option<Proving>>,
    pub(crate) jobs: Mutex<Vec<ProvingJob>>,
}

impl Settlement for TestSettlement {
    fn committed_block(&self) -> u64 {
        self.committed.load(Ordering::Relaxed)
    }

    fn finalized_block(&self) -> u64 {
        self.finalized.load(Ordering::Relaxed)
    }

    fn progress(&self) -> SettlementProgress {
        self.progress.lock().unwrap().clone()
    }

    fn proving(&self) -> Option<Proving> {
        self.proving.lock().unwrap().clone()
    }

    fn jobs(&self) -> Vec<ProvingJob> {
        self.jobs.lock().unwrap().clone()
    }

    /// A minute a batch.
    fn time_left(&self, batch: u64) -> Option<Duration> {
        Some(Duration::from_secs(60 * batch))
    }
}

pub(crate) struct World {
    state: Mutex<Option<StateDb<Arc<MemoryStore>>>>,
    blocks: Mutex<Vec<RollupBlock>>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) pool: Arc<TestPool>,
    pub(crate) settlement: Arc<TestSettlement>,
    pub(crate) heads: Heads,
    pub(crate) server: Server,
}

fn node(
    store: &Arc<MemoryStore>,
    pool: &Arc<TestPool>,
    settlement: &Arc<TestSettlement>,
    heads: &Heads,
) -> Node {
    Node {
        store: Arc::<MemoryStore>::clone(store),
        config: config(),
        details: DETAILS,
        pool: Arc::<TestPool>::clone(pool),
        settlement: Arc::<TestSettlement>::clone(settlement),
        heads: heads.clone(),
        client_version: "ashlar/test".to_owned(),
    }
}

/// An error that a client sees.
#[derive(Debug, PartialEq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Value,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), |_| {})
    }

    pub(crate) fn with(limits: Limits, set: impl FnOnce(&mut Settings)) -> Self {
        let store = Arc::new(MemoryStore::default());
        let genesis = |root| genesis_header(&config(), root, GENESIS_TIME);
        let state = StateDb::begin(Arc::clone(&store), &accounts(), genesis).unwrap();
        let heads = Heads::default();
        let pool = Arc::new(TestPool { heads: heads.clone(), ..TestPool::default() });
        let settlement = Arc::new(TestSettlement::default());
        let node = node(&store, &pool, &settlement, &heads);
        let mut settings =
            Settings { address: "127.0.0.1:0".parse().unwrap(), limits, ..Settings::default() };
        set(&mut settings);
        let server = Server::start(&settings, node).unwrap();
        let (state, blocks) = (Mutex::new(Some(state)), Mutex::default());
        Self { state, blocks, store, pool, settlement, heads, server }
    }

    /// What its server answers from.
    pub(crate) fn node(&self) -> Node {
        node(&self.store, &self.pool, &self.settlement, &self.heads)
    }

    /// Makes a block, and announces it.
    pub(crate) fn make(&self, transactions: &[Bytes]) -> BlockRecord {
        let mut slot = self.state.lock().unwrap();
        let mut state = slot.take().unwrap();
        let number = self.store.head().unwrap().unwrap().header.number + 1;
        let mut builder =
            RollupBlockBuilder::new(&config(), &mut state, BENEFICIARY, GENESIS_TIME + number).unwrap();
        for bytes in transactions {
            builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap();
        }
        let block = builder.finish().unwrap();
        let record = BlockRecord::new(&block, transactions.to_vec());
        self.blocks.lock().unwrap().push(block);
        let mut changes = Changes::default();
        record.put(&mut changes);
        let logs = record.results.iter().flat_map(|result| result.receipt.logs());
        put_withdrawals(&mut changes, number, withdrawers(logs));
        state.write(changes).unwrap();
        *slot = Some(state);
        self.heads.send(Arc::new(record.clone()));
        record
    }

    /// Seals blocks into the next batch.
    pub(crate) fn seal(&self, blocks: RangeInclusive<u64>) -> BatchRecord {
        let mut builder = BatchBuilder::new(&config());
        let made = self.blocks.lock().unwrap();
        made.iter()
            .filter(|block| blocks.contains(&block.header.header.number))
            .for_each(|block| builder.add(block.clone()).unwrap());
        // As calldata, which takes no multiplication.
        let batch = builder.finish(&[], |_, _, _| unreachable!()).unwrap();
        let record = BatchRecord {
            number: self.store.last_batch().unwrap() + 1,
            output: batch.output,
            pubdata: batch.pubdata.into(),
            versioned_hashes: Vec::new(),
            logs: batch.logs,
            operations_before: 0,
            cost: batch.cost,
            sealed_at: 1_700_000_100,
        };
        let mut changes = Changes::default();
        record.put(&mut changes);
        self.store.write(changes).unwrap();
        record
    }

    /// Ethereum has these operations, and blocks have the first so many.
    pub(crate) fn ask_for(&self, operations: &[Operation], included: u64) {
        let mut changes = Changes::default();
        for operation in operations {
            let record = OperationRecord {
                operation: operation.clone(),
                deadline: 1_800_000_000 + operation.id,
                l1_block: 40 + operation.id,
                l1_block_hash: B256::repeat_byte(0xb1),
                l1_transaction: B256::with_last_byte(operation.id as u8),
            };
            record.put(&mut changes);
        }
        put_operations_included(&mut changes, included);
        self.store.write(changes).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The response's body to a request's body.
    pub(crate) fn post(&self, body: &str) -> (u16, String) {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let request = agent.post(self.url()).header("content-type", "application/json");
        let mut response = request.send(body).unwrap();
        let text = response.body_mut().with_config().limit(1 << 28).read_to_string().unwrap();
        (response.status().as_u16(), text)
    }

    pub(crate) fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let (status, text) = self.post(&body);
        assert_eq!(status, 200, "{text}");
        let mut response: Value = serde_json::from_str(&text).unwrap();
        match response["error"].take() {
            Value::Null => Ok(response["result"].take()),
            error => Err(RpcError {
                code: error["code"].as_i64().unwrap(),
                message: error["message"].as_str().unwrap().to_owned(),
                data: error["data"].clone(),
            }),
        }
    }

    pub(crate) fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    pub(crate) fn fail(&self, method: &str, params: Value) -> RpcError {
        match self.ask(method, params) {
            Err(error) => error,
            Ok(result) => panic!("{method} succeeded: {result}"),
        }
    }
}

/// A quantity; that it is encoded as one is checked.
pub(crate) fn number(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("no quantity: {value}"));
    let number = u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap();
    assert_eq!(format!("{number:#x}"), text);
    number
}
