//! A second executor: `revm` over its own flat state, one commit per transaction, roots by `alloy-trie`. It shares the
//! EVM with `stf` and nothing of what `stf` does around it.

use alloy_consensus::{Eip658Value, Receipt, ReceiptEnvelope, TxType};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS,
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    eip7840::BlobParams,
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, TrieAccount};
use ashlar_primitives::Fork;
use ashlar_witness::GenesisAccount;
use revm::{
    Context, ExecuteCommitEvm, MainBuilder, MainContext, SystemCallCommitEvm,
    bytecode::Bytecode,
    context::{BlockEnv, TxEnv},
    context_interface::{block::BlobExcessGasAndPrice, result::ExecutionResult},
    database::{CacheDB, EmptyDB, in_memory_db::DbAccount},
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use std::collections::BTreeMap;

use crate::world::CHAIN_ID;

/// The whole state, flat.
pub(crate) struct Reference {
    pub(crate) db: CacheDB<EmptyDB>,
    spec: SpecId,
    block: BlockEnv,
    receipts: Vec<ReceiptEnvelope>,
    pub(crate) gas_used: u64,
}

/// What the environment of a block holds, besides the state.
pub(crate) struct Environment {
    pub(crate) fork: Fork,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) beneficiary: Address,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    pub(crate) mix_hash: B256,
    pub(crate) excess_blob_gas: u64,
    pub(crate) beacon_root: B256,
    pub(crate) parent_hash: B256,
}

impl Reference {
    pub(crate) fn new(accounts: &BTreeMap<Address, GenesisAccount>) -> Self {
        let mut db = CacheDB::new(EmptyDB::default());
        for (address, account) in accounts {
            let code = Bytecode::new_raw(account.code.clone());
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce,
                code_hash: if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) },
                code: Some(code),
                ..Default::default()
            };
            db.insert_account_info(*address, info);
            for (slot, value) in &account.storage {
                db.insert_account_storage(*address, *slot, *value).expect("the database is in memory");
            }
        }
        Self { db, spec: SpecId::CANCUN, block: BlockEnv::default(), receipts: Vec::new(), gas_used: 0 }
    }

    /// Starts a block with the system calls that come first.
    pub(crate) fn begin(&mut self, environment: &Environment) {
        let (spec, blobs) = match environment.fork {
            Fork::Cancun => (SpecId::CANCUN, BlobParams::cancun()),
            Fork::Prague => (SpecId::PRAGUE, BlobParams::prague()),
            Fork::Osaka => (SpecId::OSAKA, BlobParams::osaka()),
        };
        let excess_blob_gas = environment.excess_blob_gas;
        self.spec = spec;
        self.block = BlockEnv {
            number: U256::from(environment.number),
            beneficiary: environment.beneficiary,
            timestamp: U256::from(environment.timestamp),
            gas_limit: environment.gas_limit,
            basefee: environment.base_fee,
            prevrandao: Some(environment.mix_hash),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas,
                blob_gasprice: blobs.calc_blob_fee(excess_blob_gas),
            }),
            ..BlockEnv::default()
        };
        self.receipts.clear();
        self.gas_used = 0;
        let parent = U256::from(environment.number - 1);
        self.db.cache.block_hashes.insert(parent, environment.parent_hash);
        self.system_call(BEACON_ROOTS_ADDRESS, environment.beacon_root.into());
        if environment.fork >= Fork::Prague {
            self.system_call(HISTORY_STORAGE_ADDRESS, environment.parent_hash.into());
        }
    }

    fn system_call(&mut self, contract: Address, data: Bytes) {
        let (spec, block) = (self.spec, self.block.clone());
        let mut evm = Context::mainnet()
            .with_db(&mut self.db)
            .with_block(block)
            .modify_cfg_chained(|cfg| {
                cfg.chain_id = CHAIN_ID;
                cfg.set_spec_and_mainnet_gas_params(spec);
            })
            .build_mainnet();
        evm.system_call_commit(contract, data).expect("system calls do not err");
        self.clear_empty();
    }

    /// Empty accounts leave the state after each transaction (EIP-161); the database keeps what was touched.
    fn clear_empty(&mut self) {
        self.db.cache.accounts.retain(|_, account| account.info().is_some_and(|info| !info.is_empty()));
    }

    /// Executes and commits a transaction; false, with no effect, if it is not valid here.
    pub(crate) fn transact(&mut self, kind: TxType, transaction: TxEnv) -> bool {
        if transaction.gas_limit > self.block.gas_limit - self.gas_used {
            return false;
        }
        let (spec, block) = (self.spec, self.block.clone());
        let mut evm = Context::mainnet()
            .with_db(&mut self.db)
            .with_block(block)
            .modify_cfg_chained(|cfg| {
                cfg.chain_id = CHAIN_ID;
                cfg.set_spec_and_mainnet_gas_params(spec);
            })
            .build_mainnet();
        match evm.transact_commit(transaction) {
            Ok(result) => {
                self.receipt(kind, result);
                self.clear_empty();
                true
            }
            Err(_) => false,
        }
    }

    fn receipt(&mut self, kind: TxType, result: ExecutionResult) {
        self.gas_used += result.tx_gas_used();
        let receipt = Receipt {
            status: Eip658Value::Eip658(result.is_success()),
            cumulative_gas_used: self.gas_used,
            logs: result.into_logs(),
        };
        let receipt = receipt.with_bloom();
        self.receipts.push(match kind {
            TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
            TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
            TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
            TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
            TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
        });
    }

    /// Credits withdrawals, in gwei, and makes the system calls that come last.
    pub(crate) fn end(&mut self, withdrawals: &[(Address, u64)]) {
        for (address, gwei) in withdrawals {
            let account = self.db.load_account(*address).expect("the database is in memory");
            let mut info = account.info().unwrap_or_default();
            info.balance += U256::from(*gwei) * U256::from(1_000_000_000);
            self.db.insert_account_info(*address, info);
        }
        self.clear_empty();
        if self.spec >= SpecId::PRAGUE {
            self.system_call(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, Bytes::new());
            self.system_call(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, Bytes::new());
        }
    }

    pub(crate) fn receipts_root(&self) -> B256 {
        alloy_consensus::proofs::calculate_receipt_root(&self.receipts)
    }

    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.account(address).map_or(0, |info| info.nonce)
    }

    pub(crate) fn account(&self, address: Address) -> Option<AccountInfo> {
        self.db.cache.accounts.get(&address).and_then(DbAccount::info)
    }

    /// All accounts, with their storage without zeros.
    pub(crate) fn accounts(&self) -> BTreeMap<Address, (AccountInfo, BTreeMap<U256, U256>)> {
        let mut accounts = BTreeMap::new();
        for (address, account) in &self.db.cache.accounts {
            let Some(info) = account.info() else { continue };
            let storage = account.storage.iter().filter(|(_, value)| !value.is_zero());
            accounts.insert(*address, (info, storage.map(|(slot, value)| (*slot, *value)).collect()));
        }
        accounts
    }

    /// Root of the state trie.
    pub(crate) fn state_root(&self) -> B256 {
        root(self.accounts().into_iter().map(|(address, (info, storage))| {
            let slots = storage
                .into_iter()
                .map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), alloy_rlp::encode(value)));
            let account = TrieAccount {
                nonce: info.nonce,
                balance: info.balance,
                storage_root: root(slots),
                code_hash: info.code_hash,
            };
            (keccak256(address), alloy_rlp::encode(account))
        }))
    }
}

fn root(entries: impl Iterator<Item = (B256, Vec<u8>)>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in entries.collect::<BTreeMap<_, _>>() {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    builder.root()
}
