//! The state before the first block (`specs/022-genesis.md`).

use crate::{
    addresses::L2_VAULT,
    artifact::{Artifact, DamagedArtifact},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use ashlar_primitives::rollup::RollupConfig;
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

const TABLE: &str = include_str!("../../../specs/vectors/genesis.json");

/// Most bytes of a name or symbol that stand in one slot.
const STRING_BYTES_MAX: usize = 31;

/// What differs between chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisParameters {
    /// The bridge on Ethereum.
    pub asset_router: Address,
    /// EIP-155 id of the Ethereum chain.
    pub l1_chain_id: u64,
    /// The chain's configuration.
    pub config: RollupConfig,
    /// Name of the wrapped base token, 1 to 31 bytes.
    pub wrapped_name: String,
    /// Symbol of the wrapped base token, 1 to 31 bytes.
    pub wrapped_symbol: String,
}

/// An account of the genesis state. Its balance is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisAccount {
    /// What it is.
    pub name: String,
    /// Nonce.
    pub nonce: u64,
    /// Code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

/// Why there is no genesis state.
#[derive(Debug, Error)]
pub enum GenesisError {
    /// A name or symbol is empty or too long.
    #[error("{0:?} does not have 1 to 31 bytes")]
    Text(String),
    /// The table in this program is damaged.
    #[error("the table of the genesis state inside this program is damaged: {0}")]
    Table(String),
    /// A predeploy in this program is damaged.
    #[error(transparent)]
    Artifact(#[from] DamagedArtifact),
}

#[derive(Deserialize)]
struct Table {
    accounts: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    address: Address,
    nonce: u64,
    artifact: Option<String>,
    code: Option<Bytes>,
    code_hash: B256,
    storage: Vec<SlotEntry>,
}

#[derive(Deserialize)]
struct SlotEntry {
    slot: U256,
    parameter: String,
}

/// The accounts of a chain's genesis state.
pub fn genesis_accounts(
    parameters: &GenesisParameters,
) -> Result<BTreeMap<Address, GenesisAccount>, GenesisError> {
    let table: Table = serde_json::from_str(TABLE).map_err(|error| GenesisError::Table(error.to_string()))?;
    table.accounts.into_iter().map(|entry| Ok((entry.address, account(parameters, entry)?))).collect()
}

fn account(parameters: &GenesisParameters, entry: Entry) -> Result<GenesisAccount, GenesisError> {
    let code = match (entry.artifact, entry.code) {
        (Some(name), None) => {
            let artifact = Artifact::predeploy(&name).ok_or_else(|| GenesisError::Table(name.clone()))?;
            artifact?.deployed_bytecode
        }
        (None, Some(code)) => code,
        _ => return Err(GenesisError::Table(entry.name)),
    };
    if keccak256(&code) != entry.code_hash {
        return Err(GenesisError::Table(format!("the code of {} is another one", entry.name)));
    }
    let storage = entry
        .storage
        .iter()
        .map(|slot| Ok((slot.slot, value(parameters, &slot.parameter)?)))
        .collect::<Result<_, GenesisError>>()?;
    Ok(GenesisAccount { name: entry.name, nonce: entry.nonce, code, storage })
}

fn value(parameters: &GenesisParameters, name: &str) -> Result<U256, GenesisError> {
    let config = &parameters.config;
    Ok(match name {
        "assetRouter" => U256::from_be_slice(parameters.asset_router.as_slice()),
        "l1ChainId" => U256::from(parameters.l1_chain_id),
        "protocolVersion" => U256::from(config.protocol_version),
        "configHash" => config.hash().into(),
        "baseAssetId" => config.base_asset.into(),
        "wrappedName" => short_string(&parameters.wrapped_name)?,
        "wrappedSymbol" => short_string(&parameters.wrapped_symbol)?,
        _ => return Err(GenesisError::Table(format!("a parameter {name} is not known"))),
    })
}

/// A short string as the Solidity compiler keeps it: bytes from the left, twice the length in the last byte.
fn short_string(text: &str) -> Result<U256, GenesisError> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > STRING_BYTES_MAX {
        return Err(GenesisError::Text(text.to_owned()));
    }
    let padded = B256::right_padding_from(bytes);
    Ok(U256::from_be_bytes(padded.0) + U256::from(2 * bytes.len()))
}

/// Id of a token as an asset (`specs/021-bridge.md`); ether of Ethereum is the token 0x01.
pub fn asset_id(origin_chain_id: u64, token: Address) -> B256 {
    keccak256((U256::from(origin_chain_id), L2_VAULT, token).abi_encode())
}
