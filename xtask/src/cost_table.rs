//! `cargo xtask cost-table`: the prices of the meter that rollups' consensus has (`specs/020-proving-cost.md`), made of what
//! `cargo xtask costs` has measured.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use alloy_primitives::Address;
use clap::Args;
use eyre::{OptionExt, WrapErr, ensure};
use revm::bytecode::{OpCode, opcode};
use serde::Deserialize;

use crate::mixes::{self, Priced, Worst};
use crate::{repository, worst_case};

/// Makes `crates/stf/src/rollup/cost_table.rs` of `bench/results/opcodes.json`, or checks that it comes from there.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Compare, writing nothing.
    #[arg(long)]
    check: bool,
}

/// What the meter itself takes for an instruction.
const METERING: f64 = 38.0;

/// What it takes more for an instruction that is metered by its gas and its memory.
const METERING_BY_GAS: f64 = 80.0;

/// What it takes more for one whose code is charged: it looks for the account, and into the set of codes that are paid for.
const METERING_BY_CODE: f64 = 900.0;

/// What reading a slot or account takes at most beyond what was measured, on a trie of some 65,536 entries: six more levels of full
/// branches, of which a fourth and a fifth were measured.
const DEEPER_READ: f64 = 6.0 * 3_500.0;

/// What writing it takes beyond that.
const DEEPER_WRITE: f64 = 6.0 * 4_100.0;

/// What an entry of the journal takes beyond what was measured, when its list has just been copied to a longer one, and when it is
/// taken back.
const JOURNAL: f64 = 800.0;

/// What hashing takes more when it begins at an odd place of memory: for each gas, and anyway.
const UNALIGNED_PER_GAS: f64 = 4.0;
const UNALIGNED: f64 = 100.0;

/// What copying takes more whose length is no number of words: its ends are copied byte by byte.
const COPIED_ENDS: f64 = 60.0;

/// Each word by which memory becomes longer: clearing it, copying it to a longer one, the first touch of its page.
const EXPANSION_WORD: u32 = 40;

/// Each byte of output: it is made, kept, and copied to the caller's memory, from an odd place to an odd place.
const RETURNED_BYTE: u32 = 4;

/// For each gas of MODEXP at least: with 49 to 56 bytes it takes a little more than with the lengths that are measured.
const MODEXP: u32 = 160;

/// Most that an instruction costs beside its base whose gas is by bytes. More than the work of each for as many as 2^24 gas
/// pays for, memory included.
const BYTES_MOST: u32 = 28_000_000;

/// Most by which an instruction passes the limit of a transaction (`specs/020-proving-cost.md`).
const OVERSHOOT: u64 = 1 << 25;

/// Words of memory that 2^24 gas pays for.
const MEMORY_WORDS: u64 = 92_000;

/// Bytes of the codes of the measured accounts that have any.
const CODE_BYTES: f64 = 24_576.0;

/// `BLOCKHASH` reads a slot of the history without gas for it, from a trie of at most 8,191.
const BLOCKHASH: u32 = 16_000;

#[derive(Deserialize)]
struct Measured {
    rows: Vec<Row>,
}

#[derive(Clone, Deserialize)]
struct Row {
    group: String,
    name: String,
    variant: String,
    gas: f64,
    equivalents: f64,
    /// Units of the tables, by their names.
    units: BTreeMap<String, f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Price {
    base: u32,
    free: u32,
    per_gas: u32,
    most: u32,
}

impl Price {
    /// Of an operation with this gas.
    fn of(&self, gas: f64) -> f64 {
        let beyond = (gas - f64::from(self.free)).max(0.0) * f64::from(self.per_gas);
        f64::from(self.base) + beyond.min(f64::from(self.most))
    }
}

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let root = repository::root();
    let measured: Measured =
        serde_json::from_str(&fs::read_to_string(root.join("bench/results/opcodes.json"))?)?;
    let made = table(&measured.rows)?;
    check_mixes(&measured.rows)?;
    let path = root.join("crates/stf/src/rollup/cost_table.rs");
    if arguments.check {
        ensure!(
            fs::read_to_string(&path).unwrap_or_default() == made,
            "{} is not what was measured: run `cargo xtask cost-table`",
            path.display()
        );
        println!("identical");
        return Ok(());
    }
    fs::write(&path, made).wrap_err_with(|| format!("writing {}", path.display()))
}

