use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{BitwiseColumns, BitwiseLane};
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_and};
use crate::opcode::alu;

/// The table of XOR, OR and AND.
#[derive(Clone, Copy, Debug, Default)]
pub struct BitwiseAir;

impl BaseAir<Val> for BitwiseAir {
    fn width(&self) -> usize {
        BitwiseColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for BitwiseAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &BitwiseColumns<AB::Var> = main.current_slice().borrow();
        for lane in &row.lanes {
            eval_lane(builder, lane);
        }
    }
}

/// 1. Each flag is boolean, and at most one is set.
/// 2. Byte by byte, `and` = x & b, from the lookup table. It holds in unused lanes too, where all is 0.
/// 3. The answer's limbs follow from the bytes. It is stated once if a flag is set.
fn eval_lane<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &BitwiseLane<AB::Var>) {
    let BitwiseLane { is_xor, is_or, is_and, x, b, and } = *lane;
    let is_used: AB::Expr = is_xor + is_or + is_and;
    builder.assert_bools([is_xor, is_or, is_and]);
    builder.assert_bool(is_used.clone());
    for i in 0..4 {
        ask_and(builder, x[i], b[i], and[i], always());
    }
    let limb = |bytes: [AB::Var; 4], i: usize| bytes[2 * i] + bytes[2 * i + 1] * Val::from_u16(256);
    let limbs = |bytes| [0, 1].map(|i| limb(bytes, i));
    // xor: x + b - 2 and; or: x + b - and; and: and. The message has degree 2 and takes an auxiliary column of its own,
    // which costs no more than committing the result.
    let [sum_flag, and_factor]: [AB::Expr; 2] =
        [is_xor + is_or, is_and.into() - is_or.into() - is_xor * Val::TWO];
    let c = [0, 1].map(|i| sum_flag.clone() * (limb(x, i) + limb(b, i)) + and_factor.clone() * limb(and, i));
    let op =
        is_xor * Val::from_u32(alu::XOR) + is_or * Val::from_u32(alu::OR) + is_and * Val::from_u32(alu::AND);
    answer_instruction(builder, InstructionMessage { op, x: limbs(x), b: limbs(b), c }, is_used);
}
