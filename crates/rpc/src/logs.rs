//! Searching logs.

use crate::{api::Api, error::RpcError, json};
use alloy_rpc_types_eth::{Filter, FilterBlockOption};
use ashlar_storage::{BlockRecord, ChainRecords};
use serde_json::Value;
use std::{ops::RangeInclusive, time::Instant};

impl Api {
    /// Refuses filters that are dearer to apply than any client needs.
    pub(crate) fn check_filter(&self, filter: &Filter) -> Result<(), RpcError> {
        let most = self.limits.filter_alternatives;
        let lengths = filter.topics.iter().map(|topic| topic.len()).chain([filter.address.len()]);
        match lengths.max() {
            Some(length) if length > most => Err(RpcError::Limit(format!(
                "a filter with {length} addresses or alternatives of a topic, the limit is {most}"
            ))),
            _ => Ok(()),
        }
    }

    /// Logs that a filter finds.
    pub(crate) fn logs(&self, filter: &Filter) -> Result<Vec<Value>, RpcError> {
        match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.node.store.block_number(&hash)?.ok_or(RpcError::UnknownBlock)?;
                self.logs_in(filter, number..=number)
            }
            FilterBlockOption::Range { .. } => {
                let blocks = self.blocks_of(filter)?;
                self.logs_in(filter, blocks)
            }
        }
    }

    /// Numbers of the blocks that a filter names; without any, the last one's.
    pub(crate) fn blocks_of(&self, filter: &Filter) -> Result<RangeInclusive<u64>, RpcError> {
        let (from, to) = filter.block_option.as_range();
        let (from, to) = (from.copied().unwrap_or_default(), to.copied().unwrap_or_default());
        let (from, to) = (self.number(from)?, self.number(to)?);
        if from > to {
            return Err(RpcError::Invalid(
                "invalid block range params: fromBlock is above toBlock".to_owned(),
            ));
        }
        Ok(from..=to.min(self.head()?.header.number))
    }

    /// Logs in these blocks, all of which exist, that have what a filter looks for.
    pub(crate) fn logs_in(
        &self,
        filter: &Filter,
        blocks: RangeInclusive<u64>,
    ) -> Result<Vec<Value>, RpcError> {
        self.check_span(&blocks)?;
        let (from, to) = blocks.into_inner();
        let deadline = Instant::now() + self.limits.query;
        let mut found = Vec::new();
        for number in from..=to {
            if Instant::now() > deadline {
                let text = "query takes too long: ask for fewer blocks at a time";
                return Err(RpcError::Limit(text.to_owned()));
            }
            self.search(filter, number, &mut found)?;
            if found.len() > self.limits.logs {
                let most = self.limits.logs;
                let text = format!("query returned more than {most} results: ask for fewer blocks at a time");
                return Err(RpcError::Limit(text));
            }
        }
        Ok(found)
    }

    /// Refuses more blocks than one query may span.
    pub(crate) fn check_span(&self, blocks: &RangeInclusive<u64>) -> Result<(), RpcError> {
        let span = blocks.end().saturating_sub(*blocks.start()).saturating_add(1);
        let most = self.limits.log_blocks;
        if span <= most {
            return Ok(());
        }
        let text = format!("query spans {span} blocks, the limit is {most}: ask for fewer at a time");
        Err(RpcError::Limit(text))
    }

    fn search(&self, filter: &Filter, number: u64, found: &mut Vec<Value>) -> Result<(), RpcError> {
        let Some(header) = self.node.store.header(number)? else { return Err(RpcError::UnknownBlock) };
        if filter.matches_bloom(header.header.logs_bloom)
            && let Some(block) = self.block(number)?
        {
            found.extend(matching(filter, &block.record));
        }
        Ok(())
    }
}

/// Logs of a block that have what a filter looks for.
pub(crate) fn matching(filter: &Filter, block: &BlockRecord) -> Vec<Value> {
    let mut first = 0;
    let mut found = Vec::new();
    for (index, result) in block.results.iter().enumerate() {
        let logs = (first..).zip(result.receipt.logs());
        first += result.receipt.logs().len();
        let matching = logs.filter(|(_, log)| filter.matches(log));
        found.extend(matching.map(|(log_index, log)| json::log(block, index, result, log_index, log)));
    }
    found
}
