//! Memory, copies, hashing and logs.

use super::super::asm::{CODE_BYTES_MAX, Code, op};
use super::super::case::{Case, Operation, Outputs};
use super::{CALLEE, callee, words};

/// Bytes of memory that are there before the loop, so that nothing expands it.
const MEMORY: u64 = 210_000;

/// Bytes of the transaction's input and of what a call returned.
const SOURCE: u64 = CODE_BYTES_MAX as u64;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = words_of_memory();
    cases.extend([0, 32, 135, 136, 1_000, 10_000, 100_000].map(keccak));
    cases.extend([0, 32, 1_000, 100_000].into_iter().flat_map(mcopy));
    for size in [0, 32, 1_000, 24_000] {
        for (variant, to, from) in [("aligned", 0, 0), ("unaligned", 1, 3), ("outside", 1, 30_000)] {
            let variant = format!("{size} bytes, {variant}");
            cases.push(copy("CALLDATACOPY", &variant, op::CALLDATACOPY, to, from, size));
            cases.push(copy("CODECOPY", &variant, op::CODECOPY, to, from, size));
            cases.push(external_copy(&variant, to, from, size));
            if from + size <= SOURCE {
                cases.push(returned_copy(&variant, to, from, size));
            }
        }
    }
    for topics in 0..=4 {
        cases.extend([0, 32, 1_000, 10_000].map(|size| log(topics, size)));
    }
    cases
}

/// Touches the last word of [`MEMORY`].
fn expand() -> Code {
    Code::new().push(MEMORY - 32).op(&[op::MLOAD, op::POP])
}

fn words_of_memory() -> Vec<Case> {
    let mut cases = Vec::new();
    for (variant, offset) in [("aligned", 0), ("unaligned", 1)] {
        let at = Code::new().push(offset);
        let value = Code::new().op(&[op::DUP1]).push(offset);
        let load = Operation::opcode("MLOAD", variant, op::MLOAD).gas(3).prologue(expand());
        cases.push(load.setup(at, 1).outputs(Outputs::Popped(1)).case());
        for (name, opcode) in [("MSTORE", op::MSTORE), ("MSTORE8", 0x53)] {
            let store = Operation::opcode(name, variant, opcode).gas(3).prologue(expand());
            cases.push(store.setup(value.clone(), 2).case());
        }
    }
    // Each of these makes memory a word longer; the gas includes it.
    let end = Code::new().op(&[op::MSIZE]);
    let load = Operation::opcode("MLOAD", "expanding by a word", op::MLOAD).iterations(4_000);
    cases.push(load.setup(end.clone(), 1).outputs(Outputs::Popped(1)).case());
    for (name, opcode) in [("MSTORE", op::MSTORE), ("MSTORE8", 0x53)] {
        let store = Operation::opcode(name, "expanding by a word", opcode).iterations(4_000);
        cases.push(store.setup(Code::new().op(&[op::DUP1]).then(&end), 2).case());
    }
    cases
}

fn keccak(size: u64) -> Case {
    Operation::opcode("KECCAK256", &format!("{size} bytes"), op::KECCAK256)
        .gas(30 + 6 * words(size))
        .prologue(expand())
        .setup(Code::new().push(size).push(0), 2)
        .outputs(Outputs::Popped(1))
        .case()
}

fn mcopy(size: u64) -> Vec<Case> {
    [
        ("aligned", 102_400, 0),
        ("unaligned", 102_401, 3),
        ("overlapping upwards", 33, 0),
        ("overlapping downwards", 0, 33),
    ]
    .into_iter()
    .map(|(variant, to, from)| copy("MCOPY", &format!("{size} bytes, {variant}"), op::MCOPY, to, from, size))
    .collect()
}

/// An opcode that takes destination, source and size, with a source of [`SOURCE`] bytes.
fn copy(name: &str, variant: &str, opcode: u8, to: u64, from: u64, size: u64) -> Case {
    let input = if opcode == op::CALLDATACOPY { vec![0x5b; SOURCE as usize] } else { Vec::new() };
    let filler = if opcode == op::CODECOPY { vec![0x5b; 22_000] } else { Vec::new() };
    // An input of this size puts a floor under the gas (EIP-7623), below which gas would not show what executes.
    let above_floor = Code::new().push(1_000_000).op(&[op::MLOAD, op::POP]);
    Operation::opcode(name, variant, opcode)
        .gas(3 + 3 * words(size))
        .prologue(if opcode == op::CALLDATACOPY { above_floor } else { expand() })
        .setup(Code::new().push(size).push(from).push(to), 3)
        .data(filler)
        .input(input)
        .case()
}

fn external_copy(variant: &str, to: u64, from: u64, size: u64) -> Case {
    Operation::opcode("EXTCODECOPY", &format!("{variant}, warm"), op::EXTCODECOPY)
        .gas(100 + 3 * words(size))
        .prologue(expand().push_address(CALLEE).op(&[0x3b, op::POP]))
        .setup(Code::new().push(size).push(from).push(to).push_address(CALLEE), 4)
        .accounts(|| Ok(callee(&Code::new().times(op::JUMPDEST, CODE_BYTES_MAX))))
        .case()
}

fn returned_copy(variant: &str, to: u64, from: u64, size: u64) -> Case {
    let call =
        Code::new().push(0).push(0).push(0).push(0).push_address(CALLEE).op(&[op::GAS, op::STATICCALL]);
    Operation::opcode("RETURNDATACOPY", variant, op::RETURNDATACOPY)
        .gas(3 + 3 * words(size))
        .prologue(expand().then(&call).check())
        .setup(Code::new().push(size).push(from).push(to), 3)
        .accounts(|| Ok(callee(&Code::new().push(SOURCE).push(0).op(&[op::RETURN]))))
        .case()
}

/// LOG: 375 gas, as much for each topic, 8 for each byte.
fn log(topics: u8, size: u64) -> Case {
    let setup = (0..topics).fold(Code::new(), |code, _| code.op(&[op::DUP1]));
    Operation::opcode(&format!("LOG{topics}"), &format!("{size} bytes"), op::LOG0 + topics)
        .gas(375 * (1 + u64::from(topics)) + 8 * size)
        .prologue(expand())
        .setup(setup.push(size).push(0), 2 + topics)
        .case()
}
