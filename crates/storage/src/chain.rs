//! Blocks and batches of a chain in a store.

use crate::{
    record::{self, Damaged},
    state::HEAD,
    store::{Changes, Direction, Store, StoreError, Table},
};
use alloy_consensus::{Eip658Value, Receipt, RlpDecodableReceipt};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ashlar_primitives::rollup::{L2Log, RollupOutput};
use ashlar_stf::{
    SealedHeader,
    rollup::{OverLimit, Resource, RollupBlock, RollupReceipt, Usage},
};
use thiserror::Error;

/// Why a record of the chain is not read.
#[derive(Debug, Error)]
pub enum ChainError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record does not decode.
    #[error(transparent)]
    Damaged(#[from] Damaged),
}

/// A block, what its maker chose, and what its transactions did: enough to execute it again and to answer for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// Its header.
    pub header: SealedHeader,
    /// Its transactions (EIP-2718), in order.
    pub transactions: Vec<Bytes>,
    /// What each of them did.
    pub results: Vec<ResultRecord>,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRecord {
    /// Hash of the transaction.
    pub hash: B256,
    /// Its receipt.
    pub receipt: RollupReceipt,
    /// Gas that it used.
    pub gas_used: u64,
    /// What it used beside gas.
    pub usage: Usage,
    /// The limit that made a priority operation fail.
    pub over_limit: Option<OverLimit>,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct TransactionPlace {
    /// Number of the block.
    pub block: u64,
    /// Index in the block.
    pub index: u64,
}

/// A sealed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRecord {
    /// Its number; the first one is 1.
    pub number: u64,
    /// What is proven of it.
    pub output: RollupOutput,
    /// What it publishes.
    pub pubdata: Bytes,
    /// Hashes of the blobs that it is published in; none if it is published as calldata.
    pub versioned_hashes: Vec<B256>,
    /// Its L2->L1 logs.
    pub logs: Vec<L2Log>,
    /// Priority operations of all batches before.
    pub operations_before: u64,
    /// Proving cost, cycle equivalents.
    pub cost: u64,
    /// When it was sealed, seconds since the Unix epoch.
    pub sealed_at: u64,
}

#[derive(RlpEncodable, RlpDecodable)]
struct BlockRlp {
    header: Bytes,
    transactions: Vec<Bytes>,
    results: Vec<ResultRlp>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct ResultRlp {
    hash: B256,
    receipt: Bytes,
    gas_used: u64,
    cost: u64,
    pubdata: u64,
    logs: u64,
    /// Empty, or resource, used, limit.
    over_limit: Vec<u64>,
}

#[derive(RlpEncodable, RlpDecodable)]
struct BatchRlp {
    number: u64,
    output: Bytes,
    pubdata: Bytes,
    versioned_hashes: Vec<B256>,
    logs: Vec<LogRlp>,
    operations_before: u64,
    cost: u64,
    sealed_at: u64,
}

#[derive(RlpEncodable, RlpDecodable)]
struct LogRlp {
    is_service: bool,
    transaction_index: u16,
    sender: Address,
    key: B256,
    value: B256,
}

impl BlockRecord {
    /// The record of a block that was made of these transactions.
    pub fn new(block: &RollupBlock, transactions: Vec<Bytes>) -> Self {
        let results = block.transactions.iter().map(|result| ResultRecord {
            hash: result.hash,
            receipt: result.receipt.clone(),
            gas_used: result.gas_used,
            usage: result.usage,
            over_limit: result.over_limit,
        });
        Self { header: block.header.clone(), transactions, results: results.collect() }
    }

    /// Adds the record and its indices to changes.
    pub fn put(&self, changes: &mut Changes) {
        let number = self.header.header.number;
        changes.put(Table::Blocks, number.to_be_bytes(), self.encode());
        changes.put(Table::BlockNumbers, self.header.hash.as_slice(), number.to_be_bytes());
        for (index, result) in (0..).zip(&self.results) {
            let place = TransactionPlace { block: number, index };
            changes.put(Table::Transactions, result.hash.as_slice(), alloy_rlp::encode(place));
        }
    }

