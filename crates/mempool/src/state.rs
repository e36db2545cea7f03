//! The pool in memory. Each change of what is kept is added to the changes of the table at the same time.

use crate::{
    account::{AccountState, Accounts, Changed, Code},
    limits::Limits,
    reasons::Reasons,
    record::{Dropped, Waiting},
    rejection::{Reason, Rejection},
    room::Place,
    sender::{Entry, Rank, Sender},
    transaction::PooledTransaction,
};
use alloy_primitives::{Address, B256, U256};
use ashlar_storage::{Changes, StateDbError, Table};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError},
    },
};

/// All transactions, and why others are not here.
pub(crate) struct State {
    pub(crate) limits: Limits,
    pub(crate) base_fee: u64,
    pub(crate) senders: BTreeMap<Address, Sender>,
    pub(crate) places: HashMap<B256, Place>,
    /// Senders by what their last transactions are worth.
    pub(crate) order: BTreeSet<Rank>,
    /// In how many transactions an account has authorizations.
    authorities: HashMap<Address, usize>,
    /// Bytes of all transactions.
    pub(crate) bytes: usize,
    /// How many transactions can be executed.
    pub(crate) executable: usize,
    /// Number of the next event.
    next: u64,
    /// Why transactions that were accepted are not here; in the table too.
    pub(crate) dropped: Reasons,
    /// Why transactions were not accepted.
    pub(crate) refused: Reasons,
    pub(crate) subscribers: Vec<SyncSender<B256>>,
}

/// Where a transaction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A user: it is new.
    User,
    /// The table, which has it: it was accepted already, under what was then known.
    Table,
}

