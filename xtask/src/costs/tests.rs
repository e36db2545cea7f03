//! Measured against what is known independently: the specification's gas, the number of permutations that a hash of a
//! length takes, and failures that must not be counted as costs.

use std::sync::LazyLock;

use alloy_primitives::{Bytes, U256, keccak256};
use ashlar_vm::{Call, Table};

use super::asm::{CODE_BYTES_MAX, Code, looped, op};
use super::block::{Accounts, Bench, Block};
use super::case::{Anchors, Case, Group, Operation, Outputs, anchors};
use super::report::{Report, Row};
use super::sample::{PLAIN_CELLS, Sample, weight};
use crate::origin::civil;

static ELF: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(crate::repository::root().join("guests/elf/block.elf")).unwrap());
static BENCH: LazyLock<Bench> = LazyLock::new(|| Bench::new(&ELF).unwrap());
static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| anchors(&BENCH).unwrap());

fn measured(case: &Case) -> Sample {
    case.measure(&BENCH, &ANCHORS).unwrap()
}

fn calls(sample: &Sample, call: Call) -> f64 {
    sample.calls[Call::ALL.iter().position(|other| *other == call).unwrap()]
}

fn add() -> Operation {
    let setup = Code::new().push32(U256::MAX).push32(U256::MAX);
    Operation::opcode("ADD", "", 0x01).gas(3).setup(setup, 2).outputs(Outputs::Popped(1))
}

fn keccak(bytes: u64, gas: u64) -> Operation {
    let setup = Code::new().push(bytes).push(0);
    let hash = Operation::opcode("KECCAK256", "", op::KECCAK256).setup(setup, 2);
    hash.prologue(Code::new().push(bytes).op(&[op::MLOAD, op::POP])).gas(gas).outputs(Outputs::Popped(1))
}

/// A block with one call of this code.
fn block_of(code: Code) -> Block {
    Block::calling(Accounts::new(), code.finish(), Bytes::new()).unwrap()
}

fn failure(code: Code) -> String {
    format!("{:#}", BENCH.sample(&block_of(code)).unwrap_err())
}

#[test]
fn an_addition_takes_some_cycles_and_no_calls() {
    let add = measured(&add().case());
    assert!((20.0..300.0).contains(&add.cycles), "{add:?}");
    assert_eq!(add.calls, [0.0; Call::COUNT]);
    assert!((add.equivalents() - add.cycles).abs() < 1.0, "{add:?}");
}

#[test]
fn a_hash_takes_one_permutation_per_136_bytes_with_padding() {
    let short = measured(&keccak(135, 30 + 6 * 5).case());
    let long = measured(&keccak(136, 30 + 6 * 5).case());
    assert_eq!((calls(&short, Call::KeccakF), calls(&long, Call::KeccakF)), (1.0, 2.0));
    // The call, its state through the port, and the permutation.
    let beside_cycles = |sample: &Sample| sample.equivalents() - sample.cycles;
    let permutation = weight(Table::Call) + 13.0 * weight(Table::Port) + weight(Table::Keccak);
    assert!((beside_cycles(&long) - beside_cycles(&short) - permutation).abs() < 1e-6);
}

#[test]
fn a_cold_slot_takes_hashing_and_a_warm_one_none() {
    let key = Code::new().op(&[op::DUP1]);
    let cold = Operation::opcode("SLOAD", "", op::SLOAD).iterations(40).gas(2_100).setup(key, 1);
    let warm = Operation::opcode("SLOAD", "", op::SLOAD).gas(100).setup(Code::new().push(0), 1);
    let [cold, warm] = [cold, warm].map(|load| measured(&load.outputs(Outputs::Popped(1)).case()));
    assert!(calls(&cold, Call::KeccakF) >= 1.0, "{cold:?}");
    assert_eq!(calls(&warm, Call::KeccakF), 0.0);
    assert!(cold.cycles > warm.cycles);
}

#[test]
fn what_is_not_the_operation_cancels() {
    let few = measured(&add().about(1_000).case());
    let many = measured(&add().about(30).case());
    // The header and the receipt hold the gas used, whose length may differ by a byte.
    assert!((few.cycles - many.cycles).abs() < 0.5, "{} {}", few.cycles, many.cycles);
    let padded = add().data(vec![0x5b; 10_000]).input(vec![0xff; 64]);
    assert!((measured(&padded.case()).cycles - many.cycles).abs() < 0.5);
}

