//! One cell per table changed: the prover makes its proof all the same, and the verifier refuses it.

use ashlar_machine::{SHAPES, Table, Val};
use ashlar_prover::{Plan, Prover};
use ashlar_verifier::RefusedProof;
use ashlar_vm::{Options, SegmentLimits};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use crate::support::{fixture, program_of_other_calls};

/// Changes one cell in a live row of each table of the smallest shape, and proves.
#[test]
fn refuses_a_changed_cell_of_every_table() {
    let fixture = fixture();
    let job = &fixture.jobs[1];
    let tables = fixture.prover.trace(job).expect("traces").tables.len();
    for table in 0..tables {
        let mut traces = fixture.prover.trace(job).expect("traces");
        let changed = &mut traces.tables[table];
        // This table has one column; the others fill its rows up.
        let is_single = changed.table == Table::KeccakTable;
        let column = if is_single { 0 } else { changed.trace.width() / 2 };
        changed.trace.values[column] += Val::ONE;
        let name = changed.table.name();
        let (proof, _) = fixture.prover.prove(job, &traces).expect("a proof");
        let refused = fixture.verifier.verify_segment(1, &job.start, &proof);
        assert!(matches!(refused, Err(RefusedProof::Segment { segment: 1, .. })), "{name}: {refused:?}");
    }
}

/// The same for the tables that the smallest shape does not have, in the segments of a run that calls for them.
#[test]
fn refuses_a_changed_cell_of_the_tables_of_other_calls() {
    let program = program_of_other_calls();
    let with = |table| *SHAPES.iter().find(|shape| shape.height(table) > 0).expect("a shape");
    let others = [Table::Permute, Table::Modmul384];
    let limits = SegmentLimits { cycles: 1 << 19, shapes: others.map(with).to_vec() };
    let plan = Plan::with_limits(&program, &[], Options::default(), limits).expect("a plan");
    let prover = Prover::new(&program).expect("a key");
    let verifier = prover.verifier();
    let mut refused = Vec::new();
    for (segment, job) in plan.jobs().enumerate() {
        let job = job.expect("a job");
        let tables = prover.trace(&job).expect("traces").tables;
        let present = |other: &Table| tables.iter().any(|table| table.table == *other);
        for changed in [None].into_iter().chain(others.into_iter().filter(present).map(Some)) {
            let mut traces = prover.trace(&job).expect("traces");
            for table in traces.tables.iter_mut().filter(|table| Some(table.table) == changed) {
                let width = table.trace.width();
                table.trace.values[width / 2] += Val::ONE;
            }
            let (proof, _) = prover.prove(&job, &traces).expect("a proof");
            let verdict = verifier.verify_segment(segment, &job.start, &proof);
            assert_eq!(verdict.is_ok(), changed.is_none(), "{changed:?}: {verdict:?}");
            refused.extend(changed);
        }
    }
    assert!(others.iter().all(|other| refused.contains(other)), "{refused:?}");
}
