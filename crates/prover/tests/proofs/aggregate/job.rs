//! Jobs: what another process is given to make a recursion proof.

use ashlar_prover::aggregate::{AggregatorError, Job, Task};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Boundary, Circuit};
use p3_batch_stark::BatchProof;

use super::{aggregator, ours};
use crate::support::{Fixture, fixture};

/// The proof of the fold that the run's statement was made of, as it was kept: behind the file's magic bytes.
fn folded() -> BatchProof<Config> {
    let (_, bytes) = &ours().kept[2];
    postcard::from_bytes(&bytes[8..]).expect("a kept proof")
}

/// The task that makes the statement of a run.
pub(super) fn finish_task(fixture: &Fixture) -> Task {
    let last = fixture.jobs.last().expect("a segment");
    let Boundary { root: end_root, digest, .. } = last.end;
    let key = fixture.prover.key().clone();
    Task::Finish { key, end_root, digest, circuit: Circuit::Fold.number() }
}

/// The same with what it is made of.
fn finish() -> Job {
    Job { task: finish_task(fixture()), inputs: vec![folded()] }
}

fn run(job: &Job) -> Result<BatchProof<Config>, AggregatorError> {
    Ok(aggregator().prove(&job.task, &job.inputs)?.0)
}

#[test]
fn a_job_is_all_that_another_process_needs() {
    let bytes = postcard::to_extend(&finish(), Vec::new()).expect("bytes");
    let job: Job = postcard::from_bytes(&bytes).expect("a job");
    let proof = run(&job).expect("a proof");
    let verifier = aggregator().verifier();
    let claim = job.task.claim(&verifier.root());
    verifier.verify_claim(job.task.circuit(), &claim, &proof).expect("an accepted proof");
}

#[test]
fn refuses_jobs_that_nobody_honest_sends() {
    let mut job = finish();
    job.inputs.push(folded());
    assert!(matches!(run(&job), Err(AggregatorError::Inputs { found: 2 })));
    job.inputs.clear();
    assert!(matches!(run(&job), Err(AggregatorError::Inputs { found: 0 })));

    for number in [Circuit::Join.number() + 1, u8::MAX] {
        let mut job = finish();
        let Task::Finish { circuit, .. } = &mut job.task else { unreachable!("a job of finish") };
        *circuit = number;
        assert!(matches!(run(&job), Err(AggregatorError::UnknownCircuit { .. })), "circuit {number}");
    }

    let mut job = finish();
    let Task::Finish { circuit, .. } = &mut job.task else { unreachable!("a job of finish") };
    *circuit = Circuit::Leaf(0).number();
    assert!(matches!(run(&job), Err(AggregatorError::Unsatisfied(_))), "a proof of another circuit");

    // A proof of this layer is no segment's.
    let start = fixture().jobs[0].start;
    for shape in [0, u8::MAX] {
        let key = fixture().prover.key().clone();
        let job = Job { task: Task::Leaf { shape, key, start, end: start }, inputs: vec![folded()] };
        let refused = run(&job);
        let expected =
            matches!(refused, Err(AggregatorError::BadInputs(_) | AggregatorError::UnknownCircuit { .. }));
        assert!(expected, "shape {shape}: {:?}", refused.err());
    }
}

#[test]
fn refuses_every_cut_of_a_jobs_bytes() {
    let bytes = postcard::to_extend(&finish(), Vec::new()).expect("bytes");
    for length in (0..bytes.len()).step_by(9_973) {
        assert!(postcard::from_bytes::<Job>(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
}
