//! What a recovery of a public key costs in the guest, by differences of blocks.
//!
//! A contract calls ECRECOVER in a loop, another one an account without code with the same input: the difference of
//! their costs per iteration is that of the recovery. `cargo xtask costs` measures all operations in this way.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, constants::EMPTY_WITHDRAWALS};
use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use ashlar_primitives::{BlobEntry, ChainConfig, NEVER};
use ashlar_vm::{Call, Metering, Options, Program, Run, SegmentLimits, Shape, Table, meter};
use ashlar_witness::{Chain, GenesisAccount, HashKey, batch_hints};
use eyre::ensure;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A transaction that calls [`CONTRACT`] without input, with 2^24 gas, signed by [`SENDER`]: what `xtask/src/costs` makes
/// with its first key.
const TRANSACTION: &[u8] = &hex!(
    "02f868018001843b9aca0084010000009400000000000000000000000000000000000c0de08080c001a057798b51020542ba"
    "f6493deadc2fca6a7855bca347e5db5965baeb73da43ebb8a017c15cd29c19fbc92c5ec6f66f7cfcf5fbad2beb65efc7943f"
    "1063a2a37f434f"
);

/// Who signed it.
const SENDER: Address = address!("39b3e72d8cd1c8e105d962d26304d2c2fc65ad96");

/// Whom it calls.
const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");

/// Hash, v, r and s of a valid signature: the example of the go-ethereum tests (core/vm/testdata/precompiles/ecRecover.json).
const SIGNATURE: [u8; 128] = hex!(
    "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
    "000000000000000000000000000000000000000000000000000000000000001c"
    "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
    "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
);

/// Number of the precompile, and of an account that does not exist.
const ECRECOVER: u16 = 1;
const NOBODY: u16 = 0xffff;

/// Calls in the smaller block; twice as many in the larger one.
const CALLS: u64 = 16;

/// Gas of a recovery.
const GAS: u64 = 3_000;

/// The cost of one recovery.
pub(super) struct Cost {
    cycles: f64,
    calls: [f64; Call::COUNT],
    /// Cells of the rows beside the cycles.
    cells: f64,
}

/// What one block took.
struct Sample {
    gas: u64,
    run: Run,
    metering: Metering,
}

impl Cost {
    pub(super) fn measure(program: &Program) -> eyre::Result<Self> {
        let samples = [
            (1.0, ECRECOVER, 2 * CALLS),
            (-1.0, ECRECOVER, CALLS),
            (-1.0, NOBODY, 2 * CALLS),
            (1.0, NOBODY, CALLS),
        ];
        let mut cost = Self { cycles: 0.0, calls: [0.0; Call::COUNT], cells: 0.0 };
        let mut gas = 0.0;
        for (sign, to, calls) in samples {
            let share = sign / CALLS as f64;
            let Sample { gas: used, run, metering } = sample(program, to, calls)?;
            gas += share * used as f64;
            cost.cycles += share * run.cycles as f64;
            for (sum, call) in cost.calls.iter_mut().zip(Call::ALL) {
                *sum += share * run.calls.of(call) as f64;
            }
            cost.cells += share
                * Table::BESIDE_CYCLES
                    .map(|table| metering.rows(table) as f64 * table.cells_per_unit())
                    .iter()
                    .sum::<f64>();
        }
        // Another figure would mean that something else was measured.
        ensure!(gas == GAS as f64, "a recovery took {gas} gas, not {GAS}");
        Ok(cost)
    }

    /// Cycles, and the other cells in units of a cycle's row.
    pub(super) fn equivalents(&self) -> f64 {
        self.cycles + self.cells / Table::Cpu.width() as f64
    }

    pub(super) fn json(&self) -> Value {
        let calls = Call::ALL.into_iter().zip(self.calls).filter(|(_, count)| *count > 0.0);
        let calls: serde_json::Map<_, _> =
            calls.map(|(call, count)| (call.name().to_lowercase(), json!(count))).collect();
        json!({
            "cycles": self.cycles,
            "calls": calls,
            "cells_beside_cycles": self.cells,
            "cells_of_a_cycle": Table::Cpu.width(),
            "cycle_equivalents": self.equivalents(),
        })
    }

