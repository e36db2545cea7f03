//! What happens to a transaction after it was signed.

use std::time::Duration;

use alloy_primitives::{B256, U64};
use ashlar_storage::Store;
use serde_json::{Value, json};

use super::{
    Outcome, Progress, Sender, SenderError, Trouble, in_flight, milliseconds,
    outbox::{Entry, Variant},
    refused,
};
use crate::{
    account::Unsigned,
    chain::{BlockAt, Header, Receipt, set},
    client::{Call, ClientError},
};

/// What nodes say of a transaction that they have: geth, erigon, nethermind, reth, besu, anvil.
const KNOWN: [&str; 5] =
    ["already known", "alreadyknown", "already imported", "known transaction", "already exists"];

/// Most transactions that are signed with one nonce. From a gwei, 64 steps of an eighth lead to more than 1,800.
const VARIANTS_MAX: usize = 65;

impl<S: Store> Sender<S> {
    /// Looks what became of the transactions with this nonce, and does what is to be done.
    pub(super) fn follow(
        &mut self,
        nonce: u64,
        entry: Entry,
        now: Duration,
    ) -> Result<Progress, SenderError> {
        self.check_network()?;
        let head = self.client.head()?;
        // Asked before the receipts: a transaction that gets into a block in between has a receipt, and its nonce is not used yet.
        let [used, used_confirmed] = self.nonces(&head)?;
        if let Some(receipt) = self.receipt(&entry)? {
            return self.mined(nonce, entry, receipt, &head);
        }
        if used <= nonce {
            return self.push(nonce, entry, &head, now);
        }
        // Some nodes have the nonce before the receipt.
        if used_confirmed <= nonce || self.known(&entry)?.into_iter().any(|known| known) {
            return Ok(in_flight(nonce, &entry, Some(Trouble::NonceTaken)));
        }
        self.outbox.remove([nonce])?;
        Ok(Progress::Done(Outcome::Foreign { key: entry.key.into(), nonce }))
    }

    /// How many nonces are used after the newest block, and after the newest one with enough confirmations.
    fn nonces(&self, head: &Header) -> Result<[u64; 2], SenderError> {
        let confirmed = head.number.saturating_sub(self.settings.confirmations);
        let method = "eth_getTransactionCount";
        let calls = [BlockAt::Number(head.number), BlockAt::Number(confirmed)]
            .map(|at| Call::new(method, json!([self.address(), at.json()])));
        let mut nonces = [0; 2];
        for (nonce, result) in nonces.iter_mut().zip(self.client.call_all(&calls)?) {
            let used: Option<U64> = self.client.result(method, result)?;
            *nonce = used.ok_or(ClientError::Absent { method })?.to();
        }
        Ok(nonces)
    }

