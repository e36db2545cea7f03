//! Transactions in the order in which a block takes them.

use crate::{pool::Mempool, transaction::PooledTransaction};
use alloy_primitives::{Address, U256};
use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

/// A cursor over the executable transactions: those of a sender in the order of nonces, and of several senders first
/// whichever pays the highest tip, then whichever came first.
///
/// It expects that each transaction is executed before it is asked for the next one. What arrives meanwhile is seen only
/// behind transactions of the same sender.
pub struct Best {
    pool: Mempool,
    base_fee: u64,
    heads: BinaryHeap<Head>,
    /// Where the last transaction's sender goes on.
    behind: Option<Next>,
}

/// A sender's next transaction.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    tip: i128,
    first_come: Reverse<u64>,
    next: Next,
}

/// Which transaction a sender's next one is, and what the sender has to pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    sender: Address,
    nonce: u64,
    funds: U256,
}

impl Best {
    pub(crate) fn new(pool: Mempool, base_fee: u64) -> Self {
        let mut heads = BinaryHeap::new();
        for (address, sender) in &pool.state().senders {
            let next = Next { sender: *address, nonce: sender.account.nonce, funds: sender.account.balance };
            if let Some(head) = sender.run().next() {
                heads.extend(next.head(head, base_fee));
            }
        }
        Self { pool, base_fee, heads, behind: None }
    }

    /// Leaves out what the last transaction's sender has behind it: the block does not have that transaction, so those
    /// cannot be executed.
    pub fn skip_sender(&mut self) {
        self.behind = None;
    }
}

impl Iterator for Best {
    type Item = Arc<PooledTransaction>;

    fn next(&mut self) -> Option<Self::Item> {
        let state = self.pool.state();
        let waiting = |next: &Next| {
            let entry = state.senders.get(&next.sender)?.transactions.get(&next.nonce)?;
            Some(Arc::clone(&entry.transaction))
        };
        if let Some(next) = self.behind.take()
            && let Some(transaction) = waiting(&next)
        {
            self.heads.extend(next.head(&transaction, self.base_fee));
        }
        loop {
            let Head { next, .. } = self.heads.pop()?;
            // Another one may be in its place by now.
            if let Some(transaction) = waiting(&next)
                && next.head(&transaction, self.base_fee).is_some()
            {
                let (nonce, funds) =
                    (next.nonce.saturating_add(1), next.funds.saturating_sub(transaction.cost));
                self.behind = Some(Next { sender: next.sender, nonce, funds });
                return Some(transaction);
            }
        }
    }
}

impl Next {
    /// The place of this transaction among others, if it can be executed.
    fn head(self, transaction: &PooledTransaction, base_fee: u64) -> Option<Head> {
        let can_pay = transaction.cost <= self.funds && transaction.pays(base_fee);
        can_pay.then(|| Head {
            tip: transaction.tip(base_fee),
            first_come: Reverse(transaction.arrival),
            next: self,
        })
    }
}
