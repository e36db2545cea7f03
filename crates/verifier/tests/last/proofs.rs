//! Plonky3's verifier and ours say the same of changed proofs.

use ashlar_machine::Val;
use ashlar_verifier::config::{Challenge, Parameters};
use ashlar_verifier::last::{FinalProof, Node, verify_final};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::MerkleCap;

use crate::table::{Fixture, SMALL};

type Change = (&'static str, fn(&mut FinalProof));

fn bump(element: &mut Challenge) {
    *element += Challenge::ONE;
}

fn change_cap(cap: &mut MerkleCap<Val, Node>) {
    let mut root = cap.roots()[0];
    root[7] ^= 2;
    *cap = MerkleCap::new(vec![root]);
}

const CHANGES: &[Change] = &[
    ("nothing", |_| {}),
    ("salt", |p| p.salt += Val::ONE),
    ("main root", |p| change_cap(&mut p.proof.commitments.main)),
    ("aux root", |p| change_cap(p.proof.commitments.permutation.as_mut().unwrap())),
    ("quotient root", |p| change_cap(&mut p.proof.commitments.quotient_chunks)),
    ("round root", |p| change_cap(&mut p.proof.opening_proof.commit_phase_commits[1])),
    ("terminal", |p| p.proof.lookup_terminals[0].as_mut().unwrap().0 += Challenge::ONE),
    ("no terminal", |p| p.proof.lookup_terminals[0] = None),
    ("lookup nonce", |p| *p.proof.lookup_pow_witness.as_mut().unwrap() += Val::ONE),
    ("no lookup nonce", |p| p.proof.lookup_pow_witness = None),
    ("point nonce", |p| p.proof.ood_pow_witness += Val::ONE),
    ("batch nonce", |p| p.proof.opening_proof.batch_pow_witness += Val::ONE),
    ("round nonce", |p| p.proof.opening_proof.commit_pow_witnesses[0] += Val::ONE),
    ("query nonce", |p| p.proof.opening_proof.query_pow_witness += Val::ONE),
    ("main", |p| bump(&mut p.proof.opened_values.instances[0].base_opened_values.trace_local[3])),
    ("main next", |p| {
        bump(&mut p.proof.opened_values.instances[0].base_opened_values.trace_next.as_mut().unwrap()[4]);
    }),
    ("pieces", |p| p.proof.opened_values.instances[0].base_opened_values.quotient_chunks.swap(0, 1)),
    ("fewer pieces", |p| {
        p.proof.opened_values.instances[0].base_opened_values.quotient_chunks.pop();
    }),
    ("aux", |p| bump(&mut p.proof.opened_values.instances[0].permutation_local[5])),
    ("aux next", |p| bump(&mut p.proof.opened_values.instances[0].permutation_next[0])),
    ("aux moved", |p| {
        let table = &mut p.proof.opened_values.instances[0];
        let last = table.permutation_local.pop().unwrap();
        table.permutation_next.insert(0, last);
    }),
    ("row", |p| p.proof.opening_proof.input_openings[0].opened_values[2][0][1] += Val::ONE),
    ("piece's row", |p| p.proof.opening_proof.input_openings[1].opened_values[0][3][1] += Val::ONE),
    ("fixed row", |p| p.proof.opening_proof.input_openings[2].opened_values[1][0][2] += Val::ONE),
    ("rows swapped", |p| p.proof.opening_proof.input_openings[0].opened_values.swap(0, 1)),
    ("row short", |p| {
        p.proof.opening_proof.input_openings[3].opened_values[4][0].pop();
    }),
    ("row missing", |p| {
        p.proof.opening_proof.input_openings[0].opened_values.pop();
    }),
    ("path", |p| p.proof.opening_proof.input_openings[0].opening_proof.sibling_hashes[3][0] ^= 1),
    ("path swapped", |p| p.proof.opening_proof.input_openings[1].opening_proof.sibling_hashes.swap(0, 1)),
    ("path short", |p| {
        p.proof.opening_proof.input_openings[2].opening_proof.sibling_hashes.pop();
    }),
    ("path long", |p| {
        p.proof.opening_proof.commit_phase_openings[0].opening_proof.sibling_hashes.push([0; 26]);
    }),
    ("sibling", |p| bump(&mut p.proof.opening_proof.commit_phase_openings[0].sibling_values[3][1])),
    ("siblings swapped", |p| {
        p.proof.opening_proof.commit_phase_openings[0].sibling_values[0].swap(0, 1);
    }),
    ("siblings of another", |p| p.proof.opening_proof.commit_phase_openings[1].sibling_values.swap(0, 1)),
    ("round missing", |p| {
        p.proof.opening_proof.commit_phase_openings.pop();
    }),
    ("round added", |p| {
        let round = p.proof.opening_proof.commit_phase_openings[1].clone();
        p.proof.opening_proof.commit_phase_openings.push(round);
    }),
    ("round root missing", |p| {
        p.proof.opening_proof.commit_phase_commits.pop();
    }),
    ("final polynomial", |p| bump(&mut p.proof.opening_proof.final_poly[2])),
    ("final polynomial short", |p| {
        p.proof.opening_proof.final_poly.pop();
    }),
    ("no table", |p| p.proof.opened_values.instances.clear()),
];

#[test]
fn both_verifiers_judge_alike() {
    let without = Parameters {
        query_grinding: 0,
        fold_grinding: 0,
        batch_grinding: 0,
        lookup_grinding: 0,
        point_grinding: 0,
        ..SMALL
    };
    for parameters in [SMALL, without] {
        let fixture = Fixture::new(&parameters, 0, 5);
        for (name, change) in CHANGES {
            let bytes = postcard::to_extend(&fixture.proof, Vec::new()).expect("bytes");
            let mut proof: FinalProof = postcard::from_bytes(&bytes).expect("a proof");
            change(&mut proof);
            let ours = proof
                .encode(&fixture.key, &fixture.words)
                .is_ok_and(|bytes| verify_final(&bytes, &fixture.key, &fixture.words).is_ok());
            assert_eq!(ours, fixture.judge(&proof).is_ok(), "{name}");
            assert_eq!(ours, *name == "nothing", "{name}");
        }
    }
}
