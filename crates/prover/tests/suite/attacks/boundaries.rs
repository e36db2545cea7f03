//! Forged public values: every one of them is bound, and a segment fits no other place in the chain.

use ashlar_machine::Val;
use ashlar_machine::evaluate::evaluate;
use ashlar_verifier::public_values;
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::support::{air, traces};

/// pcs, exit code, roots, digests: a change of any of them is refused by the table that has it.
#[test]
fn refuses_every_other_public_value() {
    let (program, hints) = hints_and_commits();
    let mut run = Forgery::new(program, &hints);
    let mut traces = run.traces();
    for (table, count) in [(Table::Cpu, 4), (Table::Node, 16), (Table::Commit, 16)] {
        let honest = public_values(table, &run.job.start, &run.job.end);
        assert_eq!(honest.len(), count);
        let air = air(table, &run.rows, &run.job.shape);
        let trace = &trace(&mut traces, table).trace;
        assert_eq!(evaluate(&air, trace, &honest).failures, []);
        for i in 0..count {
            let mut forged = honest.clone();
            forged[i] += Val::ONE;
            assert_ne!(evaluate(&air, trace, &forged).failures, [], "{} {i}", table.name());
        }
    }
    // No other table has public values.
    let others = Table::ALL.into_iter().filter(|t| !matches!(t, Table::Cpu | Table::Node | Table::Commit));
    for table in others {
        assert!(public_values(table, &run.job.start, &run.job.end).is_empty());
    }
    run.job.end.pc = run.job.start.pc;
    assert_eq!(run.verdict(), ["table cpu"]);
}

/// Segments of a run in another order, twice, or with one left out: no two boundaries are the same, and each segment
/// is refused between any two that are not its own.
#[test]
fn refuses_segments_out_of_their_place() {
    let (program, hints) = crate::programs::calls(5);
    let jobs = jobs(&program, &hints, 60);
    assert!(jobs.len() > 3);
    let boundaries: Vec<_> = jobs.iter().map(|job| job.start).chain(jobs.last().map(|job| job.end)).collect();
    let segments: Vec<_> = jobs.iter().map(|job| traces(&program, job)).collect();
    let rows = program_rows(&program);
    for (i, start) in boundaries.iter().enumerate() {
        for (j, end) in boundaries.iter().enumerate() {
            for (number, segment) in segments.iter().enumerate() {
                let is_refused = segment.tables.iter().any(|table| {
                    let values = public_values(table.table, start, end);
                    let is_bound = !values.is_empty();
                    let air = air(table.table, &rows, &jobs[number].shape);
                    is_bound && !evaluate(&air, &table.trace, &values).failures.is_empty()
                });
                assert_eq!(is_refused, (i, j) != (number, number + 1), "segment {number} from {i} to {j}");
            }
        }
    }
}

/// What was last written to x0 goes from segment to segment in the tree, like any word.
#[test]
fn refuses_another_discarded_word() {
    let program = crate::programs::arithmetic(1);
    let jobs = jobs(&program, &[], 60);
    let job = jobs.iter().find(|job| job.discarded != 0).expect("a segment after a write to x0");
    let mut forged = job.clone();
    forged.discarded ^= 1;
    let refused = verdict(&program, job, &traces(&program, &forged));
    assert!(refused.contains(&"bus node".into()), "{refused:?}");
}

/// A run with another exit code than 0: the public values that a verifier takes have no room for it.
#[test]
fn refuses_another_exit_code() {
    let mut run = Forgery::new(stores_and_loads(), &[]);
    let last = run.events.cpu.len() - 1;
    run.events.cpu[last].b = 1;
    run.registers().new[reg::A0 as usize] = 1;
    run.rebuild_tree();
    let refused = run.verdict();
    assert!(refused.contains(&"table cpu".into()), "{refused:?}");
}

/// The run goes on after `HALT`, or ends before it but claims to have halted.
#[test]
fn refuses_an_end_that_is_no_halt() {
    let program = stores_and_loads();
    let segments = jobs(&program, &[], 5);
    let mut job = segments[0].clone();
    job.end.pc = ashlar_machine::cpu::HALTED;
    assert_eq!(verdict(&program, &job, &traces(&program, &job)), ["table cpu"]);
    let mut run = Forgery::new(program, &[]);
    run.job.end.pc = run.program.entry() + 4 * (run.rows.len() as u32 - 1);
    assert_eq!(run.verdict(), ["table cpu"]);
}
