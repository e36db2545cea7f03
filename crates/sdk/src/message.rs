//! Messages to Ethereum, and how far they are.

use crate::{
    chain::Chain,
    error::ReadError,
    node::{LogAnswer, MessageAnswer, NodeStage},
    proof::{LogProof, ProofError},
    withdrawal::{MessagePlace, Withdrawal},
};
use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{BlockAt, Call, contract_call, contract_result};
use ashlar_primitives::rollup::{L2Log, OPERATION_TYPE, Operation};
use ashlar_settlement::{
    L2_ASSET_ROUTER,
    abi::{l2_router::L2AssetRouter, message_root::MessageRoot, router::AssetRouter},
};
use serde_json::Value;

/// A message, as the rollup's node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sender: Address,
    pub(crate) bytes: Bytes,
    /// `None` if its batch is not sealed.
    pub(crate) location: Option<Location>,
    pub(crate) has_proof: bool,
}

/// Where a log is in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) transaction_index: u16,
    pub(crate) proof: LogProof,
}

/// How far a message is. What Ethereum can tell is Ethereum's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In no batch yet.
    Pending,
    /// In a batch; the node has no proof of it.
    Sealed {
        /// Number of the batch.
        batch: u64,
    },
    /// The node has a proof of the batch, by its word.
    Proven {
        /// Number of the batch.
        batch: u64,
    },
    /// The batch is committed on Ethereum, not executed.
    Committed {
        /// Number of the batch.
        batch: u64,
    },
    /// The batch is executed on Ethereum: it can be claimed now.
    Claimable {
        /// Number of the batch.
        batch: u64,
    },
    /// It was claimed.
    Claimed {
        /// Number of the batch.
        batch: u64,
    },
    /// The batch is executed on Ethereum, and does not have it by the node's proof: the node lies, or is damaged.
    Unproven {
        /// Number of the batch.
        batch: u64,
        /// What is wrong with the proof.
        reason: ProofError,
    },
}

impl Stage {
    /// The batch, if it is in one.
    pub const fn batch(&self) -> Option<u64> {
        match self {
            Self::Pending => None,
            Self::Sealed { batch }
            | Self::Proven { batch }
            | Self::Committed { batch }
            | Self::Claimable { batch }
            | Self::Claimed { batch }
            | Self::Unproven { batch, .. } => Some(*batch),
        }
    }

    /// Whether waiting changes nothing any more.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Claimable { .. } | Self::Claimed { .. } | Self::Unproven { .. })
    }
}

impl Location {
    /// From the node's answer; `None` if its batch is not sealed.
    pub(crate) fn read(answer: LogAnswer) -> Result<Option<Self>, ReadError> {
        let Some(batch) = answer.batch else { return Ok(None) };
        let contradiction =
            || ReadError::Contradiction(format!("it names batch {batch} without a place in it"));
        let transaction_index: u64 = answer.transaction_index.ok_or_else(contradiction)?.to();
        Ok(Some(Self {
            transaction_index: u16::try_from(transaction_index).map_err(|_| contradiction())?,
            proof: LogProof {
                batch: batch.to(),
                index: answer.log_index.ok_or_else(contradiction)?.to(),
                siblings: answer.siblings.ok_or_else(contradiction)?,
            },
        }))
    }

    /// As the contracts on Ethereum take it.
    pub(crate) fn for_router(&self, chain_id: U256) -> AssetRouter::L2LogProof {
        AssetRouter::L2LogProof {
            chainId: chain_id,
            batch: self.proof.batch,
            index: U256::from(self.proof.index),
            siblings: self.proof.siblings.clone(),
        }
    }
}

impl Message {
    pub(crate) fn read(answer: MessageAnswer) -> Result<Self, ReadError> {
        let has_proof = answer.log.status > NodeStage::Sealed;
        let location = Location::read(answer.log)?;
        Ok(Self { sender: answer.sender, bytes: answer.message, location, has_proof })
    }

    /// The withdrawal that it says, if it is one of the bridge.
    pub(crate) fn withdrawal(&self) -> Option<Withdrawal> {
        Withdrawal::decode(&self.bytes).filter(|_| self.sender == L2_ASSET_ROUTER)
    }

    /// The log that a batch has of it.
    pub(crate) fn log(&self, location: &Location) -> L2Log {
        L2Log::message(location.transaction_index, self.sender, keccak256(&self.bytes))
    }
}

