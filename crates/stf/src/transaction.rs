//! Transactions: decoding, senders, and what the EVM is given (B3, B4).

use crate::error::TransactionError;
use alloc::vec::Vec;
use alloy_consensus::{EthereumTxEnvelope, Transaction as _, TxEip4844};
use alloy_eips::{
    eip2718::{Decodable2718, Encodable2718},
    eip7702::{RecoveredAuthority, RecoveredAuthorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Signature, U256, uint};
use revm::{
    context::{TxEnv, either::Either},
    precompile::crypto,
};

/// A transaction of a block; blobs never travel with it.
pub type Transaction = EthereumTxEnvelope<TxEip4844>;

/// Half of the order of secp256k1, rounded down (EIP-2).
const HALF_ORDER: U256 = uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

/// Decodes a canonical EIP-2718 encoding.
pub(crate) fn decode(bytes: &[u8]) -> Result<Transaction, TransactionError> {
    let transaction = Transaction::decode_2718_exact(bytes).map_err(|_| TransactionError::Encoding)?;
    let mut again = Vec::with_capacity(bytes.len());
    transaction.encode_2718(&mut again);
    if again == bytes { Ok(transaction) } else { Err(TransactionError::Encoding) }
}

/// Recovers the sender of a transaction.
pub(crate) fn sender(transaction: &Transaction) -> Result<Address, TransactionError> {
    recover(transaction.signature(), transaction.signature_hash())
}

fn recover(signature: &Signature, hash: B256) -> Result<Address, TransactionError> {
    if signature.s() > HALF_ORDER {
        return Err(TransactionError::HighS);
    }
    let mut compact = [0; 64];
    let (r, s) = compact.split_at_mut(32);
    r.copy_from_slice(&signature.r().to_be_bytes::<32>());
    s.copy_from_slice(&signature.s().to_be_bytes::<32>());
    let word = crypto()
        .secp256k1_ecrecover(&compact, signature.v().into(), &hash.0)
        .map_err(|_| TransactionError::Signature)?;
    Ok(Address::from_word(word.into()))
}

/// What the EVM executes for a transaction of this sender.
pub(crate) fn environment(transaction: &Transaction, sender: Address) -> TxEnv {
    let max_fee = transaction.max_fee_per_gas();
    TxEnv {
        tx_type: transaction.tx_type().into(),
        caller: sender,
        gas_limit: transaction.gas_limit(),
        gas_price: transaction.gas_price().unwrap_or(max_fee),
        kind: transaction.kind(),
        value: transaction.value(),
        data: transaction.input().clone(),
        nonce: transaction.nonce(),
        chain_id: transaction.chain_id(),
        access_list: transaction.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: transaction.max_priority_fee_per_gas(),
        blob_hashes: transaction.blob_versioned_hashes().map(<[B256]>::to_vec).unwrap_or_default(),
        max_fee_per_blob_gas: transaction.max_fee_per_blob_gas().unwrap_or(0),
        authorization_list: transaction
            .authorization_list()
            .unwrap_or_default()
            .iter()
            .map(|authorization| Either::Right(authority(authorization)))
            .collect(),
    }
}

/// Recovers who signed an authorization; an invalid signature makes the tuple void, not the transaction (EIP-7702).
pub(crate) fn authority(authorization: &SignedAuthorization) -> RecoveredAuthorization {
    let signer = authorization
        .signature()
        .ok()
        .and_then(|signature| recover(&signature, authorization.inner().signature_hash()).ok());
    let authority = signer.map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
    RecoveredAuthorization::new_unchecked(authorization.inner().clone(), authority)
}
