use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{BitwiseColumns, BitwiseLane, LANES};
use crate::opcode::alu;
use crate::{TableCounts, Val};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitwiseEvent {
    /// [`alu::XOR`], [`alu::OR`] or [`alu::AND`].
    pub op: u32,
    /// First operand.
    pub x: u32,
    /// Second operand.
    pub b: u32,
}

/// The trace of these operations. Panics if they do not fit in `height` rows.
pub fn generate(events: &[BitwiseEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height * LANES, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * BitwiseColumns::WIDTH];
    for (row, events) in values.chunks_exact_mut(BitwiseColumns::WIDTH).zip(events.chunks(LANES)) {
        let row: &mut BitwiseColumns<Val> = row.borrow_mut();
        for (lane, event) in row.lanes.iter_mut().zip(events) {
            fill(lane, event, counts);
        }
    }
    // Unused lanes ask for 0 & 0 = 0.
    counts.and[0] += 4 * (height * LANES - events.len()) as u32;
    RowMajorMatrix::new(values, BitwiseColumns::WIDTH)
}

fn fill(lane: &mut BitwiseLane<Val>, event: &BitwiseEvent, counts: &mut TableCounts) {
    lane.is_xor = Val::from_bool(event.op == alu::XOR);
    lane.is_or = Val::from_bool(event.op == alu::OR);
    lane.is_and = Val::from_bool(event.op == alu::AND);
    let bytes = |word: u32| word.to_le_bytes();
    for (i, (x, b)) in bytes(event.x).into_iter().zip(bytes(event.b)).enumerate() {
        [lane.x[i], lane.b[i], lane.and[i]] = [x, b, x & b].map(Val::from_u8);
        counts.and(x.into(), b.into());
    }
}