fn table(rows: &[Row]) -> eyre::Result<String> {
    let steps = steps(rows)?;
    check_steps(&steps)?;
    let mut out = String::from(
        "//! Prices of the meter. Made by `cargo xtask cost-table`; a change here is a change of the protocol.\n\n\
         use alloy_primitives::{Address, address};\n\n\
         /// Price of an instruction or a precompile, in cycle equivalents.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq)]\n\
         pub(super) struct Price {\n    /// Each time.\n    pub(super) base: u32,\n    \
         /// Gas that the base covers.\n    pub(super) free: u32,\n    \
         /// For each unit of gas beyond.\n    pub(super) per_gas: u32,\n    \
         /// Most that gas adds.\n    pub(super) most: u32,\n}\n\n",
    );
    for (name, doc, value) in parts(rows, &steps)? {
        writeln!(out, "/// {doc}\npub(super) const {name}: u64 = {value};\n")?;
    }
    out.push_str("const fn price(base: u32, free: u32, per_gas: u32, most: u32) -> Price {\n    Price { base, free, per_gas, most }\n}\n\n");
    out.push_str("/// Instructions, by opcode. What is no instruction ends its frame.\n#[rustfmt::skip]\n");
    out.push_str("pub(super) const STEPS: [Price; 256] = [\n");
    for code in 0..=u8::MAX {
        let name = OpCode::new(code).map_or("none", |op| op.as_str());
        let none = Price { base: 50, free: 0, per_gas: 0, most: 0 };
        let Price { base, free, per_gas, most } = steps.get(&code).copied().unwrap_or(none);
        writeln!(out, "    price({base}, {free}, {per_gas}, {most}), // {code:#04x} {name}")?;
    }
    out.push_str("];\n\n/// Price of a precompile; of any other address nothing.\n");
    out.push_str("pub(super) fn precompile_price(address: &Address) -> Price {\n    ");
    out.push_str(
        "PRECOMPILES.iter().find(|(of, _)| of == address).map_or(price(0, 0, 0, 0), |(_, price)| *price)\n}\n\n",
    );
    out.push_str("#[rustfmt::skip]\nconst PRECOMPILES: [(Address, Price); 18] = [\n");
    let precompiles = precompiles(rows)?;
    ensure!(precompiles.len() == 18, "{} precompiles", precompiles.len());
    for (address, (name, price)) in precompiles {
        let hex = hex::encode(address);
        writeln!(
            out,
            "    (address!(\"{hex}\"), price({}, 0, {}, {})), // {name}",
            price.base, price.per_gas, price.most
        )?;
    }
    out.push_str("];\n");
    Ok(out)
}

/// Checks that no instruction passes a transaction's limit by more than is said, with the memory and the code that it may need.
fn check_steps(steps: &BTreeMap<u8, Price>) -> eyre::Result<()> {
    let beside = MEMORY_WORDS * u64::from(EXPANSION_WORD) + 1_000_000;
    for (code, price) in steps {
        let most = u64::from(price.base) + u64::from(price.most) + beside;
        ensure!(most <= OVERSHOOT, "{code:#04x} costs up to {most} at once");
    }
    Ok(())
}

/// Checks that no two operations in turn take more segments than time is promised for.
fn check_mixes(rows: &[Row]) -> eyre::Result<()> {
    let (steps, precompiles) = (steps(rows)?, precompiles(rows)?);
    let mut priced = Vec::with_capacity(rows.len());
    for row in rows {
        let price = match row.group.as_str() {
            "opcode" => {
                Some(row.code()?).filter(|code| row.has_own_price(*code)).and_then(|code| steps.get(&code))
            }
            "precompile" => precompiles.get(&row.address()?).map(|(_, price)| price),
            _ => None,
        };
        let label = [row.name.as_str(), &row.variant].join(" ");
        priced.extend(price.map(|price| Priced::new(label, price.of(row.gas), &row.units)));
    }
    let Worst { share, names: [one, two], part } =
        mixes::worst(&priced).ok_or_eyre("nothing was measured")?;
    let percent = 100.0 * part;
    println!(
        "most that two operations take in turn: {share:.2} of the promise: {one} ({percent} % of the price), {two}"
    );
    ensure!(share <= worst_case::SLACK, "this is more than the slack of {}", worst_case::SLACK);
    Ok(())
}

