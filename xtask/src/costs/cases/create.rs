//! Creation of contracts.

use alloy_primitives::U256;

use super::super::asm::{Code, op};
use super::super::case::{Case, Operation, Outputs};
use super::words;

/// Most bytes of initcode (EIP-3860).
const INITCODE_BYTES_MAX: u64 = 49_152;

/// Iterations with large initcode, and with small.
const LARGE: u64 = 16;
const SMALL: u64 = 128;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (content, fill) in [("JUMPDESTs", op::JUMPDEST), ("PUSH1s", op::PUSH1), ("zeros", op::STOP)] {
        let pattern = U256::from_be_bytes([fill; 32]);
        // The first byte is a STOP: nothing runs, the created code is empty.
        let memory = Code::new().fill(pattern, words(INITCODE_BYTES_MAX)).op(&[op::PUSH0, op::PUSH0, 0x53]);
        let variant = format!("48 KiB of {content}");
        cases.extend(both(&variant, &memory, INITCODE_BYTES_MAX, LARGE, 0));
    }
    cases.extend(both("empty initcode", &Code::new(), 0, SMALL, 0));
    cases.push(deploy(32, SMALL / 4));
    cases.push(deploy(24_576, 1));
    cases
}

/// CREATE and CREATE2 of `size` bytes of memory, whose execution takes `gas`.
fn both(variant: &str, memory: &Code, size: u64, iterations: u64, gas: u64) -> [Case; 2] {
    let create = Operation::opcode("CREATE", variant, op::CREATE)
        .gas(32_000 + 2 * words(size) + gas)
        .setup(Code::new().push(size).push(0).push(0), 3);
    let create2 = Operation::opcode("CREATE2", variant, op::CREATE2)
        .gas(32_000 + 8 * words(size) + gas)
        .setup(Code::new().op(&[op::DUP1]).push(size).push(0).push(0), 4);
    [create, create2].map(|operation| {
        operation.iterations(iterations).prologue(memory.clone()).outputs(Outputs::Checked).case()
    })
}

/// CREATE of a contract with this many zeros as code.
fn deploy(size: u64, iterations: u64) -> Case {
    let initcode = Code::new().push(size).push(0).op(&[op::RETURN]).finish();
    let (bytes, memory_words) = (initcode.len() as u64, words(size));
    let execution = 2 + 3 + 3 * memory_words + memory_words * memory_words / 512;
    Operation::opcode("CREATE", &format!("{size} bytes of code"), op::CREATE)
        .gas(32_000 + 2 * words(bytes) + execution + 200 * size)
        .iterations(iterations)
        .setup(Code::new().push(bytes).push(0).push(0), 3)
        .outputs(Outputs::Checked)
        .data(initcode)
        .case()
}
