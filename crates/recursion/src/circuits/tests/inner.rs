//! A proof of a circuit on the wide tables, as small as it can be, verified on the narrow table.

use std::sync::{Arc, OnceLock};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{Challenge, CircuitAir, Val};
use ashlar_verifier::config::{Parameters, SHRINK, ShrinkConfig};
use p3_batch_stark::{BatchProof, CommonData, ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::statements::{assert_holds, holds};
use crate::builder::{
    Builder, CircuitShape, Failure, Inputs, Layout, NarrowCircuit, NarrowWitness, Openings, Refused, Source,
    Step, Unsatisfied,
};
use crate::circuits::{SHRINK_SHAPE, build_shrink};
use crate::verify::{LeafSponge, ProofInputs, ProofShape, ShapeMismatch, UnsupportedShape, verify};

/// Rows of each table of the inner circuit.
const LOG_HEIGHT: u8 = 5;
const INNER: CircuitShape =
    CircuitShape { sponge: [LOG_HEIGHT, 0], compress: LOG_HEIGHT, arithmetic: LOG_HEIGHT, operations: 2 };

const PARAMETERS: Parameters = Parameters {
    log_blowup: 2,
    log_final_polynomial: 1,
    log_arity_max: 3,
    queries: 3,
    query_grinding: 2,
    fold_grinding: 1,
    batch_grinding: 2,
    lookup_grinding: 2,
    point_grinding: 1,
    ..SHRINK
};

/// The rate and the arity of `SHRINK`, and folding down to a constant.
const LOW_RATE: Parameters = Parameters {
    log_blowup: SHRINK.log_blowup,
    log_final_polynomial: 0,
    log_arity_max: SHRINK.log_arity_max,
    ..PARAMETERS
};

/// Gives values that were written down.
struct Given(Vec<Challenge>, Openings);

impl Inputs for Given {
    fn messages(&mut self, _: Source) -> Vec<Challenge> {
        self.0.clone()
    }

    fn open(&mut self, _: Source, _: &[Challenge]) -> Result<Openings, Refused> {
        Ok(self.1.clone())
    }
}

/// A proof of a small circuit.
struct Fixture {
    config: ShrinkConfig,
    airs: [CircuitAir; 3],
    common: CommonData<ShrinkConfig>,
    public_values: Vec<Vec<Val>>,
    shape: ProofShape,
    circuit: NarrowCircuit,
    bytes: Vec<u8>,
}

/// The inner circuit: a leaf, its path, and a public value.
fn inner() -> Builder {
    let mut builder = Builder::new();
    let x = builder.message(Source(0));
    builder.open(Source(0), &[]);
    let (leaf, _) = builder.hash_elements(Source(0), 2);
    let hashed = builder.hash(3, 8, &[x, x]);
    let root = [(); 2].map(|()| builder.message(Source(0)));
    let cap = builder.cap(&[root]);
    let zero = builder.zero();
    builder.path(Source(0), leaf, &[Step::Up(zero)], zero, cap);
    let public = builder.public_values();
    builder.assert_equal(public[0], hashed[0]);
    builder.assert_equal(public[1], hashed[1]);
    builder
}

fn inputs() -> Given {
    use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
    use p3_symmetric::Permutation;
    let data: [Val; 8] = core::array::from_fn(|i| Val::from_usize(i + 5));
    let leaf = default_koalabear_poseidon2_24()
        .permute(core::array::from_fn(|i| data.get(i).copied().unwrap_or_default()));
    let root = default_koalabear_poseidon2_16()
        .permute(core::array::from_fn(|i| if i < 8 { leaf[i] } else { data[i - 8] }));
    let word = |i: usize| Challenge::from_basis_coefficients_fn(|j| root[4 * i + j]);
    let messages = vec![Challenge::from(Val::from_u32(77)), word(0), word(1)];
    Given(messages, Openings { values: data.to_vec(), digests: vec![data] })
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| Fixture::new(&PARAMETERS))
}

fn fixture_of_low_rate() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| Fixture::new(&LOW_RATE))
}

