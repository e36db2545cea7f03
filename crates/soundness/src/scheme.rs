//! What the security of a layer's proofs depends on beside its tables.

use std::marker::PhantomData;

use ashlar_machine::Val;
use ashlar_verifier::config::{Challenger, LAST, LeafHash, Parameters, RECURSION, SEGMENT, SHRINK, ValMmcs};
use ashlar_verifier::last::NODE_BYTES;
use p3_challenger::DuplexChallenger;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicPermutation, PaddingFreeSponge};

use crate::regime::Regime;

/// A proof system: numbers, the regime of its analysis, and hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// What prover and verifier are told.
    pub parameters: Parameters,
    /// How the proof of soundness decodes words.
    pub regime: Regime,
    /// What commits to words and makes challenges.
    pub hash: Hash,
}

impl Scheme {
    /// That of segments.
    pub const SEGMENT: Self =
        Self { parameters: SEGMENT, regime: Regime::UniqueDecoding, hash: Hash::Poseidon2 };

    /// That of recursion.
    pub const RECURSION: Self = Self { parameters: RECURSION, ..Self::SEGMENT };

    /// That of the proofs that the last circuit verifies.
    pub const SHRINK: Self =
        Self { parameters: SHRINK, regime: Regime::Johnson { m: 3 }, hash: Hash::Poseidon2 };

    /// That of final proofs.
    pub const LAST: Self = Self {
        parameters: LAST,
        regime: Regime::Johnson { m: 3 },
        hash: Hash::Keccak { digest: NODE_BYTES as u8 },
    };
}

/// The hash of trees and transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Poseidon2 over the field, as `ashlar_verifier::config` has it.
    Poseidon2,
    /// Keccak-256; the nodes of trees are cut to so many bytes, the transcript is not.
    Keccak {
        /// Bytes of a node.
        digest: u8,
    },
}

/// Bytes of a digest of Keccak-256.
const KECCAK_BYTES: u8 = 32;

/// How much of a hash an attacker must make collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// Elements of the field.
    Elements(usize),
    /// Bytes.
    Bytes(u8),
}

impl Hash {
    /// The most bits of grinding at one site.
    ///
    /// A witness is one base element, so p ~ 2^31 can be tried: up to 24 bits an honest prover finds none with a
    /// probability below 2^-180. Transcripts of Keccak start with a salt: where there is no witness of 28 bits, which is
    /// once in 2,800 times, the prover takes another.
    pub const fn grinding_max(self) -> usize {
        match self {
            Self::Poseidon2 => 24,
            Self::Keccak { .. } => 28,
        }
    }

    /// What binds a prover to the words that it commits to.
    pub(crate) fn commitment(self) -> Digest {
        match self {
            Self::Poseidon2 => {
                let leaf = sponge_capacity(PhantomData::<LeafHash>);
                Digest::Elements(digest_elements(PhantomData::<ValMmcs>).min(leaf))
            }
            Self::Keccak { digest } => Digest::Bytes(digest.min(KECCAK_BYTES)),
        }
    }

    /// What binds challenges to all that was said before.
    pub(crate) const fn transcript(self) -> Digest {
        match self {
            Self::Poseidon2 => Digest::Elements(transcript_capacity(PhantomData::<Challenger>)),
            Self::Keccak { .. } => Digest::Bytes(KECCAK_BYTES),
        }
    }
}

const fn sponge_capacity<P, const WIDTH: usize, const RATE: usize, const OUT: usize>(
    _: PhantomData<PaddingFreeSponge<P, WIDTH, RATE, OUT>>,
) -> usize {
    WIDTH - RATE
}

const fn digest_elements<P, W, H, C, const ARITY: usize, const DIGEST: usize>(
    _: PhantomData<MerkleTreeMmcs<P, W, H, C, ARITY, DIGEST>>,
) -> usize {
    DIGEST
}

const fn transcript_capacity<P, const WIDTH: usize, const RATE: usize>(
    _: PhantomData<DuplexChallenger<Val, P, WIDTH, RATE>>,
) -> usize
where
    P: CryptographicPermutation<[Val; WIDTH]>,
{
    WIDTH - RATE
}
