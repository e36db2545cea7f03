//! What a verifier refuses of segments that are proven each on its own.

use ashlar_machine::Val;
use ashlar_machine::cpu::HALTED;
use ashlar_verifier::{RefusedProof, Verifier};
use p3_field::PrimeCharacteristicRing;

use crate::support::{fixture, stranger};

#[test]
fn accepts_an_honest_run() {
    fixture().verifier.verify(&fixture().proof()).expect("an honest proof");
}

#[test]
fn refuses_reordered_segments() {
    let mut proof = fixture().proof();
    proof.segments.swap(0, 1);
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::NotHalted)));
}

#[test]
fn refuses_a_run_without_its_first_segment() {
    let mut proof = fixture().proof();
    proof.segments.remove(0);
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Segment { segment: 0, .. })));
}

#[test]
fn refuses_a_run_without_its_last_segment() {
    let mut proof = fixture().proof();
    proof.segments.pop();
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::NotHalted)));
}

#[test]
fn refuses_a_run_without_segments() {
    let mut proof = fixture().proof();
    proof.segments.clear();
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::NoSegment)));
}

#[test]
fn refuses_a_duplicated_segment() {
    for (from, to) in [(0, 1), (1, 2)] {
        let mut proof = fixture().proof();
        let copy = fixture().proof().segments.swap_remove(from);
        proof.segments.insert(to, copy);
        let refused = fixture().verifier.verify(&proof);
        match from {
            0 => assert!(matches!(refused, Err(RefusedProof::Segment { segment: 1, .. }))),
            _ => assert!(matches!(refused, Err(RefusedProof::EarlyHalt { segment: 1 }))),
        }
    }
}

#[test]
fn refuses_a_change_of_the_cut() {
    for change in 0..3 {
        let mut proof = fixture().proof();
        let end = &mut proof.segments[0].end;
        match change {
            0 => end.root[7] += Val::ONE,
            1 => end.pc += 4,
            _ => end.digest[0] += Val::ONE,
        }
        assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Segment { segment: 0, .. })));
    }
}

#[test]
fn refuses_an_early_halt() {
    let mut proof = fixture().proof();
    proof.segments[0].end.pc = HALTED;
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Segment { segment: 0, .. })));
}

#[test]
fn refuses_an_end_above_the_image() {
    let mut proof = fixture().proof();
    proof.segments[0].end.pc |= 1 << 24;
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::EndOutside { segment: 0 })));
}

#[test]
fn refuses_another_output() {
    let mut proof = fixture().proof();
    proof.output[0] ^= 1;
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Output)));
    // The digest of the other output does not help: the last segment does not end with it.
    let last = proof.segments.len() - 1;
    proof.segments[last].end.digest = ashlar_verifier::committed_digest(&proof.output);
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Segment { .. })));
}

#[test]
fn refuses_another_programs_proof() {
    let proof = stranger().proof();
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::Program { .. })));
    let mut renamed = proof;
    renamed.program_key = fixture().verifier.program_key();
    assert!(matches!(fixture().verifier.verify(&renamed), Err(RefusedProof::Segment { segment: 0, .. })));
}

#[test]
fn refuses_another_initial_memory_and_entry_point() {
    for change in 0..2 {
        let mut key = fixture().prover.key().clone();
        match change {
            0 => key.initial_root[0] += Val::ONE,
            _ => key.entry += 4,
        }
        let verifier = Verifier::new(key);
        let mut proof = fixture().proof();
        assert!(matches!(verifier.verify(&proof), Err(RefusedProof::Program { .. })));
        proof.program_key = verifier.program_key();
        assert!(matches!(verifier.verify(&proof), Err(RefusedProof::Segment { segment: 0, .. })));
    }
}

#[test]
fn refuses_other_shapes_and_heights() {
    let mut proof = fixture().proof();
    proof.segments[0].shape = 200;
    let refused = fixture().verifier.verify(&proof);
    assert!(matches!(refused, Err(RefusedProof::UnknownShape { segment: 0, shape: 200 })));
    proof.segments[0].shape = 1;
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::TablesOfShape { segment: 0 })));
    let mut proof = fixture().proof();
    proof.segments[1].proof.degree_bits[0] += 1;
    assert!(matches!(fixture().verifier.verify(&proof), Err(RefusedProof::TablesOfShape { segment: 1 })));
}

/// Every part of a batch proof, changed in turn: challenges depend on all of them.
#[test]
fn refuses_a_change_of_any_message_of_the_prover() {
    type Change = fn(&mut ashlar_verifier::SegmentProof);
    let changes: [(&str, Change); 9] = [
        ("lookup grinding", |segment| segment.proof.lookup_pow_witness = Some(Val::TWO)),
        ("no lookup grinding", |segment| segment.proof.lookup_pow_witness = None),
        ("point grinding", |segment| segment.proof.ood_pow_witness += Val::ONE),
        ("terminals", |segment| segment.proof.lookup_terminals.swap(0, 1)),
        ("a terminal less", |segment| segment.proof.lookup_terminals[3] = None),
        ("commitments", |segment| {
            let commitments = &mut segment.proof.commitments;
            core::mem::swap(&mut commitments.main, &mut commitments.quotient_chunks);
        }),
        ("no auxiliary commitment", |segment| segment.proof.commitments.permutation = None),
        ("an opened value", |segment| {
            let opened = &mut segment.proof.opened_values.instances[0].base_opened_values;
            opened.trace_local.swap(0, 1);
        }),
        ("an opened value less", |segment| {
            segment.proof.opened_values.instances[0].permutation_next.pop();
        }),
    ];
    for (what, change) in changes {
        let mut proof = fixture().proof();
        change(&mut proof.segments[0]);
        let refused = fixture().verifier.verify(&proof);
        assert!(matches!(refused, Err(RefusedProof::Segment { segment: 0, .. })), "{what}: {refused:?}");
    }
}