impl Fixture {
    fn new(parameters: &Parameters) -> Self {
        let config = parameters.shrink_config();
        let made = inner().finish(&INNER).unwrap();
        let witness = made.run(&mut inputs()).unwrap();
        let fixed: Vec<_> = made.fixed().into_iter().map(Arc::new).collect();
        let with_fixed = [
            CircuitAir::Sponge(SpongeAir::new(fixed[0].clone())),
            CircuitAir::Compress(CompressAir::new(fixed[1].clone())),
            CircuitAir::Arithmetic(ArithmeticAir::new(INNER.operations, fixed[2].clone())),
        ];
        let traces = made.traces(&witness);
        let public_values = vec![Vec::new(), witness.public_values.to_vec(), Vec::new()];
        let traces: Vec<_> = traces.iter().collect();
        let instances = StarkInstance::new_multiple(&with_fixed, &traces, &public_values);
        let data = ProverData::from_instances(&config, &instances).unwrap();
        let proof = prove_batch(&config, &instances, &data).unwrap();
        let airs = CircuitAir::small_layer(INNER.operations);
        let shape = ProofShape::new(parameters, &airs, &[LOG_HEIGHT.into(); 3]).unwrap();
        let shape = shape.with_leaves(LeafSponge::Width16);
        let circuit = outer(&shape, &data.common).finish_narrow(14).unwrap();
        let bytes = postcard::to_allocvec(&proof).unwrap();
        Self { config, airs, common: data.common, public_values, shape, circuit, bytes }
    }
}

/// The circuit that verifies it: its public values come from outside, and are public.
fn outer(shape: &ProofShape, common: &CommonData<ShrinkConfig>) -> Builder {
    let mut builder = Builder::with_layout(Layout::Narrow);
    let roots = common.preprocessed.as_ref().unwrap().commitment.roots();
    let word = |builder: &mut Builder, root: &[Val]| {
        builder.extension_constant(Challenge::from_basis_coefficients_fn(|i| root[i]))
    };
    let fixed: Vec<_> =
        roots.iter().map(|root| [0, 4].map(|first| word(&mut builder, &root[first..]))).collect();
    let public = builder.public_words(2);
    let mut values = Vec::new();
    for word in public {
        let claimed = builder.message(Source(1));
        values.extend(builder.unpack(claimed));
        builder.assert_equal(word, claimed);
    }
    verify(&mut builder, Source(0), shape, Some(&fixed), &[Vec::new(), values, Vec::new()]).unwrap();
    builder
}

/// A value that the circuit reads and an attacker changes, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    Message(usize),
    Value(usize),
    Sibling(usize),
}

/// A proof, and the claim.
struct OuterInputs {
    proof: ProofInputs,
    claim: Vec<Challenge>,
    change: Change,
    /// Messages, values and siblings that were read.
    counts: [usize; 3],
}

impl Inputs for OuterInputs {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        if source != Source(0) {
            return self.claim.clone();
        }
        let mut messages = self.proof.messages().to_vec();
        self.counts[0] = messages.len();
        if let Change::Message(i) = self.change {
            messages[i] += Challenge::from_basis_coefficients_fn(|j| Val::from_bool(j == i % 4));
        }
        messages
    }

    fn open(&mut self, _: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        let mut openings = self.proof.open(values)?;
        (self.counts[1], self.counts[2]) = (openings.values.len(), openings.digests.len());
        match self.change {
            Change::Value(i) => openings.values[i] += Val::ONE,
            Change::Sibling(i) => openings.digests[i][i % 8] += Val::ONE,
            Change::Nothing | Change::Message(_) => {}
        }
        Ok(openings)
    }
}

impl Fixture {
    fn proof(&self) -> BatchProof<ShrinkConfig> {
        postcard::from_bytes(&self.bytes).unwrap()
    }

    fn is_accepted_natively(&self, proof: &BatchProof<ShrinkConfig>) -> bool {
        verify_batch(&self.config, &self.airs, proof, &self.public_values, &self.common).is_ok()
    }

    fn inputs(&self, proof: &BatchProof<ShrinkConfig>, claim: &[Val], change: Change) -> OuterInputs {
        let words = claim.as_chunks::<4>().0.iter();
        let claim = words.map(|word| Challenge::from_basis_coefficients_fn(|i| word[i])).collect();
        let proof = ProofInputs::shrunk(&self.shape, proof).unwrap();
        OuterInputs { proof, claim, change, counts: [0; 3] }
    }

    fn run(&self, proof: &BatchProof<ShrinkConfig>, claim: &[Val]) -> Result<NarrowWitness, Unsatisfied> {
        self.circuit.run(&mut self.inputs(proof, claim, Change::Nothing))
    }

    /// Whether the table takes what an attacker makes of the inputs, whatever check fails.
    fn is_taken_by_the_table(&self, mut inputs: OuterInputs) -> bool {
        let (forged, _) = self.circuit.forge(&mut inputs, &[]);
        holds(&self.circuit, &forged, &forged.public_words)
    }

    fn claim(&self) -> &[Val] {
        &self.public_values[1]
    }
}