    /// The receipt of one of the transactions, if it is in a block of the chain.
    fn receipt(&self, entry: &Entry) -> Result<Option<Receipt>, SenderError> {
        let method = "eth_getTransactionReceipt";
        let calls: Vec<Call> =
            entry.variants.iter().map(|variant| Call::new(method, json!([variant.hash]))).collect();
        for (variant, result) in entry.variants.iter().zip(self.client.call_all(&calls)?) {
            let receipt: Option<Receipt> = self.client.result(method, result)?;
            let Some(receipt) = receipt.filter(|receipt| receipt.transaction_hash == variant.hash) else {
                continue;
            };
            let header = self.client.header(BlockAt::Number(receipt.block()))?;
            if header.is_some_and(|header| header.hash == receipt.block_hash) {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    fn mined(
        &mut self,
        nonce: u64,
        entry: Entry,
        receipt: Receipt,
        head: &Header,
    ) -> Result<Progress, SenderError> {
        let (key, hash, block) = (entry.key.to_vec(), receipt.transaction_hash, receipt.block());
        // The node may have made it between both questions.
        let confirmations = head.number.saturating_sub(block);
        if confirmations < self.settings.confirmations {
            return Ok(Progress::Confirming { key, hash, block, confirmations });
        }
        if receipt.succeeded() {
            self.outbox.finish(nonce, entry)?;
            return Ok(Progress::Done(Outcome::Confirmed { key, receipt }));
        }
        let reason = self.reason(&entry, block)?;
        self.outbox.finish(nonce, entry)?;
        Ok(Progress::Done(Outcome::Reverted { key, hash, reason }))
    }

    /// Why the transaction failed: the same call on the state before its block, which is nearly what it met.
    fn reason(&self, entry: &Entry, block: u64) -> Result<String, SenderError> {
        let unsigned = Unsigned::of_signed(&entry.raw)?;
        let fields = unsigned.fields();
        let mut call = json!({
            "from": entry.from, "to": fields.to(), "input": fields.input(), "value": fields.value(),
            "gas": U64::from(fields.gas_limit()),
        });
        if !fields.blob_hashes().is_empty() {
            set(&mut call, "blobVersionedHashes", json!(fields.blob_hashes()));
        }
        let before = BlockAt::Number(block.saturating_sub(1)).json();
        Ok(match refused(self.client.call::<Value>("eth_call", json!([call, before]))) {
            Ok(Err(reason)) => reason,
            Ok(Ok(_)) => "by itself it does not fail: look at what is before it in its block".to_owned(),
            // That it failed is known, and more is not needed to go on.
            Err(ClientError::Refused { error, .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        })
    }

    /// Sends the transaction again if the node does not have it, and one that offers more if it waits for long.
    fn push(
        &mut self,
        nonce: u64,
        mut entry: Entry,
        head: &Header,
        now: Duration,
    ) -> Result<Progress, SenderError> {
        let newest = entry.variants.last().copied();
        let waits = |variant: &Variant| milliseconds(now).saturating_sub(variant.signed_at_ms);
        let long = milliseconds(self.settings.bump_after);
        let mut trouble = None;
        let may_grow = entry.variants.len() < VARIANTS_MAX;
        if let Some(variant) = newest.filter(|variant| may_grow && waits(variant) >= long) {
            let market = self.market(variant.fees().blob > 0, head)?;
            match variant.fees().replacement(market, self.settings.limits) {
                Ok(fees) => {
                    let signed = self.account.sign(Unsigned::of_signed(&entry.raw)?.with_fees(&fees))?;
                    entry.raw = signed.raw;
                    entry.variants.push(Variant::new(signed.hash, fees, milliseconds(now)));
                    self.outbox.put(nonce, &entry)?;
                    let trouble = self.broadcast(&entry)?;
                    return Ok(in_flight(nonce, &entry, trouble));
                }
                Err(error) => trouble = Some(Trouble::Fees(error)),
            }
        }
        if !self.known(&entry)?.last().copied().unwrap_or(false) {
            trouble = self.broadcast(&entry)?.or(trouble);
        }
        Ok(in_flight(nonce, &entry, trouble))
    }

    /// Whether the node has each of the transactions, in a block or waiting.
    fn known(&self, entry: &Entry) -> Result<Vec<bool>, SenderError> {
        let method = "eth_getTransactionByHash";
        let call = |hash: B256| Call::new(method, json!([hash]));
        let calls: Vec<Call> = entry.variants.iter().map(|variant| call(variant.hash)).collect();
        Ok(self.client.call_all(&calls)?.iter().map(|result| !result.is_null()).collect())
    }

    /// Hands the newest transaction to the node. That the node does not take it is no error: it is tried again.
    pub(super) fn broadcast(&self, entry: &Entry) -> Result<Option<Trouble>, SenderError> {
        match self.client.send_raw(&entry.raw) {
            Ok(_) => Ok(None),
            Err(ClientError::Refused { error, .. }) => {
                let message = error.message.to_lowercase();
                let known = KNOWN.iter().any(|known| message.contains(known));
                Ok((!known).then(|| Trouble::Refused(error.to_string())))
            }
            Err(error) => Err(error.into()),
        }
    }
}
