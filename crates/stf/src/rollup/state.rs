//! What a rollup block is executed on.

use crate::{
    error::StateError,
    header::SealedHeader,
    state::{AccountChange, WitnessState},
};
use alloc::vec::Vec;
use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS};
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    bytecode::Bytecode,
    state::{AccountId, AccountInfo, EvmState},
};

/// The state after a block, and that block. The guest has one over a witness, a node one over its database.
pub trait ChainState: Database<Error = StateError> {
    /// The last block.
    fn parent(&self) -> &SealedHeader;

    /// Applies what a block changed; returns the changes and the new state root.
    fn apply(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError>;

    /// Appends the block whose changes were applied.
    fn push(&mut self, block: SealedHeader);
}

impl ChainState for WitnessState<'_> {
    fn parent(&self) -> &SealedHeader {
        self.ancestors.parent()
    }

    fn apply(&mut self, changes: EvmState) -> Result<(Vec<AccountChange>, B256), StateError> {
        Self::apply(self, changes)
    }

    fn push(&mut self, block: SealedHeader) {
        self.ancestors.push(block);
    }
}

/// Slot of the history's contract that has the hash of the block with this number (EIP-2935).
pub(super) fn history_slot(number: u64) -> U256 {
    let window = u64::try_from(HISTORY_SERVE_WINDOW).unwrap_or(u64::MAX).max(1);
    U256::from(number % window)
}

/// A state as the EVM reads it during a block: `BLOCKHASH` reads the history in the state (`specs/015`, "System calls").
#[derive(Debug)]
pub(super) struct BlockState<'s, S> {
    pub(super) chain: &'s mut S,
    pub(super) parent_number: u64,
    pub(super) parent_hash: B256,
    pub(super) history: bool,
}

impl<S: ChainState> Database for BlockState<'_, S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.chain.basic(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        self.chain.code_by_hash(hash)
    }

    fn storage(&mut self, address: Address, index: U256) -> Result<U256, StateError> {
        self.chain.storage(address, index)
    }

    fn storage_by_account_id(
        &mut self,
        address: Address,
        id: AccountId,
        index: U256,
    ) -> Result<U256, StateError> {
        self.chain.storage_by_account_id(address, id, index)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        // The parent's hash is written by this block; older ones stand in the state before it.
        if number == self.parent_number {
            return Ok(self.parent_hash);
        }
        if !self.history {
            return Ok(B256::ZERO);
        }
        self.chain.storage(HISTORY_STORAGE_ADDRESS, history_slot(number)).map(B256::from)
    }
}
