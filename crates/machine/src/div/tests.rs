use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::*;
use crate::bus::name;
use crate::evaluate::{Report, evaluate};
use crate::mul::{self, MulAir};
use crate::opcode::alu;
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const MIN: u32 = 1 << 31;
const MAX: u32 = MIN - 1;
const WORDS: [u32; 16] = [
    0,
    1,
    2,
    7,
    0xffff,
    0x1_0000,
    0x1_0001,
    MAX - 1,
    MAX,
    MIN,
    MIN + 1,
    0xffff_0000,
    0xdead_beef,
    -7_i32 as u32,
    -2_i32 as u32,
    u32::MAX,
];
const OPS: [u32; 4] = [alu::DIV, alu::DIVU, alu::REM, alu::REMU];

/// Edge cases, then random operands of all magnitudes.
fn events() -> Vec<DivEvent> {
    let edges = WORDS.iter().flat_map(|x| WORDS.map(|b| (*x, b)));
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (state >> 32) as u32 >> ((state >> 20 & 31) % 30);
        if state >> 19 & 1 == 1 { word } else { word.wrapping_neg() }
    };
    let random: Vec<_> = (0..250).map(|_| (random(), random())).collect();
    edges.chain(random).flat_map(|(x, b)| OPS.map(|op| DivEvent { op, x, b })).collect()
}

/// Quotient and remainder by the text of the M extension, over the integers.
fn results(is_signed: bool, x: u32, b: u32) -> [u32; 2] {
    let integer = |word: u32| if is_signed { i64::from(word as i32) } else { i64::from(word) };
    if b == 0 {
        return [u32::MAX, x];
    }
    [integer(x) / integer(b), integer(x) % integer(b)].map(|result| result as u32)
}

/// Whether constraints, the lookup table and the `mul` table accept a trace.
fn is_accepted(report: &Report) -> bool {
    report.failures.is_empty()
        && report.balance.on(name::TABLE).keys().all(|message| testing::is_in_table(message))
        && report
            .balance
            .on(name::INSTRUCTION)
            .iter()
            .all(|(message, count)| *count < 0 || is_product(message))
}

/// Whether `mul` answers so.
fn is_product(message: &[u32]) -> bool {
    let [op, x0, x1, b0, b1, c0, c1] = *message else { return false };
    if message[1..].iter().any(|limb| *limb > 0xffff) {
        return false;
    }
    let [x, b, c] = [(x0, x1), (b0, b1), (c0, c1)].map(|(low, high)| high << 16 | low);
    let unsigned = u64::from(x) * u64::from(b);
    let signed = i64::from(x as i32) * i64::from(b as i32);
    match op {
        alu::MUL => c == unsigned as u32,
        alu::MULH => c == (signed >> 32) as u32,
        alu::MULHU => c == (unsigned >> 32) as u32,
        _ => false,
    }
}

/// The one row of an operation.
fn row(op: u32, x: u32, b: u32) -> RowMajorMatrix<Val> {
    generate(&[DivEvent { op, x, b }], 1, &mut TableCounts::default())
}

fn columns(trace: &mut RowMajorMatrix<Val>) -> &mut DivColumns<Val> {
    trace.values[..DivColumns::<u8>::WIDTH].borrow_mut()
}

fn limbs(word: u32) -> [Val; 2] {
    [word & 0xffff, word >> 16].map(Val::from_u32)
}

#[test]
fn states_what_the_isa_says() {
    let events = events();
    let mut counts = TableCounts::default();
    let trace = generate(&events, 2048, &mut counts);
    let report = evaluate(&DivAir, &trace, &[]);
    assert_eq!(report.failures, []);
    testing::assert_counted(&report.balance, &counts);
    assert!(is_accepted(&report));

    // With what `mul` answers, only the answers are left.
    let products: Vec<_> = events.iter().flat_map(mul_events).collect();
    let products = mul::generate(&products, 4096, &mut counts);
    let mut balance = report.balance;
    balance.add_all(&evaluate(&MulAir, &products, &[]).balance);
    let answers = balance.on(name::INSTRUCTION);
    for DivEvent { op, x, b } in &events {
        let [quotient, remainder] = results(*op == alu::DIV || *op == alu::REM, *x, *b);
        let c = if *op == alu::DIV || *op == alu::DIVU { quotient } else { remainder };
        assert!(answers[&instruction(*op, *x, *b, c)] < 0, "{op} {x} {b}");
    }
    let total: i64 = answers.values().sum();
    assert_eq!(total, -(events.len() as i64));
}

