//! A chain on which a scenario plays: the state before it, the transactions of the next block, the block.

use super::accounts::{self, Account};
use alloy_consensus::{EMPTY_ROOT_HASH, Header, TxEip1559, TypedTransaction};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2935, eip4788,
    eip4895::Withdrawal,
    eip7002, eip7251,
    eip7685::EMPTY_REQUESTS_HASH,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256, utils::Unit};
use alloy_sol_types::SolCall;
use ashlar_primitives::{BlobEntry, ChainConfig};
use ashlar_witness::{Chain, GenesisAccount, MadeBlock};
use eyre::{WrapErr, bail};
use std::collections::BTreeMap;

/// Id of the chain that the blocks belong to.
pub(super) const CHAIN_ID: u64 = 1_337_042;

/// Fee per gas that every sender allows: above the base fee of every block here.
pub(super) const FEE_MAX: u128 = 3_000_000_000;

/// Fee per gas that every sender gives to the block's producer.
pub(super) const TIP: u128 = 100_000_000;

/// Gas limit of a contract call: nothing here needs more.
pub(super) const CALL_GAS: u64 = 500_000;

/// Gas limit of a creation: the largest contract here takes some 5 million.
const CREATE_GAS: u64 = 8_000_000;

const BLOCK_GAS: u64 = 60_000_000;
const BASE_FEE: u64 = 1_000_000_000;

/// 2026-01-01 00:00:00 UTC.
const GENESIS_TIME: u64 = 1_767_225_600;

const SECONDS_PER_BLOCK: u64 = 12;

/// Accounts that take no part: they give the state's trie some depth.
const BYSTANDERS: usize = 4_096;

/// A chain, and its next block as far as it is written.
pub(super) struct Scene {
    chain: Chain,
    height: u64,
    nonces: BTreeMap<Address, u64>,
    transactions: Vec<Bytes>,
    withdrawals: Vec<Withdrawal>,
}

