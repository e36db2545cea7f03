//! The one sender of a node's transactions to Ethereum.

mod follow;
mod outbox;

use std::time::Duration;

use alloy_consensus::{TxEip1559, TxEip4844, TxEip4844WithSidecar};
use alloy_eips::eip7594::BlobTransactionSidecarEip7594;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use ashlar_storage::Store;
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    account::{Account, AccountError, Unsigned},
    chain::{BlockAt, Header, Receipt, TRANSACTION_GAS_MAX, set},
    client::{Class, Client, ClientError},
    fees::{FeeError, FeeLimits, Fees, Market},
    records::RecordError,
    revert::reason_or_selector,
};
use outbox::{Entry, Outbox, Variant};

/// How the sender sends.
#[derive(Clone, Debug)]
pub struct SenderSettings {
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// The most that is offered.
    pub limits: FeeLimits,
    /// How many blocks have to follow the transaction's one until it is done.
    pub confirmations: u64,
    /// After this time without a block that has it, a transaction is replaced by one that offers more.
    pub bump_after: Duration,
}

/// An effect that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What it is, in the words of who wants it: `settle` and a batch's number, for example. Outcomes name it.
    pub key: Vec<u8>,
    /// The contract that is called.
    pub to: Address,
    /// The call.
    pub data: Bytes,
    /// Wei that it carries.
    pub value: U256,
    /// The gas limit; without one it is the node's estimate and a fifth more.
    pub gas_limit: Option<u64>,
    /// Blobs, commitments and cell proofs (EIP-7594), if there are any.
    pub sidecar: Option<BlobTransactionSidecarEip7594>,
}

/// Where the sender is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is to be done.
    Idle,
    /// Nothing is sent, for a reason that passes by.
    Held(Held),
    /// A transaction waits for a block.
    InFlight {
        /// The intent's key.
        key: Vec<u8>,
        /// Its nonce.
        nonce: u64,
        /// Hash of the newest one with this nonce.
        hash: B256,
        /// How many were signed.
        variants: usize,
        /// What is in the way, if something is.
        trouble: Option<Trouble>,
    },
    /// It is in a block, which may still be taken back.
    Confirming {
        /// The intent's key.
        key: Vec<u8>,
        /// Its hash.
        hash: B256,
        /// The block.
        block: u64,
        /// Blocks that follow it.
        confirmations: u64,
    },
    /// It is done. Said once; whoever wants the effect looks at Ethereum, and may want it again.
    Done(Outcome),
}

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Gas costs more than may be paid.
    Fees(FeeError),
    /// The account has too little, in wei.
    Funds {
        /// Who pays.
        account: Address,
        /// What the transaction can cost.
        needs: U256,
        /// What there is.
        has: U256,
    },
    /// The node does not have transactions that were done: it is behind, or Ethereum has taken back more than is kept.
    Behind {
        /// The account's next nonce, by the node.
        is: u64,
        /// The same, by what was done.
        expected: u64,
    },
}

/// What is in the way of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The node does not take it.
    Refused(String),
    /// It waits for long, and more may not be offered.
    Fees(FeeError),
    /// A transaction that was not signed here has its nonce, in a block that may still be taken back.
    NonceTaken,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in a block, with enough of them after it.
    Confirmed {
        /// The intent's key.
        key: Vec<u8>,
        /// The receipt.
        receipt: Receipt,
    },
    /// It is in a block, but it failed there.
    Reverted {
        /// The intent's key.
        key: Vec<u8>,
        /// Its hash.
        hash: B256,
        /// Why, in the contract's words.
        reason: String,
    },
    /// It would fail now, and was not sent.
    Refused {
        /// The intent's key.
        key: Vec<u8>,
        /// Why, in the contract's words.
        reason: String,
    },
    /// Somebody else with this key used the nonce, so nothing that was signed here can be in a block any more. The effect may be
    /// there all the same.
    Foreign {
        /// The intent's key.
        key: Vec<u8>,
        /// The nonce.
        nonce: u64,
    },
}

