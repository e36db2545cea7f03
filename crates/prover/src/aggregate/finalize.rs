//! The two last layers: of an aggregated proof, the bytes that Ethereum is given.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::narrow::NarrowAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{CircuitAir, Val};
use ashlar_machine::hash::Digest;
use ashlar_recursion::builder::{Circuit, NarrowCircuit, Unsatisfied};
use ashlar_recursion::circuits::{
    self, BadInputs, CircuitError, CircuitInputs, InnerProof, LastClaim, ShrinkClaim, SlotClaim,
};
use ashlar_stark::{Instance, Phases};
use ashlar_verifier::aggregate::{AggregateProof, Run};
use ashlar_verifier::config::{Config, LAST, SHRINK, ShrinkConfig};
use ashlar_verifier::last::{
    Exhausted, FinalKey, FinalProof, FinalShape, HEAD_WORDS, LastConfig, NODE_BYTES, Node, RefusedFinal,
    SLOT_WORDS, Unencodable, UnsupportedTable, WORDS, Word, joined_words, keccak256, last_config,
    public_words, try_salts, verify_final,
};
use ashlar_verifier::{
    Circuit as CircuitName, CircuitKeys, Commitment, LAST_HEIGHT, ProgramKey, SHRINK_HEIGHTS,
    SHRINK_OPERATIONS, Statement, statement_node, statements_root,
};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, ProverData};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;

use super::aggregator::{Aggregator, AggregatorError};
use super::task::Task;

/// Makes final proofs.
pub struct Finalizer {
    shrink: ShrinkData,
    last: LastData,
    key: FinalKey<NarrowAir>,
    /// Time to make both circuits and their fixed columns.
    set_up: Duration,
}

/// The circuit `shrink` with its fixed columns.
struct ShrinkData {
    config: ShrinkConfig,
    circuit: Circuit,
    airs: Vec<CircuitAir>,
    fixed: Vec<Arc<RowMajorMatrix<Val>>>,
    data: ProverData<ShrinkConfig>,
}

/// The circuit `last` with its fixed columns.
struct LastData {
    circuit: NarrowCircuit,
    air: NarrowAir,
    fixed: Arc<RowMajorMatrix<Val>>,
    data: ProverData<LastConfig>,
}

