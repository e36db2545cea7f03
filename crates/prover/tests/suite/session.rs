//! Interrupted sessions: what is on disk is used if it is good, and only then.

use std::fs;
use std::path::{Path, PathBuf};

use ashlar_prover::{
    Event, Plan, Prover, SegmentId, SegmentStore, Session, SessionFailure, StoreFailure, Stored,
};
use ashlar_verifier::SegmentProof;
use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{Op, Options, Program, SHAPES, SegmentLimits};

use crate::programs::{DATA, halting};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ashlar-session-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The segments' files, in order.
    fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|x| x == "segment")).collect();
        paths.sort();
        paths
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Reads hints to memory and commits to their first 8 words: two segments of a few instructions.
fn program() -> (Program, Vec<u32>) {
    use ashlar_abi::call;
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[DATA, 8]).call(call::COMMIT, &[DATA]);
    asm.li(reg::T0, 5).i(Op::Addi, reg::T0, reg::T0, 3);
    // Keccak-256 of nothing, as the guest would commit it for an empty output.
    let hash: [u32; 8] = [
        0x0146_d2c5,
        0x3c23_f786,
        0xb27d_7e92,
        0xc003_c7dc,
        0x53b6_00e5,
        0x3b27_82ca,
        0x04d8_fa7b,
        0x70a4_855d,
    ];
    (halting(asm), hash.to_vec())
}

fn flip_a_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Proves, and returns which segments came from the store and why others did not.
fn prove(session: &Session<'_>, plan: &Plan<'_>) -> (Vec<bool>, Vec<String>) {
    let mut discarded = Vec::new();
    let proven = session.prove(plan, Vec::new(), &mut |event| {
        if let Event::Discarded { reason } = event {
            discarded.push(reason.to_owned());
        }
    });
    let proven = proven.unwrap();
    session.verifier.verify(&proven.proof).unwrap();
    (proven.segments.iter().map(|segment| segment.resumed).collect(), discarded)
}

#[test]
fn a_session_goes_on_with_what_is_good_in_the_store_and_only_that() {
    let (program, hints) = program();
    let limits = SegmentLimits { cycles: 10, shapes: SHAPES.to_vec() };
    let plan = Plan::with_limits(&program, &hints, Options::default(), limits).unwrap();
    assert_eq!(plan.metering.segments.len(), 2, "{} cycles", plan.run.cycles);
    let prover = Prover::new(&program).unwrap();
    let verifier = prover.verifier();
    let folder = Folder::new("resume");
    let store = SegmentStore::open(&folder.0).unwrap();
    let session = Session { prover: &prover, verifier: &verifier, store: Some(&store) };

    assert_eq!(prove(&session, &plan), (vec![false, false], vec![]));
    let [first, second] = <[PathBuf; 2]>::try_from(folder.segments()).unwrap();
    assert_eq!(prove(&session, &plan), (vec![true, true], vec![]), "nothing is left to do");

    fs::remove_file(&second).unwrap();
    assert_eq!(prove(&session, &plan), (vec![true, false], vec![]), "the last one was lost");

    flip_a_byte(&first);
    fs::copy(&first, &second).unwrap();
    let (resumed, reasons) = prove(&session, &plan);
    assert_eq!(resumed, [false, false], "one is damaged, the other a copy of it");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[1].contains("another segment") || reasons[1].contains("decode"), "{reasons:?}");

    fs::copy(&first, &second).unwrap();
    let bytes = fs::read(&first).unwrap();
    fs::write(&first, &bytes[..bytes.len() - 1]).unwrap();
    let (resumed, reasons) = prove(&session, &plan);
    assert_eq!(resumed, [false, false], "one is cut off, the other is the first one's proof");
    assert!(reasons[0].contains("decode") && reasons[1].contains("another segment"), "{reasons:?}");
    removal(store, &session_ids(&prover, &plan), &folder.0);
}

fn session_ids(prover: &Prover<'_>, plan: &Plan<'_>) -> Vec<SegmentId> {
    let key = prover.key().program_key();
    plan.jobs().map(|job| SegmentId::new(key, &job.unwrap())).collect()
}

/// Only what belongs to the run is deleted.
fn removal(store: SegmentStore, ids: &[SegmentId], folder: &Path) {
    let other = folder.join("thesis.txt");
    fs::write(&other, "years of work").unwrap();
    for id in ids {
        assert!(matches!(store.load::<SegmentProof>(id).unwrap(), Stored::Proof(_)));
    }
    assert!(!store.remove(ids).unwrap(), "the folder is not empty");
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [other]);
}

#[test]
fn a_session_whose_store_is_closed_keeps_what_it_makes_and_begins_nothing() {
    let (program, hints) = program();
    let limits = SegmentLimits { cycles: 10, shapes: SHAPES.to_vec() };
    let plan = Plan::with_limits(&program, &hints, Options::default(), limits).unwrap();
    let prover = Prover::new(&program).unwrap();
    let verifier = prover.verifier();
    let folder = Folder::new("close");
    let store = SegmentStore::open(&folder.0).unwrap();
    let session = Session { prover: &prover, verifier: &verifier, store: Some(&store) };
    let stopped = session.prove(&plan, Vec::new(), &mut |event| {
        if let Event::Proving = event {
            store.close();
        }
    });
    assert!(matches!(stopped, Err(SessionFailure::Store(StoreFailure::Closed(_)))));
    assert_eq!(folder.segments().len(), 1, "the first one is kept, the second one not begun");
    drop(store);
    let store = SegmentStore::open(&folder.0).unwrap();
    let session = Session { prover: &prover, verifier: &verifier, store: Some(&store) };
    assert_eq!(prove(&session, &plan), (vec![true, false], vec![]));
}

#[test]
fn a_folder_is_of_one_process_at_a_time() {
    let folder = Folder::new("lock");
    let store = SegmentStore::open(&folder.0).unwrap();
    let Err(error) = SegmentStore::open(&folder.0) else { panic!("opened twice") };
    assert!(error.to_string().contains("another process"), "{error}");
    assert!(store.remove(&[] as &[SegmentId]).unwrap());
    fs::create_dir_all(&folder.0).unwrap();
}

#[test]
fn another_output_than_the_committed_one_is_not_proven() {
    let (program, hints) = program();
    let plan = Plan::new(&program, &hints, Options::default()).unwrap();
    let prover = Prover::new(&program).unwrap();
    let verifier = prover.verifier();
    let session = Session { prover: &prover, verifier: &verifier, store: None };
    let Err(SessionFailure::Refused(_)) = session.prove(&plan, b"another".to_vec(), &mut |_| {}) else {
        panic!("the output was not committed")
    };
}
