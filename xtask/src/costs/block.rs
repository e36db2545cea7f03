//! Blocks in memory, and what the guest takes for them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use alloy_consensus::{Header, SignableTransaction, TxEip1559, proofs};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002, eip7251,
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use ashlar_primitives::{BlobEntry, ChainConfig};
use ashlar_stf::execute_batch;
use ashlar_vm::{Metering, Options, Program, Run, SegmentLimits, Shape, Table, meter};
use ashlar_witness::{Chain, GenesisAccount, HashKey, batch_hints};
use eyre::{WrapErr, ensure, eyre};
use k256::ecdsa::SigningKey;

use super::sample::Sample;

/// A genesis allocation.
pub(crate) type Accounts = BTreeMap<Address, GenesisAccount>;

/// Most gas of a transaction (EIP-7825).
pub(super) const TRANSACTION_GAS_MAX: u64 = 1 << 24;

/// Gas limit of the blocks: room for the block with the most transactions.
const BLOCK_GAS: u64 = 200_000_000;

/// Seconds between blocks.
const BLOCK_SECONDS: u64 = 12;

/// The contract that a case's transaction calls.
pub(crate) const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");

/// Blobs per block, target then most, and the update fraction (EIP-7691).
const BLOBS: (u16, u16, u64) = (6, 9, 5_007_716);

/// Everything that decides a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Accounts beside the system contracts and the funded senders.
    pub(super) accounts: Accounts,
    /// Signed transactions.
    pub(super) transactions: Vec<Bytes>,
    /// RLP withdrawals.
    pub(super) withdrawals: Vec<Bytes>,
    /// What PREVRANDAO yields.
    pub(super) prevrandao: u64,
    /// Empty blocks between genesis and this block.
    pub(super) ancestors: u64,
}

/// Key of the sender with this number: the hash of a seed, known to everyone.
pub(super) fn key(number: u64) -> SigningKey {
    let seed = keccak256(format!("ashlar costs sender {number}"));
    SigningKey::from_slice(seed.as_slice()).expect("a hash of a fixed seed that is below the curve's order")
}

/// Address of a key.
pub(super) fn address_of(key: &SigningKey) -> Address {
    Address::from_public_key(key.verifying_key())
}

/// An account that can pay.
pub(super) fn funded() -> GenesisAccount {
    GenesisAccount { balance: U256::from(10).pow(U256::from(24)), ..GenesisAccount::default() }
}

/// An account with this code.
pub(super) fn contract(code: impl Into<Bytes>) -> GenesisAccount {
    GenesisAccount { nonce: 1, code: code.into(), ..GenesisAccount::default() }
}

/// Signs a hash: deterministic (RFC 6979), low s.
pub(super) fn sign(key: &SigningKey, hash: B256) -> eyre::Result<Signature> {
    let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice())?;
    Ok(Signature::from((signature, recovery)))
}

/// Signs a transaction.
pub(super) fn signed<T>(key: &SigningKey, transaction: T) -> eyre::Result<Bytes>
where
    T: SignableTransaction<Signature>,
    alloy_consensus::Signed<T>: Encodable2718,
{
    let signature = sign(key, transaction.signature_hash())?;
    Ok(transaction.into_signed(signature).encoded_2718().into())
}

/// A transaction with as much gas as there may be, to be completed.
pub(super) fn draft(nonce: u64, to: TxKind) -> TxEip1559 {
    TxEip1559 {
        chain_id: 1,
        nonce,
        gas_limit: TRANSACTION_GAS_MAX,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1,
        to,
        ..TxEip1559::default()
    }
}

impl Block {
    /// A block with one transaction, which calls [`CONTRACT`] with this code.
    pub(super) fn calling(mut accounts: Accounts, code: Vec<u8>, input: Bytes) -> eyre::Result<Self> {
        let account = accounts.entry(CONTRACT).or_default();
        account.nonce = 1;
        account.code = code.into();
        account.balance = U256::from(10).pow(U256::from(20));
        let transaction = TxEip1559 { input, ..draft(0, CONTRACT.into()) };
        Ok(Self { accounts, transactions: vec![signed(&key(0), transaction)?], ..Self::default() })
    }

    fn genesis(&self) -> Accounts {
        let mut accounts = self.accounts.clone();
        accounts.entry(address_of(&key(0))).or_insert_with(funded);
        for (address, code) in [
            (BEACON_ROOTS_ADDRESS, &BEACON_ROOTS_CODE),
            (HISTORY_STORAGE_ADDRESS, &HISTORY_STORAGE_CODE),
            (eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE),
            (
                eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
                &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE,
            ),
        ] {
            accounts.insert(address, contract(code.clone()));
        }
        accounts
    }
}

