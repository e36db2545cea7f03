//! A proof, and the circuit for its shape.

use std::sync::OnceLock;

use ashlar_circuit::{Challenge, Val};
use ashlar_verifier::config::{Config, Parameters};
use p3_batch_stark::{BatchProof, CommonData, ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::BasedVectorSpace;

use super::super::{ProofInputs, ProofShape, verify};
use super::tables::{TestAir, tables};
use crate::builder::{Builder, Circuit, CircuitShape, Inputs, Openings, Refused, Source};

/// Operations of a row of `arithmetic`.
pub(super) const OPERATIONS: usize = 4;

/// Few queries, but something of everything.
pub(super) const SMALL: ([usize; 4], Parameters) = (
    [6, 4, 4, 8],
    Parameters {
        log_blowup: 1,
        log_final_polynomial: 2,
        log_arity_max: 2,
        queries: 3,
        query_grinding: 3,
        fold_grinding: 2,
        batch_grinding: 4,
        lookup_grinding: 2,
        point_grinding: 1,
        cap_height: 1,
    },
);

/// Higher arities, a wider final polynomial, more queries than one permutation gives, and no grinding.
pub(super) const LARGE: ([usize; 4], Parameters) = (
    [7, 3, 7, 6],
    Parameters {
        log_blowup: 2,
        log_final_polynomial: 0,
        log_arity_max: 4,
        queries: 11,
        query_grinding: 0,
        fold_grinding: 0,
        batch_grinding: 0,
        lookup_grinding: 0,
        point_grinding: 0,
        cap_height: 1,
    },
);

/// A proof with its public values.
pub(super) struct Fixture {
    pub(super) config: Config,
    pub(super) airs: Vec<TestAir>,
    pub(super) shape: ProofShape,
    pub(super) common: CommonData<Config>,
    pub(super) public_values: Vec<Vec<Val>>,
    pub(super) circuit: Circuit,
    bytes: Vec<u8>,
}

/// One of each.
pub(super) fn fixtures() -> &'static [Fixture; 2] {
    static FIXTURES: OnceLock<[Fixture; 2]> = OnceLock::new();
    FIXTURES.get_or_init(|| [SMALL, LARGE].map(|(heights, parameters)| Fixture::new(heights, parameters)))
}

impl Fixture {
    pub(super) fn new(log_heights: [usize; 4], parameters: Parameters) -> Self {
        let config = parameters.config();
        let airs = tables(log_heights);
        let degree_bits: Vec<_> = airs.iter().map(|air| air.log_height()).collect();
        let data = ProverData::from_airs_and_degrees(&config, &airs, &degree_bits).expect("prover data");
        let traces: Vec<_> = airs.iter().map(|air| air.trace()).collect();
        let public_values: Vec<_> = airs.iter().map(|air| air.public_values()).collect();
        let traces: Vec<_> = traces.iter().collect();
        let instances = StarkInstance::new_multiple(&airs, &traces, &public_values);
        let proof = prove_batch(&config, &instances, &data).expect("a proof");
        let shape = ProofShape::new(&parameters, &airs, &degree_bits).expect("a shape");
        let bytes = postcard::to_allocvec(&proof).expect("an encoding");
        let circuit = circuit(&shape, &data.common);
        Self { config, airs, shape, common: data.common, public_values, circuit, bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The proof, again and again.
    pub(super) fn proof(&self) -> BatchProof<Config> {
        postcard::from_bytes(&self.bytes).expect("a decoding")
    }

    pub(super) fn verify_natively(
        &self,
        proof: &BatchProof<Config>,
        public_values: &[Vec<Val>],
    ) -> Result<(), String> {
        verify_batch(&self.config, &self.airs, proof, public_values, &self.common)
            .map_err(|error| error.to_string())
    }

    pub(super) fn verify_in_circuit(
        &self,
        proof: &BatchProof<Config>,
        public_values: &[Vec<Val>],
    ) -> Result<TestInputs, String> {
        let proof = ProofInputs::new(&self.shape, proof).map_err(|error| error.to_string())?;
        let mut inputs = TestInputs::new(proof, public_values.concat());
        self.circuit.run(&mut inputs).map_err(|error| error.to_string())?;
        Ok(inputs)
    }
}

/// The proof is the first source, the public values are the second.
pub(super) struct TestInputs {
    pub(super) proof: ProofInputs,
    pub(super) public_values: Vec<Val>,
    /// What `open` was asked.
    pub(super) asked: Vec<Challenge>,
}

impl TestInputs {
    pub(super) const fn new(proof: ProofInputs, public_values: Vec<Val>) -> Self {
        Self { proof, public_values, asked: Vec::new() }
    }
}

impl Inputs for TestInputs {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        match source {
            Source(0) => self.proof.messages().to_vec(),
            _ => self.public_values.iter().map(|value| (*value).into()).collect(),
        }
    }

    fn open(&mut self, _: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.asked = values.to_vec();
        self.proof.open(values)
    }
}

/// A circuit that verifies one proof.
pub(super) fn builder(shape: &ProofShape, common: &CommonData<Config>) -> Builder {
    let mut builder = Builder::new();
    let word = |builder: &mut Builder, word: &[Val]| {
        builder.extension_constant(Challenge::from_basis_coefficients_fn(|i| word[i]))
    };
    let fixed: Option<Vec<_>> = common.preprocessed.as_ref().map(|fixed| {
        let roots = fixed.commitment.roots().iter();
        roots.map(|root| [word(&mut builder, &root[..4]), word(&mut builder, &root[4..])]).collect()
    });
    let mut value = |_| {
        let value = builder.message(Source(1));
        builder.assert_base(value);
        value
    };
    let public_values: Vec<Vec<_>> =
        shape.tables.iter().map(|table| (0..table.public_values).map(&mut value).collect()).collect();
    verify(&mut builder, Source(0), shape, fixed.as_deref(), &public_values).expect("a circuit");
    builder
}

fn circuit(shape: &ProofShape, common: &CommonData<Config>) -> Circuit {
    let builder = builder(shape, common);
    let shape = CircuitShape { sponge: [10, 10], compress: 11, arithmetic: 13, operations: OPERATIONS };
    builder.finish(&shape).expect("it fits")
}
