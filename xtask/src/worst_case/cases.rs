//! Transactions that use their limit of proving cost up with one operation.

use std::collections::BTreeMap;

use alloy_consensus::{TxEip1559, TxEip7702};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{Address, Bytes, U256};
use ashlar_primitives::rollup::{RollupConfig, RollupInputOwned};
use ashlar_stf::rollup::RollupResult;
use ashlar_witness::GenesisAccount;
use eyre::{OptionExt, WrapErr, bail, ensure};

use crate::costs::{self, Accounts, CONTRACT, Code, Loop, op};
use crate::rollup::{self, CHAIN_ID, call, chain, draft, later, signature, signed};

/// Operations, with those of their measured inputs (`bench/results/opcodes.json`) that take most for their price and of which one
/// fits into the least limit: our name, theirs, the input. First what takes longest for its cost (`--plan`).
#[rustfmt::skip]
const OPERATIONS: [(&str, &str, &str); 43] = [
    ("mul", "MUL", "random"),
    ("calldatacopy", "CALLDATACOPY", "24000 bytes, unaligned"),
    ("shl", "SHL", "63"),
    ("swap", "SWAP1", ""),
    ("exp", "EXP", "random to 32 bytes of ones"),
    ("mulmod", "MULMOD", "modulo 129 bits (random)"),
    ("mcopy", "MCOPY", "100000 bytes, overlapping upwards"),
    ("mod", "MOD", "all ones by 129 bits (random)"),
    ("div", "DIV", "all ones by 129 bits (random)"),
    ("smod", "SMOD", "random by 160 bits (random)"),
    ("sdiv", "SDIV", "random by 160 bits (random)"),
    ("sha256", "SHA2-256 (0x02)", "10000 bytes"),
    ("point-evaluation", "POINT_EVALUATION (0x0a)", "valid proof"),
    ("addmod", "ADDMOD", "modulo 129 bits (lone bits)"),
    ("modexp", "MODEXP (0x05)", "base of 49 bytes, exponent of 1 (0xff), modulus of 49 (4/8 zeros below)"),
    ("bls12-pairing", "BLS12_PAIRING_CHECK (0x0f)", "1 pairs"),
    ("ripemd160", "RIPEMD-160 (0x03)", "10000 bytes"),
    ("keccak256", "KECCAK256", "32 bytes"),
    ("create2", "CREATE2", "48 KiB of JUMPDESTs"),
    ("bls12-g2add", "BLS12_G2ADD (0x0d)", "different points"),
    ("bls12-map-fp2", "BLS12_MAP_FP2_TO_G2 (0x11)", "random"),
    ("ecrecover", "ECRECOVER (0x01)", "valid signature 1"),
    ("bn254-mul", "BN254_MUL (0x07)", "random scalar"),
    ("bn254-pairing", "BN254_PAIRING (0x08)", "1 pairs"),
    ("bls12-g1add", "BLS12_G1ADD (0x0b)", "doubling"),
    ("bls12-map-fp", "BLS12_MAP_FP_TO_G1 (0x10)", "random"),
    ("log4", "LOG4", "0 bytes"),
    ("bls12-g1msm", "BLS12_G1MSM (0x0c)", "16 points, scalars random"),
    ("bls12-g2msm", "BLS12_G2MSM (0x0e)", "1 points, scalars random"),
    ("p256verify", "P256VERIFY (0x100)", "valid signature 2"),
    ("sload-warm", "SLOAD", "warm"),
    ("bn254-add", "BN254_ADD (0x06)", "doubling"),
    ("call", "CALL", "cold, 24 KiB of JUMPDESTs each"),
    ("extcodecopy", "EXTCODECOPY", "0 bytes, cold, 24 KiB of JUMPDESTs each"),
    ("jumpdest", "JUMPDEST", ""),
    ("tstore", "TSTORE", "different slots"),
    ("sstore", "SSTORE", "cold, from zero, beside 65536 slots"),
    ("blake2f", "BLAKE2F (0x09)", "1000 rounds"),
    ("sstore-warm", "SSTORE", "warm, changed before"),
    ("sload", "SLOAD", "cold, one of 65536 slots"),
    ("balance", "BALANCE", "cold, one of 65536 accounts"),
    ("identity", "IDENTITY (0x04)", "1000 bytes"),
    ("selfdestruct", "SELFDESTRUCT", "new beneficiary"),
];

