//! Proofs of what is not so, made by a prover that does not look: the circuit's constraints refuse them.

use std::sync::Arc;

use ashlar_abi::call;
use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{Challenge, CircuitAir, Val};
use ashlar_machine::air::MachineAir;
use ashlar_machine::hash::{Digest, Hasher};
use ashlar_machine::keccak::KeccakTableAir;
use ashlar_machine::lookup::LookupAir;
use ashlar_machine::program::ProgramAir;
use ashlar_machine::{SHAPES, Table};
use ashlar_prover::{MemoryTree, PageChange, Plan, Prover, SegmentTraces, program_rows, record};
use ashlar_recursion::builder::Witness;
use ashlar_recursion::circuits::{CircuitInputs, LeafClaim};
use ashlar_stark::Instance;
use ashlar_verifier::config::{Config, RECURSION, SEGMENT};
use ashlar_verifier::{CIRCUIT_HEIGHTS, CIRCUIT_OPERATIONS, Circuit, SegmentProof, public_values};
use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Op, Options, Program, SegmentLimits};
use p3_air::BaseAir;
use p3_batch_stark::{BatchProof, ProverData, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{circuit, layer, run};

/// Proves traces of `finish`, whatever they are.
fn prove(traces: &[RowMajorMatrix<Val>], values: &Digest) -> BatchProof<Config> {
    let fixed: Vec<_> = circuit(Circuit::Finish).fixed().into_iter().map(Arc::new).collect();
    let airs = [
        CircuitAir::Sponge(SpongeAir::new(Arc::clone(&fixed[0]))),
        CircuitAir::Sponge(SpongeAir::new(Arc::clone(&fixed[1]))),
        CircuitAir::Compress(CompressAir::new(Arc::clone(&fixed[2]))),
        CircuitAir::Arithmetic(ArithmeticAir::new(CIRCUIT_OPERATIONS, Arc::clone(&fixed[3]))),
    ];
    let config = RECURSION.config();
    let data = ProverData::from_airs_and_degrees(&config, &airs, &CIRCUIT_HEIGHTS.map(usize::from));
    let instances: Vec<_> = airs
        .iter()
        .zip(&fixed)
        .zip(traces)
        .map(|((air, fixed), trace)| {
            let public_values = values[..BaseAir::<Val>::num_public_values(air)].to_vec();
            Instance { air, trace, fixed: Some(&**fixed), public_values }
        })
        .collect();
    let data = data.expect("prover data");
    ashlar_stark::prove(&config, RECURSION.log_blowup, &instances, &data).expect("a proof").0
}

/// A cell of an operation changed; another claim in the first row. Changes of all kinds of cells of all tables are tried on
/// a smaller circuit, in `crates/recursion/tests/differential`.
#[test]
fn refuses_forged_traces_of_a_circuit() {
    let fold = layer().fold();
    let inner = layer().inner(Circuit::Fold, &fold);
    let mut inputs = CircuitInputs::finish(&layer().finish_claim(), inner).expect("inputs");
    let witness = circuit(Circuit::Finish).run(&mut inputs).expect("a witness");
    let claim = witness.public_values;
    let verdict = |witness: &Witness, claim: &Digest| {
        let traces = circuit(Circuit::Finish).traces(witness);
        layer().verifier().verify_claim(Circuit::Finish, claim, &prove(&traces, claim))
    };
    let mut changed = witness.clone();
    changed.operations[100_000][3] += Challenge::ONE;
    assert!(verdict(&changed, &claim).is_err());
    // Another statement: the public values and the row that has them say so, and whoever reads them there.
    let mut other = claim;
    other[0] += Val::ONE;
    let mut changed = witness;
    changed.public_values = other;
    changed.compress[0].word = other;
    assert!(verdict(&changed, &other).is_err());
}

/// A program that stores something and halts with a code.
fn halting(code: u32) -> Program {
    let mut asm = Assembler::new();
    asm.li(reg::S0, 0x0200_0000).li(reg::T0, 7).store(Op::Sw, reg::T0, reg::S0, 0);
    asm.call(call::HALT, &[code]);
    Program::from_words(0x1000, &asm.finish()).expect("a program")
}

/// The proof of a segment that halts with code 1 verifies with that code among its public values, and not in a leaf.
#[test]
fn refuses_a_segment_that_halts_with_another_code() {
    let [honest, program] = [0, 1].map(halting);
    let limits = SegmentLimits { cycles: 1 << 10, shapes: vec![SHAPES[0]] };
    let plan = Plan::with_limits(&honest, &[], Options::default(), limits).expect("a plan");
    let mut job = plan.jobs().next().expect("a segment").expect("a job");
    let rows = program_rows(&program);
    let events = record(&program, &rows, &job).expect("events");
    // The tree before is that of the image and of the registers; the one after has what is on the pages now.
    let hasher = Hasher::default();
    let mut changes: Vec<_> =
        events.page.iter().map(|page| PageChange { page: page.page, new: hasher.page(&page.new) }).collect();
    changes.sort_by_key(|change| change.page);
    let mut tree = MemoryTree::new(&program);
    job.start.root = tree.root();
    job.nodes = tree.update(&changes);
    job.end.root = tree.root();
    let traces = SegmentTraces::new(&rows, &job, events);

    let shape = &SHAPES[0];
    let airs: Vec<_> = shape
        .tables()
        .map(|table| match table {
            Table::Program => MachineAir::Program(ProgramAir::new(&rows, shape.height(table))),
            Table::Lookup => MachineAir::Lookup(LookupAir::with_entries()),
            Table::KeccakTable => MachineAir::KeccakTable(KeccakTableAir::with_entries()),
            _ => MachineAir::constraints(table),
        })
        .collect();
    let heights: Vec<_> = shape.tables().map(|table| shape.height(table).trailing_zeros() as usize).collect();
    let config = SEGMENT.config();
    let data = ProverData::from_airs_and_degrees(&config, &airs, &heights).expect("prover data");
    let fixed: Vec<_> = airs.iter().map(BaseAir::<Val>::preprocessed_trace).collect();
    let values: Vec<_> = airs
        .iter()
        .map(|air| match air.table() {
            Table::Cpu => [job.start.pc, job.end.pc, 1, 0].map(Val::from_u32).to_vec(),
            table => public_values(table, &job.start, &job.end),
        })
        .collect();
    let tables = airs.iter().zip(&fixed).zip(&traces.tables).zip(&values);
    let instances: Vec<_> = tables
        .map(|(((air, fixed), table), values)| Instance {
            air,
            trace: &table.trace,
            fixed: fixed.as_ref(),
            public_values: values.clone(),
        })
        .collect();
    let proof = ashlar_stark::prove(&config, SEGMENT.log_blowup, &instances, &data).expect("a proof").0;
    verify_batch(&config, &airs, &proof, &values, &data.common).expect("a run that halts with code 1");

    let prover = Prover::new(&program).expect("a key");
    let claim = LeafClaim { circuits: layer().root(), start: job.start, end: job.end, key: prover.key() };
    let inputs = CircuitInputs::leaf(0, &claim, &proof).expect("inputs");
    assert!(run(Circuit::Leaf(0), inputs).is_err());
    let segment = SegmentProof { shape: 0, end: job.end, proof };
    assert!(prover.verifier().verify_segment(0, &job.start, &segment).is_err());
}
