//! Who sends transactions: a key in a file, or an account that the node itself holds.

use alloy_primitives::Address;
use ashlar_ethereum::{Account, Client, FeeError, WEI_PER_GWEI, Wallet, WalletError};
use clap::Args;
use eyre::eyre;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Which account sends.
#[derive(Args)]
pub(crate) struct Sender {
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

impl Sender {
    /// The account on this node's chain.
    pub(crate) fn wallet(&self, client: &Client) -> eyre::Result<Wallet> {
        let wallet = match &self.key_file {
            Some(path) => {
                let max_fee = u128::from(self.max_fee) * WEI_PER_GWEI;
                Wallet::with_key(client.clone(), Account::from_file(path)?, max_fee)
            }
            None => Wallet::held_by_node(client.clone(), self.from),
        };
        wallet.map_err(with_advice)
    }
}

/// The error, and which option helps.
pub(crate) fn with_advice(error: WalletError) -> eyre::Report {
    let advice = match &error {
        WalletError::NotHeld(_) => "name a private key with --key-file".to_owned(),
        WalletError::Fees(FeeError::Gas { base_fee, tip, .. }) => {
            let price = base_fee.saturating_add(*tip).div_ceil(WEI_PER_GWEI);
            format!(
                "compare with another node, and if gas costs that much, allow it with `--max-fee {price}`"
            )
        }
        _ => return error.into(),
    };
    eyre!("{error}: {advice}")
}

pub(crate) fn json(wallet: &Wallet) -> Value {
    json!({"chain_id": wallet.chain_id(), "from": wallet.address()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_above_the_limit_names_the_option() {
        let limit = 200 * WEI_PER_GWEI;
        let error = with_advice(FeeError::Gas { base_fee: limit, tip: 1, limit }.into()).to_string();
        assert!(error.contains("200.000000001 gwei per gas"), "{error}");
        assert!(error.contains("--max-fee 201"), "{error}");
        assert!(with_advice(WalletError::NotHeld(None)).to_string().contains("--key-file"));
    }
}
