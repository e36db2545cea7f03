//! The circuit samples what Plonky3 samples.

use std::sync::{Arc, Mutex};

use ashlar_circuit::{Challenge, Val};
use ashlar_verifier::config::{Challenger, Pcs};
use p3_batch_stark::common::GlobalPreprocessed;
use p3_batch_stark::{BatchProof, CommonData, verify_batch};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{BasedVectorSpace, ExtensionField, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_merkle_tree::MerkleCap;
use p3_uni_stark::{StarkConfig, StarkGenericConfig};

use super::super::UnsupportedShape;
use super::super::transcript::Transcript;
use super::fixture::{Fixture, fixtures};
use crate::builder::{Builder, CircuitShape, Inputs, Openings, Refused, Source};

/// What was sampled: elements of the base field, and numbers of so many bits.
#[derive(Default)]
struct Log {
    elements: Vec<Val>,
    numbers: Vec<(usize, usize)>,
}

/// Writes down what is sampled.
#[derive(Clone)]
struct Recorder {
    inner: Challenger,
    log: Arc<Mutex<Log>>,
}

impl CanObserve<Val> for Recorder {
    fn observe(&mut self, value: Val) {
        self.inner.observe(value);
    }
}

impl CanObserve<MerkleCap<Val, [Val; 8]>> for Recorder {
    fn observe(&mut self, value: MerkleCap<Val, [Val; 8]>) {
        self.inner.observe(value);
    }
}

impl CanSample<Val> for Recorder {
    fn sample(&mut self) -> Val {
        let element = self.inner.sample();
        self.log.lock().expect("a log").elements.push(element);
        element
    }
}

impl CanSample<Challenge> for Recorder {
    fn sample(&mut self) -> Challenge {
        Challenge::from_basis_coefficients_fn(|_| CanSample::<Val>::sample(self))
    }
}

impl CanSampleBits<usize> for Recorder {
    fn sample_bits(&mut self, bits: usize) -> usize {
        let number = self.inner.sample_bits(bits);
        self.log.lock().expect("a log").numbers.push((bits, number));
        number
    }
}

impl FieldChallenger<Val> for Recorder {}

impl GrindingChallenger for Recorder {
    type Witness = Val;

    fn grind(&mut self, bits: usize) -> Val {
        self.inner.grind(bits)
    }
}

type RecordingConfig = StarkConfig<Pcs, Challenge, Recorder>;

/// Verifies the fixture's proof natively.
fn record(fixture: &Fixture) -> Log {
    let parameters = fixture.shape.parameters;
    let log = Arc::new(Mutex::new(Log::default()));
    let recorder = Recorder { inner: fixture.config.initialise_challenger(), log: log.clone() };
    let config = RecordingConfig::new(fixture.config.pcs().clone(), recorder)
        .with_lookup_proof_of_work_bits(parameters.lookup_grinding)
        .with_ood_proof_of_work_bits(parameters.point_grinding);
    let proof: BatchProof<RecordingConfig> = postcard::from_bytes(fixture.bytes()).expect("a decoding");
    let fixed = fixture.common.preprocessed.as_ref().map(|fixed| GlobalPreprocessed {
        commitment: fixed.commitment.clone(),
        instances: fixed.instances.clone(),
        matrix_to_instance: fixed.matrix_to_instance.clone(),
    });
    let common = CommonData::new(fixed, fixture.common.lookups.clone());
    verify_batch(&config, &fixture.airs, &proof, &fixture.public_values, &common).expect("it is accepted");
    drop(config);
    Arc::into_inner(log).expect("one reference").into_inner().expect("a log")
}

#[test]
fn challenges_and_indices_are_those_of_plonky3() {
    for fixture in fixtures() {
        let log = record(fixture);
        let asked =
            fixture.verify_in_circuit(&fixture.proof(), &fixture.public_values).expect("accepted").asked;
        let (indices, challenges) = asked.split_at(fixture.shape.parameters.queries);
        let expected: Vec<Challenge> = log
            .elements
            .as_chunks::<4>()
            .0
            .iter()
            .map(|element| Challenge::from_basis_coefficients_fn(|i| element[i]))
            .collect();
        // Two of the buses and one of the constraints come first.
        assert_eq!(challenges, &expected[3..]);
        let bits = fixture.shape.log_height;
        let index = |index: &Challenge| {
            let index: Val = index.as_base().expect("a base field element");
            (bits, index.as_canonical_u32() as usize & ((1 << bits) - 1))
        };
        let indices: Vec<_> = indices.iter().map(index).collect();
        assert!(log.numbers.ends_with(&indices));
    }
}

/// What a protocol does with its transcript.
#[derive(Clone, Copy, Debug)]
enum Step {
    Constants(usize),
    Words(usize),
    Element,
    SampleBase,
    Sample,
}

/// Runs the steps natively; returns what is observed beside constants, as messages, and what is sampled.
fn native(steps: &[Step]) -> (Vec<Challenge>, Vec<Challenge>) {
    let mut challenger = Challenger::new(default_koalabear_poseidon2_16());
    let mut numbers = (1..).map(Val::from_u32);
    let mut next = || numbers.next().unwrap_or_default();
    let (mut observed, mut sampled) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Constants(count) => (0..*count).for_each(|i| challenger.observe(constant(i))),
            Step::Words(count) => {
                for _ in 0..*count {
                    let word = Challenge::from_basis_coefficients_fn(|_| next());
                    challenger.observe_algebra_element(word);
                    observed.push(word);
                }
            }
            Step::Element => {
                let element = next();
                challenger.observe(element);
                observed.push(element.into());
            }
            Step::SampleBase => {
                let sample: Val = challenger.sample();
                sampled.push(sample.into());
            }
            Step::Sample => sampled.push(challenger.sample()),
        }
    }
    (observed, sampled)
}

