//! Announcements of blocks and transactions.

use alloy_primitives::B256;
use ashlar_storage::BlockRecord;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Blocks that a subscriber may be behind.
const BLOCKS_MAX: usize = 256;

/// Transactions that a subscriber may be behind.
const TRANSACTIONS_MAX: usize = 8_192;

/// Announces blocks and transactions to whoever subscribed. Announcing never waits: who is too slow to listen loses the oldest
/// announcements, and the subscription with them.
#[derive(Clone, Debug)]
pub struct Heads {
    blocks: broadcast::Sender<Arc<BlockRecord>>,
    transactions: broadcast::Sender<B256>,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            blocks: broadcast::Sender::new(BLOCKS_MAX),
            transactions: broadcast::Sender::new(TRANSACTIONS_MAX),
        }
    }
}

impl Heads {
    /// Announces a block that is written.
    pub fn send(&self, block: Arc<BlockRecord>) {
        // An error says that nobody listens.
        drop(self.blocks.send(block));
    }

    /// Announces a transaction that came into the pool.
    pub fn send_transaction(&self, hash: B256) {
        drop(self.transactions.send(hash));
    }

    pub(crate) fn blocks(&self) -> broadcast::Receiver<Arc<BlockRecord>> {
        self.blocks.subscribe()
    }

    pub(crate) fn transactions(&self) -> broadcast::Receiver<B256> {
        self.transactions.subscribe()
    }
}
