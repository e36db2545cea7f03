use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{ShiftColumns, ShiftLane};
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_bytes, ask_range16, flag};
use crate::opcode::alu;

/// The table of SLL, SRL and SRA.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShiftAir;

impl BaseAir<Val> for ShiftAir {
    fn width(&self) -> usize {
        ShiftColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for ShiftAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &ShiftColumns<AB::Var> = main.current_slice().borrow();
        for lane in &row.lanes {
            eval_lane(builder, lane);
        }
    }
}

/// A number as a field element.
const fn val(number: u32) -> Val {
    Val::new(number)
}

/// 1. Each flag is boolean, and at most one is set.
/// 2. The amount: see [`eval_amount`].
/// 3. The product and its bytes: see [`eval_product`].
/// 4. Whether ones are filled in: see [`eval_fill`].
/// 5. The result: see [`eval_result`].
/// 6. The answer is stated once if a flag is set.
///
/// The limbs of x and b have 16 bits, because an answer in which they have not is one that nobody asks for.
fn eval_lane<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &ShiftLane<AB::Var>) {
    let ShiftLane { is_sll, is_srl, is_sra, x, b_high, c, .. } = *lane;
    let is_used: AB::Expr = is_sll + is_srl + is_sra;
    builder.assert_bools([is_sll, is_srl, is_sra]);
    builder.assert_bool(is_used.clone());
    let b_low = eval_amount(builder, lane);
    eval_product(builder, lane);
    eval_fill(builder, lane);
    eval_result(builder, lane);
    let op = is_sll * val(alu::SLL) + is_srl * val(alu::SRL) + is_sra * val(alu::SRA);
    let message =
        InstructionMessage { op, x: x.map(Into::into), b: [b_low, b_high.into()], c: c.map(Into::into) };
    answer_instruction(builder, message, is_used);
}

/// The low limb of b is 32 rest + s. `bits` are bits, and at most one flag of `bytes` is set, so 0 <= s < 32.
///
/// `rest` has 16 bits, so 32 rest + s < 2^21 + 32 is not reduced mod p. It equals a number below 2^16, so s is that
/// number mod 32. Returns the low limb.
fn eval_amount<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &ShiftLane<AB::Var>) -> AB::Expr {
    let ShiftLane { rest, bits, bytes, .. } = *lane;
    builder.assert_bools(bits);
    builder.assert_bools(bytes);
    builder.assert_bool(bytes[0] + bytes[1] + bytes[2]);
    ask_range16(builder, rest, always());
    let r = bits[0] + bits[1] * val(2) + bits[2] * val(4);
    let k = bytes[0] + bytes[1] * val(2) + bytes[2] * val(3);
    rest * val(32) + k * val(8) + r
}

/// `multiplier` is m = 2^r to the left, and 2^(8 - r) to the right, one factor per bit of r: the factor of a set bit is
/// 2^(2^i) to the left and 1 to the right, of a clear bit the other way round; one more factor 2 to the right.
///
/// The limbs of x are below 2^16 and m <= 2^8, so x0 m <= 2^24 - 2^8, and x1 m + carry < 2^24: neither is reduced mod
/// p, nor are the sums of three bytes that they equal. The bytes are therefore those of the products, and `t` are the
/// bytes of x * m.
fn eval_product<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &ShiftLane<AB::Var>) {
    let ShiftLane { is_sll, is_srl, is_sra, x, bits, partial, multiplier, t, carry, .. } = *lane;
    let is_right: AB::Expr = is_srl + is_sra;
    let left = |i: usize, set: u32| -> AB::Expr { bits[i] * val(set - 1) + AB::Expr::ONE };
    let right = |i: usize, set: u32| -> AB::Expr { -(bits[i] * val(set - 1)) + val(set) };
    let [of_left, of_right] = [left(0, 2) * left(1, 4), right(0, 2) * right(1, 4)];
    builder.assert_eq(partial, of_left * is_sll + of_right * is_right.clone());
    builder.assert_eq(multiplier, (left(2, 16) * is_sll + right(2, 16) * is_right.double()) * partial);

    ask_bytes(builder, t[0], t[1], always());
    ask_bytes(builder, t[2], t[3], always());
    ask_bytes(builder, t[4], carry, always());
    let three_bytes = |low, middle, high: AB::Var| pair::<AB>(low, middle) + high * val(1 << 16);
    builder.assert_eq(x[0] * multiplier, three_bytes(t[0], t[1], carry));
    builder.assert_eq(x[1] * multiplier + carry, three_bytes(t[2], t[3], t[4]));
}

/// `fill` is boolean, and 0 if this is not SRA. If it is, 2 x1 - 2^16 fill has 16 bits: with x1 < 2^16 that leaves no
/// choice but the sign, bit 15 of x1.
fn eval_fill<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &ShiftLane<AB::Var>) {
    let ShiftLane { is_sra, x, fill, .. } = *lane;
    builder.assert_bool(fill);
    builder.assert_zero(fill * (AB::Expr::ONE - is_sra));
    ask_range16(builder, x[1] * val(2) - fill * val(1 << 16), flag(is_sra));
}

/// The result is four of the bytes `t`, moved by k bytes, plus the ones that SRA fills in. Those are
/// 2^32 - 2^(8 (3 - k)) m, by limbs: where that is 2^16 - 2^8 m or 2^16 - m, m = 2^8 makes it 0 or 2^16 - 2^8.
///
/// A limb has 16 bits: it is two bytes, and what is filled in are bits above those of `x >> s` < 2^(32 - s).
fn eval_result<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &ShiftLane<AB::Var>) {
    let ShiftLane { is_sll, is_srl, is_sra, bytes: [k1, k2, k3], multiplier, t, fill, c, .. } = *lane;
    let k0: AB::Expr = -(k1 + k2 + k3) + Val::ONE;
    let top = |byte: AB::Var| byte * val(256);
    let left = [
        k0.clone() * pair::<AB>(t[0], t[1]) + k1 * top(t[0]),
        k0.clone() * pair::<AB>(t[2], t[3])
            + k1 * pair::<AB>(t[1], t[2])
            + k2 * pair::<AB>(t[0], t[1])
            + k3 * top(t[0]),
    ];
    let right = [
        k0.clone() * pair::<AB>(t[1], t[2])
            + k1 * pair::<AB>(t[2], t[3])
            + k2 * pair::<AB>(t[3], t[4])
            + k3 * t[4],
        k0.clone() * pair::<AB>(t[3], t[4]) + k1 * t[4],
    ];
    let from_top: AB::Expr = -(multiplier * val(256)) + val(1 << 16);
    let from_middle: AB::Expr = -multiplier.into() + val(1 << 16);
    let filled = [
        k2 * from_top.clone() + k3 * from_middle.clone(),
        k0 * from_top + k1 * from_middle + (k2 + k3) * val(0xffff),
    ];
    for (((c, left), right), filled) in c.into_iter().zip(left).zip(right).zip(filled) {
        builder.assert_eq(c, left * is_sll + right * (is_srl + is_sra) + filled * fill);
    }
}

/// The limb of two bytes.
fn pair<AB: InteractionBuilder<F = Val>>(low: AB::Var, high: AB::Var) -> AB::Expr {
    high * val(256) + low
}
