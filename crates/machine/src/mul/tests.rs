use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::alu;
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const WORDS: [u32; 12] = [
    0,
    1,
    2,
    0xff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xdead_beef,
    0xffff_fffe,
    u32::MAX,
];
const OPS: [u32; 4] = [alu::MUL, alu::MULH, alu::MULHSU, alu::MULHU];

/// The operands of edge cases, then random ones of all magnitudes.
fn operands() -> Vec<(u32, u32)> {
    let edges = WORDS.iter().flat_map(|x| WORDS.map(|b| (*x, b)));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32 >> ((state >> 20 & 31) % 24)
    };
    let random: Vec<_> = (0..300).map(|_| (random(), random())).collect();
    edges.chain(random).collect()
}

/// The product mod 2^64 that an operation takes its result from.
fn product(op: u32, x: u32, b: u32) -> u64 {
    let [x_signed, b_signed] = [x, b].map(|word| i64::from(word as i32));
    match op {
        alu::MULH => (x_signed * b_signed) as u64,
        alu::MULHSU => (x_signed * i64::from(b)) as u64,
        _ => u64::from(x) * u64::from(b),
    }
}

fn result(op: u32, product: u64) -> u32 {
    if op == alu::MUL { product as u32 } else { (product >> 32) as u32 }
}

/// The one row of an operation.
fn row(op: u32, x: u32, b: u32) -> RowMajorMatrix<Val> {
    generate(&[MulEvent { op, x, b }], 1, &mut TableCounts::default())
}

fn columns(trace: &mut RowMajorMatrix<Val>) -> &mut MulColumns<Val> {
    trace.values[..MulColumns::<u8>::WIDTH].borrow_mut()
}

/// Whether constraints and the lookup table accept a trace.
fn is_accepted(trace: &RowMajorMatrix<Val>) -> bool {
    let report = evaluate(&MulAir, trace, &[]);
    report.failures.is_empty()
        && report.balance.on(name::TABLE).keys().all(|message| testing::is_in_table(message))
}

#[test]
fn states_what_the_isa_says() {
    let operands = operands();
    let events: Vec<_> =
        operands.iter().flat_map(|(x, b)| OPS.map(|op| MulEvent { op, x: *x, b: *b })).collect();
    let mut counts = TableCounts::default();
    let trace = generate(&events, 2048, &mut counts);
    let report = evaluate(&MulAir, &trace, &[]);
    assert_eq!(report.failures, []);
    let answers = report.balance.on(name::INSTRUCTION);
    for MulEvent { op, x, b } in &events {
        assert!(answers[&instruction(*op, *x, *b, result(*op, product(*op, *x, *b)))] < 0);
    }
    let total: i64 = answers.values().sum();
    assert_eq!(total, -(events.len() as i64));
    testing::assert_counted(&report.balance, &counts);
}

#[test]
fn answers_identical_questions() {
    let event = MulEvent { op: alu::MULHSU, x: 0xdead_beef, b: 0xcafe_babe };
    let trace = generate(&[event; 3], 4, &mut TableCounts::default());
    let report = evaluate(&MulAir, &trace, &[]);
    assert_eq!(report.failures, []);
    let c = result(event.op, product(event.op, event.x, event.b));
    assert_eq!(
        report.balance.on(name::INSTRUCTION),
        [(instruction(event.op, event.x, event.b, c), -3)].into()
    );
}

#[test]
fn every_column_matters() {
    let words = [0x8000_0000, 0xdead_beef, u32::MAX];
    let events: Vec<_> =
        words.iter().flat_map(|x| OPS.map(|op| MulEvent { op, x: *x, b: 0xfedc_ba98 })).collect();
    let trace = generate(&events, 16, &mut TableCounts::default());
    testing::assert_every_column_matters(&MulAir, &trace, &[], MulColumns::FILLING);
}

#[test]
fn width_is_within_budget() {
    assert_eq!(testing::total_width(&MulAir), 24 + 4 * (1 + 6 + 1));
}

/// Whether any signs and carries make a product acceptable. What the equations determine follows from the rest, as field
/// elements.
fn is_forgeable(op: u32, x: u32, b: u32, product: u64) -> bool {
    let limbs: [Val; 4] = core::array::from_fn(|k| Val::from_u16((product >> (16 * k)) as u16));
    let bytes = [x, b].map(u32::to_le_bytes);
    let words = [x, b].map(|word| [word & 0xffff, word >> 16].map(Val::from_u32));
    let sums: [Val; 4] = core::array::from_fn(|k| {
        let pairs = (0..4).flat_map(|i| (0..4).map(move |j| (i, j))).filter(|(i, j)| (i + j) / 2 == k);
        let products =
            pairs.map(|(i, j)| (u32::from(bytes[0][i]) * u32::from(bytes[1][j])) << (8 * ((i + j) % 2)));
        Val::from_u32(products.sum())
    });
    let over_limb = Val::from_u32(1 << 16).inverse();
    let mut trace = row(op, x, b);
    (0..48_u8).any(|choice| {
        let [x_sign, b_sign, negative, bit] = [1, 2, 4, 8].map(|mask| Val::from_bool(choice & mask != 0));
        let two_bits = Val::from_u8(choice >> 4);
        let columns = columns(&mut trace);
        [columns.x_sign, columns.b_sign, columns.is_negative] = [x_sign, b_sign, negative];
        columns.product = limbs;
        let carry0 = (sums[0] - limbs[0]) * over_limb;
        let carry1 = (sums[1] + carry0 - limbs[1]) * over_limb;
        let low = words[1][0] * x_sign + words[0][0] * b_sign;
        let carry2 = (sums[2] + carry1 - low - limbs[2]) * over_limb;
        columns.carry0 = [carry0 - bit * Val::from_u16(256), bit];
        columns.carry1 = carry1;
        columns.carry2 = [carry2 + x_sign + b_sign - two_bits * Val::from_u16(256), two_bits];
        is_accepted(&trace)
    })
}

