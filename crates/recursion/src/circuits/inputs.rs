//! The data that the circuits of this layer run on, in the order in which they ask for it.

use ashlar_circuit::{Challenge, Val};
use ashlar_machine::hash::Digest;
use ashlar_verifier::config::{Config, ShrinkConfig};
use ashlar_verifier::last::SLOTS;
use ashlar_verifier::{Boundary, Circuit, CircuitKeys, Commitment, VerifyingKey};
use p3_batch_stark::BatchProof;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::{layer_shape, segment_shape, shape_of_leaf, shrink_shape};
use crate::builder::{Inputs, Openings, Refused, Source};
use crate::verify::{ProofInputs, ShapeMismatch, UnsupportedShape};
use thiserror::Error;

/// Why proofs are no inputs of a circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum BadInputs {
    #[error("there is no shape with number {shape}")]
    UnknownShape { shape: u8 },
    #[error("{statements} statements, where there is room for 1 to {SLOTS}")]
    Statements { statements: usize },
    #[error(transparent)]
    Unsupported(#[from] UnsupportedShape),
    #[error("the inner proof has {0}")]
    Mismatch(#[from] ShapeMismatch),
}

/// Inner proofs, then what the claim is about.
pub struct CircuitInputs {
    proofs: Vec<ProofInputs>,
    claim: Vec<Challenge>,
}

/// What a leaf circuit claims.
#[derive(Clone, Copy)]
pub struct LeafClaim<'a> {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Where the segment starts.
    pub start: Boundary,
    /// Where it ends.
    pub end: Boundary,
    /// Of the program.
    pub key: &'a VerifyingKey,
}

/// What the circuit `fold` claims: a to c, of a to b and b to c.
#[derive(Clone, Copy)]
pub struct RangePair {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Of the program.
    pub program_key: Digest,
    /// The three boundaries.
    pub boundaries: [Boundary; 3],
}

/// What the circuit `finish` claims.
#[derive(Clone, Copy)]
pub struct FinishClaim<'a> {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Of the program.
    pub key: &'a VerifyingKey,
    /// Root of memory at the end.
    pub end_root: Digest,
    /// Digest of what was committed.
    pub digest: Digest,
}

/// What the circuit `join` claims.
#[derive(Clone, Copy)]
pub struct JoinClaim {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Roots of the two trees of statements.
    pub roots: [Digest; 2],
}

/// What the circuit `shrink` claims.
#[derive(Clone, Copy)]
pub struct ShrinkClaim {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Root of the tree of statements.
    pub root: Digest,
}

/// What the circuit `last` claims.
#[derive(Clone, Copy)]
pub struct LastClaim<'a> {
    /// Root of the allowed circuits.
    pub circuits: Digest,
    /// Root of the tree of statements that are proven beside those of the slots, if there is one.
    pub joined: Option<Digest>,
    /// The statements of the slots, in the order of their tree.
    pub slots: &'a [SlotClaim],
}

/// A statement of the last proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotClaim {
    /// Of the program.
    pub program_key: Digest,
    /// The Keccak-256 hash of what it puts out: 16 limbs of 16 bits, lowest byte first.
    pub output: [Digest; 2],
}

impl SlotClaim {
    /// Its public words: zeros where there is none.
    pub fn words(&self) -> [Challenge; 6] {
        let [k0, k1] = words(&self.program_key);
        let [[l0, l1], [l2, l3]] = self.output.each_ref().map(words);
        [k0, k1, l0, l1, l2, l3]
    }
}

/// A proof of this layer with what shows that its circuit is allowed.
#[derive(Clone, Copy)]
pub struct InnerProof<'a> {
    /// The proof.
    pub proof: &'a BatchProof<Config>,
    /// Commitment to its circuit's fixed columns.
    pub cap: &'a Commitment,
    /// Number of its circuit.
    pub circuit: u8,
    /// Siblings from the circuit's leaf to the root of the allowed circuits.
    pub path: [Digest; ashlar_verifier::CIRCUITS_DEPTH],
}

impl<'a> InnerProof<'a> {
    /// A proof of one of the allowed circuits. None if there is no key of it.
    pub fn new(keys: &'a CircuitKeys, circuit: Circuit, proof: &'a BatchProof<Config>) -> Option<Self> {
        Some(Self { proof, cap: keys.cap(circuit)?, circuit: circuit.number(), path: keys.path(circuit) })
    }

    /// In the order of the circuit: the cap, then for each step the side and the sibling.
    fn data(&self, claim: &mut Vec<Challenge>) {
        claim.extend(self.cap.roots().iter().flat_map(words));
        for (level, sibling) in self.path.iter().enumerate() {
            claim.push(Val::from_bool(self.circuit >> level & 1 == 1).into());
            claim.extend(words(sibling));
        }
    }
}

