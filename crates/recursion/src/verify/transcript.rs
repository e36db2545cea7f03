//! The transcript: p3's duplex sponge, on rows that absorb two words each.
//!
//! Between two samples there are constants, then words of four elements, then at most one shorter word. What the
//! constants leave over, modulo 4, is the offset at which words lie in the rows.

use ashlar_circuit::{Challenge, Val};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_symmetric::Permutation;

use super::shape::{DEGREE, UnsupportedShape};
use crate::builder::{Absorb, Builder, Duplex, Wire};

/// Elements that one permutation absorbs or puts out.
const RATE: usize = 8;

/// A transcript under way.
pub(super) struct Transcript {
    /// None before the first sample.
    duplex: Option<Duplex>,
    /// What was observed since the last sample.
    constants: Vec<Val>,
    words: Vec<Wire>,
    /// Elements of the last word, if it is not full.
    partial: Option<usize>,
    /// Elements of the output that are still to be sampled, the last one first.
    left: usize,
    output: Option<[Wire; 2]>,
    elements: [Option<[Wire; DEGREE]>; 2],
}

impl Transcript {
    pub(super) const fn new() -> Self {
        Self {
            duplex: None,
            constants: Vec::new(),
            words: Vec::new(),
            partial: None,
            left: 0,
            output: None,
            elements: [None; 2],
        }
    }

    /// Observes constants: anywhere as whole words, else only right after a sample.
    pub(super) fn observe_constants(
        &mut self,
        builder: &mut Builder,
        constants: &[Val],
    ) -> Result<(), UnsupportedShape> {
        if self.words.is_empty() {
            self.left = 0;
            self.constants.extend_from_slice(constants);
            return Ok(());
        }
        if !constants.len().is_multiple_of(DEGREE) {
            return Err(UnsupportedShape::Transcript);
        }
        for word in constants.chunks(DEGREE) {
            let word = constant_word(builder, word);
            self.observe(word)?;
        }
        Ok(())
    }

    /// Observes an element of the extension field.
    pub(super) fn observe(&mut self, word: Wire) -> Result<(), UnsupportedShape> {
        if self.partial.is_some() {
            return Err(UnsupportedShape::Transcript);
        }
        self.left = 0;
        self.words.push(word);
        Ok(())
    }

    /// Observes the nodes of a cap.
    pub(super) fn observe_cap(&mut self, nodes: &[[Wire; 2]]) -> Result<(), UnsupportedShape> {
        nodes.as_flattened().iter().try_for_each(|word| self.observe(*word))
    }

    /// Observes elements of the base field, which must have been proven to be such.
    pub(super) fn observe_base(
        &mut self,
        builder: &mut Builder,
        elements: &[Wire],
    ) -> Result<(), UnsupportedShape> {
        for elements in elements.chunks(DEGREE) {
            let mut word = [builder.zero(); DEGREE];
            word[..elements.len()].copy_from_slice(elements);
            let word = builder.pack(word);
            self.observe(word)?;
            self.partial = Some(elements.len()).filter(|len| *len < DEGREE);
        }
        Ok(())
    }

    /// Observes a nonce, after which the low bits of a sample are zero. No bits, no nonce.
    pub(super) fn grind(
        &mut self,
        builder: &mut Builder,
        nonce: impl FnOnce(&mut Builder) -> Wire,
        bits: usize,
    ) -> Result<(), UnsupportedShape> {
        if bits == 0 {
            return Ok(());
        }
        let nonce = nonce(builder);
        builder.assert_base(nonce);
        self.observe_base(builder, &[nonce])?;
        let sample = self.sample_base(builder);
        let sample = builder.bits(sample);
        sample.iter().take(bits).for_each(|bit| builder.assert_zero(*bit));
        Ok(())
    }

    /// Samples an element of the extension field.
    pub(super) fn sample(&mut self, builder: &mut Builder) -> Wire {
        let coefficients = core::array::from_fn(|_| self.sample_base(builder));
        builder.pack(coefficients)
    }

    /// Samples an element of the base field.
    pub(super) fn sample_base(&mut self, builder: &mut Builder) -> Wire {
        if self.constants.len() + self.words.len() > 0 {
            self.absorb(builder);
        } else if self.left == 0 {
            self.squeeze(builder);
        }
        self.left -= 1;
        let (word, place) = (self.left / DEGREE, self.left % DEGREE);
        let elements = match self.elements[word] {
            Some(elements) => elements,
            None => {
                let output = match (self.output, &self.duplex) {
                    (Some(output), _) => output,
                    (None, Some(duplex)) => builder.output(duplex),
                    // Sampling has made one.
                    (None, None) => [builder.zero(); 2],
                };
                self.output = Some(output);
                builder.unpack(output[word])
            }
        };
        self.elements[word] = Some(elements);
        elements[place]
    }

    fn squeeze(&mut self, builder: &mut Builder) {
        let duplex = self.duplex.get_or_insert_with(|| builder.duplex([Val::ZERO; 8]));
        builder.squeeze(duplex);
        self.refill();
    }

    fn refill(&mut self) {
        self.left = RATE;
        self.output = None;
        self.elements = [None; 2];
    }

    /// Absorbs what was observed since the last sample.
    fn absorb(&mut self, builder: &mut Builder) {
        let constants = core::mem::take(&mut self.constants);
        let mut words = core::mem::take(&mut self.words);
        let last = self.partial.take().unwrap_or(DEGREE);
        let blocks = constants.as_chunks::<RATE>();
        let rest = blocks.1;
        let duplex = match &mut self.duplex {
            Some(duplex) => {
                for block in blocks.0 {
                    let words = block.as_chunks::<DEGREE>().0;
                    let words = core::array::from_fn(|i| constant_word(builder, &words[i]));
                    builder.absorb(duplex, Absorb { offset: 0, carry: None, words, tag: RATE });
                }
                duplex
            }
            none => none.insert(builder.duplex(capacity_after(blocks.0))),
        };
        let offset = rest.len() % DEGREE;
        let (carry, word) = rest.split_at(offset);
        let mut carry = (offset > 0).then(|| constant_word(builder, carry));
        if !word.is_empty() {
            words.insert(0, constant_word(builder, word));
        }
        let mut elements = offset + DEGREE * words.len();
        if !words.is_empty() {
            elements -= DEGREE - last;
        }
        let zero = builder.zero();
        let mut words = words.into_iter();
        while elements > 0 {
            let pair = core::array::from_fn(|_| words.next().unwrap_or(zero));
            let tag = elements.min(RATE);
            builder.absorb(duplex, Absorb { offset, carry: carry.take(), words: pair, tag });
            elements -= tag;
        }
        self.refill();
    }
}

/// At most four elements as a word.
fn constant_word(builder: &mut Builder, elements: &[Val]) -> Wire {
    let element = |i: usize| elements.get(i).copied().unwrap_or_default();
    builder.extension_constant(Challenge::from_basis_coefficients_fn(element))
}

/// The capacity of a new sponge that has absorbed these blocks.
fn capacity_after(blocks: &[[Val; RATE]]) -> [Val; 8] {
    let permutation = default_koalabear_poseidon2_16();
    let mut state = [Val::ZERO; 16];
    for block in blocks {
        state[..RATE].copy_from_slice(block);
        state[RATE] += Val::from_usize(RATE);
        permutation.permute_mut(&mut state);
    }
    core::array::from_fn(|i| state[RATE + i])
}
