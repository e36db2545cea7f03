use core::array::from_fn;
use core::borrow::BorrowMut;

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::{HIGH_MAX, InputWord, OutputWord, PermuteColumns, ROWS, STEP};
use crate::hash::Hasher;
use crate::poseidon2::Questions;
use crate::{TableCounts, Val};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermuteEvent {
    /// Clock of the call.
    pub clock: u32,
    /// Address of the state.
    pub address: u32,
    /// The state before, canonical words.
    pub state: [u32; 16],
}

/// The trace of these calls, 2 rows each. Panics if they do not fit in `height` rows, or if a word is not canonical.
pub fn generate(
    events: &[PermuteEvent],
    height: usize,
    counts: &mut TableCounts,
    questions: &mut Questions,
) -> RowMajorMatrix<Val> {
    assert!(events.len() * ROWS <= height, "{} calls for {height} rows", events.len());
    let hasher = Hasher::default();
    let mut values = Val::zero_vec(height * PermuteColumns::WIDTH);
    for (rows, event) in values.chunks_exact_mut(ROWS * PermuteColumns::WIDTH).zip(events) {
        let before = event.state.map(|word| {
            assert!(word < Val::ORDER_U32, "{word:#x} is not canonical");
            Val::from_u32(word)
        });
        questions.permute(&before);
        let after = hasher.permute(before);
        fill(rows, event, &before, &after, counts);
    }
    RowMajorMatrix::new(values, PermuteColumns::WIDTH)
}

fn fill(
    rows: &mut [Val],
    event: &PermuteEvent,
    before: &[Val; 16],
    after: &[Val; 16],
    counts: &mut TableCounts,
) {
    for (half, row) in rows.chunks_exact_mut(PermuteColumns::WIDTH).enumerate() {
        let row: &mut PermuteColumns<Val> = row.borrow_mut();
        row.is_real = Val::ONE;
        row.clock = Val::from_u32(event.clock);
        row.address = Val::from_u32(event.address);
        row.inputs = from_fn(|i| input(event.state[8 * half + i], counts));
        row.outputs = from_fn(|i| output(after[8 * half + i].as_canonical_u32(), counts));
        if half == 1 {
            row.first_inputs = from_fn(|i| before[i]);
            row.first_outputs = from_fn(|i| after[i]);
        }
    }
}

fn input(word: u32, counts: &mut TableCounts) -> InputWord<Val> {
    let [low, high] = [word & 0xffff, word >> 16];
    let is_below = u32::from(high < HIGH_MAX);
    counts.range16(HIGH_MAX - is_below - high);
    let [low, high, is_below] = [low, high, is_below].map(Val::from_u32);
    InputWord { low, high, is_below }
}

pub(super) fn output(word: u32, counts: &mut TableCounts) -> OutputWord<Val> {
    let [low, high] = [word & 0xffff, word >> 16];
    let extra = match high {
        HIGH_MAX => STEP + 1,
        _ if high > STEP * 255 + 255 => STEP,
        _ => 0,
    };
    let steps = ((high - extra) / STEP).min(255);
    let rest = high - extra - steps * STEP;
    counts.range16(low);
    counts.bytes(steps, rest);
    let [low, steps, rest, extra] = [low, steps, rest, extra].map(Val::from_u32);
    OutputWord { low, steps, rest, extra }
}
