//! A small circuit on the tables of the layer, its proof, and the circuit that verifies that proof. Nothing is ground, so
//! that what an attacker changes is looked at by what comes after the transcript.

use std::sync::{Arc, OnceLock};

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{Challenge, CircuitAir, Val};
use ashlar_machine::evaluate::{Balance, evaluate};
use ashlar_recursion::builder::{
    Absorb, Builder, Circuit, CircuitShape, Inputs, Openings, Refused, Source, Step, Wire, Witness,
};
use ashlar_recursion::verify::{ProofInputs, ProofShape, verify};
use ashlar_verifier::Commitment;
use ashlar_verifier::config::{Config, LeafHash, NodeHash, Parameters};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, ProverData, verify_batch};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::{CryptographicHasher, PseudoCompressionFunction};

const SOURCE: Source = Source(0);
pub(crate) const PARAMETERS: Parameters = Parameters {
    log_blowup: 2,
    log_final_polynomial: 1,
    log_arity_max: 2,
    queries: 6,
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    cap_height: 1,
};
const INNER: CircuitShape = CircuitShape { sponge: [5, 4], compress: 5, arithmetic: 7, operations: 5 };
const OUTER: CircuitShape = CircuitShape { sponge: [10, 10], compress: 12, arithmetic: 14, operations: 5 };

/// The proof and who judges it.
pub(crate) struct Fixture {
    config: Config,
    pub(crate) airs: Vec<CircuitAir>,
    degree_bits: Vec<usize>,
    pub(crate) inner: Circuit,
    pub(crate) witness: Witness,
    shape: ProofShape,
    outer: Circuit,
    data: ProverData<Config>,
    fixed: Vec<RowMajorMatrix<Val>>,
    bytes: Vec<u8>,
}

pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(Fixture::new)
}

impl Fixture {
    fn new() -> Self {
        let (builder, mut given) = example();
        let inner = builder.finish(&INNER).expect("it fits");
        let witness = inner.run(&mut given).expect("a witness");
        let airs = airs(&inner);
        let degree_bits: Vec<_> =
            [INNER.sponge[0], INNER.sponge[1], INNER.compress, INNER.arithmetic].map(usize::from).into();
        let config = PARAMETERS.config();
        let data = ProverData::from_airs_and_degrees(&config, &airs, &degree_bits).expect("prover data");
        let shape = ProofShape::new(&PARAMETERS, &airs, &degree_bits).expect("a shape");
        let fixed_columns = &data.common.preprocessed.as_ref().expect("fixed columns").commitment;
        let outer = outer(Builder::new(), &shape, fixed_columns).finish(&OUTER).expect("it fits");
        let (fixed, bytes) = (inner.fixed(), Vec::new());
        let mut fixture =
            Self { config, airs, degree_bits, inner, witness, shape, outer, data, fixed, bytes };
        let traces = fixture.inner.traces(&fixture.witness);
        let proof = fixture.prove(&traces, &fixture.witness.public_values);
        fixture.bytes = postcard::to_allocvec(&proof).expect("an encoding");
        fixture
    }

    /// The proof of any traces, whether they hold or not.
    pub(crate) fn prove(&self, traces: &[RowMajorMatrix<Val>], values: &[Val; 8]) -> BatchProof<Config> {
        let tables = self.airs.iter().zip(&self.fixed).zip(traces).zip(self.public_values(values));
        let instances: Vec<_> = tables
            .map(|(((air, fixed), trace), public_values)| ashlar_stark::Instance {
                air,
                trace,
                fixed: Some(fixed),
                public_values,
            })
            .collect();
        let made = ashlar_stark::prove(&self.config, PARAMETERS.log_blowup, &instances, &self.data);
        made.expect("a proof").0
    }

    /// Whether traces satisfy all constraints and their messages balance, without a proof.
    pub(crate) fn holds(&self, traces: &[RowMajorMatrix<Val>], values: &[Val; 8]) -> bool {
        let mut balance = Balance::default();
        let mut holds = true;
        for ((air, trace), values) in self.airs.iter().zip(traces).zip(self.public_values(values)) {
            let report = evaluate(air, trace, &values);
            holds &= report.failures.is_empty();
            balance.add_all(&report.balance);
        }
        holds && balance.is_zero()
    }

