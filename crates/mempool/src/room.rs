//! Who has to go for a transaction when the pool is full.

use crate::{
    rejection::Rejection,
    sender::{Rank, Sender, Worth},
    state::State,
    transaction::PooledTransaction,
};
use alloy_primitives::Address;
use std::collections::BTreeSet;

/// Place of a transaction: its sender and nonce.
pub(crate) type Place = (Address, u64);

impl State {
    /// Which transactions have to go for this one, cheapest first. Each is worth less than it; if those are not enough,
    /// the transaction is refused, and none goes.
    ///
    /// `of` is its sender as the pool has it, and `replaced_bytes` the length of the transaction whose nonce it takes.
    pub(crate) fn make_room(
        &self,
        of: &Sender,
        transaction: &PooledTransaction,
        replaced_bytes: Option<usize>,
    ) -> Result<Vec<Place>, Rejection> {
        let mut count = self.places.len() + usize::from(replaced_bytes.is_none());
        let mut bytes = self.bytes - replaced_bytes.unwrap_or(0) + transaction.bytes.len();
        let worth = of.worth_of(transaction, self.base_fee);
        let mut cheapest = Cheapest::new(self);
        let mut victims = Vec::new();
        while count > self.limits.transactions || bytes > self.limits.bytes {
            let (rank, victim) = cheapest.next().ok_or(Rejection::Full)?;
            // Its own sender's transactions before it are needed, and the one with its nonce goes anyway.
            if victim.sender == transaction.sender && victim.nonce <= transaction.nonce {
                continue;
            }
            if rank.worth >= worth {
                return Err(refusal(worth, rank.worth));
            }
            victims.push((victim.sender, victim.nonce));
            count -= 1;
            bytes -= victim.bytes.len();
        }
        Ok(victims)
    }
}

fn refusal(worth: Worth, least: Worth) -> Rejection {
    match worth.is_executable == least.is_executable {
        true => Rejection::Underpriced { tip: worth.tip, least: least.tip },
        // What cannot be executed never pushes out what can.
        false => Rejection::Full,
    }
}

/// Transactions in the order in which they would go. Of each sender the last one goes first; the one before it is never
/// worth less.
struct Cheapest<'a> {
    state: &'a State,
    /// Last transactions of senders, and how many transactions there are up to them.
    last: BTreeSet<(Rank, usize)>,
    /// Senders whose last transaction was not yet looked at.
    order: std::iter::Peekable<std::collections::btree_set::Iter<'a, Rank>>,
}

impl<'a> Cheapest<'a> {
    fn new(state: &'a State) -> Self {
        Self { state, last: BTreeSet::new(), order: state.order.iter().peekable() }
    }

    fn next(&mut self) -> Option<(Rank, &'a PooledTransaction)> {
        if let Some(rank) = self.order.peek().copied().copied()
            && self.last.first().is_none_or(|(other, _)| rank < *other)
        {
            self.order.next();
            let count = self.state.senders.get(&rank.sender)?.transactions.len();
            self.last.insert((rank, count));
        }
        let (rank, count) = self.last.pop_first()?;
        let sender = self.state.senders.get(&rank.sender)?;
        let before = count.checked_sub(1)?;
        if let Some(next) = sender.rank_of(before, self.state.base_fee) {
            self.last.insert((next, before));
        }
        let victim = sender.transactions.values().nth(before)?;
        Some((rank, &victim.transaction))
    }
}
