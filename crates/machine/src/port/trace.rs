use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{LANES, PortColumns};
use crate::timestamp::gap;
use crate::{TableCounts, Val};

/// One access to up to 4 consecutive words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortEvent {
    /// `8 * clock + slot`.
    pub timestamp: u32,
    /// Word address of the first word.
    pub address: u32,
    /// A READ message asks for it.
    pub reads: bool,
    /// A WRITE message asks for it.
    pub writes: bool,
    /// Number of words, 1 to 4.
    pub count: u32,
    /// The words before. Past `count`: what the READ message says.
    pub old: [u32; 4],
    /// The words after. Past `count`: what the WRITE message says. Not looked at if `writes` is not set.
    pub new: [u32; 4],
    /// Timestamps of the accesses before. Not looked at past `count`.
    pub previous: [u32; 4],
}

/// The trace of these accesses, one per lane. Panics if they do not fit in `height` rows.
pub fn generate(events: &[PortEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height * LANES, "{} accesses for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * LANES * PortColumns::WIDTH];
    for (row, event) in values.chunks_exact_mut(PortColumns::WIDTH).zip(events) {
        fill(row.borrow_mut(), event, counts);
    }
    RowMajorMatrix::new(values, PortColumns::WIDTH * LANES)
}

fn fill(row: &mut PortColumns<Val>, event: &PortEvent, counts: &mut TableCounts) {
    assert!(event.reads || event.writes, "an access that nobody asks for");
    assert!((1..=4).contains(&event.count), "an access to {} words", event.count);
    let used = event.count as usize;
    let limbs = |word: u32| [word & 0xffff, word >> 16].map(Val::from_u32);
    row.reads = Val::from_bool(event.reads);
    row.writes = Val::from_bool(event.writes);
    row.is_used = core::array::from_fn(|i| Val::from_bool(i + 1 < used));
    row.timestamp = Val::from_u32(event.timestamp);
    row.address = Val::from_u32(event.address);
    row.old = event.old.map(limbs);
    row.new = if event.writes { event.new.map(limbs) } else { row.old };

    let mut high = [0; 4];
    for (i, previous) in event.previous[..used].iter().enumerate() {
        let low;
        [low, high[i]] = gap(event.timestamp, *previous);
        row.previous[i] = Val::from_u32(*previous);
        row.gap_high[i] = Val::from_u32(high[i]);
        counts.range16(low);
    }
    counts.bytes(high[0], high[1]);
    if used > 2 {
        counts.bytes(high[2], high[3]);
    }
}
