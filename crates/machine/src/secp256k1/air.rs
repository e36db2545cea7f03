use core::array;
use core::borrow::Borrow;

use ashlar_abi::call;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::carries::{self, GROUPS, PLACES, QUOTIENT_WEIGHTS};
use super::columns::{CanonicalChoice, FIRST_CARRIES, HIGHS, LIMBS, Secp256k1Columns};
use super::relations::{Operands, Relation, join};
use crate::Val;
use crate::bus::{
    PortMessage, SLOTS, always, ask_and, ask_bytes, ask_range16, flag, port_tag, receive_call, send_port,
    send_tagged_port, slot,
};

/// The table of additions and doublings of points on secp256k1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secp256k1Air;

impl BaseAir<Val> for Secp256k1Air {
    fn width(&self) -> usize {
        Secp256k1Columns::WIDTH
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for Secp256k1Air {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &Secp256k1Columns<AB::Var> = main.current_slice().borrow();
        let next: &Secp256k1Columns<AB::Var> = main.next_slice().borrow();
        eval_flags(builder, row, next);
        eval_ranges(builder, row);
        eval_canonical(builder, row);
        eval_messages(builder, row);
        let operands = Operands::<AB::Expr>::new(row, next);
        eval_divisor(builder, &operands, row, next);
        for (i, relation) in Relation::ALL.into_iter().enumerate() {
            eval_relation(builder, &operands.sums(relation), i, [row, next]);
        }
    }
}

/// 1. Each flag is boolean, and at most one is set: a row is the first of an addition, the first of a doubling, a
///    second row, or not in use.
/// 2. A second row follows each first row, and nothing else: not the end of the trace, and none is at its start.
/// 3. Both rows of an operation have the same clock, and the second reads P, which the first writes.
///
/// All further constraints across rows have a flag of a first row as factor, so none reaches around the trace's end.
fn eval_flags<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &Secp256k1Columns<AB::Var>,
    next: &Secp256k1Columns<AB::Var>,
) {
    let is_first = row.is_add + row.is_double;
    builder.assert_bools([row.is_add, row.is_double, row.is_second]);
    builder.assert_bool(is_first.clone() + row.is_second);
    builder.when_first_row().assert_zero(row.is_second);
    builder.when_transition().assert_eq(next.is_second, is_first.clone());
    builder.when_last_row().assert_zero(is_first.clone());
    builder.when(is_first.clone()).assert_eq(next.clock, row.clock);
    builder.when(is_first).assert_eq(next.read_address, row.write_address);
}

/// On every row, padding included, where all is 0: nibbles have 4 bits, bytes 8, words and rests 16, and the carries'
/// top bits are bits.
fn eval_ranges<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &Secp256k1Columns<AB::Var>) {
    for [low, high] in row.nibbles.as_chunks::<2>().0 {
        let byte: AB::Expr = *low + *high * Val::from_u8(16);
        ask_and(builder, byte, Val::from_u8(15), *low, always());
    }
    for [x, y] in row.bytes.as_chunks::<2>().0 {
        ask_bytes(builder, *x, *y, always());
    }
    for word in row.words.into_iter().chain(row.rests) {
        ask_range16(builder, word, always());
    }
    builder.assert_bools(row.highs);
}

/// The numbers are below the modulus: in the first row x_Q (or y_P), y_Q (0 in a doubling) and y_R, in the second x_R,
/// y_P and x_P. The slope may be any number that satisfies the relations.
fn eval_canonical<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &Secp256k1Columns<AB::Var>) {
    let is_first: AB::Expr = row.is_add + row.is_double;
    let is_second: AB::Expr = row.is_second.into();
    let is_used = is_first.clone() + is_second.clone();
    let [bytes, limbs, nibbles, result] = row.canonical;
    let of_bytes = (byte_limbs::<AB>(row), is_used.clone(), bytes);
    let of_limbs = (row.limbs.map(Into::into), is_used, limbs);
    let of_nibbles = (nibble_limbs::<AB>(row), is_second, nibbles);
    let of_result = (array::from_fn(|i| row.words[i].into()), is_first, result);
    eval_below_modulus(builder, [of_bytes], row.inverses[0], row.rests[0]);
    eval_below_modulus(builder, [of_limbs], row.inverses[1], row.rests[1]);
    // Never both on the same row, so they share the inverse and the rest.
    eval_below_modulus(builder, [of_nibbles, of_result], row.inverses[2], row.rests[2]);
}

