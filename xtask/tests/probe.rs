//! Runs the probe guest: the runtime, the allocator, the memory functions and every call, as compiled for the machine.

use std::path::Path;

use ashlar_abi::{call, reference};
use ashlar_vm::{Call, Options, Program, Run, RunError, TrapKind};

/// The guest's scenarios, by the number that its `main` gives them.
mod scenario {
    pub(crate) const COMMIT: u32 = 0;
    pub(crate) const PANIC: u32 = 1;
    pub(crate) const HALT: u32 = 2;
    pub(crate) const ACCELERATE: u32 = 3;
    pub(crate) const MEMORY: u32 = 4;
    pub(crate) const HEAP: u32 = 5;
    pub(crate) const EXHAUST: u32 = 6;
    pub(crate) const STACK: u32 = 7;
    pub(crate) const STORE_TO_IMAGE: u32 = 9;
}

fn probe() -> Program {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/elf/probe.elf");
    Program::from_elf(&std::fs::read(path).unwrap()).unwrap()
}

/// The hint stream of these words as one byte string (`specs/002-batch-input.md`).
fn hints(words: &[u32]) -> Vec<u32> {
    let mut hints = vec![4 * words.len() as u32];
    hints.extend(words);
    hints
}

fn run(words: &[u32]) -> Result<Run, RunError> {
    ashlar_vm::run(&probe(), &hints(words), Options::default())
}

fn trap(words: &[u32]) -> TrapKind {
    match run(words) {
        Err(RunError::Trapped(trap)) => trap.kind,
        other => panic!("no trap: {other:?}"),
    }
}

/// The words of the result, which the guest commits 8 at a time, filled up with zeros.
fn accelerate(number: u32, operands: &[u32]) -> Vec<u32> {
    let run = run(&[&[scenario::ACCELERATE, number], operands].concat()).unwrap();
    assert_eq!(run.exit.code, 0, "{}", run.exit.log);
    let bytes = run.committed.concat();
    bytes.chunks(4).map(|chunk| u32::from_le_bytes(chunk.try_into().unwrap())).collect()
}

#[test]
fn a_main_that_returns_halts_with_zero_and_commits_what_it_was_given() {
    let words: Vec<u32> = (1..=16).map(|i| i * 0x0101_0101).collect();
    let run = run(&[&[scenario::COMMIT][..], &words].concat()).unwrap();
    assert_eq!(run.exit.code, 0);
    let committed: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(run.committed.concat(), committed);
    assert_eq!(run.calls.of(Call::Commit), 2);
}

#[test]
fn a_panic_shows_its_message_and_halts_with_one() {
    let run = run(&[scenario::PANIC, 7, 8]).unwrap();
    assert_eq!(run.exit.code, 1);
    assert_eq!(run.exit.log.trim_end(), "panic: asked to panic with [7, 8]");
    assert!(run.committed.is_empty());
}

#[test]
fn a_long_panic_message_is_cut_not_lost() {
    let words = [&[scenario::PANIC][..], &[0xffff_ffff; 500]].concat();
    let run = run(&words).unwrap();
    assert_eq!(run.exit.code, 1);
    assert!(run.exit.log.starts_with("panic: asked to panic with [4294967295, "));
    assert_eq!(run.exit.log.trim_end_matches('\n').len(), 1024);
}

#[test]
fn halt_ends_the_run_with_its_code() {
    assert_eq!(run(&[scenario::HALT, 42]).unwrap().exit.code, 42);
}

#[test]
fn a_hint_stream_shorter_than_its_length_traps() {
    let mut short = hints(&[scenario::COMMIT, 1, 2, 3]);
    short.pop();
    let error = ashlar_vm::run(&probe(), &short, Options::default()).unwrap_err();
    assert!(
        matches!(&error, RunError::Trapped(trap) if matches!(trap.kind, TrapKind::HintsExhausted { .. }))
    );
    let error = ashlar_vm::run(&probe(), &[], Options::default()).unwrap_err();
    assert!(
        matches!(&error, RunError::Trapped(trap) if matches!(trap.kind, TrapKind::HintsExhausted { .. }))
    );
}

#[test]
fn a_length_beyond_memory_panics_before_it_reads() {
    for len in [0x4000_0000, u32::MAX] {
        let run = ashlar_vm::run(&probe(), &[len], Options::default()).unwrap();
        assert_eq!((run.exit.code, run.hints_read), (1, 1), "{}", run.exit.log);
        assert!(run.exit.log.starts_with("panic: "), "{}", run.exit.log);
    }
}

#[test]
fn an_empty_input_is_an_empty_slice() {
    let run = ashlar_vm::run(&probe(), &[0], Options::default()).unwrap();
    assert_eq!(run.exit.log.trim_end(), "panic: no scenario");
}

