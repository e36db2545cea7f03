//! Cycles of what every guest does all the time. A run is deterministic, so these are exact figures, not timings; each
//! bound lies a little above what was measured when it was written.

use std::path::Path;

use ashlar_vm::{Options, Program};

const MEASURE: u32 = 8;
const ROUNDS: u32 = 100;

/// The operations of the probe's `measure`.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Copy,
    Move,
    Fill,
    Compare,
    Allocate,
    AllocateZeroed,
    KeccakF,
}

/// Cycles of one operation on `len` bytes at these offsets, with the loop around it (some 10 cycles).
fn cycles(operation: Operation, len: u32, to: u32, from: u32) -> u64 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/elf/probe.elf");
    let program = Program::from_elf(&std::fs::read(path).unwrap()).unwrap();
    let run = |rounds| {
        let hints = [24, MEASURE, operation as u32, rounds, len, to, from];
        let run = ashlar_vm::run(&program, &hints, Options::default()).unwrap();
        assert_eq!(run.exit.code, 0, "{}", run.exit.log);
        run.cycles
    };
    let cycles = (run(2 * ROUNDS) - run(ROUNDS)) / u64::from(ROUNDS);
    println!("{operation:?} of {len} bytes, offsets {to} {from}: {cycles}");
    cycles
}

#[test]
fn copying_words_costs_little_more_than_a_load_and_a_store_each() {
    assert!(cycles(Operation::Copy, 32, 0, 0) <= 60);
    assert!(cycles(Operation::Copy, 100, 0, 0) <= 100);
    assert!(cycles(Operation::Copy, 1 << 16, 0, 0) <= (1 << 16) * 9 / 16 + 50);
}

#[test]
fn copying_between_different_alignments_merges_words() {
    assert!(cycles(Operation::Copy, 15, 1, 2) <= 65);
    assert!(cycles(Operation::Copy, 32, 0, 1) <= 90);
    assert!(cycles(Operation::Copy, 1 << 16, 3, 1) <= (1 << 16) * 23 / 16 + 100);
    assert!(cycles(Operation::Copy, 1 << 16, 1, 1) <= (1 << 16) * 9 / 16 + 100);
}

#[test]
fn moving_down_is_a_copy_and_moving_up_by_words_is_close() {
    assert!(cycles(Operation::Move, 1 << 16, 4, 0) <= (1 << 16) * 10 / 16 + 100);
    assert!(cycles(Operation::Move, 1 << 16, 0, 4) <= (1 << 16) * 11 / 16 + 100);
}

#[test]
fn filling_costs_little_more_than_a_store_a_word() {
    assert!(cycles(Operation::Fill, 32, 0, 0) <= 50);
    assert!(cycles(Operation::Fill, 1 << 16, 3, 0) <= (1 << 16) * 5 / 16 + 100);
}

#[test]
fn comparing_words_costs_three_instructions_each() {
    assert!(cycles(Operation::Compare, 32, 0, 0) <= 65);
    assert!(cycles(Operation::Compare, 1 << 16, 0, 0) <= (1 << 16) * 14 / 16 + 100);
}

#[test]
fn an_allocation_with_its_release_takes_few_cycles() {
    assert!(cycles(Operation::Allocate, 40, 0, 0) <= 60);
    assert!(cycles(Operation::Allocate, 5_000, 0, 0) <= 150);
    assert!(cycles(Operation::AllocateZeroed, 40, 0, 0) <= 120);
}

#[test]
fn keccak_f_is_one_call() {
    assert!(cycles(Operation::KeccakF, 0, 0, 0) <= 100);
}
