//! Random events in a small pool, against a pool that is a list and searches it for every answer.

mod common;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use ashlar_mempool::{AccountState, Limits, Mempool, Status};
use ashlar_storage::{MemoryStore, Store};
use common::*;
use proptest::prelude::*;
use std::{cmp::Reverse, sync::Arc};

const SENDERS: u8 = 4;

const LIMITS: Limits = Limits {
    transactions: 7,
    bytes: 1_100,
    transaction_bytes: 1 << 17,
    per_sender: 5,
    bump_percent: 10,
    tip_min: 0,
    authorizations: 4,
    unprotected: false,
    reasons: 1_000,
};

#[derive(Clone, Copy, Debug)]
enum Event {
    Add { of: u8, position: u64, fee: u128, tip: u128, data: usize },
    Block { count: usize, base_fee: u64 },
    BaseFee(u64),
    Account { of: u8, transfers: u128, back: bool },
    Refuse { which: usize },
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let add = (0..SENDERS, 0u64..6, 90u128..140, 0u128..40, prop_oneof![3 => Just(0), 1 => 1usize..300])
        .prop_map(|(of, position, fee, tip, data)| Event::Add { of, position, fee, tip: tip.min(fee), data });
    let event = prop_oneof![
        14 => add,
        2 => (0usize..4, 95u64..125).prop_map(|(count, base_fee)| Event::Block { count, base_fee }),
        1 => (95u64..125).prop_map(Event::BaseFee),
        1 => (0..SENDERS, 0u128..6, any::<bool>())
            .prop_map(|(of, transfers, back)| Event::Account { of, transfers, back }),
        1 => (0usize..7).prop_map(|which| Event::Refuse { which }),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 1..60)
}

#[derive(Clone, Debug)]
struct Listed {
    of: u8,
    nonce: u64,
    fee: u128,
    tip: u128,
    cost: U256,
    bytes: usize,
    arrival: usize,
    hash: B256,
}

impl Listed {
    fn effective(&self, base_fee: u64) -> i128 {
        (self.fee as i128 - i128::from(base_fee)).min(self.tip as i128)
    }
}

type Worth = (bool, i128);

/// The pool as a list.
struct Model {
    ledger: Ledger,
    base_fee: u64,
    list: Vec<Listed>,
    arrivals: usize,
    accepted: Vec<B256>,
    included: Vec<B256>,
}

impl Model {
    fn is_executable(&self, list: &[Listed], one: &Listed) -> bool {
        let account = self.ledger.get(one.of);
        let before: Vec<_> =
            list.iter().filter(|other| other.of == one.of && other.nonce <= one.nonce).collect();
        let total = before.iter().map(|other| other.cost).fold(U256::ZERO, |sum, cost| sum + cost);
        before.len() as u64 == one.nonce + 1 - account.nonce
            && before.iter().all(|other| other.fee >= u128::from(self.base_fee))
            && total <= account.balance
    }

    fn worth(&self, list: &[Listed], one: &Listed) -> Worth {
        let before = list.iter().filter(|other| other.of == one.of && other.nonce <= one.nonce);
        let tip = before.map(|other| other.effective(self.base_fee)).min().unwrap();
        (self.is_executable(list, one), tip)
    }

    /// The name of the refusal, if it is refused.
    fn add(&mut self, new: Listed) -> Option<&'static str> {
        let AccountState { nonce, balance, .. } = self.ledger.get(new.of);
        if self.list.iter().any(|other| other.hash == new.hash) {
            return Some("AlreadyKnown");
        }
        if new.nonce < nonce {
            return Some("NonceTooLow");
        }
        if new.nonce - nonce >= LIMITS.per_sender {
            return Some("NonceTooHigh");
        }
        let others = self.list.iter().filter(|other| other.of == new.of && other.nonce != new.nonce);
        if others.map(|other| other.cost).fold(new.cost, |sum, cost| sum + cost) > balance {
            return Some("InsufficientFunds");
        }
        let old = self.list.iter().position(|other| other.of == new.of && other.nonce == new.nonce);
        let mut list = self.list.clone();
        if let Some(old) = old.map(|at| list.remove(at)) {
            let passes = |new: u128, old: u128| new > old && new * 100 >= old * 110;
            if !passes(new.fee, old.fee) || !passes(new.tip, old.tip) {
                return Some("ReplacementUnderpriced");
            }
        }
        list.push(new.clone());
        let worth = self.worth(&list, &new);
        // Ranks are those before the newcomer comes.
        let mut ranked = self.list.clone();
        while list.len() > LIMITS.transactions
            || list.iter().map(|one| one.bytes).sum::<usize>() > LIMITS.bytes
        {
            let is_last = |one: &&Listed| {
                !ranked.iter().any(|other| other.of == one.of && other.nonce > one.nonce)
                    && (one.of != new.of || one.nonce > new.nonce)
            };
            let rank = |one: &&Listed| (self.worth(&ranked, one), Reverse(one.arrival));
            let Some(victim) = ranked.iter().filter(is_last).min_by_key(rank).cloned() else {
                return Some("Full");
            };
            let least = self.worth(&ranked, &victim);
            if least >= worth {
                return Some(if least.0 == worth.0 { "Underpriced" } else { "Full" });
            }
            ranked.retain(|one| one.hash != victim.hash);
            list.retain(|one| one.hash != victim.hash);
        }
        self.list = list;
        self.arrivals += 1;
        self.accepted.push(new.hash);
        None
    }

    /// Drops what accounts cannot send any more.
    fn recheck(&mut self) {
        let ledger = &self.ledger;
        self.list.retain(|one| {
            let account = ledger.get(one.of);
            let in_window = one.nonce >= account.nonce && one.nonce - account.nonce < LIMITS.per_sender;
            in_window && one.cost <= account.balance
        });
    }

    fn best(&self) -> Vec<B256> {
        let mut next: Vec<_> = (0..SENDERS).map(|of| self.ledger.get(of).nonce).collect();
        let mut order = Vec::new();
        loop {
            let heads = self
                .list
                .iter()
                .filter(|one| one.nonce == next[usize::from(one.of)] && self.is_executable(&self.list, one));
            let Some(head) = heads.max_by_key(|one| (one.effective(self.base_fee), Reverse(one.arrival)))
            else {
                return order;
            };
            next[usize::from(head.of)] += 1;
            order.push(head.hash);
        }
    }

    fn assert_same(&self, pool: &Mempool) {
        let order = self.best();
        let is_pending = |one: &Listed| self.is_executable(&self.list, one);
        for one in &self.list {
            let expected = if is_pending(one) { Status::Pending } else { Status::Queued };
            assert_eq!(pool.status(&one.hash), expected, "{one:?}");
        }
        let pending = self.list.iter().filter(|one| is_pending(one)).count();
        assert_eq!(pool.counts(), (pending, self.list.len() - pending));
        assert_eq!(pool.bytes(), self.list.iter().map(|one| one.bytes).sum::<usize>());
        assert!(pool.len() <= LIMITS.transactions && pool.bytes() <= LIMITS.bytes);
        let taken: Vec<_> = pool.best(self.base_fee).map(|transaction| transaction.hash()).collect();
        assert_eq!(taken, order);
        for hash in &self.accepted {
            let is_here = self.list.iter().any(|one| one.hash == *hash);
            match pool.status(hash) {
                Status::Pending | Status::Queued => assert!(is_here),
                Status::Rejected { reason, .. } => assert!(!is_here && !reason.is_empty()),
                Status::Unknown => assert!(self.included.contains(hash), "dropped without a reason"),
            }
        }
    }
}

