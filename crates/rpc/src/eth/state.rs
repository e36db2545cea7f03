//! Accounts and their storage.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    error::RpcError,
    json::quantity,
    methods::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use ashlar_stf::{SealedHeader, StateError};
use ashlar_storage::{StoreSource, TrieProof};
use ashlar_trie::{Account, decode_storage_value};
use jsonrpsee::core::RegisterMethodError;
use revm::{Database, state::AccountInfo};
use serde_json::{Value, json};

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_getBalance", Work::Read, balance)?;
    methods.add("eth_getTransactionCount", Work::Read, transaction_count)?;
    methods.add("eth_getCode", Work::Read, code)?;
    methods.add("eth_getStorageAt", Work::Read, storage_at)?;
    methods.add("eth_getProof", Work::Read, proof)
}

/// The block of the last argument; the last block if there is none.
fn last_block(mut arguments: Arguments) -> Result<BlockId, RpcError> {
    let block = arguments.optional()?.unwrap_or_default();
    arguments.end()?;
    Ok(block)
}

pub(super) fn account(api: &Api, address: Address, header: &SealedHeader) -> Result<AccountInfo, RpcError> {
    api.with_state(header, |state| Ok(state.basic(address)?.unwrap_or_default()))
}

fn balance(api: &Api, mut arguments: Arguments) -> Answer {
    let address: Address = arguments.required()?;
    let header = api.header(last_block(arguments)?)?;
    Ok(quantity(account(api, address, &header)?.balance))
}

fn transaction_count(api: &Api, mut arguments: Arguments) -> Answer {
    let address: Address = arguments.required()?;
    let block = last_block(arguments)?;
    let nonce = account(api, address, &api.header(block)?)?.nonce;
    let pending = match block {
        BlockId::Number(BlockNumberOrTag::Pending) => api.node.pool.pending_nonce(&address),
        _ => None,
    };
    Ok(quantity(pending.map_or(nonce, |pending| pending.max(nonce))))
}

fn code(api: &Api, mut arguments: Arguments) -> Answer {
    let address: Address = arguments.required()?;
    let header = api.header(last_block(arguments)?)?;
    let code = api.with_state(&header, |state| {
        let account = state.basic(address)?.unwrap_or_default();
        if account.is_empty_code_hash() || account.code_hash.is_zero() {
            return Ok(Bytes::new());
        }
        Ok(state.code_by_hash(account.code_hash)?.original_bytes())
    })?;
    Ok(json!(code))
}

fn storage_at(api: &Api, mut arguments: Arguments) -> Answer {
    let (address, slot): (Address, Key) = (arguments.required()?, arguments.required()?);
    let header = api.header(last_block(arguments)?)?;
    let value = api.with_state(&header, |state| Ok(state.storage(address, slot.slot)?))?;
    Ok(json!(B256::from(value)))
}

/// The key of a slot: 32 bytes, or a quantity. Answers repeat it as it was asked for.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(try_from = "String")]
struct Key {
    slot: U256,
    text: String,
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("hex string without 0x prefix")?;
        if digits.len() > 64 {
            return Err(format!("{} digits, a storage key has at most 64", digits.len()));
        }
        let slot = U256::from_str_radix(digits, 16).map_err(|_| "not a hexadecimal storage key")?;
        let text = if digits.len() == 64 { text } else { format!("{slot:#x}") };
        Ok(Self { slot, text })
    }
}

fn proof(api: &Api, mut arguments: Arguments) -> Answer {
    let (address, keys): (Address, Vec<Key>) = (arguments.required()?, arguments.required()?);
    let header = api.header(last_block(arguments)?)?;
    if keys.len() > api.limits.proof_keys {
        let (have, most) = (keys.len(), api.limits.proof_keys);
        return Err(RpcError::Limit(format!("a proof of {have} slots, the limit is {most}")));
    }
    let source = StoreSource::new(&api.node.store);
    let proof = prove(&source, &header, address, &keys);
    match source.failure() {
        Some(failure) => Err(failure.into()),
        None => Ok(proof?),
    }
}

fn prove(
    source: &StoreSource<'_, std::sync::Arc<dyn ashlar_storage::Store>>,
    header: &SealedHeader,
    address: Address,
    keys: &[Key],
) -> Result<Value, StateError> {
    let of_account = TrieProof::of(source, header.header.state_root, &keccak256(address))?;
    let account = match &of_account.value {
        Some(record) => Account::decode(record).map_err(|_| StateError::AccountRlp(address))?,
        None => Account::default(),
    };
    let of_slots = keys.iter().map(|key| {
        let proof = TrieProof::of(source, account.storage_root, &keccak256(key.slot.to_be_bytes::<32>()))?;
        let value = proof.value.map_or(Ok(U256::ZERO), |value| decode_storage_value(&value));
        let value = value.map_err(|_| StateError::SlotRlp(address))?;
        Ok(json!({ "key": key.text, "value": quantity(value), "proof": proof.nodes }))
    });
    Ok(json!({
        "address": address,
        "accountProof": of_account.nodes,
        "balance": quantity(account.balance),
        "codeHash": account.code_hash,
        "nonce": quantity(account.nonce),
        "storageHash": account.storage_root,
        "storageProof": of_slots.collect::<Result<Vec<_>, StateError>>()?,
    }))
}
