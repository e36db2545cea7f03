//! `ashlar bridge withdraw`.

use super::{Common, Sender, advice, report, waiting::Waiting};
use alloy_primitives::Address;
use ashlar_sdk::{ETHER, Patience, Stage, parse_units};
use clap::Args;
use serde_json::json;

/// Sends ether or a token from the chain back to Ethereum.
///
/// Sends one transaction on the chain. When its batch is proven and executed on Ethereum, claim the withdrawal with `ashlar bridge
/// claim --transaction`: it does not expire.
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

    /// Who receives it on Ethereum; the sender without it.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,

    /// Wait until it can be claimed, which takes as long as the proof of a batch.
    #[arg(long)]
    wait: bool,
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let chain = arguments.common.connect()?;
    let address = arguments.token.unwrap_or(ETHER);
    let token = chain.token_on_chain(address)?;
    let amount = parse_units(&arguments.amount, token.decimals)?;
    let wallet = arguments.sender.wallet(chain.node().client())?;
    let receiver = arguments.to.unwrap_or(wallet.address());
    let mut waiting = Waiting::new();
    waiting.show("waits for a block of the chain", None);
    let withdrawn = chain.withdraw(&wallet, address, amount, receiver).map_err(advice::withdrawing)?;
    let place = withdrawn.place;
    let mut stage = Stage::Pending;
    if arguments.wait {
        // Whatever happens now, this is what is needed to go on.
        waiting
            .say(&format!("the chain has it: transaction {}, block {}", place.transaction, withdrawn.block));
        let status = chain.wait_for_withdrawal(place, Patience::default(), |status| {
            waiting.show(&report::stage(&status.stage), status.time_left);
        });
        stage = status.map_err(advice::claiming)?.stage;
    }
    drop(waiting);
    let claim = format!("ashlar bridge claim --transaction {} --index {}", place.transaction, place.index);
    let lines = [
        ("withdrawn", report::amount(&token, amount)),
        ("receiver", receiver.to_string()),
        ("transaction", format!("{} on the chain, block {}", place.transaction, withdrawn.block)),
        ("status", report::stage(&stage)),
        ("to claim it", claim),
    ];
    let json = json!({
        "token": address,
        "amount": amount.to_string(),
        "receiver": receiver,
        "transaction": place.transaction,
        "index": place.index,
        "block": withdrawn.block,
        "gas_used": withdrawn.gas_used,
        "status": report::stage_name(&stage),
        "batch": stage.batch(),
    });
    report::print(arguments.common.json, &lines, &json)
}
