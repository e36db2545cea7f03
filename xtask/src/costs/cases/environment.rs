//! What code can ask about its surroundings.

use super::super::asm::Code;
use super::super::case::{Case, Operation, Outputs};

/// Empty blocks before those in which BLOCKHASH is measured, so that all 256 hashes exist.
pub(super) const ANCESTORS: u64 = 256;

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<_> = [
        ("ADDRESS", 0x30, 2),
        ("ORIGIN", 0x32, 2),
        ("CALLER", 0x33, 2),
        ("CALLVALUE", 0x34, 2),
        ("CALLDATASIZE", 0x36, 2),
        ("CODESIZE", 0x38, 2),
        ("GASPRICE", 0x3a, 2),
        ("RETURNDATASIZE", 0x3d, 2),
        ("COINBASE", 0x41, 2),
        ("TIMESTAMP", 0x42, 2),
        ("NUMBER", 0x43, 2),
        ("PREVRANDAO", 0x44, 2),
        ("GASLIMIT", 0x45, 2),
        ("CHAINID", 0x46, 2),
        ("SELFBALANCE", 0x47, 5),
        ("BASEFEE", 0x48, 2),
        ("BLOBBASEFEE", 0x4a, 2),
        ("PC", 0x58, 2),
        ("MSIZE", 0x59, 2),
        ("GAS", 0x5a, 2),
    ]
    .into_iter()
    .map(|(name, opcode, gas)| {
        Operation::opcode(name, "", opcode).gas(gas).outputs(Outputs::Popped(1)).case()
    })
    .collect();
    for (name, opcode, gas, variant, operand) in [
        ("CALLDATALOAD", 0x35, 3, "inside", 0),
        ("CALLDATALOAD", 0x35, 3, "unaligned", 1),
        ("CALLDATALOAD", 0x35, 3, "over the end", 90),
        ("CALLDATALOAD", 0x35, 3, "outside", 1_000),
        ("BLOCKHASH", 0x40, 20, "parent", 0),
        ("BLOCKHASH", 0x40, 20, "too old", 1_000),
        ("BLOBHASH", 0x49, 3, "none", 0),
    ] {
        let operation = Operation::opcode(name, variant, opcode)
            .gas(gas)
            .setup(Code::new().push(operand), 1)
            .outputs(Outputs::Popped(1))
            .input(vec![0x5a; 100]);
        cases.push(operation.case());
    }
    let oldest = Operation::opcode("BLOCKHASH", "256 blocks back", 0x40).gas(20).ancestors(ANCESTORS - 1);
    cases.push(oldest.setup(Code::new().push(0), 1).outputs(Outputs::Popped(1)).case());
    cases
}
