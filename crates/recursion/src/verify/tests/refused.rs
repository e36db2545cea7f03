//! What has no circuit, and what the circuit refuses whoever gives it its inputs.

use ashlar_circuit::{Challenge, Val};
use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use p3_lookup::InteractionBuilder;

use super::super::constraints::{Context, TableOpenings, check_constraints};
use super::super::openings::Reading;
use super::super::powers::Powers;
use super::super::shape::TableShape;
use super::super::{ProofInputs, ProofShape, UnsupportedShape, verify};
use super::fixture::{Fixture, SMALL, fixtures};
use super::tables::{TestAir, tables};
use crate::builder::{Builder, CircuitShape, Failure, Inputs, Openings, Refused, Source, Wire};

/// Gives what the proof gives, but for one change.
struct Changed<'a> {
    proof: ProofInputs,
    public_values: &'a [Val],
    change: Change,
}

#[derive(Clone, Copy)]
enum Change {
    None,
    Message(usize, Challenge),
    Value(usize),
    Digest(usize, usize),
}

impl Inputs for Changed<'_> {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        if source == Source(1) {
            return self.public_values.iter().map(|value| (*value).into()).collect();
        }
        let mut messages = self.proof.messages().to_vec();
        if let Change::Message(i, by) = self.change {
            messages[i] += by;
        }
        messages
    }

    fn open(&mut self, _: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        let mut openings = self.proof.open(values)?;
        match self.change {
            Change::Value(i) => openings.values[i] += Val::ONE,
            Change::Digest(i, j) => openings.digests[i][j] += Val::ONE,
            _ => {}
        }
        Ok(openings)
    }
}

fn run(fixture: &Fixture, change: Change) -> Result<(), Failure> {
    let proof = ProofInputs::new(&fixture.shape, &fixture.proof()).expect("it has the shape");
    let public_values = fixture.public_values.concat();
    let mut inputs = Changed { proof, public_values: &public_values, change };
    fixture.circuit.run(&mut inputs).map(|_| ()).map_err(|unsatisfied| unsatisfied.what)
}

#[test]
fn every_message_is_bound() {
    let [small, _] = fixtures();
    let messages = ProofInputs::new(&small.shape, &small.proof()).expect("it has the shape").messages().len();
    assert_eq!(run(small, Change::None), Ok(()));
    for message in 0..messages {
        assert!(run(small, Change::Message(message, Challenge::ONE)).is_err(), "message {message}");
    }
}

/// A nonce is one element. The three others would be hashed in the place of zeros.
#[test]
fn nonces_of_the_extension_field_are_refused() {
    let [small, _] = fixtures();
    // After the main cap's two digests.
    let nonce = 4;

    assert_eq!(run(small, Change::Message(nonce, x())), Err(Failure::NotBase));
}

fn x() -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == 1))
}

#[test]
fn every_opened_value_and_sibling_is_bound() {
    let [small, _] = fixtures();
    let asked = small.verify_in_circuit(&small.proof(), &small.public_values).expect("accepted").asked;
    let inputs = ProofInputs::new(&small.shape, &small.proof()).expect("it has the shape");
    let openings = inputs.open(&asked).expect("openings");
    for value in 0..openings.values.len() {
        assert!(run(small, Change::Value(value)).is_err(), "value {value}");
    }
    for digest in 0..openings.digests.len() {
        assert!(run(small, Change::Digest(digest, digest % 8)).is_err(), "digest {digest}");
    }
}

/// Runs a circuit whose inputs are these messages.
fn run_alone(builder: Builder, messages: Vec<Challenge>) -> Result<(), Failure> {
    struct Alone(Vec<Challenge>);
    impl Inputs for Alone {
        fn messages(&mut self, _: Source) -> Vec<Challenge> {
            self.0.clone()
        }
        fn open(&mut self, _: Source, _: &[Challenge]) -> Result<Openings, Refused> {
            // One row of four columns, and the siblings of a path.
            Ok(Openings { values: vec![Val::ZERO; 4], digests: vec![[Val::ZERO; 8]; 8] })
        }
    }
    let shape = CircuitShape { sponge: [4, 4], compress: 4, arithmetic: 9, operations: 4 };
    let circuit = builder.finish(&shape).expect("it fits");
    circuit.run(&mut Alone(messages)).map(|_| ()).map_err(|unsatisfied| unsatisfied.what)
}