impl Row {
    /// The instruction that it measures.
    fn code(&self) -> eyre::Result<u8> {
        // revm has the old name.
        let name = if self.name == "PREVRANDAO" { "DIFFICULTY" } else { &self.name };
        let code = (0..=u8::MAX).find(|code| OpCode::new(*code).is_some_and(|op| op.as_str() == name));
        code.ok_or_eyre(self.name.clone())
    }

    /// The precompile that it measures.
    fn address(&self) -> eyre::Result<Address> {
        let (_, number) = self.name.split_once(" (0x").ok_or_eyre("the address of a precompile")?;
        let number = u64::from_str_radix(number.trim_end_matches(')'), 16)?;
        Ok(Address::left_padding_from(&number.to_be_bytes()))
    }

    /// Whether it is charged by the instruction's own price alone: code is charged by its bytes, memory by its words, and what a deep
    /// stack of frames takes with the level.
    fn has_own_price(&self, code: u8) -> bool {
        let of_code =
            self.variant.contains("24 KiB of") && code != opcode::BALANCE && code != opcode::EXTCODEHASH;
        let of_memory = self.variant == "24576 bytes" && self.gas < 0.5;
        let expands = self.variant.contains("expanding");
        !of_code && !of_memory && !expands && !self.variant.contains("recursion")
    }
}

/// Prices of instructions.
fn steps(rows: &[Row]) -> eyre::Result<BTreeMap<u8, Price>> {
    let mut by_code: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.group == "opcode") {
        let code = row.code()?;
        if row.has_own_price(code) {
            by_code.entry(code).or_default().push(row.clone());
        }
    }
    let mut prices: BTreeMap<u8, Price> =
        by_code.into_iter().map(|(code, rows)| (code, metered(code, instruction(code, &rows)))).collect();
    let blockhash = prices.get_mut(&opcode::BLOCKHASH).ok_or_eyre("BLOCKHASH was measured")?;
    blockhash.base = blockhash.base.max(BLOCKHASH);
    // A level of recursion, with what a deep stack of frames takes.
    let level = rows.iter().filter(|row| row.variant.contains("recursion"));
    let level = ceil(level.map(|row| row.equivalents).fold(0.0, f64::max));
    for code in [opcode::CALL, opcode::CALLCODE, opcode::DELEGATECALL, opcode::STATICCALL] {
        let price = prices.get_mut(&code).ok_or_eyre("an opcode")?;
        price.base = price.base.max(level);
    }
    Ok(prices)
}

/// A price with what metering by gas takes, if it has a rate, and by code, if it looks at one.
fn metered(code: u8, price: Price) -> Price {
    let by_gas = if price.per_gas == 0 { 0.0 } else { METERING_BY_GAS };
    let by_code =
        if matches!(code, opcode::EXTCODESIZE | opcode::EXTCODECOPY) { METERING_BY_CODE } else { 0.0 };
    Price { base: price.base + ceil(by_gas + by_code), ..price }
}

