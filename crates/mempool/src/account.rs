//! What the pool knows of accounts.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use ashlar_stf::AccountChange;
use ashlar_storage::{Damaged, StateDbError, Store, Table};
use ashlar_trie::Account;
use std::sync::Arc;

/// Where the pool reads accounts: the chain's state after its last block that is written.
pub trait Accounts {
    /// An account; the default where there is none.
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError>;
}

/// The accounts of a store that has a chain.
pub struct StoreAccounts(pub Arc<dyn Store>);

impl Accounts for StoreAccounts {
    fn account(&self, address: &Address) -> Result<AccountState, StateDbError> {
        let Some(record) = self.0.get(Table::Accounts, address.as_slice())? else {
            return Ok(AccountState::default());
        };
        let damaged = |_| Damaged::new(Table::Accounts, address.to_string());
        let Account { nonce, balance, code_hash, .. } = Account::decode(&record).map_err(damaged)?;
        if code_hash == KECCAK256_EMPTY {
            return Ok(AccountState { nonce, balance, code: Code::None });
        }
        let code = self.0.get(Table::Codes, code_hash.as_slice())?;
        let code = code.ok_or_else(|| Damaged::new(Table::Codes, code_hash.to_string()))?;
        Ok(AccountState { nonce, balance, code: Code::of(&code) })
    }
}

/// An account, as far as it decides which transactions it may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// Nonce of its next transaction.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// What code it has.
    pub code: Code,
}

/// What code an account has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Code {
    /// None.
    #[default]
    None,
    /// A delegation (EIP-7702): the account can still send transactions.
    Delegation,
    /// A contract's, which cannot send transactions (EIP-3607).
    Contract,
}

impl Code {
    /// What these bytes of code are.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        match ashlar_stf::bytecode(bytes.to_vec().into()).is_eip7702() {
            true => Self::Delegation,
            false => Self::Contract,
        }
    }
}

/// An account after a block that changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Whose account.
    pub address: Address,
    /// Nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// What code it has; `None` where that is as before.
    pub code: Option<Code>,
}

impl From<&AccountChange> for Changed {
    fn from(change: &AccountChange) -> Self {
        let (nonce, balance) = change.record.map_or_else(Default::default, |at| (at.nonce, at.balance));
        let has_none = change.record.is_none_or(|record| record.code_hash == KECCAK256_EMPTY);
        let code = if has_none { Some(Code::None) } else { change.code.as_ref().map(|code| Code::of(code)) };
        Self { address: change.address, nonce, balance, code }
    }
}
