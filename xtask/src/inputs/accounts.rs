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
        Self::from_secret(keccak256([SEED, name].concat()))
    }

    fn from_secret(secret: B256) -> eyre::Result<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{TxEip1559, transaction::SignerRecoverable};
    use alloy_primitives::{U256, address};

    #[test]
    fn addresses_of_small_keys_are_the_known_ones() {
        let address = |key| Account::from_secret(B256::with_last_byte(key)).unwrap().address;
        assert_eq!(address(1), address!("7E5F4552091A69125d5DfCb7b8C2659029395Bdf"));
        assert_eq!(address(2), address!("2B5AD5c4795c026514f8317c7a215E218DcCD6cF"));
    }

    #[test]
    fn zero_is_no_key() {
        assert!(Account::from_secret(B256::ZERO).is_err());
    }

    #[test]
    fn names_make_different_accounts_and_the_same_ones_each_time() {
        let address = |name| Account::named(name).unwrap().address;
        assert_eq!(address("a"), address("a"));
        assert_ne!(address("a"), address("b"));
        assert_ne!(super::address("a"), address("a"));
    }

    #[test]
    fn signatures_are_the_same_each_time_have_a_low_s_and_lead_back_to_the_signer() {
        let account = Account::named("signer").unwrap();
        for nonce in 0..20 {
            let transaction =
                TypedTransaction::from(TxEip1559 { chain_id: 5, nonce, ..TxEip1559::default() });
            let signed = account.sign(transaction.clone()).unwrap();
            assert_eq!(signed, account.sign(transaction).unwrap());
            assert!(signed.signature().normalize_s().is_none());
            assert_eq!(signed.recover_signer().unwrap(), account.address);
        }
    }

    #[test]
    fn an_authorization_leads_back_to_the_account() {
        let account = Account::named("signer").unwrap();
        let authorization = Authorization { chain_id: U256::from(5), address: Address::ZERO, nonce: 7 };
        let signed = account.authorize(authorization).unwrap();
        assert_eq!(signed.recover_authority().unwrap(), account.address);
    }
}
