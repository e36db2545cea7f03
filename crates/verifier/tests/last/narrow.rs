//! The table that final proofs are of.

use std::sync::Arc;

use ashlar_circuit::narrow::{BLOCK, NarrowAir, NarrowFixed, fixed_matrix, trace};
use ashlar_machine::Val;
use ashlar_verifier::config::{Challenge, LAST, Parameters};
use ashlar_verifier::last::{FinalKey, FinalShape, RefusedFinal, Tree, Word, verify_final};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::table::{Fixture, SMALL, words};

const LOG_ROWS: usize = 6;
const HEIGHT: usize = 1 << LOG_ROWS;

/// A circuit that computes a b + c + 9 of three public words, and permutes.
pub(crate) fn circuit_of(words: &[Word], height: usize) -> (NarrowAir, RowMajorMatrix<Val>) {
    let mut fixed = vec![NarrowFixed::default(); BLOCK];
    let mut operands = vec![[Challenge::ZERO; 4]; BLOCK];
    let [a, b, c] = [0, 1, 2].map(|i| Challenge::new(words[i]));
    operands[0] = [a, b, c, a * b + c + Val::from_u32(9)];
    fixed[0].address = [1, 2, 3, 4].map(Val::from_u32);
    fixed[0].count = [-1, -1, -1, 1].map(Val::from_i32);
    (fixed[0].operates, fixed[0].constant) = (Val::ONE, Val::from_u32(9));
    operands[5][2] = operands[0][3];
    (fixed[5].address[2], fixed[5].count[2]) = (Val::from_u32(4), Val::NEG_ONE);
    let inputs = [1, 2, 3].map(|i| [Val::from_u32(i); 16]);
    let air = NarrowAir::new(Arc::new(fixed_matrix(&fixed, height)));
    (air, trace(&inputs, &operands, height))
}

/// The same in as few rows as anybody needs here.
pub(crate) fn circuit(words: &[Word]) -> (NarrowAir, RowMajorMatrix<Val>) {
    circuit_of(words, HEIGHT)
}

#[test]
fn circuits_are_proven() {
    let parameters = Parameters { log_blowup: 6, log_arity_max: 4, log_final_polynomial: 1, ..SMALL };
    for parameters in [SMALL, parameters] {
        let words = words(3);
        let (air, trace) = circuit(&words);
        let fixture = Fixture::of_trace(&parameters, &air, &words, &trace, None);
        let shape = &fixture.key.shape;
        let widths =
            [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary].map(|tree| shape.row_width(tree));
        assert_eq!(widths, [48, 16, 20, 8]);
        // A verifier's key has no fixed columns, only their root.
        let shape = FinalShape::new(&parameters, &NarrowAir::default(), LOG_ROWS, 3).expect("a shape");
        assert_eq!(shape, fixture.key.shape);
        let key = FinalKey { air: NarrowAir::default(), shape, fixed: fixture.key.fixed };
        assert_eq!(verify_final(&fixture.bytes, &key, &words), Ok(()));
        let error = fixture.judge(&fixture.proof).expect_err("words are missing");
        assert!(error.contains("terminal"), "{error}");
        for byte in (0..fixture.bytes.len()).step_by(41) {
            let mut bytes = fixture.bytes.clone();
            bytes[byte] ^= 4;
            assert!(verify_final(&bytes, &key, &words).is_err(), "byte {byte}");
        }
    }
}

#[test]
fn circuits_that_do_not_hold_are_refused() {
    let words = words(3);
    let (air, honest) = circuit(&words);
    // A state, a middle, a, b, c and d of the operation, the wire where it is read.
    for (row, column, error) in [
        (3, 4, RefusedFinal::Quotient),
        (9, 20, RefusedFinal::Quotient),
        (0, 32, RefusedFinal::Quotient),
        (0, 44, RefusedFinal::Quotient),
        (5, 40, RefusedFinal::Messages),
    ] {
        let mut trace = honest.clone();
        trace.values[48 * row + column] += Val::ONE;
        let fixture = Fixture::of_trace(&SMALL, &air, &words, &trace, None);
        let verdict = verify_final(&fixture.bytes, &fixture.key, &words);
        // The sum is looked at first, and a changed wire is not in it either.
        let expected = [Err(error), Err(RefusedFinal::Messages)];
        assert!(expected.contains(&verdict), "row {row}, column {column}: {verdict:?}");
    }
}

/// The table of 2^16 rows with the parameters of real proofs: minutes, and gigabytes.
#[test]
#[ignore = "a proof of the real size takes minutes and gigabytes"]
fn a_circuit_of_the_real_size_is_proven() {
    let words = words(3);
    let (air, trace) = circuit_of(&words, 1 << 16);
    let start = std::time::Instant::now();
    let fixture = Fixture::of_trace(&LAST, &air, &words, &trace, None);
    println!("{} bytes in {:.1?}", fixture.bytes.len(), start.elapsed());
    let start = std::time::Instant::now();
    assert_eq!(verify_final(&fixture.bytes, &fixture.key, &words), Ok(()));
    println!("verified in {:.1?}", start.elapsed());
}
