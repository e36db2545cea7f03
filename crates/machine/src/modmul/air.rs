use alloc::vec::Vec;

use ashlar_abi::call;
use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::columns::{ModmulColumns, ModmulHead, is_wide, width};
use crate::bus::{
    PortMessage, ReducedMessage, always, ask_bytes, ask_range16, flag, name, port_tag, receive_call,
    receive_reduced, send_port, send_reduced, slot,
};
use crate::{Val, timestamp};

/// Carries per chain of range checks; the argument holds up to 9.
pub(super) const CHAIN: usize = 8;

/// What makes a wide carry's parts positive.
pub(super) const WIDE_OFFSET: u32 = 1 << 14;

/// The table of modular multiplications of numbers of 8 or 12 words.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModmulAir<const WORDS: usize>;

impl<const WORDS: usize> ModmulAir<WORDS> {
    const CALL: (u32, &str) = match WORDS {
        8 => (call::MODMUL256, name::MODMUL256),
        12 => (call::MODMUL384, name::MODMUL384),
        _ => panic!("a call multiplies numbers of 8 or 12 words"),
    };
}

type Row<'a, T> = ModmulColumns<&'a ModmulHead<T>, &'a [T]>;

impl<const WORDS: usize> BaseAir<Val> for ModmulAir<WORDS> {
    fn width(&self) -> usize {
        width(WORDS)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>, const WORDS: usize> Air<AB> for ModmulAir<WORDS> {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = ModmulColumns::read(WORDS, main.current_slice());
        let is_modulus_power = eval_kind(builder, &row);
        eval_canonical(builder, &row);
        let carries = carry_values::<AB>(WORDS, &row);
        eval_identity(builder, &row, is_modulus_power, &carries);
        eval_ranges(builder, &row, &carries);
        eval_memory(builder, WORDS, &row);
        let (number, link) = Self::CALL;
        let ModmulHead { is_call, clock, addresses, .. } = *row.head;
        receive_call(builder, AB::Expr::from_u32(number), clock, addresses.map(Into::into), flag(is_call));
        eval_link(builder, link, &row);
    }
}

/// The limbs of 16 bits of a number in bytes.
fn limbs<AB: InteractionBuilder<F = Val>>(bytes: &[AB::Var]) -> impl Iterator<Item = AB::Expr> {
    bytes.chunks_exact(2).map(|bytes| bytes[0] + bytes[1] * Val::from_u32(1 << 8))
}

fn sum<AB: InteractionBuilder<F = Val>>(columns: &[AB::Var]) -> AB::Expr {
    columns.iter().map(|column| (*column).into()).sum()
}

/// 1. The flags are boolean.
/// 2. In the first of two rows b = 1: the lowest byte is 1, the sum of the others (bytes, so no wrap) is 0.
/// 3. The quarters are boolean, and the flag that the modulus is 2^256 (2^384), `is_call` less all quarters, is boolean:
///    so at most one quarter is set, and none unless the row takes a call.
/// 4. That flag is set only if m = 0: the sum of its limbs is below 2^21. The reverse follows from r < m otherwise.
///
/// Returns the flag of 3.
fn eval_kind<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &Row<'_, AB::Var>) -> AB::Expr {
    let ModmulHead { is_call, is_part, quarter, .. } = *row.head;
    builder.assert_bools([is_call, is_part]);
    let is_first: AB::Expr = is_part * (AB::Expr::ONE - is_call);
    builder.assert_zero(is_first.clone() * (row.b[0] - Val::ONE));
    builder.assert_zero(is_first * sum::<AB>(&row.b[1..]));
    let is_modulus_power = is_call - sum::<AB>(&quarter);
    builder.assert_bools(quarter);
    builder.assert_bool(is_modulus_power.clone());
    builder.assert_zero(is_modulus_power.clone() * limbs::<AB>(row.m).sum::<AB::Expr>());
    is_modulus_power
}

