//! `ashlar bridge status`.

use super::{Common, advice, report};
use crate::{output, progress::words};
use alloy_primitives::{Address, B256};
use ashlar_sdk::{Chain, DepositStep, WithdrawalStatus};
use clap::Args;
use serde_json::json;

/// Says how far withdrawals, a deposit, or a transaction of the chain are.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    what: What,
}

/// What is asked about. A group of its own: a group beside flattened arguments has no members.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// The withdrawals that this address has sent on the chain, newest first.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<Address>,

    /// The deposit that this transaction of Ethereum made.
    #[arg(long, value_name = "HASH")]
    deposit: Option<B256>,

    /// How final this transaction of the chain is.
    #[arg(long, value_name = "HASH")]
    transaction: Option<B256>,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let chain = arguments.common.connect()?;
    let json = arguments.common.json;
    if let Some(address) = arguments.what.address {
        return withdrawals(&chain, address, json);
    }
    if let Some(transaction) = arguments.what.deposit {
        return deposit(&chain, transaction, json);
    }
    if let Some(transaction) = arguments.what.transaction {
        let (text, mut value) = report::finality(&chain.finality(transaction)?);
        value["transaction"] = json!(transaction);
        return report::print(json, &[("status", text)], &value);
    }
    Ok(())
}

fn withdrawals(chain: &Chain, address: Address, as_json: bool) -> eyre::Result<()> {
    let list = chain.withdrawals(address, None)?;
    if as_json {
        let withdrawals: Vec<_> = list.iter().map(report::withdrawal_json).collect();
        let json = json!({"address": address, "withdrawals": withdrawals});
        return output::print(&serde_json::to_string_pretty(&json)?);
    }
    if list.is_empty() {
        return output::print(&format!("{address} has sent no withdrawals"));
    }
    list.iter().try_for_each(|status| output::print(&line(chain, status)?))
}

fn line(chain: &Chain, status: &WithdrawalStatus) -> eyre::Result<String> {
    let left = status.time_left.map(|left| format!(", about {} left", words(left))).unwrap_or_default();
    Ok(format!(
        "{}  {} to {}: {}{left}",
        status.place.transaction,
        report::paid(chain, status)?,
        status.withdrawal.receiver,
        report::stage(&status.stage)
    ))
}

fn deposit(chain: &Chain, transaction: B256, as_json: bool) -> eyre::Result<()> {
    let deposited = chain.deposited(transaction).map_err(advice::depositing)?;
    let (step, result) = chain.deposit_status(&deposited).map_err(advice::depositing)?;
    let (name, text) = match (step, &result) {
        (_, Some(result)) => match &result.failure {
            None => ("arrived", format!("arrived in block {}", result.block)),
            Some(failure) => ("failed", format!("failed in block {}: {failure}", result.block)),
        },
        (DepositStep::OnEthereum, None) => ("requested", "the rollup's node has not seen it".into()),
        (_, None) => ("seen", "waits for a block of the chain".into()),
    };
    let lines = [
        ("status", text),
        ("operation", format!("{} ({} of the queue)", deposited.operation, deposited.id)),
        ("deadline", format!("{} (Ethereum's time, seconds since 1970)", deposited.deadline)),
    ];
    let failure = result.as_ref().and_then(|result| result.failure.as_ref()).map(ToString::to_string);
    let json = json!({
        "transaction": transaction,
        "operation": deposited.operation,
        "id": deposited.id,
        "deadline": deposited.deadline,
        "status": name,
        "block": result.as_ref().map(|result| result.block),
        "failure": failure,
    });
    report::print(as_json, &lines, &json)
}
