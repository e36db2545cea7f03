//! Who sends transactions: a key in a file, or an account that the node itself holds.

use super::node::{Node, Receipt, TRANSACTION_GAS_MAX};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U64, U128, U256, hex};
use clap::Args;
use eyre::{WrapErr, bail, ensure, eyre};
use k256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which account sends.
#[derive(Args)]
pub(super) struct Sender {
    /// File with the private key of the sender, in hexadecimal; nobody but its owner may read it. Without it, the node must
    /// hold accounts of its own, as development nodes do, and the first one sends.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Which of the node's own accounts sends.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "key_file")]
    from: Option<Address>,
}

/// An account that can send.
pub(super) struct Account<'a> {
    node: &'a Node<'a>,
    chain_id: u64,
    pub(super) address: Address,
    /// None if the node has it.
    key: Option<SigningKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    base_fee_per_gas: U128,
}

impl<'a> Account<'a> {
    pub(super) fn new(sender: &Sender, node: &'a Node<'a>, chain_id: u64) -> eyre::Result<Self> {
        if let Some(path) = &sender.key_file {
            let key = read_key(path)?;
            return Ok(Self { node, chain_id, address: Address::from_private_key(&key), key: Some(key) });
        }
        // Public nodes hold none, and many refuse the question.
        let held: Vec<Address> = node.0.call("eth_accounts", json!([])).unwrap_or_default();
        let address = match sender.from {
            Some(address) if held.contains(&address) => address,
            Some(address) => bail!("the node holds no account {address}: name its key with --key-file"),
            None => *held
                .first()
                .ok_or_else(|| eyre!("the node holds no account: name a private key with --key-file"))?,
        };
        Ok(Self { node, chain_id, address, key: None })
    }

    /// Creates a contract, or calls one; waits until that is in a block.
    pub(super) fn send(&self, to: Option<Address>, data: &Bytes) -> eyre::Result<Receipt> {
        let mut transaction = json!({"from": self.address, "input": data});
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let gas = self.node.estimate(&transaction)?;
        ensure!(
            gas <= TRANSACTION_GAS_MAX,
            "the transaction would use {gas} gas, and Ethereum allows {TRANSACTION_GAS_MAX}"
        );
        let hash = match &self.key {
            None => {
                transaction["gas"] = json!(U64::from(gas));
                self.node.0.call("eth_sendTransaction", json!([transaction]))?
            }
            Some(key) => self.send_signed(key, to, data, gas)?,
        };
        self.node.receipt(hash)
    }

    fn send_signed(
        &self,
        key: &SigningKey,
        to: Option<Address>,
        data: &Bytes,
        gas_limit: u64,
    ) -> eyre::Result<B256> {
        let rpc = &self.node.0;
        let nonce: U64 = rpc.call("eth_getTransactionCount", json!([self.address, "pending"]))?;
        let tip: U128 = rpc.call("eth_maxPriorityFeePerGas", json!([]))?;
        let head: Head = rpc.call("eth_getBlockByNumber", json!(["latest", false]))?;
        let (tip, base_fee): (u128, u128) = (tip.to(), head.base_fee_per_gas.to());
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: nonce.to(),
            gas_limit,
            // Good for six full blocks in a row, each of which raises the base fee by an eighth.
            max_fee_per_gas: base_fee.saturating_mul(2).saturating_add(tip),
            max_priority_fee_per_gas: tip,
            to: to.map_or(TxKind::Create, TxKind::Call),
            value: U256::ZERO,
            access_list: Default::default(),
            input: data.clone(),
        };
        let (signature, recovery) = key.sign_prehash_recoverable(transaction.signature_hash().as_slice())?;
        let signed: TxEnvelope = transaction.into_signed(Signature::from((signature, recovery))).into();
        rpc.call("eth_sendRawTransaction", json!([Bytes::from(signed.encoded_2718())]))
    }

    pub(super) fn json(&self) -> Value {
        json!({"chain_id": self.chain_id, "from": self.address})
    }
}

fn read_key(path: &Path) -> eyre::Result<SigningKey> {
    check_mode(path)?;
    let text = fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let mut bytes = [0; 32];
    // What is in the file stays out of the message.
    hex::decode_to_slice(text.trim(), &mut bytes)
        .ok()
        .and_then(|()| SigningKey::from_slice(&bytes).ok())
        .ok_or_else(|| eyre!("{} holds no private key: 32 bytes in hexadecimal are one", path.display()))
}

/// Others who can read a key can send with it.
#[cfg(unix)]
fn check_mode(path: &Path) -> eyre::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        fs::metadata(path).wrap_err_with(|| format!("cannot read {}", path.display()))?.permissions().mode();
    ensure!(mode & 0o077 == 0, "others can read {}: run `chmod 600 {}`", path.display(), path.display());
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> eyre::Result<()> {
    Ok(())
}
