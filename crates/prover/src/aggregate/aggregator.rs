//! The circuits, set up, and the proofs of tasks.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{CircuitAir, Val};
use ashlar_recursion::builder::{self, Unsatisfied};
use ashlar_recursion::circuits::{self, BadInputs, CircuitError};
use ashlar_stark::{Instance, Phases};
use ashlar_verifier::aggregate::AggregateVerifier;
use ashlar_verifier::config::{Config, RECURSION};
use ashlar_verifier::{CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, Circuit, CircuitKeys, Commitment};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, ProverData};
use p3_matrix::dense::RowMajorMatrix;
use thiserror::Error;

use super::task::Task;

/// Proves tasks.
pub struct Aggregator {
    config: Config,
    keys: CircuitKeys,
    verifier: AggregateVerifier,
    /// By number; made when a task wants it.
    circuits: Vec<OnceLock<CircuitData>>,
}

/// A circuit with its fixed columns.
struct CircuitData {
    circuit: builder::Circuit,
    airs: Vec<CircuitAir>,
    fixed: Vec<Arc<RowMajorMatrix<Val>>>,
    data: ProverData<Config>,
}

/// Why a task has no proof.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum AggregatorError {
    #[error("circuit {circuit} cannot be made")]
    Circuit { circuit: String, source: CircuitError },
    #[error(
        "circuit {circuit} is not the one of the list of circuits: the list is of another version, make it with \
             `cargo xtask circuits`"
    )]
    ForeignKeys { circuit: String },
    #[error("there is no circuit {number}")]
    UnknownCircuit { number: u8 },
    #[error("{found} input proofs are not the number that the task has")]
    Inputs { found: usize },
    #[error("an input proof is not one of the task: {0}")]
    BadInputs(#[from] BadInputs),
    #[error("an input proof does not show what the task says: {0}")]
    Unsatisfied(#[from] Unsatisfied),
    #[error("commitments to fixed columns: {0}")]
    Commitment(String),
    #[error(transparent)]
    Proving(#[from] ashlar_stark::Error),
}

/// Where the time of a recursion proof went.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecursionPhases {
    /// Making the circuit and its fixed columns, if this was its first use.
    pub set_up: Duration,
    /// Running the circuit, and making its traces.
    pub run: Duration,
    /// Proving them.
    pub prove: Phases,
}

impl Aggregator {
    /// Proves tasks of the circuits that these keys are of.
    pub fn new(keys: CircuitKeys) -> Self {
        let circuits = Circuit::all().map(|_| OnceLock::new()).collect();
        Self { config: RECURSION.config(), verifier: AggregateVerifier::new(keys.clone()), keys, circuits }
    }

    /// Makes the keys of all circuits.
    pub fn make_keys() -> Result<CircuitKeys, AggregatorError> {
        let config = RECURSION.config();
        let cap = |circuit| CircuitData::new(&config, circuit)?.cap();
        let caps = Circuit::all().map(cap).collect::<Result<Vec<_>, _>>()?;
        CircuitKeys::new(caps).ok_or_else(|| AggregatorError::Commitment("caps of a wrong size".into()))
    }

    /// The keys of its circuits.
    pub const fn keys(&self) -> &CircuitKeys {
        &self.keys
    }

    /// Judges its proofs.
    pub const fn verifier(&self) -> &AggregateVerifier {
        &self.verifier
    }

    /// Proves a task of its input proofs.
    pub fn prove(
        &self,
        task: &Task,
        inputs: &[BatchProof<Config>],
    ) -> Result<(BatchProof<Config>, RecursionPhases), AggregatorError> {
        let mut phases = RecursionPhases::default();
        let start = Instant::now();
        let data = self.circuit(task.circuit())?;
        phases.set_up = start.elapsed();
        let start = Instant::now();
        let mut inputs = task.inputs(&self.keys, inputs)?;
        let witness = data.circuit.run(&mut inputs)?;
        let traces = data.circuit.traces(&witness);
        phases.run = start.elapsed();
        let instances = data.airs.iter().zip(&data.fixed).zip(&traces).map(|((air, fixed), trace)| {
            let public = BaseAir::<Val>::num_public_values(air) > 0;
            let public_values = if public { witness.public_values.to_vec() } else { Vec::new() };
            Instance { air, trace, fixed: Some(fixed), public_values }
        });
        let instances: Vec<_> = instances.collect();
        let (proof, prove) = ashlar_stark::prove(&self.config, RECURSION.log_blowup, &instances, &data.data)?;
        phases.prove = prove;
        Ok((proof, phases))
    }

    /// The circuit, made if this is its first use.
    fn circuit(&self, circuit: Circuit) -> Result<&CircuitData, AggregatorError> {
        let number = circuit.number();
        let cell = self.circuits.get(usize::from(number));
        let cell = cell.ok_or(AggregatorError::UnknownCircuit { number })?;
        if let Some(data) = cell.get() {
            return Ok(data);
        }
        let data = CircuitData::new(&self.config, circuit)?;
        // A proof of a circuit that is not in the list would be refused by whoever gets it.
        if Some(&data.cap()?) != self.keys.cap(circuit) {
            return Err(AggregatorError::ForeignKeys { circuit: circuit.name() });
        }
        Ok(cell.get_or_init(|| data))
    }
}

impl CircuitData {
    fn new(config: &Config, circuit: Circuit) -> Result<Self, AggregatorError> {
        let made = circuits::build(circuit);
        let made = made.map_err(|source| AggregatorError::Circuit { circuit: circuit.name(), source })?;
        let fixed: Vec<_> = made.fixed().into_iter().map(Arc::new).collect();
        let [first, second, compress, arithmetic] = fixed.as_slice() else {
            return Err(AggregatorError::Commitment("a circuit has four tables".into()));
        };
        let airs = vec![
            CircuitAir::Sponge(SpongeAir::new(Arc::clone(first))),
            CircuitAir::Sponge(SpongeAir::new(Arc::clone(second))),
            CircuitAir::Compress(CompressAir::new(Arc::clone(compress))),
            CircuitAir::Arithmetic(ArithmeticAir::new(CIRCUIT_OPERATIONS, Arc::clone(arithmetic))),
        ];
        let data = ProverData::from_airs_and_degrees(config, &airs, &CIRCUIT_HEIGHTS.map(usize::from))
            .map_err(|error| AggregatorError::Commitment(format!("{error:?}")))?;
        Ok(Self { circuit: made, airs, fixed, data })
    }

    fn cap(&self) -> Result<Commitment, AggregatorError> {
        let fixed = self.data.common.preprocessed.as_ref();
        let fixed = fixed.ok_or_else(|| AggregatorError::Commitment("no fixed columns".into()))?;
        Ok(fixed.commitment.clone())
    }
}