/// Without constraints the quotient is zero, wherever the point is.
#[test]
fn a_point_on_the_domain_of_a_table_is_refused() {
    let fixture = &fixtures()[0];
    let table = TableShape { constraints: Default::default(), ..fixture.shape.tables[0].clone() };
    let check = |zeta: Challenge| {
        let mut builder = Builder::new();
        let zeta_wire = builder.message(Source(0));
        let pieces = vec![vec![builder.zero(); 4]; 1 << table.log_pieces];
        let openings = TableOpenings { pieces, ..TableOpenings::default() };
        let context = Context { zeta: zeta_wire, challenges: &[], terminal: None, public_values: &[] };
        let mut alpha = Powers::new(builder.one());
        check_constraints(&mut builder, &table, &openings, &context, &mut alpha);
        run_alone(builder, vec![zeta])
    };
    assert_eq!(check(x()), Ok(()));
    let generator = Val::two_adic_generator(table.log_height);
    for point in [Val::ONE, generator, generator.inverse()] {
        assert_eq!(check(point.into()), Err(Failure::Quotient));
    }
}

/// All values are zero, so that nothing but the division can fail before the path, which leads nowhere.
#[test]
fn a_query_at_an_opened_point_is_refused() {
    let mut shape = fixtures()[0].shape.clone();
    shape.trees.truncate(1);
    shape.trees[0].matrices.truncate(1);
    let matrix = &shape.trees[0].matrices[0];
    shape.log_height = matrix.log_height;
    let check = |zeta: Challenge| {
        let mut builder = Builder::new();
        let zeta_wire = builder.message(Source(0));
        let point = builder.message(Source(0));
        builder.open(Source(0), &[]);
        let zero = builder.zero();
        let opened = vec![vec![vec![vec![zero; matrix.width]; matrix.points()]]];
        let mut alpha = Powers::new(builder.one());
        let reading = Reading::new(&mut builder, &shape, &opened, zeta_wire, &mut alpha, &[]);
        let rows = reading.rows(&mut builder, Source(0));
        let reduced: Vec<Wire> = reading.reduce(&mut builder, &rows, &[point]);
        builder.assert_zero(reduced[0]);
        let bits = vec![zero; shape.log_height];
        let (leaf, steps) = reading.steps(&shape, 0, &rows, &bits).expect("a path");
        let cap = builder.cap(&[[zero; 2]]);
        builder.path(Source(0), leaf, &steps, zero, cap);
        run_alone(builder, vec![zeta, Challenge::ONE])
    };
    assert_eq!(check(x()), Err(Failure::Path { index: 0 }));
    // Points are given without the domain's shift.
    assert_eq!(check(Val::GENERATOR.into()), Err(Failure::Quotient));
}

fn shape_of(
    airs: &[TestAir],
    change: impl FnOnce(&mut ashlar_verifier::config::Parameters),
) -> Result<ProofShape, UnsupportedShape> {
    let mut parameters = SMALL.1;
    change(&mut parameters);
    let heights: Vec<_> = airs.iter().map(|air| air.log_height()).collect();
    ProofShape::new(&parameters, airs, &heights)
}

