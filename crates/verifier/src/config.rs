//! The proof system's parameters: one struct that prover, verifier and the soundness calculation share.

use ashlar_machine::Val;
use p3_challenger::DuplexChallenger;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::Field;
use p3_field::extension::BinomialExtensionField;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::StarkConfig;

/// The extension field that challenges come from.
pub type Challenge = BinomialExtensionField<Val, 4>;
/// Hashes rows: a sponge of rate 16 and capacity 8.
pub type LeafHash = PaddingFreeSponge<Poseidon2KoalaBear<24>, 24, 16, 8>;
/// Hashes two digests.
pub type NodeHash = TruncatedPermutation<Poseidon2KoalaBear<16>, 2, 8, 16>;
/// Commits to matrices over the base field.
pub type ValMmcs = MerkleTreeMmcs<<Val as Field>::Packing, <Val as Field>::Packing, LeafHash, NodeHash, 2, 8>;
/// Commits to matrices over the extension field.
pub type ChallengeMmcs = ExtensionMmcs<Val, Challenge, ValMmcs>;
/// The transcript's sponge.
pub type Challenger = DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>;
/// The polynomial commitment scheme.
pub type Pcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, ValMmcs, ChallengeMmcs>;
/// What Plonky3 is told.
pub type Config = StarkConfig<Pcs, Challenge, Challenger>;

/// Hashes the rows of proofs that the narrow table verifies: a sponge of rate 8 and capacity 8.
pub type LeafHash16 = PaddingFreeSponge<Poseidon2KoalaBear<16>, 16, 8, 8>;
/// Commits to their matrices over the base field.
pub type ShrinkValMmcs =
    MerkleTreeMmcs<<Val as Field>::Packing, <Val as Field>::Packing, LeafHash16, NodeHash, 2, 8>;
/// Commits to their matrices over the extension field.
pub type ShrinkChallengeMmcs = ExtensionMmcs<Val, Challenge, ShrinkValMmcs>;
/// Their polynomial commitment scheme.
pub type ShrinkPcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, ShrinkValMmcs, ShrinkChallengeMmcs>;
/// What Plonky3 is told of them.
pub type ShrinkConfig = StarkConfig<ShrinkPcs, Challenge, Challenger>;

/// Every number that the security level depends on beside the tables themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// log2 of the inverse rate.
    pub log_blowup: usize,
    /// log2 of the number of coefficients at which folding stops.
    pub log_final_polynomial: usize,
    /// log2 of the most that one round folds by.
    pub log_arity_max: usize,
    /// Queries.
    pub queries: usize,
    /// Grinding before the queries, in bits.
    pub query_grinding: usize,
    /// Grinding before each folding challenge.
    pub fold_grinding: usize,
    /// Grinding before the challenge that batches openings.
    pub batch_grinding: usize,
    /// Grinding before the challenges of the buses.
    pub lookup_grinding: usize,
    /// Grinding before the out-of-domain point.
    pub point_grinding: usize,
    /// Height of the Merkle trees' caps.
    pub cap_height: usize,
}

/// The parameters of segment proofs.
pub const SEGMENT: Parameters = Parameters {
    log_blowup: 1,
    log_final_polynomial: 5,
    log_arity_max: 4,
    queries: 193,
    query_grinding: 20,
    fold_grinding: 3,
    batch_grinding: 12,
    lookup_grinding: 12,
    point_grinding: 3,
    cap_height: 4,
};

/// The parameters of recursion proofs.
pub const RECURSION: Parameters = Parameters {
    log_blowup: 2,
    log_final_polynomial: 5,
    log_arity_max: 4,
    queries: 118,
    query_grinding: 20,
    fold_grinding: 0,
    batch_grinding: 6,
    lookup_grinding: 2,
    point_grinding: 0,
    cap_height: 4,
};

/// The parameters of the proofs that the last circuit verifies, in the Johnson regime with multiplicity 3 (`ashlar soundness`).
/// Two queries more than that asks for, so that they also hold with the radius as the theorem's text prints it.
pub const SHRINK: Parameters = Parameters {
    log_blowup: 6,
    log_final_polynomial: 5,
    log_arity_max: 4,
    queries: 30,
    query_grinding: 24,
    fold_grinding: 14,
    batch_grinding: 24,
    lookup_grinding: 6,
    point_grinding: 2,
    cap_height: 0,
};

/// The parameters of the last proof: as few bytes as Ethereum can be given. Johnson regime with multiplicity 3; more
/// queries and grinding for the point than that asks for, as in [`SHRINK`].
pub const LAST: Parameters = Parameters {
    log_blowup: 6,
    log_final_polynomial: 8,
    log_arity_max: 4,
    queries: 28,
    query_grinding: 28,
    fold_grinding: 17,
    batch_grinding: 23,
    lookup_grinding: 4,
    point_grinding: 5,
    cap_height: 0,
};

impl Parameters {
    /// The same as Plonky3 wants it.
    pub fn config(&self) -> Config {
        let permutation = default_koalabear_poseidon2_16();
        let leaves = LeafHash::new(default_koalabear_poseidon2_24());
        let nodes = NodeHash::new(permutation.clone());
        let mmcs = ValMmcs::new(leaves, nodes, self.cap_height);
        let pcs = Pcs::new(Radix2DitParallel::default(), mmcs.clone(), self.fri(ChallengeMmcs::new(mmcs)));
        StarkConfig::new(pcs, Challenger::new(permutation))
            .with_lookup_proof_of_work_bits(self.lookup_grinding)
            .with_ood_proof_of_work_bits(self.point_grinding)
    }

    /// The same for proofs that the narrow table verifies.
    pub fn shrink_config(&self) -> ShrinkConfig {
        let permutation = default_koalabear_poseidon2_16();
        let leaves = LeafHash16::new(permutation.clone());
        let nodes = NodeHash::new(permutation.clone());
        let mmcs = ShrinkValMmcs::new(leaves, nodes, self.cap_height);
        let fri = self.fri(ShrinkChallengeMmcs::new(mmcs.clone()));
        let pcs = ShrinkPcs::new(Radix2DitParallel::default(), mmcs, fri);
        StarkConfig::new(pcs, Challenger::new(permutation))
            .with_lookup_proof_of_work_bits(self.lookup_grinding)
            .with_ood_proof_of_work_bits(self.point_grinding)
    }

    /// What folding is told; `mmcs` commits to what it folds.
    pub const fn fri<M>(&self, mmcs: M) -> FriParameters<M> {
        FriParameters {
            log_blowup: self.log_blowup,
            log_final_poly_len: self.log_final_polynomial,
            max_log_arity: self.log_arity_max,
            num_queries: self.queries,
            batch_proof_of_work_bits: self.batch_grinding,
            commit_proof_of_work_bits: self.fold_grinding,
            query_proof_of_work_bits: self.query_grinding,
            mmcs,
        }
    }
}
