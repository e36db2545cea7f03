//! A program that uses what the smallest shape has, and the proof of its run in two segments.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use ashlar_abi::call;
use ashlar_machine::SHAPES;
use ashlar_prover::{Plan, Prover, SegmentJob};
use ashlar_verifier::{RunProof, SegmentProof, Verifier};
use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Op, Options, Program, SegmentLimits};
use tiny_keccak::{Hasher, Keccak};

const TEXT: u32 = 0x1000;
const DATA: u32 = 0x0200_0000;

/// What the run puts out.
pub(crate) const OUTPUT: &[u8] = b"what the program computes";

/// Keccak-256 of the output as words: the hints, which the program commits.
pub(crate) fn hints(output: &[u8]) -> Vec<u32> {
    let mut keccak = Keccak::v256();
    let mut hash = [0; 32];
    keccak.update(output);
    keccak.finalize(&mut hash);
    hash.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
}

/// The generator of secp256k1 (SEC 2), x then y.
const GENERATOR: [u32; 16] = [
    0x16f8_1798,
    0x59f2_815b,
    0x2dce_28d9,
    0x029b_fcdb,
    0xce87_0b07,
    0x55a0_6295,
    0xf9dc_bbac,
    0x79be_667e,
    0xfb10_d4b8,
    0x9c47_d08f,
    0xa685_5419,
    0xfd17_b448,
    0x0e11_08a8,
    0x5da4_fbfc,
    0x26a3_c465,
    0x483a_da77,
];

/// Reads 8 words, works with every table of the smallest shape, commits the words and halts.
pub(crate) fn program(seed: u32) -> Program {
    let [input, point, other, state] = [0, 0x100, 0x200, 0x300].map(|offset| DATA + offset);
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[input, 8]);
    for address in [point, other] {
        asm.li(reg::S0, address);
        for (i, word) in (0..).zip(GENERATOR) {
            asm.li(reg::T0, word).store(Op::Sw, reg::T0, reg::S0, 4 * i);
        }
    }
    asm.call(call::SECP256K1_DOUBLE, &[point]).call(call::SECP256K1_ADD, &[point, other]);
    asm.call(call::MODMUL256, &[state, point, other, input]).call(call::KECCAK_F, &[state]);
    asm.li(reg::T0, seed).li(reg::T1, 0xffff_fff3).li(reg::S0, DATA);
    for op in [Op::Xor, Op::Sll, Op::Slt, Op::Mul, Op::Div, Op::Sub, Op::Sltu] {
        asm.r(op, reg::S1, reg::T0, reg::T1);
    }
    asm.store(Op::Sb, reg::T0, reg::S0, 0x401).i(Op::Lh, reg::T1, reg::S0, 0x400);
    asm.call(call::COMMIT, &[input]).call(call::HALT, &[0]);
    Program::from_words(TEXT, &asm.finish()).expect("a program")
}

/// Makes the calls that the smallest shape has no tables for.
pub(crate) fn program_of_other_calls() -> Program {
    let mut asm = Assembler::new();
    asm.li(reg::S0, DATA);
    for i in 0..16 {
        asm.li(reg::T0, 0x0123_4567 + i).store(Op::Sw, reg::T0, reg::S0, 4 * i as i32);
    }
    asm.call(call::POSEIDON2, &[DATA]).call(call::MODMUL384, &[DATA + 0x100, DATA, DATA, DATA]);
    asm.call(call::HALT, &[0]);
    Program::from_words(TEXT, &asm.finish()).expect("a program")
}

/// A program with all that belongs to it.
pub(crate) struct Fixture {
    pub(crate) program: &'static Program,
    pub(crate) prover: Prover<'static>,
    pub(crate) verifier: Verifier,
    pub(crate) jobs: Vec<SegmentJob>,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new(seed: u32) -> Self {
        let program: &'static Program = Box::leak(Box::new(program(seed)));
        let prover = Prover::new(program).expect("a key");
        let jobs = jobs(program);
        assert_eq!(jobs.len(), 2);
        let segments: Vec<SegmentProof> =
            jobs.iter().map(|job| prover.prove_segment(job).expect("a proof")).collect();
        let verifier = prover.verifier();
        let proof = RunProof { program_key: verifier.program_key(), output: OUTPUT.to_vec(), segments };
        let bytes = proof.encode();
        Self { program, prover, verifier, jobs, bytes }
    }

    /// The proof, again and again.
    pub(crate) fn proof(&self) -> RunProof {
        RunProof::decode(&self.bytes).expect("an honest proof decodes")
    }

    /// Its encoding.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The two segments of the run, cut in the middle.
fn jobs(program: &Program) -> Vec<SegmentJob> {
    with_plan(program, |plan| plan.jobs().map(|job| job.expect("a job")).collect())
}

/// The plan of the run, cut in the middle.
pub(crate) fn with_plan<T>(program: &Program, work: impl FnOnce(&Plan<'_>) -> T) -> T {
    let hints = hints(OUTPUT);
    let cycles = ashlar_vm::run(program, &hints, Options::default()).expect("a run").cycles;
    let limits = SegmentLimits { cycles: cycles.div_ceil(2), shapes: vec![SHAPES[0]] };
    work(&Plan::with_limits(program, &hints, Options::default(), limits).expect("a plan"))
}

/// A folder that goes away with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ashlar-proofs-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// The files with this extension, in order of their names.
    pub(crate) fn files(&self, extension: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|x| x == extension)).collect();
        paths.sort();
        paths
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that removed it is done with it.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The run that the tests are about.
pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| Fixture::new(7))
}

/// A run of a program that differs in one constant.
pub(crate) fn stranger() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| Fixture::new(8))
}