#[test]
fn push_and_pop_have_the_gas_of_the_specification() {
    assert_eq!((ANCHORS.push1.gas, ANCHORS.pop.gas), (3.0, 2.0));
    assert!(ANCHORS.pop.cycles > 5.0 && ANCHORS.push1.cycles > 5.0);
    assert!(ANCHORS.pop.cycles < 200.0 && ANCHORS.push1.cycles < 200.0);
}

#[test]
fn a_transaction_that_reverts_is_no_cost() {
    let code = Code::new().op(&[op::PUSH0, op::PUSH0, op::REVERT]);
    assert!(failure(code).contains("transaction 0 did not succeed"));
}

#[test]
fn a_transaction_that_runs_out_of_gas_is_no_cost() {
    let code = Code::new().op(&[op::JUMPDEST, op::PUSH0, op::JUMP]);
    assert!(failure(code).contains("transaction 0 did not succeed"));
}

#[test]
fn a_case_that_runs_out_of_gas_names_itself() {
    let store = Operation::opcode("SSTORE", "too often", op::SSTORE).gas(22_100).iterations(1_000);
    let error = store.setup(Code::new().op(&[op::DUP1, op::DUP1]), 2).case().measure(&BENCH, &ANCHORS);
    assert_eq!(format!("{:#}", error.unwrap_err()), "SSTORE too often: transaction 0 did not succeed");
}

#[test]
fn a_precompile_that_fails_is_no_cost() {
    // (1, 1) is not on the curve of BN254: the call takes its gas and yields 0.
    let call = Code::new()
        .op(&[op::PUSH1, 1, op::PUSH0, op::MSTORE, op::PUSH1, 1, op::PUSH1, 32, op::MSTORE])
        .op(&[op::PUSH0, op::PUSH0, op::PUSH1, 128, op::PUSH0, op::PUSH1, 6, op::PUSH2, 0xff, 0xff])
        .op(&[op::STATICCALL])
        .check();
    let case =
        Operation::new(Group::Precompile, "BN254_ADD", "", call).about(150).against(Code::new()).case();
    let error = format!("{:#}", case.measure(&BENCH, &ANCHORS).unwrap_err());
    assert!(error.contains("did not succeed"), "{error}");
}

#[test]
fn other_gas_than_the_specification_gives_is_an_error() {
    let error = format!("{:#}", add().gas(5).case().measure(&BENCH, &ANCHORS).unwrap_err());
    assert_eq!(error, "ADD: took 3 gas, expected 5");
}

#[test]
fn a_sample_is_the_same_each_time() {
    let block = block_of(Code::new().op(&[op::PUSH1, 7, op::PUSH0, op::SSTORE]));
    let again = Bench::new(&ELF).unwrap();
    assert_eq!(BENCH.sample(&block).unwrap(), again.sample(&block).unwrap());
}

#[test]
fn filled_memory_holds_the_pattern_up_to_its_end() {
    let pattern: U256 = keccak256("pattern").into();
    let mut code = Code::new().fill(pattern, 3).op(&[op::MSIZE]).push(96).op(&[0x14]).check_or_halt();
    for offset in [0, 32, 64] {
        code = code.push(offset).op(&[op::MLOAD]).push32(pattern).op(&[0x14]).check_or_halt();
    }
    BENCH.sample(&block_of(code)).unwrap();
}

impl Code {
    /// Halts if the top of the stack is 0: jumps to what is no JUMPDEST.
    fn check_or_halt(self) -> Self {
        self.op(&[op::ISZERO, op::PUSH0, op::JUMPI])
    }
}

#[test]
fn data_is_in_memory_when_the_loop_runs() {
    let hash: U256 = keccak256(b"data").into();
    let unit = Code::new().push(4).push(0).op(&[op::KECCAK256]).push32(hash).op(&[0x14]).check();
    let code = looped(&Code::new(), &unit, 2, b"data").unwrap();
    let block = Block::calling(Accounts::new(), code, Bytes::new()).unwrap();
    BENCH.sample(&Block { prevrandao: 3, ..block }).unwrap();
}