#[test]
fn shapes_without_a_circuit() {
    let airs = tables(SMALL.0);
    assert!(shape_of(&airs, |_| {}).is_ok());
    assert_eq!(
        shape_of(&airs, |parameters| parameters.queries = 0).err(),
        Some(UnsupportedShape::Parameters)
    );
    assert_eq!(
        shape_of(&airs, |parameters| parameters.log_arity_max = 0).err(),
        Some(UnsupportedShape::Parameters)
    );
    assert_eq!(
        shape_of(&airs, |parameters| parameters.log_blowup = 0).err(),
        Some(UnsupportedShape::Parameters)
    );
    // The cap hides the last round's tree.
    assert_eq!(
        shape_of(&airs, |parameters| parameters.cap_height = 3).err(),
        Some(UnsupportedShape::Height { log_height: 3 })
    );
    // The final polynomial has more coefficients than a table has rows.
    assert_eq!(
        shape_of(&airs, |parameters| parameters.log_final_polynomial = 5).err(),
        Some(UnsupportedShape::Height { log_height: 5 })
    );
    let heights = ProofShape::new(&SMALL.1, &airs, &[8]).err();
    assert_eq!(heights, Some(UnsupportedShape::Tables { tables: 4, heights: 1 }));
    let periodic = [TestAir::Receiver { rows: 2 }];
    let periodic = ProofShape::new(&SMALL.1, &periodic, &[1]).err();
    assert_eq!(periodic, Some(UnsupportedShape::Periodic { table: 0 }));
}

/// A table of this width that sends so many fields to a bus.
struct OtherAir {
    width: usize,
    fields: usize,
}

impl BaseAir<Val> for OtherAir {
    fn width(&self) -> usize {
        self.width
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for OtherAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let fields: Vec<AB::Expr> = main.current_slice()[..self.fields].iter().map(|x| (*x).into()).collect();
        builder.push_interaction("bus", fields, 1);
    }
}

/// A group of a sponge's row would have columns of two matrices.
#[test]
fn widths_that_are_no_multiples_of_4_have_no_circuit() {
    let shape = |width| ProofShape::new(&SMALL.1, &[OtherAir { width, fields: 1 }], &[6]).err();
    assert_eq!(shape(8), None);
    assert_eq!(shape(6), Some(UnsupportedShape::Width { table: 0, width: 6 }));
}

/// A short message could be taken for a long one.
#[test]
fn messages_of_different_lengths_on_a_bus_have_no_circuit() {
    let shape = |other| {
        let airs = [OtherAir { width: 4, fields: 2 }, OtherAir { width: 4, fields: other }];
        ProofShape::new(&SMALL.1, &airs, &[6, 6])
    };
    assert!(shape(2).is_ok());
    assert!(matches!(shape(3), Err(UnsupportedShape::Messages(_))));
}

#[test]
fn other_public_values_or_fixed_columns_have_no_circuit() {
    let fixture = &fixtures()[0];
    let mut builder = Builder::new();
    let zero = builder.zero();
    let fixed = [[zero; 2]; 2];
    let counts = fixture.shape.tables.iter().map(|table| vec![zero; table.public_values]);
    let public_values: Vec<_> = counts.collect();
    let mut refuses = |fixed: Option<&[[Wire; 2]]>, public_values: &[Vec<Wire>]| {
        let verified = verify(&mut builder, Source(0), &fixture.shape, fixed, public_values);
        verified == Err(UnsupportedShape::Interface)
    };
    assert!(!refuses(Some(&fixed), &public_values));
    assert!(refuses(None, &public_values));
    assert!(refuses(Some(&fixed[..1]), &public_values));
    assert!(refuses(Some(&fixed), &public_values[1..]));
    assert!(refuses(Some(&fixed), &vec![vec![zero; 4]; 4]));
}

/// Public values are words of the transcript.
#[test]
fn public_values_that_are_no_words_have_no_circuit() {
    let mut shape = fixtures()[0].shape.clone();
    let mut builder = Builder::new();
    let zero = builder.zero();
    shape.tables[1].public_values = 3;
    let public_values: Vec<_> = shape.tables.iter().map(|table| vec![zero; table.public_values]).collect();
    let verified = verify(&mut builder, Source(0), &shape, Some(&[[zero; 2]; 2]), &public_values);
    assert_eq!(verified, Err(UnsupportedShape::Transcript));
}