    fn encode(&self) -> Vec<u8> {
        let results = self.results.iter().map(|result| ResultRlp {
            hash: result.hash,
            receipt: result.receipt.encode_2718().into(),
            gas_used: result.gas_used,
            cost: result.usage.cost,
            pubdata: result.usage.pubdata,
            logs: result.usage.logs,
            over_limit: result
                .over_limit
                .map_or(Vec::new(), |over| vec![resource_number(over.resource), over.used, over.limit]),
        });
        alloy_rlp::encode(BlockRlp {
            header: alloy_rlp::encode(&self.header.header).into(),
            transactions: self.transactions.clone(),
            results: results.collect(),
        })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let BlockRlp { header, transactions, results } = record::decode(bytes)?;
        let results = results.into_iter().map(|result| {
            Some(ResultRecord {
                hash: result.hash,
                receipt: decode_receipt(&result.receipt)?,
                gas_used: result.gas_used,
                usage: Usage { cost: result.cost, pubdata: result.pubdata, logs: result.logs },
                over_limit: decode_over_limit(&result.over_limit)?,
            })
        });
        let results: Vec<_> = results.collect::<Option<_>>()?;
        let header = SealedHeader::decode(&header).ok()?;
        (results.len() == transactions.len()).then_some(Self { header, transactions, results })
    }
}

/// The header in a block's record.
fn decode_header(record: &[u8]) -> Option<SealedHeader> {
    let mut fields = alloy_rlp::Header::decode_bytes(&mut &*record, true).ok()?;
    let header = alloy_rlp::Header::decode_bytes(&mut fields, false).ok()?;
    SealedHeader::decode(header).ok()
}

fn decode_receipt(bytes: &[u8]) -> Option<RollupReceipt> {
    let (type_byte, mut rest) = match bytes.split_first()? {
        (&byte, rest) if byte < 0x80 => (byte, rest),
        _ => (0, bytes),
    };
    let receipt = Receipt::<alloy_primitives::Log>::rlp_decode_with_bloom(&mut rest).ok()?;
    let is_canonical = rest.is_empty() && matches!(receipt.receipt.status, Eip658Value::Eip658(_));
    is_canonical.then_some(RollupReceipt { type_byte, receipt })
}

const fn resource_number(resource: Resource) -> u64 {
    match resource {
        Resource::ProvingCost => 0,
        Resource::Pubdata => 1,
        Resource::Logs => 2,
    }
}

fn decode_over_limit(words: &[u64]) -> Option<Option<OverLimit>> {
    let (resource, used, limit) = match words {
        [] => return Some(None),
        [resource, used, limit] => (*resource, *used, *limit),
        _ => return None,
    };
    let resources = [Resource::ProvingCost, Resource::Pubdata, Resource::Logs];
    let resource = resources.into_iter().find(|one| resource_number(*one) == resource)?;
    Some(Some(OverLimit { resource, used, limit }))
}

impl BatchRecord {
    /// Adds the record to changes.
    pub fn put(&self, changes: &mut Changes) {
        let logs = self.logs.iter().map(|log| LogRlp {
            is_service: log.is_service,
            transaction_index: log.transaction_index,
            sender: log.sender,
            key: log.key,
            value: log.value,
        });
        let record = alloy_rlp::encode(BatchRlp {
            number: self.number,
            output: self.output.encode().into(),
            pubdata: self.pubdata.clone(),
            versioned_hashes: self.versioned_hashes.clone(),
            logs: logs.collect(),
            operations_before: self.operations_before,
            cost: self.cost,
            sealed_at: self.sealed_at,
        });
        changes.put(Table::Batches, self.number.to_be_bytes(), record);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let record: BatchRlp = record::decode(bytes)?;
        let logs = record.logs.into_iter().map(|log| L2Log {
            is_service: log.is_service,
            transaction_index: log.transaction_index,
            sender: log.sender,
            key: log.key,
            value: log.value,
        });
        Some(Self {
            number: record.number,
            output: RollupOutput::decode(&record.output).ok()?,
            pubdata: record.pubdata,
            versioned_hashes: record.versioned_hashes,
            logs: logs.collect(),
            operations_before: record.operations_before,
            cost: record.cost,
            sealed_at: record.sealed_at,
        })
    }
}

/// What a store has of a chain. Every block that it has is in a state of the store (specification: `StateDb`), and batches are of
/// blocks that it has.
pub trait ChainRecords: Store {
    /// Header of the last block; `None` before there is a chain.
    fn head(&self) -> Result<Option<SealedHeader>, ChainError> {
        let Some(header) = self.get(Table::Meta, HEAD)? else { return Ok(None) };
        let decoded = SealedHeader::decode(&header);
        decoded.map(Some).map_err(|_| Damaged::new(Table::Meta, "the last block's header").into())
    }

