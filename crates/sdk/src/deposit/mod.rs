//! Assets from Ethereum to a chain (`specs/016-priority-operations.md`, `specs/021-bridge.md`).

mod plan;
mod wait;

pub use plan::{DepositPlan, DepositRequest, Spending};
pub use wait::{DepositFailure, DepositResult, DepositStep};

use crate::{
    chain::{Chain, OtherChain},
    error::ReadError,
    receipt::Events,
    token::Erc20,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{Wallet, WalletError};
use ashlar_primitives::rollup::Operation;
use ashlar_settlement::abi::chain::RollupChain;
use thiserror::Error;

/// A deposit that Ethereum has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposited {
    /// Ethereum's transaction.
    pub transaction: B256,
    /// Number of Ethereum's block.
    pub block: u64,
    /// Gas that the transaction used on Ethereum.
    pub gas_used: u64,
    /// Position of the priority operation in the chain's queue, from 0.
    pub id: u64,
    /// Its hash, and that of the transaction on the chain.
    pub operation: B256,
    /// Gas that its call may use on the chain.
    pub gas_limit: u64,
    /// Until when the chain has to execute it: Ethereum's time, seconds.
    pub deadline: u64,
}

/// Why a deposit was not made, or did not become what it should.
#[derive(Debug, Error)]
pub enum DepositError {
    /// A node does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The transaction was not sent, or it failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet is not for this Ethereum.
    #[error(transparent)]
    Chain(#[from] OtherChain),
    /// Nothing is deposited.
    #[error("the amount is zero")]
    AmountZero,
    /// Nobody is to receive it.
    #[error("the receiver is the zero address: what arrives there is lost")]
    ReceiverZero,
    /// The sender is a contract, which has another address on the chain.
    #[error(
        "{sender} is a contract on Ethereum, and on the chain it is {alias}, for which nobody has a key: name who receives what is left of \
         the fee"
    )]
    SenderIsContract {
        /// On Ethereum.
        sender: Address,
        /// On the chain.
        alias: Address,
    },
    /// Who is to be given the rest is a contract, which has another address on the chain.
    #[error(
        "what is left of the fee would go to {alias}, as {recipient} is a contract on Ethereum: name an account that has a key"
    )]
    RefundToContract {
        /// On Ethereum.
        recipient: Address,
        /// On the chain.
        alias: Address,
    },
    /// The receiver is a contract on Ethereum, and nothing on the chain.
    #[error(
        "{0} is a contract on Ethereum, but not on the chain, so perhaps nobody can move there what arrives: name another receiver"
    )]
    ReceiverNotOnChain(Address),
    /// There is no token.
    #[error("there is no token at {0} on Ethereum: name the token by its address there")]
    NoToken(Address),
    /// The sender has too little.
    #[error("the sender has {have} of the smallest units of {token}, and {need} are needed")]
    Balance {
        /// The token; 0x01 is ether.
        token: Address,
        /// What it has.
        have: U256,
        /// What is needed, beside the gas on Ethereum.
        need: U256,
    },
    /// The chain would not take so little gas.
    #[error("a gas limit of {given} is too low: the chain asks for {lowest} at the least")]
    GasTooLow {
        /// What was given.
        given: u64,
        /// The lowest.
        lowest: u64,
    },
    /// The chain would not take so much gas.
    #[error("a gas limit of {given} is above {highest}, the highest that the chain takes")]
    GasTooHigh {
        /// What was given, or what the rollup's node says is needed.
        given: u64,
        /// The highest.
        highest: u64,
    },
    /// On the chain it would fail.
    #[error("on the chain the deposit would fail: {0}")]
    WouldFail(String),
    /// The transaction asked the chain for nothing.
    #[error("transaction {0} of Ethereum has no operation of this chain")]
    NoOperation(B256),
    /// The chain's contract says another thing than it was asked for.
    #[error("transaction {0} of Ethereum has an operation that is not the deposit")]
    OtherOperation(B256),
    /// It is in no block of the chain.
    #[error("the deposit is in no block of the chain yet: ask again later, it stays in the queue")]
    TimedOut,
}

impl Chain {
    /// Makes a deposit. What tokens it takes is allowed to the vault first, exactly and not more.
    pub fn deposit(&self, wallet: &Wallet, plan: &DepositPlan) -> Result<Deposited, DepositError> {
        self.check_l1(wallet)?;
        for spending in &plan.spendings {
            self.allow(wallet, *spending)?;
        }
        let receipt = wallet.send(Some(plan.to), &plan.call, plan.ether)?;
        let deposited = self.deposited(receipt.transaction_hash)?;
        Ok(deposited)
    }

    /// The deposit that a transaction of Ethereum made.
    pub fn deposited(&self, transaction: B256) -> Result<Deposited, DepositError> {
        let events = Events::read(&self.l1, transaction)?.ok_or(DepositError::NoOperation(transaction))?;
        let mut asked = events.of::<RollupChain::OperationRequested>(self.contracts().chain);
        let asked = asked.next().ok_or(DepositError::NoOperation(transaction))?;
        let operation = Operation::decode(&asked.encoded).ok();
        let operation = operation.filter(|operation| {
            (operation.chain_id, operation.id, operation.hash()) == (self.chain_id(), asked.id, asked.hash)
        });
        let operation = operation.ok_or(DepositError::OtherOperation(transaction))?;
        Ok(Deposited {
            transaction,
            block: events.receipt.block(),
            gas_used: events.receipt.gas_used(),
            id: asked.id,
            operation: asked.hash,
            gas_limit: operation.gas_limit,
            deadline: asked.deadline,
        })
    }

    /// Sees to it that the vault may take this much of a token.
    fn allow(&self, wallet: &Wallet, Spending { token, amount }: Spending) -> Result<(), DepositError> {
        let spender = self.contracts().vault;
        let allowed = self.ask(token, &Erc20::allowanceCall { owner: wallet.address(), spender })?;
        if allowed >= amount {
            return Ok(());
        }
        let approve = |amount| {
            let call = Bytes::from(Erc20::approveCall { spender, amount }.abi_encode());
            wallet.send(Some(token), &call, U256::ZERO)
        };
        // Some tokens change an allowance only from zero and to zero.
        if !allowed.is_zero() {
            approve(U256::ZERO)?;
        }
        approve(amount)?;
        Ok(())
    }
}
