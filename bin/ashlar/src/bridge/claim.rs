//! `ashlar bridge claim`.

use super::{Common, Sender, advice, report, waiting::Waiting};
use alloy_primitives::B256;
use ashlar_ethereum::Wallet;
use ashlar_sdk::{Chain, Claim, MessagePlace, Patience, Stage, WithdrawalStatus};
use clap::Args;
use serde_json::{Value, json};

/// Has Ethereum pay withdrawals to their receivers.
///
/// Sends one transaction on Ethereum for each. Who sends it need not be the receiver. The proof is checked first, against what
/// Ethereum knows of the batch; that a withdrawal was paid before is said, and is no error.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    sender: Sender,

    /// The withdrawal, by its transaction on the chain.
    #[arg(long, value_name = "HASH", required_unless_present = "all")]
    transaction: Option<B256>,

    /// Which message of the transaction it is, from 0; contracts can send several.
    #[arg(long, default_value_t = 0, requires = "transaction", conflicts_with = "all")]
    index: u64,

    /// All withdrawals that the sender has sent on the chain itself and that can be claimed.
    #[arg(long, conflicts_with = "transaction")]
    all: bool,

    /// Wait until it can be claimed.
    #[arg(long, requires = "transaction", conflicts_with = "all")]
    wait: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let chain = arguments.common.connect()?;
    let wallet = arguments.sender.wallet(chain.ethereum())?;
    match arguments.transaction {
        Some(transaction) => one(arguments, &chain, &wallet, transaction),
        None => all(arguments, &chain, &wallet),
    }
}

fn one(arguments: &Arguments, chain: &Chain, wallet: &Wallet, transaction: B256) -> eyre::Result<()> {
    let place = MessagePlace { transaction, index: arguments.index };
    let mut waiting = Waiting::new();
    let status = match arguments.wait {
        true => chain.wait_for_withdrawal(place, Patience::default(), |status| {
            waiting.show(&report::stage(&status.stage), status.time_left);
        }),
        false => chain.withdrawal_status(place),
    };
    let status = status.map_err(advice::claiming)?;
    waiting.show("waits for Ethereum", None);
    let (lines, json) = claim(chain, wallet, &status)?;
    drop(waiting);
    report::print(arguments.common.json, &lines, &json)
}

fn all(arguments: &Arguments, chain: &Chain, wallet: &Wallet) -> eyre::Result<()> {
    let withdrawals = chain.withdrawals(wallet.address(), None)?;
    let (ready, rest): (Vec<_>, Vec<_>) = withdrawals
        .into_iter()
        .filter(|status| !matches!(status.stage, Stage::Claimed { .. }))
        .partition(|status| matches!(status.stage, Stage::Claimable { .. }));
    let mut waiting = Waiting::new();
    let (mut lines, mut claims) = (Vec::new(), Vec::new());
    for (number, status) in (1..).zip(&ready) {
        waiting.show(&format!("claims {number} of {}", ready.len()), None);
        let (text, json) = claim(chain, wallet, status)?;
        // What is paid is said at once: a later one may fail.
        waiting.say(&format!("transaction {} of the chain is claimed", status.place.transaction));
        lines.extend(text);
        claims.push(json);
    }
    drop(waiting);
    lines.push(("claimed", format!("{}, and {} cannot be claimed yet", claims.len(), rest.len())));
    report::print(arguments.common.json, &lines, &json!({"claims": claims, "waiting": rest.len()}))
}

fn claim(
    chain: &Chain,
    wallet: &Wallet,
    status: &WithdrawalStatus,
) -> eyre::Result<(Vec<(&'static str, String)>, Value)> {
    let claimed = chain.claim(wallet, status.place).map_err(advice::claiming)?;
    let (how, transaction, gas_used) = match claimed {
        Claim::Paid { transaction, gas_used, .. } => ("paid", Some(transaction), Some(gas_used)),
        Claim::PaidBefore { .. } => ("paid before", None, None),
    };
    let mut lines =
        vec![(how, report::paid(chain, status)?), ("receiver", status.withdrawal.receiver.to_string())];
    if let (Some(transaction), Some(gas_used)) = (transaction, gas_used) {
        lines.push(("transaction", format!("{transaction} on Ethereum")));
        lines.push(("gas", gas_used.to_string()));
    }
    let json = json!({
        "withdrawal": status.place.transaction,
        "index": status.place.index,
        "asset_id": status.withdrawal.asset,
        "amount": status.withdrawal.amount.to_string(),
        "receiver": status.withdrawal.receiver,
        "paid_before": transaction.is_none(),
        "transaction": transaction,
        "gas_used": gas_used,
    });
    Ok((lines, json))
}
