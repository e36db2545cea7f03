//! Two configurations: the one of segments and circuits with few queries, and one of Keccak-256.

use ashlar_stark::{Challenge, Val};
use p3_challenger::{DuplexChallenger, HashChallenger, SerializingChallenger32};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::Field;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_keccak::Keccak256Hash;
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{
    CompressionFunctionFromHasher, PaddingFreeSponge, SerializingHasher, TruncatedPermutation,
};
use p3_uni_stark::StarkConfig;

type Config<M, C> = StarkConfig<
    TwoAdicFriPcs<Val, Radix2DitParallel<Val>, M, ExtensionMmcs<Val, Challenge, M>>,
    Challenge,
    C,
>;

fn config<M: Clone, C: Clone>(mmcs: M, challenger: C, log_blowup: usize, grinding: usize) -> Config<M, C> {
    let fri = FriParameters {
        log_blowup,
        log_final_poly_len: 1,
        max_log_arity: 2,
        num_queries: 8,
        batch_proof_of_work_bits: grinding,
        commit_proof_of_work_bits: grinding,
        query_proof_of_work_bits: grinding,
        mmcs: ExtensionMmcs::new(mmcs.clone()),
    };
    StarkConfig::new(TwoAdicFriPcs::new(Radix2DitParallel::default(), mmcs, fri), challenger)
        .with_lookup_proof_of_work_bits(grinding)
        .with_ood_proof_of_work_bits(grinding)
}

type Leaves = PaddingFreeSponge<Poseidon2KoalaBear<24>, 24, 16, 8>;
type Nodes = TruncatedPermutation<Poseidon2KoalaBear<16>, 2, 8, 16>;
type Poseidon2Mmcs = MerkleTreeMmcs<<Val as Field>::Packing, <Val as Field>::Packing, Leaves, Nodes, 2, 8>;
pub(crate) type Poseidon2Config = Config<Poseidon2Mmcs, DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>>;

/// As segments and circuits are proven.
pub(crate) fn poseidon2(log_blowup: usize, grinding: usize) -> Poseidon2Config {
    let permutation = default_koalabear_poseidon2_16();
    let leaves = Leaves::new(default_koalabear_poseidon2_24());
    let mmcs = Poseidon2Mmcs::new(leaves, Nodes::new(permutation.clone()), 2);
    config(mmcs, DuplexChallenger::new(permutation), log_blowup, grinding)
}

type ByteLeaves = SerializingHasher<Keccak256Hash>;
type ByteNodes = CompressionFunctionFromHasher<Keccak256Hash, 2, 32>;
type KeccakMmcs = MerkleTreeMmcs<Val, u8, ByteLeaves, ByteNodes, 2, 32>;
type KeccakChallenger = SerializingChallenger32<Val, HashChallenger<u8, Keccak256Hash, 32>>;

/// With Keccak-256 as the hash of commitments and transcript.
pub(crate) fn keccak(log_blowup: usize) -> Config<KeccakMmcs, KeccakChallenger> {
    let mmcs = KeccakMmcs::new(ByteLeaves::new(Keccak256Hash), ByteNodes::new(Keccak256Hash), 0);
    let challenger = SerializingChallenger32::from_hasher(Vec::new(), Keccak256Hash);
    config(mmcs, challenger, log_blowup, 1)
}
