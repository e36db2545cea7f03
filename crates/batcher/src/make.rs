//! Making a batch of blocks that are in the store: executed again, once over the store, which yields the witness, and once over
//! the witness, as the guest does.

use alloy_primitives::{B256, Bytes};
use ashlar_abi::{Accelerators, Reference};
use ashlar_blobs::{BatchBlobs, BlobError};
use ashlar_primitives::{
    BlockInput, InputError,
    rollup::{RollupBlockInputOwned, RollupConfig, RollupInputOwned},
};
use ashlar_stf::{
    Ancestors, BlockError, Error, StateSource, WitnessState,
    rollup::{BatchBuilder, RollupBatch, execute_rollup_block, execute_rollup_input},
};
use ashlar_storage::{BatchRecord, BlockRecord, ChainError, ChainRecords, Store, StoreError, StoreSource};
use ashlar_trie::NodeSource;
use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt::{self, Debug, Formatter},
    ops::RangeInclusive,
};
use thiserror::Error;

use crate::data::DataWay;

/// Why a batch cannot be made of blocks.
#[derive(Debug, Error)]
pub enum MakeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the chain cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A block of the batch, or the parent of its first one, is not there.
    #[error("block {0} is not in the database")]
    NoBlock(u64),
    /// The first block of a chain is in no batch.
    #[error("a batch cannot begin with block 0")]
    Genesis,
    /// A block does not execute to what is recorded of it.
    #[error("block {number} does not execute as it is recorded: {reason}")]
    Block {
        /// Its number.
        number: u64,
        /// Why.
        reason: BlockError,
    },
    /// The blocks make no batch.
    #[error("the blocks {first} to {last} make no batch: {reason}")]
    Batch {
        /// The first block.
        first: u64,
        /// The last block.
        last: u64,
        /// Why.
        reason: Box<Error>,
    },
    /// The blobs cannot be made.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The input has no encoding.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The batch that the witness makes is another than that of the store.
    #[error(
        "the batch of the blocks {first} to {last} is another one over its witness than over the database"
    )]
    Witness {
        /// The first block.
        first: u64,
        /// The last block.
        last: u64,
    },
    /// The blocks do not make the batch that is recorded.
    #[error("the blocks of batch {0} do not make what is recorded of it")]
    OtherBatch(u64),
}

impl MakeError {
    /// Whether fewer blocks may make a batch.
    pub(crate) fn is_too_large(&self) -> bool {
        let Self::Batch { reason, .. } = self else { return false };
        matches!(
            **reason,
            Error::OverLimit(_) | Error::Transactions | Error::Pubdata(_) | Error::Availability(_)
        )
    }
}

/// A batch that was made, with the input that a proof is made of.
#[derive(Clone, Debug)]
pub struct MadeBatch {
    /// Its input.
    pub input: RollupInputOwned,
    /// What follows from it.
    pub batch: RollupBatch,
}

/// Makes a batch of blocks of the store. `choose` is given pubdata and number of priority operations, and says where the pubdata go.
pub fn make_batch<S: Store>(
    store: &S,
    config: &RollupConfig,
    blocks: RangeInclusive<u64>,
    choose: impl FnOnce(&[u8], u64) -> DataWay,
) -> Result<MadeBatch, MakeError> {
    let (input, batch) = over_store(store, config, blocks)?;
    let versioned_hashes = match choose(&batch.pubdata, batch.output.operations) {
        DataWay::Calldata => Vec::new(),
        DataWay::Blobs => BatchBlobs::new(&batch.pubdata)?.versioned_hashes().to_vec(),
    };
    over_witness(RollupInputOwned { versioned_hashes, ..input }, &batch)
}

/// The input of a sealed batch, made again: it is kept nowhere. Its output is that of the record.
pub fn batch_input<S: Store>(
    store: &S,
    config: &RollupConfig,
    record: &BatchRecord,
) -> Result<RollupInputOwned, MakeError> {
    let blocks = record.output.first_block..=record.output.last_block;
    let (input, batch) = over_store(store, config, blocks)?;
    let versioned_hashes = record.versioned_hashes.clone();
    let made = over_witness(RollupInputOwned { versioned_hashes, ..input }, &batch)?;
    if made.batch.output != record.output {
        return Err(MakeError::OtherBatch(record.number));
    }
    Ok(made.input)
}

