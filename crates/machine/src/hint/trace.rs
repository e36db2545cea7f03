use alloc::vec;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call::HINT_WORDS_MAX;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::HintColumns;
use crate::{TableCounts, Val};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintEvent {
    /// Cycle within the segment.
    pub clock: u32,
    /// Word address of the destination.
    pub address: u32,
    /// What is written, 1 to 256 words.
    pub words: Vec<u32>,
}

/// Rows of a call that writes this many words.
pub const fn rows(words: usize) -> usize {
    words.div_ceil(4)
}

/// The trace of these calls. Panics if they do not fit in `height` rows.
pub fn generate(events: &[HintEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    let needed: usize = events.iter().map(|event| rows(event.words.len())).sum();
    assert!(needed <= height, "{needed} rows of hints for {height} rows");
    let mut values = vec![Val::ZERO; height * HintColumns::WIDTH];
    let mut rest = values.chunks_exact_mut(HintColumns::WIDTH);
    for event in events {
        let words = event.words.len() as u32;
        assert!((1..=HINT_WORDS_MAX).contains(&words), "a hint of {words} words");
        counts.bytes(words - 1, 0);
        for ((written, chunk), row) in (0..).step_by(4).zip(event.words.chunks(4)).zip(&mut rest) {
            let row: &mut HintColumns<Val> = row.borrow_mut();
            row.is_first = Val::from_bool(written == 0);
            row.clock = Val::from_u32(event.clock);
            row.address = Val::from_u32(event.address + written);
            row.remaining = Val::from_u32(words - written);
            fill_words(row, chunk, counts);
        }
    }
    RowMajorMatrix::new(values, HintColumns::WIDTH)
}

fn fill_words(row: &mut HintColumns<Val>, words: &[u32], counts: &mut TableCounts) {
    for (i, word) in words.iter().enumerate() {
        let limbs = [word & 0xffff, word >> 16];
        row.is_used[i] = Val::ONE;
        row.words[i] = limbs.map(Val::from_u32);
        for limb in limbs {
            counts.range16(limb);
        }
    }
}