fn run(events: &[Event]) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let ledger = Ledger::rich(SENDERS);
    for of in 0..SENDERS {
        ledger.with_balance(of, cost(120) * u128::from(of + 2));
    }
    let mut model = Model {
        ledger,
        base_fee: BASE_FEE,
        list: Vec::new(),
        arrivals: 0,
        accepted: Vec::new(),
        included: Vec::new(),
    };
    let mut pool = open(Arc::clone(&store), LIMITS, &model.ledger);
    for event in events {
        match *event {
            Event::Add { of, position, fee, tip, data } => {
                let nonce = (model.ledger.get(of).nonce + position).saturating_sub(1);
                let (listed, bytes) = make(&model, of, nonce, fee, tip, data);
                let said = pool.add(bytes, &model.ledger).err().map(|rejection| format!("{rejection:?}"));
                let name = said.as_deref().and_then(|said| said.split([' ', '(']).next());
                assert_eq!(name, model.add(listed), "{event:?}");
            }
            Event::Block { count, base_fee } => block(&mut model, &pool, store.as_ref(), count, base_fee),
            Event::BaseFee(base_fee) => {
                model.base_fee = base_fee;
                pool.set_base_fee(base_fee);
            }
            Event::Account { of, transfers, back } => {
                let nonce = model.ledger.get(of).nonce;
                model.ledger.with_nonce(of, nonce.saturating_sub(back.into()));
                let changed = model.ledger.with_balance(of, cost(120) * transfers);
                pool.on_block(&[], &[changed], model.base_fee).unwrap();
                model.recheck();
            }
            Event::Refuse { which } => {
                if which < model.list.len() {
                    pool.refuse(&model.list.remove(which).hash, "refused".to_owned());
                }
            }
            Event::Restart => {
                pool.flush().unwrap();
                pool = Mempool::open(Arc::clone(&store), config(), LIMITS, &model.ledger, model.base_fee)
                    .unwrap();
            }
        }
        model.assert_same(&pool);
    }
}

fn make(model: &Model, of: u8, nonce: u64, fee: u128, tip: u128, data: usize) -> (Listed, Bytes) {
    let mut transaction = eip1559(nonce, fee, tip);
    if data != 0 {
        transaction.input = vec![0; data].into();
        transaction.gas_limit = 30_000;
    }
    let cost = U256::from(transaction.gas_limit) * U256::from(fee);
    let bytes = sign(of, transaction);
    let hash = keccak256(&bytes);
    (Listed { of, nonce, fee, tip, cost, bytes: bytes.len(), arrival: model.arrivals, hash }, bytes)
}

fn block(model: &mut Model, pool: &Mempool, store: &dyn Store, count: usize, base_fee: u64) {
    let included: Vec<_> = model.best().into_iter().take(count).collect();
    store.write(pool.block_changes(&included).unwrap()).unwrap();
    let mut changed = Vec::new();
    for hash in &included {
        let at = model.list.iter().position(|one| one.hash == *hash).unwrap();
        let one = model.list.remove(at);
        let AccountState { balance, .. } = model.ledger.get(one.of);
        // It uses half of its gas.
        model.ledger.with_balance(one.of, (balance - one.cost / U256::from(2)).to());
        changed.push(model.ledger.with_nonce(one.of, one.nonce + 1));
    }
    model.base_fee = base_fee;
    model.included.extend(included.iter().copied());
    model.recheck();
    pool.on_block(&included, &changed, base_fee).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_pool_is_what_a_list_would_be(events in events()) {
        run(&events);
    }
}
