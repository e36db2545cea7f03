//! What a transaction looks at.

use super::Budget;
use crate::{
    error::StateError,
    rollup::{evm::RollupContext, state::ChainState},
};
use alloc::collections::{BTreeMap, btree_map::Entry};
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    Database,
    bytecode::{Bytecode, opcode},
    context_interface::context::ContextError,
    interpreter::{FrameInput, Interpreter, interpreter_types::InputsTr},
    state::Account,
};

/// What an account and a slot take in memory and as JSON, bytes.
const ACCOUNT_BYTES: usize = 1_024;
const SLOT_BYTES: usize = 512;

/// An account at some moment; one that is not there has nothing of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Code.
    pub code: Bytes,
}

/// An account that a transaction looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Before the transaction.
    pub before: AccountView,
    /// After it; `None` if the account destroyed itself.
    pub after: Option<AccountView>,
    /// Slots that it looked at: their values before and after.
    pub slots: BTreeMap<U256, (U256, U256)>,
}

/// Records which accounts and slots a transaction looks at: each is read before the instruction that looks at it first, and after
/// the transaction.
#[derive(Debug)]
pub struct LookRecorder {
    accounts: BTreeMap<Address, Looked>,
    pub(super) budget: Budget,
    pub(super) failure: Option<StateError>,
}

impl LookRecorder {
    /// Records at most so many bytes.
    pub const fn new(bytes_max: usize) -> Self {
        Self { accounts: BTreeMap::new(), budget: Budget(Some(bytes_max)), failure: None }
    }

    /// What the transaction looked at.
    pub fn into_accounts(self) -> BTreeMap<Address, Looked> {
        self.accounts
    }

    pub(super) fn begin<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        input: &FrameInput,
    ) -> Result<(), ContextError<StateError>> {
        match input {
            FrameInput::Call(call) => {
                self.account(context, call.target_address);
                self.account(context, call.bytecode_address);
            }
            FrameInput::Create(create) => {
                let creator = context.journaled_state.inner.state.get(&create.caller());
                let nonce = creator.map_or(0, |account| account.info.nonce);
                self.account(context, create.created_address(nonce));
            }
            FrameInput::Empty => {}
        }
        // What the instructions looked at may have been too much.
        self.budget.spend(0)
    }

    pub(super) fn instruction<S: ChainState>(
        &mut self,
        context: &mut RollupContext<'_, S>,
        interpreter: &Interpreter,
        opcode: u8,
    ) {
        let operand = match opcode {
            opcode::SLOAD
            | opcode::SSTORE
            | opcode::BALANCE
            | opcode::EXTCODESIZE
            | opcode::EXTCODECOPY
            | opcode::EXTCODEHASH
            | opcode::SELFDESTRUCT => 0,
            opcode::CALL | opcode::CALLCODE | opcode::DELEGATECALL | opcode::STATICCALL => 1,
            _ => return,
        };
        let Ok(word) = interpreter.stack.peek(operand) else { return };
        if matches!(opcode, opcode::SLOAD | opcode::SSTORE) {
            self.slot(context, interpreter.input.target_address(), word);
        } else {
            self.account(context, Address::from_word(word.into()));
        }
    }

    /// Looks at an account, and at the one that it delegates to (EIP-7702).
    pub(super) fn account<S: ChainState>(&mut self, context: &mut RollupContext<'_, S>, address: Address) {
        if self.is_stopped() || self.accounts.contains_key(&address) {
            return;
        }
        match read(context, &address) {
            Ok((view, delegate)) => {
                if self.budget.spend(view.code.len().saturating_add(ACCOUNT_BYTES)).is_err() {
                    return;
                }
                let looked = Looked { before: view, ..Looked::default() };
                self.accounts.insert(address, looked);
                if let Some(delegate) = delegate {
                    self.account(context, delegate);
                }
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    fn slot<S: ChainState>(&mut self, context: &mut RollupContext<'_, S>, address: Address, key: U256) {
        self.account(context, address);
        if self.is_stopped() {
            return;
        }
        let Some(account) = self.accounts.get_mut(&address) else { return };
        if let Entry::Vacant(place) = account.slots.entry(key)
            && self.budget.spend(SLOT_BYTES).is_ok()
        {
            match read_slot(context, &address, key) {
                Ok(value) => {
                    place.insert((value, value));
                }
                Err(failure) => self.failure = Some(failure),
            }
        }
    }

    /// Whether nothing more is recorded, since there will be no trace.
    const fn is_stopped(&self) -> bool {
        self.failure.is_some() || self.budget.0.is_none()
    }

    pub(super) fn after<S: ChainState>(&mut self, context: &mut RollupContext<'_, S>) {
        for (address, looked) in &mut self.accounts {
            if let Err(failure) = look_again(context, address, looked) {
                self.failure.get_or_insert(failure);
            }
        }
    }
}

fn look_again<S: ChainState>(
    context: &mut RollupContext<'_, S>,
    address: &Address,
    looked: &mut Looked,
) -> Result<(), StateError> {
    if context.journaled_state.inner.state.get(address).is_some_and(Account::is_selfdestructed_locally) {
        return Ok(());
    }
    looked.after = Some(read(context, address)?.0);
    for (key, (_, after)) in &mut looked.slots {
        *after = read_slot(context, address, *key)?;
    }
    Ok(())
}

/// The account as it is now, and whom it delegates to. The journal does not notice.
fn read<S: ChainState>(
    context: &mut RollupContext<'_, S>,
    address: &Address,
) -> Result<(AccountView, Option<Address>), StateError> {
    let journal = &mut context.journaled_state;
    let info = match journal.inner.state.get(address) {
        // It is gone since an earlier transaction.
        Some(account) if account.is_selfdestructed_locally() => return Ok(Default::default()),
        Some(account) => account.info.clone(),
        None => journal.database.basic(*address)?.unwrap_or_default(),
    };
    let code = match info.code {
        Some(code) => code,
        None if info.is_empty_code_hash() => Bytecode::default(),
        None => journal.database.code_by_hash(info.code_hash)?,
    };
    let view = AccountView { nonce: info.nonce, balance: info.balance, code: code.original_bytes() };
    Ok((view, code.eip7702_address()))
}

fn read_slot<S: ChainState>(
    context: &mut RollupContext<'_, S>,
    address: &Address,
    key: U256,
) -> Result<U256, StateError> {
    let journal = &mut context.journaled_state;
    match journal.inner.state.get(address) {
        Some(account) if account.is_selfdestructed_locally() => Ok(U256::ZERO),
        Some(account) => match account.storage.get(&key) {
            Some(slot) => Ok(slot.present_value),
            // A new account has no other slots.
            None if account.is_created() => Ok(U256::ZERO),
            None => journal.database.storage(*address, key),
        },
        None => journal.database.storage(*address, key),
    }
}
