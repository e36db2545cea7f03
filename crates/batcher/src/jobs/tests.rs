//! Jobs over a store in memory. A proof is what begins with the output's hash: that final proofs are judged as Ethereum judges them is
//! tested where they are made.

use super::*;
use alloy_primitives::Bytes;
use ashlar_storage::{BatchRecord, MemoryStore};
use std::sync::Arc;

const SETTINGS: JobSettings = JobSettings { lease: 100, failures_max: 2, pause: 1_000, ahead: 4 };

fn batch(number: u64) -> BatchRecord {
    let word = B256::repeat_byte(1);
    let output = RollupOutput {
        chain_id: 7,
        config_hash: word,
        commitment_before: word,
        commitment_after: word,
        first_block: number,
        last_block: number,
        first_timestamp: 1,
        last_timestamp: 2,
        data_commitment: word,
        first_operation: 0,
        operations: 0,
        operations_hash: word,
        transactions: 5,
        upgrade_hash: word,
        batch_root: word,
        logs: 0,
    };
    BatchRecord {
        number,
        output,
        pubdata: Bytes::new(),
        versioned_hashes: Vec::new(),
        logs: Vec::new(),
        operations_before: 0,
        cost: 7,
        sealed_at: 8,
    }
}

type Queue = JobQueue<Arc<MemoryStore>>;

fn queue_over(store: Arc<MemoryStore>) -> Queue {
    let judge = |output: &B256, proof: &[u8]| match proof == output.as_slice() {
        true => Ok(()),
        false => Err("it is another one".to_owned()),
    };
    JobQueue { store, version: 1, settings: SETTINGS, judge: Box::new(judge), writer: Mutex::new(()) }
}

/// A queue of this many batches.
fn queue(batches: u64) -> Queue {
    let store = Arc::new(MemoryStore::default());
    let mut changes = Changes::default();
    (1..=batches).for_each(|number| batch(number).put(&mut changes));
    store.write(changes).unwrap();
    queue_over(store)
}

const fn key(batch: u64) -> JobKey {
    JobKey { batch, version: 1 }
}

fn proof(number: u64) -> Vec<u8> {
    batch(number).output.hash().to_vec()
}

#[test]
fn two_workers_take_the_lowest_batches_and_each_its_own() {
    let queue = queue(3);
    let first = queue.take("a", 0).unwrap().unwrap();
    assert_eq!(first, Job { key: key(1), lease: 1, expires: 100, output: batch(1).output });
    assert_eq!(queue.take("b", 0).unwrap().unwrap().key, key(2));
    assert_eq!(queue.take("c", 0).unwrap().unwrap().key, key(3));
    assert_eq!(queue.take("d", 0).unwrap(), None);
    assert_eq!(queue.state(key(2), 0).unwrap().0.as_deref(), Some("b"));
    // Out of order: the count goes on when the gap closes.
    assert_eq!(queue.finish("b", key(2), &proof(2), 10).unwrap(), Finish::Stored);
    assert_eq!(queue.proven().unwrap(), 0);
    assert_eq!(queue.finish("a", key(1), &proof(1), 10).unwrap(), Finish::Stored);
    assert_eq!(queue.proven().unwrap(), 2);
    assert_eq!(queue.store.proof(2).unwrap().unwrap(), proof(2));
    assert_eq!(queue.store.get(Table::Jobs, &key(1).bytes()).unwrap(), None, "it is done");
    assert_eq!(queue.take("a", 10).unwrap(), None, "the third is another's");
}

#[test]
fn it_is_known_who_is_at_what() {
    let queue = queue(4);
    let open = |now| {
        let jobs = queue.open_jobs(now).unwrap();
        jobs.into_iter().map(|job| (job.batch, job.worker, job.failures)).collect::<Vec<_>>()
    };
    assert_eq!(open(0), [], "nobody was at anything");
    let workers = ["a", "b", "c"].map(|worker| queue.take(worker, 0).unwrap().unwrap());
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(open(0), [(1, name("a"), 0), (2, name("b"), 0), (3, name("c"), 0)]);
    queue.fail("b", key(2), workers[1].lease, "no memory", 5).unwrap();
    queue.finish("c", key(3), &proof(3), 5).unwrap();
    assert_eq!(open(5), [(1, name("a"), 0), (2, None, 1)], "what is proven is done");
    assert_eq!(open(100), [(1, None, 0), (2, None, 1)], "the first lease has ended");
    queue.finish("a", key(1), &proof(1), 100).unwrap();
    assert_eq!(open(100), [(2, None, 1)]);
}

