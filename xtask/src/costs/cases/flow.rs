//! The stack and jumps.

use alloy_primitives::U256;

use super::super::asm::{Code, op};
use super::super::case::{Case, Operation, Outputs};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Operation::opcode("POP", "", op::POP).gas(2).setup(Code::new().op(&[op::PUSH1, 1]), 1).case(),
        Operation::opcode("JUMPDEST", "", op::JUMPDEST).gas(1).case(),
        Operation::opcode("JUMP", "and its JUMPDEST", op::JUMP)
            .gas(9)
            .setup(Code::new().push_place(1), 1)
            .after(Code::new().op(&[op::JUMPDEST]))
            .case(),
        Operation::opcode("JUMPI", "taken, and its JUMPDEST", op::JUMPI)
            .gas(11)
            .setup(Code::new().push(1).push_place(1), 2)
            .after(Code::new().op(&[op::JUMPDEST]))
            .case(),
        Operation::opcode("JUMPI", "not taken", op::JUMPI)
            .gas(10)
            .setup(Code::new().push(0).push_place(1), 2)
            .case(),
    ];
    cases.extend((0..=32).map(push));
    for depth in 1..=16 {
        let dup = Operation::opcode(&format!("DUP{depth}"), "", op::DUP1 + depth - 1);
        cases.push(dup.gas(3).outputs(Outputs::Popped(1)).case());
        // Twice, so that the counter is on top again.
        let swap = op::SWAP1 + depth - 1;
        let pair = Operation::opcode(&format!("SWAP{depth}"), "", swap).after(Code::new().op(&[swap]));
        cases.push(pair.per_unit(2).gas(3).case());
    }
    cases
}

fn push(bytes: u8) -> Case {
    let value = U256::MAX.wrapping_shr(256 - 8 * usize::from(bytes));
    let code = value.to_be_bytes::<32>();
    let push = Operation::opcode(&format!("PUSH{bytes}"), "", op::PUSH0 + bytes)
        .after(Code::new().op(&code[32 - usize::from(bytes)..]));
    push.gas(if bytes == 0 { 2 } else { 3 }).outputs(Outputs::Popped(1)).case()
}
