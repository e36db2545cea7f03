//! Accounts of generated blocks: keys that follow from a name, and their signatures.

use alloy_consensus::{SignableTransaction, TxEnvelope, TypedTransaction};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Signature, keccak256};
use eyre::WrapErr;
use k256::ecdsa::SigningKey;

/// Keys are the hashes of this and a name: they hold nothing outside the generated blocks, where anyone may know them.
const SEED: &str = "ashlar generated inputs, version 1: ";

/// An account whose key is known.
#[derive(Clone, Debug)]
pub(super) struct Account {
    key: SigningKey,
    pub(super) address: Address,
}

impl Account {
    /// The account of this name.
    pub(super) fn named(name: &str) -> eyre::Result<Self> {
        let secret = keccak256([SEED, name].concat());
        let key = SigningKey::from_slice(secret.as_slice()).wrap_err("the hash of a name is no key")?;
        let address = Address::from_public_key(key.verifying_key());
        Ok(Self { key, address })
    }

    /// Signs a transaction. Nonces of signatures follow RFC 6979, so the same transaction has the same bytes.
    pub(super) fn sign(&self, transaction: TypedTransaction) -> eyre::Result<TxEnvelope> {
        let signature = self.sign_hash(transaction.signature_hash())?;
        Ok(transaction.into_envelope(signature))
    }

    /// Lets this account's code be what `authorization` says (EIP-7702).
    pub(super) fn authorize(&self, authorization: Authorization) -> eyre::Result<SignedAuthorization> {
        let signature = self.sign_hash(authorization.signature_hash())?;
        Ok(authorization.into_signed(signature))
    }

    fn sign_hash(&self, hash: B256) -> eyre::Result<Signature> {
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice())?;
        // k256 gives the s that is at most n/2, as EIP-2 wants it.
        Ok(Signature::from((signature, recovery)))
    }
}

/// An address of this name that signs nothing.
pub(super) fn address(name: &str) -> Address {
    Address::from_word(keccak256([SEED, name].concat()))
}
