use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{SubwordColumns, SubwordLane};
use crate::Val;
use crate::bus::{InstructionMessage, always, answer_instruction, ask_and, ask_bytes};
use crate::opcode::subword;

/// The table of loads and stores of less than a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubwordAir;

impl BaseAir<Val> for SubwordAir {
    fn width(&self) -> usize {
        SubwordColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for SubwordAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &SubwordColumns<AB::Var> = main.current_slice().borrow();
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
/// 2. The bits of the offset are boolean; `o0` is 0 for halfwords.
/// 3. `byte`, `mask`, `neighbour` and `b_top` are bytes, and `masked` = `byte & mask`. It holds in unused lanes too,
///    where all is 0.
/// 4. The picked limb: see [`eval_limb`].
/// 5. The result: see [`eval_load`] and [`eval_store`].
/// 6. The answer is stated once if a flag is set. Its number is the flag's plus the offset.
///
/// The limbs of x and b have 16 bits, because an answer in which they have not is one that nobody asks for.
fn eval_lane<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &SubwordLane<AB::Var>) {
    let SubwordLane { is_lb, is_lbu, is_lh, is_lhu, is_sb, is_sh, o0, o1, x, b, c, .. } = *lane;
    let is_used: AB::Expr = is_lb + is_lbu + is_lh + is_lhu + is_sb + is_sh;
    builder.assert_bools([is_lb, is_lbu, is_lh, is_lhu, is_sb, is_sh, o0, o1]);
    builder.assert_bool(is_used.clone());
    builder.assert_zero((is_lh + is_lhu + is_sh) * o0);
    ask_and(builder, lane.byte, lane.mask, lane.masked, always());
    ask_bytes(builder, lane.neighbour, lane.b_top, always());
    eval_limb(builder, lane);
    eval_load(builder, lane);
    eval_store(builder, lane);
    let op = is_lb * val(subword::LB)
        + is_lbu * val(subword::LBU)
        + is_lh * val(subword::LH)
        + is_lhu * val(subword::LHU)
        + is_sb * val(subword::SB)
        + is_sh * val(subword::SH)
        + o0
        + o1 * val(2);
    let [x, b, c] = [x, b, c].map(|word| word.map(Into::into));
    answer_instruction(builder, InstructionMessage { op, x, b, c }, is_used);
}

/// The limb that `o1` picks: of b to load, of x for SB. Both it and the two bytes have 16 bits, so they are its bytes.
fn eval_limb<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &SubwordLane<AB::Var>) {
    let SubwordLane { is_lb, is_lbu, is_lh, is_lhu, is_sb, o1, x, b, .. } = *lane;
    let is_load: AB::Expr = is_lb + is_lbu + is_lh + is_lhu;
    let limb = limb_of_bytes::<AB>(lane);
    builder.assert_zero(is_load * (pick::<AB>(o1, b) - limb.clone()) + (pick::<AB>(o1, x) - limb) * is_sb);
}

/// 1. For LB and LH, `mask` is 128: `masked` is 128 times the sign.
/// 2. The low limb of a byte is the byte, with 2^16 - 2^8 = 510 * 128 for LB if the sign is set.
/// 3. The low limb of a halfword is the picked limb.
/// 4. The high limb is 2^16 - 1 for LB and LH if the sign is set, otherwise 0.
///
/// The limbs have 16 bits by these equations.
fn eval_load<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &SubwordLane<AB::Var>) {
    let SubwordLane { is_lb, is_lbu, is_lh, is_lhu, byte, mask, masked, c, .. } = *lane;
    let is_signed: AB::Expr = is_lb + is_lh;
    builder.assert_zero(is_signed.clone() * (mask - val(128)));
    builder.assert_zero((is_lb + is_lbu) * (c[0] - byte) - is_lb * masked * val(510));
    builder.assert_zero((is_lh + is_lhu) * (limb_of_bytes::<AB>(lane) - c[0]));
    let is_load = is_signed.clone() + is_lbu + is_lhu;
    builder.assert_zero(is_load * (c[1] * val(128)) - is_signed * (masked * val(0xffff)));
}

/// 1. The limb that is not picked stays.
/// 2. For SB, b0 = mask + 2^8 b_top: both sides are below 2^16, so `mask` is the low byte of b. The picked limb, and
///    hence the sum of both limbs, changes by `mask - byte` in its low or high byte.
/// 3. For SH, the picked limb becomes the low limb of b.
///
/// The limbs have 16 bits: they are limbs of x or of b, or two bytes.
fn eval_store<AB: InteractionBuilder<F = Val>>(builder: &mut AB, lane: &SubwordLane<AB::Var>) {
    let SubwordLane { is_sb, is_sh, o0, o1, x, b, byte, mask, b_top, c, .. } = *lane;
    let other = |word: [AB::Var; 2]| pick::<AB>(o1, [word[1], word[0]]);
    builder.assert_zero((is_sb + is_sh) * (other(c) - other(x)));
    builder.assert_zero((b[0] - mask - b_top * val(256)) * is_sb);
    let scale: AB::Expr = o0 * val(255) + AB::Expr::ONE;
    builder.assert_zero(((c[0] + c[1]) - (x[0] + x[1]) - (mask - byte) * scale) * is_sb);
    builder.assert_zero((pick::<AB>(o1, c) - b[0]) * is_sh);
}

/// The low limb if the bit is 0, else the high one.
fn pick<AB: InteractionBuilder<F = Val>>(bit: AB::Var, [low, high]: [AB::Var; 2]) -> AB::Expr {
    (high - low) * bit + low
}

/// The limb of `byte` and `neighbour`. The former is on top if the offset says so or if it belongs to a halfword.
fn limb_of_bytes<AB: InteractionBuilder<F = Val>>(lane: &SubwordLane<AB::Var>) -> AB::Expr {
    let SubwordLane { is_lh, is_lhu, o0, byte, neighbour, .. } = *lane;
    let is_on_top: AB::Expr = is_lh + is_lhu + o0;
    neighbour * val(256) + byte + is_on_top * ((byte - neighbour) * val(255))
}
