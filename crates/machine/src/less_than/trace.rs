use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{LANES, LessThanColumns, LessThanLane};
use crate::{TableCounts, Val};

/// One comparison of signed words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LessThanEvent {
    /// First operand.
    pub x: u32,
    /// Second operand.
    pub b: u32,
}

/// The trace of these operations. Panics if they do not fit in `height` rows.
pub fn generate(events: &[LessThanEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height * LANES, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * LessThanColumns::WIDTH];
    for (row, events) in values.chunks_exact_mut(LessThanColumns::WIDTH).zip(events.chunks(LANES)) {
        let row: &mut LessThanColumns<Val> = row.borrow_mut();
        for (lane, event) in row.lanes.iter_mut().zip(events) {
            fill(lane, event, counts);
        }
    }
    // Unused lanes ask whether 0 has 16 bits.
    counts.range16[0] += 4 * (height * LANES - events.len()) as u32;
    RowMajorMatrix::new(values, LessThanColumns::WIDTH)
}

fn fill(lane: &mut LessThanLane<Val>, event: &LessThanEvent, counts: &mut TableCounts) {
    let LessThanEvent { x, b } = *event;
    let [[x0, x1], [b0, b1]] = [x, b].map(|word| [word & 0xffff, word >> 16]);
    let flipped = [x, b].map(|word| word ^ 1 << 31);
    lane.is_used = Val::ONE;
    lane.x = [x0, x1].map(Val::from_u32);
    lane.b = [b0, b1].map(Val::from_u32);
    lane.x_sign = Val::from_bool(x >> 31 == 1);
    lane.b_sign = Val::from_bool(b >> 31 == 1);
    lane.borrow = Val::from_bool(x0 < b0);
    lane.c = Val::from_bool(flipped[0] < flipped[1]);
    let difference = flipped[0].wrapping_sub(flipped[1]);
    for asked in [x1 << 1 & 0xffff, b1 << 1 & 0xffff, difference & 0xffff, difference >> 16] {
        counts.range16(asked);
    }
}
