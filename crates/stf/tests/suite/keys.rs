//! Signers, and transactions of every type.

use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, TxType,
    transaction::RlpEcdsaEncodableTx,
};
use alloy_eips::{
    eip2930::AccessList,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use k256::ecdsa::SigningKey;
use revm::context::{TxEnv, either::Either};

use crate::world::CHAIN_ID;

/// A secp256k1 key of the tests.
#[derive(Clone, Debug)]
pub(crate) struct Key(SigningKey);

impl Key {
    /// The key with this number.
    pub(crate) fn number(number: u8) -> Self {
        let secret = keccak256([b"ashlar test key".as_slice(), &[number]].concat());
        Self(SigningKey::from_slice(secret.as_slice()).expect("a hash is a scalar"))
    }

    pub(crate) fn address(&self) -> Address {
        Address::from_public_key(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, hash: B256) -> Signature {
        let (signature, recovery) =
            self.0.sign_prehash_recoverable(hash.as_slice()).expect("32 bytes can be signed");
        let (r, s) = signature.split_bytes();
        Signature::new(U256::from_be_slice(&r), U256::from_be_slice(&s), recovery.is_y_odd())
    }

    /// An EIP-7702 authorization for this chain.
    pub(crate) fn authorize(&self, address: Address, nonce: u64) -> SignedAuthorization {
        let authorization = Authorization { chain_id: U256::from(CHAIN_ID), address, nonce };
        let hash = authorization.signature_hash();
        authorization.into_signed(self.sign(hash))
    }
}

/// A transaction in words.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: TxType,
    pub(crate) chain_id: Option<u64>,
    pub(crate) nonce: u64,
    pub(crate) to: TxKind,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    pub(crate) gas: u64,
    pub(crate) max_fee: u128,
    pub(crate) tip: u128,
    pub(crate) access: AccessList,
    pub(crate) blobs: Vec<B256>,
    pub(crate) max_blob_fee: u128,
    /// With who signs it, as the EVM should find out.
    pub(crate) authorizations: Vec<(SignedAuthorization, Option<Address>)>,
}

impl Draft {
    /// A transaction of this type to `to`.
    pub(crate) fn new(kind: TxType, nonce: u64, to: TxKind) -> Self {
        Self {
            kind,
            chain_id: Some(CHAIN_ID),
            nonce,
            to,
            value: U256::ZERO,
            data: Bytes::new(),
            gas: 100_000,
            max_fee: 20_000_000_000,
            tip: 1_000_000_000,
            access: AccessList::default(),
            blobs: if kind == TxType::Eip4844 { vec![blob(0)] } else { Vec::new() },
            max_blob_fee: 1_000_000,
            authorizations: Vec::new(),
        }
    }

    pub(crate) fn value(self, value: u64) -> Self {
        Self { value: U256::from(value), ..self }
    }

    pub(crate) fn data(self, data: impl Into<Bytes>) -> Self {
        Self { data: data.into(), ..self }
    }

    pub(crate) fn gas(self, gas: u64) -> Self {
        Self { gas, ..self }
    }

    pub(crate) fn authorize(mut self, key: &Key, address: Address, nonce: u64) -> Self {
        self.authorizations.push((key.authorize(address, nonce), Some(key.address())));
        self
    }

    fn callee(&self) -> Address {
        *self.to.to().expect("this type cannot create")
    }

    /// Its EIP-2718 encoding, signed by `key`.
    pub(crate) fn sign(&self, key: &Key) -> Bytes {
        self.sign_with(|hash| key.sign(hash))
    }

    /// Its EIP-2718 encoding under any signature.
    pub(crate) fn sign_with(&self, sign: impl Fn(B256) -> Signature) -> Bytes {
        match self.kind {
            TxType::Legacy => encode(&self.legacy(), sign),
            TxType::Eip2930 => encode(&self.eip2930(), sign),
            TxType::Eip1559 => encode(&self.eip1559(), sign),
            TxType::Eip4844 => encode(&self.eip4844(), sign),
            TxType::Eip7702 => encode(&self.eip7702(), sign),
        }
    }

    fn legacy(&self) -> TxLegacy {
        TxLegacy {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_price: self.max_fee,
            gas_limit: self.gas,
            to: self.to,
            value: self.value,
            input: self.data.clone(),
        }
    }

    fn eip2930(&self) -> TxEip2930 {
        TxEip2930 {
            chain_id: self.chain_id.unwrap_or(CHAIN_ID),
            nonce: self.nonce,
            gas_price: self.max_fee,
            gas_limit: self.gas,
            to: self.to,
            value: self.value,
            access_list: self.access.clone(),
            input: self.data.clone(),
        }
    }

    pub(crate) fn eip1559(&self) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id.unwrap_or(CHAIN_ID),
            nonce: self.nonce,
            gas_limit: self.gas,
            max_fee_per_gas: self.max_fee,
            max_priority_fee_per_gas: self.tip,
            to: self.to,
            value: self.value,
            access_list: self.access.clone(),
            input: self.data.clone(),
        }
    }

    pub(crate) fn eip4844(&self) -> TxEip4844 {
        TxEip4844 {
            chain_id: self.chain_id.unwrap_or(CHAIN_ID),
            nonce: self.nonce,
            gas_limit: self.gas,
            max_fee_per_gas: self.max_fee,
            max_priority_fee_per_gas: self.tip,
            to: self.callee(),
            value: self.value,
            access_list: self.access.clone(),
            blob_versioned_hashes: self.blobs.clone(),
            max_fee_per_blob_gas: self.max_blob_fee,
            input: self.data.clone(),
        }
    }

    fn eip7702(&self) -> TxEip7702 {
        TxEip7702 {
            chain_id: self.chain_id.unwrap_or(CHAIN_ID),
            nonce: self.nonce,
            gas_limit: self.gas,
            max_fee_per_gas: self.max_fee,
            max_priority_fee_per_gas: self.tip,
            to: self.callee(),
            value: self.value,
            access_list: self.access.clone(),
            authorization_list: self.authorizations.iter().map(|(signed, _)| signed.clone()).collect(),
            input: self.data.clone(),
        }
    }

    /// What an EVM should be given for it, made without decoding anything.
    pub(crate) fn environment(&self, caller: Address) -> TxEnv {
        let priced = matches!(self.kind, TxType::Legacy | TxType::Eip2930);
        TxEnv {
            tx_type: self.kind as u8,
            caller,
            gas_limit: self.gas,
            gas_price: self.max_fee,
            kind: self.to,
            value: self.value,
            data: self.data.clone(),
            nonce: self.nonce,
            chain_id: self.chain_id,
            access_list: if self.kind == TxType::Legacy {
                AccessList::default()
            } else {
                self.access.clone()
            },
            gas_priority_fee: (!priced).then_some(self.tip),
            blob_hashes: self.blobs.clone(),
            max_fee_per_blob_gas: if self.blobs.is_empty() { 0 } else { self.max_blob_fee },
            authorization_list: self
                .authorizations
                .iter()
                .map(|(signed, authority)| {
                    let authority = authority.map_or(
                        alloy_eips::eip7702::RecoveredAuthority::Invalid,
                        alloy_eips::eip7702::RecoveredAuthority::Valid,
                    );
                    Either::Right(alloy_eips::eip7702::RecoveredAuthorization::new_unchecked(
                        signed.inner().clone(),
                        authority,
                    ))
                })
                .collect(),
        }
    }
}

/// A versioned hash of a blob.
pub(crate) fn blob(number: u8) -> B256 {
    let mut hash = B256::repeat_byte(number);
    hash.0[0] = 1;
    hash
}

fn encode<T>(transaction: &T, sign: impl Fn(B256) -> Signature) -> Bytes
where
    T: SignableTransaction<Signature> + RlpEcdsaEncodableTx,
{
    let signature = sign(transaction.signature_hash());
    let mut out = Vec::new();
    transaction.eip2718_encode(&signature, &mut out);
    out.into()
}
