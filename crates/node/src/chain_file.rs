//! The file that describes a chain: what was deployed, and what it begins with.

use alloy_primitives::{Address, B256, Bytes};
use ashlar_ethereum::DeployedChain;
use ashlar_primitives::rollup::{RollupConfig, RollupConfigError};
use ashlar_settlement::{GenesisError, GenesisParameters, genesis_accounts};
use ashlar_stf::{SealedHeader, rollup::genesis_header};
use ashlar_storage::{ChainError, ChainRecords, InitialAccount, MemoryStore, StateDb, StateDbError, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// Version of the file.
const VERSION: u64 = 1;

/// A chain, as its file says it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainFile {
    /// Version of the file: 1.
    pub version: u64,
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// The block of Ethereum before which there is nothing of the chain.
    pub l1_first_block: u64,
    /// Contracts on Ethereum.
    pub contracts: Contracts,
    /// Key of the program that is proven.
    pub program_key: B256,
    /// What the chain begins with.
    pub genesis: Genesis,
    /// Hash of the genesis block.
    pub genesis_hash: B256,
}

/// What a chain begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// The 22 words of the chain's configuration (`specs/014-rollup-config.md`).
    pub config: Bytes,
    /// Timestamp of the genesis block, seconds since the Unix epoch.
    pub timestamp: u64,
    /// Name of the wrapped base token.
    pub wrapped_name: String,
    /// Symbol of the wrapped base token.
    pub wrapped_symbol: String,
}

/// Contracts of a chain on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contracts {
    /// The verifier of final proofs.
    pub verifier: Address,
    /// The registry of verified statements.
    pub registry: Address,
    /// The bridge.
    pub asset_router: Address,
    /// What holds the assets.
    pub vault: Address,
    /// The registry of chains.
    pub bridgehub: Address,
    /// Roots of executed batches.
    pub message_root: Address,
    /// What chains can run.
    pub versions: Address,
    /// Code of chains' contracts.
    pub implementation: Address,
    /// The chain's contract.
    pub chain: Address,
}

/// Why a chain does not begin.
#[derive(Debug, Error)]
pub enum ChainFileError {
    /// The file is of another version.
    #[error("the chain's file has version {0}; this program reads version 1")]
    Version(u64),
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] RollupConfigError),
    /// There is no genesis state.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The state cannot be written or read.
    #[error(transparent)]
    State(#[from] StateDbError),
    /// The blocks cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The genesis block is another one than the file says.
    #[error(
        "the genesis block is {made}, and the chain's file says {stated}: the file is of another version of this program"
    )]
    GenesisHash {
        /// What it is.
        made: B256,
        /// What the file says.
        stated: B256,
    },
    /// The store has another chain.
    #[error(
        "the database has the chain that begins with {found}, and the chain's file is of the one that begins with {stated}"
    )]
    OtherChain {
        /// Hash of the genesis block of the store.
        found: B256,
        /// What the file says.
        stated: B256,
    },
}

impl Genesis {
    /// Rules of the chain.
    pub fn config(&self) -> Result<RollupConfig, ChainFileError> {
        Ok(RollupConfig::decode(&self.config)?)
    }

    /// Writes the genesis state into an empty store.
    pub fn begin<S: Store>(
        &self,
        store: S,
        asset_router: Address,
        l1_chain_id: u64,
    ) -> Result<StateDb<S>, ChainFileError> {
        let config = self.config()?;
        let (wrapped_name, wrapped_symbol) = (self.wrapped_name.clone(), self.wrapped_symbol.clone());
        let parameters =
            GenesisParameters { asset_router, l1_chain_id, config, wrapped_name, wrapped_symbol };
        let accounts = genesis_accounts(&parameters)?.into_iter().map(|(address, account)| {
            let ashlar_settlement::GenesisAccount { nonce, code, storage, .. } = account;
            (address, InitialAccount { nonce, code, storage, ..InitialAccount::default() })
        });
        let accounts: BTreeMap<_, _> = accounts.collect();
        Ok(StateDb::begin(store, &accounts, |root| genesis_header(&config, root, self.timestamp))?)
    }

    /// The genesis block.
    pub fn header(&self, asset_router: Address, l1_chain_id: u64) -> Result<SealedHeader, ChainFileError> {
        let state = self.begin(MemoryStore::default(), asset_router, l1_chain_id)?;
        Ok(ashlar_stf::rollup::ChainState::parent(&state).clone())
    }
}

impl ChainFile {
    /// A chain that was deployed.
    pub fn new(
        l1_chain_id: u64,
        l1_first_block: u64,
        contracts: Contracts,
        program_key: B256,
        genesis: Genesis,
    ) -> Result<Self, ChainFileError> {
        let genesis_hash = genesis.header(contracts.asset_router, l1_chain_id)?.hash;
        Ok(Self {
            version: VERSION,
            l1_chain_id,
            l1_first_block,
            contracts,
            program_key,
            genesis,
            genesis_hash,
        })
    }

    /// The same of what a deployment returns; `program_key` is that of the program that is proven.
    pub fn deployed(deployed: &DeployedChain, program_key: B256) -> Result<Self, ChainFileError> {
        let at = deployed.addresses;
        let contracts = Contracts {
            verifier: deployed.verifier,
            registry: deployed.registry,
            asset_router: at.asset_router,
            vault: at.vault,
            bridgehub: at.bridgehub,
            message_root: at.message_root,
            versions: at.versions,
            implementation: at.implementation,
            chain: deployed.chain,
        };
        let genesis = Genesis {
            config: deployed.encoded_config.clone(),
            timestamp: deployed.genesis_timestamp,
            wrapped_name: deployed.wrapped_name.clone(),
            wrapped_symbol: deployed.wrapped_symbol.clone(),
        };
        Self::new(deployed.l1_chain_id, deployed.first_block, contracts, program_key, genesis)
    }

    /// Rules of the chain.
    pub fn config(&self) -> Result<RollupConfig, ChainFileError> {
        match self.version {
            VERSION => self.genesis.config(),
            other => Err(ChainFileError::Version(other)),
        }
    }

    /// Opens the state of the chain in a store; an empty store gets the genesis state.
    pub fn open<S: Store>(&self, store: S) -> Result<StateDb<S>, ChainFileError> {
        self.config()?;
        let router = self.contracts.asset_router;
        let made = self.genesis.header(router, self.l1_chain_id)?.hash;
        if made != self.genesis_hash {
            return Err(ChainFileError::GenesisHash { made, stated: self.genesis_hash });
        }
        match store.block(0)? {
            None => self.genesis.begin(store, router, self.l1_chain_id),
            Some(genesis) if genesis.header.hash == made => Ok(StateDb::open(store)?),
            Some(genesis) => {
                Err(ChainFileError::OtherChain { found: genesis.header.hash, stated: self.genesis_hash })
            }
        }
    }
}
