//! A private key, and what it signs.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

use alloy_consensus::{SignableTransaction, Signed, Transaction, TxEip1559, TxEip4844WithSidecar};
use alloy_eips::{
    eip2718::{Decodable2718, Encodable2718},
    eip7594::BlobTransactionSidecarEip7594,
};
use alloy_primitives::{Address, B256, Bytes, Signature, address, hex};
use k256::ecdsa::SigningKey;
use thiserror::Error;

use crate::fees::Fees;

/// Chains on which money is play: those of anvil and hardhat, and geth's for development.
const DEVELOPMENT_CHAINS: [u64; 2] = [31_337, 1_337];

/// Accounts of the phrase "test test test test test test test test test test test junk", whose keys everybody has.
const WELL_KNOWN: [Address; 20] = [
    address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
    address!("Bcd4042DE499D14e55001CcbB24a551F3b954096"),
    address!("71bE63f3384f5fb98995898A86B02Fb2426c5788"),
    address!("FABB0ac9d68B0B445fB7357272Ff202C5651694a"),
    address!("1CBd3b2770909D4e10f157cABC84C7264073C9Ec"),
    address!("dF3e18d64BC6A983f673Ab319CCaE4f1a57C7097"),
    address!("cd3B766CCDd6AE721141F452C550Ca635964ce71"),
    address!("2546BcD3c84621e976D8185a91A922aE77ECEc30"),
    address!("bDA5747bFD65F08deb54cb465eB87D40e51B197E"),
    address!("dD2FD4581271e230360230F9337D5c0430Bf44C0"),
    address!("8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199"),
];

/// An account with its key.
#[derive(Clone)]
pub struct Account {
    key: SigningKey,
    address: Address,
}

/// Why there is no account, or no signature.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others who can read a key can send with it.
    #[error("others can read {0}: run `chmod 600 {0}`")]
    Permissions(PathBuf),
    /// The variable is not set.
    #[error("the environment has no variable {0}")]
    Variable(String),
    /// What was read is none. It stays out of the message.
    #[error("{0} holds no private key: 32 bytes in hexadecimal are one")]
    Key(String),
    /// Everybody has the key, so what is sent to the account is gone.
    #[error(
        "the key of {address} is a well-known one, and chain {chain_id} is not for development: take another key"
    )]
    WellKnown {
        /// Whose key.
        address: Address,
        /// The chain.
        chain_id: u64,
    },
    /// The signature failed.
    #[error("signing: {0}")]
    Signature(#[from] k256::ecdsa::Error),
    /// A transaction that was kept is none.
    #[error("a signed transaction that was kept is damaged: {0}")]
    Transaction(String),
}

/// A transaction that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The bytes that a node is given; with the blobs, if it has any.
    pub raw: Bytes,
    /// Its hash.
    pub hash: B256,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// A transaction of EIP-1559.
    Plain(TxEip1559),
    /// A transaction of EIP-4844 with its blobs, commitments and cell proofs (EIP-7594).
    Blobs(Box<TxEip4844WithSidecar<BlobTransactionSidecarEip7594>>),
}

impl Account {
    /// The account whose private key is in this file, in hexadecimal. Nobody but its owner may read the file.
    pub fn from_file(path: &Path) -> Result<Self, AccountError> {
        let failed = |source| AccountError::File { file: path.to_owned(), source };
        check_mode(path, &fs::metadata(path).map_err(failed)?)?;
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::from_text(&text, &path.display().to_string())
    }

    /// The account whose private key is in this variable of the environment, in hexadecimal.
    pub fn from_environment(variable: &str) -> Result<Self, AccountError> {
        let text = env::var(variable).map_err(|_| AccountError::Variable(variable.to_owned()))?;
        Self::from_text(&text, variable)
    }

