//! What withdrawals pay on Ethereum.

#![expect(clippy::result_large_err, reason = "an error is the end of a command")]

use crate::{
    chain::{Chain, OtherChain},
    error::{MayPass, ReadError},
    message::{Message, Stage},
    node::Blocks,
    proof::ProofError,
    receipt::Events,
    wait::Patience,
    withdrawal::{MessagePlace, Withdrawal},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{Call, Wallet, WalletError};
use ashlar_settlement::abi::router::AssetRouter;
use serde_json::json;
use std::time::Duration;
use thiserror::Error;

/// A withdrawal, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalStatus {
    /// Its message.
    pub place: MessagePlace,
    /// Number of the block of the chain, if the node says it.
    pub block: Option<u64>,
    /// What it pays.
    pub withdrawal: Withdrawal,
    /// How far it is.
    pub stage: Stage,
    /// The node's estimate of the time until it can be claimed.
    pub time_left: Option<Duration>,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is paid.
    Paid {
        /// Ethereum's transaction.
        transaction: B256,
        /// Gas that it used.
        gas_used: u64,
        /// What was paid.
        withdrawal: Withdrawal,
    },
    /// It was paid before; nothing was sent.
    PaidBefore {
        /// What was paid.
        withdrawal: Withdrawal,
    },
}

/// Why nothing was claimed.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// A node does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The transaction was not sent, or it failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet is not for this Ethereum.
    #[error(transparent)]
    Chain(#[from] OtherChain),
    /// There is no such message.
    #[error("the chain has no message {} of transaction {}", .0.index, .0.transaction)]
    NoMessage(MessagePlace),
    /// The message is somebody else's.
    #[error("message {} of transaction {} is no withdrawal: {sender} sent it", .place.index, .place.transaction)]
    NoWithdrawal {
        /// The message.
        place: MessagePlace,
        /// Who sent it.
        sender: Address,
    },
    /// The node gives a message of another transaction.
    #[error(
        "the rollup's node shows a withdrawal of {} to {} that transaction {} did not make: do not use this node",
        .withdrawal.amount, .withdrawal.receiver, .place.transaction
    )]
    Foreign {
        /// What was asked for.
        place: MessagePlace,
        /// What the node shows.
        withdrawal: Withdrawal,
    },
    /// Its batch is not executed.
    #[error("the withdrawal cannot be claimed yet: {}", not_yet(.0))]
    NotYet(Stage),
    /// The node's proof shows nothing.
    #[error("the rollup's node does not prove that batch {batch} has the withdrawal: {reason}")]
    Unproven {
        /// The batch.
        batch: u64,
        /// What is wrong.
        reason: ProofError,
    },
    /// It could not be claimed in time.
    #[error("the withdrawal cannot be claimed yet: ask again later, it does not expire")]
    TimedOut,
}

fn not_yet(stage: &Stage) -> String {
    match stage {
        Stage::Pending => "it is in no batch".to_owned(),
        Stage::Sealed { batch } => format!("its batch {batch} waits for its proof"),
        Stage::Proven { batch } => format!("its batch {batch} is proven and waits for Ethereum"),
        Stage::Committed { batch } => format!("its batch {batch} is on Ethereum, but not executed"),
        settled => format!("{settled:?}"),
    }
}

impl MayPass for ClaimError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Read(error) if error.may_pass())
    }
}

impl Chain {
    /// How far a withdrawal is.
    pub fn withdrawal_status(&self, place: MessagePlace) -> Result<WithdrawalStatus, ClaimError> {
        let (message, withdrawal) = self.withdrawal_message(place)?;
        let mut stages = self.stages(std::slice::from_ref(&message))?;
        let stage = stages.pop().unwrap_or(Stage::Pending);
        Ok(WithdrawalStatus { place, block: None, withdrawal, stage, time_left: None })
    }

    /// Waits until a withdrawal can be claimed, or was, and says each time how far it is.
    pub fn wait_for_withdrawal(
        &self,
        place: MessagePlace,
        patience: Patience,
        mut on_status: impl FnMut(&WithdrawalStatus),
    ) -> Result<WithdrawalStatus, ClaimError> {
        let settled = patience.ask(|| -> Result<_, ClaimError> {
            let mut status = self.withdrawal_status(place)?;
            if !status.stage.is_settled() {
                status.time_left = self.time_left(place)?;
            }
            on_status(&status);
            Ok(status.stage.is_settled().then_some(status))
        })?;
        settled.ok_or(ClaimError::TimedOut)
    }