#[test]
fn an_input_of_many_hint_calls_arrives_in_order() {
    // 8 words in each commit; 3,000 words take 12 calls.
    let words: Vec<u32> = (0..3_000).map(|i| i ^ 0x5a5a_0000).collect();
    let run = run(&[&[scenario::COMMIT][..], &words].concat()).unwrap();
    let expected: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(run.committed.concat(), expected);
    assert_eq!(run.calls.of(Call::Hint), 1 + 3_001u64.div_ceil(u64::from(call::HINT_WORDS_MAX)));
}

#[test]
fn keccak_f_is_the_published_vector() {
    // First lane of the all-zero state after one permutation (Keccak team's KeccakF-1600-IntermediateValues).
    let result = accelerate(call::KECCAK_F, &[0; 50]);
    assert_eq!(result[..2], [0x40e1_dde7, 0xf125_8f79]);
    let mut expected = [0; 50];
    reference::keccak_f(&mut expected);
    assert_eq!(result[..50], expected);
}

#[test]
fn poseidon2_changes_the_state_and_stays_in_the_field() {
    let result = accelerate(call::POSEIDON2, &[1; 16]);
    assert!(result.iter().all(|word| *word < 0x7f00_0001));
    assert_ne!(result, [1; 16]);
    assert_eq!(result, accelerate(call::POSEIDON2, &[1; 16]));
}

#[test]
fn products_are_those_of_the_reference() {
    let (a, b, m) = ([0xdead_beef; 8], [0x1234_5678; 8], reference::SECP256K1_P);
    assert_eq!(accelerate(call::MODMUL256, &[a, b, m].concat()), reference::modmul256(&a, &b, &m));
    let (a, b, m) = ([0xdead_beef; 12], [0x1234_5678; 12], [0x8765_4321; 12]);
    assert_eq!(accelerate(call::MODMUL384, &[a, b, m].concat())[..12], reference::modmul384(&a, &b, &m));
}

/// The generator of secp256k1 (SEC 2, §2.4.1), x then y, little-endian words.
const GENERATOR: [u32; 16] = [
    0x16f8_1798,
    0x59f2_815b,
    0x2dce_28d9,
    0x029b_fcdb,
    0xce87_0b07,
    0x55a0_6295,
    0xf9dc_bbac,
    0x79be_667e,
    0xfb10_d4b8,
    0x9c47_d08f,
    0xa685_5419,
    0xfd17_b448,
    0x0e11_08a8,
    0x5da4_fbfc,
    0x26a3_c465,
    0x483a_da77,
];

#[test]
fn point_operations_are_those_of_the_reference() {
    let two = accelerate(call::SECP256K1_DOUBLE, &GENERATOR);
    assert_eq!(two, reference::secp256k1_double(&GENERATOR).unwrap());
    let three = accelerate(call::SECP256K1_ADD, &[&two[..], &GENERATOR].concat());
    let two: [u32; 16] = two.try_into().unwrap();
    assert_eq!(three, reference::secp256k1_add(&two, &GENERATOR).unwrap());
}

#[test]
fn an_exceptional_addition_traps() {
    trap(&[&[scenario::ACCELERATE, call::SECP256K1_ADD], &GENERATOR[..], &GENERATOR[..]].concat());
}

#[test]
fn memory_functions_agree_with_loops_over_bytes() {
    // Every alignment of both sides for every length up to 200: all ladders, rounds and tails.
    let run = run(&[scenario::MEMORY, 200]).unwrap();
    assert_eq!(run.exit.code, 0, "{}", run.exit.log);
}

#[test]
fn collections_keep_their_content_and_zeroed_memory_is_zero() {
    let run = run(&[scenario::HEAP, 20_000]).unwrap();
    assert_eq!(run.exit.code, 0, "{}", run.exit.log);
    assert!(run.exit.log.contains(':'));
}

#[test]
fn an_exhausted_heap_panics_with_the_size() {
    let run = run(&[scenario::EXHAUST]).unwrap();
    assert_eq!(run.exit.code, 1);
    assert_eq!(run.exit.log.trim_end(), "panic: memory allocation of 67108864 bytes failed");
}

#[test]
fn an_exhausted_stack_traps_and_a_deep_one_does_not() {
    assert_eq!(run(&[scenario::STACK, 5_000]).unwrap().exit.code, 0);
    assert!(matches!(trap(&[scenario::STACK, 17_000]), TrapKind::StoreReadOnly { .. }));
}

#[test]
fn a_store_to_the_image_traps() {
    assert!(matches!(trap(&[scenario::STORE_TO_IMAGE]), TrapKind::StoreReadOnly { .. }));
}

#[test]
fn an_unknown_scenario_is_an_error_of_the_guest() {
    let run = run(&[99]).unwrap();
    assert_eq!((run.exit.code, run.exit.log.trim_end()), (1, "panic: unknown scenario 99"));
}