#[test]
fn places_move_with_their_code() {
    let jump = Code::new().push_place(1).op(&[op::JUMP, op::JUMPDEST]);
    assert_eq!(jump.clone().finish(), [op::PUSH2, 0, 4, op::JUMP, op::JUMPDEST]);
    let twice = Code::new().then(&jump).then(&jump).finish();
    assert_eq!(twice[5..], [op::PUSH2, 0, 9, op::JUMP, op::JUMPDEST]);
}

#[test]
fn code_over_the_limit_is_refused() {
    assert!(looped(&Code::new(), &Code::new().times(op::JUMPDEST, 100), 1, &[0; CODE_BYTES_MAX]).is_err());
}

#[test]
fn pushes_are_as_short_as_can_be() {
    assert_eq!(Code::new().push(0).push(255).push(256).finish(), [0x5f, 0x60, 255, 0x61, 1, 0]);
}

#[test]
fn a_plain_cycle_has_about_the_cells_that_weights_are_relative_to() {
    let run = BENCH.plain_cells_per_cycle(&Block::default()).unwrap();
    assert!((run / PLAIN_CELLS - 1.0).abs() < 0.1, "{run}");
}

#[test]
fn every_opcode_and_precompile_of_osaka_has_a_case() {
    // In the interpreter's table, but of later forks (EIP-7843, EIP-8024).
    let later = ["SLOTNUM", "DUPN", "SWAPN", "EXCHANGE"];
    let cases = super::cases::all().unwrap();
    let has = |name: &str| cases.iter().any(|case| case.name == name);
    for info in revm::bytecode::opcode::OPCODE_INFO.iter().flatten() {
        let name = if info.name() == "DIFFICULTY" { "PREVRANDAO" } else { info.name() };
        assert!(has(name) || later.contains(&name), "{name}");
    }
    for address in revm::precompile::Precompiles::osaka().addresses() {
        let suffix = format!("(0x{:02x})", U256::from_be_slice(address.as_slice()));
        assert!(cases.iter().any(|case| case.name.ends_with(&suffix)), "{suffix}");
    }
}

#[test]
fn no_two_cases_have_the_same_label() {
    let cases = super::cases::all().unwrap();
    let labels: std::collections::BTreeSet<_> = cases.iter().map(Case::label).collect();
    assert_eq!(labels.len(), cases.len());
}

#[test]
fn the_report_is_json_with_a_row_in_each_line() {
    let own = Sample { gas: 3.0, cycles: 100.0, ..Sample::default() };
    let row = |name: &str| Row {
        group: Group::Opcode,
        name: name.into(),
        variant: String::new(),
        own,
        is_worst: false,
    };
    let report = Report::new(vec![row("A"), row("B")], b"elf", "0".repeat(40));
    let text = report.json_text().unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), report.json());
    assert_eq!(text.lines().filter(|line| line.contains("\"name\"")).count(), 2);
}

#[test]
fn the_worst_row_of_a_name_is_marked_by_its_ratio() {
    let row = |name: &str, gas: f64, cycles: f64| Row {
        group: Group::Opcode,
        name: name.into(),
        variant: format!("{cycles}"),
        own: Sample { gas, cycles, ..Sample::default() },
        is_worst: false,
    };
    let rows = vec![row("A", 100.0, 500.0), row("A", 10.0, 90.0), row("B", 5.0, 1.0), row("A", 0.0, 0.0)];
    let report = Report::new(rows, b"elf", "0".repeat(40)).json();
    let worst: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["worst"] == true).collect();
    assert_eq!(worst, [false, true, true, false]);
    assert_eq!(report["rows"][1]["cycles_per_gas"], 9.0);
    assert!(report["rows"][3]["cycles_per_gas"].is_null());
}

#[test]
fn dates_are_gregorian() {
    assert_eq!(civil(0), "1970-01-01");
    assert_eq!(civil(19_782), "2024-02-29");
    assert_eq!(civil(20_088), "2024-12-31");
    assert_eq!(civil(20_089), "2025-01-01");
}
