//! Constraint programs against the constraints themselves, at random points.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_contracts::{INPUTS, Operation, Program, constraint_program};
use ashlar_machine::Val;
use ashlar_verifier::config::{Challenge, Parameters};
use ashlar_verifier::last::FinalShape;
use p3_air::{Air, AirBuilder, BaseAir, RowWindow};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_lookup::{Count, InteractionBuilder};

const LOG_ROWS: usize = 6;

const PARAMETERS: Parameters = Parameters {
    log_blowup: 6,
    log_final_polynomial: 2,
    log_arity_max: 4,
    queries: 1,
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    cap_height: 0,
};

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn element(&mut self) -> Challenge {
        Challenge::new([0; 4].map(|_| {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Val::from_u64(self.0 >> 20)
        }))
    }

    fn elements(&mut self, count: usize) -> Vec<Challenge> {
        (0..count).map(|_| self.element()).collect()
    }
}

/// Folds constraints of the narrow table, all of whose messages are on one bus and in one column.
struct Direct<'a> {
    main: RowWindow<'a, Challenge>,
    fixed: RowWindow<'a, Challenge>,
    periodic: Vec<Challenge>,
    selectors: [Challenge; 3],
    alpha: Challenge,
    sum: Challenge,
    lookup: [Challenge; 2],
    fraction: [Challenge; 2],
}

impl Direct<'_> {
    fn fold(&mut self, constraint: Challenge) {
        self.sum = self.sum * self.alpha + constraint;
    }
}

impl<'a> AirBuilder for Direct<'a> {
    type F = Val;
    type Expr = Challenge;
    type Var = Challenge;
    type PreprocessedWindow = RowWindow<'a, Challenge>;
    type MainWindow = RowWindow<'a, Challenge>;
    type PublicVar = Val;
    type PeriodicVar = Challenge;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.fixed
    }

    fn is_first_row(&self) -> Challenge {
        self.selectors[0]
    }

    fn is_last_row(&self) -> Challenge {
        self.selectors[1]
    }

    fn is_transition(&self) -> Challenge {
        self.selectors[2]
    }

    fn assert_zero<I: Into<Challenge>>(&mut self, x: I) {
        self.fold(x.into());
    }

    fn public_values(&self) -> &[Val] {
        &[]
    }

    fn periodic_values(&self) -> &[Challenge] {
        &self.periodic
    }
}

impl InteractionBuilder for Direct<'_> {
    fn push_interaction<E: Into<Challenge>>(
        &mut self,
        _bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Challenge>>,
    ) {
        let [alpha, beta] = self.lookup;
        let message = fields.into_iter().fold(Challenge::ZERO, |sum, field| sum * beta + field.into());
        let denominator = alpha + beta.exp_u64(5) - message;
        let [numerator, product] = self.fraction;
        let (count, _) = count.into().into_parts();
        self.fraction = [numerator * denominator + product * count, product * denominator];
    }

    fn push_local_interaction(
        &mut self,
        tuples: impl IntoIterator<Item = (Vec<Challenge>, Count<Challenge>)>,
    ) {
        tuples.into_iter().for_each(drop);
    }
}

fn narrow() -> (FinalShape, Program) {
    let air = NarrowAir::default();
    let shape = FinalShape::new(&PARAMETERS, &air, LOG_ROWS, 0).expect("a shape");
    let program = constraint_program(&air, &shape).expect("a program");
    (shape, program)
}

/// What a periodic column is at zeta: by Lagrange over the whole table, not over a period.
fn periodic(column: &[Val], zeta: Challenge) -> Challenge {
    let rows = 1 << LOG_ROWS;
    let root = Val::two_adic_generator(LOG_ROWS);
    let vanishing = zeta.exp_u64(rows) - Challenge::ONE;
    let term = |row: usize| {
        let point = root.exp_u64(row as u64);
        let weight = vanishing * (zeta - point).inverse() * point * Val::from_u64(rows).inverse();
        weight * column[row % column.len()]
    };
    (0..rows as usize).map(term).sum()
}

