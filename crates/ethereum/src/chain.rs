//! What is asked of an Ethereum node, by name.

use std::{
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U64, U128, U256};
use alloy_sol_types::SolCall;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use crate::client::{Call, Class, Client, ClientError};

/// The most gas that a transaction may use since Osaka (EIP-7825).
pub const TRANSACTION_GAS_MAX: u64 = 1 << 24;

/// How often a receipt is asked for.
const RECEIPT_INTERVAL: Duration = Duration::from_millis(500);

/// Sets a field of a request's object.
pub(crate) fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockAt {
    /// The newest one.
    Latest,
    /// The newest one, and then the transactions that wait.
    Pending,
    /// The newest one that is final.
    Finalized,
    /// By number.
    Number(u64),
    /// By hash, as long as it is in the chain (EIP-1898).
    Hash(B256),
}

/// A block's header, as far as it is used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", from = "HeaderForm")]
pub struct Header {
    /// Its number.
    pub number: u64,
    /// Its hash, as the node says.
    pub hash: B256,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Wei per gas.
    pub base_fee: u128,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderForm {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    #[serde(default)]
    base_fee_per_gas: U128,
}

impl From<HeaderForm> for Header {
    fn from(form: HeaderForm) -> Self {
        Self {
            number: form.number.to(),
            hash: form.hash,
            parent_hash: form.parent_hash,
            timestamp: form.timestamp.to(),
            base_fee: form.base_fee_per_gas.to(),
        }
    }
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Of which transaction.
    pub transaction_hash: B256,
    /// The block that it is in.
    pub block_number: U64,
    /// Hash of that block.
    pub block_hash: B256,
    status: U64,
    gas_used: U64,
    contract_address: Option<Address>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// The contract that it is of.
    pub address: Address,
    /// Its topics.
    pub topics: Vec<B256>,
    /// What is not in its topics.
    pub data: Bytes,
    /// The block.
    pub block_number: U64,
    /// Hash of the block.
    pub block_hash: B256,
    /// The transaction.
    pub transaction_hash: B256,
    /// Place in the block.
    pub log_index: U64,
    /// Whether its block is none of the chain any more.
    #[serde(default)]
    pub removed: bool,
}

/// Why a contract gives no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// The node gives none.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It is not what the contract would answer.
    #[error("{contract} does not answer {call} as the contract of this version does: is it there?")]
    Result {
        /// The contract.
        contract: Address,
        /// Signature of the call.
        call: &'static str,
    },
}

impl CallError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Client(error) => error.class(),
            Self::Result { .. } => Class::Permanent,
        }
    }
}

impl Receipt {
    /// Whether it did not fail.
    pub fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }

    /// Gas that it used.
    pub fn gas_used(&self) -> u64 {
        self.gas_used.to()
    }

    /// Number of its block.
    pub fn block(&self) -> u64 {
        self.block_number.to()
    }

    /// The contract that it created.
    pub fn contract(&self) -> Option<Address> {
        self.contract_address
    }
}

impl BlockAt {
    /// As the last parameter of a call.
    pub fn json(self) -> Value {
        match self {
            Self::Latest => json!("latest"),
            Self::Pending => json!("pending"),
            Self::Finalized => json!("finalized"),
            Self::Number(number) => json!(U64::from(number)),
            Self::Hash(hash) => json!({"blockHash": hash, "requireCanonical": true}),
        }
    }

    /// The call that fetches its header.
    pub fn header_call(self) -> Call {
        match self {
            Self::Hash(hash) => Call::new("eth_getBlockByHash", json!([hash, false])),
            at => Call::new("eth_getBlockByNumber", json!([at.json(), false])),
        }
    }
}

/// The call of `eth_call` that makes a contract's call on the state after a block.
pub fn contract_call(to: Address, call: &impl SolCall, at: BlockAt) -> Call {
    Call::new("eth_call", json!([{"to": to, "input": Bytes::from(call.abi_encode())}, at.json()]))
}

/// What such a call returned.
pub fn contract_result<C: SolCall>(contract: Address, bytes: &[u8]) -> Result<C::Return, CallError> {
    C::abi_decode_returns_validate(bytes).map_err(|_| CallError::Result { contract, call: C::SIGNATURE })
}

impl Client {
    /// EIP-155 id of the chain.
    pub fn chain_id(&self) -> Result<u64, ClientError> {
        let id: U64 = self.call("eth_chainId", json!([]))?;
        Ok(id.to())
    }

    /// A block's header; `None` if the node does not have the block.
    pub fn header(&self, at: BlockAt) -> Result<Option<Header>, ClientError> {
        let Call { method, params } = at.header_call();
        self.call_optional(method, params)
    }

    /// The newest block's header.
    pub fn head(&self) -> Result<Header, ClientError> {
        self.header(BlockAt::Latest)?.ok_or(ClientError::Absent { method: "eth_getBlockByNumber" })
    }

    /// Code at an address; empty if there is none.
    pub fn code(&self, address: Address) -> Result<Bytes, ClientError> {
        self.call("eth_getCode", json!([address, "latest"]))
    }

    /// Wei of an account.
    pub fn balance(&self, address: Address) -> Result<U256, ClientError> {
        self.call("eth_getBalance", json!([address, "latest"]))
    }

    /// Transactions that an account has sent up to a block.
    pub fn nonce(&self, address: Address, at: BlockAt) -> Result<u64, ClientError> {
        let nonce: U64 = self.call("eth_getTransactionCount", json!([address, at.json()]))?;
        Ok(nonce.to())
    }

    /// A call that changes nothing, with as much gas as a transaction may have.
    pub fn view(&self, to: Address, data: &Bytes) -> Result<Bytes, ClientError> {
        let gas = U64::from(TRANSACTION_GAS_MAX);
        self.call("eth_call", json!([{"to": to, "input": data, "gas": gas}, "latest"]))
    }

    /// The same with a contract's call, on the state after a block.
    pub fn ask<C: SolCall>(&self, to: Address, call: &C, at: BlockAt) -> Result<C::Return, CallError> {
        let Call { method, params } = contract_call(to, call, at);
        let bytes: Bytes = self.call(method, params)?;
        contract_result::<C>(to, &bytes)
    }

    /// Gas that a transaction would be given.
    pub fn estimate(&self, transaction: &Value) -> Result<u64, ClientError> {
        let gas: U64 = self.call("eth_estimateGas", json!([transaction]))?;
        Ok(gas.to())
    }

    /// What became of a transaction; `None` if it is in no block.
    pub fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ClientError> {
        self.call_optional("eth_getTransactionReceipt", json!([hash]))
    }

    /// Waits until a transaction is in a block; `None` if it is in none after this time.
    pub fn wait_for_receipt(&self, hash: B256, timeout: Duration) -> Result<Option<Receipt>, ClientError> {
        let start = Instant::now();
        loop {
            match self.receipt(hash) {
                Ok(None) => {}
                // The transaction is sent, so the wait is worth more than one answer.
                Err(error) if error.class() == Class::Temporary => {}
                other => return other,
            }
            if start.elapsed() > timeout {
                return Ok(None);
            }
            thread::sleep(RECEIPT_INTERVAL);
        }
    }

    /// Hands a signed transaction to the node.
    pub fn send_raw(&self, raw: &Bytes) -> Result<B256, ClientError> {
        self.call("eth_sendRawTransaction", json!([raw]))
    }
}
