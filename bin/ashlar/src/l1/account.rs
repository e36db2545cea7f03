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

const WEI_PER_GWEI: u128 = 1_000_000_000;

/// Which account sends.
#[derive(Args)]
pub(super) struct Sender {
    /// File with the private key of the sender, in hexadecimal; nobody but its owner may read it. Without it, the node must
    /// hold accounts of its own, as development nodes do, and the first one sends.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// The most that gas may cost, base fee and tip together. The node says what they are, and whoever runs it could name any
    /// price: above this one nothing is sent.
    #[arg(long, value_name = "GWEI", default_value_t = 200, requires = "key_file")]
    max_fee: u64,

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
    /// In wei per gas; only with a key, as a node pays from its own accounts what it wants.
    max_fee: u128,
}

/// What a transaction offers for its gas, in wei per gas.
#[derive(Debug, PartialEq, Eq)]
struct Fees {
    max: u128,
    tip: u128,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    base_fee_per_gas: U128,
}

impl<'a> Account<'a> {
    pub(super) fn new(sender: &Sender, node: &'a Node<'a>, chain_id: u64) -> eyre::Result<Self> {
        let max_fee = u128::from(sender.max_fee) * WEI_PER_GWEI;
        if let Some(path) = &sender.key_file {
            let key = read_key(path)?;
            return Ok(Self {
                node,
                chain_id,
                address: Address::from_private_key(&key),
                key: Some(key),
                max_fee,
            });
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
        Ok(Self { node, chain_id, address, key: None, max_fee })
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
        let fees = Fees::new(head.base_fee_per_gas.to(), tip.to(), self.max_fee)?;
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: nonce.to(),
            gas_limit,
            max_fee_per_gas: fees.max,
            max_priority_fee_per_gas: fees.tip,
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

impl Fees {
    /// For what a node says that base fee and tip are; an error if they are above the limit, and otherwise no offer is above
    /// it.
    fn new(base_fee: u128, tip: u128, limit: u128) -> eyre::Result<Self> {
        let price = base_fee.saturating_add(tip);
        ensure!(
            price <= limit,
            "the node wants {} gwei per gas, a base fee of {} and a tip of {}; the most that may be paid is {}: compare with \
             another node, and if gas costs that much, allow it with `--max-fee {}`",
            gwei(price),
            gwei(base_fee),
            gwei(tip),
            gwei(limit),
            price.div_ceil(WEI_PER_GWEI)
        );
        // Good for six full blocks in a row, each of which raises the base fee by an eighth.
        Ok(Self { max: base_fee.saturating_mul(2).saturating_add(tip).min(limit), tip })
    }
}

/// With all digits that are not zero.
fn gwei(wei: u128) -> String {
    let (whole, rest) = (wei / WEI_PER_GWEI, wei % WEI_PER_GWEI);
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u128 = 200 * WEI_PER_GWEI;

    #[test]
    fn fees_are_good_for_six_blocks_but_never_above_the_limit() {
        let fees = |base_fee, tip| Fees::new(base_fee, tip, LIMIT).unwrap();
        assert_eq!(fees(7, 2), Fees { max: 16, tip: 2 });
        assert_eq!(fees(0, 0), Fees { max: 0, tip: 0 });
        let half = LIMIT / 2;
        assert_eq!(fees(half - 1, 2), Fees { max: LIMIT, tip: 2 });
        assert_eq!(fees(half, 1), Fees { max: LIMIT, tip: 1 });
        assert_eq!(fees(LIMIT - 1, 1), Fees { max: LIMIT, tip: 1 });
        assert_eq!(fees(0, LIMIT), Fees { max: LIMIT, tip: LIMIT });
    }

    #[test]
    fn a_price_above_the_limit_is_refused_whichever_part_it_is() {
        for (base_fee, tip) in
            [(LIMIT, 1), (1, LIMIT), (LIMIT + 1, 0), (0, LIMIT + 1), (u128::MAX, u128::MAX), (u128::MAX, 0)]
        {
            let error = Fees::new(base_fee, tip, LIMIT).unwrap_err().to_string();
            assert!(error.contains("--max-fee"), "{error}");
        }
        let error = Fees::new(LIMIT, 1, LIMIT).unwrap_err().to_string();
        assert!(error.contains("200.000000001 gwei per gas"), "{error}");
        assert!(error.contains("a base fee of 200 and a tip of 0.000000001"), "{error}");
        assert!(error.contains("--max-fee 201"), "{error}");
        Fees::new(LIMIT, 1, 201 * WEI_PER_GWEI).unwrap();
    }
}