/// Limbs, whether they must be canonical, and why they are.
type Number<E, V> = ([E; LIMBS], E, CanonicalChoice<V>);

/// Each number, of limbs that have 16 bits, is below p = 2^256 - 2^32 - 977 if its flag is set. The limbs of p, from
/// the top, are 13 times ffff, then fffe, ffff, fc2f. Of three reasons the witness chooses one:
///
/// 1. By top: `top`, the sum of ffff less a limb over the top 13, is not zero, since it has an inverse.
/// 2. By middle: u = fffe less limb 2 is at least 0, because it is the rest, which has 16 bits; with v = ffff less
///    limb 1, u + v is not zero; so limbs 2 and 1 are less than those of p.
/// 3. By low: u = v = 0, and fc2e less limb 0 is at least 0, because it is the rest.
///
/// All sums stay below 2^20 and cannot wrap. Without its flag no reason can be chosen.
fn eval_below_modulus<AB: InteractionBuilder<F = Val>, const N: usize>(
    builder: &mut AB,
    numbers: [Number<AB::Expr, AB::Var>; N],
    inverse: AB::Var,
    rest: AB::Var,
) {
    let [mut not_zero, mut has_inverse, mut expected_rest] = [AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO];
    for (limbs, flag, CanonicalChoice { by_middle, by_low }) in numbers {
        let by_top = flag - by_middle - by_low;
        builder.assert_bools([by_middle, by_low]);
        builder.assert_bool(by_top.clone());
        let below = |limb: AB::Expr, of: u16| AB::Expr::from_u16(of) - limb;
        let [low, v, u, top @ ..] = limbs;
        let top: AB::Expr = top.into_iter().map(|limb| below(limb, 0xffff)).sum();
        let (low, v, u) = (below(low, 0xfc2e), below(v, 0xffff), below(u, 0xfffe));
        builder.when(by_low).assert_zeros([u.clone(), v.clone()]);
        not_zero += by_top.clone() * top + by_middle * (u.clone() + v);
        has_inverse += by_top + by_middle;
        expected_rest += by_middle * u + by_low * low;
    }
    builder.assert_eq(not_zero * inverse, has_inverse);
    builder.assert_eq(expected_rest, rest);
}

/// 1. In a doubling, the first row's bytes are y_P.
/// 2. x_Q - x_P, or y_P in a doubling, is not zero: of its differences by 3 bytes, which are below 2^24 and cannot
///    wrap, a weighted sum is 1. Both numbers are below p, so the divisor of the slope is not zero modulo p either, and
///    the slope is the only one.
fn eval_divisor<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    operands: &Operands<AB::Expr>,
    row: &Secp256k1Columns<AB::Var>,
    next: &Secp256k1Columns<AB::Var>,
) {
    for (x_q, y_p) in byte_limbs::<AB>(row).into_iter().zip(&operands.y_p) {
        builder.when(row.is_double).assert_eq(x_q, y_p.clone());
    }
    let divisor = operands.divisor();
    let weights = row.unequal.into_iter().chain(next.unequal);
    let sum: AB::Expr = divisor
        .chunks(3)
        .zip(weights)
        .map(|(bytes, weight)| {
            let difference = bytes
                .iter()
                .rev()
                .fold(AB::Expr::ZERO, |sum, byte| sum * AB::Expr::from_u16(256) + byte.clone());
            difference * weight
        })
        .sum();
    builder.assert_eq(sum, operands.is_first());
}

/// Group by group, with q the last carry: sum + carry in + q * (2^32 + 977)'s part = base * carry out. Carries are in
/// the range that their columns allow, so neither side reaches the order of the field (asserted in `carries`), and the
/// equations hold over the integers. Multiplied by the groups' weights they add up to sum = q * p.
fn eval_relation<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    sums: &[AB::Expr; GROUPS],
    relation: usize,
    rows: [&Secp256k1Columns<AB::Var>; 2],
) {
    let is_first: AB::Expr = rows[0].is_add + rows[0].is_double;
    let carries: [AB::Expr; GROUPS] = array::from_fn(|i| carry::<AB>(relation * GROUPS + i, rows));
    let quotient = &carries[GROUPS - 1];
    for group in 0..GROUPS {
        let mut others = -carries[group].clone() * AB::Expr::from_i64(carries::base(group));
        if group > 0 {
            others += carries[group - 1].clone();
        }
        if QUOTIENT_WEIGHTS[group] != 0 {
            others += quotient.clone() * AB::Expr::from_i64(QUOTIENT_WEIGHTS[group]);
        }
        // The sums have the flag as a factor already.
        builder.assert_zero(sums[group].clone() + is_first.clone() * others);
    }
}

