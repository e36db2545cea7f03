//! The two last circuits with real proofs: `shrink` verifies that of the join, `last` that of `shrink`.

use std::sync::{Arc, OnceLock};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{Challenge, CircuitAir, Val};
use ashlar_machine::hash::Digest;
use ashlar_prover::aggregate::statement_words;
use ashlar_recursion::builder::{self, Inputs, NarrowCircuit, Source};
use ashlar_recursion::circuits::{self, CircuitInputs, InnerProof, LastClaim, ShrinkClaim, SlotClaim};
use ashlar_stark::Instance;
use ashlar_verifier::aggregate::Run;
use ashlar_verifier::config::{Config, SHRINK, ShrinkConfig};
use ashlar_verifier::last::{HEAD_WORDS, SLOT_WORDS, SLOTS};
use ashlar_verifier::{Circuit, Commitment, SHRINK_HEIGHTS, SHRINK_OPERATIONS, statement_node};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, CommonData, ProverData, verify_batch};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::campaign::Verdicts;
use super::claims::{Altered, alter};
use super::{LEAF, key, layer, statement};
use crate::support::{OUTPUT, stranger};

/// Position of the table with public values.
const COMPRESS: usize = 1;

/// The join's statements: the same one twice.
pub(super) fn claim() -> ShrinkClaim {
    ShrinkClaim { circuits: layer().root(), root: statement_node(&statement(), &statement()) }
}

fn circuit() -> &'static builder::Circuit {
    static CIRCUIT: OnceLock<builder::Circuit> = OnceLock::new();
    CIRCUIT.get_or_init(|| circuits::build_shrink().expect("a circuit"))
}

/// The public values of a run of `shrink`, or why there is none.
pub(super) fn run(inputs: &mut dyn Inputs) -> Result<Digest, String> {
    circuit().run(inputs).map(|witness| witness.public_values).map_err(|error| error.to_string())
}

/// A run of `shrink` with this claim and this proof of a circuit.
fn run_with(claim: &ShrinkClaim, of: Circuit, proof: &BatchProof<Config>) -> Result<Digest, String> {
    run_inner(claim, layer().inner(of, proof))
}

fn run_inner(claim: &ShrinkClaim, inner: InnerProof<'_>) -> Result<Digest, String> {
    CircuitInputs::shrink(claim, inner)
        .map_err(|error| error.to_string())
        .and_then(|mut inputs| run(&mut inputs))
}

/// A proof of `shrink`, and who judges it.
pub(super) struct Shrunk {
    config: ShrinkConfig,
    airs: [CircuitAir; 3],
    common: CommonData<ShrinkConfig>,
    /// The public values: the hash of the claim.
    values: Digest,
    last: NarrowCircuit,
    bytes: Vec<u8>,
}

pub(super) fn shrunk() -> &'static Shrunk {
    static SHRUNK: OnceLock<Shrunk> = OnceLock::new();
    SHRUNK.get_or_init(Shrunk::new)
}

/// The statements of the last proof.
fn slots() -> [SlotClaim; 2] {
    slots_of([OUTPUT; 2])
}

fn slots_of(outputs: [&[u8]; 2]) -> [SlotClaim; 2] {
    let runs = outputs.map(|output| Run { program_key: key().program_key(), output: output.to_vec() });
    let words = statement_words(&layer().root(), &runs).expect("words");
    [0, 1].map(|slot| {
        let elements = words[HEAD_WORDS + SLOT_WORDS * slot..].as_flattened();
        let digest = |first: usize| core::array::from_fn(|i| elements[first + i]);
        SlotClaim { program_key: digest(0), output: [digest(8), digest(16)] }
    })
}

impl Shrunk {
    fn new() -> Self {
        let config = SHRINK.shrink_config();
        let fixed: Vec<_> = circuit().fixed().into_iter().map(Arc::new).collect();
        let with_fixed = [
            CircuitAir::Sponge(SpongeAir::new(Arc::clone(&fixed[0]))),
            CircuitAir::Compress(CompressAir::new(Arc::clone(&fixed[1]))),
            CircuitAir::Arithmetic(ArithmeticAir::new(SHRINK_OPERATIONS, Arc::clone(&fixed[2]))),
        ];
        let heights = SHRINK_HEIGHTS.map(usize::from);
        let data = ProverData::from_airs_and_degrees(&config, &with_fixed, &heights).expect("prover data");
        let join = layer().join();
        let mut inputs =
            CircuitInputs::shrink(&claim(), layer().inner(Circuit::Join, &join)).expect("inputs");
        let witness = circuit().run(&mut inputs).expect("a witness");
        let values = public_values(&witness.public_values);
        let traces = circuit().traces(&witness);
        let instances: Vec<_> = with_fixed
            .iter()
            .zip(&fixed)
            .zip(traces.iter().zip(values))
            .map(|((air, fixed), (trace, public_values))| Instance {
                air,
                trace,
                fixed: Some(&**fixed),
                public_values,
            })
            .collect();
        let (proof, _) = ashlar_stark::prove(&config, SHRINK.log_blowup, &instances, &data).expect("a proof");
        let airs = CircuitAir::small_layer(SHRINK_OPERATIONS);
        let last = circuits::build_last(cap(&data.common)).expect("a circuit");
        let bytes = postcard::to_allocvec(&proof).expect("an encoding");
        Self { config, airs, common: data.common, values: witness.public_values, last, bytes }
    }