fn constant(i: usize) -> Val {
    Val::from_usize(1000 + i)
}

/// The same in a circuit, which asserts what is sampled.
fn in_circuit(steps: &[Step], expected: &[Challenge]) -> Builder {
    let mut builder = Builder::new();
    let mut transcript = Transcript::new();
    let mut expected = expected.iter();
    for step in steps {
        let sample = match step {
            Step::Constants(count) => {
                let constants: Vec<_> = (0..*count).map(constant).collect();
                transcript.observe_constants(&mut builder, &constants).expect("constants");
                continue;
            }
            Step::Words(count) => {
                for _ in 0..*count {
                    let word = builder.message(Source(0));
                    transcript.observe(word).expect("a word");
                }
                continue;
            }
            Step::Element => {
                let element = builder.message(Source(0));
                builder.assert_base(element);
                transcript.observe_base(&mut builder, &[element]).expect("an element");
                continue;
            }
            Step::SampleBase => transcript.sample_base(&mut builder),
            Step::Sample => transcript.sample(&mut builder),
        };
        let expected = builder.extension_constant(*expected.next().expect("a sample"));
        builder.assert_equal(sample, expected);
    }
    builder
}

struct Messages(Vec<Challenge>);

impl Inputs for Messages {
    fn messages(&mut self, _: Source) -> Vec<Challenge> {
        self.0.clone()
    }

    fn open(&mut self, _: Source, _: &[Challenge]) -> Result<Openings, Refused> {
        Err(Refused("nothing is opened"))
    }
}

fn agrees(steps: &[Step], observed: Vec<Challenge>, sampled: &[Challenge]) -> bool {
    let shape = CircuitShape { sponge: [2, 2], compress: 8, arithmetic: 10, operations: 4 };
    let circuit = in_circuit(steps, sampled).finish(&shape).expect("it fits");
    circuit.run(&mut Messages(observed)).is_ok()
}

/// Every offset, full and partial blocks, samples that empty the output.
#[test]
fn the_transcript_is_the_duplex_sponge_of_plonky3() {
    use Step::{Constants, Element, Sample, SampleBase, Words};
    for constants in 0..18 {
        for words in 1..4 {
            let steps = [
                Constants(constants),
                Words(words),
                Element,
                SampleBase,
                Sample,
                Sample,
                Constants(constants),
                Words(words + 1),
                Constants(4),
                Sample,
                Words(2),
                SampleBase,
                Element,
                Sample,
            ];
            let (observed, mut sampled) = native(&steps);
            assert!(agrees(&steps, observed.clone(), &sampled), "{steps:?}");
            let last = sampled.len() - 1;
            sampled[last] += Challenge::ONE;
            assert!(!agrees(&steps, observed, &sampled), "{steps:?}");
        }
    }
}

/// Elements between words would move all that follows.
#[test]
fn elements_between_words_have_no_circuit() {
    let mut builder = Builder::new();
    let mut transcript = Transcript::new();
    let zero = builder.zero();
    assert_eq!(transcript.observe_base(&mut builder, &[zero]), Ok(()));
    assert_eq!(transcript.observe(zero), Err(UnsupportedShape::Transcript));
    assert_eq!(transcript.observe_base(&mut builder, &[zero]), Err(UnsupportedShape::Transcript));
    let mut transcript = Transcript::new();
    assert_eq!(transcript.observe(zero), Ok(()));
    assert_eq!(transcript.observe_constants(&mut builder, &[Val::ONE]), Err(UnsupportedShape::Transcript));
}