/// r < m if a quarter is set.
///
/// 1. The members are boolean, with the first of them that has no column: it is 1 less the others if a quarter is set,
///    and 0 less the others if none is. So exactly one is set in the first case and none in the second: quarter and
///    member select one limb or none.
/// 2. m and r agree in the limbs above the selected one.
/// 3. In the selected one m = r + gap + 1, the gap has 16 bits.
fn eval_canonical<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &Row<'_, AB::Var>) {
    let ModmulHead { quarter, gap, .. } = *row.head;
    let selected = sum::<AB>(&quarter);
    let first = selected.clone() - sum::<AB>(row.member);
    let members = || [first.clone()].into_iter().chain(row.member.iter().map(|member| (*member).into()));
    for member in members() {
        builder.assert_bool(member);
    }
    let mut differences = limbs::<AB>(row.m).zip(row.r).map(|(m, r)| m - *r);
    let [mut lower_quarters, mut selected_difference] = [AB::Expr::ZERO, AB::Expr::ZERO];
    for quarter in quarter {
        let mut lower_members = AB::Expr::ZERO;
        for (member, difference) in members().zip(&mut differences) {
            let is_above = lower_quarters.clone() + lower_members.clone() * quarter;
            builder.assert_zero(is_above * difference.clone());
            selected_difference += member.clone() * quarter * difference;
            lower_members += member;
        }
        lower_quarters += quarter.into();
    }
    builder.assert_eq(selected_difference, selected * (gap + Val::ONE));
    ask_range16(builder, gap, always());
}

/// The carry out of each position.
fn carry_values<AB: InteractionBuilder<F = Val>>(words: usize, row: &Row<'_, AB::Var>) -> Vec<AB::Expr> {
    let mut high = row.high.iter();
    let value = |(position, carry): (usize, &AB::Var)| match is_wide(words, position).then(|| high.next()) {
        Some(Some(high)) => *carry + *high * Val::from_u32(1 << 7) - Val::from_u32(WIDE_OFFSET),
        _ => (*carry).into(),
    };
    row.carry.iter().enumerate().map(value).collect()
}

/// a * b = q * M + r over the integers, M = m or the power of 2: in each position of 16 bits, the products of bytes that
/// fall there and the carry from the position below make 2^16 times the carry to the one above. Nothing goes into the
/// lowest position and nothing leaves the highest.
///
/// Both sides are integers: there are at most 48 products per byte, so the products of a position are below
/// 48 * 255^2 * 257 < 803 * 10^6 on either side. A carry is an integer between -2^14 and 2^14 + 2^7 (see the ranges), so
/// 2^16 carry is within 1083 * 10^6. Their sum with r and the lower carry is below p.
fn eval_identity<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &Row<'_, AB::Var>,
    is_modulus_power: AB::Expr,
    carries: &[AB::Expr],
) {
    let b: Vec<AB::Expr> = row.b.iter().map(|byte| (*byte).into()).collect();
    let modulus: Vec<AB::Expr> = row.m.iter().map(|byte| (*byte).into()).chain([is_modulus_power]).collect();
    let (b, modulus) = (pairs::<AB>(&b), pairs::<AB>(&modulus));
    let mut below = AB::Expr::ZERO;
    for position in 0..=carries.len() {
        let r = row.r.get(position).map_or(AB::Expr::ZERO, |r| (*r).into());
        let above = carries.get(position).cloned().unwrap_or(AB::Expr::ZERO);
        let difference = products::<AB>(row.a, &b, position) - products::<AB>(row.q, &modulus, position) - r;
        builder.assert_eq(difference + below, above.clone() * Val::from_u32(1 << 16));
        below = above;
    }
}

/// `digits[i - 1] + 2^8 digits[i]` for each i; absent digits are 0.
fn pairs<AB: InteractionBuilder<F = Val>>(digits: &[AB::Expr]) -> Vec<AB::Expr> {
    let digit = |i: Option<usize>| i.and_then(|i| digits.get(i)).cloned().unwrap_or(AB::Expr::ZERO);
    let pair = |i: usize| digit(i.checked_sub(1)) + digit(Some(i)) * Val::from_u32(1 << 8);
    (0..=digits.len()).map(pair).collect()
}

/// The products of bytes that fall in a position of 16 bits: byte i of one factor meets the bytes 2 position - i and
/// 2 position - i + 1 of the other.
fn products<AB: InteractionBuilder<F = Val>>(
    bytes: &[AB::Var],
    pairs: &[AB::Expr],
    position: usize,
) -> AB::Expr {
    let pair = |i: usize| (2 * position + 1).checked_sub(i).and_then(|i| pairs.get(i));
    bytes.iter().enumerate().filter_map(|(i, byte)| pair(i).map(|pair| pair.clone() * *byte)).sum()
}