#[test]
fn batches_far_ahead_wait() {
    let queue = queue(9);
    let taken = |worker: &str| queue.take(worker, 0).unwrap().map(|job| job.key.batch);
    assert_eq!(["a", "b", "c", "d", "e"].map(taken), [Some(1), Some(2), Some(3), Some(4), None]);
    queue.finish("a", key(1), &proof(1), 0).unwrap();
    assert_eq!(taken("e"), Some(5));
}

#[test]
fn a_worker_that_dies_or_lags_loses_its_lease() {
    let queue = queue(1);
    let lost = queue.take("a", 0).unwrap().unwrap();
    assert_eq!(queue.take("b", 99).unwrap(), None);
    assert_eq!(queue.renew("a", key(1), lost.lease, 99).unwrap(), 199);
    assert_eq!(queue.take("b", 198).unwrap(), None);
    let taken = queue.take("b", 199).unwrap().unwrap();
    assert_eq!((taken.lease, taken.expires), (2, 299));
    assert!(matches!(queue.renew("a", key(1), lost.lease, 200), Err(JobError::Lost(1))));
    assert!(matches!(queue.fail("a", key(1), lost.lease, "late", 200), Err(JobError::Lost(1))));
    assert!(matches!(queue.release("a", key(1), lost.lease, 200), Err(JobError::Lost(1))));
    assert_eq!(queue.take("a", 200).unwrap(), None);
    // Its proof is as good as another's.
    assert_eq!(queue.finish("a", key(1), &proof(1), 200).unwrap(), Finish::Stored);
    assert_eq!(queue.finish("b", key(1), &proof(1), 201).unwrap(), Finish::Known);
    assert!(matches!(queue.renew("b", key(1), taken.lease, 201), Err(JobError::Lost(1))));
}

#[test]
fn an_old_lease_of_the_same_worker_is_none() {
    let queue = queue(1);
    let old = queue.take("a", 0).unwrap().unwrap();
    let new = queue.take("a", 500).unwrap().unwrap();
    assert_eq!((old.lease, new.lease), (1, 2));
    assert!(matches!(queue.renew("a", key(1), old.lease, 501), Err(JobError::Lost(1))));
    assert!(queue.renew("a", key(1), new.lease, 501).is_ok());
}

#[test]
fn a_lie_is_refused_and_the_job_goes_to_somebody_else() {
    let queue = queue(2);
    let lies = [proof(2), proof(1)[1..].to_vec(), [proof(1).as_slice(), &[0]].concat(), Vec::new()];
    for (tries, lie) in (1..).zip(&lies[..2]) {
        let job = queue.take("liar", tries).unwrap().unwrap();
        assert_eq!((job.key, job.lease), (key(1), tries));
        let finish = queue.finish("liar", key(1), lie, tries).unwrap();
        assert_eq!(finish, Finish::Refused { reason: "it is another one".into() });
        assert!(queue.store.proof(1).unwrap().is_none());
    }
    // It has lied twice: from here on it gets the other job, and an honest worker this one, at once.
    assert_eq!(queue.take("liar", 3).unwrap().unwrap().key, key(2));
    let job = queue.take("honest", 3).unwrap().unwrap();
    assert_eq!(job.key, key(1));
    // Lies about another's job do not take it away.
    for lie in &lies[2..] {
        assert!(matches!(queue.finish("liar", key(1), lie, 4).unwrap(), Finish::Refused { .. }));
    }
    assert!(queue.renew("honest", key(1), job.lease, 5).is_ok());
    let (owner, failures) = queue.state(key(1), 5).unwrap();
    assert_eq!((owner.as_deref(), failures.len()), (Some("honest"), 1));
    assert_eq!((failures[0].worker.as_str(), failures[0].count, failures[0].last), ("liar", 4, 4));
    assert_eq!(queue.finish("honest", key(1), &proof(1), 6).unwrap(), Finish::Stored);
}

