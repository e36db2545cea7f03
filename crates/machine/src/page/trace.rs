use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{PageColumns, ROWS};
use crate::Val;
use crate::hash::{Digest, Hasher, limbs};
use crate::node::DEPTH;
use crate::poseidon2::Questions;

/// A page of which the segment accesses a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEvent {
    /// Index of the page: its words have the addresses 16 * page to 16 * page + 15.
    pub page: u32,
    /// Words before the segment.
    pub old: [u32; 16],
    /// Words after it.
    pub new: [u32; 16],
    /// Timestamp of each word's last access; 0 if there was none.
    pub timestamps: [u32; 16],
}

/// The trace of these pages, 4 rows each. Panics if they do not fit in `height` rows.
pub fn generate(events: &[PageEvent], height: usize, questions: &mut Questions) -> RowMajorMatrix<Val> {
    assert!(events.len() * ROWS <= height, "{} pages for {height} rows", events.len());
    let hasher = Hasher::default();
    let mut values = Val::zero_vec(height * PageColumns::WIDTH);
    for (rows, event) in values.chunks_exact_mut(ROWS * PageColumns::WIDTH).zip(events) {
        fill(rows, event, &hasher, questions);
    }
    RowMajorMatrix::new(values, PageColumns::WIDTH)
}

fn fill(rows: &mut [Val], event: &PageEvent, hasher: &Hasher, questions: &mut Questions) {
    assert!(event.page >> DEPTH == 0, "no page {}", event.page);
    let [old_blocks, new_blocks] = [&event.old, &event.new].map(|words| words.as_chunks::<4>().0);
    let mut digests: [Digest; 2] = [[Val::ZERO; 8]; 2];
    for (i, row) in rows.chunks_exact_mut(PageColumns::WIDTH).enumerate() {
        let row: &mut PageColumns<Val> = row.borrow_mut();
        row.is_real = Val::ONE;
        row.page = Val::from_u32(event.page);
        [row.old, row.new] = [old_blocks, new_blocks].map(|blocks| limbs(&blocks[i]));
        row.timestamps = core::array::from_fn(|word| Val::from_u32(event.timestamps[4 * i + word]));
        [row.old_in, row.new_in] = digests;
        questions.compress(&row.old_in, &row.old);
        row.old_out = hasher.compress(&row.old_in, &row.old);
        questions.compress(&row.new_in, &row.new);
        let is_same = row.new_in == row.old_in && row.new == row.old;
        row.new_out = if is_same { row.old_out } else { hasher.compress(&row.new_in, &row.new) };
        digests = [row.old_out, row.new_out];
    }
}
