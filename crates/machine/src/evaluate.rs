//! Checks traces against constraints row by row, and adds up what is on the buses: an exact judge, without a proof.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use p3_air::{Air, AirBuilder, BaseAir, RowWindow};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::Val;

/// What is on the buses: for each bus and message, how often it was sent less how often it was received. Balanced
/// messages are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance(pub BTreeMap<String, BTreeMap<Vec<u32>, i64>>);

impl Balance {
    /// Counts a message; a negative count is a receipt.
    pub fn add(&mut self, bus: &str, message: &[u32], count: i64) {
        if count == 0 {
            return;
        }
        if !self.0.contains_key(bus) {
            self.0.insert(bus.into(), BTreeMap::new());
        }
        let Some(messages) = self.0.get_mut(bus) else { return };
        let sum = messages.entry(message.to_vec()).or_default();
        *sum += count;
        if *sum == 0 {
            messages.remove(message);
        }
        if messages.is_empty() {
            self.0.remove(bus);
        }
    }

    /// Counts all messages of another.
    pub fn add_all(&mut self, other: &Self) {
        for (bus, messages) in &other.0 {
            for (message, count) in messages {
                self.add(bus, message, *count);
            }
        }
    }

    /// The messages left on a bus.
    pub fn on(&self, bus: &str) -> BTreeMap<Vec<u32>, i64> {
        self.0.get(bus).cloned().unwrap_or_default()
    }

    /// Whether everything that was sent was received.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

/// A constraint that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Row of the trace.
    pub row: usize,
    /// Position among the chip's constraints, in the order of `eval`.
    pub constraint: usize,
}

/// What [`evaluate`] found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Constraints that do not hold.
    pub failures: Vec<Failure>,
    /// Messages of all rows.
    pub balance: Balance,
}

/// Evaluates a chip on every row of its trace.
pub fn evaluate<A>(air: &A, trace: &RowMajorMatrix<Val>, public_values: &[Val]) -> Report
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    evaluate_rows(air, trace, air.preprocessed_trace().as_ref(), public_values, 0..trace.height())
}

/// The same for some of the rows, so that a change of one cell can be judged by the rows that see it.
pub fn evaluate_rows<A>(
    air: &A,
    trace: &RowMajorMatrix<Val>,
    preprocessed: Option<&RowMajorMatrix<Val>>,
    public_values: &[Val],
    rows: impl IntoIterator<Item = usize>,
) -> Report
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    let height = trace.height();
    let mut report = Report::default();
    for row in rows {
        let next = (row + 1) % height;
        let slice = |matrix: &'_ RowMajorMatrix<Val>, row: usize| -> Vec<Val> {
            matrix.values[row * matrix.width..][..matrix.width].to_vec()
        };
        let main = [slice(trace, row), slice(trace, next)];
        let fixed = preprocessed.map_or_else(Default::default, |m| [slice(m, row), slice(m, next)]);
        let periodic = air.periodic_values(row);
        let mut builder = RowBuilder {
            main: RowWindow::from_two_rows(&main[0], &main[1]),
            preprocessed: RowWindow::from_two_rows(&fixed[0], &fixed[1]),
            periodic: &periodic,
            public_values,
            row,
            height,
            constraint: 0,
            report: &mut report,
        };
        air.eval(&mut builder);
    }
    report
}

/// Evaluates constraints and messages on one row.
pub struct RowBuilder<'a> {
    main: RowWindow<'a, Val>,
    preprocessed: RowWindow<'a, Val>,
    periodic: &'a [Val],
    public_values: &'a [Val],
    row: usize,
    height: usize,
    constraint: usize,
    report: &'a mut Report,
}

impl<'a> AirBuilder for RowBuilder<'a> {
    type F = Val;
    type Expr = Val;
    type Var = Val;
    type PreprocessedWindow = RowWindow<'a, Val>;
    type MainWindow = RowWindow<'a, Val>;
    type PublicVar = Val;
    type PeriodicVar = Val;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.preprocessed
    }

    fn is_first_row(&self) -> Val {
        Val::from_bool(self.row == 0)
    }

    fn is_last_row(&self) -> Val {
        Val::from_bool(self.row == self.height - 1)
    }

    fn is_transition(&self) -> Val {
        Val::from_bool(self.row != self.height - 1)
    }

    fn assert_zero<I: Into<Val>>(&mut self, x: I) {
        if x.into() != Val::ZERO {
            self.report.failures.push(Failure { row: self.row, constraint: self.constraint });
        }
        self.constraint += 1;
    }

    fn public_values(&self) -> &[Val] {
        self.public_values
    }

    fn periodic_values(&self) -> &[Val] {
        self.periodic
    }
}

impl InteractionBuilder for RowBuilder<'_> {
    fn push_interaction<E: Into<Val>>(
        &mut self,
        bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Val>>,
    ) {
        let message: Vec<u32> = fields.into_iter().map(|field| field.into().as_canonical_u32()).collect();
        self.report.balance.add(bus_name, &message, signed(count.into().into_parts().0));
    }

    /// No chip declares messages to itself.
    fn push_local_interaction(&mut self, tuples: impl IntoIterator<Item = (Vec<Val>, Count<Val>)>) {
        for (message, count) in tuples {
            self.push_interaction("local", message, count);
        }
    }
}

/// A field element as the integer nearest to zero.
fn signed(x: Val) -> i64 {
    let x = i64::from(x.as_canonical_u32());
    if x > i64::from(Val::ORDER_U32 / 2) { x - i64::from(Val::ORDER_U32) } else { x }
}
