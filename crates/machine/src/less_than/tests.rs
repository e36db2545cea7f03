use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use proptest::prelude::*;

use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::alu;
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const WORDS: [u32; 12] = [
    0,
    1,
    0xffff,
    0x1_0000,
    0x7fff_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xdead_beef,
    0xffff_0000,
    0xffff_fffe,
    u32::MAX,
];

fn events() -> Vec<LessThanEvent> {
    WORDS.iter().flat_map(|x| WORDS.map(|b| LessThanEvent { x: *x, b })).collect()
}

fn reference(x: u32, b: u32) -> u32 {
    u32::from(i64::from(x as i32) - i64::from(b as i32) < 0)
}

fn check(events: &[LessThanEvent], height: usize) {
    let mut counts = TableCounts::default();
    let trace = generate(events, height, &mut counts);
    let report = evaluate(&LessThanAir, &trace, &[]);
    assert_eq!(report.failures, []);
    let mut expected = BTreeMap::new();
    for LessThanEvent { x, b } in events {
        *expected.entry(instruction(alu::SLT, *x, *b, reference(*x, *b))).or_insert(0) -= 1;
    }
    assert_eq!(report.balance.on(name::INSTRUCTION), expected);
    testing::assert_counted(&report.balance, &counts);
}

#[test]
fn states_what_the_isa_says() {
    check(&events(), 256);
    check(&[], 4);
}

proptest! {
    #[test]
    fn states_what_the_isa_says_of_random_words(x: u32, b: u32) {
        check(&[LessThanEvent { x, b }, LessThanEvent { x: b, b: x }], 2);
    }
}

#[test]
fn every_column_matters() {
    let trace = generate(&events(), 256, &mut TableCounts::default());
    testing::assert_every_column_matters(&LessThanAir, &trace, &[], LessThanColumns::FILLING);
}

#[test]
fn has_the_planned_width() {
    assert_eq!(testing::total_width(&LessThanAir), 12 + 12 + 4);
}

fn is_accepted(event: LessThanEvent, change: impl FnOnce(&mut LessThanLane<Val>)) -> bool {
    let mut trace = generate(&[event], 1, &mut TableCounts::default());
    let row: &mut LessThanColumns<Val> = trace.values.as_mut_slice().borrow_mut();
    change(&mut row.lanes[0]);
    testing::is_accepted(&LessThanAir, &trace)
}

/// Every choice of signs, borrow and result but the right one is refused.
#[test]
fn refuses_forged_result_with_any_signs_and_borrow() {
    for event in events() {
        let accepted = (0..16_u8).filter(|bits| {
            let [x_sign, b_sign, borrow, c] = [0, 1, 2, 3].map(|i| Val::from_u8(bits >> i & 1));
            is_accepted(event, |lane| {
                *lane = LessThanLane { x_sign, b_sign, borrow, c, ..*lane };
            })
        });
        let accepted: Vec<_> = accepted.map(|bits| u32::from(bits >> 3)).collect();
        assert_eq!(accepted, [reference(event.x, event.b)]);
    }
}

#[test]
fn refuses_bits_that_are_not_boolean() {
    let event = LessThanEvent { x: 0x8000_0000, b: 5 };
    let half = Val::ONE.halve();
    for forged in [Val::NEG_ONE, Val::TWO, half, -half] {
        assert!(!is_accepted(event, |lane| lane.c = forged));
        assert!(!is_accepted(event, |lane| lane.borrow = forged));
        assert!(!is_accepted(event, |lane| lane.x_sign = forged));
        assert!(!is_accepted(event, |lane| lane.b_sign = forged));
        assert!(!is_accepted(event, |lane| lane.is_used = forged));
        // A sign and the result move together in the difference.
        assert!(!is_accepted(event, |lane| {
            lane.c += forged;
            lane.x_sign += forged;
        }));
        assert!(!is_accepted(event, |lane| {
            lane.c += forged;
            lane.b_sign -= forged;
        }));
    }
}

/// Padding that turns live states 0 < 0 = 0, which is true, and can state nothing else.
#[test]
fn refuses_live_padding_with_a_lie() {
    let mut trace = generate(&[], 1, &mut TableCounts::default());
    let row: &mut LessThanColumns<Val> = trace.values.as_mut_slice().borrow_mut();
    row.lanes[0].is_used = Val::ONE;
    row.lanes[0].c = Val::ONE;
    assert!(!testing::is_accepted(&LessThanAir, &trace));
}
