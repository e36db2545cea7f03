//! Proofs of logs, checked before Ethereum is asked to (`specs/017-messages.md`, "Proof of a log").

use alloy_primitives::{B256, keccak256};
use ashlar_primitives::rollup::{L2_LOG_TREE_DEPTH, L2_LOGS_MAX, L2Log};
use thiserror::Error;

/// Siblings of a proof: those of the tree of logs, then those of the batch's tree.
const SIBLINGS: usize = L2_LOG_TREE_DEPTH + 3;

/// Where a log stands in its batch, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Number of the batch.
    pub batch: u64,
    /// Index in the tree of logs.
    pub index: u64,
    /// From the leaf to the batch's root.
    pub siblings: Vec<B256>,
}

/// Why a proof shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// It has another number of siblings.
    #[error("the proof has {0} siblings, and {SIBLINGS} is what a proof has")]
    Siblings(usize),
    /// No log has this index.
    #[error("the index {0} is above that of the last log that a batch can have")]
    Index(u64),
    /// It leads to another root.
    #[error("the proof leads to the root {computed}, and on Ethereum the batch has {stored}")]
    Root {
        /// What the proof leads to.
        computed: B256,
        /// What Ethereum has.
        stored: B256,
    },
}

impl LogProof {
    /// An error unless this shows that the batch with this root has the log.
    pub fn check(&self, log: &L2Log, stored: B256) -> Result<(), ProofError> {
        if self.siblings.len() != SIBLINGS {
            return Err(ProofError::Siblings(self.siblings.len()));
        }
        if self.index >= L2_LOGS_MAX as u64 {
            return Err(ProofError::Index(self.index));
        }
        // The logs' root is leaf 0 of the batch's tree: all higher bits of the index are zero.
        let levels = self.siblings.iter().zip(0_u32..);
        let computed = levels.fold(log.leaf(), |node, (sibling, level)| match self.index >> level & 1 {
            0 => keccak256([node.0, sibling.0].concat()),
            _ => keccak256([sibling.0, node.0].concat()),
        });
        if computed == stored { Ok(()) } else { Err(ProofError::Root { computed, stored }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;
    use ashlar_primitives::rollup::{LogTree, batch_root};

    fn logs() -> Vec<L2Log> {
        let hash = |number: u8| B256::repeat_byte(number);
        (0..5).map(|number| L2Log::message(number.into(), Address::repeat_byte(3), hash(number))).collect()
    }

    fn proof(index: usize) -> (LogProof, L2Log, B256) {
        let tree = LogTree::new(logs().iter().map(L2Log::leaf).collect()).unwrap();
        let siblings = tree.proof(index).unwrap();
        (LogProof { batch: 1, index: index as u64, siblings }, logs()[index], batch_root(&tree.root()))
    }

    #[test]
    fn proofs_of_the_tree_hold() {
        for index in 0..logs().len() {
            let (proof, log, root) = proof(index);
            assert_eq!(proof.check(&log, root), Ok(()), "{index}");
        }
    }

    #[test]
    fn nothing_of_a_proof_can_be_another() {
        let (good, log, root) = proof(3);
        let mut other = good.clone();
        other.index = 2;
        assert!(matches!(other.check(&log, root), Err(ProofError::Root { .. })));
        for level in 0..SIBLINGS {
            let mut other = good.clone();
            other.siblings[level].0[31] ^= 1;
            assert!(matches!(other.check(&log, root), Err(ProofError::Root { .. })), "{level}");
        }
        let changes: [fn(&mut L2Log); 5] = [
            |log| log.is_service = false,
            |log| log.transaction_index += 1,
            |log| log.sender = Address::ZERO,
            |log| log.key = B256::ZERO,
            |log| log.value = B256::ZERO,
        ];
        for change in changes {
            let mut other = log;
            change(&mut other);
            assert!(matches!(good.check(&other, root), Err(ProofError::Root { .. })));
        }
        assert!(matches!(good.check(&log, B256::ZERO), Err(ProofError::Root { .. })));
    }

    #[test]
    fn a_proof_has_one_form() {
        let (good, log, root) = proof(3);
        for count in [0, SIBLINGS - 1, SIBLINGS + 1] {
            let mut other = good.clone();
            other.siblings.resize(count, B256::ZERO);
            assert_eq!(other.check(&log, root), Err(ProofError::Siblings(count)));
        }
        for index in [1 << 14, u64::MAX] {
            let other = LogProof { index, ..good.clone() };
            assert_eq!(other.check(&log, root), Err(ProofError::Index(index)));
        }
    }
}