#[test]
fn what_plonky3_accepts_the_narrow_table_accepts() {
    for fixture in [fixture(), fixture_of_low_rate()] {
        assert!(fixture.is_accepted_natively(&fixture.proof()));
        let witness = fixture.run(&fixture.proof(), fixture.claim()).unwrap();
        assert_holds(&fixture.circuit, &witness);
    }
}

/// The last round folds by 2, and what is left is a constant.
#[test]
fn refuses_other_ends_of_folding() {
    let fixture = fixture_of_low_rate();
    assert_eq!(fixture.shape.rounds.last(), Some(&1));
    type Changes = dyn Fn(&mut BatchProof<ShrinkConfig>);
    let changes: [&Changes; 4] = [
        &|proof| proof.opening_proof.final_poly[0] += Challenge::ONE,
        &|proof| proof.opening_proof.final_poly[0] = Challenge::ZERO,
        &|proof| {
            let rounds = &mut proof.opening_proof.commit_phase_openings;
            rounds.last_mut().unwrap().sibling_values[0][0] += Challenge::ONE;
        },
        &|proof| {
            let commits = &mut proof.opening_proof.commit_phase_commits;
            commits.swap(0, 1);
        },
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut proof = fixture.proof();
        change(&mut proof);
        assert!(!fixture.is_accepted_natively(&proof), "change {i}");
        assert!(fixture.run(&proof, fixture.claim()).is_err(), "change {i}");
        let inputs = fixture.inputs(&proof, fixture.claim(), Change::Nothing);
        assert!(!fixture.is_taken_by_the_table(inputs), "change {i}");
    }
    // A polynomial that is longer, by a coefficient that is zero.
    let mut longer = fixture.proof();
    longer.opening_proof.final_poly.push(Challenge::ZERO);
    assert!(!fixture.is_accepted_natively(&longer));
    assert_eq!(ProofInputs::shrunk(&fixture.shape, &longer).err(), Some(ShapeMismatch::Folding));
}

#[test]
fn refuses_a_proof_of_another_claim() {
    let fixture = fixture();
    for i in 0..8 {
        let mut claim = fixture.claim().to_vec();
        claim[i] += Val::ONE;
        assert!(fixture.run(&fixture.proof(), &claim).is_err());
        let inputs = fixture.inputs(&fixture.proof(), &claim, Change::Nothing);
        assert!(!fixture.is_taken_by_the_table(inputs));
    }
}

/// A change in each part of a proof.
#[test]
fn what_plonky3_refuses_the_narrow_table_refuses() {
    let fixture = fixture();
    const ONE: Challenge = Challenge::ONE;
    type Changes = dyn Fn(&mut BatchProof<ShrinkConfig>);
    let changes: [&Changes; 12] = [
        &|proof| proof.opened_values.instances[0].base_opened_values.trace_local[3] += ONE,
        &|proof| proof.opened_values.instances[2].permutation_next[1] += ONE,
        &|proof| proof.opened_values.instances[1].base_opened_values.quotient_chunks[1][2] += ONE,
        &|proof| proof.ood_pow_witness += Val::ONE,
        &|proof| proof.opening_proof.final_poly[1] += ONE,
        &|proof| proof.opening_proof.input_openings[0].opened_values[1][2][3] += Val::ONE,
        &|proof| proof.opening_proof.commit_phase_openings[0].sibling_values[2][1] += ONE,
        &|proof| proof.opening_proof.query_pow_witness += Val::ONE,
        &|proof| proof.opening_proof.batch_pow_witness += Val::ONE,
        &|proof| proof.opening_proof.commit_pow_witnesses[0] += Val::ONE,
        &|proof| proof.lookup_pow_witness = proof.lookup_pow_witness.map(|nonce| nonce + Val::ONE),
        &|proof| proof.opening_proof.final_poly[0] += ONE,
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut proof = fixture.proof();
        change(&mut proof);
        assert!(!fixture.is_accepted_natively(&proof), "change {i}");
        assert!(fixture.run(&proof, fixture.claim()).is_err(), "change {i}");
        let inputs = fixture.inputs(&proof, fixture.claim(), Change::Nothing);
        assert!(!fixture.is_taken_by_the_table(inputs), "change {i}");
    }
}

/// Each of them, where a run stops; some of them, where it goes on and the table has to refuse.
#[test]
fn refuses_every_other_value_that_it_reads() {
    let fixture = fixture();
    let proof = fixture.proof();
    let inputs = |change| fixture.inputs(&proof, fixture.claim(), change);
    let mut honest = inputs(Change::Nothing);
    fixture.circuit.run(&mut honest).unwrap();
    assert!(fixture.is_taken_by_the_table(inputs(Change::Nothing)));
    let [messages, values, siblings] = honest.counts;
    assert!(messages > 500 && values > 500 && siblings > 50, "{:?}", honest.counts);
    let changes = (0..messages).map(Change::Message);
    let changes = changes.chain((0..values).step_by(5).map(Change::Value));
    let changes = changes.chain((0..siblings).map(Change::Sibling));
    for (i, change) in changes.enumerate() {
        assert!(fixture.circuit.run(&mut inputs(change)).is_err(), "{change:?} of {:?}", honest.counts);
        if i.is_multiple_of(97) {
            assert!(!fixture.is_taken_by_the_table(inputs(change)), "{change:?} of {:?}", honest.counts);
        }
    }
}

