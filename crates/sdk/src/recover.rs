//! What failed deposits of tokens give back on Ethereum (`specs/021-bridge.md`, "Failed deposit").

use crate::{
    chain::{Chain, OtherChain},
    error::ReadError,
    message::Location,
    proof::ProofError,
    receipt::Events,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use ashlar_ethereum::{Wallet, WalletError};
use ashlar_primitives::rollup::L2Log;
use ashlar_settlement::abi::{chain::RollupChain, router::AssetRouter};
use thiserror::Error;

/// A deposit of a token, as Ethereum knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDeposit {
    /// Hash of the priority operation.
    pub operation: B256,
    /// Who deposited, and is paid.
    pub sender: Address,
    /// Id of the asset.
    pub asset: B256,
    /// How much, in smallest units.
    pub amount: U256,
}

/// What became of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It is given back.
    Recovered {
        /// Ethereum's transaction.
        transaction: B256,
        /// Gas that it used.
        gas_used: u64,
    },
    /// It was given back before; nothing was sent.
    RecoveredBefore,
    /// It arrived on the chain, as Ethereum has it proven: there is nothing to give back.
    Arrived,
}

/// Why nothing was given back.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// A node does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The transaction was not sent, or it failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet is not for this Ethereum.
    #[error(transparent)]
    Chain(#[from] OtherChain),
    /// The transaction made no deposit.
    #[error("transaction {0} of Ethereum made no deposit to this chain")]
    NoDeposit(B256),
    /// What failed was given back on the chain.
    #[error(
        "transaction {0} deposited the token that the chain's fees are paid with: if that failed, all but the fee is given back on the \
         chain, to the refund recipient"
    )]
    OfBaseToken(B256),
    /// Its batch is not executed.
    #[error("the deposit's batch is not executed on Ethereum yet: ask again later")]
    NotYet,
    /// The node's proof shows neither failure nor arrival.
    #[error("the rollup's node does not prove what became of the deposit: {0}")]
    Unproven(ProofError),
}

impl Chain {
    /// The deposit of a token that a transaction of Ethereum made; the first one, if it made several.
    pub fn token_deposit(&self, transaction: B256) -> Result<TokenDeposit, RecoverError> {
        let events = Events::read(&self.l1, transaction)?.ok_or(RecoverError::NoDeposit(transaction))?;
        let contracts = self.contracts();
        let mut deposits = events
            .of::<AssetRouter::DepositRequested>(contracts.asset_router)
            .filter(|event| event.chainId == self.id_word());
        if let Some(event) = deposits.next() {
            let AssetRouter::DepositRequested { operation, sender, assetId: asset, amount, .. } = event;
            return Ok(TokenDeposit { operation, sender, asset, amount });
        }
        match events.of::<RollupChain::OperationRequested>(contracts.chain).next() {
            Some(_) => Err(RecoverError::OfBaseToken(transaction)),
            None => Err(RecoverError::NoDeposit(transaction)),
        }
    }

    /// Gives a failed deposit back to its sender. The proof is checked here first. That it was given back before, or arrived, is no
    /// error.
    pub fn recover(&self, wallet: &Wallet, deposit: &TokenDeposit) -> Result<Recovery, RecoverError> {
        self.check_l1(wallet)?;
        if !self.is_recorded(deposit)? {
            return Ok(Recovery::RecoveredBefore);
        }
        let Some(location) = self.failure_proof(deposit.operation)? else { return Ok(Recovery::Arrived) };
        let call = AssetRouter::recoverDepositCall {
            proof: location.for_router(self.id_word()),
            transactionIndex: location.transaction_index,
            operation: deposit.operation,
            sender: deposit.sender,
            assetId: deposit.asset,
            amount: deposit.amount,
        };
        let router = self.contracts().asset_router;
        match wallet.send(Some(router), &call.abi_encode().into(), U256::ZERO) {
            Ok(receipt) => Ok(Recovery::Recovered {
                transaction: receipt.transaction_hash,
                gas_used: receipt.gas_used(),
            }),
            // Somebody else was faster.
            Err(WalletError::Reverts(_) | WalletError::Failed(_)) if !self.is_recorded(deposit)? => {
                Ok(Recovery::RecoveredBefore)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the bridge still has the deposit on record. It keeps that of a deposit that arrived, too.
    fn is_recorded(&self, deposit: &TokenDeposit) -> Result<bool, ReadError> {
        let call = AssetRouter::depositRecordCall { chainId: self.id_word(), operation: deposit.operation };
        let record = self.ask(self.contracts().asset_router, &call)?;
        Ok(record == keccak256((deposit.sender, deposit.asset, deposit.amount).abi_encode()))
    }

    /// What shows that an operation failed; `None` if it is shown that it succeeded.
    fn failure_proof(&self, operation: B256) -> Result<Option<Location>, RecoverError> {
        let answer = self.node.operation(operation).map_err(ReadError::from)?;
        let proof = answer.and_then(|answer| answer.status_proof).ok_or(RecoverError::NotYet)?;
        let location = Location::read(proof)?.ok_or(RecoverError::NotYet)?;
        let root = self.batch_root(location.proof.batch)?.ok_or(RecoverError::NotYet)?;
        let status = |success| L2Log::status(location.transaction_index, operation, success);
        match location.proof.check(&status(false), root) {
            Ok(()) => Ok(Some(location)),
            Err(_) if location.proof.check(&status(true), root).is_ok() => Ok(None),
            Err(reason) => Err(RecoverError::Unproven(reason)),
        }
    }
}