impl Scene {
    /// Starts a chain where these accounts have 1,000 ether each.
    pub(super) fn new<'a>(funded: impl IntoIterator<Item = &'a Account>) -> eyre::Result<Self> {
        let mut accounts = system_contracts();
        for index in 0..BYSTANDERS {
            let wei = U256::from(1 + index) * Unit::GWEI.wei();
            accounts.insert(bystander(index), GenesisAccount { balance: wei, ..GenesisAccount::default() });
        }
        for account in funded {
            let balance = ether(1_000);
            accounts.insert(account.address, GenesisAccount { balance, ..GenesisAccount::default() });
        }
        let chain = Chain::new(config(), accounts, genesis()).wrap_err("no genesis state")?;
        Ok(Self {
            chain,
            height: 0,
            nonces: BTreeMap::new(),
            transactions: Vec::new(),
            withdrawals: Vec::new(),
        })
    }

    /// Time of the block that is being written, seconds since the Unix epoch.
    pub(super) const fn timestamp(&self) -> u64 {
        GENESIS_TIME + (self.height + 1) * SECONDS_PER_BLOCK
    }

    /// The account's next nonce, which is used up.
    pub(super) fn take_nonce(&mut self, account: Address) -> u64 {
        let next = self.nonces.entry(account).or_default();
        *next += 1;
        *next - 1
    }

    /// Adds a signed transaction.
    pub(super) fn push(
        &mut self,
        from: &Account,
        transaction: impl Into<TypedTransaction>,
    ) -> eyre::Result<()> {
        self.transactions.push(from.sign(transaction.into())?.encoded_2718().into());
        Ok(())
    }

    /// Adds a transaction of EIP-1559.
    pub(super) fn send(
        &mut self,
        from: &Account,
        to: TxKind,
        value: U256,
        input: Bytes,
        gas_limit: u64,
    ) -> eyre::Result<()> {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce: self.take_nonce(from.address),
            gas_limit,
            max_fee_per_gas: FEE_MAX,
            max_priority_fee_per_gas: TIP,
            to,
            value,
            input,
            ..TxEip1559::default()
        };
        self.push(from, transaction)
    }

    /// Sends ether to an account without code.
    pub(super) fn transfer(&mut self, from: &Account, to: Address, value: U256) -> eyre::Result<()> {
        self.send(from, to.into(), value, Bytes::new(), 21_000)
    }

    /// Calls a contract.
    pub(super) fn call(&mut self, from: &Account, to: Address, call: &impl SolCall) -> eyre::Result<()> {
        self.pay(from, to, U256::ZERO, call)
    }

    /// Calls a contract and sends ether along.
    pub(super) fn pay(
        &mut self,
        from: &Account,
        to: Address,
        value: U256,
        call: &impl SolCall,
    ) -> eyre::Result<()> {
        self.pay_at_most(from, to, value, call, CALL_GAS)
    }

    /// [`Self::pay`] with another gas limit.
    pub(super) fn pay_at_most(
        &mut self,
        from: &Account,
        to: Address,
        value: U256,
        call: &impl SolCall,
        gas_limit: u64,
    ) -> eyre::Result<()> {
        self.send(from, to.into(), value, call.abi_encode().into(), gas_limit)
    }

    /// Creates a contract and says where.
    pub(super) fn create(&mut self, from: &Account, code: Bytes) -> eyre::Result<Address> {
        let nonce = self.nonces.get(&from.address).copied().unwrap_or(0);
        self.send(from, TxKind::Create, U256::ZERO, code, CREATE_GAS)?;
        Ok(from.address.create(nonce))
    }

    /// Lets an account delegate to `code`; zero ends a delegation. Takes the account's next nonce.
    pub(super) fn delegate(&mut self, account: &Account, code: Address) -> eyre::Result<SignedAuthorization> {
        let nonce = self.take_nonce(account.address);
        account.authorize(Authorization { chain_id: U256::from(CHAIN_ID), address: code, nonce })
    }

    /// Adds a withdrawal from the consensus layer.
    pub(super) fn withdraw(&mut self, address: Address, gwei: u64) {
        let index = self.withdrawals.len() as u64;
        self.withdrawals.push(Withdrawal { index, validator_index: 7 * index, address, amount: gwei });
    }

    /// Makes the block that was written. An error names the first transaction that failed in the EVM.
    pub(super) fn seal(&mut self) -> eyre::Result<MadeBlock> {
        let draft = Header {
            beneficiary: accounts::address("producer"),
            gas_limit: BLOCK_GAS,
            timestamp: self.timestamp(),
            extra_data: Bytes::from_static(b"ashlar inputs"),
            mix_hash: numbered("randao", self.height + 1),
            parent_beacon_block_root: Some(numbered("beacon block", self.height)),
            ..Header::default()
        };
        let withdrawals = std::mem::take(&mut self.withdrawals);
        let withdrawals = withdrawals.iter().map(|item| alloy_rlp::encode(item).into()).collect();
        let made = self.chain.make(draft, std::mem::take(&mut self.transactions), withdrawals)?;
        self.height += 1;
        match made.outcome.receipts.iter().position(|receipt| !receipt.status()) {
            Some(index) => bail!("transaction {index} of block {} failed in the EVM", self.height),
            None => Ok(made),
        }
    }
}

/// Rules of the chain: Osaka from its first block on.
pub(super) fn config() -> ChainConfig {
    ChainConfig {
        chain_id: CHAIN_ID,
        cancun: 0,
        prague: 0,
        osaka: 0,
        deposit_contract: Address::ZERO,
        blob_schedule: vec![BlobEntry { activation: 0, target: 6, max: 9, update_fraction: 5_007_716 }],
    }
}

/// Address of an account that takes no part.
pub(super) fn bystander(index: usize) -> Address {
    accounts::address(&format!("bystander {index}"))
}

/// So many ether, in wei.
pub(super) fn ether(count: u64) -> U256 {
    U256::from(count) * Unit::ETHER.wei()
}

fn genesis() -> Header {
    Header {
        gas_limit: BLOCK_GAS,
        // Half of the limit keeps the base fee of the first block.
        gas_used: BLOCK_GAS / 2,
        base_fee_per_gas: Some(BASE_FEE),
        timestamp: GENESIS_TIME,
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

/// The contracts that every block calls, as on mainnet.
fn system_contracts() -> BTreeMap<Address, GenesisAccount> {
    [
        (eip4788::BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE),
        (eip2935::HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE),
        (eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE),
        (eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE),
    ]
    .into_iter()
    .map(|(address, code)| {
        (address, GenesisAccount { nonce: 1, code: code.clone(), ..GenesisAccount::default() })
    })
    .collect()
}

fn numbered(what: &str, number: u64) -> B256 {
    keccak256(format!("{what} {number}"))
}
