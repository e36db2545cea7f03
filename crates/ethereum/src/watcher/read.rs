//! Reads ranges of blocks, and believes nothing.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;
use alloy_sol_types::SolEvent;
use ashlar_primitives::rollup::Operation;
use ashlar_settlement::abi::chain::RollupChain as Chain;
use ashlar_storage::OperationRecord;
use serde_json::json;

use super::{
    Watcher, WatcherError,
    cursor::{Cursor, POINTS_MAX},
};
use crate::{
    chain::{BlockAt, Header, Log, contract_call, contract_result},
    client::{Call, ClientError},
};

/// Down to how many blocks below the newest one nodes are asked for a contract's state: they keep that of 128.
const STATE_BLOCKS: u64 = 64;

/// What a range of blocks has.
pub(super) struct Range {
    /// The cursor after it.
    pub(super) cursor: Cursor,
    /// The operations in it, in order of their ids.
    pub(super) operations: Vec<OperationRecord>,
}

impl<S> Watcher<S> {
    /// Reads from the cursor on, up to `target` or what the node gives at once. `head` is the newest block.
    pub(super) fn read_range(
        &mut self,
        cursor: &Cursor,
        target: u64,
        head: &Header,
    ) -> Result<Range, WatcherError> {
        let from = cursor.next_block;
        let (to, logs) = self.logs(from, target)?;
        let headers = self.headers(cursor, (from, to), &logs, head)?;
        let mut operations = Vec::with_capacity(logs.len());
        for (id, log) in (cursor.next_operation..).zip(&logs) {
            let header = headers.get(&log.block_number.to());
            let known = header.is_some_and(|header| header.hash == log.block_hash);
            if !known {
                return Err(WatcherError::Moved { block: log.block_number.to() });
            }
            operations.push(self.operation(id, log)?);
        }
        let last = headers.get(&to).ok_or(WatcherError::Moved { block: to })?;
        let count = cursor.next_operation + operations.len() as u64;
        self.check_complete(last, count, head)?;
        let mut cursor = cursor.clone();
        let mut next = cursor.next_operation;
        let mut rest = operations.iter().peekable();
        cursor.advance(headers.into_values().map(|header| {
            while let Some(record) = rest.next_if(|record| record.l1_block <= header.number) {
                next = record.operation.id + 1;
            }
            (header, next)
        }));
        Ok(Range { cursor, operations })
    }

    /// The logs of a range that the node is willing to give, and the last block of that range.
    fn logs(&mut self, from: u64, target: u64) -> Result<(u64, Vec<Log>), WatcherError> {
        loop {
            let to = target.min(from.saturating_add(self.range_blocks - 1));
            let filter = json!({
                "address": self.settings.chain,
                "topics": [Chain::OperationRequested::SIGNATURE_HASH],
                "fromBlock": BlockAt::Number(from).json(),
                "toBlock": BlockAt::Number(to).json(),
            });
            match self.client.call::<Vec<Log>>("eth_getLogs", json!([filter])) {
                Ok(logs) => {
                    self.range_blocks =
                        self.range_blocks.saturating_mul(2).min(self.settings.range_blocks_max.max(1));
                    self.check_order(&logs, from, to)?;
                    return Ok((to, logs));
                }
                // Nodes limit ranges and results, each in its own words.
                Err(ClientError::Refused { .. } | ClientError::TooLong { .. }) if to > from => {
                    self.range_blocks = ((to - from) / 2).max(1);
                }
                Err(error) => {
                    // It may have been too much for the time.
                    self.range_blocks = (self.range_blocks / 2).max(1);
                    return Err(error.into());
                }
            }
        }
    }

