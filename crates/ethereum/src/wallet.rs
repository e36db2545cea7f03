//! One transaction after the other, each waited for: for commands that somebody watches.
//!
//! Nothing is kept on disk and nothing is sent again. A node's own transactions go through [`crate::Sender`].

use std::time::Duration;

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U256};
use serde_json::json;
use thiserror::Error;

use crate::{
    account::{Account, AccountError, Unsigned},
    chain::{BlockAt, Receipt, TRANSACTION_GAS_MAX, set},
    client::{Client, ClientError},
    fees::{FeeError, FeeLimits, Fees, Market},
    revert::revert_reason,
};

/// How long a transaction may take to be in a block.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(600);

/// An account that sends.
#[derive(Clone, Debug)]
pub struct Wallet {
    client: Client,
    chain_id: u64,
    payer: Payer,
}

#[derive(Clone, Debug)]
enum Payer {
    /// Signs here.
    Key { account: Account, limits: FeeLimits },
    /// The node has the key, and pays from its own accounts what it wants.
    Held(Address),
}

/// Why a transaction was not sent, or did not do what it should.
#[derive(Debug, Error)]
pub enum WalletError {
    /// The node does not answer, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The key is none, or not for this chain.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Gas costs more than may be paid.
    #[error(transparent)]
    Fees(#[from] FeeError),
    /// The node holds no account, or not this one.
    #[error("the node holds no account{}", .0.map(|address| format!(" {address}")).unwrap_or_default())]
    NotHeld(Option<Address>),
    /// More gas than Ethereum allows.
    #[error("the transaction would use {0} gas, and Ethereum allows {TRANSACTION_GAS_MAX}")]
    Gas(u64),
    /// It would revert.
    #[error("the contract refuses: {0}")]
    Reverts(String),
    /// It is in a block, but it failed.
    #[error("transaction {0} is in a block, but it failed")]
    Failed(B256),
    /// It is in no block after the time for that.
    #[error("transaction {0} is in no block after {minutes} minutes", minutes = RECEIPT_TIMEOUT.as_secs() / 60)]
    Unmined(B256),
    /// It created no contract.
    #[error("the receipt of {0} names no contract")]
    NoContract(B256),
}

impl Wallet {
    /// An account with its key, which pays at most `max_fee` wei per gas.
    pub fn with_key(client: Client, account: Account, max_fee: u128) -> Result<Self, WalletError> {
        let chain_id = client.chain_id()?;
        account.check_chain(chain_id)?;
        let limits = FeeLimits { max: max_fee, blob: 0 };
        Ok(Self { client, chain_id, payer: Payer::Key { account, limits } })
    }

    /// An account that the node holds, as nodes for development do: this one, or the first.
    pub fn held_by_node(client: Client, address: Option<Address>) -> Result<Self, WalletError> {
        let chain_id = client.chain_id()?;
        // Public nodes hold none, and many refuse the question.
        let held: Vec<Address> = match client.call("eth_accounts", json!([])) {
            Err(ClientError::Refused { .. }) => Vec::new(),
            held => held?,
        };
        let address = match address {
            Some(address) => held.contains(&address).then_some(address).ok_or(Some(address)),
            None => held.first().copied().ok_or(None),
        };
        let address = address.map_err(WalletError::NotHeld)?;
        Ok(Self { client, chain_id, payer: Payer::Held(address) })
    }

    /// Who sends.
    pub fn address(&self) -> Address {
        match &self.payer {
            Payer::Key { account, .. } => account.address(),
            Payer::Held(address) => *address,
        }
    }

    /// EIP-155 id of the chain.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The node.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Calls a contract, or creates one; waits until that is in a block. `value` is in wei.
    pub fn send(&self, to: Option<Address>, data: &Bytes, value: U256) -> Result<Receipt, WalletError> {
        let mut transaction = json!({"from": self.address(), "input": data, "value": value});
        if let Some(to) = to {
            set(&mut transaction, "to", json!(to));
        }
        let gas = self.client.estimate(&transaction).map_err(reverts)?;
        if gas > TRANSACTION_GAS_MAX {
            return Err(WalletError::Gas(gas));
        }
        let hash = match &self.payer {
            Payer::Held(_) => {
                set(&mut transaction, "gas", json!(U64::from(gas)));
                self.client.call("eth_sendTransaction", json!([transaction]))?
            }
            Payer::Key { account, limits } => {
                let kind = to.map_or(TxKind::Create, TxKind::Call);
                self.send_signed(account, *limits, (kind, data, value), gas)?
            }
        };
        let receipt = self.client.wait_for_receipt(hash, RECEIPT_TIMEOUT)?;
        let receipt = receipt.ok_or(WalletError::Unmined(hash))?;
        if receipt.succeeded() { Ok(receipt) } else { Err(WalletError::Failed(hash)) }
    }

    /// Creates a contract: where it is, and the receipt.
    pub fn create(&self, code: &Bytes) -> Result<(Address, Receipt), WalletError> {
        let receipt = self.send(None, code, U256::ZERO)?;
        let address = receipt.contract().ok_or(WalletError::NoContract(receipt.transaction_hash))?;
        Ok((address, receipt))
    }

    fn send_signed(
        &self,
        account: &Account,
        limits: FeeLimits,
        (to, input, value): (TxKind, &Bytes, U256),
        gas_limit: u64,
    ) -> Result<B256, WalletError> {
        let nonce = self.client.nonce(account.address(), BlockAt::Pending)?;
        let base_fee = self.client.head()?.base_fee;
        let fees = Fees::new(Market::read(&self.client, base_fee, false)?, limits)?;
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max,
            max_priority_fee_per_gas: fees.tip,
            to,
            value,
            access_list: Default::default(),
            input: input.clone(),
        };
        let signed = account.sign(Unsigned::Plain(transaction))?;
        // The hash is known here; what the node says it is does not matter.
        self.client.send_raw(&signed.raw)?;
        Ok(signed.hash)
    }
}

/// With the reason, if it is that a contract reverts.
fn reverts(error: ClientError) -> WalletError {
    let reason = error.refusal().and_then(|refusal| revert_reason(&refusal.revert_data()?));
    reason.map_or(WalletError::Client(error), WalletError::Reverts)
}
