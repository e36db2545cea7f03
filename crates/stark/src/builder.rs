//! Evaluates a table on a group of rows: its constraints as values, its messages as fractions.

use p3_air::symbolic::AirLayout;
use p3_air::{AirBuilder, RowWindow};
use p3_batch_stark::symbolic::get_log_num_quotient_chunks_for_domain;
use p3_field::{
    BasedVectorSpace, PackedFieldExtension, PackedFieldPow2, PackedValue, PrimeCharacteristicRing,
};
use p3_lookup::{Count, InteractionBuilder, InteractionSymbolicBuilder, Kind, LogUpGadget, Lookup, Lookups};

use crate::scheme::{Domain, Table};
use crate::{Challenge, PackedChallenge, PackedVal, Val};

/// How a table is proven: where each of its messages goes, in the order in which `eval` makes them, and how many constraints
/// and pieces of the quotient there are.
pub(crate) struct Layout {
    /// The auxiliary column of each message, and whether it is the first one there.
    columns: Vec<(usize, bool)>,
    /// Number of columns with fractions.
    pub(crate) fractions: usize,
    /// Number of constraints, without those of the buses.
    pub(crate) constraints: usize,
    /// Number of pieces that the quotient is cut into, each of the trace's height.
    pub(crate) chunks: usize,
}

impl Layout {
    /// Follows p3's packing: it fills the columns of a bus in the order of the messages.
    pub(crate) fn new<A: Table>(air: &A, domain: Domain, packed: &Lookups<Val>) -> Self {
        let mut room: Vec<(&Kind, usize, usize)> =
            packed.iter().map(|lookup| (&lookup.kind, lookup.column, lookup.elements.len())).collect();
        let messages = Lookups::<Val>::from_air::<Challenge, _>(air);
        let columns = messages.iter().map(|message| {
            let column = room.iter_mut().find(|(kind, _, left)| **kind == message.kind && *left > 0);
            let Some((_, column, left)) = column else { unreachable!("a message without a column") };
            *left -= 1;
            *column
        });
        let mut seen = vec![false; packed.len()];
        let columns = columns.map(|column| (column, !core::mem::replace(&mut seen[column], true)));
        let shape = AirLayout::from_air(air);
        let log_chunks = get_log_num_quotient_chunks_for_domain::<Val, Challenge, A, _>(
            air,
            shape,
            domain,
            packed,
            0,
            &LogUpGadget::new(),
        );
        let builder = InteractionSymbolicBuilder::<Val, Challenge>::from_air(air, shape);
        Self {
            columns: columns.collect(),
            fractions: packed.len(),
            constraints: builder.base_constraints().len(),
            chunks: 1 << log_chunks,
        }
    }
}

/// The challenges of one auxiliary column: a message m has the denominator alpha - sum of m_i * weight_i.
pub(crate) struct ColumnChallenges {
    alpha: PackedChallenge,
    /// Per field, its weight's coefficients.
    weights: Vec<[PackedVal; 4]>,
}

impl ColumnChallenges {
    /// From what the transcript laid out: alpha and beta of each column. Weights are powers of beta, 1 for the last field.
    pub(crate) fn all(lookups: &[Lookup<Val>], challenges: &[Challenge]) -> Vec<Self> {
        let pairs = lookups.iter().zip(challenges.as_chunks::<2>().0);
        pairs
            .map(|(lookup, [alpha, beta])| {
                let width = lookup.elements.first().map_or(0, Vec::len);
                let mut weights: Vec<_> = beta.powers().take(width).collect();
                weights.reverse();
                let coefficients = |weight: Challenge| -> [PackedVal; 4] {
                    let coefficients: &[Val] = weight.as_basis_coefficients_slice();
                    core::array::from_fn(|i| coefficients[i].into())
                };
                Self { alpha: (*alpha).into(), weights: weights.into_iter().map(coefficients).collect() }
            })
            .collect()
    }
}

/// A sum of fractions: the messages of one auxiliary column on a group of rows.
#[derive(Clone, Copy)]
pub(crate) struct Fraction {
    pub(crate) numerator: PackedChallenge,
    pub(crate) denominator: PackedChallenge,
}

impl Fraction {
    pub(crate) const ZERO: Self =
        Self { numerator: PackedChallenge::ZERO, denominator: PackedChallenge::ONE };
}

/// What evaluation needs of a table beside the rows.
pub(crate) struct Context<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) challenges: &'a [ColumnChallenges],
    pub(crate) public_values: &'a [Val],
}

/// The selectors of a group of rows.
#[derive(Clone, Copy, Default)]
pub(crate) struct Selectors {
    pub(crate) is_first_row: PackedVal,
    pub(crate) is_last_row: PackedVal,
    pub(crate) is_transition: PackedVal,
}