/// 1. Bytes are bytes, the limbs of r have 16 bits.
/// 2. A wide carry is low + 2^7 high - 2^14 with bytes low and high.
/// 3. The others form chains of up to 9 carries c_1, ..., c_n: c_1, 3 c_i + c_(i+1) and 3 c_n have 16 bits with sign.
///
/// A lone check of 16 bits would not do: 2^16 * 2^16 > 2p, so that a carry could make up for a wrap of p. The chain leaves
/// only integers within 2^14, for one more check. Call the checked integers y_0, ..., y_n, all within 2^15. The rational
/// numbers d_n = y_n / 3, d_i = (y_i - d_(i+1)) / 3 are within 2^14, as (2^15 + 2^14) / 3 = 2^14, and 3^n d_1 is an
/// integer equal to 3^n c_1 = 3^n y_0 modulo p. It is equal without the modulus, as 3^n (2^14 + 2^15) < p for n <= 9. So
/// d_1 is the integer y_0, then d_2 = y_1 - 3 d_1 is one, and so on; and d_i = c_i modulo p.
fn eval_ranges<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &Row<'_, AB::Var>,
    carries: &[AB::Expr],
) {
    for number in [row.a, row.b, row.m, row.q] {
        for bytes in number.chunks_exact(2) {
            ask_bytes(builder, bytes[0], bytes[1], always());
        }
    }
    for limb in row.r {
        ask_range16(builder, *limb, always());
    }
    let words = row.r.len() / 2;
    let (wide, narrow): (Vec<usize>, Vec<usize>) =
        (0..carries.len()).partition(|position| is_wide(words, *position));
    for (position, high) in wide.into_iter().zip(row.high) {
        ask_bytes(builder, row.carry[position], *high, always());
    }
    for chain in narrow.chunks(CHAIN) {
        let offset = Val::from_u32(1 << 15);
        let carry = |i: usize| chain.get(i).map_or(AB::Expr::ZERO, |position| carries[*position].clone());
        ask_range16(builder, carry(0) + offset, always());
        for i in 0..chain.len() {
            ask_range16(builder, carry(i) * Val::from_u32(3) + carry(i + 1) + offset, always());
        }
    }
}

/// A row that takes a call reads b and m and writes r. It reads a unless it is the second of two; the first of two reads
/// a and nothing else.
fn eval_memory<AB: InteractionBuilder<F = Val>>(builder: &mut AB, words: usize, row: &Row<'_, AB::Var>) {
    let ModmulHead { is_call, is_part, clock, addresses: [to_r, to_a, to_b, to_m], .. } = *row.head;
    let is_call: AB::Expr = is_call.into();
    // The exclusive or. Degree 2, which a multiplicity may have.
    let reads_a = is_call.clone() + is_part - is_call.clone() * is_part * Val::TWO;
    let r: Vec<AB::Expr> = row.r.iter().map(|limb| (*limb).into()).collect();
    let accesses = [
        (port_tag::READ, slot::OPERAND_A, to_a, limbs::<AB>(row.a).collect(), reads_a),
        (port_tag::READ, slot::OPERAND_B, to_b, limbs::<AB>(row.b).collect(), is_call.clone()),
        (port_tag::READ, slot::OPERAND_M, to_m, limbs::<AB>(row.m).collect(), is_call.clone()),
        (port_tag::WRITE, slot::WRITE, to_r, r, is_call),
    ];
    for (tag, slot, address, limbs, is_made) in accesses {
        for word in (0..words).step_by(4) {
            let message = PortMessage {
                tag,
                timestamp: timestamp::at::<AB>(clock, slot),
                address: address + Val::from_usize(word),
                count: AB::Expr::from_u32(4),
                limbs: core::array::from_fn(|i| limbs[2 * word + i].clone()),
            };
            send_port(builder, message, flag(is_made.clone()));
        }
    }
}

/// The first of two rows hands its result to the second, as a. That has the same clock, address of a and modulus.
fn eval_link<AB: InteractionBuilder<F = Val>>(builder: &mut AB, link: &str, row: &Row<'_, AB::Var>) {
    let ModmulHead { is_call, is_part, clock, addresses: [_, to_a, ..], .. } = *row.head;
    let message = |reduced: Vec<AB::Expr>| ReducedMessage {
        clock: clock.into(),
        address: to_a.into(),
        m: limbs::<AB>(row.m).collect(),
        reduced,
    };
    let r = row.r.iter().map(|limb| (*limb).into()).collect();
    let is_first: AB::Expr = is_part * (AB::Expr::ONE - is_call);
    send_reduced(builder, link, message(r), flag(is_first));
    let a = limbs::<AB>(row.a).collect();
    receive_reduced(builder, link, message(a), flag(is_part * is_call));
}
