use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use proptest::prelude::*;

use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::alu;
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const OPS: [u32; 3] = [alu::SLL, alu::SRL, alu::SRA];
const WORDS: [u32; 7] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xdead_beef, 0xffff_0000, u32::MAX];

fn events() -> Vec<ShiftEvent> {
    let amounts = (0..32).chain([32, 37, 0x1_0000, 0xffff_ffe0, u32::MAX]);
    let operands = amounts.flat_map(|b| WORDS.map(|x| (x, b)));
    operands.flat_map(|(x, b)| OPS.map(|op| ShiftEvent { op, x, b })).collect()
}

/// Bits one by one, from the definition.
fn reference(op: u32, x: u32, b: u32) -> u32 {
    let (s, bit) = ((b & 31) as i32, |i: i32| x >> i & 1);
    let of = |i: i32| match op {
        alu::SLL => {
            if i < s {
                0
            } else {
                bit(i - s)
            }
        }
        alu::SRL => {
            if i + s > 31 {
                0
            } else {
                bit(i + s)
            }
        }
        _ => bit((i + s).min(31)),
    };
    (0..32).map(|i| of(i) << i).sum()
}

fn check(events: &[ShiftEvent], height: usize) {
    let mut counts = TableCounts::default();
    let trace = generate(events, height, &mut counts);
    let report = evaluate(&ShiftAir, &trace, &[]);
    assert_eq!(report.failures, []);
    let mut expected = BTreeMap::new();
    for ShiftEvent { op, x, b } in events {
        *expected.entry(instruction(*op, *x, *b, reference(*op, *x, *b))).or_insert(0) -= 1;
    }
    assert_eq!(report.balance.on(name::INSTRUCTION), expected);
    testing::assert_counted(&report.balance, &counts);
}

#[test]
fn states_what_the_isa_says() {
    check(&events(), 512);
    check(&[], 4);
}

proptest! {
    #[test]
    fn states_what_the_isa_says_of_random_words(x: u32, b: u32) {
        check(&OPS.map(|op| ShiftEvent { op, x, b }), 2);
    }
}

#[test]
fn every_column_matters() {
    let trace = generate(&events(), 512, &mut TableCounts::default());
    testing::assert_every_column_matters(&ShiftAir, &trace, &[], ShiftColumns::FILLING);
}

#[test]
fn has_the_planned_width() {
    assert_eq!(testing::total_width(&ShiftAir), LANES * (24 + 12) + 4);
}

/// A row of one operation and an unused lane, with changes.
fn forge(event: ShiftEvent, change: impl FnOnce(&mut [ShiftLane<Val>; LANES])) -> RowMajorMatrix<Val> {
    let mut trace = generate(&[event], 1, &mut TableCounts::default());
    let row: &mut ShiftColumns<Val> = trace.values.as_mut_slice().borrow_mut();
    change(&mut row.lanes);
    trace
}

fn is_accepted(event: ShiftEvent, change: impl FnOnce(&mut [ShiftLane<Val>; LANES])) -> bool {
    testing::is_accepted(&ShiftAir, &forge(event, change))
}

fn limbs(word: u32) -> [Val; 2] {
    [word & 0xffff, word >> 16].map(Val::from_u32)
}

#[test]
fn refuses_any_other_amount() {
    for b in [0, 5, 31, 32, 0xffff, 0xffe1] {
        for (op, s) in OPS.iter().flat_map(|op| (0..32).map(|s| (*op, s))) {
            let event = ShiftEvent { op, x: 0xdead_beef, b: s };
            let rest = (Val::from_u32(b) - Val::from_u32(s)) * Val::from_u32(32).inverse();
            assert_eq!(is_accepted(event, |lanes| lanes[0].rest = rest), s == b % 32, "{b} as {s}");
        }
    }
}

#[test]
fn refuses_two_counts_of_bytes() {
    let event = ShiftEvent { op: alu::SLL, x: 1, b: 24 };
    assert!(!is_accepted(event, |lanes| lanes[0].bytes = [1, 1, 0].map(Val::from_u8)));
    // 3 = 3 * 1, of a flag that is not boolean.
    assert!(!is_accepted(event, |lanes| lanes[0].bytes = [3, 0, 0].map(Val::from_u8)));
}

#[test]
fn refuses_forged_sign_fill() {
    for (x, s) in [0x7fff_ffff, 0x8000_0000, 0, u32::MAX].iter().flat_map(|x| (0..32).map(|s| (*x, s))) {
        let [logical, arithmetic] = [alu::SRL, alu::SRA].map(|op| ShiftEvent { op, x, b: s });
        let ones = (u64::from(u32::MAX) << (32 - s)) as u32;
        assert!(!is_accepted(logical, |lanes| {
            lanes[0].fill = Val::ONE;
            lanes[0].c = limbs(x >> s | ones);
        }));
        let forged = x >> 31 ^ 1;
        assert!(!is_accepted(arithmetic, |lanes| {
            lanes[0].fill = Val::from_u32(forged);
            lanes[0].c = limbs((x >> s) | (ones * forged));
        }));
    }
}

