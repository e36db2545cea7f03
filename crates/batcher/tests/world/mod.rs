//! A chain made in this process, once in a store and once in memory, of real transactions.

#![allow(dead_code, reason = "each test uses a part of it")]

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use alloy_sol_types::{SolCall, sol};
use ashlar_primitives::rollup::{Operation, RollupConfig, Upgrade};
use ashlar_settlement::{GenesisParameters, asset_id, genesis_accounts};
use ashlar_stf::rollup::{RollupBlockBuilder, RollupTransaction, genesis_header};
use ashlar_storage::{
    BlockRecord, ChainRecords, Changes, Footprint, InitialAccount, MemoryStore, OperationRecord, StateDb,
    Store, Table,
};
use ashlar_witness::{GenesisAccount, RollupChain, RollupDraft};
use k256::ecdsa::SigningKey;
use std::{collections::BTreeMap, sync::Arc};

pub(crate) const CHAIN_ID: u64 = 271_828;
pub(crate) const L1_CHAIN_ID: u64 = 31_337;
/// Timestamp of the genesis.
pub(crate) const TIME: u64 = 1_000_000;
pub(crate) const ETHER: Address = Address::with_last_byte(1);
pub(crate) const L2_ROUTER: Address = address!("000000000000000000000000000000000000ff03");
/// The token of the tests: the one that wraps the chain's ether.
pub(crate) const TOKEN: Address = address!("000000000000000000000000000000000000ff08");
/// Until when operations have to be executed, after their request.
pub(crate) const THREE_DAYS: u64 = 259_200;

sol! {
    interface Token {
        function deposit() external payable;
        function transfer(address to, uint256 amount) external returns (bool);
    }

    interface Router {
        function withdraw(bytes32 assetId, uint256 amount, address receiver) external payable;
    }
}

pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: asset_id(L1_CHAIN_ID, ETHER),
        block_gas_limit: 1 << 28,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: 1_000_000,
        base_fee_doubling: 1 << 34,
        transaction_cost_limit: 1 << 26,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 64,
        batch_logs_limit: 4_096,
    }
}