/// The smallest base and rate that cover all rows: the base those that have no more gas than the cheapest one.
fn instruction(code: u8, rows: &[Row]) -> Price {
    let cost = |row: &Row| row.equivalents + METERING + deeper(code, row);
    let free = rows.iter().map(|row| row.gas).fold(f64::INFINITY, f64::min);
    match code {
        opcode::KECCAK256
        | opcode::CALLDATACOPY
        | opcode::CODECOPY
        | opcode::RETURNDATACOPY
        | opcode::MCOPY
        | opcode::LOG0..=opcode::LOG4 => return by_bytes(code, free, rows, cost),
        // The gas of the row that jumps is also that of where it arrives.
        opcode::JUMPI => {
            let base = rows.iter().map(cost).fold(0.0, f64::max);
            return Price { base: ceil(base), free: ceil(free), per_gas: 0, most: 0 };
        }
        // A rate only so that they are metered by what memory becomes longer.
        opcode::MLOAD | opcode::MSTORE | opcode::MSTORE8 | opcode::RETURN | opcode::REVERT => {
            let base = rows.iter().map(cost).fold(0.0, f64::max);
            return Price { base: ceil(base), free: ceil(free), per_gas: 1, most: 0 };
        }
        _ => {}
    }
    let journal = if matches!(code, opcode::SSTORE | opcode::TSTORE) { JOURNAL } else { 0.0 };
    let base = rows.iter().filter(|row| row.gas < free + 0.5).map(cost).fold(0.0, f64::max) + journal;
    let more = rows.iter().filter(|row| row.gas >= free + 0.5);
    let rate = more.map(|row| (cost(row) - base).max(0.0) / (row.gas - free)).fold(0.0, f64::max);
    let most = rows.iter().map(|row| cost(row) - base).fold(0.0, f64::max);
    let most = most_of(code, ceil(rate), ceil(most));
    Price { base: ceil(base), free: ceil(free), per_gas: ceil(rate), most }
}

/// Most that gas adds to an instruction whose gas is not by bytes: the rate for the most that it can take.
fn most_of(code: u8, rate: u32, measured: u32) -> u32 {
    use opcode::{CALL, CALLCODE, CREATE, CREATE2, DELEGATECALL, EXTCODECOPY, SELFDESTRUCT, SLOAD, SSTORE};
    rate * match code {
        // 32 bytes of exponent.
        opcode::EXP => 1_600,
        opcode::BALANCE | opcode::EXTCODESIZE | opcode::EXTCODEHASH => 2_500,
        SLOAD => 2_000,
        // Account, delegate, value, a new account.
        CALL | CALLCODE | DELEGATECALL | opcode::STATICCALL => 2_500 + 2_600 + 9_000 + 25_000,
        // 49,152 bytes of initialisation code, and their hash.
        CREATE => 1_536 * 2,
        CREATE2 => 1_536 * (2 + 6),
        SELFDESTRUCT => 2_600 + 25_000,
        EXTCODECOPY => return BYTES_MOST,
        // The gas of a new slot is for its place in the state, not for work.
        SSTORE => return measured,
        _ => 0,
    }
}

/// Of an instruction whose gas is by its bytes: a rate that covers many bytes, and a base that covers few.
fn by_bytes(code: u8, free: f64, rows: &[Row], cost: impl Fn(&Row) -> f64) -> Price {
    let (unaligned, per_gas) = match code {
        opcode::KECCAK256 => (UNALIGNED, UNALIGNED_PER_GAS),
        opcode::LOG0..=opcode::LOG4 => (0.0, 0.0),
        _ => (COPIED_ENDS, 0.0),
    };
    let many = rows.iter().filter(|row| row.gas - free > 50.0 && !row.variant.starts_with("32 bytes"));
    let rate = many.map(|row| cost(row) / (row.gas - free)).fold(0.0, f64::max) + per_gas;
    let rate = rate.ceil();
    let base = rows.iter().map(|row| cost(row) + unaligned - rate * (row.gas - free)).fold(0.0, f64::max);
    Price { base: ceil(base), free: ceil(free), per_gas: ceil(rate), most: BYTES_MOST }
}

/// What a deeper trie adds to a row.
fn deeper(code: u8, row: &Row) -> f64 {
    use opcode::{BALANCE, CALL, CALLCODE, CREATE, CREATE2, DELEGATECALL, EXTCODECOPY, EXTCODEHASH};
    use opcode::{EXTCODESIZE, SELFDESTRUCT, SLOAD, SSTORE, STATICCALL};
    let is_cold = row.variant.contains("cold");
    let writes = match code {
        SSTORE => is_cold && !row.variant.contains("same value"),
        CALL => row.variant.contains("with value"),
        CREATE | CREATE2 | SELFDESTRUCT => true,
        _ => false,
    };
    let reads = match code {
        SLOAD | SSTORE | BALANCE | EXTCODESIZE | EXTCODECOPY | EXTCODEHASH | CALL | CALLCODE
        | DELEGATECALL | STATICCALL => is_cold,
        CREATE | CREATE2 | SELFDESTRUCT => true,
        _ => false,
    };
    f64::from(u8::from(reads)) * DEEPER_READ + f64::from(u8::from(writes)) * DEEPER_WRITE
}

