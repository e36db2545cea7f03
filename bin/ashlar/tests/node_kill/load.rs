//! Users that send, and write down what the node says.

use crate::{
    random::Random,
    support::{Chain, account, ether, sign},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use ashlar_ethereum::{Account, BlockAt, Client, ClientError, SignedTransaction};
use ashlar_settlement::WRAPPED_BASE_TOKEN;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Receives ether.
pub(crate) const RECEIVER: Address = Address::repeat_byte(0x91);

/// Receives wrapped ether.
pub(crate) const TOKEN_RECEIVER: Address = Address::repeat_byte(0x92);

/// Receives deposits.
pub(crate) const DEPOSIT_RECEIVER: Address = Address::repeat_byte(0x93);

const USERS: u64 = 4;

/// A transaction whose hash the node returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) user: usize,
    pub(crate) nonce: u64,
    /// What it pays, in wei or in the token's units.
    pub(crate) amount: u64,
    pub(crate) to: Address,
}

/// What the node said.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) acknowledged: BTreeMap<B256, Acknowledged>,
    pub(crate) blocks: BTreeMap<u64, B256>,
    /// Block and whether it succeeded, by transaction.
    pub(crate) receipts: BTreeMap<B256, (B256, bool)>,
    /// Amounts of deposits that Ethereum has.
    pub(crate) deposits: Vec<u64>,
    /// What the node said and then took back.
    pub(crate) contradictions: Vec<String>,
}

/// Running threads.
pub(crate) struct Load {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

pub(crate) fn users() -> Vec<Account> {
    (0..USERS).map(|number| account(&format!("user {number}"))).collect()
}

pub(crate) fn fund(chain: &Chain) {
    for user in users() {
        chain.deposit(user.address(), ether(100));
    }
}

impl Load {
    pub(crate) fn start(chain: &Arc<Chain>, url: &str, random: &mut Random) -> Self {
        let (seen, stop) = <(Arc<Mutex<Seen>>, Arc<AtomicBool>)>::default();
        let mut threads = Vec::new();
        for (number, account) in users().into_iter().enumerate() {
            let line =
                Line { l2: Client::new(url), seen: seen.clone(), stop: stop.clone(), random: random.split() };
            threads.push(thread::spawn(move || User { number, account, line }.run()));
        }
        let line =
            Line { l2: Client::new(url), seen: seen.clone(), stop: stop.clone(), random: random.split() };
        threads.push(thread::spawn(move || line.watch()));
        let (chain, depositor) = (Arc::clone(chain), (seen.clone(), stop.clone()));
        threads.push(thread::spawn(move || deposit(&chain, &depositor.0, &depositor.1)));
        Self { seen, stop, threads }
    }

