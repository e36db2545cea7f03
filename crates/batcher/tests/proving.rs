//! Proofs of batches: judged as Ethereum judges them, and made.

mod world;

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_batcher::{
    Finish, JobKey, JobQueue, JobSettings, LocalJobs, Phase, Prices, ProofVerifier, SealSettings, SealStep,
    Sealer, WorkStep, Worker, operation_tree, rollup_key, rollup_program, settle_call,
};
use ashlar_storage::ChainRecords;
use ashlar_verifier::ProgramKey;
use serde_json::Value;
use std::{cell::Cell, fs, path::Path, sync::Arc};
use world::{TIME, World, config, ether};

/// A final proof that the contracts' tests accept: program, hash of the output, proof; and another one.
fn fixtures() -> [(ProgramKey, B256, Bytes); 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/test/fixtures/final.json");
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    [0, 1].map(|number| {
        let proof = &json["proofs"][number];
        let statement = &proof["statements"][0];
        let key: B256 = statement["programKey"].as_str().unwrap().parse().unwrap();
        let output = statement["publicOutput"].as_str().unwrap().parse().unwrap();
        (ProgramKey(key.0), output, proof["proof"].as_str().unwrap().parse().unwrap())
    })
}

#[test]
fn a_proof_is_good_for_its_program_and_its_output_alone() {
    let [(program, output, proof), (_, _, of_two)] = fixtures();
    let verifier = ProofVerifier::new(program).unwrap();
    verifier.verify(&output, &proof).unwrap();
    for place in [0, 100, proof.len() / 2, proof.len() - 1] {
        let mut changed = proof.to_vec();
        changed[place] ^= 1;
        assert!(verifier.verify(&output, &changed).is_err(), "byte {place}");
    }
    assert!(verifier.verify(&output, &proof[..proof.len() - 1]).is_err(), "cut");
    assert!(verifier.verify(&output, &[&proof[..], &[0]].concat()).is_err(), "longer");
    assert!(verifier.verify(&B256::ZERO, &proof).is_err(), "another output");
    assert!(verifier.verify(&output, &of_two).is_err(), "a proof of another statement beside this one");
    assert!(ProofVerifier::of_batches().unwrap().verify(&output, &proof).is_err(), "another program");
    assert!(verifier.verify(&output, &[]).is_err() && verifier.verify(&output, &vec![0; 1 << 22]).is_err());
}

#[test]
fn the_guest_inside_this_library_reads() {
    let program = rollup_program().unwrap();
    assert!(std::ptr::eq(program, rollup_program().unwrap()), "it is made once");
    assert_eq!(rollup_key().unwrap().entry, program.entry());
}

#[test]
#[ignore = "makes a real proof, which takes minutes: cargo test -p ashlar-batcher --test proving -- --ignored"]
fn a_batch_is_proven_by_a_worker_that_was_interrupted() {
    let mut world = World::new(config());
    let deposit = vec![world.deposit(ether(5))];
    world.block(TIME + 1, deposit);
    let transactions = vec![world.transfer(Address::repeat_byte(0x99)), world.withdrawal()];
    world.block(TIME + 2, transactions);
    let mut sealer = Sealer::open(Arc::clone(&world.store), world.config, SealSettings::default()).unwrap();
    let prices = Prices { gas: 1, blob_gas: 1_000_000 };
    let SealStep::Sealed { batch: first, .. } = sealer.step(TIME + 100, &prices).unwrap() else {
        panic!("it is old enough")
    };
    let more = vec![world.transfer(Address::repeat_byte(0x98))];
    world.block(TIME + 3, more);
    let SealStep::Sealed { .. } = sealer.step(TIME + 100, &prices).unwrap() else {
        panic!("it is old enough")
    };

    let queue = Arc::new(JobQueue::new(Arc::clone(&world.store), 1, JobSettings::default()).unwrap());
    let jobs = || LocalJobs::new(Arc::clone(&queue), Arc::clone(&world.store), world.config);
    let folder = tempfile::tempdir().unwrap();
    let stop = Cell::new(false);
    let worker = Worker::new(jobs(), "first", folder.path()).unwrap();
    let step = worker.step(&|| stop.get(), &mut |progress| {
        stop.set(matches!(progress.phase, Phase::Recursion { .. }));
    });
    assert_eq!(step.unwrap(), WorkStep::Stopped);
    assert!(queue.state(JobKey { batch: 1, version: 1 }, 0).unwrap().0.is_none(), "it gave the job back");
    drop(worker);

    // Started again, it goes on with what is in the folder.
    let worker = Worker::new(jobs(), "again", folder.path()).unwrap();
    let mut seen = Vec::new();
    let step = worker.step(&|| false, &mut |progress| {
        assert!(progress.done <= progress.total);
        if seen.last() != Some(progress) {
            seen.push(*progress);
            println!("{}: {} of {}, {:?} left", progress.phase, progress.done, progress.total, progress.left);
        }
    });
    let WorkStep::Proven { batch: 1, finish: Finish::Stored, time } = step.unwrap() else {
        panic!("it is proven")
    };
    println!("proven in {time:?}");
    assert!(seen.windows(2).all(|pair| pair[0].done <= pair[1].done));
    assert_eq!(seen.last().map(|progress| progress.phase), Some(Phase::Final));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left behind");

    let proof = world.store.proof(1).unwrap().unwrap();
    ProofVerifier::of_batches().unwrap().verify(&first.output.hash(), &proof).unwrap();
    assert_eq!(queue.proven().unwrap(), 1);
    let mut changed = proof.clone();
    changed[1_000] ^= 1;
    let second = JobKey { batch: 2, version: 1 };
    for lie in [&proof, &changed] {
        assert!(matches!(queue.finish("liar", second, lie, 0).unwrap(), Finish::Refused { .. }));
    }
    let tree = operation_tree(&world.store).unwrap();
    let call = settle_call(&world.store, 1, &tree, rollup_key().unwrap().program_key()).unwrap().call;
    assert_eq!(call.evidence[0].proof.len(), proof.len());
    assert_eq!(call.evidence[0].tree.count, U256::ZERO);
}