    /// They are of the range, of the contract, of the event, in order, and none is taken back.
    fn check_order(&self, logs: &[Log], from: u64, to: u64) -> Result<(), WatcherError> {
        let mut last = None;
        for log in logs {
            let place = (log.block_number.to::<u64>(), log.log_index.to::<u64>());
            let asked = log.address == self.settings.chain
                && log.topics.first() == Some(&Chain::OperationRequested::SIGNATURE_HASH)
                && (from..=to).contains(&place.0)
                && !log.removed;
            if !asked || Some(place) <= last {
                let what = "a log that was not asked for, or not in its place";
                return Err(WatcherError::Untrue { what, block: place.0, transaction: log.transaction_hash });
            }
            last = Some(place);
        }
        Ok(())
    }

    /// The headers of a range: of its last block, of those with logs, and of all that may still change. Each of those follows
    /// the one before.
    fn headers(
        &self,
        cursor: &Cursor,
        (from, to): (u64, u64),
        logs: &[Log],
        head: &Header,
    ) -> Result<BTreeMap<u64, Header>, WatcherError> {
        let dense = from.max((head.number + 1).saturating_sub(POINTS_MAX as u64));
        let mut numbers: Vec<u64> = logs.iter().map(|log| log.block_number.to()).collect();
        numbers.extend((dense..=to).chain([to]));
        numbers.sort_unstable();
        numbers.dedup();
        let calls: Vec<Call> = numbers.iter().map(|number| BlockAt::Number(*number).header_call()).collect();
        let mut before = cursor.points.last().map(|point| (point.number, point.hash));
        let mut headers = BTreeMap::new();
        for (number, result) in numbers.iter().zip(self.client.call_all(&calls)?) {
            let header: Option<Header> = self.client.result("eth_getBlockByNumber", result)?;
            let moved = WatcherError::Moved { block: *number };
            let header = header.filter(|header| header.number == *number).ok_or(moved)?;
            if let Some((last, hash)) = before
                && last + 1 == *number
                && hash != header.parent_hash
            {
                return Err(WatcherError::Moved { block: *number });
            }
            before = Some((*number, header.hash));
            headers.insert(*number, header);
        }
        Ok(headers)
    }

    /// The contract has as many operations after this block as were read up to it: none was left out.
    fn check_complete(&self, last: &Header, count: u64, head: &Header) -> Result<(), WatcherError> {
        if last.number.saturating_add(STATE_BLOCKS) < head.number {
            return Ok(());
        }
        let chain = self.settings.chain;
        let Call { method, params } = contract_call(chain, &Chain::progressCall {}, BlockAt::Hash(last.hash));
        let bytes: Bytes = self.client.call(method, params)?;
        // Before the chain begins there is no contract.
        let has = match bytes.is_empty() {
            true => 0,
            false => contract_result::<Chain::progressCall>(chain, &bytes)?.operations,
        };
        if has == count {
            Ok(())
        } else {
            Err(WatcherError::Incomplete { block: last.number, has, read: count })
        }
    }

    /// The operation of a log: with the next id, of this chain, and with the hash that the contract says.
    fn operation(&self, id: u64, log: &Log) -> Result<OperationRecord, WatcherError> {
        let (block, transaction) = (log.block_number.to(), log.transaction_hash);
        let untrue = |what| WatcherError::Untrue { what, block, transaction };
        let event = Chain::OperationRequested::decode_raw_log_validate(log.topics.iter().copied(), &log.data)
            .map_err(|_| untrue("an event of another form"))?;
        if event.id > id {
            return Err(WatcherError::Incomplete { block, has: event.id, read: id });
        }
        let operation =
            Operation::decode(&event.encoded).map_err(|_| untrue("an operation of another form"))?;
        let facts = [
            (event.id == id, "an operation whose id is not the next"),
            (operation.id == id, "an operation with two ids"),
            (operation.chain_id == self.settings.chain_id, "an operation of another chain"),
            (operation.hash() == event.hash, "an operation with the hash of another"),
        ];
        if let Some((_, what)) = facts.into_iter().find(|(holds, _)| !holds) {
            return Err(untrue(what));
        }
        Ok(OperationRecord {
            operation,
            deadline: event.deadline,
            l1_block: block,
            l1_block_hash: log.block_hash,
            l1_transaction: transaction,
        })
    }
}