    pub(super) fn cycles(&self) -> f64 {
        self.cycles
    }
}

/// Runs a block in the guest whose transaction calls this address so many times.
fn sample(program: &Program, to: u16, calls: u64) -> eyre::Result<Sample> {
    let funded = GenesisAccount { balance: U256::from(10).pow(U256::from(24)), ..GenesisAccount::default() };
    let contract = GenesisAccount { nonce: 1, code: code(to).into(), ..GenesisAccount::default() };
    let accounts = BTreeMap::from([(SENDER, funded), (CONTRACT, contract)]);
    let mut chain = Chain::new(config(), accounts, genesis())?;
    // The code reads how often it has to call.
    let draft = Header {
        gas_limit: GAS_LIMIT,
        timestamp: 24,
        mix_hash: U256::from(calls).into(),
        parent_beacon_block_root: Some(B256::ZERO),
        ..Header::default()
    };
    let made = chain.make(draft, vec![Bytes::from_static(TRANSACTION)], Vec::new())?;
    ensure!(made.outcome.receipts.iter().all(|receipt| receipt.status()), "the transaction failed");
    let input = made.pruned()?.borrow().encode()?;
    // One segment for everything, so that each page counts once.
    let shape = Shape { name: "all", heights: [29; Table::COUNT] };
    let limits = SegmentLimits { cycles: u64::MAX, shapes: vec![shape] };
    let (run, metering) = meter(
        program,
        &batch_hints(&input, &HashKey::of(b"costs of operations")),
        Options::default(),
        limits,
    )?;
    ensure!(run.exit.code == 0, "the guest stopped with code {}: {}", run.exit.code, run.exit.log.trim_end());
    Ok(Sample { gas: made.outcome.gas_used, run, metering })
}

/// Most gas of the block.
const GAS_LIMIT: u64 = 30_000_000;

/// Copies the signature to memory and calls as often as PREVRANDAO says.
fn code(to: u16) -> Vec<u8> {
    let [high, low] = to.to_be_bytes();
    #[rustfmt::skip]
    let mut code = vec![
        // CODECOPY(0, end of code, 128)
        0x60, 128, 0x60, 0, 0x5f, 0x39,
        // PREVRANDAO; JUMPDEST
        0x44, 0x5b,
        // STATICCALL(GAS, to, 0, 128, 128, 32); POP
        0x60, 32, 0x60, 128, 0x60, 128, 0x5f, 0x61, high, low, 0x5a, 0xfa, 0x50,
        // Counts down: PUSH1 1; SWAP1; SUB; DUP1; PUSH1 7; JUMPI; STOP
        0x60, 1, 0x90, 0x03, 0x80, 0x60, 7, 0x57, 0x00,
    ];
    code[3] = code.len() as u8;
    code.extend(SIGNATURE);
    code
}

/// Cancun: later rules ask for system contracts, and change nothing here.
fn config() -> ChainConfig {
    ChainConfig {
        chain_id: 1,
        cancun: 0,
        prague: NEVER,
        osaka: NEVER,
        deposit_contract: Address::ZERO,
        blob_schedule: vec![BlobEntry { activation: 0, target: 3, max: 6, update_fraction: 3_338_477 }],
    }
}

fn genesis() -> Header {
    Header {
        gas_limit: GAS_LIMIT,
        gas_used: GAS_LIMIT / 2,
        base_fee_per_gas: Some(7),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        parent_beacon_block_root: Some(B256::ZERO),
        timestamp: 12,
        ..Header::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_is_a_multiplication_of_two_points() {
        let cost = Cost::measure(&crate::guest::block().unwrap()).unwrap();
        let calls = |call: Call| cost.calls[Call::ALL.iter().position(|known| *known == call).unwrap()];
        // By halves of 128 bits (GLV): one doubling for each bit.
        assert!((120.0..=130.0).contains(&calls(Call::Secp256k1Double)), "{}", calls(Call::Secp256k1Double));
        assert!(calls(Call::Secp256k1Add) >= 64.0, "{}", calls(Call::Secp256k1Add));
        assert!(cost.cycles > 0.0 && cost.equivalents() > cost.cycles);
    }
}
