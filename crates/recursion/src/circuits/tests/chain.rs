//! Proofs of full size: of a circuit that claims statements without proof, of `shrink`, and a witness of `last`.

use std::sync::Arc;

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{CircuitAir, Val};
use ashlar_verifier::config::{RECURSION, SHRINK};
use ashlar_verifier::{Circuit, CircuitKeys, Commitment, SHRINK_OPERATIONS};
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::super::claim;
use super::super::inputs::words;
use super::statements::{Claim, assert_holds, digest, root, slots};
use crate::builder::{self, Builder, Source};
use crate::circuits::{
    CircuitInputs, InnerProof, LAYER, LastClaim, ShrinkClaim, SlotClaim, build_last, build_shrink,
};

/// The circuit's tables, with fixed columns.
fn airs(circuit: &builder::Circuit) -> Vec<CircuitAir> {
    let fixed: Vec<_> = circuit.fixed().into_iter().map(Arc::new).collect();
    let (compress, arithmetic) = (fixed.len() - 2, fixed.len() - 1);
    let operations = circuit.shape().operations;
    let table = |(i, fixed): (usize, &Arc<RowMajorMatrix<Val>>)| match i {
        i if i == arithmetic => CircuitAir::Arithmetic(ArithmeticAir::new(operations, fixed.clone())),
        i if i == compress => CircuitAir::Compress(CompressAir::new(fixed.clone())),
        _ => CircuitAir::Sponge(SpongeAir::new(fixed.clone())),
    };
    fixed.iter().enumerate().map(table).collect()
}

/// The public values of each table.
fn values(tables: usize, claim: [Val; 8]) -> Vec<Vec<Val>> {
    let mut values = vec![Vec::new(); tables];
    values[tables - 2] = claim.to_vec();
    values
}

/// Proves a circuit with p3's own loop: the proof, and what is common to proofs of the circuit.
macro_rules! prove {
    ($config:expr, $circuit:expr, $witness:expr) => {{
        let airs = airs($circuit);
        let traces = $circuit.traces($witness);
        let traces: Vec<_> = traces.iter().collect();
        let values = values(airs.len(), $witness.public_values);
        let instances = StarkInstance::new_multiple(&airs, &traces, &values);
        let data = ProverData::from_instances($config, &instances).unwrap();
        (prove_batch($config, &instances, &data).unwrap(), data.common)
    }};
}

/// A circuit of the layer that claims whatever it is told.
fn gullible() -> builder::Circuit {
    let mut builder = Builder::new();
    let circuits = claim::words(&mut builder, Source(0));
    let root = claim::words(&mut builder, Source(0));
    let runs = claim::runs_claim(&mut builder, circuits, root);
    claim::publish(&mut builder, runs);
    builder.finish(&LAYER).unwrap()
}

/// Keys of a verifier that takes it for every circuit.
fn keys(cap: &Commitment) -> CircuitKeys {
    CircuitKeys::new(vec![cap.clone(); Circuit::COUNT]).unwrap()
}

#[test]
#[ignore = "two proofs of full size"]
fn last_verifies_a_proof_of_shrink() {
    let slots = slots(3);
    let root = root(&slots);
    let circuit = gullible();
    // Its key does not depend on the claim, but the claim on its key.
    let config = RECURSION.config();
    let witness = circuit.run(&mut Claim(vec![Default::default(); 4])).unwrap();
    let (_, common) = prove!(&config, &circuit, &witness);
    let keys = keys(&common.preprocessed.as_ref().unwrap().commitment);
    let circuits = keys.root();
    let claimed = [words(&circuits), words(&root)].concat();
    let witness = circuit.run(&mut Claim(claimed)).unwrap();
    let (proof, _) = prove!(&config, &circuit, &witness);

    let shrink = build_shrink().unwrap();
    let inner = InnerProof::new(&keys, Circuit::Finish, &proof).unwrap();
    let mut inputs = CircuitInputs::shrink(&ShrinkClaim { circuits, root }, inner).unwrap();
    let witness = shrink.run(&mut inputs).unwrap();
    let mut other = CircuitInputs::shrink(&ShrinkClaim { circuits, root: digest(1) }, inner).unwrap();
    assert!(shrink.run(&mut other).is_err());
    let config = SHRINK.shrink_config();
    let (proof, common) = prove!(&config, &shrink, &witness);
    let tables = CircuitAir::small_layer(SHRINK_OPERATIONS);
    let values = values(tables.len(), witness.public_values);
    verify_batch(&config, &tables, &proof, &values, &common).unwrap();

    let last = build_last(&common.preprocessed.as_ref().unwrap().commitment).unwrap();
    let run = |circuits, slots: &[SlotClaim]| {
        last.run(&mut CircuitInputs::last(&LastClaim { circuits, joined: None, slots }, &proof).unwrap())
    };
    let witness = run(circuits, &slots).unwrap();
    assert_eq!(witness.public_words[1..3], words(&circuits));
    assert_holds(&last, &witness);
    // Other statements, fewer, and another list of circuits.
    let mut others = slots.clone();
    others[1].output[1][7] += Val::TWO;
    assert!(run(circuits, &others).is_err());
    assert!(run(circuits, &slots[..2]).is_err());
    assert!(run(digest(1), &slots).is_err());
}