#[test]
fn every_column_matters() {
    let operands = [(MIN, u32::MAX), (7, 0), (0xdead_beef, 0xffff_f123)];
    let events: Vec<_> =
        operands.iter().flat_map(|(x, b)| OPS.map(|op| DivEvent { op, x: *x, b: *b })).collect();
    let trace = generate(&events, 16, &mut TableCounts::default());
    testing::assert_every_column_matters(&DivAir, &trace, &[], DivColumns::FILLING);
}

#[test]
fn width_is_within_budget() {
    assert_eq!(testing::total_width(&DivAir), 24 + 4 * (1 + 3 + 2));
}

/// The margin that the other columns determine.
fn set_margin(columns: &mut DivColumns<Val>) {
    let limb = Val::from_u32(1 << 16);
    let absolute = |[low, high]: [Val; 2], sign: Val| {
        [low + sign * (limb - low.double()), high + sign * (limb - Val::ONE - high.double())]
    };
    let b = absolute(columns.b, columns.b_sign);
    let remainder = absolute(columns.remainder, columns.remainder_sign);
    let borrow = columns.margin_borrow;
    columns.margin = [
        b[0] - remainder[0] - columns.is_used + borrow * limb,
        b[1] - remainder[1] - borrow + columns.is_by_zero * limb,
    ];
}

/// Whether any signs, flags and borrows make quotient and remainder acceptable.
fn is_forgeable(is_signed: bool, x: u32, b: u32, quotient: u32, remainder: u32) -> bool {
    let mut trace = row(if is_signed { alu::DIV } else { alu::DIVU }, x, b);
    (0..1 << 7).flat_map(|choice: u32| [0, 1, 2].map(|borrow| (choice, borrow))).any(|(choice, borrow)| {
        let columns = columns(&mut trace);
        let flags: [Val; 7] = core::array::from_fn(|i| Val::from_u32(choice >> i & 1));
        columns.quotient = limbs(quotient);
        columns.remainder = limbs(remainder);
        [columns.x_sign, columns.b_sign, columns.remainder_sign, ..] = flags;
        [.., columns.borrow, columns.is_product_negative, columns.is_by_zero, columns.is_overflow] = flags;
        columns.margin_borrow = Val::from_u32(borrow);
        set_margin(columns);
        is_accepted(&evaluate(&DivAir, &trace, &[]))
    })
}

/// Quotients that a cheat may try; the remainder is fixed up mod 2^32.
fn candidates(x: u32, b: u32) -> Vec<u32> {
    let [signed, unsigned] = [true, false].map(|is_signed| results(is_signed, x, b)[0]);
    let mut candidates: Vec<u32> = [0, 1, u32::MAX, MIN, MAX].into();
    for quotient in [signed, unsigned] {
        candidates.extend([
            quotient,
            quotient.wrapping_add(1),
            quotient.wrapping_sub(1),
            quotient.wrapping_neg(),
        ]);
        // Quotients that give x + 2^32 or x - 2^32.
        if let Some(wraps) = (1_u64 << 32).checked_div(b.into()) {
            candidates.extend([0, 1].map(|i| quotient.wrapping_add(wraps as u32 + i)));
            candidates.extend([0, 1].map(|i| quotient.wrapping_sub(wraps as u32 + i)));
        }
    }
    candidates.sort_unstable();
    candidates.dedup();
    candidates
}

