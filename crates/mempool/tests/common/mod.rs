//! Accounts, transactions and pools of the tests.

// Each test file uses a part of it.
#![allow(dead_code, unreachable_pub)]

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::{
    eip2718::Encodable2718,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use ashlar_mempool::{AccountState, Accounts, Changed, Limits, Mempool, Rejection, Status};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_storage::{MemoryStore, StateDbError, Store};
use k256::ecdsa::SigningKey;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, RwLock},
};

pub const CHAIN_ID: u64 = 270_270;
pub const BASE_FEE: u64 = 100;
/// What a transfer costs at the fee of [`transfer`].
pub const GAS: u64 = 21_000;

pub fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(7),
        block_gas_limit: 30_000_000,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: 7,
        base_fee_doubling: 1 << 30,
        transaction_cost_limit: 1 << 28,
        batch_cost_limit: 1 << 32,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 100,
        batch_logs_limit: 1_000,
    }
}

/// The state of a chain, as far as a pool reads it.
#[derive(Default)]
pub struct Ledger(RwLock<BTreeMap<Address, AccountState>>);

impl Accounts for Ledger {
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError> {
        Ok(self.0.read().unwrap().get(address).copied().unwrap_or_default())
    }
}

impl Ledger {
    /// With this many accounts that have all funds that they need.
    pub fn rich(accounts: u8) -> Self {
        let ledger = Self::default();
        for number in 0..accounts {
            let balance = U256::from(1) << 100;
            ledger.set(number, AccountState { balance, ..AccountState::default() });
        }
        ledger
    }

    pub fn set(&self, number: u8, account: AccountState) -> Changed {
        let address = address(number);
        self.0.write().unwrap().insert(address, account);
        let AccountState { nonce, balance, code } = account;
        Changed { address, nonce, balance, code: Some(code) }
    }

    pub fn get(&self, number: u8) -> AccountState {
        self.account(&address(number)).unwrap()
    }

    pub fn with_nonce(&self, number: u8, nonce: u64) -> Changed {
        self.set(number, AccountState { nonce, ..self.get(number) })
    }

    pub fn with_balance(&self, number: u8, balance: u128) -> Changed {
        self.set(number, AccountState { balance: U256::from(balance), ..self.get(number) })
    }
}

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(keccak256([number]).as_slice()).unwrap()
}

/// Accounts that there are.
const ACCOUNTS: u8 = 64;

pub fn address(number: u8) -> Address {
    static ADDRESSES: LazyLock<Vec<Address>> = LazyLock::new(|| {
        (0..ACCOUNTS).map(|number| Address::from_public_key(key(number).verifying_key())).collect()
    });
    ADDRESSES[usize::from(number)]
}

pub fn sign_hash(number: u8, hash: B256) -> Signature {
    key(number).sign_prehash_recoverable(hash.as_slice()).unwrap().into()
}

pub fn sign<T: SignableTransaction<Signature>>(number: u8, transaction: T) -> Bytes
where
    TxEnvelope: From<alloy_consensus::Signed<T>>,
{
    let signature = sign_hash(number, transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

pub fn eip1559(nonce: u64, fee: u128, tip: u128) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: GAS,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(Address::repeat_byte(0x99)),
        ..TxEip1559::default()
    }
}

pub fn legacy(nonce: u64, price: u128) -> TxLegacy {
    TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce,
        gas_price: price,
        gas_limit: GAS,
        to: TxKind::Call(Address::repeat_byte(0x99)),
        ..TxLegacy::default()
    }
}

pub fn eip2930(nonce: u64, price: u128) -> TxEip2930 {
    let TxLegacy { gas_price, gas_limit, to, .. } = legacy(nonce, price);
    TxEip2930 { chain_id: CHAIN_ID, nonce, gas_price, gas_limit, to, ..TxEip2930::default() }
}

pub fn eip7702(nonce: u64, authorization_list: Vec<SignedAuthorization>) -> TxEip7702 {
    let gas_limit = GAS + 25_000 * u64::try_from(authorization_list.len()).unwrap();
    TxEip7702 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 1_000,
        max_priority_fee_per_gas: 10,
        to: Address::repeat_byte(0x99),
        authorization_list,
        ..TxEip7702::default()
    }
}

pub fn authorize(number: u8, chain_id: u64, nonce: u64) -> SignedAuthorization {
    let authorization =
        Authorization { chain_id: U256::from(chain_id), address: Address::repeat_byte(0xde), nonce };
    let signature = sign_hash(number, authorization.signature_hash());
    authorization.into_signed(signature)
}

/// Wei that a sender needs for a transfer with this fee.
pub fn cost(fee: u128) -> u128 {
    fee * u128::from(GAS)
}

/// A transfer whose tip is what its fee has above the base fee.
pub fn transfer(sender: u8, nonce: u64, tip: u128) -> Bytes {
    sign(sender, eip1559(nonce, u128::from(BASE_FEE) + tip, tip))
}

/// A transfer that says how much it pays above and how much at all.
pub fn capped(sender: u8, nonce: u64, fee: u128, tip: u128) -> Bytes {
    sign(sender, eip1559(nonce, fee, tip))
}

pub fn open(store: Arc<dyn Store>, limits: Limits, ledger: &Ledger) -> Mempool {
    Mempool::open(store, config(), limits, ledger, BASE_FEE).unwrap()
}

pub fn pool(limits: Limits, ledger: &Ledger) -> Mempool {
    open(Arc::new(MemoryStore::default()), limits, ledger)
}

/// What a pool with defaults says to a transaction.
pub fn answer(ledger: &Ledger, bytes: Bytes) -> Result<B256, Rejection> {
    pool(Limits::default(), ledger).add(bytes, ledger)
}

/// Adds what has to be accepted.
pub fn add(pool: &Mempool, ledger: &Ledger, bytes: Bytes) -> B256 {
    pool.add(bytes, ledger).unwrap()
}

/// The text of a refusal.
pub fn refused(pool: &Mempool, ledger: &Ledger, bytes: Bytes) -> String {
    pool.add(bytes, ledger).unwrap_err().to_string()
}

/// Why a transaction does not wait.
pub fn reason(pool: &Mempool, hash: &B256) -> String {
    match pool.status(hash) {
        Status::Rejected { reason, at } => {
            assert!(at > 1_700_000_000, "the time is now");
            reason
        }
        other => panic!("{hash} is {other:?}"),
    }
}

/// Hashes in the order in which a block takes them.
pub fn best(pool: &Mempool) -> Vec<B256> {
    pool.best(BASE_FEE).map(|transaction| transaction.hash()).collect()
}
