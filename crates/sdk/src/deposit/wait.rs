//! What becomes of a deposit on the chain.

use super::{DepositError, Deposited};
use crate::{
    chain::Chain,
    error::{MayPass, ReadError},
    node::{OperationAnswer, OverLimit},
    receipt::Events,
    wait::Patience,
};
use std::fmt::{self, Display, Formatter};

/// How far a deposit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepositStep {
    /// Ethereum has it; the rollup's node has not seen it.
    OnEthereum,
    /// The rollup's node has seen it, and will put it into a block.
    Seen,
    /// It is in a block.
    Included,
}

/// A deposit in a block, by the node's word: Ethereum learns it with the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositResult {
    /// Number of the block.
    pub block: u64,
    /// Why it failed, if it did.
    pub failure: Option<DepositFailure>,
}

/// Why a deposit failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DepositFailure {
    /// It passed a limit of the chain.
    OverLimit(OverLimit),
    /// It used all of its gas.
    OutOfGas {
        /// Its gas limit.
        limit: u64,
    },
    /// The call reverted.
    Reverted,
}

impl Display for DepositFailure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverLimit(OverLimit { resource, used, limit }) => {
                let resource = match resource.as_str() {
                    "provingCost" => "proving cost",
                    other => other,
                };
                write!(f, "it used {used} of {resource}, and the chain allows {limit}")
            }
            Self::OutOfGas { limit } => write!(f, "it used all of its {limit} gas"),
            Self::Reverted => f.write_str("its call reverted"),
        }
    }
}

impl MayPass for DepositError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Read(error) if error.may_pass())
    }
}

impl Chain {
    /// How far a deposit is, and what became of it.
    pub fn deposit_status(
        &self,
        deposited: &Deposited,
    ) -> Result<(DepositStep, Option<DepositResult>), DepositError> {
        let Some(answer) = self.node.operation(deposited.operation).map_err(ReadError::from)? else {
            return Ok((DepositStep::OnEthereum, None));
        };
        let Some(included) = &answer.included else { return Ok((DepositStep::Seen, None)) };
        self.check_answer(deposited, &answer)?;
        let failure = match (included.success, &included.over_limit) {
            (true, _) => None,
            (false, Some(over)) => Some(DepositFailure::OverLimit(over.clone())),
            (false, None) => Some(self.failure(deposited)?),
        };
        let result = DepositResult { block: included.block.to(), failure };
        Ok((DepositStep::Included, Some(result)))
    }

    /// Waits until a deposit is in a block of the chain, and says at each step how far it is.
    pub fn wait_for_deposit(
        &self,
        deposited: &Deposited,
        patience: Patience,
        mut on_step: impl FnMut(DepositStep),
    ) -> Result<DepositResult, DepositError> {
        let result = patience.ask(|| -> Result<_, DepositError> {
            let (step, result) = self.deposit_status(deposited)?;
            on_step(step);
            Ok(result)
        })?;
        result.ok_or(DepositError::TimedOut)
    }

    /// The node has to talk of the operation that Ethereum has.
    fn check_answer(&self, deposited: &Deposited, answer: &OperationAnswer) -> Result<(), ReadError> {
        let id: u64 = answer.id.to();
        if (id, answer.hash) == (deposited.id, deposited.operation) {
            return Ok(());
        }
        let Deposited { operation, id: place, .. } = deposited;
        let reason =
            format!("it takes operation {} with id {id} for {operation} with id {place}", answer.hash);
        Err(ReadError::Contradiction(reason))
    }

    fn failure(&self, deposited: &Deposited) -> Result<DepositFailure, ReadError> {
        let events = Events::read(self.node.client(), deposited.operation)?;
        let used = events.map(|events| events.receipt.gas_used());
        let limit = deposited.gas_limit;
        Ok(if used == Some(limit) { DepositFailure::OutOfGas { limit } } else { DepositFailure::Reverted })
    }
}