/// Evaluates a group of rows, as many as a vector has lanes. `CONSTRAINTS` says whether constraints are wanted or only
/// messages.
pub struct GroupBuilder<'a, const CONSTRAINTS: bool> {
    pub(crate) main: RowWindow<'a, PackedVal>,
    pub(crate) fixed: RowWindow<'a, PackedVal>,
    pub(crate) periodic: &'a [PackedVal],
    pub(crate) selectors: Selectors,
    pub(crate) context: &'a Context<'a>,
    /// Number of the next message.
    pub(crate) message: usize,
    pub(crate) constraints: &'a mut Vec<PackedVal>,
    /// One per auxiliary column with fractions.
    pub(crate) fractions: &'a mut [Fraction],
}

impl<'a, const CONSTRAINTS: bool> AirBuilder for GroupBuilder<'a, CONSTRAINTS> {
    type F = Val;
    type Expr = PackedVal;
    type Var = PackedVal;
    type PreprocessedWindow = RowWindow<'a, PackedVal>;
    type MainWindow = RowWindow<'a, PackedVal>;
    type PublicVar = Val;
    type PeriodicVar = PackedVal;

    #[inline(always)]
    fn main(&self) -> Self::MainWindow {
        self.main
    }

    #[inline(always)]
    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.fixed
    }

    #[inline(always)]
    fn is_first_row(&self) -> PackedVal {
        self.selectors.is_first_row
    }

    #[inline(always)]
    fn is_last_row(&self) -> PackedVal {
        self.selectors.is_last_row
    }

    #[inline(always)]
    fn is_transition(&self) -> PackedVal {
        self.selectors.is_transition
    }

    #[inline(always)]
    fn assert_zero<I: Into<PackedVal>>(&mut self, x: I) {
        if CONSTRAINTS {
            self.constraints.push(x.into());
        }
    }

    #[inline(always)]
    fn public_values(&self) -> &[Val] {
        self.context.public_values
    }

    #[inline(always)]
    fn periodic_values(&self) -> &[PackedVal] {
        self.periodic
    }
}

impl<const CONSTRAINTS: bool> InteractionBuilder for GroupBuilder<'_, CONSTRAINTS> {
    #[inline(always)]
    fn push_interaction<E: Into<PackedVal>>(
        &mut self,
        _bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<PackedVal>>,
    ) {
        let (column, is_first) = self.context.layout.columns[self.message];
        self.message += 1;
        let ColumnChallenges { alpha, weights } = &self.context.challenges[column];
        let mut sum = [PackedVal::ZERO; 4];
        for (field, weight) in fields.into_iter().zip(weights) {
            let field = field.into();
            for (sum, weight) in sum.iter_mut().zip(weight) {
                *sum += field * *weight;
            }
        }
        let denominator = *alpha - PackedChallenge::from_basis_coefficients_fn(|i| sum[i]);
        let (count, _) = count.into().into_parts();
        let fraction = &mut self.fractions[column];
        if is_first {
            fraction.numerator = count.into();
            fraction.denominator = denominator;
        } else {
            fraction.numerator = fraction.numerator * denominator + fraction.denominator * count;
            fraction.denominator *= denominator;
        }
    }

    /// No table has messages to itself.
    fn push_local_interaction(
        &mut self,
        _tuples: impl IntoIterator<Item = (Vec<PackedVal>, Count<PackedVal>)>,
    ) {
        unreachable!("no table has messages to itself")
    }
}

/// Loads a group of rows as vectors, one per column: as many rows as a vector has lanes.
#[inline]
pub(crate) fn load_rows<'a>(rows: impl Fn(usize) -> &'a [Val], width: usize, packed: &mut Vec<PackedVal>) {
    let lanes = PackedVal::WIDTH;
    packed.clear();
    let whole = width / lanes * lanes;
    for first in (0..whole).step_by(lanes) {
        let at = packed.len();
        packed.extend((0..lanes).map(|lane| *PackedVal::from_slice(&rows(lane)[first..first + lanes])));
        transpose(&mut packed[at..]);
    }
    packed.extend((whole..width).map(|column| PackedVal::from_fn(|lane| rows(lane)[column])));
}

/// Transposes a square of vectors: swaps blocks of 1, 2, 4, ... off the diagonal.
#[inline]
fn transpose(square: &mut [PackedVal]) {
    let mut block = 1;
    while block < square.len() {
        for i in 0..square.len() {
            if i & block == 0 {
                let (a, b) = square[i].interleave(square[i | block], block);
                (square[i], square[i | block]) = (a, b);
            }
        }
        block *= 2;
    }
}

/// An extension field element of one lane.
#[inline(always)]
pub(crate) fn lane(packed: &PackedChallenge, lane: usize) -> Challenge {
    PackedFieldExtension::<Val, Challenge>::extract(packed, lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_loaded_as_columns() {
        for width in [1, 4, 15, 16, 17, 51, 64] {
            let cell = |row: usize, column: usize| Val::from_usize(1000 * row + column);
            let rows: Vec<Vec<Val>> = (0..PackedVal::WIDTH)
                .map(|row| (0..width).map(|column| cell(row, column)).collect())
                .collect();
            let mut packed = Vec::new();
            load_rows(|lane| &rows[lane], width, &mut packed);
            let expected: Vec<_> =
                (0..width).map(|column| PackedVal::from_fn(|lane| cell(lane, column))).collect();
            assert_eq!(packed, expected);
        }
    }
}
