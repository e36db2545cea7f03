//! The same for the narrow table: a proof as `shrink` makes them, verified by a circuit as `last` is one.

use std::sync::{Arc, OnceLock};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{CircuitAir, Val};
use ashlar_recursion::builder::{Builder, CircuitShape, Inputs, Layout, NarrowCircuit};
use ashlar_recursion::verify::{LeafSponge, ProofInputs, ProofShape};
use ashlar_verifier::config::{Parameters, ShrinkConfig};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, CommonData, ProverData, verify_batch};
use p3_field::PrimeCharacteristicRing;

use crate::campaign::{Verdicts, count, every_change_has_one_verdict};
use crate::every_change_is_refused;
use crate::fixture::{Change, Counting, PARAMETERS, ProofAndValues, example, outer};

/// All of one height: on the narrow table no leaf joins a path.
const LOG_HEIGHT: u8 = 7;
const INNER: CircuitShape =
    CircuitShape { sponge: [LOG_HEIGHT, 0], compress: LOG_HEIGHT, arithmetic: LOG_HEIGHT, operations: 5 };
const OUTER_LOG_HEIGHT: u8 = 15;
const NARROW: Parameters = Parameters { cap_height: 0, ..PARAMETERS };

/// The proof and who judges it.
struct Fixture {
    config: ShrinkConfig,
    airs: [CircuitAir; 3],
    common: CommonData<ShrinkConfig>,
    shape: ProofShape,
    values: [Val; 8],
    outer: NarrowCircuit,
    bytes: Vec<u8>,
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(Fixture::new)
}

impl Fixture {
    fn new() -> Self {
        let (builder, mut given) = example();
        let inner = builder.finish(&INNER).expect("it fits");
        let witness = inner.run(&mut given).expect("a witness");
        let fixed: Vec<_> = inner.fixed().into_iter().map(Arc::new).collect();
        let with_fixed = [
            CircuitAir::Sponge(SpongeAir::new(Arc::clone(&fixed[0]))),
            CircuitAir::Compress(CompressAir::new(Arc::clone(&fixed[1]))),
            CircuitAir::Arithmetic(ArithmeticAir::new(INNER.operations, Arc::clone(&fixed[2]))),
        ];
        let config = NARROW.shrink_config();
        let heights = [LOG_HEIGHT.into(); 3];
        let data = ProverData::from_airs_and_degrees(&config, &with_fixed, &heights).expect("prover data");
        let traces = inner.traces(&witness);
        let tables = with_fixed.iter().zip(&fixed).zip(&traces).zip(public_values(&witness.public_values));
        let instances: Vec<_> = tables
            .map(|(((air, fixed), trace), public_values)| ashlar_stark::Instance {
                air,
                trace,
                fixed: Some(&**fixed),
                public_values,
            })
            .collect();
        let (proof, _) = ashlar_stark::prove(&config, NARROW.log_blowup, &instances, &data).expect("a proof");
        let airs = CircuitAir::small_layer(INNER.operations);
        let shape = ProofShape::new(&NARROW, &airs, &heights).expect("a shape");
        let shape = shape.with_leaves(LeafSponge::Width16);
        let cap = &data.common.preprocessed.as_ref().expect("fixed columns").commitment;
        let outer = outer(Builder::with_layout(Layout::Narrow), &shape, cap);
        let outer = outer.finish_narrow(OUTER_LOG_HEIGHT).expect("it fits");
        let bytes = postcard::to_allocvec(&proof).expect("an encoding");
        Self { config, airs, common: data.common, shape, values: witness.public_values, outer, bytes }
    }

    fn proof(&self) -> BatchProof<ShrinkConfig> {
        postcard::from_bytes(&self.bytes).expect("a decoding")
    }

    /// The verdict of Plonky3, then that of the circuit.
    fn verdicts(&self, proof: &BatchProof<ShrinkConfig>, values: &[Val; 8]) -> Verdicts {
        let native = if proof.degree_bits == [usize::from(LOG_HEIGHT); 3] {
            verify_batch(&self.config, &self.airs, proof, &public_values(values), &self.common)
                .map_err(|error| error.to_string())
        } else {
            Err("other heights".into())
        };
        let in_circuit = ProofInputs::shrunk(&self.shape, proof).map_err(|error| error.to_string());
        let in_circuit = in_circuit
            .and_then(|proof| self.run(&mut ProofAndValues { proof, values: *values, change: None }));
        [native, in_circuit]
    }

    fn honest(&self, change: Option<Change>) -> ProofAndValues {
        let proof = ProofInputs::shrunk(&self.shape, &self.proof()).expect("the shape");
        ProofAndValues { proof, values: self.values, change }
    }

    fn run(&self, inputs: &mut dyn Inputs) -> Result<(), String> {
        self.outer.run(inputs).map(|_| ()).map_err(|error| error.to_string())
    }
}

fn public_values(values: &[Val; 8]) -> [Vec<Val>; 3] {
    CircuitAir::small_layer(INNER.operations)
        .map(|air| values[..BaseAir::<Val>::num_public_values(&air)].to_vec())
}

#[test]
fn an_honest_proof_is_accepted_by_both() {
    assert_eq!(fixture().verdicts(&fixture().proof(), &fixture().values), [Ok(()), Ok(())]);
}

#[test]
fn every_changed_public_value_is_refused_by_both() {
    for i in 0..8 {
        let mut values = fixture().values;
        values[i] += Val::ONE;
        let verdicts = fixture().verdicts(&fixture().proof(), &values);
        assert!(verdicts.iter().all(Result::is_err), "value {i}: {verdicts:?}");
    }
}

#[test]
fn changed_proofs_have_one_verdict() {
    every_change_has_one_verdict("small-narrow-table", count(), &[fixture().proof()], |_, proof| {
        fixture().verdicts(&proof, &fixture().values)
    });
}

#[test]
fn refuses_every_other_value_that_it_reads() {
    let mut counting = Counting { inputs: fixture().honest(None), counts: [0; 3] };
    fixture().run(&mut counting).expect("a witness");
    every_change_is_refused(counting.counts, |change| fixture().run(&mut fixture().honest(Some(change))));
}