/// 2^-16 = -32512 mod p: one more in the low byte is 32512 more in the carry, small enough for the high limb's bytes.
#[test]
fn refuses_forged_carry() {
    let (x_limb, m) = (0x4000, 8);
    let event = ShiftEvent { op: alu::SLL, x: x_limb << 16 | x_limb, b: 3 };
    let forged = forge(event, |lanes| {
        let lane = &mut lanes[0];
        let product = x_limb * m;
        let carry = (product >> 16) + 32512;
        let high = product + carry;
        let [t2, t3, t4, _] = high.to_le_bytes().map(Val::from_u8);
        lane.carry = Val::from_u32(carry);
        lane.t = [lane.t[0] + Val::ONE, lane.t[1], t2, t3, t4];
        lane.c = limbs(((product & 0xffff) + 1) | (high << 16));
    });
    assert_eq!(evaluate(&ShiftAir, &forged, &[]).failures, [], "only the lookup knows");
    assert!(!testing::is_accepted(&ShiftAir, &forged));
}

#[test]
fn refuses_bytes_out_of_range() {
    let event = ShiftEvent { op: alu::SLL, x: 0xdead_beef, b: 8 };
    for i in 0..4 {
        // 256 more in a byte, one less in the byte above. Where the low limb meets the high one, the carry takes part.
        assert!(!is_accepted(event, |lanes| {
            let lane = &mut lanes[0];
            lane.t[i] += Val::from_u32(256);
            lane.t[i + 1] -= Val::ONE;
            if i == 1 {
                lane.carry -= Val::ONE;
            }
            let [t0, t1, t2, ..] = lane.t;
            lane.c = [t0 * Val::from_u32(256), t1 + t2 * Val::from_u32(256)];
        }));
    }
}

#[test]
fn refuses_forged_multiplier() {
    for (op, forged) in OPS.iter().flat_map(|op| (0..8).map(|r| (*op, r))) {
        // All that follows from the multiplier is as if the amount were another, but the amount stays.
        let other = generate(&[ShiftEvent { op, x: 0xdead_beef, b: forged }], 1, &mut TableCounts::default());
        let mut other = other.values;
        let other: &mut ShiftColumns<Val> = other.as_mut_slice().borrow_mut();
        for partial in [Some(other.lanes[0].partial), None] {
            let accepted = is_accepted(ShiftEvent { op, x: 0xdead_beef, b: 2 }, |lanes| {
                let honest = lanes[0];
                lanes[0] = ShiftLane { rest: honest.rest, bits: honest.bits, ..other.lanes[0] };
                lanes[0].partial = partial.unwrap_or(honest.partial);
            });
            assert_eq!(accepted, forged == 2);
        }
    }
}

#[test]
fn refuses_mixed_or_live_padding_lanes() {
    let event = ShiftEvent { op: alu::SRL, x: 0x8765_4321, b: 4 };
    for flags in [[1, 1, 0], [2, -1, 0], [0, 2, 0], [-1, 1, 1], [1, 1, -1]] {
        assert!(!is_accepted(event, |lanes| {
            let lane = &mut lanes[0];
            [lane.is_sll, lane.is_srl, lane.is_sra] = flags.map(Val::from_i8);
        }));
    }
    // A lane without a flag that is given one must do the work: its multiplier and the result are wrong.
    for i in 0..3 {
        assert!(!is_accepted(event, |lanes| {
            let lane = &mut lanes[1];
            *[&mut lane.is_sll, &mut lane.is_srl, &mut lane.is_sra][i] = Val::ONE;
            lane.c[0] = Val::ONE;
        }));
    }
}

/// Whether a message states a truth about words.
fn is_true(message: &[u32]) -> bool {
    let [op, x0, x1, b0, b1, c0, c1] = *message else { return false };
    let word = |low: u32, high: u32| low | high << 16;
    // Nobody asks with limbs of more than 16 bits.
    let is_asked = [x0, x1, b0, b1].iter().all(|limb| *limb < 1 << 16);
    !is_asked
        || OPS.contains(&op)
            && instruction(op, word(x0, x1), word(b0, b1), reference(op, word(x0, x1), word(b0, b1)))[5..]
                == [c0, c1]
}

#[test]
fn states_no_lie_after_two_changes() {
    let differences = [1, -1, 255, 256, -256, 1 << 16, -(1 << 16)].map(Val::from_i32);
    let fractions = [32, 256, 1 << 16].map(|scale| Val::from_u32(scale).inverse());
    let differences: Vec<_> = differences.into_iter().chain(fractions).collect();
    let width = ShiftColumns::FILLING.start / LANES;
    for op in OPS {
        let mut trace =
            generate(&[ShiftEvent { op, x: 0xbeef_fff8, b: 0x29 }], 1, &mut TableCounts::default());
        let honest = trace.values.clone();
        for (first, second) in (0..width).flat_map(|first| (0..first).map(move |second| (first, second))) {
            for (a, b) in differences.iter().flat_map(|a| differences.iter().map(move |b| (a, b))) {
                trace.values.copy_from_slice(&honest);
                trace.values[first] += *a;
                trace.values[second] += *b;
                let report = evaluate(&ShiftAir, &trace, &[]);
                if report.failures.is_empty() && testing::is_accepted(&ShiftAir, &trace) {
                    assert!(report.balance.on(name::INSTRUCTION).keys().all(|message| is_true(message)));
                }
            }
        }
    }
}
