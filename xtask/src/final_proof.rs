//! `cargo xtask final-proof`: final proofs of real runs, which the tests of the contracts read.

use std::fs;
use std::path::Path;

use alloy_primitives::{hex, keccak256};
use ashlar_abi::call;
use ashlar_contracts::DeploymentKey;
use ashlar_machine::SHAPES;
use ashlar_prover::aggregate::{Aggregator, Finalizer, join, statement_words};
use ashlar_prover::{Plan, Prover, SegmentStore, Session};
use ashlar_verifier::aggregate::{AggregateProof, Run};
use ashlar_verifier::last::verify_final;
use ashlar_verifier::{CircuitKeys, ProgramKey};
use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Op, Options, Program, SegmentLimits};
use clap::Args;
use eyre::{OptionExt, WrapErr, ensure, eyre};
use serde::{Deserialize, Serialize};

use crate::repository;

/// Make `contracts/test/fixtures/final.json`: proofs of tiny runs that the contract of this version accepts. Takes minutes; a
/// run that was stopped goes on where it was.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Verify the proofs in the tree with the current `contracts/key.json`, and change nothing.
    #[arg(long)]
    check: bool,
}

const REPAIR: &str = "run `cargo xtask final-proof` and commit the result";

/// What is in the file. All bytes are hexadecimal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fixture {
    about: String,
    /// The keys of `contracts/key.json` that the proofs are for.
    circuits: String,
    last_circuit: String,
    proofs: Vec<Proof>,
}

#[derive(Serialize, Deserialize)]
struct Proof {
    statements: Vec<Stated>,
    proof: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stated {
    program_key: String,
    /// What the program put out, and its hash.
    output: String,
    public_output: String,
}

/// The runs: a constant of the program, and what it puts out.
const RUNS: [(u32, &[u8]); 2] = [(3, b"what the first program puts out"), (5, b"and the second one")];

const TEXT: u32 = 0x1000;
const DATA: u32 = 0x0200_0000;

pub(crate) fn run(arguments: &Arguments) -> eyre::Result<()> {
    let contracts = repository::root().join("contracts");
    let text = fs::read_to_string(contracts.join("key.json")).wrap_err("contracts/key.json")?;
    let key = DeploymentKey::from_json(&text)?;
    let path = contracts.join("test/fixtures/final.json");
    if arguments.check {
        return check(&path, &key);
    }
    let fixture = make(&key)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).wrap_err_with(|| format!("making {}", folder.display()))?;
    }
    fs::write(&path, serde_json::to_string_pretty(&fixture)? + "\n")
        .wrap_err_with(|| format!("writing {}", path.display()))?;
    check(&path, &key)
}

// ---- Making them ----

fn make(key: &DeploymentKey) -> eyre::Result<Fixture> {
    let keys = repository::root().join("crates/verifier/keys/circuits.key");
    let keys = CircuitKeys::decode(&fs::read(&keys).wrap_err_with(|| keys.display().to_string())?)?;
    let aggregator = Aggregator::new(keys);
    let store = SegmentStore::open(&repository::target_dir().join("final-proof"))?;
    let mut ids = Vec::new();
    let mut aggregates = Vec::new();
    for (constant, output) in RUNS {
        println!("a run");
        aggregates.push(aggregate(&aggregator, &store, constant, output, &mut ids)?);
    }
    println!("joined runs");
    let inputs = aggregates.iter().map(|bytes| AggregateProof::decode(bytes)).collect::<Result<_, _>>()?;
    let joined = join(&aggregator, inputs, Some(&store), &mut |_| {})?;
    ids.extend(joined.ids);
    let finalizer = Finalizer::new()?;
    ensure!(
        finalizer.key().fixed == key.last_circuit,
        "contracts/key.json is of other circuits: run `cargo xtask circuits`"
    );
    let first = aggregates.first().ok_or_eyre("no run")?;
    let mut proofs = Vec::new();
    for aggregate in [AggregateProof::decode(first)?, joined.proof] {
        println!("a final proof of {} statements", aggregate.runs.len());
        let (bytes, phases) = finalizer.prove(aggregator.keys(), &aggregate, &mut |_| {})?;
        println!("{} bytes, {phases:?}", bytes.len());
        let statements = aggregate.runs.iter().map(stated).collect();
        proofs.push(Proof { statements, proof: hex::encode_prefixed(bytes) });
    }
    store.remove(&ids)?;
    Ok(Fixture {
        about: "Final proofs (specification 012) of one run and of two, which the contract accepts. Made by \
            `cargo xtask final-proof`."
            .to_owned(),
        circuits: hex::encode_prefixed(key.circuits),
        last_circuit: hex::encode_prefixed(key.last_circuit),
        proofs,
    })
}