#[test]
fn refuses_every_other_quotient_and_remainder() {
    let words = [0, 1, 7, 0x1_0001, MAX, MIN, -7_i32 as u32, u32::MAX];
    for (x, b) in words.iter().flat_map(|x| words.map(|b| (*x, b))) {
        for (is_signed, quotient) in [true, false]
            .into_iter()
            .flat_map(|is_signed| candidates(x, b).into_iter().map(move |q| (is_signed, q)))
        {
            let remainder = x.wrapping_sub(quotient.wrapping_mul(b));
            let is_right = results(is_signed, x, b) == [quotient, remainder];
            let is_forgeable = is_forgeable(is_signed, x, b, quotient, remainder);
            assert_eq!(is_forgeable, is_right, "{is_signed} {x} {b} {quotient} {remainder}");
        }
    }
}

#[test]
fn refuses_a_quotient_with_a_remainder_that_is_fixed_up() {
    assert!(is_forgeable(false, 100, 7, 14, 2));
    assert!(!is_forgeable(false, 100, 7, 13, 9));
    assert!(!is_forgeable(true, 100, 7, 13, 9));
    assert!(!is_forgeable(false, 100, 7, 14, 3));
}

#[test]
fn refuses_a_quotient_that_wraps() {
    // 4 * (2^30 + 25) = 2^32 + 100; 3 * 0xaaaa_aaab = 2^33 + 1; the inverse of 7 is odd.
    assert!(!is_forgeable(false, 100, 4, (1 << 30) + 25, 0));
    assert!(!is_forgeable(true, 100, 4, (1 << 30) + 25, 0));
    assert!(!is_forgeable(false, 1, 3, 0xaaaa_aaab, 0));
    assert!(!is_forgeable(true, 1, 3, 0xaaaa_aaab, 0));
    assert!(!is_forgeable(false, 1, 7, 0xb6db_6db7, 0));
}

#[test]
fn refuses_a_remainder_of_the_wrong_sign() {
    let [minus_seven, minus_two] = [-7_i32, -2].map(|word| word as u32);
    // -7 = -3 * 2 - 1 = -4 * 2 + 1.
    assert!(is_forgeable(true, minus_seven, 2, -3_i32 as u32, u32::MAX));
    assert!(!is_forgeable(true, minus_seven, 2, -4_i32 as u32, 1));
    // 7 = 3 * 2 + 1 = 4 * 2 - 1 = -3 * -2 + 1 = -4 * -2 - 1.
    assert!(!is_forgeable(true, 7, 2, 4, u32::MAX));
    assert!(is_forgeable(true, 7, minus_two, -3_i32 as u32, 1));
    assert!(!is_forgeable(true, 7, minus_two, -4_i32 as u32, u32::MAX));
}

#[test]
fn refuses_a_remainder_that_is_not_below_the_divisor() {
    assert!(!is_forgeable(false, 14, 7, 1, 7));
    assert!(!is_forgeable(true, -14_i32 as u32, 7, u32::MAX, -7_i32 as u32));
    assert!(!is_forgeable(true, 14, -7_i32 as u32, u32::MAX, 7));
    // |b| = 2^31.
    assert!(is_forgeable(true, MAX, MIN, 0, MAX));
    assert!(is_forgeable(true, MIN, MIN, 1, 0));
    assert!(!is_forgeable(true, MIN, MIN, 0, MIN));
}

#[test]
fn refuses_other_answers_to_division_by_zero() {
    for is_signed in [true, false] {
        for x in [0, 1, 100, MIN, u32::MAX] {
            assert!(is_forgeable(is_signed, x, 0, u32::MAX, x));
            for quotient in [0, 1, MIN, MAX, u32::MAX - 1] {
                assert!(!is_forgeable(is_signed, x, 0, quotient, x));
            }
            assert!(!is_forgeable(is_signed, x, 0, u32::MAX, x ^ 1));
        }
        // The flag with a divisor that is not 0.
        assert!(!is_forgeable(is_signed, 1 << 20, 3, u32::MAX, (1 << 20) + 3));
    }
}

