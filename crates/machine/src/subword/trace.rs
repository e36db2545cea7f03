use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{LANES, SubwordColumns, SubwordLane};
use crate::opcode::subword;
use crate::{TableCounts, Val};

/// One load or store of less than a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubwordEvent {
    /// A number of [`subword`] plus the byte offset within the word.
    pub op: u32,
    /// To store, the word in memory before; to load, anything.
    pub x: u32,
    /// To load, the word in memory; to store, the register.
    pub b: u32,
}

/// The trace of these operations. Panics if they do not fit in `height` rows or if one is no such operation.
pub fn generate(events: &[SubwordEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height * LANES, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * SubwordColumns::WIDTH];
    for (row, events) in values.chunks_exact_mut(SubwordColumns::WIDTH).zip(events.chunks(LANES)) {
        let row: &mut SubwordColumns<Val> = row.borrow_mut();
        for (lane, event) in row.lanes.iter_mut().zip(events) {
            fill(lane, event, counts);
        }
    }
    // Unused lanes ask for 0 & 0 = 0 and for two zero bytes.
    let unused = (height * LANES - events.len()) as u32;
    counts.and[0] += unused;
    counts.bytes[0] += unused;
    RowMajorMatrix::new(values, SubwordColumns::WIDTH)
}

fn fill(lane: &mut SubwordLane<Val>, event: &SubwordEvent, counts: &mut TableCounts) {
    let SubwordEvent { op, x, b } = *event;
    let (base, offset) = (op & !3, op & 3);
    let is_halfword = matches!(base, subword::LH | subword::LHU | subword::SH);
    assert!(!is_halfword || offset.is_multiple_of(2), "operation {op} is not aligned");
    let flag = match base {
        subword::LB => &mut lane.is_lb,
        subword::LBU => &mut lane.is_lbu,
        subword::LH => &mut lane.is_lh,
        subword::LHU => &mut lane.is_lhu,
        subword::SB => &mut lane.is_sb,
        subword::SH => &mut lane.is_sh,
        _ => panic!("operation {op} is not an access to a part of a word"),
    };
    *flag = Val::ONE;
    lane.o0 = Val::from_u32(offset & 1);
    lane.o1 = Val::from_u32(offset >> 1);
    lane.x = limbs(x);
    lane.b = limbs(b);

    let word = if base == subword::SB { x } else { b };
    let limb = word >> (16 * (offset >> 1)) & 0xffff;
    let (low, high) = (limb & 0xff, limb >> 8);
    let (byte, neighbour) = if is_halfword || offset & 1 == 1 { (high, low) } else { (low, high) };
    let store = |mask: u32| x & !(mask << (8 * offset)) | (b & mask) << (8 * offset);
    let sign = byte >> 7;
    let (mask, c) = match base {
        subword::LB => (128, byte | (sign * 0xffff_ff00)),
        subword::LBU => (0, byte),
        subword::LH => (128, limb | (sign * 0xffff_0000)),
        subword::LHU => (0, limb),
        subword::SB => (b & 0xff, store(0xff)),
        _ => (0, store(0xffff)),
    };
    let b_top = if base == subword::SB { b >> 8 & 0xff } else { 0 };
    let (byte, neighbour) = if base == subword::SH { (0, 0) } else { (byte, neighbour) };
    lane.c = limbs(c);
    lane.byte = Val::from_u32(byte);
    lane.neighbour = Val::from_u32(neighbour);
    lane.mask = Val::from_u32(mask);
    lane.masked = Val::from_u32(byte & mask);
    lane.b_top = Val::from_u32(b_top);
    counts.and(byte, mask);
    counts.bytes(neighbour, b_top);
}

fn limbs(word: u32) -> [Val; 2] {
    [word & 0xffff, word >> 16].map(Val::from_u32)
}