/// Why there is no progress.
#[derive(Debug, Error)]
pub enum SenderError {
    /// The node does not answer, or refuses.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed, or has a damaged record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The key is not for this chain, or did not sign.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The node is one of another network.
    #[error("the node is of the chain {is}, and transactions are for {expected}: name a node of that one")]
    OtherEthereum {
        /// The node's.
        is: u64,
        /// The settings'.
        expected: u64,
    },
    /// Another account's transaction is not done.
    #[error(
        "a transaction of {is} waits for a block, and the key is that of {expected}: end it with its own key first"
    )]
    OtherAccount {
        /// Who signed it.
        is: Address,
        /// Whose key it is now.
        expected: Address,
    },
}

impl SenderError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Client(error) => error.class_of_a_moment(),
            _ => Class::Permanent,
        }
    }
}

/// Sends one transaction after the other, with one key. Nobody else may send with it.
///
/// What is signed is in the store before it is sent, so it goes on after a stop in any state, and there are never two transactions
/// with one effect. Time is given to it: time since 1970, as often as its owner likes.
pub struct Sender<S> {
    client: Client,
    account: Account,
    outbox: Outbox<S>,
    settings: SenderSettings,
}

impl<S: Store> Sender<S> {
    /// A sender that goes on where the store says.
    pub fn new(
        client: Client,
        account: Account,
        store: S,
        settings: SenderSettings,
    ) -> Result<Self, SenderError> {
        account.check_chain(settings.l1_chain_id)?;
        let outbox = Outbox(store);
        let expected = account.address();
        let others = outbox.entries()?.into_iter().filter(|(_, entry)| entry.from != expected);
        let mut nonces = Vec::new();
        for (nonce, entry) in others {
            if !entry.done {
                return Err(SenderError::OtherAccount { is: entry.from, expected });
            }
            nonces.push(nonce);
        }
        outbox.remove(nonces)?;
        Ok(Self { client, account, outbox, settings })
    }

    /// Who sends.
    pub fn address(&self) -> Address {
        self.account.address()
    }

    /// The key of the intent whose transaction is not done.
    pub fn in_flight(&self) -> Result<Option<Vec<u8>>, SenderError> {
        Ok(self.outbox.in_flight()?.map(|(_, entry)| entry.key.to_vec()))
    }

    /// Looks after the transaction that is not done.
    pub fn step(&mut self, now: Duration) -> Result<Progress, SenderError> {
        match self.outbox.in_flight()? {
            Some((nonce, entry)) => self.follow(nonce, entry, now),
            None => Ok(Progress::Idle),
        }
    }

    /// Sends a transaction for an intent, unless another one is not done: then it looks after that one, and the progress has its
    /// key.
    pub fn send(&mut self, intent: Intent, now: Duration) -> Result<Progress, SenderError> {
        if self.outbox.in_flight()?.is_some() {
            return self.step(now);
        }
        self.check_network()?;
        let nonce = self.client.nonce(self.address(), BlockAt::Latest)?;
        let done = self.outbox.entries()?;
        // Ethereum has taken back something that was done. It comes first: a later nonce would wait for it.
        if let Some((taken_back, entry)) = done.iter().find(|(other, _)| *other >= nonce) {
            if *taken_back > nonce {
                return Ok(Progress::Held(Held::Behind { is: nonce, expected: *taken_back }));
            }
            tracing::warn!(nonce, "Ethereum has taken back a transaction; sending it again");
            let entry = Entry { done: false, ..entry.clone() };
            self.outbox.put(nonce, &entry)?;
            return self.follow(nonce, entry, now);
        }
        let key = intent.key.clone();
        let gas_limit = match self.preflight(&intent)? {
            Ok(gas_limit) => gas_limit,
            Err(reason) => return Ok(Progress::Done(Outcome::Refused { key, reason })),
        };
        let fees = match self.fees(intent.sidecar.is_some(), &self.client.head()?)? {
            Ok(fees) => fees,
            Err(error) => return Ok(Progress::Held(Held::Fees(error))),
        };
        if let Some(held) = self.check_funds(&intent, gas_limit, &fees)? {
            return Ok(Progress::Held(held));
        }
        let unsigned = self.transaction(intent, nonce, gas_limit).with_fees(&fees);
        let signed = self.account.sign(unsigned)?;
        let variants = vec![Variant::new(signed.hash, fees, milliseconds(now))];
        let entry = Entry { from: self.address(), key: key.into(), raw: signed.raw, variants, done: false };
        self.outbox.put(nonce, &entry)?;
        let trouble = self.broadcast(&entry)?;
        Ok(in_flight(nonce, &entry, trouble))
    }

