//! What holds is proven, whatever the degree, the rate and the hash.

use ashlar_stark::{Scheme, prove};
use p3_batch_stark::{BatchProof, ProverData, StarkInstance, prove_batch, verify_batch};

use crate::schemes::{Poseidon2Config, keccak, poseidon2};
use crate::tables::{HEIGHTS, Tables};

/// What is made once for the tables.
pub(crate) fn data<S: Scheme>(config: &S, tables: &Tables) -> ProverData<S> {
    let heights = HEIGHTS.map(|height| height.ilog2() as usize);
    ProverData::from_airs_and_degrees(config, &tables.airs, &heights).expect("a commitment")
}

/// The proof of the tables, whether they hold or not.
pub(crate) fn prove_tables<S: Scheme>(config: &S, log_blowup: usize, tables: &Tables) -> BatchProof<S> {
    prove(config, log_blowup, &tables.instances(), &data(config, tables)).expect("a proof").0
}

/// Whether Plonky3 accepts a proof.
pub(crate) fn is_accepted<S: Scheme>(config: &S, proof: &BatchProof<S>, tables: &Tables) -> bool {
    let common = data(config, tables).common;
    verify_batch(config, &tables.airs, proof, &tables.public_values, &common).is_ok()
}

/// Pieces of each table's quotient.
fn chunks<S: Scheme>(proof: &BatchProof<S>) -> Vec<usize> {
    let tables = proof.opened_values.instances.iter();
    tables.map(|table| table.base_opened_values.quotient_chunks.len()).collect()
}

#[test]
fn proves_every_degree_at_every_rate() {
    for (degree, pieces) in [(2, 1), (3, 2), (4, 4), (5, 4)] {
        let tables = Tables::new(degree, true);
        for log_blowup in [1, 2, 3] {
            let config = poseidon2(log_blowup, 1);
            let proof = prove_tables(&config, log_blowup, &tables);
            assert_eq!(chunks(&proof), [pieces, 1, 1]);
            assert!(is_accepted(&config, &proof, &tables), "degree {degree}, blowup 2^{log_blowup}");
        }
    }
}

#[test]
fn proves_with_another_hash() {
    let tables = Tables::new(5, true);
    for log_blowup in [1, 3] {
        let config = keccak(log_blowup);
        let proof = prove_tables(&config, log_blowup, &tables);
        assert!(is_accepted(&config, &proof, &tables), "blowup 2^{log_blowup}");
    }
}

fn bytes(proof: &BatchProof<Poseidon2Config>) -> Vec<u8> {
    postcard::to_extend(proof, Vec::new()).expect("bytes")
}

/// Without grinding a proof is a function of the traces, and it is the one that Plonky3's own loop makes. That does not know
/// messages with periodic columns.
#[test]
fn proofs_are_those_of_the_loop_of_plonky3() {
    for degree in [2, 3, 5] {
        let tables = Tables::new(degree, false);
        for log_blowup in [1, 2, 3] {
            let config = poseidon2(log_blowup, 0);
            let traces: Vec<_> = tables.traces.iter().collect();
            let instances = StarkInstance::new_multiple(&tables.airs, &traces, &tables.public_values);
            let expected = prove_batch(&config, &instances, &data(&config, &tables)).expect("a proof");
            let proof = prove_tables(&config, log_blowup, &tables);
            assert!(bytes(&proof) == bytes(&expected), "degree {degree}, blowup 2^{log_blowup}");
        }
    }
}
