//! Runs the joiner guest: what it commits is what the host makes of the same statements, and what is in the vectors.

use std::fs;
use std::path::{Path, PathBuf};

use ashlar_joiner::{Hashes, MODULUS, Refused, STATEMENT_BYTES, join};
use ashlar_prover::aggregate::NativeHashes;
use ashlar_vm::{Call, Options, Program, Run};
use ashlar_witness::hints;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(input: &[u8]) -> Run {
    let program = Program::from_elf(&fs::read(root().join("guests/elf/joiner.elf")).unwrap()).unwrap();
    ashlar_vm::run(&program, &hints(input), Options::default()).unwrap()
}

fn vectors() -> Value {
    serde_json::from_slice(&fs::read(root().join("specs/vectors/joiner.json")).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(&value.as_str().unwrap()[2..]).unwrap()
}

/// The statements of the vectors as the joiner reads them.
fn input(count: usize) -> Vec<u8> {
    let vectors = vectors();
    let statements = vectors["statements"].as_array().unwrap().iter().take(count);
    statements.flat_map(|one| [bytes(&one["programKey"]), bytes(&one["publicOutput"])].concat()).collect()
}

#[test]
fn the_joiner_commits_the_hash_of_the_output_of_the_vectors() {
    for tree in vectors()["trees"].as_array().unwrap() {
        let input = input(tree["count"].as_u64().unwrap() as usize);
        let run = run(&input);
        assert_eq!(run.exit.code, 0, "{}", run.exit.log);
        assert_eq!(run.committed.concat(), bytes(&tree["outputHash"]));
        assert_eq!(join::<NativeHashes>(&input).unwrap().encode().to_vec(), bytes(&tree["output"]));
    }
}

/// Each statement costs its leaves and a node: 7 permutations of one hash, and two of the other.
#[test]
fn a_thousand_statements_are_joined_in_few_cycles() {
    let input: Vec<u8> = input(21).into_iter().cycle().take(1000 * STATEMENT_BYTES).collect();
    let run = run(&input);
    let expected = NativeHashes::keccak256(&join::<NativeHashes>(&input).unwrap().encode());
    assert_eq!((run.exit.code, run.committed.concat()), (0, expected.to_vec()));
    assert_eq!(run.calls.of(Call::Poseidon2), 1000 * 7 - 2);
    assert_eq!(run.calls.of(Call::KeccakF), 1000 * 2 - 1 + 1);
    println!("{} cycles", run.cycles);
    assert!(run.cycles < 3_000_000, "{} cycles", run.cycles);
}

/// Without code 0 there is no proof.
fn refused(input: &[u8], reason: Refused) {
    let run = run(input);
    assert_eq!((run.exit.code, run.committed.len()), (1, 0), "{reason}");
    assert!(run.exit.log.contains(&reason.to_string()), "{}", run.exit.log);
}

#[test]
fn refuses_keys_that_are_zero_or_not_canonical() {
    for index in 0..3 {
        let mut zero = input(3);
        zero[index * STATEMENT_BYTES..][..32].fill(0);
        refused(&zero, Refused::ProgramKey { index: index as u32 });
        for (element, value) in (0..8).zip([MODULUS, MODULUS + 1, 1 << 31, u32::MAX].into_iter().cycle()) {
            let mut other = input(3);
            other[index * STATEMENT_BYTES + 4 * element..][..4].copy_from_slice(&value.to_be_bytes());
            refused(&other, Refused::ProgramKey { index: index as u32 });
        }
    }
}

#[test]
fn refuses_nothing_and_what_is_no_list_of_statements() {
    refused(&[], Refused::NoStatement);
    let input = input(2);
    for length in [1, 32, 63, 65, 127] {
        refused(&input[..length], Refused::Length { bytes: length });
    }
}
