use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;
use proptest::prelude::*;

use super::*;
use crate::bus::name;
use crate::evaluate::evaluate;
use crate::opcode::subword::{LB, LBU, LH, LHU, SB, SH};
use crate::testing::{self, instruction};
use crate::{TableCounts, Val};

const WORDS: [u32; 6] = [0, 0x7f80_807f, 0x807f_7f80, 0xdead_beef, 0x1234_5678, u32::MAX];

/// All numbers that have an answer.
fn ops() -> Vec<u32> {
    let bytes = [LB, LBU, SB].into_iter().flat_map(|base| (base..).take(4));
    let halfwords = [LH, LHU, SH].into_iter().flat_map(|base| [base, base + 2]);
    bytes.chain(halfwords).collect()
}

fn events() -> Vec<SubwordEvent> {
    let operands = WORDS.iter().flat_map(|x| WORDS.map(|b| (*x, b)));
    operands.flat_map(|(x, b)| ops().into_iter().map(move |op| SubwordEvent { op, x, b })).collect()
}

/// By memory of bytes.
fn reference(op: u32, x: u32, b: u32) -> u32 {
    let (offset, base) = ((op % 4) as usize, op - op % 4);
    let loaded = b.to_le_bytes();
    let half = || u16::from_le_bytes([loaded[offset], loaded[offset + 1]]);
    let mut memory = x.to_le_bytes();
    match base {
        LB => i32::from(loaded[offset] as i8) as u32,
        LBU => loaded[offset].into(),
        LH => i32::from(half() as i16) as u32,
        LHU => half().into(),
        _ => {
            let size = if base == SB { 1 } else { 2 };
            memory[offset..][..size].copy_from_slice(&loaded[..size]);
            u32::from_le_bytes(memory)
        }
    }
}

fn check(events: &[SubwordEvent], height: usize) {
    let mut counts = TableCounts::default();
    let trace = generate(events, height, &mut counts);
    let report = evaluate(&SubwordAir, &trace, &[]);
    assert_eq!(report.failures, []);
    let mut expected = BTreeMap::new();
    for SubwordEvent { op, x, b } in events {
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
        let events: Vec<_> = ops().into_iter().map(|op| SubwordEvent { op, x, b }).collect();
        check(&events, 16);
    }
}

#[test]
fn every_column_matters() {
    let trace = generate(&events(), 512, &mut TableCounts::default());
    testing::assert_every_column_matters(&SubwordAir, &trace, &[], SubwordColumns::FILLING);
}

#[test]
fn has_the_planned_width() {
    // Three answers take two auxiliary columns.
    assert_eq!(testing::total_width(&SubwordAir), 60 + 4 * (1 + 2 + 3));
}

/// A row of one operation and an unused lane, with changes.
fn forge(event: SubwordEvent, change: impl FnOnce(&mut [SubwordLane<Val>; LANES])) -> RowMajorMatrix<Val> {
    let mut trace = generate(&[event], 1, &mut TableCounts::default());
    let row: &mut SubwordColumns<Val> = trace.values.as_mut_slice().borrow_mut();
    change(&mut row.lanes);
    trace
}

fn is_accepted(event: SubwordEvent, change: impl FnOnce(&mut [SubwordLane<Val>; LANES])) -> bool {
    testing::is_accepted(&SubwordAir, &forge(event, change))
}

fn limbs(word: u32) -> [Val; 2] {
    [word & 0xffff, word >> 16].map(Val::from_u32)
}

#[test]
fn refuses_forged_sign() {
    for event in events().into_iter().filter(|event| event.op < SB) {
        let high_bits = if event.op < LH { 0xffff_ff00 } else { 0xffff_0000 };
        let c = limbs(reference(event.op, event.x, event.b) ^ high_bits);
        assert!(!is_accepted(event, |lanes| lanes[0].c = c));
        for (mask, masked) in [(128, 0), (128, 128), (0, 0), (255, 128), (0, 128)] {
            assert!(!is_accepted(event, |lanes| {
                let [mask, masked] = [mask, masked].map(Val::from_u32);
                lanes[0] = SubwordLane { mask, masked, c, ..lanes[0] };
            }));
        }
    }
}

/// The bytes of the picked limb are exchanged, or one takes 256 of the other.
#[test]
fn refuses_forged_bytes_of_the_limb() {
    for event in events().into_iter().filter(|event| event.op < SH) {
        let high_is_byte = event.op % 2 == 1 || matches!(event.op & !3, LH | LHU);
        for up in [Val::ONE, Val::NEG_ONE] {
            let down = up * Val::from_u32(256);
            let [of_byte, of_neighbour] = if high_is_byte { [up, -down] } else { [-down, up] };
            let forged = forge(event, |lanes| {
                let lane = &mut lanes[0];
                lane.byte += of_byte;
                lane.neighbour += of_neighbour;
                match event.op & !3 {
                    LB | LBU => lane.c[0] += of_byte,
                    SB => {
                        let scale = Val::from_u32(if event.op & 1 == 1 { 256 } else { 1 });
                        lane.c[(event.op >> 1 & 1) as usize] -= of_byte * scale;
                    }
                    _ => (),
                }
            });
            assert_eq!(evaluate(&SubwordAir, &forged, &[]).failures, [], "only the lookup knows");
            assert!(!testing::is_accepted(&SubwordAir, &forged));
        }
        let SubwordEvent { op, x, b } = event;
        if matches!(op & !3, LB | LBU | SB) && reference(op ^ 1, x, b) != reference(op, x, b) {
            let swapped = reference(op ^ 1, x, b);
            assert!(!is_accepted(event, |lanes| {
                let lane = &mut lanes[0];
                (lane.byte, lane.neighbour) = (lane.neighbour, lane.byte);
                lane.c = limbs(swapped);
            }));
        }
    }
}