    pub(crate) fn proof(&self) -> BatchProof<Config> {
        postcard::from_bytes(&self.bytes).expect("a decoding")
    }

    fn public_values(&self, values: &[Val; 8]) -> Vec<Vec<Val>> {
        let of = |air: &CircuitAir| values[..BaseAir::<Val>::num_public_values(air)].to_vec();
        self.airs.iter().map(of).collect()
    }

    /// The verdict of Plonky3, then that of the circuit.
    pub(crate) fn verdicts(&self, proof: &BatchProof<Config>, values: &[Val; 8]) -> [Result<(), String>; 2] {
        // Heights are the circuit's and not the proof's, as for the verifiers that ship.
        let native = if proof.degree_bits == self.degree_bits {
            verify_batch(&self.config, &self.airs, proof, &self.public_values(values), &self.data.common)
                .map_err(|error| error.to_string())
        } else {
            Err("other heights".into())
        };
        let in_circuit =
            ProofInputs::new(&self.shape, proof).map_err(|error| error.to_string()).and_then(|proof| {
                let mut inputs = ProofAndValues { proof, values: *values, change: None };
                self.outer.run(&mut inputs).map(|_| ()).map_err(|error| error.to_string())
            });
        [native, in_circuit]
    }

    /// The circuit's verdict on the honest proof with a change that no proof could have.
    pub(crate) fn verdict_on(&self, change: Change) -> Result<(), String> {
        let proof = ProofInputs::new(&self.shape, &self.proof()).map_err(|error| error.to_string())?;
        let mut inputs = ProofAndValues { proof, values: self.witness.public_values, change: Some(change) };
        self.outer.run(&mut inputs).map(|_| ()).map_err(|error| error.to_string())
    }

    /// How many messages, opened values and siblings the circuit is given.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let proof = ProofInputs::new(&self.shape, &self.proof()).expect("the shape");
        let values = self.witness.public_values;
        let mut counting =
            Counting { inputs: ProofAndValues { proof, values, change: None }, counts: [0; 3] };
        self.outer.run(&mut counting).expect("a witness");
        counting.counts
    }
}

/// The tables of a circuit, with its fixed columns.
fn airs(circuit: &Circuit) -> Vec<CircuitAir> {
    let fixed: Vec<_> = circuit.fixed().into_iter().map(Arc::new).collect();
    vec![
        CircuitAir::Sponge(SpongeAir::new(fixed[0].clone())),
        CircuitAir::Sponge(SpongeAir::new(fixed[1].clone())),
        CircuitAir::Compress(CompressAir::new(fixed[2].clone())),
        CircuitAir::Arithmetic(ArithmeticAir::new(INNER.operations, fixed[3].clone())),
    ]
}

/// The circuit that verifies proofs of this shape, with public values from a second source.
pub(crate) fn outer(mut builder: Builder, shape: &ProofShape, fixed: &Commitment) -> Builder {
    let cap: Vec<[Wire; 2]> = fixed
        .roots()
        .iter()
        .map(|root| {
            let word = |i: usize| Challenge::from_basis_coefficients_fn(|j| root[4 * i + j]);
            [0, 1].map(|i| builder.extension_constant(word(i)))
        })
        .collect();
    let values: Vec<Vec<Wire>> = shape
        .tables
        .iter()
        .map(|table| {
            let mut value = |_| {
                let value = builder.message(Source(1));
                builder.assert_base(value);
                value
            };
            (0..table.public_values).map(&mut value).collect()
        })
        .collect();
    verify(&mut builder, SOURCE, shape, Some(&cap), &values).expect("a circuit");
    builder
}

/// What the circuit is given, and what an attacker changes of it.
pub(crate) struct ProofAndValues {
    pub(crate) proof: ProofInputs,
    pub(crate) values: [Val; 8],
    pub(crate) change: Option<Change>,
}

/// One element of what the circuit is given becomes another. No proof need be behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// This message, in this coefficient.
    Message(usize, usize),
    /// This opened value.
    Value(usize),
    /// This element of this sibling.
    Sibling(usize, usize),
}

