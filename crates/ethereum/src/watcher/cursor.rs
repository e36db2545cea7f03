//! How far Ethereum is read.

use alloy_primitives::{Address, B256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ashlar_storage::{Changes, Store, Table};

use super::{WatcherError, WatcherSettings};
use crate::{chain::Header, records};

/// Key in the table of single values.
const KEY: &[u8] = b"watcher";

/// How many of the last blocks' hashes are kept: a reorganization of Ethereum that is deeper has never been seen.
pub(super) const POINTS_MAX: usize = 256;

/// How far Ethereum is read, and what it was.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Cursor {
    l1_chain_id: u64,
    chain: Address,
    /// The first block that is not read.
    pub(super) next_block: u64,
    /// The id of the operation that comes next.
    pub(super) next_operation: u64,
    /// Whether there were more points than are kept.
    pub(super) truncated: bool,
    /// Blocks that were read, ascending. Among the last ones none is left out.
    pub(super) points: Vec<Point>,
}

/// A block that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(super) struct Point {
    pub(super) number: u64,
    pub(super) hash: B256,
    /// The id of the operation that comes next after this block.
    pub(super) next_operation: u64,
}

impl Cursor {
    /// The one in the store, or that of the beginning.
    pub(super) fn load(store: &impl Store, settings: &WatcherSettings) -> Result<Self, WatcherError> {
        let cursor: Option<Self> = records::load(store, Table::Meta, KEY)?;
        let cursor = cursor.unwrap_or_else(|| Self {
            l1_chain_id: settings.l1_chain_id,
            chain: settings.chain,
            next_block: settings.first_block,
            next_operation: 0,
            truncated: false,
            points: Vec::new(),
        });
        if (cursor.l1_chain_id, cursor.chain) != (settings.l1_chain_id, settings.chain) {
            return Err(WatcherError::OtherStore { l1_chain_id: cursor.l1_chain_id, chain: cursor.chain });
        }
        Ok(cursor)
    }

    pub(super) fn save(&self, changes: &mut Changes) {
        changes.put(Table::Meta, KEY, alloy_rlp::encode(self));
    }

    /// The newest block that was read, up to this number.
    pub(super) fn point_up_to(&self, number: u64) -> Option<&Point> {
        self.points.iter().rev().find(|point| point.number <= number)
    }

    /// The cursor before all blocks after this point; without one, that of the beginning.
    pub(super) fn back_to(&self, point: Option<Point>, first_block: u64) -> Self {
        let number = point.map(|point| point.number);
        let points = self.points.iter().copied().filter(|other| Some(other.number) <= number).collect();
        Self {
            next_block: number.map_or(first_block, |number| number + 1),
            next_operation: point.map_or(0, |point| point.next_operation),
            points,
            ..self.clone()
        }
    }

    /// Notes blocks, ascending, each with the operations up to it; the last one is the last that was read.
    pub(super) fn advance(&mut self, blocks: impl IntoIterator<Item = (Header, u64)>) {
        for (Header { number, hash, .. }, next_operation) in blocks {
            self.points.push(Point { number, hash, next_operation });
            (self.next_block, self.next_operation) = (number + 1, next_operation);
        }
        if let Some(more) = self.points.len().checked_sub(POINTS_MAX).filter(|more| *more > 0) {
            self.points.drain(..more);
            self.truncated = true;
        }
    }
}