/// Why there is no final proof.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum FinalizerError {
    #[error("the last circuits cannot be made")]
    Circuit(#[from] CircuitError),
    #[error("the last table cannot be verified: {0}")]
    Table(#[from] UnsupportedTable),
    #[error("commitments to fixed columns: {0}")]
    Commitment(String),
    #[error("a final proof has 1 to 16 statements, and this one has {statements}")]
    Statements { statements: usize },
    #[error("{key} is no program's key")]
    ProgramKey { key: ProgramKey },
    #[error("the proof is of circuit {number}, which is not in the list")]
    UnknownCircuit { number: u8 },
    #[error("the proofs cannot be joined: {0}")]
    Join(#[from] AggregatorError),
    #[error("the aggregated proof is no input of the last circuits: {0}")]
    BadInputs(#[from] BadInputs),
    #[error("the aggregated proof does not show its statements: {0}")]
    Unsatisfied(#[from] Unsatisfied),
    #[error(transparent)]
    Proving(#[from] ashlar_stark::Error),
    #[error("no nonce was found with any salt")]
    NoNonce,
    #[error("the proof cannot be written down: {0}")]
    Encoding(#[from] Unencodable),
    #[error("the final proof does not verify, so it was not written: this is a bug, please report it ({0})")]
    Refused(RefusedFinal),
}

/// A proof on the way to a final one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalLayer {
    /// Joins two aggregated proofs.
    Join,
    /// Verifies an aggregated proof.
    Shrink,
    /// Verifies that of [`Self::Shrink`]: the final proof.
    Last,
}

/// Where the time of a final proof went.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinalPhases {
    /// Joining two aggregated proofs, where a tree of statements is joined.
    pub join: Duration,
    /// Running the circuit `shrink` and making its traces.
    pub shrink_run: Duration,
    /// Proving them.
    pub shrink: Phases,
    /// Running the circuit `last` and making its trace.
    pub last_run: Duration,
    /// Proving it, with all salts that were tried.
    pub last: Phases,
    /// Encoding and verifying it.
    pub verify: Duration,
}

impl Finalizer {
    /// Makes the last circuits.
    pub fn new() -> Result<Self, FinalizerError> {
        let start = Instant::now();
        let shrink = ShrinkData::new()?;
        let last = LastData::new(shrink.cap()?)?;
        let key = last.key()?;
        Ok(Self { shrink, last, key, set_up: start.elapsed() })
    }

    /// What a verifier of its proofs must know.
    pub const fn key(&self) -> &FinalKey<NarrowAir> {
        &self.key
    }

    /// Time that making the circuits took.
    pub const fn set_up(&self) -> Duration {
        self.set_up
    }

    /// Makes the final proof of an aggregated one that was verified, and verifies it. `keys` are those of the allowed
    /// circuits. `on_layer` is told which proof begins.
    pub fn prove(
        &self,
        keys: &CircuitKeys,
        aggregate: &AggregateProof,
        on_layer: &mut dyn FnMut(FinalLayer),
    ) -> Result<(Vec<u8>, FinalPhases), FinalizerError> {
        let words = statement_words(&keys.root(), &aggregate.runs)?;
        let tree = Tree { circuit: aggregate.circuit, root: root(&aggregate.runs)?, proof: &aggregate.proof };
        let slots = aggregate.runs.len();
        let stated = Stated { words: &words, joined: None, slots };
        self.finish(keys, &tree, &stated, FinalPhases::default(), on_layer)
    }

    /// Makes the final proof of two aggregated ones that were verified, and verifies it. Of `many`, which may have any number
    /// of statements, it states the root of their tree alone; what is in that tree is for the statement of `beside` to
    /// say, the run of the joiner.
    pub fn prove_joined(
        &self,
        aggregator: &Aggregator,
        many: AggregateProof,
        beside: AggregateProof,
        on_layer: &mut dyn FnMut(FinalLayer),
    ) -> Result<(Vec<u8>, FinalPhases), FinalizerError> {
        on_layer(FinalLayer::Join);
        let keys = aggregator.keys();
        let roots = [root(&many.runs)?, root(&beside.runs)?];
        let [joined, slots] = &roots;
        let words = joined_statement_words(&keys.root(), joined, &beside.runs)?;
        let start = Instant::now();
        let task = Task::Join { roots, circuits: [many.circuit, beside.circuit] };
        let (proof, _) = aggregator.prove(&task, &[many.proof, beside.proof])?;
        let phases = FinalPhases { join: start.elapsed(), ..FinalPhases::default() };
        let root = statement_node(joined, slots);
        let tree = Tree { circuit: task.circuit().number(), root, proof: &proof };
        let stated = Stated { words: &words, joined: Some(*joined), slots: beside.runs.len() };
        self.finish(keys, &tree, &stated, phases, on_layer)
    }

    /// The two last layers, and the verification of what they made.
    fn finish(
        &self,
        keys: &CircuitKeys,
        tree: &Tree<'_>,
        stated: &Stated<'_>,
        mut phases: FinalPhases,
        on_layer: &mut dyn FnMut(FinalLayer),
    ) -> Result<(Vec<u8>, FinalPhases), FinalizerError> {
        on_layer(FinalLayer::Shrink);
        let shrunk = self.shrink.prove(keys, tree, &mut phases)?;
        on_layer(FinalLayer::Last);
        let proof = self.last.prove(&keys.root(), stated, &shrunk, &mut phases)?;
        let start = Instant::now();
        let bytes = proof.encode(&self.key, stated.words)?;
        verify_final(&bytes, &self.key, stated.words).map_err(FinalizerError::Refused)?;
        phases.verify = start.elapsed();
        Ok((bytes, phases))
    }
}

/// A tree of statements that is proven.
struct Tree<'a> {
    /// Number of the circuit of the proof.
    circuit: u8,
    root: Digest,
    proof: &'a BatchProof<Config>,
}

/// What a final proof states.
struct Stated<'a> {
    words: &'a [Word],
    joined: Option<Digest>,
    /// How many slots are used.
    slots: usize,
}

/// The public words of what runs put out.
pub fn statement_words(circuits: &Digest, runs: &[Run]) -> Result<Vec<Word>, FinalizerError> {
    public_words(circuits, &hashed(runs)).ok_or(FinalizerError::Statements { statements: runs.len() })
}

/// The public words of what runs put out, beside a tree of statements that has this root.
pub fn joined_statement_words(
    circuits: &Digest,
    joined: &Digest,
    runs: &[Run],
) -> Result<Vec<Word>, FinalizerError> {
    let words = joined_words(circuits, joined, &hashed(runs));
    words.ok_or(FinalizerError::Statements { statements: runs.len() })
}

fn hashed(runs: &[Run]) -> Vec<(ProgramKey, [u8; 32])> {
    runs.iter().map(|run| (run.program_key, keccak256(&[run.output.as_slice()]))).collect()
}

fn committed<E: core::fmt::Debug>(error: E) -> FinalizerError {
    FinalizerError::Commitment(format!("{error:?}"))
}

impl ShrinkData {
    fn new() -> Result<Self, FinalizerError> {
        let config = SHRINK.shrink_config();
        let circuit = circuits::build_shrink()?;
        let fixed: Vec<_> = circuit.fixed().into_iter().map(Arc::new).collect();
        let [sponge, compress, arithmetic] = fixed.as_slice() else {
            return Err(FinalizerError::Commitment(format!("{} tables, not three", fixed.len())));
        };
        let airs = vec![
            CircuitAir::Sponge(SpongeAir::new(Arc::clone(sponge))),
            CircuitAir::Compress(CompressAir::new(Arc::clone(compress))),
            CircuitAir::Arithmetic(ArithmeticAir::new(SHRINK_OPERATIONS, Arc::clone(arithmetic))),
        ];
        let heights = SHRINK_HEIGHTS.map(usize::from);
        let data = ProverData::from_airs_and_degrees(&config, &airs, &heights).map_err(committed)?;
        Ok(Self { config, circuit, airs, fixed, data })
    }

    fn cap(&self) -> Result<&Commitment, FinalizerError> {
        let fixed = self.data.common.preprocessed.as_ref();
        Ok(&fixed.ok_or_else(|| committed("no fixed columns"))?.commitment)
    }

    fn prove(
        &self,
        keys: &CircuitKeys,
        tree: &Tree<'_>,
        phases: &mut FinalPhases,
    ) -> Result<BatchProof<ShrinkConfig>, FinalizerError> {
        let start = Instant::now();
        let number = tree.circuit;
        let inner = CircuitName::from_number(number)
            .and_then(|circuit| InnerProof::new(keys, circuit, tree.proof))
            .ok_or(FinalizerError::UnknownCircuit { number })?;
        let claim = ShrinkClaim { circuits: keys.root(), root: tree.root };
        let witness = self.circuit.run(&mut CircuitInputs::shrink(&claim, inner)?)?;
        let traces = self.circuit.traces(&witness);
        phases.shrink_run = start.elapsed();
        let instances = self.airs.iter().zip(&self.fixed).zip(&traces).map(|((air, fixed), trace)| {
            let public = BaseAir::<Val>::num_public_values(air) > 0;
            let public_values = if public { witness.public_values.to_vec() } else { Vec::new() };
            Instance { air, trace, fixed: Some(fixed), public_values }
        });
        let instances: Vec<_> = instances.collect();
        let (proof, prove) = ashlar_stark::prove(&self.config, SHRINK.log_blowup, &instances, &self.data)?;
        phases.shrink = prove;
        Ok(proof)
    }
}

impl LastData {
    fn new(shrink: &Commitment) -> Result<Self, FinalizerError> {
        let circuit = circuits::build_last(shrink)?;
        let fixed = Arc::new(circuit.fixed());
        let air = NarrowAir::new(Arc::clone(&fixed));
        // Fixed columns are committed to before any transcript.
        let config = last_config(&LAST, Val::ZERO, &[], 0, &Exhausted::default());
        let data =
            ProverData::from_airs_and_degrees(&config, core::slice::from_ref(&air), &[LAST_HEIGHT.into()]);
        Ok(Self { circuit, air, fixed, data: data.map_err(committed)? })
    }

    fn key(&self) -> Result<FinalKey<NarrowAir>, FinalizerError> {
        let air = NarrowAir::default();
        let shape = FinalShape::new(&LAST, &air, LAST_HEIGHT.into(), WORDS)?;
        let fixed = self.data.common.preprocessed.as_ref();
        let fixed = fixed.and_then(|fixed| fixed.commitment.roots().first());
        let fixed: Node = *fixed.ok_or_else(|| committed("no fixed columns"))?;
        const { assert!(size_of::<Node>() == NODE_BYTES) };
        Ok(FinalKey { air, shape, fixed })
    }

    fn prove(
        &self,
        circuits: &Digest,
        stated: &Stated<'_>,
        shrunk: &BatchProof<ShrinkConfig>,
        phases: &mut FinalPhases,
    ) -> Result<FinalProof, FinalizerError> {
        let start = Instant::now();
        let slots = stated.words.get(HEAD_WORDS..).unwrap_or_default().as_chunks().0.iter();
        let slots: Vec<_> = slots.take(stated.slots).map(slot).collect();
        let claim = LastClaim { circuits: *circuits, joined: stated.joined, slots: &slots };
        let witness = self.circuit.run(&mut CircuitInputs::last(&claim, shrunk)?)?;
        let trace = self.circuit.trace(&witness);
        phases.last_run = start.elapsed();
        let mut spent = Phases::default();
        let found = try_salts(&LAST, stated.words, None, |config| {
            let instance = Instance {
                air: &self.air,
                trace: &trace,
                fixed: Some(&self.fixed),
                public_values: Vec::new(),
            };
            let (proof, prove) = ashlar_stark::prove(config, LAST.log_blowup, &[instance], &self.data)?;
            spent.commit += prove.commit;
            spent.messages += prove.messages;
            spent.quotients += prove.quotients;
            spent.opening += prove.opening;
            Ok::<_, FinalizerError>(proof)
        })?;
        phases.last = spent;
        let (salt, proof) = found.ok_or(FinalizerError::NoNonce)?;
        Ok(FinalProof { salt, proof })
    }
}

/// Root of the tree of the runs' statements.
fn root(runs: &[Run]) -> Result<Digest, FinalizerError> {
    let leaf = |run: &Run| {
        let statement = Statement::new(&run.program_key, &run.output);
        statement.map(|statement| statement.leaf()).ok_or(FinalizerError::ProgramKey { key: run.program_key })
    };
    let leaves = runs.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
    statements_root(&leaves).ok_or(FinalizerError::Statements { statements: 0 })
}

/// The public words of a slot as the circuit reads them.
fn slot(words: &[Word; SLOT_WORDS]) -> SlotClaim {
    let elements = words.as_flattened();
    let digest = |first: usize| core::array::from_fn(|i| elements[first + i]);
    SlotClaim { program_key: digest(0), output: [digest(8), digest(16)] }
}
