//! Rollup batches in memory, and what the guest takes for them. The tests of the meter have them from here too.

use std::collections::BTreeMap;

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_vm::{Options, Program, Run, RunError, SegmentLimits, Shape, Table, meter};
use ashlar_witness::{GenesisAccount, RollupChain, RollupDraft};
use k256::ecdsa::SigningKey;

pub(crate) const CHAIN_ID: u64 = 1_337;

/// Cells of a plain instruction, near the mean of compiled code: its cycle and its share of the tables of instructions.
pub(crate) const PLAIN_CELLS: f64 = 115.0;

/// When a chain begins, seconds since the Unix epoch.
const START: u64 = 100;

/// Rules of a chain whose transactions may have 2^24 of gas and of proving cost.
pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1 << 22,
        base_fee_min: 1_000_000_000,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 24,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 16,
        batch_logs_limit: 1024,
    }
}

/// Key of the sender with this number: the hash of a seed, known to everyone.
pub(crate) fn key(number: u64) -> SigningKey {
    SigningKey::from_slice(keccak256(format!("rollup cost {number}")).as_slice()).expect("a scalar")
}

pub(crate) fn address_of(number: u64) -> Address {
    Address::from_public_key(key(number).verifying_key())
}

/// An account with this code.
pub(crate) fn contract(code: Bytes) -> GenesisAccount {
    GenesisAccount { nonce: 1, code, ..GenesisAccount::default() }
}

/// A chain with these accounts, the contract of the history, and so many senders with ether, numbered from 0.
pub(crate) fn chain(
    config: RollupConfig,
    mut accounts: BTreeMap<Address, GenesisAccount>,
    senders: u64,
) -> RollupChain {
    accounts.insert(HISTORY_STORAGE_ADDRESS, contract(HISTORY_STORAGE_CODE.clone()));
    let balance = U256::from(10).pow(U256::from(20));
    accounts.extend(
        (0..senders).map(|number| (address_of(number), GenesisAccount { balance, ..Default::default() })),
    );
    RollupChain::new(config, accounts, START).expect("a trie")
}

/// The hash's signature by the sender with this number: deterministic (RFC 6979), low s.
pub(crate) fn signature(number: u64, hash: B256) -> Signature {
    let signed = key(number).sign_prehash_recoverable(hash.as_slice());
    Signature::from(signed.expect("32 bytes can be signed"))
}

/// A transaction as it stands in a block.
pub(crate) fn signed<T>(number: u64, transaction: T) -> Bytes
where
    T: SignableTransaction<Signature>,
    alloy_consensus::Signed<T>: Encodable2718,
{
    let signature = signature(number, transaction.signature_hash());
    transaction.into_signed(signature).encoded_2718().into()
}

/// A call with this gas, of a wei, to be signed.
pub(crate) fn call(nonce: u64, to: Address, gas_limit: u64, input: Bytes) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 20_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(to),
        value: U256::ONE,
        input,
        ..TxEip1559::default()
    }
}

/// A plain transfer of the sender with this number.
pub(crate) fn transfer(number: u64, nonce: u64) -> Bytes {
    signed(number, call(nonce, Address::repeat_byte(0x77), 21_000, Bytes::new()))
}

/// A block of a chain that has none.
pub(crate) fn draft(transactions: Vec<Bytes>) -> RollupDraft {
    RollupDraft { beneficiary: Address::repeat_byte(0xfe), timestamp: START + 1, transactions }
}

/// The block, so many seconds later.
pub(crate) fn later(draft: RollupDraft, seconds: u64) -> RollupDraft {
    RollupDraft { timestamp: draft.timestamp + seconds, ..draft }
}

/// What a run takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// Instructions.
    pub(crate) cycles: u64,
    /// Cycle equivalents, each page counted once.
    pub(crate) equivalents: f64,
}

/// Runs the guest, as if one segment could hold everything.
pub(crate) fn take(guest: &Program, hints: &[u32]) -> Result<(Run, Taken), RunError> {
    let shape = Shape { name: "all", heights: [29; Table::COUNT] };
    let one_segment = SegmentLimits { cycles: u64::MAX, shapes: vec![shape] };
    let (run, metering) = meter(guest, hints, Options::default(), one_segment)?;
    let rows: f64 = Table::BESIDE_CYCLES
        .iter()
        .map(|table| metering.rows(*table) as f64 * table.cells_per_unit() / PLAIN_CELLS)
        .sum();
    let taken = Taken { cycles: run.cycles, equivalents: run.cycles as f64 + rows };
    Ok((run, taken))
}
