//! Tables that have some of everything: messages, fixed, periodic and public values, rows that see the next one.

use std::borrow::Cow;

use ashlar_circuit::Val;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

/// Columns of each kind of each table.
const WIDTH: usize = 4;

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestAir {
    /// Fibonacci's sequence, of which the rows that a fixed column chooses are sent; has fixed columns and public values.
    Sequence { rows: usize, sent: usize },
    /// Receives rows, and counts to four over and over; has periodic columns.
    Receiver { rows: usize },
    /// Sends rows to itself; sees the next row of its fixed columns.
    Local { rows: usize },
    /// Cubes, without messages.
    Cubes { rows: usize },
}

/// Tables of these heights, as powers of two: the sequence, the receiver, the local one, the cubes.
pub(super) fn tables(log_heights: [usize; 4]) -> Vec<TestAir> {
    let [sequence, receiver, local, cubes] = log_heights.map(|log| 1 << log);
    vec![
        TestAir::Cubes { rows: cubes },
        TestAir::Sequence { rows: sequence, sent: receiver },
        TestAir::Local { rows: local },
        TestAir::Receiver { rows: receiver },
    ]
}

impl TestAir {
    fn rows(self) -> usize {
        match self {
            Self::Sequence { rows, .. }
            | Self::Receiver { rows }
            | Self::Local { rows }
            | Self::Cubes { rows } => rows,
        }
    }

    pub(super) fn log_height(self) -> usize {
        self.rows().trailing_zeros() as usize
    }

    /// First two values and last one of the sequence, then something free.
    pub(super) fn public_values(self) -> Vec<Val> {
        let Self::Sequence { rows, .. } = self else { return Vec::new() };
        let [first, second] = sequence().next().unwrap_or_default();
        let [last, _] = sequence().nth(rows - 1).unwrap_or_default();
        vec![first, second, last, Val::from_u32(77)]
    }

    pub(super) fn trace(self) -> RowMajorMatrix<Val> {
        let number = Val::from_usize;
        let row = |i: usize, [a, b]: [Val; 2]| match self {
            Self::Sequence { .. } => vec![a, b, a * b, number(i * i)],
            Self::Receiver { .. } => vec![number(i), a, number(i % 4), a * a, b, b, b, Val::ONE],
            Self::Local { .. } => vec![a, b, a, number(i)],
            Self::Cubes { .. } => vec![a, a * a, a * a * a, Val::TWO],
        };
        let values = sequence().take(self.rows()).enumerate().flat_map(|(i, pair)| row(i, pair));
        RowMajorMatrix::new(values.collect(), BaseAir::<Val>::width(&self))
    }
}

/// Neighbours in a sequence.
fn sequence() -> impl Iterator<Item = [Val; 2]> {
    let first = [Val::from_u32(3), Val::from_u32(5)];
    std::iter::successors(Some(first), |[a, b]| Some([*b, *a + *b]))
}

impl BaseAir<Val> for TestAir {
    fn width(&self) -> usize {
        match self {
            Self::Receiver { .. } => 2 * WIDTH,
            _ => WIDTH,
        }
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        let rows = 0..self.rows();
        let values: Vec<Val> = match self {
            Self::Sequence { sent, .. } => rows
                .flat_map(|i| [Val::from_usize(i), Val::from_bool(i < *sent), Val::ZERO, Val::ZERO])
                .collect(),
            Self::Local { .. } => rows.flat_map(|i| [Val::from_usize(i); 4]).collect(),
            _ => return None,
        };
        Some(RowMajorMatrix::new(values, WIDTH))
    }

    fn preprocessed_width(&self) -> usize {
        if matches!(self, Self::Sequence { .. } | Self::Local { .. }) { WIDTH } else { 0 }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        if matches!(self, Self::Local { .. }) { vec![0] } else { Vec::new() }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        if matches!(self, Self::Sequence { .. }) { vec![0, 1] } else { Vec::new() }
    }

    fn num_periodic_columns(&self) -> usize {
        BaseAir::<Val>::periodic_columns(self).len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        let Self::Receiver { .. } = self else { return Cow::Borrowed(&[]) };
        let count = (0..4).map(Val::from_usize).collect();
        let parity = vec![Val::ZERO, Val::ONE];
        Cow::Owned(vec![count, parity])
    }

    fn num_public_values(&self) -> usize {
        if matches!(self, Self::Sequence { .. }) { 4 } else { 0 }
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for TestAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: Vec<AB::Expr> = main.current_slice().iter().map(|x| (*x).into()).collect();
        let next: Vec<AB::Expr> = main.next_slice().iter().map(|x| (*x).into()).collect();
        let fixed: Vec<AB::Expr> = if BaseAir::<Val>::preprocessed_width(self) > 0 {
            builder.preprocessed().current_slice().iter().map(|x| (*x).into()).collect()
        } else {
            Vec::new()
        };
        match self {
            Self::Sequence { .. } => {
                let public: Vec<AB::Expr> = builder.public_values().iter().map(|x| (*x).into()).collect();
                builder.when_first_row().assert_eq(row[0].clone(), public[0].clone());
                builder.when_first_row().assert_eq(row[1].clone(), public[1].clone());
                builder.when_last_row().assert_eq(row[0].clone(), public[2].clone());
                builder.when_transition().assert_eq(next[0].clone(), row[1].clone());
                builder.when_transition().assert_eq(next[1].clone(), row[0].clone() + row[1].clone());
                builder.assert_eq(row[2].clone(), row[0].clone() * row[1].clone());
                builder.push_interaction(
                    "rows",
                    [fixed[0].clone(), row[0].clone()],
                    Count::bounded(fixed[1].clone(), 1),
                );
                builder.push_interaction("others", [fixed[0].clone(), row[2].clone(), row[3].clone()], 1);
                builder.push_interaction("others", [fixed[0].clone(), row[2].clone(), row[3].clone()], -1);
            }
            Self::Receiver { .. } => {
                let periodic: Vec<AB::Expr> = builder.periodic_values().iter().map(|x| (*x).into()).collect();
                builder.assert_eq(row[2].clone(), periodic[0].clone());
                let parity = periodic[1].clone();
                builder.assert_zero(
                    parity
                        * row[2].clone()
                        * (row[2].clone() - AB::Expr::ONE)
                        * (row[2].clone() - AB::Expr::from_u8(3)),
                );
                builder.assert_eq(row[3].clone(), row[1].clone() * row[1].clone());
                builder.push_interaction("rows", [row[0].clone(), row[1].clone()], -1);
            }
            Self::Local { .. } => {
                let following: AB::Expr = builder.preprocessed().next_slice()[0].into();
                builder.when_transition().assert_eq(following, fixed[0].clone() + AB::Expr::ONE);
                builder.assert_eq(row[3].clone(), fixed[3].clone());
                builder.push_local_interaction([
                    (vec![row[0].clone()], Count::bounded(AB::Expr::ONE, 1)),
                    (vec![row[2].clone()], Count::bounded(-AB::Expr::ONE, 1)),
                ]);
            }
            Self::Cubes { .. } => {
                builder.assert_eq(row[1].clone(), row[0].clone() * row[0].clone());
                builder.assert_eq(row[2].clone(), row[0].clone() * row[1].clone());
                builder.assert_zero(row[3].clone() - AB::Expr::TWO);
            }
        }
    }
}