    /// Claims a withdrawal for its receiver. The proof is checked here first. That it was claimed before is no error, also when
    /// somebody else does it in the same moment.
    pub fn claim(&self, wallet: &Wallet, place: MessagePlace) -> Result<Claim, ClaimError> {
        self.check_l1(wallet)?;
        let (message, withdrawal) = self.withdrawal_message(place)?;
        match self.stages(std::slice::from_ref(&message))?.pop().unwrap_or(Stage::Pending) {
            Stage::Claimable { .. } => {}
            Stage::Claimed { .. } => return Ok(Claim::PaidBefore { withdrawal }),
            Stage::Unproven { batch, reason } => return Err(ClaimError::Unproven { batch, reason }),
            stage => return Err(ClaimError::NotYet(stage)),
        }
        let Some(location) = &message.location else { return Err(ClaimError::NotYet(Stage::Pending)) };
        let call = AssetRouter::finalizeWithdrawalCall {
            proof: location.for_router(self.id_word()),
            transactionIndex: location.transaction_index,
            withdrawal: AssetRouter::Withdrawal {
                assetId: withdrawal.asset,
                receiver: withdrawal.receiver,
                amount: withdrawal.amount,
            },
        };
        let router = self.contracts().asset_router;
        match wallet.send(Some(router), &call.abi_encode().into(), Default::default()) {
            Ok(receipt) => Ok(Claim::Paid {
                transaction: receipt.transaction_hash,
                gas_used: receipt.gas_used(),
                withdrawal,
            }),
            Err(error @ (WalletError::Reverts(_) | WalletError::Failed(_))) => {
                match self.stages(&[message])?.pop() {
                    Some(Stage::Claimed { .. }) => Ok(Claim::PaidBefore { withdrawal }),
                    _ => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What an address has withdrawn, in these blocks or in all that the node searches; newest first, at most 1,000.
    pub fn withdrawals(
        &self,
        address: Address,
        blocks: Option<Blocks>,
    ) -> Result<Vec<WithdrawalStatus>, ReadError> {
        let sent = self.node.withdrawals(address, blocks)?;
        let calls: Vec<Call> = sent
            .iter()
            .map(|one| Call::new("ashlar_messageProof", json!([one.transaction_hash, one.index])))
            .collect();
        let answers = self.node.client().call_all(&calls)?;
        let mut messages = Vec::with_capacity(sent.len());
        for (one, answer) in sent.iter().zip(answers) {
            let withdrawal = Withdrawal { asset: one.asset_id, receiver: one.receiver, amount: one.amount };
            let message = self.node.client().result("ashlar_messageProof", answer)?;
            let message = message.map(Message::read).transpose()?;
            messages.push(message.filter(|message| message.withdrawal() == Some(withdrawal)).ok_or_else(
                || {
                    let place = one.transaction_hash;
                    ReadError::Contradiction(format!(
                        "it lists a withdrawal of transaction {place}, but has another message"
                    ))
                },
            )?);
        }
        let stages = self.stages(&messages)?;
        let statuses = sent.iter().zip(stages).map(|(one, stage)| WithdrawalStatus {
            place: MessagePlace { transaction: one.transaction_hash, index: one.index.to() },
            block: Some(one.block.to()),
            withdrawal: Withdrawal { asset: one.asset_id, receiver: one.receiver, amount: one.amount },
            time_left: one
                .seconds_left
                .filter(|_| !stage.is_settled())
                .map(|left| Duration::from_secs(left.to())),
            stage,
        });
        Ok(statuses.collect())
    }

    /// A message that is a withdrawal, and can be one of its transaction.
    fn withdrawal_message(&self, place: MessagePlace) -> Result<(Message, Withdrawal), ClaimError> {
        let message = self.message(place)?.ok_or(ClaimError::NoMessage(place))?;
        let sender = message.sender;
        let withdrawal = message.withdrawal().ok_or(ClaimError::NoWithdrawal { place, sender })?;
        if !self.is_of_transaction(place, &withdrawal)? {
            return Err(ClaimError::Foreign { place, withdrawal });
        }
        Ok((message, withdrawal))
    }

    /// The node's estimate of the time until a withdrawal can be claimed that its transaction's sender has sent itself.
    fn time_left(&self, place: MessagePlace) -> Result<Option<Duration>, ReadError> {
        let Some(events) = Events::read(self.node.client(), place.transaction)? else { return Ok(None) };
        let block = events.receipt.block();
        let sent = self.node.withdrawals(events.from, Some(Blocks { from: block, to: block }))?;
        let own = sent
            .iter()
            .find(|one| (one.transaction_hash, one.index.to::<u64>()) == (place.transaction, place.index));
        Ok(own.and_then(|one| one.seconds_left).map(|left| Duration::from_secs(left.to())))
    }
}
