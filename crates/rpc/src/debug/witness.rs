//! What a block needs to be executed: trie nodes, codes, headers.

use super::trace::{block_of, parent};
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    blocks::Block,
    error::RpcError,
    methods::Methods,
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_primitives::BlockInput;
use ashlar_stf::{
    AccountChange, SealedHeader, StateError, WitnessState,
    rollup::{ChainState, execute_rollup_block},
};
use jsonrpsee::core::RegisterMethodError;
use revm::{
    Database,
    bytecode::Bytecode,
    state::{AccountId, AccountInfo, EvmState},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("debug_executionWitness", Work::Execute, execution_witness)
}

fn execution_witness(api: &Api, mut arguments: Arguments) -> Answer {
    let block: BlockId = arguments.required()?;
    arguments.end()?;
    let block = block_of(api, block)?;
    let parent = parent(api, &block)?;
    let (nodes, read) = api.with_state(&parent, |state| {
        let read = execute(api, state, &block)?;
        let nodes: Vec<_> = state.used_nodes().map(Bytes::copy_from_slice).collect();
        Ok((nodes, read))
    })?;
    let codes: Vec<_> = read.codes.into_values().collect();
    let accounts = read.accounts.iter().map(|address| Bytes::copy_from_slice(address.as_slice()));
    let slots = read.slots.iter().map(|key| Bytes::from(key.to_be_bytes_vec()));
    let keys: Vec<_> = accounts.chain(slots).collect();
    // A block reads the hashes of older ones from the state.
    let headers = [Bytes::from(alloy_rlp::encode(&parent.header))];
    let lists = [&nodes[..], &codes, &keys, &headers];
    let bytes: usize = lists.into_iter().flatten().map(|one| 2 * one.len() + 5).sum();
    let limit = api.limits.response_bytes;
    if bytes > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(RpcError::Limit(format!("a witness of {bytes} bytes, the limit of answers is {limit}")));
    }
    Ok(json!({ "state": nodes, "codes": codes, "keys": keys, "headers": headers }))
}

/// Executes a block again, and checks that it becomes what it was.
fn execute(api: &Api, state: &mut WitnessState<'_>, block: &Block) -> Result<Read, RpcError> {
    let header = alloy_rlp::encode(&block.record.header.header);
    let input = BlockInput {
        header: &header,
        transactions: block.record.transactions.iter().map(AsRef::as_ref).collect(),
        withdrawals: Vec::new(),
    };
    let mut recorded = Recorded { state, read: Read::default() };
    execute_rollup_block(&api.node.config, &mut recorded, &input)
        .map_err(|error| RpcError::Replay(format!("block {}: {error}", block.number())))?;
    Ok(recorded.read)
}

/// What was read of a state.
#[derive(Debug, Default)]
struct Read {
    accounts: BTreeSet<Address>,
    slots: BTreeSet<U256>,
    codes: BTreeMap<B256, Bytes>,
}

/// A state, and what is read of it.
#[derive(Debug)]
struct Recorded<'s, S> {
    state: &'s mut S,
    read: Read,
}

impl<S: ChainState> Database for Recorded<'_, S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.read.accounts.insert(address);
        self.state.basic(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        let code = self.state.code_by_hash(hash)?;
        self.read.codes.entry(hash).or_insert_with(|| code.original_bytes());
        Ok(code)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        self.read.slots.insert(key);
        self.state.storage(address, key)
    }

    fn storage_by_account_id(
        &mut self,
        address: Address,
        id: AccountId,
        key: U256,
    ) -> Result<U256, StateError> {
        self.read.slots.insert(key);
        self.state.storage_by_account_id(address, id, key)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        self.state.block_hash(number)
    }
}

impl<S: ChainState> ChainState for Recorded<'_, S> {
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
