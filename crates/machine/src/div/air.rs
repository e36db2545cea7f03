use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::DivColumns;
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_instruction, ask_range16, flag};
use crate::opcode::alu;

/// The table of DIV, DIVU, REM and REMU.
#[derive(Clone, Copy, Debug, Default)]
pub struct DivAir;

impl BaseAir<Val> for DivAir {
    fn width(&self) -> usize {
        DivColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for DivAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &DivColumns<AB::Var> = main.current_slice().borrow();
        let DivColumns { is_used, is_signed, is_remainder, .. } = *row;
        builder.assert_bools([is_used, is_signed, is_remainder]);
        eval_signs(builder, row);
        eval_special_cases(builder, row);
        eval_product(builder, row);
        eval_margin(builder, row);
        eval_answer(builder, row);
    }
}

/// 1. Signs are boolean, and those of the operands 0 in unsigned operations.
/// 2. In signed operations, the sign of x is the top bit of its high limb: that limb has 16 bits, so twice the limb less
///    2^15 times the sign does not wrap, and has 16 bits only with the right sign. The same for b.
/// 3. The remainder is 0, or has the sign of x. (Its limbs have 16 bits, so that they are 0 if their sum is.)
///
/// A remainder with the sign stands for 2^32 less, whatever its top bit: `margin` says that it is not too far off. So
/// the sign of 0 is 0, as there is no divisor above 2^32.
fn eval_signs<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &DivColumns<AB::Var>) {
    let DivColumns { is_signed, x, b, remainder, x_sign, b_sign, remainder_sign, .. } = *row;
    builder.assert_bools([x_sign, b_sign, remainder_sign]);
    for (word, sign) in [(x, x_sign), (b, b_sign)] {
        builder.when(sign).assert_one(is_signed);
        let below_sign = word[1] - sign * Val::from_u16(1 << 15);
        ask_range16(builder, below_sign * Val::TWO, flag(is_signed));
    }
    for limb in remainder {
        ask_range16(builder, limb, always());
    }
    builder.assert_zero((x_sign - remainder_sign) * (remainder[0] + remainder[1]));
}

/// 1. By zero: b = 0, q = 2^32 - 1. (The limbs have 16 bits, so their sum says it.) The flag need not be boolean: it only
///    enters `margin`, and the product alone says that r = x. That b = 0 sets the flag follows from `margin`.
/// 2. Overflow: a boolean, only in signed operations with b = -1. Then r = 0 and -q = x + 2^32, which leaves x = -2^31
///    and q = -2^31, since -q is 2^31 at most. Without the flag these x and b have no quotient.
fn eval_special_cases<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &DivColumns<AB::Var>) {
    let DivColumns { is_signed, b, quotient, is_by_zero, is_overflow, .. } = *row;
    let all_ones = Val::from_u32(2 * 0xffff);
    let mut by_zero = builder.when(is_by_zero);
    by_zero.assert_zero(b[0] + b[1]);
    by_zero.assert_eq(quotient[0] + quotient[1], all_ones);
    builder.assert_bool(is_overflow);
    let mut overflow = builder.when(is_overflow);
    overflow.assert_one(is_signed);
    overflow.assert_eq(b[0] + b[1], all_ones);
}

/// `quotient * b = x - remainder` as integers, plus 2^32 in case of overflow. The words of the product, as `mul` answers
/// them, are
///
/// * low: x - remainder + 2^32 (is_product_negative + remainder_sign - x_sign + is_overflow), limb by limb with `borrow`,
/// * high: 0, or 2^32 - 1 if the product is negative,
///
/// and low - 2^32 is_product_negative is the product. Limbs below are less than 2^19, and nothing wraps.
fn eval_product<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &DivColumns<AB::Var>) {
    let DivColumns { is_used, is_signed, x, b, quotient, remainder, borrow, .. } = *row;
    let limb = Val::from_u32(1 << 16);
    let is_negative = row.is_product_negative;
    builder.assert_bools([borrow, is_negative]);
    let multiple = is_negative + row.remainder_sign - row.x_sign + row.is_overflow;
    let low = [x[0] - remainder[0] + borrow * limb, x[1] - remainder[1] - borrow + multiple * limb];
    let high = [0, 1].map(|_| is_negative * Val::from_u16(0xffff));
    // MULHU of unsigned operations, otherwise MULH.
    let op = AB::Expr::from_u32(alu::MULHU) - is_signed * Val::from_u32(alu::MULHU - alu::MULH);
    for (op, c) in [(AB::Expr::from_u32(alu::MUL), low), (op, high)] {
        let message = InstructionMessage { op, x: quotient.map(Into::into), b: b.map(Into::into), c };
        ask_instruction(builder, message, flag(is_used));
    }
}

/// `margin = |b| - |remainder| - 1`, limb by limb, is a word: so |remainder| < |b|. If the division is by zero, 2^32
/// stands for |b|; otherwise b = 0 has no margin. In unused rows nothing is subtracted, so that all can be 0.
///
/// The low limb of the absolute value of a negative word is taken as 2^16 - limb, 0 to 2^16, and the high one as
/// 2^16 - 1 - limb. Differences are less than 2^18, and nothing wraps.
fn eval_margin<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &DivColumns<AB::Var>) {
    let DivColumns { is_used, b, remainder, b_sign, remainder_sign, margin, margin_borrow, .. } = *row;
    let limb = Val::from_u32(1 << 16);
    let absolute = |word: [AB::Var; 2], sign: AB::Var| -> [AB::Expr; 2] {
        let top = [limb, limb - Val::ONE];
        [0, 1].map(|i| word[i] + sign * (AB::Expr::from(top[i]) - word[i] * Val::TWO))
    };
    let [b_low, b_high] = absolute(b, b_sign);
    let [remainder_low, remainder_high] = absolute(remainder, remainder_sign);
    for limb in margin {
        ask_range16(builder, limb, always());
    }
    let borrow = margin_borrow;
    builder.assert_zero(borrow * (borrow - Val::ONE) * (borrow - Val::TWO));
    builder.assert_eq(margin[0], b_low - remainder_low - is_used + borrow * limb);
    builder.assert_eq(margin[1], b_high - remainder_high - borrow + row.is_by_zero * limb);
}

/// The answer is the quotient or the remainder. It is stated once if the row is in use.
fn eval_answer<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &DivColumns<AB::Var>) {
    let DivColumns { is_used, is_signed, is_remainder, x, b, quotient, remainder, .. } = *row;
    // DIV + 1 if unsigned + 2 for the remainder.
    let op = is_remainder * Val::TWO - is_signed + Val::from_u32(alu::DIVU);
    // Degree 2, in an auxiliary column of its own.
    let c = [0, 1].map(|i| is_remainder * (remainder[i] - quotient[i]) + quotient[i]);
    let message = InstructionMessage { op, x: x.map(Into::into), b: b.map(Into::into), c };
    answer_instruction(builder, message, is_used);
}
