//! `SWAP1` to `SWAP16` by words.
//!
//! revm swaps with `core::ptr::swap_nonoverlapping`, which the guest's compiler makes a loop of single bytes: 163 cycles where a
//! swap by words takes less than half, of one of the instructions that contracts have most.

use revm::{
    bytecode::opcode::SWAP1,
    handler::instructions::EthInstructions,
    interpreter::{
        Host, Instruction, InstructionContext, InstructionExecResult, interpreter::EthInterpreter,
    },
};

type Context<'a, H> = InstructionContext<'a, H, EthInterpreter>;

/// Swaps the top of the stack with the item `N` below it. Fails if there is none.
fn swap<const N: usize, H: ?Sized>(context: Context<'_, H>) -> InstructionExecResult {
    let stack = &mut context.interpreter.stack;
    let (top, other) = (stack.peek(0)?, stack.peek(N)?);
    stack.set(0, other)?;
    stack.set(N, top)
}

/// Puts these in the place of revm's.
pub(crate) fn by_words<H: Host>(instructions: &mut EthInstructions<EthInterpreter, H>) {
    let table = instructions.instruction_table_mut();
    let swaps = [
        swap::<1, H>,
        swap::<2, H>,
        swap::<3, H>,
        swap::<4, H>,
        swap::<5, H>,
        swap::<6, H>,
        swap::<7, H>,
        swap::<8, H>,
        swap::<9, H>,
        swap::<10, H>,
        swap::<11, H>,
        swap::<12, H>,
        swap::<13, H>,
        swap::<14, H>,
        swap::<15, H>,
        swap::<16, H>,
    ];
    for (instruction, swap) in table.iter_mut().skip(usize::from(SWAP1)).zip(swaps) {
        *instruction = Instruction::new(swap);
    }
}