/// Of these, some that take a multiplication modulo 384 bits in turn: no operation has that, Keccak, and the curve of signatures, and
/// a shape of segments without one of the three would end a segment after each.
#[rustfmt::skip]
const BESIDE_WIDE: [(&str, &str, &str); 4] = [
    ("wide-keccak", "KECCAK256", "32 bytes"),
    ("wide-keccak-long", "KECCAK256", "100000 bytes"),
    ("wide-ecrecover", "ECRECOVER (0x01)", "valid signature 1"),
    ("wide-bn254", "BN254_ADD (0x06)", "doubling"),
];

/// Accounts with ether: more than the reference has transfers.
const SENDERS: u64 = 128;

/// Blocks before the one that asks for their hashes.
const ANCESTORS: u64 = 256;

/// Iterations of a loop that should fit, so that the last one ends near the limit.
const ITERATIONS_MIN: u64 = 32;

/// Tries to find how often something fits.
const TRIES: usize = 24;

/// A transaction that can be made larger.
pub(super) struct Case {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) about: String,
    work: Work,
}

enum Work {
    /// A contract's loop, in a block after so many.
    Loop { of: Box<Loop>, ancestors: u64 },
    /// A transaction that has something this many times.
    Transaction(fn(u64) -> Bytes),
}

/// How large a transaction is.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Operations in a row.
    unroll: usize,
    /// Iterations, or things that a transaction has.
    count: u64,
    /// MULMODs, which take what is left for less than one more of the operation.
    rest: u64,
}

/// A batch of one block.
pub(super) struct Batch {
    pub(super) input: RollupInputOwned,
    /// Proving cost of its transactions.
    pub(super) transactions_cost: u64,
}

/// All cases, about in the order of the time that they take.
pub(super) fn all() -> eyre::Result<Vec<Case>> {
    let loops = costs::loops()?;
    let find = |operation: &str, variant: &str| {
        let of = loops.get(&(operation.to_owned(), variant.to_owned()));
        of.cloned().ok_or_eyre(format!("{operation} with {variant} is not measured"))
    };
    let about = |operation, variant| [operation, variant].join(": ").trim_end_matches(": ").to_owned();
    let mut cases = Vec::with_capacity(OPERATIONS.len() + BESIDE_WIDE.len() + 4);
    for (name, operation, variant) in OPERATIONS {
        let of = Box::new(find(operation, variant)?);
        let about = about(operation, variant);
        cases.push(Case { name, about, work: Work::Loop { of, ancestors: 0 } });
    }
    for (name, operation, variant) in BESIDE_WIDE {
        let (prologue, code) = wide();
        let of = Box::new(find(operation, variant)?.followed_by(&prologue, &code));
        let about = format!("{}, and MODEXP of 384 bits in turn", about(operation, variant));
        cases.push(Case { name, about, work: Work::Loop { of, ancestors: 0 } });
    }
    // The hash of the block whose number is as much lower as the counter's last byte says.
    let hash = Code::new().op(&[op::DUP1]).push(0xff).op(&[AND, NUMBER, op::SUB, BLOCKHASH, op::POP]);
    cases.push(Case {
        name: "blockhash",
        about: format!("BLOCKHASH: of {ANCESTORS} blocks"),
        work: Work::Loop { of: Box::new(Loop::new(hash)), ancestors: ANCESTORS },
    });
    for (name, about, make) in [
        ("signatures", "transaction: authorizations (EIP-7702)", authorizations as fn(u64) -> Bytes),
        ("bytes", "transaction: bytes of input", input_bytes),
        ("access-list", "transaction: slots of an access list (EIP-2930)", access_list),
    ] {
        cases.push(Case { name, about: about.to_owned(), work: Work::Transaction(make) });
    }
    Ok(cases)
}

