use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::MulColumns;
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_and, ask_bytes, ask_range16};
use crate::opcode::alu;

/// The table of MUL, MULH, MULHSU and MULHU.
#[derive(Clone, Copy, Debug, Default)]
pub struct MulAir;

impl BaseAir<Val> for MulAir {
    fn width(&self) -> usize {
        MulColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for MulAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &MulColumns<AB::Var> = main.current_slice().borrow();
        eval_ranges(builder, row);
        eval_product(builder, row);
        eval_answer(builder, row);
    }
}

/// All of this holds in unused rows too, where all is 0.
///
/// 1. The bytes of the operands have 8 bits. The AND with 128 of a top byte is the sign; with 0, where the operation
///    takes the operand as unsigned, it is 0. So signs are boolean.
/// 2. The limbs of the product have 16 bits.
/// 3. `carry0` <= 511, `carry2` <= 767. `carry1` <= 1023: it has 16 bits, so 64 times it does not wrap, and that has 16
///    bits too.
/// 4. `is_negative` is boolean.
fn eval_ranges<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &MulColumns<AB::Var>) {
    let MulColumns { x, b, carry0, carry1, carry2, .. } = *row;
    let top_bit = Val::from_u8(128);
    for (i, j) in [(x[0], x[1]), (x[2], b[2]), (b[0], b[1]), (carry0[0], carry2[0])] {
        ask_bytes(builder, i, j, always());
    }
    let is_x_signed = row.is_mulh + row.is_mulhsu;
    ask_and(builder, x[3], is_x_signed * top_bit, row.x_sign * top_bit, always());
    ask_and(builder, b[3], row.is_mulh * top_bit, row.b_sign * top_bit, always());
    for limb in row.product {
        ask_range16(builder, limb, always());
    }
    ask_range16(builder, carry1, always());
    ask_range16(builder, carry1 * Val::from_u8(64), always());
    builder.assert_bool(carry0[1]);
    builder.assert_zero(carry2[1] * (carry2[1] - Val::ONE) * (carry2[1] - Val::TWO));
    builder.assert_bool(row.is_negative);
}

/// The product of the signed operands, limb by limb:
///
/// `x b - 2^32 (x_sign b + b_sign x) + 2^64 x_sign b_sign = product - 2^64 is_negative`,
///
/// where x and b on the left are the unsigned words. Both sides of each equation are below 2^27 in magnitude, so they
/// hold over the integers; and every `product` of 64 bits with `is_negative` is another integer.
fn eval_product<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &MulColumns<AB::Var>) {
    let MulColumns { x, b, x_sign, b_sign, product, carry0, carry1, carry2, is_negative, .. } = *row;
    let byte = Val::from_u16(256);
    let limb = Val::from_u32(1 << 16);
    let [x_limbs, b_limbs] = [x, b].map(limbs::<AB>);
    let corrections: [AB::Expr; 2] =
        core::array::from_fn(|i| b_limbs[i].clone() * x_sign + x_limbs[i].clone() * b_sign);
    let [low, high] = corrections;
    let carry0 = carry0[0] + carry0[1] * byte;
    let carry2 = carry2[0] + carry2[1] * byte - x_sign - b_sign;
    let last_carry = AB::Expr::ZERO - is_negative - x_sign * b_sign;
    let sums = [
        byte_products::<AB>(x, b, 0),
        byte_products::<AB>(x, b, 1) + carry0.clone(),
        byte_products::<AB>(x, b, 2) + carry1 - low,
        byte_products::<AB>(x, b, 3) + carry2.clone() - high,
    ];
    let carries = [carry0, carry1.into(), carry2, last_carry];
    for ((sum, carry), product) in sums.into_iter().zip(carries).zip(product) {
        builder.assert_eq(sum, carry * limb + product);
    }
}

/// The products of bytes at positions 2k and 2k + 1, in units of 2^(16 k).
fn byte_products<AB: AirBuilder<F = Val>>(x: [AB::Var; 4], b: [AB::Var; 4], k: usize) -> AB::Expr {
    let at = |position: usize| {
        let pairs = (0..4).filter(|i| (i..&(i + 4)).contains(&&position));
        pairs.fold(AB::Expr::ZERO, |sum, i| sum + x[i] * b[position - i])
    };
    at(2 * k) + at(2 * k + 1) * Val::from_u16(256)
}

/// 1. Each flag is boolean, and at most one is set.
/// 2. The answer is the low or the high word of the product. It is stated once if a flag is set.
fn eval_answer<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &MulColumns<AB::Var>) {
    let MulColumns { is_mul, is_mulh, is_mulhsu, is_mulhu, x, b, product, .. } = *row;
    let flags = [is_mul, is_mulh, is_mulhsu, is_mulhu];
    let numbers = [alu::MUL, alu::MULH, alu::MULHSU, alu::MULHU];
    let is_high = is_mulh + is_mulhsu + is_mulhu;
    let is_used = is_high.clone() + is_mul;
    builder.assert_bools(flags);
    builder.assert_bool(is_used.clone());
    // Degree 2, in an auxiliary column of its own.
    let c = [0, 1].map(|i| product[i] * is_mul + is_high.clone() * product[i + 2]);
    let op = flags.into_iter().zip(numbers);
    let op = op.fold(AB::Expr::ZERO, |op, (flag, number)| op + flag * Val::from_u32(number));
    let message = InstructionMessage { op, x: limbs::<AB>(x), b: limbs::<AB>(b), c };
    answer_instruction(builder, message, is_used);
}

fn limbs<AB: AirBuilder<F = Val>>(bytes: [AB::Var; 4]) -> [AB::Expr; 2] {
    [0, 1].map(|i| bytes[2 * i] + bytes[2 * i + 1] * Val::from_u16(256))
}