impl Inputs for ProofAndValues {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        match source {
            SOURCE => {
                let mut messages = self.proof.messages().to_vec();
                if let Some(Change::Message(at, coefficient)) = self.change {
                    messages[at] +=
                        Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == coefficient));
                }
                messages
            }
            _ => self.values.map(Into::into).into(),
        }
    }

    fn open(&mut self, _: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        let mut openings = self.proof.open(values)?;
        match self.change {
            Some(Change::Value(at)) => openings.values[at] += Val::ONE,
            Some(Change::Sibling(at, element)) => openings.digests[at][element] += Val::ONE,
            _ => {}
        }
        Ok(openings)
    }
}

/// Counts what is given.
pub(crate) struct Counting {
    pub(crate) inputs: ProofAndValues,
    pub(crate) counts: [usize; 3],
}

impl Inputs for Counting {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        let messages = self.inputs.messages(source);
        self.counts[0] += if source == SOURCE { messages.len() } else { 0 };
        messages
    }

    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        let openings = self.inputs.open(source, values)?;
        self.counts[1] += openings.values.len();
        self.counts[2] += openings.digests.len();
        Ok(openings)
    }
}

/// Inputs that were written down beforehand.
pub(crate) struct Given {
    pub(crate) messages: Vec<Challenge>,
    pub(crate) openings: Openings,
}

impl Inputs for Given {
    fn messages(&mut self, _: Source) -> Vec<Challenge> {
        self.messages.clone()
    }

    fn open(&mut self, _: Source, _: &[Challenge]) -> Result<Openings, Refused> {
        Ok(self.openings.clone())
    }
}

/// A circuit with a bit of everything: a transcript, leaves, a path, bits, coefficients, an inverse, public values.
pub(crate) fn example() -> (Builder, Given) {
    let number = |i: u32| Val::from_u32(1_000_003 * i + 17);
    let element = |i: u32| Challenge::from_basis_coefficients_fn(|j| number(4 * i + j as u32));
    let data: Vec<_> = (0..60).map(number).collect();
    let (leaf, joins) = data.split_at(44);
    let sibling: [Val; 8] = core::array::from_fn(|i| number(900 + i as u32));
    let hash = LeafHash::new(default_koalabear_poseidon2_24());
    let node = NodeHash::new(default_koalabear_poseidon2_16());
    let digest = |elements: &[Val]| -> [Val; 8] { hash.hash_iter(elements.iter().copied()) };
    let root = node.compress([node.compress([sibling, digest(leaf)]), digest(joins)]);

    let mut builder = Builder::new();
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let nodes: [Wire; 4] = core::array::from_fn(|_| builder.message(SOURCE));
    let words = |i: usize| [nodes[i], nodes[i + 1]];
    let digest_of_nodes = builder.hash(9, 16, &nodes);
    let mut duplex = builder.duplex([Val::TWO; 8]);
    builder.absorb(&mut duplex, Absorb { offset: 0, carry: None, words: words(0), tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 0, carry: None, words: words(2), tag: 8 });
    builder.squeeze(&mut duplex);
    let challenge = builder.output(&duplex)[0];
    let cap = builder.cap(&[words(0), words(2)]);
    builder.open(SOURCE, &[index]);
    let (first, sums) = builder.hash_rows(SOURCE, &[24, 20], challenge);
    let (second, elements) = builder.hash_elements(SOURCE, 4);
    builder.path(SOURCE, first, &[Step::Up(bits[0]), Step::Inject(second)], bits[1], cap);
    let sum = builder.mul_add(sums[0], elements[1], sums[1]);
    let inverse = builder.inverse(sum);
    let [c0, c1, ..] = builder.unpack(digest_of_nodes[0]);
    let chosen = builder.select(bits[3], c0, c1);
    let product = builder.mul_add(chosen, inverse, digest_of_nodes[1]);
    let public = builder.public_values();
    builder.assert_equal(public[0], inverse);
    builder.assert_equal(public[1], product);

    let word = |i: usize| Challenge::from_basis_coefficients_fn(|j| root[4 * i + j]);
    let messages = vec![Challenge::from(Val::from_u32(0b1011)), element(200), element(201), word(0), word(1)];
    (builder, Given { messages, openings: Openings { values: data, digests: vec![sibling] } })
}
