//! A circuit without public words, proven, with p3 as the judge.

use ashlar_stark::prove;
use ashlar_verifier::config::{Parameters, SEGMENT};
use p3_batch_stark::{ProverData, verify_batch};
use p3_field::PrimeCharacteristicRing;

use super::{Table, uses};
use crate::bus::name;
use crate::extension::{coefficients, element};
use crate::narrow::{BLOCK, NarrowAir};
use crate::{Challenge, Val};

/// Pieces of the quotient.
pub(super) const PIECES: usize = 4;

/// Parameters for a small table.
const SMALL: Parameters = Parameters {
    log_blowup: 3,
    log_final_polynomial: 0,
    log_arity_max: 2,
    queries: 4,
    query_grinding: 1,
    cap_height: 0,
    ..SEGMENT
};

/// Every use, and blocks whose rows define what is read elsewhere, and read what is defined.
fn balanced() -> Table {
    let mut table = uses::every_use();
    let left: Vec<_> = table.instance().balance().on(name::WITNESS).into_iter().collect();
    for messages in left.chunks(4 * BLOCK) {
        let row = table.block([Val::ZERO; 16]);
        for (i, (message, count)) in messages.iter().enumerate() {
            let value = element(&core::array::from_fn(|i| Val::from_u32(message[1 + i])));
            table.wire(row + i / 4, i % 4, message[0], value, -i32::try_from(*count).expect("a small count"));
        }
    }
    assert!(table.instance().balance().is_zero());
    table
}

/// Whether the proof of a table is accepted; p3 makes the key again of the fixed columns.
fn is_accepted(table: &Table) -> bool {
    let instance = table.instance();
    let config = SMALL.config();
    let log_height = table.height().ilog2() as usize;
    let airs = [instance.air.clone()];
    let data = ProverData::from_airs_and_degrees(&config, &airs, &[log_height]).expect("a key");
    let fixed = p3_air::BaseAir::<Val>::preprocessed_trace(&instance.air);
    let instances = [ashlar_stark::Instance {
        air: &instance.air,
        trace: &instance.trace,
        fixed: fixed.as_ref(),
        public_values: Vec::new(),
    }];
    let (proof, _) = prove(&config, SMALL.log_blowup, &instances, &data).expect("a proof");
    let opened = &proof.opened_values.instances[0];
    assert_eq!(opened.base_opened_values.quotient_chunks.len(), PIECES);
    assert_eq!(opened.permutation_local.len(), 2 * 4);
    // A verifier has constraints only.
    let airs = [NarrowAir::default()];
    verify_batch(&config, &airs, &proof, &[Vec::new()], &data.common).is_ok()
}

#[test]
fn a_circuit_is_proven_and_verified() {
    let table = balanced();
    assert!(is_accepted(&table));
    // A wire with another value where nothing but the bus binds it.
    let mut forged = table;
    let last = forged.operands.iter().rposition(|operands| operands[0] != Challenge::ZERO).expect("a wire");
    let mut value = coefficients(forged.operands[last][0]);
    value[3] += Val::ONE;
    forged.operands[last][0] = element(&value);
    assert!(!is_accepted(&forged));
}
