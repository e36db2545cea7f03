//! A state as a call sees it whose sender changed some accounts.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256, map::AddressMap};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};
use ashlar_stf::{AccountChange, SealedHeader, StateError, bytecode, rollup::ChainState};
use revm::{
    Database,
    bytecode::Bytecode,
    context::BlockEnv,
    state::{AccountId, AccountInfo, EvmState},
};
use std::collections::HashMap;

/// A state, and what it has in other accounts' places.
#[derive(Debug)]
pub(crate) struct Overridden<'s, S> {
    state: &'s mut S,
    accounts: AddressMap<AccountOverride>,
    codes: HashMap<B256, Bytecode>,
}

impl<'s, S: ChainState> Overridden<'s, S> {
    /// The error says what is asked for that does not exist.
    pub(crate) fn new(state: &'s mut S, overrides: StateOverride) -> Result<Self, String> {
        let mut codes = HashMap::new();
        for (address, account) in &overrides {
            if account.move_precompile_to.is_some() {
                return Err(format!("account {address}: precompiles cannot be moved"));
            }
            if account.state.is_some() && account.state_diff.is_some() {
                return Err(format!("account {address} has both 'state' and 'stateDiff'"));
            }
            if let Some(code) = &account.code {
                codes.insert(keccak256(code), bytecode(code.clone()));
            }
        }
        Ok(Self { state, accounts: overrides.into_iter().collect(), codes })
    }
}

impl<S: ChainState> Database for Overridden<'_, S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let found = self.state.basic(address)?;
        let Some(own) = self.accounts.get(&address) else { return Ok(found) };
        let mut account = found.unwrap_or_default();
        account.balance = own.balance.unwrap_or(account.balance);
        account.nonce = own.nonce.unwrap_or(account.nonce);
        if let Some(code) = &own.code {
            account.code_hash = keccak256(code);
            account.code = Some(bytecode(Bytes::clone(code)));
        }
        Ok(Some(account))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        match self.codes.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => self.state.code_by_hash(hash),
        }
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        let own = self.accounts.get(&address);
        let word = B256::from(key);
        if let Some(slots) = own.and_then(|account| account.state.as_ref()) {
            return Ok(slots.get(&word).copied().unwrap_or_default().into());
        }
        match own.and_then(|account| account.state_diff.as_ref()?.get(&word)) {
            Some(value) => Ok((*value).into()),
            None => self.state.storage(address, key),
        }
    }

    fn storage_by_account_id(
        &mut self,
        address: Address,
        id: AccountId,
        key: U256,
    ) -> Result<U256, StateError> {
        match self.accounts.contains_key(&address) {
            true => self.storage(address, key),
            false => self.state.storage_by_account_id(address, id, key),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.state.block_hash(number)
    }
}

impl<S: ChainState> ChainState for Overridden<'_, S> {
    fn parent(&self) -> &SealedHeader {
        self.state.parent()
    }

    fn apply(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError> {
        self.state.apply(changes)
    }

    fn push(&mut self, block: SealedHeader) {
        self.state.push(block);
    }
}

/// Changes what a call sees of its block. The error says what is asked for that does not exist.
pub(crate) fn override_block(block: &mut BlockEnv, overrides: BlockOverrides) -> Result<(), String> {
    let BlockOverrides { number, time, gas_limit, coinbase, random, base_fee, .. } = overrides;
    let has_more = overrides.block_hash.is_some_and(|hashes| !hashes.is_empty())
        || overrides.beacon_root.is_some()
        || overrides.blob_base_fee.is_some()
        || overrides.difficulty.is_some_and(|difficulty| !difficulty.is_zero());
    if has_more {
        return Err("of a block number, time, gasLimit, feeRecipient, prevRandao and baseFeePerGas \
                    can be overridden"
            .to_owned());
    }
    block.number = number.unwrap_or(block.number);
    block.timestamp = time.map_or(block.timestamp, U256::from);
    block.gas_limit = gas_limit.unwrap_or(block.gas_limit);
    block.beneficiary = coinbase.unwrap_or(block.beneficiary);
    block.prevrandao = random.or(block.prevrandao);
    if let Some(base_fee) = base_fee {
        block.basefee = base_fee.try_into().map_err(|_| "baseFeePerGas is above 2^64")?;
    }
    Ok(())
}