#[test]
fn who_failed_too_often_may_try_again_after_a_while() {
    let queue = queue(1);
    for now in [0, 1] {
        let job = queue.take("a", now).unwrap().unwrap();
        queue.fail("a", key(1), job.lease, "no memory", now).unwrap();
    }
    assert_eq!(queue.take("a", 1_000).unwrap(), None);
    let job = queue.take("a", 1_001).unwrap().unwrap();
    queue.fail("a", key(1), job.lease, "no memory", 1_001).unwrap();
    assert!(queue.take("a", 1_002).unwrap().is_some(), "the count began anew");
    let (_, failures) = queue.state(key(1), 1_002).unwrap();
    assert_eq!((failures[0].count, failures[0].reason.as_str()), (1, "no memory"));
}

#[test]
fn a_job_that_is_given_back_is_free_at_once() {
    let queue = queue(1);
    let job = queue.take("a", 0).unwrap().unwrap();
    queue.release("a", key(1), job.lease, 1).unwrap();
    assert_eq!(queue.take("b", 1).unwrap().unwrap().lease, 2);
    assert!(queue.state(key(1), 1).unwrap().1.is_empty(), "it is no failure");
}

#[test]
fn after_a_restart_a_worker_goes_on_with_its_job() {
    let queue = queue(2);
    let job = queue.take("a", 0).unwrap().unwrap();
    queue.finish("b", key(1), b"lie", 0).unwrap();
    let again = queue_over(Arc::clone(&queue.store));
    assert_eq!(again.take("a", 50).unwrap().unwrap(), Job { expires: 150, ..job });
    assert_eq!(again.take("b", 50).unwrap().unwrap().key, key(2));
    again.finish("a", key(1), &proof(1), 51).unwrap();
    let third = queue_over(Arc::clone(&queue.store));
    assert_eq!(third.proven().unwrap(), 1);
    assert_eq!(third.finish("a", key(1), &proof(1), 52).unwrap(), Finish::Known);
}

#[test]
fn a_record_is_bounded() {
    let queue = queue(1);
    for worker in 0..40 {
        queue.finish(&format!("w{worker}"), key(1), &[0; 9], worker).unwrap();
    }
    let (_, failures) = queue.state(key(1), 40).unwrap();
    assert_eq!(failures.len(), 16);
    assert_eq!(failures[0].worker, "w24", "the longest ago are forgotten");
    let job = queue.take("a", 50).unwrap().unwrap();
    queue.fail("a", key(1), job.lease, &"é".repeat(100_000), 50).unwrap();
    assert!(queue.store.get(Table::Jobs, &key(1).bytes()).unwrap().unwrap().len() < 16_384);
}

#[test]
fn what_there_is_not_has_a_name() {
    let queue = queue(1);
    let other = JobKey { batch: 1, version: 2 };
    assert!(matches!(
        queue.finish("a", other, &proof(1), 0),
        Err(JobError::Version { found: 2, expected: 1 })
    ));
    assert!(matches!(queue.renew("a", other, 1, 0), Err(JobError::Version { .. })));
    assert!(matches!(queue.finish("a", key(2), &proof(2), 0), Err(JobError::NoBatch(2))));
    assert!(matches!(queue.renew("a", key(1), 0, 0), Err(JobError::Lost(1))));
    for name in ["", "a b", "ä", &"a".repeat(65)] {
        assert!(matches!(queue.take(name, 0), Err(JobError::Name)));
        assert!(matches!(queue.finish(name, key(1), &proof(1), 0), Err(JobError::Name)));
    }
    let mut changes = Changes::default();
    changes.put(Table::Jobs, key(1).bytes(), b"1");
    queue.store.write(changes).unwrap();
    assert!(queue.take("a", 0).unwrap_err().to_string().contains("job of batch 1"));
    let mut changes = Changes::default();
    changes.put(Table::Meta, PROVEN, b"1");
    queue.store.write(changes).unwrap();
    assert!(queue.take("a", 0).unwrap_err().to_string().contains("proven batches"));
}

#[test]
fn a_queue_of_real_proofs_refuses_what_is_none() {
    let store = Arc::new(MemoryStore::default());
    let mut changes = Changes::default();
    batch(1).put(&mut changes);
    store.write(changes).unwrap();
    let queue = JobQueue::new(Arc::clone(&store), 1, SETTINGS).unwrap();
    for lie in [Vec::new(), proof(1), vec![7; 94_000], vec![0; 1 << 20]] {
        assert!(matches!(queue.finish("a", key(1), &lie, 0).unwrap(), Finish::Refused { .. }));
    }
    assert!(store.proof(1).unwrap().is_none());
}