    /// Header of the block with this number; the rest of the record is not decoded.
    fn header(&self, number: u64) -> Result<Option<SealedHeader>, ChainError> {
        let Some(bytes) = self.get(Table::Blocks, &number.to_be_bytes())? else { return Ok(None) };
        let header = decode_header(&bytes).filter(|header| header.header.number == number);
        header.map(Some).ok_or_else(|| Damaged::new(Table::Blocks, format!("block {number}")).into())
    }

    /// The block with this number. The genesis block has no transactions.
    fn block(&self, number: u64) -> Result<Option<BlockRecord>, ChainError> {
        let Some(bytes) = self.get(Table::Blocks, &number.to_be_bytes())? else { return Ok(None) };
        let block = BlockRecord::decode(&bytes).filter(|block| block.header.header.number == number);
        block.map(Some).ok_or_else(|| Damaged::new(Table::Blocks, format!("block {number}")).into())
    }

    /// Number of the block with this hash.
    fn block_number(&self, hash: &B256) -> Result<Option<u64>, ChainError> {
        let Some(bytes) = self.get(Table::BlockNumbers, hash.as_slice())? else { return Ok(None) };
        let number = <[u8; 8]>::try_from(bytes).map(u64::from_be_bytes);
        number.map(Some).map_err(|_| Damaged::new(Table::BlockNumbers, format!("block {hash}")).into())
    }

    /// Where the transaction with this hash is.
    fn transaction_place(&self, hash: &B256) -> Result<Option<TransactionPlace>, ChainError> {
        let Some(bytes) = self.get(Table::Transactions, hash.as_slice())? else { return Ok(None) };
        let place = record::decode(&bytes);
        place.map(Some).ok_or_else(|| Damaged::new(Table::Transactions, format!("transaction {hash}")).into())
    }

    /// The batch with this number.
    fn batch(&self, number: u64) -> Result<Option<BatchRecord>, ChainError> {
        let Some(bytes) = self.get(Table::Batches, &number.to_be_bytes())? else { return Ok(None) };
        let batch = BatchRecord::decode(&bytes).filter(|batch| batch.number == number);
        batch.map(Some).ok_or_else(|| Damaged::new(Table::Batches, format!("batch {number}")).into())
    }

    /// Number of the last sealed batch; 0 if there is none.
    fn last_batch(&self) -> Result<u64, ChainError> {
        let last = self.scan(Table::Batches, &u64::MAX.to_be_bytes(), Direction::Down, 1)?;
        let Some((key, _)) = last.first() else { return Ok(0) };
        let number = <[u8; 8]>::try_from(key.as_slice()).map(u64::from_be_bytes);
        number.map_err(|_| Damaged::new(Table::Batches, "a key").into())
    }

    /// The batch that has this block, if it is sealed.
    fn batch_of_block(&self, block: u64) -> Result<Option<BatchRecord>, ChainError> {
        let (mut low, mut high) = (1, self.last_batch()?);
        while low <= high {
            let middle = low + (high - low) / 2;
            let Some(batch) = self.batch(middle)? else { return Ok(None) };
            if block < batch.output.first_block {
                high = middle - 1;
            } else if block > batch.output.last_block {
                low = middle + 1;
            } else {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The final proof of a batch.
    fn proof(&self, batch: u64) -> Result<Option<Vec<u8>>, ChainError> {
        Ok(self.get(Table::Proofs, &batch.to_be_bytes())?)
    }
}

impl<S: Store + ?Sized> ChainRecords for S {}
