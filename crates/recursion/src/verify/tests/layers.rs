//! Proofs of circuits that verify proofs.

use std::sync::Arc;

use ashlar_circuit::arithmetic::ArithmeticAir;
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{CircuitAir, Val};
use p3_air::BaseAir;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::super::{ProofInputs, ProofShape};
use super::fixture::{OPERATIONS, SMALL, TestInputs, builder, fixtures};
use crate::builder::{Builder, CircuitShape};

/// The tables' constraints, with what a circuit fixes of them.
fn airs(fixed: Vec<RowMajorMatrix<Val>>) -> Vec<CircuitAir> {
    let Ok([first, second, compress, arithmetic]) = <[_; 4]>::try_from(fixed) else {
        panic!("four tables");
    };
    vec![
        CircuitAir::Sponge(SpongeAir::new(Arc::new(first))),
        CircuitAir::Sponge(SpongeAir::new(Arc::new(second))),
        CircuitAir::Compress(CompressAir::new(Arc::new(compress))),
        CircuitAir::Arithmetic(ArithmeticAir::new(OPERATIONS, Arc::new(arithmetic))),
    ]
}

/// The circuit's witness satisfies the tables; Plonky3 proves so; and a second circuit verifies that proof.
#[test]
fn a_circuit_verifies_the_proof_of_a_circuit_that_verifies_a_proof() {
    let inner = &fixtures()[0];
    let proof = ProofInputs::new(&inner.shape, &inner.proof()).expect("it has the shape");
    let mut inputs = TestInputs::new(proof, inner.public_values.concat());
    let witness = inner.circuit.run(&mut inputs).expect("a witness");

    let parameters = SMALL.1;
    let config = parameters.config();
    let airs = airs(inner.circuit.fixed());
    let traces = inner.circuit.traces(&witness);
    let degree_bits: Vec<_> = traces.iter().map(|trace| trace.height().trailing_zeros() as usize).collect();
    let public_values: Vec<Vec<Val>> = airs
        .iter()
        .map(|air| witness.public_values[..BaseAir::<Val>::num_public_values(air)].to_vec())
        .collect();
    let data = ProverData::from_airs_and_degrees(&config, &airs, &degree_bits).expect("prover data");
    let traces: Vec<_> = traces.iter().collect();
    let instances = StarkInstance::new_multiple(&airs, &traces, &public_values);
    let proof = prove_batch(&config, &instances, &data).expect("a proof");
    verify_batch(&config, &airs, &proof, &public_values, &data.common).expect("Plonky3 accepts it");

    let shape = ProofShape::new(&parameters, &airs, &degree_bits).expect("a shape");
    let outer: Builder = builder(&shape, &data.common);
    println!("{:?}", outer.usage());
    let tables = CircuitShape { sponge: [10, 10], compress: 12, arithmetic: 14, operations: OPERATIONS };
    let circuit = outer.finish(&tables).expect("it fits");
    let run = |public_values: Vec<Val>| {
        let proof = ProofInputs::new(&shape, &proof).expect("it has the shape");
        circuit.run(&mut TestInputs::new(proof, public_values))
    };
    assert!(run(public_values.concat()).is_ok());
    let mut others = public_values.concat();
    others[0] += Val::ONE;
    assert!(run(others).is_err());
}
