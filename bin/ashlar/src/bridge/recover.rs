//! `ashlar bridge recover`.

use super::{Common, Sender, advice, report};
use alloy_primitives::B256;
use ashlar_sdk::Recovery;
use clap::Args;
use serde_json::json;

/// Gives back on Ethereum what a failed deposit of a token took.
///
/// Only tokens are given back here, to who deposited them. What failed of a deposit of the token that the chain's fees are paid with
/// was given to the refund recipient on the chain.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    sender: Sender,

    /// The deposit, by its transaction on Ethereum.
    #[arg(long, value_name = "HASH")]
    transaction: B256,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let chain = arguments.common.connect()?;
    let deposit = chain.token_deposit(arguments.transaction).map_err(advice::recovering)?;
    let wallet = arguments.sender.wallet(chain.ethereum())?;
    let recovery = chain.recover(&wallet, &deposit).map_err(advice::recovering)?;
    let (status, transaction, gas_used) = match recovery {
        Recovery::Recovered { transaction, gas_used } => ("recovered", Some(transaction), Some(gas_used)),
        Recovery::RecoveredBefore => ("recovered before", None, None),
        Recovery::Arrived => ("arrived on the chain: there is nothing to give back", None, None),
    };
    let token = chain.token_of(deposit.asset)?.map(|token| chain.token(token)).transpose()?;
    let amount = match &token {
        Some(token) => report::amount(token, deposit.amount),
        None => format!("{} of the asset {}", deposit.amount, deposit.asset),
    };
    let mut lines =
        vec![("status", status.to_owned()), ("deposit", amount), ("of", deposit.sender.to_string())];
    if let (Some(transaction), Some(gas_used)) = (transaction, gas_used) {
        lines.push(("transaction", format!("{transaction} on Ethereum")));
        lines.push(("gas", gas_used.to_string()));
    }
    let name = match recovery {
        Recovery::Recovered { .. } => "recovered",
        Recovery::RecoveredBefore => "recovered_before",
        Recovery::Arrived => "arrived",
    };
    let json = json!({
        "status": name,
        "operation": deposit.operation,
        "asset_id": deposit.asset,
        "amount": deposit.amount.to_string(),
        "sender": deposit.sender,
        "transaction": transaction,
        "gas_used": gas_used,
    });
    report::print(arguments.common.json, &lines, &json)
}
