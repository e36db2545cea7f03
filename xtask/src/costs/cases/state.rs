//! Storage and other accounts.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use ashlar_witness::GenesisAccount;

use super::super::asm::{CODE_BYTES_MAX, Code, op};
use super::super::block::{Accounts, CONTRACT};
use super::super::case::{Case, Operation, Outputs};
use super::{CALLEE, NUMBERED, PLAIN, callee, calls, many_accounts, many_codes, plain, push_numbered, words};

/// Slots or accounts of the tries: one level of branches apart, so that the difference is the cost of a level.
const SIZES: [u64; 2] = [4_096, 65_536];

/// Iterations of what reads a slot or account each.
const READS: u64 = 512;

/// Iterations of what writes a slot each: as many as the gas of a transaction allows for new ones.
const WRITES: u64 = 256;

/// Iterations of what loads a code of the greatest size each.
const CODES: u64 = 24;

/// First slot that no genesis state has.
const ABSENT: u64 = 1 << 40;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = transient();
    cases.extend(warm_storage());
    for size in SIZES {
        cases.extend(cold_storage(size));
        cases.extend(cold_accounts(size));
    }
    cases.extend(warm_accounts());
    for (variant, fill) in [("JUMPDESTs", op::JUMPDEST), ("PUSH1s", op::PUSH1), ("zeros", op::STOP)] {
        cases.extend(cold_codes(variant, fill));
    }
    cases
}

/// [`CONTRACT`] with slots 1 to `count`, of full size.
fn storage(count: u64) -> Accounts {
    let value = |slot| U256::ONE << 255 | U256::from(slot);
    let storage: BTreeMap<_, _> = (0..=count).map(|slot| (U256::from(slot), value(slot))).collect();
    Accounts::from([(CONTRACT, GenesisAccount { storage, ..GenesisAccount::default() })])
}

/// The counter as slot, and as the value above it.
fn counter_twice() -> Code {
    Code::new().op(&[op::DUP1, op::DUP1])
}

/// A slot that differs with the counter and is absent, above the counter as value.
fn absent_slot() -> Code {
    Code::new().op(&[op::DUP1, op::DUP1]).push(ABSENT).op(&[op::ADD])
}

fn transient() -> Vec<Case> {
    // An empty map answers without hashing.
    let load = |variant: &str, setup| {
        Operation::opcode("TLOAD", variant, op::TLOAD)
            .gas(100)
            .iterations(2_000)
            .setup(setup, 1)
            .outputs(Outputs::Popped(1))
            .prologue(Code::new().push(1).push(7).op(&[op::TSTORE]))
            .case()
    };
    vec![
        load("same slot", Code::new().push(7)),
        load("different slots", Code::new().op(&[op::DUP1])),
        Operation::opcode("TSTORE", "same slot", op::TSTORE)
            .gas(100)
            .setup(Code::new().op(&[op::DUP1]).push(7), 2)
            .case(),
        Operation::opcode("TSTORE", "different slots", op::TSTORE)
            .gas(100)
            .iterations(2_000)
            .setup(counter_twice(), 2)
            .case(),
    ]
}

fn warm_storage() -> Vec<Case> {
    vec![
        Operation::opcode("SLOAD", "warm", op::SLOAD)
            .gas(100)
            .setup(Code::new().push(0), 1)
            .outputs(Outputs::Popped(1))
            .accounts(|| Ok(storage(0)))
            .case(),
        Operation::opcode("SSTORE", "warm, changed before", op::SSTORE)
            .gas(100)
            .setup(Code::new().op(&[op::DUP1]).push(0), 2)
            .accounts(|| Ok(storage(0)))
            .prologue(Code::new().push(1).push(0).op(&[op::SSTORE]))
            .case(),
    ]
}

