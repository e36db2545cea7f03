//! Errors, and which option helps.

use crate::l1::account::with_advice;
use ashlar_sdk::{ClaimError, ConnectError, DepositError, RecoverError, WithdrawError};
use eyre::{Report, eyre};

pub(super) fn connecting(error: ConnectError) -> Report {
    let advice = match &error {
        ConnectError::NotARollup(_) => "name the rollup's node with --l2 and Ethereum's with --l1",
        ConnectError::L1ChainId { .. } => "that is what --l1 is for",
        ConnectError::Bridgehub { .. } => "compare --bridgehub with what the rollup's operator has published",
        _ => return error.into(),
    };
    eyre!("{error}: {advice}")
}

pub(super) fn depositing(error: DepositError) -> Report {
    let advice = match error {
        DepositError::Wallet(error) => return with_advice(error),
        DepositError::SenderIsContract { .. } | DepositError::RefundToContract { .. } => {
            "that is what --refund-to is for"
        }
        DepositError::ReceiverNotOnChain(_) => "that is what --to is for",
        DepositError::GasTooLow { .. } | DepositError::GasTooHigh { .. } => {
            "leave --gas-limit out to have it estimated, or name it to do without the estimate"
        }
        DepositError::Balance { .. } => "fees for gas on Ethereum come on top of it",
        _ => return error.into(),
    };
    eyre!("{error}: {advice}")
}

pub(super) fn withdrawing(error: WithdrawError) -> Report {
    match error {
        WithdrawError::Wallet(error) => with_advice(error),
        error => error.into(),
    }
}

pub(super) fn claiming(error: ClaimError) -> Report {
    match error {
        ClaimError::Wallet(error) => with_advice(error),
        error @ ClaimError::NotYet(_) => eyre!("{error}: wait for it with --wait"),
        error @ ClaimError::NoMessage(_) => {
            eyre!("{error}: --transaction is the withdrawal on the chain, not one on Ethereum")
        }
        error => error.into(),
    }
}

pub(super) fn recovering(error: RecoverError) -> Report {
    match error {
        RecoverError::Wallet(error) => with_advice(error),
        error @ RecoverError::NoDeposit(_) => {
            eyre!("{error}: --transaction is the deposit on Ethereum, not the one on the chain")
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256};
    use ashlar_ethereum::WalletError;
    use ashlar_sdk::{MessagePlace, Stage};

    #[test]
    fn errors_say_which_option_helps() {
        let place = MessagePlace { transaction: B256::ZERO, index: 0 };
        let (sender, alias) = (Address::ZERO, Address::ZERO);
        for (error, part) in [
            (connecting(ConnectError::L1ChainId { expected: 1, is: 2 }), "--l1"),
            (depositing(DepositError::SenderIsContract { sender, alias }), "--refund-to"),
            (depositing(DepositError::GasTooLow { given: 1, lowest: 2 }), "--gas-limit"),
            (depositing(WalletError::NotHeld(None).into()), "--key-file"),
            (withdrawing(WalletError::NotHeld(None).into()), "--key-file"),
            (claiming(ClaimError::NotYet(Stage::Pending)), "--wait"),
            (claiming(ClaimError::NoMessage(place)), "--transaction"),
            (recovering(RecoverError::NoDeposit(B256::ZERO)), "--transaction"),
        ] {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
}
