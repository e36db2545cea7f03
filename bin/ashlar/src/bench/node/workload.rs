//! What is measured: transactions of many senders, signed before the clock starts, and the state in which they can be executed.

use super::pair;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use ashlar_ethereum::{Account, SignedTransaction, Unsigned};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::{ETHER, GenesisParameters, WRAPPED_BASE_TOKEN, asset_id, genesis_accounts};
use ashlar_storage::InitialAccount;
use clap::ValueEnum;
use eyre::{OptionExt, WrapErr, eyre};
use k256::ecdsa::SigningKey;
use std::{collections::BTreeMap, panic::resume_unwind, thread};

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

pub(super) const CHAIN_ID: u64 = 271_828;
const L1_CHAIN_ID: u64 = 1;

/// Most wei per gas that a transaction pays: enough for every base fee.
const MAX_FEE: u128 = 1_000_000_000_000_000;

/// A kind of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// Ether, to accounts that exist.
    Transfers,
    /// The wrapped token of the genesis, to accounts that have some.
    Erc20,
    /// The wrapped token for another one, in one pair.
    Swaps,
}

impl Workload {
    pub(super) const ALL: [Self; 3] = [Self::Transfers, Self::Erc20, Self::Swaps];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Transfers => "transfers",
            Self::Erc20 => "erc20",
            Self::Swaps => "swaps",
        }
    }

    /// Receiver, wei, calldata and gas limit of a transaction, whose `friend` is another account.
    fn call(self, friend: Address) -> (Address, U256, Bytes, u64) {
        match self {
            Self::Transfers => (friend, U256::ONE, Bytes::new(), 21_000),
            Self::Erc20 => {
                let call = transferCall { to: friend, amount: U256::from(1_000) };
                (WRAPPED_BASE_TOKEN, U256::ZERO, call.abi_encode().into(), 100_000)
            }
            Self::Swaps => (pair::PAIR, U256::ZERO, U256::from(1_000_000_000).abi_encode().into(), 200_000),
        }
    }
}

/// Accounts of the chain. The first of them have keys, and send.
pub(super) struct People {
    senders: Vec<Account>,
    /// All accounts.
    count: usize,
}

impl People {
    /// So many accounts, of which so many send.
    pub(super) fn new(count: usize, senders: usize) -> eyre::Result<Self> {
        let numbers: Vec<_> = (0..senders).collect();
        let senders = in_parallel(&numbers, |number| {
            let key = SigningKey::from_slice(keccak256(format!("sender {number}")).as_slice());
            Ok(Account::from(key.wrap_err("making a key")?))
        })?;
        Ok(Self { senders, count })
    }

    fn address(&self, number: usize) -> Address {
        match self.senders.get(number) {
            Some(account) => account.address(),
            None => Address::from_word(keccak256(format!("account {number}"))),
        }
    }

    /// Transactions, of one sender after the other, in the order in which they are sent.
    pub(super) fn sign(&self, workload: Workload, count: usize) -> eyre::Result<Vec<SignedTransaction>> {
        let numbers: Vec<_> = (0..count).collect();
        in_parallel(&numbers, |&number| {
            let (round, place) = (number / self.senders.len(), number % self.senders.len());
            let sender = self.senders.get(place).ok_or_eyre("nobody sends")?;
            // A prime stride, so that neighbours in the list are none in the state.
            let friend = self.address(number.wrapping_mul(7_919).wrapping_add(1) % self.count);
            let (to, value, input, gas_limit) = workload.call(friend);
            let transaction = TxEip1559 {
                chain_id: CHAIN_ID,
                nonce: u64::try_from(round)?,
                gas_limit,
                max_fee_per_gas: MAX_FEE,
                max_priority_fee_per_gas: 1,
                to: TxKind::Call(to),
                value,
                input,
                ..TxEip1559::default()
            };
            Ok(sender.sign(Unsigned::Plain(transaction))?)
        })
    }

    /// The state before the first block: that of every chain, money and tokens for all accounts, and the pair.
    pub(super) fn genesis(&self, config: &RollupConfig) -> eyre::Result<BTreeMap<Address, InitialAccount>> {
        let parameters = GenesisParameters {
            asset_router: Address::repeat_byte(0x77),
            l1_chain_id: L1_CHAIN_ID,
            config: *config,
            wrapped_name: "Wrapped Ether".to_owned(),
            wrapped_symbol: "WETH".to_owned(),
        };
        let mut accounts: BTreeMap<_, _> = genesis_accounts(&parameters)?
            .into_iter()
            .map(|(address, account)| {
                let ashlar_settlement::GenesisAccount { nonce, code, storage, .. } = account;
                (address, InitialAccount { nonce, code, storage, ..InitialAccount::default() })
            })
            .collect();
        let token = accounts.get(&WRAPPED_BASE_TOKEN).ok_or_eyre("the genesis has no wrapped token")?;
        let (mut wrapped, mut bought) = (token.clone(), token.clone());
        bought.storage.insert(balance_slot(&pair::PAIR), pair::reserve());
        wrapped.storage.insert(balance_slot(&pair::PAIR), pair::reserve());
        let (wealth, tokens) = (U256::from(10).pow(U256::from(30)), U256::from(10).pow(U256::from(24)));
        for number in 0..self.count {
            let address = self.address(number);
            accounts.insert(address, InitialAccount { balance: wealth, ..InitialAccount::default() });
            for token in [&mut wrapped, &mut bought] {
                token.storage.insert(balance_slot(&address), tokens);
            }
            if number < self.senders.len() {
                wrapped.storage.insert(allowance_slot(&address, &pair::PAIR), U256::MAX);
            }
        }
        accounts.insert(WRAPPED_BASE_TOKEN, wrapped);
        accounts.insert(pair::BOUGHT, bought);
        let (code, storage) = (pair::code().into(), pair::reserves());
        accounts.insert(pair::PAIR, InitialAccount { nonce: 1, code, storage, ..InitialAccount::default() });
        Ok(accounts)
    }
}

/// The rules of a new chain, with which nothing was deployed.
pub(super) fn config() -> RollupConfig {
    RollupConfig { base_asset: asset_id(L1_CHAIN_ID, ETHER), ..crate::up::rules(CHAIN_ID) }
}

/// First slot of OpenZeppelin's ERC-20, by the rule of ERC-7201.
fn token_storage() -> U256 {
    let name = U256::from_be_bytes(keccak256("openzeppelin.storage.ERC20").0);
    let hash = keccak256((name - U256::ONE).to_be_bytes::<32>());
    U256::from_be_bytes(hash.0) & !U256::from(0xff)
}

fn mapping_slot(key: &Address, mapping: U256) -> U256 {
    keccak256([key.into_word(), B256::from(mapping)].concat()).into()
}

fn balance_slot(holder: &Address) -> U256 {
    mapping_slot(holder, token_storage())
}

fn allowance_slot(owner: &Address, spender: &Address) -> U256 {
    mapping_slot(spender, mapping_slot(owner, token_storage() + U256::ONE))
}

/// Makes something of each item, on all processors, in order.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    make: impl Fn(&T) -> eyre::Result<R> + Sync,
) -> eyre::Result<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get());
    let make = &make;
    thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(threads).max(1));
        let parts: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(make).collect::<eyre::Result<Vec<_>>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for part in parts {
            all.extend(part.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        match all.len() == items.len() {
            true => Ok(all),
            false => Err(eyre!("something was left out")),
        }
    })
}
