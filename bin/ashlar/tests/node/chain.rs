//! A chain whose Ethereum does not answer: it has what is put into its store.

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_batcher::rollup_key;
use ashlar_node::{ChainFile, Contracts, Genesis};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_storage::{Changes, DiskStore, OperationRecord, Store};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tempfile::TempDir;

use crate::process::Process;

/// The genesis block's, seconds since the Unix epoch.
const TIME: u64 = 1_700_000_000;

/// A folder with a chain's file and a configuration.
pub(crate) struct Chain(TempDir);

fn rules() -> RollupConfig {
    RollupConfig {
        chain_id: 271_828,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 5_000_000,
        base_fee_min: 10_000_000,
        base_fee_doubling: 1 << 29,
        transaction_cost_limit: 1 << 26,
        batch_cost_limit: 1 << 31,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 64,
        batch_logs_limit: 1_024,
    }
}

impl Chain {
    /// With these lines in the configuration's part about the prover.
    pub(crate) fn new(prover: &str) -> Self {
        let chain = Self(tempfile::tempdir().unwrap());
        let genesis = Genesis {
            config: rules().encode().into(),
            timestamp: TIME,
            wrapped_name: "Wrapped Ether".into(),
            wrapped_symbol: "WETH".into(),
        };
        let [verifier, registry, asset_router, vault, bridgehub, message_root, versions] =
            [1, 2, 3, 4, 5, 6, 7].map(Address::repeat_byte);
        let (implementation, contract) = (Address::repeat_byte(8), Address::repeat_byte(9));
        let contracts = Contracts {
            verifier,
            registry,
            asset_router,
            vault,
            bridgehub,
            message_root,
            versions,
            implementation,
            chain: contract,
        };
        let program = rollup_key().unwrap().program_key().0.into();
        let file = ChainFile::new(31_337, 0, contracts, program, genesis).unwrap();
        chain.write("chain.json", &serde_json::to_string(&file).unwrap());
        let settings = format!(
            r#"
            [l1]
            rpc = "http://127.0.0.1:1"
            poll_ms = 200
            [rpc]
            listen = "127.0.0.1:0"
            [sequencer]
            fee_recipient = "0x00000000000000000000000000000000000000fe"
            block_time_ms = 50
            [batches]
            max_age_seconds = 1
            [prover]
            {prover}
            "#
        );
        chain.write("node.toml", &settings);
        chain
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Nobody else can read what is written.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// Asks for an operation, while no node runs: the next one makes a block of it.
    pub(crate) fn ask(&self) {
        let operation = Operation {
            chain_id: rules().chain_id,
            id: 0,
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: U256::from(5),
            mint: U256::from(10).pow(U256::from(18)),
            gas_limit: 1 << 21,
            gas_price: 10_000_000,
            refund_recipient: Address::repeat_byte(3),
            data: Bytes::new(),
        };
        let record = OperationRecord {
            operation,
            deadline: u64::MAX >> 1,
            l1_block: 1,
            l1_block_hash: B256::ZERO,
            l1_transaction: B256::ZERO,
        };
        let mut changes = Changes::default();
        record.put(&mut changes);
        DiskStore::open(&self.path("data/db"), 1 << 24).unwrap().write(changes).unwrap();
    }

    /// Starts the node, and waits until it can be used: what it says.
    pub(crate) fn start(&self) -> (Process, Value) {
        let config = self.path("node.toml");
        let arguments = ["node", "--json", "--config", config.to_str().unwrap()];
        let node = Process::start_in(self.0.path(), &arguments, self.path("node.log"));
        let ready = node.line();
        (node, ready)
    }
}
