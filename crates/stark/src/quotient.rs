//! The quotient: all constraints of a table, combined and divided by the polynomial that vanishes on its rows.

use p3_air::RowWindow;
use p3_commit::{PolynomialSpace, UnivariateStarkPcs};
use p3_field::{Algebra, BasedVectorSpace, PackedValue, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_maybe_rayon::prelude::*;

use crate::builder::{Context, Fraction, GroupBuilder, Selectors, lane, load_rows};
use crate::scheme::{Domain, Scheme, Table};
use crate::{Challenge, PackedChallenge, PackedVal, Val};

/// Points whose values are made by one task.
const CHUNK: usize = 1 << 10;

/// What the quotient is made of: a table's committed columns on the quotient's domain.
pub(crate) struct Columns<M> {
    pub(crate) main: M,
    pub(crate) auxiliary: M,
    pub(crate) fixed: Option<M>,
}

/// Powers of the challenge that combines constraints. The first constraint has the highest power.
struct Weights {
    /// For constraints over the base field: per coefficient, one number per constraint.
    base: [Vec<Val>; 4],
    /// For those of the buses.
    extension: Vec<Challenge>,
}

impl Weights {
    fn new(base: usize, extension: usize, alpha: Challenge) -> Self {
        let mut powers: Vec<Challenge> = alpha.powers().take(base + extension).collect();
        powers.reverse();
        let extension = powers.split_off(base);
        let coefficient = |i: usize| {
            powers
                .iter()
                .map(|power| BasedVectorSpace::<Val>::as_basis_coefficients_slice(power)[i])
                .collect()
        };
        Self { base: core::array::from_fn(coefficient), extension }
    }
}

/// Values of the quotient on its domain.
#[allow(clippy::too_many_arguments)] // One call; the arguments are what a quotient depends on.
pub(crate) fn quotient_values<S: Scheme, A: Table, M: Matrix<Val> + Sync>(
    pcs: &S::Pcs,
    air: &A,
    trace_domain: Domain,
    quotient_domain: Domain,
    columns: &Columns<M>,
    context: &Context<'_>,
    terminal: Challenge,
    alpha: Challenge,
) -> Vec<Challenge> {
    let size = quotient_domain.size();
    let next_step = size / trace_domain.size();
    let selectors = trace_domain.selectors_on_coset(quotient_domain);
    let weights = Weights::new(context.layout.constraints, context.layout.fractions + 3, alpha);
    let periodic = periodic_groups::<S, A>(pcs, air, trace_domain, quotient_domain);
    let lanes = PackedVal::WIDTH;
    let mut values = Challenge::zero_vec(size);
    values.par_chunks_mut(CHUNK.min(size)).enumerate().for_each(|(chunk, values)| {
        let mut scratch = Scratch::default();
        for (i, values) in values.chunks_exact_mut(lanes).enumerate() {
            let first = chunk * CHUNK.min(size) + i * lanes;
            let pick = |values: &[Val]| *PackedVal::from_slice(&values[first..first + lanes]);
            let at = Selectors {
                is_first_row: pick(&selectors.is_first_row),
                is_last_row: pick(&selectors.is_last_row),
                is_transition: pick(&selectors.is_transition),
            };
            scratch.load(columns, first, next_step);
            let periodic = &periodic[first / lanes % periodic.len()];
            let sum = scratch.evaluate(air, context, at, periodic, terminal, &weights);
            let quotient = sum * pick(&selectors.inv_vanishing);
            for (i, value) in values.iter_mut().enumerate() {
                *value = lane(&quotient, i);
            }
        }
    });
    values
}

/// The periodic columns on the quotient's domain, for each group of points until they repeat.
fn periodic_groups<S: Scheme, A: Table>(
    pcs: &S::Pcs,
    air: &A,
    trace_domain: Domain,
    quotient_domain: Domain,
) -> Vec<Vec<PackedVal>> {
    let columns = air.periodic_columns();
    let table = UnivariateStarkPcs::<Challenge, S::Challenger>::build_periodic_lde_table(
        pcs,
        &columns,
        trace_domain,
        quotient_domain,
    );
    if table.is_empty() {
        return vec![Vec::new()];
    }
    let lanes = PackedVal::WIDTH;
    let value = |group: usize, column| PackedVal::from_fn(|lane| *table.get(group * lanes + lane, column));
    let groups = 0..table.packed_group_period(lanes);
    groups.map(|group| (0..table.width()).map(|column| value(group, column)).collect()).collect()
}

/// Buffers of one task.
#[derive(Default)]
struct Scratch {
    main: [Vec<PackedVal>; 2],
    fixed: [Vec<PackedVal>; 2],
    auxiliary: [Vec<PackedChallenge>; 2],
    /// Of the auxiliary columns, on their way to elements.
    coefficients: Vec<PackedVal>,
    constraints: Vec<PackedVal>,
    fractions: Vec<Fraction>,
}

/// Loads all columns at a group of points.
fn load_points<M: Matrix<Val>>(matrix: &M, first: usize, packed: &mut Vec<PackedVal>) {
    let rows = matrix.wrapping_row_slices(first, PackedVal::WIDTH);
    load_rows(|lane| &rows[lane], matrix.width(), packed);
}

impl Scratch {
    /// Loads the columns at a group of points and at the points of the next rows.
    fn load<M: Matrix<Val>>(&mut self, columns: &Columns<M>, first: usize, next_step: usize) {
        for (i, point) in [first, first + next_step].into_iter().enumerate() {
            load_points(&columns.main, point, &mut self.main[i]);
            if let Some(fixed) = &columns.fixed {
                load_points(fixed, point, &mut self.fixed[i]);
            }
            load_points(&columns.auxiliary, point, &mut self.coefficients);
            let elements = self.coefficients.as_chunks::<4>().0.iter();
            self.auxiliary[i].clear();
            self.auxiliary[i]
                .extend(elements.map(|element| PackedChallenge::from_basis_coefficients_fn(|i| element[i])));
        }
    }

    /// The combination of all constraints: the table's, then per auxiliary column that it holds its fraction, then that
    /// the first column adds them up.
    fn evaluate<A: Table>(
        &mut self,
        air: &A,
        context: &Context<'_>,
        selectors: Selectors,
        periodic: &[PackedVal],
        terminal: Challenge,
        weights: &Weights,
    ) -> PackedChallenge {
        self.constraints.clear();
        self.fractions.clear();
        self.fractions.resize(context.layout.fractions, Fraction::ZERO);
        let [main, next] = &self.main;
        let [fixed, fixed_next] = &self.fixed;
        let mut builder = GroupBuilder::<true> {
            main: RowWindow::from_two_rows(main, next),
            fixed: RowWindow::from_two_rows(fixed, fixed_next),
            periodic,
            selectors,
            context,
            message: 0,
            constraints: &mut self.constraints,
            fractions: &mut self.fractions,
        };
        air.eval(&mut builder);
        debug_assert_eq!(self.constraints.len(), weights.base[0].len());
        let base = PackedChallenge::from_basis_coefficients_fn(|i| {
            PackedVal::batched_linear_combination(&self.constraints, &weights.base[i])
        });
        base + self.bus_constraints(selectors, terminal, &weights.extension)
    }

    fn bus_constraints(
        &self,
        selectors: Selectors,
        terminal: Challenge,
        weights: &[Challenge],
    ) -> PackedChallenge {
        let [local, next] = &self.auxiliary;
        let (Some((sum, fractions)), Some(next_sum)) = (local.split_first(), next.first()) else {
            return PackedChallenge::ZERO;
        };
        let row_sum: PackedChallenge = fractions.iter().copied().sum();
        let held = self
            .fractions
            .iter()
            .zip(fractions)
            .map(|(fraction, held)| fraction.denominator * *held - fraction.numerator);
        let terminal: PackedChallenge = terminal.into();
        let adds_up = [
            *sum * selectors.is_first_row,
            (*next_sum - *sum - row_sum) * selectors.is_transition,
            (terminal - *sum - row_sum) * selectors.is_last_row,
        ];
        held.chain(adds_up).zip(weights).map(|(constraint, weight)| constraint * *weight).sum()
    }
}