fn cold_storage(size: u64) -> Vec<Case> {
    let load = |variant: &str, setup| {
        Operation::opcode("SLOAD", &format!("cold, {variant} of {size} slots"), op::SLOAD)
            .gas(2_100)
            .iterations(READS)
            .setup(setup, 1)
            .outputs(Outputs::Popped(1))
            .accounts(move || Ok(storage(size)))
            .case()
    };
    let store = |variant: &str, setup| {
        Operation::opcode("SSTORE", &format!("cold, {variant} {size} slots"), op::SSTORE)
            .iterations(WRITES)
            .setup(setup, 2)
            .accounts(move || Ok(storage(size)))
    };
    let same = Code::new().op(&[op::DUP1]).push_word(U256::ONE << 255).op(&[op::ADD, op::DUP2]);
    vec![
        load("one", Code::new().op(&[op::DUP1])),
        load("none", Code::new().op(&[op::DUP1]).push(ABSENT).op(&[op::ADD])),
        store("to the same value, one of", same).gas(2_200).case(),
        store("to another value, one of", counter_twice()).gas(5_000).case(),
        store("from zero, beside", absent_slot()).gas(22_100).case(),
        // The gas is what is left after the refund, which is at most a fifth of the transaction's.
        store("to zero, one of", Code::new().op(&[op::PUSH0, op::DUP2])).case(),
    ]
}

fn cold_accounts(size: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode) in [("BALANCE", 0x31), ("EXTCODESIZE", 0x3b), ("EXTCODEHASH", 0x3f)] {
        for (variant, count) in [("one of", size), ("none of", 0)] {
            // Where none is to be found, other accounts stand around the paths that are looked up.
            let skipped = if count == 0 { ABSENT } else { 0 };
            let setup = push_numbered().push(skipped).op(&[op::ADD]);
            let case = Operation::opcode(name, &format!("cold, {variant} {size} accounts"), opcode)
                .gas(2_600)
                .iterations(READS)
                .setup(setup, 1)
                .outputs(Outputs::Popped(1))
                .accounts(move || Ok(many_accounts(size)));
            cases.push(case.case());
        }
    }
    cases
}

fn warm_accounts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode) in [("BALANCE", 0x31), ("EXTCODESIZE", 0x3b), ("EXTCODEHASH", 0x3f)] {
        let empty = Operation::opcode(name, "warm, without code", opcode).accounts(plain);
        let touch = Code::new().push_address(PLAIN).op(&[0x31, op::POP]);
        let empty = empty.prologue(touch).setup(Code::new().push_address(PLAIN), 1);
        cases.push(empty.gas(100).outputs(Outputs::Popped(1)).case());
        let code = Operation::opcode(name, "warm, 24 KiB of code", opcode)
            .accounts(|| Ok(callee(&Code::new().times(op::JUMPDEST, CODE_BYTES_MAX))));
        let touch = Code::new().push_address(CALLEE).op(&[0x31, op::POP]);
        let code = code.prologue(touch).setup(Code::new().push_address(CALLEE), 1);
        cases.push(code.gas(100).outputs(Outputs::Popped(1)).case());
    }
    cases
}

/// Each operation reads another code of the greatest size, for the same gas as an account without code.
fn cold_codes(content: &str, fill: u8) -> Vec<Case> {
    let accounts = move || Ok(many_codes(fill, 2 * CODES));
    let mut cases = Vec::new();
    for (name, opcode) in [("BALANCE", 0x31), ("EXTCODESIZE", 0x3b), ("EXTCODEHASH", 0x3f)] {
        let variant = format!("cold, 24 KiB of {content} each");
        let read = Operation::opcode(name, &variant, opcode).gas(2_600).iterations(CODES).accounts(accounts);
        cases.push(read.setup(push_numbered(), 1).outputs(Outputs::Popped(1)).case());
    }
    for size in [0, CODE_BYTES_MAX as u64] {
        let variant = format!("{size} bytes, cold, 24 KiB of {content} each");
        // Size, source and destination lie between the counter and the address.
        let setup = Code::new().push(size).push(0).push(0).op(&[op::DUP1 + 3]).push(NUMBERED).op(&[op::ADD]);
        let copy = Operation::opcode("EXTCODECOPY", &variant, op::EXTCODECOPY)
            .gas(2_600 + 3 * words(size))
            .iterations(CODES)
            .prologue(Code::new().push(CODE_BYTES_MAX as u64).op(&[op::MLOAD, op::POP]));
        cases.push(copy.setup(setup, 4).accounts(accounts).case());
    }
    cases.extend(calls::cold(&format!("cold, 24 KiB of {content} each"), CODES, accounts));
    cases
}