#[test]
fn refuses_a_store_that_touches_its_neighbours() {
    for event in events().into_iter().filter(|event| event.op >= SB) {
        let SubwordEvent { op, x, b } = event;
        for byte in 0..4 {
            let c = reference(op, x, b) ^ 1 << (8 * byte);
            assert!(!is_accepted(event, |lanes| lanes[0].c = limbs(c)));
        }
        // Both limbs change, but not their sum.
        assert!(!is_accepted(event, |lanes| {
            lanes[0].c[0] += Val::ONE;
            lanes[0].c[1] -= Val::ONE;
        }));
    }
}

#[test]
fn refuses_to_store_another_byte_than_the_low_one() {
    for event in events().into_iter().filter(|event| event.op & !3 == SB) {
        let honest = event.b & 255;
        for forged in [honest ^ 1, event.b >> 8 & 255, event.b >> 24, 300] {
            let mask = Val::from_u32(forged);
            let b_top = (Val::from_u32(event.b & 0xffff) - mask) * Val::from_u32(256).inverse();
            let accepted = is_accepted(event, |lanes| {
                let lane = &mut lanes[0];
                let old = lane.byte;
                let scale = Val::from_u32(if event.op & 1 == 1 { 256 } else { 1 });
                let limb = (event.op >> 1 & 1) as usize;
                lane.c[limb] = lane.x[limb] + (mask - old) * scale;
                let masked = Val::from_u32(old.as_canonical_u32() & forged);
                *lane = SubwordLane { mask, masked, b_top, ..*lane };
            });
            assert_eq!(accepted, forged == honest);
        }
    }
}

#[test]
fn refuses_misaligned_halfwords() {
    for (base, offset) in [LH, LHU, SH].into_iter().flat_map(|base| [(base, 0), (base, 2)]) {
        let event = SubwordEvent { op: base + offset, x: 0x1111_1111, b: 0x2222_2222 };
        assert!(is_accepted(event, |_| ()));
        assert!(!is_accepted(event, |lanes| lanes[0].o0 = Val::ONE));
        assert!(!is_accepted(event, |lanes| lanes[0].o1 = Val::TWO));
        // Offset 1 as half of bit 1.
        assert!(!is_accepted(event, |lanes| lanes[0].o1 = Val::ONE.halve()));
    }
}

#[test]
fn refuses_mixed_or_live_padding_lanes() {
    let event = SubwordEvent { op: LB, x: 0, b: 0x80 };
    assert!(!is_accepted(event, |lanes| lanes[0].is_lbu = Val::ONE));
    assert!(!is_accepted(event, |lanes| {
        lanes[0].is_lbu = Val::TWO;
        lanes[0].is_lb = Val::NEG_ONE;
    }));
    let flags: [fn(&mut SubwordLane<Val>) -> &mut Val; 6] = [
        |lane| &mut lane.is_lb,
        |lane| &mut lane.is_lbu,
        |lane| &mut lane.is_lh,
        |lane| &mut lane.is_lhu,
        |lane| &mut lane.is_sb,
        |lane| &mut lane.is_sh,
    ];
    for flag in flags {
        assert!(!is_accepted(event, |lanes| {
            *flag(&mut lanes[1]) = Val::ONE;
            lanes[1].c[0] = Val::ONE;
        }));
    }
}

/// Whether a message states a truth about words.
fn is_true(message: &[u32]) -> bool {
    let [op, x0, x1, b0, b1, c0, c1] = *message else { return false };
    // Nobody asks with limbs of more than 16 bits.
    let is_asked = [x0, x1, b0, b1].iter().all(|limb| *limb < 1 << 16);
    let [x, b] = [(x0, x1), (b0, b1)].map(|(low, high)| low | high << 16);
    !is_asked || ops().contains(&op) && instruction(op, x, b, reference(op, x, b))[5..] == [c0, c1]
}

#[test]
fn states_no_lie_after_two_changes() {
    let differences = [1, -1, 2, 127, 128, -128, 255, 256, -256].map(Val::from_i32);
    let scaled = [Val::from_u32(256).inverse(), Val::from_u32(0xff00)];
    let differences: Vec<_> = differences.into_iter().chain(scaled).collect();
    let width = SubwordColumns::FILLING.start / LANES;
    for op in [LB + 1, LBU, LH + 2, LHU, SB + 3, SH] {
        let event = SubwordEvent { op, x: 0x1234_5678, b: 0x807f_8281 };
        let mut trace = generate(&[event], 1, &mut TableCounts::default());
        let honest = trace.values.clone();
        for (first, second) in (0..width).flat_map(|first| (0..first).map(move |second| (first, second))) {
            for (a, b) in differences.iter().flat_map(|a| differences.iter().map(move |b| (a, b))) {
                trace.values.copy_from_slice(&honest);
                trace.values[first] += *a;
                trace.values[second] += *b;
                let report = evaluate(&SubwordAir, &trace, &[]);
                if report.failures.is_empty() && testing::is_accepted(&SubwordAir, &trace) {
                    assert!(report.balance.on(name::INSTRUCTION).keys().all(|message| is_true(message)));
                }
            }
        }
    }
}