pub(crate) fn ether(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

/// The chain, its user, and what Ethereum asked it for.
pub(crate) struct World<S = Arc<MemoryStore>> {
    pub(crate) config: RollupConfig,
    pub(crate) store: S,
    pub(crate) state: StateDb<S>,
    /// What the blocks were made of, from block 1 on.
    pub(crate) drafts: Vec<RollupDraft>,
    /// What they may publish.
    pub(crate) footprints: Vec<Footprint>,
    genesis: BTreeMap<Address, InitialAccount>,
    key: SigningKey,
    nonce: u64,
    /// Id of the next operation.
    next: u64,
}

impl World {
    pub(crate) fn new(config: RollupConfig) -> Self {
        Self::over(config, Arc::new(MemoryStore::default()))
    }
}

impl<S: Store + Clone> World<S> {
    pub(crate) fn over(config: RollupConfig, store: S) -> Self {
        let parameters = GenesisParameters {
            asset_router: Address::repeat_byte(0x77),
            l1_chain_id: L1_CHAIN_ID,
            config,
            wrapped_name: "Wrapped Ether".into(),
            wrapped_symbol: "WETH".into(),
        };
        let genesis: BTreeMap<_, _> = genesis_accounts(&parameters)
            .unwrap()
            .into_iter()
            .map(|(address, account)| {
                let ashlar_settlement::GenesisAccount { nonce, code, storage, .. } = account;
                (address, InitialAccount { nonce, balance: U256::ZERO, code, storage })
            })
            .collect();
        let state =
            StateDb::begin(store.clone(), &genesis, |root| genesis_header(&config, root, TIME)).unwrap();
        let key = SigningKey::from_slice(keccak256("a user of the batcher's tests").as_slice()).unwrap();
        Self {
            config,
            store,
            state,
            drafts: Vec::new(),
            footprints: Vec::new(),
            genesis,
            key,
            nonce: 0,
            next: 0,
        }
    }

    pub(crate) fn user(&self) -> Address {
        Address::from_public_key(self.key.verifying_key())
    }

    /// Appends a block of these transactions, all of which must succeed or be operations.
    pub(crate) fn block(&mut self, timestamp: u64, transactions: Vec<Bytes>) -> BlockRecord {
        let beneficiary = Address::repeat_byte(0xfe);
        let mut builder =
            RollupBlockBuilder::new(&self.config, &mut self.state, beneficiary, timestamp).unwrap();
        for bytes in &transactions {
            let result = builder.push(&RollupTransaction::decode(bytes).unwrap(), bytes).unwrap();
            assert!(result.receipt.is_success(), "{result:?}");
        }
        let block = builder.finish().unwrap();
        let record = BlockRecord::new(&block, transactions.clone());
        let mut changes = Changes::default();
        record.put(&mut changes);
        let footprint = Footprint::of(&block);
        footprint.put(record.header.header.number, &mut changes);
        self.footprints.push(footprint);
        self.state.write(changes).unwrap();
        self.drafts.push(RollupDraft { beneficiary, timestamp, transactions });
        record
    }

    /// A deposit of ether for the user, which Ethereum has in its queue, too.
    pub(crate) fn deposit(&mut self, wei: U256) -> Bytes {
        let (gas_limit, gas_price) = (100_000u64, 1_000_000u128);
        let operation = Operation {
            chain_id: CHAIN_ID,
            id: self.next,
            from: Address::repeat_byte(0xaa),
            to: self.user(),
            value: wei,
            mint: wei + U256::from(gas_limit) * U256::from(gas_price),
            gas_limit,
            gas_price,
            refund_recipient: self.user(),
            data: Bytes::new(),
        };
        self.next += 1;
        let bytes = operation.encode().into();
        let mut changes = Changes::default();
        OperationRecord {
            deadline: TIME + THREE_DAYS + operation.id,
            l1_block: 7,
            l1_block_hash: B256::repeat_byte(7),
            l1_transaction: B256::repeat_byte(8),
            operation,
        }
        .put(&mut changes);
        self.store.write(changes).unwrap();
        bytes
    }

    /// A transaction of the user.
    pub(crate) fn sign(&mut self, to: TxKind, value: U256, input: impl Into<Bytes>) -> Bytes {
        self.sign_call(to, value, input.into(), 500_000)
    }

    /// A creation of the user's.
    pub(crate) fn sign_with_gas(&mut self, creation: Vec<u8>, gas_limit: u64) -> Bytes {
        self.sign_call(TxKind::Create, U256::ZERO, creation.into(), gas_limit)
    }

    fn sign_call(&mut self, to: TxKind, value: U256, input: Bytes, gas_limit: u64) -> Bytes {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.nonce,
            gas_limit,
            max_fee_per_gas: 1_000_000_000,
            max_priority_fee_per_gas: 1,
            to,
            value,
            input,
            ..TxEip1559::default()
        };
        self.nonce += 1;
        let hash = transaction.signature_hash();
        let signature: Signature = self.key.sign_prehash_recoverable(hash.as_slice()).unwrap().into();
        TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
    }

    pub(crate) fn transfer(&mut self, to: Address) -> Bytes {
        self.sign(TxKind::Call(to), U256::from(5), Bytes::new())
    }

    pub(crate) fn token_deposit(&mut self, wei: U256) -> Bytes {
        self.sign(TxKind::Call(TOKEN), wei, Token::depositCall {}.abi_encode())
    }

    pub(crate) fn token_transfer(&mut self, to: Address, amount: U256) -> Bytes {
        self.sign(TxKind::Call(TOKEN), U256::ZERO, Token::transferCall { to, amount }.abi_encode())
    }

    /// A withdrawal of ether: one message to Ethereum.
    pub(crate) fn withdrawal(&mut self) -> Bytes {
        let (wei, receiver) = (U256::from(1_000), Address::repeat_byte(0xa1));
        let call = Router::withdrawCall { assetId: self.config.base_asset, amount: wei, receiver };
        self.sign(TxKind::Call(L2_ROUTER), wei, call.abi_encode())
    }

    /// An upgrade that changes nothing but a code.
    pub(crate) fn upgrade(&self) -> Bytes {
        let upgrade = Upgrade {
            chain_id: CHAIN_ID,
            protocol_version: self.config.protocol_version,
            to: Address::repeat_byte(0x44),
            gas_limit: 100_000,
            deployments: vec![ashlar_primitives::rollup::Deployment {
                address: Address::repeat_byte(0x45),
                code: Bytes::from_static(&[0x5f, 0x5f, 0xf3]),
            }],
            data: Bytes::new(),
        };
        upgrade.encode().unwrap().into()
    }

    /// The same chain in memory, from the genesis.
    pub(crate) fn reference(&self) -> RollupChain {
        let accounts = self.genesis.iter().map(|(address, account)| {
            let InitialAccount { nonce, balance, code, storage } = account.clone();
            (*address, GenesisAccount { nonce, balance, code, storage })
        });
        RollupChain::new(self.config, accounts.collect(), TIME).unwrap()
    }

    pub(crate) fn head(&self) -> u64 {
        self.store.head().unwrap().unwrap().header.number
    }

    pub(crate) fn put(&self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let mut changes = Changes::default();
        changes.put(table, key, value);
        self.store.write(changes).unwrap();
    }

    pub(crate) fn remove(&self, table: Table, key: impl Into<Vec<u8>>) {
        let mut changes = Changes::default();
        changes.remove(table, key);
        self.store.write(changes).unwrap();
    }

    /// Deposits; ether, tokens and a withdrawal; a contract that is made and called, and a deposit: three blocks, two, five and six
    /// seconds after the genesis.
    pub(crate) fn three_blocks(&mut self) {
        let deposits = vec![self.deposit(ether(5)), self.deposit(ether(1))];
        self.block(TIME + 2, deposits);
        let friend = Address::repeat_byte(0x99);
        let transactions = vec![
            self.transfer(friend),
            self.token_deposit(ether(1)),
            self.token_transfer(friend, U256::from(77)),
            self.withdrawal(),
        ];
        self.block(TIME + 5, transactions);
        // Returns the code `sstore(calldata word 0, calldata word 1)`.
        let creation = alloy_primitives::hex!("65 6020355f3555 5f 52 6006 601a f3");
        let contract = self.user().create(self.nonce);
        let create = self.sign(TxKind::Create, U256::ZERO, creation.to_vec());
        let call = self.sign(
            TxKind::Call(contract),
            U256::ZERO,
            [U256::from(3).to_be_bytes::<32>(), U256::from(4).to_be_bytes::<32>()].concat(),
        );
        let deposit = self.deposit(ether(2));
        self.block(TIME + 6, vec![create, call, deposit]);
    }
}

impl<S> World<S> {
    /// The nonce of the user's next transaction.
    pub(crate) const fn user_nonce(&self) -> u64 {
        self.nonce
    }
}