fn stated(run: &Run) -> Stated {
    Stated {
        program_key: hex::encode_prefixed(run.program_key.0),
        output: hex::encode_prefixed(&run.output),
        public_output: keccak256(&run.output).to_string(),
    }
}

/// The encoded proof of a run in two segments; its parts stay in the store.
fn aggregate(
    aggregator: &Aggregator,
    store: &SegmentStore,
    constant: u32,
    output: &[u8],
    ids: &mut Vec<String>,
) -> eyre::Result<Vec<u8>> {
    let program = program(constant)?;
    let hash = keccak256(output);
    let hints: Vec<u32> = hash.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let cycles = ashlar_vm::run(&program, &hints, Options::default())?.cycles;
    let shape = *SHAPES.first().ok_or_eyre("no shape")?;
    let limits = SegmentLimits { cycles: cycles.div_ceil(2), shapes: vec![shape] };
    let plan = Plan::with_limits(&program, &hints, Options::default(), limits)?;
    let prover = Prover::new(&program)?;
    let verifier = prover.verifier();
    let session = Session { prover: &prover, verifier: &verifier, store: Some(store) };
    let proven = session.aggregate(aggregator, &plan, output.to_vec(), &mut |_| {})?;
    ensure!(proven.segments.len() == 2, "the run has {} segments", proven.segments.len());
    ids.extend(proven.ids);
    Ok(proven.proof.encode())
}

/// Computes something, commits the eight words that it is given and halts.
fn program(constant: u32) -> eyre::Result<Program> {
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[DATA, 8]).li(reg::T0, constant).li(reg::S0, DATA);
    for op in [Op::Add, Op::Mul, Op::Xor, Op::Sub] {
        asm.r(op, reg::T0, reg::T0, reg::S0);
    }
    asm.store(Op::Sw, reg::T0, reg::S0, 0x400);
    asm.call(call::COMMIT, &[DATA]).call(call::HALT, &[0]);
    Ok(Program::from_words(TEXT, &asm.finish())?)
}

// ---- Checking them ----

fn check(path: &Path, key: &DeploymentKey) -> eyre::Result<()> {
    let text = fs::read_to_string(path).wrap_err_with(|| format!("reading {}: {REPAIR}", path.display()))?;
    let fixture: Fixture = serde_json::from_str(&text).wrap_err(REPAIR)?;
    ensure!(
        fixture.circuits == hex::encode_prefixed(key.circuits)
            && fixture.last_circuit == hex::encode_prefixed(key.last_circuit),
        "the proofs in {} are for other keys than contracts/key.json: {REPAIR}",
        path.display()
    );
    let final_key = key.final_key().map_err(|error| eyre!(error))?;
    let circuits = ProgramKey(key.circuits).elements().ok_or_eyre("the root of circuits is not canonical")?;
    let counts: Vec<_> = fixture.proofs.iter().map(|proof| proof.statements.len()).collect();
    ensure!(counts == [1, 2], "proofs of {counts:?} statements: {REPAIR}");
    for proof in &fixture.proofs {
        let runs = proof.statements.iter().map(run_of).collect::<eyre::Result<Vec<_>>>()?;
        let words = statement_words(&circuits, &runs)?;
        verify_final(&hex::decode(&proof.proof)?, &final_key, &words).wrap_err(REPAIR)?;
    }
    println!("{} proofs are accepted", fixture.proofs.len());
    Ok(())
}

fn run_of(stated: &Stated) -> eyre::Result<Run> {
    let output = hex::decode(&stated.output)?;
    ensure!(keccak256(&output).to_string() == stated.public_output, "an output's hash: {REPAIR}");
    let key: [u8; 32] = hex::FromHex::from_hex(&stated.program_key)?;
    Ok(Run { program_key: ProgramKey(key), output })
}