/// An attacker chooses a wire and computes anew whatever follows from it.
#[test]
fn refuses_a_wire_of_any_other_value() {
    let fixture = fixture();
    let proof = fixture.proof();
    let inputs = || fixture.inputs(&proof, fixture.claim(), Change::Nothing);
    let honest = fixture.circuit.run(&mut inputs()).unwrap();
    let mut forged_wires = 0;
    for wire in fixture.circuit.wires().step_by(499) {
        let (forged, _) =
            fixture.circuit.forge(&mut inputs(), &[(wire, Challenge::from(Val::from_u32(1_234_567)))]);
        // The table has nothing of wires that nobody needs.
        if forged == honest {
            continue;
        }
        forged_wires += 1;
        assert!(!holds(&fixture.circuit, &forged, &honest.public_words), "{wire:?}");
    }
    assert!(forged_wires > 10, "{forged_wires}");
}

/// A claim that the verifier reads, and another one that is verified: the words are one.
#[test]
fn refuses_public_words_that_are_not_the_claims() {
    let fixture = fixture();
    let witness = fixture.run(&fixture.proof(), fixture.claim()).unwrap();
    for word in 0..witness.public_words.len() {
        let mut words = witness.public_words.clone();
        words[word] += Challenge::ONE;
        assert!(!holds(&fixture.circuit, &witness, &words), "word {word}");
    }
}

#[test]
fn refuses_a_terminal_that_only_balances_with_another() {
    let fixture = fixture();
    let mut proof = fixture.proof();
    let [Some(first), Some(second), _] = &mut proof.lookup_terminals[..] else { panic!("three terminals") };
    first.0 += Challenge::ONE;
    second.0 -= Challenge::ONE;
    assert!(!fixture.is_accepted_natively(&proof));
    assert!(fixture.run(&proof, fixture.claim()).is_err());
    let inputs = fixture.inputs(&proof, fixture.claim(), Change::Nothing);
    assert!(!fixture.is_taken_by_the_table(inputs));
}

/// The tables decide how rows are hashed.
#[test]
fn proofs_with_other_leaves_have_no_circuit_there() {
    let fixture = fixture();
    let values = [Vec::new(), Vec::new(), Vec::new()];
    let mut wide = Builder::new();
    let zero = wide.zero();
    let values_of = |builder: &Builder| {
        let mut values = values.clone();
        values[1] = vec![builder.zero(); 8];
        values
    };
    let claim = values_of(&wide);
    let refused = verify(&mut wide, Source(0), &fixture.shape, Some(&[[zero; 2]]), &claim);
    assert_eq!(refused, Err(UnsupportedShape::Leaves));
    let shape = fixture.shape.clone().with_leaves(LeafSponge::Width24);
    let mut narrow = Builder::with_layout(Layout::Narrow);
    let claim = values_of(&narrow);
    let refused = verify(&mut narrow, Source(0), &shape, Some(&[[zero; 2]]), &claim);
    assert_eq!(refused, Err(UnsupportedShape::Leaves));
    assert_eq!(ProofInputs::shrunk(&shape, &fixture.proof()).err(), Some(ShapeMismatch::Leaves));
}

/// One table of sponges.
#[test]
fn shrink_fits_its_tables() {
    let circuit = build_shrink().unwrap();
    let heights: Vec<_> = circuit.fixed().iter().map(|fixed| fixed.values.len() / fixed.width).collect();
    assert_eq!(heights, [1 << 14; 3]);
    assert_eq!(circuit.shape(), &SHRINK_SHAPE);
}

#[test]
fn last_fits_its_table() {
    use ashlar_verifier::Commitment;
    let key = Commitment::new(vec![core::array::from_fn(|i| Val::from_usize(i * i + 7))]);
    let circuit = crate::circuits::build_last(&key).unwrap();
    assert_eq!(circuit.fixed().values.len(), 20 << 16);
    // It runs, up to what is no proof.
    let failure = circuit.run(&mut Given(Vec::new(), Openings::default())).unwrap_err();
    assert_eq!(failure.what, Failure::TooShort("messages"));
}
