#![doc = include_str!("README.md")]

use alloc::vec::Vec;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::{answer_table, table_tag};
use crate::{TableCounts, Val};

/// Numbers of 16 bits: the rows that are asked for.
const ENTRIES: u32 = 1 << 16;

/// Rows: twice as many as entries, which puts the height in the grid of heights. The second half repeats the first and
/// is not asked for.
pub const HEIGHT: usize = 1 << 17;

/// Columns: three counts, and a free one that fills a row up to a multiple of [`crate::GROUP`].
const WIDTH: usize = 4;

/// The table of 16-bit numbers, pairs of bytes, and their conjunction.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookupAir {
    has_entries: bool,
}

impl LookupAir {
    /// The table with its fixed columns. The default has none: enough where only constraints matter, as in a verifier.
    pub const fn with_entries() -> Self {
        Self { has_entries: true }
    }
}

impl BaseAir<Val> for LookupAir {
    fn width(&self) -> usize {
        WIDTH
    }

    /// x, x / 256, x mod 256, and the conjunction of the last two.
    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        if !self.has_entries {
            return None;
        }
        let rows =
            (0..HEIGHT as u32).map(|row| row % ENTRIES).flat_map(|x| [x, x >> 8, x & 255, (x >> 8) & x]);
        Some(RowMajorMatrix::new(rows.map(Val::from_u32).collect(), 4))
    }

    fn preprocessed_width(&self) -> usize {
        4
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for LookupAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let fixed = builder.preprocessed().clone();
        let [x, high, low, and] = [0, 1, 2, 3].map(|i| Into::<AB::Expr>::into(fixed.current_slice()[i]));
        let zero = || AB::Expr::ZERO;
        let entries = [
            (table_tag::RANGE16, [x, zero(), zero()]),
            (table_tag::BYTES, [high.clone(), low.clone(), zero()]),
            (table_tag::AND, [high, low, and]),
        ];
        for ((tag, entry), count) in entries.into_iter().zip(main.current_slice()) {
            answer_table(builder, tag, entry, *count);
        }
    }
}

/// The trace: how often each entry is asked for.
pub fn generate(counts: &TableCounts) -> RowMajorMatrix<Val> {
    let rows = counts.range16.iter().zip(&counts.bytes).zip(&counts.and);
    let values = rows.flat_map(|((range16, bytes), and)| [*range16, *bytes, *and, 0].map(Val::from_u32));
    let mut values: Vec<_> = values.collect();
    values.resize(HEIGHT * WIDTH, Val::ZERO);
    RowMajorMatrix::new(values, WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::name;
    use crate::evaluate::evaluate;

    #[test]
    fn answers_what_was_counted() {
        let mut counts = TableCounts::default();
        counts.range16(65_535);
        counts.bytes(255, 1);
        counts.and(0xf0, 0x3c);
        counts.and(0xf0, 0x3c);
        let report = evaluate(&LookupAir::with_entries(), &generate(&counts), &[]);
        let messages: Vec<_> = report.balance.on(name::TABLE).into_iter().collect();
        let expected = [([0, 65_535, 0, 0], -1), ([1, 255, 1, 0], -1), ([2, 0xf0, 0x3c, 0x30], -2)];
        assert_eq!(messages, expected.map(|(message, count)| (message.to_vec(), count)));
    }
}