impl CircuitInputs {
    /// Of the leaf circuit for the shape with this number.
    pub fn leaf(number: u8, claimed: &LeafClaim<'_>, proof: &BatchProof<Config>) -> Result<Self, BadInputs> {
        let shape = shape_of_leaf(number).ok_or(BadInputs::UnknownShape { shape: number })?;
        let mut claim = Vec::from(words(&claimed.circuits));
        boundary(&mut claim, &claimed.start);
        boundary(&mut claim, &claimed.end);
        program(&mut claim, claimed.key);
        Ok(Self { proofs: vec![ProofInputs::new(&segment_shape(shape)?, proof)?], claim })
    }

    /// Of the circuit `fold`.
    pub fn fold(claimed: &RangePair, inner: [InnerProof<'_>; 2]) -> Result<Self, BadInputs> {
        let mut claim = [words(&claimed.circuits), words(&claimed.program_key)].concat();
        claimed.boundaries.iter().for_each(|at| boundary(&mut claim, at));
        Self::with_inner(claim, &inner)
    }

    /// Of the circuit `finish`.
    pub fn finish(claimed: &FinishClaim<'_>, inner: InnerProof<'_>) -> Result<Self, BadInputs> {
        let mut claim = Vec::from(words(&claimed.circuits));
        program(&mut claim, claimed.key);
        claim.extend(words(&claimed.end_root));
        claim.extend(words(&claimed.digest));
        Self::with_inner(claim, &[inner])
    }

    /// Of the circuit `join`.
    pub fn join(claimed: &JoinClaim, inner: [InnerProof<'_>; 2]) -> Result<Self, BadInputs> {
        let mut claim = Vec::from(words(&claimed.circuits));
        claimed.roots.iter().for_each(|root| claim.extend(words(root)));
        Self::with_inner(claim, &inner)
    }

    /// Of the circuit `shrink`.
    pub fn shrink(claimed: &ShrinkClaim, inner: InnerProof<'_>) -> Result<Self, BadInputs> {
        let claim = [words(&claimed.circuits), words(&claimed.root)].concat();
        Self::with_inner(claim, &[inner])
    }

    /// Of the circuit `last`.
    pub fn last(claimed: &LastClaim<'_>, proof: &BatchProof<ShrinkConfig>) -> Result<Self, BadInputs> {
        let claim = last_claim(claimed)?;
        Ok(Self { proofs: vec![ProofInputs::shrunk(&shrink_shape()?, proof)?], claim })
    }

    fn with_inner(mut claim: Vec<Challenge>, inner: &[InnerProof<'_>]) -> Result<Self, BadInputs> {
        inner.iter().for_each(|inner| inner.data(&mut claim));
        let shape = layer_shape()?;
        let proofs = inner.iter().map(|inner| ProofInputs::new(&shape, inner.proof));
        Ok(Self { proofs: proofs.collect::<Result<_, _>>()?, claim })
    }
}

impl Inputs for CircuitInputs {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        match self.proofs.get(source.0) {
            Some(proof) => proof.messages().to_vec(),
            None => self.claim.clone(),
        }
    }

    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.proofs.get(source.0).ok_or(Refused("no such proof"))?.open(values)
    }
}

/// A digest as two words.
pub(super) fn words(digest: &Digest) -> [Challenge; 2] {
    let word = |i: usize| Challenge::from_basis_coefficients_fn(|j| digest[4 * i + j]);
    [word(0), word(1)]
}

/// Whether there is a joined tree, and its root; the statements in all slots, and which are used: the first is.
pub(super) fn last_claim(claimed: &LastClaim<'_>) -> Result<Vec<Challenge>, BadInputs> {
    let statements = claimed.slots.len();
    if !(1..=SLOTS).contains(&statements) {
        return Err(BadInputs::Statements { statements });
    }
    let mut claim = Vec::from(words(&claimed.circuits));
    claim.push(Val::from_bool(claimed.joined.is_some()).into());
    claim.extend(words(&claimed.joined.unwrap_or_default()));
    for i in 0..SLOTS {
        if i > 0 {
            claim.push(Val::from_bool(i < statements).into());
        }
        claim.extend(claimed.slots.get(i).copied().unwrap_or_default().words());
    }
    Ok(claim)
}

fn boundary(claim: &mut Vec<Challenge>, at: &Boundary) {
    claim.extend(words(&at.root));
    claim.extend(words(&at.digest));
    claim.push(Val::from_u32(at.pc).into());
}

fn program(claim: &mut Vec<Challenge>, key: &VerifyingKey) {
    claim.extend(words(&key.initial_root));
    claim.extend(key.fixed.roots().iter().flat_map(words));
    claim.push(Val::from_u32(key.entry).into());
}