    /// Ends all threads; what they saw.
    pub(crate) fn end(self) -> Seen {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn deposit(chain: &Chain, seen: &Mutex<Seen>, stop: &AtomicBool) {
    for amount in 1.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        chain.deposit(DEPOSIT_RECEIVER, U256::from(amount));
        seen.lock().unwrap().deposits.push(amount);
        thread::sleep(Duration::from_millis(150));
    }
}

/// What a thread has.
struct Line {
    l2: Client,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    random: Random,
}

impl Line {
    fn is_ended(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn pause(&mut self, most_ms: u64) {
        thread::sleep(Duration::from_millis(self.random.below(most_ms)));
    }

    /// Looks at blocks and receipts, and whether they stay.
    fn watch(mut self) {
        while !self.is_ended() {
            self.pause(60);
            if let Ok(head) = self.l2.head() {
                self.saw_block(head.number, head.hash);
                let older = self.random.below(head.number + 1);
                if let Ok(Some(header)) = self.l2.header(BlockAt::Number(older)) {
                    self.saw_block(older, header.hash);
                }
            }
            if let Some(hash) = self.any_transaction()
                && let Ok(Some(receipt)) = self.l2.receipt(hash)
            {
                self.saw_receipt(hash, (receipt.block_hash, receipt.succeeded()));
            }
        }
    }

    fn any_transaction(&mut self) -> Option<B256> {
        let seen = self.seen.lock().unwrap();
        let count = u64::try_from(seen.acknowledged.len()).unwrap();
        let place = usize::try_from(self.random.below(count.max(1))).unwrap();
        seen.acknowledged.keys().nth(place).copied()
    }

    fn saw_block(&self, number: u64, hash: B256) {
        let mut seen = self.seen.lock().unwrap();
        if *seen.blocks.entry(number).or_insert(hash) != hash {
            seen.contradictions.push(format!("block {number} became {hash}"));
        }
    }

    fn saw_receipt(&self, hash: B256, receipt: (B256, bool)) {
        let mut seen = self.seen.lock().unwrap();
        if *seen.receipts.entry(hash).or_insert(receipt) != receipt {
            seen.contradictions.push(format!("the receipt of {hash} became {receipt:?}"));
        }
    }
}

/// What became of a transaction that was sent until there was an answer.
#[derive(PartialEq, Eq)]
enum Sent {
    Acknowledged,
    /// Its nonce is used.
    TooLate,
    Ended,
}

/// Sends one transaction after the other.
struct User {
    number: usize,
    account: Account,
    line: Line,
}

impl User {
    fn run(mut self) {
        let wrap = Bytes::from(keccak256("deposit()")[..4].to_vec());
        let wrapping = sign(&self.account, 0, WRAPPED_BASE_TOKEN, ether(1), wrap, 100_000, 1);
        self.send(&wrapping, Acknowledged { user: self.number, nonce: 0, amount: 0, to: WRAPPED_BASE_TOKEN });
        for nonce in 1.. {
            if self.line.is_ended() {
                return;
            }
            self.line.pause(25);
            self.pay(nonce, 1);
            // Now and then the user changes their mind.
            if self.line.random.below(12) == 0 {
                self.pay(nonce, 9);
            }
        }
    }

    /// Pays ether or wrapped ether.
    fn pay(&mut self, nonce: u64, tip: u128) {
        let amount = 1 + self.line.random.below(1_000_000);
        let (transaction, to) = match self.line.random.below(2) {
            0 => {
                let value = U256::from(amount);
                (sign(&self.account, nonce, RECEIVER, value, Bytes::new(), 21_000, tip), RECEIVER)
            }
            _ => {
                let call = transfer(TOKEN_RECEIVER, U256::from(amount));
                (
                    sign(&self.account, nonce, WRAPPED_BASE_TOKEN, U256::ZERO, call, 100_000, tip),
                    TOKEN_RECEIVER,
                )
            }
        };
        let what = Acknowledged { user: self.number, nonce, amount, to };
        let sent = self.send(&transaction, what);
        assert!(sent != Sent::TooLate || tip > 1, "nobody else uses this user's nonces: {what:?}");
    }

    /// Sends it until the node says something; it may be in a block when the answer was lost.
    fn send(&mut self, transaction: &SignedTransaction, what: Acknowledged) -> Sent {
        let SignedTransaction { raw, hash } = transaction;
        while !self.line.is_ended() {
            match self.line.l2.send_raw(raw) {
                Ok(answer) => {
                    assert_eq!(answer, *hash);
                    return self.acknowledged(*hash, what);
                }
                Err(ClientError::Refused { error, .. }) => {
                    if error.message.contains("already known") {
                        return self.acknowledged(*hash, what);
                    }
                    if error.message.contains("nonce too low") {
                        return self.too_late(*hash, what);
                    }
                    // Too many of this user wait.
                    assert!(!error.message.contains("underpriced"), "{what:?}: {}", error.message);
                    self.line.pause(100);
                }
                Err(_) => self.line.pause(50),
            }
        }
        Sent::Ended
    }

    fn acknowledged(&self, hash: B256, what: Acknowledged) -> Sent {
        self.line.seen.lock().unwrap().acknowledged.insert(hash, what);
        Sent::Acknowledged
    }

    /// The node died between taking it and the answer, or the other one with this nonce was faster.
    fn too_late(&self, hash: B256, what: Acknowledged) -> Sent {
        loop {
            match self.line.l2.receipt(hash) {
                Ok(Some(_)) => return self.acknowledged(hash, what),
                Ok(None) => return Sent::TooLate,
                Err(_) if self.line.is_ended() => return Sent::Ended,
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

/// `transfer(address,uint256)`
fn transfer(to: Address, amount: U256) -> Bytes {
    let selector = hex!("a9059cbb");
    [&selector[..], to.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat().into()
}
