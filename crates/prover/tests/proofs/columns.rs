//! One cell per table changed: the prover makes its proof all the same, and the verifier refuses it.

use ashlar_machine::Val;
use ashlar_verifier::RefusedProof;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use crate::support::fixture;

/// Changes one cell in a live row of each table, another column each time the test is changed, and proves.
#[test]
fn refuses_a_changed_cell_of_every_table() {
    let fixture = fixture();
    let job = &fixture.jobs[1];
    let tables = fixture.prover.trace(job).expect("traces").tables.len();
    for table in 0..tables {
        let mut traces = fixture.prover.trace(job).expect("traces");
        let changed = &mut traces.tables[table];
        let width = changed.trace.width();
        changed.trace.values[width / 2] += Val::ONE;
        let name = changed.table.name();
        let (proof, _) = fixture.prover.prove(job, &traces).expect("a proof");
        let refused = fixture.verifier.verify_segment(1, &job.start, &proof);
        assert!(matches!(refused, Err(RefusedProof::Segment { segment: 1, .. })), "{name}: {refused:?}");
    }
}
