//! The transactions of one sender.

use crate::{account::AccountState, transaction::PooledTransaction};
use alloy_primitives::{Address, U256};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// A sender's account after the last block, and its transactions by nonce. None of them has a nonce below the account's.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) account: AccountState,
    pub(crate) transactions: BTreeMap<u64, Entry>,
    /// How many of the first transactions are executable at the pool's base fee.
    pub(crate) executable: usize,
    /// Its place in the order of eviction.
    pub(crate) rank: Option<Rank>,
}

/// A transaction in its sender's queue.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) transaction: Arc<PooledTransaction>,
    /// Whether subscribers were told that it is executable.
    pub(crate) is_announced: bool,
}

/// How much a sender's last transaction is worth to the pool; the least goes first when it is full. Only the last one
/// can go, since those behind another one would be lost with it.
///
/// A transaction is worth no more than those before it, which have to be executed first: or a cheap one with dear ones
/// behind it would push out what pays sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) worth: Worth,
    pub(crate) newest_first: Reverse<u64>,
    pub(crate) sender: Address,
}

/// What a transaction is worth to the pool: whatever can be executed is worth more than whatever cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Worth {
    pub(crate) is_executable: bool,
    /// The least tip of it and those of its sender before it, wei per gas.
    pub(crate) tip: i128,
}

impl Sender {
    pub(crate) const fn new(account: AccountState) -> Self {
        Self { account, transactions: BTreeMap::new(), executable: 0, rank: None }
    }

    /// Transactions without a gap from the account's nonce on.
    pub(crate) fn run(&self) -> impl Iterator<Item = &Arc<PooledTransaction>> {
        let next = self.account.nonce;
        self.transactions
            .range(next..)
            .zip(0..)
            .take_while(move |((nonce, _), position)| nonce.abs_diff(next) == *position)
            .map(|((_, entry), _)| &entry.transaction)
    }

    /// How many of the first transactions can be executed: no gap before them, they pay the base fee, and the balance
    /// pays for all of them at their highest cost.
    pub(crate) fn executable_at(&self, base_fee: u64) -> usize {
        let mut funds = self.account.balance;
        self.run()
            .take_while(|transaction| {
                let left = funds.checked_sub(transaction.cost).filter(|_| transaction.pays(base_fee));
                funds = left.unwrap_or(U256::ZERO);
                left.is_some()
            })
            .count()
    }

    /// Whether its transaction with this nonce is executable at the pool's base fee.
    pub(crate) fn is_executable(&self, nonce: u64) -> bool {
        u64::try_from(self.executable).is_ok_and(|count| nonce.abs_diff(self.account.nonce) < count)
    }

    /// The first nonce that is free.
    pub(crate) fn next_nonce(&self) -> u64 {
        self.run().last().map_or(self.account.nonce, |last| last.nonce.saturating_add(1))
    }

    /// Most wei that all transactions can take, but for the one with this nonce.
    pub(crate) fn cost_beside(&self, nonce: u64) -> U256 {
        let others = self.transactions.iter().filter(|(other, _)| **other != nonce);
        others.fold(U256::ZERO, |sum, (_, entry)| sum.saturating_add(entry.transaction.cost))
    }

    /// Rank of the last of the first `count` transactions.
    pub(crate) fn rank_of(&self, count: usize, base_fee: u64) -> Option<Rank> {
        let first = || self.transactions.values().take(count).map(|entry| &entry.transaction);
        let last = first().next_back()?;
        let tip = first().map(|transaction| transaction.tip(base_fee)).min()?;
        let worth = Worth { is_executable: count <= self.executable, tip };
        Some(Rank { worth, newest_first: Reverse(last.arrival), sender: last.sender })
    }

    /// What a transaction that is not here yet would be worth. Its sender can pay for it.
    pub(crate) fn worth_of(&self, transaction: &PooledTransaction, base_fee: u64) -> Worth {
        let before = self.transactions.range(..transaction.nonce).map(|(_, entry)| &entry.transaction);
        let own = transaction.tip(base_fee);
        let tip = before.map(|other| other.tip(base_fee)).min().map_or(own, |least| least.min(own));
        let position = transaction.nonce.abs_diff(self.account.nonce);
        let executable = u64::try_from(self.executable).unwrap_or(u64::MAX);
        Worth { is_executable: position <= executable && transaction.pays(base_fee), tip }
    }
}
