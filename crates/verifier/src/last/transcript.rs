//! The transcript of a final proof: a state of 32 bytes and what was observed since it last changed.

use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField32};

use super::hash::keccak256;
use crate::config::Challenge;

/// A transcript under way.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    state: [u8; 32],
    buffer: Vec<u8>,
    /// What has happened, if somebody wants to know.
    events: Option<Vec<Event>>,
}

/// What happens in a transcript. Lists of events are test vectors for other implementations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes are observed.
    Observe(Vec<u8>),
    /// The state after a nonce.
    Grind {
        /// How many low bits of the state are to be zero.
        bits: usize,
        /// The nonce.
        nonce: u32,
        /// The state with it.
        state: [u8; 32],
    },
    /// An element of the extension field.
    Sample([u32; 4]),
    /// The position of a query.
    Index(usize),
}

impl Transcript {
    /// A transcript that keeps a list of what happens.
    pub fn recording() -> Self {
        Self { events: Some(Vec::new()), ..Self::default() }
    }

    /// What has happened since [`Self::recording`].
    pub fn into_events(self) -> Vec<Event> {
        self.events.unwrap_or_default()
    }

    /// Observes bytes.
    pub fn observe_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.record(|| Event::Observe(bytes.to_vec()));
    }

    /// Observes an element of the base field.
    pub fn observe_base(&mut self, element: Val) {
        self.observe_bytes(&element.as_canonical_u32().to_be_bytes());
    }

    /// Observes an element of the extension field.
    pub fn observe(&mut self, element: Challenge) {
        self.observe_bytes(&challenge_bytes(element));
    }

    /// Samples an element of the extension field.
    pub fn sample(&mut self) -> Challenge {
        self.next_state();
        let element = Challenge::new(self.coefficients());
        self.record(|| Event::Sample(coefficients_of(element)));
        element
    }

    /// Samples a number of so many bits.
    pub fn sample_bits(&mut self, bits: usize) -> usize {
        self.next_state();
        // No tree is as high as 2^63 leaves.
        let index = usize::try_from(self.low_bits(bits)).unwrap_or_default();
        self.record(|| Event::Index(index));
        index
    }

    /// Whether the nonce makes so many low bits of the state zero. Without bits nothing happens, and the nonce is zero.
    #[must_use]
    pub fn grind(&mut self, bits: usize, nonce: Val) -> bool {
        if bits == 0 {
            return nonce == Val::ZERO;
        }
        self.flush();
        let nonce = nonce.as_canonical_u32();
        self.state = keccak256(&[&self.state, &nonce.to_be_bytes()]);
        let state = self.state;
        self.record(|| Event::Grind { bits, nonce, state });
        self.low_bits(bits) == 0
    }

    /// The state, after what was observed; nonces are hashed with it.
    pub(super) fn flush(&mut self) -> &[u8; 32] {
        if !self.buffer.is_empty() {
            self.next_state();
        }
        &self.state
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.buffer.is_empty()
    }

    pub(super) fn next_state(&mut self) {
        self.state = keccak256(&[&self.state, &self.buffer]);
        self.buffer.clear();
    }

    /// The state as the coefficients of an element.
    pub(super) fn coefficients(&self) -> [Val; 4] {
        let mut coefficients = [Val::ZERO; 4];
        for (coefficient, bytes) in coefficients.iter_mut().zip(self.state.as_chunks::<8>().0) {
            *coefficient = Val::from_u64(u64::from_be_bytes(*bytes));
        }
        coefficients
    }

    fn low_bits(&self, bits: usize) -> u64 {
        let low = self.state.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        low & mask(bits)
    }

    fn record(&mut self, event: impl FnOnce() -> Event) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }
}

/// The number whose low bits are these.
pub(super) const fn mask(bits: usize) -> u64 {
    if bits < 64 { (1 << bits) - 1 } else { u64::MAX }
}

/// The coefficients of an element, lowest first.
pub(super) fn coefficients_of(element: Challenge) -> [u32; 4] {
    let coefficients: &[Val] = element.as_basis_coefficients_slice();
    let mut numbers = [0; 4];
    for (number, coefficient) in numbers.iter_mut().zip(coefficients) {
        *number = coefficient.as_canonical_u32();
    }
    numbers
}

/// The encoding of an element: its coefficients, lowest first, each four bytes, big-endian.
pub(super) fn challenge_bytes(element: Challenge) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (bytes, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(coefficients_of(element)) {
        *bytes = number.to_be_bytes();
    }
    bytes
}
