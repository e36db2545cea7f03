//! What batches of a workload publish, and what settling them takes on Ethereum.

use super::{
    chain::{Chain, TimedStore, now},
    workload::config,
};
use alloy_sol_types::SolCall;
use ashlar_batcher::{
    DataPolicy, DataWay, Prices, SealSettings, SealStep, Sealer, operation_tree, rollup_key, settle_call,
};
use ashlar_storage::{BatchRecord, Changes, Store, Table};
use eyre::{OptionExt, bail};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Figures that the contracts' tests measure.
const SETTLEMENT: &str = include_str!("../../../../../contracts/snapshots/SettlementGasTest.json");
const FINAL_PROOF: &str = include_str!("../../../../../bench/results/final-proof.json");

/// What is measured of settling has so many blobs.
const MEASURED_BLOBS: u64 = 2;
const MEASURED_NAME: &str = "settle, 2 blobs, 10 operations, proof of 105000 bytes";

/// Gas for checking a blob, and for hashing a byte of calldata: what the batcher reckons with.
const BLOB_CHECK_GAS: u64 = 60_000;
const HASH_BYTE_GAS: u64 = 1;

/// Gas of every transaction, of bytes of its calldata, and the least for them (EIP-2028, EIP-7623).
const TRANSACTION_GAS: u64 = 21_000;
const BYTE_GAS: [u64; 2] = [4, 16];
const FLOOR_BYTE_GAS: [u64; 2] = [10, 40];

/// Blob gas of a blob.
const GAS_PER_BLOB: u64 = 131_072;

/// Seconds after which a batch is sealed whatever it has.
const MAX_AGE: u64 = 60;

/// A sealed batch.
pub(super) struct Sealed {
    pub(super) record: BatchRecord,
    transactions: u64,
    reason: String,
    /// Time of sealing: both executions, and blobs.
    time: Duration,
    l1: L1Gas,
}

/// What settling a batch takes, calculated of measured parts.
struct L1Gas {
    calldata_bytes: usize,
    gas: u64,
    blob_gas: u64,
}

impl Sealed {
    /// Seals the first batch of the chain.
    pub(super) fn first(chain: &Chain, way: DataWay) -> eyre::Result<Self> {
        let (data, prices) = match way {
            DataWay::Blobs => (DataPolicy::Blobs, Prices::default()),
            DataWay::Calldata => (DataPolicy::Cheaper, Prices { gas: 1, blob_gas: u128::MAX }),
        };
        let settings = SealSettings { max_age: MAX_AGE, data, ..SealSettings::default() };
        let mut sealer = Sealer::open(Arc::clone(&chain.store), config(), settings)?;
        let now = now()?.saturating_add(MAX_AGE);
        let begun = Instant::now();
        loop {
            match sealer.step(now, &prices)? {
                SealStep::Reading => {}
                SealStep::Waiting => bail!("there are no blocks to be sealed"),
                SealStep::Sealed { batch, reason } => {
                    let time = begun.elapsed();
                    let output = &batch.output;
                    let mut transactions = 0u64;
                    for number in output.first_block..=output.last_block {
                        transactions += u64::try_from(chain.read(number)?.0.len())?;
                    }
                    let l1 = L1Gas::of(&chain.store, &batch)?;
                    return Ok(Self { record: *batch, transactions, reason: reason.to_string(), time, l1 });
                }
            }
        }
    }

    pub(super) fn pubdata_per_transaction(&self) -> f64 {
        self.record.pubdata.len() as f64 / self.transactions as f64
    }

    pub(super) fn gas_per_transaction(&self) -> f64 {
        self.l1.gas as f64 / self.transactions as f64
    }

    pub(super) fn blob_gas_per_transaction(&self) -> f64 {
        self.l1.blob_gas as f64 / self.transactions as f64
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "transactions": self.transactions,
            "blocks": self.record.output.last_block - self.record.output.first_block + 1,
            "ends_by": self.reason,
            "pubdata_bytes": self.record.pubdata.len(),
            "pubdata_bytes_per_transaction": self.pubdata_per_transaction(),
            "proving_cost_per_transaction": self.record.cost as f64 / self.transactions as f64,
            "seal_seconds": self.time.as_secs_f64(),
            "l1": {
                "calldata_bytes": self.l1.calldata_bytes,
                "blobs": self.record.versioned_hashes.len(),
                "gas": self.l1.gas,
                "gas_per_transaction": self.gas_per_transaction(),
                "blob_gas": self.l1.blob_gas,
                "blob_gas_per_transaction": self.blob_gas_per_transaction(),
            },
        })
    }
}

impl L1Gas {
    /// Of the transaction that settles a batch, with bytes in the place of the proof, as many as one has on average.
    fn of(store: &Arc<TimedStore>, batch: &BatchRecord) -> eyre::Result<Self> {
        let final_proof: Value = serde_json::from_str(FINAL_PROOF)?;
        let figure = |name: &str| final_proof["mean"][name].as_u64().ok_or_eyre("a figure of final proofs");
        let (proof_bytes, verifying) = (figure("proofBytes")?, figure("executionGas")?);
        let snapshot: Value = serde_json::from_str(SETTLEMENT)?;
        let settling = snapshot[MEASURED_NAME].as_str().ok_or_eyre("a figure of the settlement")?;
        let settling: u64 = settling.parse()?;
        let mut changes = Changes::default();
        changes.put(Table::Proofs, batch.number.to_be_bytes(), vec![0xff; usize::try_from(proof_bytes)?]);
        store.write(changes)?;
        let program = rollup_key()?.program_key();
        let settlement = settle_call(store, batch.number, &operation_tree(store)?, program)?;
        let calldata = settlement.call.abi_encode();
        let blobs = u64::try_from(batch.versioned_hashes.len())?;
        let hashed = if blobs == 0 { u64::try_from(batch.pubdata.len())? } else { 0 };
        let checks = (settling + blobs * BLOB_CHECK_GAS).saturating_sub(MEASURED_BLOBS * BLOB_CHECK_GAS);
        let execution = verifying + checks + hashed * HASH_BYTE_GAS;
        let spent = bytes_gas(&calldata, BYTE_GAS) + execution;
        let gas = TRANSACTION_GAS + spent.max(bytes_gas(&calldata, FLOOR_BYTE_GAS));
        Ok(Self { calldata_bytes: calldata.len(), gas, blob_gas: blobs * GAS_PER_BLOB })
    }
}

/// Gas of bytes, given that of a zero and of another one.
fn bytes_gas(bytes: &[u8], [zero, other]: [u64; 2]) -> u64 {
    bytes.iter().map(|byte| if *byte == 0 { zero } else { other }).sum()
}