    fn from_text(text: &str, place: &str) -> Result<Self, AccountError> {
        let mut bytes = [0; 32];
        let key = hex::decode_to_slice(text.trim(), &mut bytes).ok();
        let key = key.and_then(|()| SigningKey::from_slice(&bytes).ok());
        key.map(Self::from).ok_or_else(|| AccountError::Key(place.to_owned()))
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Refuses a key that everybody has on a chain that is not for development.
    pub fn check_chain(&self, chain_id: u64) -> Result<(), AccountError> {
        let known = WELL_KNOWN.contains(&self.address) && !DEVELOPMENT_CHAINS.contains(&chain_id);
        if known { Err(AccountError::WellKnown { address: self.address, chain_id }) } else { Ok(()) }
    }

    /// Signs a transaction.
    pub fn sign(&self, transaction: Unsigned) -> Result<SignedTransaction, AccountError> {
        match transaction {
            Unsigned::Plain(plain) => {
                let signature = self.signature(plain.signature_hash())?;
                let signed = plain.into_signed(signature);
                Ok(SignedTransaction { raw: signed.encoded_2718().into(), hash: *signed.hash() })
            }
            Unsigned::Blobs(blobs) => {
                let signature = self.signature(blobs.tx.signature_hash())?;
                // Blobs are no part of what a block has, and so not of the hash.
                let hash = *blobs.tx.clone().into_signed(signature).hash();
                let signed = Signed::new_unchecked(*blobs, signature, hash);
                Ok(SignedTransaction { raw: signed.encoded_2718().into(), hash })
            }
        }
    }

    fn signature(&self, hash: B256) -> Result<Signature, AccountError> {
        let (signature, recovery) = self.key.sign_prehash_recoverable(hash.as_slice())?;
        Ok(Signature::from((signature, recovery)))
    }
}

impl From<SigningKey> for Account {
    fn from(key: SigningKey) -> Self {
        Self { address: Address::from_private_key(&key), key }
    }
}

/// Without the key.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Unsigned {
    /// The transaction in the bytes of a signed one.
    pub fn of_signed(raw: &[u8]) -> Result<Self, AccountError> {
        let damaged = |error: alloy_eips::eip2718::Eip2718Error| AccountError::Transaction(error.to_string());
        if raw.first() == Some(&alloy_consensus::constants::EIP4844_TX_TYPE_ID) {
            let signed =
                Signed::<TxEip4844WithSidecar<BlobTransactionSidecarEip7594>>::decode_2718_exact(raw);
            return Ok(Self::Blobs(Box::new(signed.map_err(damaged)?.strip_signature())));
        }
        let signed = Signed::<TxEip1559>::decode_2718_exact(raw);
        Ok(Self::Plain(signed.map_err(damaged)?.strip_signature()))
    }

    /// The same transaction with another offer for its gas.
    pub fn with_fees(mut self, fees: &Fees) -> Self {
        match &mut self {
            Self::Plain(plain) => {
                plain.max_fee_per_gas = fees.max;
                plain.max_priority_fee_per_gas = fees.tip;
            }
            Self::Blobs(blobs) => {
                blobs.tx.max_fee_per_gas = fees.max;
                blobs.tx.max_priority_fee_per_gas = fees.tip;
                blobs.tx.max_fee_per_blob_gas = fees.blob;
            }
        }
        self
    }

    /// What is the same for both kinds.
    pub fn fields(&self) -> &dyn TransactionFields {
        match self {
            Self::Plain(plain) => plain,
            Self::Blobs(blobs) => &blobs.tx,
        }
    }
}

/// What all transactions have.
pub trait TransactionFields {
    /// Whom it calls; `None` creates a contract.
    fn to(&self) -> Option<Address>;
    /// Wei that it carries.
    fn value(&self) -> alloy_primitives::U256;
    /// Its data.
    fn input(&self) -> &Bytes;
    /// Its gas limit.
    fn gas_limit(&self) -> u64;
    /// Versioned hashes of its blobs.
    fn blob_hashes(&self) -> &[B256];
}

impl<T: Transaction> TransactionFields for T {
    fn to(&self) -> Option<Address> {
        Transaction::to(self)
    }

    fn value(&self) -> alloy_primitives::U256 {
        Transaction::value(self)
    }

    fn input(&self) -> &Bytes {
        Transaction::input(self)
    }

    fn gas_limit(&self) -> u64 {
        Transaction::gas_limit(self)
    }

    fn blob_hashes(&self) -> &[B256] {
        self.blob_versioned_hashes().unwrap_or_default()
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), AccountError> {
    use std::os::unix::fs::PermissionsExt;
    let open = metadata.permissions().mode() & 0o077 != 0;
    if open { Err(AccountError::Permissions(path.to_owned())) } else { Ok(()) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), AccountError> {
    Ok(())
}
