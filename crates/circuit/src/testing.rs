//! What the tests of tables share.

use ashlar_machine::evaluate::{Balance, Report, RowBuilder, evaluate, evaluate_rows};
use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, LookupProtocol, Lookups};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::extension::{coefficients, element};
use crate::{Challenge, CircuitAir, Val};

/// Elements that look random (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn val(&mut self) -> Val {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Val::from_u64(z >> 32)
    }

    pub(crate) fn vals<const N: usize>(&mut self) -> [Val; N] {
        core::array::from_fn(|_| self.val())
    }

    pub(crate) fn list(&mut self, length: usize) -> Vec<Val> {
        (0..length).map(|_| self.val()).collect()
    }

    pub(crate) fn challenge(&mut self) -> Challenge {
        element(&self.vals())
    }
}

/// A small number as an element.
pub(crate) fn val(x: u32) -> Val {
    Val::from_u32(x)
}

/// A message: an address and what follows, as the judge shows it.
pub(crate) fn message(address: u32, fields: &[Val]) -> Vec<u32> {
    core::iter::once(address).chain(fields.iter().map(Val::as_canonical_u32)).collect()
}

/// A message on `witness`.
pub(crate) fn wire(address: u32, value: Challenge) -> Vec<u32> {
    message(address, &coefficients(value))
}

/// A table with its trace.
#[derive(Clone)]
pub(crate) struct Instance<A = CircuitAir> {
    pub(crate) air: A,
    pub(crate) trace: RowMajorMatrix<Val>,
    pub(crate) public_values: Vec<Val>,
}

impl<A> Instance<A>
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    pub(crate) fn report(&self) -> Report {
        evaluate(&self.air, &self.trace, &self.public_values)
    }

    /// What the other tables see. The trace must hold.
    pub(crate) fn balance(&self) -> Balance {
        let report = self.report();
        assert_eq!(report.failures, [], "the trace does not hold");
        report.balance
    }

    /// Whether every change of each column is refused on some row, by a constraint or by the other tables, except on the
    /// columns listed, each with the reason.
    pub(crate) fn assert_every_column_matters(&self, free: &[(usize, &str)]) {
        let fixed = self.air.preprocessed_trace();
        assert_eq!(self.report().failures, []);
        for column in 0..self.trace.width() {
            let is_caught = (0..self.trace.height()).any(|row| self.is_refused(fixed.as_ref(), row, column));
            let is_free = free.iter().any(|(free, _)| *free == column);
            assert_eq!(is_caught, !is_free, "column {column}: caught {is_caught}");
        }
    }

    /// Whether a changed cell is refused.
    pub(crate) fn is_refused(&self, fixed: Option<&RowMajorMatrix<Val>>, row: usize, column: usize) -> bool {
        let height = self.trace.height();
        // The rows that see the cell.
        let seen = [(row + height - 1) % height, row];
        let judge =
            |trace: &RowMajorMatrix<Val>| evaluate_rows(&self.air, trace, fixed, &self.public_values, seen);
        let before = judge(&self.trace);
        [Val::ONE, Val::NEG_ONE, val(123_456_789)].iter().all(|difference| {
            let mut changed = self.trace.clone();
            changed.values[row * changed.width + column] += *difference;
            let after = judge(&changed);
            !after.failures.is_empty() || after.balance != before.balance
        })
    }
}

/// Asserts that a trace is refused by its own constraints, and is not if a flag is cleared: so it's the flag that refuses.
pub(crate) fn assert_only_refused_with<A>(with: &A, without: &A, trace: &RowMajorMatrix<Val>, public: &[Val])
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    assert_eq!(evaluate(without, trace, public).failures, [], "refused without the flag");
    assert_ne!(evaluate(with, trace, public).failures, [], "accepted with the flag");
}

/// Main columns, fixed columns and auxiliary columns (of the extension field, the running sum included). Asserts that no
/// constraint has a degree above what the table says.
pub(crate) fn shape<A>(air: &A) -> (usize, usize, usize)
where
    A: BaseAir<Val> + Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let Some(degree) = air.max_constraint_degree() else { panic!("a table without a degree") };
    let lookups = Lookups::from_air::<Challenge, _>(air).pack_same_bus(&LogUpGadget, degree);
    let builder = InteractionSymbolicBuilder::<Val, Challenge>::from_air(air, AirLayout::from_air(air));
    let own = builder.base_constraints().iter().map(|constraint| constraint.degree_multiple()).max();
    let buses = lookups.iter().map(|lookup| LogUpGadget.constraint_degree(lookup)).max();
    assert!(own.max(buses) <= Some(degree), "degrees {own:?} and {buses:?}");
    (air.width(), air.preprocessed_width(), lookups.len() + 1)
}
