//! What both kinds of fixtures share: allocations, forks, blob schedules.

use alloy_primitives::{Address, Bytes, U64, U256, address};
use ashlar_primitives::{BlobEntry, ChainConfig, NEVER};
use ashlar_witness::GenesisAccount;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Time of the fork in fixtures named `...AtTime15k`.
const TRANSITION: u64 = 15_000;

/// The deposit contract of the fixtures, the same as on mainnet.
const DEPOSIT_CONTRACT: Address = address!("00000000219ab540356cbb839cbe05303d7705fa");

#[derive(Clone, Deserialize)]
pub(crate) struct AccountFixture {
    nonce: U64,
    balance: U256,
    code: Bytes,
    storage: BTreeMap<U256, U256>,
}

#[derive(Clone, Default, Deserialize)]
pub(crate) struct ConfigFixture {
    #[serde(default)]
    chainid: U64,
    #[serde(default, rename = "blobSchedule")]
    blob_schedule: BTreeMap<String, BlobFixture>,
}

#[derive(Clone, Deserialize)]
struct BlobFixture {
    target: U64,
    max: U64,
    #[serde(rename = "baseFeeUpdateFraction")]
    update_fraction: U64,
}

pub(crate) type Allocation = BTreeMap<Address, AccountFixture>;

pub(crate) fn genesis(allocation: &Allocation) -> BTreeMap<Address, GenesisAccount> {
    let account = |fixture: &AccountFixture| GenesisAccount {
        nonce: fixture.nonce.to(),
        balance: fixture.balance,
        code: fixture.code.clone(),
        storage: fixture.storage.clone(),
    };
    allocation.iter().map(|(address, fixture)| (*address, account(fixture))).collect()
}

/// Rules by a fork's name; `None` for rules from before Cancun.
pub(crate) fn chain_config(network: &str, config: &ConfigFixture) -> Option<ChainConfig> {
    let (cancun, prague, osaka) = match network {
        "Cancun" => (0, NEVER, NEVER),
        "CancunToPragueAtTime15k" => (0, TRANSITION, NEVER),
        "Prague" => (0, 0, NEVER),
        "PragueToOsakaAtTime15k" => (0, 0, TRANSITION),
        "Osaka" => (0, 0, 0),
        _ => return None,
    };
    let mut chain = ChainConfig {
        chain_id: config.chainid.to(),
        cancun,
        prague,
        osaka,
        deposit_contract: DEPOSIT_CONTRACT,
        blob_schedule: Vec::new(),
    };
    for (name, activation) in [("Cancun", cancun), ("Prague", prague), ("Osaka", osaka)] {
        if let Some(fixture) = config.blob_schedule.get(name).filter(|_| activation != NEVER) {
            // Forks at the same time: the last one's parameters hold.
            chain.blob_schedule.retain(|entry| entry.activation != activation);
            chain.blob_schedule.push(fixture.entry(activation));
        }
    }
    Some(chain)
}

impl BlobFixture {
    fn entry(&self, activation: u64) -> BlobEntry {
        BlobEntry {
            activation,
            target: self.target.to(),
            max: self.max.to(),
            update_fraction: self.update_fraction.to(),
        }
    }
}