/// Rules of the measured blocks: Osaka from the start.
fn config() -> ChainConfig {
    let (target, max, update_fraction) = BLOBS;
    ChainConfig {
        chain_id: 1,
        cancun: 0,
        prague: 0,
        osaka: 0,
        deposit_contract: Address::ZERO,
        blob_schedule: vec![BlobEntry { activation: 0, target, max, update_fraction }],
    }
}

fn genesis_header() -> Header {
    Header {
        gas_limit: BLOCK_GAS,
        // The base fee stays where it is.
        gas_used: BLOCK_GAS / 2,
        base_fee_per_gas: Some(7),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        withdrawals_root: Some(proofs::calculate_withdrawals_root(&[])),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        timestamp: BLOCK_SECONDS,
        ..Header::default()
    }
}

fn header_draft(number: u64, prevrandao: u64) -> Header {
    Header {
        beneficiary: address!("000000000000000000000000000000000000fee0"),
        gas_limit: BLOCK_GAS,
        timestamp: BLOCK_SECONDS * (number + 1),
        mix_hash: U256::from(prevrandao).into(),
        parent_beacon_block_root: Some(B256::repeat_byte(0xbe)),
        ..Header::default()
    }
}

/// One segment for everything, so that each page counts once.
fn one_segment() -> SegmentLimits {
    let shape = Shape { name: "all", heights: [29; Table::COUNT] };
    SegmentLimits { cycles: u64::MAX, shapes: vec![shape] }
}

/// Runs blocks in the guest, each different one once.
pub(super) struct Bench {
    program: Program,
    known: Mutex<HashMap<B256, Sample>>,
}

/// The key of the maps of all runs: under another one other entries collide, which is no difference of operations.
fn hash_key() -> HashKey {
    HashKey::of(b"costs of operations")
}

impl Bench {
    /// A bench for the guest with this ELF.
    pub(super) fn new(elf: &[u8]) -> eyre::Result<Self> {
        let program = Program::from_elf(elf).map_err(|error| eyre!("the guest does not load: {error}"))?;
        Ok(Self { program, known: Mutex::default() })
    }

    /// Executes a block natively and in the guest, compares, and returns what it takes. A transaction that does not
    /// succeed is an error: what it cost would not be the cost of what the case names.
    pub(super) fn sample(&self, block: &Block) -> eyre::Result<Sample> {
        let mut chain = Chain::new(config(), block.genesis(), genesis_header())?;
        for number in 1..=block.ancestors {
            chain.make(header_draft(number, 0), Vec::new(), Vec::new())?;
        }
        let header = header_draft(block.ancestors + 1, block.prevrandao);
        let made = chain
            .make(header, block.transactions.clone(), block.withdrawals.clone())
            .wrap_err("the block is not valid")?;
        for (index, receipt) in made.outcome.receipts.iter().enumerate() {
            ensure!(receipt.status(), "transaction {index} did not succeed");
        }
        let input = made.pruned()?.borrow().encode()?;
        let id = keccak256(&input);
        if let Some(sample) = self.known().get(&id) {
            return Ok(*sample);
        }
        let (run, metering) = self.run(&input)?;
        let sample = Sample::of(made.outcome.gas_used, &run, &metering);
        self.known().insert(id, sample);
        Ok(sample)
    }

    fn run(&self, input: &[u8]) -> eyre::Result<(Run, Metering)> {
        let expected = execute_batch(input)?.hash();
        let (run, metering) =
            meter(&self.program, &batch_hints(input, &hash_key()), Options::default(), one_segment())?;
        ensure!(
            run.exit.code == 0,
            "the guest stopped with code {}: {}",
            run.exit.code,
            run.exit.log.trim_end()
        );
        ensure!(run.committed == [expected.0], "the guest committed another output than native execution");
        ensure!(metering.segments.len() == 1, "the run does not fit one segment");
        Ok((run, metering))
    }

    /// Mean cells of the instructions of a block that are no calls.
    #[cfg(test)]
    pub(super) fn plain_cells_per_cycle(&self, block: &Block) -> eyre::Result<f64> {
        let mut chain = Chain::new(config(), block.genesis(), genesis_header())?;
        let made = chain.make(header_draft(1, 0), block.transactions.clone(), Vec::new())?;
        let (run, metering) = self.run(&made.pruned()?.borrow().encode()?)?;
        let weighted = Table::BESIDE_CYCLES;
        let cells = |table: &Table| metering.rows(*table) as f64 * table.cells_per_unit();
        let cells: f64 = Table::ALL.iter().filter(|table| !weighted.contains(table)).map(cells).sum();
        Ok(cells / run.cycles as f64)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<B256, Sample>> {
        // A panicking thread leaves the map whole: it is changed by one insertion.
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