#[test]
fn refuses_forged_products() {
    // 1 and p - 1 = 2^16 * 32512 is what a carry mod p, instead of an integer, lets through.
    let wrap = 32_512_u64;
    let differences = [1, 1 << 16, 1 << 32, 1 << 48, 1 << 63, 1 + (wrap << 16), 2 + (wrap << 17)];
    let differences = differences.into_iter().flat_map(|d| [d, d << 16, d << 32]).filter(|d| *d != 0);
    let differences: Vec<u64> = differences.flat_map(|d| [d, d.wrapping_neg()]).collect();
    for x in WORDS {
        for b in WORDS {
            for op in OPS {
                let honest = product(op, x, b);
                assert!(is_forgeable(op, x, b, honest));
                for difference in &differences {
                    assert!(
                        !is_forgeable(op, x, b, honest.wrapping_add(*difference)),
                        "{op} {x} {b} {difference}"
                    );
                }
            }
        }
    }
}

#[test]
fn refuses_the_high_word_of_another_signedness() {
    let [x, b] = [0xdead_beef, 0xcafe_babe];
    for (op, other) in OPS.iter().flat_map(|op| OPS.map(|other| (*op, other))) {
        let [honest, forged] = [op, other].map(|op| product(op, x, b));
        assert_eq!(is_forgeable(op, x, b, forged), honest == forged, "{op} {other}");
    }
}

/// 0 * 0 with a limb of 1 = p - 2^16 * 32512, and the carry taken from the next.
#[test]
fn refuses_a_carry_that_wraps() {
    const WRAP: u16 = 32_512;
    let carries: [fn(&mut MulColumns<Val>); 5] = [
        |columns| columns.carry0 = [Val::from_u16(WRAP), Val::ZERO],
        |columns| columns.carry0 = [Val::ZERO, Val::from_u16(WRAP / 256)],
        |columns| columns.carry1 = Val::from_u16(WRAP),
        |columns| columns.carry2 = [Val::from_u16(WRAP), Val::ZERO],
        |columns| columns.carry2 = [Val::ZERO, Val::from_u16(WRAP / 256)],
    ];
    for (limb, forge) in [0, 0, 1, 2, 2].into_iter().zip(carries) {
        let mut trace = row(alu::MUL, 0, 0);
        let columns = columns(&mut trace);
        columns.product[limb] = Val::ONE;
        columns.product[limb + 1] = Val::from_u16(WRAP);
        forge(columns);
        assert!(!is_accepted(&trace));
    }
}

#[test]
fn refuses_a_sign_that_is_a_fraction() {
    let mut trace = row(alu::MULH, 0xdead_beef, 0x1234_5678);
    let columns = columns(&mut trace);
    columns.is_negative -= Val::from_u32(1 << 16).inverse();
    columns.product[3] -= Val::ONE;
    assert!(!is_accepted(&trace));
}

#[test]
fn refuses_operands_and_limbs_out_of_range() {
    let byte = Val::from_u16(256);
    let mut trace = row(alu::MUL, 0x201, 1);
    let x = &mut columns(&mut trace).x;
    [x[0], x[1]] = [x[0] + byte, x[1] - Val::ONE];
    assert!(!is_accepted(&trace));
    let mut trace = row(alu::MULHU, u32::MAX, u32::MAX);
    let product = &mut columns(&mut trace).product;
    product[2] += Val::from_u32(1 << 16);
    product[3] -= Val::ONE;
    columns(&mut trace).carry2[0] -= Val::ONE;
    assert_eq!(evaluate(&MulAir, &trace, &[]).failures, []);
    assert!(!is_accepted(&trace));
}

#[test]
fn refuses_flags_that_are_not_one_operation() {
    let honest = row(alu::MUL, 3, 5);
    let (one, two) = (Val::ONE, Val::TWO);
    // Two operations; an answer less than none; two answers; two answers less one.
    for flags in [
        [one, one, Val::ZERO, Val::ZERO],
        [-one; 4],
        [two, Val::ZERO, Val::ZERO, Val::ZERO],
        [two, -one, Val::ZERO, Val::ZERO],
    ] {
        let mut trace = honest.clone();
        let columns = columns(&mut trace);
        [columns.is_mul, columns.is_mulh, columns.is_mulhsu, columns.is_mulhu] = flags;
        assert!(!evaluate(&MulAir, &trace, &[]).failures.is_empty());
    }
}

#[test]
fn unused_rows_state_nothing() {
    let mut trace = row(alu::MULH, 0xdead_beef, 0xcafe_babe);
    columns(&mut trace).is_mulh = Val::ZERO;
    assert_eq!(evaluate(&MulAir, &trace, &[]).balance.on(name::INSTRUCTION), [].into());
    let trace = generate(&[], 4, &mut TableCounts::default());
    let report = evaluate(&MulAir, &trace, &[]);
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.on(name::INSTRUCTION), [].into());
}
