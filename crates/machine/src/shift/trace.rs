use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{LANES, ShiftColumns, ShiftLane};
use crate::opcode::alu;
use crate::{TableCounts, Val};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShiftEvent {
    /// [`alu::SLL`], [`alu::SRL`] or [`alu::SRA`].
    pub op: u32,
    /// What is shifted.
    pub x: u32,
    /// The amount, mod 32.
    pub b: u32,
}

/// The trace of these operations. Panics if they do not fit in `height` rows.
pub fn generate(events: &[ShiftEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height * LANES, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * ShiftColumns::WIDTH];
    for (row, events) in values.chunks_exact_mut(ShiftColumns::WIDTH).zip(events.chunks(LANES)) {
        let row: &mut ShiftColumns<Val> = row.borrow_mut();
        for (lane, event) in row.lanes.iter_mut().zip(events) {
            fill(lane, event, counts);
        }
    }
    // Unused lanes ask whether their zeroes are bytes and limbs.
    let unused = (height * LANES - events.len()) as u32;
    counts.range16[0] += unused;
    counts.bytes[0] += 3 * unused;
    RowMajorMatrix::new(values, ShiftColumns::WIDTH)
}

fn fill(lane: &mut ShiftLane<Val>, event: &ShiftEvent, counts: &mut TableCounts) {
    let ShiftEvent { op, x, b } = *event;
    let s = b % 32;
    let (r, k) = (s % 8, s / 8);
    let is_left = op == alu::SLL;
    let c = match op {
        alu::SLL => x << s,
        alu::SRL => x >> s,
        alu::SRA => (x.cast_signed() >> s).cast_unsigned(),
        _ => panic!("operation {op} is not a shift"),
    };
    lane.is_sll = Val::from_bool(is_left);
    lane.is_srl = Val::from_bool(op == alu::SRL);
    lane.is_sra = Val::from_bool(op == alu::SRA);
    lane.x = limbs(x);
    lane.c = limbs(c);
    let rest = b % (1 << 16) / 32;
    counts.range16(rest);
    lane.rest = Val::from_u32(rest);
    lane.b_high = Val::from_u32(b >> 16);
    lane.bits = [0, 1, 2].map(|i| Val::from_bool(r >> i & 1 == 1));
    lane.bytes = [1, 2, 3].map(|i| Val::from_bool(k == i));

    lane.partial = Val::from_u32(1 << if is_left { r % 4 } else { 3 - r % 4 });
    let multiplier = 1 << if is_left { r } else { 8 - r };
    lane.multiplier = Val::from_u32(multiplier);
    let carry = (x % (1 << 16) * multiplier) >> 16;
    lane.carry = Val::from_u32(carry);
    let [t0, t1, t2, t3, t4, ..] = (u64::from(x) * u64::from(multiplier)).to_le_bytes();
    lane.t = [t0, t1, t2, t3, t4].map(Val::from_u8);
    counts.bytes(t0.into(), t1.into());
    counts.bytes(t2.into(), t3.into());
    counts.bytes(t4.into(), carry);

    if op == alu::SRA {
        lane.fill = Val::from_bool(x >> 31 == 1);
        counts.range16(x << 1 >> 16 & 0xfffe);
    }
}

fn limbs(word: u32) -> [Val; 2] {
    [word & 0xffff, word >> 16].map(Val::from_u32)
}