// Opcodes that the measured code does not name (yellow paper, appendix H).
const MULMOD: u8 = 0x09;
const AND: u8 = 0x16;
const BLOCKHASH: u8 = 0x40;
const NUMBER: u8 = 0x43;

/// The rules under which a transaction may cost this much, and a batch as little more as may be (specification 014).
fn config(limit: u64) -> RollupConfig {
    RollupConfig { transaction_cost_limit: limit, batch_cost_limit: limit + (1 << 26), ..rollup::config() }
}

/// As many transfers as cost this much.
pub(super) fn transfers(limit: u64) -> eyre::Result<Batch> {
    let cost_of = |count| {
        let transactions = (0..count).map(|number| rollup::transfer(number, 0)).collect();
        let mut chain = chain(config(limit), Accounts::new(), SENDERS);
        let made = chain.make(&[draft(transactions)]).wrap_err("the transfers are refused")?;
        let transactions_cost = made.blocks[0].transactions.iter().map(|result| result.usage.cost).sum();
        Ok::<_, eyre::Report>(Batch { input: made.input, transactions_cost })
    };
    let one = cost_of(1)?.transactions_cost;
    cost_of((limit / one).min(SENDERS))
}

impl Case {
    /// The batch whose only transaction is the largest that is not refused.
    pub(super) fn batch(&self, limit: u64) -> eyre::Result<Batch> {
        self.try_batch(limit).wrap_err_with(|| self.name)
    }

    fn try_batch(&self, limit: u64) -> eyre::Result<Batch> {
        let mut size = Size { unroll: 1, count: 1, rest: 0 };
        if let Work::Loop { of, .. } = &self.work {
            let (one, two) = (self.cost(size)?, self.cost(Size { count: 2, ..size })?);
            let most = (limit / ITERATIONS_MIN) / two.saturating_sub(one).max(1);
            size.unroll = of.unroll().min(usize::try_from(most)?).max(1);
        }
        size.count = largest(1, limit, |count| self.cost(Size { count, ..size }))?;
        if matches!(self.work, Work::Loop { .. }) {
            size.rest = largest(0, limit, |rest| self.cost(Size { rest, ..size }))?;
        }
        let (input, result) = self.make(config(limit), size)?;
        Ok(Batch { input, transactions_cost: result.usage.cost })
    }

    /// Cost of the transaction, where nothing limits it but gas.
    fn cost(&self, size: Size) -> eyre::Result<u64> {
        let (_, result) = self.make(config(1 << 39), size)?;
        ensure!(result.receipt.is_success(), "the transaction fails: {size:?}");
        Ok(result.usage.cost)
    }

    fn make(&self, config: RollupConfig, size: Size) -> eyre::Result<(RollupInputOwned, RollupResult)> {
        let (accounts, transaction, ancestors) = match &self.work {
            Work::Loop { of, ancestors } => {
                let accounts = of.genesis(size.unroll, size.count, &rest(size.rest))?;
                let call = call(0, CONTRACT, config.transaction_gas_limit, of.input().clone());
                (accounts, signed(0, call), *ancestors)
            }
            Work::Transaction(make) => (with_slots(), make(size.count), 0),
        };
        let mut chain = chain(config, accounts, SENDERS);
        let mut block = draft(vec![transaction]);
        if ancestors > 0 {
            let one = |number| later(draft(vec![rollup::transfer(1, number)]), number);
            let before: Vec<_> = (0..ancestors).map(one).collect();
            chain.make(&before).wrap_err("the blocks before are refused")?;
            block = later(block, ancestors);
        }
        let mut made = chain.make(&[block]).wrap_err("the transaction is refused")?;
        let results = made.blocks.pop().map(|block| block.transactions);
        let result = results.and_then(|mut results| results.pop()).ok_or_eyre("no result")?;
        Ok((made.input, result))
    }
}

