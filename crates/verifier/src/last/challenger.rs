//! The transcript as Plonky3 sees it, and the search for nonces.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use ashlar_machine::Val;
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_keccak::{KeccakF, VECTOR_LEN};
use p3_maybe_rayon::prelude::*;
use p3_symmetric::{MerkleCap, Permutation};

use super::hash::Node;
use super::transcript::{Transcript, mask};
use crate::config::Challenge;

/// Says that some nonce was not found: the proof is worth nothing, another salt may do.
#[derive(Clone, Debug, Default)]
pub struct Exhausted(Arc<AtomicBool>);

impl Exhausted {
    /// Whether a search came to nothing.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The transcript of specification 012 as a challenger.
#[derive(Clone, Debug)]
pub struct KeccakChallenger {
    transcript: Transcript,
    /// Coefficients of the state that were sampled. Plonky3 samples an element of the extension field by coefficients.
    sampled: usize,
    /// Nonces are below it.
    nonces: u32,
    exhausted: Exhausted,
}

impl KeccakChallenger {
    /// A challenger that goes on from a transcript. It looks for nonces below `nonces`, of which there are at most p.
    pub fn new(transcript: Transcript, nonces: u32, exhausted: Exhausted) -> Self {
        let nonces = nonces.min(Val::ORDER_U32);
        Self { transcript, sampled: COEFFICIENTS, nonces, exhausted }
    }

    /// The transcript up to here.
    pub fn into_transcript(self) -> Transcript {
        self.transcript
    }
}

/// Coefficients of an element of the extension field.
const COEFFICIENTS: usize = 4;

impl CanObserve<Val> for KeccakChallenger {
    fn observe(&mut self, value: Val) {
        self.transcript.observe_base(value);
    }
}

impl CanObserve<MerkleCap<Val, Node>> for KeccakChallenger {
    fn observe(&mut self, cap: MerkleCap<Val, Node>) {
        cap.roots().iter().for_each(|root| self.transcript.observe_bytes(root));
    }
}

impl CanSample<Val> for KeccakChallenger {
    fn sample(&mut self) -> Val {
        if self.sampled == COEFFICIENTS || !self.transcript.is_flushed() {
            self.transcript.next_state();
            self.sampled = 0;
        }
        self.sampled += 1;
        self.transcript.coefficients().get(self.sampled - 1).copied().unwrap_or_default()
    }
}

impl CanSample<Challenge> for KeccakChallenger {
    fn sample(&mut self) -> Challenge {
        self.sampled = COEFFICIENTS;
        self.transcript.sample()
    }
}

impl CanSampleBits<usize> for KeccakChallenger {
    fn sample_bits(&mut self, bits: usize) -> usize {
        self.sampled = COEFFICIENTS;
        self.transcript.sample_bits(bits)
    }
}

impl FieldChallenger<Val> for KeccakChallenger {}

impl GrindingChallenger for KeccakChallenger {
    type Witness = Val;

    /// Finds the least nonce that does. Without one it says so and goes on with zero, for Plonky3 has no word for it; it
    /// looks for no more nonces then.
    fn grind(&mut self, bits: usize) -> Val {
        if bits == 0 {
            return Val::ZERO;
        }
        let nonces = if self.exhausted.get() { 0 } else { self.nonces };
        let found = find_nonce(self.transcript.flush(), bits, nonces);
        let nonce = found.map(Val::from_u32).unwrap_or_default();
        if !self.check_witness(bits, nonce) {
            self.exhausted.set();
        }
        nonce
    }

    fn check_witness(&mut self, bits: usize, witness: Val) -> bool {
        self.sampled = COEFFICIENTS;
        self.transcript.grind(bits, witness)
    }
}

/// Nonces that all threads together look at before they look at more.
const BATCH: u32 = 1 << 18;

/// Nonces that a thread looks at in a row.
const CHUNK: u32 = 1 << 12;

/// The least nonce below a limit with which so many low bits of the next state are zero.
pub fn find_nonce(state: &[u8; 32], bits: usize, limit: u32) -> Option<u32> {
    let (mask, block) = (mask(bits), block(state));
    let mut batches = (0..limit).step_by(BATCH as usize);
    // Batch by batch, so that the threads work on the least nonces and the result does not depend on them.
    batches.find_map(|start| {
        let end = limit.min(start.saturating_add(BATCH));
        let chunks: alloc::vec::Vec<_> = (start..end).step_by(CHUNK as usize).collect();
        let found = chunks.into_par_iter().filter_map(|start| {
            let end = end.min(start.saturating_add(CHUNK));
            (start..end).step_by(VECTOR_LEN).find_map(|first| find_in_lanes(&block, first, mask))
        });
        found.min().filter(|nonce| *nonce < limit)
    })
}

/// A sponge's first block in every lane: state, nonce, padding. The nonce is still missing.
fn block(state: &[u8; 32]) -> [[u64; VECTOR_LEN]; 25] {
    let mut block = [[0; VECTOR_LEN]; 25];
    for (lanes, bytes) in block.iter_mut().zip(state.as_chunks::<8>().0) {
        *lanes = [u64::from_le_bytes(*bytes); VECTOR_LEN];
    }
    // The byte after 32 + 4 bytes of message, and the last one of the rate's 136 bytes.
    block[4] = [1 << 32; VECTOR_LEN];
    block[16] = [1 << 63; VECTOR_LEN];
    block
}

/// The least nonce that does, of as many as there are lanes.
fn find_in_lanes(block: &[[u64; VECTOR_LEN]; 25], first: u32, mask: u64) -> Option<u32> {
    let mut state = *block;
    let mut nonces = first..;
    for (lane, nonce) in state[4].iter_mut().zip(&mut nonces) {
        *lane |= u64::from(nonce.swap_bytes());
    }
    KeccakF.permute_mut(&mut state);
    // The hash's last eight bytes as a big-endian number.
    let lane = state[3].iter().position(|word| word.swap_bytes() & mask == 0)?;
    first.checked_add(u32::try_from(lane).ok()?)
}