/// Executes blocks over the store. The input has what was read, and names no blobs; neither does the batch.
fn over_store<S: Store>(
    store: &S,
    config: &RollupConfig,
    blocks: RangeInclusive<u64>,
) -> Result<(RollupInputOwned, RollupBatch), MakeError> {
    let (first, last) = (*blocks.start(), *blocks.end());
    let refused = |reason: Error| MakeError::Batch { first, last, reason: Box::new(reason) };
    let parent = read_block(store, first.checked_sub(1).ok_or(MakeError::Genesis)?)?.header;
    let source = Recorder { source: StoreSource::new(store), codes: RefCell::default() };
    let mut state = WitnessState::over(Ancestors::of(parent.clone()), &source);
    let mut builder = BatchBuilder::new(config);
    let mut inputs = Vec::new();
    for number in blocks {
        let record = read_block(store, number)?;
        let header = alloy_rlp::encode(&record.header.header);
        let transactions = record.transactions.iter().map(AsRef::as_ref).collect();
        let stated = BlockInput { header: &header, transactions, withdrawals: Vec::new() };
        let executed = execute_rollup_block(config, &mut state, &stated);
        // What the store did not give looks like something that is missing.
        if let Some(failure) = source.source.failure() {
            return Err(failure.into());
        }
        builder.add(executed.map_err(|reason| MakeError::Block { number, reason })?).map_err(refused)?;
        inputs.push(RollupBlockInputOwned {
            timestamp: record.header.header.timestamp,
            beneficiary: record.header.header.beneficiary,
            transactions: record.transactions,
        });
    }
    let input = RollupInputOwned {
        config: config.encode().into(),
        versioned_hashes: Vec::new(),
        parent: alloy_rlp::encode(&parent.header).into(),
        blocks: inputs,
        state: state.used_nodes().map(Bytes::copy_from_slice).collect(),
        codes: source.codes().map(Bytes::copy_from_slice).collect(),
    };
    Ok((input, builder.finish(&[], Reference::modmul256_assign).map_err(refused)?))
}

/// Executes the input as the guest does. But for where the pubdata go, the batch must be the one over the store.
fn over_witness(input: RollupInputOwned, over_store: &RollupBatch) -> Result<MadeBatch, MakeError> {
    let (first, last) = (over_store.output.first_block, over_store.output.last_block);
    let batch = execute_rollup_input(&input.borrow(), Reference::modmul256_assign);
    let batch = batch.map_err(|reason| MakeError::Batch { first, last, reason: Box::new(reason) })?;
    let data_commitment = batch.output.data_commitment;
    let mut expected = over_store.clone();
    expected.output.data_commitment = data_commitment;
    if batch != expected {
        return Err(MakeError::Witness { first, last });
    }
    Ok(MadeBatch { input, batch })
}

fn read_block<S: Store>(store: &S, number: u64) -> Result<BlockRecord, MakeError> {
    store.block(number)?.ok_or(MakeError::NoBlock(number))
}

/// A source that remembers which codes were read of it. What blocks of the batch deploy is executed, but not read.
struct Recorder<'s, S> {
    source: StoreSource<'s, S>,
    codes: RefCell<BTreeSet<B256>>,
}

impl<S: Store> Recorder<'_, S> {
    /// The codes that were read, by ascending hash.
    fn codes(&self) -> impl Iterator<Item = &[u8]> {
        let hashes: Vec<_> = self.codes.borrow().iter().copied().collect();
        hashes.into_iter().filter_map(|hash| self.source.code(&hash))
    }
}

impl<S> Debug for Recorder<'_, S> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl<S: Store> NodeSource for Recorder<'_, S> {
    fn node(&self, hash: &B256) -> Option<&[u8]> {
        self.source.node(hash)
    }
}

impl<S: Store> StateSource for Recorder<'_, S> {
    fn code(&self, hash: &B256) -> Option<&[u8]> {
        self.codes.borrow_mut().insert(*hash);
        self.source.code(hash)
    }
}