impl Chain {
    /// A message; `None` if there is none there.
    pub(crate) fn message(&self, place: MessagePlace) -> Result<Option<Message>, ReadError> {
        self.node.message(place.transaction, place.index)?.map(Message::read).transpose()
    }

    /// Whether a withdrawal can be that of its transaction. The hash of a transaction fixes what it does, so that the node cannot
    /// give another's message for one that was sent to the bridge itself. What other contracts withdraw nobody can tell here.
    pub(crate) fn is_of_transaction(
        &self,
        place: MessagePlace,
        withdrawal: &Withdrawal,
    ) -> Result<bool, ReadError> {
        let MessagePlace { transaction, index } = place;
        let raw = self.node.raw_transaction(transaction)?;
        let raw = raw.filter(|raw| keccak256(raw) == transaction).ok_or_else(|| {
            ReadError::Contradiction(format!(
                "it does not have transaction {transaction}, but a message of it"
            ))
        })?;
        Ok(withdrawal_of(&raw).is_none_or(|expected| index == 0 && expected == *withdrawal))
    }

    /// How far messages are.
    pub(crate) fn stages(&self, messages: &[Message]) -> Result<Vec<Stage>, ReadError> {
        let progress = self.progress(BlockAt::Latest)?;
        let executed = messages.iter().filter_map(|message| {
            message.location.as_ref().filter(|location| location.proof.batch <= progress.executed)
        });
        let calls: Vec<Call> = executed.flat_map(|location| self.questions(location)).collect();
        let mut answers = self.l1.call_all(&calls)?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let mut stages = Vec::with_capacity(messages.len());
        for message in messages {
            let Some(location) = &message.location else {
                stages.push(Stage::Pending);
                continue;
            };
            let batch = location.proof.batch;
            stages.push(match batch {
                _ if batch <= progress.executed => {
                    let (root, is_paid) = self.answers(next(), next())?;
                    match location.proof.check(&message.log(location), root) {
                        Err(reason) => Stage::Unproven { batch, reason },
                        Ok(()) if is_paid => Stage::Claimed { batch },
                        Ok(()) => Stage::Claimable { batch },
                    }
                }
                _ if batch <= progress.committed => Stage::Committed { batch },
                _ if message.has_proof => Stage::Proven { batch },
                _ => Stage::Sealed { batch },
            });
        }
        Ok(stages)
    }

    /// What Ethereum is asked about a log of an executed batch: the batch's root, and whether it was paid.
    fn questions(&self, location: &Location) -> [Call; 2] {
        let (chain_id, LogProof { batch, index, .. }) = (self.id_word(), &location.proof);
        let contracts = self.contracts();
        let root = MessageRoot::batchRootCall { chainId: chain_id, batch: *batch };
        let paid =
            AssetRouter::isFinalizedCall { chainId: chain_id, batch: *batch, index: U256::from(*index) };
        [
            contract_call(contracts.message_root, &root, BlockAt::Latest),
            contract_call(contracts.asset_router, &paid, BlockAt::Latest),
        ]
    }

    fn answers(&self, root: Value, paid: Value) -> Result<(B256, bool), ReadError> {
        let contracts = self.contracts();
        let bytes = |value| Ok::<Bytes, ReadError>(self.l1.result("eth_call", value)?.unwrap_or_default());
        let root = contract_result::<MessageRoot::batchRootCall>(contracts.message_root, &bytes(root)?)?;
        let paid = contract_result::<AssetRouter::isFinalizedCall>(contracts.asset_router, &bytes(paid)?)?;
        Ok((root, paid))
    }
}

/// What a transaction withdraws, if it calls the bridge itself: a signed one, or an operation that Ethereum has asked for.
fn withdrawal_of(raw: &[u8]) -> Option<Withdrawal> {
    let (to, input) = match raw.first() {
        Some(&OPERATION_TYPE) => {
            let operation = Operation::decode(raw).ok()?;
            (operation.to, operation.data)
        }
        _ => {
            let transaction = TxEnvelope::decode_2718_exact(raw).ok()?;
            (transaction.to()?, transaction.input().clone())
        }
    };
    let call = L2AssetRouter::withdrawCall::abi_decode(&input).ok().filter(|_| to == L2_ASSET_ROUTER)?;
    Some(Withdrawal { asset: call.assetId, receiver: call.receiver, amount: call.amount })
}