#[test]
fn refuses_overflow_where_there_is_none() {
    assert!(is_forgeable(true, MIN, u32::MAX, MIN, 0));
    assert!(is_forgeable(false, MIN, u32::MAX, 0, MIN));
    // x + 2^32 = 1 (2^32 - 1) + 2^31 + 1.
    assert!(!is_forgeable(false, MIN, u32::MAX, 1, MIN + 1));
    assert!(!is_forgeable(false, MIN, u32::MAX, MIN, 0));
    // 2^31 = -2^31 + 2^32.
    assert!(!is_forgeable(true, MIN, 1, MAX, 1));
    assert!(!is_forgeable(true, MIN, -2_i32 as u32, -(1_i32 << 30) as u32, 0));
    assert!(is_forgeable(true, MIN, -2_i32 as u32, 1 << 30, 0));
}

#[test]
fn refuses_limbs_that_are_not_words() {
    let limb = Val::from_u32(1 << 16);
    let mut trace = row(alu::DIVU, 0xdead_beef, 1);
    let quotient = &mut columns(&mut trace).quotient;
    [quotient[0], quotient[1]] = [quotient[0] + limb, quotient[1] - Val::ONE];
    assert_eq!(evaluate(&DivAir, &trace, &[]).failures, []);
    assert!(!is_accepted(&evaluate(&DivAir, &trace, &[])));

    let mut trace = row(alu::REMU, 0xdead_beef, 0xffff_0000);
    let DivColumns { remainder, margin_borrow, borrow, .. } = columns(&mut trace);
    [remainder[0], remainder[1]] = [remainder[0] + limb, remainder[1] - Val::ONE];
    *margin_borrow += Val::ONE;
    *borrow += Val::ONE;
    assert_eq!(evaluate(&DivAir, &trace, &[]).failures, []);
    assert!(!is_accepted(&evaluate(&DivAir, &trace, &[])));
}

/// Asserts that exactly one constraint refuses a forged row: all other constraints and tables let it pass.
fn assert_one_refuses(op: u32, x: u32, b: u32, forge: impl FnOnce(&mut DivColumns<Val>)) {
    let mut trace = row(op, x, b);
    forge(columns(&mut trace));
    let mut report = evaluate(&DivAir, &trace, &[]);
    assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
    report.failures.clear();
    assert!(is_accepted(&report), "{:?}", report.balance);
}

/// x / 2^16 in the field.
fn fraction(x: u32) -> Val {
    Val::from_u32(x) * Val::from_u32(1 << 16).inverse()
}

#[test]
fn refuses_two_answers_in_a_row() {
    // Asks twice, too, but `mul` may answer.
    assert_one_refuses(alu::DIV, 100, 7, |columns| {
        columns.is_used = Val::TWO;
        set_margin(columns);
    });
}

#[test]
fn refuses_signs_that_are_fractions() {
    // 5 / 1 = 5 + 2^17: x - 2^32 x_sign is 5 + 2^17.
    assert_one_refuses(alu::DIV, 5, 1, |columns| {
        columns.x_sign = -fraction(2);
        columns.quotient = limbs(0x2_0005);
    });
    // 2^16 / 2^15 = 0: |b| is 2^15 + 2^16 * 32004.
    assert_one_refuses(alu::DIV, 1 << 16, 1 << 15, |columns| {
        columns.b_sign = -fraction(65_533);
        [columns.quotient, columns.remainder] = [limbs(0), limbs(1 << 16)];
        set_margin(columns);
    });
    // x / 2^26 = 60: the remainder 0 stands for 2^17 - 2^32.
    assert_one_refuses(alu::DIV, (60 << 26) + (1 << 17), 1 << 26, |columns| {
        columns.remainder_sign = fraction(65_534);
        [columns.quotient, columns.remainder] = [limbs(60), limbs(0)];
        columns.is_product_negative = Val::ZERO;
        [columns.borrow, columns.margin_borrow] = [Val::ZERO, Val::ONE];
        set_margin(columns);
    });
}