    pub(super) fn proof(&self) -> BatchProof<ShrinkConfig> {
        postcard::from_bytes(&self.bytes).expect("an honest proof decodes")
    }

    /// The verdict of Plonky3, then that of `last`.
    pub(super) fn verdicts(&self, proof: &BatchProof<ShrinkConfig>) -> Verdicts {
        [self.verify(proof, &self.values), self.run_last(proof, &slots()).map(|_| ())]
    }

    fn verify(&self, proof: &BatchProof<ShrinkConfig>, values: &Digest) -> Result<(), String> {
        // Heights are the circuit's and not the proof's.
        if !proof.degree_bits.iter().copied().eq(SHRINK_HEIGHTS.map(usize::from)) {
            return Err("other heights".into());
        }
        verify_batch(&self.config, &self.airs, proof, &public_values(values), &self.common)
            .map_err(|error| error.to_string())
    }

    fn run_last(
        &self,
        proof: &BatchProof<ShrinkConfig>,
        slots: &[SlotClaim],
    ) -> Result<Vec<Challenge>, String> {
        let claim = LastClaim { circuits: layer().root(), joined: None, slots };
        let mut inputs = CircuitInputs::last(&claim, proof).map_err(|error| error.to_string())?;
        run_last_on(&self.last, &mut inputs)
    }
}

fn run_last_on(last: &NarrowCircuit, inputs: &mut dyn Inputs) -> Result<Vec<Challenge>, String> {
    last.run(inputs).map(|witness| witness.public_words).map_err(|error| error.to_string())
}

fn public_values(values: &Digest) -> Vec<Vec<Val>> {
    let airs = CircuitAir::small_layer(SHRINK_OPERATIONS);
    let tables = airs.iter().map(BaseAir::<Val>::num_public_values);
    tables.map(|count| values[..count].to_vec()).collect()
}

fn cap(common: &CommonData<ShrinkConfig>) -> &Commitment {
    &common.preprocessed.as_ref().expect("fixed columns").commitment
}

#[test]
fn refuses_every_other_element_of_shrinks_claim() {
    let join = layer().join();
    let inputs = || CircuitInputs::shrink(&claim(), layer().inner(Circuit::Join, &join)).expect("inputs");
    alter("shrink", run, Source(1), inputs, &[]);
}

/// A statement's proof is taken as well as a join's, each for what it claims; nothing else is.
#[test]
fn refuses_proofs_and_claims_of_other_circuits_in_shrink() {
    let one = ShrinkClaim { root: statement(), ..claim() };
    let [first, second, fold, finish, join] = layer().proofs();
    assert_eq!(run_with(&one, Circuit::Finish, &finish.2), Ok(finish.1));
    assert_eq!(run_with(&claim(), Circuit::Join, &join.2), Ok(join.1));
    assert!(run_with(&claim(), Circuit::Finish, &finish.2).is_err());
    assert!(run_with(&one, Circuit::Join, &join.2).is_err());
    // Each under the other's key.
    assert!(run_with(&one, Circuit::Join, &finish.2).is_err());
    assert!(run_with(&claim(), Circuit::Finish, &join.2).is_err());
    // Ranges are no runs.
    for (circuit, _, proof) in [first, second, fold] {
        for claim in [one, claim()] {
            assert!(run_with(&claim, circuit, &proof).is_err(), "{}", circuit.name());
        }
    }
}

#[test]
fn refuses_a_key_outside_the_tree_in_shrink() {
    let join = layer().join();
    let honest = layer().inner(Circuit::Join, &join);
    assert!(run_inner(&claim(), honest).is_ok());
    let zeros = Commitment::new(vec![[Val::ZERO; 8]; honest.cap.roots().len()]);
    let mut changed = honest.cap.roots().to_vec();
    changed[3][5] += Val::ONE;
    let changed = Commitment::new(changed);
    for circuit in 0..16 {
        let known = Circuit::from_number(circuit);
        let path = known.map_or(honest.path, |circuit| layer().keys().path(circuit));
        for cap in [&zeros, &changed] {
            assert!(run_inner(&claim(), InnerProof { cap, circuit, path, ..honest }).is_err(), "{circuit}");
        }
        let is_honest = circuit == Circuit::Join.number();
        let moved = run_inner(&claim(), InnerProof { circuit, path, ..honest });
        assert_eq!(moved.is_ok(), is_honest, "the cap at position {circuit}");
        if let Some(cap) = known.and_then(|circuit| layer().keys().cap(circuit)) {
            let other = run_inner(&claim(), InnerProof { cap, circuit, path, ..honest });
            assert_eq!(other.is_ok(), is_honest, "the cap of circuit {circuit}");
        }
    }
    for level in 0..honest.path.len() {
        let mut path = honest.path;
        path[level][7] += Val::ONE;
        assert!(run_inner(&claim(), InnerProof { path, ..honest }).is_err(), "level {level}");
    }
}

