//! The proof of a segment in its circuit.

use std::time::Instant;

use ashlar_abi::call;
use ashlar_circuit::{Challenge, Val};
use ashlar_machine::air::MachineAir;
use ashlar_machine::{SHAPES, Shape};
use ashlar_prover::{Plan, Prover};
use ashlar_recursion::builder::{Builder, Circuit, CircuitShape, Inputs, Openings, Refused, Source, Wire};
use ashlar_recursion::verify::{ProofInputs, ProofShape, verify};
use ashlar_verifier::config::SEGMENT;
use ashlar_verifier::{Boundary, VerifyingKey, public_values};
use ashlar_vm::asm::Assembler;
use ashlar_vm::{Options, Program, SegmentLimits};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

const SHAPE: &Shape = &SHAPES[0];

/// A proof, and the public values as messages of a second source.
struct SegmentInputs {
    proof: ProofInputs,
    public_values: Vec<Val>,
}

impl Inputs for SegmentInputs {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        match source {
            Source(0) => self.proof.messages().to_vec(),
            _ => self.public_values.iter().map(|value| (*value).into()).collect(),
        }
    }

    fn open(&mut self, _: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.proof.open(values)
    }
}

fn proof_shape() -> ProofShape {
    let airs: Vec<_> = SHAPE.tables().map(MachineAir::constraints).collect();
    let heights: Vec<_> = SHAPE.tables().map(|table| SHAPE.height(table).trailing_zeros() as usize).collect();
    ProofShape::new(&SEGMENT, &airs, &heights).expect("a shape")
}

fn circuit(shape: &ProofShape, key: &VerifyingKey) -> Circuit {
    let mut builder = Builder::new();
    let word = |builder: &mut Builder, word: &[Val]| {
        builder.extension_constant(Challenge::from_basis_coefficients_fn(|i| word[i]))
    };
    let roots = key.fixed.roots().iter();
    let fixed: Vec<[Wire; 2]> =
        roots.map(|root| [word(&mut builder, &root[..4]), word(&mut builder, &root[4..])]).collect();
    let mut value = |_| {
        let value = builder.message(Source(1));
        builder.assert_base(value);
        value
    };
    let public_values: Vec<Vec<Wire>> =
        shape.tables.iter().map(|table| (0..table.public_values).map(&mut value).collect()).collect();
    verify(&mut builder, Source(0), shape, Some(&fixed), &public_values).expect("a circuit");
    println!("{:?}", builder.usage());
    let tables = CircuitShape { sponge: [15, 15], compress: 15, arithmetic: 15, operations: 4 };
    builder.finish(&tables).expect("it fits")
}

#[test]
fn the_proof_of_a_segment_is_accepted_and_a_changed_one_is_not() {
    let mut asm = Assembler::new();
    asm.call(call::HALT, &[0]);
    let program = Program::from_words(0x1000, &asm.finish()).expect("a program");
    let prover = Prover::new(&program).expect("a key");
    let limits = SegmentLimits { cycles: 1 << 10, shapes: vec![*SHAPE] };
    let plan = Plan::with_limits(&program, &[], Options::default(), limits).expect("a plan");
    let job = plan.jobs().next().expect("a segment").expect("a job");
    let segment = prover.prove_segment(&job).expect("a proof");
    let key = prover.key();
    let start = Boundary::first(key.initial_root, key.entry);
    prover.verifier().verify_segment(0, &start, &segment).expect("Plonky3 accepts it");

    let shape = proof_shape();
    let time = Instant::now();
    let circuit = circuit(&shape, key);
    println!("building: {:?}", time.elapsed());
    let public_values: Vec<Val> =
        SHAPE.tables().flat_map(|table| public_values(table, &start, &segment.end)).collect();
    let inputs = |public_values: &[Val]| SegmentInputs {
        proof: ProofInputs::new(&shape, &segment.proof).expect("it has the shape"),
        public_values: public_values.to_vec(),
    };
    let time = Instant::now();
    circuit.run(&mut inputs(&public_values)).expect("the circuit accepts it");
    println!("running: {:?}", time.elapsed());
    let mut others = public_values.clone();
    others[0] += Val::ONE;
    assert!(circuit.run(&mut inputs(&others)).is_err());
}
