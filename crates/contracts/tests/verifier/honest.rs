//! Proofs of a small table with everything that one may have.

use alloy_sol_types::SolError;
use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{RefusedFinal, verify_final};

use crate::evm::{ProofTwoRows, Verdict, revert, tree_number, verify};
use crate::mutations::variable;
use crate::table::{Fixture, SMALL};

pub(crate) const NO_GRINDING: Parameters = Parameters {
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    ..SMALL
};

#[test]
fn proofs_of_every_shape_are_accepted() {
    let shapes = [
        SMALL,
        NO_GRINDING,
        Parameters { log_blowup: 6, log_arity_max: 4, log_final_polynomial: 0, ..SMALL },
        Parameters { log_arity_max: 1, queries: 1, ..SMALL },
        Parameters { log_arity_max: 2, log_final_polynomial: 5, ..SMALL },
        Parameters { queries: 60, log_blowup: 1, log_final_polynomial: 1, ..SMALL },
    ];
    for parameters in shapes {
        for (degree, words) in [(2, 0), (3, 1), (5, 40)] {
            let fixture = Fixture::new(&parameters, words, degree);
            let verdict = verify(&fixture.key, &fixture.words, &fixture.bytes);
            assert!(
                matches!(verdict, Verdict::Accepted { .. }),
                "{parameters:?}, degree {degree}: {verdict:?}"
            );
        }
    }
}

/// Every byte of a proof, with and without grinding, which would hide later checks. With ASHLAR_FINAL_STEP only every
/// so-manieth one.
#[test]
fn mutated_proofs_are_refused_for_the_same_reason() {
    let step = variable("ASHLAR_FINAL_STEP", 1).try_into().expect("a number of bytes");
    for parameters in [SMALL, NO_GRINDING] {
        let fixture = Fixture::new(&parameters, 2, 5);
        for byte in (0..fixture.bytes.len()).step_by(step) {
            let mut bytes = fixture.bytes.clone();
            bytes[byte] ^= 1 << (byte % 8);
            check(&fixture, &bytes, byte);
        }
        for length in [0, 3, 4, 100, fixture.bytes.len() - 26, fixture.bytes.len() - 1] {
            check(&fixture, &fixture.bytes[..length], length);
        }
        for more in [1, 4, 26] {
            check(&fixture, &[fixture.bytes.as_slice(), &vec![0; more]].concat(), more);
        }
    }
}

fn check(fixture: &Fixture, bytes: &[u8], place: usize) {
    let native = verify_final(bytes, &fixture.key, &fixture.words).expect_err("a refusal");
    let verdict = verify(&fixture.key, &fixture.words, bytes);
    let Verdict::Reverted(data) = verdict else {
        panic!("byte {place}: the native verifier refuses: {native}; the contract: {verdict:?}");
    };
    let expected = revert(&native, tree_number);
    // The contract compares rows of equal indices before it folds.
    if native == RefusedFinal::FinalPolynomial && data.starts_with(&ProofTwoRows::SELECTOR) {
        return;
    }
    assert_eq!(hex::encode(&data), hex::encode(expected), "byte {place}: {native}");
}
