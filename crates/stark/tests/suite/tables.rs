//! Three tables that talk to each other, with everything that a table may have.

use std::borrow::Cow;

use ashlar_stark::{Instance, Val};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

/// Rows of the tables.
pub(crate) const HEIGHTS: [usize; 3] = [64, 32, FACTS];
const FACTS: usize = 16;

/// One of the tables.
#[derive(Clone, Debug)]
pub(crate) enum TestAir {
    /// Raises a number to a power again and again, and sends some of its rows.
    Power {
        degree: u64,
        /// Whether a message has a periodic column.
        periodic: bool,
    },
    /// Receives what `Power` sends. It has no fixed columns, and its quotient is one piece.
    Receiver,
    /// Numbers that `Power` asks for. It reads no next row.
    Facts,
}

impl TestAir {
    /// What is fixed in a row of `Power`: a fact, which the next row's number contains.
    fn fact(row: usize) -> usize {
        (7 * row + 5) % FACTS
    }
}

impl BaseAir<Val> for TestAir {
    fn width(&self) -> usize {
        match self {
            Self::Power { .. } | Self::Receiver => 4,
            Self::Facts => 1,
        }
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        let numbers: Vec<usize> = match self {
            Self::Power { .. } => (0..HEIGHTS[0]).flat_map(|row| [row, Self::fact(row)]).collect(),
            Self::Receiver => return None,
            Self::Facts => (0..FACTS).collect(),
        };
        let values = numbers.into_iter().map(Val::from_usize).collect();
        Some(RowMajorMatrix::new(values, self.preprocessed_width()))
    }

    fn preprocessed_width(&self) -> usize {
        match self {
            Self::Power { .. } => 2,
            Self::Receiver => 0,
            Self::Facts => 1,
        }
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic_columns().len()
    }

    /// Two columns, of different periods.
    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        match self {
            Self::Power { periodic: true, .. } => Cow::Owned(
                [[3, 1, 4, 1].as_slice(), &[2, 7]]
                    .map(|c| c.iter().copied().map(Val::from_u32).collect())
                    .to_vec(),
            ),
            _ => Cow::Borrowed(&[]),
        }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Power { .. } => vec![0],
            Self::Receiver | Self::Facts => Vec::new(),
        }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Power { .. } => vec![1],
            Self::Receiver | Self::Facts => Vec::new(),
        }
    }

    fn num_public_values(&self) -> usize {
        match self {
            Self::Power { .. } => 2,
            Self::Receiver | Self::Facts => 0,
        }
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for TestAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let local: Vec<AB::Expr> = main.current_slice().iter().map(|cell| (*cell).into()).collect();
        match self {
            Self::Power { degree, periodic } => {
                let next = main.next_slice()[0].into();
                power(builder, *degree, *periodic, &local, next);
            }
            Self::Receiver => {
                let [x, y, p, count] = [0, 1, 2, 3].map(|i| local[i].clone());
                builder.assert_bool(count.clone());
                builder.push_interaction("pair", [x, y, p], -Count::bounded(count, 1));
            }
            Self::Facts => {
                let fixed = builder.preprocessed().clone();
                let fact: AB::Expr = fixed.current_slice()[0].into();
                builder.push_interaction("fact", [fact], Count::provided(-local[0].clone()));
            }
        }
    }
}

/// Columns x, y, whether the row is sent, and a product; fixed are the number of the row and a fact.
fn power<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    degree: u64,
    periodic: bool,
    local: &[AB::Expr],
    next: AB::Expr,
) {
    let [x, y, is_sent, product] = [0, 1, 2, 3].map(|i| local[i].clone());
    let fixed = builder.preprocessed().clone();
    let [row, fact]: [AB::Expr; 2] = [0, 1].map(|i| fixed.current_slice()[i].into());
    let next_fact: AB::Expr = fixed.next_slice()[1].into();
    let [p, q]: [AB::Expr; 2] = if periodic {
        [0, 1].map(|i| builder.periodic_values()[i].into())
    } else {
        [AB::Expr::ZERO, AB::Expr::ONE]
    };
    let [first, last]: [AB::Expr; 2] = [0, 1].map(|i| builder.public_values()[i].into());
    builder.when_first_row().assert_eq(x.clone(), first);
    builder.when_last_row().assert_eq(y.clone(), last);
    builder.assert_eq(x.exp_u64(degree), y.clone());
    builder.when_transition().assert_eq(next, y.clone() + next_fact);
    builder.assert_bool(is_sent.clone());
    builder.assert_eq(product.clone(), (x.clone() + row) * q);
    builder.push_interaction("pair", [x.clone(), y.clone(), p.clone()], Count::bounded(is_sent, 1));
    // More messages on the bus, so that some share a column. They balance within the row.
    let message = [y, product, p + AB::Expr::ONE];
    builder.push_interaction("pair", message.clone(), Count::bounded(AB::Expr::TWO, 2));
    builder.push_interaction("pair", message.clone(), -Count::bounded(AB::Expr::ONE, 1));
    builder.push_interaction("pair", message, -Count::bounded(AB::Expr::ONE, 1));
    builder.push_interaction("fact", [fact], Count::bounded(AB::Expr::ONE, 1));
}

/// The tables with traces that hold.
pub(crate) struct Tables {
    pub(crate) airs: Vec<TestAir>,
    pub(crate) traces: Vec<RowMajorMatrix<Val>>,
    pub(crate) public_values: Vec<Vec<Val>>,
    fixed: Vec<Option<RowMajorMatrix<Val>>>,
}

impl Tables {
    pub(crate) fn new(degree: u64, periodic: bool) -> Self {
        let airs = vec![TestAir::Power { degree, periodic }, TestAir::Receiver, TestAir::Facts];
        let [mut sender, mut receiver] = [Vec::new(), Vec::new()];
        let mut facts = vec![Val::ZERO; FACTS];
        let first = Val::from_u32(3);
        let (mut x, mut y) = (first, Val::ZERO);
        for row in 0..HEIGHTS[0] {
            let fact = TestAir::fact(row);
            facts[fact] += Val::ONE;
            if row > 0 {
                x = y + Val::from_usize(fact);
            }
            y = x.exp_u64(degree);
            let columns = airs[0].periodic_values(row);
            let [p, q] = if periodic { [columns[0], columns[1]] } else { [Val::ZERO, Val::ONE] };
            let is_sent = row % 3 == 1;
            sender.extend([x, y, Val::from_bool(is_sent), (x + Val::from_usize(row)) * q]);
            if is_sent {
                // In another order.
                receiver.splice(0..0, [x, y, p, Val::ONE]);
            }
        }
        receiver.resize(4 * HEIGHTS[1], Val::ZERO);
        let fixed = airs.iter().map(BaseAir::<Val>::preprocessed_trace).collect();
        let traces = [(sender, 4), (receiver, 4), (facts, 1)];
        let traces = traces.into_iter().map(|(values, width)| RowMajorMatrix::new(values, width)).collect();
        Self { airs, traces, public_values: vec![vec![first, y], Vec::new(), Vec::new()], fixed }
    }

    pub(crate) fn instances(&self) -> Vec<Instance<'_, TestAir>> {
        let tables = self.airs.iter().zip(&self.traces).zip(&self.public_values).zip(&self.fixed);
        tables
            .map(|(((air, trace), public_values), fixed)| Instance {
                air,
                trace,
                fixed: fixed.as_ref(),
                public_values: public_values.clone(),
            })
            .collect()
    }
}
