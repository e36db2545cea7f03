use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{LessThanColumns, LessThanLane};
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_range16};
use crate::opcode::alu;

/// The table of SLT.
#[derive(Clone, Copy, Debug, Default)]
pub struct LessThanAir;

impl BaseAir<Val> for LessThanAir {
    fn width(&self) -> usize {
        LessThanColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for LessThanAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &LessThanColumns<AB::Var> = main.current_slice().borrow();
        for lane in &row.lanes {
            eval_lane(builder, lane);
        }
    }
}

/// The limbs of x and b have 16 bits, because an answer in which they have not is one that nobody asks for. So every
/// number below lies between -2^18 and 2^18, and having 16 bits mod p is having 16 bits. In unused lanes all is 0,
/// which has 16 bits too.
///
/// 1. `is_used`, the signs, `borrow` and `c` are boolean.
/// 2. 2 x1 - 2^16 sign has 16 bits: the sign is bit 15 of the high limb. The same for b.
/// 3. x0 - b0 + 2^16 borrow has 16 bits: `borrow` is 1 if x0 < b0, else 0.
/// 4. With x1' = x1 + 2^15 - 2^16 sign, the high limb with its top bit flipped, and b1' likewise,
///    x1' - b1' - borrow + 2^16 c has 16 bits: `c` is 1 if x' < b', else 0.
/// 5. The answer is stated once if the lane is in use.
fn eval_lane<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &LessThanLane<AB::Var>) {
    let LessThanLane { is_used, x, b, x_sign, b_sign, borrow, c } = *lane;
    let shifted = |bit: AB::Var| bit * Val::from_u32(1 << 16);
    builder.assert_bools([is_used, x_sign, b_sign, borrow, c]);
    ask_range16(builder, x[1] * Val::TWO - shifted(x_sign), always());
    ask_range16(builder, b[1] * Val::TWO - shifted(b_sign), always());
    ask_range16(builder, x[0] - b[0] + shifted(borrow), always());
    let difference = (x[1] - shifted(x_sign)) - (b[1] - shifted(b_sign));
    ask_range16(builder, difference - borrow + shifted(c), always());
    let message = InstructionMessage {
        op: AB::Expr::from_u32(alu::SLT),
        x: x.map(Into::into),
        b: b.map(Into::into),
        c: [c.into(), AB::Expr::ZERO],
    };
    answer_instruction(builder, message, is_used);
}
