use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::CommitColumns;
use crate::hash::{Digest, Hasher, limbs};
use crate::poseidon2::Questions;
use crate::{TableCounts, Val};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitEvent {
    /// Clock of the call.
    pub clock: u32,
    /// Address of the first word.
    pub address: u32,
    /// The words.
    pub words: [u32; 8],
}

/// The trace of these calls, in the order of the run, with `start` as the digest before them. Panics if they do not fit
/// in `height` rows or are out of order.
pub fn generate(
    events: &[CommitEvent],
    start: Digest,
    height: usize,
    counts: &mut TableCounts,
    questions: &mut Questions,
) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} calls for {height} rows", events.len());
    let hasher = Hasher::default();
    let mut values = Val::zero_vec(height * CommitColumns::WIDTH);
    let mut digest = start;
    for (i, row) in values.chunks_exact_mut(CommitColumns::WIDTH).enumerate() {
        let row: &mut CommitColumns<Val> = row.borrow_mut();
        row.before = digest;
        if let Some(event) = events.get(i) {
            digest = fill(row, event, &hasher, questions);
            let gap = events.get(i + 1).map_or(0, |next| gap(event.clock, next.clock));
            row.gap = [gap & 0xffff, gap >> 16].map(Val::from_u32);
            counts.range16(gap & 0xffff);
            counts.bytes(gap >> 16, 0);
        }
        row.after = digest;
    }
    RowMajorMatrix::new(values, CommitColumns::WIDTH)
}

/// The table's public values: the digest before and after these calls.
pub fn public_values(events: &[CommitEvent], start: &Digest) -> Vec<Val> {
    let hasher = Hasher::default();
    let end = events.iter().fold(*start, |digest, event| hasher.commit(&digest, &event.words));
    [*start, end].concat()
}

fn gap(clock: u32, next: u32) -> u32 {
    assert!(clock < next, "a call at {next} comes after one at {clock}");
    next - clock - 1
}

/// Returns the digest after the call.
fn fill(
    row: &mut CommitColumns<Val>,
    event: &CommitEvent,
    hasher: &Hasher,
    questions: &mut Questions,
) -> Digest {
    row.is_real = Val::ONE;
    row.clock = Val::from_u32(event.clock);
    row.address = Val::from_u32(event.address);
    let [first, second] = [0, 4].map(|at| limbs(&core::array::from_fn(|i| event.words[at + i])));
    row.limbs[..8].copy_from_slice(&first);
    row.limbs[8..].copy_from_slice(&second);
    questions.compress(&row.before, &first);
    row.middle = hasher.compress(&row.before, &first);
    questions.compress(&row.middle, &second);
    hasher.compress(&row.middle, &second)
}
