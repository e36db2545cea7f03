//! What Ethereum is told of a proven batch.

use alloy_eips::eip7594::BlobTransactionSidecarEip7594;
use alloy_primitives::{B256, U256};
use ashlar_blobs::{BatchBlobs, BlobError};
use ashlar_primitives::rollup::OperationsHash;
use ashlar_settlement::{
    Batch, OperationTree, QueueError,
    abi::chain::RollupChain::{Evidence, JoinedTree, Statement, StoredBatch, settleCall},
    genesis_batch,
};
use ashlar_storage::{BatchRecord, ChainError, ChainRecords, OperationRecords, OperationsError, Store};
use ashlar_verifier::ProgramKey;
use thiserror::Error;

/// What is shown of a verifier (`specs/023-settlement.md`, "Prove"): a final proof.
const WAY_PROOF: u8 = 2;

/// Operations that are read of the store at once.
const OPERATIONS_PER_READ: u64 = 4_096;

/// Why a batch cannot be settled.
#[derive(Debug, Error)]
pub enum SettleError {
    /// A record of the chain cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The operations cannot be read.
    #[error(transparent)]
    Operations(#[from] OperationsError),
    /// The batch, or the one before it, is not there.
    #[error("batch {0} is not in the database")]
    NoBatch(u64),
    /// The batch has no proof.
    #[error("batch {0} is not proven")]
    NotProven(u64),
    /// The batch does not follow the one before it.
    #[error("batch {0} does not begin where the batch before it ends")]
    Gap(u64),
    /// The queue does not have the batch's operations.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The queue has other operations than the batch: Ethereum took some back.
    #[error("batch {0} has other priority operations than Ethereum's queue")]
    OtherOperations(u64),
    /// The blobs cannot be made.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The blobs of the pubdata are not those that the proof is of.
    #[error("the pubdata of batch {0} make other blobs than its proof is of")]
    OtherBlobs(u64),
}

/// The call that settles a batch, and the blobs that its transaction has.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The call of the chain's contract.
    pub call: settleCall,
    blobs: Option<BatchBlobs>,
}

impl Settlement {
    /// The sidecar of its transaction; none if the pubdata are in the calldata. Takes some tenths of a second for each blob.
    pub fn into_sidecar(self) -> Result<Option<BlobTransactionSidecarEip7594>, BlobError> {
        self.blobs.map(BatchBlobs::into_sidecar).transpose()
    }
}

/// The tree of all operations of the store.
pub fn operation_tree<S: Store>(store: &S) -> Result<OperationTree, OperationsError> {
    let mut tree = OperationTree::default();
    extend_operation_tree(store, &mut tree)?;
    Ok(tree)
}

/// Appends the operations of the store that are not in the tree. It is of use as long as Ethereum takes none back; then the tree is made
/// anew.
pub fn extend_operation_tree<S: Store>(store: &S, tree: &mut OperationTree) -> Result<(), OperationsError> {
    let count = store.operations_count()?;
    let mut next = u64::try_from(tree.len()).unwrap_or(u64::MAX);
    while next < count {
        let end = next.saturating_add(OPERATIONS_PER_READ).min(count);
        for record in store.operations(next..end)? {
            tree.push(record.operation.hash(), record.deadline);
        }
        next = end;
    }
    Ok(())
}

/// The call that settles a proven batch at once. `operations` is any tree that the queue has had with all of the batch's operations,
/// `program` the key of the guest that the proof is of.
pub fn settle_call<S: Store>(
    store: &S,
    number: u64,
    operations: &OperationTree,
    program: ProgramKey,
) -> Result<Settlement, SettleError> {
    let record = store.batch(number)?.ok_or(SettleError::NoBatch(number))?;
    let proof = store.proof(number)?.ok_or(SettleError::NotProven(number))?;
    let previous = previous_batch(store, &record)?;
    let range = operation_range(&record, operations)?;
    let batch = batch_of(&record);
    let (commit, blobs) = if record.versioned_hashes.is_empty() {
        (batch.commit_with_calldata(record.pubdata), None)
    } else {
        let blobs = BatchBlobs::new(&record.pubdata)?;
        if blobs.versioned_hashes() != record.versioned_hashes {
            return Err(SettleError::OtherBlobs(number));
        }
        (batch.commit_with_blobs(&blobs, &blobs.open(&record.pubdata)?), Some(blobs))
    };
    let statement = Statement { programKey: program.0.into(), publicOutput: record.output.hash() };
    let evidence = Evidence {
        slot: 0,
        way: WAY_PROOF,
        statements: vec![statement],
        first: 0,
        tree: JoinedTree { root: B256::ZERO, count: U256::ZERO },
        places: Vec::new(),
        statementsRoot: B256::ZERO,
        proof: proof.into(),
    };
    Ok(Settlement { call: settleCall { previous, batch: commit, evidence: vec![evidence], range }, blobs })
}

/// A batch as the contract knows it.
const fn batch_of(record: &BatchRecord) -> Batch {
    Batch { number: record.number, output: record.output, operations_before: record.operations_before }
}

/// What the contract remembers of the batch before.
fn previous_batch<S: Store>(store: &S, record: &BatchRecord) -> Result<StoredBatch, SettleError> {
    let before = record.output.commitment_before;
    if record.number <= 1 {
        return Ok(genesis_batch(before));
    }
    let number = record.number - 1;
    let previous = store.batch(number)?.ok_or(SettleError::NoBatch(number))?;
    let operations = previous.operations_before.saturating_add(previous.output.operations);
    if previous.output.commitment_after != before || operations != record.operations_before {
        return Err(SettleError::Gap(record.number));
    }
    Ok(batch_of(&previous).stored())
}

/// The range that shows the batch's operations, which must be those of its output.
fn operation_range(
    record: &BatchRecord,
    operations: &OperationTree,
) -> Result<ashlar_settlement::abi::chain::RollupChain::OperationRange, SettleError> {
    let place = |id: u64| usize::try_from(id).unwrap_or(usize::MAX);
    let count = record.output.operations;
    let (from, to) = (record.operations_before, record.operations_before.saturating_add(count));
    let range = operations.range(place(from)..place(to))?;
    let mut hash = OperationsHash::default();
    range.hashes.iter().take(place(count)).for_each(|operation| hash.push(operation));
    if hash.get() != record.output.operations_hash {
        return Err(SettleError::OtherOperations(record.number));
    }
    Ok(range)
}
