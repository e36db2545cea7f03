//! Proofs of the narrow table: with its constraints, its public words, and at full size its parameters.

use std::sync::Arc;

use ashlar_circuit::narrow::{NarrowAir, NarrowFixed, first, fixed_matrix, trace};
use ashlar_machine::Val;
use ashlar_stark::{Instance, prove};
use ashlar_verifier::config::{Challenge, LAST, Parameters};
use ashlar_verifier::last::{FinalKey, FinalProof, FinalShape, WORDS, Word, try_salts, verify_final};
use p3_batch_stark::ProverData;
use p3_field::PrimeCharacteristicRing;

use crate::evm::{Verdict, verify};
use crate::table::{SMALL, words};

/// A table whose rows read the public words one after the other, and whose blocks hand out what they permute, so that most
/// columns are no constants.
pub(crate) struct Narrow {
    pub(crate) key: FinalKey<NarrowAir>,
    pub(crate) words: Vec<Word>,
    pub(crate) bytes: Vec<u8>,
}

impl Narrow {
    pub(crate) fn new(parameters: &Parameters, log_rows: usize, count: usize) -> Self {
        let rows = 1 << log_rows;
        let words = words(count);
        let mut fixed = vec![NarrowFixed::<Val>::default(); rows];
        let mut operands = vec![[Challenge::ZERO; 4]; rows];
        // In the rows between the first and the last of a block.
        let free = (0..rows).filter(|row| ![0, 1, 7].contains(&(row % 8)));
        for ((i, word), row) in words.iter().enumerate().zip(free) {
            fixed[row].address[0] = Val::from_usize(1 + i);
            fixed[row].count[0] = Val::NEG_ONE;
            operands[row][0] = Challenge::new(*word);
        }
        // Blocks absorb their own number; all but the last load zeros that way.
        let inputs: Vec<[Val; 16]> = (0..rows / 8)
            .map(|block| {
                let row = 8 * block;
                fixed[row].set([first::ABSORBS[0], first::LOADS]);
                let numbers = core::array::from_fn(|i| Val::from_usize(1000 * block + i));
                operands[row][0] = Challenge::new(numbers);
                let mut input = [Val::ZERO; 16];
                input[..4].copy_from_slice(&numbers);
                input
            })
            .collect();
        let table = NarrowAir::new(Arc::new(fixed_matrix(&fixed, rows)));
        let trace = trace(&inputs, &operands, rows);
        let air = NarrowAir::default();
        let shape = FinalShape::new(parameters, &air, log_rows, count).expect("a shape");
        let fixed = p3_air::BaseAir::<Val>::preprocessed_trace(&table);
        let mut root = None;
        let proof = try_salts(parameters, &words, None, |config| {
            let tables = core::slice::from_ref(&table);
            let data = ProverData::from_airs_and_degrees(config, tables, &[log_rows]).expect("data");
            root = data.common.preprocessed.as_ref().map(|fixed| fixed.commitment.roots()[0]);
            let instance =
                Instance { air: &table, trace: &trace, fixed: fixed.as_ref(), public_values: Vec::new() };
            prove(config, parameters.log_blowup, &[instance], &data).map(|(proof, _)| proof)
        });
        let (salt, proof) = proof.expect("a proof").expect("a salt");
        let key = FinalKey { air, shape, fixed: root.expect("a root") };
        let bytes = FinalProof { salt, proof }.encode(&key, &words).expect("bytes");
        Self { key, words, bytes }
    }
}

/// As small as it gets with the arity of real proofs.
pub(crate) fn small() -> Narrow {
    Narrow::new(&Parameters { log_arity_max: 4, ..SMALL }, 7, 40)
}

#[test]
fn proofs_of_the_narrow_table_are_accepted() {
    let narrow = small();
    assert_eq!(verify_final(&narrow.bytes, &narrow.key, &narrow.words), Ok(()));
    let verdict = verify(&narrow.key, &narrow.words, &narrow.bytes);
    assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    // Other words have other challenges, and the sum does not fit.
    let mut other = narrow.words.clone();
    other[39][3] += Val::ONE;
    assert!(matches!(verify(&narrow.key, &other, &narrow.bytes), Verdict::Reverted(_)));
}

/// What a proof of full size costs.
#[test]
#[ignore = "takes minutes"]
fn gas_at_full_size() {
    let queries =
        std::env::var("QUERIES").ok().and_then(|queries| queries.parse().ok()).unwrap_or(LAST.queries);
    let log_blowup =
        std::env::var("LOG_BLOWUP").ok().and_then(|log| log.parse().ok()).unwrap_or(LAST.log_blowup);
    let log_rows = std::env::var("LOG_ROWS").ok().and_then(|log| log.parse().ok()).unwrap_or(16);
    let parameters = Parameters { queries, log_blowup, query_grinding: 16, ..LAST };
    let narrow = Narrow::new(&parameters, log_rows, WORDS);
    let (bytes, zeros) = (narrow.bytes.len(), narrow.bytes.iter().filter(|byte| **byte == 0).count());
    let verdict = verify(&narrow.key, &narrow.words, &narrow.bytes);
    println!("{queries} queries, blowup 2^{log_blowup}: {bytes} bytes, of which zero: {zeros}; {verdict:?}");
    if let Ok(path) = std::env::var("PROOF_OUT") {
        std::fs::write(path, &narrow.bytes).expect("a file");
    }
    assert!(matches!(verdict, Verdict::Accepted { .. }));
}
