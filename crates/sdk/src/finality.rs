//! How final a transaction of a chain is.

use crate::{
    chain::Chain,
    error::ReadError,
    node::{NodeStage, TransactionPlace},
};
use alloy_primitives::B256;
use ashlar_ethereum::{BlockAt, Class};

/// How final a transaction of the chain is, from nothing to all.
///
/// Which block and batch it is in is the node's word, and so is what comes before Ethereum has the batch. How far the batch is on
/// Ethereum is Ethereum's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finality {
    /// The node does not know it.
    Unknown,
    /// The node will not take it into a block.
    Rejected {
        /// Why.
        reason: String,
    },
    /// It waits.
    Pending,
    /// It is in a block.
    Included {
        /// Number of the block.
        block: u64,
    },
    /// Its block is in a batch.
    Sealed {
        /// Number of the block.
        block: u64,
        /// Number of the batch.
        batch: u64,
    },
    /// The node has a proof of its batch.
    Proven {
        /// Number of the block.
        block: u64,
        /// Number of the batch.
        batch: u64,
    },
    /// Its batch is executed on Ethereum.
    Executed {
        /// Number of the block.
        block: u64,
        /// Number of the batch.
        batch: u64,
    },
    /// Its batch is executed in a block of Ethereum that is final.
    Finalized {
        /// Number of the block.
        block: u64,
        /// Number of the batch.
        batch: u64,
    },
}

impl Chain {
    /// How final a transaction is.
    pub fn finality(&self, transaction: B256) -> Result<Finality, ReadError> {
        let answer = self.node.transaction(transaction)?;
        let block = match (answer.status, answer.block) {
            (TransactionPlace::Unknown, _) => return Ok(Finality::Unknown),
            (TransactionPlace::Queued | TransactionPlace::Pending, _) => return Ok(Finality::Pending),
            (TransactionPlace::Rejected, _) => {
                let reason = answer.reason.unwrap_or_else(|| "the node does not say why".into());
                return Ok(Finality::Rejected { reason });
            }
            (TransactionPlace::Included, Some(block)) => block.to(),
            (TransactionPlace::Included, None) => {
                let reason = format!("it has {transaction} in a block, but does not say in which");
                return Err(ReadError::Contradiction(reason));
            }
        };
        let Some(batch) = self.node.batch_of_block(block)? else { return Ok(Finality::Included { block }) };
        let (number, status): (u64, _) = (batch.number.to(), batch.status);
        if !(batch.first_block.to()..=batch.last_block.to()).contains(&block) {
            let reason =
                format!("it has block {block} in batch {number}, which ends before or begins after it");
            return Err(ReadError::Contradiction(reason));
        }
        let batch = number;
        Ok(if self.is_executed(number, BlockAt::Finalized)? {
            Finality::Finalized { block, batch }
        } else if self.is_executed(number, BlockAt::Latest)? {
            Finality::Executed { block, batch }
        } else if status > NodeStage::Sealed {
            Finality::Proven { block, batch }
        } else {
            Finality::Sealed { block, batch }
        })
    }

    /// Whether Ethereum had executed a batch after a block. A block that the node of Ethereum does not know, as one that is final at
    /// the beginning of a chain, has executed nothing.
    fn is_executed(&self, batch: u64, at: BlockAt) -> Result<bool, ReadError> {
        match self.progress(at) {
            // Where the contract is not there yet, or the node knows no final block.
            Err(ReadError::Call(error)) if at == BlockAt::Finalized && error.class() == Class::Permanent => {
                Ok(false)
            }
            progress => Ok(progress?.executed >= batch),
        }
    }
}
