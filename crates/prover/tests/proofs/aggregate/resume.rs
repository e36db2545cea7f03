//! Interrupted aggregations: what is on disk is used if it is good, and only then.

use std::fs;

use ashlar_prover::aggregate::{ProvenAggregate, Task, TaskId};
use ashlar_prover::{SegmentStore, Stored};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Circuit, CircuitKeys};
use p3_batch_stark::BatchProof;

use super::job::finish_task;
use super::{aggregate, aggregator, keep_segments, ours, theirs, verify};
use crate::support::{Folder, fixture};

/// Which segments and which recursion proofs were not made anew.
fn resumed(proven: &ProvenAggregate) -> (Vec<bool>, Vec<bool>) {
    let segments = proven.segments.iter().map(|figures| figures.resumed);
    (segments.collect(), proven.recursion.iter().map(|figures| figures.resumed).collect())
}

/// What sessions that were killed, and others, leave on disk.
#[test]
fn an_aggregation_goes_on_with_what_is_good_in_the_store_and_only_that() {
    let folder = Folder::new("resume");
    let store = SegmentStore::open(&folder.0).expect("a store");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.0.join(name), bytes).expect("a written file");
    let [first_leaf, second_leaf, fold, finish] = &ours().kept[..] else { panic!("four recursion proofs") };

    // Killed after a leaf was kept and before its segment was deleted.
    ours().kept.iter().for_each(|(name, bytes)| write(name, bytes));
    keep_segments(fixture(), &store);
    let (proven, reasons) = aggregate(fixture(), &store);
    assert_eq!(resumed(&proven), (vec![true, true], vec![true; 4]), "nothing is left to do");
    assert!(reasons.is_empty() && folder.files("segment").is_empty());
    assert_eq!(proven.proof.encode(), ours().bytes);

    // Killed while the fold was being written, which is another file until it is whole. The second leaf's file has the proof
    // of the first, and the statement's that of another program.
    fs::remove_file(folder.0.join(&fold.0)).expect("a fold");
    write(&format!("{}.partial", fold.0), &fold.1[..fold.1.len() / 2]);
    write(&second_leaf.0, &first_leaf.1);
    write(&finish.0, &theirs().kept[3].1);
    let (proven, reasons) = aggregate(fixture(), &store);
    assert_eq!(resumed(&proven), (vec![true, false], vec![true, false, false, false]));
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.contains("not proven")), "{reasons:?}");

    // One bit changed, one byte missing.
    let mut changed = fold.1.clone();
    changed[fold.1.len() / 2] ^= 1;
    write(&fold.0, &changed);
    write(&finish.0, &finish.1[..finish.1.len() - 1]);
    let (proven, reasons) = aggregate(fixture(), &store);
    assert_eq!(resumed(&proven), (vec![true, true], vec![true, true, false, false]));
    assert!(reasons.len() == 2 && reasons[1].contains("decode"), "{reasons:?}");
    verify(&proven.proof).expect("an accepted proof");
    assert!(
        store.remove(&proven.ids).expect("a removed folder"),
        "nothing but what belongs to the run was there"
    );
}

/// Whatever a file has: it is no proof, or one that the task's claim refuses. Then the task is proven again, as above.
#[test]
fn a_foreign_or_damaged_file_is_no_proof_of_a_task() {
    let folder = Folder::new("damaged");
    let store = SegmentStore::open(&folder.0).expect("a store");
    let name = "task.recursion";
    let load = |bytes: &[u8]| {
        fs::write(folder.0.join(name), bytes).expect("a written file");
        store.load::<BatchProof<Config>>(&name).expect("a readable file")
    };
    let [.., fold, finish] = &ours().kept[..] else { panic!("four recursion proofs") };
    let Stored::Proof(_) = load(&finish.1) else { panic!("the honest file") };
    let body = &finish.1[8..];
    let segment = postcard::to_extend(&fixture().proof().segments[0], b"ASHLARS1".to_vec()).expect("bytes");
    let damaged: [&[u8]; 8] = [
        &[],
        b"ASHLARS1",
        // Another format, an older one, none.
        &[&b"ASHLARAP"[..], body].concat(),
        &[&b"ASHLARS0"[..], body].concat(),
        body,
        &finish.1[..finish.1.len() - 1],
        &[&finish.1[..], &[0]].concat(),
        &segment,
    ];
    for (i, bytes) in damaged.iter().enumerate() {
        assert!(matches!(load(bytes), Stored::Damaged(_)), "file {i}");
    }
    // Another task's, another program's, one of the same task under another list of circuits.
    let verifier = aggregator().verifier();
    let task = finish_task(fixture());
    let claim = task.claim(&verifier.root());
    for (bytes, what) in [(&fold.1, "a fold"), (&theirs().kept[3].1, "another program")] {
        let Stored::Proof(proof) = load(bytes) else { panic!("{what}") };
        assert!(verifier.verify_claim(task.circuit(), &claim, &proof).is_err(), "{what}");
    }
    let Stored::Proof(proof) = load(&finish.1) else { panic!("the honest file") };
    assert!(verifier.verify_claim(task.circuit(), &claim, &proof).is_ok());
    let other = task.claim(&ashlar_verifier::committed_digest(b"another list"));
    assert!(verifier.verify_claim(task.circuit(), &other, &proof).is_err(), "another list of circuits");
    // What is no file at all is said, and not taken for nothing.
    fs::create_dir_all(folder.0.join("folder.recursion")).expect("a folder");
    assert!(store.load::<BatchProof<Config>>(&"folder.recursion").is_err());
    assert!(matches!(store.load::<BatchProof<Config>>(&"none.recursion"), Ok(Stored::Nothing)));
}

#[test]
fn a_tasks_name_depends_on_the_circuits_and_on_all_of_the_task() {
    let keys = aggregator().keys();
    let caps = Circuit::all().map(|circuit| keys.cap(circuit).expect("a key").clone());
    let mut caps: Vec<_> = caps.collect();
    caps.swap(0, 1);
    let other = CircuitKeys::new(caps).expect("keys");
    let digest = |seed: u8| ashlar_verifier::committed_digest(&[seed]);
    let task = |roots, circuits| Task::Join { roots, circuits };
    let names = [
        TaskId::new(keys, &task([digest(0), digest(1)], [9, 9])),
        TaskId::new(&other, &task([digest(0), digest(1)], [9, 9])),
        TaskId::new(keys, &task([digest(1), digest(0)], [9, 9])),
        TaskId::new(keys, &task([digest(0), digest(1)], [9, 10])),
    ];
    for (i, name) in names.iter().enumerate() {
        assert!(!names[..i].contains(name), "{i}");
    }
}