/// A carry: its low 16 bits, its top bit if it has one, and its offset.
fn carry<AB: InteractionBuilder<F = Val>>(index: usize, rows: [&Secp256k1Columns<AB::Var>; 2]) -> AB::Expr {
    let low = match index.checked_sub(FIRST_CARRIES) {
        None => rows[0].words[LIMBS + index],
        Some(index) => rows[1].words[index],
    };
    let offset = AB::Expr::from_i64(PLACES[index].offset);
    let high = PLACES[index].high.map(|high| rows[high / HIGHS].highs[high % HIGHS] * Val::from_u32(1 << 16));
    high.unwrap_or(AB::Expr::ZERO) + low + offset
}

/// 1. The first row takes the call. A doubling has no second argument.
/// 2. It reads Q (additions only) and writes y of the result; the second row reads P and writes x of the result. What
///    both rows do with the same columns is one message: `bytes` are x_Q read, then x_R written; `limbs` are y_Q read,
///    then y_P read.
fn eval_messages<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &Secp256k1Columns<AB::Var>) {
    let is_first: AB::Expr = row.is_add + row.is_double;
    let number = row.is_add * Val::from_u32(call::SECP256K1_ADD)
        + row.is_double * Val::from_u32(call::SECP256K1_DOUBLE);
    let words = [row.write_address.into(), row.read_address.into(), AB::Expr::ZERO, AB::Expr::ZERO];
    receive_call(builder, number, row.clock, words, flag(is_first.clone()));

    let at = |slot: AB::Expr| row.clock * Val::from_u32(SLOTS) + slot;
    let write_time = at(AB::Expr::from_u32(slot::WRITE));
    let read_time =
        at(row.is_second * Val::from_u32(slot::WRITE - slot::OPERAND_A)
            + AB::Expr::from_u32(slot::OPERAND_A));
    let is_add_or_second: AB::Expr = row.is_add + row.is_second;
    let is_second: AB::Expr = row.is_second.into();
    let [x, y] = [0, 8];
    let limbs = row.limbs.map(Into::into);
    let result = array::from_fn(|i| row.words[i].into());
    for message in chunks::<AB>(port_tag::READ, &read_time, row.read_address, x, &byte_limbs::<AB>(row)) {
        // The tag of reads is 0, that of writes 1.
        const { assert!(port_tag::READ == 0 && port_tag::WRITE == 1) };
        send_tagged_port(builder, is_second.clone(), message, flag(is_add_or_second.clone()));
    }
    for message in chunks::<AB>(port_tag::READ, &read_time, row.read_address, y, &limbs) {
        send_port(builder, message, flag(is_add_or_second.clone()));
    }
    for message in chunks::<AB>(port_tag::READ, &write_time, row.read_address, x, &nibble_limbs::<AB>(row)) {
        send_port(builder, message, flag(is_second.clone()));
    }
    for message in chunks::<AB>(port_tag::WRITE, &write_time, row.write_address, y, &result) {
        send_port(builder, message, flag(is_first.clone()));
    }
}

/// A coordinate, from `offset` words behind an address, as messages of 4 words each.
fn chunks<AB: InteractionBuilder<F = Val>>(
    tag: u32,
    timestamp: &AB::Expr,
    address: AB::Var,
    offset: u8,
    limbs: &[AB::Expr; LIMBS],
) -> [PortMessage<AB::Expr>; 2] {
    array::from_fn(|i| PortMessage {
        tag,
        timestamp: timestamp.clone(),
        address: address + AB::Expr::from_u8(offset + 4 * i as u8),
        count: AB::Expr::from_u8(4),
        limbs: array::from_fn(|j| limbs[8 * i + j].clone()),
    })
}

fn byte_limbs<AB: InteractionBuilder<F = Val>>(row: &Secp256k1Columns<AB::Var>) -> [AB::Expr; LIMBS] {
    join(&row.bytes.map(Into::into), 256)
}

fn nibble_limbs<AB: InteractionBuilder<F = Val>>(row: &Secp256k1Columns<AB::Var>) -> [AB::Expr; LIMBS] {
    let nibbles: [AB::Expr; 64] = row.nibbles.map(Into::into);
    let bytes: [AB::Expr; 32] = join(&nibbles, 16);
    join(&bytes, 256)
}
