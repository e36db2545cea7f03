//! Calls of the deployed contract that carry a good proof in a bad envelope.

use alloy_sol_types::SolError;

use crate::evm::Verdict;
use crate::real::{Proof, ProofEncoding, all, one, proofs, refusal};

/// A call of `verify`, then one of `verifyAll`, and where the words of each head stand.
fn calls(proof: &Proof) -> [Vec<u8>; 2] {
    [one(&proof.statements[0], &proof.bytes), all(&proof.statements, &proof.bytes)]
}

fn assert_encoding(verdict: Verdict, case: &str) {
    assert_eq!(refusal(verdict), ProofEncoding {}.abi_encode(), "{case}");
}

#[test]
fn bytes_behind_a_good_proof_are_refused() {
    let mut padded = false;
    for proof in proofs() {
        for call in calls(proof) {
            for more in [vec![0], vec![1], vec![0; 31], vec![0; 32], vec![0xff; 64]] {
                assert_encoding(proof.call([call.as_slice(), &more].concat()), "bytes follow");
            }
            // The proof's last word is padded: without that, or with anything in it.
            let padding = (32 - proof.bytes.len() % 32) % 32;
            padded |= padding > 0;
            for byte in call.len() - padding..call.len() {
                let mut changed = call.clone();
                changed[byte] = 1;
                assert_encoding(proof.call(changed), "padding");
                assert_encoding(proof.call(call[..byte].to_vec()), "too little padding");
            }
        }
    }
    assert!(padded, "both proofs are of whole words");
}

/// Each word of the head moved, also together with what it points to: one statement has one call.
#[test]
fn arguments_in_other_places_are_refused() {
    let proof = &proofs()[0];
    let [one, all] = calls(proof);
    // A word between head and proof, with the offset that fits.
    let mut moved = one.clone();
    moved.splice(100..100, [0; 32]);
    moved[99] += 32;
    assert_encoding(proof.call(moved), "verify");
    let statements_end = 4 + 3 * 32 + 64 * proof.statements.len();
    let mut moved = all.clone();
    moved.splice(statements_end..statements_end, [0; 32]);
    moved[4 + 63] += 32;
    assert_encoding(proof.call(moved), "verifyAll, before the proof");
    let mut moved = all.clone();
    moved.splice(68..68, [0; 32]);
    moved[4 + 31] += 32;
    moved[4 + 63] += 32;
    assert_encoding(proof.call(moved), "verifyAll, before the statements");
    // The proof before the statements.
    let mut swapped = all[..68].to_vec();
    swapped.extend(&all[statements_end..]);
    let at = swapped.len() - 4;
    swapped.extend(&all[68..statements_end]);
    swapped[4..36].copy_from_slice(&alloy_primitives::U256::from(at).to_be_bytes::<32>());
    swapped[36..68].copy_from_slice(&alloy_primitives::U256::from(64).to_be_bytes::<32>());
    assert_encoding(proof.call(swapped), "verifyAll, exchanged");
}

#[test]
fn every_bit_of_the_envelope_matters() {
    let proof = &proofs()[0];
    for (call, end) in calls(proof).into_iter().zip([132, 4 + 3 * 32 + 64 + 32]) {
        for byte in 0..end {
            let mut changed = call.clone();
            changed[byte] ^= 1;
            let verdict = proof.call(changed);
            assert!(!matches!(verdict, Verdict::Accepted { .. }), "byte {byte}");
        }
    }
}