    /// Makes the call on the node alone. The gas limit, or why the contract refuses.
    fn preflight(&self, intent: &Intent) -> Result<Result<u64, String>, SenderError> {
        let mut call = json!({
            "from": self.address(), "to": intent.to, "input": intent.data, "value": intent.value,
        });
        if let Some(sidecar) = &intent.sidecar {
            let hashes: Vec<B256> = sidecar.versioned_hashes().collect();
            set(&mut call, "blobVersionedHashes", json!(hashes));
        }
        let limit = intent.gas_limit.unwrap_or(TRANSACTION_GAS_MAX);
        let mut limited = call.clone();
        set(&mut limited, "gas", json!(alloy_primitives::U64::from(limit)));
        let called = self.client.call::<Value>("eth_call", json!([limited, "latest"]));
        if let Err(reason) = refused(called)? {
            return Ok(Err(reason));
        }
        if let Some(gas_limit) = intent.gas_limit {
            return Ok(Ok(gas_limit));
        }
        Ok(refused(self.client.estimate(&call))?.and_then(|gas| match gas <= TRANSACTION_GAS_MAX {
            true => Ok((gas + gas / 5).min(TRANSACTION_GAS_MAX)),
            false => Err(format!("it would use {gas} gas, and Ethereum allows {TRANSACTION_GAS_MAX}")),
        }))
    }

    fn fees(&self, blobs: bool, head: &Header) -> Result<Result<Fees, FeeError>, SenderError> {
        Ok(Fees::new(self.market(blobs, head)?, self.settings.limits))
    }

    fn market(&self, blobs: bool, head: &Header) -> Result<Market, SenderError> {
        let market = Market::read(&self.client, head.base_fee, blobs)?;
        // So that the offer of a transaction with blobs is never that of one without.
        Ok(Market { blob: if blobs { market.blob.max(1) } else { 0 }, ..market })
    }

    fn check_funds(&self, intent: &Intent, gas_limit: u64, fees: &Fees) -> Result<Option<Held>, SenderError> {
        let blobs = intent.sidecar.as_ref().map_or(0, |sidecar| sidecar.blobs.len());
        let needs = U256::from(fees.cost(gas_limit, blobs)).saturating_add(intent.value);
        let account = self.address();
        let has = self.client.balance(account)?;
        Ok((has < needs).then_some(Held::Funds { account, needs, has }))
    }

    fn transaction(&self, intent: Intent, nonce: u64, gas_limit: u64) -> Unsigned {
        let chain_id = self.settings.l1_chain_id;
        let Intent { to, data: input, value, sidecar, .. } = intent;
        match sidecar {
            None => Unsigned::Plain(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                to: TxKind::Call(to),
                value,
                input,
                ..TxEip1559::default()
            }),
            Some(sidecar) => {
                let blob_versioned_hashes = sidecar.versioned_hashes().collect();
                let tx = TxEip4844 {
                    chain_id,
                    nonce,
                    gas_limit,
                    to,
                    value,
                    blob_versioned_hashes,
                    input,
                    ..TxEip4844::default()
                };
                Unsigned::Blobs(Box::new(TxEip4844WithSidecar { tx, sidecar }))
            }
        }
    }

    fn check_network(&self) -> Result<(), SenderError> {
        let (is, expected) = (self.client.chain_id()?, self.settings.l1_chain_id);
        if is == expected { Ok(()) } else { Err(SenderError::OtherEthereum { is, expected }) }
    }
}

/// A result, or why a contract reverts.
fn refused<T>(result: Result<T, ClientError>) -> Result<Result<T, String>, ClientError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match error.refusal().filter(|refusal| refusal.is_revert()) {
            Some(refusal) => Ok(Err(reason_or_selector(&refusal.revert_data().unwrap_or_default()))),
            None => Err(error),
        },
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn in_flight(nonce: u64, entry: &Entry, trouble: Option<Trouble>) -> Progress {
    Progress::InFlight {
        key: entry.key.to_vec(),
        nonce,
        hash: entry.variants.last().map_or(B256::ZERO, |variant| variant.hash),
        variants: entry.variants.len(),
        trouble,
    }
}