impl State {
    pub(crate) fn new(limits: Limits, base_fee: u64) -> Self {
        Self {
            limits,
            base_fee,
            senders: BTreeMap::new(),
            places: HashMap::new(),
            order: BTreeSet::new(),
            authorities: HashMap::new(),
            bytes: 0,
            executable: 0,
            next: 0,
            dropped: Reasons::new(limits.reasons),
            refused: Reasons::new(limits.reasons),
            subscribers: Vec::new(),
        }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<&Arc<PooledTransaction>> {
        let (address, nonce) = self.places.get(hash)?;
        Some(&self.senders.get(address)?.transactions.get(nonce)?.transaction)
    }

    /// The account of a sender. It is read under the pool's lock: were it read before, a block could come between.
    pub(crate) fn account(
        &self,
        address: &Address,
        accounts: &dyn Accounts,
    ) -> Result<AccountState, StateDbError> {
        self.senders.get(address).map_or_else(|| accounts.account(address), |sender| Ok(sender.account))
    }

    /// Takes a transaction of a sender with this account, or refuses it and changes nothing.
    pub(crate) fn admit(
        &mut self,
        mut transaction: PooledTransaction,
        account: AccountState,
        source: Source,
        changes: &mut Changes,
    ) -> Result<(), Rejection> {
        if self.places.contains_key(&transaction.hash()) {
            return Err(Rejection::AlreadyKnown);
        }
        let address = transaction.sender;
        let new = Sender::new(account);
        let sender = self.senders.get(&address).unwrap_or(&new);
        if let Some(fault) = fault(&account, &transaction, &self.limits) {
            return Err(fault);
        }
        if source == Source::User {
            self.check_delegations(sender, &transaction)?;
            check_funds(sender, &transaction)?;
        }
        let replaced = self.check_replacement(sender, &transaction)?;
        let victims = self.make_room(sender, &transaction, replaced)?;
        // Nothing fails from here on.
        if replaced.is_some() {
            self.remove(&(address, transaction.nonce), &Reason::Replaced(transaction.hash()), changes);
        }
        for victim in victims {
            self.remove(&victim, &Reason::Evicted(transaction.hash()), changes);
        }
        if source == Source::User {
            transaction.arrival = self.number();
            let record = Waiting { arrival: transaction.arrival, bytes: transaction.bytes.clone() };
            changes.put(Table::Pool, transaction.hash().as_slice(), record.encode());
        }
        self.place(account, transaction);
        Ok(())
    }

    /// Counts events, so that their order is known after a restart.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Goes on behind an event of before a restart.
    pub(crate) fn continue_behind(&mut self, number: u64) {
        self.next = self.next.max(number);
    }

    fn place(&mut self, account: AccountState, transaction: PooledTransaction) {
        let (address, nonce, hash) = (transaction.sender, transaction.nonce, transaction.hash());
        self.dropped.remove(&hash);
        self.refused.remove(&hash);
        self.bytes += transaction.bytes.len();
        for authority in &transaction.authorities {
            *self.authorities.entry(*authority).or_default() += 1;
        }
        self.places.insert(hash, (address, nonce));
        let sender = self.senders.entry(address).or_insert_with(|| Sender::new(account));
        sender.transactions.insert(nonce, Entry { transaction: Arc::new(transaction), is_announced: false });
        self.refresh(&address);
    }

    /// Removes a transaction, and keeps why.
    fn remove(&mut self, place: &Place, reason: &Reason, changes: &mut Changes) {
        if let Some(transaction) = self.take(place) {
            self.refresh(&place.0);
            self.keep_reason(transaction.hash(), reason, changes);
        }
    }

    /// Removes the transaction with this hash, and keeps why.
    pub(crate) fn drop_transaction(&mut self, hash: &B256, reason: &Reason, changes: &mut Changes) {
        if let Some(place) = self.places.get(hash).copied() {
            self.remove(&place, reason, changes);
        }
    }

    /// Writes a reason in the place of the transaction.
    pub(crate) fn keep_reason(&mut self, hash: B256, reason: &Reason, changes: &mut Changes) {
        let reason = Dropped::now(self.number(), reason.to_string());
        changes.put(Table::Pool, hash.as_slice(), reason.encode());
        if let Some(oldest) = self.dropped.push(hash, reason) {
            changes.remove(Table::Pool, oldest.as_slice());
        }
    }

    /// Removes a transaction. The caller refreshes its sender.
    fn take(&mut self, (address, nonce): &Place) -> Option<Arc<PooledTransaction>> {
        let entry = self.senders.get_mut(address)?.transactions.remove(nonce)?;
        let transaction = entry.transaction;
        self.places.remove(&transaction.hash());
        self.bytes -= transaction.bytes.len();
        for authority in &transaction.authorities {
            if let Some(count) = self.authorities.get_mut(authority) {
                *count -= 1;
                if *count == 0 {
                    self.authorities.remove(authority);
                }
            }
        }
        Some(transaction)
    }

    /// Brings what follows from a sender's transactions up to date.
    fn refresh(&mut self, address: &Address) {
        let Some(sender) = self.senders.get_mut(address) else { return };
        if let Some(rank) = sender.rank.take() {
            self.order.remove(&rank);
        }
        self.executable -= sender.executable;
        if sender.transactions.is_empty() {
            self.senders.remove(address);
            return;
        }
        sender.executable = sender.executable_at(self.base_fee);
        self.executable += sender.executable;
        sender.rank = sender.rank_of(sender.transactions.len(), self.base_fee);
        self.order.extend(sender.rank);
        for entry in sender.transactions.values_mut().take(sender.executable) {
            if !entry.is_announced {
                entry.is_announced = true;
                let hash = entry.transaction.hash();
                // Who is too slow misses some, and who is gone is forgotten.
                self.subscribers.retain(|subscriber| {
                    !matches!(subscriber.try_send(hash), Err(TrySendError::Disconnected(_)))
                });
            }
        }
    }

    /// Takes note of a block, and of the base fee of the next one.
    pub(crate) fn on_block(
        &mut self,
        included: &[B256],
        changed: &[Changed],
        base_fee: u64,
        changes: &mut Changes,
    ) {
        // What is refreshed on the way is so by the fee that counts; the rest follows.
        let before = mem::replace(&mut self.base_fee, base_fee);
        self.include(included, changes);
        self.change_accounts(changed, changes);
        if before != base_fee {
            self.refresh_all();
        }
    }

    /// Forgets transactions that a block has. The store forgets them with the block.
    fn include(&mut self, included: &[B256], changes: &mut Changes) {
        for hash in included {
            if let Some(place) = self.places.get(hash).copied() {
                self.take(&place);
                self.refresh(&place.0);
            }
            self.refused.remove(hash);
            // Replaced, or evicted, while it was executed.
            if self.dropped.remove(hash) {
                changes.remove(Table::Pool, hash.as_slice());
            }
        }
    }

    /// Brings senders' accounts up to date. What they cannot send any more goes.
    fn change_accounts(&mut self, changed: &[Changed], changes: &mut Changes) {
        for Changed { address, nonce, balance, code } in changed {
            let Some(sender) = self.senders.get_mut(address) else { continue };
            let code = code.unwrap_or(sender.account.code);
            sender.account = AccountState { nonce: *nonce, balance: *balance, code };
            let faults: Vec<_> = sender
                .transactions
                .iter()
                .filter_map(|(nonce, entry)| {
                    Some((*nonce, fault(&sender.account, &entry.transaction, &self.limits)?))
                })
                .collect();
            for (nonce, fault) in faults {
                self.remove(&(*address, nonce), &Reason::Invalid(fault), changes);
            }
            self.refresh(address);
        }
    }

    pub(crate) fn set_base_fee(&mut self, base_fee: u64) {
        if mem::replace(&mut self.base_fee, base_fee) != base_fee {
            self.refresh_all();
        }
    }

    fn refresh_all(&mut self) {
        let senders: Vec<_> = self.senders.keys().copied().collect();
        for address in senders {
            self.refresh(&address);
        }
    }

    /// Whether the transaction has another one's nonce, and how many bytes that one has. It must pay more.
    fn check_replacement(
        &self,
        sender: &Sender,
        transaction: &PooledTransaction,
    ) -> Result<Option<usize>, Rejection> {
        let Some(Entry { transaction: old, .. }) = sender.transactions.get(&transaction.nonce) else {
            return Ok(None);
        };
        let percent = self.limits.bump_percent;
        let (hundred, factor) = (U256::from(100), U256::from(100) + U256::from(percent));
        let is_enough =
            |new: u128, old: u128| new > old && U256::from(new) * hundred >= U256::from(old) * factor;
        match is_enough(transaction.max_fee, old.max_fee)
            && is_enough(transaction.max_priority_fee, old.max_priority_fee)
        {
            true => Ok(Some(old.bytes.len())),
            false => Err(Rejection::ReplacementUnderpriced { of: old.hash(), percent }),
        }
    }

    /// Limits of accounts with delegated code (EIP-7702), as in geth.
    ///
    /// The pool relies on it that an account's balance falls and its nonce rises by its own transactions alone, so that
    /// what was valid stays valid until it is executed. Delegated code can empty the account in anybody's transaction,
    /// and an authorization raises the nonce of who signed it: one cheap transaction would make many others invalid
    /// that the node has checked, kept and passed on for nothing. So such accounts have one transaction at a time.
    fn check_delegations(&self, sender: &Sender, transaction: &PooledTransaction) -> Result<(), Rejection> {
        let (address, nonce) = (transaction.sender, transaction.nonce);
        let is_delegated = sender.account.code == Code::Delegation || self.authorities.contains_key(&address);
        let is_in_place = nonce == sender.account.nonce || sender.transactions.contains_key(&nonce);
        if is_delegated && !is_in_place {
            return Err(match sender.run().next() {
                Some(_) => Rejection::InFlight,
                None => Rejection::GappedDelegated,
            });
        }
        let waiting =
            |authority: &Address| self.senders.get(authority).map_or(0, |sender| sender.transactions.len());
        match transaction.authorities.iter().find(|authority| waiting(authority) > 1) {
            Some(authority) => Err(Rejection::AuthorityReserved(*authority)),
            None => Ok(()),
        }
    }
}

/// What keeps an account from sending a transaction, now and whatever else it sends.
fn fault(account: &AccountState, transaction: &PooledTransaction, limits: &Limits) -> Option<Rejection> {
    let PooledTransaction { sender, nonce, cost, .. } = transaction;
    let (next, nonce, cost, balance) = (account.nonce, *nonce, *cost, account.balance);
    if account.code == Code::Contract {
        return Some(Rejection::SenderNotEoa(*sender));
    }
    match nonce.checked_sub(next) {
        None => return Some(Rejection::NonceTooLow { next, nonce }),
        Some(position) if position >= limits.per_sender => {
            return Some(Rejection::NonceTooHigh { next, nonce, most: limits.per_sender });
        }
        Some(_) => {}
    }
    (cost > balance).then_some(Rejection::InsufficientFunds { balance, queued: U256::ZERO, cost })
}

/// A sender pays for all its transactions at once, or a few wei would fill the pool.
fn check_funds(sender: &Sender, transaction: &PooledTransaction) -> Result<(), Rejection> {
    let (balance, queued) = (sender.account.balance, sender.cost_beside(transaction.nonce));
    match queued.saturating_add(transaction.cost) > balance {
        true => Err(Rejection::InsufficientFunds { balance, queued, cost: transaction.cost }),
        false => Ok(()),
    }
}