/// Prices of precompiles, by address: the rate covers every row alone, the base is what a call without gas takes.
fn precompiles(rows: &[Row]) -> eyre::Result<BTreeMap<Address, (String, Price)>> {
    let mut prices = BTreeMap::new();
    for row in rows.iter().filter(|row| row.group == "precompile") {
        let name = row.name.split(" (0x").next().unwrap_or_default();
        let (_, price) = prices
            .entry(row.address()?)
            .or_insert_with(|| (name.to_owned(), Price { base: 1_000, free: 0, per_gas: 0, most: u32::MAX }));
        if row.gas < 0.5 {
            price.base = price.base.max(ceil(row.equivalents));
        } else {
            price.per_gas = price.per_gas.max(ceil(row.equivalents / row.gas));
        }
        if row.name.starts_with("MODEXP") {
            price.per_gas = price.per_gas.max(MODEXP);
        }
    }
    Ok(prices)
}

/// Prices of the parts of a transaction.
fn parts(rows: &[Row], steps: &BTreeMap<u8, Price>) -> eyre::Result<Vec<(&'static str, &'static str, u32)>> {
    let worst = |group: &str, name: &str| {
        let of = rows.iter().filter(|row| row.group == group && row.name == name);
        of.max_by(|a, b| a.equivalents.total_cmp(&b.equivalents)).ok_or_eyre(name.to_owned())
    };
    let transfer = worst("transaction", "transfer")?.equivalents;
    let byte =
        rows.iter().filter(|row| row.name == "calldata").map(|row| row.equivalents).fold(0.0, f64::max);
    let creation = worst("transaction", "creation")?.equivalents - transfer;
    let byte = byte.max(creation / (2.0 * CODE_BYTES));
    let authorization = worst("transaction", "EIP-7702 authorization")?.equivalents;
    let code = worst("opcode", "CALL")?.equivalents / CODE_BYTES;
    let entry = [opcode::SLOAD, opcode::BALANCE].iter().filter_map(|code| steps.get(code));
    let entry = entry.map(|price| price.most).max().ok_or_eyre("SLOAD was measured")?;
    let memory = |variant: &str| {
        let of = rows.iter().filter(|row| row.name == "MLOAD" && row.variant.contains(variant));
        of.map(|row| row.equivalents).fold(0.0, f64::max)
    };
    let expansion = memory("expanding") - memory("aligned");
    Ok(vec![
        (
            "TRANSACTION",
            "Each transaction: bytes of a transfer, its sender, both accounts, its receipt.",
            // Sender, recipient and beneficiary are read and written, and the account is read that the recipient delegates to.
            ceil(transfer + 4.0 * DEEPER_READ + 3.0 * DEEPER_WRITE),
        ),
        (
            "TRANSACTION_BYTE",
            "Each byte of a transaction; the code of one that creates is analysed.",
            ceil(byte),
        ),
        (
            "AUTHORIZATION",
            "Each authorization of a transaction (EIP-7702).",
            ceil(authorization + DEEPER_READ + DEEPER_WRITE),
        ),
        (
            "ACCESS_ENTRY",
            "Each account and each slot of an access list (EIP-2930), whose first use has no gas.",
            entry,
        ),
        ("CODE_BYTE", "Each byte of a code, the first time in a transaction: hash and analysis.", ceil(code)),
        ("EXPANSION", "Each time that memory becomes longer.", ceil(expansion)),
        ("EXPANSION_WORD", "Each word by which it does.", EXPANSION_WORD),
        ("RETURNED_BYTE", "Each byte that a frame or a precompile returns.", RETURNED_BYTE),
    ])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "costs are small and positive")]
fn ceil(value: f64) -> u32 {
    value.ceil() as u32
}