#[test]
fn refuses_borrows_that_are_fractions() {
    // 5 / 1 = 6 + 2^16 * 32512, for -2^-16 = 32512.
    assert_one_refuses(alu::DIVU, 5, 1, |columns| {
        columns.borrow = fraction(1);
        columns.quotient = limbs(6 + (32_512 << 16));
    });
    // 1 / 1 = 0 with remainder 1.
    let no_quotient = |columns: &mut DivColumns<Val>, margin_borrow| {
        [columns.quotient, columns.remainder] = [limbs(0), limbs(1)];
        columns.margin_borrow = margin_borrow;
        set_margin(columns);
    };
    assert_one_refuses(alu::DIVU, 1, 1, |columns| no_quotient(columns, fraction(1)));
    // The same with either limb of the margin forged.
    assert_one_refuses(alu::DIVU, 1, 1, |columns| {
        no_quotient(columns, Val::ONE);
        columns.margin[1] = Val::ZERO;
    });
    assert_one_refuses(alu::DIVU, 1, 1, |columns| {
        no_quotient(columns, Val::ZERO);
        columns.margin[0] = Val::ZERO;
    });
}

#[test]
fn refuses_a_high_word_that_is_not_0_or_minus_1() {
    // With the high limbs t and t, 2^16 is_product_negative is t 2^16 / (2^16 - 1), which may be small.
    let shift = |t: u32| Val::from_u32(t) * Val::from_u32(1 << 16) * Val::from_u16(0xffff).inverse();
    let forged = (1..0xffff).find_map(|t| {
        let x1 = (Val::from_u32(0xffff - t) - shift(t)).as_canonical_u32();
        (x1 <= 0xffff).then_some((t, x1 << 16 | (0xffff - t)))
    });
    let (t, x) = forged.expect("such a limb exists");
    let high = t << 16 | t;
    assert_one_refuses(alu::DIVU, x, u32::MAX, |columns| {
        // (high + 1) (2^32 - 1) = 2^32 high + (2^32 - 1 - high).
        [columns.quotient, columns.remainder] = [limbs(high + 1), limbs(0)];
        columns.is_product_negative = Val::from_u32(t) * Val::from_u16(0xffff).inverse();
        [columns.borrow, columns.margin_borrow] = [Val::ZERO; 2];
        set_margin(columns);
    });
}

#[test]
fn refuses_an_overflow_that_is_a_fraction() {
    assert_one_refuses(alu::DIV, MIN, u32::MAX, |columns| {
        columns.is_overflow = Val::ONE - fraction(1);
        columns.quotient = limbs(0x7fff_0000_u32.wrapping_neg());
    });
}

#[test]
fn any_flag_of_division_by_zero_leaves_one_answer() {
    let mut trace = row(alu::DIVU, 0, 0);
    let by_two_zeroes = columns(&mut trace);
    by_two_zeroes.is_by_zero = fraction(5);
    set_margin(by_two_zeroes);
    assert!(is_accepted(&evaluate(&DivAir, &trace, &[])));
    columns(&mut trace).quotient[0] -= Val::ONE;
    assert!(!is_accepted(&evaluate(&DivAir, &trace, &[])));
}

#[test]
fn refuses_kinds_that_are_not_flags() {
    for count in [Val::TWO, Val::NEG_ONE] {
        for column in 1..3 {
            let mut trace = row(alu::DIV, 100, 7);
            trace.values[column] = count;
            assert!(!evaluate(&DivAir, &trace, &[]).failures.is_empty());
        }
    }
}

#[test]
fn unused_rows_state_nothing_and_cannot_turn_live() {
    let trace = generate(&[], 4, &mut TableCounts::default());
    let report = evaluate(&DivAir, &trace, &[]);
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.on(name::INSTRUCTION), [].into());
    let mut live = trace;
    columns(&mut live).is_used = Val::ONE;
    assert!(!evaluate(&DivAir, &live, &[]).failures.is_empty());
    let mut unused = row(alu::DIV, 100, 7);
    columns(&mut unused).is_used = Val::ZERO;
    assert_eq!(evaluate(&DivAir, &unused, &[]).balance.on(name::INSTRUCTION), [].into());
}