/// A MODEXP whose base and modulus have 384 bits, the least that it can take, and what puts its input into memory.
fn wide() -> (Code, Code) {
    const INPUT: u64 = 0x40_000;
    let ones = U256::MAX;
    let words = [U256::from(48), U256::ONE, U256::from(48), ones >> 8, ones, ones, ones];
    let store = |code: Code, (word, place): (U256, u64)| code.push32(word).push(place).op(&[op::MSTORE]);
    let prologue = words.into_iter().zip((INPUT..).step_by(32)).fold(Code::new(), store);
    let call = Code::new().push(0).push(0).push(3 * 32 + 2 * 48 + 1).push(INPUT).push(5);
    (prologue, call.op(&[op::GAS, op::STATICCALL, op::POP]))
}

/// What a loop ends with: so many MULMODs with a modulus of 129 bits, which take most for their price.
fn rest(count: u64) -> Code {
    let factor = U256::from_be_bytes([0xab; 32]);
    let modulus = U256::ONE << 128 | factor >> 128;
    let body = Code::new().push32(modulus).push32(factor).op(&[op::DUP1, MULMOD, op::POP]);
    let code = if count == 0 { Code::new() } else { Code::new().repeat(count, &body) };
    code.op(&[op::STOP])
}

/// The largest count, from `least` on, that costs at most this much: each one more costs about the same.
fn largest(least: u64, limit: u64, cost: impl Fn(u64) -> eyre::Result<u64>) -> eyre::Result<u64> {
    let first = cost(least)?;
    ensure!(first <= limit, "{least} costs {first}, the limit is {limit}");
    let step = cost(least + 1)?.saturating_sub(first).max(1);
    let (mut best, mut count) = (least, least + (limit - first) / step);
    for _ in 0..TRIES {
        if count <= best {
            return Ok(best);
        }
        let cost = cost(count)?;
        if cost > limit {
            count -= ((cost - limit).div_ceil(step)).clamp(1, count - best);
        } else {
            best = count;
            count += (limit - cost) / step;
        }
    }
    bail!("found no size that uses the limit up")
}

/// [`CONTRACT`] with the slots that the access list names.
fn with_slots() -> Accounts {
    let storage: BTreeMap<_, _> = (0..4_096).map(|slot: u64| (U256::from(slot), U256::MAX)).collect();
    let account = GenesisAccount { nonce: 1, storage, ..Default::default() };
    Accounts::from([(CONTRACT, account)])
}

fn input_bytes(count: u64) -> Bytes {
    let input = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    signed(0, call(0, Address::repeat_byte(0x77), 1 << 24, input.into()))
}

fn access_list(count: u64) -> Bytes {
    let storage_keys = (0..count).map(|slot| U256::from(slot).into()).collect();
    let access_list = AccessList(vec![AccessListItem { address: CONTRACT, storage_keys }]);
    let transaction = call(0, Address::repeat_byte(0x77), 1 << 24, Bytes::new());
    signed(0, TxEip1559 { access_list, ..transaction })
}

/// Each is of another account.
fn authorizations(count: u64) -> Bytes {
    let list = (1..=count).map(|number| {
        let chain_id = U256::from(CHAIN_ID);
        let authorization = Authorization { chain_id, address: CONTRACT, nonce: 0 };
        let signature = signature(number, authorization.signature_hash());
        authorization.into_signed(signature)
    });
    let transaction = TxEip7702 {
        chain_id: CHAIN_ID,
        gas_limit: 1 << 24,
        max_fee_per_gas: 20_000_000_000,
        to: Address::repeat_byte(0x77),
        authorization_list: list.collect(),
        ..TxEip7702::default()
    };
    signed(0, transaction)
}
