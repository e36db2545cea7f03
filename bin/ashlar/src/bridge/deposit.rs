//! `ashlar bridge deposit`.

use super::{Common, Sender, advice, report, waiting::Waiting};
use alloy_primitives::Address;
use ashlar_sdk::{
    Chain, DepositPlan, DepositRequest, DepositResult, DepositStep, Deposited, ETHER, Patience, Token,
    parse_units,
};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Deposits ether or a token of Ethereum to the chain.
///
/// Sends one transaction on Ethereum, and before it one or two that allow the vault to take the tokens, exactly and not more. With
/// the deposit goes a fee for the call on the chain; what is left of it is given to the refund recipient there. A token's first
/// deposit creates its representation on the chain.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    sender: Sender,

    /// How much, in units of the token: 1.5 is one and a half.
    #[arg(long)]
    amount: String,

    /// The token, by its address on Ethereum; ether without it.
    #[arg(long, value_name = "ADDRESS")]
    token: Option<Address>,

    /// Who receives it on the chain; the sender without it.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,

    /// Who is given what is left of the fee, on the chain; the sender without it.
    #[arg(long, value_name = "ADDRESS")]
    refund_to: Option<Address>,

    /// Gas that the call on the chain may use; estimated without it. A deposit that has too little fails: tokens can then be
    /// recovered, and ether is given to the refund recipient on the chain.
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,

    /// Wait until it is in a block of the chain, and fail if it fails there.
    #[arg(long)]
    wait: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<ExitCode> {
    let chain = arguments.common.connect()?;
    let token = chain.token(arguments.token.unwrap_or(ETHER))?;
    let wallet = arguments.sender.wallet(chain.ethereum())?;
    let request = DepositRequest {
        token: token.address,
        amount: parse_units(&arguments.amount, token.decimals)?,
        receiver: arguments.to.unwrap_or(wallet.address()),
        refund_recipient: arguments.refund_to,
        gas_limit: arguments.gas_limit,
    };
    let plan = chain.plan_deposit(wallet.address(), &request).map_err(advice::depositing)?;
    let mut waiting = Waiting::new();
    let base = chain.token(chain.base_token())?;
    waiting.say(&format!(
        "deposits {} to {} on chain {}; the chain takes at most {} for it",
        report::amount(&token, request.amount),
        request.receiver,
        chain.chain_id(),
        report::amount(&base, plan.fee)
    ));
    waiting.show("waits for Ethereum", None);
    let deposited = chain.deposit(&wallet, &plan).map_err(advice::depositing)?;
    let result = match arguments.wait {
        true => Some(wait(&chain, &deposited, &mut waiting)?),
        false => None,
    };
    drop(waiting);
    print(arguments, &token, &plan, &deposited, result.as_ref())?;
    let Some(failure) = result.and_then(|result| result.failure) else { return Ok(ExitCode::SUCCESS) };
    let is_base = token.address == chain.base_token();
    let advice = match is_base {
        true => format!("all but the fee is {}'s on the chain", plan.refund_recipient),
        false => format!(
            "when its batch is executed on Ethereum, take the tokens back with `ashlar bridge recover --transaction {}`",
            deposited.transaction
        ),
    };
    eprintln!("error: the deposit failed on the chain: {failure}: {advice}");
    Ok(ExitCode::FAILURE)
}

fn wait(chain: &Chain, deposited: &Deposited, waiting: &mut Waiting) -> eyre::Result<DepositResult> {
    // Whatever happens now, this is what is needed to go on.
    waiting.say(&format!(
        "Ethereum has it: transaction {}, operation {}",
        deposited.transaction, deposited.operation
    ));
    let result = chain.wait_for_deposit(deposited, Patience::default(), |step| {
        let what = match step {
            DepositStep::OnEthereum => "waits until the rollup's node has seen it on Ethereum",
            DepositStep::Seen => "waits for a block of the chain",
            DepositStep::Included => "is in a block of the chain",
        };
        waiting.show(what, None);
    });
    result.map_err(advice::depositing)
}

fn print(
    arguments: &Arguments,
    token: &Token,
    plan: &DepositPlan,
    deposited: &Deposited,
    result: Option<&DepositResult>,
) -> eyre::Result<()> {
    let request = &plan.request;
    let mut lines = vec![
        ("deposited", report::amount(token, request.amount)),
        ("receiver", request.receiver.to_string()),
        ("transaction", format!("{} on Ethereum", deposited.transaction)),
        ("operation", format!("{} ({} of the queue)", deposited.operation, deposited.id)),
        ("gas", format!("{} on Ethereum, at most {} on the chain", deposited.gas_used, plan.gas_limit)),
    ];
    let status = match result {
        None => "requested",
        Some(DepositResult { failure: None, .. }) => "arrived",
        Some(_) => "failed",
    };
    let block = result.map(|result| result.block);
    lines.push(("status", block.map_or(status.to_owned(), |block| format!("{status} in block {block}"))));
    let failure = result.and_then(|result| result.failure.as_ref()).map(ToString::to_string);
    let json = json!({
        "token": token.address,
        "amount": request.amount.to_string(),
        "receiver": request.receiver,
        "refund_recipient": plan.refund_recipient,
        "transaction": deposited.transaction,
        "gas_used": deposited.gas_used,
        "operation": deposited.operation,
        "id": deposited.id,
        "gas_limit": plan.gas_limit,
        "fee_max": plan.fee.to_string(),
        "deadline": deposited.deadline,
        "status": status,
        "block": block,
        "failure": failure,
    });
    report::print(arguments.common.json, &lines, &json)
}