#[test]
fn refuses_every_other_public_value_of_shrink() {
    let proof = shrunk().proof();
    assert_eq!(shrunk().verify(&proof, &shrunk().values), Ok(()));
    for i in 0..8 {
        let mut values = shrunk().values;
        values[i] += Val::ONE;
        assert!(shrunk().verify(&proof, &values).is_err(), "value {i}");
    }
}

/// Words of a slot that is not used, and of a tree that is not joined, are in no statement, and not public either.
#[test]
fn refuses_every_other_element_of_lasts_claim() {
    let (proof, slots) = (shrunk().proof(), slots());
    let honest = shrunk().run_last(&proof, &slots).expect("the honest claim");
    let claim = LastClaim { circuits: layer().root(), joined: None, slots: &slots };
    let inputs = || CircuitInputs::last(&claim, &proof).expect("inputs");
    let len = inputs().messages(Source(1)).len();
    // The root of the circuits, whether a tree is joined, and its root.
    const HEAD: usize = 2 + 1 + 2;
    assert_eq!(len, HEAD + 6 * SLOTS + SLOTS - 1);
    for at in 0..len {
        // No tree is joined. The first slot; then each has its bit in front.
        let is_unused = (3..HEAD).contains(&at) || at >= HEAD + 6 + 7 && !(at - HEAD - 6).is_multiple_of(7);
        for coefficient in [0, 3] {
            let by = Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == coefficient));
            let mut altered = Altered { inputs: inputs(), claim: Source(1), at, by };
            match run_last_on(&shrunk().last, &mut altered) {
                Ok(words) => assert!(is_unused && words == honest, "element {at}"),
                Err(error) => assert!(!is_unused, "element {at}: {error}"),
            }
        }
    }
}

#[test]
fn refuses_statements_dropped_repeated_or_changed_in_last() {
    let proof = shrunk().proof();
    let is_refused = |slots: &[SlotClaim]| shrunk().run_last(&proof, slots).is_err();
    let [slot, _] = slots();
    assert!(!is_refused(&[slot; 2]));
    assert!(is_refused(&[slot]));
    assert!(is_refused(&[slot; 3]));
    assert!(is_refused(&[slot; SLOTS]));
    assert!(is_refused(&[SlotClaim::default(), slot, slot]));
    assert!(is_refused(&[slot, slot, SlotClaim::default()]));
    for outputs in [[OUTPUT, b""], [b"", OUTPUT]] {
        assert!(is_refused(&slots_of(outputs)));
    }
    let program_key = stranger().prover.key().program_key_digest();
    assert!(is_refused(&[slot, SlotClaim { program_key, ..slot }]));
    assert!(is_refused(&[SlotClaim { program_key, ..slot }, slot]));
}

/// The key of `shrink` is a constant of `last`.
#[test]
fn refuses_proofs_of_another_shrink_in_last() {
    let proof = shrunk().proof();
    let mut roots = cap(&shrunk().common).roots().to_vec();
    roots[0][6] += Val::ONE;
    let other = circuits::build_last(&Commitment::new(roots)).expect("a circuit");
    let slots = slots();
    let claim = LastClaim { circuits: layer().root(), joined: None, slots: &slots };
    let mut inputs = CircuitInputs::last(&claim, &proof).expect("inputs");
    run_last_on(&other, &mut inputs).expect_err("another key");
}

#[test]
fn refuses_other_heights_of_shrink() {
    for table in 0..SHRINK_HEIGHTS.len() {
        for height in [0, 13, 15, 31] {
            let mut proof = shrunk().proof();
            proof.degree_bits[table] = height;
            assert!(shrunk().verdicts(&proof).iter().all(Result::is_err), "table {table}, height {height}");
        }
    }
    let mut proof = shrunk().proof();
    proof.degree_bits.swap(0, COMPRESS);
    proof.opened_values.instances.swap(0, COMPRESS);
    assert!(shrunk().verdicts(&proof).iter().all(Result::is_err), "tables in another order");
    // A leaf is no proof of `shrink`, whose rows another sponge hashes; it doesn't even decode as one of its shape.
    let leaf = postcard::to_allocvec(&layer().leaf(0)).expect("bytes");
    if let Ok(leaf) = postcard::from_bytes::<BatchProof<ShrinkConfig>>(&leaf) {
        assert!(shrunk().verdicts(&leaf).iter().all(Result::is_err), "{}", LEAF.name());
    }
}
