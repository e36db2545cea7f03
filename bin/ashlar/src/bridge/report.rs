//! Results as people and programs read them.

use crate::output;
use alloy_primitives::U256;
use ashlar_sdk::{Chain, ETHER, Finality, ReadError, Stage, Token, WithdrawalStatus, format_units};
use serde_json::{Value, json};

/// Prints a name and a value a line, or the JSON object.
pub(super) fn print(as_json: bool, lines: &[(&str, String)], value: &Value) -> eyre::Result<()> {
    if as_json {
        return output::print(&serde_json::to_string_pretty(value)?);
    }
    let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name:<17} {value}")).collect();
    output::print(&lines.join("\n"))
}

/// An amount with its token's symbol, or with the token's address if it has none.
pub(super) fn amount(token: &Token, amount: U256) -> String {
    let units = format_units(amount, token.decimals);
    match token.symbol.as_str() {
        "" => format!("{units} of {}", token.address),
        symbol if token.address == ETHER => format!("{units} {symbol}"),
        // Anybody can give a token any symbol.
        symbol => format!("{units} {symbol} ({})", token.address),
    }
}

/// What a withdrawal pays.
pub(super) fn paid(chain: &Chain, status: &WithdrawalStatus) -> Result<String, ReadError> {
    let withdrawal = &status.withdrawal;
    Ok(match chain.token_of(withdrawal.asset)? {
        Some(token) => amount(&chain.token(token)?, withdrawal.amount),
        None => format!("{} of the asset {}", withdrawal.amount, withdrawal.asset),
    })
}

/// How far a withdrawal is, for people.
pub(super) fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Pending => "in no batch yet".into(),
        Stage::Sealed { batch } => format!("in batch {batch}, which waits for its proof"),
        Stage::Proven { batch } => format!("in batch {batch}, which is proven"),
        Stage::Committed { batch } => format!("in batch {batch}, which is on Ethereum, not executed"),
        Stage::Claimable { batch } => format!("can be claimed, batch {batch} is executed"),
        Stage::Claimed { .. } => "paid".into(),
        Stage::Unproven { batch, reason } => {
            format!("the rollup's node does not prove that batch {batch} has it: {reason}")
        }
    }
}

/// The same for programs.
pub(super) const fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Pending => "pending",
        Stage::Sealed { .. } => "sealed",
        Stage::Proven { .. } => "proven",
        Stage::Committed { .. } => "committed",
        Stage::Claimable { .. } => "claimable",
        Stage::Claimed { .. } => "paid",
        Stage::Unproven { .. } => "unproven",
    }
}

pub(super) fn withdrawal_json(status: &WithdrawalStatus) -> Value {
    json!({
        "transaction": status.place.transaction,
        "index": status.place.index,
        "block": status.block,
        "asset_id": status.withdrawal.asset,
        "amount": status.withdrawal.amount.to_string(),
        "receiver": status.withdrawal.receiver,
        "status": stage_name(&status.stage),
        "batch": status.stage.batch(),
        "seconds_left": status.time_left.map(|left| left.as_secs()),
    })
}

/// How final a transaction is, for people and for programs.
pub(super) fn finality(finality: &Finality) -> (String, Value) {
    let (name, block, batch) = match finality {
        Finality::Unknown => ("unknown to the node", None, None),
        Finality::Rejected { reason } => {
            return (format!("rejected: {reason}"), json!({"status": "rejected", "reason": reason}));
        }
        Finality::Pending => ("pending", None, None),
        Finality::Included { block } => ("included", Some(block), None),
        Finality::Sealed { block, batch } => ("sealed", Some(block), Some(batch)),
        Finality::Proven { block, batch } => ("proven", Some(block), Some(batch)),
        Finality::Executed { block, batch } => ("executed", Some(block), Some(batch)),
        Finality::Finalized { block, batch } => ("finalized", Some(block), Some(batch)),
    };
    let place = [("block", block), ("batch", batch)];
    let place = place.into_iter().filter_map(|(what, number)| Some(format!(", {what} {}", number?)));
    let status = name.split(' ').next();
    (
        format!("{name}{}", place.collect::<String>()),
        json!({"status": status, "block": block, "batch": batch}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;

    #[test]
    fn a_symbol_alone_names_no_token() {
        let false_ether = Token { address: Address::repeat_byte(5), ..Token::ether() };
        let one = U256::from(10).pow(U256::from(18));
        assert_eq!(amount(&Token::ether(), one), "1 ETH");
        let text = amount(&false_ether, one);
        assert!(text.starts_with("1 ETH (0x05"), "{text}");
        let text = amount(&Token { symbol: String::new(), ..false_ether }, one);
        assert!(text.starts_with("1 of 0x05"), "{text}");
    }

    #[test]
    fn finality_has_its_place() {
        let (text, value) = finality(&Finality::Executed { block: 7, batch: 3 });
        assert_eq!(text, "executed, block 7, batch 3");
        assert_eq!(value, json!({"status": "executed", "block": 7, "batch": 3}));
        assert_eq!(finality(&Finality::Unknown).1["status"], "unknown");
    }
}