#[test]
fn programs_compute_what_the_table_says() {
    let air = NarrowAir::default();
    let (_, program) = narrow();
    for seed in 0..4 {
        let mut numbers = Numbers(seed);
        let (main, next) = (numbers.elements(48), numbers.elements(48));
        let (fixed, aux, aux_next) = (numbers.elements(20), numbers.elements(8), numbers.elements(8));
        let [terminal, lookup_alpha, lookup_beta, alpha, zeta] = [0; 5].map(|_| numbers.element());
        let selectors = [0; 3].map(|_| numbers.element());
        let x = Challenge::new([0, 1, 0, 0].map(Val::from_u32));
        let columns = air.periodic_columns();
        let mut direct = Direct {
            main: RowWindow::from_two_rows(&main, &next),
            fixed: RowWindow::from_two_rows(&fixed, &fixed),
            periodic: columns.iter().map(|column| periodic(column, zeta)).collect(),
            selectors,
            alpha,
            sum: Challenge::ZERO,
            lookup: [lookup_alpha, lookup_beta],
            fraction: [Challenge::ZERO, Challenge::ONE],
        };
        air.eval(&mut direct);
        let column = |v: &[Challenge]| v[0] + v[1] * x + v[2] * x.square() + v[3] * x.cube();
        let (sum, value, after) = (column(&aux[..4]), column(&aux[4..]), column(&aux_next[..4]));
        let [numerator, denominator] = direct.fraction;
        direct.fold(denominator * value - numerator);
        direct.fold(selectors[0] * sum);
        direct.fold(selectors[2] * (after - sum - value));
        direct.fold(selectors[1] * (terminal - sum - value));

        // The quotient, from the values of its pieces on their cosets.
        let quotient = numbers.elements(16);
        let power = zeta.exp_u64(1 << LOG_ROWS);
        let pieces = quotient.chunks(4).map(column);
        let y = power * Val::GENERATOR.exp_power_of_2(LOG_ROWS).inverse();
        let root = Val::two_adic_generator(2);
        let weight = |i: usize| {
            let others = (0..4).filter(|j| *j != i);
            let factor = |j: usize| {
                let (own, other) = (root.exp_u64(i as u64), root.exp_u64(j as u64));
                (y - other) * (own - other).inverse()
            };
            others.map(factor).product::<Challenge>()
        };
        let at_zeta: Challenge = pieces.enumerate().map(|(i, piece)| piece * weight(i)).sum();
        let expected = direct.sum - at_zeta * (power - Challenge::ONE);

        let opened = [main, next, quotient, fixed, aux, aux_next].concat();
        let period_power = zeta.exp_u64(1 << (LOG_ROWS - 3));
        let [is_first, is_last, is_transition] = selectors;
        let others: [Challenge; INPUTS] = [
            terminal,
            lookup_alpha,
            lookup_beta,
            alpha,
            power,
            period_power,
            is_first,
            is_last,
            is_transition,
            x,
        ];
        assert_eq!(program.run(&[opened.as_slice(), &others].concat()), expected);
    }
}

/// What the contract takes for granted.
#[test]
fn programs_are_well_formed() {
    let (_, program) = narrow();
    let first = program.constants.len() + program.inputs;
    for (i, instruction) in program.instructions.iter().enumerate() {
        assert!([instruction.a, instruction.b, instruction.c].iter().all(|position| *position < first + i));
        if instruction.operation == Operation::Scale {
            assert!(instruction.b < program.constants.len());
        }
    }
    let bytes = program.encode().expect("bytes");
    assert_eq!(bytes.len(), 2 + 4 * program.constants.len() + 5 * program.instructions.len());
    // One contract has room for it.
    assert!(bytes.len() < 12_000, "{} bytes", bytes.len());
}
